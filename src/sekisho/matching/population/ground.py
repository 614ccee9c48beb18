"""Addresses: unique places on real towns, and the many ways one address is written down.

Every place gets its own lot number in its town: chunk c of n takes every n-th number, so chunks made
apart never collide. Two thirds of Japan's towns count 番地, the rest 丁目・番・号; Kyoto has street
names, villages have 字, and a house may lie at 三丁目 or 3 or ３. The writing of each record is drawn
apart from the place, so what is equal is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from sekisho.kernel.errors import WrongUse

from . import postal, words
from .tables import table
from .timeline import Flags
from .vocabulary import Form, Index, Vocabulary, pick, replaced, vocabulary

_URBAN_LOTS, _RURAL_LOTS = 1009, 6007
_CITY_WEIGHT = 6.0
_LARGEST_NUMBER = 30_000

# 政令市の区の再編・合併前の市名: records of ① are old enough to carry them
OLD_CITIES: dict[str, str] = table()["old_cities"]


@dataclass(frozen=True)
class Ground:
    """The towns of an area; `size` rows."""

    size: int
    weight: npt.NDArray[np.float64]
    prefecture: pl.Series
    city: pl.Series
    short_city: pl.Series  # without the county, or the city's name before a merger
    town: pl.Series
    other_town: pl.Series  # ヶ for ケ, with 大字, の for 之
    code: pl.Series
    area: pl.Series  # first two digits of supply points
    urban: Flags  # counts 丁目・番・号
    rural: Flags  # has 字
    streets: tuple[tuple[str, ...], ...]  # Kyoto: streets in front of the town
    names: Vocabulary  # towns' names as words for companies
    name_of_town: Index

    def names_near(self, town: Index) -> Index:
        """A place word for companies in each town (of that town when it is short enough)."""
        return self.name_of_town[town]

    def owner(self, town: Index, kind: str, kana: Flags) -> pl.Series:
        """Who looks after a device there: the municipality, a residents' association or the police."""
        return _owners(self, kind).gather(town + np.where(kana, self.size, 0))


@lru_cache(maxsize=4)
def load(area: str) -> Ground:
    """The towns of an area: `japan` or a two-digit area code (06 is Kansai).

    Raises WrongUse when the area has no towns.
    """
    rows = [
        row
        for row in postal.towns()
        if area == "japan" or postal.AREA_OF_PREFECTURE[row["prefecture"]] == area
    ]
    if not rows:
        raise WrongUse(f"供給区域は japan または 01~10 です: {area}", f"area is japan or 01 to 10: {area}")
    urban = np.array([bool(row["chome"]) for row in rows])
    town = [row["neighborhood"] for row in rows]
    kyoto = np.array([row["city"].startswith("京都市") for row in rows])
    rural = ~urban & ~kyoto & np.array([not name.endswith(("町", "丁", "番丁")) for name in town])
    names, name_of_town = _town_words(rows)
    return Ground(
        size=len(rows),
        weight=np.where(urban, _CITY_WEIGHT, np.where(kyoto, 2.0, 1.0)),
        prefecture=pl.Series([row["prefecture"] for row in rows]),
        city=pl.Series([row["city"] for row in rows]),
        short_city=pl.Series([_short_city(row["city"]) for row in rows]),
        town=pl.Series(town),
        other_town=pl.Series(
            [_other_town(name, bool(is_rural)) for name, is_rural in zip(town, rural, strict=True)]
        ),
        code=pl.Series([row["postal_code"] for row in rows]),
        area=pl.Series([postal.AREA_OF_PREFECTURE[row["prefecture"]] for row in rows]),
        urban=urban,
        rural=rural,
        streets=tuple(_streets(row) for row in rows),
        names=names,
        name_of_town=name_of_town,
    )


def _short_city(city: str) -> str:
    if city in OLD_CITIES:
        return OLD_CITIES[city]
    return city.split("郡", 1)[1] if "郡" in city[1:-2] and not city.endswith("市") else city


def _other_town(name: str, rural: bool) -> str:
    for plain, other in (("ケ", "ヶ"), ("ヶ", "ケ"), ("ノ", "の"), ("之", "の"), ("ツ", "ッ")):
        if plain in name[1:-1]:
            return name.replace(plain, other)
    return f"大字{name}" if rural else name


