"""Client credentials in, a short-lived token out; a token in, the caller out (RFC 6749 section 4.4, RFC 7009)."""

import atexit
import base64
import binascii
import json
import secrets
from datetime import timedelta
from functools import cache
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from ninja.security import HttpBearer

from sekisho.barrier.ticket import Caller
from sekisho.clients.actions import hashed
from sekisho.clients.door import Door
from sekisho.clients.models import Client, Token
from sekisho.surfaces.retailer_api.problems import Refusal

LIFETIME = timedelta(minutes=15)


@cache
def process_door() -> Door:
    """This process's door, opened at the first question (after the WSGI server has forked)."""
    opened = Door(settings.ACCOUNTS_CONNINFO, application=f"sekisho {settings.SURFACE.code} tokens")
    atexit.register(opened.close)
    return opened


class Bearer(HttpBearer):
    """`Authorization: Bearer …` → the caller, or a refusal."""

    openapi_scheme = "bearer"

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Who the token speaks for. Raises `Refusal` 401 for an unknown, revoked or expired one, 429 above the company's limit.

        The limit is the company's: neither a second client nor a second process doubles it.
        """
        found = process_door().admit(token, now=timezone.now())
        if found is None:
            raise Refusal(401)
        request.rate_limit = found.requests_per_minute  # type: ignore[attr-defined]
        if found.wait:
            raise Refusal(429, retry_after=found.wait)
        return Caller(audience="retailer", company=found.company, person=found.person, purpose="contract")


@csrf_exempt
@require_POST
def issue(request: HttpRequest) -> HttpResponse:
    """`POST /oauth/token`, grant_type=client_credentials, credentials by HTTP Basic or in the form."""
    if request.POST.get("grant_type") != "client_credentials":
        return _oauth_error(400, "unsupported_grant_type")
    client = _client(request)
    if client is None:
        return _oauth_error(401, "invalid_client")
    token = secrets.token_urlsafe(32)
    Token.objects.filter(client=client, expires_at__lt=timezone.now()).delete()
    Token.objects.create(token_hash=hashed(token), client=client, expires_at=timezone.now() + LIFETIME)
    return _json({"access_token": token, "token_type": "Bearer", "expires_in": int(LIFETIME.total_seconds())})


@csrf_exempt
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """`POST /oauth/revoke`, token=…: the client's own token stops at once; for any other the answer is the same."""
    client = _client(request)
    if client is None:
        return _oauth_error(401, "invalid_client")
    Token.objects.filter(client=client, token_hash=hashed(request.POST.get("token", ""))).delete()
    return _json({})


def _client(request: HttpRequest) -> Client | None:
    client_id, secret = _basic(request) or (
        request.POST.get("client_id", ""),
        request.POST.get("client_secret", ""),
    )
    client = Client.objects.filter(client_id=client_id[:40].replace("\0", ""), ended_at=None).first()
    # compared for an unknown client too, so that the time does not tell which part was wrong
    known = client.secret_hash if client is not None else hashed("")
    return client if compare_digest(known, hashed(secret)) and client is not None else None


def _basic(request: HttpRequest) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret


def _json(body: dict[str, object], status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(body), status=status, content_type="application/json")


def _oauth_error(status: int, code: str) -> HttpResponse:
    answer = _json({"error": code}, status)
    if status == 401:
        answer["WWW-Authenticate"] = 'Basic realm="sekisho"'
    return answer
