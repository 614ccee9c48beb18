"""What a correction does to one point, pure: from the contracts and facts believed to those now known.

A point's state is small, so a change is worked out in memory, checked as a whole and only then written:
nothing overlaps, every fact lies inside its contract. What a switch carries over is what stands at the place
(place, terms, meters, equipment, generation); the name goes along only when the customer stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Any, ClassVar, Final

from sekisho.kernel.errors import SekishoError
from sekisho.kernel.values import Period

Values = tuple[tuple[str, Any], ...]

FACT_TABLES: Final = ("party", "place", "terms", "meter", "equipment", "generation")
PARALLEL: Final = {"meter": "meter_no", "equipment": "equipment_no"}
"""Tables in which a contract may have several rows at once, and what tells them apart."""


class UnableToChange(SekishoError):
    """The change does not fit the point's contracts."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One holder's and one customer's contract at the point."""

    contract_no: str
    holder: str
    customer_no: str
    application_type: str
    period: Period


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of a fact table; `row` is its key there, None for a row still to be written."""

    table: str
    row: int | None
    contract_no: str
    period: Period
    values: Values

    def with_values(self, changes: Mapping[str, Any]) -> Fact:
        """The same row with some values replaced."""
        return replace(self, values=tuple((name, changes.get(name, value)) for name, value in self.values))

    @property
    def lane(self) -> tuple[str, str, Any]:
        """Rows of one lane must not overlap."""
        own = PARALLEL.get(self.table)
        return self.table, self.contract_no, dict(self.values).get(own) if own else None


@dataclass(frozen=True, slots=True)
class PointState:
    """Everything that the registry believes of a point's contracts."""

    point: str
    contracts: tuple[Contract, ...]
    facts: tuple[Fact, ...]

    def contract(self, contract_no: str) -> Contract:
        """The contract of this number; raise `UnableToChange` when the point has none."""
        for contract in self.contracts:
            if contract.contract_no == contract_no:
                return contract
        raise UnableToChange(
            f"地点 {self.point} に契約 {contract_no} はありません。",
            f"Point {self.point} has no contract {contract_no}.",
        )

    def on(self, day: date) -> Contract | None:
        """The contract in force on a day."""
        return next((contract for contract in self.contracts if day in contract.period), None)

    def digest(self) -> str:
        """Alike for states that say the same; row keys do not count."""
        rows = [*map(repr, self.contracts), *(repr(replace(fact, row=None)) for fact in self.facts)]
        return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AmendFact:
    """Values of a fact differ from what was believed, for a period within one contract.

    Without `values` this only splits the rows at the period's ends. Of meters and equipment, `only` names one.
    """

    kind: ClassVar[str] = "amend_fact"
    table: str
    contract_no: str
    period: Period
    values: Values = ()
    only: str | int | None = None

    def apply(self, state: PointState) -> PointState:
        """Split the rows that the period cuts and change the parts inside it."""
        contract = state.contract(self.contract_no)
        # An open period means "to the contract's end"; whatever begins outside the contract does not fit.
        fits = self.period.start in contract.period
        if not fits or (self.period.end is not None and not contract.period.covers(self.period)):
            raise _outside(contract, self.period)
        touched = [fact for fact in state.facts if self._touches(fact)]
        if not touched:
            raise UnableToChange(
                f"契約 {self.contract_no} の {self.period} に訂正する{self.table}がありません。",
                f"Contract {self.contract_no} has no {self.table} in {self.period}.",
            )
        changed = [part for fact in touched for part in self._parts(fact)]
        return replace(state, facts=(*(fact for fact in state.facts if fact not in touched), *changed))

    def _touches(self, fact: Fact) -> bool:
        mine = (fact.table, fact.contract_no) == (self.table, self.contract_no)
        mine = mine and self.only in (None, fact.lane[2])
        return mine and fact.period.overlap(self.period) is not None

    def _parts(self, fact: Fact) -> Iterator[Fact]:
        inside = fact.period.overlap(self.period)
        assert inside is not None  # noqa: S101 - `_touches` saw it
        yield replace(fact.with_values(dict(self.values)), period=inside)
        for outside in fact.period.without(self.period):
            yield replace(fact, row=None, period=outside)


