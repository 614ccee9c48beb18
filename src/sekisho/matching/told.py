"""Readings of surnames that no dictionary has and the file itself tells: 小栗 beside the kana column ササグリ.

They are collected once from the whole file, piece by piece, and handed to every shard: what a shard knows must not
depend on where the file was cut. Only a name and a kana column that both have a space say where the surname ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from sekisho.matching import kana, variants
from sekisho.matching.lexicon import Lexicon

FILE, FOLDER = "told.parquet", "told"
SCHEMA = {"name": pl.String, "sound": pl.String, "listed": pl.Boolean, "tellers": pl.UInt32}
# So many of a piece are asked, evenly from all of it, and so many readings are kept of the file: time and memory are
# bounded whatever stands in the columns.
ASKED, KEPT = 40_000, 200_000
# Of 佐藤 beside ホリ one or the other is a slip, or a surname of before: less than so many of a surname say nothing.
_LEAST_SHARE = 0.05
_HEAD = r"^([^ \x{3000}]+)[ \x{3000}]+[^ \x{3000}]"
_SURNAME = r"^[\p{Han}ヶ]{1,4}$"


def heard(rows: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """What the rows (name, kana) of a piece tell: name and sound of a surname, whether a dictionary has that reading,
    and how many tell it (SCHEMA)."""
    spoken = _some(rows.select("name", "kana").filter(pl.col("kana").is_not_null()))
    heads = spoken.select(pl.col("name", "kana").str.extract(_HEAD)).drop_nulls()
    distinct = heads.group_by("name", "kana").agg(tellers=pl.len())
    folded = distinct.select(
        name=variants.fold(pl.col("name").str.normalize("NFKC"), lexicon.variants),
        sound=kana.sound(pl.col("kana")),
        tellers="tellers",
    )
    surnames = folded.filter(pl.col("name").str.contains(_SURNAME))
    told = surnames.group_by("name", "sound").agg(pl.col("tellers").sum()).sort("name", "sound")
    known = lexicon.surnames.join(told, on=["name", "sound"], how="semi")
    listed = known.select("name", "sound", listed=pl.lit(True)).unique()
    joined = told.join(listed, on=["name", "sound"], how="left", maintain_order="left")
    return joined.select(
        "name", "sound", pl.col("listed").fill_null(False), pl.col("tellers").cast(pl.UInt32)
    )


def gathered(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """name, sound: the readings in no dictionary that enough bearers of the surname tell in all pieces; the most told
    where they are too many."""
    every = pl.concat([pl.DataFrame(schema=SCHEMA), *parts])
    total = every.group_by("name", "sound").agg(pl.col("listed").any(), pl.col("tellers").sum())
    share = pl.col("tellers") / pl.col("tellers").sum().over("name")
    told = total.filter(share >= _LEAST_SHARE).filter(~pl.col("listed"))
    ranked = told.sort(["tellers", "name", "sound"], descending=[True, False, False])
    return ranked.head(KEPT).select("name", "sound")


def read(folder: Path) -> pl.DataFrame | None:
    """As stored in the working folder of a matching; None where nothing is stored."""
    path = folder / FILE
    return pl.read_parquet(path) if path.exists() else None


def _some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.gather_every(-(-rows.height // ASKED)) if rows.height > ASKED else rows
