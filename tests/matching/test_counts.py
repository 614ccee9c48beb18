"""The table of seed 000: its arithmetic, its parts, and that it refuses to print what does not add up."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from sekisho.matching import counts, parties
from sekisho.matching.errors import UnableToReconcile

# The report of 2026-06: 万 by system (① only, ② only, both); persons, then contracts of companies and devices.
SEED = {"person": {"first": 899, "second": 53, "both": 51}, "other": {"first": 317, "second": 26, "both": 8}}
RUNNING = {"person": 560, "other": 154}
DEVICES = 146
PRINTED = """\
① 託送システム  899万  317万  1,216万
② スイッチング支援システム  53万  26万  79万
③ 両方のシステムに登録  51万  8万  59万
合計  1,003万（560万）  351万（154万）  1,354万（714万）"""


def population() -> pl.DataFrame:
    """One cluster for every ten thousand of the seed's table: the clusters table that a matching would have written."""
    lines = []
    for group, systems in SEED.items():
        running, devices = RUNNING[group], DEVICES if group == "other" else 0
        for system, amount in systems.items():
            for _ in range(amount):
                kind = "person" if group == "person" else "device" if devices > 0 else "company"
                devices, running = devices - 1, running - 1
                lines.append((kind, system in ("first", "both"), system in ("second", "both"), running >= 0))
    frame = pl.DataFrame(lines, schema=["kind", "first", "second", "running"], orient="row").with_row_index(
        "cluster"
    )
    return frame.with_columns(
        lamp=(pl.col("kind") == "device") & (pl.col("cluster") % 2 == 0),
        signal=(pl.col("kind") == "device") & (pl.col("cluster") % 2 == 1),
        level=pl.when(pl.col("cluster") % 50 == 0)
        .then(pl.lit("probable"))
        .when(pl.col("cluster") % 70 == 1)
        .then(pl.lit("unresolved"))
        .otherwise(pl.lit("certain")),
        records=pl.lit(2),
        contracts=pl.lit(1),
        keeper=(pl.col("kind") == "person") & (pl.col("cluster") % 100 == 0),
        unplaced=pl.lit(0),
        undated=pl.lit(0),
        excess=pl.when(pl.col("cluster") % 70 == 1).then(0.3).otherwise(0.0),
        missing=pl.when(pl.col("cluster") % 50 == 0).then(0.1).otherwise(0.0),
        spread=pl.lit(0.02),
        beside=pl.lit(0.0),
        told=pl.lit(0.0),
        by_event=pl.lit(0.0),
    )


def made() -> counts.Table:
    return counts.table(parties.cells(population()), rows=2 * 1354)


def test_the_seeds_table_is_reproduced_from_a_population_of_its_proportions() -> None:
    scaled = parties.cells(population()).with_columns(
        pl.col("clusters", "contracts", "records", "keepers") * 10_000
    )
    table = counts.table(scaled, rows=2 * 13_540_000)
    assert counts.to_text(table, unit=10_000) == PRINTED
    assert (table.devices, table.lamps + table.signals) == (1_460_000, 1_460_000)
    assert table.sole_proprietors == 110_000


def test_every_figure_is_the_sum_of_what_is_certain_probable_and_unresolved() -> None:
    total = made().figures["total"]["all"]
    assert total.value == 1354 == total.certain + total.probable + total.unresolved
    assert total.probable > 0 < total.unresolved


def test_the_estimate_lies_between_its_bounds_and_follows_the_doubts() -> None:
    people = made().figures["total"]["individuals"]
    assert people.low <= people.estimate <= people.high
    assert people.estimate != people.value


def beside(pairs: float, *, told: float = 0.0, by_event: float = 0.0) -> counts.Figure:
    """The individuals' figure when so many pairs of the first cell stand beside one another, and events told so many."""
    cells = parties.cells(population())
    first = (pl.int_range(pl.len()) == 0) & (pl.col("kind") == "person").first()
    people = cells.sort("kind", descending=True).with_columns(
        beside=pl.when(first).then(pairs).otherwise(0.0),
        told=pl.when(first).then(told).otherwise(0.0),
        by_event=pl.when(first).then(by_event).otherwise(0.0),
    )
    return counts.table(people, rows=2 * 1354).figures["total"]["individuals"]


def test_the_more_an_event_alone_shows_the_more_is_hidden_where_none_happened() -> None:
    little, much = beside(50.0, told=5_000.0, by_event=10.0), beside(50.0, told=5_000.0, by_event=500.0)
    assert much.estimate < little.estimate < beside(0.0).estimate


def test_the_more_pairs_nothing_but_a_name_joins_the_wider_the_bounds() -> None:
    few, many = beside(10.0), beside(400.0)
    assert many.high - many.low > few.high - few.low


def width(**silent: int) -> int:
    """Of the individuals' bounds when each cluster has so many records that do not say where or when."""
    said = population().with_columns(**{name: pl.lit(count) for name, count in silent.items()})
    people = counts.table(parties.cells(said), rows=2 * 1354).figures["total"]["individuals"]
    return people.high - people.low


def test_bounds_are_wider_the_more_records_do_not_say_where_or_when() -> None:
    assert width() < width(unplaced=1) < width(unplaced=2) < width(undated=2) < width(unplaced=2, undated=2)


def test_contracts_of_devices_and_companies_are_not_in_doubt() -> None:
    companies = made().figures["total"]["companies"]
    assert companies.low == companies.high == companies.value == 351


def test_a_record_that_was_lost_stops_the_table() -> None:
    with pytest.raises(UnableToReconcile, match="記録の数"):
        counts.table(parties.cells(population()), rows=2 * 1354 + 1)


@pytest.mark.parametrize("row", ["first", "second", "both", "total"])
def test_a_figure_that_does_not_add_up_stops_the_table(row: str) -> None:
    table = made()
    wrong = replace(table.figures[row]["individuals"], value=table.figures[row]["individuals"].value + 1)
    figures = table.figures | {row: table.figures[row] | {"individuals": wrong}}
    with pytest.raises(UnableToReconcile):
        counts.reconcile(replace(table, figures=figures), rows=table.records)


def test_the_table_survives_its_file() -> None:
    assert counts.from_json(counts.to_json(made())) == made()


@pytest.mark.parametrize(("value", "text"), [(8_994_999, "899万"), (8_995_000, "900万"), (0, "0万")])
def test_tens_of_thousands_are_rounded_half_up(value: int, text: str) -> None:
    assert counts.scaled(value, 10_000) == text
