"""Gives each committed passage its place in the log, once and for good.

**Which passages are new.** Numbers of an identity column are drawn before the commit: number 7 can appear
after number 8 was read, so "everything above the highest number seen" loses passages. A position in
transaction numbers does not lose any, but waits for the oldest running transaction, and an import that runs
for an hour would stop every gate. So the difference of two snapshots is taken. `swept` is the snapshot
whose rows all have places; a passage is new when its transaction is visible to a later snapshot `target`
and was not visible to `swept`:

    xact >= xmax(swept)  or  xact was running in swept        (both exact look-ups in an index on xact)

After that `target` becomes `swept`. A long transaction merely stays in the list of those that were running,
and its passages enter when it ends. PostgreSQL's own documentation of pg_current_snapshot defines
visibility so.

**Crash.** The places (ledger.leaf) and the new state (ledger.sequence) are one transaction; tiles and
checkpoint follow from the places. Whatever died in between, `_ready` finds the tree shorter than the places
and goes on from there, by the same lines that a normal start uses.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
from psycopg.errors import LockNotAvailable
from psycopg.rows import TupleRow, class_row

from sekisho.kernel.errors import EnvironmentFault
from sekisho.ledger.announcements import Announcements
from sekisho.ledger.leaves import SALT_BYTES, commitment
from sekisho.ledger.log import Log, UnableToContinueLog, UnableToCosign
from sekisho.ledger.notes import Checkpoint, Note
from sekisho.ledger.state import alarm_after

_LOCK: Final = int.from_bytes(hashlib.sha256(b"sekisho.ledger.sequencer").digest()[:8], "big", signed=True)
_HEARTBEAT: Final = timedelta(seconds=1)
_CATCH_UP: Final = 20_000

_STATE: Final = """
select size, swept::text, target::text, target_at, after_xact::text, after_id, published_size, published_root,
       system_id is not distinct from (select system_identifier from pg_control_system()) as same_cluster
  from ledger.sequence
"""

# Two index scans, each in the order wanted and cut to the batch, so that a backlog of millions is read
# batch by batch without sorting. The first yields only transactions older than the second's. The anti-join
# is no part of the argument above: it makes a restored database, whose transaction numbers belong to
# another cluster, harmless.
_NEW: Final = """
(select p.xact::text, p.passage_id, p.at::text, ledger.canonical(p) from ledger.passage p
  where p.xact = any(array(select pg_snapshot_xip(%(swept)s::pg_snapshot)))
    and (p.xact, p.passage_id) > (%(after_xact)s::xid8, %(after_id)s)
    and pg_visible_in_snapshot(p.xact, %(target)s::pg_snapshot)
    and not exists (select from ledger.leaf l where l.at = p.at and l.passage_id = p.passage_id)
  order by p.xact, p.passage_id limit %(batch)s)
union all
(select p.xact::text, p.passage_id, p.at::text, ledger.canonical(p) from ledger.passage p
  where p.xact >= pg_snapshot_xmax(%(swept)s::pg_snapshot)
    and (p.xact, p.passage_id) > (%(after_xact)s::xid8, %(after_id)s)
    and pg_visible_in_snapshot(p.xact, %(target)s::pg_snapshot)
    and not exists (select from ledger.leaf l where l.at = p.at and l.passage_id = p.passage_id)
  order by p.xact, p.passage_id limit %(batch)s)
"""

_PLAN: Final = """
select set_config(name, value, false) from (values ('enable_seqscan', 'off'), ('enable_sort', 'off'),
    ('enable_bitmapscan', 'off'), ('max_parallel_workers_per_gather', '0'), ('jit', 'off'),
    ('timezone', 'Asia/Tokyo'), ('datestyle', 'ISO, YMD')) as s (name, value)
