"""Who holds which supply point when, and the records the two systems keep of it.

A unit is a home, an office or a device's feed: one supply point with one holder at a time. Holders
follow each other by moving (廃止, then 再点) or inside a family (名義変更); each holder changes
retailers by スイッチング. System ① keeps a record a contract (2016-07-06 … 2024-01-31), system ② one
an application (2025-10-06 … 2026-04-26). Days are whole days since 1970-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from .profile import BOTH, FIRST, SECOND, Profile
from .vocabulary import Index, pick

Flags = npt.NDArray[np.bool_]
Days = npt.NDArray[np.int64]

_EPOCH = date(1970, 1, 1)
FIRST_FROM, FIRST_TO = ((day - _EPOCH).days for day in (date(2016, 7, 6), date(2024, 1, 31)))
SECOND_FROM, SECOND_TO = ((day - _EPOCH).days for day in (date(2025, 10, 6), date(2026, 4, 26)))
NEVER = np.iinfo(np.int32).max

APPLICATIONS = ("スイッチング", "再点", "廃止", "名義変更", "契約変更")
SWITCH, RESTART, STOP, RENAME, CHANGE, NONE = 0, 1, 2, 3, 4, -1


@dataclass(frozen=True)
class Holders:
    """Parties in order of their units; every array has one entry a party."""

    member: npt.NDArray[np.int8]
    running: Flags
    unit: Index
    previous: Index  # the party that held the unit before, -1 when none
    family: Flags  # ... and is of the same family
    start: Days  # in system ①; meaningless without it
    end: Days  # NEVER while it runs on
    event: Days  # in system ②


def assign_units(
    rng: np.random.Generator, member: npt.NDArray[np.int8], running: Flags, join: float
) -> Index:
    """The unit of each party: at most one running holder a unit, at most one that ended in ②'s time."""
    unit = np.full(len(member), -1, dtype=np.int64)
    heads = np.flatnonzero(running)
    unit[heads] = np.arange(len(heads))
    fresh = _join_recent(rng, member, running, unit, join)
    ended = np.flatnonzero((unit < 0) & (member == FIRST) & (rng.random(len(member)) < join))
    if len(heads):
        unit[ended] = rng.integers(0, len(heads), len(ended))
    left = np.flatnonzero(unit < 0)
    lone = member[left] != FIRST
    unit[left[lone]] = fresh + np.arange(lone.sum())
    others = left[~lone]
    first_free = fresh + int(lone.sum())
    unit[others] = first_free + rng.integers(0, max(1, int(len(others) * 0.7)), len(others))
    return np.unique(unit, return_inverse=True)[1].astype(np.int64)


def _join_recent(
    rng: np.random.Generator, member: npt.NDArray[np.int8], running: Flags, unit: Index, join: float
) -> int:
    """Half of those who ended in ②'s time lived where someone known to ② alone lives now."""
    new_heads = np.flatnonzero(running & (member == SECOND))
    recent = np.flatnonzero(~running & (member != FIRST))
    chosen = rng.permutation(recent)[: int(min(len(recent) * join * 0.7, len(new_heads)))]
    unit[chosen] = unit[rng.permutation(new_heads)[: len(chosen)]]
    return int(running.sum())


def holders(
    rng: np.random.Generator,
    *,
    member: npt.NDArray[np.int8],
    running: Flags,
    join: float,
    family: float,
) -> Holders:
    """Put parties into units, in order, with dates; the result is sorted by unit and time."""
    unit = assign_units(rng, member, running, join)
    stage = np.where(running, 2, np.where(member == FIRST, 0, 1))
    order = np.lexsort((rng.random(len(unit)), stage, unit))
    member, running, unit = member[order], running[order], unit[order]
    previous = np.where(np.r_[False, unit[1:] == unit[:-1]], np.arange(len(unit)) - 1, -1)
    kin = (previous >= 0) & (rng.random(len(unit)) < family)
    start, end = _first_spans(rng, member, running, unit, kin)
    return Holders(
        member=member,
        running=running,
        unit=unit,
        previous=previous,
        family=kin,
        start=start,
        end=end,
        event=_events(rng, member, unit),
    )


def _ranks(unit: Index, present: Flags) -> tuple[Index, Index]:
    """Rank of each present party within its unit and how many there are."""
    count = np.bincount(unit[present], minlength=int(unit.max(initial=0)) + 1)
    before: Index = np.cumsum(present) - present.astype(np.int64)
    first = np.searchsorted(unit, unit, side="left")
    return (before - before[first]).astype(np.int64), count[unit].astype(np.int64)


def _first_spans(
    rng: np.random.Generator, member: npt.NDArray[np.int8], running: Flags, unit: Index, kin: Flags
) -> tuple[Days, Days]:
    present = (member & FIRST) > 0
    rank, count = _ranks(unit, present)
    span = FIRST_TO - FIRST_FROM
    cut = FIRST_FROM + ((rank + 0.1 + 0.8 * rng.random(len(unit))) / np.maximum(count, 1) * span).astype(
        np.int64
    )
    earlier = FIRST_FROM - rng.integers(0, 4000, len(unit))
    settled = (rank == 0) & (rng.random(len(unit)) < 0.6)
    begin = np.where(settled, np.where(count == 1, earlier, np.minimum(earlier, cut)), cut)
    follows = np.r_[(unit[1:] == unit[:-1]) & present[1:] & present[:-1], False]
    closing = cut + ((FIRST_TO - cut) * (0.1 + 0.85 * rng.random(len(unit)))).astype(np.int64)
    stays = running | (member == BOTH)
    end = np.where(follows, np.r_[cut[1:], 0], np.where(stays, NEVER, np.maximum(closing, cut + 1)))
    gap = np.where(rng.random(len(unit)) < 0.35, 0, rng.integers(1, 90, len(unit)))
    moved_in = present & (rank > 0) & ~kin
    return np.where(moved_in, np.minimum(begin + gap, np.maximum(end - 2, begin)), begin), end


