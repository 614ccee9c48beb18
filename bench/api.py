"""`./sekisho bench api`: requests per second and latency of the retailer API, against a minimal handler doing the bare query.

Both run under the same gunicorn (one process, 8 threads) on this machine and the same database; 32 keep-alive connections ask, each on its
own turn. The rival checks no token, writes no record, knows no barrier: a WSGI function, a connection pool, the query, `json.dumps`.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.gate import FIRST, LOAD
from sekisho.barrier.actions import grant_permit
from sekisho.clients.actions import NewClient, create_client
from sekisho.server import EmbeddedServer, Installation
from sekisho.server.addresses import free_port
from sekisho.server.installation import without_secrets
from sekisho.settings import deploy
from sekisho.settings.home import Home

CONNECTIONS = 32
HOLDER = "10001"

RIVAL = '''
import datetime, json, os
from urllib.parse import parse_qs
from psycopg_pool import ConnectionPool
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
            rows = conn.execute(USAGE, ["10001", asked["point"], asked["first"], asked["until"]]).fetchall()
        else:
            rows = conn.execute(PAGE, ["10001", asked["point"]]).fetchall()
    body = json.dumps(rows, default=str).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
'''


def run(argv: list[str]) -> dict[str, Any]:
    """Load, serve, ask."""
    parser = argparse.ArgumentParser(prog="bench api")
    parser.add_argument("--points", type=int, default=2_000)
    parser.add_argument("--retailers", type=int, default=10)
    parser.add_argument("--days", type=int, default=396)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--at", type=Path, help="keep the installation here and use it again")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as scratch:
        home = Home(options.at or Path(scratch) / "home")
        conninfo = Installation(home).open()
        try:
            client = _prepare(conninfo, home, options)
            figures = _measure(conninfo, home, client, options, Path(scratch))
        finally:
            EmbeddedServer(home).stop()
    return {
        "bench": "api",
        "connections": CONNECTIONS,
        "points": options.points,
        "usage_days": options.days,
        "figures": figures,
    }


def _first(days: int) -> date:
    return FIRST - timedelta(days=days - 30)


def _prepare(conninfo: str, home: Home, options: argparse.Namespace) -> NewClient:
    deploy.install(conninfo, home, now=datetime.now(UTC))
    with psycopg.connect(conninfo, autocommit=True) as conn:
        if conn.execute("select count(*) from registry.contract").fetchone() == (0,):
            first = _first(options.days)
            for month in range(options.days // 28 + 2):
                conn.execute("select metering.ensure_month(%s)", [first + timedelta(days=28 * month)])
            conn.execute(
                LOAD.format(
                    first=first, points=options.points, retailers=options.retailers, days=options.days
                )
            )
            conn.execute("vacuum analyze")
        person = f"bench-{int(time.time())}"
        client = create_client(
            conn, company=HOLDER, person=person, label="bench", by="bench", now=datetime.now(UTC)
        )
        conn.execute("update accounts_api.clients_client set requests_per_minute = 10000000")
        grant_permit(conn, person=person, audience="retailer", company=HOLDER, purpose="contract", start=date(2020, 1, 1), end=None,
                     by="bench", reason="benchmark")  # fmt: skip
    return client


def _measure(
    conninfo: str, home: Home, client: NewClient, options: argparse.Namespace, scratch: Path
) -> dict[str, Any]:
    (scratch / "rival.py").write_text(RIVAL, encoding="utf-8")
    api = {
        "SEKISHO_SURFACE": "retailer_api",
        "SEKISHO_HOME": str(home.root),
        "SEKISHO_DATABASE_URL": without_secrets(conninfo=conninfo),
    }
    first = _first(options.days)
    until = first + timedelta(days=options.days)
    points = [
        f"06{options.retailers * number:020d}" for number in range(1, options.points // options.retailers)
    ]
    paths = {
        "usage_13_months": ([f"/api/v1/points/{p}/usage?first={first}&until={until}" for p in points],
                            [f"/?point={p}&first={first}&until={until}" for p in points]),
        "page_of_50": (["/api/v1/contracts?size=50"], [f"/?point={points[0]}"]),
    }  # fmt: skip
    with (
        _gunicorn("sekisho.settings.wsgi:application", api) as ours,
        _gunicorn("rival:application", {"RIVAL_CONNINFO": conninfo}, scratch) as other,
    ):
        token = asyncio.run(_token(ours, client))
        figures = {}
        for name, (mine, theirs) in paths.items():
            through = asyncio.run(_ask(ours, mine, token, options.seconds))
            bare = asyncio.run(_ask(other, theirs, "", options.seconds))
            figures[name] = {
                "api": through,
                "bare": bare,
                "ratio_p50": round(through["p50_ms"] / bare["p50_ms"], 2),
            }
        return figures


@contextmanager
def _gunicorn(application: str, environ: dict[str, str], directory: Path | None = None) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=8", "--keep-alive=60", "--no-control-socket",
               "--log-level=error", application]  # fmt: skip
    env = {**os.environ, **environ} | ({"PYTHONPATH": str(directory)} if directory else {})
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing answers on port {port}")


async def _request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, body: bytes = b""
) -> tuple[int, bytes]:
    writer.write(head + body)
    await writer.drain()
    raw = await reader.readuntil(b"\r\n\r\n")
    status = int(raw.split(b" ", 2)[1])
    length = next(
        int(line.split(b":")[1]) for line in raw.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    return status, await reader.readexactly(length)


async def _token(port: int, client: NewClient) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = (
        f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret}".encode()
    )
    head = f"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    status, answer = await _request(reader, writer, head.encode(), body)
    writer.close()
    assert status == 200, answer
    return str(json.loads(answer)["access_token"])


async def _ask(port: int, paths: list[str], token: str, seconds: float) -> dict[str, Any]:
    times: list[float] = []
    sizes: list[int] = []
    deadline = time.perf_counter() + seconds

    async def connection(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = number
        while time.perf_counter() < deadline:
            head = f"GET {paths[turn % len(paths)]} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
            started = time.perf_counter()
            status, body = await _request(reader, writer, head.encode())
            times.append(time.perf_counter() - started)
            assert status == 200, body
            sizes.append(len(body))
            turn += CONNECTIONS
        writer.close()

    await asyncio.gather(*(connection(number) for number in range(CONNECTIONS)))
    cuts = statistics.quantiles(times, n=100)
    return {"requests_per_second": round(len(times) / seconds, 1), "p50_ms": round(cuts[49] * 1000, 1), "p99_ms": round(cuts[98] * 1000, 1),
            "requests": len(times), "body_bytes": round(statistics.mean(sizes))}  # fmt: skip
