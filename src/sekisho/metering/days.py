"""Many usage days at once, as arrays, and as COPY takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sekisho.registry.files import SLOTS
from sekisho.registry.staging import ROW_NO

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
WattHours = NDArray[np.int32]

POINT_DIGITS: Final = 22
_INT4: Final = 23
"""PostgreSQL's type number of integer."""
_EPOCH: Final = np.datetime64("2000-01-01").astype(np.int64)
"""PostgreSQL counts days from here."""

# One row of `copy … (format binary)`: the number of fields, then each with its length before it.
_ROW: Final = np.dtype(
    [
        ("fields", ">i2"),
        *(("row_length", ">i4"), ("row", ">i8")),
        *(("point_length", ">i4"), ("point", "u1", POINT_DIGITS)),
        *(("day_length", ">i4"), ("day", ">i4")),
        *(("wh_length", ">i4"), ("wh_head", ">i4", 5)),
        ("wh", [("length", ">i4"), ("value", ">i4")], len(SLOTS)),
        *(("estimated_length", ">i4"), ("estimated", ">i8")),
    ]
)
COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER: Final = b"\xff\xff"


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """So many days, one an entry of each array. `points`: n × 22 ASCII figures; `days`: since 1970-01-01; `wh`: n × 48 Wh.

    Where `missing` is set nothing was received, whatever `wh` holds there.
    """

    rows: Ints
    points: Bytes
    days: Ints
    wh: WattHours
    missing: Flags
    estimated: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def copied(self) -> bytes:
        """The rows of a binary COPY of (line, point, day, wh, estimated), without header and trailer."""
        table = self._table()
        gaps = self.missing.any(axis=1)
        return table[~gaps].tobytes() + _without_missing(table[gaps], self.missing[gaps])

    def _table(self) -> NDArray[np.void]:
        table = np.zeros(len(self), _ROW)
        table["fields"] = 5
        for name, value in (("row", self.rows), ("point", self.points), ("estimated", self.estimated)):
            table[name] = value
            table[f"{name}_length"] = _ROW[name].itemsize
        table["day"], table["day_length"] = self.days - _EPOCH, 4
        table["wh"]["length"], table["wh"]["value"] = np.where(self.missing, -1, 4), self.wh
        absent = self.missing.sum(axis=1)
        table["wh_length"] = 20 + 8 * len(SLOTS) - 4 * absent
        table["wh_head"] = (1, 0, _INT4, len(SLOTS), 1)  # dimensions, nulls, type, length, first index
        table["wh_head"][:, 1] = absent > 0
        return table


def _without_missing(table: NDArray[np.void], missing: Flags) -> bytes:
    """A null is a length of -1 and no value: the values' four bytes are left out."""
    kept = np.zeros(len(table), _ROW)
    kept.view(np.uint8)[:] = 1
    kept["wh"]["value"] = np.where(missing, 0, 0x01010101)
    rows: Bytes = table.view(np.uint8)[kept.view(np.uint8) != 0]
    return rows.tobytes()


def days_of_rows(rows: Sequence[tuple[int, str, date, Sequence[int | None], int]]) -> Days:
    """Days from plain values: line, point, day, 48 half-hours, mask of estimates."""
    wh = np.array([row[3] for row in rows], dtype=np.float64).reshape(-1, len(SLOTS))  # exact below 2⁵³
    missing = np.isnan(wh)
    return Days(
        np.array([row[0] for row in rows], np.int64),
        _figures([row[1] for row in rows]),
        np.array([row[2] for row in rows], "datetime64[D]").astype(np.int64),
        np.where(missing, 0, wh).astype(np.int32),
        missing,
        np.array([row[4] for row in rows], np.int64),
    )


def days_of_frame(frame: pl.DataFrame) -> Days:
    """Days from a typed block of a usage file."""
    wh = frame.select(SLOTS).fill_null(-1).to_numpy().reshape(-1, len(SLOTS))
    estimated = frame["estimated_slots"].fill_null(0) if "estimated_slots" in frame.columns else None
    return Days(
        frame[ROW_NO].to_numpy(),
        _figures(frame["point"].to_list()),
        frame["day"].cast(pl.Int32).cast(pl.Int64).to_numpy(),
        wh.astype(np.int32),
        wh < 0,
        np.zeros(len(frame), np.int64) if estimated is None else estimated.to_numpy(),
    )


def _figures(points: Sequence[str]) -> Bytes:
    return np.frombuffer("".join(points).encode("ascii"), np.uint8).reshape(-1, POINT_DIGITS)
