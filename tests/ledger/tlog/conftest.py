"""A database with the ledger's tables and nothing else, a writer of passages, and a log in a directory."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow
from tlog_world import Connection, Passages, World, sql_of_the_ledger

from sekisho.ledger.announcements import slot_of
from sekisho.server import EmbeddedServer


@pytest.fixture(scope="session")
def ledger_template(server: EmbeddedServer, names: Callable[[], str]) -> Iterator[str]:
    """A database with the ledger's schema, copied for every test."""
    name = f"{names()}_ledger"
    server.create_database(name, template="template1")
    with psycopg.connect(server.superuser_conninfo(name)) as connection:
        for text in sql_of_the_ledger():
            connection.execute(text.encode())
    yield name
    server.drop_database(name)


@pytest.fixture
def conninfo(server: EmbeddedServer, ledger_template: str, names: Callable[[], str]) -> Iterator[str]:
    """The connection string of a fresh ledger."""
    name = names()
    server.create_database(name, template=ledger_template)
    conninfo = server.superuser_conninfo(name)
    yield conninfo
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s",
            (slot_of(connection),),
        )
    server.drop_database(name)


@pytest.fixture
def connect(conninfo: str) -> Iterator[Callable[[], Connection]]:
    """Opens connections in autocommit mode; all are closed at the end."""
    opened: list[psycopg.Connection[TupleRow]] = []

    def open_one() -> psycopg.Connection[TupleRow]:
        connection = psycopg.connect(conninfo, autocommit=True)
        opened.append(connection)
        return connection

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def world(connect: Callable[[], Connection], tmp_path: Path) -> World:
    """The ledger with its writer's connection, its log and its keys."""
    return World(connect=connect, root=tmp_path / "log", dice=random.Random(7))


@pytest.fixture
def passages(world: World) -> Passages:
    """Writes passages as gates do."""
    return Passages(connection=world.connect(), dice=random.Random(11))
