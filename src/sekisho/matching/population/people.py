"""Invented individuals: families, twins, couples, people who marry, trade, lodge or come from abroad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from . import words
from .lexicon import Lexicon
from .profile import Profile
from .timeline import Flags
from .vocabulary import FIRST_KANA_FORM, Form, Index, Vocabulary, repeats, replaced

JAPANESE, WESTERN, ASIAN = 0, 1, 2
_KIN_ROUNDS = 6
LANDLORD_IN_NAME = 0.4
"""Records drawing less than this carry 様方 in the name, the others in the address."""


@dataclass(frozen=True)
class People:
    """Names of individuals; every array has one entry a party, -1 where a thing does not apply."""

    origin: npt.NDArray[np.int8]
    surname: Index
    given: Index
    middle: Index
    family_first: Flags
    former: Index  # surname before it changed
    partner: Index  # given name written beside the own one on some records
    landlord: Index  # surname of the household a lodger writes as 様方
    shop: Index  # trade name of a sole proprietor (surname + this word)
    twin: Flags
    near: Flags
    kin: Index  # the relative the name was derived from
    same_as: Index  # the party who is the same person, elsewhere


def draw(
    rng: np.random.Generator,
    lexicon: Lexicon,
    profile: Profile,
    *,
    kin: Index,
    place: Index,
    moved_from: Index,
) -> People:
    """Names for `len(kin)` people.

    `kin[i]` is the relative whose surname `i` shares (-1: none); `moved_from[i]` the party who is the
    same person elsewhere; no two people at one `place` get the same name.
    """
    count = len(kin)
    origin = _origins(rng, profile, kin)
    kin = np.where((kin >= 0) & (origin[kin] == JAPANESE), kin, -1)
    surname = _shared(lexicon.surnames.draw(rng, count), kin)
    sex = rng.integers(0, 2, count).astype(np.int8)
    given, twin, near = _given(rng, lexicon, profile, sex, kin)
    surname, given = _abroad(rng, origin, surname, given)
    given = _distinct(rng, lexicon, origin, place, surname, given)
    same = _settled(moved_from, place, surname, given)
    surname, given, origin = surname[same], given[same], origin[same]
    japanese = origin == JAPANESE
    library = words.library()
    chance = rng.random(count)
    limits = np.cumsum([profile.former_name, profile.couple, profile.care_of, profile.shop])
    trait = np.where(japanese, np.searchsorted(limits, chance, side="right"), 9)
    return People(
        origin=origin,
        surname=surname,
        given=given,
        middle=_middle(rng, origin),
        family_first=np.where(origin == WESTERN, rng.random(count) < 0.5, True),
        former=np.where(trait == 0, lexicon.surnames.draw(rng, count), -1),
        partner=np.where(trait == 1, lexicon.draw_given(rng, (1 - lexicon.sex[_within(given, lexicon)])), -1),
        landlord=np.where(trait == 2, lexicon.surnames.draw(rng, count), -1),
        shop=np.where(trait == 3, library["shops"].draw(rng, count), -1),
        twin=twin & (given != given[np.maximum(kin, 0)]),
        near=near,
        kin=kin,
        same_as=same,
    )


def _within(given: Index, lexicon: Lexicon) -> Index:
    return np.minimum(given, lexicon.given.size - 1)


def _origins(rng: np.random.Generator, profile: Profile, kin: Index) -> npt.NDArray[np.int8]:
    chance = rng.random(len(kin))
    drawn = np.where(
        chance < profile.foreign, WESTERN, np.where(chance < profile.foreign + profile.asian, ASIAN, 0)
    )
    return np.where(kin >= 0, JAPANESE, drawn).astype(np.int8)


def _shared(surname: Index, kin: Index) -> Index:
    root = np.where(kin >= 0, kin, np.arange(len(kin)))
    for _ in range(_KIN_ROUNDS):
        root = root[root]
    return surname[root]


def _given(
    rng: np.random.Generator, lexicon: Lexicon, profile: Profile, sex: npt.NDArray[np.int8], kin: Index
) -> tuple[Index, Flags, Flags]:
    """Given names; among relatives some are look-alikes of the relative's (twins, father and son)."""
    given = lexicon.draw_given(rng, sex)
    chance = rng.random(len(kin))
    twin = (kin >= 0) & (chance < profile.twin)
    near = (kin >= 0) & ~twin & (chance < profile.twin + profile.near)
    for _ in range(_KIN_ROUNDS):
        given = np.where(twin, lexicon.twin[given[kin]], given)
        given = np.where(near, lexicon.near[given[kin]], given)
    alike = given == given[np.maximum(kin, 0)]
    fresh = lexicon.draw_given(rng, (1 - sex).astype(np.int8))
    return np.where((kin >= 0) & alike, fresh, given), twin & ~alike, near & ~alike


