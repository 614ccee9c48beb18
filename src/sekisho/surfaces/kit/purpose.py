"""Purpose first, and a permit that holds: on the surfaces where people sign in."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sekisho.accounts.events import record
from sekisho.accounts.middleware import sign_out
from sekisho.barrier.audiences import PURPOSE, purposes_of
from sekisho.surfaces.kit import asking, standing
from sekisho.surfaces.kit.forms import Problem
from sekisho.surfaces.kit.pages import show, without_purpose
from sekisho.surfaces.kit.speech import Text

Answer = Callable[[HttpRequest], HttpResponse]
_CASE = re.compile(r"[A-Z]{2,4}-[0-9]{4}-[0-9]{3,6}")


class Purpose:
    """Purpose first: where an audience has several, no page before one is chosen; and the permit must still hold."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Where the person must go first, or None."""
        if (
            not request.user.is_authenticated
            or getattr(view, "without_purpose", False)
            or _is_account_page(request)
        ):
            return None
        audience = settings.SURFACE.audience
        if (
            len(purposes_of(audience)) > 1
            and (audience, request.session.get(asking.PURPOSE_KEY)) not in PURPOSE
        ):
            return redirect("purpose")
        return self._standing(request)

    def _standing(self, request: HttpRequest) -> HttpResponse | None:
        now = timezone.now().timestamp()
        if now - request.session.get("standing_at", 0.0) < settings.STANDING_SECONDS:
            return None
        found = standing.ask(request)
        if not found.holds:
            return sign_out(request, "no_permit") if not asking.may_choose() else _choose_again(request)
        request.session["standing_at"] = now
        request.session["company_name"] = found.company_name
        return None


def _choose_again(request: HttpRequest) -> HttpResponse:
    request.session.pop(asking.PURPOSE_KEY, None)
    request.session.pop(asking.CASE_KEY, None)
    return redirect("/purpose/?ended=no_permit")


def _is_account_page(request: HttpRequest) -> bool:
    return request.path.startswith(("/sign-", "/account/")) or not request.resolver_match


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
