"""A sample of pairs for clerks to judge, as one CSV out and the same CSV back, and what it does to the count.

The matcher's probabilities are its own opinion. A sample that people judge, drawn at random within strata, turns
them into a measured correction: of the pairs merged, how many were two customers; of those left open, how many were
one.
"""

from __future__ import annotations

import csv
import io
import json
import math
import random
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from sekisho.matching import counts, reasons, second_opinion
from sekisho.matching.errors import UnableToReadReview

SAME, DIFFERENT, UNKNOWN = "同", "別", "不明"
_JUDGED = {
    "同": SAME,
    "同じ": SAME,
    "same": SAME,
    "1": SAME,
    "別": DIFFERENT,
    "別人": DIFFERENT,
    "different": DIFFERENT,
    "0": DIFFERENT,
}
_HEAD = (
    "番号",
    "層",
    "記録A",
    "氏名A",
    "フリガナA",
    "住所A",
    "記録B",
    "氏名B",
    "フリガナB",
    "住所B",
    "同一供給地点",
    "理由",
    "判定（同・別・不明）",
)
_SURE = 0.98
# Pairs by what was done with them and how sure it was; where Splink was asked, too, those that it sees otherwise are
# drawn from by themselves. Name, and whether they were merged.
_STRATA = (
    ("merged_certain", True),
    ("merged_probable", True),
    ("merged_splink_apart", True),
    ("open", False),
    ("splink_only", False),
)


@dataclass(frozen=True)
class Stratum:
    """pairs in the result, judged by clerks, and how many of those are one customer."""

    pairs: int
    judged: int
    same: int


@dataclass(frozen=True)
class Correction:
    """The individuals' count as reviewed: estimate and bounds (95 %), with the strata it rests on."""

    value: int
    estimate: float
    low: int
    high: int
    strata: dict[str, Stratum]


def export(folder: Path, *, size: int, seed: int) -> str:
    """A CSV of `size` pairs of individuals a stratum, drawn with `seed`; pairs and strata are remembered
    in the folder."""
    pairs = _pairs(folder)
    chosen: list[dict[str, object]] = []
    sizes = {}
    for name, _ in _STRATA:
        part = pairs.filter(pl.col("stratum") == name)
        sizes[name] = part.height
        picked = _dice(f"{seed}/{name}").sample(range(part.height), min(size, part.height))
        chosen += part[sorted(picked)].iter_rows(named=True)
    _dice(str(seed)).shuffle(chosen)
    kept = {
        "seed": seed,
        "sizes": sizes,
        "pairs": [[c["left_record"], c["right_record"], c["stratum"]] for c in chosen],
    }
    (folder / "review.json").write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    return _csv(folder, chosen)


def _dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a reproducible sample, no secret


def _pairs(folder: Path) -> pl.DataFrame:
    """Pairs that decide the count of individuals: merged ones, open ones between two clusters, and those that only
    Splink joins; each with its stratum."""
    edges = pl.scan_parquet(folder / "edges" / "*.parquet")
    people = (
        pl.scan_parquet(folder / "clusters" / "*.parquet")
        .filter(pl.col("kind") == "person")
        .select("cluster")
    )
    counted = edges.filter(pl.col("accepted") | ~pl.col("settled"))
    listed = counted.select(*_KEPT, "accepted", "probability").collect()
    pairs = pl.concat([listed.with_columns(stratum=_stratum()), _otherwise(folder, listed)], how="diagonal")
    known = pairs.unique(["left_record", "right_record"], keep="last", maintain_order=True)
    mine = known.lazy()
    for end in ("left", "right"):
        mine = mine.join(people, left_on=f"{end}_cluster", right_on="cluster", how="semi")
    return mine.sort("left_record", "right_record").collect()


_KEPT = ("left_record", "right_record", "left_cluster", "right_cluster", "reason")


def _stratum() -> pl.Expr:
    merged = pl.when(pl.col("probability") >= _SURE).then(pl.lit("merged_certain"))
    return pl.when("accepted").then(merged.otherwise(pl.lit("merged_probable"))).otherwise(pl.lit("open"))


def _otherwise(folder: Path, listed: pl.DataFrame) -> pl.DataFrame:
    """The pairs that Splink sees otherwise; one that is open here already stays so."""
    path = folder / second_opinion.PAIRS
    if not path.exists():
        return listed.clear().select(*_KEPT, stratum=pl.lit("open"))
    found = pl.read_parquet(path).select(*_KEPT, "stratum")
    clusters = ["left_cluster", "right_cluster"]
    already = listed.filter(~pl.col("accepted")).select(
        left_cluster=pl.min_horizontal(clusters), right_cluster=pl.max_horizontal(clusters)
    )
    return found.join(already, on=clusters, how="anti")


