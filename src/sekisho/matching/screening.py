"""Which companies are worth a close look: in an office building everybody meets everybody, and hardly anyone is alike.

Nothing is decided here. A name in kanji and one in kana are left out only when no book has a reading of the first
characters of the one that begins as the other does, or of the last that ends so, which is seen without opening either.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from sekisho.matching import companies, firms
from sekisho.matching.evidence import Name, dull, named
from sekisho.matching.likeness import Reader

_PAIR = {"left": pl.UInt32, "right": pl.UInt32}


class Glance(NamedTuple):
    """What one look at a name says: the kana, without voicing, that it may begin and end with (None: nobody can say),
    and whether something behind it may make another name longer."""

    script: str
    initial: str
    begins: frozenset[str] | None
    ends: frozenset[str] | None
    goes_on: bool


def neighbours(pairs: pl.DataFrame, personas: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """`pairs` (left, right) without those of a name in kanji and a name in kana of which one cannot begin or end as the
    other does."""
    wanted = pl.concat([pairs["left"], pairs["right"]]).unique()
    names = named(personas.filter(pl.col("persona").is_in(wanted.implode())))
    seen = {persona: glance(name, reader) for persona, name in names.items()}
    kept = [(left, right) for left, right in pairs.iter_rows() if possible(seen[left], seen[right])]
    return pl.DataFrame(kept, schema=_PAIR, orient="row")


def glance(name: Name, reader: Reader) -> Glance:
    """Looks at a name in kana as it is heard, at another one as the books may read its first and last characters."""
    if name.written == "kana":
        heard = firms.heard_as(name)
        last = frozenset((dull(heard.whole[heard.trunk - 1 : heard.trunk]), dull(heard.whole[-1:])))
        return Glance(
            name.written, name.key[:1], frozenset((dull(heard.whole[:1]),)), last, firms.may_go_on(heard)
        )
    text = firms.text_of(name)
    # A kana column says how its name begins, whatever the books say.
    begins = frozenset((dull(name.full[:1]),)) if name.full else reader.reciter.beginnings(text)
    ends = None if name.full else reader.reciter.endings(text[: companies.trunk_end(text)])
    return Glance(name.written, name.key[:1], begins, ends, firms.is_longer(text))


def possible(left: Glance, right: Glance) -> bool:
    """Whether two names may begin and end alike. Two in one script are compared at once if they begin alike."""
    if left.script == right.script:
        return left.initial == right.initial
    if "kana" not in (left.script, right.script):
        return True
    if not _meet(left.begins, right.begins):
        return False
    return left.goes_on or right.goes_on or _meet(left.ends, right.ends)


def _meet(left: frozenset[str] | None, right: frozenset[str] | None) -> bool:
    return left is None or right is None or not left.isdisjoint(right)
