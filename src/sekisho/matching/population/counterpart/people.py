"""People: who they are, their relatives, and residents whose names come from abroad."""

from dataclasses import dataclass

from .dice import Dice, urn
from .readings import Name, Names
from .shares import SHARE
from .words import (
    CHINESE_FAMILY,
    CHINESE_GIVEN,
    GLYPHS,
    KANA_GIVEN,
    KOREAN_FAMILY,
    KOREAN_GIVEN,
    VIETNAMESE,
    VIETNAMESE_GIVEN,
    VIETNAMESE_MIDDLE,
    WESTERN_FAMILY,
    WESTERN_GIVEN,
)

ORIGINS = urn({"chinese": 0.30, "korean": 0.28, "vietnamese": 0.20, "western": 0.22})
MOBILE = ("070", "080", "090")
AREAS = (
    "06-0{:03d}-{:04d}",
    "072-0{:02d}-{:04d}",
    "075-0{:02d}-{:04d}",
    "078-0{:02d}-{:04d}",
    "077-0{:02d}-{:04d}",
    "0742-0{:01d}-{:04d}",
)


NOTHING = Name("", "")


@dataclass(slots=True, eq=False)
class Person:
    """One person over all addresses. `home` is the name as said in the country of origin, `latin` its Latin spelling."""

    party: int
    gender: str
    family: Name
    given: Name
    phone: str
    origin: str = "japan"
    middle: Name = NOTHING
    home: tuple[str, str] = ("", "")
    latin: str = ""
    alias: tuple[Name, Name] | None = None
    glyph: tuple[str, str] | None = None
    former: Name | None = None
    married_on: int = 0
    spouse: Name | None = None

    def surname(self, day: int) -> Name:
        """The surname on a day (ordinal)."""
        return self.former if self.former and day < self.married_on else self.family


def impossible_phone(dice: Dice, *, mobile: bool) -> str:
    """A telephone number that cannot exist: the digit after the area or carrier code is 0."""
    if mobile:
        return f"{dice.pick(MOBILE)}-0{dice.below(1000):03d}-{dice.below(10000):04d}"
    return dice.pick(AREAS).format(dice.below(10), dice.below(10000))


