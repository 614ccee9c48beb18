"""Connections. Only this package (and the embedded server) touches the database driver's connection functions."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow


@contextmanager
def connect(
    conninfo: str, *, application: str = "sekisho", autocommit: bool = True
) -> Iterator[psycopg.Connection[TupleRow]]:
    """A connection that is closed at the end. The time zone is the service area's, whatever the machine's is."""
    with psycopg.connect(prepare(conninfo, application=application), autocommit=autocommit) as connection:
        yield connection


def prepare(conninfo: str, *, application: str) -> str:
    """`conninfo` with the settings that every connection of the platform has."""
    return make_conninfo(
        conninfo, application_name=application, options="-c timezone=Asia/Tokyo -c client_encoding=UTF8"
    )