def _abroad(
    rng: np.random.Generator, origin: npt.NDArray[np.int8], surname: Index, given: Index
) -> tuple[Index, Index]:
    library = words.library()
    count = len(origin)
    for kind, name in ((WESTERN, "foreign"), (ASIAN, "asian")):
        surname = np.where(origin == kind, library[f"{name}_family"].draw(rng, count), surname)
        given = np.where(origin == kind, library[f"{name}_given"].draw(rng, count), given)
    return surname, given


def _distinct(
    rng: np.random.Generator,
    lexicon: Lexicon,
    origin: npt.NDArray[np.int8],
    place: Index,
    surname: Index,
    given: Index,
) -> Index:
    """Nobody shares both names with somebody else at the same address: truth is a name at an address."""
    again = repeats(origin=origin.astype(np.int64), place=place, surname=surname, given=given)
    sizes = np.array(
        [lexicon.given.size, *(words.library()[n].size for n in ("foreign_given", "asian_given"))]
    )
    step = rng.integers(1, 20, len(given))
    return np.where(again, (given + step) % sizes[origin], given)


def _settled(moved_from: Index, place: Index, surname: Index, given: Index) -> Index:
    """`moved_from`, except where the mover would meet a namesake at the new address."""
    after = pl.DataFrame({"place": place, "surname": surname[moved_from], "given": given[moved_from]})
    return np.where(after.is_duplicated().to_numpy(), np.arange(len(place)), moved_from)


def _middle(rng: np.random.Generator, origin: npt.NDArray[np.int8]) -> Index:
    has = (origin == WESTERN) & (rng.random(len(origin)) < 0.45)
    return np.where(has, words.library()["foreign_given"].draw(rng, len(origin)), -1)


@dataclass(frozen=True)
class Writing:
    """How each record writes a name; one entry a record."""

    form: Index  # Form
    gap: pl.Series  # between surname and given name
    first: Flags  # record before the own name changed (旧姓)
    typo: Flags  # the given name is written with another name's kanji of the same sound
    chance: npt.NDArray[np.float64]

    def only(self, rows: Flags) -> Writing:
        """The marked records alone."""
        return Writing(
            form=self.form[rows],
            gap=self.gap.filter(pl.Series(rows)),
            first=self.first[rows],
            typo=self.typo[rows],
            chance=self.chance[rows],
        )

    @classmethod
    def plain(cls, form: Index, gap: str) -> Writing:
        """Nothing but the name itself in each form."""
        none = np.zeros(len(form), dtype=bool)
        gaps = pl.Series([gap]).gather(np.zeros(len(form), dtype=np.int64))
        return cls(form=form, gap=gaps, first=none, typo=none, chance=np.full(len(form), 0.99))


def names(people: People, lexicon: Lexicon, party: Index, writing: Writing) -> pl.Series:
    """The name of each record as written."""
    core = _core(people, lexicon, party, writing)
    for decorate in (_with_former, _with_partner, _with_shop, _with_landlord):
        core = decorate(core, people, lexicon, party, writing)
    polite = writing.chance > 0.994
    return replaced(core, polite, core.filter(pl.Series(polite)) + "様")


def _core(people: People, lexicon: Lexicon, party: Index, writing: Writing) -> pl.Series:
    library = words.library()
    before = np.where(
        writing.first & (people.former[party] >= 0), people.former[party], people.surname[party]
    )
    own = people.given[party]
    given = np.where(writing.typo, lexicon.homophone[_within(own, lexicon)], own)
    core = _joined(lexicon.surnames, lexicon.given, before, given, writing, people, party, JAPANESE)
    for kind, name in ((WESTERN, "foreign"), (ASIAN, "asian")):
        rows = people.origin[party] == kind
        part = writing.only(rows)
        families, givens = library[f"{name}_family"], library[f"{name}_given"]
        spelled = _joined(
            families,
            givens,
            people.surname[party[rows]],
            people.given[party[rows]],
            part,
            people,
            party[rows],
            kind,
        )
        core = replaced(core, rows, spelled)
    return core


def _joined(
    families: Vocabulary,
    givens: Vocabulary,
    surname: Index,
    given: Index,
    writing: Writing,
    people: People,
    party: Index,
    kind: int,
) -> pl.Series:
    surname_text = families.spell(np.minimum(surname, families.size - 1), writing.form)
    given_text = givens.spell(np.minimum(given, givens.size - 1), writing.form)
    if kind != WESTERN:
        return surname_text + writing.gap + given_text
    return _western(surname_text, given_text, givens, writing, people, party)


