"""From contracts to what the two systems hold of them: rows, and the truth behind each."""

from dataclasses import dataclass, field
from datetime import date

from .addressing import AddressPenman
from .dice import Dice
from .firms import Device, Firm, FirmPenman
from .history import EPOCH, Spell, Truth
from .people import Person, impossible_phone
from .retailers import Retailer
from .shares import SHARE
from .spelling import Pen, Penman, Written, in_script, truncated

ONE_ENDS = date(2024, 1, 31).toordinal()
TWO_BEGINS, TWO_ENDS = date(2025, 10, 6).toordinal(), date(2026, 4, 26).toordinal()
ONE_KEEPS_CAUSES = date(2018, 4, 1).toordinal()  # ① writes down how a contract began from here on
OLD_LEDGER = date(2000, 1, 1).toordinal()
AGENTS = 60
COLUMNS = (
    "name", "kana", "address", "postal_code", "phone", "point", "corporate_number", "system", "application", "start", "end", "state",
)  # fmt: skip
Row = tuple[str | None, ...]


@dataclass(slots=True)
class Card:
    """What one retailer typed of one customer for one system."""

    name: Written
    address: str
    postal_code: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Switches:
    """Which columns the population has."""

    points: bool
    dates: bool
    applications: bool
    kana_column: float
    phones: bool


@dataclass(slots=True)
class Kept:
    """Finished rows by column, each with the number of its truth; the truths by number."""

    columns: list[list[str | None]] = field(default_factory=lambda: [[] for _ in COLUMNS])
    truth: list[int] = field(default_factory=list)
    party: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)


