"""Which kinds of difficulty a party shows, so that an error can be said to come from somewhere."""

from __future__ import annotations

from enum import IntFlag

import numpy as np
import numpy.typing as npt
import polars as pl

from .organisations import HEAD_LETTERS, Companies
from .people import ASIAN, WESTERN, People
from .timeline import Flags, Holders
from .vocabulary import Index

Tags = npt.NDArray[np.int64]


class Slice(IntFlag):
    """Tags of a truth; a party may carry several."""

    KANA_KANJI = 1 << 0  # written in kana on one record and in kanji on another
    VARIANT = 1 << 1  # 異体字 or IVS on one record, the plain character on another
    FAMILY = 1 << 2  # relatives hold contracts at the same address
    TWIN = 1 << 3  # ... and a relative's given name differs in one kanji
    NEAR_READING = 1 << 4  # ... or its reading in the last sound (father and son)
    SUCCESSIVE = 1 << 5  # others held the same supply point before or after
    FAMILY_SWITCH = 1 << 6  # the contract passed to a relative by a plain スイッチング or 名義変更
    ROOMLESS = 1 << 7  # lives in a building, and a record lacks the room
    MOVED = 1 << 8  # the same person is in the data at another address
    FORMER_NAME = 1 << 9  # 旧姓
    COUPLE = 1 << 10  # 連名
    CARE_OF = 1 << 11  # 様方
    FOREIGN = 1 << 12
    SHOP = 1 << 13  # 屋号
    TWO_POINTS = 1 << 14  # several contracts at one address
    TYPO = 1 << 15  # a wrong kanji of the same sound
    COMPANY = 1 << 16
    SHARED_BUILDING = 1 << 17  # several companies at one address
    AFFILIATE = 1 << 18  # ... and one shares the first word of its name
    BRANCH = 1 << 19
    LATIN = 1 << 20  # Latin letters on one record, their kana on another
    DEVICE = 1 << 21


def label(tags: int) -> str:
    """`kana_kanji family`: names of the tags, lower case, by spaces."""
    return " ".join(str(one.name).lower() for one in Slice if tags & one)


def labels(tags: Tags) -> pl.Series:
    """The label of each party."""
    distinct, place = np.unique(tags, return_inverse=True)
    return pl.Series([label(int(one)) for one in distinct], dtype=pl.String).gather(place)


def of_people(folk: People, who: Holders, two_points: Flags) -> Tags:
    """What is known of individuals before their records are written."""
    count = len(folk.kin)
    related = folk.kin >= 0
    twin, near = folk.twin.copy(), folk.near.copy()
    for flags, seed in ((related, related.copy()), (twin, folk.twin), (near, folk.near)):
        flags[folk.kin[seed]] = True
    moved = folk.same_as != np.arange(count)
    moved[folk.same_as[moved]] = True
    tags = _flag(related, Slice.FAMILY) | _flag(twin, Slice.TWIN) | _flag(near, Slice.NEAR_READING)
    tags |= _flag(moved, Slice.MOVED) | _flag(folk.former >= 0, Slice.FORMER_NAME)
    tags |= _flag(folk.partner >= 0, Slice.COUPLE) | _flag(folk.landlord >= 0, Slice.CARE_OF)
    tags |= _flag(np.isin(folk.origin, [WESTERN, ASIAN]), Slice.FOREIGN) | _flag(folk.shop >= 0, Slice.SHOP)
    tags |= _flag(who.family, Slice.FAMILY_SWITCH) | _flag(two_points, Slice.TWO_POINTS)
    return tags | _flag(_shared(who.unit), Slice.SUCCESSIVE)


def of_companies(firms: Companies, place: Index, who: Holders, two_points: Flags) -> Tags:
    """What is known of companies before their records are written."""
    affiliate = firms.affiliate.copy()
    affiliate[np.flatnonzero(firms.affiliate) - 1] = True
    tags = np.full(len(place), int(Slice.COMPANY), dtype=np.int64)
    tags |= _flag(_shared(place), Slice.SHARED_BUILDING) | _flag(affiliate, Slice.AFFILIATE)
    tags |= _flag(firms.branch >= 0, Slice.BRANCH) | _flag(firms.head_kind == HEAD_LETTERS, Slice.LATIN)
    return tags | _flag(two_points, Slice.TWO_POINTS) | _flag(_shared(who.unit), Slice.SUCCESSIVE)


def of_records(party: Index, *, kana: Flags, typo: Flags, roomless: Flags, parties: int, kind: int) -> Tags:
    """What follows from how a party's records are written."""
    both = _any(party, kana, parties) & _any(party, ~kana, parties)
    tags = _flag(both & (kind != 2), Slice.KANA_KANJI) | _flag(_any(party, roomless, parties), Slice.ROOMLESS)
    return tags | _flag(_any(party, typo & ~kana, parties) & (kind == 0), Slice.TYPO)


def variant(party: Index, respelled: Flags, parties: int) -> Tags:
    """Parties with one record in another form of a character and one without."""
    return _flag(_any(party, respelled, parties) & _any(party, ~respelled, parties), Slice.VARIANT)


def _any(party: Index, flags: Flags, parties: int) -> Flags:
    return np.bincount(party[flags], minlength=parties) > 0


def _shared(group: Index) -> Flags:
    return np.bincount(group)[group] > 1


def _flag(rows: Flags, tag: Slice) -> Tags:
    return np.where(rows, int(tag), 0).astype(np.int64)
