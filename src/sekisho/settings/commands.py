"""Which command is carried out by which action: the worker's side of the submit gates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from sekisho.barrier import actions as barrier
from sekisho.settings import administration, corrections
from sekisho.work import payload as read
from sekisho.work.queue import Command, Handler


def _draft_permit(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    asked = command.payload
    draft_no = barrier.draft_permit(
        conn,
        person=read.text(asked, "person"),
        audience=read.text(asked, "audience"),
        company=read.text(asked, "company"),
        purpose=read.text(asked, "purpose"),
        start=read.day(asked, "start"),
        end=read.optional_day(asked, "end"),
        reason=read.text(asked, "reason"),
        case_no=read.optional_text(asked, "case_no"),
        by=command.person,
        now=now,
    )
    return {"draft_no": draft_no}


def _draft_case(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    asked = command.payload
    draft_no = barrier.draft_case(
        conn,
        case_no=read.text(asked, "case_no"),
        purpose="disaster",
        title=read.text(asked, "title"),
        hours=read.number(asked, "hours"),
        reason=read.text(asked, "reason"),
        by=command.person,
        now=now,
    )
    return {"draft_no": draft_no}


def _decide_draft(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    draft_no, decision = (
        read.number(command.payload, "draft_no"),
        read.text(command.payload, "decision"),
    )
    outcome = {"draft_no": draft_no, "decision": decision}
    match decision:
        case "approve":
            outcome["given"] = barrier.approve_draft(conn, draft_no=draft_no, by=command.person, now=now)
        case "reject":
            note = read.text(command.payload, "note")
            barrier.reject_draft(conn, draft_no=draft_no, note=note, by=command.person, now=now)
        case "withdraw":
            barrier.withdraw_draft(conn, draft_no=draft_no, by=command.person, now=now)
        case _:
            raise read.UnableToReadPayload(
                f"判断 {decision!r} はありません。", f"There is no decision {decision!r}."
            )
    return outcome


def _end_permit(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    permit_no = read.number(command.payload, "permit_no")
    reason = read.optional_text(command.payload, "reason") or ""
    barrier.end_permit(conn, permit_no=permit_no, by=command.person, now=now, reason=reason)
    return {"permit_no": permit_no}


def _review_case(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    case_no = read.text(command.payload, "case_no")
    barrier.review_case(
        conn, case_no=case_no, note=read.text(command.payload, "note"), by=command.person, now=now
    )
    return {"case_no": case_no}


HANDLERS: Mapping[str, Handler] = {
    "barrier.draft_permit": _draft_permit,
    "barrier.draft_case": _draft_case,
    "barrier.decide_draft": _decide_draft,
    "barrier.end_permit": _end_permit,
    "barrier.review_case": _review_case,
    "barrier.transfer": administration.transfer,
    "barrier.create_account": administration.create_account,
    "barrier.end_account": administration.end_account,
    "barrier.unlock_account": administration.unlock_account,
    "barrier.reissue_account": administration.reissue_account,
    "barrier.create_client": administration.create_client,
    "barrier.end_client": administration.end_client,
    "registry.draft_change": corrections.draft,
    "registry.decide_change": corrections.decide,
    "registry.request_correction": corrections.request,
}
