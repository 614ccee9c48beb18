"""What the measurements of the retailer API share: its data, gunicorn, and one request over a connection that stays open."""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from asyncio import StreamReader, StreamWriter, open_connection
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import psycopg

from bench.gate import FIRST, LOAD
from sekisho.barrier.actions import grant_permit
from sekisho.clients.actions import NewClient, create_client
from sekisho.server import EmbeddedServer, Installation
from sekisho.server.addresses import free_port
from sekisho.server.installation import without_secrets
from sekisho.settings import deploy
from sekisho.settings.home import Home

APPLICATION = "sekisho.settings.wsgi:application"
HOLDER = "10001"
"""The company that asks: it holds every point whose number is a multiple of the number of retailers."""


def first_day(days: int) -> date:
    """The first of so many days of usage."""
    return FIRST - timedelta(days=days - 30)


@dataclass(frozen=True, slots=True)
class Area:
    """A loaded installation that runs, a client of one of its companies, and a directory for the measurement's own files."""

    conninfo: str
    home: Home
    client: NewClient
    scratch: Path


def parser_of(name: str) -> argparse.ArgumentParser:
    """The arguments of a measurement of the API: the area's size, and where to keep it."""
    parser = argparse.ArgumentParser(prog=f"sekisho bench {name}")
    parser.add_argument("--points", type=int, default=2_000)
    parser.add_argument("--retailers", type=int, default=10)
    parser.add_argument("--days", type=int, default=396)
    parser.add_argument("--at", type=Path, help="keep the installation here and use it again")
    return parser


@contextmanager
def area(options: argparse.Namespace) -> Iterator[Area]:
    """The installation that the arguments ask for; stopped at the end, and removed unless it is kept."""
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as scratch:
        home = Home(options.at or Path(scratch) / "home")
        conninfo = Installation(home).open()
        try:
            client = loaded(
                conninfo, home, points=options.points, retailers=options.retailers, days=options.days
            )
            yield Area(conninfo, home, client, Path(scratch))
        finally:
            EmbeddedServer(home).stop()


def loaded(conninfo: str, home: Home, *, points: int, retailers: int, days: int) -> NewClient:
    """Install, load an area unless one is there, and register a client without a limit."""
    deploy.install(conninfo, home, now=datetime.now(UTC))
    with psycopg.connect(conninfo, autocommit=True) as conn:
        if conn.execute("select count(*) from registry.contract").fetchone() == (0,):
            first = first_day(days)
            for month in range(days // 28 + 2):
                conn.execute("select metering.ensure_month(%s)", [first + timedelta(days=28 * month)])
            conn.execute(LOAD.format(first=first, points=points, retailers=retailers, days=days))
            conn.execute("vacuum analyze")
        person = f"bench-{int(time.time())}"
        client = create_client(
            conn, company=HOLDER, person=person, label="bench", by="bench", now=datetime.now(UTC)
        )
        conn.execute("update accounts_api.clients_client set requests_per_minute = 10000000")
        grant_permit(conn, person=person, audience="retailer", company=HOLDER, purpose="contract", start=date(2020, 1, 1), end=None,
                     by="bench", reason="benchmark")  # fmt: skip
    return client


def environment_of(conninfo: str, home: Home) -> dict[str, str]:
    """How the API's process finds its home and database."""
    return {
        "SEKISHO_SURFACE": "retailer_api",
        "SEKISHO_HOME": str(home.root),
        "SEKISHO_DATABASE_URL": without_secrets(conninfo=conninfo),
    }


@contextmanager
def gunicorn(
    application: str, environ: dict[str, str], directory: Path | None = None
) -> Iterator[tuple[int, psutil.Process]]:
    """One process of 8 threads; its port, and the process."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{port}", "--workers=1", "--threads=8", "--keep-alive=60", "--no-control-socket",
               "--log-level=error", application]  # fmt: skip
    env = {**os.environ, **environ} | ({"PYTHONPATH": str(directory)} if directory else {})
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield port, psutil.Process(process.pid)
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


async def request(
    reader: StreamReader, writer: StreamWriter, head: bytes, body: bytes = b""
) -> tuple[int, bytes]:
    """Status and body."""
    writer.write(head + body)
    await writer.drain()
    raw = await reader.readuntil(b"\r\n\r\n")
    status = int(raw.split(b" ", 2)[1])
    length = next(
        int(line.split(b":")[1]) for line in raw.lower().split(b"\r\n") if line.startswith(b"content-length")
    )
    return status, await reader.readexactly(length)


def get(path: str, token: str) -> bytes:
    """The head of a request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


async def token_of(port: int, client: NewClient) -> str:
    """A fresh access token."""
    reader, writer = await open_connection("127.0.0.1", port)
    body = (
        f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret}".encode()
    )
    head = f"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    status, answer = await request(reader, writer, head.encode(), body)
    writer.close()
    assert status == 200, answer
    return str(json.loads(answer)["access_token"])
