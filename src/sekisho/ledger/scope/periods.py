"""Contract periods, asked millions of times: did the company hold this point at this second?

`OwnPeriods` knows one company's. The points are small integers, so a table indexed by the point replaces the search: one look for the point's first period,
which is the only one for nearly all points, and a second pass for the few readings at points that the company held more
than once. Readings come sorted by point, so the looks walk through memory in order.

`AllPeriods` knows every company's, for sorting readings into own and foreign when they are written: a search among all
periods, whose steps the order of the readings keeps short.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from sekisho.ledger.scope.moments import DAY, OPEN

Whole = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_LAST = np.iinfo(np.uint32).max


class OwnPeriods:
    """The periods [start, end), in days, of one company. `point` holds codes, ascending; a point's
    periods stand in the order of their start and do not overlap."""

    def __init__(self, *, point: npt.NDArray[np.integer], start: Whole, end: Whole) -> None:
        held, begin, finish = point.astype(np.int64), _seconds(start), _seconds(end)
        self._points = int(held[-1]) + 1 if len(held) else 0
        first = np.ones(len(held), dtype=bool)
        first[1:] = held[1:] != held[:-1]
        # A point beyond the table, or without a period, has the empty period [0, 0).
        self._start = np.zeros(self._points + 1, dtype=np.uint32)
        self._end = np.zeros(self._points + 1, dtype=np.uint32)
        self._start[held[first]] = begin[first]
        self._end[held[first]] = finish[first]
        self._again = np.zeros(self._points + 1, dtype=bool)
        self._again[held[~first]] = True
        self._more_point, self._more_start, self._more_end = held[~first], begin[~first], finish[~first]

    def cover(self, *, point: npt.NDArray[np.integer], at: npt.NDArray[np.uint32]) -> Mask:
        """Return for each reading whether it lies inside one of the periods."""
        place = np.minimum(point, self._points)
        covered: Mask = (self._start[place] <= at) & (at < self._end[place])
        rest = np.flatnonzero(self._again[place] & ~covered)
        if len(rest):
            covered[rest] = self._covered_again(place[rest].astype(np.int64), at[rest].astype(np.int64))
        return covered

    def _covered_again(self, point: Whole, at: Whole) -> Mask:
        # Periods of a point do not overlap: only the last one that has begun can cover.
        keys = self._more_point << 32 | self._more_start.astype(np.int64)
        last = np.searchsorted(keys, point << 32 | at, side="right") - 1
        at_point: Mask = (last >= 0) & (self._more_point[last] == point)
        covered: Mask = at_point & (at < self._more_end[last])
        return covered


class AllPeriods:
    """The periods of a store's history (`holder`, `point`, `start`, `end`), sorted by holder, point, start."""

    def __init__(self, own: pl.DataFrame) -> None:
        start = own["start"].to_numpy().astype(np.int64)
        self._end = own["end"].to_numpy()
        # Codes and days of any real store fit; where they do not, nothing is known to be anybody's own.
        self._fits = not own.height or (_top(own["holder"]) < 2**16 and int(start.max()) < 2**16)
        self._keys = _key(own["holder"].to_numpy(), own["point"].to_numpy(), np.clip(start, 0, None))

    def cover(self, *, company: pl.Series, point: pl.Series, at: pl.Series) -> Mask:
        """Return for each reading, sorted by company, point and time, whether the company held the point on its day."""
        if not self._fits or not len(self._keys) or (len(company) and _top(company) >= 2**16):
            return np.zeros(len(company), dtype=bool)
        day = at.to_numpy() // DAY
        asked = _key(company.to_numpy(), point.to_numpy(), day)
        # Periods of a point do not overlap: only the last one that has begun can cover.
        last = np.searchsorted(self._keys, asked, side="right") - 1
        low = np.uint64(16)
        covered: Mask = (last >= 0) & ((self._keys[last] >> low) == (asked >> low)) & (day < self._end[last])
        return covered


def _key(
    company: npt.NDArray[np.integer], point: npt.NDArray[np.integer], day: npt.NDArray[np.integer]
) -> npt.NDArray[np.uint64]:
    """Return one integer, ordered as company, point (32 bits), day (16 bits) are."""
    parts = (company, 48), (point, 16), (day, 0)
    key: npt.NDArray[np.uint64] = sum(part.astype(np.uint64) << np.uint64(shift) for part, shift in parts)  # type: ignore[assignment]
    return key


def _top(codes: pl.Series) -> int:
    return int(codes.max())  # type: ignore[arg-type]


def _seconds(day: Whole) -> npt.NDArray[np.uint32]:
    whole = np.where(day >= OPEN, _LAST, np.clip(day.astype(np.int64), 0, _LAST // DAY) * DAY)
    return whole.astype(np.uint32)
