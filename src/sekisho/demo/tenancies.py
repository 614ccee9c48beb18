"""Who lives or works where and when: gaps, movers, owners with a second place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp

from sekisho.demo.dice import Dice
from sekisho.demo.entities import Entity, Registrar
from sekisho.demo.premises import Premise
from sekisho.demo.retailers import LIBERALISED

MOVERS = 0.45
"""The share of those who leave a flat or house and stay within the area, if something suitable is free."""


@dataclass(slots=True)
class Tenancy:
    """One tenant at one premise, [start, end); `end` is none while it lasts. `demolished` when nothing comes
    after.
    """

    premise: Premise
    start: date
    end: date | None
    entity: Entity
    demolished: bool = False
    moved_from: "Tenancy | None" = None


@dataclass(slots=True)
class Slot:
    """A stretch of time in which a premise is taken, before it is known by whom."""

    premise: Premise
    start: date
    end: date | None
    demolished: bool


class Occupation:
    """Fills the premises of one part with tenants."""

    def __init__(self, *, dice: Dice, registrar: Registrar, until: date) -> None:
        self.dice = dice
        self.registrar = registrar
        self.until = until
        self.leavers: dict[str, list[Tenancy]] = {"family": [], "resident": []}
        self.owners: list[Tenancy] = []

    def tenancies(self, premises: list[Premise]) -> list[Tenancy]:
        """Return all tenancies in order of their start."""
        slots = [slot for premise in premises for slot in self._slots(premise)]
        slots.sort(key=lambda slot: slot.start)
        return [self._settle(slot) for slot in slots]

    def _slots(self, premise: Premise) -> Iterator[Slot]:
        stay = premise.use.stay
        temporary = stay < 1
        start = self._first_day(late=temporary or self.dice.chance(0.04))
        while start < self.until:
            length = self.dice.wait(stay / 2) + self.dice.wait(stay / 2)
            end = start + timedelta(days=max(25, int(length * 365.25)))
            if end >= self.until:
                yield Slot(premise, start, None, False)
                return
            last = temporary or self.dice.chance(0.05)
            yield Slot(premise, start, end, last)
            if last:
                return
            start = end + timedelta(days=self._gap(premise))

    def _first_day(self, *, late: bool) -> date:
        if not late:
            return LIBERALISED
        return self.dice.day(LIBERALISED + timedelta(days=30), self.until - timedelta(days=30))

    def _gap(self, premise: Premise) -> int:
        """Days between two tenants: none at all for one change in twenty, weeks for flats, up to years for
        houses.
        """
        if self.dice.chance(0.05):
            return 0
        middle = {"flat": 35, "home": 160, "allelectric": 120, "shop": 70}.get(premise.use.code, 60)
        spread = self.dice.share() + self.dice.share() + self.dice.share() - 1.5
        return max(1, int(middle * exp(1.6 * spread)))

    def _settle(self, slot: Slot) -> Tenancy:
        mover = self._mover(slot)
        entity = (
            mover.entity if mover else self._owner(slot) or self.registrar.tenant(slot.premise, slot.start)
        )
        tenancy = Tenancy(slot.premise, slot.start, slot.end, entity, slot.demolished, mover)
        slot.premise.tenants.append(entity)
        self._remember(tenancy)
        return tenancy

    def _mover(self, slot: Slot) -> Tenancy | None:
        """Somebody of the same sort who left within the last three weeks, or is about to."""
        kind = slot.premise.use.tenant
        waiting = self.leavers.get(kind, [])
        fits = [left for left in waiting if left.end and -10 <= (slot.start - left.end).days <= 21]
        if not fits:
            return None
        chosen = self.dice.pick(fits)
        waiting.remove(chosen)
        return chosen

    def _owner(self, slot: Slot) -> Entity | None:
        """A warehouse belongs to somebody who lives in a house nearby and gets its slips there."""
        if slot.premise.use.tenant != "owner" or not self.owners:
            return None
        home = self.dice.pick(self.owners)
        owner, place = home.entity, home.premise.address
        if not owner.home:
            owner.home_postal = place.town.postal_code
            owner.home = f"{place.written('plain')} {place.written_building('plain')}".strip()
        return owner

    def _remember(self, tenancy: Tenancy) -> None:
        kind = tenancy.premise.use.tenant
        if tenancy.entity.kind != "person" or kind not in self.leavers:
            return
        if tenancy.end is None and kind == "family":
            self.owners.append(tenancy)
        if tenancy.end and self.dice.chance(MOVERS):
            waiting = self.leavers[self.dice.pick(("family", "resident", "resident"))]
            waiting[:] = [
                left for left in waiting if left.end and left.end > tenancy.start - timedelta(days=40)
            ]
            waiting.append(tenancy)
