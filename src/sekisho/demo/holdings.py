"""Which retailer supplies a tenant when: the first choice, then switches on meter-reading days."""

from dataclasses import dataclass
from datetime import date, timedelta

from sekisho.demo.dice import Dice
from sekisho.demo.premises import SupplyPoint
from sekisho.demo.retailers import AFFILIATE, BY_CODE, LIBERALISED, choices, newcomer_choices
from sekisho.demo.tenancies import Tenancy

RESTART, SWITCH = "04", "05"
# Mean years until the next switch: those who have switched once look around again sooner. Machines are
# switched in bulk.
PATIENCE = {"person": (7.5, 5.0), "company": (6.0, 4.0), "device": (11.0, 9.0)}


@dataclass(frozen=True, slots=True)
class Holding:
    """One retailer's time with one tenant, [start, end)."""

    holder: str
    application_type: str
    start: date
    end: date | None


def reading_day(*, point: SupplyPoint, after: date) -> date:
    """Return the point's first 定例検針日 after a day: by its schedule, or the first for high voltage."""
    day = 1 if point.use.voltage != "LV" else point.schedule + 3
    month = after.replace(day=1)
    while month.replace(day=day) <= after:
        month = (month + timedelta(days=32)).replace(day=1)
    return month.replace(day=day)


def holdings(*, tenancy: Tenancy, until: date, dice: Dice) -> list[Holding]:
    """Return the retailers of a tenancy in order, without a gap."""
    point = tenancy.premise.points[0]
    end = tenancy.end
    holder = _first(tenancy, dice)
    start, kind = tenancy.start, RESTART
    found: list[Holding] = []
    while True:
        switch = _next_switch(tenancy, holder, start, point, dice)
        if switch >= (end or until):
            found.append(Holding(holder, kind, start, end))
            return found
        found.append(Holding(holder, kind, start, switch))
        holder = dice.draw(choices(switch, industry=point.use.industry, leaving=holder))
        start, kind = switch, SWITCH


def _first(tenancy: Tenancy, dice: Dice) -> str:
    if tenancy.start == LIBERALISED:
        return AFFILIATE.code
    return dice.draw(newcomer_choices(tenancy.start, industry=tenancy.premise.use.industry))


def _next_switch(tenancy: Tenancy, holder: str, start: date, point: SupplyPoint, dice: Dice) -> date:
    """A retailer that leaves the market loses all its customers on its last day at the latest."""
    first, later = PATIENCE[tenancy.entity.kind]
    if tenancy.premise.use.code == "warehouse" and holder == AFFILIATE.code:
        first = 60.0  # nobody thinks of the warehouse when the house changes its retailer
    years = dice.wait(first if holder == AFFILIATE.code else later)
    wish = start + timedelta(days=int(years * 365.25) + 75)
    day = reading_day(point=point, after=wish)
    left = BY_CODE[holder].left
    return min(day, left) if left else day
