"""Ten years at every meter: who lives or trades there, from when to when, supplied by whom."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from .dice import Dice, urn
from .firms import Device, Firm, Firms
from .people import People, Person
from .places import House, Places, rooms
from .readings import Name
from .retailers import Retailer, Retailers
from .shares import SHARE

EPOCH = date(2016, 7, 6).toordinal()  # ① reaches back to here
TODAY = date(2026, 6, 1).toordinal()  # states are as of this day
OLDEST = date(1968, 4, 1).toordinal()
YEAR = 365.25
POINT_PREFIX = "0699"  # the area's own 06 with an office number that is not in use
SCATTER = 618_033_988_749_894_841  # coprime to 10^18: consecutive meters look unrelated


@dataclass(slots=True, eq=False)
class Truth:
    """One person, firm or device at one address."""

    kind: str
    party: int
    subject: Person | Firm | Device
    house: House
    room: str
    branch: tuple[str, str] = ("", "")  # of a firm; of a lodger: the host's surname
    tags: set[str] = field(default_factory=set)
    scripts: set[str] = field(default_factory=set)
    cards: dict[tuple[int, int, str, bool], object] = field(default_factory=dict)
    rows: int = 0


@dataclass(slots=True)
class Occupancy:
    """A truth at a meter from `start` to `end` (ordinals, end open), and how it began and ended."""

    truth: Truth
    start: int
    end: int | None
    cause: str
    stop: str = ""


@dataclass(slots=True)
class Spell:
    """One contract with one retailer."""

    truth: Truth
    point: str
    room: str
    retailer: Retailer
    start: int
    end: int | None
    cause: str
    stop: str = ""


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A kind of home: mean stay (years), chance that the family takes over, share of women, vacancy, 管理会社."""

    stay: float
    family: float
    woman: float
    empty_days: float
    managed: bool


HOUSE = Dwelling(SHARE["stay_detached"], SHARE["family_takes_over_house"], SHARE["woman_house"], 150.0, False)
OWNED = Dwelling(SHARE["stay_owned"], 0.30, 0.33, 70.0, False)
FAMILY_FLAT = Dwelling(SHARE["stay_family_flat"], SHARE["family_takes_over_flat"], 0.33, 40.0, True)
SINGLE_FLAT = Dwelling(SHARE["stay_single_flat"], 0.01, SHARE["woman_flat"], 35.0, True)
SITES = urn({kind: SHARE["house_" + kind] for kind in ("detached", "flats", "shop", "offices", "device")})


def _renaming(truth: Truth) -> float:
    """The yearly rate at which this truth takes another name; at most once."""
    subject = truth.subject
    if isinstance(subject, Person):
        bound = subject.former is not None or subject.origin != "japan"
        return 0.0 if bound else SHARE["marriage_woman" if subject.gender == "f" else "marriage_man"]
    if isinstance(subject, Firm):
        bound = subject.old is not None or truth.branch[0] != "" or subject.form not in ("株", "有", "同")
        return 0.0 if bound else SHARE["renamed"]
    return 0.0


