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
        params=(Param("person", "text", "null"), Param("of_audience", "text", "null"), Param("on", "date", "null")),
        source="{seen}.permit p",
        where="(p_person is null or p.person = p_person) and (p_of_audience is null or p.audience = p_of_audience) and (p_on is null or p.valid @> p_on)",
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

GRANT_PERMIT = SubmitGate(name="grant_permit", ja="権限の付与", en="grant a permit", audience="security", purposes=("oversight",), command="barrier.grant_permit")
END_PERMIT = SubmitGate(name="end_permit", ja="権限の終了", en="end a permit", audience="security", purposes=("oversight",), command="barrier.end_permit")
OPEN_CASE = SubmitGate(name="open_case", ja="災害案件の開始", en="open a disaster case", audience="security", purposes=("oversight",), command="barrier.open_case")
REVIEW_CASE = SubmitGate(name="review_case", ja="災害案件の審査", en="review a disaster case", audience="security", purposes=("oversight",), command="barrier.review_case")

GATES = (PERMITS, AUDITOR_PERMITS, CASES, AUDITOR_CASES, CERTIFICATES, AUDITOR_CERTIFICATES, PUBLIC_CERTIFICATES,
         GRANT_PERMIT, END_PERMIT, OPEN_CASE, REVIEW_CASE)  # fmt: skip
