"""The rivals of `match`: raw exact, normalised exact, exact on the top reading, and Splink 5 in two ways.

Every rival but the first is given what the matcher itself sees: the same normalised names, houses and
rooms, and the readings of the same dictionaries.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import polars as pl

from sekisho.matching import addresses, lexicon, names

SPLINK_SEED = 20260601
_RECALL_OF_EQUALITY = 0.65


def normalised(population: Path, *, sources: tuple[str, ...]) -> pl.DataFrame:
    """record_id, raw name and address, and the matcher's kind, key, sound, house and room of them."""
    wanted = ("record_id", "name", "kana", "address", "postal_code", "point")
    frame = pl.scan_parquet(population).select(wanted).collect()
    words = lexicon.opened(sources=sources)
    frame = _named(frame, words)
    return _housed(frame, words).with_columns(
        sound=pl.coalesce("full", pl.col("key").replace_strict(_top_readings(frame, words), default=None))
    )


def _named(frame: pl.DataFrame, words: lexicon.Lexicon) -> pl.DataFrame:
    distinct = frame.select("name", "kana").unique(maintain_order=True)
    parsed = names.parse(distinct, words).select("kind", "key", "surname", "given", "full")
    return frame.join(pl.concat([distinct, parsed], how="horizontal"), on=["name", "kana"], nulls_equal=True)


def _housed(frame: pl.DataFrame, words: lexicon.Lexicon) -> pl.DataFrame:
    distinct = frame.select("address", "postal_code").unique(maintain_order=True)
    parts = addresses.normalise(
        distinct["address"],
        postal_codes=distinct["postal_code"],
        gazetteer=words.gazetteer,
        variants=words.variants,
    ).select(house=pl.coalesce("key", distinct["address"]), room="room")
    return frame.join(
        pl.concat([distinct, parts], how="horizontal"), on=["address", "postal_code"], nulls_equal=True
    )


def _top_readings(frame: pl.DataFrame, words: lexicon.Lexicon) -> dict[str, str]:
    """The likeliest reading of each kanji name: the readings most dictionaries give for its two parts."""
    best = [
        table.sort("votes", descending=True).unique("name", keep="first", maintain_order=True)
        for table in (words.surnames, words.given)
    ]
    parts = frame.select("key", "surname", "given").drop_nulls().unique("key")
    read = parts.join(best[0].select(surname="name", first="sound"), on="surname").join(
        best[1].select(given="name", second="sound"), on="given"
    )
    return dict(zip(read["key"], read["first"] + read["second"], strict=True))


def raw_exact(frame: pl.DataFrame) -> pl.Series:
    """Same name and same address, letter for letter."""
    return _groups(frame, "name", "address")


def normalised_exact(frame: pl.DataFrame) -> pl.Series:
    """Same normalised name, house and room (the count of seed 000, done as well as equality can)."""
    return _groups(frame, "kind", "key", "house", "room")


def reading_exact(frame: pl.DataFrame) -> pl.Series:
    """Same top reading, house and room."""
    return _groups(
        frame.with_columns(pl.coalesce("sound", "key").alias("said")), "kind", "said", "house", "room"
    )


def _groups(frame: pl.DataFrame, *columns: str) -> pl.Series:
    return frame.select(pl.struct(columns).rank("dense")).to_series()


def splink(frame: pl.DataFrame, *, threshold: float, plain: bool, points: bool) -> pl.Series:
    """Splink 5, trained by EM, clustered at a match probability.

    `plain` compares name, house, room and point, as its tutorials would. Otherwise house and point only
    block, as the matcher does it, and the prior is the share of one person among pairs of one house.
    """
    from splink import DuckDBAPI, Linker

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        database = DuckDBAPI()
        columns = ["record_id", "kind", "key", "sound", "house", "room", "point"]
        table = database.register(frame.select(columns).rename({"record_id": "unique_id"}).to_arrow())
        prior = None if plain else _share_in_houses(frame)
        linker = Linker(table, _settings(points, prior), log_level=logging.ERROR)
        _train(linker, plain)
        predictions = linker.inference.predict(threshold_match_probability=threshold)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predictions, threshold_match_probability=threshold
        )
        found = pl.from_arrow(clusters.as_duckdbpyrelation().to_arrow_table())
    if not isinstance(found, pl.DataFrame):
        raise TypeError("Splink returned no table")
    pairs = found.select(record_id="unique_id", cluster="cluster_id")
    return frame.select("record_id").join(pairs, on="record_id", how="left", maintain_order="left")["cluster"]


def _share_in_houses(frame: pl.DataFrame) -> float:
    """Pairs of one house with one key, among all pairs of one house, by the recall that equality has."""
    n = pl.col("len")
    pairs = (n * (n - 1)).sum()
    same = frame.group_by("house", "key").len().select(pairs.cast(pl.Float64)).item()
    every = frame.group_by("house").len().select(pairs.cast(pl.Float64)).item()
    return min(0.9, float(same) / _RECALL_OF_EQUALITY / float(every))


def _settings(points: bool, prior: float | None) -> Any:
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons
    from splink import SettingsCreator, block_on

    name = comparisons.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            levels.And(levels.NullLevel("key"), levels.NullLevel("sound")),
            levels.ExactMatchLevel("key"),
            levels.ExactMatchLevel("sound"),
            levels.JaroWinklerLevel("sound", 0.92),
            levels.ElseLevel(),
        ],
    )
    compared: list[Any] = [name, comparisons.ExactMatch("room")]
    blocking: list[Any] = [block_on("house"), *([block_on("point")] if points else [])]
    if prior is None:
        places = ["house", *(["point"] if points else [])]
        compared += [comparisons.ExactMatch(place) for place in places]
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=compared,
        blocking_rules_to_generate_predictions=blocking,
        retain_matching_columns=False,
        probability_two_random_records_match=prior or 0.0001,
    )


def _train(linker: Any, plain: bool) -> None:
    from splink import block_on

    if plain:
        linker.training.estimate_probability_two_random_records_match(
            [block_on("house", "key")], recall=_RECALL_OF_EQUALITY
        )
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=SPLINK_SEED)
    for rule in (block_on("house"), block_on("key")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, fix_probability_two_random_records_match=not plain
        )


def main(spec: dict[str, Any]) -> None:
    """One rival in a process of its own, so that its time and memory can be measured."""
    frame = normalised(Path(spec["population"]), sources=tuple(spec["sources"]))
    if spec["rival"].startswith("splink"):
        plain = spec["rival"] == "splink"
        cluster = splink(frame, threshold=spec["threshold"], plain=plain, points=spec["points"])
    else:
        exact = {"raw": raw_exact, "normalised": normalised_exact, "reading": reading_exact}
        cluster = exact[spec["rival"]](frame)
    frame.select("record_id", cluster.alias("cluster")).write_parquet(spec["out"])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
