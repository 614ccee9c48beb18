"""`./sekisho bench gates`: every reading gate at the size of a demonstration area, slowest first.

Looks for what does not stay fast when the area grows: each list in each order and direction, each optional filter alone, each look-up with a
value that somebody has. A gate that collects or sorts everything before it hands out a page shows here, whatever its plan looked like at a
hundred points. There is no rival; `gate` compares three of these reads with one.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench._measured import machine
from sekisho.barrier.audiences import AUDIENCE
from sekisho.barrier.gate import Gate, Param
from sekisho.barrier.gateway import Gateway, Page
from sekisho.barrier.ticket import Caller
from sekisho.server import EmbeddedServer, Installation
from sekisho.settings import deploy
from sekisho.settings.home import Home
from sekisho.settings.inventory import GATES

Connection = psycopg.Connection[Any]

CALLS = 3
PAGE = 50
ONE = """
select c.point, c.contract_no, c.customer_no, q.name_key as name, q.phone_key as phone, l.address_key as address, t.menu_code as menu
  from (select * from registry.contract where state = 'running' and (%(company)s::text is null or holder = %(company)s)
         order by md5(contract_no) limit 20) c
  join registry.party q on q.contract_no = c.contract_no and upper_inf(q.valid)
  join registry.place l on l.contract_no = c.contract_no and upper_inf(l.valid)
  left join registry.terms t on t.contract_no = c.contract_no and upper_inf(t.valid)
 order by q.phone_key = '', c.contract_no limit 1
"""
"""A running contract that is asked for, of the company if it is a retailer."""
LOOK_UP = {"find_by_point": "point", "find_by_customer": "customer_no", "find_by_name": "name", "find_by_phone": "phone", "find_by_address": "address"}  # fmt: skip
FIXED = {"state": "ended", "kind": "company"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One way to call a gate."""

    gate: Gate[Any]
    caller: Caller
    given: Mapping[str, Any]
    page: Page | None
    label: str


def run(argv: list[str]) -> dict[str, Any]:
    """Build the area unless it is there, ask everything, list what took longest."""
    parser = argparse.ArgumentParser(prog="sekisho bench gates")
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument(
        "--at", type=Path, help="a demonstration's home: used as it is, or kept for the next run"
    )
    parser.add_argument("--show", type=int, default=20, help="so many of the slowest")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as scratch:
        home = Home(options.at or Path(scratch) / "home")
        if not home.root.exists():
            subprocess.run(
                [sys.executable, "-m", "sekisho", "demo", "--home", str(home.root), "--points", str(options.points), "--no-serve"],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        conninfo = Installation(home).open()
        try:
            return {"machine": machine(), **_measure(conninfo, home, options.show)}
        finally:
            EmbeddedServer(home).stop()


def _measure(conninfo: str, home: Home, show: int) -> dict[str, Any]:
    with psycopg.connect(conninfo, autocommit=True) as conn, ExitStack() as stack:
        now = _value(conn, "select barrier.now()")
        doors = {
            code: stack.enter_context(
                Gateway(deploy.login_conninfo(conninfo, home, audience.logins[0]), deploy.ticket_key(home, code),
                        application="sekisho bench", max_connections=1)
            ) for code, audience in AUDIENCE.items()
        }  # fmt: skip
        found = [
            {**_described(asked), **_timed(doors[asked.gate.audience], asked, now)}
            for asked in _everything(conn, now)
        ]
        sizes = {
            table: _value(conn, f"select count(*) from {table}")
            for table in ("registry.point", "registry.contract", "metering.usage_day", "ledger.passage")
        }
    found.sort(key=lambda row: -row["ms"])
    times = [row["ms"] for row in found]
    return {"rows": sizes, "calls": len(found), "median_ms": round(statistics.median(times), 2), "slowest": found[:show]}  # fmt: skip


def _everything(conn: Connection, now: datetime) -> Iterator[Asked]:
    permits = {
        (audience, purpose): (person, company)
        for audience, purpose, person, company in conn.execute(
            "select audience, purpose, person, company from barrier.permit where valid @> %s order by granted_at desc", [now.date()]
        )
    }  # fmt: skip
    case_no = _value(conn, "select max(case_no) from barrier.case_file")
    for gate in GATES:
        for purpose in gate.purposes if isinstance(gate, Gate) else ():
            person, company = permits[gate.audience, purpose]
            caller = Caller(audience=gate.audience, company=company, person=person, purpose=purpose,
                            case_no=case_no if purpose == "disaster" else None)  # fmt: skip
            yield from _calls(gate, caller, _values(conn, gate, company, now.date()))


def _values(conn: Connection, gate: Gate[Any], company: str, today: date) -> dict[str, Any]:
    """A value that somebody has, for each parameter that can be known."""
    cursor = conn.execute(ONE, {"company": company if gate.audience == "retailer" else None})
    one = dict(
        zip([column.name for column in cursor.description or ()], cursor.fetchone() or (), strict=True)
    )
    month = {"first": today - timedelta(days=31), "until": today, "on": today}
    return {**one, **month, **FIXED, "value": one.get(LOOK_UP.get(gate.name, ""))}


def _calls(gate: Gate[Any], caller: Caller, values: Mapping[str, Any]) -> Iterator[Asked]:
    needed = {param.name: values.get(param.name) for param in gate.params if param.default is None}
    if None in needed.values():
        return  # a number that only an earlier answer tells
    if not gate.sorts:
        yield Asked(gate, caller, needed, None, "")
        return
    for sort in gate.sorts:
        for down in (False, True):
            yield Asked(
                gate,
                caller,
                needed,
                Page(sort=sort, descending=down, size=PAGE),
                f"by {sort}{' desc' * down}",
            )
    page = Page(sort=next(iter(gate.sorts)), descending=False, size=PAGE)
    for param in _optional(gate, values):
        yield Asked(gate, caller, {**needed, param.name: values[param.name]}, page, f"with {param.name}")


def _optional(gate: Gate[Any], values: Mapping[str, Any]) -> Iterator[Param]:
    return (
        param for param in gate.params if param.default is not None and values.get(param.name) is not None
    )


def _timed(door: Gateway, asked: Asked, now: datetime) -> dict[str, Any]:
    """The quickest of a few calls: the others paid for reading from disk and for planning."""
    times: list[float] = []
    for _ in range(CALLS):
        started = time.perf_counter()
        if asked.page is None:
            rows = len(door.read(asked.gate, asked.caller, now=now, **asked.given))
        else:
            rows = len(door.page(asked.gate, asked.caller, asked.page, now=now, **asked.given).rows)
        times.append(time.perf_counter() - started)
    return {"rows": rows, "ms": round(min(times) * 1000, 2)}


def _described(asked: Asked) -> dict[str, str]:
    return {
        "gate": asked.gate.name,
        "audience": asked.caller.audience,
        "purpose": asked.caller.purpose,
        "call": asked.label,
    }


def _value(conn: Connection, query: str) -> Any:
    row = conn.execute(query).fetchone()
    return None if row is None else row[0]
