"""Surfaces with a mistake in their own code, for the fuzz: what a view could do wrong above a barrier that is whole.

A flaw is committed inside a throw-away surface process (`visitor`), between the surface's views and its answer, so that the surface's own
files stay as they are. Each is a way of getting hold of what this visitor may not know (`_FETCH`), and a way of letting it out (`_TELL`).
Whoever walks through the surface must notice every one of them; the list with its outcome stands in the fuzz's report.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import psycopg

from sekisho.barrier.fuzz.twins import Depth
from sekisho.barrier.gateway import Gateway, Page
from sekisho.barrier.ticket import Caller, TicketKey
from sekisho.kernel.errors import EnvironmentFault
from sekisho.ledger import gates as ledger
from sekisho.registry import gates as registry
from sekisho.settings.surfaces import SURFACES

Request = Any
"""Django's request and response: this module is loaded before Django is set up."""
Response = Any


class UnableToCommitFlaw(EnvironmentFault):
    """There is no flaw of that name, or what it needs was not handed to the process."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One mistake of one surface. `who` notices it, having asked for what `depth` says."""

    surface: str
    fetch: str
    tell: str
    who: str
    depth: Depth = Depth.ASKED

    @property
    def name(self) -> str:
        """As the report calls it."""
        return f"{self.surface}: {_FETCH[self.fetch][0]} → {_TELL[self.tell][0]}"

    @property
    def code(self) -> str:
        """As the process is told."""
        return f"{self.fetch} {self.tell}"


# --- getting hold of it


def _owner(_request: Request) -> str:
    """A connection that may read tables: somebody put the owner's address into the surface's environment."""
    with psycopg.connect(os.environ["SEKISHO_FUZZ_OWNER"]) as conn:
        return " ".join(
            row[0]
            for row in conn.execute("select name from registry.party order by party_id limit 60").fetchall()
        )


@cache
def _lent() -> tuple[Gateway, Caller]:
    """The pool, key and person of another audience, which lie in the environment."""
    lent = json.loads(os.environ["SEKISHO_FUZZ_LENT"])
    key = TicketKey(lent["key_id"], lent["audience"], bytes.fromhex(lent["secret"]))
    return Gateway(lent["conninfo"], key, application="sekisho flaw"), Caller(**lent["caller"])


def _other_audience(_request: Request) -> str:
    """Another audience's pool: all that its people may list."""
    gateway, caller = _lent()
    gate, sort = {
        "retailer": (registry.CONTRACTS, "point"),
        "security": (ledger.PASSAGES, "at"),
    }[caller.audience]
    return str(gateway.page(gate, caller, Page(sort), now=_now()).rows)  # type: ignore[arg-type]


def _other_company(request: Request) -> str:
    """The right pool and a good ticket for the wrong company."""
    mine = _caller(request)
    other = next(code for code in ("00016", "00026") if code != mine.company)
    caller = replace(mine, company=other, person=f"r.{other}")
    return str(_gateway(request).page(registry.CONTRACTS, caller, Page("point"), now=_now()).rows)


def _other_purpose(request: Request) -> str:
    """The right pool and person, and a purpose that the person holds but has not chosen."""
    mine = _caller(request)
    purpose, gate = (
        ("switching", registry.FIND_BY_POINT)
        if mine.purpose != "switching"
        else ("wheeling", registry.FIND_BY_POINT)
    )
    caller = replace(mine, purpose=purpose, case_no=None)
    return str(_gateway(request).read(gate, caller, now=_now(), value=_number_in(request)))


def _revealed(request: Request) -> str:
    """What 「表示」 gives, for a page on which nobody pressed it."""
    found = _asked(request, registry.OPERATOR_POINT[0], point=_number_in(request))
    names = [_asked(request, registry.REVEAL_NAME, contract_no=row.contract_no) for row in found[:3]]
    return str(names)


def _asked(request: Request, gate: Any, **params: Any) -> list[Any]:
    """As any view of the surface asks: the caller, the purpose and the request's number are right."""
    return list(
        _gateway(request).read(gate, _caller(request), now=_now(), request_id=_request_id(request), **params)
    )


_kept: dict[str, str] = {}


def _kept_answer(request: Request) -> str:
    """What the process kept from whoever asked before, found again by the address alone."""
    return _kept.get(request.get_full_path(), "")


def _refused(request: Request) -> str:
    """A ticket for a purpose that nobody has: nothing comes back, but somebody tried."""
    mine = _caller(request)
    _gateway(request).read(
        registry.RETAILERS, replace(mine, person="stranger"), now=_now()
    ) if mine.audience == "retailer" else None
    return ""


_FETCH: dict[str, tuple[str, Callable[[Request], str]]] = {
    "owner": ("reads tables by the owner's connection", _owner),
    "audience": ("asks by another audience's pool and key", _other_audience),
    "company": ("asks as another company", _other_company),
    "purpose": ("asks for a purpose that was not chosen", _other_purpose),
    "reveal": ("reveals what nobody asked to see", _revealed),
    "kept": ("keeps an answer and hands it to the next visitor", _kept_answer),
    "stranger": ("asks as somebody without a permit", _refused),
}

# --- letting it out


def _in_page(_request: Request, response: Response, text: str) -> None:
    if not response.streaming:
        response.content = response.content + f"<!-- {text} -->".encode()


