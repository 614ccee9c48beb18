"""Where the time of a matching goes: seconds by stage, noted by each task beside its results. The clocks are passed
in by whoever wants to know (the bench); nothing that is decided depends on them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

Clock = Callable[[], float]
"""Seconds since whenever."""
Lap = Callable[[str], None]
"""Called with the name of a stage when it ends."""
FOLDER, WHOLE = "seconds", "whole"


class Clocks(NamedTuple):
    """`task` runs in the process of a task (processor seconds), `whole` in the one that waits for all of them."""

    task: Clock
    whole: Clock


class Laps:
    """Seconds by stage; a stage begins where the one before ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock()
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str) -> None:
        now = self._clock()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._began
        self._began = now


def untimed(_: str) -> None:
    """Where nobody wants to know."""


def read(work: Path) -> dict[str, dict[str, float]]:
    """What is noted in the working folder of a matching: `whole`, seconds by stage as its starter saw them, and
    `tasks`, the processor seconds of all tasks together."""
    noted = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((work / FOLDER).glob("*.json"))
    }
    whole = noted.pop(WHOLE, {})
    tasks: dict[str, float] = {}
    for stages in noted.values():
        for stage, seconds in stages.items():
            tasks[stage] = tasks.get(stage, 0.0) + seconds
    return {"whole": whole, "tasks": tasks}
