"""Asking for another company's point reads as many pages as asking for a number that does not exist: the same work, the same time."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from registryworld import NEW, OLD, P2, Connection, flat_day, load_usage

UNKNOWN = "06" + "9" * 20
TABLES = ("party", "place", "terms", "meter", "equipment", "generation")
QUERIES = {
    **{f"registry.{table}": "" for table in ("contract", *TABLES)},
    **{f"registry.{table}_history": "" for table in ("contract", *TABLES)},
    "metering.usage_day": "and day >= '2025-03-01' and day < '2025-06-01'",
}


@pytest.fixture
def owner(area: Connection, database: str, tmp_path: Path) -> Any:
    load_usage(area, tmp_path, [flat_day(P2, date(2025, 3, 1) + timedelta(days=n)) for n in range(90)])
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("set enable_seqscan = off")  # the tables of a test are too small for an index
        connection.execute("set enable_bitmapscan = off")
        yield connection


def pages(owner: psycopg.Connection[Any], table: str, more: str, *, holder: str, point: str) -> int:
    statement = f"select * from {table} where holder = %s and point = %s {more}"
    for _ in range(2):  # what the first call reads of the catalog does not count
        found = owner.execute(f"explain (analyze, buffers, format json) {statement}", [holder, point])
    plan = (found.fetchone() or [[{}]])[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("table", QUERIES)
def test_a_foreign_point_reads_what_an_unknown_number_reads(
    owner: psycopg.Connection[Any], table: str
) -> None:
    foreign, unknown = (
        pages(owner, table, QUERIES[table], holder=NEW, point=point) for point in (P2, UNKNOWN)
    )
    assert foreign == unknown


def test_the_difference_would_be_noticed(owner: psycopg.Connection[Any]) -> None:
    of_its_holder = pages(owner, "metering.usage_day", QUERIES["metering.usage_day"], holder=OLD, point=P2)
    unknown = pages(owner, "metering.usage_day", QUERIES["metering.usage_day"], holder=OLD, point=UNKNOWN)
    assert of_its_holder > unknown


def test_a_point_s_contracts_are_found_without_reading_the_index_through(database: str) -> None:
    """Keys over periods have the point first: an index of that kind finds a later column only by reading everything."""
    with psycopg.connect(database) as connection:
        keys = connection.execute(
            "select c.conname, a.attname from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]"
            " where c.conrelid = 'registry.contract'::regclass and c.conperiod order by 1"
        ).fetchall()
    assert keys == [("contract_entitles", "point"), ("contract_one_at_a_time", "point")]
