"""What happened between two names at a place where nobody knows the days."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from sekisho.matching import events

FLAGS = ("switched", "renamed", "unbroken", "moved")
SCHEMA = {
    "row": pl.UInt32,
    "persona": pl.UInt32,
    "kind": pl.String,
    "point": pl.String,
    "house": pl.UInt64,
    "room": pl.String,
    "start": pl.Int32,
    "end": pl.Int32,
    "application": pl.String,
    "system": pl.String,
}


def shown(
    *applications: tuple[int, str | None], point: str | None = "A", rooms: str = ""
) -> dict[tuple[int, int], set[str]]:
    """Pairs of personas and the flags they show, from (persona, application) at one point, or else at one house; `rooms`
    has a letter for each, a blank where nobody wrote it."""
    rows = [
        {
            "row": row,
            "kind": "person",
            "persona": persona,
            "point": point,
            "house": 1,
            "room": rooms[row : row + 1].strip() or None,
            "application": application,
            "end": events.NEVER,
            "system": "1",
        }
        for row, (persona, application) in enumerate(applications)
    ]
    met = events.between(pl.DataFrame(rows, schema=SCHEMA))
    return {
        (pair["left"], pair["right"]): {flag for flag in FLAGS if pair[flag]}
        for pair in met.iter_rows(named=True)
    }


@pytest.mark.parametrize(
    ("applications", "flags"),
    [
        ([(1, "restart"), (2, "switch")], {"switched", "unbroken"}),
        ([(1, None), (2, "change")], {"switched", "unbroken"}),
        ([(1, None), (2, "rename")], {"renamed", "unbroken"}),
        ([(1, None), (2, "rename"), (2, None)], {"renamed", "unbroken"}),
        ([(1, "restart"), (2, "restart"), (2, "switch")], {"moved"}),
    ],
)
def test_the_applications_of_two_names_at_a_point(
    applications: list[tuple[int, str | None]], flags: set[str]
) -> None:
    assert shown(*applications) == {(1, 2): flags}


def day(applications: tuple[str | None, str | None], systems: str, ends: tuple[int, int]) -> set[str]:
    """The flags of two names whose contracts at one point begin on one day."""
    rows = [
        {"row": row, "persona": row + 1, "kind": "person", "point": "A", "system": systems[row]}
        | {"start": 100, "end": ends[row]}
        | {"application": applications[row]}
        for row in range(2)
    ]
    [pair] = events.between(pl.DataFrame(rows, schema=SCHEMA)).to_dicts()
    return {flag for flag in (*FLAGS, "shared", "twin") if pair[flag]}


@pytest.mark.parametrize(
    ("applications", "systems", "ends", "one"),
    [
        (("restart", "restart"), "12", (300, events.NEVER), True),
        ((None, "stop"), "12", (300, 300), True),
        (("stop", "switch"), "22", (300, 300), True),
        (("restart", "restart"), "22", (200, 300), False),
        ((None, "rename"), "12", (300, 300), False),
    ],
)
def test_what_begins_on_one_day_at_a_point_is_one_contract(
    applications: tuple[str | None, str | None], systems: str, ends: tuple[int, int], one: bool
) -> None:
    flags = day(applications, systems, ends)
    assert ("twin" in flags) == one
    assert not one or ("shared" in flags and "moved" not in flags)


@pytest.mark.parametrize(
    ("points", "rooms", "starts", "ends", "one"),
    [
        ("AB", "  ", (100, 110), (300, 300), True),
        ("AB", "11", (110, 100), (events.NEVER, events.NEVER), True),
        ("AB", "12", (100, 110), (300, 300), False),
        ("AB", "  ", (100, 150), (300, 300), False),
        ("AB", "  ", (100, 110), (300, 301), False),
        ("AB", "  ", (100, 110), (300, events.NEVER), False),
        ("AA", "  ", (100, 110), (300, 300), False),
    ],
)
def test_two_contracts_of_one_home_that_begin_and_end_together(
    points: str, rooms: str, starts: tuple[int, int], ends: tuple[int, int], one: bool
) -> None:
    rows = [
        {"row": row, "persona": row + 1, "point": points[row], "house": 1, "room": rooms[row].strip() or None}
        | {"start": starts[row], "end": ends[row]}
        for row in range(2)
    ]
    assert together(rows) == ({(1, 2)} if one else set())


@pytest.mark.parametrize(
    ("started", "flags"), [(50, {"renamed", "unbroken"}), (None, {"renamed", "unbroken"})]
)
def test_who_follows_a_contract_is_known_though_nobody_knows_when_it_began(
    started: int | None, flags: set[str]
) -> None:
    rows = [
        {"row": 0, "persona": 1, "start": started, "end": 100, "application": "restart"},
        {"row": 1, "persona": 2, "start": 100, "end": 300, "application": "rename"},
    ]
    assert at_one_point(rows) == {(1, 2): flags}


def test_whom_a_contract_followed_is_unknown_where_nobody_knows_when_it_began() -> None:
    rows = [
        {"row": 0, "persona": 1, "start": 50, "end": 99, "application": None},
        {"row": 1, "persona": 2, "start": None, "end": 100, "application": "switch"},
    ]
    assert at_one_point(rows) == {}


def at_one_point(rows: list[dict[str, Any]]) -> dict[tuple[int, int], set[str]]:
    people = [row | {"kind": "person", "system": "1", "point": "A"} for row in rows]
    met = events.between(pl.DataFrame(people, schema=SCHEMA)).to_dicts()
    return {(pair["left"], pair["right"]): {flag for flag in FLAGS if pair[flag]} for pair in met}


def test_a_stay_is_one_through_switches_whatever_the_names() -> None:
    rows = [
        {"row": 0, "persona": 1, "point": "A", "house": 1, "start": 100, "end": 200},
        {"row": 1, "persona": 2, "point": "A", "house": 1, "start": 200, "end": 300, "application": "switch"},
        {"row": 2, "persona": 3, "point": "B", "house": 1, "start": 105, "end": 300},
        {"row": 3, "persona": 4, "point": "C", "house": 1, "start": 200, "end": 300},
    ]
    assert together(rows) == {(1, 3), (2, 3)}


def test_in_a_house_of_many_points_only_a_flat_is_a_home() -> None:
    rows = [
        {"row": row, "persona": row + 1, "point": str(row), "house": 1, "start": 100, "end": 300}
        for row in range(8)
    ]
    rows[2]["room"] = rows[5]["room"] = "101"
    assert together(rows) == {(3, 6)}


def together(rows: list[dict[str, Any]]) -> set[tuple[int, int]]:
    people = [row | {"kind": "person", "system": "1"} for row in rows]
    met = events.between(pl.DataFrame(people, schema=SCHEMA)).to_dicts()
    return {(pair["left"], pair["right"]) for pair in met if pair["together"]}


def test_two_who_may_each_have_come_by_themselves_show_nothing() -> None:
    assert shown((1, None), (2, None)) == {}


def test_of_three_names_it_is_not_known_which_the_switch_joins() -> None:
    assert shown((1, None), (2, None), (3, "switch")) == {(1, 3): {"unbroken"}, (2, 3): {"unbroken"}}


def test_where_only_one_ever_came_all_the_others_go_on_from_it() -> None:
    flags = {"switched", "unbroken"}
    assert shown((1, None), (2, "switch"), (3, "change")) == {(1, 2): flags, (1, 3): flags, (2, 3): flags}


def test_who_took_over_by_a_change_of_name_took_over_from_one_of_those_who_came() -> None:
    taken = {"renamed", "unbroken"}
    assert shown((1, None), (2, "rename"), (3, "restart")) == {(1, 2): taken, (2, 3): taken}


@pytest.mark.parametrize(
    ("rooms", "pairs"),
    [("AA", {(1, 2)}), ("AB", set()), ("A ", {(1, 2)}), ("AA B", {(1, 2)}), ("A AB", set())],
)
def test_without_a_point_the_flat_is_the_home(rooms: str, pairs: set[tuple[int, int]]) -> None:
    applications = [(1, None), (2, "switch"), (3, None), (4, None)][: len(rooms)]
    assert set(shown(*applications, point=None, rooms=rooms)) == pairs


def test_two_restarts_in_one_home_are_two_contracts_and_no_removal() -> None:
    assert shown((1, "restart"), (2, "restart"), point=None) == {}
