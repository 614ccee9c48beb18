"""Killed at any moment, the sequencer goes on: nothing lost, nothing twice, nothing published taken back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from test_tlog_sequencer import assert_whole, release
from tlog_world import LOG_KEY, Passages, World, places

from sekisho.ledger.verify import sekisho_verify

HERE = Path(__file__).parent


@pytest.fixture
def ends(conninfo: str, world: World) -> Iterator[Callable[[int], int]]:
    """Runs a sequencer that dies at the given moment; returns how it ended: -9 killed, 0 survived."""
    words = [sys.executable, str(HERE / "tlog_crash_child.py"), conninfo, str(world.root)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def run(at: int) -> int:
            print(at, file=process.stdin, flush=True)
            return int(process.stdout.readline())  # type: ignore[union-attr]

        yield run
        process.stdin.close()


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
    ends: Callable[[int], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at, kept, order = 0, tmp_path / "kept", list[tuple[int, int]]()
    while True:
        passages.write(37)
        ended = ends(at)
        verified(world, kept, capsys)
        now = places(passages.connection)
        assert now[: len(order)] == order, "places once given stay"
        order = now
        if ended == 0:
            break
        assert ended == -9
        at += 1
    assert at > 40, "the child met its dangerous moments"
    released = world.sequencer(batch=150)
    released.drain()
    assert_whole(world, passages.connection)
    verified(world, kept, capsys)


def test_a_connection_that_breaks_in_between(world: World, passages: Passages) -> None:
    sequencer = world.sequencer()
    passages.write(10)
    sequencer.drain()
    passages.write(10)
    release(passages)
    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        sequencer.step()
    assert world.sequencer().drain() == 10
    assert_whole(world, passages.connection)
