"""Writes the contracts of one part of the area: rows of the files, and the truth that no file tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sekisho.demo.dice import Dice, stream
from sekisho.demo.entities import Entity, Registrar
from sekisho.demo.facts import FactSheet
from sekisho.demo.holdings import RESTART, SWITCH, Holding, holdings
from sekisho.demo.names import PersonName
from sekisho.demo.places import AddressBook
from sekisho.demo.premises import Premise, SupplyPoint
from sekisho.demo.retailers import BY_CODE
from sekisho.demo.tenancies import Tenancy
from sekisho.demo.writings import Writing, change_between, write
from sekisho.registry.files import Cell

Row = Mapping[str, Cell]
NAME_CHANGE = "07"


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract, as usage, view log and curiosities need it. `end` is the first day no longer."""

    contract_no: str
    point: SupplyPoint
    premise: Premise
    holder: str
    customer_no: str
    start: date
    end: date | None
    entity: Entity
    writing: Writing
    kind: str

    def covers(self, day: date) -> bool:
        """Tell whether the contract runs on this day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(slots=True)
class Sheets:
    """Rows by file kind, and truth rows by truth file."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    truth: dict[str, list[Row]] = field(default_factory=dict)
    contracts: list[Contract] = field(default_factory=list)

    def add(self, kind: str, row: Row) -> None:
        """Append a row to a file."""
        self.rows.setdefault(kind, []).append(row)

    def note(self, kind: str, row: Row) -> None:
        """Append a row to a truth file."""
        self.truth.setdefault(kind, []).append(row)


