"""Creating, ending, unlocking accounts: from outside a surface process, on a connection to the accounts schema.

The connection is the accounts login's (or the owner's), in autocommit or inside a transaction of the caller. Each function
is one transaction and writes one event. What an account may read is granted apart, as a permit (`barrier.actions`).
"""

import base64
import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.contrib.auth.hashers import ScryptPasswordHasher
from psycopg import sql
from psycopg.types.json import Jsonb

from sekisho.accounts.sealing import seal
from sekisho.kernel.errors import SekishoError

_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0O1lI")))
_PASSWORD_LENGTH = 20
_TOTP_BYTES = 20
INITIAL_LASTS = timedelta(days=7)
"""How long a first password can be used: handed over in person, it is changed at the first sign-in or lapses."""


class UnableToCreateAccount(SekishoError):
    """The user name or the person already has an account at this audience."""


class UnableToFindAccount(SekishoError):
    """There is no such account."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What the person is told once: the initial password, and the TOTP secret (base32) where one was enrolled for them."""

    username: str
    password: str
    totp_secret: str | None

    def totp_url(self, *, issuer: str = "Sekisho") -> str | None:
        """The address that an authenticator app reads from a QR code."""
        return (
            self.totp_secret and f"otpauth://totp/{self.username}?secret={self.totp_secret}&issuer={issuer}"
        )


def create_account(
    conn: psycopg.Connection[Any],
    *,
    schema: str,
    key: bytes,
    audience: str,
    username: str,
    person: str,
    company: str,
    display_name: str,
    by: str,
    now: datetime,
    department: str = "",
    role: str = "",
    password: str | None = None,
    enrol_totp: bool = False,
    totp_secret: str | None = None,
) -> NewAccount:
    """Create the one account of `person` in `schema`, sealing a second factor under `key`.

    Without `password` a random one is made, which lapses after `INITIAL_LASTS` and must be changed at the first sign-in. `enrol_totp` is for demonstration and
    training accounts, whose second factor somebody else hands out (`totp_secret` fixes it); real people enrol theirs.
    Raises `UnableToCreateAccount` when name or person are taken.
    """
    initial = password or "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
    secret = (totp_secret or _new_totp_secret()) if enrol_totp else None
    columns = {
        "username": username, "person": person, "company": company, "audience": audience, "display_name": display_name,
        "department": department, "role": role, "password": hashed(initial), "is_active": True,
        "must_change_password": password is None, "failures": 0, "created_at": now, "created_by": by,
        "initial_until": now + INITIAL_LASTS if password is None else None,
    }  # fmt: skip
    with conn.transaction():
        number = _insert(conn, schema, columns)
        if secret is not None:
            _enrol(conn, schema, number, seal(secret, key=key), now)
        _event(conn, schema, kind="created", person=person, by=by, now=now)
    return NewAccount(username, initial, secret)


def end_account(conn: psycopg.Connection[Any], *, schema: str, person: str, by: str, now: datetime) -> None:
    """Close the account of `person`: its sessions end with its next request. Raises `UnableToFindAccount`."""
    change = sql.SQL("is_active = false, ended_at = {now}").format(now=sql.Literal(now))
    _change(conn, schema, person=person, by=by, now=now, kind="ended", change=change)


def unlock_account(
    conn: psycopg.Connection[Any], *, schema: str, person: str, by: str, now: datetime
) -> None:
    """Open an account that locked itself. Raises `UnableToFindAccount`."""
    _change(
        conn,
        schema,
        person=person,
        by=by,
        now=now,
        kind="unlocked",
        change=sql.SQL("locked_until = null, failures = 0"),
    )


def reissue(conn: psycopg.Connection[Any], *, schema: str, person: str, by: str, now: datetime) -> str:
    """A new initial password, and no second factor: for someone who lost theirs and proved who they are. Ends their sessions."""
    initial = "".join(secrets.choice(_ALPHABET) for _ in range(_PASSWORD_LENGTH))
    change = sql.SQL(
        "password = {}, must_change_password = true, initial_until = {}, locked_until = null, failures = 0"
    ).format(sql.Literal(hashed(initial)), sql.Literal(now + INITIAL_LASTS))
    with conn.transaction():
        _change(conn, schema, person=person, by=by, now=now, kind="reissued", change=change)
        conn.execute(
            sql.SQL("delete from {} where user_id = (select id from {} where person = %s)").format(
                sql.Identifier(schema, "mfa_authenticator"), sql.Identifier(schema, "accounts_user")
            ),
            [person],
        )
    return initial


def hashed(password: str) -> str:
    """A password as it is stored: scrypt, in Django's form."""
    hasher = ScryptPasswordHasher()
    return str(hasher.encode(password, hasher.salt()))


def _new_totp_secret() -> str:
    return base64.b32encode(secrets.token_bytes(_TOTP_BYTES)).decode()


def _insert(conn: psycopg.Connection[Any], schema: str, columns: dict[str, Any]) -> int:
    statement = sql.SQL("insert into {} ({}) values ({}) on conflict do nothing returning id").format(
        sql.Identifier(schema, "accounts_user"),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )
    row = conn.execute(statement, columns).fetchone()
    if row is None:
        raise UnableToCreateAccount(
            f"利用者名 {columns['username']} または利用者 {columns['person']} のアカウントは既にあります。共用はできません。",
            f"User name {columns['username']} or person {columns['person']} already has an account; accounts are not shared.",
        )
    return int(row[0])


def _enrol(conn: psycopg.Connection[Any], schema: str, number: int, sealed: str, now: datetime) -> None:
    statement = sql.SQL("insert into {} (user_id, type, data, created_at) values (%s, 'totp', %s, %s)")
    conn.execute(
        statement.format(sql.Identifier(schema, "mfa_authenticator")),
        [number, Jsonb({"secret": sealed}), now],
    )


def _change(
    conn: psycopg.Connection[Any],
    schema: str,
    *,
    person: str,
    by: str,
    now: datetime,
    kind: str,
    change: sql.Composable,
) -> None:
    statement = sql.SQL("update {} set {} where person = %s").format(
        sql.Identifier(schema, "accounts_user"), change
    )
    with conn.transaction():
        if conn.execute(statement, [person]).rowcount != 1:
            raise UnableToFindAccount(
                f"利用者 {person} のアカウントはありません。", f"There is no account of {person}."
            )
        _event(conn, schema, kind=kind, person=person, by=by, now=now)


def _event(
    conn: psycopg.Connection[Any], schema: str, *, kind: str, person: str, by: str, now: datetime
) -> None:
    statement = sql.SQL(
        "insert into {} (at, kind, person, by, detail, request_id) values (%s, %s, %s, %s, '{{}}', '')"
    )
    conn.execute(statement.format(sql.Identifier(schema, "accounts_event")), [now, kind, person, by])
