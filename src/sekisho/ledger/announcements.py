"""Reads that were rolled back: a record that not even the reader's own ROLLBACK removes.

A login can ask a gate, look at the answer and roll back; the passage row goes with the transaction. The
trigger `ledger.announce` therefore also writes each passage into the WAL as a message outside its
transaction. Here the messages are read back through a logical slot; where the transaction is over and the
row is missing, the row is written after all, under the same number. Needs `wal_level = logical` and a login
with REPLICATION.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.errors import EnvironmentFault

_BATCH: Final = 10_000

# One probe of the primary key each, whatever the planner believes about the table's size.
_PLAN: Final = """
select set_config(name, 'off', false) from (values ('enable_seqscan'), ('enable_hashjoin'),
('enable_mergejoin'),
    ('jit')) as s (name)
"""

# A pgoutput message of ours (PostgreSQL 18, section 54.9): 'M', flags u8, position u64, prefix ending with 0, length u32, content.
# Taken apart in the server: nearly all announcements are of passages that are there, and need not travel.
_HEARD: Final = """
with change as materialized (
    select lsn, data from pg_logical_slot_peek_binary_changes(%s, %s::pg_lsn, %s, 'proto_version', '1',
                                                              'publication_names', 'sekisho_passage', 'messages', 'true')),
heard as materialized (
    select convert_from(substring(data from 31), 'UTF8')::jsonb as body from change
     where get_byte(data, 0) = ascii('M') and substring(data from 11 for 16) = 'sekisho.passage\\000'::bytea)
select (select count(*) from change), (select max(lsn)::text from change), (select count(*) from heard),
       (select coalesce(array_agg(body::text), '{}') from heard
         where not exists (select from ledger.passage p where p.at = (body->>'at')::timestamptz
                              and p.passage_id = (body->>'passage_id')::bigint))
"""

# Statuses: pg_xact_status is null for transactions older than the server remembers, which are long over.
# Seen as finished, yet its row not visible to this statement's snapshot: the row is there all the same, and
# the primary key makes the insert do nothing.
_SETTLE: Final = """
with announced as materialized (
    select body, (body->>'passage_id')::bigint as passage_id, (body->>'at')::timestamptz as at,
           (body->>'xact')::xid8 as xact
      from (select unnest(%s::jsonb[]) as body union select body from ledger.unsettled) heard),
over as materialized (select * from announced where pg_xact_status(xact) is distinct from 'in progress'),
forgotten as (delete from ledger.unsettled u using over where u.passage_id = over.passage_id),
waiting as (insert into ledger.unsettled (passage_id, xact, body)
            select passage_id, xact, body from announced a
             where not exists (select from over where over.passage_id = a.passage_id)
            on conflict do nothing),
kept as (insert into ledger.passage overriding system value
         select (jsonb_populate_record(null::ledger.passage,
                     over.body || jsonb_build_object('xact', pg_current_xact_id()::text))).*
           from over
          where not exists (select from ledger.passage p where p.at = over.at and p.passage_id =
          over.passage_id)
         on conflict do nothing returning 1)
select count(*) from kept
"""


class UnableToReadAnnouncements(EnvironmentFault):
    """The server does not keep what is needed to find rolled-back reads."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How many announcements were read, and how many passages were written after all."""

    announced: int
    recovered: int


class Announcements:
    """The reader of the slot. Takes a connection in autocommit mode of its own."""

    def __init__(self, *, connection: psycopg.Connection[TupleRow]) -> None:
        self._connection = connection
        self._slot = slot_of(connection)
        connection.execute(_PLAN)

    def ensure_slot(self) -> None:
        """Create the slot on first use; `UnableToReadAnnouncements` where it cannot work or was lost."""
        level = self._one("select current_setting('wal_level')")
        if level != "logical":
            raise UnableToReadAnnouncements(
                f"wal_level が {level} です。取り消された閲覧も記録するには logical が必要です。",
                f"wal_level is {level}; recording rolled-back reads needs logical.",
            )
        status = self._connection.execute(
            "select wal_status from pg_replication_slots where slot_name = %s", (self._slot,)
        ).fetchone()
        if status is None:
            self._connection.execute(
                "select pg_create_logical_replication_slot(%s, 'pgoutput')", (self._slot,)
            )
        elif status[0] == "lost":
            # Not repaired silently: what was announced since then cannot be known any more.
            raise UnableToReadAnnouncements(
                f"スロット {self._slot} の WAL が失われました(max_slot_wal_keep_size)。"
                "調査の後、削除して作り直してください。",
                f"The WAL of slot {self._slot} was discarded (max_slot_wal_keep_size). "
                "Investigate, then drop the slot.",
            )

    def collect(self) -> Heard:
        """Read what was announced and write the passages that are missing. Repeating it is harmless."""
        # A standby snapshot lets the slot's restart point move on; without it each call would read the same
        # WAL again, up to 15 seconds of it.
        self._connection.execute("select pg_log_standby_snapshot()")
        upto = self._one("select pg_current_wal_flush_lsn()::text")
        changes, last, announced, missing = self._row(_HEARD, (self._slot, upto, _BATCH))
        recovered = int(self._one(_SETTLE, (missing,)))
        # Only now, after the commit: dying before this line reads the same announcements again.
        self._advance(upto if changes < _BATCH else last)
        return Heard(announced, recovered)

    def _advance(self, lsn: str) -> None:
        self._connection.execute(
            "select pg_replication_slot_advance(slot_name, %s::pg_lsn) from pg_replication_slots"
            " where slot_name = %s and confirmed_flush_lsn < %s::pg_lsn",
            (lsn, self._slot, lsn),
        )

    def _one(self, query: str, parameters: tuple[object, ...] = ()) -> Any:
        return self._row(query, parameters)[0]

    def _row(self, query: str, parameters: tuple[object, ...]) -> TupleRow:
        row = self._connection.execute(query.encode(), parameters).fetchone()
        if row is None:
            raise AssertionError("a query for one row returned none")
        return row


def slot_of(connection: psycopg.Connection[TupleRow]) -> str:
    """Return the slot's name. Slots belong to the whole server: the database's number keeps them apart."""
    row = connection.execute("select oid from pg_database where datname = current_database()").fetchone()
    if row is None:
        raise AssertionError("a connection has a database")
    return f"sekisho_passage_{row[0]}"
