"""`./sekisho bench prove`: seconds and number of statements of `barrier prove` on a freshly installed database.

The first run of a process compiles the throw-away database for the comparison and asks every question; the second one shows what is left
when nothing has changed (the answers depend on the catalog alone and are kept within the process).
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sekisho.server import EmbeddedServer
from sekisho.settings.deploy import install
from sekisho.settings.home import Home
from sekisho.settings.proving import demonstrate, prove_database

NOW = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)


def run(argv: list[str]) -> dict[str, Any]:
    """Prove a database of its own on a throw-away server. `--database-url` proves an installed one instead."""
    parser = argparse.ArgumentParser(prog="sekisho bench prove")
    parser.add_argument("--database-url")
    given = parser.parse_args(argv)
    if given.database_url:
        return _measure(given.database_url)
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-") as root:
        home = Home(Path(root) / "home")
        server = EmbeddedServer(home, durable=False)
        server.ensure_running()
        try:
            server.create_database("bench")
            conninfo = server.superuser_conninfo("bench")
            install(conninfo, home, now=NOW)
            return _measure(conninfo)
        finally:
            server.stop()


def _measure(conninfo: str) -> dict[str, Any]:
    first, cold = _timed(conninfo)
    _, warm = _timed(conninfo)
    started = time.perf_counter()
    shown = demonstrate(conninfo)
    found = time.perf_counter() - started
    return {
        "holds": first.holds,
        "statements": first.statements,
        "discharged": sum(tally.discharged for tally in first.tallies),
        "smt_queries": sum(tally.queries for tally in first.tallies),
        "gates": len(first.gates),
        "seconds_first": round(cold, 2),
        "seconds_again": round(warm, 2),
        "seconds_to_find_a_broken_view": round(found, 2),
        "broken_view_found": shown.finding.counterexample is not None,
    }


def _timed(conninfo: str) -> tuple[Any, float]:
    started = time.perf_counter()
    certificate = prove_database(conninfo, now=NOW, keep=False)
    return certificate, time.perf_counter() - started
