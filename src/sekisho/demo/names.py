"""People's names: surnames by population with readings, given names by year of birth, and the ways in which
offices write them.

Surnames, populations and readings come from japanese-personal-name-dataset (MIT). The persons are invented.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import jaconv
from japanese_personal_name_dataset import FirstNameEntry, load_dataset

from sekisho.demo.dice import Dice, Urn
from sekisho.demo.lists import lists

# Surnames that the dataset lists once, but families write in several ways; the first is the dataset's.
# The share is the chance that a family's own writing is another than the listed one.
VARIANTS: dict[str, tuple[float, tuple[str, ...]]] = {
    "高橋": (0.12, ("髙橋",)),
    "渡辺": (0.25, ("渡邊", "渡邉")),
    "斎藤": (0.25, ("齋藤", "齊藤")),
    "斉藤": (0.15, ("齊藤",)),
    "山崎": (0.10, ("山﨑",)),
    "高田": (0.10, ("髙田",)),
    "高木": (0.10, ("髙木",)),
    "高野": (0.10, ("髙野",)),
    "浜田": (0.35, ("濱田", "濵田")),
    "沢田": (0.30, ("澤田",)),
    "桜井": (0.25, ("櫻井",)),
    "広瀬": (0.25, ("廣瀬", "廣瀨")),
    "中島": (0.15, ("中嶋", "中嶌")),
    "吉田": (0.12, ("𠮷田",)),
    "吉川": (0.12, ("𠮷川",)),
    "吉村": (0.12, ("𠮷村",)),
    "辻": (0.30, ("辻\U000e0100",)),
    "岡崎": (0.10, ("岡﨑",)),
    "宮崎": (0.12, ("宮﨑",)),
    "国分": (0.20, ("國分",)),
    "広田": (0.25, ("廣田",)),
    "滝川": (0.25, ("瀧川",)),
    "関": (0.10, ("關",)),
    "小沢": (0.25, ("小澤",)),
    "宮沢": (0.25, ("宮澤",)),
    "大沢": (0.20, ("大澤",)),
    "島田": (0.15, ("嶋田", "嶌田")),
    "真田": (0.15, ("眞田",)),
    "黒田": (0.08, ("黑田",)),
}
# A second reading that some families use: the same characters, another person's kana.
SECOND_READING = {
    "中島": "なかしま",
    "山崎": "やまざき",
    "東": "ひがし",
    "新谷": "しんたに",
    "上村": "うえむら",
    "河野": "かわの",
    "角田": "つのだ",
    "菅野": "すがの",
}
_SMALL = str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ")


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name as its bearer writes it, and its reading in full-width katakana."""

    surname: str
    given: str
    surname_kana: str
    given_kana: str

    @property
    def kanji(self) -> str:
        """The name with an ideographic space."""
        return f"{self.surname}　{self.given}" if self.given else self.surname

    @property
    def kana(self) -> str:
        """The reading with a plain space."""
        return f"{self.surname_kana} {self.given_kana}".strip()


@lru_cache(maxsize=1)
def surnames() -> Urn[tuple[str, str]]:
    """Return (surname, katakana reading) by population."""
    listed = load_dataset(include_last_names=True)[2]
    return Urn(
        [((kanji, katakana(str(entry["reading"]))), float(entry["count"])) for kanji, entry in listed.items()]
    )


@lru_cache(maxsize=2)
def given_names(male: bool) -> dict[int, Urn[tuple[str, str]]]:
    """Return (given name, katakana reading) by first year of birth: everyday ones and a tail."""
    tail = _tail(male)
    eras = [line for line in lists("given_names.txt") if line[0] == ("M" if male else "F")]
    return {int(line[1]): Urn(_everyday(line[2:]) + tail) for line in eras}


def katakana(hiragana: str) -> str:
    """Return full-width katakana."""
    return jaconv.hira2kata(hiragana)


def halfwidth(text: str) -> str:
    """Return half-width kana, digits and spaces, as the old system prints them."""
    return jaconv.z2h(text.replace("　", " "), kana=True, digit=True, ascii=True)


def bank_style(kana: str) -> str:
    """Return half-width kana without small letters, as banks write them."""
    return halfwidth(kana.translate(_SMALL))