"""

# Salts and entries in one piece each, cut here: dumping them as arrays took longer than hashing them.
_PLACE: Final = """
insert into ledger.leaf (at, passage_id, idx, salt, entry)
select n.at, n.passage_id, %(size)s::bigint + n.place - 1, substring(%(salts)b::bytea from (n.place::integer - 1) * 16 + 1 for 16),
       substring(%(entries)b::bytea from (n.place::integer - 1) * 32 + 1 for 32)
  from unnest(%(moments)s::timestamptz[], %(numbers)s::bigint[]) with ordinality as n (at, passage_id, place)
"""

# The first sweep, and the first in another cluster: whatever has no place yet.
_ALL: Final = """
select (c.p).xact::text, (c.p).passage_id, (c.p).at::text, ledger.canonical(c.p)
  from (select p from ledger.passage p
         where not exists (select from ledger.leaf l where l.at = p.at and l.passage_id = p.passage_id)
         order by p.at, p.passage_id limit %(batch)s) c
"""


_Row = tuple[str, int, str, str]
"""A passage without a place: transaction, number, moment, canonical encoding."""


class UnableToSequence(EnvironmentFault):
    """Another sequencer is running, or took over while this one worked."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The row of ledger.sequence. Snapshots and transaction numbers in PostgreSQL's text form."""

    size: int
    swept: str | None
    target: str | None
    target_at: datetime | None
    after_xact: str | None
    after_id: int | None
    published_size: int
    published_root: bytes | None
    same_cluster: bool


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one round did: passages placed, whether none was left, and the checkpoint if one was published."""

    sequenced: int
    complete: bool
    note: Note | None


@dataclass(frozen=True, kw_only=True)
class _Taken:
    entries: list[bytes]
    complete: bool
    sealed: datetime | None


class Sequencer:
    """The one writer of the log. Its connection is in autocommit mode; `random` gives the salts."""

    def __init__(
        self,
        *,
        connection: psycopg.Connection[TupleRow],
        open_log: Callable[[], Log],
        random: Callable[[int], bytes],
        batch: int = 20_000,
    ) -> None:
        self._connection = connection
        self._open_log = open_log
        self._random = random
        self._batch = batch
        self._log: Log | None = None
        self._months: set[str] = set()
        self._heartbeat: datetime | None = None

    def step(self) -> Step:
        """Do one round: places, tiles, checkpoint. On any error the next round starts from what is stored."""
        try:
            log = self._log = self._ready()
            taken = self._sequence()
            if taken.entries:
                log.extend(taken.entries)
            note = self._publish(log, taken)
            return Step(sequenced=len(taken.entries), complete=taken.complete, note=note)
        except BaseException:
            # The tree in memory may be ahead of, or beside, what is stored.
            self._log = None
            raise

    def drain(self) -> int:
        """Do rounds until no passage is left; return how many were given a place."""
        total = 0
        while True:
            step = self.step()
            total += step.sequenced
            if step.complete:
                return total

    def reconcile(self) -> int:
        """Look for passages without a place among all of them, whatever their transaction numbers say.

        There are none unless someone wrote a passage under a false number or the tables were changed from
        outside; run it now and then. Returns how many passages were given a place, new ones included.
        """
        self._log = self._ready()
        self._connection.execute(
            "update ledger.sequence set swept = null, target = null, target_at = null, after_xact = null,"
            " after_id = null"
        )
        return self.drain()

    def _ready(self) -> Log:
        """Return the log, holding every entry that has a place."""
        if self._log is not None:
            return self._log
        self._take_lock()
        # A delta is a handful of rows at the end of an index, whatever the planner believes about the table;
        # a backlog is read along the same index, in order and batch by batch.
        self._connection.execute(_PLAN)
        log = self._open_log()
        state = self._state()
        self._refuse_other_history(log, state)
        while log.size < state.size:
            log.extend(self._entries(log.size, min(state.size, log.size + _CATCH_UP)))
        return log

    def claim(self) -> None:
        """Make sure that no other sequencer works on this database while this connection lives; raise `UnableToSequence`."""
        self._take_lock()

    def _take_lock(self) -> None:
        """Waits a second: the server may still be ending the session of a sequencer that has stopped."""
        held = self._connection.execute(
            "select exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
            " and (classid::bigint << 32 | objid::bigint) = %s)",
            (_LOCK,),
        ).fetchone()
        if held is not None and held[0]:
            return
        try:
            with self._connection.transaction():
                self._connection.execute("set local lock_timeout = '1s'")
                self._connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        except LockNotAvailable as refused:
            raise UnableToSequence(
                "別のシーケンサーが動作中です。", "Another sequencer is at work on this database."
            ) from refused

    def _refuse_other_history(self, log: Log, state: State) -> None:
        head = log.published
        if head is None:
            return
        if head.size > state.size:
            raise _two_histories(f"{head.size} published, {state.size} known to the database")
        if head.size < state.published_size:
            raise _two_histories(f"{head.size} stored, {state.published_size} once published")
        if head.size == state.published_size and head.root != state.published_root:
            raise _two_histories(f"other root at size {head.size}")
        first, entries = log.last_entries()
        known = self._known(first, head.size)
        for index, entry in enumerate(entries, start=first):
            # Erased months have no rows here; their entries stand in the tiles alone.
            if known.get(index, entry) != entry:
                raise _two_histories(f"other entry at {index}")

    def _known(self, first: int, end: int) -> dict[int, bytes]:
        rows = self._connection.execute(
            "select idx, entry from ledger.leaf where idx >= %s and idx < %s", (first, end)
        )
        return dict(rows.fetchall())

    def _entries(self, first: int, end: int) -> list[bytes]:
        known = self._known(first, end)
        missing = next((index for index in range(first, end) if index not in known), None)
        if missing is not None:
            raise _two_histories(f"entry {missing} is in no table; restore the log's directory")
        return [known[index] for index in range(first, end)]

    def _state(self) -> State:
        with self._connection.cursor(row_factory=class_row(State)) as cursor:
            state = cursor.execute(_STATE).fetchone()
        if state is None:
            raise _two_histories("ledger.sequence is empty")
        return state

    def _sequence(self) -> _Taken:
        """Give the next batch of passages their places, in one transaction."""
        with self._connection.transaction():
            state = self._state()
            if state.swept is None or not state.same_cluster:
                return self._sweep_all(state)
            target, target_at = self._target(state)
            rows = self._connection.execute(
                _NEW,
                {
                    "swept": state.swept,
                    "target": target,
                    "after_xact": state.after_xact or "0",
                    "after_id": state.after_id or 0,
                    "batch": self._batch,
                },
            ).fetchall()
            rows = sorted(rows, key=lambda row: (int(row[0]), row[1]))[: self._batch]
            complete = len(rows) < self._batch
            due = self._heartbeat is None or target_at - self._heartbeat >= _HEARTBEAT
            if not rows and not due:
                return _Taken(entries=[], complete=True, sealed=None)
            entries = self._place(state.size, rows)
            after = None if complete else (rows[-1][0], rows[-1][1])
            self._move(state, len(rows), target, target_at, after)
            return _Taken(entries=entries, complete=complete, sealed=target_at if complete and due else None)

    def _sweep_all(self, state: State) -> _Taken:
        """Place whatever has no place; the snapshot is the one before, so the next sweep looks again."""
        target, target_at = self._target(None)
        rows = self._connection.execute(_ALL, {"batch": self._batch}).fetchall()
        entries = self._place(state.size, rows)
        complete = len(rows) < self._batch
        self._connection.execute(
            "update ledger.sequence set size = size + %s, swept = %s::pg_snapshot, target = null,"
            " after_xact = null, after_id = null,"
            " system_id = (select system_identifier from pg_control_system())",
            (len(rows), target if complete else None),
        )
        return _Taken(entries=entries, complete=complete, sealed=target_at if complete else None)

    def _target(self, state: State | None) -> tuple[str, datetime]:
        """Return the snapshot to sweep to: that of the sweep under way, or a new one with an earlier time."""
        if state is not None and state.target is not None and state.target_at is not None:
            return state.target, state.target_at
        # Two statements: the time must not be later than the snapshot, or the seal would promise too much.
        at = self._connection.execute("select clock_timestamp()").fetchone()
        snapshot = self._connection.execute("select pg_current_snapshot()::text").fetchone()
        if at is None or snapshot is None:
            raise AssertionError("a query for one row returned none")
        return snapshot[0], at[0]

    def _place(self, size: int, rows: Sequence[_Row]) -> list[bytes]:
        if not rows:
            return []
        self._ensure_months(rows)
        salts = self._random(SALT_BYTES * len(rows))
        entries = [
            commitment(salt=salts[at : at + SALT_BYTES], body=row[3].encode())
            for at, row in zip(range(0, len(salts), SALT_BYTES), rows, strict=True)
        ]
        # Arrays and not COPY, which row security forbids to everybody but a table's owner.
        self._connection.execute(
            _PLACE,
            {
                "size": size,
                "salts": salts,
                "entries": b"".join(entries),
                "moments": '{"' + '","'.join(row[2] for row in rows) + '"}',
                "numbers": "{" + ",".join(str(row[1]) for row in rows) + "}",
            },
        )
        return entries

    def _ensure_months(self, rows: Sequence[_Row]) -> None:
        # The session's clock is Japan's, as the tables are cut: a moment's text begins with its month.
        for month in {row[2][:7] for row in rows} - self._months:
            self._connection.execute("select ledger.ensure_leaf_month(%s)", (f"{month}-01",))
            self._months.add(month)

    def _move(
        self, state: State, count: int, target: str, target_at: datetime, after: tuple[str, int] | None
    ) -> None:
        """Write the new state; a sweep that is not through keeps its target and its last passage."""
        changed = self._connection.execute(
            "update ledger.sequence set size = %(grown)s, swept = %(swept)s::pg_snapshot,"
            " target = %(target)s::pg_snapshot, target_at = %(target_at)s, after_xact = %(xact)s::xid8,"
            " after_id = %(id)s where size = %(size)s and swept::text = %(was)s",
            {
                "size": state.size,
                "grown": state.size + count,
                "was": state.swept,
                "swept": target if after is None else state.swept,
                "target": None if after is None else target,
                "target_at": None if after is None else target_at,
                "xact": None if after is None else after[0],
                "id": None if after is None else after[1],
            },
        ).rowcount
        if changed != 1:
            raise UnableToSequence(
                "別のシーケンサーが状態を変更しました。", "Another sequencer has changed the state meanwhile."
            )

    def _publish(self, log: Log, taken: _Taken) -> Note | None:
        """Publish the tree if it grew, then let gates know how far the log is sealed."""
        head, note = log.published, None
        if head is None or head.size < log.size:
            note = log.publish()
        if note is not None or taken.sealed is not None:
            self._remember(log.published, note, taken.sealed)
        return note

    def _remember(self, head: Checkpoint | None, note: Note | None, sealed: datetime | None) -> None:
        # After the checkpoint is durable in the store: the database may know less than was published, never
        # more.
        if head is None:
            raise AssertionError("publishing leaves a checkpoint")
        with self._connection.transaction():
            # Losing this in a crash is knowing less; so nobody needs to wait for the disk.
            self._connection.execute("set local synchronous_commit = off")
            self._connection.execute(
                "update ledger.sequence set published_size = %s, published_root = %s", (head.size, head.root)
            )
            if note is not None:
                self._connection.execute(
                    "insert into ledger.checkpoint (size, at, note) select %s, statement_timestamp(), %s"
                    " where not exists (select from ledger.checkpoint"
                    " where at >= date_trunc('hour', statement_timestamp()))"
                    " on conflict do nothing",
                    (head.size, str(note)),
                )
            if sealed is not None:
                self._connection.execute("update ledger.seal set sealed_through = %s", (sealed,))
        self._heartbeat = sealed or self._heartbeat


@dataclass(frozen=True, kw_only=True)
class Lag:
    """How far the published log is behind the passages. `behind` is None before the first seal."""

    size: int
    published: int
    behind: timedelta | None
    max_lag: timedelta | None
    open: bool

    @property
    def alarm(self) -> bool:
        """True while there is time left to act; a log that was never sealed is one where gates refuse for it."""
        return self.max_lag is not None if self.behind is None else self.behind > alarm_after(self.max_lag)


def lag(*, connection: psycopg.Connection[TupleRow]) -> Lag:
    """Measure the lag; a metric and an alarm."""
    with connection.cursor(row_factory=class_row(Lag)) as cursor:
        found = cursor.execute(
            "select q.size, q.published_size as published, s.max_lag,"
            " clock_timestamp() - s.sealed_through as behind,"
            " coalesce(ledger.is_open(), false) as open from ledger.sequence q, ledger.seal s"
        ).fetchone()
    if found is None:
        raise _two_histories("ledger.sequence is empty")
    return found


# Cut off: behind by more than this, the exact number says nothing more.
_MOST_COUNTED: Final = 1_000_000
_UNSEALED: Final = """
with s as (select size, published_size, swept from ledger.sequence)
select (select size - published_size from s) + count(*) from (
    select from ledger.passage p, s
     where (s.swept is null or p.xact >= pg_snapshot_xmax(s.swept) or p.xact = any(array(select pg_snapshot_xip(s.swept))))
       and not exists (select from ledger.leaf l where l.at = p.at and l.passage_id = p.passage_id)
     limit %s) waiting
