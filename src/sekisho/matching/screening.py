"""Which companies are worth a close look: in an office building everybody meets everybody, and hardly anyone is alike.

Nothing is decided here. A name in kanji and one in kana are left out only when no book has a reading of the first
characters of the one that begins as the other does, or of the last that ends so, which is seen without opening either.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from sekisho.matching import companies, firms, syllables
from sekisho.matching.evidence import Name, named
from sekisho.matching.likeness import Reader


class Glance(NamedTuple):
    """What one look at a name says: the kana (`syllables`) that it may begin and end with, and whether something behind
    it may make another name longer."""

    script: str
    initial: str
    begins: int
    ends: int
    goes_on: bool


_SEEN = {
    "persona": pl.UInt32,
    "script": pl.String,
    "initial": pl.String,
    "begins": pl.UInt64,
    "ends": pl.UInt64,
    "goes_on": pl.Boolean,
}


def neighbours(pairs: pl.DataFrame, personas: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """`pairs` (left, right) without those of a name in kanji and a name in kana of which one cannot begin or end as the
    other does."""
    wanted = pl.concat([pairs["left"], pairs["right"]]).unique()
    names = seen(named(personas.filter(pl.col("persona").is_in(wanted.implode()))), reader)
    return possible(pairs, names, names)


def seen(names: dict[int, Name], reader: Reader) -> pl.DataFrame:
    """A look at each name: persona and the columns of Glance."""
    rows = [(persona, *_glance(name, reader)) for persona, name in names.items()]
    return pl.DataFrame(rows, schema=_SEEN, orient="row")


def possible(pairs: pl.DataFrame, lefts: pl.DataFrame, rights: pl.DataFrame) -> pl.DataFrame:
    """Those of the pairs (left, right) that may begin and end alike, of the names `seen` of either side. Two in one
    script are compared at once if they begin alike."""
    met = pairs.join(lefts, left_on="left", right_on="persona").join(
        rights, left_on="right", right_on="persona", suffix="_other"
    )
    one_script = pl.col("script") == pl.col("script_other")
    same_start = pl.col("initial") == pl.col("initial_other")
    spoken = (pl.col("script") == "kana") | (pl.col("script_other") == "kana")
    longer = pl.col("goes_on") | pl.col("goes_on_other")
    alike = _common("begins") & (longer | _common("ends"))
    return met.filter(pl.when(one_script).then(same_start).otherwise(~spoken | alike)).select("left", "right")


def _common(column: str) -> pl.Expr:
    return (pl.col(column) & pl.col(f"{column}_other")) != 0


def _glance(name: Name, reader: Reader) -> Glance:
    """Looks at a name in kana as it is heard, at another one as the books may read its first and last characters. A
    branch behind a space may be left out."""
    if name.written == "kana":
        heard = firms.heard_as(name)
        last = heard.whole[heard.trunk - 1 : heard.trunk], heard.whole[-1:]
        begins = syllables.of((heard.whole[:1],))
        return Glance(name.written, name.key[:1], begins, syllables.of(last), firms.may_go_on(heard))
    text, books = firms.text_of(name), reader.reciter
    trunk = text[: companies.trunk_end(text)]
    # A kana column says how its name begins beside what the books say.
    begins = books.beginnings(text) | (syllables.of((name.full[:1],)) if name.full else 0)
    ends = syllables.ANY if name.full else books.endings(trunk) | books.endings(text)
    return Glance(name.written, name.key[:1], begins, ends, firms.is_longer(trunk))