def _in_header(_request: Request, response: Response, text: str) -> None:
    response["X-Debug"] = text.encode("ascii", "backslashreplace").decode()[:900]


def _in_cookie(_request: Request, response: Response, text: str) -> None:
    response.set_cookie("seen", text.encode().hex()[:600])


def _in_etag(_request: Request, response: Response, text: str) -> None:
    """A digest tells nobody the words, but whether they changed."""
    import hashlib

    response["ETag"] = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


def _in_log(_request: Request, _response: Response, text: str) -> None:
    logging.getLogger("sekisho.request").error("debug %s", text)


def _in_status(_request: Request, response: Response, text: str) -> None:
    """Something about it, as a status."""
    if response.status_code == 200:
        response.status_code = 200 + sum(text.encode()) % 7


def _in_length(_request: Request, response: Response, text: str) -> None:
    """As many blanks as there is to hide."""
    if not response.streaming:
        response.content = response.content + b" " * (sum(text.encode()) % 97)


def _nowhere(_request: Request, _response: Response, _text: str) -> None:
    """It is fetched and thrown away: nobody learns of it, but it was read."""


_TELL: dict[str, tuple[str, Callable[[Request, Response, str], None]]] = {
    "page": ("in a comment of the page", _in_page),
    "header": ("in a header", _in_header),
    "cookie": ("in a cookie", _in_cookie),
    "etag": ("in the ETag", _in_etag),
    "log": ("in the log", _in_log),
    "status": ("as a status", _in_status),
    "length": ("as the answer's length", _in_length),
    "nowhere": ("nowhere", _nowhere),
}

# --- which

_WHO = {
    "retailer_web": "retailer:00026", "retailer_api": "retailer:00026", "operator_web": "operator/safety", "security_web": "security/oversight",
    "auditor_web": "auditor/audit", "public_web": "public/public",
}  # fmt: skip
_QUIETLY = ("header", "cookie", "etag", "status", "log", "length")
"""Every surface has the owner's data in its pages and, in turn, in one of these; retailers' surfaces in all."""


def flaws() -> Iterator[Flaw]:
    """Every flaw of every surface."""
    for number, (surface, who) in enumerate(_WHO.items()):
        yield Flaw(surface, "owner", "page", who)
        for tell in _QUIETLY if surface.startswith("retailer") else (_QUIETLY[number % len(_QUIETLY)],):
            yield Flaw(surface, "owner", tell, who)
        yield Flaw(surface, "audience", "page", who)
    for surface in ("retailer_web", "retailer_api"):
        yield Flaw(surface, "company", "page", _WHO[surface])
        yield Flaw(surface, "company", "nowhere", _WHO[surface])
        yield Flaw(surface, "kept", "page", _WHO[surface])
        yield Flaw(surface, "stranger", "nowhere", _WHO[surface])
    yield Flaw("operator_web", "purpose", "page", "operator/safety")
    yield Flaw("operator_web", "purpose", "nowhere", "operator/safety")
    yield Flaw("operator_web", "kept", "page", "operator/safety")
    yield Flaw("operator_web", "reveal", "page", "operator/switching", Depth.MASKED)
    yield Flaw("operator_web", "reveal", "length", "operator/switching", Depth.MASKED)
    yield from (Flaw(surface, "kept", "page", _WHO[surface]) for surface in ("security_web", "auditor_web"))


def lender_of(surface: str) -> str:
    """Whose pool a surface gets hold of: an audience whose lists hold what this one may not know."""
    return "security" if SURFACES[surface].audience in ("retailer", "operator") else "retailer"


def commit(code: str) -> None:
    """Make the mistake, in this process, until it ends. Django is set up."""
    from sekisho.surfaces.kit.middleware import Headers

    fetch, _, tell = code.partition(" ")
    if fetch not in _FETCH or tell not in _TELL:
        raise UnableToCommitFlaw(f"欠陥 {code!r} はありません。", f"There is no flaw {code!r}.")
    whole = Headers.__call__

    def flawed(self: Any, request: Request) -> Response:
        response = whole(self, request)
        if fetch == "kept":
            before = _kept_answer(request)
            if not response.streaming:
                _kept.setdefault(request.get_full_path(), response.content.decode("utf-8", "replace"))
            _TELL[tell][1](request, response, before)
        elif _is_somebody(request):
            _TELL[tell][1](request, response, _FETCH[fetch][1](request))
        return response

    Headers.__call__ = flawed  # type: ignore[method-assign]


def _is_somebody(request: Request) -> bool:
    """Whether a view answered somebody whom the surface knows."""
    from django.conf import settings

    if settings.SURFACE.audience == "public":
        return True
    if settings.SURFACE.code == "retailer_api":
        return isinstance(getattr(request, "auth", None), Caller)
    return bool(getattr(getattr(request, "user", None), "is_authenticated", False))


def _caller(request: Request) -> Caller:
    from sekisho.surfaces.kit import asking

    found = getattr(request, "auth", None)
    return found if isinstance(found, Caller) else asking.caller(request)


def _gateway(request: Request) -> Gateway:
    from sekisho.surfaces.kit import asking

    return asking.gateway(request)


def _request_id(request: Request) -> str:
    return str(getattr(request, "request_id", ""))


def _number_in(request: Request) -> str:
    """The point that the address names, or none."""
    import re

    found = re.search(r"[0-9]{22}", request.get_full_path())
    return found[0] if found else "0" * 22


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()
