"""Telephone numbers, people across addresses, and Splink's second opinion."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from sekisho.matching import across, lexicon, match, phones, run, second_opinion
from sekisho.matching.errors import UnableToAskAgain
from sekisho.surfaces.cli.match import app

ROWS = """\
record_id,name,kana,address,phone,point,system,start,end
1,山田 太郎,,上尾市原市3-4-5,090-0123-4567,0000000000000000000001,2,2025-11-01,
2,ﾔﾏﾀﾞ ﾀﾛｳ,,上尾市上町1-1-1,+81 (0)90 0123 4567,0000000000000000000002,2,2026-02-01,
3,山田 花子,,上尾市原市3-4-6,０９００１２３４５６７,0000000000000000000003,2,2026-02-01,
4,鈴木 一郎,,上尾市原市1-1,048-012-3456,0000000000000000000004,2,2026-01-01,
5,鈴木 一郎,,上尾市上町2-2-2,,0000000000000000000005,2,2026-01-01,
"""


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("090-0123-4567", "09001234567"),
        ("０９０－０１２３－４５６７", "09001234567"),
        ("+81-90-0123-4567", "09001234567"),
        ("+81 (0)90 0123 4567", "09001234567"),
        ("0081 6 0012 3456", "0600123456"),
        ("(06)0012-3456", "0600123456"),
        ("06 0012 3456", "0600123456"),
        ("0120-012-345", "0120012345"),
        ("不明", None),
        ("", None),
        ("12345", None),
        ("00000000000", None),
        ("090-0000-0000", None),
        ("060012345678901", None),
    ],
)
def test_a_number_in_every_spelling(written: str, digits: str | None) -> None:
    frame = pl.DataFrame({"phone": [written]}, schema={"phone": pl.String})
    assert frame.select(phones.normalised(pl.col("phone"))).item() == digits


def test_a_number_of_many_names_joins_nobody() -> None:
    written = pl.DataFrame(
        {
            "phone": ["09001234567"] * 3 + ["06-0012-3456"] * 3 + ["0600123456"],
            "name": ["山田 太郎", "山田太郎", "ﾔﾏﾀﾞ ﾀﾛｳ", "a", "b", "c", "d"],
        }
    )
    assert phones.crowded(written.lazy()).to_list() == ["0600123456"]


def test_a_couple_in_kanji_and_kana_is_no_crowd() -> None:
    names = ["山田 太郎", "山田太郎", "ﾔﾏﾀﾞ ﾀﾛｳ", "やまだ たろう", "ヤマダ　タロウ", "山田 花子"]
    written = pl.DataFrame({"phone": ["090-0123-4567"] * 6, "name": names})
    assert phones.crowded(written.lazy()).to_list() == []


def test_a_number_is_crowded_over_the_whole_file_whatever_the_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two names in each of two municipalities, settled apart from one another."""
    towns = ("上尾市原市3-4-5", "さいたま市大宮区桜木町1-1")
    surnames = ("山田", "鈴木", "佐藤", "高橋")
    lines = [
        f"{number},{surname} 太郎,,{towns[number // 2]},090-0123-4567,{number:022},2,2026-02-01,"
        for number, surname in enumerate(surnames)
    ]
    source = tmp_path / "input.csv"
    source.write_text(ROWS.splitlines()[0] + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(run, "SHARD_ROWS", 2)
    folder = match(source, out=tmp_path / "out", workers=1).folder
    assert len(list((folder / "records").glob("*.parquet"))) > 1
    crowd = phones.read(folder / "work")
    assert crowd is not None and crowd.to_list() == ["09001234567"]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phones")
    (folder / "input.csv").write_text(ROWS, encoding="utf-8")
    match(folder / "input.csv", out=folder / "out", workers=1)
    return folder / "out"


def test_one_name_with_one_number_is_one_person_across_addresses_and_the_address_unit_stays(
    result: Path, words: lexicon.Lexicon
) -> None:
    before = (result / "counts.json").read_text(encoding="utf-8")
    made = across.count(result, lexicon=words)
    assert made == across.Across(4, 3, 1, 0)
    assert (result / "counts.json").read_text(encoding="utf-8") == before
    said = CliRunner().invoke(app, ["across", "-r", str(result), "--json"])
    assert json.loads(said.stdout)["across_addresses"] == 3


def test_without_splink_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "find_spec", lambda _: None)
    with pytest.raises(UnableToAskAgain, match="second-opinion") as refused:
        second_opinion.require()
    assert refused.value.exit_code == 3


def test_pairs_together_and_apart_are_counted_and_listed_from_both_sides() -> None:
    judged = pl.DataFrame(
        {
            "row": [0, 1, 2, 3, 4],
            "record": list("abcde"),
            "name": list("abcde"),
            "address": [""] * 5,
            "cluster": [0, 0, 0, 3, 4],
            "theirs": ["p", "p", "q", "r", "r"],
        }
    )
    assert second_opinion._pairs(judged) == (1, 2, 1)
    listed = second_opinion._disagreements(judged).select("side", "record", "record_other").rows()
    assert set(listed) == {("本システムのみ", "a", "c"), ("Splink のみ", "d", "e")}
