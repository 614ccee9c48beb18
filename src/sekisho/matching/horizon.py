"""Until when each system tells anything: system ① of seed 000 ends on 31 January 2024, system ② begins in October 2025.

A contract that is open in a system is only known to be so until that day. Who is found at its point in the other
system later may be the same customer or the next one.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

FILE = "horizon.parquet"
SCHEMA = {"system": pl.String, "until": pl.Int32}
# A system with fewer beginnings says nothing about when it ends.
_FEWEST = 1_000
# So many days of beginnings are slips (20240131 typed as 20420131), or of contracts to come.
_LATE = 0.0005


def of(pieces: pl.LazyFrame) -> pl.DataFrame:
    """system, until (day number): of each system with enough beginnings the day that hardly any is later than.

    `pieces` has system and start; a few per file may be later, whatever the file's size and order.
    """
    days = (
        pieces.filter(pl.col("start").is_not_null(), pl.col("system").is_not_null())
        .group_by("system", "start")
        .len()
        .collect()
        .sort("system", "start")
    )
    counted = days.with_columns(
        total=pl.col("len").sum().over("system"), later=pl.col("len").cum_sum(reverse=True).over("system")
    )
    most = counted.filter(pl.col("total") >= _FEWEST, pl.col("later") > _LATE * pl.col("total"))
    return most.group_by("system").agg(until=pl.col("start").max().cast(pl.Int32)).sort("system")


def read(folder: Path) -> pl.DataFrame | None:
    """As stored in the working folder of a matching; None where nothing is stored."""
    path = folder / FILE
    return pl.read_parquet(path) if path.exists() else None
