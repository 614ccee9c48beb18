"""A second opinion by Splink 5 on the same normalised columns: how far it agrees, and where a clerk should look.

Splink knows nothing of readings beyond the likeliest one, nor of what happened at a supply point, and it is never
needed for a count. Two methods that agree by different ways say more than one; where they do not, the pair is worth
a clerk's time. Install it with the extra `second-opinion`.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import warnings
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from sekisho.matching import addresses, names, shards
from sekisho.matching.errors import UnableToAskAgain
from sekisho.matching.lexicon import Lexicon

SEED = 20260601
THRESHOLD = 0.5
_RECALL_OF_EQUALITY = 0.65
_PAIRS_DRAWN = 2e6
_HEAD = ("番号", "統合した側", "記録A", "氏名A", "住所A", "記録B", "氏名B", "住所B", "判定（同・別・不明）")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
# left_record, right_record, left_cluster, right_cluster, reason, stratum: what clerks are shown in the review.
PAIRS = "second_opinion.parquet"
_OURS, _THEIRS = "本システムのみ", "Splink のみ"


@dataclass(frozen=True)
class Opinion:
    """records compared; pairs of records that both, only this matcher, or only Splink put together; disagreements
    listed in second_opinion.csv."""

    records: int
    both: int
    ours_only: int
    splink_only: int
    listed: int

    @property
    def agreement(self) -> float:
        """Pairs that both join, among pairs that either joins; 1 when nobody joins any."""
        either = self.both + self.ours_only + self.splink_only
        return self.both / either if either else 1.0


def require() -> None:
    """Raises UnableToAskAgain unless Splink is installed; asked before the long work begins."""
    if find_spec("splink") is None:
        raise UnableToAskAgain(
            "第二の判定には Splink が必要です。追加機能 second-opinion を導入してください"
            "（uv sync --extra second-opinion）。名寄せそのものには不要です",
            "the second opinion needs Splink: install the extra second-opinion "
            "(uv sync --extra second-opinion); matching itself does not need it",
        )


def ask(folder: Path, *, lexicon: Lexicon, records: int, listed: int = 500) -> Opinion:
    """Splink on the finished matching in `folder`: whole municipalities up to about `records` rows.

    Writes second_opinion.json and second_opinion.csv (at most `listed` pairs) there. Raises UnableToAskAgain.
    """
    require()
    rows = _rows(folder, records)
    frame = normalised(rows, lexicon)
    theirs = clusters(frame, threshold=THRESHOLD, points=frame["point"].null_count() < frame.height)
    ours = pl.read_parquet(folder / "records" / "*.parquet", columns=["row", "cluster"])
    judged = rows.join(ours, on="row").join(
        frame.select("row").with_columns(theirs.alias("theirs")), on="row", how="left"
    )
    apart = _disagreements(judged).head(listed)
    made = Opinion(judged.height, *_pairs(judged), listed=apart.height)
    shards.write_text(
        folder / "second_opinion.json", json.dumps(asdict(made) | {"agreement": made.agreement})
    )
    shards.write_text(folder / "second_opinion.csv", "\ufeff" + _csv(apart))
    shards.write_whole(_for_review(judged, folder), folder / PAIRS)
    return made


def _rows(folder: Path, records: int) -> pl.DataFrame:
    pieces = pl.scan_parquet(folder / "work" / "pieces" / "*.parquet").filter(pl.col("jis") != shards.NOWHERE)
    sizes = pieces.group_by("jis").len().collect().sort("jis")
    chosen = sizes.filter((pl.col("len").cum_sum() <= records) | (pl.int_range(pl.len()) == 0))
    return pieces.filter(pl.col("jis").is_in(chosen["jis"].implode())).collect().sort("row")


def normalised(rows: pl.DataFrame, words: Lexicon) -> pl.DataFrame:
    """row, kind, key, sound (as heard, else the likeliest reading), house, room and point of each row."""
    spoken = rows.select("name", "kana").unique(maintain_order=True)
    parsed = names.parse(spoken, words).select("kind", "key", "surname", "given", "full")
    written = rows.select("address", "postal_code").unique(maintain_order=True)
    parts = addresses.normalise(
        written["address"],
        postal_codes=written["postal_code"],
        gazetteer=words.gazetteer,
        variants=words.variants,
    ).select("room", house=pl.coalesce("key", written["address"]))
    named = rows.select("row", "name", "kana", "address", "postal_code", "point").join(
        pl.concat([spoken, parsed], how="horizontal"), on=["name", "kana"], nulls_equal=True
    )
    housed = named.join(
        pl.concat([written, parts], how="horizontal"), on=["address", "postal_code"], nulls_equal=True
    )
    read = pl.concat_str(likeliest("surname", words.surnames), likeliest("given", words.given))
    sound = pl.coalesce("full", read)
    return housed.sort("row").select("row", "kind", "key", "house", "room", "point", sound=sound)


def likeliest(part: str, table: pl.DataFrame) -> pl.Expr:
    """The reading of a part of a name that most dictionaries give; null when none has it."""
    ranked = table.sort("name", "votes", "sound", descending=[False, True, False])
    best = ranked.unique("name", keep="first", maintain_order=True)
    return pl.col(part).replace_strict(best["name"], best["sound"], default=None, return_dtype=pl.String)


def clusters(frame: pl.DataFrame, *, threshold: float, points: bool) -> pl.Series:
    """Splink's cluster of each row: house and point only block, and name and room are compared; trained by EM."""
    from splink import DuckDBAPI, Linker

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = DuckDBAPI().register(frame.rename({"row": "unique_id"}).to_arrow())
        linker = Linker(table, _settings(points, _share_in_houses(frame)), log_level=logging.ERROR)
        _train(linker)
        found = linker.inference.predict(threshold_match_probability=threshold)
        joined = linker.clustering.cluster_pairwise_predictions_at_threshold(
            found, threshold_match_probability=threshold
        )
        labels = pl.DataFrame(joined.as_duckdbpyrelation().to_arrow_table())
    known = labels.select(row="unique_id", theirs="cluster_id").cast({"row": frame.schema["row"]})
    return frame.select("row").join(known, on="row", how="left", maintain_order="left")["theirs"]


