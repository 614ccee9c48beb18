"""Which companies are worth a close look: in an office building everybody meets everybody, and hardly anyone is alike.

Nothing is decided here. A pair is left out only when its beginning and its sound as a whole already show that no
comparison could find it alike, which is seen much faster.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cpdist

from sekisho.matching import firms
from sekisho.matching.aloud import Spelt
from sekisho.matching.evidence import Name, dull
from sekisho.matching.firms import Heard
from sekisho.matching.likeness import Reader

Ends = tuple[int, int]
_PAIR = {"left": pl.UInt32, "right": pl.UInt32}


def companies(pairs: pl.DataFrame, personas: pl.DataFrame, reader: Reader, *, least: float) -> pl.DataFrame:
    """`pairs` (left, right) without those of a name in kanji and a name in kana whose `Reader.compare` cannot weigh
    more than `least` (natural log odds, NOT_ALIKE or more)."""
    named = _named(personas, pairs)
    spoken = {one: firms.heard_as(name) for one, name in named.items() if name.written == "kana"}
    texts = {one: firms.text_of(name) for one, name in named.items() if one not in spoken}
    reader.reciter.learn(texts.values())
    spelt = {one: reader.reciter.spelt(text) for one, text in texts.items()}
    known = {one: named[one].full for one in texts}
    kept, doubtful = [], []
    for left, right in pairs.iter_rows():
        written, heard = (left, right) if right in spoken else (right, left)
        mixed = (written in spoken) != (heard in spoken)
        if not mixed or known[written] is not None or _begun(spelt[written], spoken[heard]):
            kept.append((left, right))
        else:
            doubtful.append((left, right, spelt[written], spoken[heard]))
    kept += _alike(doubtful, least)
    return pl.DataFrame(kept, schema=_PAIR, orient="row")


def _named(personas: pl.DataFrame, pairs: pl.DataFrame) -> dict[int, Name]:
    wanted = pl.concat([pairs["left"], pairs["right"]]).unique()
    rows = personas.filter(pl.col("persona").is_in(wanted.implode())).select("persona", *Name._fields)
    return {row[0]: Name._make(row[1:]) for row in rows.iter_rows()}


def _begun(spelt: Spelt, heard: Heard) -> bool:
    """Whether the sound may be followed at all, or one name begins with the other."""
    said, whole = spelt.said, heard.whole
    return dull(whole[:1]) in spelt.begun or said.startswith(whole) or whole.startswith(said)


def _alike(doubtful: list[tuple[int, int, Spelt, Heard]], least: float) -> Iterable[Ends]:
    """Those whose sounds share enough; without the ending in common they share less."""
    likely = [False] * len(doubtful)
    for said, heard in (
        ([dull(spelt.said) for *_, spelt, _ in doubtful], [dull(heard.whole) for *_, heard in doubtful]),
        (
            [dull(spelt.said[: spelt.said_trunk]) for *_, spelt, _ in doubtful],
            [dull(heard.whole[: heard.trunk]) for *_, heard in doubtful],
        ),
    ):
        shared = cpdist(said, heard, scorer=ratio).tolist() if doubtful else []
        likely = [
            before or firms.alike_weight(percent) > least
            for before, percent in zip(likely, shared, strict=True)
        ]
    return [(left, right) for (left, right, *_), found in zip(doubtful, likely, strict=True) if found]
