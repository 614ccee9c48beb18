"""Chinese and Korean surnames as their bearers say them, which dictionaries of Japanese readings do not list.

Only the everyday surnames; readings after common kana transcriptions of Mandarin and Korean.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from sekisho.matching import kana, vocabulary


def native_surnames() -> dict[str, tuple[str, ...]]:
    """Surname → sounds."""
    table: dict[str, tuple[str, ...]] = {}
    for surname, *readings in vocabulary.lines("foreign", "surnames"):
        table[surname] = (*table.get(surname, ()), *kana.sounds_of(readings))
    return table


@cache
def native_table() -> pl.DataFrame:
    """The same as columns surname, head (the sound that begins the name)."""
    pairs = [(surname, sound) for surname, sounds in native_surnames().items() for sound in sounds]
    return pl.DataFrame(pairs, schema={"surname": pl.String, "head": pl.String}, orient="row").unique()
