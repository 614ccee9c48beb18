"""Personas are what the ties of their records make of them, however long the way from one to another."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.matching import personas

SCHEMA = {
    "row": pl.UInt32,
    "kind": pl.String,
    "key": pl.String,
    "words": pl.String,
    "form": pl.String,
    "point": pl.String,
    "house": pl.UInt64,
    "room": pl.String,
    "number": pl.String,
}
Row = dict[str, Any]


def row(kind: str = "person", key: str = "田中太郎", **known: Any) -> Row:
    return dict.fromkeys(SCHEMA) | {"kind": kind, "key": key} | known


def assigned(rows: list[Row]) -> list[int]:
    numbered = [given | {"row": number} for number, given in enumerate(rows)]
    return personas.assign(pl.DataFrame(numbered, schema=SCHEMA))["persona"].to_list()


def plainly(rows: list[Row]) -> list[int]:
    """Every two records are asked whether something ties them; whoever is tied to one is tied to all of its kin."""
    names = named(rows)
    label = list(range(len(rows)))
    for one, other in combinations(range(len(rows)), 2):
        if tied(rows, names, one, other):
            kept, lost = sorted((label[one], label[other]))
            label = [kept if each == lost else each for each in label]
    return label


def named(rows: list[Row]) -> list[tuple[Any, ...]]:
    """Who a record says it is of: with the number where the house has several of one name, with the form where the
    point or the house has several."""
    first: list[tuple[Any, ...]] = [(row["kind"], row["key"]) for row in rows]
    numbered = [
        (*name, row["number"])
        if row["house"] and len(known(rows, first, at, "house", "number")) > 1
        else name
        for at, (row, name) in enumerate(zip(rows, first, strict=True))
    ]
    return [
        (*name, "form", row["form"])
        if any(
            row[place] and len(known(rows, numbered, at, place, "form")) > 1 for place in ("point", "house")
        )
        else name
        for at, (row, name) in enumerate(zip(rows, numbered, strict=True))
    ]


def known(rows: list[Row], names: list[tuple[Any, ...]], at: int, place: str, what: str) -> set[str]:
    """All that is known of a record's name at its place."""
    return {
        row[what]
        for row, name in zip(rows, names, strict=True)
        if name == names[at] and row[place] == rows[at][place] and row[what] is not None
    }


def tied(rows: list[Row], names: list[tuple[Any, ...]], one: int, other: int) -> bool:
    left, right = rows[one], rows[other]
    device = "device" in (left["kind"], right["kind"])
    if left["number"] and left["number"] == right["number"] and left["house"] == right["house"]:
        return not device or one_name_at_a_place(rows, names, one, other)
    return one_name_at_a_place(rows, names, one, other)


def one_name_at_a_place(rows: list[Row], names: list[tuple[Any, ...]], one: int, other: int) -> bool:
    left, right = rows[one], rows[other]
    if names[one] != names[other] or not left["key"]:
        return False
    if left["point"] and left["point"] == right["point"]:
        return True
    if not left["house"] or left["house"] != right["house"]:
        return False
    if left["kind"] == "device" and (left["point"] or right["point"]):
        return False
    alike: list[tuple[Any, ...]] = [(row["kind"], row["key"]) for row in rows]
    one_room = left["kind"] == "company" or len(known(rows, alike, one, "house", "room")) < 2
    return one_room or left["room"] == right["room"]


