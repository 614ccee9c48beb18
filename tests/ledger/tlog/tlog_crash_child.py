"""A sequencer that dies at the n-th dangerous moment: run by test_tlog_crash.py in a process of its own.

Dangerous moments are every commit (before and after), every sync, rename and deletion of a file (before and
after) and every torn write (half of a draft is written).
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from tlog_world import World


class Fuse:
    """Counts dangerous moments and kills the process at the chosen one."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.met = 0

    def moment(self) -> None:
        if self.met == self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        self.met += 1

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def dangerous(*arguments: Any, **options: Any) -> Any:
            self.moment()
            result = function(*arguments, **options)
            self.moment()
            return result

        return dangerous


def arm(fuse: Fuse) -> None:
    os.fsync = fuse.around(os.fsync)
    Path.replace = fuse.around(Path.replace)  # type: ignore[method-assign]
    Path.unlink = fuse.around(Path.unlink)  # type: ignore[method-assign]
    Path.rmdir = fuse.around(Path.rmdir)  # type: ignore[method-assign]
    opened = Path.open

    def torn(self: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if mode == "wb" and fuse.met == fuse.left - 1:
            self.write_text("half a tile")
        return opened(self, mode, *rest, **options)

    Path.open = torn  # type: ignore[method-assign]
    transaction = psycopg.Transaction
    transaction.__enter__ = fuse.around(transaction.__enter__)  # type: ignore[method-assign]
    transaction.__exit__ = fuse.around(transaction.__exit__)  # type: ignore[method-assign]


def sequence(conninfo: str, root: str, at: int) -> None:
    """Sequence everything, or die at the moment `at`."""
    world = World(
        connect=lambda: psycopg.connect(conninfo, autocommit=True),
        root=Path(root),
        dice=random.Random(os.getpid()),
    )
    arm(Fuse(at))
    sequencer = world.sequencer(batch=25)
    sequencer.drain()
    sequencer.step()


def main(conninfo: str, root: str) -> None:
    """For each number on stdin, sequence in a forked process; print how it ended (0, or minus a signal)."""
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            sequence(conninfo, root, int(line))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
