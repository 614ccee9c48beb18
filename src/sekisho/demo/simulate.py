"""Lets the demonstration's people work for a few days: look-ups, pages, revealed names, submissions, each through its gate.

The days are past ones. For the time of the simulation the database's one clock function (`barrier.now`) is replaced by one that
runs some days behind; re-applying the barrier afterwards puts the real one back, and `prove` would say so if it did not.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import psycopg

from sekisho.barrier import gates as barrier_gates
from sekisho.barrier.audiences import PURPOSE
from sekisho.barrier.gateway import Gateway, Page
from sekisho.barrier.ticket import Caller
from sekisho.demo.accounts import Account
from sekisho.demo.permits import CASE
from sekisho.ledger import gates as ledger_gates
from sekisho.metering import gates as metering_gates
from sekisho.registry import gates as registry_gates

JST = ZoneInfo("Asia/Tokyo")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """Points, contracts, names and phones of the area that people will ask for."""

    points: tuple[tuple[str, str], ...]  # (point, holder)
    contracts: tuple[str, ...]
    names: tuple[str, ...]
    addresses: tuple[str, ...]


def sample(conn: psycopg.Connection, *, size: int = 400) -> Sample:
    """Take a sample of the imported area, spread evenly over the point numbers."""
    points = conn.execute(
        "select point, holder from (select point, holder, row_number() over (order by point) as n, count(*) over () as total"
        " from registry.contract where upper_inf(valid)) c where n %% greatest(1, total / %s) = 0 order by point",
        [size],
    ).fetchall()
    chosen = [point for point, _ in points]
    parties = conn.execute(
        "select p.contract_no, p.kana_key, l.address_key from registry.party p join registry.place l using (contract_no)"
        " where p.point = any(%s) and upper_inf(p.valid) and upper_inf(l.valid) order by 1",
        [chosen],
    ).fetchall()
    return Sample(
        points=tuple((str(point), str(holder)) for point, holder in points),
        contracts=tuple(row[0] for row in parties),
        names=tuple(row[1][:4] for row in parties if row[1]),
        addresses=tuple(row[2] for row in parties if row[2]),
    )


@contextmanager
def clock_set_back(conn: psycopg.Connection, by: timedelta) -> Iterator[Callable[[timedelta], None]]:
    """Run the database's clock `by` behind; yields a function that changes the lag. The real clock returns at the end."""

    def lag(delta: timedelta) -> None:
        seconds = int(delta.total_seconds())
        conn.execute(
            "create or replace function barrier.now() returns timestamptz language sql stable"
            f" return statement_timestamp() - interval '{seconds} seconds'"
        )

    lag(by)
    try:
        yield lag
    finally:
        conn.execute(
            "create or replace function barrier.now() returns timestamptz language sql stable return statement_timestamp()"
        )


@dataclass
class Simulation:
    """The people at work. `open_gateway` gives the door of an audience; `clock` is the real time."""

    conn: psycopg.Connection
    open_gateway: Callable[[str], Gateway]
    people: tuple[Account, ...]
    sample: Sample
    clock: Callable[[], datetime]
    seed: int = 1

    def run(self, *, days: int, until: date, progress: Progress) -> Mapping[str, int]:
        """Work through the `days` days before `until`; returns how many calls each audience made."""
        calls: dict[str, int] = {}
        with ExitStack() as stack:
            gateways = {
                audience: stack.enter_context(self.open_gateway(audience))
                for audience in {p.audience for p in self.people}
            }
            lag = stack.enter_context(clock_set_back(self.conn, timedelta(0)))
            for number in range(days):
                day = until - timedelta(days=days - number)
                for person in self.people:
                    dice = Random(f"{self.seed}/{day}/{person.username}")
                    done = self._working_day(person, day, gateways[person.audience], lag, dice)
                    calls[person.audience] = calls.get(person.audience, 0) + done
                progress(number + 1, days)
        return calls

    def _working_day(
        self, person: Account, day: date, gateway: Gateway, lag: Callable[[timedelta], None], dice: Random
    ) -> int:
        if day.weekday() >= 5 and dice.random() < 0.8:
            return 0
        begins = datetime.combine(day, time(hour=dice.randrange(8, 17), minute=dice.randrange(60)), JST)
        lag(self.clock() - begins)
        work = _WORK[person.audience]
        tasks = [task for _ in range(dice.randrange(2, 9)) for task in work(self, person, dice)]
        for task in tasks:
            task(gateway, begins)
        return len(tasks)

    def caller(self, person: Account, purpose: str) -> Caller:
        """`person` at work for `purpose`."""
        case = CASE if PURPOSE[person.audience, purpose].case_required else None
        return Caller(
            audience=person.audience,
            company=person.company,
            person=person.username,
            purpose=purpose,
            case_no=case,
        )


