"""`./sekisho bench import`: points and contracts from files, against bare COPY into the same tables.

The rival is what a programmer would do who trusts the file: COPY of finished columns, keys and periods included,
into tables with the same keys, by the same server. Ours reads the file as users have it, checks every row and
every reference, keeps out overlaps, and is repeatable. Both load into a fresh, fully installed database.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg

from sekisho.barrier.compiler import WORKER
from sekisho.barrier.connect import connect
from sekisho.kernel.folding import address_key, fold
from sekisho.metering.importing import import_file
from sekisho.registry.files import write_csv
from sekisho.server import EmbeddedServer
from sekisho.settings import deploy
from sekisho.settings.home import Home

Row = dict[str, Any]

RETAILERS = 200
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def run(argv: list[str]) -> dict[str, Any]:
    """Rows a second of both, and of the same file once more."""
    parser = argparse.ArgumentParser(prog="sekisho bench import")
    parser.add_argument("--points", type=int, default=100_000)
    points = parser.parse_args(argv).points
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as directory:
        server = EmbeddedServer(Home(Path(directory) / "home"))
        try:
            server.ensure_running()
            return _measure(server, Home(Path(directory) / "home"), Path(directory), points)
        finally:
            server.stop()


def _measure(server: EmbeddedServer, home: Home, directory: Path, points: int) -> dict[str, Any]:
    write_csv("retailers", _retailers(), directory / "retailers.csv")
    write_csv("customers", _customers(points), directory / "customers.csv")
    write_csv("points", _points(points), directory / "points.csv")
    write_csv("contracts", _contracts(points), directory / "contracts.csv")
    with _database(server, home, "ours") as name, connect(name) as conn:
        _import(conn, directory, "retailers", "customers")
        first = _timed(lambda: _import(conn, directory, "points", "contracts"))
        again = _timed(lambda: _import(conn, directory, "points", "contracts"))
    rows = 2 * points
    with _database(server, home, "bare") as name, connect(name) as conn:
        _import(conn, directory, "retailers", "customers")
        _finished(directory, points)
        # Row security forbids COPY to the worker: the rival is the server's owner.
        with connect(server.superuser_conninfo("bare")) as owner:
            bare = _timed(lambda: _copy(owner, directory))
    return {
        "points": points,
        "rows": rows,
        "import": {"seconds": round(first, 2), "rows_per_s": round(rows / first)},
        "same_file_again": {"seconds": round(again, 2), "rows_per_s": round(rows / again)},
        "bare_copy": {"seconds": round(bare, 2), "rows_per_s": round(rows / bare)},
        "import_speed_against_bare_copy": round(bare / first, 2),
    }


class _database:
    """A fresh installed database; entering gives the worker's connection string."""

    def __init__(self, server: EmbeddedServer, home: Home, name: str) -> None:
        self._server, self._home, self._name = server, home, name

    def __enter__(self) -> str:
        self._server.create_database(self._name)
        owner = self._server.superuser_conninfo(self._name)
        deploy.install(owner, self._home, now=NOW)
        return deploy.login_conninfo(owner, self._home, WORKER)

    def __exit__(self, *_: object) -> None:
        self._server.drop_database(self._name)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _import(conn: psycopg.Connection[Any], directory: Path, *kinds: str) -> None:
    for kind in kinds:
        summary = import_file(conn, directory / f"{kind}.csv", by="bench", now=NOW)
        assert summary.rejected == 0, summary


_FINISHED = {
    "registry.point": ("point", "kind", "voltage_class", "site_no", "postal_code", "address", "building", "address_key", "recorded_at"),
    "registry.contract": ("contract_no", "point", "holder", "customer_no", "application_type", "valid", "recorded_at"),
}  # fmt: skip


def _finished(directory: Path, points: int) -> None:
    """The rival's files: every column as it stands in the table."""
    stamp = NOW.isoformat()
    keys = {row["address"]: fold(address_key, row["address"]) for row in _points(min(points, 6_000))}
    point_rows = (
        [*(row[c] for c in _FINISHED["registry.point"][:-2]), keys[row["address"]], stamp]
        for row in _points(points)
    )
    contract_rows = (
        [*(row[c] for c in _FINISHED["registry.contract"][:-2]), f"[{row['valid_from']},)", stamp]
        for row in _contracts(points)
    )
    for name, rows in (("registry.point", point_rows), ("registry.contract", contract_rows)):
        with (directory / f"{name}.copy").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)


def _copy(conn: psycopg.Connection[Any], directory: Path) -> None:
    with conn.transaction():
        for table, columns in _FINISHED.items():
            statement = f"copy {table} ({', '.join(columns)}) from stdin (format csv)"
            with (directory / f"{table}.copy").open("rb") as file, conn.cursor().copy(statement) as copy:
                while data := file.read(1 << 20):
                    copy.write(data)


def _retailers() -> Iterator[Row]:
    for n in range(RETAILERS):
        yield {
            "code": f"{10_000 + n}",
            "registration_no": f"A{n:04d}",
            "name": f"架空でんき{n}",
            "valid_from": date(2016, 4, 1),
        }


def _customers(points: int) -> Iterator[Row]:
    return ({"customer_no": f"{n:014d}", "kind": "person"} for n in range(points))


def _points(points: int) -> Iterator[Row]:
    for n in range(points):
        address = f"架空府架空市中央{n % 9 + 1}丁目{n % 25 + 1}番{n % 20 + 1}号"
        yield {
            "point": f"06{n:020d}", "kind": "demand", "voltage_class": "LV", "site_no": f"S{n}",
            "postal_code": "5300001", "address": address, "building": "関所ハイツ 203",
        }  # fmt: skip


def _contracts(points: int) -> Iterator[Row]:
    for n in range(points):
        yield {
            "contract_no": f"C-{n:08d}-01", "point": f"06{n:020d}", "holder": f"{10_000 + n % RETAILERS}",
            "customer_no": f"{n:014d}", "application_type": "05", "valid_from": date(2024, 4, 1 + n % 28),
        }  # fmt: skip
