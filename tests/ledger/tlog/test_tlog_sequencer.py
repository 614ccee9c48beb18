"""No passage lost, none twice, order fixed: whatever commits when, and whoever else is writing."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from tlog_world import Connection, Passages, World, numbers, places

from sekisho.ledger.leaves import commitment
from sekisho.ledger.log import UnableToContinueLog
from sekisho.ledger.notes import parse_checkpoint, parse_note
from sekisho.ledger.sequencer import Sequencer, UnableToSequence, lag
from sekisho.ledger.tiles import TileReader


def assert_whole(world: World, connection: Connection) -> None:
    """Every passage stands in the log exactly once, and the published tree is made of their commitments."""
    placed = places(connection)
    assert [index for index, _ in placed] == list(range(len(placed)))
    assert sorted(passage for _, passage in placed) == sorted(numbers(connection))
    raw = world.store.get("checkpoint")
    assert raw is not None
    head = parse_checkpoint(parse_note(raw.decode()).text)
    assert head.size == len(placed)
    reader = TileReader(store=world.store, size=head.size)
    assert reader.root() == head.root
    stored = [entry for number in range((head.size + 255) // 256) for entry in reader.entries(number)]
    opened = connection.execute(
        "select l.salt, ledger.canonical(p) from ledger.leaf l join ledger.passage p using (at, passage_id)"
        " order by idx"
    ).fetchall()
    assert stored == [commitment(salt=salt, body=body.encode()) for salt, body in opened]


def test_every_passage_gets_one_place(world: World, passages: Passages) -> None:
    sequencer = world.sequencer()
    for many in (0, 1, 3, 255, 1, 300, 0):
        passages.write(many)
        assert sequencer.drain() == many
        assert_whole(world, passages.connection)


def test_a_passage_that_commits_after_a_later_number_is_not_lost(
    world: World, passages: Passages, connect: Callable[[], Connection]
) -> None:
    sequencer = world.sequencer()
    passages.write()
    sequencer.drain()
    slow = connect()
    with slow.transaction():
        early = passages.write(connection=slow)
        late = passages.write()
        assert sequencer.drain() == 1
        assert places(passages.connection)[-1][1] == late[0] > early[0]
        late += passages.write()
        assert sequencer.drain() == 1
    assert sequencer.drain() == 1
    assert places(passages.connection)[-1][1] == early[0]
    assert_whole(world, passages.connection)


def test_a_long_transaction_of_others_holds_nothing_back(
    world: World, passages: Passages, connect: Callable[[], Connection]
) -> None:
    sequencer = world.sequencer()
    importer = connect()
    with importer.transaction():
        importer.execute("create table long_import (n int)")
        for _ in range(3):
            passages.write(2)
            assert sequencer.drain() == 2
    assert_whole(world, passages.connection)


def test_a_backlog_is_swept_in_batches_that_resume(world: World, passages: Passages) -> None:
    first = world.sequencer(batch=7)
    first.drain()
    passages.write(20)
    assert [first.step().complete, first.step().complete] == [False, False]
    passages.write(5)
    release(passages)
    second = world.sequencer(batch=7)
    assert second.step().sequenced == 6, "the rest of the sweep under way, and nothing newer"
    assert second.drain() == 5
    assert_whole(world, passages.connection)


def test_a_log_of_more_than_small_numbers(world: World, passages: Passages) -> None:
    sequencer = world.sequencer(batch=20_000)
    sequencer.drain()
    passages.write()
    passages.connection.execute(
        "insert into ledger.passage (at, gate, audience, purpose, verdict, points, holders, items, row_count)"
        " select at, gate, audience, purpose, verdict, points, holders, items, row_count"
        " from ledger.passage, generate_series(1, 66000)"
    )
    assert sequencer.drain() == 66_001
    assert lag(connection=passages.connection).published == 66_001


def test_a_second_sequencer_is_refused(world: World, passages: Passages) -> None:
    first, second = world.sequencer(), world.sequencer()
    first.drain()
    with pytest.raises(UnableToSequence):
        second.drain()
    passages.write(2)
    assert first.drain() == 2


def test_one_whose_session_is_just_ending_is_waited_for(world: World, passages: Passages) -> None:
    passages.write(2)
    with contextlib.closing(world.connect()) as ending:
        first = Sequencer(connection=ending, open_log=world.log, random=world.dice.randbytes)
        first.claim()
        closing = threading.Timer(0.2, ending.close)
        closing.start()
        assert world.sequencer().drain() == 2
        closing.join()


def test_savepoints_and_rollbacks(
    world: World, passages: Passages, connect: Callable[[], Connection]
) -> None:
    sequencer = world.sequencer()
    sequencer.drain()
    writer = connect()
    with writer.transaction():
        passages.write(connection=writer)
        with writer.transaction(force_rollback=True):
            passages.write(connection=writer)
        with writer.transaction():
            passages.write(connection=writer)
        assert sequencer.drain() == 0
    with writer.transaction(force_rollback=True):
        passages.write(connection=writer)
    assert sequencer.drain() == 2
    assert_whole(world, passages.connection)


def test_another_cluster_starts_with_whatever_has_no_place(world: World, passages: Passages) -> None:
    sequencer = world.sequencer()
    passages.write(5)
    sequencer.drain()
    # As after pg_restore elsewhere: transaction numbers of rows and snapshots mean nothing here.
    passages.connection.execute("update ledger.sequence set system_id = 1, swept = '9000000:9000000:'")
    passages.connection.execute("update ledger.passage set xact = '8000000'")
    passages.write(3)
    assert sequencer.drain() == 3
    passages.write(2)
    assert sequencer.drain() == 2
    assert_whole(world, passages.connection)


def test_a_passage_under_a_false_transaction_number_is_found(world: World, passages: Passages) -> None:
    sequencer = world.sequencer()
    passages.write(5)
    sequencer.drain()
    (hidden,) = passages.write()
    passages.connection.execute("update ledger.passage set xact = '3' where passage_id = %s", (hidden,))
    assert sequencer.drain() == 0
    passages.write(2)
    assert sequencer.reconcile() == 3
    assert sequencer.drain() == 0
    assert_whole(world, passages.connection)


def test_the_database_refuses_a_passage_in_two_places(world: World, passages: Passages) -> None:
    passages.write(2)
    world.sequencer().drain()
    with pytest.raises(psycopg.errors.UniqueViolation):
        passages.connection.execute(
            "insert into ledger.leaf select at, passage_id, 99, salt, entry from ledger.leaf limit 1"
        )


def test_a_database_behind_the_published_log_is_refused(world: World, passages: Passages) -> None:
    passages.write(5)
    world.sequencer().drain()
    fresh = world.sequencer()
    passages.connection.execute("delete from ledger.leaf where idx >= 3")
    passages.connection.execute("update ledger.sequence set size = 3")
    release(passages)
    with pytest.raises(UnableToContinueLog):
        fresh.step()


HOLDERS = """
select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()
   and database = (select oid from pg_database where datname = current_database())
"""


def release(passages: Passages) -> None:
    """End the sessions that hold the sequencer's lock, and wait until they are gone."""
    deadline = time.monotonic() + 20
    while passages.connection.execute(HOLDERS.encode()).fetchall():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_lag_is_measured_and_gates_close(world: World, passages: Passages) -> None:
    connection = passages.connection
    assert lag(connection=connection).open
    connection.execute("update ledger.seal set max_lag = interval '1 minute'")
    before = lag(connection=connection)
    assert (before.open, before.alarm, before.behind) == (False, True, None)
    passages.write(3)
    world.sequencer().drain()
    after = lag(connection=connection)
    assert (after.open, after.alarm, after.size, after.published) == (True, False, 3, 3)
    connection.execute("update ledger.seal set sealed_through = sealed_through - interval '40 seconds'")
    assert (lag(connection=connection).open, lag(connection=connection).alarm) == (True, True)
    connection.execute("update ledger.seal set sealed_through = sealed_through - interval '40 seconds'")
    assert (lag(connection=connection).open, lag(connection=connection).alarm) == (False, True)