def _streets(row: dict[str, str]) -> tuple[str, ...]:
    note = row["note"] or ""
    if not row["city"].startswith("京都市") or "通" not in note:
        return ()
    return tuple(street for street in note.split("、") if "（" not in street and "「" not in street)


def _town_words(rows: list[dict[str, str]]) -> tuple[Vocabulary, Index]:
    """Distinct short town names with the post's reading, and for each town the word to use."""
    short: dict[str, str] = {}
    for row in rows:
        if 2 <= len(row["neighborhood"]) <= 3 and len(row["neighborhood_kana"]) <= 7:
            short.setdefault(row["neighborhood"], row["neighborhood_kana"])
    order = {name: index for index, name in enumerate(short)}
    near = np.zeros(len(rows), dtype=np.int64)
    latest = 0
    for index, row in enumerate(rows):
        latest = order.get(row["neighborhood"], latest)
        near[index] = latest
    return vocabulary(text=list(short), kana=[_letters_only(kana) for kana in short.values()]), near


def _letters_only(kana: str) -> str:
    return "".join(char for char in kana if "ァ" <= char <= "ー") or "マチ"


@lru_cache(maxsize=8)
def _owner_rows(area: str, kind: str) -> tuple[str, ...]:
    ground = load(area)
    rows = {(row["prefecture"], row["city"], row["neighborhood"]): row for row in postal.towns()}
    keys = zip(ground.prefecture, ground.city, ground.town, strict=True)
    chosen = [rows[key] for key in keys]
    if kind == "city":
        return (*[row["city"] for row in chosen], *[row["city_kana"] for row in chosen])
    if kind == "police":
        kanji = [f"{row['prefecture']}警察本部" for row in chosen]
        return (*kanji, *[f"{row['prefecture_kana']}ケイサツホンブ" for row in chosen])
    kanji = [f"{row['neighborhood']}自治会" for row in chosen]
    return (*kanji, *[f"{_letters_only(row['neighborhood_kana'])}ジチカイ" for row in chosen])


def _owners(ground: Ground, kind: str) -> pl.Series:
    areas = set(ground.area.unique().to_list())
    return pl.Series(_owner_rows("japan" if len(areas) > 1 else areas.pop(), kind))


@dataclass(frozen=True)
class Sites:
    """Places; one entry a place, 0 or -1 where a thing does not apply."""

    town: Index
    chome: Index
    ban: Index
    go: Index
    hamlet: Index
    street: Index
    building: Index  # 0 … buildings, then offices
    wing: Index  # 0: none, else a number behind the building's name


