"""Spellings of one house get one key, flats are told apart, and nothing is guessed."""

from __future__ import annotations

import unicodedata
from itertools import product

import polars as pl
import pytest

from sekisho.matching import addresses, gazetteer, normalise, numerals, parties
from sekisho.matching.addresses import PARTS
from sekisho.matching.lexicon import Lexicon

ONE_HOUSE = [
    ("埼玉県上尾市大字原市3丁目4番5号 メゾン青葉203号室", "", "上尾市原市３－４－５－２０３", "362-0021"),
    ("上尾市原市三丁目四番五号", "3620021", "埼玉県上尾市原市3-4-5", ""),
    ("目黒区自由ヶ丘一丁目2番3号", "1520035", "自由が丘1-2-3", "1520035"),
    ("京都府京都市中京区烏丸通御池上る骨屋之町538", "", "京都市中京区骨屋之町538番地", "6048064"),
    ("岩手県九戸郡洋野町種市第50地割12番地", "0287917", "洋野町種市50-12", ""),
    ("浦和市高砂3丁目1-1", "3300063", "埼玉県さいたま市浦和区高砂3-1-1", ""),
    ("岩手県花巻市十二丁目123番地4", "", "花巻市十二丁目123-4", "0250016"),
    ("兵庫県加古川市尾上町四百四番地二", "", "加古川市尾上町404番地の2", ""),
    ("和歌山県西牟婁郡白浜町1番地 302", "", "和歌山県白浜町1 スクエアビル302号室", ""),
    ("横浜市中区山下町1 山田様方", "", "神奈川県横浜市中区山下町1番地", ""),
    ("\ufeff上尾市\u200b原市3-\u200e4-5\x1a", "", "上尾市原市3-4-5", "\u200b362-0021\u00ad"),
]


@pytest.mark.parametrize(("left", "left_code", "right", "right_code"), ONE_HOUSE)
def test_two_spellings_of_one_house_have_one_key(
    left: str, left_code: str, right: str, right_code: str
) -> None:
    one, other = normalise([left, right], postal_codes=[left_code, right_code]).to_dicts()
    assert one["key"] is not None
    assert one["key"] == other["key"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("上尾市原市3-4-5", "上尾市原市3-4-6"),
        ("東京都府中市宮西町2-24", "広島県府中市府川町2-24"),
        ("上尾市原市3-4-5", "上尾市上町3-4-5"),
    ],
)
def test_different_houses_have_different_keys(left: str, right: str) -> None:
    one, other = normalise([left, right]).to_dicts()
    assert one["key"] != other["key"]


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("上尾市原市3-4-5-203", "203"),
        ("上尾市原市3-4-5 203", "203"),
        ("上尾市原市3丁目4番5号 メゾン青葉 203号室", "203"),
        ("上尾市原市100番地 203", "203"),
        ("上尾市原市100-203", None),
        ("上尾市原市3-4-5", None),
        ("上尾市原市3丁目4番5号 メゾン青葉", None),
    ],
)
def test_rooms_are_found_where_they_are_written(text: str, room: str | None) -> None:
    assert normalise([text])["room"].item() == room


def test_an_unknown_place_is_kept_as_written_and_says_so() -> None:
    row = normalise(["夢見市空想町1-2-3"]).to_dicts()[0]
    assert row["jis"] is None
    assert row["why"] == "neither"
    assert row["section"] == "夢見市空想町"


def test_the_text_wins_over_a_wrong_postcode() -> None:
    row = normalise(["埼玉県上尾市原市3-4-5"], postal_codes=["6048064"]).to_dicts()[0]
    assert (row["city"], row["why"]) == ("上尾市", "text")


def test_no_address_is_no_error() -> None:
    assert normalise(["", " "])["key"].to_list() == [None, None]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_the_same_whatever_else_is_asked_for(part: str, words: Lexicon) -> None:
    texts = [text for left, _, right, _ in ONE_HOUSE for text in (left, right)]
    alone = addresses.normalise(
        pl.Series(texts), gazetteer=words.gazetteer, variants=words.variants, parts=[part]
    )
    assert alone.columns == [part]
    assert alone[part].to_list() == normalise(texts)[part].to_list()


def test_what_is_written_alike_stands_behind_every_town_that_has_it() -> None:
    texts = ["上尾市原市3-4-5 青葉203", "上尾市上町3-4-5 青葉203", "上尾市原市3-4-5青葉203", "上尾市原市"]
    found = normalise(texts)
    assert found["town"].to_list() == ["原市", "上町", "原市", "原市"]
    assert found["house"].to_list() == ["3-4-5", "3-4-5", "3-4-5", None]
    assert found["building"].to_list() == ["青葉", "青葉", "青葉", ""]
    assert found["room"].to_list() == ["203", "203", "203", None]


def test_towns_of_some_municipalities_are_all_of_theirs(words: Lexicon) -> None:
    asked = pl.Series(["11219", None, "00000", "01101", "11219"])
    expected = words.gazetteer.towns.filter(pl.col("jis").is_in(["11219", "01101"]))
    assert expected.height > 100
    assert words.gazetteer.towns_of(asked).equals(expected)


_BEFORE = ("", "3番", "3番地", "3号", "番地 ", "1", "の", "-", "町")
_NUMERALS = (*"〇一二三四五六七八九十百千ー", "二三", "十四", "一ー", "")
_BEHIND = ("", "1", "ビル", "番地", "の1", "-", " 3", "条")


def test_the_question_before_the_rules_of_numerals_leaves_nothing_out() -> None:
    texts = pl.DataFrame({"text": ["".join(parts) for parts in product(_BEFORE, _NUMERALS, _BEHIND)]})
    changed = texts.filter(gazetteer._counted(pl.col("text")) != pl.col("text"))
    assert changed.height > 100
    assert changed["text"].str.contains(gazetteer._COUNTED).all()


def test_names_of_devices_that_are_left_as_they_are_would_not_be_changed() -> None:
    every = pl.Series([chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000])
    left = every.filter(~every.str.contains(parties._UNFOLDED))
    assert left.len() > 20_000
    changed = [char for char in left if unicodedata.normalize("NFKC", char) != char]
    assert changed == ["\u3000"]


@pytest.mark.parametrize(
    ("table", "run"),
    [(numerals._ALL, numerals._BEFORE_UNIT), (numerals._FOLLOWING, numerals._BEHIND_UNIT)],
)
def test_a_table_cut_to_what_occurs_replaces_what_all_of_it_does(table: dict[str, str], run: str) -> None:
    signs = ("一", "二〇", "三〇五", "十", "百二", "千九百九十九", "壱", "404", "北", "")
    units = ("丁目", "番地の", "番地ノ", "番地", "番", "号", "階", "条", "-", "")
    texts = pl.Series("text", ["".join(parts) for parts in product(signs, units, signs, units)])
    # One by one, too: a pattern that only another text has must not be needed.
    for some in (texts, *(texts[place : place + 1] for place in range(0, texts.len(), 97))):
        cut = some.to_frame().select(numerals._by_table(pl.col("text"), table, run)).to_series()
        assert cut.to_list() == some.str.replace_many(table, leftmost=True).to_list()
