"""What only a superuser of the server can grant, once: the installation says so by name, with the statement.

The embedded server's owner is a superuser and does it in passing. Elsewhere the owner may be a role with CREATEROLE and CREATEDB;
then `db migrate`, `db doctor` and `barrier prove` name each obligation that is still open.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from sekisho.barrier.compiler import OWNER

SEQUENCER = "sekisho_sequencer"
_EMIT = tuple(
    f"pg_catalog.pg_logical_emit_message(boolean, text, {kind}, boolean)" for kind in ("text", "bytea")
)
_SNAPSHOT = "pg_catalog.pg_log_standby_snapshot()"


@dataclass(frozen=True, slots=True)
class Obligation:
    """One right on the whole server's side. `holds` asks whether it is so; `statement` makes it so, as a superuser in this database."""

    name: str
    ja: str
    en: str
    statement: str
    holds: Callable[[psycopg.Connection], bool]

    def line(self) -> str:
        """The statement as one line for psql."""
        return f"{self.statement};"


def _only(conn: psycopg.Connection, function: str, *grantees: str) -> bool:
    """Whether nobody but the function's owner and `grantees` may execute it, and each of those may."""
    rows = conn.execute(
        "select case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee) end"
        " from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        " where p.oid = %s::regprocedure and a.grantee <> p.proowner",
        [function],
    ).fetchall()
    return {str(name) for (name,) in rows} == set(grantees)


def _replicates(conn: psycopg.Connection) -> bool:
    row = conn.execute(
        "select rolreplication or rolsuper from pg_roles where rolname = %s", [SEQUENCER]
    ).fetchone()
    return bool(row and row[0])


OBLIGATIONS = (
    Obligation(
        "announcements",
        "閲覧の予告(WAL のメッセージ)は、誰でも書けてはなりません。書けるのはログの所有者だけです。",
        "Announcements of readings in the WAL must not be everybody's to write, but the log's owner's alone.",
        f"revoke execute on function {', '.join(_EMIT)} from public; grant execute on function {_EMIT[0]} to {OWNER}",
        lambda conn: _only(conn, _EMIT[0], OWNER) and _only(conn, _EMIT[1]),
    ),
    Obligation(
        "replication",
        "シーケンサーは、取り消された閲覧を WAL から読むために REPLICATION が要ります。",
        "The sequencer needs REPLICATION to read rolled-back readings from the WAL.",
        f"alter role {SEQUENCER} replication",
        _replicates,
    ),
    Obligation(
        "standby-snapshot",
        "シーケンサーは、WAL のスロットを進めるために pg_log_standby_snapshot を呼びます。",
        "The sequencer calls pg_log_standby_snapshot so that its slot can move on.",
        f"grant execute on function {_SNAPSHOT} to {SEQUENCER}",
        lambda conn: _only(conn, _SNAPSHOT, SEQUENCER),
    ),
)


def open_obligations(conn: psycopg.Connection) -> list[Obligation]:
    """The obligations that do not hold in this database."""
    return [obligation for obligation in OBLIGATIONS if not obligation.holds(conn)]


def discharge(conn: psycopg.Connection) -> list[Obligation]:
    """Do what this connection's role is able to do; returns what a superuser must do."""
    for obligation in open_obligations(conn):
        try:
            with conn.transaction():
                conn.execute(
                    "set local client_min_messages = error"
                )  # a right that is not one's own to give is only a warning
                for statement in obligation.statement.split("; "):
                    conn.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege:
            continue
    return open_obligations(conn)
