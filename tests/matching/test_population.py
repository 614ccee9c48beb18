"""The generator: same plan, same bytes; truth is a name at an address; the seed's proportions are exact."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from sekisho.kernel.errors import WrongUse
from sekisho.kernel.values import PointNumber
from sekisho.matching.population import (
    Order,
    Slice,
    UnableToContinuePopulation,
    chunk,
    generate,
    kana,
    organisations,
    variants,
)
from sekisho.matching.population.profile import BLOCK_SIZE

# 1 : 10,000 of seed 000's table, ten blocks of it
TABLE = {
    "person": {"1": (8990, 4750), "2": (530, 420), "both": (510, 430)},
    "company": {"1": (1840, 720), "2": (150, 120), "both": (60, 60)},
    "device": {"1": (1330, 550), "2": (110, 80), "both": (20, 10)},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("population")
    generate(Order(seed=11, parties=10 * BLOCK_SIZE, dictionary="independent"), place)
    return place


@pytest.fixture(scope="module")
def population(folder: Path) -> pl.DataFrame:
    records = pl.read_parquet(folder / "population.parquet")
    truth = pl.read_parquet(folder / "truth.parquet")
    assert records["record_id"].equals(truth["record_id"])
    return records.hstack(truth.drop("record_id"))


def test_the_seeds_table_is_reproduced_exactly(folder: Path) -> None:
    truth = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["truth"]
    found = {
        kind: {systems: (cell["all"], cell["running"]) for systems, cell in cells.items()}
        for kind, cells in truth["table"].items()
    }
    assert found == TABLE
    assert (truth["all"], truth["running"]) == (13540, 7140)


def test_every_slice_occurs(population: pl.DataFrame) -> None:
    seen = set(" ".join(population["slices"].unique().to_list()).split())
    assert seen == {str(tag.name).lower() for tag in Slice}


def test_a_tenth_of_the_records_turned_from_kana_to_kanji(population: pl.DataFrame) -> None:
    # seed 000: about 1.5 of 13.54 million
    kana_only = ~pl.col("name").str.contains(r"[\p{Han}A-Za-zＡ-Ｚａ-ｚ]")
    turned = population.filter(pl.col("slices").str.contains("kana_kanji") & kana_only)
    assert 0.1 < len(turned) / len(population) < 0.12


def test_telephones_are_known_to_the_second_system_alone_and_belong_to_nobody(
    population: pl.DataFrame,
) -> None:
    first, second = (population.filter(pl.col("system") == system)["phone"] for system in "12")
    assert first.null_count() == len(first)
    assert second.null_count() < 0.1 * len(second)
    digits = second.drop_nulls().str.replace_all("-", "")
    assert digits.str.contains(r"^0([789]0|6|52)0\d{7}$").all()


def test_supply_points_are_points_and_stay_at_their_address(population: pl.DataFrame) -> None:
    distinct = population["point"].unique().to_list()
    assert all(str(PointNumber(point)) == point for point in distinct[:500])
    codes = population.filter(pl.col("postal_code").is_not_null()).with_columns(
        code=pl.col("postal_code").str.replace("-", "")
    )
    assert codes.group_by("point").agg(pl.col("code").n_unique())["code"].max() == 1


def test_one_holder_at_a_time(population: pl.DataFrame) -> None:
    """Contracts of system ① at one supply point follow each other without overlapping."""
    ordered = population.filter(pl.col("system") == "1").sort("point", "start", "end", nulls_last=True)
    before = ordered.with_columns(
        earlier=pl.col("end").shift().over("point"), other=pl.col("truth_id").shift().over("point")
    ).filter(pl.col("other").is_not_null() & (pl.col("other") != pl.col("truth_id")))
    assert len(before) > 1000
    assert (before["earlier"] <= before["start"]).all()


def test_no_two_truths_share_name_and_address(population: pl.DataFrame) -> None:
    """The unit of the count: who writes the same full name at the same full address is one truth."""
    people = population.filter(pl.col("kind") == "person")
    same = people.group_by("name", "address").agg(pl.col("truth_id").n_unique())
    # a home that changed hands between namesakes in kana is possible, and rare
    assert (same["truth_id"] > 1).sum() < 0.001 * len(same)


def test_chunks_never_share_a_place() -> None:
    plan = Order(seed=3, parties=BLOCK_SIZE).plan()
    plan = chunk.Plan(plan.seed, "independent", "06", 3, 1, plan.profile)
    parts = [chunk.make(plan, number)[0] for number in range(3)]
    points = [set(part["point"].to_list()) for part in parts]
    assert len(points[0] | points[1] | points[2]) == sum(map(len, points))


def test_the_same_order_gives_the_same_rows_and_goes_on_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = Order(seed=5, records=7_000, dictionary="independent", blocks_a_chunk=2)
    generate(order, tmp_path / "whole")
    made: list[int] = []
    make = chunk.make

    def killed_at_the_second(plan: chunk.Plan, number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        made.append(number)
        if made == [0, 1]:
            raise KeyboardInterrupt
        return make(plan, number)

    monkeypatch.setattr(chunk, "make", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        generate(order, tmp_path / "killed")
    manifest = generate(order, tmp_path / "killed")
    assert made == [0, 1, 1]
    assert manifest["records"] == 7_000
    for name in ("population.parquet", "truth.parquet"):
        whole, killed = (pl.read_parquet(tmp_path / folder / name) for folder in ("whole", "killed"))
        assert whole.equals(killed)
    assert not (tmp_path / "killed" / "parts").exists()


def test_a_folder_of_another_order_is_left_alone(folder: Path) -> None:
    with pytest.raises(UnableToContinuePopulation):
        generate(Order(seed=12, records=100), folder)


@pytest.mark.parametrize(
    "order",
    [
        Order(seed=1, records=0),
        Order(seed=1, records=-5),
        Order(seed=1, parties=100),
        Order(seed=1, records=10, dictionary="other"),
        Order(seed=1, records=10, area="99"),
    ],
)
def test_orders_that_make_no_sense_are_refused(order: Order, tmp_path: Path) -> None:
    with pytest.raises(WrongUse):
        generate(order, tmp_path)


def test_without_points_no_record_has_one(tmp_path: Path) -> None:
    generate(Order(seed=2, records=3000, dictionary="independent", points=False), tmp_path)
    records = pl.read_parquet(tmp_path / "population.parquet")
    assert len(records) == 3000
    assert records["point"].null_count() == 3000
    assert records.schema["point"] == pl.String


@pytest.mark.parametrize(
    ("reading", "half", "bank", "large", "ear"),
    [
        ("ショウジ", "ｼｮｳｼﾞ", "ｼﾖｳｼﾞ", "シヨウジ", "ショージ"),
        ("オオノ", "ｵｵﾉ", "ｵｵﾉ", "オオノ", "オーノ"),
        ("ジェニー", "ｼﾞｪﾆｰ", "ｼﾞｴﾆ-", "ジエニー", "ジェニー"),
        ("ケイコ", "ｹｲｺ", "ｹｲｺ", "ケイコ", "ケーコ"),
        ("チヅコ", "ﾁﾂﾞｺ", "ﾁﾂﾞｺ", "チヅコ", "チズコ"),
    ],
)
def test_kana_as_back_offices_write_it(reading: str, half: str, bank: str, large: str, ear: str) -> None:
    assert kana.half_width(reading) == half
    assert kana.bank_half(reading) == bank
    assert kana.bank_full(reading) == large
    assert kana.by_ear(reading) == ear


@pytest.mark.parametrize(
    ("plain", "first", "second"),
    [
        ("高橋", "髙橋", "髙橋"),
        ("渡辺", "渡邉", "渡邊\U000e0101"),
        ("吉田", "𠮷田", "𠮷田"),
        ("佐藤", "佐藤", "佐藤"),
        ("辻", "辻", "辻\U000e0100"),
    ],
)
def test_variant_characters(plain: str, first: str, second: str) -> None:
    assert variants.first_form(plain) == first
    rare = variants.second_form(plain)
    assert rare.rstrip("\U000e0100\U000e0101\U000e0102") == second.rstrip("\U000e0100\U000e0101\U000e0102")
    assert len(rare) == len(second)


def test_corporate_numbers_have_a_right_check_digit() -> None:
    numbers = organisations.corporate_numbers(np.random.default_rng(1), 200)
    for number in numbers:
        digits = [int(digit) for digit in reversed(number[1:])]
        total = sum(digit * (1 if place % 2 == 0 else 2) for place, digit in enumerate(digits))
        assert len(number) == 13
        assert int(number[0]) == 9 - total % 9
