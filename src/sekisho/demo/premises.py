"""What stands in the area: houses, shops, lamps, factories, solar fields, with their supply points."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from sekisho.demo.dice import Dice, Urn, stream
from sekisho.demo.places import STYLES, Address, AddressBook
from sekisho.demo.uses import USES, Use

if TYPE_CHECKING:
    from sekisho.demo.entities import Entity

AREA = "06"
RURAL = frozenset({"pump", "pv_field", "pv_plant"})
# One of each rare kind comes first, so that even a small area has every menu and voltage.
FIXED = (
    "ehv_factory ehv_factory ehv_factory ehv_centre hv_factory hv_factory hv_factory hv_office hv_store "
    "hv_school hv_hospital pv_plant pv_field pump works_light works_power signal vending workshop workshop "
    "shop detached apartments lamp warehouse detached"
)
RECIPES = Urn([(use, share / 10_000) for use, share in (
    ("detached", 4000), ("apartments", 340), ("shop", 850), ("warehouse", 120), ("workshop", 180),
    ("pump", 100), ("lamp", 850), ("signal", 160), ("vending", 180), ("works_light", 50), ("works_power", 40),
    ("pv_field", 80), ("hv_office", 90), ("hv_store", 60), ("hv_factory", 110), ("hv_school", 40),
    ("hv_hospital", 30), ("pv_plant", 12), ("ehv_factory", 8), ("ehv_centre", 3),
)])  # fmt: skip


@dataclass(frozen=True, slots=True)
class SupplyPoint:
    """One point. `size` (0 to 1) places its capacity in the use's range; `serial` counts within the part."""

    number: str
    use: Use
    serial: int
    size: float
    schedule: int
    paired: str = ""

    @property
    def capacity_kw(self) -> float:
        """Capacity in kW, skewed towards the small end, to one decimal (lamps to the watt)."""
        low, high = self.use.capacity
        return round(low + (high - low) * self.size**2, 3 if high < 1 else 1)


@dataclass(slots=True)
class Premise:
    """One place that one tenant at a time occupies, with its points; the second household of a house is its
    own premise.
    """

    site_no: str
    address: Address
    style: str
    points: list[SupplyPoint]
    solar_since: int = 0
    related: "Premise | None" = None
    twins: tuple[str, str] | None = None  # truth ids: the first household's head and this one's
    tenants: "list[Entity]" = field(default_factory=list)

    @property
    def use(self) -> Use:
        """The use of its first point."""
        return self.points[0].use

    @property
    def solar_day(self) -> date:
        """The day from which its generator feeds in; only for premises that have one."""
        point = self.points[-1]
        return date(self.solar_since, 4 + point.serial % 8, 1 + point.schedule)

    @property
    def address_id(self) -> str:
        """What the truth files call this address: the site and the room."""
        room = self.address.room
        return f"{self.site_no}-{room}" if room else self.site_no


class Surveyor:
    """Lays out one part of the area with exactly so many points."""

    def __init__(self, *, seed: int, part: int, points: int) -> None:
        self.part = part
        self.wanted = points
        self.dice = Dice(stream(seed=seed, name="premises", number=part))
        self.addresses = AddressBook(self.dice)
        self.count = 0
        self.sites = 0

    def premises(self) -> list[Premise]:
        """Return the premises of the part."""
        return list(self._all())

    def _all(self) -> Iterator[Premise]:
        fixed = iter(FIXED.split() if self.part == 0 else ())
        while self.count < self.wanted:
            recipe = next(fixed, None) or self.dice.draw(RECIPES)
            if recipe == "detached":
                yield from self._detached()
            elif recipe == "apartments":
                yield from self._apartments()
            else:
                yield self._single(recipe)

    def _single(self, use: str) -> Premise:
        premise = self._open_site(self.addresses.site(rural=use in RURAL), use)
        if use == "shop" and self.dice.chance(0.3):
            self._add(premise, "shop_power")
        if premise.use.generates:
            premise.solar_since = self.dice.whole(2012, 2015)
        return premise

    def _detached(self) -> Iterator[Premise]:
        all_electric = self.dice.chance(0.17)
        premise = self._open_site(self.addresses.site(), "allelectric" if all_electric else "home")
        if self.dice.chance(0.30 if all_electric else 0.10):
            self._add_solar(premise)
        elif self.dice.chance(0.05):
            self._add(premise, "night")
        yield premise
        if self.dice.chance(0.05) and self.count < self.wanted:
            second = self._premise(premise.site_no, premise.address, premise.style)
            self._add(second, "second")
            second.related = premise
            yield second

    def _apartments(self) -> Iterator[Premise]:
        site = self.addresses.site()
        building = self.addresses.building()
        floors, doors = self.dice.whole(2, 7), self.dice.whole(2, 6)
        common = self._open_site(Address(site.town, site.numbers, building), "common")
        if floors > 4:
            self._add(common, "lift")
        yield common
        for room in (f"{floor}0{door}" for floor in range(1, floors + 1) for door in range(1, doors + 1)):
            if self.count >= self.wanted:
                return
            flat = self._premise(
                common.site_no, Address(site.town, site.numbers, building, room), common.style
            )
            self._add(flat, "flat", schedule=common.points[0].schedule)
            yield flat

    def _open_site(self, address: Address, use: str) -> Premise:
        self.sites += 1
        premise = self._premise(f"S{self.part:04d}{self.sites:06d}", address, self.dice.draw(STYLES))
        self._add(premise, use)
        return premise

    def _premise(self, site_no: str, address: Address, style: str) -> Premise:
        return Premise(site_no=site_no, address=address, style=style, points=[])

    def _add_solar(self, premise: Premise) -> None:
        """A house with PV has two numbers, one to use and one to feed in."""
        if self.count >= self.wanted:
            return
        demand = premise.points[0]
        generation = self._point(premise, USES["pv_home"], paired=demand.number, schedule=demand.schedule)
        premise.points = [
            SupplyPoint(
                demand.number, demand.use, demand.serial, demand.size, demand.schedule, generation.number
            ),
            generation,
        ]
        premise.solar_since = self.dice.whole(2010, 2024)

    def _add(self, premise: Premise, use: str, *, schedule: int = 0) -> None:
        if self.count < self.wanted:
            known = premise.points[0].schedule if premise.points else schedule
            premise.points.append(self._point(premise, USES[use], schedule=known or self.dice.whole(1, 20)))

    def _point(self, premise: Premise, use: Use, *, schedule: int, paired: str = "") -> SupplyPoint:
        self.count += 1
        voltage = "0" if use.voltage == "LV" else "1"
        branch = "01" if use.generates else "00"
        number = (
            f"{AREA}{voltage}99{premise.address.town.office:03d}{schedule:02d}"
            f"{self.part:04d}{self.count:05d}{use.number_class}{branch}"
        )
        return SupplyPoint(number, use, self.count, self.dice.share(), schedule, paired)
