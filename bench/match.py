"""名寄せ on generated populations with truth: F1, B³, count error, slices, time and memory, beside rivals."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from bench._measured import Measured, machine, measured
from sekisho.matching import lexicon, readings
from sekisho.matching.population import Order, Score, counterpart, generate, score
from sekisho.matching.population.writer import RECORDS, TRUTH

RIVALS = ("raw", "normalised", "reading", "splink", "splink-blocks")
SLICES = ("kana_kanji", "family", "roomless", "variant", "company", "device")
# chosen on a population of seed 9 (100,000 records), where it gave Splink, used either way, its best F1
SPLINK_THRESHOLD = 0.5
_SPLINK_RECORDS = 300_000


@dataclass(frozen=True)
class Case:
    """One population and who is to be measured on it."""

    options: argparse.Namespace
    folder: Path
    manifest: dict[str, Any]

    @property
    def leave_out(self) -> list[str]:
        """Dictionaries that the names were drawn from and the matcher must not read."""
        return list(self.manifest["leave_out"])

    @property
    def population(self) -> Path:
        return self.folder / RECORDS

    @property
    def sources(self) -> list[str]:
        """The dictionaries that the matcher and its rivals may read."""
        return [source for source in readings.SOURCES if source not in self.leave_out]


def run(argv: list[str]) -> dict[str, Any]:
    """Generate a population, run the matcher and the rivals on it; figures by contender."""
    options = _options(argv)
    if options.folder is not None:
        return _measure(options, options.folder)
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-match-") as folder:
        return _measure(options, Path(folder))


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sekisho bench match", description=__doc__)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dictionary", choices=("same", "independent"), default="independent")
    parser.add_argument(
        "--area", default="japan", help="japan, or 01 to 10; the counterpart has one of its own"
    )
    parser.add_argument(
        "--generator",
        choices=("first", "counterpart"),
        default="first",
        help="counterpart: the second generator, written without knowledge of the matcher",
    )
    parser.add_argument("--no-points", dest="points", action="store_false")
    parser.add_argument(
        "--rivals", default="raw,normalised", help=f"any of {','.join(RIVALS)}; none for no rival"
    )
    parser.add_argument(
        "--splink-records", type=int, default=_SPLINK_RECORDS, help="at most so many for Splink"
    )
    parser.add_argument("--splink-threshold", type=float, default=SPLINK_THRESHOLD)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--folder", type=Path, help="keep population and results there; a finished population is reused"
    )
    options = parser.parse_args(argv)
    options.rivals = [name for name in options.rivals.split(",") if name and name != "none"]
    if unknown := set(options.rivals) - set(RIVALS):
        parser.error(f"no such rival: {', '.join(sorted(unknown))}")
    return options


def _measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    case = _case(options, folder, options.records)
    contenders = {"sekisho": _sekisho(case)}
    for rival in options.rivals:
        # Splink gets a population of its own when the other is larger than it can chew
        size = min(options.splink_records, options.records) if rival.startswith("splink") else options.records
        contenders[rival] = _rival(_case(options, folder, size), rival)
    figures = {
        "population": _described(case),
        "machine": machine(),
        "contenders": contenders,
        "remark": "no public labelled Japanese kanji/kana linkage set exists: all populations are generated",
    }
    _show(figures)
    return figures


def _case(options: argparse.Namespace, folder: Path, records: int) -> Case:
    place, manifest = _generated(options, folder, records)
    case = Case(options, place, manifest)
    lexicon.opened(sources=case.sources)  # built at install time, so not part of the run
    return case


def _generated(options: argparse.Namespace, folder: Path, records: int) -> tuple[Path, dict[str, Any]]:
    """The folder of the population, made unless it is there, and its manifest."""
    if options.generator == "counterpart":
        return _counterpart(options, folder, records)
    order = Order(
        seed=options.seed,
        records=records,
        dictionary=options.dictionary,
        area=options.area,
        points=options.points,
    )
    place = folder / f"{records}-{order.seed}-{order.dictionary}-{order.area}-{int(order.points)}"
    return place, generate(order, place)


def _counterpart(options: argparse.Namespace, folder: Path, records: int) -> tuple[Path, dict[str, Any]]:
    place = folder / f"counterpart-{records}-{options.seed}-{options.dictionary}-{int(options.points)}"
    made = place / "manifest.json"
    if made.exists():
        return place, json.loads(made.read_text(encoding="utf-8"))
    manifest = counterpart.generate(
        records=records,
        seed=options.seed,
        folder=place,
        dictionary=options.dictionary,
        points=options.points,
    )
    return place, manifest


def _described(case: Case) -> dict[str, Any]:
    options, manifest = case.options, case.manifest
    return {
        "records": manifest["records"],
        "truths": manifest["truth"]["all"],
        "seed": options.seed,
        "dictionary": options.dictionary,
        "left_out_of_the_matcher": manifest["leave_out"],
        "points": options.points,
        "area": options.area,
        "generator": options.generator,
    }


def _sekisho(case: Case) -> dict[str, Any]:
    out = case.folder / "matched"
    spec = {
        "population": str(case.population),
        "out": str(out),
        "leave_out": case.leave_out,
        "workers": case.options.workers,
    }
    _remove(out)
    found = measured([sys.executable, "-m", "bench._match_child", json.dumps(spec)])
    said = json.loads(found.output.strip().splitlines()[-1])
    clusters = pl.scan_parquet(out / "records" / "*.parquet").select(
        record_id=pl.col("record").cast(pl.Int64), cluster="cluster"
    )
    scores = _scores(case, clusters.collect())
    people = said["table"]["figures"]["total"]["individuals"]
    true_people = sum(cell["all"] for cell in case.manifest["truth"]["table"]["person"].values())
    return _figures(found, scores) | {
        "rejected": said["rejected"],
        "stages": _stages(said["stages"], said["rows"]),
        "people": _people(people, true_people),
    }


def _stages(noted: dict[str, dict[str, float]], rows: int) -> dict[str, dict[str, float]]:
    """Seconds of the whole by stage, and processor microseconds a record of the tasks."""
    whole = {stage: round(seconds, 2) for stage, seconds in noted["whole"].items()}
    tasks = {stage: round(seconds / rows * 1e6, 2) for stage, seconds in noted["tasks"].items()}
    return {"seconds": whole, "cpu_us_a_record": tasks}


def _people(found: dict[str, Any], truth: int) -> dict[str, Any]:
    """The individuals' figure beside the truth: how far the clusters are off, and how far the estimate is."""
    kept = ("value", "certain", "probable", "unresolved", "estimate", "low", "high")
    return {key: found[key] for key in kept} | {
        "truth": truth,
        "count_error": round((found["value"] - truth) / truth, 5),
        "estimate_error": round((found["estimate"] - truth) / truth, 5),
        "within": found["low"] <= truth <= found["high"],
    }


