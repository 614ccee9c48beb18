"""How a name comes to stand in a file: scripts, bank style, glyphs, and the slips of whoever typed it."""

from dataclasses import dataclass

import jaconv

from .dice import Dice
from .people import People, Person
from .readings import Name
from .shares import SHARE
from .words import IVS_CHARACTERS

KATAKANA = [chr(c) for c in range(0x30A1, 0x30F7)]
HALF = {
    ord(c): jaconv.z2h(c, kana=True, ascii=False, digit=False) for c in [*KATAKANA, "ー", "・", "。", "、"]
}
HALF |= {
    ord("　"): " ",
    ord("（"): "(",
    ord("）"): ")",
    ord("ヵ"): "ｶ",
    ord("ヶ"): "ｹ",
    ord("ヮ"): "ﾜ",
    ord("ヴ"): "ｳﾞ",
}
HALF |= {c: chr(c - 0xFEE0) for c in range(0xFF10, 0xFF5B)}
FULL = {c: chr(c + 0xFEE0) for c in range(0x21, 0x7F)} | {0x20: "　"}
LARGE = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")
VOICED = dict(
    zip("カキクケコサシスセソタチツテトハヒフヘホ", "ガギグゲゴザジズゼゾダヂヅデドバビブベボ", strict=True)
)
UNVOICED = {v: k for k, v in VOICED.items()}
NEIGHBOURS = dict(zip("アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン",
                      "マリワユヨヤサタクユキツヌヤンクテシライメコスホソルセワハオアニレヌキワコラテソノルレウソ", strict=True))  # fmt: skip
REMARKS_KANA = ("(ﾊﾅﾚ)", "(ｿｳｺ)", "(ﾃﾝﾎﾟ)", "(ｼﾞﾀｸ)", " ｻﾏ", "(2F)", "ﾀｸ")
REMARKS_KANJI = ("（倉庫）", "（離れ）", "（店舗）", "　様", "（自宅）", "（２階）", "（ガレージ）")
TRUNCATED = 30  # half-width cells of ①'s name field


@dataclass(frozen=True, slots=True)
class Pen:
    """One way to write names: script ("kanji", "half", "half_bank", "full", "full_bank", "hira") and what parts them."""

    script: str
    gap: str
    dash: bool = False


@dataclass(slots=True)
class Written:
    """A written name, the reading it stands for (full-width katakana) and what happened to it."""

    text: str
    script: str
    kana: str
    marks: list[str]


def in_script(kana: str, pen: Pen) -> str:
    """A full-width katakana reading in the pen's kana script."""
    if pen.script.endswith("bank"):
        kana = kana.translate(LARGE)
    if pen.script == "hira":
        return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ン" else c for c in kana)
    if pen.script.startswith("half"):
        kana = kana.translate(HALF)
        return kana.replace("ｰ", "-") if pen.dash else kana
    return kana.translate(FULL)


def slipped(kana: str, dice: Dice) -> str:
    """One kana mistyped: replaced, doubled, dropped or exchanged."""
    at = dice.below(len(kana))
    how = dice.below(4)
    if how == 0:
        return kana[:at] + NEIGHBOURS.get(kana[at], "ラ") + kana[at + 1 :]
    if how == 1 and len(kana) > 2:
        return kana[:at] + kana[at + 1 :]
    if how == 2 and at + 1 < len(kana):
        return kana[:at] + kana[at + 1] + kana[at] + kana[at + 2 :]
    return kana[:at] + kana[at] + kana[at:]


def revoiced(kana: str, dice: Dice) -> str:
    """ナカジマ as ナカシマ or the reverse, not at the beginning."""
    places = [i for i, c in enumerate(kana) if i and (c in UNVOICED or c in VOICED)]
    if not places:
        return kana
    at = dice.pick(places)
    return kana[:at] + (UNVOICED.get(kana[at]) or VOICED[kana[at]]) + kana[at + 1 :]