Task = Callable[[Gateway, datetime], object]


def _retailer(sim: Simulation, person: Account, dice: Random) -> list[Task]:
    caller = sim.caller(person, "contract")
    own = [point for point, holder in sim.sample.points if holder == person.company] or [
        sim.sample.points[0][0]
    ]
    point = dice.choice(own)
    first = sim.clock().date() - timedelta(days=60)
    return [
        lambda g, now: g.page(registry_gates.CONTRACTS, caller, Page("point"), now=now),
        *(
            (lambda g, now, gate=gate: g.read(gate, caller, now=now, point=point))
            for gate in registry_gates.RETAILER_POINT[:3]
        ),
        lambda g, now: g.read(
            metering_gates.USAGE, caller, now=now, point=point, first=first, until=first + timedelta(days=31)
        ),
    ]


def _operator(sim: Simulation, person: Account, dice: Random) -> list[Task]:
    purpose = dice.choice(person.purposes)
    caller = sim.caller(person, purpose)
    point, _ = dice.choice(sim.sample.points)
    contract = dice.choice(sim.sample.contracts)
    tasks: list[Task] = [
        lambda g, now: g.read(registry_gates.FIND_BY_POINT, caller, now=now, value=point),
        lambda g, now: g.read(registry_gates.OPERATOR_POINT[0], caller, now=now, point=point),
        lambda g, now: g.read(registry_gates.OPERATOR_POINT[1], caller, now=now, point=point),
    ]
    if purpose in registry_gates.REVEAL_NAME.purposes and dice.random() < 0.4:
        tasks.append(lambda g, now: g.read(registry_gates.REVEAL_NAME, caller, now=now, contract_no=contract))
        tasks.append(
            lambda g, now: g.read(
                registry_gates.FIND_BY_NAME, caller, now=now, value=dice.choice(sim.sample.names)
            )
        )
    if purpose in registry_gates.REVEAL_PHONE.purposes and dice.random() < 0.2:
        tasks.append(
            lambda g, now: g.read(registry_gates.REVEAL_PHONE, caller, now=now, contract_no=contract)
        )
    return tasks


def _contractor(sim: Simulation, person: Account, _: Random) -> list[Task]:
    caller = sim.caller(person, "work")
    return [lambda g, now: g.read(registry_gates.WORK_ORDERS, caller, now=now)]


def _callcentre(sim: Simulation, person: Account, dice: Random) -> list[Task]:
    caller = sim.caller(person, "enquiry")
    address = dice.choice(sim.sample.addresses)
    return [lambda g, now: g.read(registry_gates.CALLCENTRE_FIND, caller, now=now, value=address)]


def _security(sim: Simulation, person: Account, _: Random) -> list[Task]:
    caller = sim.caller(person, "oversight")
    return [
        lambda g, now: g.page(ledger_gates.PASSAGES, caller, Page("at", descending=True), now=now),
        lambda g, now: g.read(
            ledger_gates.VOLUMES, caller, now=now, since=now - timedelta(days=7), until=now
        ),
        lambda g, now: g.page(barrier_gates.PERMITS, caller, Page("person"), now=now),
    ]


def _auditor(sim: Simulation, person: Account, _: Random) -> list[Task]:
    caller = sim.caller(person, "audit")
    return [
        lambda g, now: g.page(ledger_gates.AUDITOR_PASSAGES, caller, Page("at", descending=True), now=now)
    ]


_WORK: Mapping[str, Callable[[Simulation, Account, Random], list[Task]]] = {
    "retailer": _retailer,
    "operator": _operator,
    "contractor": _contractor,
    "callcentre": _callcentre,
    "security": _security,
    "auditor": _auditor,
}
