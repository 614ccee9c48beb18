"""The demonstration's permits, given as on any installation: two people of information security draft and approve them, one for the other.

Only those two have theirs from the installation. Everything else goes through security's own gates and the worker's actions, as from the
pages: the history shows both names, a rejected draft with its reason, and one that still waits for somebody to decide.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg

from sekisho.barrier import gates
from sekisho.barrier.gate import SubmitGate
from sekisho.barrier.gateway import Gateway
from sekisho.barrier.ticket import Caller
from sekisho.demo.accounts import Account
from sekisho.kernel.errors import SekishoError

CASE = "DIS-2026-001"
FOUNDERS = ("i.seki", "e.mamoru")
"""The first two people of information security."""

_BETWEEN = timedelta(minutes=7)


class UnableToGivePermits(SekishoError):
    """A draft or an approval of the demonstration was refused."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A permit that somebody needs. `end`: the day after the last, None for no end."""

    person: str
    audience: str
    company: str
    purpose: str
    start: date
    end: date | None
    reason: str

    def payload(self) -> dict[str, Any]:
        """As the form of the page sends it."""
        return {
            "person": self.person, "audience": self.audience, "company": self.company, "purpose": self.purpose,
            "start": self.start.isoformat(), "end": None if self.end is None else self.end.isoformat(), "reason": self.reason,
            "case_no": CASE if self.purpose == "disaster" else None,
        }  # fmt: skip


REJECTED = Wish("k.mori", "operator", "TD", "enquiry", date(2022, 4, 1), None, "窓口の応援")
REJECTED_WHY = "検針の業務に問合せの権限は要りません。応援の期間を決めて、あらためて起案してください。"
WAITING = Wish(
    "t.oka", "operator", "TD", "switching", date(2020, 4, 1), None, "受付センターの応援(承認待ちの例)"
)
TITLE = "台風による停電(訓練)"


def wishes(people: tuple[Account, ...], machines: Mapping[str, str], *, since: date) -> Iterator[Wish]:
    """What everybody needs from `since` on, or from when they came; `machines`: API client's name → company. The founders have theirs."""
    for one in people:
        for purpose in one.purposes if one.username not in FOUNDERS else ():
            yield Wish(
                one.username,
                one.audience,
                one.company,
                purpose,
                max(since, one.valid_from),
                one.valid_until,
                one.post,
            )
    for person, company in machines.items():
        yield Wish(person, "retailer", company, "contract", since, None, "API")


@dataclass
class Onboarding:
    """The two at work. `gateway`: security's door; `carry_out` lets the worker do what waits, at a moment; `set_clock` puts the database's clock
    to that moment; `conn` only looks what is there already."""

    conn: psycopg.Connection
    gateway: Gateway
    carry_out: Callable[[datetime], object]
    set_clock: Callable[[datetime], None]
    at: datetime

    def run(self, wanted: Iterator[Wish]) -> int:
        """Give everything that is not given yet, the case first; returns how many permits were given. Repeatable after a kill."""
        self._case()
        given = sum(self._give(wish) for wish in wanted)
        self._example(REJECTED, reject=True)
        self._example(WAITING, reject=False)
        return given

    def _give(self, wish: Wish) -> bool:
        if self._one(
            "select true from barrier.permit where person = %s and audience = %s and purpose = %s",
            wish.person,
            wish.audience,
            wish.purpose,
        ):
            return False
        waiting = self._one(
            "select draft_no, drafted_by from barrier.draft where kind = 'permit' and state = 'drafted' and person = %s and purpose = %s",
            wish.person, wish.purpose,
        )  # fmt: skip
        draft_no, drafter = waiting or (None, self._next())
        if draft_no is None:
            draft_no = self._submit(gates.DRAFT_PERMIT, drafter, wish.payload())["draft_no"]
        self._decide(draft_no, drafter, decision="approve")
        return True

    def _case(self) -> None:
        if self._one("select true from barrier.case_file where case_no = %s", CASE):
            return
        waiting = self._one(
            "select draft_no, drafted_by from barrier.draft where kind = 'case' and state = 'drafted' and case_no = %s",
            CASE,
        )
        asked = {"case_no": CASE, "title": TITLE, "hours": 14 * 24, "reason": "防災訓練の計画による"}
        draft_no, drafter = waiting or (None, self._next())
        if draft_no is None:
            draft_no = self._submit(gates.DRAFT_CASE, drafter, asked)["draft_no"]
        self._decide(draft_no, drafter, decision="approve")

    def _example(self, wish: Wish, *, reject: bool) -> None:
        """A draft that comes to no permit: rejected with its reason, or left waiting."""
        there = self._one(
            "select draft_no, drafted_by, state from barrier.draft where kind = 'permit' and person = %s and purpose = %s",
            wish.person, wish.purpose,
        )  # fmt: skip
        draft_no, drafter, state = there or (None, self._next(), "drafted")
        if draft_no is None:
            draft_no = self._submit(gates.DRAFT_PERMIT, drafter, wish.payload())["draft_no"]
        if reject and state == "drafted":
            self._decide(draft_no, drafter, decision="reject", note=REJECTED_WHY)

    def _decide(self, draft_no: int, drafter: str, **decision: str) -> None:
        other = next(person for person in FOUNDERS if person != drafter)
        self._submit(gates.DECIDE_DRAFT, other, {"draft_no": draft_no, **decision})

    def _submit(self, gate: SubmitGate, person: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Through the gate with the person's ticket, then by the worker; returns what came of it."""
        self.at += _BETWEEN
        self.set_clock(self.at)
        caller = Caller(audience="security", company="TD", person=person, purpose="oversight")
        key = f"demo {gate.name} {sorted(payload.items())!r}"
        sent = self.gateway.submit(gate, caller, payload, idempotency_key=key, now=self.at)
        self.carry_out(self.at)
        found = (
            None
            if sent is None
            else self._one("select state, outcome from work.command where command_no = %s", sent.command_no)
        )
        if found is None or found[0] != "done":
            raise UnableToGivePermits(
                f"起案・承認ができませんでした: {found}", f"A draft or approval was refused: {found}"
            )
        outcome: Mapping[str, Any] = found[1]
        return outcome

    def _next(self) -> str:
        """Whose turn it is to draft: by turns, so that each approves the other's."""
        count = self._one("select count(*) from barrier.draft")
        return FOUNDERS[(0 if count is None else count[0]) % len(FOUNDERS)]

    def _one(self, statement: Any, *values: Any) -> tuple[Any, ...] | None:
        return self.conn.execute(statement, values).fetchone()
