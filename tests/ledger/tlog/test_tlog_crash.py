"""Killed at any moment, the sequencer goes on: nothing lost, nothing twice, nothing that was published taken back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_tlog_sequencer import assert_whole
from tlog_world import LOG_KEY, Connection, Passages, World, places

from sekisho.ledger.verify import sekisho_verify

HERE = Path(__file__).parent


def child(conninfo: str, root: Path, at: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(HERE / "tlog_crash_child.py"), conninfo, str(root), str(at)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    return subprocess.run(words, capture_output=True, text=True, env=environment, check=False, timeout=60)


def verified(world: World, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The published log holds, and continues what had been published before."""
    if not (world.root / "checkpoint").exists():
        return
    words = [str(world.root), "--log-key", str(LOG_KEY.verifier), "--expect", "log", "--json"]
    words += ["--previous", str(kept)] if kept.exists() else []
    code = sekisho_verify.main(words)
    found = json.loads(capsys.readouterr().out)
    assert (code, found["findings"]) == (0, [])
    kept.write_bytes((world.root / "checkpoint").read_bytes())


def test_killed_at_every_moment(
    world: World,
    passages: Passages,
    conninfo: str,
    tmp_path: Path,
    connect: Callable[[], Connection],
    capsys: pytest.CaptureFixture[str],
) -> None:
    at, kept, order = 0, tmp_path / "kept", list[tuple[int, int]]()
    while True:
        passages.write(37)
        done = child(conninfo, world.root, at)
        verified(world, kept, capsys)
        now = places(passages.connection)
        assert now[: len(order)] == order, "places once given stay"
        order = now
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        at += 1
    assert at > 40, "the child met its dangerous moments"
    released = world.sequencer(batch=150)
    released.drain()
    assert_whole(world, passages.connection)
    verified(world, kept, capsys)


def test_a_server_that_crashes_in_between(
    world: World, passages: Passages, connect: Callable[[], Connection]
) -> None:
    sequencer = world.sequencer()
    passages.write(10)
    sequencer.drain()
    passages.write(10)
    passages.connection.execute(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        sequencer.step()
    assert world.sequencer().drain() == 10
    assert_whole(world, passages.connection)
