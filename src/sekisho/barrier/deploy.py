"""Puts the compiled barrier into a database, whole, in one transaction; shows beforehand what would change."""

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from sekisho.barrier.audiences import AUDIENCES, LOGINS, PURPOSES
from sekisho.barrier.compiler import ALL_ROLES, OWNER, WORKER, Piece, compile_all
from sekisho.barrier.gate import AnyGate
from sekisho.barrier.items import COLUMNS

SCHEMAS = ("registry", "metering", "ledger", "work", "barrier")


@dataclass(frozen=True, slots=True)
class Difference:
    """What applying would add, change and remove, by object name."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def ensure_roles(conn: psycopg.Connection, passwords: dict[str, str]) -> None:
    """Make the roles that are missing and set the logins' passwords. Owners and view owners cannot log in."""
    known = {name for (name,) in conn.execute("select rolname from pg_roles").fetchall()}
    for role in ALL_ROLES:
        if role not in known:
            conn.execute(
                sql.SQL("create role {} nologin nosuperuser nobypassrls noinherit").format(
                    sql.Identifier(role)
                )
            )
    for login, password in passwords.items():
        if login not in known and login not in ALL_ROLES:
            conn.execute(
                sql.SQL("create role {} nologin nosuperuser nobypassrls noinherit").format(
                    sql.Identifier(login)
                )
            )
        conn.execute(
            sql.SQL("alter role {} login password {}").format(sql.Identifier(login), sql.Literal(password))
        )
    _take_owners(conn)


def _take_owners(conn: psycopg.Connection) -> None:
    """An installer that is no superuser hands objects to their owners and changes them later: it must be able to act as them.

    Whoever creates a role administers it since PostgreSQL 16, but neither inherits its rights nor may become it.
    """
    for role in (OWNER, *(purpose.role for purpose in PURPOSES)):
        row = conn.execute(
            "select rolsuper or pg_has_role(current_user, %s, 'set') and pg_has_role(current_user, %s, 'usage')"
            " from pg_roles where rolname = current_user",
            [role, role],
        ).fetchone()
        if row is None or not row[0]:
            conn.execute(
                sql.SQL("grant {} to current_user with inherit true, set true").format(sql.Identifier(role))
            )


def plan(conn: psycopg.Connection, gates: Iterable[AnyGate]) -> Difference:
    """Compare what was last applied with what would be compiled now."""
    wanted = {piece.name: piece.statement for piece in compile_all(gates)}
    there: dict[str, str] = dict(conn.execute("select name, statement from barrier.compiled").fetchall())
    return Difference(
        added=tuple(sorted(wanted.keys() - there.keys())),
        changed=tuple(sorted(name for name in wanted.keys() & there.keys() if wanted[name] != there[name])),
        removed=tuple(sorted(there.keys() - wanted.keys())),
    )


def apply(conn: psycopg.Connection, gates: Iterable[AnyGate]) -> int:
    """Re-make the whole barrier in one transaction; returns the number of objects.

    Readers wait or go on with the state before: there is no moment without a barrier.
    """
    pieces = compile_all(gates)
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtext('sekisho.barrier.apply'))")
        conn.execute("set local client_min_messages = warning")
        _clear(conn)
        _own(conn)
        for piece in pieces:
            conn.execute(piece.statement)
            if piece.kind == "schema" and piece.name == "gate":
                _let_own_gates(conn, "grant create on schema gate to")
        _let_own_gates(conn, "revoke create on schema gate from")
        _own_functions(conn)
        _grant(conn)
        _remember(conn, pieces)
    return len(pieces)


def _let_own_gates(conn: psycopg.Connection, words: str) -> None:
    """Nobody but a superuser gives a function to an owner who could not have made it: for this transaction the owners of gates can."""
    conn.execute(f"{words} {', '.join(purpose.role for purpose in PURPOSES)}")


def _clear(conn: psycopg.Connection) -> None:
    for purpose in PURPOSES:
        conn.execute(f"drop schema if exists {purpose.schema} cascade")
    conn.execute("drop schema if exists gate cascade")
    policies = conn.execute(
        "select schemaname, tablename, policyname from pg_policies where schemaname = any(%s)",
        [list(SCHEMAS)],
    ).fetchall()
    for schema, table, policy in policies:
        conn.execute(
            sql.SQL("drop policy {} on {}").format(sql.Identifier(policy), sql.Identifier(schema, table))
        )
    roles = sql.SQL(", ").join(
        sql.Identifier(role) for role in (*ALL_ROLES, "public") if role not in (OWNER, "public")
    )
    for schema in SCHEMAS:
        for kind in ("tables", "sequences", "functions"):
            conn.execute(
                sql.SQL("revoke all on all {} in schema {} from {}, public").format(
                    sql.SQL(kind), sql.Identifier(schema), roles
                )
            )
        conn.execute(sql.SQL("revoke all on schema {} from {}, public").format(sql.Identifier(schema), roles))


