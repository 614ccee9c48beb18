"""The demonstration's own files, written by another generator than the one the matcher was tuned on: the truth beside
them lies within the bounds."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from sekisho.demo import Area, generate
from sekisho.matching import Result, match
from sekisho.matching.population import score


def sheet(path: Path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp932")
    return list(csv.DictReader(text.splitlines()))


def rows_of(area: Area) -> pl.DataFrame:
    """A record for each row of the parties' files, with the place and the application of its contract."""
    folder = area.directory
    places = {
        row["契約番号"]: row for name in ("places", "places_legacy") for row in sheet(folder / f"{name}.csv")
    }
    contracts = {row["contract_no"]: row for row in sheet(folder / "contracts.csv")}
    records = []
    for party in [row for name in ("parties", "parties_legacy") for row in sheet(folder / f"{name}.csv")]:
        contract = party["契約番号"]
        begun = contracts[contract]["valid_from"] == party["適用開始日"]
        place = places[contract]
        records.append(
            {
                "record_id": f"{contract}/{party['適用開始日']}",
                "name": party["契約名義"],
                "kana": party["契約名義カナ"],
                "address": f"{place['供給場所住所']} {place['建物名・部屋']}".strip(),
                "postal_code": place["郵便番号"],
                "phone": party["連絡先電話番号"],
                "point": party["供給地点特定番号"],
                "system": "1",
                "application": contracts[contract]["application_type"] if begun else "07",
                "start": party["適用開始日"],
                "end": party["適用終了日翌日"],
            }
        )
    return pl.DataFrame(records)


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Area:
    return generate(tmp_path_factory.mktemp("area"), points=600, until=date(2026, 11, 22), usage_days=0)


@pytest.fixture(scope="module")
def result(area: Area) -> Result:
    source = area.directory / "matching.parquet"
    rows_of(area).write_parquet(source)
    return match(source, out=area.directory / "matched", workers=1)


def test_the_truth_s_count_of_people_lies_within_the_bounds(area: Area, result: Result) -> None:
    people = result.table.figures["total"]["individuals"]
    assert people.low <= area.counts["person_at_address"] <= people.high


def test_pairs_are_mostly_right_in_both_directions(area: Area, result: Result) -> None:
    truth = pl.DataFrame(sheet(area.truth / "records.csv")).select(
        record=pl.concat_str("contract_no", pl.lit("/"), "valid_from"),
        truth_id=pl.concat_str("truth_id", pl.lit("@"), "address_id"),
    )
    found = result.records.select("record", "cluster").collect().join(truth, on="record")
    assert found.height == result.rows
    whole = score(found, slices=False)["all"]
    assert (whole.precision or 0.0) > 0.98
    assert (whole.recall or 0.0) > 0.98
