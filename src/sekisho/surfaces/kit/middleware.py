"""What surrounds every request of every surface: its id, its line in the log, its headers, its language, its limits."""

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from sekisho.surfaces.kit import asking
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
        if not (request.path.startswith("/static/") and response.status_code < 400):
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
        self._throttle = Throttle(
            per_minute=settings.REQUESTS_PER_MINUTE, burst=max(1, settings.REQUESTS_PER_MINUTE // 4)
        )

    def __call__(self, request: HttpRequest) -> HttpResponse:
        wait = (
            0
            if request.path.startswith("/static/")
            else self._throttle.wait(_address(request), now=time.monotonic())
        )
        if not wait:
            return self._get_response(request)
        THROTTLED.inc()
        response = page_of_fault(request, 429)
        response["Retry-After"] = str(wait)
        return response


def _address(request: HttpRequest) -> str:
    """The client's address: what our proxy saw, which stands last; anything before it the client may have made up."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.TLS else ""
    return forwarded.rsplit(",", 1)[-1].strip() or str(request.META.get("REMOTE_ADDR", ""))
