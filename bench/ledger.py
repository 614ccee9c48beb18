"""`./sekisho bench ledger`: passages/s from commit to signed checkpoint, lag p99, cost to a gate call.

A durable server of its own holds the ledger's tables and nothing else; tiles and checkpoints are synced.

- backlog: so many passages are waiting; how fast do they come under a signed checkpoint?
- steady: writers commit passages at a given rate; how long after its commit is the last one of it under a signed checkpoint?
  The sequencer runs in a process of its own, as it does in production, and reads the announcements as well. Processor
  time per passage is told apart: the writers and their database sessions, the sequencer and its own.
- gate: one passage written by a function, with and without the ledger's trigger, index and lag check;
  asynchronous commit on both sides, so that the disk's sync, which both pay, does not hide the difference.

The rival is the goal of 10,000 entries/s that Tessera's documentation names for its storage on NVMe.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import secrets
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

import sekisho.ledger
from sekisho.ledger.announcements import Announcements
from sekisho.ledger.log import Identity, Log
from sekisho.ledger.notes import ED25519, new_signer
from sekisho.ledger.sequencer import Sequencer, Step, follow
from sekisho.ledger.storage import DirectoryStore
from sekisho.server import EmbeddedServer
from sekisho.settings.home import Home

GOAL = 10_000
_TABLES, _LOG = "tables.sql", "log.sql"
_INSERT = """
insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points, holders, items,
shown,
                            row_count, request_id)
select clock_timestamp(), 'usage_month', 'retailer', '10001', 'bench-' || mod(n, 50), 'contract', 'passed',
       array['03' || lpad(n::text, 20, '0')], array['10001'], array['契約名義', '使用電力量'],
       daterange('2026-10-01', '2026-11-01'), 31, md5(n::text)
  from generate_series(1, %s) n
"""
_GATE = """
create function ledger.bench_gate(p text) returns integer language sql volatile
begin atomic
  with l as (insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points,
  holders, items,
                                         shown, row_count, request_id)
             select clock_timestamp(), 'usage_month', 'retailer', '10001', 'bench', 'contract', 'passed',
             array[p],
                    array['10001'], array['使用電力量'], daterange('2026-10-01', '2026-11-01'), 31, 'r'
                    {check}
             returning 1)
  select count(*)::integer from l;
