"""Taking and finishing commands.

A command is taken, carried out and marked in one transaction: killed at any moment, it is either done with its mark or untouched and
taken again. `skip locked` lets several workers share the queue.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from sekisho.kernel.errors import SekishoError

log = logging.getLogger(__name__)

CHANNEL = "sekisho_command"
MAX_ATTEMPTS = 3
"""A command that fails for no reason of its own (a lost connection, a defect) is tried this often, then left as failed."""


@dataclass(frozen=True, slots=True)
class Command:
    """A submitted command. `payload` is as it came: the handler checks every field."""

    command_no: str
    kind: str
    payload: Mapping[str, Any]
    audience: str
    company: str
    person: str
    purpose: str
    submitted_at: datetime


Handler = Callable[[psycopg.Connection, Command, datetime], Mapping[str, Any]]
"""Carries a command out inside the caller's transaction and returns the outcome to show; raises SekishoError to refuse it."""


def run_next(
    conn: psycopg.Connection, handlers: Mapping[str, Handler], *, clock: Callable[[], datetime]
) -> bool:
    """Carry out the oldest waiting command; False when there is none."""
    with conn.transaction():
        command = _take(conn)
        if command is None:
            return False
        try:
            with conn.transaction():
                state, outcome = "done", handlers[command.kind](conn, command, clock())
        except SekishoError as refusal:
            state, outcome = "refused", {"ja": refusal.ja, "en": refusal.en}
        except psycopg.OperationalError:
            raise
        except Exception:
            log.exception("command failed", extra={"command_no": command.command_no, "kind": command.kind})
            state, outcome = _failure(conn, command)
        _finish(conn, command, state, outcome, clock())
    return True


def _take(conn: psycopg.Connection) -> Command | None:
    row = conn.execute(
        "select command_no::text, kind, payload, audience, company, person, purpose, submitted_at from work.command"
        " where state = 'queued' order by submitted_at, command_no limit 1 for update skip locked"
    ).fetchone()
    return None if row is None else Command(*row)


def _failure(conn: psycopg.Connection, command: Command) -> tuple[str, Mapping[str, Any]]:
    row = conn.execute(
        "update work.command set attempts = attempts + 1 where command_no = %s returning attempts",
        [command.command_no],
    ).fetchone()
    if row is not None and row[0] < MAX_ATTEMPTS:
        return "queued", {}
    return "failed", {
        "ja": "処理中に障害が起きました。担当に知らせてください。申請番号を添えてください。",
        "en": "The command failed. Tell the operators, with the command's number.",
    }


def _finish(
    conn: psycopg.Connection, command: Command, state: str, outcome: Mapping[str, Any], now: datetime
) -> None:
    conn.execute(
        "update work.command set state = %s, outcome = %s, finished_at = case when %s = 'queued' then null else %s end"
        " where command_no = %s",
        [state, Jsonb(dict(outcome)), state, now, command.command_no],
    )
    if state != "queued":
        conn.execute("select pg_notify('sekisho_done', %s)", [command.command_no])