def _own(conn: psycopg.Connection) -> None:
    """Every table, sequence and function of the domain belongs to one owner that cannot log in; row security is forced."""
    for schema in SCHEMAS:
        conn.execute(f"alter schema {schema} owner to {OWNER}")
    for schema, table in conn.execute(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any(%s) and c.relkind in ('r', 'p')",
        [list(SCHEMAS)],
    ).fetchall():
        name = sql.Identifier(schema, table)
        conn.execute(sql.SQL("alter table {} owner to {}").format(name, sql.Identifier(OWNER)))
        conn.execute(
            sql.SQL("alter table {} enable row level security, force row level security").format(name)
        )


def _own_functions(conn: psycopg.Connection) -> None:
    """After the compilation made its functions: none may run with the rights of whoever applied it, who may be a superuser."""
    for signature in conn.execute(
        "select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any(%s)",
        [list(SCHEMAS)],
    ).fetchall():
        conn.execute(f"alter routine {signature[0]} owner to {OWNER}")


def _grant(conn: psycopg.Connection) -> None:
    for schema in SCHEMAS:
        conn.execute(f"grant usage on schema {schema} to {WORKER}")
        conn.execute(f"grant select, insert, update, delete on all tables in schema {schema} to {WORKER}")
        conn.execute(f"grant execute on all functions in schema {schema} to {WORKER}")
        conn.execute(f"revoke execute on all functions in schema {schema} from public")
    # INVARIANT: the log is append-only for everyone but its owner
    conn.execute(f"revoke update, delete, truncate on all tables in schema ledger from {WORKER}")
    conn.execute(f"grant update on ledger.state to {WORKER}")
    conn.execute(f"revoke all on barrier.ticket_key from {WORKER}")
    # the passage announces itself in the write-ahead log (ledger/log.sql); nobody else may
    conn.execute(
        f"grant execute on function pg_catalog.pg_logical_emit_message(boolean, text, text, boolean) to {OWNER}"
    )
    functions = "barrier.now(), barrier.today(), barrier.passport(text, text), barrier.viewer(text, text), barrier.viewer_person(text, text),"
    functions += " barrier.assigned_points(text, text), barrier.mask_name(text), barrier.mask_phone(text), barrier.mask_address(text),"
    functions += " barrier.pairs(text[], text[])"
    for purpose in PURPOSES:
        conn.execute(f"grant usage on schema {', '.join(SCHEMAS)} to {purpose.role}")
        conn.execute(f"grant execute on function {functions} to {purpose.role}")
        conn.execute(f"grant insert on ledger.passage to {purpose.role}")
        conn.execute(f"grant insert on work.command to {purpose.role}")
        conn.execute(
            f"grant select (command_no, person, kind, idempotency_key) on work.command to {purpose.role}"
        )
    conn.execute(f"grant usage on schema gate to {', '.join(LOGINS)}")
    database = conn.info.dbname
    conn.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
    conn.execute("revoke all on schema public from public")
    conn.execute(
        sql.SQL("grant connect on database {} to {}").format(
            sql.Identifier(database), sql.SQL(", ").join(sql.Identifier(login) for login in (*LOGINS, WORKER))
        )
    )
    # An import stages its file in a table that nobody else sees and that ends with its transaction.
    conn.execute(
        sql.SQL("grant temporary on database {} to {}").format(
            sql.Identifier(database), sql.Identifier(WORKER)
        )
    )
    for audience in AUDIENCES:
        for login in audience.logins:
            conn.execute(
                "insert into barrier.login values (%s, %s) on conflict (login) do update set audience = excluded.audience",
                [login, audience.code],
            )


def _remember(conn: psycopg.Connection, pieces: list[Piece]) -> None:
    conn.execute("delete from barrier.compiled")
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into barrier.compiled (name, kind, statement) values (%s, %s, %s)",
            [(piece.name, piece.kind, piece.statement) for piece in pieces],
        )


def domain_tables() -> tuple[str, ...]:
    """The tables that the item map knows."""
    return tuple(COLUMNS)
