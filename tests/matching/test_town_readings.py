"""The post writes the numbers of towns in figures (ミナミ５ジョウ); whoever says the name of a town says them in kana."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from sekisho.matching.population import kana, postal
from sekisho.matching.population.counterpart.places import load_towns
from sekisho.matching.population.counterpart.spelling import Pen, in_script

UNSPOKEN = re.compile(r"\d")


@pytest.fixture(scope="module")
def counterpart() -> dict[str, str]:
    """Town → reading; the towns here are of one city each."""
    return {town.name: town.kana for towns in load_towns().values() for town in towns}


@pytest.fixture(scope="module")
def first() -> dict[str, str]:
    return {row["neighborhood"]: row["neighborhood_kana"] for row in postal.towns()}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("ミナミ５ジョウ", "ミナミゴジョウ"),
        ("キタ14ジョウニシ", "キタジュウヨジョウニシ"),
        ("ヒガシ２０センミナミ", "ヒガシニジュウセンミナミ"),
        ("キタ１ジョウニシ２チョウメ", "キタイチジョウニシニチョウメ"),
        ("ウエガハラ１０バンチョウ", "ウエガハラジュウバンチョウ"),
        ("キタ４ジョウ", "キタヨジョウ"),
        ("キタ７ジョウヒガシ９チョウメ", "キタシチジョウヒガシキュウチョウメ"),
        ("ウエガハラ４バンチョウ", "ウエガハラヨンバンチョウ"),
        ("コウシエン７バンチョウ", "コウシエンナナバンチョウ"),
        ("ニシ１４セン", "ニシジュウヨンセン"),
        ("ミナミ", "ミナミ"),
    ],
)
def test_figures_are_read_aloud(written: str, said: str) -> None:
    assert postal.aloud(written) == said


def test_figures_are_read_as_the_post_reads_them_where_it_spells_them_out() -> None:
    spelt = {row["neighborhood"]: row["neighborhood_kana"] for row in postal._rows("postal_data")}
    for name, figures in (
        ("四番町", "４バンチョウ"),
        ("四丁目", "４チョウメ"),
        ("七町目", "７チョウメ"),
        ("九町目", "９チョウメ"),
    ):
        assert postal.aloud(figures) == spelt[name]


def test_the_first_generator_says_the_numbers_of_its_towns(first: dict[str, str]) -> None:
    assert kana.bank_full(first["南五条西"]) == "ミナミゴジヨウニシ"
    assert unspoken(first.values()) == []


def test_the_counterpart_says_the_numbers_of_its_towns(counterpart: dict[str, str]) -> None:
    bank = Pen("half_bank", "")
    assert in_script(counterpart["甲子園五番町"], bank) == "ｺｳｼｴﾝｺﾞﾊﾞﾝﾁﾖｳ"
    assert in_script(counterpart["岡ノ三町"], bank) == "ｵｶﾉｻﾝﾏﾁ"
    assert unspoken(counterpart.values()) == []


def unspoken(readings: Iterable[str]) -> list[str]:
    return [reading for reading in readings if UNSPOKEN.search(reading)]
