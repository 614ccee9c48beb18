"""The worker: carries out what surfaces submitted, and does what has to be done regularly.

It has its own login and no port. Woken by NOTIFY, it also looks by itself every few seconds, so a lost wake-up delays nothing for
long. Killed at any moment it loses nothing: every step is one transaction.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg

from sekisho.barrier.connect import connect
from sekisho.ledger.derive import derive_seen_points
from sekisho.settings import bundling, exports, scoping
from sekisho.settings.commands import HANDLERS
from sekisho.settings.deploy import ensure_months
from sekisho.settings.home import Home
from sekisho.settings.lag import LagWatch
from sekisho.work.queue import CHANNEL, Handler, run_next

log = logging.getLogger(__name__)

WAKE_SECONDS = 2.0
"""How long the worker sleeps without a notification."""

MONTHS_EVERY = 3_600.0
"""Seconds between looks at whether the coming months have their partitions."""


def utc_now() -> datetime:
    """The process's clock, which the domain never reads by itself."""
    return datetime.now(UTC)


@dataclass
class Worker:
    """One worker. `stop` is asked between steps."""

    conninfo: str
    stop: Callable[[], bool]
    clock: Callable[[], datetime] = utc_now
    home: Home | None = None
    """Where the log and its columns lie, and the secrets with which large files are written; without it both are refused."""
    _lag: LagWatch = field(default_factory=LagWatch, init=False)
    _months_at: float = field(default=-MONTHS_EVERY, init=False)
    _handlers: Mapping[str, Handler] = field(init=False)
    _exporter: exports.Exporter | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._handlers = {
            **HANDLERS,
            **scoping.handlers(self.home),
            **exports.handlers(self.home),
            **bundling.handlers(self.home),
        }
        if self.home is not None and exports.has_secrets(self.home):
            self._exporter = exports.Exporter(self.conninfo, self.home, self.clock)

    def run(self) -> None:
        """Work until told to stop; a lost connection is made anew with a growing pause."""
        pause = 1.0
        while not self.stop():
            try:
                with connect(self.conninfo, application="sekisho worker") as conn:
                    pause = 1.0
                    self._serve(conn)
            except psycopg.OperationalError as fault:
                log.warning("worker lost the database", extra={"sqlstate": fault.sqlstate, "pause": pause})
                time.sleep(pause)
                pause = min(pause * 2, 30.0)

    def _serve(self, conn: psycopg.Connection) -> None:
        conn.execute(f"listen {CHANNEL}")
        try:
            while not self.stop():
                self.step(conn)
                # a file is written part by part; between two parts commands are looked after
                if self._exporter is not None and self._exporter.step(conn):
                    continue
                for _ in conn.notifies(timeout=WAKE_SECONDS, stop_after=1):
                    pass
        finally:
            if self._exporter is not None:
                self._exporter.close()

    def step(self, conn: psycopg.Connection) -> int:
        """Everything that waits now; returns the number of commands carried out."""
        done = 0
        while not self.stop() and run_next(conn, self._handlers, clock=self.clock):
            done += 1
        while not self.stop() and derive_seen_points(conn) > 0:
            pass
        if time.monotonic() - self._months_at > MONTHS_EVERY:
            ensure_months(conn, self.clock())
            bundling.drop_expired(conn, self.clock())
            if self._exporter is not None:
                self._exporter.expire(conn)
            self._months_at = time.monotonic()
        self._lag.look(conn)
        return done
