"""The barrier's own gates: permits, cases, the certificate."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sekisho.barrier.gate import Gate, Param, Sort, SubmitGate, shown


@dataclass(frozen=True, slots=True)
class PermitRow:
    """One dated permit."""

    permit_no: int = shown("p.permit_no")
    person: str = shown("p.person")
    audience: str = shown("p.audience")
    company: str = shown("p.company")
    purpose: str = shown("p.purpose")
    start: date = shown("lower(p.valid)")
    end: date | None = shown("upper(p.valid)")
    case_no: str | None = shown("p.case_no")
    reason: str = shown("p.reason")
    granted_by: str = shown("p.granted_by")
    granted_at: datetime = shown("p.granted_at")
    ended_by: str | None = shown("p.ended_by")
    ended_at: datetime | None = shown("p.ended_at")


def _permits(audience: str, purpose: str) -> Gate[PermitRow]:
    return Gate(
        name="permits", ja="利用権限", en="permits", audience=audience, purposes=(purpose,), row=PermitRow,
        params=(Param("person", "text", "null"), Param("of_audience", "text", "null"), Param("on", "date", "null"),
                Param("permit_no", "bigint", "null")),
        source="{seen}.permit p",
        where="(p_person is null or p.person = p_person) and (p_of_audience is null or p.audience = p_of_audience) and (p_on is null or p.valid @> p_on)"
        " and (p_permit_no is null or p.permit_no = p_permit_no)",
        sorts={"person": Sort(("p.person", "p.permit_no"), ("text", "bigint")), "granted": Sort(("p.granted_at", "p.permit_no"), ("timestamptz", "bigint"))},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case of disaster access, and its review."""

    case_no: str = shown("f.case_no")
    purpose: str = shown("f.purpose")
    title: str = shown("f.title")
    opened_by: str = shown("f.opened_by")
    opened_at: datetime = shown("f.opened_at")
    start: datetime = shown("lower(f.valid)")
    end: datetime = shown("upper(f.valid)")
    reviewed_by: str | None = shown("f.reviewed_by")
    reviewed_at: datetime | None = shown("f.reviewed_at")
    review_note: str | None = shown("f.review_note")


