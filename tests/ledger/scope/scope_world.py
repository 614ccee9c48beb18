"""What the tests of leak scoping share: stores, small hand-written worlds, and a second, slow answer to compare with."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl

from sekisho.ledger.scope import history
from sekisho.ledger.scope.history import KINDS, PERIODS
from sekisho.ledger.scope.moments import JAPAN, OPEN, day_number, second_number
from sekisho.ledger.scope.question import kind_text
from sekisho.ledger.scope.store import EVENTS, Store

KEY = bytes(range(32))
FIRST_DAY = date(2020, 1, 1)


@dataclass(frozen=True)
class Contract:
    """A contract; `end` None: still running."""

    number: str
    point: str
    holder: str
    start: date
    end: date | None = None
    kind: str = "person"
    customer: str = ""


@dataclass(frozen=True)
class Reading:
    """A reading of one point."""

    ref: int
    at: datetime
    company: str
    point: str
    person: str = "p1"
    gate: str = "card"
    items: tuple[str, ...] = ("name",)
    audience: str | None = "retailer"
    holder: str | None = None
    shown: tuple[date | None, date | None] | None = None


def new_store(root: Path) -> Store:
    """An empty store with a fixed key."""
    return Store(root=root, key=KEY, random=random.Random(1).randbytes)


def point(number: int) -> str:
    """A point number."""
    return f"06{number:020d}"


def moment(day: date, hour: int = 12) -> datetime:
    """An hour of a Japanese day."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=JAPAN)


def frame_of(readings: Iterable[Reading]) -> pl.DataFrame:
    """Readings as a store takes them."""
    text = ("company", "point", "person", "kind", "holder")
    schema = {name: pl.String if name in text else kind for name, kind in EVENTS.items()}
    return pl.DataFrame([_row(reading) for reading in readings], schema=schema, orient="row")


def _row(reading: Reading) -> tuple[object, ...]:
    low, high = reading.shown or (None, None)
    kind = kind_text(audience=reading.audience, gate=reading.gate, purpose="contract", items=reading.items)
    return (
        reading.company,
        reading.point,
        second_number(reading.at),
        reading.person,
        kind,
        reading.holder,
        None if low is None else day_number(low),
        None if high is None else day_number(high),
        reading.ref,
    )


def periods_of(contracts: Iterable[Contract]) -> pl.DataFrame:
    """Contracts as a store takes them."""
    rows = [
        (
            c.point,
            c.holder,
            day_number(c.start),
            OPEN if c.end is None else day_number(c.end),
            KINDS.index(c.kind),
            c.number,
            c.customer or c.number,
        )
        for c in contracts
    ]
    return history.with_next(pl.DataFrame(rows, schema=PERIODS, orient="row"))


def fill(
    store: Store, readings: Sequence[Reading], contracts: Sequence[Contract], *, batches: int = 1
) -> Store:
    """Put readings, in so many commits, and contracts into a store."""
    cuts = [len(readings) * n // batches for n in range(batches + 1)]
    for low, high in pairwise(cuts):
        with store.writing() as writer:
            writer.append(frame_of(readings[low:high]), first=low, end=high)
            writer.merge()
            writer.commit(rests_on={})
    with store.writing() as writer:
        writer.put_history(periods_of(contracts), version={})
        writer.commit(rests_on={"lines": len(readings)})
    return store


def seen_contract(contracts: Sequence[Contract], reading: Reading) -> Contract | None:
    """The last contract at the point that had begun on the day of reading."""
    day = reading.at.astimezone(JAPAN).date()
    begun = [c for c in contracts if c.point == reading.point and c.start <= day]
    return max(begun, key=lambda c: c.start, default=None)


def expected_by_history(
    contracts: Sequence[Contract], readings: Sequence[Reading], company: str, *, vacant: bool
) -> set[tuple[int, str, str]]:
    """(ref, contract, running or ended) of every reading of `company` that was not its own customer's: the slow way."""
    found = set()
    for reading in readings:
        seen = seen_contract(contracts, reading)
        if reading.company != company or seen is None or seen.holder == company:
            continue
        running = seen.end is None or reading.at.astimezone(JAPAN).date() < seen.end
        if running or vacant:
            found.add((reading.ref, seen.number, "running" if running else "ended"))
    return found


def random_world(dice: random.Random, *, points: int, readings: int) -> tuple[list[Contract], list[Reading]]:
    """Contracts that never overlap, with gaps, and readings on and around their days."""
    contracts: list[Contract] = []
    for number in range(points):
        day = FIRST_DAY + timedelta(days=dice.randrange(60))
        for _ in range(dice.randrange(5)):
            end = day + timedelta(days=dice.randrange(1, 60))
            last = None if dice.random() < 0.2 else end
            contracts.append(
                Contract(
                    f"C-{len(contracts):04d}",
                    point(number),
                    dice.choice("AABC"),
                    day,
                    last,
                    dice.choice(KINDS),
                )
            )
            if last is None:
                break
            day = end + timedelta(days=dice.choice([0, 0, 0, 1, 10]))
    days = [FIRST_DAY, *(c.start for c in contracts), *(c.end for c in contracts if c.end)]
    log = [
        Reading(
            ref, moment(dice.choice(days) + timedelta(days=dice.choice([-1, 0, 0, 1, 7])), dice.choice([0, 8, 23])),
            dice.choice("AB"), point(dice.randrange(points + 1)), person=f"p{dice.randrange(5)}",
            gate=dice.choice(["card", "usage"]), items=dice.choice([("name",), ("usage", "name"), ("phone",)]),
        )
        for ref in range(1, readings + 1)
    ]  # fmt: skip
    return contracts, log