class People:
    """Bears people and their relatives; every person gets a new party number."""

    def __init__(self, dice: Dice, names: Names) -> None:
        self._dice = dice
        self._names = names
        self.parties = 0

    def party(self) -> int:
        """A fresh party number."""
        self.parties += 1
        return self.parties

    def stranger(self, *, woman: float) -> Person:
        """Somebody, a woman with this chance."""
        dice = self._dice
        gender = "f" if dice.chance(woman) else "m"
        phone = impossible_phone(dice, mobile=dice.chance(0.72))
        if dice.chance(SHARE["foreign"]):
            return self._foreigner(gender, phone)
        return self._marked(
            Person(self.party(), gender, self._names.surnames.draw(dice), self.given(gender), phone)
        )

    def given(self, gender: str) -> Name:
        """A given name; some women of the oldest generations have one without kanji."""
        dice = self._dice
        if gender == "f" and dice.chance(SHARE["old_woman_kana_name"]):
            kana = dice.pick(KANA_GIVEN)
            written = kana if dice.chance(0.6) else "".join(chr(ord(c) - 0x60) for c in kana)
            return Name(written, kana)
        return self._names.given[gender].draw(dice)

    def _marked(self, person: Person) -> Person:
        """Perhaps with a 異体字 in the family register."""
        for character in person.family.spelling + person.given.spelling:
            if character in GLYPHS:
                if self._dice.chance(SHARE["glyph_in_register"]):
                    person.glyph = (character, self._dice.pick(GLYPHS[character]))
                break
        return person

    def spouse(self, person: Person) -> Person:
        """Husband or wife, with the same surname and household telephone."""
        gender = "m" if person.gender == "f" else "f"
        return self._kin(person, gender, self.given(gender))

    def _kin(self, person: Person, gender: str, given: Name) -> Person:
        if person.origin in ("vietnamese", "western", "chinese", "korean"):
            return self._foreign_kin(person)
        phone = person.phone if self._dice.chance(0.4) else impossible_phone(self._dice, mobile=True)
        kin = Person(self.party(), gender, person.family, given, phone)
        kin.glyph = person.glyph if person.glyph and person.glyph[0] in person.family.spelling else None
        return kin

    def _foreign_kin(self, person: Person) -> Person:
        """A relative from abroad keeps the family name and nothing else."""
        while True:
            kin = self._foreigner("f" if person.gender == "m" else "m", person.phone, person.origin)
            if kin.given != person.given:
                break
        if person.origin in ("vietnamese", "western"):
            kin.family = person.family
            kin.latin = " ".join(
                part for part in (kin.family.spelling, kin.middle.spelling, kin.given.spelling) if part
            )
        return kin

    def child(self, person: Person) -> tuple[Person, str]:
        """Son or daughter, and how alike the names are: "" or a tag."""
        dice = self._dice
        gender = "m" if dice.chance(0.72) else "f"
        roll = dice.roll()
        if person.origin == "japan" and gender == person.gender:
            if roll < SHARE["heir_same_sound"]:
                return self._like(person, gender, self._homophone(person), "same_sound")
            if roll < SHARE["heir_same_sound"] + SHARE["heir_shares_sound"]:
                return self._like(person, gender, self._near_sound(person), "near_sound")
            if roll < SHARE["heir_shares_kanji"] + SHARE["heir_shares_sound"]:
                return self._like(person, gender, self._near_spelling(person), "shared_kanji")
        return self._like(person, gender, self.given(gender), "")

    def _like(self, person: Person, gender: str, given: Name, tag: str) -> tuple[Person, str]:
        while given == person.given:
            given, tag = self.given(gender), ""
        return self._kin(person, gender, given), tag

    def twin(self, person: Person) -> Person:
        """The other twin: one kanji of the given name differs."""
        return self._like(person, person.gender, self._near_spelling(person), "")[0]

    def _homophone(self, person: Person) -> Name:
        alike = self._names.by_sound.get((person.gender, person.given.kana), [person.given])
        return self._dice.pick(alike)

    def _near_spelling(self, person: Person) -> Name:
        """Another name of as many characters with the same first one."""
        listed = self._names.by_first.get((person.gender, person.given.spelling[0]), [])
        alike = [
            n for n in listed if len(n.spelling) == len(person.given.spelling) and n.kana != person.given.kana
        ]
        return self._dice.pick(alike) if alike else person.given

    def _near_sound(self, person: Person) -> Name:
        """Another name that shares its first character and all but the end of its reading."""
        stem = person.given.kana[:-1]
        listed = self._names.by_first.get((person.gender, person.given.spelling[0]), [])
        alike = [n for n in listed if n.kana != person.given.kana and n.kana[:-1] == stem]
        return self._dice.pick(alike) if alike else self._near_spelling(person)

    def homophone_of(self, person: Person) -> Name:
        """What an operator types who heard the given name: some spelling of the same sound."""
        return self._homophone(person)

    def misread(self, person: Person) -> str:
        """What a clerk reads who sees the given name: any reading of the spelling."""
        return self._dice.pick(self._names.readings.get(person.given.spelling, [person.given.kana]))

    def marry(self, person: Person, day: int) -> None:
        """The person takes another surname on a day (ordinal)."""
        person.former, person.family, person.married_on = (
            person.family,
            self._names.surnames.draw(self._dice),
            day,
        )
        if person.glyph and person.glyph[0] not in person.given.spelling:
            person.glyph = None

    def _foreigner(self, gender: str, phone: str, origin: str = "") -> Person:
        origin = origin or ORIGINS.draw(self._dice)
        person = (
            self._from_kanji(gender, phone, origin)
            if origin in ("chinese", "korean")
            else self._from_latin(gender, phone, origin)
        )
        person.origin = origin
        return person

    def _from_kanji(self, gender: str, phone: str, origin: str) -> Person:
        dice = self._dice
        family, given = (
            (CHINESE_FAMILY, CHINESE_GIVEN) if origin == "chinese" else (KOREAN_FAMILY, KOREAN_GIVEN)
        )
        f, g = dice.pick(family), dice.pick(given)
        person = Person(self.party(), gender, Name(f[0], f[1]), Name(g[0], g[1]), phone)
        person.home, person.latin = (f[2], g[2]), f"{f[3]} {g[3]}"
        if dice.chance(SHARE["common_name"]):
            person.alias = (self._names.surnames.draw(dice), self.given(gender))
        return person

    def _from_latin(self, gender: str, phone: str, origin: str) -> Person:
        dice = self._dice
        if origin == "vietnamese":
            parts = [dice.pick(VIETNAMESE), dice.pick(VIETNAMESE_MIDDLE), dice.pick(VIETNAMESE_GIVEN)]
        else:
            middle = dice.pick(WESTERN_FAMILY) if dice.chance(0.3) else ("", "")
            parts = [dice.pick(WESTERN_FAMILY), middle, dice.pick(WESTERN_GIVEN)]
        family, second, given = (Name(*part) for part in parts)
        person = Person(self.party(), gender, family, given, phone, middle=second)
        person.latin = " ".join(part[0] for part in parts if part[0])
        return person
