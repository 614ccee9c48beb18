"""Making and ending API clients, from outside the API's process."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import psycopg

from sekisho.kernel.errors import SekishoError

SCHEMA = "accounts_api"


class UnableToCreateClient(SekishoError):
    """The machine's name is taken."""


class UnableToFindClient(SekishoError):
    """There is no such client, or it has ended."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """What is told once."""

    client_id: str
    secret: str


def hashed(value: str) -> str:
    """How a secret or token is kept."""
    return hashlib.sha256(value.encode()).hexdigest()


def create_client(
    conn: psycopg.Connection, *, company: str, person: str, label: str, by: str, now: datetime
) -> NewClient:
    """Register a machine of `company`; its permit is granted apart (`barrier.actions.grant_permit`, person = `person`)."""
    made = NewClient(f"c-{secrets.token_hex(8)}", secrets.token_urlsafe(32))
    with conn.transaction():
        done = conn.execute(
            f"insert into {SCHEMA}.clients_client (client_id, secret_hash, company, person, label, created_at, created_by,"
            " requests_per_minute) values (%s, %s, %s, %s, %s, %s, %s, 600) on conflict do nothing returning client_id",
            [made.client_id, hashed(made.secret), company, person, label, now, by],
        ).fetchone()
        if done is None:
            raise UnableToCreateClient(
                f"{person} という API クライアントはすでにあります。",
                f"There is an API client {person} already.",
            )
        _event(conn, "client_created", person=person, by=by, now=now)
    return made


def rotate_secret(conn: psycopg.Connection, *, client_id: str, by: str, now: datetime) -> NewClient:
    """A new secret in place of the old one, which is void at once, as are the client's tokens. Raises `UnableToFindClient`."""
    made = NewClient(client_id, secrets.token_urlsafe(32))
    change = "secret_hash = %(value)s"
    _change(conn, client_id, change, hashed(made.secret), kind="client_rotated", by=by, now=now)
    return made


def end_client(conn: psycopg.Connection, *, client_id: str, by: str, now: datetime) -> None:
    """End a client and revoke its tokens at once. Raises `UnableToFindClient`."""
    _change(conn, client_id, "ended_at = %(value)s", now, kind="client_ended", by=by, now=now)


def _change(
    conn: psycopg.Connection,
    client_id: str,
    change: str,
    value: object,
    *,
    kind: str,
    by: str,
    now: datetime,
) -> None:
    with conn.transaction():
        found = conn.execute(
            f"update {SCHEMA}.clients_client set {change} where client_id = %(client)s and ended_at is null returning person",
            {"value": value, "client": client_id},
        ).fetchone()
        if found is None:
            raise UnableToFindClient(
                f"API クライアント {client_id} はありません。", f"There is no API client {client_id}."
            )
        conn.execute(f"delete from {SCHEMA}.clients_token where client_id = %s", [client_id])
        _event(conn, kind, person=str(found[0]), by=by, now=now)


def _event(conn: psycopg.Connection, kind: str, *, person: str, by: str, now: datetime) -> None:
    conn.execute(
        f"insert into {SCHEMA}.accounts_event (at, kind, person, by, detail, request_id) values (%s, %s, %s, %s, '{{}}', '')",
        [now, kind, person, by],
    )
