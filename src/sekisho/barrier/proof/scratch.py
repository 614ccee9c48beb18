"""Throw-away databases beside the one that is proved: for the comparison, and for breaking things on purpose."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import EnvironmentFault

PREFIX = "sekisho_scratch_"


class UnableToCompare(EnvironmentFault):
    """No throw-away database can be made on this server, so `prove` cannot say that the deployed state is the compiled one."""


@contextmanager
def throw_away(conninfo: str, *, template: str | None = None) -> Iterator[str]:
    """The connection string of a new database on the same server, with the same encoding and collation; dropped at the end.

    `template` copies that database (nobody may be connected to it); without it the database is empty. Remains of killed runs, which
    nobody is connected to, are dropped first.
    """
    name = PREFIX + secrets.token_hex(6)
    with connect(conninfo, application="sekisho barrier") as conn:
        _sweep(conn)
        try:
            conn.execute(_create(conn, name, template))
        except psycopg.errors.InsufficientPrivilege as fault:
            raise UnableToCompare(
                "比較用の一時データベースを作れません。所有者のロールに CREATEDB を付けてください。",
                "A throw-away database for the comparison cannot be made: give the owner's role CREATEDB.",
            ) from fault
        try:
            yield make_conninfo(conninfo, dbname=name)
        finally:
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _create(conn: psycopg.Connection, name: str, template: str | None) -> sql.Composed:
    if template is not None:
        return sql.SQL("create database {} template {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    row = conn.execute(
        "select pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, datlocale from pg_database"
        " where datname = current_database()"
    ).fetchone()
    if row is None:
        raise RuntimeError("pg_database has no row for the current database")
    encoding, collate, ctype, provider, locale = row
    statement = sql.SQL(
        "create database {} template template0 encoding {} lc_collate {} lc_ctype {} locale_provider {}"
    ).format(
        sql.Identifier(name),
        *map(sql.Literal, (encoding, collate, ctype, {"c": "libc", "i": "icu", "b": "builtin"}[provider])),
    )
    extra = {"i": sql.SQL(" icu_locale {}"), "b": sql.SQL(" builtin_locale {}")}.get(provider)
    return statement if extra is None else statement + extra.format(sql.Literal(locale))


def _sweep(conn: psycopg.Connection) -> None:
    left = conn.execute(
        "select d.datname from pg_database d where starts_with(d.datname, %s) and pg_has_role(d.datdba, 'usage')"
        " and not exists (select from pg_stat_activity a where a.datid = d.oid)"
        " and (pg_stat_file('base/' || d.oid || '/PG_VERSION', true)).modification < clock_timestamp() - interval '1 hour'"
        if _may_look(conn) else "select datname from pg_database where false and starts_with(datname, %s)",
        [PREFIX],
    ).fetchall()  # fmt: skip
    for (name,) in left:
        conn.execute(sql.SQL("drop database if exists {}").format(sql.Identifier(name)))


def _may_look(conn: psycopg.Connection) -> bool:
    row = conn.execute("select has_function_privilege('pg_stat_file(text, boolean)', 'execute')").fetchone()
    return bool(row and row[0])


Build = Callable[[str], None]
"""Puts tables and barrier into the database that a connection string names."""
