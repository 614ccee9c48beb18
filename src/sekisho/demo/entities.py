"""Who takes contracts: persons, companies, machines; each one truth, however written later."""

from dataclasses import dataclass, field
from datetime import date

from sekisho.demo import companies
from sekisho.demo.companies import PUBLIC_BODIES, CompanyBook, CompanyName
from sekisho.demo.dice import Dice, Urn
from sekisho.demo.names import NameBook, PersonName
from sekisho.demo.premises import Premise


@dataclass(slots=True)
class Entity:
    """One person, company or machine. `device` holds (kind, city, serial) of a machine."""

    truth_id: str
    kind: str
    person: PersonName | None = None
    company: CompanyName | None = None
    device: tuple[str, str, int] | None = None
    branch: str = ""
    shop: str = ""
    phone: str = ""
    born: int = 0
    male: bool = True
    corporate_no: str = ""
    household: str = ""
    home: str = ""  # where post reaches an owner who is elsewhere
    home_postal: str = ""

    @property
    def someone(self) -> PersonName:
        """The person's name; only for a person."""
        if self.person is None:
            raise TypeError(f"{self.truth_id} is no person")
        return self.person

    @property
    def firm(self) -> CompanyName:
        """The company's name; only for a company."""
        if self.company is None:
            raise TypeError(f"{self.truth_id} is no company")
        return self.company

    @property
    def machine(self) -> tuple[str, str, int]:
        """Kind, city and serial number; only for a machine."""
        if self.device is None:
            raise TypeError(f"{self.truth_id} is no machine")
        return self.device


@dataclass(slots=True)
class Household:
    """A family at one address; the first member is the head."""

    number: str
    members: list[Entity] = field(default_factory=list)

    @property
    def head(self) -> Entity:
        return self.members[0]


