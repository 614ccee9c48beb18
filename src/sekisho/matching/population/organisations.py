"""Invented companies and the devices that stand in streets: street lamps, signals, vending machines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from . import words
from .ground import Ground
from .lexicon import Lexicon
from .people import Writing
from .timeline import Flags
from .vocabulary import FIRST_KANA_FORM, Index, Vocabulary, pick, repeats, replaced

HEAD_SURNAME, HEAD_WORD, HEAD_TOWN, HEAD_LETTERS = 0, 1, 2, 3
_HEAD_SHARES = np.array([0.46, 0.28, 0.16, 0.1])


@dataclass(frozen=True)
class Companies:
    """Company names as words; every array has one entry a party, -1 where a thing does not apply."""

    head_kind: Index
    head: Index
    trade: Index
    legal: Index
    branch: Index
    affiliate: Flags  # shares its head with another company at the address
    number: pl.Series  # 法人番号


def companies(
    rng: np.random.Generator, lexicon: Lexicon, ground: Ground, *, place: Index, town: Index
) -> Companies:
    """Names for `len(place)` companies; no two at one place are the same in head, trade and form."""
    count = len(place)
    library = words.library()
    kind = pick(rng, _HEAD_SHARES, count)
    options = [lexicon.surnames.draw(rng, count), library["heads"].draw(rng, count)]
    options += [ground.names_near(town), library["letters"].draw(rng, count)]
    head = np.choose(kind, options)
    kind, head, affiliate = _affiliates(rng, place, kind, head)
    trade = library["trades"].draw(rng, count)
    legal = pick(rng, words.legal_forms().share, count)
    return Companies(
        head_kind=kind,
        head=head,
        trade=_distinct_trades(rng, place, kind, head, trade),
        legal=legal,
        branch=np.where(rng.random(count) < 0.3, library["branches"].draw(rng, count), -1),
        affiliate=affiliate,
        number=corporate_numbers(rng, count),
    )


def _affiliates(
    rng: np.random.Generator, place: Index, kind: Index, head: Index
) -> tuple[Index, Index, Flags]:
    """One in eight companies belongs to the group of the company before it at the same place."""
    follows = np.r_[False, place[1:] == place[:-1]] & (rng.random(len(place)) < 0.12)
    source = np.where(follows, np.arange(len(place)) - 1, np.arange(len(place)))
    for _ in range(3):
        source = source[source]
    return kind[source], head[source], follows


def _distinct_trades(rng: np.random.Generator, place: Index, kind: Index, head: Index, trade: Index) -> Index:
    size = words.library()["trades"].size
    for _ in range(4):
        again = repeats(place=place, kind=kind, head=head, trade=trade)
        trade = np.where(again, (trade + rng.integers(1, size, len(trade))) % size, trade)
    return trade


def corporate_numbers(rng: np.random.Generator, count: int) -> pl.Series:
    """13-digit 法人番号 with a right check digit, in a range (…99…) that no register gives out.

    Check digit = 9 − (Σ Pₙ·Qₙ mod 9), Pₙ the n-th digit from the right of the 12-digit base,
    Qₙ = 1 for odd n and 2 for even n.
    """
    base = rng.integers(990_000_000_000, 1_000_000_000_000, count)
    total = np.zeros(count, dtype=np.int64)
    rest = base.copy()
    for place in range(12):
        total += (rest % 10) * (1 + place % 2)
        rest //= 10
    return pl.Series((9 - total % 9) * 10**12 + base).cast(pl.String)


def company_names(
    firms: Companies, lexicon: Lexicon, ground: Ground, party: Index, writing: Writing
) -> pl.Series:
    """The name of each record as written: form of company, head, trade, branch."""
    head = _heads(firms, lexicon, ground, party, writing)
    trade = words.library()["trades"].spell(firms.trade[party], writing.form)
    before, after = _legal_forms(firms.legal[party], writing)
    shown = (firms.branch[party] >= 0) & (writing.chance < 0.85)
    branch = words.library()["branches"].spell(np.maximum(firms.branch[party], 0), writing.form)
    gap = pl.Series(np.where(writing.chance < 0.6, "　", " "))
    nothing = pl.Series([""] * int((~shown).sum()), dtype=pl.String)
    return before + head + trade + after + replaced(gap + branch, ~shown, nothing)


def company_readings(
    firms: Companies, lexicon: Lexicon, ground: Ground, party: Index, form: Index
) -> pl.Series:
    """The company's name without branch in a kana form, as a kana column carries it."""
    return company_names(firms, lexicon, ground, party, Writing.plain(form, ""))


