"""What a retailer may look for, as forms: the address carries the filters, and the words typed are folded as the keys were."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any
from unicodedata import normalize

from django import forms
from django.core.exceptions import ValidationError

from sekisho.barrier.audiences import AUDIENCES
from sekisho.kernel import folding
from sekisho.kernel.values import UnableToRead, point_number
from sekisho.surfaces.kit.speech import TOKYO, Text, message_of, say
from sekisho.surfaces.retailer_web import wording

_KANA = re.compile(r"[\u3040-\u30ffｦ-ﾟー\s・]+")
_ANY = Text("すべて", "all")


def _choices(words: dict[str, Text]) -> list[tuple[str, Text]]:
    return [("", _ANY), *words.items()]


class DayField(forms.DateField):
    """A day, as browsers send it (2026-11-22) or as people type it (2026/11/22)."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, label: Text) -> None:
        super().__init__(
            label=label,  # type: ignore[arg-type]
            required=False,
            input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"],
            error_messages={
                "invalid": Text("日付が正しくありません(例: 2026-11-22)", "Not a date, such as 2026-11-22")
            },  # type: ignore[dict-item]
        )


class PointField(forms.CharField):
    """A supply point in any of the ways people write it; a wrong one says what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(label=Text("供給地点特定番号", "Supply point"), required=False, max_length=60)  # type: ignore[arg-type]

    def clean(self, value: Any) -> str:
        """The 22 digits, or nothing."""
        text = super().clean(value)
        if not text:
            return ""
        try:
            return point_number(text)
        except UnableToRead as fault:
            raise ValidationError(message_of(fault)) from fault


class ContractFilter(forms.Form):
    """The list of contracts."""

    point = PointField()
    name = forms.CharField(
        label=Text("名義(前方一致。カナでも)", "Name, from its start"), required=False, max_length=100
    )  # type: ignore[arg-type]
    address = forms.CharField(
        label=Text("住所(前方一致)", "Address, from its start"), required=False, max_length=200
    )  # type: ignore[arg-type]
    state = forms.ChoiceField(label=Text("状態", "State"), required=False, choices=_choices(wording.STATES))  # type: ignore[arg-type]
    kind = forms.ChoiceField(
        label=Text("個人・法人・機器", "Kind"), required=False, choices=_choices(wording.KINDS)
    )  # type: ignore[arg-type]
    menu = forms.CharField(label=Text("メニューコード", "Menu code"), required=False, max_length=10)  # type: ignore[arg-type]
    on = DayField(Text("この日に有効", "Valid on"))

    def params(self) -> dict[str, Any]:
        """The gate's parameters; empty ones are left to the gate."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "name" in given:
            given["name"] = name_key(given["name"])
        if "address" in given:
            given["address"] = folding.fold(folding.address_key, given["address"])
        return given


class ReadingFilter(forms.Form):
    """The record of who read what."""

    point = PointField()
    since = DayField(Text("この日から", "From"))
    until = DayField(Text("この日まで", "To"))
    reader = forms.ChoiceField(
        label=Text("閲覧者の区分", "Kind of reader"),  # type: ignore[arg-type]
        required=False,
        choices=[("", _ANY), *((audience.code, Text(audience.ja, audience.en)) for audience in AUDIENCES)],
    )

    def params(self) -> dict[str, Any]:
        """The gate's parameters; the last day is meant whole."""
        given = {name: value for name, value in self.cleaned_data.items() if value}
        if "since" in given:
            given["since"] = _midnight(given["since"])
        if "until" in given:
            given["until"] = _midnight(given["until"] + timedelta(days=1))
        return given


class DayChoice(forms.Form):
    """Which day's curve."""

    day = DayField(Text("曲線の日", "Day of the curve"))


def name_key(text: str) -> str:
    """The key that a typed name is looked up by: its reading's when it is written in kana, else the name's."""
    kana = _KANA.fullmatch(normalize("NFKC", text))
    return folding.fold(folding.kana_key if kana else folding.name_key, text)


def month_span(text: str, *, today: date) -> tuple[date, date]:
    """The first day of `2026-11` and of the month after; this month for anything else."""
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        first = today.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), TOKYO)


def nothing_found() -> Text:
    """What to try when a filter finds nothing."""
    return Text(
        "条件を減らすか、名義・住所は先頭の数文字だけで探してください。番号はハイフンや全角でも探せます。",
        "Use fewer filters, or only the first characters of a name or address. Numbers may have hyphens.",
    )


def too_many(limit: int) -> str:
    """Why a file was not made."""
    return say(
        f"{limit:,} 件を超えるため、ファイルを作れません。条件を加えて絞り込んでください。全件は API か日次ファイルをご利用ください。",
        f"There are more than {limit:,} rows. Please narrow the filters; the API and the daily files carry everything.",
    )
