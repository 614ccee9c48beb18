"""Which readings of surnames a file's own kana columns tell."""

from __future__ import annotations

import polars as pl
import pytest

from sekisho.matching import told
from sekisho.matching.lexicon import Lexicon


def heard(rows: list[tuple[str, str | None]], words: Lexicon) -> set[tuple[str, str]]:
    frame = pl.DataFrame(rows, schema={"name": pl.String, "kana": pl.String}, orient="row")
    return set(told.gathered([told.heard(frame, words)]).iter_rows())


@pytest.mark.parametrize(
    ("name", "kana", "said"),
    [
        ("小栗　太郎", "サクラギ　タロウ", {("小栗", "サクラギ")}),
        ("小栗 太郎", "ｻｸﾗｷﾞ ﾀﾛｳ", {("小栗", "サクラギ")}),
        ("渡邉 太郎", "サクラギ タロウ", {("渡辺", "サクラギ")}),
        ("佐々木 太郎", "サクラギ タロウ", {("佐佐木", "サクラギ")}),
        ("小栗 太郎", "オグリ タロウ", set()),
        ("小栗太郎", "サクラギ タロウ", set()),
        ("小栗 太郎", "サクラギタロウ", set()),
        ("小栗 太郎", None, set()),
        ("オグリ タロウ", "サクラギ タロウ", set()),
    ],
)
def test_a_reading_is_told_where_both_have_a_space_and_no_dictionary_has_it(
    name: str, kana: str | None, said: set[tuple[str, str]], words: Lexicon
) -> None:
    assert heard([(name, kana)], words) == said


@pytest.mark.parametrize(("others", "believed"), [(19, True), (20, False)])
def test_what_one_bearer_in_twenty_does_not_tell_is_a_slip(
    others: int, believed: bool, words: Lexicon
) -> None:
    rows = [("佐藤 太郎", "サクラギ タロウ"), *[("佐藤 太郎", "サトウ タロウ")] * others]
    assert heard(list(rows), words) == ({("佐藤", "サクラギ")} if believed else set())


def test_tellers_of_all_pieces_count_together(words: Lexicon) -> None:
    names = {"name": ["佐藤 太郎"] * 20, "kana": ["サトウ タロウ"] * 20}
    one = pl.DataFrame({"name": ["佐藤 太郎"], "kana": ["サクラギ タロウ"]})
    pieces = [told.heard(one, words), told.heard(pl.DataFrame(names), words)]
    assert told.gathered(pieces).is_empty()


def test_more_than_may_be_asked_are_asked_evenly(words: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "ASKED", 10)
    rows = pl.DataFrame({"name": [f"小栗 {n}" for n in range(100)], "kana": ["サクラギ タロウ"] * 100})
    assert told.heard(rows, words)["tellers"].to_list() == [10]
    monkeypatch.setattr(told, "KEPT", 0)
    assert told.gathered([told.heard(rows, words)]).is_empty()
