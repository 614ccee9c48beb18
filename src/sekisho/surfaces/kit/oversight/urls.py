"""The addresses that watching surfaces share, bound to the gates of the audience."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.urls import URLPattern, path, register_converter

from sekisho.barrier.gate import Gate
from sekisho.barrier.gates import CaseRow, CertificateRow, PermitRow
from sekisho.ledger.gates import PassageRow
from sekisho.surfaces.kit.oversight import certificates, passages, permits, policy


class Moment:
    """A moment to the microsecond, as in the key of a passage."""

    regex = r"[0-9]{8}T[0-9]{6}\.[0-9]{6}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Moment, "moment")


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of one audience behind the shared pages."""

    passages: Gate[PassageRow]
    permits: Gate[PermitRow]
    cases: Gate[CaseRow]
    certificates: Gate[CertificateRow]


def patterns(gates: Gates, *, permits_page: Any = None, cases_page: Any = None) -> list[URLPattern]:
    """The shared addresses; a surface that may act brings its own pages of permits and cases."""
    p, c = {"gate": gates.passages}, {"gate": gates.certificates}
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
        path("passages/<moment:at>/<int:passage_id>/", passages.passage, p, name="passage"),
        path("permits/", permits_page or partial(permits.permits, gate=gates.permits), name="permits"),
        path("permits/file/", permits.permits_file, {"gate": gates.permits}, name="permits_file"),
        path("cases/", cases_page or partial(permits.cases, gate=gates.cases), name="cases"),
        path("cases/file/", permits.cases_file, {"gate": gates.cases}, name="cases_file"),
    ]
