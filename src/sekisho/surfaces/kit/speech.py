"""Japanese first, English by a switch: each text is written once, in both languages, where it is used.

A catalogue file would keep the two apart from each other and from their place; a page has few texts, and the domain's own names
already come in pairs (`ja`, `en`). Texts of Django and django-allauth follow the same switch through their own catalogues.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils.translation import get_language

from sekisho.kernel.errors import Language, SekishoError

TOKYO = ZoneInfo("Asia/Tokyo")
_WEEKDAYS: Mapping[Literal["ja", "en"], str] = {"ja": "月火水木金土日", "en": "Mon Tue Wed Thu Fri Sat Sun"}


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; `str` gives the one that the request asks for."""

    ja: str
    en: str

    def __str__(self) -> str:
        return self.en if language() == "en" else self.ja

    def __add__(self, other: "Text | str") -> "Text":
        added = other if isinstance(other, Text) else Text(other, other)
        return Text(self.ja + added.ja, self.en + added.en)


def language() -> Language:
    """The language of the request that is being answered."""
    return "en" if (get_language() or "ja").startswith("en") else "ja"


def say(ja: str, en: str) -> str:
    """The sentence in the language of the request."""
    return en if language() == "en" else ja


def joined(parts: Iterable[object]) -> str:
    """Words one after the other, as the language of the request separates them."""
    return say("、", ", ").join(str(part) for part in parts)


def message_of(fault: SekishoError) -> str:
    """What a refusal says, in the language of the request."""
    return fault.message(language=language())


def day_text(day: date) -> str:
    """`2026年11月22日(日)`, in English `Sun 22 Nov 2026`."""
    if language() == "en":
        return f"{_WEEKDAYS['en'].split()[day.weekday()]} {day.day} {day:%b} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日({_WEEKDAYS['ja'][day.weekday()]})"


def moment_text(moment: datetime) -> str:
    """A day and a time in Japan, to the second."""
    local = moment.astimezone(TOKYO)
    return f"{day_text(local.date())} {local:%H:%M:%S}"


def month_text(month: date) -> str:
    """`2026年11月`, in English `Nov 2026`."""
    return say(f"{month.year}年{month.month}月", f"{month:%b} {month.year}")
