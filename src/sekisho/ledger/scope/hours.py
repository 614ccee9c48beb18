"""Working hours (勤務時間): when reading is nothing unusual, by audience, company and purpose.

Without a file everybody works from 07:00 to 20:00, Monday to Friday, not on Japan's public holidays. `<home>/ledger/hours.toml`
says otherwise where a company works otherwise; of the entries that fit, the most specific one counts, of those the last:

    [[hours]]
    audience = "operator"         # left out: every audience; likewise company and purpose
    company = "TD"
    purpose = "disaster"
    opens = "22:00"               # local time; 00:00 to 24:00 is the whole day
    closes = "06:00"              # not after `opens`: the next morning
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    holidays = true               # also on public holidays
    closed = [2026-12-31]         # days on which nobody works all the same
    since = 2026-04-01            # from this day
    until = 2027-04-01            # before this day
    source = "当直表 2026年度"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import jpholiday

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope.moments import JAPAN

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FILE: Final = "ledger/hours.toml"
_ENTRIES: Final = ("audience", "company", "purpose", "opens", "closes", "days", "holidays", "closed", "since", "until", "source")  # fmt: skip
_MIDNIGHT: Final = "24:00"
_DAY: Final = timedelta(days=1)
_END: Final = timedelta(hours=24)


class UnableToReadHours(SekishoError):
    """The file of working hours says something that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads for what: one person's colleagues."""

    audience: str
    company: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Hours:
    """One entry. `opens`, `closes`: since midnight; `days`: 0 is Monday."""

    audience: str | None = None
    company: str | None = None
    purpose: str | None = None
    opens: timedelta = timedelta(hours=7)
    closes: timedelta = timedelta(hours=20)
    days: frozenset[int] = frozenset(range(5))
    holidays: bool = False
    closed: frozenset[date] = frozenset()
    since: date = date.min
    until: date = date.max

    def fits(self, readers: Readers, day: date) -> bool:
        """Tell whether the entry is about these readers on this day."""
        named = (
            (self.audience, readers.audience),
            (self.company, readers.company),
            (self.purpose, readers.purpose),
        )
        return all(mine in (None, theirs) for mine, theirs in named) and self.since <= day < self.until

    @property
    def precision(self) -> tuple[int, bool, bool]:
        """How specific the entry is; a purpose says more than a company."""
        named = sum(name is not None for name in (self.audience, self.company, self.purpose))
        return named, self.purpose is not None, self.company is not None

    def works(self, day: date) -> bool:
        """Tell whether work begins on this day."""
        off = day in self.closed or (jpholiday.is_holiday(day) and not self.holidays)
        return day.weekday() in self.days and not off


ORDINARY: Final = (Hours(),)


def open_spans(
    *, hours: Sequence[Hours], readers: Iterable[Readers], since: date, until: date
) -> Iterator[tuple[Readers, date, datetime, datetime]]:
    """Yield the spans in which these readers work, each within one day of [since, until)."""
    known = (*ORDINARY, *hours)
    # From the day before: its night shift ends on the first morning.
    days = [since + timedelta(days=place) for place in range(-1, (until - since).days)]
    for who in readers:
        for day in days:
            entry = max((one for one in known if one.fits(who, day)), key=_weight(known))
            for begun, low, high in _spans(entry, day):
                if since <= begun < until:
                    yield who, begun, low, high


def _weight(known: Sequence[Hours]) -> Any:
    return lambda entry: (entry.precision, known.index(entry))


def _spans(entry: Hours, day: date) -> Iterator[tuple[date, datetime, datetime]]:
    if not entry.works(day):
        return
    midnight = datetime.combine(day, time(), JAPAN)
    if entry.opens < entry.closes:
        yield day, midnight + entry.opens, midnight + entry.closes
    else:
        yield day, midnight + entry.opens, midnight + _END
        yield day + _DAY, midnight + _END, midnight + _END + entry.closes


def read_hours(path: Path) -> tuple[Hours, ...]:
    """Return the file's entries, none if there is no file; raise `UnableToReadHours` naming entry, field and value."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UnableToReadHours(
            f"{path}: TOML として読めません({fault})。", f"{path} is no TOML ({fault})."
        ) from None
    entries = found.get("hours", [])
    if not isinstance(entries, list) or set(found) - {"hours"}:
        raise UnableToReadHours(
            f"{path}: [[hours]] だけを書きます。", f"{path} holds [[hours]] and nothing else."
        )
    return tuple(_entry(place, entry) for place, entry in enumerate(entries, start=1))


def _entry(place: int, entry: Mapping[str, Any]) -> Hours:
    for name in entry:
        if name not in _ENTRIES:
            raise _wrong(
                place,
                name,
                entry[name],
                f"{'・'.join(_ENTRIES)} のいずれかです",
                f"is none of {', '.join(_ENTRIES)}",
            )
    readers = ("audience", "company", "purpose")
    fields: dict[str, Any] = {name: _text(place, name, entry[name]) for name in readers if name in entry}
    fields |= {name: _moment(place, name, entry[name]) for name in ("opens", "closes") if name in entry}
    fields |= {name: _date(place, name, entry[name]) for name in ("since", "until") if name in entry}
    if "days" in entry:
        fields["days"] = frozenset(_day(place, day) for day in _several(place, "days", entry["days"]))
    closed = _several(place, "closed", entry.get("closed", []))
    fields["closed"] = frozenset(_date(place, "closed", day) for day in closed)
    return Hours(**fields, holidays=entry.get("holidays", False) is True)


def _several(place: int, name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(place, name, value, "[ ] で囲みます", "is no list")
    return value


def _text(place: int, name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(place, name, value, "文字列です", "is no text")
    return value


def _moment(place: int, name: str, value: Any) -> timedelta:
    if value == _MIDNIGHT:
        return _END
    try:
        moment = time.fromisoformat(value)
    except (TypeError, ValueError):
        raise _wrong(
            place, name, value, "時刻ではありません(例 07:00)", "is no time of day like 07:00"
        ) from None
    return timedelta(hours=moment.hour, minutes=moment.minute)


def _date(place: int, name: str, value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _wrong(place, name, value, "日付ではありません(例 2026-04-01)", "is no date like 2026-04-01")
    return value


def _day(place: int, value: Any) -> int:
    if value not in DAYS:
        raise _wrong(
            place, "days", value, f"{'・'.join(DAYS)} のいずれかです", f"is none of {', '.join(DAYS)}"
        )
    return DAYS.index(value)


def _wrong(place: int, name: str, value: Any, ja: str, en: str) -> UnableToReadHours:
    return UnableToReadHours(
        f"勤務時間 {place} 件目の {name} = {value!r}: {ja}。",
        f"Hours, entry {place}, {name} = {value!r}: {en}.",
    )
