"""Installs the platform into a database: roles, migrations, the barrier, ticket keys, this month's partitions.

The only place that knows both the domains and the barrier, because the barrier is compiled from what the domains declare.
"""

import json
import secrets
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import run

import psycopg
from psycopg.conninfo import make_conninfo

from sekisho.barrier import deploy as barrier
from sekisho.barrier.audiences import AUDIENCES, LOGINS
from sekisho.barrier.compiler import WORKER
from sekisho.barrier.connect import connect
from sekisho.barrier.ticket import TicketKey
from sekisho.clients.actions import SCHEMA as CLIENTS
from sekisho.kernel.errors import EnvironmentFault
from sekisho.server import Installation
from sekisho.settings.home import Home
from sekisho.settings.inventory import GATES
from sekisho.settings.migrations import ACCOUNT_SCHEMAS
from sekisho.settings.obligations import SEQUENCER, discharge
from sekisho.settings.sequencing import admit_sequencer

ACCOUNT_LOGINS = {schema: f"sekisho_{schema}" for schema in ACCOUNT_SCHEMAS}


class UnableToMigrate(EnvironmentFault):
    """A migration failed; the database is as it was before it."""


def install(
    conninfo: str, home: Home, *, now: datetime, tell: Callable[[str], None] = lambda _: None
) -> None:
    """Bring the database that `conninfo` (its owner) names to the current state. Repeatable; safe to interrupt."""
    with connect(conninfo) as conn:
        tell("roles")
        barrier.ensure_roles(conn, passwords(home))
    build(conninfo, tell=tell)
    with connect(conninfo) as conn:
        for audience in AUDIENCES:
            store_key(conn, ticket_key(home, audience.code))
        ensure_months(conn, now)


def build(conninfo: str, *, tell: Callable[[str], None] = lambda _: None) -> None:
    """Tables and barrier, without keys and partitions. `barrier prove` builds a throw-away database so and compares."""
    tell("migrations")
    migrate(conninfo)
    with connect(conninfo) as conn, conn.transaction():
        tell("barrier")
        barrier.apply(conn, GATES)
        admit_sequencer(conn)
        discharge(conn)
        _grant_accounts(conn)
        _admit_public(conn)


def migrate(conninfo: str) -> None:
    """Run the migrations in a process of their own: Django's settings belong to one process and one purpose."""
    code = "import sys; from sekisho.settings.migrations import run; run(sys.stdin.read())"
    done = run([sys.executable, "-c", code], input=conninfo, text=True, capture_output=True, check=False)
    if done.returncode:
        raise UnableToMigrate(
            f"移行に失敗しました: {done.stderr.strip()[-2000:]}",
            f"Migration failed: {done.stderr.strip()[-2000:]}",
        )


def login_names() -> tuple[str, ...]:
    """Every database login of the platform."""
    return (*LOGINS, WORKER, SEQUENCER, *ACCOUNT_LOGINS.values())


def passwords(home: Home) -> dict[str, str]:
    """The logins' passwords, made on first use and kept in the home's secrets."""
    return {
        login: home.ensure_secret(name=f"logins/{login}", make=lambda: secrets.token_urlsafe(24))
        for login in login_names()
    }


def ticket_key(home: Home, audience: str) -> TicketKey:
    """The signing key of one audience, made on first use."""

    def make() -> str:
        key = TicketKey.new(audience)
        return json.dumps({"key_id": key.key_id, "secret": key.secret.hex()})

    stored = json.loads(home.ensure_secret(name=f"tickets/{audience}", make=make))
    return TicketKey(key_id=stored["key_id"], audience=audience, secret=bytes.fromhex(stored["secret"]))


def store_key(conn: psycopg.Connection, key: TicketKey) -> None:
    """Let the database accept `key`."""
    inner, outer = key.pads()
    conn.execute(
        "insert into barrier.ticket_key (key_id, audience, inner_pad, outer_pad) values (%s, %s, %s, %s) on conflict do nothing",
        [key.key_id, key.audience, inner, outer],
    )


