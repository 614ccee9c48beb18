"""The worker's side of proof bundles: made where the log lies, kept in parts for the page that asked, gone after some days."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from sekisho.kernel.errors import EnvironmentFault, SekishoError
from sekisho.ledger.bundle import Packed, Published, Wanted, pack_bundle, published
from sekisho.ledger.place import log_of
from sekisho.settings.home import Home
from sekisho.work import payload as read
from sekisho.work.payload import UnableToReadPayload
from sekisho.work.queue import Command, Handler

KEPT = timedelta(days=7)
PART_BYTES = 600_000
_MOST_NUMBERS = 2_000


class UnableToBundle(EnvironmentFault):
    """This worker was started without the home directory in which the log lies."""


def handlers(home: Home | None) -> Mapping[str, Handler]:
    """The one command; a worker without a home refuses it."""

    def make(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
        return _make(conn, command, now, home)

    return {"ledger.make_bundle": make}


def drop_expired(conn: psycopg.Connection, now: datetime) -> int:
    """Delete the bundles whose days are over; returns how many."""
    return conn.execute("delete from work.bundle where expires_at <= %s", [now]).rowcount


def _make(conn: psycopg.Connection, command: Command, now: datetime, home: Home | None) -> Mapping[str, Any]:
    try:
        wanted = wanted_of(command.payload)
        log = _log(home)
        packed = pack_bundle(connection=conn, log=log, wanted=wanted)
    except SekishoError as refusal:
        # Kept as a row, because that is what the page waits for; the command itself is done.
        _keep(
            conn, command, now, {"state": "refused", "refusal": Jsonb({"ja": refusal.ja, "en": refusal.en})}
        )
        return {"state": "refused", "ja": refusal.ja, "en": refusal.en}
    return _keep_packed(conn, command, now, log, packed)


def wanted_of(payload: Mapping[str, Any]) -> Wanted:
    """The question as it was submitted; raises `UnableToReadPayload`."""
    numbers = payload.get("passages") or []
    if (
        not isinstance(numbers, list)
        or len(numbers) > _MOST_NUMBERS
        or not all(type(one) is int for one in numbers)
    ):
        raise UnableToReadPayload(
            f"閲覧記録の番号は整数で {_MOST_NUMBERS} 件までです。",
            f"At most {_MOST_NUMBERS} numbers of passages, as integers.",
        )
    return Wanted(
        since=read.optional_day(payload, "since"),
        until=read.optional_day(payload, "until"),
        company=read.optional_text(payload, "company"),
        passages=tuple(numbers),
    )


def _log(home: Home | None) -> Published:
    if home is None:
        raise UnableToBundle("この処理はログのあるマシンで動かしてください。", "Run this where the log lies.")
    return published(store=log_of(home))


def _keep_packed(
    conn: psycopg.Connection, command: Command, now: datetime, log: Published, packed: Packed
) -> Mapping[str, Any]:
    text = base64.b64encode(packed.content).decode()
    parts = [text[start : start + PART_BYTES] for start in range(0, len(text), PART_BYTES)]
    facts = {
        "kind": packed.kind,
        "first_idx": packed.span[0],
        "end_idx": packed.span[1],
        "passages": packed.passages,
        "waiting": packed.waiting,
        "tree_size": log.head.size,
        "checkpoint": str(log.note),
        "bytes": len(packed.content),
        "sha256": hashlib.sha256(packed.content).hexdigest(),
        "parts": len(parts),
    }
    _keep(conn, command, now, {"state": "done", **facts})
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into work.bundle_part (bundle_no, part_no, body) values (%s, %s, %s)",
            [(command.command_no, number, part) for number, part in enumerate(parts)],
        )
    return {name: facts[name] for name in ("kind", "passages", "bytes", "sha256")}


def _keep(conn: psycopg.Connection, command: Command, now: datetime, facts: Mapping[str, Any]) -> None:
    row = {
        "bundle_no": command.command_no,
        "made_at": now,
        "expires_at": now + KEPT,
        "audience": command.audience,
        "company": command.company,
        "person": command.person,
        "asked": Jsonb(dict(command.payload)),
        **facts,
    }
    marks = ", ".join(f"%({name})s" for name in row)
    conn.execute(f"insert into work.bundle ({', '.join(row)}) values ({marks})".encode(), row)


def asked(
    *, since: date | None, until: date | None, company: str | None, passages: list[int]
) -> dict[str, Any]:
    """The payload that `wanted_of` reads."""
    days = {
        name: None if day is None else day.isoformat() for name, day in (("since", since), ("until", until))
    }
    return {**days, "company": company, "passages": passages}
