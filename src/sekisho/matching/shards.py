"""Sharding by municipality: nobody is matched across one, so a shard can be settled alone, anywhere, in
bounded memory.

The input is cut into pieces; each piece is checked and stored sorted by municipality. Shards are ranges
of municipality
codes with about the same number of rows; a shard reads its range out of every piece. Everything is
written under another
name and renamed when whole, so a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from sekisho.matching import addresses, intake, parties, settle
from sekisho.matching.decide import Weights
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader
from sekisho.matching.mapping import Mapping

NOWHERE = ""
_ROW_GROUP = 16_384
TABLES = ("records", "clusters", "edges")


@dataclass(frozen=True)
class Span:
    """A shard: municipality codes first … last, and how many rows they have."""

    number: int
    first: str
    last: str
    rows: int


def store_piece(
    raw: pl.DataFrame, number: int, *, mapping: Mapping, lexicon: Lexicon, work: Path
) -> dict[str, int]:
    """Checks one piece and stores it sorted by municipality; returns how many rows each municipality has."""
    piece = intake.checked(raw, mapping)
    jis = addresses.municipalities(
        piece.rows["address"],
        postal_codes=piece.rows["postal_code"],
        gazetteer=lexicon.gazetteer,
        variants=lexicon.variants,
    )
    placed = piece.rows.with_columns(jis.fill_null(NOWHERE).alias("jis")).sort("jis", "row")
    write_whole(piece.rejected, work / "rejected" / f"{number:05}.parquet")
    write_whole(placed, work / "pieces" / f"{number:05}.parquet", row_group_size=_ROW_GROUP)
    sizes = dict(placed.group_by("jis").len().iter_rows())
    write_text(work / "pieces" / f"{number:05}.json", json.dumps(sizes))
    return sizes


def place_nowhere(work: Path) -> dict[str, int]:
    """Rows whose address names no municipality follow the other rows of their supply point; returns sizes
    by municipality."""
    target = work / "pieces" / "nowhere.json"
    if target.exists():
        return dict(json.loads(target.read_text(encoding="utf-8")))
    pieces = pl.scan_parquet(work / "pieces" / "[0-9]*.parquet")
    lost = pieces.filter(pl.col("jis") == NOWHERE).collect()
    points = lost.select("point").drop_nulls().unique()
    homes = (
        pieces.filter(pl.col("jis") != NOWHERE)
        .select("point", home="jis")
        .join(points.lazy(), on="point", how="semi")
        .group_by("point")
        .agg(pl.col("home").sort().first())
        .collect()
    )
    placed = (
        lost.join(homes, on="point", how="left")
        .with_columns(jis=pl.col("home").fill_null("00000"))
        .drop("home")
    )
    write_whole(placed.sort("jis", "row"), work / "pieces" / "nowhere.parquet")
    sizes = dict(placed.group_by("jis").len().iter_rows())
    write_text(target, json.dumps(sizes))
    return sizes


def plan(sizes: Sequence[dict[str, int]], *, target: int) -> list[Span]:
    """Ranges of municipalities of about `target` rows each."""
    total: dict[str, int] = {}
    for part in sizes:
        for jis, rows in part.items():
            if jis != NOWHERE:
                total[jis] = total.get(jis, 0) + rows
    spans: list[Span] = []
    first, filled, last = None, 0, ""
    for jis in sorted(total):
        if first is not None and filled + total[jis] > target:
            spans.append(Span(len(spans), first, last, filled))
            first, filled = None, 0
        first, last, filled = first or jis, jis, filled + total[jis]
    if first is not None:
        spans.append(Span(len(spans), first, last, filled))
    return spans


def settle_span(
    span: Span, *, work: Path, out: Path, lexicon: Lexicon, reader: Reader, weights: Weights
) -> int:
    """Settles one shard and writes its tables; returns its rows. Does nothing when it is already written."""
    done = work / "settled" / f"{span.number:05}.json"
    if done.exists():
        return span.rows
    rows = load(span, work)
    settled = settle.settle(rows.drop("jis"), lexicon=lexicon, reader=reader, weights=weights)
    tables = parties.tables(rows, settled)
    for name in TABLES:
        write_whole(tables[name], out / name / f"{span.number:05}.parquet")
    write_whole(tables["cells"], work / "cells" / f"{span.number:05}.parquet")
    # Written last: a shard without this line is settled again.
    write_text(done, json.dumps({"rows": rows.height, "priors": asdict(settled.priors)}))
    return span.rows


def load(span: Span, work: Path) -> pl.DataFrame:
    """The rows of a shard in their original order."""
    pieces = pl.scan_parquet(work / "pieces" / "*.parquet")
    mine = pieces.filter(pl.col("jis") >= span.first, pl.col("jis") <= span.last)
    return mine.collect().sort("row")


def write_whole(frame: pl.DataFrame, path: Path, *, row_group_size: int | None = None) -> None:
    """Under another name first: a reader never meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    frame.write_parquet(unfinished, compression="lz4", row_group_size=row_group_size, mkdir=False)
    unfinished.replace(path)


def write_text(path: Path, text: str) -> None:
    """As `write_whole`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
