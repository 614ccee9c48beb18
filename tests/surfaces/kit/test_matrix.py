"""The printed matrix says what the policy says."""

from __future__ import annotations

import pytest

from sekisho.barrier.audiences import PURPOSE, PURPOSES
from sekisho.barrier.items import ITEMS
from sekisho.barrier.policy import Grade
from sekisho.surfaces.kit.downloads import csv_bytes
from sekisho.surfaces.kit.matrix import file_columns, matrix

pytestmark = pytest.mark.usefixtures("settings")


@pytest.mark.parametrize(
    ("audience", "purpose", "item", "grade"),
    [
        ("retailer", "contract", "phone", Grade.SHOW),
        ("operator", "wheeling", "phone", None),
        ("operator", "wheeling", "name", Grade.REVEAL),
        ("operator", "safety", "retailer", Grade.RECORD),
        ("operator", "switching", "usage", None),
        ("operator", "disaster", "phone", Grade.SHOW),
        ("security", "oversight", "name", None),
        ("public", "public", "usage", None),
    ],
)
def test_grades(audience: str, purpose: str, item: str, grade: Grade | None) -> None:
    rows = {row.item.code: row for group in matrix() for row in group.rows}
    assert rows[item].grades[PURPOSES.index(PURPOSE[audience, purpose])] == grade


def test_every_item_and_every_purpose_is_in_it() -> None:
    rows = [row for group in matrix() for row in group.rows]
    assert {row.item for row in rows} == set(ITEMS)
    assert all(len(row.grades) == len(PURPOSES) for row in rows)


def test_the_file_has_a_column_for_each_purpose() -> None:
    rows = [row for group in matrix() for row in group.rows]
    lines = csv_bytes(file_columns(), rows, form="machine").decode().splitlines()
    assert lines[0].split(",")[2:] == [f"{purpose.audience}_{purpose.code}" for purpose in PURPOSES]
    assert len(lines) == len(ITEMS) + 1