def sites(
    rng: np.random.Generator, ground: Ground, *, count: int, built: Index, chunk: int, chunks: int
) -> Sites:
    """`count` places no other chunk has; `built` is 0 house, 1 flats, 2 offices, 3 roadside."""
    town = pick(rng, ground.weight, count)
    number = _rank_in_town(town) * chunks + chunk
    urban = ground.urban[town]
    chomes = 2 + town % 5
    scattered = np.where(
        urban, _scatter(number // chomes, town, _URBAN_LOTS), _scatter(number, town, _RURAL_LOTS)
    )
    library = words.library()
    flats, offices = library["buildings"].size, library["offices"].size
    building = np.where(built == 1, rng.integers(0, flats, count), flats + rng.integers(0, offices, count))
    return Sites(
        town=town,
        chome=np.where(urban, (number + town) % chomes + 1, 0),
        ban=np.where(urban, scattered // 19, scattered // 5) + 1,
        go=np.where(urban, scattered % 19 + 1, scattered % 5),
        hamlet=np.where(
            ground.rural[town] & (town % 3 == 0), (town + scattered // 150) % library["hamlets"].size, -1
        ),
        street=_street_of(ground)[town],
        building=np.where(np.isin(built, [1, 2]), building, -1),
        wing=np.where(rng.random(count) < 0.15, rng.integers(1, 4, count), 0),
    )


def _street_of(ground: Ground) -> Index:
    """The first of the streets of each town in `_street_table`, -1 when it has none."""
    sizes = np.array([len(streets) for streets in ground.streets])
    return np.where(sizes > 0, np.cumsum(sizes) - sizes, -1)


def _rank_in_town(town: Index) -> Index:
    order = np.argsort(town, kind="stable")
    ordered = town[order]
    rank = np.empty(len(town), dtype=np.int64)
    rank[order] = np.arange(len(town)) - np.searchsorted(ordered, ordered, side="left")
    return rank


def _scatter(number: Index, town: Index, lots: int) -> Index:
    """A bijection that spreads neighbouring numbers over the town's lots."""
    factor = 37 + 2 * (town % 89)
    return ((number % lots) * factor + town * 211) % lots + number // lots * lots


# One way of writing a lot: digits (0 half, 1 full, 2 kanji) of 丁目 and of the rest, what follows 丁目, then
# between and behind 番・号 in a town of 丁目, then behind a lone 番地 and between 番地 and its branch.
_WAYS: tuple[tuple[int, int, str, str, str, str, str, float], ...] = (
    (0, 0, "丁目", "番", "号", "番地", "番地", 0.17),
    (2, 0, "丁目", "番", "号", "番地", "番地", 0.14),
    (0, 0, "-", "-", "", "", "-", 0.17),
    (0, 0, "丁目", "-", "", "番地", "-", 0.12),
    (1, 1, "－", "－", "", "", "－", 0.08),
    (1, 1, "丁目", "番", "号", "番地", "番地", 0.08),
    (1, 1, "丁目", "－", "", "番地", "－", 0.05),
    (0, 0, "‐", "‐", "", "", "‐", 0.02),
    (0, 0, "−", "−", "", "", "−", 0.03),
    (0, 0, "ー", "ー", "", "", "ー", 0.02),
    (1, 1, "―", "―", "", "", "―", 0.01),
    (2, 2, "丁目", "番", "号", "番地", "番地", 0.02),
    (0, 0, "丁目", "番地", "", "番地", "番地の", 0.04),
    (0, 0, "の", "の", "", "", "の", 0.02),
    (2, 0, "丁目", "ノ", "", "番地", "ノ", 0.01),
    (0, 0, "丁目", "番", "", "番", "番", 0.02),
)
WAY_WEIGHTS = np.array([way[-1] for way in _WAYS])


@lru_cache(maxsize=1)
def _digits() -> pl.Series:
    """Numbers in three writings, `_LARGEST_NUMBER` rows each."""
    half = [str(number) for number in range(_LARGEST_NUMBER)]
    full = str.maketrans("0123456789", "０１２３４５６７８９")
    return pl.Series(
        [*half, *(text.translate(full) for text in half), *map(_kanji_number, range(_LARGEST_NUMBER))]
    )


def _kanji_number(number: int) -> str:
    """二百三十四; zero stays 〇."""
    if number == 0:
        return "〇"
    parts = []
    for value, sign in ((10_000, "万"), (1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, value)
        if digit:
            head = "" if digit == 1 and value in (10, 100, 1000) else "〇一二三四五六七八九"[digit]
            parts.append(head + sign)
    return "".join(parts)


@dataclass(frozen=True)
class Manner:
    """How each record writes an address; one entry a record."""

    way: Index
    city: Flags  # the full city with its county, under its present name
    prefecture: Flags
    other_town: Flags
    hamlet: Flags
    street: Flags
    building: Flags
    room: Index  # number of the room, 0 when not written
    chance: npt.NDArray[np.float64]


def addresses(ground: Ground, place: Sites, index: Index, manner: Manner, *, roadside: Flags) -> pl.Series:
    """The address of each record as written; `index` is its place."""
    town = place.town[index]
    nothing = pl.Series([""], dtype=pl.String).gather(np.zeros(len(index), dtype=np.int64))
    prefecture = _shown(nothing, manner.prefecture, ground.prefecture.gather(town))
    city = _shown(ground.short_city.gather(town), manner.city, ground.city.gather(town))
    name = _shown(ground.town.gather(town), manner.other_town, ground.other_town.gather(town))
    gap = pl.Series(np.where(manner.chance < 0.06, "　", ""))
    front = prefecture + city + gap + _street(ground, place, index, manner, nothing) + name
    lot = _hamlet(place, index, manner, nothing) + _lot(place, index, manner)
    beside = pl.Series(np.where(manner.chance < 0.6, "地先", np.where(manner.chance < 0.8, "先", "付近")))
    tail = _shown(_rooms(place, index, manner, nothing), roadside, beside)
    return front + lot + tail


def _shown(otherwise: pl.Series, rows: Flags, values: pl.Series) -> pl.Series:
    return replaced(otherwise, rows, values.filter(pl.Series(rows)))


@lru_cache(maxsize=4)
def _street_table(streets: tuple[tuple[str, ...], ...]) -> pl.Series:
    return pl.Series([street for of_town in streets for street in of_town] or [""])


def _street(ground: Ground, place: Sites, index: Index, manner: Manner, nothing: pl.Series) -> pl.Series:
    rows = (place.street[index] >= 0) & manner.street
    table = _street_table(ground.streets)
    return _shown(nothing, rows, table.gather(np.maximum(place.street[index], 0)))


def _hamlet(place: Sites, index: Index, manner: Manner, nothing: pl.Series) -> pl.Series:
    rows = (place.hamlet[index] >= 0) & manner.hamlet
    mark = pl.Series(np.where(manner.chance < 0.7, "字", ""))
    names = words.library()["hamlets"].spell(
        np.maximum(place.hamlet[index], 0), np.zeros(len(index), np.int64)
    )
    return _shown(nothing, rows, mark + names)


def _lot(place: Sites, index: Index, manner: Manner) -> pl.Series:
    digits = _digits()
    first, rest = (np.array([way[side] for way in _WAYS])[manner.way] * _LARGEST_NUMBER for side in (0, 1))
    marks = [pl.Series([way[column] for way in _WAYS]).gather(manner.way) for column in range(2, 7)]
    after_chome, between, behind, alone, branch = marks
    chome, ban, go = place.chome[index], place.ban[index], place.go[index]
    urban = digits.gather(chome + first) + after_chome + digits.gather(ban + rest) + between
    urban = urban + digits.gather(go + rest) + behind
    lone = digits.gather(ban + rest) + alone
    branched = digits.gather(ban + rest) + branch + digits.gather(go + rest)
    return _shown(_shown(lone, go > 0, branched), chome > 0, urban)


def _rooms(place: Sites, index: Index, manner: Manner, nothing: pl.Series) -> pl.Series:
    """Building and room: グリーンハイツ201号室, ﾒｿﾞﾝ桜 201, -201, 3階."""
    library = words.library()
    names = pl.concat([library[kind].column for kind in ("buildings", "offices")])
    flats = library["buildings"]
    building = np.maximum(place.building[index], 0)
    office = building >= flats.size
    form = np.where(manner.chance > 0.88, int(Form.HALF), int(Form.KANJI))
    offset = np.where(office, flats.size * len(Form) + building - flats.size, building)
    step = np.where(office, library["offices"].size, flats.size)
    wing = pl.Series(["", "A棟", "B棟", "C棟"]).gather(place.wing[index])
    gap = pl.Series(np.where(manner.chance < 0.3, "　", np.where(manner.chance < 0.7, " ", "")))
    named = gap + names.gather(offset + form * step) + wing
    has_name = (place.building[index] >= 0) & manner.building
    front = _shown(nothing, has_name, named)
    return front + _shown(nothing, manner.room > 0, _room(manner, has_name, office))


def _room(manner: Manner, named: Flags, office: Flags) -> pl.Series:
    # a room without a building's name has to be set off from the lot number
    hyphen = ~named & (manner.chance < 0.5)
    before = pl.Series(np.where(hyphen, "-", np.where(named & (manner.chance < 0.5), "", " ")))
    digits = _digits().gather(manner.room + np.where(manner.chance > 0.85, _LARGEST_NUMBER, 0))
    suffix = np.where(
        hyphen, "", np.where(manner.chance < 0.4, "号室", np.where(manner.chance < 0.7, "", "号"))
    )
    floor = np.where(manner.chance < 0.5, "階", "F")
    # an unnamed office floor as a bare number would read as a further lot number
    return before + digits + pl.Series(np.where(office & (manner.room < 100), floor, suffix))


def postal_codes(ground: Ground, town: Index, chance: npt.NDArray[np.float64]) -> pl.Series:
    """Seven digits, with a hyphen on half of the records, missing on one in twenty."""
    code = ground.code.gather(town)
    hyphened = code.str.slice(0, 3) + "-" + code.str.slice(3)
    return pl.select(
        pl.when(pl.Series(chance < 0.05))
        .then(None)
        .when(pl.Series(chance < 0.5))
        .then(code)
        .otherwise(hyphened)
    ).to_series()
