"""Chance by seed: one numpy stream per name, drawn in blocks to be quick.

The same seed and name give the same draws everywhere; nothing else in the package is a source of chance.
"""

import zlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate
from math import log
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
BLOCK = 16_384


def stream(*, seed: int, name: str, number: int = 0) -> np.random.Generator:
    """Return the generator of one named stream. Streams do not disturb each other when one draws more."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode()), number]))


class Urn(Generic[T]):
    """Things with weights, to be drawn by a `Dice`."""

    def __init__(self, weighted: Sequence[tuple[T, float]]) -> None:
        self.things = [thing for thing, _ in weighted]
        self.bounds = list(accumulate(weight for _, weight in weighted))

    def at(self, share: float) -> T:
        """Return the thing at `share` (0 to below 1) of the total weight."""
        place = bisect_right(self.bounds, share * self.bounds[-1])
        return self.things[min(place, len(self.things) - 1)]


class Dice:
    """Scalar draws from one stream."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._next = _uniforms(generator).__next__

    def share(self) -> float:
        """Return a number from 0 to below 1."""
        return self._next()

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return self._next() < probability

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self._next() * (high - low + 1))

    def pick(self, things: Sequence[T]) -> T:
        """Return one of `things`, all equally likely."""
        return things[int(self._next() * len(things))]

    def draw(self, urn: Urn[T]) -> T:
        """Return one thing by weight."""
        return urn.at(self._next())

    def wait(self, mean: float) -> float:
        """Return an exponential waiting time with this mean, in the unit of the mean."""
        return -mean * log(1.0 - self._next())

    def day(self, first: date, last: date) -> date:
        """Return a day from `first` to `last`, both included."""
        return first + timedelta(days=self.whole(0, max(0, (last - first).days)))

    def digits(self, count: int) -> str:
        """Return `count` decimal digits as text."""
        return "".join(str(int(self._next() * 10)) for _ in range(count))


def _uniforms(generator: np.random.Generator) -> Iterator[float]:
    while True:
        yield from generator.random(BLOCK).tolist()
