"""One company's contract periods, asked millions of times: did it hold this point at this second?

The points are small integers, so a table indexed by the point replaces the search: one look for the point's first period,
which is the only one for nearly all points, and a second pass for the few readings at points that the company held more
than once. Readings come sorted by point, so the looks walk through memory in order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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


def _seconds(day: Whole) -> npt.NDArray[np.uint32]:
    whole = np.where(day >= OPEN, _LAST, np.clip(day.astype(np.int64), 0, _LAST // DAY) * DAY)
    return whole.astype(np.uint32)