class Penman:
    """Writes people's names with a pen on a day."""

    def __init__(self, dice: Dice, people: People) -> None:
        self._dice = dice
        self._people = people

    def person(self, person: Person, pen: Pen, day: int) -> Written:
        """The person's name as this card has it."""
        if person.origin != "japan":
            return self._foreign(person, pen)
        family, given, marks = person.surname(day), person.given, list[str]()
        if pen.script == "kanji":
            family, given = self._spelt(person, family, given, marks)
            text = self._kanji(family, given, pen, marks)
        else:
            family, given = self._sounded(person, family, given, marks)
            text = self._laid(in_script(family.kana, pen), in_script(given.kana, pen), pen.gap, marks)
        if person.former and day >= person.married_on and self._dice.chance(SHARE["maiden_in_brackets"]):
            text += (
                f"（旧姓{person.former.spelling}）"
                if pen.script == "kanji"
                else f"({in_script(person.former.kana, pen)})"
            )
        return Written(
            self._remarked(person, text, pen, marks), pen.script, family.kana + "　" + given.kana, marks
        )

    def _kanji(self, family: Name, given: Name, pen: Pen, marks: list[str]) -> str:
        if self._dice.chance(SHARE["ivs"]):
            family, given = self._selected(family, marks), self._selected(given, marks)
        if self._dice.chance(SHARE["mixed"]):
            marks.append("mixed")
            given = Name(in_script(given.kana, Pen("hira", "")), given.kana)
        return self._laid(family.spelling, given.spelling, pen.gap, marks)

    def _laid(self, family: str, given: str, gap: str, marks: list[str]) -> str:
        if self._dice.chance(SHARE["reversed"]):
            marks.append("reversed")
            family, given = given, family
        return family + gap + given

    def _remarked(self, person: Person, text: str, pen: Pen, marks: list[str]) -> str:
        dice = self._dice
        if dice.chance(SHARE["couple"]):
            marks.append("couple")
            person.spouse = person.spouse or self._people.given("m" if person.gender == "f" else "f")
            spelt = person.spouse.spelling if pen.script == "kanji" else in_script(person.spouse.kana, pen)
            return (
                text
                + dice.pick(("・", "　", "、") if pen.script in ("kanji", "full") else (" ", "･"))
                + spelt
            )
        if dice.chance(SHARE["remark"]):
            marks.append("remark")
            return text + dice.pick(REMARKS_KANA if pen.script.startswith("half") else REMARKS_KANJI)
        return text

    def _spelt(self, person: Person, family: Name, given: Name, marks: list[str]) -> tuple[Name, Name]:
        """Spellings with their 異体字, or the wrong kanji of an operator."""
        if self._dice.chance(SHARE["wrong_kanji"]):
            other = self._people.homophone_of(person)
            if other.spelling != given.spelling:
                marks.append("homophone")
            given = Name(other.spelling, given.kana)
        if person.glyph is None:
            return family, given
        kept = self._dice.chance(SHARE["glyph_is_kept"])
        marks.append("glyph_kept" if kept else "glyph_plain")
        return (
            (self._glyph(family, person.glyph), self._glyph(given, person.glyph)) if kept else (family, given)
        )

    def _glyph(self, name: Name, glyph: tuple[str, str]) -> Name:
        return Name(name.spelling.replace(*glyph), name.kana)

    def _selected(self, name: Name, marks: list[str]) -> Name:
        """With the variation selectors of a system that has them."""
        spelling = "".join(c + IVS_CHARACTERS.get(c, "") for c in name.spelling)
        if spelling != name.spelling:
            marks.append("ivs")
        return Name(spelling, name.kana)

    def _sounded(self, person: Person, family: Name, given: Name, marks: list[str]) -> tuple[Name, Name]:
        """Readings as heard, misheard, misread or mistyped."""
        roll = self._dice.roll()
        for habit in ("misread", "voicing_slip", "kana_slip"):
            if roll < SHARE[habit]:
                return self._erring(habit, person, family, given, marks)
            roll -= SHARE[habit]
        return family, given

    def _erring(
        self, habit: str, person: Person, family: Name, given: Name, marks: list[str]
    ) -> tuple[Name, Name]:
        dice = self._dice
        if habit == "misread":
            new = (family, Name(given.spelling, self._people.misread(person)))
        elif habit == "voicing_slip":
            new = (Name(family.spelling, revoiced(family.kana, dice)), given)
        elif dice.chance(0.5):
            new = (Name(family.spelling, slipped(family.kana, dice)), given)
        else:
            new = (family, Name(given.spelling, slipped(given.kana, dice)))
        if new != (family, given):
            marks.append(habit)
        return new

    def _foreign(self, person: Person, pen: Pen) -> Written:
        if person.alias and self._dice.chance(0.85):
            family, given = person.alias
            text = self._pair(family, given, pen)
            return Written(text, pen.script, family.kana + "　" + given.kana, ["alias"])
        if person.origin in ("chinese", "korean"):
            return self._from_kanji(person, pen)
        return self._from_latin(person, pen)

    def _pair(self, family: Name, given: Name, pen: Pen) -> str:
        if pen.script == "kanji":
            return family.spelling + pen.gap + given.spelling
        return in_script(family.kana, pen) + pen.gap + in_script(given.kana, pen)

    def _from_kanji(self, person: Person, pen: Pen) -> Written:
        at_home = self._dice.chance(0.85 if person.party % 5 else 0.1)
        kana = person.home if at_home else (person.family.kana, person.given.kana)
        family, given = Name(person.family.spelling, kana[0]), Name(person.given.spelling, kana[1])
        if pen.script == "kanji" and self._dice.chance(0.06):
            return Written(person.latin, "latin", "　".join(kana), [])
        return Written(self._pair(family, given, pen), pen.script, "　".join(kana), [])

    def _from_latin(self, person: Person, pen: Pen) -> Written:
        dice = self._dice
        parts = [part for part in (person.family, person.middle, person.given) if part.spelling]
        if person.origin == "western" and dice.chance(0.35):
            parts = [parts[-1], *parts[:-1]]
        kana = "　".join(part.kana for part in parts)
        if pen.script != "kanji" or dice.chance(0.35):
            pen = pen if pen.script != "kanji" else Pen("full", "　")
            return Written(
                (pen.gap or "").join(in_script(part.kana, pen) for part in parts), pen.script, kana, []
            )
        latin = " ".join(part.spelling for part in parts)
        how = dice.below(4)
        text = (latin, latin.title(), latin.translate(FULL), latin.replace(" ", "　").translate(FULL))[how]
        return Written(text, "latin", kana, [])


def truncated(text: str) -> str:
    """Cut to the cells of ①'s name field (half-width scripts only)."""
    return text[:TRUNCATED].rstrip()
