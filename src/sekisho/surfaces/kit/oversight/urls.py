"""The addresses that watching surfaces share, bound to the gates of the audience."""

from dataclasses import dataclass
from functools import partial
from typing import Any, TypedDict

from django.urls import URLPattern, path, register_converter
from django.views.decorators.http import require_safe

from sekisho.barrier.gate import Gate
from sekisho.barrier.gates import CaseRow, CertificateRow, DraftRow, PermitRow
from sekisho.ledger.scope.gates import ReviewRow
from sekisho.surfaces.kit.oversight import answers, certificates, drafts, passages, permits, policy, scoping
from sekisho.surfaces.kit.oversight.answers import FindingGates


class Moment:
    """A moment to the microsecond, as in the key of a passage."""

    regex = r"[0-9]{8}T[0-9]{6}\.[0-9]{6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class CaseNumber:
    """`DIS-2026-001`."""

    regex = "[A-Z]{2,4}-[0-9]{4}-[0-9]{3,6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Moment, "moment")
register_converter(CaseNumber, "case_no")


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of one audience behind the shared pages."""

    passages: passages.PassageGates
    permits: Gate[PermitRow]
    cases: Gate[CaseRow]
    drafts: Gate[DraftRow]
    certificates: Gate[CertificateRow]
    finding: FindingGates
    reviews: Gate[ReviewRow]


class OwnPages(TypedDict, total=False):
    """The pages that a surface which may act brings instead of the shared ones, by address."""

    permits: Any
    cases: Any
    case: Any
    drafts: Any
    draft: Any
    scoping: Any
    finding: Any
    reviews: Any


def patterns(gates: Gates, own: OwnPages | None = None) -> list[URLPattern]:
    """The shared addresses, bound to the audience's gates; `own` pages stand in for shared ones."""
    return [*_watching(gates), *_granting(gates, own or {}), *_finding(gates, own or {})]


def _watching(gates: Gates) -> list[URLPattern]:
    p, one, c = {"gates": gates.passages}, {"gate": gates.passages.by_time}, {"gate": gates.certificates}
    return [
        path("matrix/", policy.matrix, name="matrix"),
        path("matrix/file/", policy.matrix_file, name="matrix_file"),
        path("gates/", policy.gates, name="gates"),
        path("gates/file/", policy.gates_file, name="gates_file"),
        path("certificate/", certificates.certificate, c, name="certificate"),
        path("certificate/<int:certificate_no>/", certificates.certificate, c, name="one_certificate"),
        path(
            "certificate/<int:certificate_no>/json/",
            certificates.certificate_json,
            c,
            name="certificate_json",
        ),
        path("passages/", passages.passages, p, name="passages"),
        path("passages/file/", passages.passages_file, p, name="passages_file"),
        path("passages/<moment:at>/<int:passage_id>/", passages.passage, one, name="passage"),
    ]


def _granting(gates: Gates, own: OwnPages) -> list[URLPattern]:
    case = partial(permits.case, gate=gates.cases, permits=gates.permits, passages=gates.passages.by_time)
    return [
        path("permits/", own.get("permits") or partial(permits.permits, gate=gates.permits), name="permits"),
        path("permits/file/", permits.permits_file, {"gate": gates.permits}, name="permits_file"),
        path("cases/", own.get("cases") or partial(permits.cases, gate=gates.cases), name="cases"),
        path("cases/file/", permits.cases_file, {"gate": gates.cases}, name="cases_file"),
        path("cases/<case_no:case_no>/", own.get("case") or case, name="case"),
        path("drafts/", own.get("drafts") or partial(drafts.drafts, gate=gates.drafts), name="drafts"),
        path("drafts/file/", drafts.drafts_file, {"gate": gates.drafts}, name="drafts_file"),
        path(
            "drafts/<int:draft_no>/",
            own.get("draft") or require_safe(partial(drafts.draft, gate=gates.drafts)),
            name="draft",
        ),
    ]


def _finding(gates: Gates, own: OwnPages) -> list[URLPattern]:
    f, listing = {"gates": gates.finding}, partial(scoping.scoping, gate=gates.finding.findings)
    return [
        path("scoping/", own.get("scoping") or listing, name="scoping"),
        path("scoping/<int:finding_no>/", own.get("finding") or scoping.finding, f, name="finding"),
        path("scoping/<int:finding_no>/copy/", answers.customers_copy, f, name="customers_copy"),
        path("scoping/<int:finding_no>/copy/file/", answers.customers_file, f, name="customers_file"),
        path("scoping/<int:finding_no>/<slug:part>/", answers.finding_part, f, name="finding_part"),
        path("scoping/<int:finding_no>/<slug:part>/file/", answers.finding_file, f, name="finding_file"),
        path("reviews/", own.get("reviews") or partial(scoping.reviews, gate=gates.reviews), name="reviews"),
        path("reviews/file/", scoping.reviews_file, {"gate": gates.reviews}, name="reviews_file"),
    ]