def _events(rng: np.random.Generator, member: npt.NDArray[np.int8], unit: Index) -> Days:
    present = (member & SECOND) > 0
    rank, count = _ranks(unit, present)
    share = (rank + 0.1 + 0.8 * rng.random(len(unit))) / np.maximum(count, 1)
    return SECOND_FROM + (share * (SECOND_TO - SECOND_FROM)).astype(np.int64)


def records(
    rng: np.random.Generator, who: Holders, profile: Profile, *, two_points: Flags, renamed: Flags
) -> pl.DataFrame:
    """One row a record: party, system (1, 2), application code, start, end (NEVER), running, second point.

    `renamed` parties changed their own name inside system ①: their first change is a 名義変更.
    """
    first = _first_records(rng, who, profile, two_points, renamed)
    second = _second_records(rng, who, profile)
    return pl.concat([first, second]).sort("party", "system", "start", maintain_order=True)


def _first_records(
    rng: np.random.Generator, who: Holders, profile: Profile, two_points: Flags, renamed: Flags
) -> pl.DataFrame:
    party = np.flatnonzero(who.member & FIRST)
    size = 1 + pick(rng, np.array(profile.switches), len(party))
    size = np.maximum(size, 1 + (two_points | renamed)[party])
    owner = np.repeat(party, size)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    count = np.repeat(size, size)
    begin = who.start[owner]
    close = np.minimum(who.end[owner], FIRST_TO)
    first_change = np.clip(np.maximum(begin, FIRST_FROM), None, close - 1)
    share = (place - 1 + 0.1 + 0.8 * rng.random(len(owner))) / np.maximum(count - 1, 1)
    start = np.where(place == 0, begin, first_change + (share * (close - first_change)).astype(np.int64))
    apart = two_points[owner] & (place == count - 1)
    start = np.where(apart, begin + rng.integers(0, 30, len(owner)), start)
    last = place == count - 1 - two_points[owner]
    # whoever appears in both systems leaves the contract of ① with the application in ②
    closes = np.where(who.member == BOTH, np.minimum(who.end, who.event), who.end)
    end = np.where(last | apart, closes[owner], np.r_[start[1:], 0])
    return pl.DataFrame(
        {
            "party": owner,
            "system": np.full(len(owner), 1, dtype=np.int8),
            "application": _first_applications(rng, who, profile, owner, place, apart, renamed),
            "start": start,
            "end": end,
            "running": (end == NEVER) & who.running[owner],
            "apart": apart,
        }
    )


def _first_applications(
    rng: np.random.Generator,
    who: Holders,
    profile: Profile,
    owner: Index,
    place: Index,
    apart: Flags,
    renamed: Flags,
) -> npt.NDArray[np.int8]:
    chance = rng.random(len(owner))
    entry = np.where(who.previous[owner] < 0, np.where(chance < 0.5, RESTART, NONE), RESTART)
    by_family = np.where(chance < profile.family_by_switch, SWITCH, RENAME)
    entry = np.where(who.family[owner], by_family, entry)
    change = np.where(chance < 0.86, SWITCH, np.where(chance < 0.93, CHANGE, RENAME))
    change = np.where(renamed[owner] & (place == 1), RENAME, change)
    code = np.where(place == 0, entry, np.where(apart, RESTART, change))
    return np.where(rng.random(len(owner)) < profile.no_application, NONE, code).astype(np.int8)


def _second_records(rng: np.random.Generator, who: Holders, profile: Profile) -> pl.DataFrame:
    party = np.flatnonzero(who.member & SECOND)
    size = 1 + (rng.random(len(party)) < profile.again)
    owner = np.repeat(party, size)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
    last = place == np.repeat(size, size) - 1
    known = (who.member[owner] & FIRST) > 0
    chance = rng.random(len(owner))
    arrives = ~known & (place == 0) & ((who.previous[owner] >= 0) | (chance < 0.6))
    ends = last & ~who.running[owner]
    entry = np.where(arrives & who.family[owner], RENAME, RESTART)
    other = np.where(chance < 0.75, SWITCH, np.where(chance < 0.9, CHANGE, RENAME))
    code = np.where(ends, STOP, np.where(arrives, entry, other))
    start = np.minimum(who.event[owner] + place * rng.integers(1, 25, len(owner)), SECOND_TO)
    end = np.where(ends, start, np.where(last, NEVER, np.r_[start[1:], 0]))
    return pl.DataFrame(
        {
            "party": owner,
            "system": np.full(len(owner), 2, dtype=np.int8),
            "application": code.astype(np.int8),
            "start": start,
            "end": end,
            "running": last & who.running[owner],
            "apart": np.zeros(len(owner), dtype=bool),
        }
    )
