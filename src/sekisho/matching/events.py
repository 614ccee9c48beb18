"""What happened at a supply point between two names: the strongest evidence there is, for and against.

A switch of retailer leaves the customer where they are: a name that changes across an unbroken switch
belongs to the same
customer by definition. A stop (廃止) or a restart (再点) between two names says that someone moved. Two
systems that
describe one contract at the same time describe one customer.
"""

from __future__ import annotations

import polars as pl

SWITCH, RENAME, STOP, RESTART, CHANGE = "switch", "rename", "stop", "restart", "change"
NEVER = 2**30
_UNBROKEN = 3
_SHARED = 31


def between(records: pl.DataFrame) -> pl.DataFrame:
    """Each pair of personas that follow or overlap at a point.

    Columns left, right (left < right), switched, renamed, shared (the two systems overlap), unbroken,
    enclosed (one lies between two contracts of the other), moved (a stop or restart lies between); flags
    are true when any meeting of the two shows them. `records` has persona, point, house, room, start,
    end (days, NEVER when open), application, system. A record without a point meets those that begin in its
    home on the day it ends, or on the next.
    """
    return _judged(pl.concat([_at_points(records), _at_homes(records)]))


def _at_points(records: pl.DataFrame) -> pl.DataFrame:
    here = records.filter(pl.col("point").is_not_null() & pl.col("start").is_not_null())
    ordered = here.select("row", *_KEPT, point=pl.col("point").hash()).sort("point", "start", "system", "row")
    before = [pl.col(name).shift(1).alias(f"old_{name}") for name in _KEPT]
    follows = pl.col("point") == pl.col("point").shift(-1)
    after = pl.when(follows).then(pl.col("persona").shift(-1)).alias("next_persona")
    met = ordered.select("point", *_KEPT).with_columns(
        *before, after, here=pl.col("point") == pl.col("point").shift(1)
    )
    met = met.filter("here", pl.col("old_persona") != pl.col("persona"))
    return met.select(*_MET)


def _at_homes(records: pl.DataFrame) -> pl.DataFrame:
    homeless = records.filter(
        pl.col("point").is_null(), pl.col("house").is_not_null(), pl.col("start").is_not_null()
    )
    kept = homeless.select("house", "room", *_KEPT)
    before = kept.filter(pl.col("end").fill_null(NEVER) < NEVER).rename(
        {name: f"old_{name}" for name in (*_KEPT, "room")}
    )
    days = [before.with_columns(day=pl.col("old_end") + late) for late in (0, 1)]
    met = pl.concat(days).join(kept.with_columns(day="start"), on=["house", "day"], how="inner")
    rooms = pl.col("room").is_null() | pl.col("old_room").is_null() | (pl.col("room") == pl.col("old_room"))
    other = met.filter(
        rooms, pl.col("old_persona") != pl.col("persona"), pl.col("old_start") <= pl.col("start")
    )
    nobody = pl.lit(None, dtype=records.schema["persona"])
    return other.with_columns(next_persona=nobody).select(*_MET)


_KEPT = ("persona", "start", "end", "application", "system")
_MET = (*_KEPT, *(f"old_{name}" for name in _KEPT), "next_persona")


def _judged(met: pl.DataFrame) -> pl.DataFrame:
    gap = pl.col("start") - pl.min_horizontal(pl.col("old_end").fill_null(NEVER), NEVER)
    open_end = pl.col("old_end").is_null() | (pl.col("old_end") >= NEVER)
    shared = ((gap < -_SHARED) & (pl.col("system") != pl.col("old_system"))) | (
        open_end & (pl.col("system") != pl.col("old_system"))
    )
    unbroken = (gap.abs() <= _UNBROKEN) | open_end
    here = pl.col("application").fill_null("")
    moved = (here == RESTART) | ((pl.col("old_application") == STOP).fill_null(False))
    flags = met.with_columns(
        left=pl.min_horizontal("old_persona", "persona"),
        right=pl.max_horizontal("old_persona", "persona"),
        moved=moved | (~shared & (gap > _UNBROKEN)),
        switched=here.is_in([SWITCH, CHANGE, STOP]) & (unbroken | shared) & ~moved,
        renamed=(here == RENAME) & (unbroken | shared),
        shared=shared & ~moved,
        unbroken=unbroken,
        enclosed=(pl.col("next_persona") == pl.col("old_persona")).fill_null(False)
        & (unbroken | shared)
        & ~moved,
    )
    return flags.group_by("left", "right").agg(
        pl.col("switched", "renamed", "shared", "unbroken", "enclosed", "moved").any()
    )