FIRM = ("company", "青葉")
LAMP = ("device", "街路灯|12")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row(point="p"), row(point="p", house=2)], [0, 0]),
        ([row(point="p"), row(point="q")], [0, 1]),
        ([row(point="p"), row(key="山田花子", point="p")], [0, 1]),
        ([row(point="p"), row("company", point="p")], [0, 1]),
        ([row(point="p", key=""), row(point="p", key="")], [0, 1]),
        ([row(), row()], [0, 1]),
        # rooms
        ([row(house=1, room="101"), row(house=1, room="101")], [0, 0]),
        ([row(house=1, room="101"), row(house=1)], [0, 0]),
        ([row(house=1, room="101"), row(house=1, room="102")], [0, 1]),
        ([row(house=1, room="101"), row(house=1, room="102"), row(house=1), row(house=1)], [0, 1, 2, 2]),
        ([row(*FIRM, house=1, room="101"), row(*FIRM, house=1, room="102")], [0, 0]),
        # 法人番号
        (
            [row(*FIRM, house=1, number="1"), row("company", "アオバ", house=1, number="1")],
            [0, 0],
        ),
        ([row(*FIRM, house=1, number="1"), row("company", "アオバ", house=2, number="1")], [0, 1]),
        ([row(*FIRM, number="1"), row("company", "アオバ", number="1")], [0, 0]),
        ([row(*FIRM, house=1, number="1"), row(*FIRM, house=1, number="2")], [0, 1]),
        ([row(*FIRM, house=1, number="1"), row(*FIRM, house=1)], [0, 0]),
        (
            [row(*FIRM, house=1, number="1"), row(*FIRM, house=1, number="2"), row(*FIRM, house=1)],
            [0, 1, 2],
        ),
        ([row(*FIRM, point="p", number="1"), row(*FIRM, point="p", number="2")], [0, 0]),
        # devices
        ([row(*LAMP, point="p", house=1), row(*LAMP, point="p", house=2)], [0, 0]),
        ([row(*LAMP, point="p", house=1), row(*LAMP, point="q", house=1)], [0, 1]),
        ([row(*LAMP, house=1), row(*LAMP, point="q", house=1)], [0, 1]),
        ([row(*LAMP, house=1), row(*LAMP, house=1)], [0, 0]),
        ([row(*LAMP, house=1, number="1"), row("device", "街路灯|13", house=1, number="1")], [0, 1]),
        # legal forms
        ([row(*FIRM, point="p", form="株式会社"), row(*FIRM, point="p")], [0, 0]),
        ([row(*FIRM, point="p", form="株式会社"), row(*FIRM, point="p", form="有限会社")], [0, 1]),
        (
            [row(*FIRM, house=1, form="株式会社"), row(*FIRM, house=1, form="有限会社"), row(*FIRM, house=1)],
            [0, 1, 2],
        ),
        ([row(*FIRM, house=1, form="株式会社"), row(*FIRM, house=2, form="有限会社")], [0, 1]),
    ],
)
def test_who_is_one_and_who_is_not(rows: list[Row], expected: list[int]) -> None:
    assert assigned(rows) == expected == plainly(rows)


def test_the_way_from_one_record_to_another_may_be_long() -> None:
    """One point, one house, one point again, a hundred times; the ends know nothing of one another."""
    chain = [row(point=f"p{step // 2}", house=1 + (step + 1) // 2) for step in range(200)]
    assert set(assigned(chain)) == {0}
    assert assigned(chain[::-1]) == assigned(chain)


RECORDS = st.builds(
    row,
    st.sampled_from(["person", "company", "company", "device"]),
    st.sampled_from(["甲", "甲", "乙", ""]),
    form=st.sampled_from([None, None, "株式会社", "有限会社"]),
    point=st.sampled_from([None, "p", "q", "r"]),
    house=st.sampled_from([None, 1, 2, 3]),
    room=st.sampled_from([None, None, "101", "102"]),
    number=st.sampled_from([None, None, None, "1", "2"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=14))
def test_personas_are_what_asking_every_two_records_finds(rows: list[Row]) -> None:
    assert assigned(rows) == plainly(rows)


def lamp(owner: str | None, **known: Any) -> Row:
    return row("device", "街路灯|", words=owner, house=1, **known)


def test_lamps_whose_points_and_numbers_nobody_knows_are_one_unless_their_owners_differ() -> None:
    assert assigned([lamp("青葉町"), lamp("青葉町"), lamp(None)]) == [0, 0, 0]
    assert assigned([lamp("青葉町"), lamp("若葉市"), lamp(None), lamp("青葉町"), lamp(None)]) == [
        0,
        1,
        2,
        0,
        2,
    ]
    assert assigned([lamp("青葉町", point="A"), lamp("若葉市", point="A")]) == [0, 0]
