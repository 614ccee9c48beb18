"""How far the log is behind, watched from two processes: the sequencer itself, and the worker, which notices when there is no sequencer."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from sekisho.ledger.sequencer import Lag, lag, unsealed
from sekisho.ledger.state import alarm_after

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0
REPEAT_EVERY = 300.0
"""Seconds between looks, and between two lines about the same alarm."""


def is_behind(found: Lag, *, waiting: int) -> bool:
    """Whether the lag is an alarm. A log that was never sealed is, as soon as there is something to seal."""
    return waiting > 0 if found.behind is None else found.behind > alarm_after(found.max_lag)


@dataclass
class LagWatch:
    """Writes a warning when the log falls behind, again while it stays so, and one line when it has caught up."""

    clock: Callable[[], float] = time.monotonic
    _looked: float = field(default=-LOOK_EVERY, init=False)
    _told: float | None = field(default=None, init=False)

    def look(self, conn: psycopg.Connection) -> None:
        """Look if it is time to; cheap enough for every round of a loop."""
        now = self.clock()
        if now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        found = lag(connection=conn)
        fine = found.behind is not None and found.behind <= alarm_after(found.max_lag)
        waiting = 0 if fine else unsealed(connection=conn)  # counted only where it matters
        if is_behind(found, waiting=waiting):
            self._warn(found, waiting, now)
        elif self._told is not None:
            self._told = None
            log.info("the ledger's log has caught up", extra={"size": found.published})

    def _warn(self, found: Lag, waiting: int, now: float) -> None:
        if self._told is not None and now - self._told < REPEAT_EVERY:
            return
        self._told = now
        behind = None if found.behind is None else round(found.behind.total_seconds(), 1)
        log.warning(
            "the ledger's log is behind",
            extra={
                "lag_seconds": behind,
                "limit_seconds": alarm_after(found.max_lag).total_seconds(),
                "unsealed": waiting,
                "size": found.published,
            },
        )
