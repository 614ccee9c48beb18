"""Look-up keys: ways to write one thing fold to one key, other things do not."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.kernel import folding

Fold = Callable[[pl.Expr], pl.Expr]

SAME: list[tuple[Fold, list[str]]] = [
    (folding.name_key, ["髙橋　太郎", "高橋太郎", "高橋 太郎"]),
    (folding.name_key, ["㈱架空商事", "（株）架空 商事", "株式会社架空商事"]),
    (folding.name_key, ["ＡＢＣ company", "abcCOMPANY"]),
    (folding.kana_key, ["ｾｷｼﾖ ﾀﾛｳ", "せきしょ・たろう", "セキショ　タロウ"]),
    (folding.kana_key, ["ﾊﾞｰﾌﾞ", "バーブ", "ばーぶ"]),
    (folding.phone_key, ["06-1234-5678", "０６（１２３４）５６７８", "+81 6-1234-5678", "+81 (0)6-1234-5678"]),
    (folding.address_key, ["架空市中央1丁目2番3号", "架空市中央一丁目２－３", "架空市中央 1-2-3", "架空市大字中央1丁目2番地3"]),
    (folding.address_key, ["霞が関3-1", "霞ヶ関３丁目１", "霞ケ関三丁目1番"]),
]  # fmt: skip
DIFFERENT: list[tuple[Fold, list[str]]] = [
    (folding.name_key, ["高橋太郎", "高橋次郎"]),
    (folding.kana_key, ["ハハ", "ババ"]),
    (folding.address_key, ["中央1-23", "中央12-3"]),
    (folding.phone_key, ["0612345678", "0612345679"]),
]


@pytest.mark.parametrize(("key", "texts"), SAME)
def test_one_key(key: Fold, texts: list[str]) -> None:
    assert len({folding.fold(key, text) for text in texts}) == 1


@pytest.mark.parametrize(("key", "texts"), DIFFERENT)
def test_other_keys(key: Fold, texts: list[str]) -> None:
    assert len({folding.fold(key, text) for text in texts}) == len(texts)


@given(st.text("アイャヴヂがぱｶﾞｰー09-+8１ Aa・", max_size=20))
def test_a_key_is_its_own_key(text: str) -> None:
    for key in (folding.kana_key, folding.phone_key):
        once = folding.fold(key, text)
        assert folding.fold(key, once) == once
