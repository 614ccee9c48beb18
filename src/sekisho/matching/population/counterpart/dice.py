"""Seeded chance: one stream of uniform numbers, drawn in bulk, so that scalar draws stay cheap and repeatable."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")
BUFFER = 1 << 16


class Dice:
    """Uniform draws from one seeded PCG64 stream; the same seed gives the same course of events."""

    def __init__(self, seed: int) -> None:
        self._stream = np.random.default_rng(seed)
        self._ready: list[float] = []

    def roll(self) -> float:
        """A number in [0, 1)."""
        if not self._ready:
            self._ready = self._stream.random(BUFFER).tolist()
        return self._ready.pop()

    def chance(self, share: float) -> bool:
        """True in `share` of the calls."""
        return self.roll() < share

    def below(self, limit: int) -> int:
        """A whole number in [0, limit)."""
        return int(self.roll() * limit)

    def between(self, first: int, last: int) -> int:
        """A whole number in [first, last]."""
        return first + int(self.roll() * (last - first + 1))

    def pick(self, things: Sequence[T]) -> T:
        """One of `things`, each alike."""
        return things[int(self.roll() * len(things))]

    def wait(self, mean: float) -> float:
        """An exponential waiting time in the unit of `mean`."""
        return -mean * math.log(1.0 - self.roll())

    def order(self, count: int) -> np.ndarray:
        """A random permutation of 0 … count-1."""
        return self._stream.permutation(count)


class Urn(Generic[T]):
    """Things with weights; drawing puts the thing back."""

    def __init__(self, things: Sequence[T], weights: Sequence[float]) -> None:
        self.things = things
        self._upto = list(accumulate(weights))

    def draw(self, dice: Dice) -> T:
        """One thing, in proportion to its weight."""
        at = bisect_right(self._upto, dice.roll() * self._upto[-1])
        return self.things[min(at, len(self.things) - 1)]


def urn(weights: dict[T, float]) -> Urn[T]:
    """An urn from a table thing → weight."""
    return Urn(list(weights), list(weights.values()))
