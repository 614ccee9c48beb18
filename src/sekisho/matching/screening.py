"""Which companies are worth a close look: in an office building everybody meets everybody, and hardly anyone is alike.

Nothing is decided here. A name in kanji and one in kana are left out only when no book has a reading of the beginning of
the one that begins as the other does, which is seen without opening either.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import firms
from sekisho.matching.evidence import Name, dull
from sekisho.matching.likeness import Reader

_PAIR = {"left": pl.UInt32, "right": pl.UInt32}


def companies(pairs: pl.DataFrame, personas: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """`pairs` (left, right) without those of a name in kanji and a name in kana of which one cannot begin as the other
    does."""
    named = _named(personas, pairs)
    heard = {
        one: dull(firms.heard_as(name).whole[:1]) for one, name in named.items() if name.written == "kana"
    }
    # A kana column says how its name begins, whatever the books say.
    begun = {
        one: None if name.full else reader.reciter.beginnings(firms.text_of(name))
        for one, name in named.items()
        if one not in heard
    }
    kept = [(left, right) for left, right in pairs.iter_rows() if _possible(left, right, heard, begun)]
    return pl.DataFrame(kept, schema=_PAIR, orient="row")


def _possible(left: int, right: int, heard: dict[int, str], begun: dict[int, frozenset[str] | None]) -> bool:
    if (left in heard) == (right in heard):
        return True
    written, spoken = (left, right) if right in heard else (right, left)
    first = begun[written]
    return first is None or heard[spoken] in first


def _named(personas: pl.DataFrame, pairs: pl.DataFrame) -> dict[int, Name]:
    wanted = pl.concat([pairs["left"], pairs["right"]]).unique()
    rows = personas.filter(pl.col("persona").is_in(wanted.implode())).select("persona", *Name._fields)
    return {row[0]: Name._make(row[1:]) for row in rows.iter_rows()}