def _csv(folder: Path, chosen: list[dict[str, object]]) -> str:
    wanted = {str(pair[end]) for pair in chosen for end in ("left_record", "right_record")}
    pieces = pl.scan_parquet(folder / "work" / "pieces" / "*.parquet")
    rows = pieces.filter(pl.col("record").is_in(list(wanted))).select(
        "record", "name", "kana", "address", "point"
    )
    known = {row["record"]: row for row in rows.collect().iter_rows(named=True)}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEAD)
    for number, pair in enumerate(chosen, start=1):
        ends = known[str(pair["left_record"])], known[str(pair["right_record"])]
        point = "はい" if ends[0]["point"] and ends[0]["point"] == ends[1]["point"] else "いいえ"
        cells = [
            second_opinion.safe(end[name]) for end in ends for name in ("record", "name", "kana", "address")
        ]
        writer.writerow([number, pair["stratum"], *cells, point, reasons.words(str(pair["reason"])), ""])
    return "\ufeff" + out.getvalue()


def take_in(folder: Path, text: str) -> Correction:
    """The judged CSV back; raises UnableToReadReview with the line when it is not the sample that was
    exported."""
    kept = json.loads(_sample(folder))
    judged = _judgements(text, kept["pairs"])
    strata = {}
    for name, pairs in kept["sizes"].items():
        verdicts = [
            verdict for (*_, stratum), verdict in zip(kept["pairs"], judged, strict=True) if stratum == name
        ]
        decided = [verdict for verdict in verdicts if verdict != UNKNOWN]
        strata[name] = Stratum(pairs, len(decided), decided.count(SAME))
    made = _corrected(folder, strata)
    (folder / "reviewed.json").write_text(json.dumps(asdict(made), ensure_ascii=False), encoding="utf-8")
    return made


def _sample(folder: Path) -> str:
    try:
        return (folder / "review.json").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UnableToReadReview(
            f"{folder} から書き出した確認用の標本がありません", f"no sample was exported from {folder}"
        ) from error


def _judgements(text: str, pairs: list[list[str]]) -> list[str]:
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:]
    given = {line[0]: line for line in lines if line}
    verdicts = []
    for number, (left, right, _) in enumerate(pairs, start=1):
        line = given.get(str(number))
        if (
            line is None
            or len(line) != len(_HEAD)
            or (line[2].lstrip("'"), line[6].lstrip("'")) != (left, right)
        ):
            raise UnableToReadReview(
                f"番号 {number} の行が書き出した標本と違います（記録 {left} と {right} のはずです）",
                f"line {number} is not the exported one (records {left} and {right})",
            )
        verdicts.append(_verdict(number, line[-1].strip()))
    return verdicts


def _verdict(number: int, written: str) -> str:
    if written in ("", UNKNOWN, "unknown"):
        return UNKNOWN
    if written.lower() not in _JUDGED:
        raise UnableToReadReview(
            f"番号 {number} の判定 {written!r} を読めません（同・別・不明）",
            f"line {number}: {written!r} is no verdict",
        )
    return _JUDGED[written.lower()]


def _corrected(folder: Path, strata: dict[str, Stratum]) -> Correction:
    """Merged pairs that are two customers raise the count; open pairs that are one lower it."""
    made = counts.from_json((folder / "counts.json").read_text(encoding="utf-8"))
    value = made.figures["total"]["individuals"].value
    change, variance = 0.0, 0.0
    for name, accepted in _STRATA:
        stratum = strata.get(name, Stratum(0, 0, 0))
        share, spread = _share(stratum)
        wrong = 1.0 - share if accepted else share
        change += stratum.pairs * wrong * (1 if accepted else -1)
        variance += stratum.pairs**2 * spread
    margin = 1.96 * math.sqrt(variance)
    estimate = value + change
    return Correction(value, estimate, math.floor(estimate - margin), math.ceil(estimate + margin), strata)


def _share(stratum: Stratum) -> tuple[float, float]:
    """The share that is one customer and its variance; a sample of nothing says nothing (Agresti–Coull
    else)."""
    if stratum.judged == 0:
        return 0.5, 1.0 / 12.0 if stratum.pairs else 0.0
    if stratum.judged == stratum.pairs:
        return stratum.same / stratum.judged, 0.0
    count = stratum.judged + 4.0
    centre = (stratum.same + 2.0) / count
    left = 1.0 - stratum.judged / stratum.pairs
    return stratum.same / stratum.judged, centre * (1.0 - centre) / count * left
