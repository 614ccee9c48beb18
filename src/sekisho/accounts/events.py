"""What happens at sign-in is written down: in the accounts' event table, and as a line of the log without personal data."""

import logging
from typing import Any

from allauth.account import signals as account_signals
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.contrib.auth import signals as auth_signals
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from prometheus_client import Counter

from sekisho.accounts.models import AccountEvent
from sekisho.accounts.rules import locked_until

log = logging.getLogger(__name__)
SIGN_INS = Counter(
    "sekisho_sign_in_events_total", "Sign-ins, failures, locks and changes of second factors", ["kind"]
)


def record(
    kind: str, *, person: str = "", by: str = "", request: HttpRequest | None = None, **detail: Any
) -> None:
    """Write one event. `by` is the person who caused it (default: the person themselves)."""
    request_id = getattr(request, "request_id", "")
    AccountEvent.objects.create(
        kind=kind, person=person, by=by or person or "unknown", detail=detail, request_id=request_id
    )
    SIGN_INS.labels(kind).inc()
    log.info(kind, extra={"request_id": request_id, **detail})


def count_failure(user: Any, request: HttpRequest | None, *, step: str) -> None:
    """One more failure in a row; the account locks itself at the limit."""
    users = get_user_model().objects.filter(pk=user.pk)
    users.update(failures=F("failures") + 1)
    user.refresh_from_db(fields=["failures"])
    record("sign_in_failed", person=user.person, request=request, step=step)
    until = locked_until(failures=user.failures, now=timezone.now())
    if until is not None:
        users.update(locked_until=until, failures=0)
        record("locked", person=user.person, by="system", request=request)


def listen() -> None:
    """Connect the handlers below. Strong references: they are functions of this module."""
    auth_signals.user_logged_in.connect(_signed_in)
    auth_signals.user_logged_out.connect(_signed_out)
    auth_signals.user_login_failed.connect(_failed)
    account_signals.password_changed.connect(_password_changed)
    factor_signals.authentication_failed.connect(_factor_failed)
    factor_signals.authenticator_added.connect(_factor_changed)
    factor_signals.authenticator_removed.connect(_factor_changed)
    factor_signals.authenticator_reset.connect(_factor_changed)


def _signed_in(request: HttpRequest, user: Any, **_: Any) -> None:
    now = timezone.now()
    get_user_model().objects.filter(pk=user.pk).update(failures=0, locked_until=None)
    Session.objects.filter(expire_date__lt=now).delete()  # whoever comes in sweeps what has expired
    request.session["signed_in_at"] = request.session["seen_at"] = now.timestamp()
    record("signed_in", person=user.person, request=request)


def _signed_out(request: HttpRequest, user: Any, **_: Any) -> None:
    if user is not None:
        record("signed_out", person=user.person, request=request)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    user = get_user_model().objects.filter(username=credentials.get("username", "")).first()
    if user is None:
        record("sign_in_failed", request=request, step="password")
    else:
        count_failure(user, request, step="password")


def _password_changed(request: HttpRequest, user: Any, **_: Any) -> None:
    get_user_model().objects.filter(pk=user.pk).update(must_change_password=False)
    record("password_changed", person=user.person, request=request)


def _factor_failed(request: HttpRequest, user: Any, **_: Any) -> None:
    count_failure(user, request, step="second_factor")


def _factor_changed(
    request: HttpRequest, user: Any, authenticator: Authenticator, signal: Any, **_: Any
) -> None:
    names = {
        factor_signals.authenticator_added: "second_factor_added",
        factor_signals.authenticator_removed: "second_factor_removed",
        factor_signals.authenticator_reset: "second_factor_reset",
    }
    request.session.pop("second_factor", None)
    record(names[signal], person=user.person, request=request, factor=str(authenticator.type))


def record_quietly(kind: str, *, person: str, request: HttpRequest) -> None:
    """Write an event where the answer must not depend on it: the session ends whether or not it can be recorded."""
    try:
        record(kind, person=person, request=request)
    except DatabaseError:
        log.error("event could not be written", extra={"kind": kind})
