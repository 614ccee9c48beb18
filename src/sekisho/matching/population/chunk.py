"""One chunk of a population: parties, their homes, their contracts, and every record as written.

A chunk depends on nothing but the plan and its own number, so chunks can be made in any order, again
after a kill, or side by side, and are the same bytes each time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from . import ground as grounds
from . import lexicon as lexicons
from . import organisations, people, slices, timeline
from .profile import BLOCK, COMPANIES, DEVICES, PERSONS, Profile, cells_of
from .timeline import NEVER, Flags
from .vocabulary import FIRST_KANA_FORM, Form, Index, pick, replaced

KINDS = ("person", "company", "device")
_UNITS_A_CHUNK = 4_000_000
_SPREAD = 2_654_435_761  # odd and not a multiple of 5: a bijection modulo 10¹⁰
_FLATS = np.array([2, 4, 6, 8, 12, 20, 40, 80])
_FLAT_SHARES = np.array([0.12, 0.24, 0.24, 0.16, 0.12, 0.07, 0.04, 0.01])
_OFFICES = np.array([1, 2, 3, 5, 8, 12])
_OFFICE_SHARES = np.array([0.45, 0.2, 0.14, 0.1, 0.07, 0.04])
_POSTS = np.array([1, 2, 3])
_POST_SHARES = np.array([0.93, 0.05, 0.02])

KANA_FORMS = np.array([Form.KATAKANA, Form.HALF, Form.BANK_HALF, Form.BANK_FULL, Form.HIRAGANA, Form.BY_EAR])
KANA_SHARES = np.array([0.34, 0.34, 0.14, 0.12, 0.02, 0.04])
KANJI_FORMS = np.array([Form.KANJI, Form.VARIANT, Form.RARE])
KANJI_SHARES = np.array([0.86, 0.1, 0.04])
COLUMN_FORMS = np.array([Form.HALF, Form.KATAKANA, Form.BANK_HALF])
COLUMN_SHARES = np.array([0.5, 0.4, 0.1])
TRUTH_COLUMNS = ["truth_id", "party_id", "kind", "slices"]


@dataclass(frozen=True)
class Plan:
    """What a whole population is made of."""

    seed: int
    dictionary: str
    area: str
    chunks: int
    blocks: int  # of 1,354 parties in each chunk
    profile: Profile


@dataclass(frozen=True)
class Housing:
    """Which place and room each unit of one kind has; places are counted from 0 within the kind."""

    place: Index
    room: Index
    built: Index  # of each place: 0 house, 1 flats, 2 offices, 3 roadside
    shy: Flags  # of each place: its records seldom carry the room


@dataclass(frozen=True)
class Side:
    """Everything of one kind before its records are written."""

    kind: int
    who: timeline.Holders
    housing: Housing
    place: Index  # of each party, counted over the whole chunk
    room: Index


@dataclass(frozen=True)
class Scene:
    """What every kind's records are written from."""

    rng: np.random.Generator
    plan: Plan
    number: int
    ground: grounds.Ground
    lexicon: lexicons.Lexicon
    where: grounds.Sites


