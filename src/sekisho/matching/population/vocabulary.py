"""Words with all their spellings, laid out so that a million names are two gathers and a concat.

Every name piece (surname, given name, trade word, branch) is a row of a `Vocabulary`; its spellings
stand one block after another in a single string column, so `word + form * size` addresses one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from . import kana as spelling
from . import variants

Index = npt.NDArray[np.int64]


class Form(IntEnum):
    """How a word is written on one record."""

    KANJI = 0
    VARIANT = 1  # 異体字
    RARE = 2  # 稀な異体字, IVS
    KATAKANA = 3
    HALF = 4
    BANK_HALF = 5
    BANK_FULL = 6
    HIRAGANA = 7
    BY_EAR = 8


FIRST_KANA_FORM = Form.KATAKANA

_SPELL: dict[Form, Callable[[str], str]] = {
    Form.KATAKANA: lambda kana: kana,
    Form.HALF: spelling.half_width,
    Form.BANK_HALF: spelling.bank_half,
    Form.BANK_FULL: spelling.bank_full,
    Form.HIRAGANA: spelling.hiragana,
    Form.BY_EAR: spelling.by_ear,
}


@dataclass(frozen=True)
class Vocabulary:
    """`size` words; `column` holds `len(Form) * size` strings, form by form."""

    size: int
    column: pl.Series
    weight: npt.NDArray[np.float64]
    kana: tuple[str, ...]
    text: tuple[str, ...]

    def spell(self, words: Index, forms: npt.NDArray[np.integer]) -> pl.Series:
        """The strings of `words[i]` written as `forms[i]`."""
        return self.column.gather(words + forms.astype(np.int64) * self.size)

    def draw(self, rng: np.random.Generator, count: int) -> Index:
        """`count` words by weight."""
        return pick(rng, self.weight, count)


def pick(rng: np.random.Generator, weight: npt.NDArray[np.float64], count: int) -> Index:
    """`count` indices drawn with probability proportional to `weight`."""
    edges = np.cumsum(weight)
    found = np.searchsorted(edges, rng.random(count) * edges[-1], side="right")
    chosen: Index = np.minimum(found, len(weight) - 1).astype(np.int64)
    return chosen


def vocabulary(
    *,
    text: Sequence[str],
    kana: Sequence[str],
    weight: Sequence[float] | npt.NDArray[np.float64] | None = None,
    spelled: dict[Form, Sequence[str]] | None = None,
) -> Vocabulary:
    """Build every spelling of `text[i]` read `kana[i]`; `spelled` replaces whole forms."""
    given = spelled or {}
    blocks: list[str] = []
    for form in Form:
        if form in given:
            blocks.extend(given[form])
        elif form in _SPELL:
            blocks.extend(map(_SPELL[form], kana))
        else:
            blocks.extend(_kanji_form(form, text))
    shares = np.ones(len(text)) if weight is None else np.asarray(weight, dtype=np.float64)
    return Vocabulary(
        size=len(text), column=pl.Series(blocks), weight=shares, kana=tuple(kana), text=tuple(text)
    )


def _kanji_form(form: Form, text: Sequence[str]) -> list[str]:
    if form == Form.VARIANT:
        return [variants.first_form(word) for word in text]
    if form == Form.RARE:
        return [variants.second_form(word) for word in text]
    return list(text)


def replaced(column: pl.Series, rows: npt.NDArray[np.bool_], values: pl.Series) -> pl.Series:
    """`column` with `values`, in order, at the marked rows."""
    if not rows.any():
        return column
    place = np.where(rows, len(column) + np.cumsum(rows) - 1, np.arange(len(column)))
    return pl.concat([column, values]).gather(place)


def repeats(**columns: Index) -> npt.NDArray[np.bool_]:
    """Rows that are equal to an earlier row in every column."""
    seen = pl.DataFrame(columns).select(~pl.struct(pl.all()).is_first_distinct()).to_series()
    return np.asarray(seen.to_numpy())