class Clerk:
    """Turns tenancies into contracts."""

    def __init__(self, *, seed: int, part: int, until: date, registrar: Registrar) -> None:
        self.dice = Dice(stream(seed=seed, name="contracts", number=part))
        self.part = part
        self.until = until
        self.registrar = registrar
        self.sheets = Sheets()
        self.facts = FactSheet(self.sheets.add, Dice(stream(seed=seed, name="facts", number=part)), until)
        self.elsewhere = AddressBook(self.dice)
        self.known: set[str] = set()
        self.customer_count = 0
        self.closing: dict[str, Writing] = {}  # the name with which a contract ends
        self.company_numbers: dict[tuple[str, str], str] = {}

    def register(self, premises: list[Premise]) -> None:
        """Write the supply points."""
        for premise in premises:
            for point in premise.points:
                self.sheets.add("points", point_row(premise, point))

    def sign(self, tenancy: Tenancy) -> None:
        """Write the contracts of a tenancy at all its points."""
        held = holdings(tenancy=tenancy, until=self.until, dice=self.dice)
        self._note_tenancy(tenancy)
        writings = self._writings(tenancy, held)
        for index, point in enumerate(tenancy.premise.points):
            if point.use.generates and index:
                self._feed_in(tenancy, point, held, writings)
            elif index and len(held) > 1 and self.dice.chance(0.08):
                self._sign_point(tenancy, point, [_unbroken(held)], writings[:1])
            else:
                self._sign_point(tenancy, point, held, writings)

    def _note_tenancy(self, tenancy: Tenancy) -> None:
        """Write down who lives here and where they come from, which no file says."""
        members = self.registrar.household_of(tenancy.entity)
        for entity in members or [tenancy.entity]:
            self._introduce(entity)
        if members:
            self.sheets.note("households", household_row(tenancy, members))
        if tenancy.moved_from:
            self.sheets.note("moves", move_row(tenancy, tenancy.moved_from))

    def _introduce(self, entity: Entity) -> None:
        if entity.truth_id not in self.known:
            self.known.add(entity.truth_id)
            self.sheets.note("entities", entity_row(entity))

    def _writings(self, tenancy: Tenancy, held: list[Holding]) -> list[Writing]:
        """The name as each retailer has it; many take over what the customer's last bill said."""
        partner = self._partner(tenancy.entity)
        written: list[Writing] = []
        for holding in held:
            retailer = BY_CODE[holding.holder]
            fresh = write(
                entity=tenancy.entity, retailer=retailer, day=holding.start, dice=self.dice, partner=partner
            )
            keep = written and not written[-1].old_style and not fresh.old_style and self.dice.chance(0.6)
            written.append(written[-1] if keep and _writable(written[-1], retailer.affiliate) else fresh)
        return written

    def _partner(self, entity: Entity) -> str:
        heir = self.registrar.heir(entity)
        return heir.person.given if heir is not entity and heir.person else ""

    def _sign_point(
        self, tenancy: Tenancy, point: SupplyPoint, held: list[Holding], writings: list[Writing]
    ) -> None:
        before: Contract | None = None
        for holding, writing in zip(held, writings, strict=True):
            contract = self._contract(tenancy, point, holding, writing, before)
            self._write(contract)
            if before and holding.application_type == SWITCH:
                self.sheets.note("switches", switch_row(before, contract, self.closing[before.contract_no]))
            before = contract

    def _feed_in(
        self, tenancy: Tenancy, point: SupplyPoint, held: list[Holding], writings: list[Writing]
    ) -> None:
        """The first buyer keeps a house's PV while the fixed price lasts, whoever supplies the house."""
        since = tenancy.premise.solar_day
        start = max(tenancy.start, since)
        if start >= (tenancy.end or self.until):
            return
        application = RESTART
        buyer = next(holding for holding in reversed(held) if holding.start <= start)
        expiry = since.replace(year=since.year + 10)
        pieces = [Holding(buyer.holder, application, start, tenancy.end)]
        last = held[-1]
        leaves = BY_CODE[buyer.holder].left
        cut = max(expiry, last.start) if expiry < self.until else leaves
        if cut and start < cut < (tenancy.end or self.until) and last.holder != buyer.holder:
            pieces = [
                Holding(buyer.holder, application, start, cut),
                Holding(last.holder, SWITCH, cut, tenancy.end),
            ]
        by_holder = {holding.holder: writing for holding, writing in zip(held, writings, strict=True)}
        self._sign_point(tenancy, point, pieces, [by_holder[piece.holder] for piece in pieces])

    def _contract(
        self,
        tenancy: Tenancy,
        point: SupplyPoint,
        holding: Holding,
        writing: Writing,
        before: Contract | None,
    ) -> Contract:
        number = len(self.sheets.contracts) + 1
        return Contract(
            contract_no=f"{holding.holder[:4]}-{holding.start:%y}{self.part:04d}{number:07d}",
            point=point,
            premise=tenancy.premise,
            holder=holding.holder,
            customer_no=self._customer_no(tenancy, holding.holder, writing, before),
            start=holding.start,
            end=holding.end,
            entity=tenancy.entity,
            writing=writing,
            kind=holding.application_type,
        )

    def _customer_no(self, tenancy: Tenancy, holder: str, writing: Writing, before: Contract | None) -> str:
        """The number goes on over a switch when the name does; a name that looks new gets a new number."""
        entity = tenancy.entity
        if before and self._goes_on(before, writing):
            return before.customer_no
        known = self.company_numbers.get((entity.truth_id, holder))
        if known and entity.kind == "company" and self.dice.chance(0.7):
            return known
        self.customer_count += 1
        office = tenancy.premise.address.town.office
        number = f"{office:03d}9{self.part:04d}{self.customer_count:06d}"
        self.company_numbers[entity.truth_id, holder] = number
        corporate = entity.corporate_no if self.dice.chance(0.7) else ""
        self.sheets.add("customers", {"customer_no": number, "kind": entity.kind, "corporate_no": corporate})
        return number

    def _goes_on(self, before: Contract, writing: Writing) -> bool:
        change = change_between(self.closing[before.contract_no], writing)
        return change in ("same", "writing") or self.dice.chance(0.2)

    def _write(self, contract: Contract) -> None:
        self.sheets.contracts.append(contract)
        self.sheets.add(
            "contracts",
            {
                "contract_no": contract.contract_no,
                "point": contract.point.number,
                "holder": contract.holder,
                "customer_no": contract.customer_no,
                "application_type": contract.kind,
                "valid_from": contract.start,
                "valid_to": contract.end,
            },
        )
        self._parties(contract)
        self.facts.write(contract)

    def _parties(self, contract: Contract) -> None:
        """One name for the whole contract, or two when something happens in between."""
        change = self._name_change(contract)
        self.closing[contract.contract_no] = change[2] if change else contract.writing
        if change is None:
            self._party(contract, contract.entity, contract.writing, contract.start, contract.end, "")
            return
        day, entity, writing, what = change
        self._party(contract, contract.entity, contract.writing, contract.start, day, "")
        self._party(contract, entity, writing, day, contract.end, what)

    def _name_change(self, contract: Contract) -> tuple[date, Entity, Writing, str] | None:
        """需要者情報変更: inheritance, a surname given up at marriage, kanji put for kana."""
        end = contract.end or self.until
        days = (end - contract.start).days
        what = _event(contract, days / 365.25, self.dice)
        if not what or days < 120 or (what != "rewritten" and contract.end):
            return None  # who has changed a name keeps it: only on the last contract
        day = self.dice.day(contract.start + timedelta(days=60), end - timedelta(days=30))
        entity = contract.entity
        if what == "inherited":
            entity = self.registrar.heir(entity)
            if entity is contract.entity:
                return None
        if what == "married":
            entity = self._married(entity)
        writing = write(entity=entity, retailer=BY_CODE[contract.holder], day=day, dice=self.dice)
        if what == "rewritten" and writing.old_style:
            return None
        return day, entity, writing, what

    def _married(self, entity: Entity) -> Entity:
        """The same person under another surname."""
        surname, kana = self.registrar.names.family()
        name = PersonName(surname, entity.someone.given, kana, entity.someone.given_kana)
        return Entity(
            entity.truth_id, entity.kind, person=name, phone=entity.phone, household=entity.household,
            born=entity.born, male=entity.male,
        )  # fmt: skip

    def _party(
        self,
        contract: Contract,
        entity: Entity,
        writing: Writing,
        start: date,
        end: date | None,
        what: str,
    ) -> None:
        slip_postal, slip_address, slip_name = self._slip(contract)
        legacy = BY_CODE[contract.holder].affiliate
        self.sheets.add(
            "parties_legacy" if legacy else "parties",
            {
                "contract_no": contract.contract_no,
                "point": contract.point.number,
                "customer_kind": entity.kind,
                "name": writing.name,
                "name_kana": writing.kana,
                "phone": entity.phone if self.dice.chance(0.93) else "",
                "slip_postal_code": slip_postal,
                "slip_address": slip_address,
                "slip_name": writing.name if slip_name else "",
                "valid_from": start,
                "valid_to": end,
            },
        )
        self.sheets.note("records", record_row(contract, entity, writing, start, end, what))

    def _slip(self, contract: Contract) -> tuple[str, str, bool]:
        """検針票送付先: the owner's home for a warehouse, a head office, parents for some flats."""
        entity = contract.entity
        if entity.home and contract.premise.use.tenant == "owner":
            return entity.home_postal, entity.home, True
        if (entity.branch and self.dice.chance(0.3)) or (entity.kind == "company" and self.dice.chance(0.04)):
            return self._elsewhere(True)
        return self._elsewhere(False) if entity.born > 1995 and self.dice.chance(0.05) else ("", "", False)

    def _elsewhere(self, named: bool) -> tuple[str, str, bool]:
        address = self.elsewhere.site()
        return address.town.postal_code, address.written("plain"), named


