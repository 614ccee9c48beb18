"""How a kanji is read inside names, learned from names whose reading is known.

No dictionary lists every given name, but nearly every name is built of characters read as they are read elsewhere
(結→ユ, 愛→ア, 翔→ト). The aligner learns P(kana | kanji) by expectation maximisation over every way of cutting a reading
into one piece for each character; a few seconds on 300,000 names, under a megabyte when pruned. It is trained when
the dictionaries are built, from share-alike data that is never shipped.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import polars as pl
from polars import selectors as cs

LONGEST_PIECE = 5
_LONGEST_NAME = 4
_LONGEST_SOUND = 9
_ROUNDS = 6
# Rarer readings than these are left out of the stored model.
_SMALLEST = 2e-3
_FEWEST = 0.3
_UNSEEN = math.log(1e-4)
# How many readings of a character, and sounds of a name, are followed when a name is read aloud.
_FEW_PIECES, _FEW_SOUNDS = 4, 12
_NO_PIECES: dict[str, float] = {}


class _Opened(NamedTuple):
    """The readings of one character, also by their first kana, and the best log-probability of a reading that begins,
    or ends, with a kana. Most kana begin none, so a reading that does not fit costs one look."""

    whole: dict[str, float]
    pieces: dict[str, list[tuple[str, float]]]
    first: dict[str, float]
    last: dict[str, float]

    @classmethod
    def of(cls, char: str, known: dict[str, float]) -> _Opened:
        """A character may also stand for itself, as kana in names do."""
        pieces: dict[str, list[tuple[str, float]]] = {}
        first: dict[str, float] = {}
        last: dict[str, float] = {}
        whole = known | {char: 0.0}
        for piece, chance in whole.items():
            pieces.setdefault(piece[0], []).append((piece, chance))
            first[piece[0]] = max(first.get(piece[0], chance), chance)
            last[piece[-1]] = max(last.get(piece[-1], chance), chance)
        return cls(whole, pieces, first, last)


class _Known(dict[str, _Opened]):
    """The characters met so far; a new one is opened when it is asked for."""

    def __init__(self, pieces: dict[str, dict[str, float]]) -> None:
        self._pieces = pieces

    def __missing__(self, char: str) -> _Opened:
        opened = self[char] = _Opened.of(char, self._pieces.get(char, _NO_PIECES))
        return opened


@dataclass(frozen=True)
class Aligner:
    """log P(kana piece | kanji), and a score for a whole name."""

    pieces: dict[str, dict[str, float]]

    def score(self, name: str, sound: str, *, least: float = -math.inf) -> float:
        """Mean log-probability a character that `name` (kanji) is read as `sound`; about -1 for an
        everyday reading, below -5 for none. Whatever is under `least` may come back as minus infinity,
        which is found much sooner."""
        size = max(len(name), 1)
        return self._best(name, sound, least * size) / size

    def readings(self, name: str) -> dict[str, float]:
        """The likeliest sounds of a name and their chances; the sound of a kana is itself."""
        spoken = {"": 1.0}
        for char in name:
            pieces = self._likeliest(char)
            longer: dict[str, float] = {}
            for sound, share in spoken.items():
                for piece, chance in pieces.items():
                    longer[sound + piece] = longer.get(sound + piece, 0.0) + share * chance
            spoken = dict(sorted(longer.items(), key=lambda item: -item[1])[:_FEW_SOUNDS])
        return spoken

    def _likeliest(self, char: str) -> dict[str, float]:
        known = sorted(self.pieces.get(char, {char: 0.0}).items(), key=lambda item: -item[1])[:_FEW_PIECES]
        return {piece: math.exp(chance) for piece, chance in known}

    def _best(self, name: str, sound: str, least: float) -> float:
        if least == -math.inf:
            return self._whatever(name, sound)
        if self.bound(name, sound) < least:
            return -math.inf
        reached = {0: 0.0}
        for place, char in enumerate(name):
            reached = self._step(reached, char, sound, len(name) - place - 1, least)
            if not reached:
                break
        unread = _UNSEEN * len(name)
        return reached.get(len(sound), unread if unread >= least else -math.inf)

    def _whatever(self, name: str, sound: str) -> float:
        """The best log-probability, however small: nothing is given up on the way."""
        spare = len(sound) - len(name)
        if not name or spare < 0:
            return _UNSEEN * len(name)
        read = self._known[name[0]].whole.get
        if len(name) == 1:
            return read(sound, _UNSEEN)
        # Before the first character there is one way only, so none need be compared.
        reached = {end: read(sound[:end], _UNSEEN) for end in range(1, min(LONGEST_PIECE, spare + 1) + 1)}
        for place, char in enumerate(name[1:-1], 2):
            reached = self._stride(reached, char, sound, spare + place)
        read = self._known[name[-1]].whole.get
        return max([so_far + read(sound[start:], _UNSEEN) for start, so_far in reached.items()])

    def _stride(self, reached: dict[int, float], char: str, sound: str, last: int) -> dict[int, float]:
        """One character further, by every piece of the sound that ends at `last` or before."""
        read = self._known[char].whole.get
        step: dict[int, float] = {}
        for start, so_far in reached.items():
            for end in range(start + 1, min(start + LONGEST_PIECE, last) + 1):
                value = so_far + read(sound[start:end], _UNSEEN)
                if value > step.get(end, -math.inf):
                    step[end] = value
        return step

    def bound(self, name: str, sound: str) -> float:
        """No log-probability of the whole name is above this: its first character is read as the sound begins, its
        last one as it ends."""
        if not name or not sound:
            return -math.inf
        known = self._known
        begun = known[name[0]].first.get(sound[0], _UNSEEN)
        return begun if len(name) == 1 else begun + known[name[-1]].last.get(sound[-1], _UNSEEN)

    def _step(
        self, reached: dict[int, float], char: str, sound: str, left: int, least: float
    ) -> dict[int, float]:
        """Chances only shrink from character to character: what falls under the least is given up."""
        pieces = self._known[char].pieces
        last = len(sound) - left
        step: dict[int, float] = {}
        for start, so_far in reached.items():
            unread = so_far + _UNSEEN
            if unread >= least:
                for end in range(start + 1, min(start + LONGEST_PIECE, last) + 1) if left else (last,):
                    if unread > step.get(end, -math.inf):
                        step[end] = unread
            for piece, chance in pieces.get(sound[start : start + 1], ()):
                end, value = start + len(piece), so_far + chance
                if value < least or value <= step.get(end, -math.inf) or not sound.startswith(piece, start):
                    continue
                if end == last or (left and end < last):
                    step[end] = value
        return step

    @cached_property
    def _known(self) -> _Known:
        return _Known(self.pieces)


def train(names: list[str], sounds: list[str]) -> Aligner:
    """Learn from parallel lists of kanji names and their sounds; pairs that cannot be cut are left out."""
    cuts = [_cuttings(names, sounds, width) for width in range(1, _LONGEST_NAME + 1)]
    learnt = _expectation_maximisation([frame for frame in cuts if frame.height])
    return from_frame(learnt)


def to_frame(aligner: Aligner) -> pl.DataFrame:
    """Columns char, piece, log_chance: the stored form."""
    rows = [(char, piece, value) for char, known in aligner.pieces.items() for piece, value in known.items()]
    schema = {"char": pl.String, "piece": pl.String, "log_chance": pl.Float32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def from_frame(frame: pl.DataFrame) -> Aligner:
    """The inverse of `to_frame`."""
    pieces: dict[str, dict[str, float]] = {}
    for char, piece, value in frame.iter_rows():
        pieces.setdefault(char, {})[piece] = value
    return Aligner(pieces)


def _cuttings(names: list[str], sounds: list[str], width: int) -> pl.DataFrame:
    """Every way of cutting the names of one width: column pair, and for each character c0… and its piece
    p0…"""
    frame = pl.DataFrame({"name": names, "sound": sounds}).unique().with_row_index("pair")
    fitting = frame.filter(
        pl.col("name").str.len_chars() == width,
        pl.col("sound").str.len_chars().is_between(width, _LONGEST_SOUND),
    )
    parts = []
    for (length,), group in fitting.group_by(pl.col("sound").str.len_chars(), maintain_order=True):
        parts += [_cut(group, spans) for spans in _spans(int(str(length)), width)]
    return pl.concat(parts) if parts else pl.DataFrame()


def _spans(length: int, parts: int) -> Iterator[list[tuple[int, int]]]:
    for inner in itertools.combinations(range(1, length), parts - 1):
        spans = list(itertools.pairwise((0, *inner, length)))
        if all(end - start <= LONGEST_PIECE for start, end in spans):
            yield spans


def _cut(group: pl.DataFrame, spans: list[tuple[int, int]]) -> pl.DataFrame:
    pieces = [
        pl.concat_str(pl.col("name").str.slice(part, 1), pl.col("sound").str.slice(start, end - start)).alias(
            f"k{part}"
        )
        for part, (start, end) in enumerate(spans)
    ]
    return group.select("pair", *pieces)


def _expectation_maximisation(cuts: list[pl.DataFrame]) -> pl.DataFrame:
    """The stored form of the learnt chances. A key is a character followed by its piece."""
    keys = pl.concat([frame.unpivot(cs.starts_with("k"))["value"] for frame in cuts]).unique().sort()
    numbered = (
        pl.DataFrame({"key": keys}).with_row_index("number").with_columns(char=pl.col("key").str.slice(0, 1))
    )
    indexed = [_indexed(frame, numbered) for frame in cuts]
    counts = pl.Series("count", [1.0] * numbered.height)
    for _ in range(_ROUNDS):
        counts = _expected(indexed, _chances(numbered, counts), numbered.height)
    learnt = numbered.with_columns(chance=_chances(numbered, counts), count=counts)
    kept = learnt.filter(pl.col("chance") > _SMALLEST, pl.col("count") > _FEWEST)
    return kept.select(
        "char", piece=pl.col("key").str.slice(1), log_chance=pl.col("chance").log().cast(pl.Float32)
    )


def _indexed(frame: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    categories = pl.Enum(numbered["key"])
    return frame.with_columns(cs.starts_with("k").cast(categories).to_physical())


def _chances(numbered: pl.DataFrame, counts: pl.Series) -> pl.Series:
    share = pl.col("count") / pl.col("count").sum().over("char")
    return numbered.with_columns(count=counts).select(share).to_series()


def _expected(indexed: list[pl.DataFrame], chances: pl.Series, size: int) -> pl.Series:
    """How often each key is expected to have been used, given the present chances."""
    sums = (
        pl.concat([_usage(frame, chances) for frame in indexed]).group_by("key").agg(pl.col("weight").sum())
    )
    every = pl.DataFrame({"key": pl.int_range(size, dtype=pl.UInt32, eager=True)})
    return every.join(sums, on="key", how="left", maintain_order="left")["weight"].fill_null(1e-12)


def _usage(frame: pl.DataFrame, chances: pl.Series) -> pl.DataFrame:
    parts = [name for name in frame.columns if name != "pair"]
    likely = pl.Series("weight", chances.gather(frame[parts[0]]))
    for part in parts[1:]:
        likely = likely * chances.gather(frame[part])
    weighed = frame.with_columns(weight=likely).with_columns(
        weight=pl.col("weight") / pl.col("weight").sum().over("pair").clip(lower_bound=1e-300)
    )
    return pl.concat([weighed.select(key=pl.col(part).cast(pl.UInt32), weight="weight") for part in parts])