class Area:
    """The service area: each call of `site` lives one site's decade and returns its contracts."""

    def __init__(
        self, dice: Dice, people: People, places: Places, firms: Firms, retailers: Retailers
    ) -> None:
        self._dice, self._people, self._places = dice, people, places
        self._firms, self._retailers = firms, retailers
        self._meters = 0
        self._movers: dict[int, list[tuple[Person, House]]] = defaultdict(list)
        self._sites: dict[str, Callable[[], list[Spell]]] = {
            "detached": self._detached, "flats": self._flats, "shop": self._shop,
            "offices": self._offices, "device": self._devices,
        }  # fmt: skip

    def site(self) -> list[Spell]:
        """All contracts of one site."""
        return self._sites[SITES.draw(self._dice)]()

    # --- who is there

    def _point(self) -> str:
        self._meters += 1
        return f"{POINT_PREFIX}{self._meters * SCATTER % 10**18:018d}"

    def _truth(
        self, house: House, room: str, subject: Person | Firm | Device, branch: tuple[str, str] = ("", "")
    ) -> Truth:
        """The truth of this subject here; a firm is one truth in a whole building, a device is always its own."""
        if isinstance(subject, Device):
            return Truth("device", self._people.party(), subject, house, room, tags={"device", subject.tag})
        known = house.members.get(subject.party)
        if isinstance(known, Truth):
            return known
        kind = "person" if isinstance(subject, Person) else "company"
        truth = Truth(kind, subject.party, subject, house, room, branch)
        house.members[subject.party] = truth
        if isinstance(subject, Firm):
            truth.tags.add("company")
            if subject.owner:
                truth.tags.add("sole")
        elif subject.origin != "japan":
            truth.tags.update(("foreign", subject.origin))
        return truth

    def _begin(self) -> tuple[int, str]:
        """When the first occupancy on record began: before ①'s time, or when the building was new."""
        dice = self._dice
        if dice.chance(SHARE["new_building"]):
            return dice.between(EPOCH, TODAY - 30), "新設"
        return max(OLDEST, EPOCH - int(dice.wait(9 * YEAR))), "再点"

    def _arrival(self, house: House, room: str, day: int, woman: float) -> Truth:
        """Somebody who moves in on a day: a stranger, or one who left another house of the area that month."""
        waiting = self._movers.get(day // 30)
        if waiting and self._dice.chance(SHARE["mover_found"]):
            person, left = waiting.pop(self._dice.below(len(waiting)))
            if left is not house:
                return self._truth(house, room, person)
        return self._truth(house, room, self._people.stranger(woman=woman))

    def _succession(self, house: House, room: str, home: Dwelling) -> list[Occupancy]:
        """Everyone who held the contract of one home, in order."""
        start, cause = self._begin()
        if home.managed and self._dice.chance(SHARE["vacant_at_epoch"]):
            start, cause = EPOCH + int(self._dice.wait(60)), "再点"
        truth = self._arrival(house, room, start, home.woman)
        listed: list[Occupancy] = []
        while start < TODAY:
            end = self._leaving(truth, start, home.stay)
            listed.append(Occupancy(truth, start, end, cause))
            if end is None:
                break
            truth, start, cause = self._next(listed[-1], end, room, home)
        return listed

    def _leaving(self, truth: Truth, start: int, stay: float) -> int | None:
        """The day somebody leaves; what is left of a stay at the epoch is as long as a whole one."""
        days = self._dice.between(15, 150) if truth.kind == "company" else 20 + self._dice.wait(stay * YEAR)
        end = max(start, EPOCH) + int(days)
        return end if end < TODAY else None

    def _next(self, last: Occupancy, day: int, room: str, home: Dwelling) -> tuple[Truth, int, str]:
        """Who follows whom: the same again, the family, the manager of the flats, or a stranger."""
        dice = self._dice
        gone, house = last.truth, last.truth.house
        last.stop = "廃止"
        if isinstance(gone.subject, Person):
            if dice.chance(SHARE["returned"]):
                gone.tags.add("returned")
                return gone, day + dice.between(0, 60), "再点"
            if dice.chance(home.family):
                return self._heir(last, gone.subject, day)
            if dice.chance(0.6):
                self._movers[day // 30].append((gone.subject, house))
            if home.managed and dice.chance(SHARE["manager_between"]):
                gone.tags.add("succeeded")
                keeper = self._truth(house, "", self._firms.manager())
                keeper.tags.add("manager")
                return keeper, day + dice.between(0, 5), "再点"
        start = day + 1 + int(dice.wait(home.empty_days if gone.kind == "person" else 3))
        return self._stranger_after(gone, house, room, start, home)

    def _stranger_after(
        self, gone: Truth, house: House, room: str, start: int, home: Dwelling
    ) -> tuple[Truth, int, str]:
        follower = self._arrival(house, room, start, home.woman)
        gone.tags.add("succeeded")
        follower.tags.add("successor")
        return follower, start, "再点"

    def _heir(self, last: Occupancy, person: Person, day: int) -> tuple[Truth, int, str]:
        """Husband, wife or child takes the contract over, without a gap."""
        dice = self._dice
        alike = ""
        if dice.chance(0.5):
            kin = self._people.spouse(person)
        else:
            kin, alike = self._people.child(person)
        truth = self._truth(last.truth.house, last.truth.room, kin)
        for one in (truth, last.truth):
            one.tags.update(("family", alike) if alike else ("family",))
        cause = "スイッチング" if dice.chance(SHARE["takeover_by_switching"]) else "名義変更"
        if cause == "スイッチング":
            truth.tags.add("spouse_switch")
        last.stop = cause
        return truth, day, cause

    # --- who supplies them

    def _contracts(self, listed: list[Occupancy], room: str = "") -> list[Spell]:
        """One meter's contracts: every occupancy divided by switching, changes and new names."""
        meter, spells = (self._point(), room), list[Spell]()
        retailer: Retailer | None = None
        for one in listed:
            if retailer is None or one.cause in ("再点", "新設"):
                retailer = self._retailers.first(one.start)
            elif one.cause == "スイッチング":
                retailer = self._retailers.other(retailer)
            retailer = self._divided(one, meter, retailer, spells)
        return spells

    def _divided(
        self, one: Occupancy, meter: tuple[str, str], retailer: Retailer, spells: list[Spell]
    ) -> Retailer:
        start, cause, last = one.start, one.cause, one.end or TODAY
        while True:
            day, event = self._event(one.truth, max(start, EPOCH))
            if day >= last:
                spells.append(Spell(one.truth, *meter, retailer, start, one.end, cause, one.stop))
                return retailer
            spells.append(Spell(one.truth, *meter, retailer, start, day, cause, event))
            start, cause = day, event
            if event == "スイッチング":
                retailer = self._retailers.other(retailer)
            elif event == "名義変更":
                self._new_name(one.truth, day)

    def _event(self, truth: Truth, since: int) -> tuple[int, str]:
        """The next thing that happens to a contract."""
        dice = self._dice
        rate = SHARE["switch_" + ("firm" if truth.kind == "company" else truth.kind)]
        named = _renaming(truth)
        total = rate + SHARE["contract_change"] + named
        day = since + 20 + int(dice.wait(YEAR / total))
        roll = dice.roll() * total
        return day, "スイッチング" if roll < rate else "名義変更" if roll < rate + named else "契約変更"

    def _new_name(self, truth: Truth, day: int) -> None:
        if isinstance(truth.subject, Person) and truth.subject.former is None:
            self._people.marry(truth.subject, day)
            truth.tags.add("maiden")
        elif isinstance(truth.subject, Firm):
            self._firms.rename(truth.subject, day)
            truth.tags.add("renamed")

    # --- what stands there

    def _detached(self) -> list[Spell]:
        house, dice = self._places.lot(), self._dice
        listed = self._succession(house, "", HOUSE)
        if dice.chance(SHARE["rebuilt"] * 10):
            rebuilt = self._rebuilt(listed)
            if rebuilt:
                return rebuilt
        return self._contracts(listed) + self._beside(house, listed)

    def _beside(self, house: House, listed: list[Occupancy]) -> list[Spell]:
        """The second meter of a house, if it has one."""
        roll = self._dice.roll()
        for scene in (self._second_meter, self._two_families, self._twins, self._shared_lot, self._lodger):
            share = SHARE[scene.__name__[1:]]
            if roll < share:
                return scene(house, listed)
            roll -= share
        return []

    def _second_meter(self, _: House, listed: list[Occupancy]) -> list[Spell]:
        for one in listed:
            one.truth.tags.add("two_points")
        return self._contracts(listed)

    def _relative(self, house: House, holder: Truth, kin: Person, tags: tuple[str, ...]) -> list[Spell]:
        truth = self._truth(house, "", kin)
        for one in (truth, holder):
            one.tags.update(tags)
        start, cause = self._begin()
        end = self._leaving(truth, start, HOUSE.stay)
        return self._contracts([Occupancy(truth, start, end, cause, "廃止" if end else "")])

    def _two_families(self, house: House, listed: list[Occupancy]) -> list[Spell]:
        holder = listed[0].truth
        if not isinstance(holder.subject, Person):
            return []
        kin, alike = self._people.child(holder.subject)
        return self._relative(
            house, holder, kin, ("family", "two_families", alike) if alike else ("family", "two_families")
        )

    def _twins(self, house: House, listed: list[Occupancy]) -> list[Spell]:
        holder = listed[0].truth
        if not isinstance(holder.subject, Person) or holder.subject.origin != "japan":
            return []
        return self._relative(house, holder, self._people.twin(holder.subject), ("family", "twins"))

    def _shared_lot(self, house: House, listed: list[Occupancy]) -> list[Spell]:
        beside = self._succession(house, "", HOUSE)
        for one in (*beside, *listed):
            one.truth.tags.add("shared_lot")
        return self._contracts(beside)

    def _lodger(self, house: House, listed: list[Occupancy]) -> list[Spell]:
        host = listed[-1].truth.subject
        name = host.family if isinstance(host, Person) else Name("山田", "ヤマダ")
        care_of = f"{name.spelling}様方"
        beside = self._succession(house, care_of, SINGLE_FLAT)
        for one in beside:
            one.truth.tags.add("care_of")
            one.truth.branch = name
        return self._contracts([one for one in beside if one.truth.kind == "person"], care_of)

    def _rebuilt(self, listed: list[Occupancy]) -> list[Spell]:
        """The old house's meter goes, a new one comes, the owner stays."""
        one = listed[-1]
        if one.end is not None or max(one.start, EPOCH) > TODAY - 900:
            return []
        gone = self._dice.between(max(one.start, EPOCH) + 60, TODAY - 500)
        one.truth.tags.add("rebuilt")
        before = [*listed[:-1], replace(one, end=gone, stop="廃止")]
        after = Occupancy(one.truth, gone + self._dice.between(120, 300), None, "新設")
        return self._contracts(before) + self._contracts([after])

    def _flats(self) -> list[Spell]:
        dice, house = self._dice, self._places.lot()
        owned = dice.chance(SHARE["flats_owned"])
        single = not owned and dice.chance(SHARE["flats_single"])
        small = not owned and dice.chance(0.6)
        self._places.named(house, small=small, owned=owned)
        home = OWNED if owned else SINGLE_FLAT if single else FAMILY_FLAT
        spells: list[Spell] = []
        for room in rooms(dice, small=small):
            spells += self._contracts(self._succession(house, room, home), room)
        if owned or dice.chance(0.5):
            keeper = (
                self._firms.association(house.building, house.building_kana)
                if owned
                else self._firms.manager()
            )
            spells += self._contracts(self._trade(house, "", keeper, ("", ""), stay=60.0))
        return spells

    def _trade(
        self, house: House, floor: str, firm: Firm, branch: tuple[str, str], *, stay: float
    ) -> list[Occupancy]:
        """The firms that followed one another at one meter."""
        start, cause = self._begin()
        listed: list[Occupancy] = []
        while start < TODAY:
            truth = self._truth(house, floor, firm, branch)
            if listed and listed[-1].truth is not truth:
                listed[-1].truth.tags.add("succeeded")
                truth.tags.add("successor")
            end = max(start, EPOCH) + 60 + int(self._dice.wait(stay * YEAR))
            listed.append(
                Occupancy(truth, start, end if end < TODAY else None, cause, "廃止" if end < TODAY else "")
            )
            start, cause = end + int(self._dice.wait(80)), "再点"
            firm, branch = self._new_firm(house)
        return listed

    def _new_firm(self, house: House) -> tuple[Firm, tuple[str, str]]:
        firm, branch = self._firms.firm()
        return firm, self._firms.branch(house.town) if branch[0] else branch

    def _shop(self) -> list[Spell]:
        dice, house = self._dice, self._places.lot()
        firm, branch = self._new_firm(house)
        resident: list[Occupancy] = []
        if not branch[0] and not firm.owner and dice.chance(SHARE["owner_lives_here"]):
            resident = self._succession(house, "", HOUSE)
            owner = resident[0].truth
            if isinstance(owner.subject, Person) and owner.subject.origin == "japan":
                firm = self._firms.owned_by(owner.subject)
                owner.tags.add("owner_company")
        listed = self._trade(house, "", firm, branch, stay=SHARE["stay_firm"] * (2.0 if resident else 1.0))
        if resident:
            listed[0].truth.tags.add("owner_company")
        spells = self._contracts(listed) + (self._contracts(resident) if resident else [])
        if dice.chance(0.28):
            for one in listed:
                one.truth.tags.add("two_points")
            spells += self._contracts(listed)
        return spells

    def _offices(self) -> list[Spell]:
        dice, house = self._dice, self._places.lot()
        self._places.named(house, small=False, owned=True)
        house.building = house.building.replace("マンション", "ビル")
        house.building_kana = house.building_kana.replace("マンション", "ビル")
        spells: list[Spell] = []
        for floor in range(1, dice.between(3, 10) + 1):
            floors = [f"{floor}F"] if dice.chance(0.6) else [f"{floor}01", f"{floor}02"]
            for room in floors:
                listed = self._trade(house, room, *self._new_firm(house), stay=8.0)
                spells += self._contracts(listed, room)
                if dice.chance(SHARE["second_floor"]):
                    listed[-1].truth.tags.add("two_points")
                    spells += self._contracts([replace(listed[-1])], f"{floor + 1}F")
        for spell in spells:
            spell.truth.tags.add("one_building")
        return spells

    def _devices(self) -> list[Spell]:
        """Lamps and the like: one, or a few of one owner along a street."""
        dice, house = self._dice, self._places.lot()
        model = self._firms.device(house.town)
        spells: list[Spell] = []
        for _ in range(1 + min(int(dice.wait(1.0)), 8)):
            pair = dice.chance(0.04)
            for serial in ("１", "２") if pair else ("",):
                named = serial if pair and dice.chance(0.6) else ""
                roadside = dice.pick(("先", "地先", ""))
                truth = self._truth(house, roadside, Device(model.tag, model.owner, model.what, named))
                start, cause = self._begin()
                end = max(start, EPOCH) + 200 + int(dice.wait(30 * YEAR))
                stop = "廃止" if end < TODAY else ""
                spells += self._contracts(
                    [Occupancy(truth, start, end if stop else None, cause, stop)], roadside
                )
            house = self._places.lot(house.town)
        return spells