end;
"""


def run(argv: list[str]) -> dict[str, Any]:
    """Measure and return the figures: rates in passages a second, times in milliseconds."""
    options = _parser().parse_args(argv)
    with (
        tempfile.TemporaryDirectory(prefix="sekisho-bench-") as directory,
        _server(Path(directory)) as server,
    ):
        return {
            "cores": os.cpu_count(),
            "load_average": round(os.getloadavg()[0], 1),
            "goal_per_s": GOAL,
            "backlog": _backlog(server, Path(directory) / "backlog", options.passages),
            "steady": [
                _steady(server, Path(directory) / f"steady{rate}", rate, options) for rate in options.rates
            ],
            "gate": _gate(server, options.calls),
        }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench ledger", description=__doc__)
    parser.add_argument("--passages", type=int, default=200_000, help="size of the backlog")
    parser.add_argument(
        "--rates", type=int, nargs="+", default=[1_000, 5_000, 10_000], help="passages/s, steady"
    )
    parser.add_argument("--seconds", type=int, default=20, help="length of each steady run")
    parser.add_argument("--writers", type=int, default=2, help="processes that write")
    parser.add_argument(
        "--commit-ms", type=int, default=50, help="milliseconds from commit to commit of a writer"
    )
    parser.add_argument("--pause-ms", type=int, default=50, help="milliseconds that an idle sequencer waits")
    parser.add_argument("--calls", type=int, default=3_000, help="calls of each kind, gate")
    return parser


@contextmanager
def _server(directory: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(Home(directory / "home").prepare())
    server.ensure_running()
    try:
        yield server
    finally:
        server.stop()


def _database(server: EmbeddedServer, name: str, *files: str) -> str:
    server.create_database(name, template="template1")
    conninfo = server.superuser_conninfo(name)
    package = Path(sekisho.ledger.__file__).parent
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for file in files:
            connection.execute((package / file).read_text(encoding="utf-8").encode())
        connection.execute("select ledger.ensure_month(now())")
    return conninfo


def _sequencer(connection: psycopg.Connection[Any], root: Path) -> Sequencer:
    signer = new_signer(name="bench.example/log", kind=ED25519, random=secrets.token_bytes)
    identity = Identity(origin=signer.name, signers=[signer])
    return Sequencer(
        connection=connection,
        open_log=lambda: Log(store=DirectoryStore(root=root), identity=identity, clock=time.time),
        random=secrets.token_bytes,
    )


def _backlog(server: EmbeddedServer, root: Path, passages: int) -> dict[str, Any]:
    conninfo = _database(server, "backlog", _TABLES, _LOG)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        sequencer = _sequencer(connection, root)
        sequencer.drain()
        connection.execute(_INSERT, (passages,))
        connection.execute("analyze ledger.passage")
        before = _cpu(os.getpid()), _cpu(connection.info.backend_pid)
        started = time.perf_counter()
        done = sequencer.drain()
        seconds = time.perf_counter() - started
        after = _cpu(os.getpid()), _cpu(connection.info.backend_pid)
    return {
        "passages": done, "seconds": round(seconds, 2), "per_s": round(done / seconds),
        "cpu_us": {"sequencer": _each(before[0], after[0], done), "its_session": _each(before[1], after[1], done)},
    }  # fmt: skip


def _cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _each(before: float, after: float, passages: int) -> float:
    return round((after - before) / max(1, passages) * 1e6, 1)


@dataclass(frozen=True)
class _Written:
    """What a writer did: (time of commit, last passage, how many) of each commit, and seconds of processor time."""

    commits: list[tuple[float, int, int]]
    own_cpu: float
    session_cpu: float


def _steady(server: EmbeddedServer, root: Path, rate: int, options: argparse.Namespace) -> dict[str, Any]:
    conninfo = _database(server, f"steady{rate}", _TABLES, _LOG)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_follow, args=(conninfo, root, options.pause_ms / 1000, there))
    process.start()
    pids: dict[str, int] = here.recv()
    before = {name: _cpu(pid) for name, pid in pids.items()}
    with context.Pool(options.writers) as pool:
        work = (conninfo, rate / options.writers, options.seconds, options.commit_ms / 1000)
        written = pool.starmap(_write, [work] * options.writers)
    time.sleep(2)
    after = {name: _cpu(pid) for name, pid in pids.items()}
    here.send("stop")
    published: list[tuple[float, int]] = here.recv()
    process.join()
    with psycopg.connect(conninfo) as connection:
        places: dict[int, int] = dict(
            connection.execute("select passage_id, idx from ledger.leaf").fetchall()
        )
    return {"asked_per_s": rate, **_lag_figures(written, places, published), "cpu_us": {
        **{name: _each(before[name], after[name], len(places)) for name in pids},
        "writers": _each(0, sum(one.own_cpu for one in written), len(places)),
        "their_sessions": _each(0, sum(one.session_cpu for one in written), len(places)),
    }, "load_average": round(os.getloadavg()[0], 1)}  # fmt: skip


def _lag_figures(
    written: Sequence[_Written], places: dict[int, int], published: Sequence[tuple[float, int]]
) -> dict[str, Any]:
    commits = [commit for one in written for commit in one.commits]
    lags = sorted(_lags(commits, places, published))
    began, ended = min(at for at, _, _ in commits), max(at for at, _, _ in commits)
    return {
        "written_per_s": round(sum(count for _, _, count in commits) / (ended - began)),
        "sealed": published[-1][1] if published else 0,
        "lag_p50_ms": round(statistics.median(lags) * 1000),
        "lag_p99_ms": round(lags[int(len(lags) * 0.99)] * 1000),
        "lag_max_ms": round(lags[-1] * 1000),
        "checkpoints": sum(began <= at <= ended for at, _ in published),
    }


def _follow(conninfo: str, root: Path, pause: float, parent: Any) -> None:
    """Sequence until told to stop: first send who works here, at the end (time, size) of every checkpoint."""
    published: list[tuple[float, int]] = []
    stop = threading.Event()
    with (
        psycopg.connect(conninfo, autocommit=True) as first,
        psycopg.connect(conninfo, autocommit=True) as second,
    ):
        announcements = Announcements(connection=second)
        announcements.ensure_slot()
        sequencer = _sequencer(first, root)
        sequencer.drain()
        sessions = {"its_session": first.info.backend_pid, "announcements": second.info.backend_pid}
        parent.send({"sequencer": os.getpid(), **sessions})
        thread = threading.Thread(target=_following, args=(sequencer, announcements, stop, pause, published))
        thread.start()
        parent.recv()
        stop.set()
        thread.join()
    parent.send(published)


def _following(
    sequencer: Sequencer,
    announcements: Announcements,
    stop: threading.Event,
    pause: float,
    published: list[tuple[float, int]],
) -> None:
    total = 0

    def report(step: object) -> None:
        nonlocal total
        if isinstance(step, Step) and step.note is not None:
            total += step.sequenced
            published.append((time.time(), total))

    follow(sequencer=sequencer, announcements=announcements, stop=stop, pause=pause, report=report)


def _write(conninfo: str, rate: float, seconds: int, every: float) -> _Written:
    """Commit passages at `rate`, one commit every `every` seconds; behind schedule, at once."""
    count = max(1, round(rate * every))
    query = f"with i as ({_INSERT} returning passage_id) select max(passage_id), count(*) from i".encode()
    commits: list[tuple[float, int, int]] = []
    with psycopg.connect(conninfo, autocommit=True) as connection:
        own, session = time.process_time(), _cpu(connection.info.backend_pid)
        started = time.time()
        while (now := time.time()) - started < seconds:
            due = started + len(commits) * count / rate
            if due > now:
                time.sleep(due - now)
            last, rows = connection.execute(query, (count,), prepare=True).fetchone() or (0, 0)
            commits.append((time.time(), last, rows))
        return _Written(commits, time.process_time() - own, _cpu(connection.info.backend_pid) - session)


def _lags(
    commits: Sequence[tuple[float, int, int]], places: dict[int, int], published: Sequence[tuple[float, int]]
) -> Iterator[float]:
    """Yield, for the last passage of each commit, the seconds from commit to checkpoint.

    A passage can be under a checkpoint before its writer's clock is read: that is a lag of zero.
    """
    by_place = sorted((places[last], at) for at, last, _ in commits)
    checkpoints = iter(published)
    sealed_at, size = 0.0, 0
    for place, at in by_place:
        while size <= place:
            sealed_at, size = next(checkpoints)
        yield max(0.0, sealed_at - at)


def _gate(server: EmbeddedServer, calls: int) -> dict[str, Any]:
    bare = _database(server, "gate_bare", _TABLES)
    full = _database(server, "gate_full", _TABLES, _LOG)
    with (
        psycopg.connect(bare, autocommit=True) as without,
        psycopg.connect(full, autocommit=True) as with_ledger,
    ):
        without.execute(_GATE.format(check="").encode())
        with_ledger.execute(_GATE.format(check="where ledger.is_open()").encode())
        for connection in (without, with_ledger):
            connection.execute("set synchronous_commit = off")
            _times(connection, 200)
        pairs = [(_times(without, 50), _times(with_ledger, 50)) for _ in range(calls // 50)]
    plain = statistics.median(time for one, _ in pairs for time in one)
    sealed = statistics.median(time for _, one in pairs for time in one)
    return {
        "passage_only_us": round(plain * 1e6),
        "with_ledger_us": round(sealed * 1e6),
        "added_us": round((sealed - plain) * 1e6),
    }


def _times(connection: psycopg.Connection[Any], calls: int) -> list[float]:
    found = []
    for number in range(calls):
        started = time.perf_counter()
        connection.execute("select ledger.bench_gate(%s)", (f"03{number:020d}",), prepare=True)
        found.append(time.perf_counter() - started)
    return found
