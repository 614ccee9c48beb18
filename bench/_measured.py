"""A command's wall time, processor time and peak memory over its whole tree of processes, and what machine it ran on."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from sekisho.kernel.errors import SekishoError

_EVERY_S = 0.1
_CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Measured:
    """seconds of wall time; cpu_seconds of all processors, user and system, of the whole tree; peak_mb: the
    largest sum of resident memory (10⁶ bytes) of the tree, sampled; load: runnable processes of the machine,
    averaged over the run."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    load: float
    output: str


class UnableToMeasure(SekishoError):
    """What was to be measured failed: exit code 1."""


def measured(command: Sequence[str]) -> Measured:
    """Run `command` in the checkout; raises UnableToMeasure with its last words when it fails."""
    started, spent = time.perf_counter(), _spent()
    child = subprocess.Popen(
        command, cwd=_CHECKOUT, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    seen = _Seen()
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(child.pid, seen, ended), daemon=True)
    watcher.start()
    output, errors = child.communicate()
    seconds = time.perf_counter() - started
    ended.set()
    watcher.join()
    if child.returncode:
        raise UnableToMeasure(
            f"測定対象が終了コード {child.returncode} で止まりました: {errors[-2000:]}",
            f"the command measured ended with exit code {child.returncode}: {errors[-2000:]}",
        )
    return Measured(seconds, _spent() - spent, seen.peak_mb, seen.load, output)


def _spent() -> float:
    """Processor seconds of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass
class _Seen:
    """What the watcher has seen so far."""

    peak_mb: float = 0.0
    samples: int = 0
    loads: float = 0.0

    @property
    def load(self) -> float:
        return self.loads / max(self.samples, 1)


def _environment() -> dict[str, str]:
    paths = [str(_CHECKOUT / "src"), str(_CHECKOUT)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _watch(pid: int, seen: _Seen, ended: threading.Event) -> None:
    while not ended.wait(_EVERY_S):
        seen.peak_mb = max(seen.peak_mb, _resident(pid) / 1e6)
        seen.samples, seen.loads = seen.samples + 1, seen.loads + os.getloadavg()[0]


def _resident(pid: int) -> int:
    """Resident bytes of a process and its descendants; a process that has just ended counts nothing."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for process in tree:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def cpu_seconds(process: psutil.Process) -> float:
    """What a process and those that it has started, ended ones too, have used so far."""
    own = process.cpu_times()
    running = [child.cpu_times() for child in process.children(recursive=True)]
    used = own.children_user + own.children_system + sum(time.user + time.system for time in (own, *running))
    return float(used)


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
