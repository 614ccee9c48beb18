"""Unusual reading, as tables."""

from __future__ import annotations

from datetime import date
from typing import Any

from sekisho.ledger.gates import ReadingVolume, UnfollowedRow
from sekisho.surfaces.security_web.unusual import readers, unfollowed

DAY = date(2026, 11, 20)


def volume(person: str | None, points: Any, *, purpose: str = "switching", **figures: int) -> ReadingVolume:
    rest: dict[str, Any] = {"passages": 1, "refused": 0, "revealed": 0, "out_of_hours": 0} | figures
    return ReadingVolume(
        day=DAY, audience="operator", company="TD", person=person, purpose=purpose, points=points, **rest
    )


def test_a_reader_is_compared_with_the_others_of_the_purpose() -> None:
    found = {
        one.person: one
        for one in readers(
            [
                volume("a", 90),
                volume("b", 20),
                volume("c", 30),
                volume("d", 40),
                volume("e", 999, purpose="safety"),
            ]
        )
    }
    assert (found["a"].peers, found["a"].times, found["a"].marked) == (30.0, 3.0, True)
    assert not found["d"].marked
    assert found["e"].peers is None, "nobody to compare with"


def test_days_add_up_and_small_numbers_are_not_marked() -> None:
    rows = [volume("a", 9), volume("a", 9), volume("b", 1), volume("c", 1), volume("d", 1)]
    a = next(one for one in readers(rows) if one.person == "a")
    assert (a.points, a.passages, a.times, a.marked) == (18, 2, 18.0, False)


def test_refused_tickets_without_a_person_are_counted_and_no_peers() -> None:
    rows = [volume(None, None, refused=5), volume("a", 10), volume("b", 10), volume("c", 10)]
    found = {one.person: one for one in readers(rows)}
    assert found[""].refused == 5
    assert found["a"].peers is None, "two others are too few, and a ticket that names nobody is no peer"


def test_unfollowed_lookups_add_up_by_person() -> None:
    rows = [
        UnfollowedRow(day=DAY, person="a", lookups=4, followed=1), UnfollowedRow(day=DAY, person="a", lookups=2, followed=2),
        UnfollowedRow(day=DAY, person="b", lookups=9, followed=0),
    ]  # fmt: skip
    assert [(one.person, one.unfollowed, round(one.share, 2)) for one in unfollowed(rows)] == [
        ("b", 9, 1.0),
        ("a", 3, 0.5),
    ]
