"""Crowded telephone numbers, counted in as many parts as one likes."""

from __future__ import annotations

import random

import polars as pl
import pytest

from sekisho.matching import phones

SCHEMA = {"name": pl.String, "phone": pl.String}
SPELT = ("{}", "{}", "0{1}-{2}-{3}", "+81 {1}-{2}-{3}", "０{1}－{2}－{3}")
NAMES = (
    "山田 太郎",
    "山田太郎",
    "ﾔﾏﾀﾞ ﾀﾛｳ",
    "ヤマダ タロー",
    "山田 花子",
    "鈴木 一郎",
    "佐藤 実",
    "青葉商店",
    None,
)


def crowded(rows: list[tuple[str | None, str | None]]) -> list[str]:
    return phones.crowded(pl.LazyFrame(rows, schema=SCHEMA, orient="row")).to_list()


def plainly(rows: list[tuple[str | None, str | None]]) -> list[str]:
    """By hand for the numbers and names here: two spellings of one name in kanji are one, two in kana another."""
    alike = {
        "山田 太郎": "山田太郎",
        "ヤマダ タロー": "ﾔﾏﾀﾞ ﾀﾛｳ",
    }
    names: dict[str, set[str]] = {}
    for name, phone in rows:
        digits = "".join(char for char in str(phone).replace("+81 ", "0") if char.isdigit())
        number = "".join(str(int(digit)) for digit in digits)
        if name is not None and len(number) == 11 and number[3:] != "00000000":
            names.setdefault(number, set()).add(alike.get(name, name))
    return sorted(number for number, called in names.items() if len(called) > phones.MOST_NAMES)


@pytest.fixture(scope="module")
def rows() -> list[tuple[str | None, str | None]]:
    """Forty numbers in several spellings, some of them filler, some nothing."""
    rng = random.Random(12)
    drawn: list[tuple[str | None, str | None]] = []
    for number in range(40):
        for _ in range(rng.randint(1, 9)):
            parts = ("90", f"{number // 2:04}", f"{number % 2 * 4:04}")
            spelt = rng.choice(SPELT).format("0" + "".join(parts), *parts)
            drawn.append((rng.choice(NAMES), rng.choice([spelt] * 5 + [None, "不明"])))
    rng.shuffle(drawn)
    return drawn


@pytest.mark.parametrize("a_part", [1, 3, 50, 10**6])
def test_in_several_parts_the_same_numbers_are_crowded(
    a_part: int, rows: list[tuple[str | None, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = plainly(rows)
    assert 3 < len(expected) < 30
    monkeypatch.setattr(phones, "_ROWS_A_PART", a_part)
    assert crowded(rows) == expected


@pytest.mark.parametrize("a_part", [1, 10**6])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([(None, None)] * 5, []),
        ([(name, None) for name in "甲乙丙丁戊"], []),
        ([(None, "090-1234-0001")] * 9 + [(name, "09012340001") for name in "甲乙丙"], []),
        ([(name, "090-1234-0001") for name in "甲乙丙丁"], ["09012340001"]),
        ([(name, "090-1234-0001") for name in "甲乙丙丙丙"], []),
        ([(name, "090-0000-0000") for name in "甲乙丙丁"], []),
    ],
)
def test_who_has_no_name_or_no_number_is_not_counted(
    rows: list[tuple[str | None, str | None]],
    expected: list[str],
    a_part: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(phones, "_ROWS_A_PART", a_part)
    assert crowded(rows) == expected
