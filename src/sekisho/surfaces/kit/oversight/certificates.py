"""情報遮断の証明書: the newest with its obligations, and those before it."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.barrier.gate import Gate
from sekisho.barrier.gates import CertificateRow
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.oversight.passages import HOME
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, badge, link, table

TITLE = Text("情報遮断の証明書", "Certificate of the barrier")
NEWEST = 50
Part = dict[str, Any]


def holds_badge(holds: bool) -> Any:
    """成立 or 不成立."""
    return (
        badge(Text("成立", "holds"), tone="good")
        if holds
        else badge(Text("不成立", "does not hold"), tone="bad")
    )


def _in_words(part: Part) -> Text:
    return Text(str(part.get("ja", "")), str(part.get("en", "")))


OBLIGATIONS: tuple[Column[Part], ...] = (
    Column(Text("番号", "No."), lambda part: str(part.get("code", "")), row_header=True),
    Column(Text("命題", "Obligation"), _in_words, nowrap=False),
    Column(Text("命題の数", "Statements"), lambda part: part.get("statements"), numeric=True),
    Column(Text("証明できた数", "Discharged"), lambda part: part.get("discharged"), numeric=True),
    Column(Text("解法器への問い", "Queries"), lambda part: part.get("queries"), numeric=True),
    Column(Text("結果", "Result"), lambda part: holds_badge(bool(part.get("holds")))),
)
FINDINGS: tuple[Column[Part], ...] = (
    Column(Text("命題", "Obligation"), lambda part: str(part.get("obligation", "")), row_header=True),
    Column(Text("対象", "Subject"), lambda part: str(part.get("subject", "")), nowrap=False),
    Column(Text("内容", "What"), _in_words, nowrap=False),
    Column(Text("反例", "Counterexample"), lambda part: _example(part.get("counterexample")), nowrap=False),
)
HISTORY: tuple[Column[CertificateRow], ...] = (
    Column(
        Text("証明書番号", "No."),
        lambda row: link(reverse("one_certificate", args=[row.certificate_no]), row.certificate_no),
        row_header=True,
    ),
    Column(Text("日時", "When"), lambda row: row.at),
    Column(Text("結果", "Result"), lambda row: holds_badge(row.holds)),
    Column(Text("命題の数", "Statements"), lambda row: row.body.get("statements"), numeric=True),
    Column(Text("要約値", "Digest"), lambda row: row.digest[:16] + "…"),
)


def _example(found: Any) -> Any:
    return None if not found else _in_words(found) if isinstance(found, dict) else str(found)


@require_safe
def certificate(
    request: HttpRequest, gate: Gate[CertificateRow], certificate_no: int | None = None
) -> HttpResponse:
    """The newest, or the one asked for among the newest."""
    rows = asking.read(request, gate, newest=NEWEST)
    row = next((row for row in rows if certificate_no in (None, row.certificate_no)), None)
    if row is None and certificate_no is not None:
        raise Http404
    return show(
        request,
        "oversight/certificate.html",
        title=TITLE,
        crumbs=[HOME] if certificate_no is None else [HOME, Crumb(TITLE, reverse("certificate"))],
        row=row,
        newest=certificate_no is None,
        result=holds_badge(row.holds) if row else None,
        obligations=table(
            Text("証明した命題", "Obligations"),
            OBLIGATIONS,
            row.body.get("obligations", []) if row else [],
            empty=_NOTHING,
        ),
        findings=table(
            Text("成り立たなかった箇所", "What does not hold"),
            FINDINGS,
            row.body.get("findings", []) if row else [],
            empty=_NOTHING,
        ),
        outside=[_in_words(part) for part in row.body.get("outside", [])] if row else [],
        history=table(Text("これまでの証明書", "Certificates so far"), HISTORY, rows, empty=_NOTHING),
    )


_NOTHING = Text("ありません。", "None.")


@require_safe
def certificate_json(request: HttpRequest, gate: Gate[CertificateRow], certificate_no: int) -> HttpResponse:
    """One certificate as it was written."""
    row = next(
        (row for row in asking.read(request, gate, newest=NEWEST) if row.certificate_no == certificate_no),
        None,
    )
    if row is None:
        raise Http404
    response = HttpResponse(
        json.dumps(row.body, ensure_ascii=False, indent=1), content_type="application/json"
    )
    response["Content-Disposition"] = f'attachment; filename="certificate-{certificate_no}.json"'
    return response
