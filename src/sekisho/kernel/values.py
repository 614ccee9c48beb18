"""Value types of the field. A number of the market is text (leading zeros matter); a period is half open.

Sources: the identifiers of OCCTO's usage files (供給地点特定番号 X(22), 事業者コード X(5)); slot 1 is
00:00–00:30 JST and slot 48 belongs to its own day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple, NewType
from unicodedata import normalize

from sekisho.kernel.errors import SekishoError

PointNumber = NewType("PointNumber", str)
RetailerCode = NewType("RetailerCode", str)
CustomerNumber = NewType("CustomerNumber", str)
Wh = NewType("Wh", int)
Yen = NewType("Yen", Decimal)

POINT_DIGITS: Final = 22
RETAILER_DIGITS: Final = 5
CUSTOMER_DIGITS: Final = 14
GAS_POINT_DIGITS: Final = 17
SLOTS_PER_DAY: Final = 48

HYPHENS: Final = "-‐‑‒–—―−－ー"
"""What people type between groups of digits; also the long-vowel mark, which the same key gives."""

_DROPPED = re.compile(f"[{HYPHENS}\\s]")
_DIGITS = re.compile(r"[0-9]+")
_FLOAT = re.compile(r"[0-9.]+E\+?[0-9]+", re.IGNORECASE)


class Reason(NamedTuple):
    """Why a value is refused, in both languages."""

    ja: str
    en: str


class UnableToRead(SekishoError):
    """A value does not have the form that its field demands."""

    def __init__(self, field: Reason, value: str, reason: Reason) -> None:
        super().__init__(
            f"{field.ja}「{value[:60]}」: {reason.ja}", f"{field.en} {value[:60]!r}: {reason.en}"
        )
        self.reason = reason


def digits(text: str) -> str:
    """Fold full-width to half-width and drop hyphens and blanks between digits."""
    return _DROPPED.sub("", normalize("NFKC", text))


def why_not_digits(text: str, *, length: int) -> Reason | None:
    """Why `text` is no number of `length` digits, or None when it is one after folding."""
    folded = digits(text)
    if _FLOAT.fullmatch(folded):
        return Reason(
            "表計算ソフトで数値に変わり、桁が失われています",
            "a spreadsheet turned it into a number and lost digits",
        )
    if not _DIGITS.fullmatch(folded):
        return Reason("数字以外の文字があります", "has characters other than digits")
    if len(folded) == length:
        return None
    if length == POINT_DIGITS and len(folded) == GAS_POINT_DIGITS:
        return Reason(
            "17桁はガスの供給地点特定番号です。電気は22桁です",
            "17 digits are a gas supply point; electricity has 22",
        )
    return Reason(f"{length}桁のところ{len(folded)}桁です", f"has {len(folded)} digits, needs {length}")


def point_number(text: str) -> PointNumber:
    """Read a 供給地点特定番号; raise `UnableToRead` saying what is wrong with it."""
    return PointNumber(_digits_or_raise(text, POINT_DIGITS, Reason("供給地点特定番号", "supply point")))


def retailer_code(text: str) -> RetailerCode:
    """Read a 事業者コード; raise `UnableToRead` saying what is wrong with it."""
    return RetailerCode(_digits_or_raise(text, RETAILER_DIGITS, Reason("事業者コード", "retailer code")))


def customer_number(text: str) -> CustomerNumber:
    """Read an お客さま番号; raise `UnableToRead` saying what is wrong with it."""
    return CustomerNumber(_digits_or_raise(text, CUSTOMER_DIGITS, Reason("お客さま番号", "customer number")))


def _digits_or_raise(text: str, length: int, field: Reason) -> str:
    reason = why_not_digits(text, length=length)
    if reason is not None:
        raise UnableToRead(field, text, reason)
    return digits(text)


def grouped(point: PointNumber) -> str:
    """The number as people write it: 2-4-4-4-4-4."""
    return "-".join((point[:2], *(point[start : start + 4] for start in range(2, POINT_DIGITS, 4))))


@dataclass(frozen=True, slots=True, order=True)
class HalfHour:
    """時刻コード: slot 1 is 00:00–00:30 JST, slot 48 is 23:30–24:00 of the same day."""

    slot: int

    def __post_init__(self) -> None:
        if not 1 <= self.slot <= SLOTS_PER_DAY:
            raise ValueError(f"no half-hour {self.slot}")

    @property
    def start(self) -> time:
        return time((self.slot - 1) // 2, (self.slot - 1) % 2 * 30)

    def __str__(self) -> str:
        """`13:00–13:30`; the last one ends at 24:00."""
        return f"{self.start:%H:%M}–{self.slot // 2:02d}:{self.slot % 2 * 30:02d}"


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` up to but not including `end`; None is open. Never empty."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"empty period {self}")

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    def __str__(self) -> str:
        """PostgreSQL's form of the period."""
        return f"[{self.start},{self.end or ''})"

    @property
    def last(self) -> date | None:
        """The last day of the period, as people say it."""
        return None if self.end is None else self.end - timedelta(days=1)

    def covers(self, other: Period) -> bool:
        """Does every day of `other` lie in this period?"""
        return self.start <= other.start and (
            self.end is None or (other.end is not None and other.end <= self.end)
        )

    def overlap(self, other: Period) -> Period | None:
        """The days of both."""
        start = max(self.start, other.start)
        ends = [end for end in (self.end, other.end) if end is not None]
        end = min(ends, default=None)
        return None if end is not None and end <= start else Period(start, end)

    def before(self, day: date) -> Period | None:
        """The part that lies before `day`."""
        return self.overlap(Period(date.min, day)) if day > date.min else None

    def since(self, day: date) -> Period | None:
        """The part from `day` on."""
        return self.overlap(Period(day))

    def without(self, other: Period) -> tuple[Period, ...]:
        """The parts that `other` leaves: none, one or two."""
        after = self.since(other.end) if other.end is not None else None
        return tuple(part for part in (self.before(other.start), after) if part is not None)


def wh_from_kwh(text: str) -> Wh:
    """Read kWh with at most three places; raise `ValueError` for anything finer or not a number."""
    scaled = Decimal(text).scaleb(3)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"finer than 1 Wh: {text}")
    return Wh(int(scaled))


def kwh(energy: Wh) -> Decimal:
    """Wh as kWh with three places."""
    return Decimal(energy).scaleb(-3)


def whole_yen(amount: Decimal) -> Yen:
    """Cut an amount to whole yen, towards zero: done once, at the total (託送料金の円未満切捨て)."""
    return Yen(amount.quantize(Decimal(1), rounding=ROUND_DOWN))
