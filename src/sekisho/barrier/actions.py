"""Writes to permits and cases. Each is one transaction with `by`, checked here and not in the page that asked.

Permits and cases are given by two people: one drafts, another approves (`draft_permit`, `draft_case`, `approve_draft`); the database refuses
anything else to the worker (`drafts.sql`). `grant_permit` and `open_case` are the installation's: only the owner of the database can run them,
for the first people and for demonstrations, and what they give stands in every list as given without a draft.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row
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


class UnableToDecideDraft(SekishoError):
    """The draft is unknown, decided already, or not this person's to decide."""


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
    """Give `person` access from `start` until the day before `end` without a draft; returns the permit's number. Only for the database's owner.

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
    _refuse_unknown_case(conn, case_no, purpose)
    try:
        with conn.transaction():
            row = conn.execute(
                "insert into barrier.permit (person, audience, company, purpose, valid, case_no, reason, granted_by)"
                " values (%s, %s, %s, %s, daterange(%s, %s), %s, %s, %s) returning permit_no",
                [person, audience, company, purpose, start, end, case_no, reason, by],
            ).fetchone()
    except psycopg.errors.ExclusionViolation:
        raise _covered_already(person) from None
    except psycopg.errors.CheckViolation:
        raise UnableToGrant(
            "権限は、起案とほかの人の承認によって与えます。",
            "A permit is drafted, and approved by another person.",
        ) from None
    assert row is not None  # noqa: S101 – INSERT … RETURNING gives one row
    return int(row[0])


def _covered_already(person: str) -> UnableToGrant:
    return UnableToGrant(
        f"{person} にはこの期間にかかる同じ目的の権限がすでにあります。先に終了日を確かめてください。",
        f"{person} already has a permit for this purpose in that period.",
    )


def _refuse_unknown_case(conn: psycopg.Connection, case_no: str | None, purpose: str) -> None:
    if case_no is None:
        return
    known = conn.execute(
        "select true from barrier.case_file where case_no = %s and purpose = %s", [case_no, purpose]
    ).fetchone()
    if not known:
        raise UnableToGrant(
            f"案件 {case_no} はこの目的では開かれていません。",
            f"Case {case_no} is not open for this purpose.",
        )


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


def end_permit(conn: psycopg.Connection, *, permit_no: int, by: str, now: datetime, reason: str = "") -> None:
    """End a permit at once, by one person alone. The database looks at the permit for every statement, so open sessions read nothing more."""
    done = conn.execute(
        "update barrier.permit set ended_by = %s, ended_at = %s, end_reason = %s where permit_no = %s and ended_at is null returning permit_no",
        [by, now, reason, permit_no],
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


def _check_case(*, case_no: str, title: str, hours: int) -> None:
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


def _case_exists(case_no: str) -> UnableToOpenCase:
    return UnableToOpenCase(f"案件 {case_no} はすでにあります。", f"Case {case_no} exists already.")


def open_case(
    conn: psycopg.Connection, *, case_no: str, purpose: str, title: str, hours: int, by: str, now: datetime
) -> None:
    """Open a case that ends by itself after `hours` (at most 14 days), without a draft. Only for the database's owner."""
    _check_case(case_no=case_no, title=title, hours=hours)
    done = conn.execute(
        "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid)"
        " values (%s, %s, %s, %s, %s, tstzrange(%s, %s)) on conflict (case_no) do nothing returning case_no",
        [case_no, purpose, title, by, now, now, now + timedelta(hours=hours)],
    ).fetchone()
    if done is None:
        raise _case_exists(case_no)


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


# --- 起案→承認


def draft_permit(
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
    now: datetime,
    case_no: str | None = None,
) -> int:
    """起案 of a permit, for another person to approve; returns the draft's number. Raises UnableToGrant as `grant_permit` does."""
    asked = {"person": person, "audience": audience, "purpose": purpose, "start": start, "end": end}
    _check_grant(**asked, by=by, reason=reason, case_no=case_no)  # type: ignore[arg-type]
    _refuse_unknown_case(conn, case_no, purpose)
    if conn.execute(
        "select true from barrier.permit where person = %s and audience = %s and purpose = %s and valid && daterange(%s, %s)",
        [person, audience, purpose, start, end],
    ).fetchone():
        raise _covered_already(person)
    return _keep_draft(
        conn,
        "insert into barrier.draft (kind, purpose, case_no, reason, person, audience, company, valid, drafted_by, drafted_at)"
        " values ('permit', %s, %s, %s, %s, %s, %s, daterange(%s, %s), %s, %s) returning draft_no",
        [purpose, case_no, reason, person, audience, company, start, end, by, now],
    )


