"""What a retailer may look for, as forms: the address carries the filters, and the words typed are folded as the keys were."""

import re
from typing import Any
from unicodedata import normalize

from django import forms

from sekisho.barrier.audiences import AUDIENCES
from sekisho.kernel import folding
from sekisho.surfaces.kit import wording
from sekisho.surfaces.kit.fields import DayField, OneOf, PointField, WordField, span
from sekisho.surfaces.kit.speech import Text

_KANA = re.compile(r"[\u3040-\u30ffｦ-ﾟー\s・]+")


class ContractFilter(forms.Form):
    """The list of contracts."""

    point = PointField()
    name = WordField(Text("名義(前方一致。カナでも)", "Name, from its start"), required=False)
    address = WordField(Text("住所(前方一致)", "Address, from its start"), required=False, longest=200)
    state = OneOf(Text("状態", "State"), wording.STATES.items())
    kind = OneOf(Text("個人・法人・機器", "Kind"), wording.KINDS.items())
    menu = WordField(Text("メニューコード", "Menu code"), required=False, longest=10)
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
    reader = OneOf(
        Text("閲覧者の区分", "Kind of reader"), ((one.code, Text(one.ja, one.en)) for one in AUDIENCES)
    )

    def params(self) -> dict[str, Any]:
        """The gate's parameters; empty ones are left to the gate."""
        return span({name: value for name, value in self.cleaned_data.items() if value})


SPANS = {"31": Text("31日", "31 days"), "365": Text("1年", "one year"), "396": Text("13か月", "13 months")}


class DayChoice(forms.Form):
    """Which day's curve, and how many days beside it."""

    day = DayField(Text("曲線の日", "Day of the curve"))
    days = OneOf(Text("濃淡図の期間", "Period of the heatmap"), SPANS.items(), empty=SPANS["365"])


def name_key(text: str) -> str:
    """The key that a typed name is looked up by: its reading's when it is written in kana, else the name's."""
    kana = _KANA.fullmatch(normalize("NFKC", text))
    return folding.fold(folding.kana_key if kana else folding.name_key, text)


def nothing_found() -> Text:
    """What to try when a filter finds nothing."""
    return Text(
        "条件を減らすか、名義・住所は先頭の数文字だけで探してください。番号はハイフンや全角でも探せます。",
        "Use fewer filters, or only the first characters of a name or address. Numbers may have hyphens.",
    )
