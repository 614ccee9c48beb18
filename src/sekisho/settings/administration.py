"""Administration as commands: accounts, API clients and transfers, asked for by security staff, carried out by the worker.

Initial passwords and client secrets leave only sealed for the page that asked (`work.sealing`): neither the queue nor its backups can be
read for them. Nobody administers an account of their own.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from sekisho.accounts import actions as accounts
from sekisho.barrier import actions as barrier
from sekisho.clients import actions as clients
from sekisho.kernel.errors import SekishoError
from sekisho.settings.surfaces import SURFACES
from sekisho.work import payload as read
from sekisho.work.queue import Command
from sekisho.work.sealing import seal_answer

ACCOUNT_SCHEMA = {
    surface.audience: surface.accounts
    for surface in SURFACES.values()
    if surface.signs_in and surface.accounts
}
"""Audience → the schema of its accounts."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}")
_UTILITY, _RETAILER, _OVERSEER = re.compile(r"TD"), re.compile(r"[0-9]{5}"), re.compile(r"[A-Z][A-Z0-9]{1,9}")
_COMPANIES = {"retailer": _RETAILER, "operator": _UTILITY, "security": _UTILITY, "auditor": _OVERSEER}


class UnableToAdminister(SekishoError):
    """The account or client asked for is not one that can be made or changed."""


def transfer(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """A transfer: every permit of the person ends on the day."""
    person = read.text(command.payload, "person")
    ended = barrier.transfer(
        conn, person=person, on=read.day(command.payload, "on"), by=command.person, now=now
    )
    return {"person": person, "ended": ended}


def create_account(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """A new account; the sealed answer is its initial password, which must be changed at the first sign-in."""
    asked = command.payload
    audience, company = read.text(asked, "audience"), read.text(asked, "company")
    person = _somebody_else(command)
    check_company(conn, audience, company)
    made = accounts.create_account(
        conn,
        schema=account_schema(audience),
        key=b"",  # seals second factors; none is enrolled here
        audience=audience,
        username=_name(asked, "username"),
        person=person,
        company=company,
        display_name=read.text(asked, "display_name")[:80],
        department=(read.optional_text(asked, "department") or "")[:120],
        role=(read.optional_text(asked, "role") or "")[:80],
        by=command.person,
        now=now,
    )
    return {
        "person": person,
        "username": made.username,
        "sealed": seal_answer(made.password, to=read.text(asked, "answer_key")),
    }


def end_account(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """Close an account; its sessions end with their next request."""
    person, schema = _somebody_else(command), account_schema(read.text(command.payload, "audience"))
    accounts.end_account(conn, schema=schema, person=person, by=command.person, now=now)
    return {"person": person}


def unlock_account(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """Open an account that locked itself."""
    person, schema = _somebody_else(command), account_schema(read.text(command.payload, "audience"))
    accounts.unlock_account(conn, schema=schema, person=person, by=command.person, now=now)
    return {"person": person}


def reissue_account(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """A new initial password without a second factor, sealed."""
    person, schema = _somebody_else(command), account_schema(read.text(command.payload, "audience"))
    password = accounts.reissue(conn, schema=schema, person=person, by=command.person, now=now)
    return {"person": person, "sealed": seal_answer(password, to=read.text(command.payload, "answer_key"))}


def create_client(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """A machine of a retailer; the sealed answer is its secret."""
    asked = command.payload
    company = read.text(asked, "company")
    check_company(conn, "retailer", company)
    person = _name(asked, "person")
    made = clients.create_client(
        conn,
        company=company,
        person=person,
        label=read.text(asked, "label")[:100],
        by=command.person,
        now=now,
    )
    return {
        "person": person,
        "client_id": made.client_id,
        "sealed": seal_answer(made.secret, to=read.text(asked, "answer_key")),
    }


def end_client(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """End a machine; its tokens are void at once."""
    client_id = read.text(command.payload, "client_id")
    clients.end_client(conn, client_id=client_id, by=command.person, now=now)
    return {"client_id": client_id}


def _somebody_else(command: Command) -> str:
    person = _name(command.payload, "person")
    if person == command.person:
        raise UnableToAdminister(
            "自分のアカウントは自分で管理できません。", "Nobody administers an account of their own."
        )
    return person


def _name(payload: Mapping[str, Any], field: str) -> str:
    return checked_name(read.text(payload, field))


def checked_name(value: str) -> str:
    """A user's or machine's name as it may be; raises `UnableToAdminister`."""
    if not _NAME.fullmatch(value):
        raise UnableToAdminister(
            f"「{value}」は使えません。英小文字・数字・.-_ の2〜60字にしてください。",
            f"{value!r} is not 2 to 60 lower-case letters, digits and . - _",
        )
    return value


def account_schema(audience: str) -> str:
    """Where the accounts of an audience lie; raises `UnableToAdminister` for one without accounts."""
    schema = ACCOUNT_SCHEMA.get(audience)
    if schema is None:
        raise UnableToAdminister(
            f"区分 {audience} にアカウントはありません。", f"{audience} has no accounts."
        )
    return schema


def check_company(conn: psycopg.Connection, audience: str, company: str) -> None:
    """An account's company is what its tickets will say: one that exists, of the audience's kind."""
    fits = _COMPANIES[audience].fullmatch(company) if audience in _COMPANIES else None
    known = (
        audience != "retailer"
        or conn.execute("select true from registry.retailer where code = %s", [company]).fetchone()
    )
    if not fits or not known:
        raise UnableToAdminister(
            f"所属コード {company} は区分 {audience} で使えません。",
            f"Company {company} does not belong to {audience}.",
        )