@dataclass(frozen=True, slots=True)
class BackdateSwitch:
    """A new contract, with another holder or customer, began on a past day: the one then in force ended there.

    It lasts until the former contract would have ended, or until the next one begins.
    """

    kind: ClassVar[str] = "backdate_switch"
    contract_no: str
    day: date
    holder: str
    customer_no: str
    application_type: str = "05"
    party: Values = ()
    terms: Values = ()

    def apply(self, state: PointState) -> PointState:
        """Shorten what was in force, put the new contract behind it and carry the place's facts over."""
        if any(contract.contract_no == self.contract_no for contract in state.contracts):
            raise UnableToChange(
                f"契約番号 {self.contract_no} はすでにあります。", f"Contract {self.contract_no} exists."
            )
        former = state.on(self.day)
        new = Contract(
            self.contract_no, self.holder, self.customer_no, self.application_type, self._period(state)
        )
        moved = (
            _hand_over(state, former, new) if former else replace(state, contracts=(*state.contracts, new))
        )
        return replace(moved, facts=tuple(self._named(moved.facts, former, new)))

    def _period(self, state: PointState) -> Period:
        former = state.on(self.day)
        if former is not None:
            return Period(self.day, former.period.end)
        return Period(
            self.day,
            min((c.period.start for c in state.contracts if c.period.start > self.day), default=None),
        )

    def _named(self, facts: Iterable[Fact], former: Contract | None, new: Contract) -> Iterator[Fact]:
        stays = former is not None and former.customer_no == new.customer_no
        if not stays and not self.party:
            raise UnableToChange(
                "お客さまが替わるときは新しい契約名義が必要です。",
                "A new customer needs a name for the contract.",
            )
        given = {"party": self.party, "terms": self.terms}
        for fact in facts:
            mine = fact.contract_no == new.contract_no
            if not (mine and (given.get(fact.table) or (fact.table == "party" and not stays))):
                yield fact
        for table, values in given.items():
            if values:
                yield Fact(table, None, new.contract_no, new.period, values)


@dataclass(frozen=True, slots=True)
class MoveSwitch:
    """A switch took place on another day than recorded: the boundary between two contracts moves."""

    kind: ClassVar[str] = "move_switch"
    contract_no: str
    day: date

    def apply(self, state: PointState) -> PointState:
        """Hand the days between the old and the new boundary from one contract to the other."""
        later = state.contract(self.contract_no)
        earlier = _predecessor(state, later)
        if self.day == later.period.start:
            raise UnableToChange("切替日が変わっていません。", "The day of the switch does not change.")
        if not (
            earlier.period.start < self.day and (later.period.end is None or self.day < later.period.end)
        ):
            raise _outside(earlier if self.day <= earlier.period.start else later, Period(self.day))
        if self.day < later.period.start:
            return _extend(state, earlier, later, Period(self.day, later.period.start))
        return _extend(state, later, earlier, Period(later.period.start, self.day))


@dataclass(frozen=True, slots=True)
class CancelSwitch:
    """A switch did not take place: the contract before it goes on."""

    kind: ClassVar[str] = "cancel_switch"
    contract_no: str

    def apply(self, state: PointState) -> PointState:
        """Hand all days of the contract back to its predecessor."""
        cancelled = state.contract(self.contract_no)
        return _extend(state, cancelled, _predecessor(state, cancelled), cancelled.period)


@dataclass(frozen=True, slots=True)
class MoveOut:
    """The customer left: the contract ends before `day`, and nothing takes its place."""

    kind: ClassVar[str] = "move_out"
    contract_no: str
    day: date

    def apply(self, state: PointState) -> PointState:
        """Shorten the contract and its facts."""
        contract = state.contract(self.contract_no)
        if self.day <= contract.period.start or (contract.period.end and self.day >= contract.period.end):
            raise _outside(contract, Period(self.day))
        ended = replace(contract, period=Period(contract.period.start, self.day))
        contracts = tuple(ended if c == contract else c for c in state.contracts)
        facts = (_cut(fact, ended) for fact in state.facts)
        return replace(state, contracts=contracts, facts=tuple(fact for fact in facts if fact))


Change = AmendFact | BackdateSwitch | MoveSwitch | CancelSwitch | MoveOut


def applied(state: PointState, change: Change) -> PointState:
    """The state after a change; raise `UnableToChange` when it does not fit."""
    after = change.apply(state)
    check(after)
    return after


