"""The tables of a settled shard: a line a record, a line a cluster, a line a pair, and the sums that
counting needs."""

from __future__ import annotations

import polars as pl

from sekisho.matching import devices, kana, kinds, rarely
from sekisho.matching.decide import LISTED, probability
from sekisho.matching.settle import Settled

# A cluster is certain when every pair in it is at least this likely and no doubt is left about joining
# another.
CERTAIN = 0.98
# Where two contracts only stand beside one another, and where the file itself says that they are one customer's.
_BESIDE, _TOLD = ("beside", "succeeded", "moved"), ("enclosed", "shared", "switched")
# What only an event shows: nobody compares such names where none happened.
_BY_EVENT = (
    "homophone",
    "new_surname",
    "one_character",
    "one_kana",
    "near_reading",
    "surname_only",
    "unlike",
    "family",
    "slip",
)
_SUMS = ("excess", "missing", "spread", "beside", "told", "by_event")
# Records that say neither or only one of where and when.
_SILENT = ("unplaced", "undated")
_SHOWN = ("row", "name", "address", "postal_code", "phone", "point", "system", "running", "start")
_FLAGS = (
    "switched",
    "shared",
    "twin",
    "together",
    "renamed",
    "unbroken",
    "enclosed",
    "seen_later",
    "phone",
    "moved",
)

# What NFKC may change to something else than a space.
_UNFOLDED = r"[^ -~\x{4E00}-\x{9FFF}ぁ-ゖァ-ヺー\x{3000}]"


def tables(rows: pl.DataFrame, settled: Settled) -> dict[str, pl.DataFrame]:
    """records, clusters, edges and cells of one shard."""
    pairs = _pairs(rows, settled)
    lines = _clusters(rows, settled, pairs)
    return {
        "records": _records(rows, settled),
        "clusters": lines,
        "edges": pairs.filter(pl.col("weight") > LISTED).drop("way"),
        "cells": cells(lines),
    }


def _records(rows: pl.DataFrame, settled: Settled) -> pl.DataFrame:
    """record, cluster, kind, confidence, reason in the order of the input."""
    return rows.select("row", "record").join(settled.records, on="row", how="left", maintain_order="left")


def _pairs(rows: pl.DataFrame, settled: Settled) -> pl.DataFrame:
    """Listed pairs by their first records, with the probability that the two are one."""
    names = rows.select("row", "record")
    heads = settled.parties.select("persona", "cluster")
    joined = settled.edges
    for end in ("left", "right"):
        joined = joined.join(names.rename({"row": end, "record": f"{end}_record"}), on=end, how="left")
        joined = joined.join(heads.rename({"persona": end, "cluster": f"{end}_cluster"}), on=end, how="left")
    # Two personas that another path joined are one cluster: their pair no longer decides anything.
    judged = joined.with_columns(
        probability=1 / (1 + (-pl.col("weight")).exp()),
        settled=pl.col("left_cluster") == pl.col("right_cluster"),
    )
    return judged.select(
        "left_record",
        "right_record",
        "left_cluster",
        "right_cluster",
        "probability",
        "weight",
        "name_weight",
        "reason",
        "way",
        *_FLAGS,
        "accepted",
        "settled",
        "refused",
    ).sort("left_cluster", "right_cluster", "left_record", "right_record")


def _clusters(rows: pl.DataFrame, settled: Settled, pairs: pl.DataFrame) -> pl.DataFrame:
    known = rows.select(_SHOWN).join(settled.records.select("row", "cluster", "kind"), on="row")
    latest = pl.col("start").fill_null(-(10**6))
    spoken = pl.col("name").str.contains(kana.ONLY_KANA)
    grouped = known.sort("cluster", spoken, latest, descending=[False, False, True]).group_by(
        "cluster", maintain_order=True
    )
    lines = grouped.agg(
        pl.col("kind").first(),
        pl.col("name").first(),
        pl.col("address").first(),
        pl.col("postal_code").first(),
        pl.col("phone").drop_nulls().first(),
        records=pl.len().cast(pl.UInt32),
        contracts=pl.col("point").n_unique().cast(pl.UInt32),
        first=(pl.col("system") == "1").any(),
        second=(pl.col("system") == "2").any(),
        running=pl.col("running").any(),
        unplaced=pl.col("point").null_count().cast(pl.UInt32),
        undated=pl.col("start").null_count().cast(pl.UInt32),
    )
    joined = (
        lines.join(_lights(known), on="cluster", how="left")
        .join(_keepers(settled), on="cluster", how="left")
        .join(_doubts(pairs), on="cluster", how="left")
    )
    return joined.with_columns(
        pl.col("lamp", "signal", "keeper").fill_null(False),
        pl.col(_SUMS).fill_null(0.0),
        level=pl.col("level").fill_null("certain"),
    )


