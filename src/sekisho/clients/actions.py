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
    done = conn.execute(
        f"insert into {SCHEMA}.clients_client (client_id, secret_hash, company, person, label, created_at, created_by,"
        " requests_per_minute) values (%s, %s, %s, %s, %s, %s, %s, 600) on conflict do nothing returning client_id",
        [made.client_id, hashed(made.secret), company, person, label, now, by],
    ).fetchone()
    if done is None:
        raise UnableToCreateClient(
            f"{person} という API クライアントはすでにあります。", f"There is an API client {person} already."
        )
    return made


def end_client(conn: psycopg.Connection, *, client_id: str, now: datetime) -> None:
    """End a client and revoke its tokens at once."""
    with conn.transaction():
        done = conn.execute(
            f"update {SCHEMA}.clients_client set ended_at = %s where client_id = %s and ended_at is null returning client_id",
            [now, client_id],
        ).fetchone()
        if done is None:
            raise UnableToCreateClient(
                f"API クライアント {client_id} はありません。", f"There is no API client {client_id}."
            )
        conn.execute(f"delete from {SCHEMA}.clients_token where client_id = %s", [client_id])
