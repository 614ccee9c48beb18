"""Writes to permits and cases. Each is one transaction with `by`, checked here and not in the page that asked."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from sekisho.barrier.audiences import PURPOSE
from sekisho.kernel.errors import SekishoError

MAX_CASE = timedelta(days=14)
"""Disaster access is short by nature; a longer event is a new case with a new approval (電気事業法34条 speaks of emergencies)."""

_PERSON = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
_CASE = re.compile(r"[A-Z]{2,4}-[0-9]{4}-[0-9]{3,6}")


class UnableToGrant(SekishoError):
    """The permit asked for is not one that can be given."""


class UnableToOpenCase(SekishoError):
    """The case asked for is not one that can be opened or reviewed."""


def grant_permit(
    conn: psycopg.Connection,
    *,
    person: str,
    audience: str,
    company: str,
    purpose: str,
    start: date,
    end: date | None,
    by: str,
    reason: str,
    case_no: str | None = None,
) -> int:
    """Give `person` access from `start` until the day before `end`; returns the permit's number.

    Raises UnableToGrant for an unknown audience or purpose, a missing reason, a permit for oneself, a case that is required and not
    open, and for days that another permit of the same person and purpose covers already.
    """
    _check_grant(
        person=person,
        audience=audience,
        purpose=purpose,
        start=start,
        end=end,
        by=by,
        reason=reason,
        case_no=case_no,
    )
    if (
        case_no is not None
        and not conn.execute(
            "select true from barrier.case_file where case_no = %s and purpose = %s", [case_no, purpose]
        ).fetchone()
    ):
        raise UnableToGrant(
            f"案件 {case_no} はこの目的では開かれていません。",
            f"Case {case_no} is not open for this purpose.",
        )
    try:
        with conn.transaction():
            row = conn.execute(
                "insert into barrier.permit (person, audience, company, purpose, valid, case_no, reason, granted_by)"
                " values (%s, %s, %s, %s, daterange(%s, %s), %s, %s, %s) returning permit_no",
                [person, audience, company, purpose, start, end, case_no, reason, by],
            ).fetchone()
    except psycopg.errors.ExclusionViolation:
        raise UnableToGrant(
            f"{person} にはこの期間にかかる同じ目的の権限がすでにあります。先に終了日を確かめてください。",
            f"{person} already has a permit for this purpose in that period.",
        ) from None
    assert row is not None  # noqa: S101 – INSERT … RETURNING gives one row
    return int(row[0])


def _check_grant(
    *,
    person: str,
    audience: str,
    purpose: str,
    start: date,
    end: date | None,
    by: str,
    reason: str,
    case_no: str | None,
) -> None:
    known = PURPOSE.get((audience, purpose))
    if known is None:
        raise UnableToGrant(
            f"{audience} に目的 {purpose} はありません。", f"{audience} has no purpose {purpose}."
        )
    if not _PERSON.fullmatch(person):
        raise UnableToGrant(
            f"利用者番号 {person!r} の形が正しくありません。", f"{person!r} is not a person's name."
        )
    if person == by:
        raise UnableToGrant("自分に権限を与えることはできません。", "Nobody grants a permit to themselves.")
    if not reason.strip():
        raise UnableToGrant("理由を入力してください。", "State a reason.")
    if end is not None and end <= start:
        raise UnableToGrant("終了日は開始日より後にしてください。", "The end must be after the start.")
    if known.case_required and case_no is None:
        raise UnableToGrant(
            f"目的「{known.ja}」には案件番号が要ります。", f"The purpose {known.en!r} needs a case number."
        )
    if not known.case_required and case_no is not None:
        raise UnableToGrant(
            f"目的「{known.ja}」に案件番号は付けません。", f"The purpose {known.en!r} takes no case number."
        )


def end_permit(conn: psycopg.Connection, *, permit_no: int, by: str, now: datetime) -> None:
    """End a permit at once. The database looks at the permit for every statement, so open sessions read nothing more."""
    done = conn.execute(
        "update barrier.permit set ended_by = %s, ended_at = %s where permit_no = %s and ended_at is null returning permit_no",
        [by, now, permit_no],
    ).fetchone()
    if done is None:
        raise UnableToGrant(
            f"権限 {permit_no} は無いか、すでに終了しています。",
            f"Permit {permit_no} is unknown or has ended.",
        )


def transfer(conn: psycopg.Connection, *, person: str, on: date, by: str, now: datetime) -> int:
    """A transfer ends every permit of `person` on its day; returns how many. A permit that would begin later is ended whole."""
    shortened = conn.execute(
        "update barrier.permit set valid = daterange(lower(valid), %(on)s), ended_by = %(by)s"
        " where person = %(person)s and ended_at is null and lower(valid) < %(on)s and (upper(valid) is null or upper(valid) > %(on)s)",
        {"on": on, "by": by, "person": person},
    ).rowcount
    later = conn.execute(
        "update barrier.permit set ended_at = %(now)s, ended_by = %(by)s"
        " where person = %(person)s and ended_at is null and lower(valid) >= %(on)s",
        {"on": on, "by": by, "person": person, "now": now},
    ).rowcount
    return shortened + later


def open_case(
    conn: psycopg.Connection, *, case_no: str, purpose: str, title: str, hours: int, by: str, now: datetime
) -> None:
    """Open a case that ends by itself after `hours` (at most 14 days)."""
    if not _CASE.fullmatch(case_no):
        raise UnableToOpenCase(
            f"案件番号 {case_no!r} は「DIS-2026-001」の形にしてください。",
            f"A case number looks like DIS-2026-001, not {case_no!r}.",
        )
    if not title.strip():
        raise UnableToOpenCase("案件名を入力してください。", "Give the case a title.")
    if not 1 <= hours <= MAX_CASE.days * 24:
        raise UnableToOpenCase(
            f"期間は1時間から{MAX_CASE.days}日までです。",
            f"A case lasts from one hour to {MAX_CASE.days} days.",
        )
    done = conn.execute(
        "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid)"
        " values (%s, %s, %s, %s, %s, tstzrange(%s, %s)) on conflict (case_no) do nothing returning case_no",
        [case_no, purpose, title, by, now, now, now + timedelta(hours=hours)],
    ).fetchone()
    if done is None:
        raise UnableToOpenCase(f"案件 {case_no} はすでにあります。", f"Case {case_no} exists already.")


def review_case(conn: psycopg.Connection, *, case_no: str, note: str, by: str, now: datetime) -> None:
    """Review a case after its end, by someone who did not open it."""
    row = conn.execute(
        "select opened_by, upper(valid), reviewed_by from barrier.case_file where case_no = %s", [case_no]
    ).fetchone()
    if row is None:
        raise UnableToOpenCase(f"案件 {case_no} はありません。", f"There is no case {case_no}.")
    opened_by, end, reviewed_by = row
    if opened_by == by:
        raise UnableToOpenCase("開いた本人は審査できません。", "Whoever opened a case cannot review it.")
    if end > now:
        raise UnableToOpenCase(
            "案件はまだ続いています。終わってから審査してください。",
            "The case is still open; review it afterwards.",
        )
    if reviewed_by is not None:
        raise UnableToOpenCase(
            f"案件 {case_no} は {reviewed_by} が審査済みです。", f"{reviewed_by} has reviewed case {case_no}."
        )
    if not note.strip():
        raise UnableToOpenCase("審査の所見を入力してください。", "Write the review's finding.")
    conn.execute(
        "update barrier.case_file set reviewed_by = %s, reviewed_at = %s, review_note = %s where case_no = %s",
        [by, now, note, case_no],
    )


def store_certificate(
    conn: psycopg.Connection, *, holds: bool, digest: str, body: Mapping[str, Any], now: datetime
) -> int:
    """Keep what `prove` found, so that the pages show it; returns its number."""
    row = conn.execute(
        "insert into barrier.certificate (at, holds, digest, body) values (%s, %s, %s, %s) returning certificate_no",
        [now, holds, digest, Jsonb(dict(body))],
    ).fetchone()
    assert row is not None  # noqa: S101 – INSERT … RETURNING gives one row
    return int(row[0])
