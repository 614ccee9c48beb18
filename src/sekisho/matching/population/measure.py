"""How right a clustering is: pairs, B³, and the error of the count, from contingency counts alone.

A population of 13.5 million records has too many pairs to list. All measures follow from the sizes of
the cells truth × cluster: a cell of n records holds n(n−1)/2 pairs that are together in both.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Score:
    """Measures of one clustering against the truth; shares between 0 and 1, None where nothing was asked."""

    records: int
    truths: int
    clusters: int
    count_error: float | None
    """(clusters − truths) / truths, signed: + counts people twice, − hides people"""
    pairs_true: int
    pairs_found: int
    pairs_right: int
    precision: float | None
    recall: float | None
    f1: float | None
    b3_precision: float | None
    b3_recall: float | None
    b3_f1: float | None

    def as_dict(self) -> dict[str, Any]:
        """The measures by name."""
        return asdict(self)


def score(records: pl.DataFrame, *, slices: bool = True) -> dict[str, Score]:
    """Scores for `all` records and, by name, for each slice.

    `records` has truth_id, cluster and, for slices, `slices` (tags separated by spaces, equal for all
    records of a truth). In a slice, true pairs are those of its truths, found pairs those with at least
    one record of the slice, and clusters those that hold one: merging somebody of the slice with
    somebody outside is an error of the slice.
    """
    labels = records.select("slices").unique().with_row_index("label") if slices else None
    marked = records.join(labels, on="slices", how="left") if labels is not None else records
    columns = ["truth_id", "cluster"] + (["label"] if slices else [])
    cells = marked.select(columns).group_by(columns).agg(pl.len().cast(pl.Int64).alias("n"))
    cells = cells.with_columns(
        truth_size=pl.col("n").sum().over("truth_id"), cluster_size=pl.col("n").sum().over("cluster")
    )
    scores = {"all": _score(cells)}
    for tag, ids in (_tags(labels) if labels is not None else {}).items():
        scores[tag] = _score(cells.filter(pl.col("label").is_in(ids)))
    return scores


def _tags(labels: pl.DataFrame) -> dict[str, list[int]]:
    """The labels that hold each tag."""
    found: dict[str, list[int]] = {}
    for index, label in labels.iter_rows():
        for tag in (label or "").split():
            found.setdefault(tag, []).append(index)
    return dict(sorted(found.items()))


def _pairs(size: pl.Expr) -> pl.Expr:
    return size * (size - 1) // 2


def _score(cells: pl.DataFrame) -> Score:
    n = pl.col("n")
    truths = cells.group_by("truth_id").agg(pl.col("truth_size").first())
    clusters = cells.group_by("cluster").agg(inside=n.sum(), size=pl.col("cluster_size").first())
    outside = pl.col("size") - pl.col("inside")
    true = int(truths.select(_pairs(pl.col("truth_size")).sum()).item() or 0)
    found = int(clusters.select((_pairs(pl.col("size")) - _pairs(outside)).sum()).item() or 0)
    right = int(cells.select(_pairs(n).sum()).item() or 0)
    records = int(cells["n"].sum())
    b3_precision = _share(cells.select((n * n / pl.col("cluster_size")).sum()).item(), records)
    b3_recall = _share(cells.select((n * n / pl.col("truth_size")).sum()).item(), records)
    precision, recall = _share(right, found), _share(right, true)
    return Score(
        records=records,
        truths=len(truths),
        clusters=len(clusters),
        count_error=_share(len(clusters) - len(truths), len(truths)),
        pairs_true=true,
        pairs_found=found,
        pairs_right=right,
        precision=precision,
        recall=recall,
        f1=_harmonic(precision, recall),
        b3_precision=b3_precision,
        b3_recall=b3_recall,
        b3_f1=_harmonic(b3_precision, b3_recall),
    )


def _share(part: float | None, whole: float) -> float | None:
    return (part or 0) / whole if whole else None


def _harmonic(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return None
    return 2 * first * second / (first + second) if first + second else 0.0
