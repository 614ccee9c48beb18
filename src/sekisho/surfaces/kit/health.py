"""Is the process alive, can it answer, what has it measured."""

import hmac
import ipaddress

from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.pages import everybody


@everybody
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@everybody
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can do its work: the gates' database answers, and the accounts' too."""
    checks = {"gates": asking.gateway(request).alive(), "accounts": _accounts_answer()}
    ready = all(checks.values())
    return JsonResponse({"status": "ok" if ready else "unavailable", **checks}, status=200 if ready else 503)


@everybody
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for this machine or whoever bears the token of SEKISHO_METRICS_TOKEN."""
    if not _may_measure(request):
        return HttpResponseForbidden()
    registry = REGISTRY
    if settings.METRICS_DIRECTORY:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _accounts_answer() -> bool:
    if not settings.SURFACE.accounts:
        return True
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("select true")
    except DatabaseError:
        return False
    return True


def _may_measure(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if token:
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    # A proxy on this machine forwards strangers from loopback, too, and says so.
    return (
        "X-Forwarded-For" not in request.headers
        and ipaddress.ip_address(request.META["REMOTE_ADDR"]).is_loopback
    )
