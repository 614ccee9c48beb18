"""`./sekisho bench api`: requests per second and latency of the retailer API, against a minimal handler doing the bare query.

Both run under the same gunicorn (one process, 8 threads) on this machine and the same database; 32 keep-alive connections ask, each on its
own turn. The rival checks no token, writes no record, knows no barrier: a WSGI function, a connection pool, the query, `json.dumps`. Both are
asked in turns, several rounds each, so that other work on the machine falls on both alike; CPU is that of the gunicorn processes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import time
from datetime import timedelta
from typing import Any

import psutil

from bench._http import (
    APPLICATION,
    HOLDER,
    Area,
    area,
    environment_of,
    first_day,
    get,
    gunicorn,
    parser_of,
    request,
    token_of,
)
from bench._measured import cpu_seconds
from bench.gate import point_number

CONNECTIONS = 32
ROUNDS = 4

RIVAL = '''
import datetime, json, os
from urllib.parse import parse_qs
from psycopg_pool import ConnectionPool
HOLDER = os.environ["RIVAL_HOLDER"]
pool = ConnectionPool(os.environ["RIVAL_CONNINFO"], min_size=8, max_size=8, kwargs={"autocommit": True, "prepare_threshold": 1})
USAGE = "select day, wh, estimated, revision, recorded_at from metering.usage_day where holder = %s and point = %s and day >= %s and day < %s order by day"
PAGE = """select c.contract_no, c.point, c.customer_no, c.state, c.application_type, lower(c.valid), upper(c.valid), q.name, q.name_kana,
 q.customer_kind, l.address, l.building, t.menu_code from registry.contract c
 join registry.party q on q.contract_no = c.contract_no and q.holder = c.holder join registry.place l on l.contract_no = c.contract_no
 and l.holder = c.holder left join registry.terms t on t.contract_no = c.contract_no and t.holder = c.holder
 where c.holder = %s and (c.point, c.contract_no) > (%s, '') order by c.point, c.contract_no limit 50"""
def application(environ, start):
    asked = {key: values[0] for key, values in parse_qs(environ["QUERY_STRING"]).items()}
    with pool.connection() as conn:
        if "first" in asked:
            rows = conn.execute(USAGE, [HOLDER, asked["point"], asked["first"], asked["until"]]).fetchall()
        else:
            rows = conn.execute(PAGE, [HOLDER, asked["point"]]).fetchall()
    body = json.dumps(rows, default=str).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
'''


def run(argv: list[str]) -> dict[str, Any]:
    """Load, serve, ask."""
    parser = parser_of("api")
    parser.add_argument("--seconds", type=float, default=8.0, help="for each of the four figures")
    options = parser.parse_args(argv)
    with area(options) as at:
        figures = _measure(at, options)
    return {
        "connections": CONNECTIONS,
        "points": options.points,
        "usage_days": options.days,
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "figures": figures,
    }


def _measure(at: Area, options: argparse.Namespace) -> dict[str, Any]:
    (at.scratch / "rival.py").write_text(RIVAL, encoding="utf-8")
    first = first_day(options.days)
    until = first + timedelta(days=options.days)
    points = [point_number(options.retailers * n) for n in range(1, options.points // options.retailers)]
    paths = {
        "usage_13_months": ([f"/api/v1/points/{p}/usage?first={first}&until={until}" for p in points],
                            [f"/?point={p}&first={first}&until={until}" for p in points]),
        "page_of_50": (["/api/v1/contracts?size=50"], [f"/?point={points[0]}"]),
    }  # fmt: skip
    rival = {"RIVAL_CONNINFO": at.conninfo, "RIVAL_HOLDER": HOLDER}
    with (
        gunicorn(APPLICATION, environment_of(at.conninfo, at.home)) as ours,
        gunicorn("rival:application", rival, at.scratch) as other,
    ):
        token = asyncio.run(token_of(ours[0], at.client))
        return {
            name: _compare(Asked(*ours, mine, token), Asked(*other, theirs, ""), options.seconds)
            for name, (mine, theirs) in paths.items()
        }


class Asked:
    """A server, what it is asked for, and what came of it so far."""

    def __init__(self, port: int, process: psutil.Process, paths: list[str], token: str) -> None:
        self.port, self.process, self.token = port, process, token
        self.paths = paths
        self.times: list[float] = []
        self.sizes: list[int] = []
        self.seconds = self.cpu = 0.0

    def ask(self, seconds: float) -> None:
        """Ask over all connections for so long."""
        used = cpu_seconds(self.process)
        asyncio.run(self._everyone(time.perf_counter() + seconds))
        self.cpu += cpu_seconds(self.process) - used
        self.seconds += seconds

    async def _everyone(self, deadline: float) -> None:
        await asyncio.gather(*(self._connection(number, deadline) for number in range(CONNECTIONS)))

    async def _connection(self, number: int, deadline: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        turn = number
        while time.perf_counter() < deadline:
            head = get(self.paths[turn % len(self.paths)], self.token)
            started = time.perf_counter()
            status, body = await request(reader, writer, head)
            self.times.append(time.perf_counter() - started)
            assert status == 200, body
            self.sizes.append(len(body))
            turn += CONNECTIONS
        writer.close()

    def figures(self) -> dict[str, Any]:
        """Rates and times."""
        cuts = statistics.quantiles(self.times, n=100)
        return {
            "requests_per_second": round(len(self.times) / self.seconds, 1),
            "p50_ms": round(cuts[49] * 1000, 1),
            "p99_ms": round(cuts[98] * 1000, 1),
            "cpu_ms_per_request": round(self.cpu / len(self.times) * 1000, 2),
            "requests": len(self.times),
            "body_bytes": round(statistics.mean(self.sizes)),
        }


def _compare(ours: Asked, other: Asked, seconds: float) -> dict[str, Any]:
    for _ in range(ROUNDS):
        for server in (ours, other):
            server.ask(seconds / ROUNDS)
    through, bare = ours.figures(), other.figures()
    return {
        "api": through,
        "bare": bare,
        "ratio_p50": round(through["p50_ms"] / bare["p50_ms"], 2),
        "ratio_cpu": round(through["cpu_ms_per_request"] / bare["cpu_ms_per_request"], 2),
    }
