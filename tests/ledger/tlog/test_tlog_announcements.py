"""A read whose transaction is rolled back still leaves its record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from tlog_world import Connection, Passages, World, numbers, places

from sekisho.ledger.announcements import Announcements, Heard, UnableToReadAnnouncements


@pytest.fixture
def announcements(connect: Callable[[], Connection], passages: Passages) -> Iterator[Announcements]:
    passages.write(0)
    found = Announcements(connection=connect())
    found.ensure_slot()
    found.ensure_slot()
    yield found


def listen(announcements: Announcements, connection: Connection, wanted: int) -> Heard:
    """Collect until `wanted` announcements were heard: they reach the WAL's durable part within 200 ms."""
    announced = recovered = 0
    deadline = time.monotonic() + 20
    while announced < wanted and time.monotonic() < deadline:
        connection.execute(
            "select pg_logical_emit_message(true, 'other', 'x')"
        )  # flushes what lies before it
        heard = announcements.collect()
        announced, recovered = announced + heard.announced, recovered + heard.recovered
    return Heard(announced, recovered)


def rolled_back(connect: Callable[[], Connection], passages: Passages, many: int = 1) -> list[int]:
    reader = connect()
    with reader.transaction(force_rollback=True):
        return passages.write(many, connection=reader)


def body_of(connection: Connection, passage_id: int) -> str:
    row = connection.execute(
        "select ledger.canonical(p) from ledger.passage p where passage_id = %s", (passage_id,)
    ).fetchone()
    assert row is not None
    return str(row[0])


def test_a_rolled_back_read_leaves_its_record(
    world: World, passages: Passages, connect: Callable[[], Connection], announcements: Announcements
) -> None:
    sequencer = world.sequencer()
    reader = connect()
    with reader.transaction(force_rollback=True):
        (escaped,) = passages.write(connection=reader)
        shown = body_of(reader, escaped)
    assert escaped not in numbers(passages.connection)
    assert listen(announcements, passages.connection, 1) == Heard(1, 1)
    assert body_of(passages.connection, escaped) == shown, "word for word what the reader saw being written"
    assert sequencer.drain() == 1
    assert places(passages.connection) == [(0, escaped)]


def test_committed_reads_are_not_written_twice(passages: Passages, announcements: Announcements) -> None:
    written = passages.write(5)
    assert listen(announcements, passages.connection, 5) == Heard(5, 0)
    assert numbers(passages.connection) == set(written)
    assert announcements.collect().announced == 0, "heard once, then never again"


def test_a_savepoint_is_no_escape(
    passages: Passages, connect: Callable[[], Connection], announcements: Announcements
) -> None:
    reader = connect()
    with reader.transaction():
        with reader.transaction(force_rollback=True):
            (inside,) = passages.write(connection=reader)
        (outside,) = passages.write(connection=reader)
    assert listen(announcements, passages.connection, 2) == Heard(2, 1)
    assert numbers(passages.connection) == {inside, outside}


def test_a_read_still_under_way_is_settled_when_it_ends(
    passages: Passages, connect: Callable[[], Connection], announcements: Announcements
) -> None:
    reader = connect()
    with reader.transaction(force_rollback=True):
        (escaped,) = passages.write(connection=reader)
        assert listen(announcements, passages.connection, 1) == Heard(1, 0)
        assert escaped not in numbers(passages.connection)
    assert announcements.collect().recovered == 1
    assert numbers(passages.connection) == {escaped}
    count = passages.connection.execute("select count(*) from ledger.unsettled").fetchone()
    assert count == (0,)


def test_hearing_an_announcement_again_changes_nothing(
    passages: Passages,
    connect: Callable[[], Connection],
    announcements: Announcements,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    escaped = rolled_back(connect, passages, 3)
    with monkeypatch.context() as patch:
        # As if we died after the commit, before the slot moved on.
        patch.setattr(Announcements, "_advance", lambda *_: None)
        assert listen(announcements, passages.connection, 3).recovered == 3
        assert announcements.collect().announced >= 3
    assert announcements.collect().recovered == 0
    assert numbers(passages.connection) == set(escaped)


def test_a_reader_that_dies_leaves_its_record(
    passages: Passages, connect: Callable[[], Connection], announcements: Announcements
) -> None:
    reader = connect()
    reader.execute("begin")
    (escaped,) = passages.write(connection=reader)
    passages.connection.execute("select pg_terminate_backend(%s)", (reader.info.backend_pid,))
    heard = listen(announcements, passages.connection, 1)
    deadline = time.monotonic() + 20
    while not heard.recovered and time.monotonic() < deadline:
        heard = announcements.collect()
    assert numbers(passages.connection) == {escaped}


def test_a_gates_owner_needs_no_right_to_announce(
    passages: Passages, connect: Callable[[], Connection]
) -> None:
    connection = passages.connection
    passages.write()
    connection.execute(
        "do $$ begin if not exists (select from pg_roles where rolname = 'tlog_gate_owner') then"
        " create role tlog_gate_owner; end if; end $$"
    )
    connection.execute("grant usage on schema ledger to tlog_gate_owner")
    connection.execute("grant insert on ledger.passage to tlog_gate_owner")
    writer = connect()
    writer.execute("set role tlog_gate_owner")
    writer.execute(
        "insert into ledger.passage (at, gate, audience, purpose, verdict, points, holders, items, row_count)"
        " values ('2026-11-22 13:00+09', 'g', 'retailer', 'contract', 'passed', '{}', '{}', '{}', 0)"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        writer.execute("select pg_logical_emit_message(false, 'sekisho.passage', '{}')")
    connection.execute("drop owned by tlog_gate_owner")


def test_a_server_without_logical_wal_is_told_apart(
    connect: Callable[[], Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    announcements = Announcements(connection=connect())
    monkeypatch.setattr(Announcements, "_one", lambda *_: "replica")
    with pytest.raises(UnableToReadAnnouncements, match="wal_level is replica"):
        announcements.ensure_slot()
