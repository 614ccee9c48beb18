"""Which command is carried out by which action: the worker's side of the submit gates."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from sekisho.barrier import actions as barrier
from sekisho.settings import administration, corrections
from sekisho.work import payload as read
from sekisho.work.queue import Command, Handler


def _grant_permit(conn: psycopg.Connection, command: Command, _: datetime) -> Mapping[str, Any]:
    asked = command.payload
    permit_no = barrier.grant_permit(
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
    )
    return {"permit_no": permit_no}


def _end_permit(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    permit_no = read.number(command.payload, "permit_no")
    barrier.end_permit(conn, permit_no=permit_no, by=command.person, now=now)
    return {"permit_no": permit_no}


def _open_case(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    asked = command.payload
    case_no = read.text(asked, "case_no")
    barrier.open_case(
        conn,
        case_no=case_no,
        purpose="disaster",
        title=read.text(asked, "title"),
        hours=read.number(asked, "hours"),
        by=command.person,
        now=now,
    )
    return {"case_no": case_no}


def _review_case(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    case_no = read.text(command.payload, "case_no")
    barrier.review_case(
        conn, case_no=case_no, note=read.text(command.payload, "note"), by=command.person, now=now
    )
    return {"case_no": case_no}


HANDLERS: Mapping[str, Handler] = {
    "barrier.grant_permit": _grant_permit,
    "barrier.end_permit": _end_permit,
    "barrier.open_case": _open_case,
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
