"""How a name is written on a contract: old katakana, a retailer's kanji, variants between."""

from dataclasses import dataclass
from datetime import date

from sekisho.demo import companies
from sekisho.demo.dice import Dice, Urn
from sekisho.demo.entities import Entity
from sekisho.demo.names import PersonName, bank_style, encodable, halfwidth, plain
from sekisho.demo.retailers import Retailer

OLD_FORMS = frozenset({"kana", "halfwidth", "bank"})
_OLD = Urn([("kana", 0.66), ("halfwidth", 0.20), ("bank", 0.06), ("kanji", 0.08)])
_NEW = Urn(
    [("kanji", 0.60), ("plain", 0.12), ("tight", 0.14), ("narrow", 0.11), ("couple", 0.01), ("care_of", 0.02)]
)
_OLD_COMPANY = Urn([("bank", 0.35), ("kana", 0.25), ("short", 0.25), ("full", 0.15)])
_NEW_COMPANY = Urn([("full", 0.66), ("short", 0.16), ("mark", 0.15), ("kana", 0.03)])
_OLD_DEVICE = Urn([("kana", 0.5), ("plain", 0.3), ("short", 0.2)])
_NEW_DEVICE = Urn([("plain", 0.55), ("short", 0.2), ("association", 0.25)])
MODERN = date(2020, 4, 1)


@dataclass(frozen=True, slots=True)
class Writing:
    """A name and reading as they stand on a contract. `form` says how it came about, for the truth."""

    name: str
    kana: str
    form: str

    @property
    def old_style(self) -> bool:
        """Whether the name itself is in kana."""
        return self.form in OLD_FORMS


def is_old_style(*, retailer: Retailer, day: date, dice: Dice) -> bool:
    """Tell whether this retailer's records of this day still come from katakana files."""
    tidy = 0.85 if retailer.affiliate and day >= MODERN else retailer.tidy
    return not dice.chance(0.12 if retailer.affiliate and day < date(2016, 5, 1) else tidy)


def write(*, entity: Entity, retailer: Retailer, day: date, dice: Dice, partner: str = "") -> Writing:
    """Return how this retailer writes the name of `entity` on a contract that begins on `day`.

    The affiliate's files are CP932: what that cannot hold is written with the common character.
    """
    old = is_old_style(retailer=retailer, day=day, dice=dice)
    if entity.kind == "person":
        writing = _person(entity, old, dice, partner)
    elif entity.kind == "company":
        writing = _company(entity, old, dice)
    else:
        writing = _device(entity, old, dice)
    if retailer.affiliate and not encodable(writing.name, "cp932"):
        return Writing(plain(writing.name), writing.kana, "plain")
    return writing


def _person(entity: Entity, old: bool, dice: Dice, partner: str) -> Writing:
    person = entity.someone
    form = dice.draw(_OLD if old else _NEW)
    if form == "couple" and not partner:
        form = "kanji"
    kana = "" if old or not dice.chance(0.75) else person.kana
    if kana and dice.chance(0.3):
        kana = halfwidth(kana)
    name = _person_forms(person, form, partner)
    if entity.shop and not old and dice.chance(0.6):
        name = f"{entity.shop}　{name}"
    return Writing(name, kana, form)


def _person_forms(person: PersonName, form: str, partner: str) -> str:
    if form in OLD_FORMS:
        wide = person.kana.replace(" ", "　")
        return {"kana": wide, "halfwidth": halfwidth(wide), "bank": bank_style(wide)}[form]
    name = person.kanji
    return {
        "plain": plain(name),
        "tight": name.replace("　", ""),
        "narrow": name.replace("　", " "),
        "couple": f"{name}・{partner}",
        "care_of": f"{_HOUSES[len(name) % len(_HOUSES)]}様方　{name}",
    }.get(form, name)


_HOUSES = ("水野", "大西", "片山", "久保")


def _company(entity: Entity, old: bool, dice: Dice) -> Writing:
    company = entity.firm
    form = dice.draw(_OLD_COMPANY if old else _NEW_COMPANY)
    name = company.written(form)
    branch = f"　{entity.branch}" if entity.branch and form not in ("bank", "kana") else ""
    return Writing(name + branch, company.written("kana") if dice.chance(0.4) else "", form)


def _device(entity: Entity, old: bool, dice: Dice) -> Writing:
    kind, city, serial = entity.machine
    form = dice.draw(_OLD_DEVICE if old else _NEW_DEVICE)
    if kind == "lamp":
        name = companies.lamp_name(city=city, serial=serial, style=form)
    elif kind == "signal":
        name = companies.signal_name(city=city, serial=serial, style=form)
    else:
        name = companies.vending_name(serial=serial, style=form)
    return Writing(name, "", form)


def change_between(before: Writing, after: Writing) -> str:
    """Return what a switch did to the name: `same`, `kana_to_kanji`, `kanji_to_kana` or `writing`."""
    if before.name == after.name:
        return "same"
    if before.old_style != after.old_style:
        return "kana_to_kanji" if before.old_style else "kanji_to_kana"
    return "writing"