def _keepers(settled: Settled) -> pl.DataFrame:
    """cluster, keeper: the people beside whose name a shop is written, or a company's name alone."""
    named = pl.col("shop").is_not_null() | (pl.col("kind") == kinds.COMPANY)
    people = settled.parties.filter(pl.col("cluster_kind") == kinds.PERSON, named)
    return people.select("cluster", keeper=pl.lit(True)).unique()


def _lights(known: pl.DataFrame) -> pl.DataFrame:
    """cluster, lamp and signal of the devices."""
    things = known.filter(pl.col("kind") == "device")
    # Folded once, and only what is not folded as it stands: 0.1 µs a record less.
    folded = rarely.where(pl.col("name"), _UNFOLDED, lambda few: few.str.normalize("NFKC"))
    named = things.select("cluster", folded).select(
        "cluster",
        lamp=pl.col("name").str.contains(devices.LAMP),
        signal=pl.col("name").str.contains(devices.SIGNAL),
    )
    return named.group_by("cluster").agg(pl.col("lamp", "signal").any())


def _doubts(pairs: pl.DataFrame) -> pl.DataFrame:
    """For each cluster: level, what its pairs say the count is too high (excess) or too low (missing) by, and how
    its pairs met: beside one another, told by an event, and told by nothing but an event."""
    told = pl.col("way").is_in(_TOLD)
    held = pairs.filter("accepted").select(
        "left_cluster",
        missing=1 - pl.col("probability"),
        excess=pl.lit(0.0),
        p="probability",
        beside=pl.col("way").is_in(_BESIDE).cast(pl.Float64),
        told=told.cast(pl.Float64),
        by_event=(told & pl.col("reason").is_in(_BY_EVENT)).cast(pl.Float64),
    )
    open_pairs = pairs.filter(~pl.col("accepted") & ~pl.col("settled"))
    # However many doubts a cluster has, it can be one party too many only once.
    single = open_pairs.sort("probability", "right_cluster", descending=[True, False]).unique(
        "right_cluster", keep="first", maintain_order=True
    )
    doubt = single.select(
        "left_cluster",
        missing=pl.lit(0.0),
        excess=pl.col("probability").clip(upper_bound=0.5),
        p="probability",
        **dict.fromkeys(("beside", "told", "by_event"), pl.lit(0.0)),
    )
    both = pl.concat([held, doubt]).with_columns(spread=pl.col("p") * (1 - pl.col("p")))
    level = (
        pl.when(pl.col("excess").max() > probability(LISTED))
        .then(pl.lit("unresolved"))
        .when(pl.col("missing").max() > 1 - CERTAIN)
        .then(pl.lit("probable"))
        .otherwise(pl.lit("certain"))
    )
    return both.group_by(cluster="left_cluster").agg(pl.col(_SUMS).sum(), level=level)


def cells(lines: pl.DataFrame) -> pl.DataFrame:
    """Sums by kind, membership, running and level: the only thing that counting needs of a shard."""
    return (
        lines.group_by("kind", "first", "second", "running", "lamp", "signal", "level")
        .agg(
            clusters=pl.len().cast(pl.Int64),
            records=pl.col("records").sum().cast(pl.Int64),
            contracts=pl.col("contracts").sum().cast(pl.Int64),
            keepers=pl.col("keeper").sum().cast(pl.Int64),
            **{name: pl.col(name).sum().cast(pl.Int64) for name in _SILENT},
            **{name: pl.col(name).sum() for name in _SUMS},
        )
        .sort("kind", "first", "second", "running", "lamp", "signal", "level")
    )
