"""Which companies are worth a close look: in an office building everybody meets everybody, and hardly anyone is alike.

Nothing is decided here. A pair is left out only when its beginning and its end already show that no comparison
could find it alike; that is seen column by column, much faster than pair by pair.
"""

from __future__ import annotations

import polars as pl
from rapidfuzz.distance import Postfix
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cpdist

from sekisho.matching import kana
from sekisho.matching.likeness import Reader, alike_weight, read_weight

_NAME = ("written", "key", "full")


def companies(pairs: pl.DataFrame, personas: pl.DataFrame, reader: Reader, *, least: float) -> pl.DataFrame:
    """`pairs` (left, right) without those of a name in kanji and a name in kana whose `Reader.compare` cannot weigh
    more than `least` (natural log odds, NOT_ALIKE or more)."""
    both = pairs
    for end in ("left", "right"):
        named = personas.select(pl.col("persona").alias(end), *(pl.col(n).alias(f"{end}_{n}") for n in _NAME))
        both = both.join(named, on=end, how="left")
    mixed = (pl.col("left_written") == "kana") != (pl.col("right_written") == "kana")
    sides = _sides(both.filter(mixed), reader)
    likely = sides.filter(
        _evident() | _called_after(sides, reader) | _alike(sides, least) | _readable(sides, reader, least)
    )
    return pl.concat([both.filter(~mixed), likely], how="diagonal").select("left", "right")


def _sides(mixed: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """left, right, and of the name in kanji: known (its kana column), read and folded; of the other: heard."""
    right = pl.col("right_written") == "kana"
    full, key = (pl.when(right).then(f"right_{name}").otherwise(f"left_{name}") for name in ("full", "key"))
    sides = mixed.select(
        "left",
        "right",
        key=pl.when(right).then("left_key").otherwise("right_key"),
        known=pl.when(right).then("left_full").otherwise("right_full"),
        heard=pl.when(full != "").then(full).otherwise(key),
    )
    return sides.join(reader.company_sounds(sides["key"].unique()), on="key", how="left")


def _evident() -> pl.Expr:
    """The kana column says it, or one name begins with the other."""
    read, heard = pl.col("read"), pl.col("heard")
    begun = read.str.starts_with(heard) | heard.str.starts_with(read)
    return begun | (pl.col("known") == heard).fill_null(False)


def _called_after(sides: pl.DataFrame, reader: Reader) -> pl.Series:
    """Whether both begin with one surname, which is read otherwise than a company's word."""
    pairs = zip(sides["key"].to_list(), sides["heard"].to_list(), strict=True)
    return pl.Series([reader.is_called_after(*pair) for pair in pairs], dtype=pl.Boolean)


def _alike(sides: pl.DataFrame, least: float) -> pl.Series:
    """Whether the sounds share enough; without the ending in common they share less."""
    dull = sides.select(kana.dull(pl.col("read")), kana.dull(pl.col("heard")))
    shared = cpdist(dull["read"].to_list(), dull["heard"].to_list(), scorer=ratio)
    return pl.Series([alike_weight(percent) > least for percent in shared.tolist()], dtype=pl.Boolean)


def _readable(sides: pl.DataFrame, reader: Reader, least: float) -> pl.Series:
    """Whether the aligner could read the kanji so, but for the ending in common."""
    names, sounds = sides["folded"].to_list(), sides["heard"].to_list()
    endings = cpdist(names, sounds, scorer=Postfix.similarity).tolist()
    bound = reader.company_aligner.bound
    found = [
        read_weight(bound(name[: len(name) - shared], sound[: len(sound) - shared])) > least
        for name, sound, shared in zip(names, sounds, endings, strict=True)
    ]
    return pl.Series(found, dtype=pl.Boolean)