def point_row(premise: Premise, point: SupplyPoint) -> Row:
    """Return the row of a supply point."""
    return {
        "point": point.number,
        "kind": "generation" if point.use.generates else "demand",
        "voltage_class": point.use.voltage,
        "site_no": premise.site_no,
        "postal_code": premise.address.town.postal_code,
        "address": premise.address.written(premise.style),
        "building": premise.address.written_building(premise.style),
        "paired_point": point.paired,
    }


def entity_row(entity: Entity) -> Row:
    """Return the truth about one person, company or machine."""
    person, company = entity.person, entity.company
    named = (
        person.kanji
        if person
        else company.written("full")
        if company
        else "・".join(map(str, entity.device or ()))
    )
    kana = person.kana if person else company.written("kana") if company else ""
    return {
        "truth_id": entity.truth_id,
        "kind": entity.kind,
        "name": named,
        "kana": kana,
        "born": entity.born or None,
        "sex": ("M" if entity.male else "F") if entity.born else "",
        "household": entity.household,
        "corporate_no": entity.corporate_no,
        "phone": entity.phone,
    }


def household_row(tenancy: Tenancy, members: list[Entity]) -> Row:
    """Return the truth about a family at an address; the first member takes the contract."""
    return {
        "household": members[0].household,
        "address_id": tenancy.premise.address_id,
        "valid_from": tenancy.start,
        "valid_to": tenancy.end,
        "members": " ".join(member.truth_id for member in members),
    }


def move_row(tenancy: Tenancy, before: Tenancy) -> Row:
    """Return the truth about one move within the area."""
    return {
        "truth_id": tenancy.entity.truth_id,
        "from_address": before.premise.address_id,
        "to_address": tenancy.premise.address_id,
        "from_point": before.premise.points[0].number,
        "to_point": tenancy.premise.points[0].number,
        "left": before.end,
        "arrived": tenancy.start,
    }


def switch_row(before: Contract, after: Contract, last: Writing) -> Row:
    """Return the truth about one switch; `last` is the name with which the old contract ended."""
    return {
        "point": after.point.number,
        "day": after.start,
        "truth_id": after.entity.truth_id,
        "old_contract": before.contract_no,
        "new_contract": after.contract_no,
        "old_holder": before.holder,
        "new_holder": after.holder,
        "old_name": last.name,
        "new_name": after.writing.name,
        "name_change": change_between(last, after.writing),
    }


def record_row(
    contract: Contract, entity: Entity, writing: Writing, start: date, end: date | None, what: str
) -> Row:
    """Return the truth about one row of the parties: whose name it is, and where."""
    return {
        "truth_id": entity.truth_id,
        "address_id": contract.premise.address_id,
        "kind": entity.kind,
        "contract_no": contract.contract_no,
        "customer_no": contract.customer_no,
        "point": contract.point.number,
        "holder": contract.holder,
        "valid_from": start,
        "valid_to": end,
        "name": writing.name,
        "form": writing.form,
        "change": what,
    }


def _event(contract: Contract, years: float, dice: Dice) -> str:
    if contract.entity.kind != "person":
        return ""
    born = contract.entity.born
    if born and born < 1948 and dice.chance(0.06 * years):
        return "inherited"
    if born > 1975 and not contract.entity.male and dice.chance(0.04 * years):
        return "married"
    return "rewritten" if contract.writing.old_style and dice.chance(0.012 * years) else ""


def _unbroken(held: list[Holding]) -> Holding:
    first, last = held[0], held[-1]
    return Holding(first.holder, first.application_type, first.start, last.end)


def _writable(writing: Writing, affiliate: bool) -> bool:
    if not affiliate:
        return True
    try:
        writing.name.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
