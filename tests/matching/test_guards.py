"""A cheap look before a dear rule leaves out nothing that the rule would have changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.matching import firms, likeness, names, roman, variants
from sekisho.matching.evidence import Name
from sekisho.matching.lexicon import Lexicon

ANYTHING = re.compile("")
NUMBERED = [
    "第109号",
    "第110号",
    "青葉24",
    "青葉25",
    "青葉",
    "青葉工業2号",
    "アーケード灯No.252",
    "アオバ ダイ3ゴオ",
    "YS",
    "",
]
LATIN = "SCHWTDVIEJONGUYRACXPHKLMBZ "


@given(st.text(alphabet=LATIN, min_size=1, max_size=14))
def test_only_oddly_spelt_letters_are_mended(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        quickly = roman._ways_written.__wrapped__(text)
        patch.setattr(roman, "_ODDLY_SPELT", ANYTHING)
        assert quickly == roman._ways_written.__wrapped__(text)


@pytest.mark.parametrize(("one", "other"), list(product(NUMBERED, NUMBERED)))
def test_names_without_a_digit_bear_no_number(
    one: str, other: str, monkeypatch: pytest.MonkeyPatch, company: Callable[[str], Name]
) -> None:
    quickly = firms._numbered_otherwise(company(one), company(other))
    monkeypatch.setattr(firms, "_DIGIT", ANYTHING)
    assert quickly is firms._numbered_otherwise(company(one), company(other))


@pytest.fixture
def company() -> Callable[[str], Name]:
    return lambda text: Name("company", "kanji", text, words=text)


MANY_SPACES = [
    "SMITH  JOHN ROY",
    "スミス　　ジョン　ロイ",
    " JOHN,  SMITH ",
    "ｽﾐｽ･ｼﾞｮﾝ ﾛｲ",
    "GARCIA\tMARIA  DEL",
]


@pytest.mark.parametrize("text", MANY_SPACES)
def test_words_of_a_name_have_one_space_between(text: str, words: Lexicon) -> None:
    frame = pl.DataFrame({"name": [text], "kana": [None]}, schema={"name": pl.String, "kana": pl.String})
    (worded,) = names.parse(frame, words)["words"]
    assert worded == " ".join(worded.split())


@pytest.mark.parametrize(
    ("left", "right", "middle"),
    [
        ("ジョン スミス", "ジョン スミス ロイ", True),
        ("ジョン スミス", "ジョン ロイ", False),
        ("ジョン", "ジョン ロイ", False),
        ("ジョン スミス", "ジョン スミス", False),
        ("", "ジョン", False),
    ],
)
def test_a_middle_name_is_one_word_more(left: str, right: str, middle: bool) -> None:
    assert likeness._middle_name(left, right) is middle is likeness._middle_name(right, left)


@given(st.sampled_from(variants._RANGES).flatmap(lambda span: st.integers(span[0], span[1] - 1)).map(chr))
def test_every_variant_is_looked_for(char: str) -> None:
    table = {char: "亜"}
    texts = pl.DataFrame({"text": [f"山{char}"]})
    assert texts["text"].str.contains(variants.unusual(table)).item()
    assert texts.select(variants.fold(pl.col("text"), table)).item() == "山亜"
