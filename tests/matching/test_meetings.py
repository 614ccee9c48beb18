"""What happened between two names, beside a plain reading of the rules, record after record, in many small towns."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from itertools import combinations, pairwise, permutations
from types import MappingProxyType
from typing import Any, NamedTuple

import polars as pl
import pytest

from sekisho.matching import events

SHOWN = ("switched", "renamed", "shared", "twin", "together", "unbroken", "enclosed", "seen_later", "moved")
UNSURE = ("guessed", "undated")
NEVER = events.NEVER
GOES_ON = (events.SWITCH, events.CHANGE, events.STOP)
TOWNS, PEOPLE = 1500, 10
STARTS = (None, 100, 100, 101, 110, 130, 131, 132, 160, 200, 201)
ENDS = (NEVER, NEVER, 102, 131, 160, 200, 203, 204, 232, 300)
# What system 1 tells ends on day 131, system 2 has no end.
ENDED, NO_END = MappingProxyType({"1": 131}), MappingProxyType[str, int]({})
APPLICATIONS = (None, None, events.SWITCH, events.RENAME, events.STOP, events.RESTART, events.CHANGE)


class Record(NamedTuple):
    """A row of what `between` is given."""

    row: int
    persona: int
    kind: str
    point: str | None
    house: int | None
    room: str | None
    start: int | None
    end: int
    application: str | None
    system: str | None

    @property
    def begun(self) -> int | None:
        """The day it began; where nobody knows, the one before it ended, if it did."""
        return self.end - 1 if self.start is None and self.end < NEVER else self.start


Pair = tuple[int, int]
Shown = defaultdict[Pair, list[set[str]]]


def plainly(town: list[Record], until: Mapping[str, int] = NO_END) -> dict[Pair, set[str]]:
    """Every meeting shows its flags: any one is enough, but for those that say how sure it is."""
    shown: Shown = defaultdict(list)
    for old, new, following in [*at_points(town), *at_homes(town)]:
        shown[min(old.persona, new.persona), max(old.persona, new.persona)].append(
            judged(old, new, following, until)
        )
    for pair in together(town):
        shown[pair].append({"together"})
    undated(town, shown)
    return {
        pair: set.union(*each) - set(UNSURE) | (set.intersection(*each) & set(UNSURE))
        for pair, each in shown.items()
    }


def in_order(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record.begun, record.system or "", record.row))


def at_points(town: list[Record]) -> list[tuple[Record, Record, int | None]]:
    """Whoever follows another at a point, and who comes next."""
    met = []
    for point in {record.point for record in town if record.point}:
        here = in_order([each for each in town if each.point == point and each.begun is not None])
        after = [*(record.persona for record in here[2:]), None]
        met += [
            (old, new, following)
            for (old, new), following in zip(pairwise(here), after, strict=False)
            if old.persona != new.persona and new.start is not None
        ]
    return met


def agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def at_homes(town: list[Record]) -> list[tuple[Record, Record, int | None]]:
    """Where a point is unknown: who begins on the day another ends in the same home, or on the next."""
    housed = [record for record in town if record.house is not None]
    return [
        (old, new, None)
        for old, new in permutations(housed, 2)
        if old.house == new.house and is_one_home(old, new) and old.persona != new.persona
        if old.end < NEVER and new.start is not None and new.start - old.end in (0, 1)
        if old.begun is not None and old.begun <= new.start
    ]


def is_one_home(old: Record, new: Record) -> bool:
    """Of two whose point is unknown the rooms must not differ, of one they must be the same."""
    unknown = [each for each in (old, new) if each.point is None]
    return agree(old.room, new.room) if len(unknown) == 2 else bool(unknown) and old.room == new.room


def judged(old: Record, new: Record, following: int | None, until: Mapping[str, int]) -> set[str]:
    assert new.start is not None
    gap, is_open = new.start - old.end, old.end == NEVER
    two = {old.system, new.system} == {"1", "2"}
    other_name = events.RENAME in (old.application, new.application)
    changed = events.CHANGE in (old.application, new.application)
    states = not two and old.end == new.end and (changed or not is_open)
    begun_together = new.start == old.start and (two or old.end == new.end)
    twin = (begun_together or states) and not other_name
    silent = two and is_open and new.start > until.get(old.system or "", NEVER) and not twin
    is_open = is_open and not silent
    shared = twin or (two and not silent and (is_open or gap < -31))
    unbroken = is_open or abs(gap) <= 3 or states
    moved = not (twin or states) and (new.application == events.RESTART or old.application == events.STOP)
    flags = {
        "moved": moved or (not shared and gap > 3),
        "switched": new.application in GOES_ON and (unbroken or shared) and not moved,
        "renamed": new.application == events.RENAME and (unbroken or shared),
        "shared": shared and not moved,
        "twin": twin,
        "unbroken": unbroken,
        "enclosed": following == old.persona and (unbroken or shared or silent) and not moved,
        "seen_later": silent and not moved,
    }
    return {flag for flag, true in flags.items() if true}


def together(town: list[Record]) -> set[Pair]:
    """Every two stays of one home are compared: begun within a month of days, ended on one, at two points."""
    return {
        (min(one, other), max(one, other))
        for (home, point, one, start, end), (its_home, its_point, other, its_start, its_end) in combinations(
            stays(town), 2
        )
        if home == its_home and end == its_end and abs(start - its_start) <= 31
        if point != its_point and one != other
    }


def stays(town: list[Record]) -> set[tuple[Any, str, int, int, int]]:
    """home, point, persona, and the days of the whole stay, through switches and whatever one name did."""
    found = set()
    people = [
        record for record in town if record.kind == "person" and None not in (record.house, record.start)
    ]
    for point in {record.point for record in people if record.point}:
        here = [record for record in people if record.point == point and home_of(record, people)]
        stay: list[Record] = []
        for record in [*in_order(here), None]:
            if stay and not (record and goes_on(stay[-1], record, people)):
                days = min(each.begun or 0 for each in stay), max(each.end for each in stay)
                found |= {(home_of(each, people), point, each.persona, *days) for each in stay}
                stay = []
            stay += [record] if record else []
    return found


def goes_on(before: Record, record: Record, people: list[Record]) -> bool:
    if home_of(before, people) != home_of(record, people) or (record.begun or 0) - before.end > 3:
        return False
    untold = record.application is None and record.persona == before.persona
    return untold or record.application in GOES_ON


def home_of(record: Record, people: list[Record]) -> Any:
    """The house, or the flat of one with many; None where there is no second point, or the flat is unknown."""
    neighbours = [each for each in people if each.house == record.house and each.point]
    points, rooms = {each.point for each in neighbours}, {each.room for each in neighbours if each.room}
    if len(points) < 2:
        return None
    if len(points) > 6 or len(rooms) > 1:
        return record.room and (record.house, record.room)
    return record.house


def undated(town: list[Record], shown: Shown) -> None:
    """What the applications say where nobody knows the days."""
    places: dict[Any, dict[int, list[str | None]]] = defaultdict(lambda: defaultdict(list))
    unknown = [record for record in town if record.start is None]
    for record in unknown:
        place: Any = record.point
        if place is None and record.house is not None:
            rooms = {
                each.room for each in unknown if not each.point and each.house == record.house and each.room
            }
            place = (record.house,) if len(rooms) < 2 else record.room and (record.house, record.room)
        if place is not None:
            places[place][record.persona].append(record.application)
    for place, came in places.items():
        if len(came) <= 6:
            for one, other in combinations(sorted(came), 2):
                if flags := told(came, one, other, home=isinstance(place, tuple)):
                    shown[one, other].append(flags | {"undated"})


def told(came: dict[int, list[str | None]], one: int, other: int, *, home: bool) -> set[str]:
    continues = {persona for persona, how in came.items() if all(each in GOES_ON for each in how)}
    restarted = {persona for persona, how in came.items() if events.RESTART in how}
    renamed = {persona for persona, how in came.items() if events.RENAME in how} - restarted
    pair = {one, other}
    went_on = bool(pair & continues)
    took_over = bool(pair & renamed) and not went_on
    alone = len(came) == 2 or len(came) - len(continues) <= 1
    flags = {
        "switched": went_on and alone,
        "guessed": went_on and not alone,
        "renamed": took_over,
        "unbroken": went_on or took_over,
        "moved": pair <= restarted and not home,
    }
    return {flag for flag, true in flags.items() if true}


def drawn(rng: random.Random, number: int) -> list[Record]:
    """One town; of some all records have points or systems, of some none, and few know no days."""
    points = rng.choice([(None,), "AB", ("A", "B", "C", None), "ABCDEFGH"])
    rooms = rng.choice([(None,), (None, None, "101"), (None, "101", "102")])
    systems = rng.choice(["12", "12", (None,), (None, "1", "2")])
    dated = rng.random() < 0.7
    return [
        Record(
            row=number * 100 + row,
            persona=number * PEOPLE + rng.randint(1, rng.choice([3, 8])),
            kind=rng.choice(["person", "person", "person", "company"]),
            point=(point := rng.choice(points)) and f"{number}{point}",
            house=rng.choice([None, *[number * 3 + 1] * 8, number * 3 + 2]),
            room=rng.choice(rooms),
            start=rng.choice(STARTS) if dated else None,
            end=rng.choice(ENDS) if dated or rng.random() < 0.1 else NEVER,
            application=rng.choice(APPLICATIONS),
            system=rng.choice(systems),
        )
        for row in range(rng.randint(2, rng.choice([12, 12, 12, 40])))
    ]


def found(towns: list[list[Record]], until: Mapping[str, int] = NO_END) -> list[dict[Pair, set[str]]]:
    """What `between` says of each town, told of all at once."""
    days = pl.DataFrame([*until.items()], schema={"system": pl.String, "until": pl.Int32}, orient="row")
    types = (
        pl.UInt32,
        pl.UInt32,
        pl.String,
        pl.String,
        pl.UInt64,
        pl.String,
        pl.Int32,
        pl.Int32,
        pl.String,
        pl.String,
    )
    schema = dict(zip(Record._fields, types, strict=True))
    frame = pl.DataFrame([record for town in towns for record in town], schema=schema, orient="row")
    said: list[dict[Pair, set[str]]] = [{} for _ in towns]
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=1)
    for pair in events.between(mixed, days).iter_rows(named=True):
        flags = {flag for flag in (*SHOWN, *UNSURE) if pair[flag]}
        said[pair["left"] // PEOPLE][pair["left"], pair["right"]] = flags
    return said


def test_a_town_alone_shows_what_it_shows_beside_others() -> None:
    """Whatever stands next to a point's last row is of the same town here."""
    rng = random.Random(9)
    towns = [drawn(rng, 0) for _ in range(60)]
    assert [found([town]) for town in towns] == [[plainly(town)] for town in towns]


@pytest.mark.parametrize(("seed", "until"), [(0, NO_END), (1, ENDED)])
def test_what_is_shown_is_what_a_plain_reading_finds(seed: int, until: Mapping[str, int]) -> None:
    rng = random.Random(seed)
    towns = [drawn(rng, number) for number in range(TOWNS)]
    expected = [plainly(town, until) for town in towns]
    wrong = [
        (town, said, plain)
        for town, said, plain in zip(towns, found(towns, until), expected, strict=True)
        if said != plain
    ]
    assert not wrong, min(wrong, key=lambda each: len(each[0]))
    seen = [flag for town in expected for flags in town.values() for flag in flags]
    possible = [flag for flag in (*SHOWN, *UNSURE) if until or flag != "seen_later"]
    assert min(seen.count(flag) for flag in possible) > 5
