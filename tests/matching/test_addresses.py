"""Spellings of one house get one key, flats are told apart, and nothing is guessed."""

from __future__ import annotations

import pytest

from sekisho.matching import normalise

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
