"""Corrections as commands: drafted by an operator or asked for by a retailer, decided by another operator."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from sekisho.barrier.items import BY_CODE, TECHNICAL, item_of
from sekisho.barrier.policy import rule_for
from sekisho.kernel.errors import SekishoError
from sekisho.registry import actions as registry
from sekisho.work import payload as read
from sekisho.work.queue import Command


class UnableToRequest(SekishoError):
    """The correction is not this company's to ask for, or not this purpose's to approve."""


def draft(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """An operator's draft; it waits for another person's decision."""
    asked = dict(command.payload)
    kind, reason = read.text(asked, "kind"), read.text(asked, "reason")
    fields = {key: value for key, value in asked.items() if key not in ("kind", "reason")}
    return {
        "change_no": registry.draft_change(
            conn, kind=kind, payload=fields, reason=reason, by=command.person, now=now
        )
    }


def decide(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """Approve, reject or withdraw a draft."""
    change_no, decision = read.text(command.payload, "change_no"), read.text(command.payload, "decision")
    match decision:
        case "approve":
            _refuse_unseen(conn, change_no, command.purpose)
            registry.approve_change(conn, change_no=change_no, by=command.person, now=now)
        case "reject":
            registry.reject_change(
                conn, change_no=change_no, note=read.text(command.payload, "note"), by=command.person, now=now
            )
        case "withdraw":
            registry.withdraw_change(conn, change_no=change_no, by=command.person, now=now)
        case _:
            raise read.UnableToReadPayload(
                f"判断 {decision!r} はありません。", f"There is no decision {decision!r}."
            )
    return {"change_no": change_no, "decision": decision}


def _refuse_unseen(conn: psycopg.Connection, change_no: str, purpose: str) -> None:
    """Nobody approves a value that their purpose is not told."""
    row = conn.execute("select payload from registry.change where change_no = %s", [change_no]).fetchone()
    rule = rule_for("operator", purpose, "registry.change")
    if row is None:
        return
    parts = {"party": row[0].get("party"), "terms": row[0].get("terms")}
    if row[0].get("values"):
        parts[row[0].get("table", "party")] = row[0]["values"]
    items = {item_of(f"registry.{table}", field) for table, values in parts.items() for field in values or ()}
    unseen = [item for item in sorted(filter(None, items)) if item != TECHNICAL and (rule is None or rule.grade(item) is None)]  # fmt: skip
    if unseen:
        raise UnableToRequest(
            f"この目的では見られない項目({'、'.join(BY_CODE[item].ja for item in unseen)})の訂正は承認できません。",
            f"Values that this purpose is not told cannot be approved: {', '.join(BY_CODE[item].en for item in unseen)}.",
        )


def request(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    """A retailer asks for a corrected name of a contract it holds; it becomes a draft for the operators."""
    asked = command.payload
    contract_no = read.text(asked, "contract_no")
    if not conn.execute(
        "select true from registry.contract where contract_no = %s and holder = %s",
        [contract_no, command.company],
    ).fetchone():
        # the same words for a foreign contract and an unknown one
        raise UnableToRequest(f"契約 {contract_no} はありません。", f"There is no contract {contract_no}.")
    fields = {
        "contract_no": contract_no,
        "since": read.day(asked, "since").isoformat(),
        "values": {"name": read.text(asked, "name"), "name_kana": read.text(asked, "name_kana")},
    }
    change_no = registry.draft_change(
        conn,
        kind="correct_name",
        payload=fields,
        reason=read.text(asked, "reason"),
        by=command.person,
        now=now,
    )
    return {"change_no": change_no}