def make(plan: Plan, number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and truth of chunk `number` of `plan.chunks`, both in the same random order."""
    rng = np.random.default_rng([plan.seed, number])
    ground, lexicon = grounds.load(plan.area), lexicons.load(plan.dictionary)
    sides = _sides(rng, plan, number)
    built = np.concatenate([side.housing.built for side in sides])
    where = grounds.sites(rng, ground, count=len(built), built=built, chunk=number, chunks=plan.chunks)
    scene = Scene(rng, plan, number, ground, lexicon, where)
    both = pl.concat([_persons(scene, sides[0]), _companies(scene, sides[1]), _devices(scene, sides[2])])
    mixed = both[rng.permutation(len(both))]
    return mixed.drop(TRUTH_COLUMNS), mixed.select(TRUTH_COLUMNS)


def _sides(rng: np.random.Generator, plan: Plan, number: int) -> list[Side]:
    profile = plan.profile
    sides: list[Side] = []
    first_place = 0
    for kind, cells in enumerate((PERSONS, COMPANIES, DEVICES)):
        count = BLOCK[KINDS[kind]] * plan.blocks
        member, running = cells_of(cells, start=count * number, count=count, seed=plan.seed)
        join = (profile.predecessor, 0.4, 0.0)[kind]
        family = profile.family_successor if kind == 0 else 0.0
        who = timeline.holders(rng, member=member, running=running, join=join, family=family)
        housing = _housed(rng, profile, kind, int(who.unit.max()) + 1)
        place = housing.place[who.unit] + first_place
        sides.append(Side(kind, who, housing, place, housing.room[who.unit]))
        first_place += len(housing.built)
    return sides


def _grouped(
    rng: np.random.Generator, sizes: Index, shares: npt.NDArray[np.float64], count: int
) -> tuple[Index, Index]:
    """Deal `count` units into groups of drawn sizes: group of each unit, and its rank within."""
    drawn = sizes[pick(rng, shares, count)]
    ends = np.cumsum(drawn)
    group = np.searchsorted(ends, np.arange(count), side="right")
    rank = np.arange(count) - (ends - drawn)[group]
    return group.astype(np.int64), rank.astype(np.int64)


def _housed(rng: np.random.Generator, profile: Profile, kind: int, count: int) -> Housing:
    if kind == 0:
        return _homes(rng, profile, count)
    return _premises(rng, profile, count) if kind == 1 else _posts(rng, count)


def _homes(rng: np.random.Generator, profile: Profile, count: int) -> Housing:
    flats = int(count * profile.apartment)
    group, rank = _grouped(rng, _FLATS, _FLAT_SHARES, flats)
    buildings = int(group.max(initial=-1)) + 1
    second = np.r_[False, rng.random(max(count - flats - 1, 0)) < profile.second_home][: count - flats]
    house = buildings + np.cumsum(~second) - 1
    a_floor = np.array([2, 4, 6])[group % 3]
    room = (rank // a_floor + 1) * 100 + rank % a_floor + 1
    places = int(house.max(initial=buildings - 1)) + 1
    return Housing(
        place=np.r_[group, house].astype(np.int64),
        room=np.r_[room, np.zeros(count - flats, dtype=np.int64)],
        built=(np.arange(places) < buildings).astype(np.int64),
        shy=(np.arange(places) < buildings) & (rng.random(places) < profile.roomless_building),
    )


def _premises(rng: np.random.Generator, profile: Profile, count: int) -> Housing:
    group, rank = _grouped(rng, _OFFICES, _OFFICE_SHARES, count)
    places = int(group.max(initial=-1)) + 1
    size = np.bincount(group, minlength=places)
    room = np.where(group % 2 == 0, rank + 1, (rank // 2 + 1) * 100 + rank % 2 + 1)
    return Housing(
        place=group,
        room=np.where(size[group] > 1, room, 0),
        built=np.where(size > 1, 2, 0),
        shy=rng.random(places) < profile.roomless_building,
    )


def _posts(rng: np.random.Generator, count: int) -> Housing:
    group, _ = _grouped(rng, _POSTS, _POST_SHARES, count)
    places = int(group.max(initial=-1)) + 1
    return Housing(
        place=group,
        room=np.zeros(count, dtype=np.int64),
        built=np.full(places, 3),
        shy=np.zeros(places, dtype=bool),
    )


def _kin(rng: np.random.Generator, side: Side) -> Index:
    """The relative each person's surname comes from: the one before, or the house's first home."""
    unit, place = side.who.unit, side.place
    kin = np.where(side.who.family, side.who.previous, -1)
    opens = np.r_[True, unit[1:] != unit[:-1]]
    same_house = np.r_[False, place[1:] == place[:-1]] & opens & (side.room == 0)
    return np.where(same_house & (rng.random(len(unit)) < 0.8), np.arange(len(unit)) - 1, kin)


def _moves(rng: np.random.Generator, share: float, kin: Index) -> Index:
    """For each person the one whose name they bear: themselves, or who they were at another address."""
    moved_from = np.arange(len(kin))
    related = np.zeros(len(kin), dtype=bool)
    related[kin[kin >= 0]] = True
    free = rng.permutation(np.flatnonzero((kin < 0) & ~related))
    pairs = int(len(kin) * share / 2)
    moved_from[free[:pairs]] = free[pairs : 2 * pairs]
    return moved_from


def _persons(scene: Scene, side: Side) -> pl.DataFrame:
    rng, profile, lexicon = scene.rng, scene.plan.profile, scene.lexicon
    kin = _kin(rng, side)
    moved_from = _moves(rng, profile.moved, kin)
    folk = people.draw(rng, lexicon, profile, kin=kin, place=side.place, moved_from=moved_from)
    two = rng.random(len(kin)) < profile.two_points
    frame = timeline.records(rng, side.who, profile, two_points=two, renamed=folk.former >= 0)
    party = frame["party"].to_numpy()
    writing, manner = _written(scene, side, frame)
    writing = replace(
        writing, first=(folk.former[party] >= 0) & _opens(party) & (frame["system"].to_numpy() == 1)
    )
    name = people.names(folk, lexicon, party, writing)
    column = _column_forms(rng, profile, frame, writing.form)
    reading = people.readings(folk, lexicon, party, np.abs(column))
    lodging = (folk.landlord[party] >= 0) & (writing.chance >= people.LANDLORD_IN_NAME)
    landlord = lexicon.surnames.spell(
        folk.landlord[party[lodging]], np.zeros(int(lodging.sum()), dtype=np.int64)
    )
    tail = replaced(_blank(len(party)), lodging, "　" + landlord + "様方")
    tags = slices.of_people(folk, side.who, two) | _seen(side, frame, writing, manner)
    tags = tags | slices.variant(party, people.respelled(folk, lexicon, party, writing), len(kin))
    text = _Text(name=name, reading=_masked(reading, column >= 0), tail=tail, number=None)
    return _frame(scene, side, frame, manner, text, tags, same_as=folk.same_as)


def _companies(scene: Scene, side: Side) -> pl.DataFrame:
    rng, profile = scene.rng, scene.plan.profile
    count = len(side.place)
    firms = organisations.companies(
        rng, scene.lexicon, scene.ground, place=side.place, town=scene.where.town[side.place]
    )
    two = rng.random(count) < profile.company_two_points
    frame = timeline.records(rng, side.who, profile, two_points=two, renamed=np.zeros(count, dtype=bool))
    party = frame["party"].to_numpy()
    writing, manner = _written(scene, side, frame)
    name = organisations.company_names(firms, scene.lexicon, scene.ground, party, writing)
    column = _column_forms(rng, profile, frame, writing.form)
    reading = organisations.company_readings(firms, scene.lexicon, scene.ground, party, np.abs(column))
    numbered = rng.random(len(party)) < profile.corporate_number
    tags = slices.of_companies(firms, side.place, side.who, two) | _seen(side, frame, writing, manner)
    text = _Text(
        name, _masked(reading, column >= 0), _blank(len(party)), _masked(firms.number.gather(party), numbered)
    )
    return _frame(scene, side, frame, manner, text, tags, same_as=np.arange(count))


def _devices(scene: Scene, side: Side) -> pl.DataFrame:
    count = len(side.place)
    lamps = organisations.devices(scene.rng, place=side.place)
    nothing = np.zeros(count, dtype=bool)
    frame = timeline.records(scene.rng, side.who, scene.plan.profile, two_points=nothing, renamed=nothing)
    party = frame["party"].to_numpy()
    writing, manner = _written(scene, side, frame)
    name = organisations.device_names(lamps, scene.ground, scene.where.town[side.place], party, writing)
    tags = np.full(count, int(slices.Slice.DEVICE)) | _seen(side, frame, writing, manner)
    blank = _blank(len(party))
    nobody = np.zeros(len(party), dtype=bool)
    text = _Text(name, _masked(blank, nobody), blank, None)
    return _frame(scene, side, frame, manner, text, tags, same_as=np.arange(count))


def _opens(party: Index) -> Flags:
    """The first record of each party."""
    opens: Flags = np.r_[True, party[1:] != party[:-1]]
    return opens


def _written(scene: Scene, side: Side, frame: pl.DataFrame) -> tuple[people.Writing, grounds.Manner]:
    """How each record writes name and address; a later record often repeats the one before it."""
    rng, profile = scene.rng, scene.plan.profile
    party, system = frame["party"].to_numpy(), frame["system"].to_numpy()
    opens, size = _opens(party), len(frame)
    kana = rng.random(size) < np.where(opens & (system == 1), profile.kana_first, profile.kana_later)
    form = np.where(
        kana, KANA_FORMS[pick(rng, KANA_SHARES, size)], KANJI_FORMS[pick(rng, KANJI_SHARES, size)]
    ).astype(np.int64)
    gap = np.where(
        kana, pick(rng, np.array([0.1, 0.3, 0.6]), size), pick(rng, np.array([0.28, 0.47, 0.25]), size)
    )
    leader = _leaders(rng, opens, profile.same_writer)
    chance = rng.random(size)
    writing = people.Writing(
        form=form[leader],
        gap=pl.Series(["", "　", " "]).gather(gap[leader]),
        first=np.zeros(size, dtype=bool),
        typo=rng.random(size) < profile.typo,
        chance=chance[leader],
    )
    return writing, _manner(scene, side, frame, leader)


def _leaders(rng: np.random.Generator, opens: Flags, share: float) -> Index:
    """The record each record is written like: itself, or the one before it."""
    here = np.arange(len(opens))
    leader = np.where(~opens & (rng.random(len(opens)) < share), here - 1, here)
    for _ in range(3):
        leader = leader[leader]
    return leader


def _manner(scene: Scene, side: Side, frame: pl.DataFrame, leader: Index) -> grounds.Manner:
    rng, size = scene.rng, len(frame)
    party = frame["party"].to_numpy()
    place = side.place[party]
    room = side.room[party]
    shy = side.housing.shy[side.housing.place[side.who.unit[party]]]
    shown = rng.random(size) < np.where(shy, 0.15, 0.95)
    old = frame["start"].to_numpy() < timeline.FIRST_FROM + 1200
    return grounds.Manner(
        way=pick(rng, grounds.WAY_WEIGHTS, size)[leader],
        city=(rng.random(size) < np.where(old, 0.8, 0.97))[leader],
        prefecture=(rng.random(size) < 0.88)[leader],
        other_town=(rng.random(size) < 0.25)[leader],
        hamlet=(rng.random(size) < 0.8)[leader],
        street=(rng.random(size) < 0.6)[leader],
        building=(rng.random(size) < 0.8)[leader] & (scene.where.building[place] >= 0),
        room=np.where(shown[leader], room, 0),
        chance=rng.random(size)[leader],
    )


def _column_forms(rng: np.random.Generator, profile: Profile, frame: pl.DataFrame, form: Index) -> Index:
    """The kana column's form beside a kanji name, negative where the column is empty."""
    share = np.array(profile.kana_column)[frame["system"].to_numpy() - 1]
    drawn = COLUMN_FORMS[pick(rng, COLUMN_SHARES, len(frame))].astype(np.int64)
    filled = (form < FIRST_KANA_FORM) & (rng.random(len(frame)) < share)
    return np.where(filled, drawn, -drawn)


def _seen(
    side: Side, frame: pl.DataFrame, writing: people.Writing, manner: grounds.Manner
) -> npt.NDArray[np.int64]:
    """Slices that come from how a party's records are written."""
    return slices.of_records(
        frame["party"].to_numpy(),
        kana=writing.form >= FIRST_KANA_FORM,
        typo=writing.typo,
        roomless=(side.room[frame["party"].to_numpy()] > 0) & (manner.room == 0),
        parties=len(side.place),
        kind=side.kind,
    )


def _blank(size: int) -> pl.Series:
    return pl.Series([""], dtype=pl.String).gather(np.zeros(size, dtype=np.int64))


def _masked(values: pl.Series, shown: Flags) -> pl.Series:
    return pl.select(pl.when(pl.Series(shown)).then(values).otherwise(None)).to_series()


@dataclass(frozen=True)
class _Text:
    name: pl.Series
    reading: pl.Series
    tail: pl.Series  # behind the address
    number: pl.Series | None  # 法人番号


def _frame(
    scene: Scene,
    side: Side,
    frame: pl.DataFrame,
    manner: grounds.Manner,
    text: _Text,
    tags: npt.NDArray[np.int64],
    *,
    same_as: Index,
) -> pl.DataFrame:
    party = frame["party"].to_numpy()
    place = side.place[party]
    town = scene.where.town[place]
    base = scene.number * 3 * _UNITS_A_CHUNK + side.kind * _UNITS_A_CHUNK
    roadside = np.full(len(frame), side.kind == 2)
    end = frame["end"].to_numpy()
    return pl.DataFrame(
        {
            "name": text.name,
            "kana": text.reading,
            "address": grounds.addresses(scene.ground, scene.where, place, manner, roadside=roadside)
            + text.tail,
            "postal_code": grounds.postal_codes(scene.ground, town, scene.rng.random(len(frame))),
            "phone": _phones(scene.rng, frame, same_as[party] + base),
            "point": _points(scene.ground.area.gather(town), side, frame, base),
            "corporate_number": text.number
            if text.number is not None
            else pl.Series([None] * len(frame), dtype=pl.String),
            "system": frame["system"].cast(pl.String),
            "application": _applications(frame["application"]),
            "start": frame["start"].cast(pl.Int32).cast(pl.Date),
            "end": _masked(pl.Series(np.where(end == NEVER, 0, end)), end != NEVER)
            .cast(pl.Int32)
            .cast(pl.Date),
            "state": pl.select(
                pl.when(frame["running"]).then(pl.lit("running")).otherwise(pl.lit("ended"))
            ).to_series(),
            "truth_id": base + party,
            "party_id": base + same_as[party],
            "kind": pl.Series([KINDS[side.kind]]).gather(np.zeros(len(frame), dtype=np.int64)),
            "slices": slices.labels(tags).gather(party),
        }
    )


def _applications(code: pl.Series) -> pl.Series:
    names = pl.Series([*timeline.APPLICATIONS, None])
    return names.gather(
        pl.select(pl.when(code < 0).then(len(timeline.APPLICATIONS)).otherwise(code)).to_series()
    )


def _points(area: pl.Series, side: Side, frame: pl.DataFrame, base: int) -> pl.Series:
    """22 digits: area, voltage (0 low, 1 high), and a number no other supply point has."""
    party = frame["party"].to_numpy()
    apart = frame["apart"].to_numpy()
    serial = base + np.where(apart, _UNITS_A_CHUNK // 2 + party, side.who.unit[party])
    mixed = serial * _SPREAD % 10**10
    high = np.where((side.kind == 1) & (mixed % 7 == 0), "1", "0")
    front = pl.Series(mixed * 7919 % 10**9).cast(pl.String).str.zfill(9)
    return area + pl.Series(high) + front + pl.Series(mixed).cast(pl.String).str.zfill(10)


def _phones(rng: np.random.Generator, frame: pl.DataFrame, person: Index) -> pl.Series:
    """System ② alone has telephones. Exchanges beginning with 0 are given to nobody in Japan."""
    size = len(frame)
    other = rng.random(size) < 0.08
    subscriber = (person + np.where(other, 7, 0)) * _SPREAD % 10**7
    mobile = pl.Series(np.array(["090", "080", "070", "06", "052"])[person % 5])
    digits = pl.Series(subscriber).cast(pl.String).str.zfill(7)
    first, last = digits.str.slice(0, 3), digits.str.slice(3)
    hyphened = mobile + "-0" + first + "-" + last
    plain = mobile + "0" + digits
    shown = (frame["system"].to_numpy() == 2) & (rng.random(size) < 0.95)
    chosen = pl.select(pl.when(pl.Series(rng.random(size) < 0.6)).then(hyphened).otherwise(plain)).to_series()
    return _masked(chosen, shown)
