"""Spellings that are read aloud alike fold to one sound, and registered forms of a character to one character."""

from __future__ import annotations

import re

import jaconv
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.matching import kana, numerals, readings, variants, vocabulary

SAME_SOUND = [
    ("ショウイチ", "シヨウイチ"),
    ("ショウイチ", "ｼﾖｳｲﾁ"),
    ("ジョー", "ジョウ"),
    ("コーイチ", "コウイチ"),
    ("オオタ", "オウタ"),
    ("ケーコ", "ケイコ"),
    ("ヂヅ", "ジズ"),
    ("ヲガワ", "オガワ"),
    ("やまだ", "ヤマダ"),
    ("パワ-", "パワー"),
    ("ヴィラ", "ビラ"),
    ("ｳﾞｲﾗ", "ビラ"),
    ("ラヴ", "ラブ"),
]
OTHER_SOUND = [("オノ", "オオノ"), ("ナカジマ", "ナカシマ"), ("ユウコ", "ユキコ"), ("ヒロシ", "ヒロコ")]


@pytest.mark.parametrize(("one", "other"), SAME_SOUND)
def test_spellings_of_one_sound_are_equal(one: str, other: str) -> None:
    first, second = kana.sounds_of([one, other])
    assert first == second


@pytest.mark.parametrize(("one", "other"), OTHER_SOUND)
def test_different_sounds_stay_different(one: str, other: str) -> None:
    first, second = kana.sounds_of([one, other])
    assert first != second


def test_without_voicing_is_a_second_step_only() -> None:
    assert len(set(kana.dull_of(kana.sounds_of(["ナカジマ", "ナカシマ"])))) == 1


@given(st.text(alphabet="アイウエオカキケコゴソッャュョァヴヂヅーぁうおゔがっゃ-‐ｰｱｶﾞﾊﾟA1亜－", max_size=12))
def test_one_text_sounds_as_it_does_among_many(text: str) -> None:
    many = [text] * 200
    assert kana.sounds_of(many) == [kana.sound_of(text)] * len(many)


@given(
    st.text(
        alphabet="アイウエオカキクケコガギグゲゴシスセソタチツテトナニヌネノハヒフヘホャュョッーン",
        max_size=12,
    )
)
def test_a_sound_is_its_own_sound_and_width_does_not_matter(text: str) -> None:
    once = kana.sounds_of([text])
    # コウウン is コオウン: its second ウ begins ウン. Where no such pair is left, a sound stays as it is.
    if not re.search("[エケゲセテデネヘベ]イ|[オコゴソトドノホボヨ]ウ", once[0]):
        assert kana.sounds_of(once) == once
    assert kana.sounds_of([jaconv.z2h(text, kana=True)]) == once


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("ミナミ5ジョウ", ["ミナミゴジョウ"]),
        ("キタ4ジョウ", ["キタヨジョウ", "キタヨンジョウ", "キタシジョウ"]),
        ("キタ19ジョウ", ["キタジュウクジョウ", "キタジュウキュウジョウ"]),
        ("アオバ", ["アオバ"]),
    ],
)
def test_numbers_in_the_posts_kana_are_read(kept: str, read: list[str]) -> None:
    assert readings.counted(kept) == read


@pytest.fixture(scope="module")
def table() -> dict[str, str]:
    return variants.variant_table()


def folded(text: str, table: dict[str, str]) -> str:
    return str(pl.DataFrame({"text": [text]}).select(variants.fold(pl.col("text"), table)).item())


@pytest.mark.parametrize(
    ("written", "everyday"),
    [
        ("渡邊", "渡辺"),
        ("渡邉", "渡辺"),
        ("髙橋", "高橋"),
        ("𠮷田", "吉田"),
        ("山﨑", "山崎"),
        ("齋藤", "斉藤"),
        ("濵田", "浜田"),
        ("櫻井", "桜井"),
        ("飴󠄂奈", "飴奈"),
        ("佐々木", "佐佐木"),
        ("街路燈", "街路灯"),
    ],
)
def test_registered_forms_fold_to_the_everyday_one(
    written: str, everyday: str, table: dict[str, str]
) -> None:
    assert folded(written, table) == folded(everyday, table) == everyday


@pytest.mark.parametrize(
    ("one", "other"), [("王", "玉"), ("備", "留"), ("祐", "裕"), ("太", "大"), ("恵", "彩")]
)
def test_different_characters_stay_apart(one: str, other: str, table: dict[str, str]) -> None:
    assert folded(one, table) != folded(other, table)


def test_every_word_of_the_vocabulary_is_written_as_names_are_after_folding(table: dict[str, str]) -> None:
    lists = [*vocabulary.section("companies").values(), *vocabulary.lines("devices", "classes")]
    altered = {word: folded(word, table) for words in lists for word in words if folded(word, table) != word}
    assert altered == {}


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("三丁目四番五号", "3丁目4番5号"),
        ("四百四番地二", "404番地2"),
        ("二十三番", "23番"),
        ("一〇三号", "103号"),
        ("三条町", "三条町"),
        ("六本木", "六本木"),
        ("千二百四番地", "1204番地"),
    ],
)
def test_numerals_become_digits_only_where_an_address_counts(written: str, digits: str) -> None:
    assert pl.DataFrame({"text": [written]}).select(numerals.to_digits(pl.col("text"))).item() == digits
