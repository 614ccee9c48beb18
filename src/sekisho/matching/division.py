"""Dividing a municipality that is too large for one shard, without changing what is decided in it.

Records are only ever compared at a common supply point or house (or under one 法人番号 where no house is known), so
a part may be cut off wherever none of these runs across.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import settle
from sekisho.matching.lexicon import Lexicon

_TIES = ("point", "house", "number")


def parts(rows: pl.DataFrame, *, target: int, lexicon: Lexicon) -> pl.DataFrame:
    """`rows` as in `settle.settle`; returns row and part (0, 1, …), parts of about `target` rows each.

    Records that are tied together, directly or by others, are in one part, however many they are.
    """
    placed = settle.placed(rows, lexicon)
    ties = placed.select(
        "row",
        point=_known("point"),
        house="house",
        number=pl.when(pl.col("house").is_null()).then(_known("number")),
    )
    tied = ties.select("row", label=_tied(ties))
    sizes = tied.group_by("label").len().sort("label")
    begun = pl.col("len").cum_sum() - pl.col("len")
    numbered = sizes.select("label", part=(begun // target).rank("dense").cast(pl.UInt32) - 1)
    return tied.join(numbered, on="label").select("row", "part")


def _known(name: str) -> pl.Expr:
    return pl.when(pl.col(name).is_not_null()).then(pl.col(name).hash())


def _tied(ties: pl.DataFrame) -> pl.Series:
    """The smallest row that each row is tied to, directly or by others."""
    frame = ties.with_columns(label=pl.col("row"))
    while True:
        before = frame["label"]
        for tie in _TIES:
            least = pl.when(pl.col(tie).is_not_null()).then(pl.col("label").min().over(tie))
            frame = frame.with_columns(label=pl.coalesce(least, "label"))
        if frame["label"].equals(before):
            return before
