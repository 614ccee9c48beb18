"""Which companies are worth a close look: in an office building everybody meets everybody, and hardly anyone is alike.

Nothing is decided here. A name in kanji and one in kana are left out only when no book has a reading of the first
characters of the one that begins as the other does, or of the last that ends so, which is seen without opening either.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import companies, firms
from sekisho.matching.evidence import Name, dull
from sekisho.matching.firms import Heard
from sekisho.matching.likeness import Reader

_PAIR = {"left": pl.UInt32, "right": pl.UInt32}


def neighbours(pairs: pl.DataFrame, personas: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """`pairs` (left, right) without those of a name in kanji and a name in kana of which one cannot begin as the other
    does."""
    named = _named(personas, pairs)
    kept = [(left, right) for left, right in pairs.iter_rows() if possible(named[left], named[right], reader)]
    return pl.DataFrame(kept, schema=_PAIR, orient="row")


def possible(left: Name, right: Name, reader: Reader) -> bool:
    """Whether two names may begin and end alike, as far as a look at their first and last characters tells."""
    if (left.written == "kana") == (right.written == "kana"):
        return left.key[:1] == right.key[:1] or left.written != right.written
    written, spoken = (left, right) if right.written == "kana" else (right, left)
    # A kana column says how its name begins, whatever the books say.
    if written.full:
        return True
    text, heard = firms.text_of(written), firms.heard_as(spoken)
    begun = reader.reciter.beginnings(text)
    if begun is not None and dull(heard.whole[:1]) not in begun:
        return False
    return firms.may_go_on(text, heard) or _ends_alike(text[: companies.trunk_end(text)], heard, reader)


def _ends_alike(trunk: str, heard: Heard, reader: Reader) -> bool:
    ended = reader.reciter.endings(trunk)
    return ended is None or not ended.isdisjoint(
        (dull(heard.whole[heard.trunk - 1 : heard.trunk]), dull(heard.whole[-1:]))
    )


def _named(personas: pl.DataFrame, pairs: pl.DataFrame) -> dict[int, Name]:
    wanted = pl.concat([pairs["left"], pairs["right"]]).unique()
    rows = personas.filter(pl.col("persona").is_in(wanted.implode())).select("persona", *Name._fields)
    return {row[0]: Name._make(row[1:]) for row in rows.iter_rows()}