class Registrar:
    """Invents tenants for one part of the area."""

    def __init__(self, *, dice: Dice, part: int) -> None:
        self.dice = dice
        self.part = part
        self.names = NameBook(dice)
        self.companies = CompanyBook(dice)
        self.count = 0
        self.households: dict[str, Household] = {}
        self.pool: list[Entity] = []
        self.chains: dict[int, Entity] = {}
        self.serials: dict[str, int] = {}

    def tenant(self, premise: Premise, start: date) -> Entity:
        """Return a new tenant who fits the use of the premise."""
        kind = premise.use.tenant
        if kind in ("lamp", "signal", "vending"):
            return self._device(kind, premise)
        if kind == "relative":
            return self._relative(premise, start)
        if kind in ("family", "owner"):
            return self.family(premise, start).head
        if kind == "resident":
            return self._resident(premise, start)
        if kind == "shop":
            return self._shopkeeper(premise, start)
        return self._landlord(premise, start) if kind in ("landlord", "generator") else self.company(premise)

    def family(self, premise: Premise, start: date, *, surname: tuple[str, str] | None = None) -> Household:
        """Return a household: head, mostly a spouse, some grown children."""
        dice = self.dice
        family = surname or self.names.family()
        household = self._household()
        born = start.year - dice.whole(27, 74)
        male = dice.chance(0.78)
        household.members.append(self._person(premise, family, born, male, household))
        if dice.chance(0.72):
            household.members.append(
                self._person(premise, family, born + dice.whole(-4, 6), not male, household)
            )
        for _ in range(dice.whole(0, 2) if start.year - born > 45 else 0):
            household.members.append(
                self._person(premise, family, born + dice.whole(24, 34), dice.chance(0.5), household)
            )
        return household

    def company(self, premise: Premise) -> Entity:
        """Return a company: mostly a new one, sometimes one that has premises already."""
        use = premise.use.code
        if self.pool and use not in PUBLIC_BODIES and self.dice.chance(0.35):
            return self._branch_of(self.dice.pick(self.pool), premise)
        entity = self._entity("company", premise)
        entity.company = self.companies.company(use)
        entity.corporate_no = self.companies.corporate_no()
        if use not in PUBLIC_BODIES:
            self.pool.append(entity)
        return entity

    def chain(self, number: int, premise: Premise) -> Entity:
        """Return the chain's premises here: one corporate number and truth, another branch name."""
        parent = self.chains.get(number)
        if parent is None:
            parent = self._entity("company", premise)
            parent.truth_id = f"X{number:02d}"  # the same company in every part of the area
            parent.company = companies.chain(number)
            parent.corporate_no = (
                companies.corporate_check_digit(f"990000000{number:03d}") + f"990000000{number:03d}"
            )
            self.chains[number] = parent
        serial = self._serial(f"chain{number}")
        branch = companies.branch(number, town=premise.address.town.town, serial=self.part * 1000 + serial)
        return self._copy(parent, branch, premise)

    def heir(self, head: Entity) -> Entity:
        """Return who takes over the contract of `head`: spouse or child of the household, if there is one."""
        members = self.household_of(head)
        return members[1] if len(members) > 1 else head

    def household_of(self, entity: Entity) -> list[Entity]:
        """Return the family, its head first; empty for those who have none."""
        household = self.households.get(entity.household)
        return household.members if household else []

    def phone(self, premise: Premise, *, mobile: float) -> str:
        """Return a number that nobody has: local exchanges and 090 numbers do not begin with 0."""
        if self.dice.chance(mobile):
            return f"090-0{self.dice.digits(3)}-{self.dice.digits(4)}"
        area = premise.address.town.telephone
        return f"{area}-0{self.dice.digits(5 - len(area))}-{self.dice.digits(4)}"

    def _resident(self, premise: Premise, start: date) -> Entity:
        which = self.dice.draw(_RESIDENTS)
        if which == "family":
            return self.family(premise, start).head
        if which == "corporate":
            return self.company(premise)
        household = self._household()
        person = self._person(
            premise,
            self.names.family(),
            start.year - self.dice.whole(19, 58),
            self.dice.chance(0.55),
            household,
        )
        if which == "foreign":
            person.person = self.names.foreigner()
        household.members.append(person)
        return person

    def _shopkeeper(self, premise: Premise, start: date) -> Entity:
        which = self.dice.draw(_SHOPS)
        if which == "chain":
            return self.chain(self.dice.pick((0, 0, 1, 4, 6)), premise)
        if which == "company":
            return self.company(premise)
        owner = self.family(premise, start).head
        owner.shop = self.dice.pick(_SHOP_FORMS).format(
            self.dice.pick((owner.someone.surname, "ひなた", "つくし", "うぐいす", "あけぼの"))
        )
        return owner

    def _landlord(self, premise: Premise, start: date) -> Entity:
        corporate = premise.use.voltage == "HV" or self.dice.chance(0.6)
        return self.company(premise) if corporate else self.family(premise, start).head

    def _relative(self, premise: Premise, start: date) -> Entity:
        """Father and son, or twins, under one roof with a contract each: whom a matcher must keep apart."""
        first = premise.related.tenants[0] if premise.related and premise.related.tenants else None
        if first is None or first.person is None:
            return self.family(premise, start).head
        surname = (first.person.surname, first.person.surname_kana)
        household = self.family(premise, start, surname=surname)
        if self.dice.chance(0.12):
            second = household.head
            first.person, second.person = self.names.twins(surname, male=first.male)
            second.male, second.born = first.male, first.born
            premise.twins = (first.truth_id, second.truth_id)
        return household.head

    def _device(self, kind: str, premise: Premise) -> Entity:
        entity = self._entity("device", premise)
        entity.device = (kind, premise.address.town.city, self.part * 10_000 + self._serial(kind))
        entity.phone = ""
        return entity

    def _person(
        self, premise: Premise, family: tuple[str, str], born: int, male: bool, household: Household
    ) -> Entity:
        entity = self._entity("person", premise)
        entity.person = self.names.person(male=male, born=born, family=family)
        entity.born, entity.male, entity.household = born, male, household.number
        entity.phone = self.phone(premise, mobile=0.35 if born < 1955 else 0.85)
        return entity

    def _household(self) -> Household:
        household = Household(f"H{self.part:04d}{len(self.households) + 1:06d}")
        self.households[household.number] = household
        return household

    def _entity(self, kind: str, premise: Premise) -> Entity:
        self.count += 1
        prefix = {"person": "P", "company": "C", "device": "D"}[kind]
        return Entity(f"{prefix}{self.part:04d}{self.count:07d}", kind, phone=self.phone(premise, mobile=0.1))

    def _branch_of(self, parent: Entity, premise: Premise) -> Entity:
        town = premise.address.town.town
        form = self.dice.pick(("{}営業所", "{}支店", "{}工場", ""))
        return self._copy(parent, form.format(town), premise)

    def _copy(self, parent: Entity, branch: str, premise: Premise) -> Entity:
        return Entity(
            parent.truth_id,
            parent.kind,
            company=parent.company,
            corporate_no=parent.corporate_no,
            branch=branch,
            phone=self.phone(premise, mobile=0.05),
        )

    def _serial(self, what: str) -> int:
        self.serials[what] = self.serials.get(what, 0) + 1
        return self.serials[what]


_RESIDENTS = Urn([("single", 0.60), ("family", 0.29), ("corporate", 0.07), ("foreign", 0.04)])
_SHOPS = Urn([("owner", 0.45), ("company", 0.33), ("chain", 0.22)])
_SHOP_FORMS = ("{}商店", "喫茶{}", "理容{}", "{}酒店", "美容室{}", "居酒屋{}", "{}ベーカリー", "{}接骨院")
