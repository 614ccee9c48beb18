"""Public labelled sets for linkage in a folder the user supplies, and Splink 5 on them.

None is Japanese: they show how the machinery does outside its field, nothing more. File names are those
of Splink's own collection; CSV or Parquet.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sekisho.kernel.errors import SekishoError
from sekisho.matching.population import score

SEED = 20260601
_THRESHOLDS = (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 0.999, 0.9999)


class UnableToReadLabelled(SekishoError):
    """A file of a labelled set lacks a column: exit code 1."""


@dataclass(frozen=True)
class Layout:
    """Where a set lies and what its columns are."""

    files: tuple[tuple[str, ...], ...]  # each file under any of its names
    identity: str
    name: tuple[str, ...]
    address: tuple[str, ...]
    postal_code: str | None
    other: tuple[str, ...]  # compared by Splink: dates, numbers
    blocking: tuple[tuple[str, ...], ...]
    label: str | None  # column of the cluster; None: the middle part of a febrl identity


_FEBRL = {
    "identity": "rec_id",
    "name": ("given_name", "surname"),
    "address": ("state", "suburb", "address_1", "street_number", "address_2"),
    "postal_code": "postcode",
    "other": ("date_of_birth", "soc_sec_id"),
    "blocking": (("soc_sec_id",), ("given_name", "surname"), ("date_of_birth",), ("surname", "postcode")),
    "label": None,
}
LAYOUTS: dict[str, Layout] = {
    "febrl3": Layout(files=(("febrl3", "dataset3"),), **_FEBRL),  # type: ignore[arg-type]
    "febrl4": Layout(files=(("febrl4a", "dataset4a"), ("febrl4b", "dataset4b")), **_FEBRL),  # type: ignore[arg-type]
    "historical_50k": Layout(
        files=(("historical_50k", "historical_figures_with_errors_50k"),),
        identity="unique_id",
        name=("first_name", "surname"),
        address=("birth_place",),
        postal_code="postcode_fake",
        other=("dob", "occupation"),
        blocking=(
            ("postcode_fake", "dob"),
            ("first_name", "surname"),
            ("dob", "birth_place"),
            ("postcode_fake", "surname"),
        ),
        label="cluster",
    ),
    "fake_1000": Layout(
        files=(("fake_1000",),),
        identity="unique_id",
        name=("first_name", "surname"),
        address=("city",),
        postal_code=None,
        other=("dob", "email"),
        blocking=(("first_name",), ("surname",), ("dob",), ("email",)),
        label="cluster",
    ),
}
NAMES = tuple(LAYOUTS)


@dataclass(frozen=True)
class Labelled:
    """A set that was found: columns as text, `unique_id` and `truth_id` beside them."""

    name: str
    layout: Layout
    frame: pl.DataFrame

    def as_source(self) -> pl.DataFrame:
        """The columns that a matcher of customers reads: record_id, name, address, postal_code."""
        code = pl.col(self.layout.postal_code) if self.layout.postal_code else pl.lit(None, dtype=pl.String)
        return self.frame.select(
            record_id="unique_id",
            name=pl.concat_str(self.layout.name, separator=" ", ignore_nulls=True).str.to_uppercase(),
            address=pl.concat_str(self.layout.address, separator=" ", ignore_nulls=True),
            postal_code=code,
        )

    def scored(self, clusters: pl.DataFrame) -> dict[str, Any]:
        """Pairwise measures of a clustering (columns record, cluster); no cluster: alone."""
        alone = pl.concat_str(pl.lit("alone "), "unique_id")
        truth = self.frame.select("unique_id", "truth_id")
        joined = truth.join(clusters, left_on="unique_id", right_on="record", how="left").with_columns(
            cluster=pl.col("cluster").cast(pl.String).fill_null(alone)
        )
        found = score(joined, slices=False)["all"].as_dict()
        return {key: _rounded(found[key]) for key in ("f1", "precision", "recall", "count_error")}


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def found(folder: Path) -> list[Labelled]:
    """The sets whose files all lie in `folder`. Raises UnableToReadLabelled when a column is missing."""
    sets = []
    for name, layout in LAYOUTS.items():
        paths = [_path(folder, names) for names in layout.files]
        if all(paths):
            frames = [_read(path, layout) for path in paths if path is not None]
            sets.append(Labelled(name, layout, pl.concat(frames, how="diagonal")))
    return sets


def _path(folder: Path, names: tuple[str, ...]) -> Path | None:
    candidates = [folder / f"{name}{ending}" for name in names for ending in (".csv", ".parquet")]
    return next((path for path in candidates if path.exists()), None)


def _read(path: Path, layout: Layout) -> pl.DataFrame:
    raw = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema=False)
    frame = raw.rename({column: column.strip() for column in raw.columns}).with_columns(
        pl.all().cast(pl.String)
    )
    frame = frame.with_columns(pl.all().str.strip_chars().replace("", None))
    wanted = {layout.identity, *layout.name, *layout.address, *layout.other}
    if missing := sorted(wanted - set(frame.columns)):
        raise UnableToReadLabelled(
            f"{path} に列 {'、'.join(missing)} がありません", f"{path} has no column {', '.join(missing)}"
        )
    truth = pl.col(layout.label) if layout.label else pl.col(layout.identity).str.extract(r"rec-(\d+)")
    return frame.with_columns(unique_id=pl.col(layout.identity), truth_id=truth)


def splink(one: Labelled) -> dict[str, Any]:
    """Splink 5 with a plain model of all columns, its threshold chosen with the labels (in its favour)."""
    from splink import DuckDBAPI, Linker

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        database = DuckDBAPI()
        table = database.register(one.frame.to_arrow())
        linker = Linker(table, _settings(one), log_level=logging.ERROR)
        _train(linker, one)
        scored = linker.inference.predict(threshold_match_probability=_THRESHOLDS[0])
        pairs = pl.from_arrow(scored.as_duckdbpyrelation().to_arrow_table())
    if not isinstance(pairs, pl.DataFrame):
        raise TypeError("Splink returned no table")
    return max((_edges(one, pairs, threshold) for threshold in _THRESHOLDS), key=lambda found: found["f1"])


def _settings(one: Labelled) -> Any:
    import splink.comparison_library as comparisons
    from splink import SettingsCreator, block_on

    spelled = [comparisons.JaroWinklerAtThresholds(column) for column in one.layout.name]
    others = [comparisons.LevenshteinAtThresholds(column, [1, 2]) for column in one.layout.other]
    places: list[Any] = [comparisons.JaroWinklerAtThresholds(one.layout.address[0])]
    if one.layout.postal_code:
        places.append(comparisons.LevenshteinAtThresholds(one.layout.postal_code, [1]))
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[*spelled, *others, *places],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in one.layout.blocking],
        retain_matching_columns=False,
    )


def _train(linker: Any, one: Labelled) -> None:
    from splink import block_on

    exact = block_on(*one.layout.name, one.layout.other[0])
    linker.training.estimate_probability_two_random_records_match([exact], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=SEED)
    for rule in (block_on(*one.layout.name), block_on(one.layout.other[0])):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)


def _edges(one: Labelled, pairs: pl.DataFrame, threshold: float) -> dict[str, Any]:
    """Pairs as predicted, before clustering: the measure that these sets are usually reported in."""
    kept = (
        pairs.filter(pl.col("match_probability") >= threshold).select("unique_id_l", "unique_id_r").unique()
    )
    truth = one.frame.select("unique_id", "truth_id")
    joined = kept.join(truth, left_on="unique_id_l", right_on="unique_id").join(
        truth, left_on="unique_id_r", right_on="unique_id"
    )
    right = int((joined["truth_id"] == joined["truth_id_right"]).sum())
    n = pl.col("len")
    true = int(truth.group_by("truth_id").len().select((n * (n - 1) // 2).sum()).item())
    precision, recall = right / max(len(kept), 1), right / max(true, 1)
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {
        "threshold": threshold,
        "f1": round(f1, 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
    }