def draft_case(
    conn: psycopg.Connection,
    *,
    case_no: str,
    purpose: str,
    title: str,
    hours: int,
    reason: str,
    by: str,
    now: datetime,
) -> int:
    """起案 of a case; its hours begin with the approval. Returns the draft's number."""
    _check_case(case_no=case_no, title=title, hours=hours)
    if not reason.strip():
        raise UnableToOpenCase("理由を入力してください。", "State a reason.")
    if conn.execute("select true from barrier.case_file where case_no = %s", [case_no]).fetchone():
        raise _case_exists(case_no)
    return _keep_draft(
        conn,
        "insert into barrier.draft (kind, purpose, case_no, reason, title, hours, drafted_by, drafted_at)"
        " values ('case', %s, %s, %s, %s, %s, %s, %s) returning draft_no",
        [purpose, case_no, reason, title, hours, by, now],
    )


def _keep_draft(conn: psycopg.Connection, statement: LiteralString, values: list[Any]) -> int:
    row = conn.execute(statement, values).fetchone()
    assert row is not None  # noqa: S101 – INSERT … RETURNING gives one row
    return int(row[0])


def approve_draft(conn: psycopg.Connection, *, draft_no: int, by: str, now: datetime) -> str:
    """承認 by somebody else: the permit or case is there at once. Returns the permit's number or the case's.

    Raises UnableToDecideDraft for one's own draft, one that serves oneself and one that is decided; UnableToGrant and UnableToOpenCase when it
    no longer fits what has been given since.
    """
    with conn.transaction():
        draft = _open_draft(conn, draft_no)
        if draft["drafted_by"] == by:
            raise UnableToDecideDraft("自分の起案は承認できません。", "Nobody approves their own draft.")
        if draft["person"] == by:
            raise UnableToDecideDraft(
                "自分に与えられる権限は承認できません。", "Nobody approves a permit for themselves."
            )
        _settle_draft(conn, draft_no, "approved", by=by, now=now)
        if draft["kind"] == "permit":
            return str(_permit_of(conn, draft, by=by, now=now))
        return _case_of(conn, draft, by=by, now=now)


def reject_draft(conn: psycopg.Connection, *, draft_no: int, note: str, by: str, now: datetime) -> None:
    """差戻し by somebody else, with a reason."""
    if not note.strip():
        raise UnableToDecideDraft("差戻しの理由を入力してください。", "State why the draft is rejected.")
    with conn.transaction():
        if _open_draft(conn, draft_no)["drafted_by"] == by:
            raise UnableToDecideDraft("自分の起案は取り下げてください。", "Withdraw your own draft instead.")
        _settle_draft(conn, draft_no, "rejected", by=by, now=now, note=note)


def withdraw_draft(conn: psycopg.Connection, *, draft_no: int, by: str, now: datetime) -> None:
    """取下げ by whoever drafted it."""
    with conn.transaction():
        if _open_draft(conn, draft_no)["drafted_by"] != by:
            raise UnableToDecideDraft(
                "起案した人だけが取り下げられます。", "Only the drafter withdraws a draft."
            )
        _settle_draft(conn, draft_no, "withdrawn", by=by, now=now)


def _open_draft(conn: psycopg.Connection, draft_no: int) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            "select * from barrier.draft where draft_no = %s for update", [draft_no]
        ).fetchone()
    if row is None:
        raise UnableToDecideDraft(f"起案 {draft_no} はありません。", f"There is no draft {draft_no}.")
    if row["state"] != "drafted":
        raise UnableToDecideDraft(
            f"起案 {draft_no} は {row['decided_by']} が処理済みです。",
            f"{row['decided_by']} has decided draft {draft_no}.",
        )
    return row


def _settle_draft(
    conn: psycopg.Connection, draft_no: int, state: str, *, by: str, now: datetime, note: str = ""
) -> None:
    conn.execute(
        "update barrier.draft set state = %s, decided_by = %s, decided_at = %s, note = %s where draft_no = %s",
        [state, by, now, note, draft_no],
    )


def _permit_of(conn: psycopg.Connection, draft: Mapping[str, Any], *, by: str, now: datetime) -> int:
    """The permit that an approved draft speaks of."""
    try:
        with conn.transaction():
            row = conn.execute(
                "insert into barrier.permit (person, audience, company, purpose, valid, case_no, reason, granted_by, granted_at, draft_no, drafted_by)"
                " select person, audience, company, purpose, valid, case_no, reason, %s, %s, draft_no, drafted_by"
                " from barrier.draft where draft_no = %s returning permit_no",
                [by, now, draft["draft_no"]],
            ).fetchone()
    except psycopg.errors.ExclusionViolation:
        raise _covered_already(draft["person"]) from None
    assert row is not None  # noqa: S101 – INSERT … RETURNING gives one row
    return int(row[0])


def _case_of(conn: psycopg.Connection, draft: Mapping[str, Any], *, by: str, now: datetime) -> str:
    done = conn.execute(
        "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid, draft_no, approved_by)"
        " values (%s, %s, %s, %s, %s, tstzrange(%s, %s), %s, %s) on conflict (case_no) do nothing returning case_no",
        [draft["case_no"], draft["purpose"], draft["title"], draft["drafted_by"], now, now, now + timedelta(hours=draft["hours"]),
         draft["draft_no"], by],
    ).fetchone()  # fmt: skip
    if done is None:
        raise _case_exists(draft["case_no"])
    return str(done[0])


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