def _cases(audience: str, purpose: str) -> Gate[CaseRow]:
    return Gate(
        name="cases", ja="災害案件", en="disaster cases", audience=audience, purposes=(purpose,), row=CaseRow, source="{seen}.case_file f",
        order="f.opened_at desc", max_rows=500,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate that `barrier prove` left."""

    certificate_no: int = shown("z.certificate_no")
    at: datetime = shown("z.at")
    holds: bool = shown("z.holds")
    digest: str = shown("z.digest")
    body: dict[str, Any] = shown("z.body")


def _certificates(audience: str, purpose: str) -> Gate[CertificateRow]:
    return Gate(
        name="certificates", ja="情報遮断の証明書", en="certificates of the barrier", audience=audience, purposes=(purpose,), row=CertificateRow,
        params=(Param("newest", "integer", "1"),), source="{seen}.certificate z",
        where="z.certificate_no > (select coalesce(max(y.certificate_no), 0) - p_newest from {seen}.certificate y)",
        order="z.certificate_no desc", max_rows=50,
    )  # fmt: skip


PERMITS = _permits("security", "oversight")
AUDITOR_PERMITS = _permits("auditor", "audit")
CASES = _cases("security", "oversight")
AUDITOR_CASES = _cases("auditor", "audit")
CERTIFICATES = _certificates("security", "oversight")
AUDITOR_CERTIFICATES = _certificates("auditor", "audit")
PUBLIC_CERTIFICATES = _certificates("public", "public")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account, or one API client (`machine`; `username` is then its client id)."""

    person: str = shown("a.person")
    username: str = shown("a.username")
    audience: str = shown("a.audience")
    company: str = shown("a.company")
    display_name: str = shown("a.display_name")
    department: str = shown("a.department")
    role: str = shown("a.role")
    machine: bool = shown("a.machine")
    active: bool = shown("a.active")
    pending: bool = shown("a.pending")
    locked_until: datetime | None = shown("a.locked_until")
    last_login: datetime | None = shown("a.last_login")
    created_at: datetime = shown("a.created_at")
    created_by: str = shown("a.created_by")
    ended_at: datetime | None = shown("a.ended_at")


ACCOUNTS = Gate(
    name="accounts", ja="利用者アカウント", en="accounts", audience="security", purposes=("oversight",), row=AccountRow,
    params=(Param("person", "text", "null"), Param("of_audience", "text", "null"), Param("machine", "boolean", "null"),
            Param("active", "boolean", "null"), Param("locked_at", "timestamptz", "null")),
    source="{seen}.account a",
    where=(
        "(p_person is null or a.person = p_person) and (p_of_audience is null or a.audience = p_of_audience)"
        " and (p_machine is null or a.machine = p_machine) and (p_active is null or a.active = p_active)"
        " and (p_locked_at is null or a.locked_until > p_locked_at)"
    ),
    sorts={"person": Sort(("a.person", "a.schema"), ("text", "text")), "created": Sort(("a.created_at", "a.person", "a.schema"), ("timestamptz", "text", "text"))},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PostingRow:
    """所属: where somebody works, for a period."""

    person: str = shown("o.person")
    name: str | None = shown("s.name")
    company: str | None = shown("s.company")
    post: str = shown("o.post")
    start: date = shown("lower(o.valid)")
    end: date | None = shown("upper(o.valid)")


POSTINGS = Gate(
    name="postings", ja="所属の経歴", en="posts of a person", audience="security", purposes=("oversight",), row=PostingRow,
    params=(Param("person", "text"),), source="{seen}.posting o left join {seen}.staff s on s.person = o.person", where="o.person = p_person",
    order="lower(o.valid) desc", max_rows=200,
)  # fmt: skip


def _submit(name: str, ja: str, en: str) -> SubmitGate:
    """A submit gate of security's administration."""
    return SubmitGate(
        name=name, ja=ja, en=en, audience="security", purposes=("oversight",), command=f"barrier.{name}"
    )


TRANSFER = _submit("transfer", "異動による権限の終了", "end permits by transfer")
CREATE_ACCOUNT = _submit("create_account", "アカウントの開設", "create an account")
END_ACCOUNT = _submit("end_account", "アカウントの終了", "end an account")
UNLOCK_ACCOUNT = _submit("unlock_account", "アカウントの施錠解除", "unlock an account")
REISSUE_ACCOUNT = _submit("reissue_account", "初期パスワードの再発行", "reissue the initial password")
CREATE_CLIENT = _submit("create_client", "API クライアントの登録", "register an API client")
END_CLIENT = _submit("end_client", "API クライアントの終了", "end an API client")
ADMINISTRATION = (
    TRANSFER,
    CREATE_ACCOUNT,
    END_ACCOUNT,
    UNLOCK_ACCOUNT,
    REISSUE_ACCOUNT,
    CREATE_CLIENT,
    END_CLIENT,
)

GRANT_PERMIT = SubmitGate(
    name="grant_permit",
    ja="権限の付与",
    en="grant a permit",
    audience="security",
    purposes=("oversight",),
    command="barrier.grant_permit",
)
END_PERMIT = SubmitGate(
    name="end_permit",
    ja="権限の終了",
    en="end a permit",
    audience="security",
    purposes=("oversight",),
    command="barrier.end_permit",
)
OPEN_CASE = SubmitGate(
    name="open_case",
    ja="災害案件の開始",
    en="open a disaster case",
    audience="security",
    purposes=("oversight",),
    command="barrier.open_case",
)
REVIEW_CASE = SubmitGate(
    name="review_case",
    ja="災害案件の審査",
    en="review a disaster case",
    audience="security",
    purposes=("oversight",),
    command="barrier.review_case",
)

GATES = (PERMITS, AUDITOR_PERMITS, CASES, AUDITOR_CASES, CERTIFICATES, AUDITOR_CERTIFICATES, PUBLIC_CERTIFICATES,
         ACCOUNTS, POSTINGS, GRANT_PERMIT, END_PERMIT, OPEN_CASE, REVIEW_CASE, *ADMINISTRATION)  # fmt: skip
