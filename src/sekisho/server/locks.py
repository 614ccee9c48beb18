"""One process at a time: advisory locks that the kernel drops when their holder dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.kernel.errors import EnvironmentFault

_PAUSE_SECONDS = 0.05


class UnableToLock(EnvironmentFault):
    """Another process has held the lock for longer than was agreed."""


@contextmanager
def exclusive(*, path: Path, timeout: float = 300.0) -> Iterator[None]:
    """Hold `path` as a lock file; raise `UnableToLock` after `timeout` seconds.

    The file stays: removing it would let two processes hold locks on two files of one name.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path, time.monotonic() + timeout)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise UnableToLock(
                    f"他のプロセスが {path} を使用中です。終了を待って再度実行してください。",
                    f"Another process is using {path}. Wait for it to end and try again.",
                ) from None
            time.sleep(_PAUSE_SECONDS)
