"""Form fields for what every surface asks: days, supply points, one of a few codes."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from sekisho.kernel.values import UnableToRead, point_number
from sekisho.surfaces.kit.speech import TOKYO, Text, message_of

ANY = Text("すべて", "all")
NONE_IS_ALL = Text("選ばなければすべて", "none: all")


class DayField(forms.DateField):
    """A day, as browsers send it (2026-11-22) or as people type it (2026/11/22)."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, label: Text, *, required: bool = False, help_text: Text | str = "") -> None:
        super().__init__(
            label=label,  # type: ignore[arg-type]
            help_text=help_text,  # type: ignore[arg-type]
            required=required,
            input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"],
            error_messages={
                "invalid": Text("日付が正しくありません(例: 2026-11-22)", "Not a date, such as 2026-11-22"),  # type: ignore[dict-item]
                "required": Text("日付を入力してください", "Enter a date"),  # type: ignore[dict-item]
            },
        )


class PointField(forms.CharField):
    """A supply point in any of the ways people write it; a wrong one says what is wrong with it."""

    def __init__(self, *, required: bool = False) -> None:
        super().__init__(
            label=Text("供給地点特定番号", "Supply point"),  # type: ignore[arg-type]
            required=required,
            max_length=60,
        )

    def clean(self, value: Any) -> str:
        """The 22 digits, or nothing."""
        text = super().clean(value)
        if not text:
            return ""
        try:
            return point_number(text)
        except UnableToRead as fault:
            raise ValidationError(message_of(fault)) from fault


class WordField(forms.CharField):
    """A short text. `lines` more than one makes a text area."""

    def __init__(
        self,
        label: Text,
        *,
        required: bool = True,
        help_text: Text | str = "",
        longest: int = 100,
        lines: int = 1,
    ) -> None:
        widget = (
            forms.Textarea(attrs={"rows": lines})
            if lines > 1
            else forms.TextInput(attrs={"autocomplete": "off"})
        )
        super().__init__(
            label=label,  # type: ignore[arg-type]
            help_text=help_text,  # type: ignore[arg-type]
            required=required,
            max_length=longest,
            widget=widget,
            error_messages={"required": label + Text("を入力してください", " is required")},  # type: ignore[dict-item]
        )


class OneOf(forms.ChoiceField):
    """One of a few codes with their words. Not required: an empty choice stands first and means all."""

    def __init__(
        self,
        label: Text,
        words: Iterable[tuple[str, Text | str]],
        *,
        required: bool = False,
        help_text: Text | str = "",
        empty: Text = ANY,
    ) -> None:
        choices: list[tuple[str, Any]] = [(code, word) for code, word in words]
        super().__init__(
            label=label,  # type: ignore[arg-type]
            help_text=help_text,  # type: ignore[arg-type]
            required=required,
            choices=choices
            if required and len(choices) == 1
            else [("", Text("選んでください", "choose") if required else empty), *choices],
            error_messages={"required": label + Text("を選んでください", ": choose one")},  # type: ignore[dict-item]
        )


class Several(forms.MultipleChoiceField):
    """Some of a list's codes, kept as one text, so that a confirmation can show it. `boxes` makes check boxes of a short list."""

    def __init__(
        self,
        label: Text,
        words: Iterable[tuple[str, Any]],
        *,
        help_text: Text | str = NONE_IS_ALL,
        boxes: bool = False,
    ) -> None:
        choices = list(words)
        widget = forms.CheckboxSelectMultiple() if boxes else forms.SelectMultiple(attrs={"size": 8})
        super().__init__(
            label=label,  # type: ignore[arg-type]
            required=False,
            choices=choices,
            widget=widget,
            help_text=help_text,  # type: ignore[arg-type]
        )

    def clean(self, value: Any) -> Any:
        """The codes, separated by spaces."""
        return " ".join(super().clean(value))


def midnight(day: date) -> datetime:
    """The beginning of a day in Japan."""
    return datetime.combine(day, time(), TOKYO)


def span(given: dict[str, Any]) -> dict[str, Any]:
    """`since` and `until` as moments; the last day is meant whole."""
    found = dict(given)
    if "since" in found:
        found["since"] = midnight(found["since"])
    if "until" in found:
        found["until"] = midnight(found["until"] + timedelta(days=1))
    return found
