"""Is this cluster's server alive? The pid file says so, and may be wrong after a kill or a restart."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` tells of a server, alive or not."""

    pid: int
    port: int
    socket_directory: str
    ready: bool


def read_postmaster(*, data: Path) -> Postmaster | None:
    """Return the pid file's contents, or None when it is missing or not yet complete."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8 or not lines[0].isdigit() or not lines[3].isdigit():
        return None
    return Postmaster(
        pid=int(lines[0]), port=int(lines[3]), socket_directory=lines[4], ready=lines[7].strip() == "ready"
    )


def pid_in_file(*, data: Path) -> int | None:
    """Return the first line of the pid file as a number, however incomplete the rest."""
    try:
        first = (data / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0]
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None


def sees_processes() -> bool:
    """Does this system show which directory a process stands in?"""
    return _PROC.is_dir()


def is_server(*, pid: int, data: Path) -> bool:
    """Is the process `pid` a PostgreSQL process of the cluster `data`?

    Every process of a cluster stands in its data directory; a stranger that got the pid after a
    restart does not.
    """
    if not sees_processes():
        return _alive(pid)
    try:
        return (_PROC / str(pid) / "cwd").samefile(data)
    except PermissionError:
        # Another account's process in a container without CAP_SYS_PTRACE: its name must do.
        return _name(pid) == "postgres"
    except OSError:
        return False


def remaining_processes(*, data: Path) -> list[int]:
    """Return the pids of all processes of the cluster, also those that outlived their postmaster."""
    if not sees_processes():
        return []
    pids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _stands_in(pid, data)]


def _stands_in(pid: int, data: Path) -> bool:
    try:
        return (_PROC / str(pid) / "cwd").samefile(data)
    except OSError:
        return False


def _name(pid: int) -> str:
    try:
        return (_PROC / str(pid) / "comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
