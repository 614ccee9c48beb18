"""Splink's second opinion as a clerk meets it: through the command, into the review sample."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from sekisho.matching.population import Order, generate
from sekisho.matching.population.writer import RECORDS
from sekisho.surfaces.cli.match import app

pytest.importorskip("splink", reason="the extra second-opinion is not installed")
Row = dict[str, str]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated population, matched and seen by Splink."""
    folder = tmp_path_factory.mktemp("second")
    generate(Order(seed=11, records=3_000, area="06"), folder)
    out = folder / "out"
    arguments = [str(folder / RECORDS), "-o", str(out), "--second-opinion", "--workers", "1", "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return out


@pytest.fixture(scope="module")
def sample(asked: Path) -> list[Row]:
    """Every pair that a clerk could be shown."""
    sheet = asked.parent / "sample.csv"
    done = CliRunner().invoke(
        app, ["review", "export", "-r", str(asked), "-o", str(sheet), "--size", "10000"]
    )
    assert done.exit_code == 0, done.output
    with sheet.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def together(asked: Path) -> Callable[[Row], bool]:
    """Whether the matcher itself put the two records of a pair into one cluster."""
    records = pl.read_parquet(asked / "records" / "*.parquet").select("record", "cluster")
    cluster = dict(records.iter_rows())
    return lambda row: cluster[row["記録A"]] == cluster[row["記録B"]]


@pytest.mark.parametrize(("stratum", "merged"), [("merged_splink_apart", True), ("splink_only", False)])
def test_what_splink_sees_otherwise_reaches_the_clerks(
    stratum: str, merged: bool, sample: list[Row], together: Callable[[Row], bool]
) -> None:
    shown = [row for row in sample if row["層"] == stratum]
    assert shown
    assert {together(row) for row in shown} == {merged}


def test_each_pair_is_in_one_stratum_and_all_are_remembered(asked: Path, sample: list[Row]) -> None:
    kept = json.loads((asked / "review.json").read_text(encoding="utf-8"))
    pairs = [tuple(sorted((row["記録A"], row["記録B"]))) for row in sample]
    assert len(set(pairs)) == len(pairs) == sum(kept["sizes"].values())
    told = pl.read_parquet(asked / "second_opinion.parquet")["stratum"].unique().to_list()
    assert set(told) == {"merged_splink_apart", "splink_only"}


def test_what_clerks_say_of_them_corrects_the_count(asked: Path, sample: list[Row]) -> None:
    """Called one, the pairs that only Splink joins lower the count by as many; called two, not at all."""
    counts = {}
    for verdict in ("同", "別"):
        judged = asked.parent / f"judged-{verdict}.csv"
        with judged.open("w", encoding="utf-8-sig", newline="") as lines:
            writer = csv.DictWriter(lines, sample[0])
            writer.writeheader()
            said = {True: verdict, False: "同"}
            writer.writerows(
                row | {"判定（同・別・不明）": said[row["層"] == "splink_only"]} for row in sample
            )
        done = CliRunner().invoke(app, ["review", "import", str(judged), "-r", str(asked), "--json"])
        assert done.exit_code == 0, done.output
        counts[verdict] = json.loads(done.stdout)["estimate"]
    joined = sum(row["層"] == "splink_only" for row in sample)
    assert counts["別"] - counts["同"] == pytest.approx(joined)
