"""The pages of refusal. They show no data, ask no database, and are the same for what is foreign and what does not exist."""

import logging
import sys
from dataclasses import dataclass

import psycopg
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from sekisho.barrier.gateway import UnableToRead
from sekisho.kernel.errors import SekishoError
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.logs import describe
from sekisho.surfaces.kit.metrics import UNREACHABLE
from sekisho.surfaces.kit.speech import Text, message_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """What one status says."""

    title: Text
    advice: Text


_FAULTS = {
    400: Fault(
        Text("要求を処理できません", "The request cannot be processed"),
        Text(
            "アドレスか入力が正しくありません。画面を開き直してください。",
            "The address or the input is wrong. Please open the page again.",
        ),
    ),
    403: Fault(
        Text("この操作はできません", "This is not allowed"),
        Text(
            "画面の有効期限が切れたか、この操作の権限がありません。画面を開き直してください。",
            "The page has expired, or you may not do this. Please open the page again.",
        ),
    ),
    404: Fault(
        Text("該当する情報がありません", "Nothing found here"),
        Text(
            "番号やアドレスをご確認ください。現在の利用目的と契約の範囲にない情報も、同じようにこの画面になります。",
            "Please check the number or address. What lies outside your purpose and contracts looks the same.",
        ),
    ),
    429: Fault(
        Text("要求が多すぎます", "Too many requests"),
        Text("少し待ってから、もう一度お試しください。", "Please wait a moment and try again."),
    ),
    500: Fault(
        Text("処理できませんでした", "Something went wrong"),
        Text(
            "処理の途中で誤りが起きました。下の番号を添えて担当へご連絡ください。",
            "An error occurred. Please report the number below.",
        ),
    ),
    503: Fault(
        Text("ただいま照会できません", "The service cannot answer now"),
        Text(
            "データベースに接続できません。しばらくしてからもう一度お試しください。入力した申請が受け付けられたかは、一覧でご確認ください。",
            "The database cannot be reached. Please try again later, and check in the list whether what you submitted was accepted.",
        ),
    ),
}


def page_of_fault(request: HttpRequest, status: int, *, advice: str | None = None) -> HttpResponse:
    """The page for `status`. Only 5xx pages carry the request's id, so that 404 pages are equal byte for byte."""
    fault = _FAULTS[status]
    reference = asking.request_id(request) if status >= 500 else ""
    body = render_to_string(
        "kit/fault.html",
        {"title": fault.title, "advice": advice or fault.advice, "status": status, "reference": reference},
    )
    response = HttpResponse(body, status=status)
    if status == 503:
        response["Retry-After"] = "30"
    return response


def bad_request(request: HttpRequest, **_: object) -> HttpResponse:
    """400."""
    return page_of_fault(request, 400)


def forbidden(request: HttpRequest, **_: object) -> HttpResponse:
    """403."""
    return page_of_fault(request, 403)


def forgery(request: HttpRequest, **_: object) -> HttpResponse:
    """A form that did not come from our own page."""
    return page_of_fault(request, 403)


def not_found(request: HttpRequest, **_: object) -> HttpResponse:
    """404: unknown and foreign alike."""
    return page_of_fault(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Whatever was raised: 503 when the database is away, 400 for what a person can put right, otherwise 500."""
    fault = sys.exc_info()[1]
    if isinstance(fault, (UnableToRead, DatabaseError, InterfaceError, psycopg.Error)):
        UNREACHABLE.inc()
        return page_of_fault(request, 503)
    if isinstance(fault, SekishoError):
        return page_of_fault(request, 400, advice=message_of(fault))
    if isinstance(fault, SuspiciousOperation):
        return page_of_fault(request, 400)
    log.error(
        "failed", extra={"request_id": asking.request_id(request), **(describe(fault) if fault else {})}
    )
    return page_of_fault(request, 500)