def login_conninfo(conninfo: str, home: Home, login: str) -> str:
    """`conninfo` as another login of the platform."""
    return make_conninfo(conninfo, user=login, password=home.read_secret(name=f"logins/{login}"), passfile="")


def worker_conninfo(installation: Installation, home: Home) -> str:
    """The worker's own connection string; the server's owner is not needed for it when the address is given without secrets."""
    return login_conninfo(installation.database_url or installation.open(), home, WORKER)


def sequencer_conninfo(installation: Installation, home: Home) -> str:
    """The sequencer's own connection string, likewise."""
    return login_conninfo(installation.database_url or installation.open(), home, SEQUENCER)


def ensure_months(conn: psycopg.Connection, now: datetime) -> None:
    """Partitions of the log for this month and the two to come."""
    for ahead in range(3):
        day = now.astimezone(UTC) + timedelta(days=31 * ahead)
        conn.execute("select ledger.ensure_month(%(day)s), ledger.ensure_leaf_month(%(day)s)", {"day": day})


def _grant_accounts(conn: psycopg.Connection) -> None:
    """Each accounts login owns nothing and reaches its own schema only."""
    database = conn.info.dbname
    for schema, login in ACCOUNT_LOGINS.items():
        conn.execute(f'grant connect on database "{database}" to {login}')
        conn.execute(f"grant usage on schema {schema} to {login}")
        conn.execute(f"grant select, insert, update, delete on all tables in schema {schema} to {login}")
        conn.execute(f"grant usage, select on all sequences in schema {schema} to {login}")
        # INVARIANT: whoever takes over a surface cannot unwrite what happened at its sign-in
        conn.execute(f"revoke update, delete on {schema}.accounts_event from {login}")
        _let_worker_manage(conn, schema)
        _keep_register(conn, schema)


def _let_worker_manage(conn: psycopg.Connection, schema: str) -> None:
    """What creating, ending, unlocking and reissuing need. INVARIANT: the worker reads no password, second factor or session."""
    grants = {
        "accounts_user": "select (id, person), insert, update (password, must_change_password, initial_until, locked_until, failures, is_active, ended_at)",
        "accounts_event": "select (id), insert",
        "mfa_authenticator": "select (id, user_id), delete",
    }
    if schema == CLIENTS:
        grants |= {
            "clients_client": "select (client_id, person, ended_at), insert, update (ended_at)",
            "clients_token": "select (client_id), delete",
        }
    conn.execute(f"grant usage on schema {schema} to {WORKER}")
    conn.execute(f"revoke all on all tables in schema {schema} from {WORKER}")
    for table, rights in grants.items():
        conn.execute(f"grant {rights} on {schema}.{table} to {WORKER}")
    conn.execute(f"grant usage on all sequences in schema {schema} to {WORKER}")


def _keep_register(conn: psycopg.Connection, schema: str) -> None:
    """Every change of an account shows in `barrier.account` at once; those that were there before are entered now."""
    tables = {
        "accounts_user": "barrier.note_account",
        **({"clients_client": "barrier.note_client"} if schema == CLIENTS else {}),
    }
    for table, note in tables.items():
        conn.execute(
            f"create or replace trigger register after insert or update on {schema}.{table} for each row execute function {note}()"
        )
        key = "person" if table == "accounts_user" else "client_id"
        conn.execute(
            f"update {schema}.{table} set {key} = {key} where person not in (select person from barrier.account where schema = %s)",
            [schema],
        )


def _admit_public(conn: psycopg.Connection) -> None:
    """The public pages ask like everybody else: with a permit, though it is the same for all."""
    conn.execute(
        "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
        " select 'public', 'public', 'public', 'public', '[2016-04-01,)', 'system'"
        " where not exists (select from barrier.permit p where p.audience = 'public')"
    )
