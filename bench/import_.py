"""`./sekisho bench import`: points, contracts and usage from files, against bare COPY into the same tables.

The rival is what a programmer would do who trusts the file: COPY of finished columns, keys and periods included,
into tables with the same keys, by the same server. Ours reads the file as users have it, checks every row and
every reference, keeps out overlaps, and is repeatable. Both load into a fresh, fully installed database.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench._measured import cpu_seconds, machine
from sekisho.barrier.compiler import WORKER
from sekisho.barrier.connect import connect
from sekisho.kernel.folding import address_key, fold
from sekisho.metering.files import UsageDay, write_usage_csv
from sekisho.metering.importing import import_file
from sekisho.registry.files import write_csv
from sekisho.server import EmbeddedServer, postmaster
from sekisho.settings import deploy
from sekisho.settings.home import Home

Row = dict[str, Any]
Connection = psycopg.Connection[Any]

RETAILERS = 200
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FIRST_DAY = date(2026, 10, 1)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is loaded: points (and as many contracts), and days of usage of the first so many of them."""

    points: int
    usage_points: int
    days: int

    @property
    def rows(self) -> dict[str, int]:
        return {"points": self.points, "contracts": self.points, "usage": self.usage_points * self.days}


def run(argv: list[str]) -> dict[str, Any]:
    """Rows a second and processor time of both, and of the same files once more."""
    parser = argparse.ArgumentParser(prog="sekisho bench import")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--usage-points", type=int, default=10_000, help="so many of them have usage")
    parser.add_argument("--days", type=int, default=30, help="of usage")
    options = parser.parse_args(argv)
    size = Size(options.points, min(options.usage_points, options.points), options.days)
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as directory:
        home = Home(Path(directory) / "home")
        server = EmbeddedServer(home)
        try:
            server.ensure_running()
            return {"machine": machine(), **_measure(server, home, Path(directory), size)}
        finally:
            server.stop()


def _measure(server: EmbeddedServer, home: Home, directory: Path, size: Size) -> dict[str, Any]:
    _write_files(directory, size)
    watch = Watch(server, size.rows)
    with _database(server, home, "ours") as name, connect(name) as conn:
        _import(conn, directory, "retailers", "customers")
        first = watch.each(lambda kind: _import(conn, directory, kind))
        again = watch.each(lambda kind: _import(conn, directory, kind))
    with _database(server, home, "bare") as name, connect(name) as conn:
        _import(conn, directory, "retailers", "customers")
        # Row security forbids COPY to the worker: the rival is the server's owner.
        with connect(server.superuser_conninfo("bare"), autocommit=True) as owner:
            owner.execute("select metering.ensure_month(%s)", [FIRST_DAY])
            bare = watch.each(lambda kind: _copy(owner, directory, kind))
    return {
        kind: {
            "rows": rows,
            "import": first[kind],
            "same_file_again": again[kind],
            "bare_copy": bare[kind],
            "ratio": round(first[kind]["seconds"] / bare[kind]["seconds"], 2),
            "ratio_cpu": round(first[kind]["cpu_us_per_row"] / bare[kind]["cpu_us_per_row"], 2),
        }
        for kind, rows in size.rows.items()
    }


class Watch:
    """Takes wall time and the processor time of this process and of the server."""

    def __init__(self, server: EmbeddedServer, rows: dict[str, int]) -> None:
        found = postmaster.read_postmaster(data=server.data)
        assert found is not None
        self._server = psutil.Process(found.pid)
        self._rows = rows

    def each(self, load: Callable[[str], None]) -> dict[str, dict[str, Any]]:
        """Load every kind in turn."""
        return {kind: self._taken(lambda kind=kind: load(kind), rows) for kind, rows in self._rows.items()}

    def _taken(self, work: Callable[[], None], rows: int) -> dict[str, Any]:
        started, client, server = time.perf_counter(), time.process_time(), cpu_seconds(self._server)
        work()
        seconds = time.perf_counter() - started
        client, server = time.process_time() - client, cpu_seconds(self._server) - server
        return {
            "seconds": round(seconds, 2),
            "rows_per_s": round(rows / seconds),
            "cpu_us_per_row": round((client + server) / rows * 1e6, 1),
            "of_it_server": round(server / rows * 1e6, 1),
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


def _import(conn: Connection, directory: Path, *kinds: str) -> None:
    for kind in kinds:
        summary = import_file(conn, directory / f"{kind}.csv", by="bench", now=NOW)
        assert summary.rejected == 0, summary


def _write_files(directory: Path, size: Size) -> None:
    """Ours as users have them, the rival's with every column as it stands in the table."""
    write_csv("retailers", _retailers(), directory / "retailers.csv")
    write_csv("customers", _customers(size.points), directory / "customers.csv")
    write_csv("points", _points(size.points), directory / "points.csv")
    write_csv("contracts", _contracts(size.points), directory / "contracts.csv")
    write_usage_csv(_usage(size), directory / "usage.csv")
    for kind, rows in (
        ("points", _finished_points(size.points)),
        ("contracts", _finished_contracts(size.points)),
        ("usage", _finished_usage(size)),
    ):
        with (directory / f"{kind}.copy").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)


_FINISHED = {
    "points": ("registry.point", "point, kind, voltage_class, site_no, postal_code, address, building, address_key, recorded_at"),
    "contracts": ("registry.contract", "contract_no, point, holder, customer_no, application_type, valid, recorded_at"),
    "usage": ("metering.usage_day", "point, day, contract_no, holder, wh, recorded_at"),
}  # fmt: skip


def _finished_points(points: int) -> Iterator[Sequence[object]]:
    keys = {row["address"]: fold(address_key, row["address"]) for row in _points(min(points, 6_000))}
    return ((*row.values(), keys[row["address"]], NOW.isoformat()) for row in _points(points))


def _finished_contracts(points: int) -> Iterator[Sequence[object]]:
    for row in _contracts(points):
        *columns, valid_from = row.values()
        yield (*columns, f"[{valid_from},)", NOW.isoformat())


def _finished_usage(size: Size) -> Iterator[Sequence[object]]:
    holders = [(row["contract_no"], row["holder"]) for row in _contracts(size.usage_points)]
    for (contract_no, holder), (point, day, wh, _) in zip(
        _repeated(holders, size.days), _usage(size), strict=True
    ):
        yield point, day, contract_no, holder, "{" + ",".join(map(str, wh)) + "}", NOW.isoformat()


def _repeated(values: Iterable[Any], times: int) -> Iterator[Any]:
    return (value for value in values for _ in range(times))


def _copy(conn: Connection, directory: Path, kind: str) -> None:
    table, columns = _FINISHED[kind]
    statement = f"copy {table} ({columns}) from stdin (format csv)"
    with (directory / f"{kind}.copy").open("rb") as file, conn.cursor().copy(statement) as copy:
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


def _usage(size: Size) -> Iterator[UsageDay]:
    for n in range(size.usage_points):
        for day in range(size.days):
            wh = [200 + (slot * 37 + day * 11 + n) % 700 for slot in range(48)]
            yield f"06{n:020d}", FIRST_DAY + timedelta(days=day), wh, 0
