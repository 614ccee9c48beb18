"""`./sekisho bench gate`: what the barrier and the record cost, against the hand-written query without either.

The rival reads the same tables as a login that bypasses row security and writes no record, with the query that a programmer would write
(`where holder = …`). `ratio` compares what the gateway does (one pipeline) with what an application usually does (a transaction around
the query); `ratio_pipelined` gives the rival the gateway's pipeline, too, and so shows the server's own cost. Ratios are medians of pairs
measured in turn, in the same run; both sides let the driver prepare the statement and take rows in binary. The durable commit (fsync) of the record is reported apart: the ratios are taken without it.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from sekisho.barrier.audiences import PURPOSE
from sekisho.barrier.compiler import function_name, variant_for
from sekisho.barrier.connect import prepare
from sekisho.barrier.gate import Gate
from sekisho.barrier.gateway import call_text
from sekisho.barrier.ticket import Caller, sign
from sekisho.metering import gates as metering_gates
from sekisho.registry import gates as registry_gates
from sekisho.server import Installation
from sekisho.settings import deploy
from sekisho.settings.home import Home

FIRST = date(2026, 9, 1)
GOALS = {"point": 1.10, "page": 1.10, "portfolio": 1.25}

LOAD = """
set session_replication_role = replica;
insert into registry.retailer (code, registration_no, name)
  select to_char(10000 + r, 'FM00000'), 'A' || to_char(r, 'FM0000'), '小売' || r from generate_series(1, {retailers}) r;
insert into registry.point (point, kind, voltage_class, site_no, address)
  select '06' || lpad(p::text, 19, '0') || '0', 'demand', 'LV', 'S' || p, '架空県架空市' || p from generate_series(1, {points}) p;
insert into registry.customer (customer_no, kind) select lpad(p::text, 14, '0'), 'person' from generate_series(1, {points}) p;
insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid)
  select 'C-' || lpad(p::text, 7, '0'), '06' || lpad(p::text, 19, '0') || '0', to_char(10001 + p % {retailers}, 'FM00000'), lpad(p::text, 14, '0'), '05',
         daterange('2020-04-01', null) from generate_series(1, {points}) p;
insert into registry.party (contract_no, point, holder, customer_kind, name, name_kana, phone, name_key, kana_key, phone_key, valid)
  select contract_no, point, holder, 'person', '架空 太郎' || contract_no, 'カクウ タロウ', '0600000000', '架空太郎' || contract_no, 'カクウタロウ', '0600000000', valid
  from registry.contract;
insert into registry.place (contract_no, point, holder, voltage_class, address, address_key, valid)
  select contract_no, point, holder, 'LV', '架空県架空市' || contract_no, '架空県架空市' || contract_no, valid from registry.contract;
insert into registry.terms (contract_no, point, holder, menu_code, valid) select contract_no, point, holder, '101', valid from registry.contract;
select metering.ensure_month('{first}');
insert into metering.usage_day (point, day, contract_no, holder, wh)
  select c.point, date '{first}' + d, c.contract_no, c.holder, array(select (200 + (s * 37 + d * 11 + length(c.contract_no)) % 700) from generate_series(1, 48) s)
  from registry.contract c, generate_series(0, {days} - 1) d;
insert into barrier.permit (person, audience, company, purpose, valid, granted_by)
  select 'bench', 'retailer', '10001', 'contract', daterange('2020-01-01', null), 'system';
set session_replication_role = origin;
"""


Connection = psycopg.Connection[Any]


def point_number(number: int) -> str:
    """The loaded area's point of this number: every tenth number, so that others lie between them."""
    return f"06{number:019d}0"


@dataclass(frozen=True)
class Case:
    """One comparison: a gate with its arguments, and the hand-written query with its own."""

    name: str
    gate: Gate[Any]
    sort: str | None
    arguments: Callable[[int], dict[str, Any]]
    rival: str
    rival_arguments: Callable[[int], dict[str, Any]]