"""


def unsealed(*, connection: psycopg.Connection[TupleRow]) -> int:
    """Count the committed passages that no published checkpoint covers yet, to about a million."""
    row = connection.execute(_UNSEALED, (_MOST_COUNTED,)).fetchone()
    return 0 if row is None else int(row[0])


@dataclass(frozen=True, kw_only=True)
class Changer:
    """Who changes a setting of the log and why: the operating system's user, the person as stated, the reason."""

    os_user: str
    by: str
    reason: str


def set_max_lag(
    *, connection: psycopg.Connection[TupleRow], max_lag: timedelta | None, changer: Changer
) -> None:
    """Set the lag beyond which gates refuse; None lets them answer whatever the lag is. A change is recorded by the database itself."""
    with connection.transaction():
        for name, said in (("os_user", changer.os_user), ("by", changer.by), ("reason", changer.reason)):
            connection.execute("select set_config(%s, %s, true)", (f"sekisho.lag_{name}", said))
        connection.execute("update ledger.seal set max_lag = %s", (max_lag,))


def follow(
    *,
    sequencer: Sequencer,
    announcements: Announcements | None,
    stop: threading.Event,
    pause: float = 0.1,
    report: Callable[[Step | UnableToCosign], None],
) -> None:
    """Sequence until `stop` is set, one round every `pause` seconds and at once while passages are waiting.

    A lack of cosignatures is reported and tried again; any other error ends the loop, and a restart goes on.
    """
    with ThreadPoolExecutor(1) as pool:
        listening = None if announcements is None else pool.submit(_listen, announcements, stop)
        try:
            while not stop.is_set() and not (listening and listening.done()):
                if not _round(sequencer, report):
                    stop.wait(pause)
        finally:
            stop.set()
        if listening:
            listening.result()


def _round(sequencer: Sequencer, report: Callable[[Step | UnableToCosign], None]) -> bool:
    """Do one round and tell whether passages are waiting."""
    try:
        step = sequencer.step()
    except UnableToCosign as fault:
        report(fault)
        return False
    report(step)
    return not step.complete


def _listen(announcements: Announcements, stop: threading.Event) -> None:
    """Collect announcements about once a second, since each call reads some WAL again, in a thread of its own."""
    while not stop.is_set():
        announcements.collect()
        stop.wait(_HEARTBEAT.total_seconds())


def _two_histories(reason: str) -> UnableToContinueLog:
    return UnableToContinueLog(
        f"データベースと公開済みのログが食い違っています: {reason}。"
        "バックアップから戻した場合は、ログと同じ時点にそろえてください。何も署名していません。",
        f"The database and the published log disagree: {reason}. "
        "After a restore, bring both to the same moment. Nothing was signed.",
    )
