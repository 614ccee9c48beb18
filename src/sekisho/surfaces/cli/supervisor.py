"""Keeps processes running: starts them, waits until they are ready, restarts those that end, stops all."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sekisho.kernel.errors import EnvironmentFault
from sekisho.surfaces.cli.speech import tell

_PAUSE_SECONDS = 0.2
_PROBE_SECONDS = 2.0
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


class UnableToServe(EnvironmentFault):
    """A process ended again and again before it was ready, or was not ready in time."""


@dataclass(frozen=True)
class Service:
    """One process to keep: its program, whole environment, log, and the port it answers on, if any."""

    name: str
    argv: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    port: int | None = None


@dataclass(frozen=True)
class Patience:
    """How long things may take, in seconds, and how often they may fail before they were ready."""

    ready: float = 120.0
    stop: float = 30.0
    first_pause: float = 1.0
    longest_pause: float = 30.0
    healthy: float = 60.0
    early_ends: int = 3


@dataclass
class _Child:
    service: Service
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    ready: bool = False
    ends: int = 0
    pause: float = 0.0
    due: float = 0.0


@dataclass
class Supervisor:
    """Runs the services until SIGTERM or SIGINT; `on_ready` is called once, when all of them are ready."""

    services: Sequence[Service]
    on_ready: Callable[[], None]
    patience: Patience = field(default_factory=Patience)
    _children: list[_Child] = field(init=False)
    _stopping: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._children = [_Child(service) for service in self.services]

    def run(self) -> None:
        """Return after a signal, with every process ended; raise `UnableToServe`, likewise."""
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._until_ready()
            if not self._stopping:
                self.on_ready()
            while not self._stopping:
                self._tend()
                time.sleep(_PAUSE_SECONDS)
        finally:
            self._end_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _until_ready(self) -> None:
        deadline = time.monotonic() + self.patience.ready
        while not self._stopping and not all(child.ready for child in self._children):
            self._tend()
            late = [child for child in self._children if not child.ready]
            if late and time.monotonic() > deadline:
                raise _unable(late[0], "not ready in time")
            for child in late:
                child.ready = _is_ready(child)
            time.sleep(_PAUSE_SECONDS)

    def _tend(self) -> None:
        for child in self._children:
            if child.process is None:
                self._start_if_due(child)
            elif (code := child.process.poll()) is not None:
                self._note_end(child, code)

    def _start_if_due(self, child: _Child) -> None:
        if time.monotonic() >= child.due:
            child.started = time.monotonic()
            child.process = _start(child.service)

    def _note_end(self, child: _Child, code: int) -> None:
        lived = time.monotonic() - child.started
        child.process = None
        child.ends += 1
        if not child.ready and child.ends >= self.patience.early_ends:
            raise _unable(child, f"exit code {code}")
        fresh = child.pause == 0.0 or lived > self.patience.healthy
        longer = min(child.pause * 2, self.patience.longest_pause)
        child.pause = self.patience.first_pause if fresh else longer
        child.due = time.monotonic() + child.pause
        tell(
            f"{child.service.name} が終了しました(コード {code})。{child.pause:.0f} 秒後に再起動します。"
            f"ログ: {child.service.log}",
            f"{child.service.name} ended (code {code}); restarting in {child.pause:.0f} s. "
            f"Log: {child.service.log}",
        )

    def _end_all(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + self.patience.stop
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait()


def _start(service: Service) -> subprocess.Popen[bytes]:
    with service.log.open("ab") as log:
        return subprocess.Popen(
            list(service.argv),
            env=dict(service.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=service.log.parent,
            # A group of its own: the terminal's Ctrl-C reaches us alone, and we end the groups one by one.
            process_group=0,
            # Safe here: this process has no other threads.
            preexec_fn=_die_with_parent(os.getpid()),
        )


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Make the kernel end a child when the supervisor is killed; elsewhere than on Linux children stay."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)

    def in_child() -> None:
        libc.prctl(_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _is_ready(child: _Child) -> bool:
    if child.process is None or child.process.poll() is not None:
        return False
    if child.service.port is None:
        return True
    connection = http.client.HTTPConnection("127.0.0.1", child.service.port, timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _unable(child: _Child, reason: str) -> UnableToServe:
    name, log = child.service.name, child.service.log
    return UnableToServe(
        f"{name} を起動できません({reason})。ログ {log} の末尾: {_tail(log)}",
        f"{name} cannot be started ({reason}). End of its log {log}: {_tail(log)}",
    )


def _tail(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "-"
    return lines[-1].strip() if lines else "-"