def _heads(firms: Companies, lexicon: Lexicon, ground: Ground, party: Index, writing: Writing) -> pl.Series:
    library = words.library()
    sources: tuple[Vocabulary, ...] = (lexicon.surnames, library["heads"], ground.names, library["letters"])
    spelled = [
        source.spell(np.where(firms.head_kind[party] == kind, firms.head[party], 0), writing.form)
        for kind, source in enumerate(sources)
    ]
    place = np.arange(len(party)) + firms.head_kind[party] * len(party)
    return pl.concat(spelled).gather(place)


def _legal_forms(legal: Index, writing: Writing) -> tuple[pl.Series, pl.Series]:
    """What stands before and after the name; kana records abbreviate as banks do or leave it out."""
    forms = words.legal_forms()
    kana = writing.form >= FIRST_KANA_FORM
    style = np.where(
        kana, 5 + (writing.chance * 40).astype(np.int64) % 5, (writing.chance * 50).astype(np.int64) % 5
    )
    written = forms.column.gather(legal * 10 + style)
    front = forms.in_front[legal]
    nothing = pl.Series([""], dtype=pl.String)
    before = replaced(written, ~front, nothing.gather(np.zeros(int((~front).sum()), dtype=np.int64)))
    after = replaced(written, front, nothing.gather(np.zeros(int(front.sum()), dtype=np.int64)))
    return before, after


@dataclass(frozen=True)
class Devices:
    """Devices by owner, sort and number; every array has one entry a party."""

    owner_kind: Index  # 0 municipality, 1 residents' association, 2 police, 3 a company
    owner: Index  # company head word
    sort: Index
    number: Index  # 0: none


def devices(rng: np.random.Generator, *, place: Index) -> Devices:
    """Devices for each place; several at one place carry different numbers."""
    count = len(place)
    library = words.library()
    sort = library["devices"].draw(rng, count)
    signal = np.isin(sort, [4, 5])
    vending = np.isin(sort, [6, 12, 13])
    street = np.where(rng.random(count) < 0.55, 0, 1)
    alone = np.r_[True, place[1:] != place[:-1]] & np.r_[place[1:] != place[:-1], True]
    number = rng.permutation(count) % 9000 + 1
    return Devices(
        owner_kind=np.where(signal, 2, np.where(vending, 3, street)),
        owner=library["heads"].draw(rng, count),
        sort=sort,
        number=np.where(alone & (rng.random(count) < 0.4), 0, number),
    )


def device_names(lamps: Devices, ground: Ground, town: Index, party: Index, writing: Writing) -> pl.Series:
    """大阪市　街路灯 第12号, 桜町自治会 防犯灯, ○○県警察本部 信号機 NO.3."""
    library = words.library()
    form, chance = writing.form, writing.chance
    sort = library["devices"].spell(lamps.sort[party], form)
    kana = form >= FIRST_KANA_FORM
    owners = [
        ground.owner(town[party], "city", kana),
        ground.owner(town[party], "association", kana),
        ground.owner(town[party], "police", kana),
        library["heads"].spell(lamps.owner[party], form) + "サービス",
    ]
    owner = pl.concat(owners).gather(np.arange(len(party)) + lamps.owner_kind[party] * len(party))
    named = owner + pl.Series(np.where(chance < 0.5, "　", " ")) + sort
    return replaced(named, chance > 0.9, sort.filter(pl.Series(chance > 0.9))) + _numbers(
        lamps.number[party], kana, chance
    )


def _numbers(number: Index, kana: Flags, chance: npt.NDArray[np.float64]) -> pl.Series:
    digits = pl.Series(number).cast(pl.String)
    before = pl.Series(
        np.where(kana, " NO.", np.where(chance < 0.4, " 第", np.where(chance < 0.7, " ", "　No.")))
    )
    after = pl.Series(np.where(kana | (chance >= 0.7), "", "号"))
    none = number == 0
    return replaced(before + digits + after, none, pl.Series([""] * int(none.sum()), dtype=pl.String))
