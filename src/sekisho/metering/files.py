"""Usage as CSV: a row is a point and a day, 48 columns of kWh and the numbers of the estimated half-hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from sekisho.registry.files import KINDS, Encoding, line_end, written_whole

UsageDay = tuple[str, date, Sequence[int | None], int]
"""Point, day, 48 half-hours in Wh (None = missing), and a bit mask: bit i-1 set = slot i is an estimate."""


def write_usage_csv(rows: Iterable[UsageDay], path: Path, encoding: Encoding = "utf-8") -> int:
    """Write usage days as a `usage` file; return their number."""
    columns = KINDS["usage"].columns
    header = [column.name if encoding == "utf-8" else column.ja for column in columns]
    end = line_end(encoding)
    count = 0
    with written_whole(path, encoding=encoding) as file:
        file.write(",".join(header) + end)
        for row in rows:
            file.write(_line(row) + end)
            count += 1
    return count


def _line(row: UsageDay) -> str:
    """Figures, points and hyphens only: nothing that a spreadsheet or CP932 could mistake."""
    point, day, wh, estimated = row
    return f"{point},{day},{','.join(map(kwh_text, wh))},{slots_text(estimated) if estimated else ''}"


@lru_cache(maxsize=65_536)
def kwh_text(wh: int | None) -> str:
    """Wh as kWh with three places; missing is empty, never zero."""
    return "" if wh is None else f"{wh // 1000}.{wh % 1000:03d}"


@lru_cache(maxsize=4096)
def slots_text(mask: int) -> str:
    """The slots of a bit mask as ranges, `3-5 7`."""
    slots = [slot for slot in range(1, 49) if mask >> (slot - 1) & 1]
    runs = (list(run) for _, run in groupby(enumerate(slots), lambda pair: pair[1] - pair[0]))
    ends = ((run[0][1], run[-1][1]) for run in runs)
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in ends)
