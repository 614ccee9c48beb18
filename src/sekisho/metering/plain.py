"""Reads the lines of a usage file that are written as nearly all are, many at once and without a word of Python for each.

Such a line has 22 figures, a day as 2026-11-01, 48 cells that are empty or `d.ddd` kWh, and perhaps estimated slots. Any other line —
full-width figures, other forms of a day, quotation marks, faults — is left over for the reader of cells, which accepts more and says
what is wrong. INVARIANT: what is read here is what that reader would have read (a property test holds the two together).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from sekisho.metering.days import POINT_DIGITS, Bytes, Days, Flags, Ints, WattHours
from sekisho.registry.cells import EARLIEST, LATEST, slot_mask
from sekisho.registry.files import KINDS, SLOTS
from sekisho.registry.staging import Layout

_ZERO, _COMMA, _POINT, _HYPHEN, _CR, _LF = b"0,.-\r\n"
_SHORTEST, _LONGEST = len("0.000"), len("999999.999")
_DAY: Final = len("2026-11-01")
_HYPHENS: Final = (4, 7)
_SLOT_LIST: Final = re.compile(rb"[0-9]{1,2}(-[0-9]{1,2})?( [0-9]{1,2}(-[0-9]{1,2})?)*")
_EARLIEST, _LATEST = (np.datetime64(day).astype(np.int64) for day in (EARLIEST, LATEST))


def is_plain(layout: Layout) -> bool:
    """Whether the columns stand in the documented order; the last, of estimates, may be absent."""
    known = KINDS["usage"].columns
    return layout.columns in (known, known[:-1])


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Where lines begin and end in the text (line breaks not included)."""

    text: Bytes
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.starts)


def lines_of(data: bytes) -> Lines:
    """The lines of whole lines; the last may lack its break."""
    text = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(text == _LF)
    if data and not data.endswith(b"\n"):
        breaks = np.append(breaks, len(text))
    starts = np.append(0, breaks[:-1] + 1)[: len(breaks)]
    return Lines(text, starts, np.maximum(starts, breaks - (text[breaks - 1] == _CR)))


def plain_days(lines: Lines, *, first_row: int, estimates: bool) -> tuple[Days, Flags]:
    """The days of all plain lines, and which lines are plain. `first_row`: the number of the first line."""
    separators = len(SLOTS) + 1 + estimates
    commas = np.flatnonzero(lines.text == _COMMA)
    first = np.searchsorted(commas, lines.starts)
    plain = np.searchsorted(commas, lines.ends) - first == separators
    chosen = np.flatnonzero(plain)
    # the ends of all cells: a row a line
    ends = np.empty((len(chosen), separators + 1), np.int64)
    ends[:, :-1] = commas[first[chosen, None] + np.arange(separators)]
    ends[:, -1] = lines.ends[chosen]
    starts = lines.starts[chosen]
    points, fit = _points(lines.text, starts, ends[:, 0])
    days, fit_days = _days(lines.text, ends[:, 0] + 1, ends[:, 1])
    wh, missing, fit_wh = _kwh(lines.text, ends[:, 1 : len(SLOTS) + 2])
    fit &= fit_days & fit_wh
    estimated = np.zeros(len(chosen), np.int64)
    if estimates:
        _read_estimates(lines.text, ends[:, -2] + 1, ends[:, -1], estimated, fit)
    plain[chosen] = fit
    rows = chosen + first_row
    return Days(rows[fit], points[fit], days[fit], wh[fit], missing[fit], estimated[fit]), plain


def _points(text: Bytes, starts: Ints, ends: Ints) -> tuple[Bytes, Flags]:
    points = _windows(text, starts, POINT_DIGITS)
    return points, (ends - starts == POINT_DIGITS) & (points - _ZERO <= 9).all(axis=1)


def _windows(text: Bytes, starts: Ints, width: int) -> Bytes:
    """So many bytes from each start; past the end of the text its last byte, of cells that are too short anyway."""
    found: Bytes = text[np.minimum(starts[:, None] + np.arange(width), len(text) - 1)]
    return found


def _days(text: Bytes, starts: Ints, ends: Ints) -> tuple[Ints, Flags]:
    """Days since 1970, and which cells are a day of the calendar."""
    cell = _windows(text, starts, _DAY)
    figures = cell - _ZERO
    fit = (ends - starts == _DAY) & (cell[:, _HYPHENS] == _HYPHEN).all(axis=1)
    fit &= (np.delete(figures, _HYPHENS, axis=1) <= 9).all(axis=1)
    year, month, day = (
        figures[:, a:b].astype(np.int64) @ 10 ** np.arange(b - a)[::-1] for a, b in ((0, 4), (5, 7), (8, 10))
    )
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    found = months.astype("datetime64[D]") + (day - 1)
    fit &= (month >= 1) & (month <= 12) & (day >= 1) & (found.astype("datetime64[M]") == months)
    days = found.astype(np.int64)
    return days, fit & (days >= _EARLIEST) & (days < _LATEST)


def _kwh(text: Bytes, ends: Ints) -> tuple[WattHours, Flags, Flags]:
    """Wh of the cells between the ends; which are empty; and the lines whose cells are all plain."""
    left, right = ends[:, :-1] + 1, ends[:, 1:]
    length = right - left
    missing = length == 0
    fit = (missing | (length >= _SHORTEST) & (length <= _LONGEST) & (text[right - 4] == _POINT)).all(axis=1)
    # A cell's one sign that is no figure is its point: then all others are figures.
    signs = np.flatnonzero((text - _ZERO > 9) & (text != _COMMA))
    between = np.searchsorted(signs, ends[:, -1]) - np.searchsorted(signs, ends[:, 0])
    fit &= between == (~missing).sum(axis=1)
    return _numbers(text - _ZERO, left, right, int(length[fit].max(initial=0))), missing, fit


def _numbers(figures: Bytes, left: Ints, right: Ints, longest: int) -> WattHours:
    """The figures of each cell as one number, from the last to the first; the one before the last three is the point."""
    total = np.zeros(left.shape, np.int32)
    for place, back in enumerate((1, 2, 3, *range(5, longest + 1))):
        at = right - back
        figure = figures[at].astype(np.int32)
        if back >= _SHORTEST:
            figure[at < left] = 0
        total += figure * np.int32(10**place)
    return total


def _read_estimates(text: Bytes, starts: Ints, ends: Ints, estimated: Ints, fit: Flags) -> None:
    """Fill in the masks of the lines that name estimated slots; the same few lists come again and again."""
    for line in np.flatnonzero((ends > starts) & fit):
        cell = text[starts[line] : ends[line]].tobytes()
        mask = slot_mask(cell.decode("ascii")) if _SLOT_LIST.fullmatch(cell) else None
        if mask is None:
            fit[line] = False
        else:
            estimated[line] = mask
