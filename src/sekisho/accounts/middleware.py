"""Sign-in is required, with a second factor, and ends by itself."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from sekisho.accounts.adapters import second_factors
from sekisho.accounts.events import record_quietly
from sekisho.accounts.rules import session_end

OPEN_NAMES = frozenset({"account_login", "account_logout", "mfa_authenticate", "mfa_login_webauthn"})
ENROLMENT_NAMES = frozenset(
    {
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_index",
        "account_reauthenticate",
        "account_logout",
        "enrolment",
    }
)
PASSWORD_NAMES = frozenset(
    {"account_change_password", "account_logout", "account_reauthenticate", "mfa_reauthenticate"}
)
_WRITE_SEEN_EVERY = 60

View = Callable[..., HttpResponse]


class SignedIn:
    """Lets a request pass to its view only for someone signed in as the surface demands.

    A view opens itself to everybody by the attribute `everybody` (health, language, sign-in itself).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: View, _args: Any, _kwargs: Any) -> HttpResponse | None:
        """Where the person must go first, or None."""
        name = request.resolver_match.url_name if request.resolver_match else ""
        if getattr(view, "everybody", False):
            return None
        if not request.user.is_authenticated:
            return None if name in OPEN_NAMES else to_sign_in(request)
        ended = _session_end(request)
        if ended is not None:
            return sign_out(request, ended)
        return _unfinished(request, str(name))


def to_sign_in(request: HttpRequest, *, ended: str | None = None) -> HttpResponse:
    """To the sign-in page, and from there back to where the person wanted to go."""
    query = {"ended": ended} if ended else {}
    if request.method == "GET" and request.path != "/":
        query["next"] = request.get_full_path()
    return redirect(f"{reverse('account_login')}{'?' + urlencode(query) if query else ''}")


def sign_out(request: HttpRequest, reason: str) -> HttpResponse:
    """End the session and say why."""
    user: Any = request.user
    record_quietly(f"session_ended_{reason}", person=user.person, request=request)
    logout(request)
    return to_sign_in(request, ended=reason)


def _session_end(request: HttpRequest) -> str | None:
    now = timezone.now().timestamp()
    session = request.session
    seen = session.get("seen_at", 0.0)
    ended = session_end(
        signed_in_at=session.get("signed_in_at", 0.0),
        seen_at=seen,
        now=now,
        idle=settings.IDLE_SECONDS,
        absolute=settings.ABSOLUTE_SECONDS,
    )
    if ended is None and now - seen > _WRITE_SEEN_EVERY:
        session["seen_at"] = now
    return ended


def _unfinished(request: HttpRequest, name: str) -> HttpResponse | None:
    """INVARIANT: no page of a surface without a second factor, nor with a password that somebody else chose."""
    if not _has_second_factor(request):
        return None if name in ENROLMENT_NAMES else redirect("enrolment")
    user: Any = request.user
    if user.must_change_password and name not in PASSWORD_NAMES:
        return redirect("account_change_password")
    return None


def _has_second_factor(request: HttpRequest) -> bool:
    if not request.session.get("second_factor"):
        found = bool(second_factors(request.user).exists())
        if found:
            request.session["second_factor"] = True
        return found
    return True