def _western(
    surname: pl.Series, given: pl.Series, givens: Vocabulary, writing: Writing, people: People, party: Index
) -> pl.Series:
    """Given, middle and family name in the order the person uses; the middle name comes and goes."""
    gap = pl.Series(np.where(writing.form < FIRST_KANA_FORM, " ", np.where(writing.chance < 0.5, "・", " ")))
    shown = (people.middle[party] >= 0) & (writing.chance < 0.6)
    middle = givens.spell(np.maximum(people.middle[party], 0), writing.form) + gap
    middle = replaced(middle, ~shown, pl.Series([""] * int((~shown).sum()), dtype=pl.String))
    family_first = people.family_first[party]
    western_order = given + gap + middle + surname
    eastern = surname + gap + middle + given
    return replaced(western_order, family_first, eastern.filter(pl.Series(family_first)))


def _with_former(
    core: pl.Series, people: People, lexicon: Lexicon, party: Index, writing: Writing
) -> pl.Series:
    """山田（旧姓鈴木）花子, 山田花子(鈴木): most records after the change say what the name was."""
    rows = (people.former[party] >= 0) & ~writing.first & (writing.chance < 0.75)
    who, form = party[rows], writing.form[rows]
    new = lexicon.surnames.spell(people.surname[who], form)
    old = lexicon.surnames.spell(people.former[who], form)
    given = lexicon.given.spell(people.given[who], form)
    note = pl.Series(np.where(form >= FIRST_KANA_FORM, "キュウセイ", "旧姓"))
    inside = new + "（" + note + old + "）" + given
    behind = new + " " + given + "(" + old + ")"
    return replaced(core, rows, _either(inside, behind, writing.chance[rows] < 0.4))


def _with_partner(
    core: pl.Series, people: People, lexicon: Lexicon, party: Index, writing: Writing
) -> pl.Series:
    """山田太郎・花子: a couple on one line."""
    rows = (people.partner[party] >= 0) & (writing.chance < 0.55)
    other = lexicon.given.spell(np.maximum(people.partner[party[rows]], 0), writing.form[rows])
    mark = pl.Series(
        np.where(writing.chance[rows] < 0.3, "・", np.where(writing.chance[rows] < 0.45, "、", "／"))
    )
    return replaced(core, rows, core.filter(pl.Series(rows)) + mark + other)


def _with_shop(
    core: pl.Series, people: People, lexicon: Lexicon, party: Index, writing: Writing
) -> pl.Series:
    """山田商店　山田太郎, 山田商店 代表 山田太郎, 山田太郎（山田商店)."""
    rows = (people.shop[party] >= 0) & (writing.chance < 0.7)
    who, form, chance = party[rows], writing.form[rows], writing.chance[rows]
    trade = lexicon.surnames.spell(people.surname[who], form) + words.library()["shops"].spell(
        people.shop[who], form
    )
    own = core.filter(pl.Series(rows))
    front = trade + pl.Series(np.where(chance < 0.3, "　", " 代表 ")) + own
    return replaced(core, rows, _either(front, own + "（" + trade + "）", chance < 0.5))


def _with_landlord(
    core: pl.Series, people: People, lexicon: Lexicon, party: Index, writing: Writing
) -> pl.Series:
    """田中様方 鈴木一郎 (the other lodgers' records carry the 様方 in the address)."""
    rows = (people.landlord[party] >= 0) & (writing.chance < LANDLORD_IN_NAME)
    house = lexicon.surnames.spell(np.maximum(people.landlord[party[rows]], 0), writing.form[rows])
    own = core.filter(pl.Series(rows))
    return replaced(
        core, rows, _either(house + "様方　" + own, own + "（" + house + "方）", writing.chance[rows] < 0.3)
    )


def readings(people: People, lexicon: Lexicon, party: Index, form: Index) -> pl.Series:
    """Surname and given name in a kana form, as the kana column of a record carries them."""
    return _core(people, lexicon, party, Writing.plain(form, " "))


def respelled(people: People, lexicon: Lexicon, party: Index, writing: Writing) -> Flags:
    """Records whose name holds a character in another form than the plain one (異体字)."""
    rows = np.isin(writing.form, [Form.VARIANT, Form.RARE]) & (people.origin[party] == JAPANESE)
    who, part = party[rows], writing.only(rows)
    plain = np.full(len(who), int(Form.KANJI), dtype=np.int64)
    marked = np.zeros(len(party), dtype=bool)
    surname = lexicon.surnames.spell(people.surname[who], part.form)
    given = lexicon.given.spell(people.given[who], part.form)
    same = (surname == lexicon.surnames.spell(people.surname[who], plain)) & (
        given == lexicon.given.spell(people.given[who], plain)
    )
    marked[np.flatnonzero(rows)[~same.to_numpy()]] = True
    return marked


def _either(first: pl.Series, second: pl.Series, choose_first: Flags) -> pl.Series:
    return replaced(second, choose_first, first.filter(pl.Series(choose_first)))
