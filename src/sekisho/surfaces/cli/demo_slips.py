"""Enrolment slips of the demonstration's people: who signs in where, with which first password and authenticator key."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import psycopg

from sekisho.accounts.actions import create_account
from sekisho.clients import actions as clients
from sekisho.demo.accounts import Account
from sekisho.settings.home import Home
from sekisho.settings.secrets import account_key
from sekisho.settings.surfaces import SURFACES

HEADER = ("username", "name", "surface", "company", "purposes", "password", "totp_secret", "totp_url")


def enrol(conn: psycopg.Connection, home: Home, people: Iterable[Account], *, now: datetime) -> int:
    """Make the accounts that are missing and append their slips to `files/accounts.csv` (0600); returns how many slips there are."""
    path = home.files / "accounts.csv"
    surfaces = {surface.audience: surface for surface in SURFACES.values() if surface.signs_in}
    for person in people:
        surface = surfaces.get(person.audience)
        if surface is None or surface.accounts is None or _exists(conn, surface.accounts, person.username):
            continue
        made = create_account(
            conn, schema=surface.accounts, key=account_key(home, surface.accounts), audience=person.audience, username=person.username,
            person=person.username, company=person.company, display_name=person.name, department=person.post, by="demo", now=now,
            password=_password(person.username), enrol_totp=True,
        )  # fmt: skip
        row = (person.username, person.name, surface.code, person.company, " ".join(person.purposes), made.password, made.totp_secret,
               made.totp_url())  # fmt: skip
        _append(path, HEADER, row)
    with path.open(encoding="utf-8-sig", newline="") as slips:
        return sum(1 for _ in csv.DictReader(slips))


def enrol_machines(conn: psycopg.Connection, home: Home, companies: Iterable[str], *, now: datetime) -> int:
    """One API client for each of `companies`, named by `machine_of`; the credentials are appended to `files/api-clients.csv` (0600)."""
    path = home.files / "api-clients.csv"
    for company in companies:
        person = machine_of(company)
        if conn.execute(
            f"select true from {clients.SCHEMA}.clients_client where person = %s", [person]
        ).fetchone():
            continue
        made = clients.create_client(conn, company=company, person=person, label="demo", by="demo", now=now)
        _append(path, ("company", "client_id", "client_secret"), (company, made.client_id, made.secret))
    with path.open(encoding="utf-8-sig", newline="") as slips:
        return sum(1 for _ in csv.DictReader(slips))


def machine_of(company: str) -> str:
    """The name of a company's API client."""
    return f"m.{company}"


def _password(username: str) -> str:
    """Random, to be kept: a demonstration's people do not change theirs at the first sign-in."""
    return f"{username}-{secrets.token_urlsafe(9)}"


def _exists(conn: psycopg.Connection, schema: str, username: str) -> bool:
    return (
        conn.execute(f"select true from {schema}.accounts_user where username = %s", [username]).fetchone()
        is not None
    )


def _append(path: Path, header: Sequence[str], row: Sequence[str | None]) -> None:
    fresh = not path.exists()
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8-sig" if fresh else "utf-8", newline="") as slips:
        writer = csv.writer(slips)
        if fresh:
            writer.writerow(header)
        writer.writerow(row)