def _rival(case: Case, rival: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-rival-") as folder:
        out = Path(folder) / "clusters.parquet"
        spec = {
            "rival": rival,
            "population": str(case.population),
            "sources": case.sources,
            "points": case.options.points,
            "threshold": case.options.splink_threshold,
            "out": str(out),
        }
        found = measured([sys.executable, "-m", "bench._rivals", json.dumps(spec)])
        scores = _scores(case, pl.read_parquet(out).with_columns(pl.col("record_id").cast(pl.Int64)))
    return _figures(found, scores)


def _scores(case: Case, clusters: pl.DataFrame) -> dict[str, Score]:
    joined = pl.read_parquet(case.folder / TRUTH).join(clusters, on="record_id", how="left")
    if lost := joined["cluster"].null_count():
        raise AssertionError(f"{lost} records came back without a cluster")
    return score(joined)


def _figures(found: Measured, scores: dict[str, Score]) -> dict[str, Any]:
    everyone = scores["all"].as_dict()
    return {
        "records": everyone["records"],
        "seconds": round(found.seconds, 1),
        "cpu_seconds": round(found.cpu_seconds, 1),
        "cpu_us_a_record": round(found.cpu_seconds / everyone["records"] * 1e6, 1),
        "load": round(found.load, 1),
        "peak_mb": round(found.peak_mb),
        **{key: _rounded(value) for key, value in everyone.items() if key != "records"},
        "slices": {name: _slice(one) for name, one in scores.items() if name != "all"},
    }


def _slice(one: Score) -> dict[str, Any]:
    kept = ("records", "truths", "f1", "precision", "recall", "count_error")
    return {key: _rounded(one.as_dict()[key]) for key in kept}


def _rounded(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True) if folder.exists() else ():
        path.rmdir() if path.is_dir() else path.unlink()


def _show(figures: dict[str, Any]) -> None:
    said = figures["population"]
    title = (
        f"{said['records']:,} records, {said['truths']:,} truths, seed {said['seed']}, {said['dictionary']}"
    )
    table = Table(title=title)
    columns = ("", "records", "s", "CPU s", "load", "MB", "F1", "precision", "recall", "B³", "count", *SLICES)
    for column in columns:
        table.add_column(column, justify="left" if not column else "right")
    for name, one in figures["contenders"].items():
        table.add_row(name, *_cells(one))
    console = Console(stderr=True, width=160)
    console.print(table)
    for unit, by_stage in figures["contenders"]["sekisho"]["stages"].items():
        console.print(f"{unit}: {', '.join(f'{stage} {value}' for stage, value in by_stage.items())}")


def _cells(one: dict[str, Any]) -> Sequence[str]:
    shares = (one[key] for key in ("f1", "precision", "recall", "b3_f1"))
    slices = (one["slices"].get(name, {}).get("f1") for name in SLICES)
    return (
        f"{one['records']:,}",
        f"{one['seconds']:.0f}",
        f"{one['cpu_seconds']:.0f}",
        f"{one['load']:.1f}",
        f"{one['peak_mb']:,}",
        *(_share(value) for value in shares),
        f"{one['count_error']:+.3%}",
        *(_share(value) for value in slices),
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