def plain(text: str) -> str:
    """Return the common characters for the rare ones, as a clerk types them: 髙→高, 邊→辺."""
    stripped = "".join(c for c in text if not unicodedata.combining(c) and not 0xE0100 <= ord(c) <= 0xE01EF)
    return stripped.translate(_PLAIN)


def encodable(text: str, encoding: str) -> bool:
    """Tell whether a file in this encoding can hold the text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


class NameBook:
    """Draws families and persons."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice

    def family(self) -> tuple[str, str]:
        """Return a family's surname as it writes it, and its reading."""
        kanji, kana = self.dice.draw(surnames())
        if kanji in SECOND_READING and self.dice.chance(0.3):
            kana = katakana(SECOND_READING[kanji])
        share, writings = VARIANTS.get(kanji, (0.0, ()))
        return (self.dice.pick(writings) if writings and self.dice.chance(share) else kanji), kana

    def given(self, *, male: bool, born: int) -> tuple[str, str]:
        """Return a given name and reading that fit the year of birth."""
        eras = given_names(male)
        year = max((first for first in eras if first <= born), default=min(eras))
        return self.dice.draw(eras[year])

    def person(self, *, male: bool, born: int, family: tuple[str, str] | None = None) -> PersonName:
        """Return a whole name."""
        surname, surname_kana = family or self.family()
        given, given_kana = self.given(male=male, born=born)
        return PersonName(surname, given, surname_kana, given_kana)

    def foreigner(self) -> PersonName:
        """Return a name that does not come from the lists: middle names, Latin letters."""
        culture = self.dice.pick(lists("foreign.txt"))
        middle = culture.index("|")
        family, given = (
            self.dice.pick(part).split("/") for part in (culture[1:middle], culture[middle + 1 :])
        )
        blank = " " if culture[0] == "english" else "　"
        written = f"{family[0]}{blank}{given[0]}".replace("＿", "　").replace("_", " ")
        return PersonName(written, "", f"{family[1]} {given[1]}".replace("_", " "), "")

    def twins(self, family: tuple[str, str], *, male: bool) -> tuple[PersonName, PersonName]:
        """Return two names of one family that differ in one character."""
        pairs = [line[2:] for line in lists("given_names.txt") if line[:2] == ("twins", "M" if male else "F")]
        first, second = (name.split("/") for name in self.dice.pick(pairs))
        return (
            PersonName(family[0], first[0], family[1], katakana(first[1])),
            PersonName(family[0], second[0], family[1], katakana(second[1])),
        )


def _everyday(listed: Sequence[str]) -> list[tuple[tuple[str, str], float]]:
    pairs = [entry.split("/") for entry in listed]
    return [((kanji, katakana(kana)), 30.0 / (rank + 6)) for rank, (kanji, kana) in enumerate(pairs)]


def _tail(male: bool) -> list[tuple[tuple[str, str], float]]:
    """The dataset's popular readings in their two most ordinary writings, an eighth of all bearers."""
    men, women = load_dataset(kind="opti")
    known = men if male else women
    frequency = _character_frequency(known)
    pairs = [
        (kanji, katakana(kana))
        for kana, entry in known.items()
        for kanji in sorted(entry["kanji"], key=lambda k: (-_ordinary(k, frequency), k))[:2]
        if re.fullmatch(r"[一-鿿々]{1,3}", kanji)
    ]
    weight = sum(30.0 / (rank + 6) for rank in range(26)) / 7 / len(pairs)
    return [(pair, weight) for pair in pairs]


def _character_frequency(known: Mapping[str, FirstNameEntry]) -> dict[str, int]:
    frequency: dict[str, int] = {}
    for entry in known.values():
        for character in "".join(entry["kanji"]):
            frequency[character] = frequency.get(character, 0) + 1
    return frequency


def _ordinary(kanji: str, frequency: dict[str, int]) -> float:
    return (
        sum(frequency.get(character, 0) for character in kanji) / len(kanji) / (1 + 0.3 * (len(kanji) == 3))
    )


_PLAIN = str.maketrans("髙邊邉齋齊﨑濱濵澤櫻廣瀨嶋嶌𠮷國瀧關眞黑", "高辺辺斎斉崎浜浜沢桜広瀬島島吉国滝関真黒")