def cases(points: int, retailers: int, days: int) -> list[Case]:
    """The three reads of the issue: one point's month, a page of 50, the sum over a portfolio."""
    until = FIRST + timedelta(days=days)

    def point(n: int) -> str:
        return point_number(retailers * (1 + n * 7919 % (points // retailers - 1)))

    def month(n: int) -> dict[str, Any]:
        return {"point": point(n), "first": FIRST, "until": until}

    def page(n: int) -> dict[str, Any]:
        return {"after": [point(n), ""], "page_size": 50}

    def whole(_: int) -> dict[str, Any]:
        return {"first": FIRST, "until": until}

    columns = (
        "c.contract_no, c.point, c.customer_no, c.state, c.application_type, lower(c.valid), upper(c.valid), q.name, q.name_kana,"
        " q.customer_kind, l.address, l.building, t.menu_code"
    )
    facts = "".join(
        f" {kind} join lateral (select {alias}.* from registry.{table} {alias} where {alias}.contract_no = any (array[c.contract_no]) and {alias}.valid"
        f" @> greatest(lower(c.valid), least(current_date, upper(c.valid) - 1)) limit 1) {alias} on true"
        for table, alias, kind in (("party", "q", ""), ("place", "l", ""), ("terms", "t", "left"))
    )
    return [
        Case("point", metering_gates.USAGE, None, month,
             "select u.point, u.day, u.wh, u.estimated, u.revision::bigint, u.recorded_at from metering.usage_day u where u.holder = '10001'"
             " and u.point = %(point)s and u.day >= %(first)s and u.day < %(until)s order by u.day", month),
        Case("page", registry_gates.CONTRACTS, "point", page,
             f"select {columns} from registry.contract c{facts}"
             " where c.holder = '10001' and (c.point, c.contract_no) > (%(point)s, '') order by c.point, c.contract_no limit 50",
             lambda n: {"point": point(n)}),
        Case("portfolio", metering_gates.PORTFOLIO_USAGE, None, whole,
             "select u.day, count(*), sum(u.total_wh)::bigint, sum(u.missing)::bigint from metering.usage_day u"
             " where u.holder = '10001' and u.day >= %(first)s and u.day < %(until)s group by u.day order by u.day", whole),
    ]  # fmt: skip


def run(argv: list[str]) -> dict[str, Any]:
    """Load the database of the given size and measure."""
    parser = argparse.ArgumentParser(prog="bench gate")
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--retailers", type=int, default=200)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--at", type=Path, help="keep the installation here and use it again")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as scratch:
        home = Home(options.at or Path(scratch) / "home")
        installation = Installation(home)
        conninfo = installation.open()
        try:
            _prepare(conninfo, home, options)
            figures = _measure(conninfo, home, options)
        finally:
            _stop(home)
    return {"bench": "gate", "points": options.points, "retailers": options.retailers, "days": options.days,
            "usage_rows": options.points * options.days, "goals": GOALS, "figures": figures}  # fmt: skip


def _stop(home: Home) -> None:
    from sekisho.server import EmbeddedServer

    EmbeddedServer(home).stop()


def _prepare(conninfo: str, home: Home, options: argparse.Namespace) -> None:
    deploy.install(conninfo, home, now=datetime.now(UTC))
    with psycopg.connect(conninfo, autocommit=True) as conn:
        loaded = conn.execute("select count(*) from registry.contract").fetchone()
        if loaded == (0,):
            conn.execute(
                LOAD.format(
                    first=FIRST, points=options.points, retailers=options.retailers, days=options.days
                )
            )
        conn.execute("vacuum analyze")


def _measure(conninfo: str, home: Home, options: argparse.Namespace) -> dict[str, Any]:
    login = deploy.login_conninfo(conninfo, home, "sekisho_retailer_web")
    caller = Caller(audience="retailer", company="10001", person="bench", purpose="contract")
    ticket = sign(
        deploy.ticket_key(home, "retailer"), caller, now=datetime.now(UTC), lifetime=timedelta(hours=2)
    )
    settings = {"autocommit": True, "prepare_threshold": 1}
    figures: dict[str, Any] = {}
    with (
        psycopg.connect(prepare(login, application="bench"), **settings) as through,
        psycopg.connect(prepare(conninfo, application="bench"), **settings) as bare,
    ):
        # the rival is spared the planner's detour that the gates are kept from, too
        bare.execute("set enable_bitmapscan = off")
        for case in cases(options.points, options.retailers, options.days):
            rounds = options.rounds if case.name != "portfolio" else max(20, options.rounds // 10)
            figures[case.name] = _compare(case, through, bare, ticket, rounds)
    return figures


def _compare(case: Case, through: Connection, bare: Connection, ticket: str, rounds: int) -> dict[str, Any]:
    name = function_name(
        case.gate, PURPOSE["retailer", "contract"], case.sort, variant=variant_for(case.gate, {})
    )
    keys = case.arguments(0)
    call = call_text(name, tuple(keys))
    times: dict[str, list[float]] = {"gate": [], "rival": [], "rival_pipelined": [], "gate_durable": []}
    for n in range(rounds + 10):
        gate_rows, gate = _timed(through, call, case.arguments(n), ticket=ticket)
        rival_rows, plain = _timed_transaction(bare, case.rival, case.rival_arguments(n))
        _, pipelined = _timed(bare, case.rival, case.rival_arguments(n))
        _, durable = _timed(through, call, case.arguments(n), ticket=ticket, durable=True)
        if len(gate_rows) != len(rival_rows):
            raise AssertionError(
                f"{case.name}: {len(gate_rows)} rows through the gate, {len(rival_rows)} without"
            )
        if n >= 10:
            for key, value in zip(times, (gate, plain, pipelined, durable), strict=True):
                times[key].append(value)
    return {
        "rows": len(gate_rows),
        "rounds": rounds,
        "ratio": _ratio(times["gate"], times["rival"]),
        "ratio_pipelined": _ratio(times["gate"], times["rival_pipelined"]),
        "goal": GOALS[case.name],
        **{f"{key}_ms": round(statistics.median(values) * 1000, 3) for key, values in times.items()},
    }


def _ratio(ours: list[float], theirs: list[float]) -> float:
    return round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 3)


def _timed(
    conn: Connection, query: str, arguments: dict[str, Any], *, ticket: str = "", durable: bool = False
) -> tuple[list[Any], float]:
    """As the gateway asks: one pipeline, one implicit transaction."""
    conn.execute(f"set synchronous_commit = {'on' if durable else 'off'}")
    started = time.perf_counter()
    with conn.pipeline():
        if ticket:
            conn.execute("select set_config('sekisho.ticket', %s, true)", [ticket])
        rows = conn.execute(query, arguments, binary=True).fetchall()
    return rows, time.perf_counter() - started


def _timed_transaction(conn: Connection, query: str, arguments: dict[str, Any]) -> tuple[list[Any], float]:
    """As an application asks: a transaction, the query, its rows."""
    started = time.perf_counter()
    with conn.transaction():
        rows = conn.execute(query, arguments, binary=True).fetchall()
    return rows, time.perf_counter() - started