def check(state: PointState) -> None:
    """INVARIANT: contracts do not overlap, facts of a lane do not, and every fact lies inside its contract."""
    contracts = {contract.contract_no: contract for contract in state.contracts}
    _refuse_overlaps(contract.period for contract in state.contracts)
    lanes: dict[tuple[str, str, Any], list[Period]] = {}
    for fact in state.facts:
        if fact.contract_no not in contracts or not contracts[fact.contract_no].period.covers(fact.period):
            raise UnableToChange("契約期間の外に出る情報ができます。", "A fact would leave its contract.")
        lanes.setdefault(fact.lane, []).append(fact.period)
    for lane in lanes.values():
        _refuse_overlaps(lane)


def _refuse_overlaps(periods: Iterable[Period]) -> None:
    ordered = sorted(periods, key=lambda period: period.start)
    for first, second in pairwise(ordered):
        if first.overlap(second):
            raise UnableToChange(
                f"期間 {first} と {second} が重なります。", f"The periods {first} and {second} would overlap."
            )


def _outside(contract: Contract, period: Period) -> UnableToChange:
    return UnableToChange(
        f"{period} は契約 {contract.contract_no} の期間 {contract.period} に収まりません。",
        f"{period} does not fit the period {contract.period} of contract {contract.contract_no}.",
    )


def _predecessor(state: PointState, contract: Contract) -> Contract:
    for other in state.contracts:
        if other.period.end == contract.period.start:
            return other
    raise UnableToChange(
        f"契約 {contract.contract_no} の直前に続く契約がありません。",
        f"No contract ends where {contract.contract_no} begins.",
    )


def _hand_over(state: PointState, former: Contract, new: Contract) -> PointState:
    """Give the days from `new`'s start to a contract that does not exist yet."""
    shortened = former.period.before(new.period.start)
    kept = (replace(former, period=shortened),) if shortened else ()
    contracts = (*(c for c in state.contracts if c != former), *kept, new)
    facts: list[Fact] = []
    for fact in state.facts:
        if fact.contract_no != former.contract_no:
            facts.append(fact)
            continue
        facts += _split(fact, new.period, new.contract_no)
    return replace(state, contracts=contracts, facts=tuple(facts))


def _split(fact: Fact, period: Period, contract_no: str) -> Iterator[Fact]:
    """The part outside `period` stays, the part inside becomes the other contract's."""
    rest = fact.period.without(period)
    for number, outside in enumerate(rest):
        yield replace(fact, row=fact.row if number == 0 else None, period=outside)
    inside = fact.period.overlap(period)
    if inside is not None:
        yield replace(fact, row=None, contract_no=contract_no, period=inside)


def _extend(state: PointState, giver: Contract, taker: Contract, days: Period) -> PointState:
    """Move `days` at the seam from one contract to its neighbour.

    What stands at the place follows the days; name and terms do not: those of the taker reach on.
    """
    rest = giver.period.without(days)
    grown = Period(
        min(taker.period.start, days.start), days.end if taker.period.end == days.start else taker.period.end
    )
    contracts = [c for c in state.contracts if c not in (giver, taker)]
    contracts += [replace(giver, period=part) for part in rest] + [replace(taker, period=grown)]
    facts: list[Fact] = []
    for fact in state.facts:
        if fact.contract_no != giver.contract_no:
            facts.append(_reaching(fact, taker, days))
            continue
        facts += (
            part
            for part in _split(fact, days, taker.contract_no)
            if part.contract_no == giver.contract_no or part.table not in ("party", "terms")
        )
    return replace(state, contracts=tuple(contracts), facts=tuple(_joined(facts)))


def _reaching(fact: Fact, taker: Contract, days: Period) -> Fact:
    if fact.contract_no != taker.contract_no or fact.table not in ("party", "terms"):
        return fact
    if fact.period.end == days.start:
        return replace(fact, period=Period(fact.period.start, days.end))
    if fact.period.start == days.end:
        return replace(fact, period=Period(days.start, fact.period.end))
    return fact


def _joined(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Rows of a lane that meet and say the same become one again."""
    last: Fact | None = None
    for fact in sorted(facts, key=lambda fact: (*map(str, fact.lane), fact.period.start)):
        meets = last is not None and (last.lane, last.values) == (fact.lane, fact.values)
        if last is not None and meets and last.period.end == fact.period.start:
            last = replace(last, row=last.row or fact.row, period=Period(last.period.start, fact.period.end))
            continue
        if last is not None:
            yield last
        last = fact
    if last is not None:
        yield last


def _cut(fact: Fact, contract: Contract) -> Fact | None:
    if fact.contract_no != contract.contract_no:
        return fact
    inside = fact.period.overlap(contract.period)
    return replace(fact, period=inside) if inside else None