class Clerks:
    """Types the records of a site's contracts."""

    def __init__(self, dice: Dice, penman: Penman, firm_penman: FirmPenman, switches: Switches) -> None:
        self._dice, self._penman, self._firm_penman = dice, penman, firm_penman
        self._addresses = AddressPenman(dice)
        self._switches = switches
        self._agents = [impossible_phone(dice, mobile=False) for _ in range(AGENTS)]
        self._iso: dict[int, str] = {}

    def rows(self, spells: list[Spell]) -> list[tuple[Truth, Row]]:
        """All records of these contracts in both systems."""
        found: list[tuple[Truth, Row]] = []
        for spell in spells:
            if spell.start <= ONE_ENDS and (spell.end is None or spell.end >= EPOCH):
                cause = spell.cause if spell.start >= ONE_KEEPS_CAUSES else None
                found.append((spell.truth, self._row(spell, 0, cause)))
            found += [(spell.truth, self._row(spell, 1, cause)) for cause in self._applications(spell)]
        return found

    def _applications(self, spell: Spell) -> list[str | None]:
        """What ② received about a contract in its window."""
        causes: list[str | None] = []
        if TWO_BEGINS <= spell.start <= TWO_ENDS:
            causes.append(spell.cause)
        elif spell.end is None and self._dice.chance(SHARE["inquiry"]):
            causes.append(None)
        if spell.end is not None and TWO_BEGINS <= spell.end <= TWO_ENDS and spell.stop == "廃止":
            causes.append("廃止")
        return causes

    def _row(self, spell: Spell, system: int, cause: str | None) -> Row:
        truth, card, on = spell.truth, self._card(spell, system), self._switches
        truth.tags.update(card.name.marks)
        truth.scripts.add("kanji" if card.name.script in ("kanji", "latin") else "kana")
        subject = truth.subject
        number = (
            subject.number if isinstance(subject, Firm) and system == 1 and self._dice.chance(0.7) else None
        )
        numberless = system == 1 and cause == "新設" and self._dice.chance(SHARE["point_missing"])
        return (
            card.name.text,
            self._kana(card.name),
            card.address,
            card.postal_code,
            self._phone(card, spell.retailer) if on.phones and system == 1 else None,
            spell.point if on.points and not numberless else None,
            number,
            "12"[system],
            cause if on.applications else None,
            self._day(spell.start) if on.dates else None,
            self._day(spell.end) if on.dates and spell.end else None,
            "契約中" if spell.end is None else "終了",
        )

    def _day(self, day: int) -> str:
        if day not in self._iso:
            self._iso[day] = date.fromordinal(day).isoformat()
        return self._iso[day]

    def _kana(self, name: Written) -> str | None:
        share = self._switches.kana_column
        if not share or name.script not in ("kanji", "latin") or not self._dice.chance(share):
            return None
        return in_script(name.kana, Pen(self._dice.pick(("full", "full", "half", "half_bank")), ""))

    def _phone(self, card: Card, retailer: Retailer) -> str | None:
        if card.phone is None or self._dice.chance(SHARE["phone_missing"]):
            return None
        return card.phone.replace("-", "") if retailer.hyphenless_phone else card.phone

    def _card(self, spell: Spell, system: int) -> Card:
        """The retailer's card for this customer: the one on file, or a new one."""
        truth = spell.truth
        key = (spell.retailer.key, system, spell.room, self._renamed(truth, spell.start))
        card = truth.cards.get(key)
        if not isinstance(card, Card) or self._dice.chance(SHARE["card_retyped"]):
            card = self._typed(spell, system)
            truth.cards[key] = card
        return card

    def _renamed(self, truth: Truth, day: int) -> bool:
        subject = truth.subject
        if isinstance(subject, Person):
            return subject.former is not None and day >= subject.married_on
        return isinstance(subject, Firm) and subject.old is not None and day >= subject.renamed_on

    def _typed(self, spell: Spell, system: int) -> Card:
        dice, truth, retailer = self._dice, spell.truth, spell.retailer
        name = self._name(spell, retailer.pen(dice, system=system, deviates=SHARE["card_deviates"]))
        if system == 0 and name.script.startswith("half") and len(name.text) > len(truncated(name.text)):
            name.text = truncated(name.text)
            name.marks.append("truncated")
        address, marks = self._address(spell, system)
        name.marks += marks
        return Card(name, address, self._postal(truth), self._contact(truth))

    def _name(self, spell: Spell, pen: Pen) -> Written:
        subject = spell.truth.subject
        if isinstance(subject, Person):
            name = self._penman.person(subject, pen, spell.start)
            old = spell.start < OLD_LEDGER and spell.retailer.key == 0 and pen.script.startswith("half")
            if old and self._dice.chance(SHARE["surname_only"]):
                return Written(
                    in_script(subject.surname(spell.start).kana, pen), pen.script, name.kana, ["surname_only"]
                )
            return self._with_host(name, spell.truth.branch, pen)
        if isinstance(subject, Device):
            return self._firm_penman.device(subject, pen)
        return self._firm_penman.firm(subject, spell.truth.branch, pen, spell.start)

    def _with_host(self, name: Written, host: tuple[str, str], pen: Pen) -> Written:
        """A lodger's name behind the host's: 山本様方　田中一郎."""
        if host[0] and self._dice.chance(SHARE["host_in_name"]):
            kanji = name.script in ("kanji", "latin")
            name.text = (
                f"{host[0]}様方　{name.text}"
                if kanji
                else f"{in_script(host[1] + 'サマカタ', pen)} {name.text}"
            )
        return name

    def _address(self, spell: Spell, system: int) -> tuple[str, list[str]]:
        truth = spell.truth
        if system == 0 and self._dice.chance(SHARE["kana_address"]):
            return self._addresses.in_kana(truth.house, spell.room), ["kana_address"]
        how = spell.retailer.addresses[system]
        return self._addresses.written(truth.house, spell.room, how, since=spell.start)

    def _postal(self, truth: Truth) -> str | None:
        dice, code = self._dice, truth.house.town.code
        if dice.chance(SHARE["postal_missing"]):
            return None
        if dice.chance(SHARE["postal_wrong"]):
            return f"{code[:6]}{(int(code[6]) + 1) % 10}"
        return f"{code[:3]}-{code[3:]}" if dice.chance(0.3) else code

    def _contact(self, truth: Truth) -> str | None:
        dice = self._dice
        if isinstance(truth.subject, Device):
            return None
        if dice.chance(SHARE["phone_dummy"]):
            return "000-0000-0000"
        if dice.chance(SHARE["phone_agent"]):
            return dice.pick(self._agents)
        if isinstance(truth.subject, Person):
            return truth.subject.phone
        return f"06-0{truth.party % 1000:03d}-{truth.party * 7919 % 10000:04d}"


def keep(kept: Kept, found: list[tuple[Truth, Row]]) -> None:
    """Append a site's records, and number and describe its truths."""
    numbers: dict[int, int] = {}
    for truth, row in found:
        truth.rows += 1
        if id(truth) not in numbers:
            numbers[id(truth)] = len(kept.party) + 1
            kept.party.append(truth.party)
            kept.kind.append(truth.kind)
            kept.tags.append("")
        kept.truth.append(numbers[id(truth)])
        for column, value in zip(kept.columns, row, strict=True):
            column.append(value)
    for truth in {id(truth): truth for truth, _ in found}.values():
        kept.tags[numbers[id(truth)] - 1] = described(truth)
        # Whoever's own name stands in the file is a person to be written to, whatever the trade is called.
        if truth.tags & {"owner_named", "owner_only"}:
            kept.kind[numbers[id(truth)] - 1] = "person"


def described(truth: Truth) -> str:
    """The truth's tags, those of its records' history included."""
    tags = truth.tags - {"glyph_kept", "glyph_plain"}
    if {"glyph_kept", "glyph_plain"} <= truth.tags:
        tags.add("variant")
    if len(truth.scripts) == 2:
        tags.add("kana_kanji")
    if truth.rows == 1:
        tags.add("single")
    if truth.kind == "person" and truth.room.isdigit() and "roomless" not in tags:
        tags.add("flat")
    return " ".join(sorted(tags))
