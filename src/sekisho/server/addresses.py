"""Where the embedded server listens: a loopback port, and a socket whose path is short enough."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import tempfile
from pathlib import Path

from sekisho.kernel.errors import EnvironmentFault
from sekisho.server.privileges import Runner
from sekisho.settings.home import Home

LOOPBACK = "127.0.0.1"
# A socket's path has 107 bytes; PostgreSQL appends "/.s.PGSQL.65535.lock" to its directory.
_LONGEST_DIRECTORY = 107 - len("/.s.PGSQL.65535.lock")
# Clients take a comma for the end of a host name, and the server a quote for the end of a directory.
_PLAIN_PATH = re.compile(r"[\w/. -]+")
_RECORD = "socket-directory"
_LOWEST_PORT = 15432
_PORTS = 10_000
_TRIES = 1_000


class UnableToFindPort(EnvironmentFault):
    """Every port that was tried is taken."""


def keep_port(*, home: Home) -> int:
    """Return the port of the last start while it is free, else a free one, and record it."""
    record = home.run / "port"
    last = _number(record)
    port = last if last and is_free(port=last) else free_port()
    record.write_text(str(port), encoding="ascii")
    return port


def is_free(*, port: int) -> bool:
    """Can a server listen on this loopback port now?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a loopback port that nothing listens on, below those that outgoing connections borrow."""
    ports = (_LOWEST_PORT + secrets.randbelow(_PORTS) for _ in range(_TRIES))
    found = next((port for port in ports if is_free(port=port)), None)
    if found is None:
        raise UnableToFindPort("空いているポートがありません。", "There is no free port on this machine.")
    return found


def socket_directory(*, home: Home, runner: Runner) -> Path:
    """Return `run` of the home, or a short private directory where that does not fit."""
    own = home.run.resolve()
    fits = len(os.fsencode(own)) <= _LONGEST_DIRECTORY and _PLAIN_PATH.fullmatch(str(own)) is not None
    if runner.enters_home and fits:
        return own
    forget_socket_directory(home=home)
    # A new directory of mode 0700 at each start: nobody else can have laid it out.
    made = Path(tempfile.mkdtemp(prefix="sekisho-"))
    (home.run / _RECORD).write_text(str(made), encoding="utf-8")
    runner.own(made)
    return made


def forget_socket_directory(*, home: Home) -> None:
    """Remove the short directory of the last start, if there was one."""
    record = home.run / _RECORD
    if record.is_file():
        shutil.rmtree(record.read_text(encoding="utf-8"), ignore_errors=True)
        record.unlink()


def _number(record: Path) -> int:
    try:
        return int(record.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0
