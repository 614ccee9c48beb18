"""What a comparison reads and what it says: the parts of a name, and a weight with its reason."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

import polars as pl

VOICED = dict(
    zip(
        "ガギグゲゴザジズゼゾダデドバビブベボパピプペポ",
        "カキクケコサシスセソタテトハヒフヘホハヒフヘホ",
        strict=True,
    )
)
"""Each voiced kana of a sound and its clear one."""
_DULL = str.maketrans(VOICED)


class Name(NamedTuple):
    """The parts of a persona's name that comparisons read; all folded, any may be None.

    `words` of a company is its whole name with the branch, spaces kept; of a person, sorted words of kana or letters.
    """

    kind: str
    written: str
    key: str
    surname: str | None = None
    given: str | None = None
    full: str | None = None
    surname_sound: str | None = None
    given_sound: str | None = None
    former: str | None = None
    partner: str | None = None
    shop: str | None = None
    words: str | None = None


def named(rows: pl.DataFrame) -> dict[int, Name]:
    """The name of each persona of `rows` (columns persona and those of Name)."""
    columns = [rows[name].to_list() for name in Name._fields]
    return dict(zip(rows["persona"].to_list(), map(Name._make, zip(*columns, strict=True)), strict=True))


class Likeness(NamedTuple):
    """Weight of evidence (natural log odds) and the code of its reason."""

    weight: float
    reason: str


by_weight: Callable[[Likeness], float] = attrgetter("weight")
"""Of several likenesses the heaviest is the one that counts."""
NOT_ALIKE = Likeness(-9.0, "unlike")


@lru_cache(maxsize=1 << 16)
def dull(sound: str) -> str:
    """A sound without voicing."""
    return sound.translate(_DULL)
