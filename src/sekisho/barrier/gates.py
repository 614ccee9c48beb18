"""The barrier's own gates: permits and cases with their drafts, the certificate."""

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
    end_reason: str = shown("p.end_reason")
    draft_no: int | None = shown("p.draft_no")
    drafted_by: str | None = shown("p.drafted_by")


def _permits(audience: str, purpose: str) -> Gate[PermitRow]:
    return Gate(
        name="permits", ja="利用権限", en="permits", audience=audience, purposes=(purpose,), row=PermitRow,
        params=(Param("person", "text", "null"), Param("of_audience", "text", "null"), Param("on", "date", "null"),
                Param("permit_no", "bigint", "null"), Param("case_no", "text", "null")),
        source="{seen}.permit p",
        where="(p_person is null or p.person = p_person) and (p_of_audience is null or p.audience = p_of_audience) and (p_on is null or p.valid @> p_on)"
        " and (p_permit_no is null or p.permit_no = p_permit_no) and (p_case_no is null or p.case_no = p_case_no)",
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
    draft_no: int | None = shown("f.draft_no")
    approved_by: str | None = shown("f.approved_by")


def _cases(audience: str, purpose: str) -> Gate[CaseRow]:
    return Gate(
        name="cases", ja="災害案件", en="disaster cases", audience=audience, purposes=(purpose,), row=CaseRow, source="{seen}.case_file f",
        order="f.opened_at desc", max_rows=500,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DraftRow:
    """起案 of a permit or a case, and what another person decided."""

    draft_no: int = shown("d.draft_no")
    kind: str = shown("d.kind")
    purpose: str = shown("d.purpose")
    case_no: str | None = shown("d.case_no")
    reason: str = shown("d.reason")
    person: str | None = shown("d.person")
    audience: str | None = shown("d.audience")
    company: str | None = shown("d.company")
    start: date | None = shown("lower(d.valid)")
    end: date | None = shown("upper(d.valid)")
    title: str | None = shown("d.title")
    hours: int | None = shown("d.hours::bigint")
    drafted_by: str = shown("d.drafted_by")
    drafted_at: datetime = shown("d.drafted_at")
    state: str = shown("d.state")
    decided_by: str | None = shown("d.decided_by")
    decided_at: datetime | None = shown("d.decided_at")
    note: str = shown("d.note")


def _drafts(audience: str, purpose: str) -> Gate[DraftRow]:
    return Gate(
        name="drafts", ja="権限・案件の起案", en="drafts of permits and cases", audience=audience, purposes=(purpose,), row=DraftRow,
        params=(Param("draft_no", "bigint", "null"), Param("state", "text", "null"), Param("kind", "text", "null"), Param("case_no", "text", "null")),
        source="{seen}.draft d",
        where="(p_draft_no is null or d.draft_no = p_draft_no) and (p_state is null or d.state = p_state) and (p_kind is null or d.kind = p_kind)"
        " and (p_case_no is null or d.case_no = p_case_no)",
        sorts={"drafted": Sort(("d.drafted_at", "d.draft_no"), ("timestamptz", "bigint"))},
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
DRAFTS = _drafts("security", "oversight")
AUDITOR_DRAFTS = _drafts("auditor", "audit")
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

DRAFT_PERMIT = _submit("draft_permit", "権限の起案", "draft a permit")
DRAFT_CASE = _submit("draft_case", "災害案件の起案", "draft a disaster case")
DECIDE_DRAFT = _submit("decide_draft", "起案の承認・差戻し・取下げ", "decide on a draft")
END_PERMIT = _submit("end_permit", "権限の終了", "end a permit")
REVIEW_CASE = _submit("review_case", "災害案件の審査", "review a disaster case")

GATES = (PERMITS, AUDITOR_PERMITS, CASES, AUDITOR_CASES, DRAFTS, AUDITOR_DRAFTS, CERTIFICATES, AUDITOR_CERTIFICATES, PUBLIC_CERTIFICATES,
         ACCOUNTS, POSTINGS, DRAFT_PERMIT, DRAFT_CASE, DECIDE_DRAFT, END_PERMIT, REVIEW_CASE, *ADMINISTRATION)  # fmt: skip
