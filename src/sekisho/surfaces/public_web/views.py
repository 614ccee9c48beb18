"""The public pages. Nobody signs in; the gates know the caller as the public."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.barrier import gates as barrier
from sekisho.barrier.gates import CertificateRow
from sekisho.registry import gates as registry
from sekisho.registry.gates import RetailerRow
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.matrix import GRADES, file_columns, matrix, purpose_heads, rules
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, badge, table

HOME = Crumb(Text("はじめに", "About"), "/")
CERTIFICATE = Text("情報遮断の証明書", "Certificate of the barrier")

COLUMNS: tuple[Column[RetailerRow], ...] = (
    Column(Text("登録番号", "Registration"), lambda row: row.registration_no, row_header=True),
    Column(Text("名称", "Name"), lambda row: row.name, nowrap=False),
    Column(Text("カナ", "Reading"), lambda row: row.name_kana, nowrap=False),
    Column(Text("事業者コード", "Code"), lambda row: row.code),
)
FILE_COLUMNS: tuple[FileColumn[RetailerRow], ...] = (
    FileColumn("registration_no", Text("登録番号", "Registration"), lambda row: row.registration_no),
    FileColumn("name", Text("名称", "Name"), lambda row: row.name),
    FileColumn("name_kana", Text("カナ", "Reading"), lambda row: row.name_kana),
    FileColumn("code", Text("事業者コード", "Code"), lambda row: row.code),
)
OBLIGATIONS: tuple[Column[dict[str, Any]], ...] = (
    Column(Text("番号", "No."), lambda row: row.get("code"), row_header=True),
    Column(Text("内容", "Obligation"), lambda row: _words(row), nowrap=False),
    Column(Text("結果", "Result"), lambda row: _result(bool(row.get("holds")))),
    Column(Text("命題", "Statements"), lambda row: row.get("statements"), numeric=True),
    Column(Text("うち成立", "Discharged"), lambda row: row.get("discharged"), numeric=True),
)


def _result(holds: bool) -> object:
    return badge(Text("成立", "holds"), tone="good") if holds else badge(Text("不成立", "fails"), tone="bad")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this platform is and what can be checked about it."""
    return show(
        request, "public_web/home.html", title=Text("情報遮断の公開情報", "About the information barrier")
    )


@require_safe
def retailers(request: HttpRequest) -> HttpResponse:
    """The retailers of the area; an affiliate of the utility is one among them."""
    found = asking.read(request, registry.PUBLIC_RETAILERS)
    title = Text("小売電気事業者一覧", "Retailers")
    return show(
        request,
        "public_web/retailers.html",
        title=title,
        crumbs=[HOME],
        table=table(
            title,
            COLUMNS,
            found,
            empty=Text("登録された事業者はまだありません。", "No retailer is registered yet."),
        ),
        download_title=Text("この一覧をファイルにする", "This list as a file"),
        download_url=reverse("retailers_file"),
        download_forms=FORMS,
    )


@require_safe
def retailers_file(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    return csv_answer(request, "retailers", FILE_COLUMNS, asking.read(request, registry.PUBLIC_RETAILERS))


@require_safe
def matrix_page(request: HttpRequest) -> HttpResponse:
    """The published matrix and the rules behind it."""
    return show(
        request,
        "public_web/matrix.html",
        title=Text("開示の一覧表", "Who sees what"),
        crumbs=[HOME],
        groups=matrix(),
        heads=purpose_heads(),
        grades=GRADES.values(),
        rules=rules(),
        download_title=Text("この表をファイルにする", "This table as a file"),
        download_url=reverse("matrix_file"),
        download_forms=FORMS,
    )


@require_safe
def matrix_file(request: HttpRequest) -> HttpResponse:
    """The matrix as a file."""
    return csv_answer(request, "matrix", file_columns(), [row for group in matrix() for row in group.rows])


def _newest(request: HttpRequest) -> CertificateRow | None:
    return next(iter(asking.read(request, barrier.PUBLIC_CERTIFICATES, newest=1)), None)


@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """The newest certificate that `barrier prove` left, also when it says that the barrier does not hold."""
    newest = _newest(request)
    return show(
        request,
        "public_web/certificate.html",
        title=CERTIFICATE,
        crumbs=[HOME],
        certificate=newest,
        **(_contents(newest.body) if newest else {}),
    )


def _contents(body: dict[str, Any]) -> dict[str, Any]:
    """What the certificate says: obligations, findings, what lies outside, and with what it was made."""
    findings = [(one["obligation"], str(one["subject"]), _words(one)) for one in body.get("findings", [])]
    return {
        "obligations": table(
            Text("証明した義務", "Obligations"),
            OBLIGATIONS,
            body.get("obligations", []),
            empty=Text("ありません。", "None."),
        ),
        "findings": findings,
        "outside": [_words(one) for one in body.get("outside", [])],
        "versions": [(name, str(version)) for name, version in body.get("versions", {}).items()],
    }


@require_safe
def certificate_json(request: HttpRequest) -> HttpResponse:
    """The certificate for machines, as it was written."""
    newest = _newest(request)
    if newest is None:
        raise Http404
    response = HttpResponse(
        json.dumps(newest.body, ensure_ascii=False, indent=1), content_type="application/json"
    )
    response["Content-Disposition"] = 'attachment; filename="certificate.json"'
    return response


@require_safe
def verification(request: HttpRequest) -> HttpResponse:
    """How anyone checks the certificate and the matrix."""
    return show(
        request,
        "public_web/verification.html",
        title=Text("確かめ方", "How to check"),
        crumbs=[HOME, Crumb(CERTIFICATE, reverse("certificate"))],
    )


def _words(entry: dict[str, Any]) -> Text:
    return Text(str(entry.get("ja", "")), str(entry.get("en", "")))
