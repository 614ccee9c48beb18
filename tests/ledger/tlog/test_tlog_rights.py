"""The sequencer's own login: enough to do the work, not enough to undo any."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import psycopg
import pytest
from test_tlog_announcements import listen
from test_tlog_sequencer import assert_whole
from tlog_world import Connection, Passages, World

from sekisho.ledger.announcements import Announcements
from sekisho.ledger.sequencer import Sequencer, lag

ROLE = "tlog_sequencer"


@pytest.fixture
def as_sequencer(connect: Callable[[], Connection]) -> Iterator[Callable[[], Connection]]:
    owner = connect()
    owner.execute(
        f"do $$ begin if not exists (select from pg_roles where rolname = '{ROLE}') then"
        f" create role {ROLE} replication; end if; end $$"
    )
    owner.execute(f"call ledger.grant_sequencer('{ROLE}')")

    def open_one() -> Connection:
        connection = connect()
        connection.execute(f"set role {ROLE}")
        return connection

    yield open_one
    owner.execute(f"drop owned by {ROLE}")


def test_it_can_do_all_of_its_work(
    world: World,
    passages: Passages,
    connect: Callable[[], Connection],
    as_sequencer: Callable[[], Connection],
) -> None:
    listening, writing = as_sequencer(), as_sequencer()
    announcements = Announcements(connection=listening)
    announcements.ensure_slot()
    passages.write(5)
    reader = connect()
    with reader.transaction(force_rollback=True):
        passages.write(2, connection=reader)
    assert listen(announcements, passages.connection, 7).recovered == 2
    sequencer = Sequencer(connection=writing, open_log=world.log, random=random.Random(1).randbytes)
    assert sequencer.drain() == 7
    assert lag(connection=writing).published == 7
    assert_whole(world, passages.connection)


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.passage set person = 'nobody'",
        "delete from ledger.passage",
        "truncate ledger.passage",
        "update ledger.leaf set entry = entry",
        "delete from ledger.leaf",
        "update ledger.checkpoint set note = ''",
        "select ledger.erase_month('2020-01-01', '2026-01-01')",
        "alter table ledger.passage disable trigger announce",
        "select pg_logical_emit_message(false, 'sekisho.passage', '{}')",
    ],
)
def test_it_can_undo_nothing(statement: str, as_sequencer: Callable[[], Connection]) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_sequencer().execute(statement.encode())
