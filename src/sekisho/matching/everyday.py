"""Everyday names: a surname and a given name of the books with one space between, and nothing else.

Half of all names are written 山田 太郎 or ヤマダ タロウ. What is known of shops, couples, devices and companies says
nothing else of them, so they are told first and the dear rules are left to the other half.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import wordbook
from sekisho.matching.lexicon import Lexicon

# No longer than surnames and given names are, and shorter than a shop's name, an owner's and a bank's field.
_WRITTEN = r"^\p{Han}{1,3} [\p{Han}ぁ-ゖァ-ヺ]{1,3}$"
_SPOKEN = r"^[ァ-ヺー]{1,6} [ァ-ヺー]{1,4}$"
# What may say 様方, 方, a home or an office where it is no part of a name.
_SAYS_MORE = r"[方様]|サマ|代表|ダイヒ[ヨョ]ウ|宅$|タク$"


def told(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """row, written ('kanji' or 'kana'), first and last (the surname and the given name, of one in kana as they sound) of
    the everyday names among the texts (row, text, its sound, spoken: what the kana column says)."""
    # How a name in kanji is read is the rules' to say where a kana column tells.
    written = texts.filter(pl.col("text").str.contains(_WRITTEN), pl.col("spoken").is_null())
    heard = texts.filter(pl.col("text").str.contains(_SPOKEN))
    book = wordbook.of(lexicon)
    listed = pl.concat(
        [
            _listed(_plain(written, "text"), "kanji", book.surnames, book.everyday_given),
            _listed(_plain(heard, "sound"), "kana", book.surnames_heard, book.everyday_given_heard),
        ]
    )
    return listed.filter(~pl.col("text").str.contains(_SAYS_MORE)).select("row", "first", "last", "written")


def _plain(texts: pl.DataFrame, column: str) -> pl.DataFrame:
    words = pl.col(column).str.splitn(" ", 2).struct
    return texts.select("row", "text", first=words.field("field_0"), last=words.field("field_1"))


def _listed(parts: pl.DataFrame, written: str, surnames: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Those whose two words are in the books."""
    borne = parts.join(surnames, left_on="first", right_on="word", how="semi")
    known = borne.join(given, left_on="last", right_on="word", how="semi")
    return known.with_columns(written=pl.lit(written))
