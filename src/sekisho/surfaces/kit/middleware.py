"""What surrounds every request of every surface: its id, its line in the log, its headers, its language, its limits."""

import logging
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from sekisho.accounts.middleware import sign_out
from sekisho.barrier.audiences import PURPOSE, purposes_of
from sekisho.surfaces.kit import asking, standing
from sekisho.surfaces.kit.faults import page_of_fault
from sekisho.surfaces.kit.metrics import REQUESTS, SECONDS, THROTTLED
from sekisho.surfaces.kit.throttle import Throttle

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("sekisho.request")
_QUIET = ("healthz", "readyz", "metrics")


class Observed:
    """Gives the request an id, and writes one line and one measurement about it. Outermost."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid4().hex  # type: ignore[attr-defined]
        started = time.perf_counter()
        response = self._get_response(request)
        response["X-Request-Id"] = asking.request_id(request)
        _observe(request, response, time.perf_counter() - started)
        return response


def _observe(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    # The route, never the path: paths name supply points.
    match = request.resolver_match
    route = (
        (match.url_name if match and match.url_name else "none")
        if not request.path.startswith("/static/")
        else "static"
    )
    REQUESTS.labels(route, request.method or "", str(response.status_code)).inc()
    SECONDS.labels(route).observe(seconds)
    if route in _QUIET or route == "static":
        return
    fields = {
        "route": route,
        "method": request.method,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    log.info("request", extra={**fields, "request_id": asking.request_id(request)})


class Headers:
    """The headers that Django and django-csp do not set. What a page shows is nobody's cache's."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response.setdefault("X-Frame-Options", "DENY")
        response.setdefault("Permissions-Policy", _PERMISSIONS)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            response.setdefault("Cache-Control", "no-store")
        return response


_PERMISSIONS = (
    ", ".join(
        f"{feature}=()"
        for feature in ("camera", "microphone", "geolocation", "payment", "usb", "display-capture")
    )
    + ", publickey-credentials-get=(self), publickey-credentials-create=(self)"
)


class Language:
    """Japanese, unless the language cookie says English. What the browser prefers does not matter."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = "en" if request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) == "en" else "ja"
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = self._get_response(request)
            patch_vary_headers(response, ("Cookie",))
            response.setdefault("Content-Language", chosen)
            return response


class Throttled:
    """No client asks more often than a person with a fast hand; no surface is emptied by a script."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response
        self._throttle = Throttle(per_minute=600, burst=120)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        who = request.COOKIES.get(settings.SESSION_COOKIE_NAME) or request.META.get("REMOTE_ADDR", "")
        wait = 0 if request.path.startswith("/static/") else self._throttle.wait(who, now=time.monotonic())
        if not wait:
            return self._get_response(request)
        THROTTLED.inc()
        response = page_of_fault(request, 429)
        response["Retry-After"] = str(wait)
        return response


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
