"""How a page asks: who is signed in becomes the caller, and the caller goes through the one gateway of the process."""

import atexit
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from sekisho.barrier.audiences import PURPOSE, Purpose, purposes_of
from sekisho.barrier.gate import Gate, SubmitGate
from sekisho.barrier.gateway import Gateway, Page, Rows, Submitted
from sekisho.barrier.ticket import Caller

Row = TypeVar("Row")
PURPOSE_KEY, CASE_KEY = "purpose", "case_no"
_PUBLIC = Caller(audience="public", company="public", person="public", purpose="public")


@cache
def process_gateway() -> Gateway:
    """This process's gateway, opened at the first question (after the WSGI server has forked)."""
    opened = Gateway(
        settings.GATE_CONNINFO, settings.TICKET_KEY, application=f"sekisho {settings.SURFACE.code}"
    )
    atexit.register(opened.close)
    return opened


def gateway(_request: HttpRequest) -> Gateway:
    """The door of this surface's audience."""
    return process_gateway()


def caller(request: HttpRequest) -> Caller:
    """Who is asking. Only inside views that demand a sign-in (or on a public surface)."""
    audience = settings.SURFACE.audience
    if audience == "public":
        return _PUBLIC
    user: Any = request.user
    return Caller(
        audience=audience,
        company=user.company,
        person=user.person,
        purpose=chosen_purpose(request).code,
        case_no=request.session.get(CASE_KEY) or None,
    )


def chosen_purpose(request: HttpRequest) -> Purpose:
    """The purpose of this session; an audience that has only one need not choose."""
    audience = settings.SURFACE.audience
    offered = purposes_of(audience)
    code = offered[0].code if len(offered) == 1 else request.session[PURPOSE_KEY]
    return PURPOSE[audience, code]


def read(request: HttpRequest, gate: Gate[Row], **params: Any) -> list[Row]:
    """Every row that `gate` returns for whoever is signed in. Raises `UnableToRead`, which becomes the 503 page."""
    return gateway(request).read(
        gate, caller(request), now=timezone.now(), request_id=request_id(request), **params
    )


def page(request: HttpRequest, gate: Gate[Row], where: Page, **params: Any) -> Rows[Row]:
    """One page of a sorted gate. See `listing.Listing` for where `where` comes from."""
    return gateway(request).page(
        gate, caller(request), where, now=timezone.now(), request_id=request_id(request), **params
    )


def submit(
    request: HttpRequest, gate: SubmitGate, payload: Mapping[str, Any], *, idempotency_key: str
) -> Submitted | None:
    """Queue a command for the worker; None when the permit does not cover it."""
    return gateway(request).submit(
        gate,
        caller(request),
        payload,
        idempotency_key=idempotency_key,
        now=timezone.now(),
        request_id=request_id(request),
    )


def outcome(request: HttpRequest, gate: Gate[Row], command_no: str, *, seconds: float = 3.0) -> Row | None:
    """Wait briefly for what a command came to; None while it is not finished (the page then shows progress)."""
    deadline, pause = time.monotonic() + seconds, 0.2
    while True:
        row = next(iter(read(request, gate, command_no=command_no)), None)
        if row is not None and getattr(row, "state", "") in ("done", "refused", "failed"):
            return row
        if time.monotonic() + pause > deadline:
            return None
        time.sleep(pause)
        pause *= 2


def request_id(request: HttpRequest) -> str:
    """The id under which this request stands in the passage records, the log and the answer's header."""
    return str(getattr(request, "request_id", ""))


def may_choose() -> bool:
    """Whether people of this surface's audience choose between purposes."""
    return len(purposes_of(settings.SURFACE.audience)) > 1
