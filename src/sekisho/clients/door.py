"""Who an API token speaks for, and whether its company may ask now: one small question to the database at each request.

Nothing of a token is remembered, so that what is revoked or ended stops at once. A company's allowance is a bucket in the database;
each process takes a second's worth out of it at a time and hands it out by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, Final, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from sekisho.barrier.connect import prepare
from sekisho.barrier.gateway import UnableToRead
from sekisho.clients.actions import SCHEMA, hashed

Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")

LARGEST_LEASE: Final = 1_000

_FIND: Final = f"""
select c.company, c.person, c.requests_per_minute
  from {SCHEMA}.clients_token t join {SCHEMA}.clients_client c using (client_id)
 where t.token_hash = %s and t.expires_at > %s and c.ended_at is null"""
_TAKE: Final = f"""
insert into {SCHEMA}.clients_allowance as a (company, level, granted, at)
values (%(company)s, %(burst)s - %(want)s, %(want)s, clock_timestamp())
on conflict (company) do update
   set (level, granted, at) = (
       select f.level - g.granted, g.granted, clock_timestamp()
         from (select least(%(burst)s, a.level + greatest(0, extract(epoch from clock_timestamp() - a.at)) * %(rate)s)
                      as level) f,
              lateral (select least(%(want)s, floor(f.level)) as granted) g)
returning granted, level"""


@dataclass(frozen=True, slots=True)
class Admission:
    """Who asks; `wait`: seconds until the company may ask again, 0 when it may now."""

    company: str
    person: str
    requests_per_minute: int
    wait: int


class Door:
    """The door of one process. Thread-safe; `close` it at the end."""

    def __init__(self, conninfo: str, *, application: str, max_connections: int = 8) -> None:
        self._leases = Leases()
        self._pool = ConnectionPool(
            prepare(conninfo, application=application),
            min_size=1,
            max_size=max_connections,
            timeout=5,
            kwargs={"autocommit": True, "prepare_threshold": 0},
            open=True,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def admit(self, token: str, *, now: datetime) -> Admission | None:
        """Whom `token` speaks for at `now`, and count one request of its company; None when it is unknown, revoked or expired.

        Raises `UnableToRead` when the database is away.
        """
        return self._asked(lambda conn: self._admit(conn, token, now))

    def _admit(self, conn: Connection, token: str, now: datetime) -> Admission | None:
        found = conn.execute(_FIND, [hashed(token), now]).fetchone()
        if found is None:
            return None
        company, person, limit = found
        wait = 0 if self._leases.spend(company) else self._lease(conn, company, limit)
        return Admission(company, person, limit, wait)

    def _lease(self, conn: Connection, company: str, limit: int) -> int:
        """Take some of the company's allowance, one of it for this request; how long to wait when nothing is left."""
        rate, want = limit / 60, min(LARGEST_LEASE, max(1, limit // 60))
        asked = {"company": company, "want": want, "burst": float(max(10, limit // 5)), "rate": rate}
        granted, level = conn.execute(_TAKE, asked).fetchone() or (0, 0.0)
        self._leases.add(company, granted - 1)
        return 0 if granted else math.ceil((1 - level) / rate)

    def _asked(self, question: Callable[[Connection], T]) -> T:
        """Ask; once more on another connection if the server had been restarted meanwhile."""
        try:
            try:
                return self._once(question)
            except psycopg.OperationalError:
                self._pool.check()
                return self._once(question)
        except (psycopg.Error, PoolTimeout):
            raise UnableToRead(
                "いま照会できません。しばらくしてからもう一度お試しください。",
                "The database cannot answer now.",
            ) from None

    def _once(self, question: Callable[[Connection], T]) -> T:
        with self._pool.connection() as conn:
            return question(conn)


class Leases:
    """What this process has taken of each company's allowance and not yet handed out. Thread-safe."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._lock = Lock()

    def spend(self, company: str) -> bool:
        """Hand out one; False when there is none."""
        with self._lock:
            left = self._left.get(company, 0)
            self._left[company] = max(0, left - 1)
            return left > 0

    def add(self, company: str, number: int) -> None:
        """Keep what was taken."""
        with self._lock:
            self._left[company] = self._left.get(company, 0) + max(0, number)
