"""The measures, computed from counts, against the plain definition over every pair of records."""

from __future__ import annotations

from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.matching.population import score

Rows = list[tuple[int, int, str]]


def frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"truth_id": pl.Int64, "cluster": pl.Int64, "slices": pl.String}, orient="row"
    )


def by_pairs(rows: Rows, tag: str | None) -> tuple[int, int, int]:
    """True, found and right pairs, one by one."""
    true = found = right = 0
    for one, other in combinations(rows, 2):
        inside = [tag is None or tag in row[2].split() for row in (one, other)]
        same_truth, same_cluster = one[0] == other[0], one[1] == other[1]
        true += same_truth and all(inside)
        found += same_cluster and any(inside)
        right += same_truth and same_cluster and all(inside)
    return true, found, right


def b_cubed(rows: Rows, tag: str | None) -> tuple[float, float]:
    precision = recall = 0.0
    own = [row for row in rows if tag is None or tag in row[2].split()]
    for truth, cluster, _ in own:
        together = sum(1 for row in rows if row[0] == truth and row[1] == cluster)
        precision += together / sum(1 for row in rows if row[1] == cluster)
        recall += together / sum(1 for row in rows if row[0] == truth)
    return precision / len(own), recall / len(own)


LABELS = ["", "family", "kana_kanji", "family kana_kanji"]
populations = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=24).map(
    lambda pairs: [(truth, cluster, LABELS[truth % len(LABELS)]) for truth, cluster in pairs]
)


@settings(deadline=None)
@given(populations)
def test_equals_the_definition_over_all_pairs(rows: Rows) -> None:
    scores = score(frame(rows))
    tags = {None: "all"} | {tag: tag for label in LABELS for tag in label.split() if tag in scores}
    for tag, name in tags.items():
        found = scores[name]
        assert (found.pairs_true, found.pairs_found, found.pairs_right) == by_pairs(rows, tag)
        assert (found.b3_precision, found.b3_recall) == pytest.approx(b_cubed(rows, tag))


@settings(deadline=None)
@given(populations)
def test_the_truth_itself_is_perfect(rows: Rows) -> None:
    perfect = score(frame([(truth, truth, label) for truth, _, label in rows]))["all"]
    assert perfect.count_error == 0
    assert perfect.b3_f1 == pytest.approx(1)
    assert perfect.f1 in (None, 1)


@settings(deadline=None)
@given(populations, st.permutations(range(7)))
def test_names_of_clusters_do_not_matter(rows: Rows, other: list[int]) -> None:
    renamed = [(truth, other[cluster], label) for truth, cluster, label in rows]
    first, second = score(frame(rows)), score(frame(renamed))
    assert first.keys() == second.keys()
    for name in first:
        assert first[name].as_dict() == pytest.approx(second[name].as_dict())


@pytest.mark.parametrize(
    ("what", "clusters", "count_error", "precision", "recall"),
    [
        # truths: 1 = {a, b, c}, 2 = {d, e}
        ("nothing merged: five counted for two", [1, 2, 3, 4, 5], 1.5, None, 0.0),
        ("all merged: one person hidden", [1, 1, 1, 1, 1], -0.5, 4 / 10, 1.0),
        ("one record apart", [1, 1, 2, 3, 3], 0.5, 1.0, 2 / 4),
        ("one record with the wrong person", [1, 1, 2, 2, 2], 0.0, 2 / 4, 2 / 4),
    ],
)
def test_worked_examples(
    what: str, clusters: list[int], count_error: float, precision: float | None, recall: float
) -> None:
    rows = [(truth, cluster, "") for truth, cluster in zip([1, 1, 1, 2, 2], clusters, strict=True)]
    found = score(frame(rows))["all"]
    assert (found.count_error, found.precision, found.recall) == (count_error, precision, recall)


def test_merging_with_somebody_outside_is_an_error_of_the_slice() -> None:
    rows = [(1, 1, "family"), (1, 1, "family"), (2, 1, "")]
    family = score(frame(rows))["family"]
    assert (family.pairs_found, family.pairs_right) == (3, 1)
    assert family.recall == 1