def _share_in_houses(frame: pl.DataFrame) -> float:
    """Pairs of one house with one key, among all pairs of one house, by the recall that equality has."""
    pairs = (pl.col("len") * (pl.col("len") - 1)).sum().cast(pl.Float64)
    same = float(frame.group_by("house", "key").len().select(pairs).item())
    every = float(frame.group_by("house").len().select(pairs).item())
    return min(0.9, max(1e-4, same / _RECALL_OF_EQUALITY / every)) if every else 1e-4


def _settings(points: bool, prior: float) -> Any:
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
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[name, comparisons.ExactMatch("room")],
        blocking_rules_to_generate_predictions=[block_on("house"), *([block_on("point")] if points else [])],
        retain_matching_columns=False,
        probability_two_random_records_match=prior,
    )


def _train(linker: Any) -> None:
    from splink import block_on

    linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS_DRAWN, seed=SEED)
    for rule in (block_on("house"), block_on("key")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, fix_probability_two_random_records_match=True
        )


def _pairs(judged: pl.DataFrame) -> tuple[int, int, int]:
    """Pairs together in both, in ours only, in theirs only."""

    def together(*columns: str) -> int:
        sizes = judged.group_by(columns).len()["len"].cast(pl.Int64)
        return int((sizes * (sizes - 1) // 2).sum())

    both, ours, theirs = together("cluster", "theirs"), together("cluster"), together("theirs")
    return both, ours - both, theirs - both


def _disagreements(judged: pl.DataFrame) -> pl.DataFrame:
    """One pair of records for each cluster of one that the other cuts: side, and row, name, address of both."""
    cells = judged.sort("row").unique(["cluster", "theirs"], keep="first", maintain_order=True)
    parts = []
    for side, whole, cut in ((_OURS, "cluster", "theirs"), (_THEIRS, "theirs", "cluster")):
        ends = cells.sort(whole, cut).with_columns(before=pl.int_range(pl.len()).over(whole))
        first = ends.filter(pl.col("before") == 0).select(whole, "record", "name", "address")
        other = ends.filter(pl.col("before") == 1).select(whole, "record", "name", "address")
        met = first.join(other, on=whole, suffix="_other").sort(whole).drop(whole)
        parts.append(met.with_columns(side=pl.lit(side)))
    # One of each side by turns, so that a short list shows both.
    return pl.concat([part.with_row_index("turn") for part in parts]).sort("turn", "side").drop("turn")


def _for_review(judged: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The pairs of PAIRS: merged ones that Splink cuts, and clusters that only Splink joins, each with the next."""
    theirs = judged.select("record", "theirs")
    merged = pl.scan_parquet(folder / "edges" / "*.parquet").filter("accepted").collect()
    ends = merged.join(theirs, left_on="left_record", right_on="record").join(
        theirs, left_on="right_record", right_on="record", suffix="_other"
    )
    cut = ends.filter(pl.col("theirs") != pl.col("theirs_other")).with_columns(
        stratum=pl.lit("merged_splink_apart")
    )
    cells = judged.sort("cluster", "row").unique(["theirs", "cluster"], keep="first", maintain_order=True)
    following = [
        pl.col(name).shift(-1).over("theirs").alias(f"right_{name}") for name in ("record", "cluster")
    ]
    joined = cells.select("theirs", *following, left_record="record", left_cluster="cluster").filter(
        pl.col("right_record").is_not_null()
    )
    columns = ("left_record", "right_record", "left_cluster", "right_cluster", "reason", "stratum")
    only = joined.with_columns(reason=pl.lit("splink"), stratum=pl.lit("splink_only"))
    return pl.concat([cut.select(columns), only.select(columns)], how="vertical_relaxed")


def safe(value: object) -> str:
    """A spreadsheet must not run a customer's name as a formula."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def _csv(apart: pl.DataFrame) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for number, row in enumerate(apart.iter_rows(named=True), start=1):
        cells = [row[f"{name}{end}"] for end in ("", "_other") for name in ("record", "name", "address")]
        writer.writerow([number, row["side"], *map(safe, cells), ""])
    return out.getvalue()
