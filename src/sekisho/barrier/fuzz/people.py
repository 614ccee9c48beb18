"""Who asks: one person of each audience and purpose, a second retailer that is the affiliate, and those whom nothing may be told.

Each of the latter breaks exactly one of the checks of `barrier.passport`, so that a check that is left out is noticed.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sekisho.barrier.audiences import AUDIENCES, PURPOSE, Purpose
from sekisho.barrier.fuzz.worlds import CONTRACTORS, RETAILERS, Row, World
from sekisho.barrier.ticket import LIFETIME, Caller, TicketKey, sign

CASE = "DIS-2026-001"
CLOSED_CASE = "DIS-2026-002"
OTHER_CASE = "DIS-2026-003"
CASES = (CASE, CLOSED_CASE, OTHER_CASE)
SINCE = date(2016, 4, 1)


@dataclass(frozen=True, slots=True)
class Person:
    """A caller and the ticket that they show. `refused` is the verdict that must be recorded; None: the ticket is good.

    `login` calls the gate. `name` stands in the report. `before` is what the owner has done to the barrier's state beforehand.
    """

    name: str
    caller: Caller
    login: str
    ticket: str
    refused: str | None = None
    before: str = "select"

    @property
    def purpose(self) -> Purpose:
        """The purpose whose gates this person tries."""
        return PURPOSE[self.caller.audience, self.caller.purpose]


@dataclass(frozen=True, slots=True)
class Office:
    """Makes tickets: the keys of all audiences, and one moment."""

    keys: dict[str, TicketKey]
    now: datetime

    def ticket(self, caller: Caller, *, audience: str | None = None, age: timedelta = timedelta(0)) -> str:
        """A ticket for `caller`, signed with the key of `audience` (their own)."""
        return sign(self.keys[audience or caller.audience], caller, now=self.now - age, request_id="fuzz")


def new_keys() -> dict[str, TicketKey]:
    """Fresh keys for throw-away databases."""
    return {audience.code: TicketKey.new(audience.code) for audience in AUDIENCES}


def login_of(audience: str) -> str:
    """The first login of an audience."""
    return next(a.logins[0] for a in AUDIENCES if a.code == audience)


_WHO = (
    *(("retailer", "contract", code, f"r.{code}") for code in RETAILERS[:2]),
    *(
        ("operator", purpose, "TD", "clerk")
        for purpose in ("wheeling", "switching", "safety", "reading", "enquiry", "disaster")
    ),
    ("contractor", "work", CONTRACTORS[0], "crew"),
    ("callcentre", "enquiry", "CC", "agent"),
    ("security", "oversight", "TD", "guard"),
    ("auditor", "audit", "AU", "inspector"),
    ("public", "public", "public", "public"),
)


def callers() -> tuple[Caller, ...]:
    """Everybody who may ask."""
    return tuple(
        Caller(
            audience=audience,
            purpose=purpose,
            company=company,
            person=person,
            case_no=CASE if purpose == "disaster" else None,
        )
        for audience, purpose, company, person in _WHO
    )


def name_of(caller: Caller) -> str:
    """`retailer:00016`, `operator/switching`."""
    return (
        f"retailer:{caller.company}"
        if caller.audience == "retailer"
        else f"{caller.audience}/{caller.purpose}"
    )


def admitted(office: Office) -> list[Person]:
    """Everybody who may ask, with a good ticket."""
    return [Person(name_of(c), c, login_of(c.audience), office.ticket(c)) for c in callers()]


def admit(world: World) -> None:
    """Add the permits and cases that make the good good, and the bad bad in exactly one way."""
    number = iter(range(1, 1_000))
    for caller in callers():
        _permit(world, next(number), caller)
        for name, changes in _SPOILT.items():
            _permit(
                world,
                next(number),
                replace(caller, person=f"{name}.{caller.company}.{caller.purpose}"),
                **changes(world),
            )
    for case_no, purpose, start, end in (
        (CASE, "disaster", -1, 1),
        (CLOSED_CASE, "disaster", -3, -1),
        (OTHER_CASE, "safety", -1, 1),
    ):
        world.rows("barrier.case_file").append(
            {"case_no": case_no, "purpose": purpose, "title": "地震", "opened_by": "guard", "opened_at": world.now - timedelta(days=4),
             "valid": (world.now + timedelta(days=start), world.now + timedelta(days=end)), "reviewed_by": None, "reviewed_at": None,
             "review_note": None}
        )  # fmt: skip
        if case_no != CASE:
            other = Caller(
                audience="operator",
                purpose="disaster",
                company="TD",
                person=f"case.{case_no[-3:]}",
                case_no=case_no,
            )
            _permit(world, next(number), other)


_SPOILT: dict[str, Any] = {
    "yesterday": lambda world: {"valid": (SINCE, world.today)},
    "tomorrow": lambda world: {"valid": (world.today + timedelta(days=1), None)},
    "dismissed": lambda world: {"ended_by": "guard", "ended_at": world.now - timedelta(days=1)},
    "moved": lambda _: {"company": "ZZ"},
    "elsewhere": lambda _: {"audience": "nowhere"},
    "idle": lambda _: {"purpose": "nothing"},
    "cased": lambda _: {"case_no": None},
}
"""Permits that are wrong in one column."""


def _permit(world: World, number: int, caller: Caller, **changes: Any) -> None:
    row: Row = {
        "permit_no": number, "person": caller.person, "audience": caller.audience, "company": caller.company, "purpose": caller.purpose,
        "valid": (SINCE, None), "case_no": caller.case_no, "reason": "試験", "granted_by": "system", "granted_at": world.now - timedelta(days=500),
        "ended_by": None, "ended_at": None,
    }  # fmt: skip
    world.rows("barrier.permit").append(row | changes)


def refused(office: Office, caller: Caller) -> Iterator[Person]:
    """People at the gates of `caller`'s purpose whom nothing may be told; the plainest cases first."""
    good = office.ticket(caller)
    own, other = office.keys[caller.audience], "public" if caller.audience != "public" else "auditor"
    tickets = {
        "nobody": ("", "refused:no-ticket"),
        "no permit": (office.ticket(replace(caller, person="stranger")), "refused:no-permit"),
        "expired": (office.ticket(caller, age=LIFETIME + timedelta(seconds=1)), "refused:expired"),
        "noise": ("x" * 90, "refused:malformed"),
        "long": ("x" * 700 + good, "refused:malformed"),
        "few claims": (_signed(own, f"{own.key_id}|{caller.audience}|{caller.company}"), "refused:malformed"),
        "altered company": (good.replace(f"|{caller.company}|", "|00046|"), "refused:altered"),
        "altered MAC": (good[:-1] + ("0" if good[-1] != "0" else "1"), "refused:altered"),
        "own key": (sign(TicketKey(own.key_id, caller.audience, b"z" * 32), caller, now=office.now), "refused:altered"),
        "unknown key": (sign(TicketKey("fuzz-unknown", caller.audience, b"z" * 32), caller, now=office.now), "refused:unknown-key"),
        "expires now": (office.ticket(caller, age=LIFETIME), "refused:expired"),
        "another audience": (sign(own, replace(caller, audience=other), now=office.now), "refused:foreign"),
        "another audience's key": (sign(office.keys[other], caller, now=office.now), "refused:foreign"),
        "old key": (sign(replace(own, key_id=f"old-{caller.audience}"), caller, now=office.now), "refused:unknown-key"),
        "another purpose": (office.ticket(replace(caller, purpose="other")), "refused:purpose"),
        "another company": (office.ticket(replace(caller, company="ZZZ")), "refused:no-permit"),
        "a case for nothing": (office.ticket(replace(caller, case_no=None if caller.case_no else CASE)), "refused:no-permit"),
    }  # fmt: skip
    for name, (ticket, verdict) in tickets.items():
        yield Person(f"{name_of(caller)}: {name}", caller, login_of(caller.audience), ticket, verdict)
    login = login_of(caller.audience)
    for name, verdict, before in (
        (
            "a login of another audience",
            "refused:foreign",
            f"update barrier.login set audience = 'nobody' where login = '{login}'",
        ),
        (
            "the ledger is behind",
            "refused:ledger-behind",
            "update ledger.seal set max_lag = interval '1 minute', sealed_through = barrier.now() - interval '1 hour'",
        ),
    ):
        yield Person(f"{name_of(caller)}: {name}", caller, login, good, verdict, before)
    yield from _without_permit(office, caller)


def _without_permit(office: Office, caller: Caller) -> Iterator[Person]:
    for name in _SPOILT:
        if (name == "cased") == (caller.case_no is None):
            continue
        spoilt = replace(caller, person=f"{name}.{caller.company}.{caller.purpose}")
        yield Person(
            f"{name_of(caller)}: {name}",
            caller,
            login_of(caller.audience),
            office.ticket(spoilt),
            "refused:no-permit",
        )
    if caller.purpose == "disaster":
        for case_no in (CLOSED_CASE, OTHER_CASE):
            held = replace(caller, person=f"case.{case_no[-3:]}", case_no=case_no)
            yield Person(
                f"{name_of(caller)}: {case_no}",
                caller,
                login_of(caller.audience),
                office.ticket(held),
                "refused:no-permit",
            )


def _signed(key: TicketKey, payload: str) -> str:
    return f"{payload}|{hmac.new(key.secret, payload.encode(), hashlib.sha256).hexdigest()}"
