"""Choosing a language and a purpose."""

import re

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.accounts.events import record
from sekisho.barrier.audiences import PURPOSE, purposes_of
from sekisho.surfaces.kit import asking, standing
from sekisho.surfaces.kit.forms import Problem
from sekisho.surfaces.kit.pages import everybody, show, without_purpose
from sekisho.surfaces.kit.speech import Text

_CASE = re.compile(r"[A-Z]{2,4}-[0-9]{4}-[0-9]{3,6}")
_YEAR = 365 * 24 * 3600


@everybody
@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language and go back."""
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    chosen = "en" if request.GET.get("to") == "en" else "ja"
    response = redirect(target)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=_YEAR,
        httponly=True,
        samesite="Lax",
        secure=settings.TLS,
    )
    return response


@without_purpose
@require_http_methods(["GET", "HEAD", "POST"])
def purpose(request: HttpRequest) -> HttpResponse:
    """Choose what for. Kept in the session, shown in the band, and written into every passage."""
    problems: list[Problem] = []
    if request.method == "POST":
        problems = _choose(request)
        if not problems:
            return redirect("/")
    return show(
        request,
        "kit/purpose.html",
        title=Text("利用目的の選択", "Purpose"),
        purposes=[(one, Text(one.ja, one.en)) for one in purposes_of(settings.SURFACE.audience)],
        chosen=request.POST.get("purpose") or request.session.get(asking.PURPOSE_KEY, ""),
        typed_case=request.POST.get("case_no", ""),
        problems=problems,
        no_permit=request.GET.get("ended") == "no_permit",
        status=422 if problems else 200,
    )


def _choose(request: HttpRequest) -> list[Problem]:
    code, case_no = request.POST.get("purpose", ""), request.POST.get("case_no", "").strip().upper()
    chosen = PURPOSE.get((settings.SURFACE.audience, code))
    if chosen is None:
        return [Problem("purpose", Text("利用目的を選んでください", "Choose a purpose"))]
    if chosen.case_required and not _CASE.fullmatch(case_no):
        return [
            Problem(
                "case_no",
                Text(
                    "案件番号を入力してください(例: DIS-2026-001)",
                    "Enter the case number, such as DIS-2026-001",
                ),
            )
        ]
    before = {key: request.session.get(key) for key in (asking.PURPOSE_KEY, asking.CASE_KEY)}
    request.session[asking.PURPOSE_KEY] = code
    request.session[asking.CASE_KEY] = case_no if chosen.case_required else None
    if standing.ask(request).holds:
        record("purpose_chosen", person=asking.caller(request).person, request=request, purpose=code)
        return []
    request.session.update(before)
    field = "case_no" if chosen.case_required else "purpose"
    return [
        Problem(
            field,
            Text(
                "この利用目的の権限が今日はありません。情報管理部門に申請してください",
                "You hold no permit for this purpose today. Ask information security for one",
            ),
        )
    ]
