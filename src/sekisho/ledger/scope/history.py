"""The contract history: who held which point when, and whose contract it was.

Columns of `PERIODS`: point, holder (texts), start, end (day numbers, half open, `moments.OPEN`: no end), next (the day on
which the following contract at the point begins, or `OPEN`), kind (0 person, 1 company, 2 device), contract_no,
customer_no. Two contracts never overlap at one point.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl
import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope.moments import OPEN, day_number

KINDS: Final = ("person", "company", "device")
"""個人・法人・機器: the law counts them apart."""
PERIODS: Final = {
    "point": pl.String,
    "holder": pl.String,
    "start": pl.Int32,
    "end": pl.Int32,
    "kind": pl.UInt8,
    "contract_no": pl.String,
    "customer_no": pl.String,
}
_COLUMNS: Final = ("point", "contract_no", "holder", "customer_no", "customer_kind", "valid_from", "valid_to")

_REGISTRY: Final = """
select c.point, c.holder, (lower(c.valid) - date '1970-01-01')::integer,
       coalesce(upper(c.valid) - date '1970-01-01', %s)::integer,
       array_position(array['person', 'company', 'device'], u.kind) - 1, c.contract_no, c.customer_no
  from registry.contract c join registry.customer u on u.customer_no = c.customer_no
"""


class UnableToReadHistory(SekishoError):
    """The contract history cannot be used: a row is wrong, and every row decides who was entitled."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: its number (1: the first data row), field, value and reason."""

    line: int
    field: str
    value: str
    ja: str
    en: str


def with_next(periods: pl.DataFrame) -> pl.DataFrame:
    """Return the periods by point and start, with `next`."""
    following = pl.col("start").shift(-1).over("point").fill_null(OPEN).cast(pl.Int32)
    return periods.sort("point", "start").with_columns(following.alias("next"))


def from_registry(connection: psycopg.Connection[TupleRow]) -> pl.DataFrame:
    """Return the registry's contracts."""
    with connection.cursor() as cursor:
        rows = cursor.execute(_REGISTRY.encode(), (OPEN,)).fetchall()
    return with_next(pl.DataFrame(rows, schema=PERIODS, orient="row"))


def from_csv(path: Path, *, encoding: str = "utf-8") -> tuple[pl.DataFrame, list[Rejected]]:
    """Return the contracts of a file with the columns point, contract_no, holder, customer_no, customer_kind, valid_from,
    valid_to (the day after the last, or empty), and the rows that were refused; good rows beside them are kept."""
    rows: list[tuple[object, ...]] = []
    rejected: list[Rejected] = []
    for line, row in _lines(path, encoding):
        found = _period(line, row)
        if isinstance(found, Rejected):
            rejected.append(found)
        else:
            rows.append((*found, line))
    frame = pl.DataFrame(rows, schema={**PERIODS, "line": pl.Int64}, orient="row")
    frame, overlapping = _apart(frame)
    return with_next(frame.drop("line")), [*rejected, *overlapping]


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, str | None]]]:
    with path.open(encoding=_codec(encoding), errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise UnableToReadHistory(
                f"{path} に列 {', '.join(missing)} がありません。",
                f"{path} lacks the columns {', '.join(missing)}.",
            )
        yield from enumerate(reader, start=1)


def _codec(name: str) -> str:
    try:
        known = codecs.lookup(name).name
    except LookupError:
        raise UnableToReadHistory(
            f"文字コード {name!r} はありません。", f"There is no encoding {name!r}."
        ) from None
    return "utf-8-sig" if known == "utf-8" else known


def _period(line: int, row: dict[str, str | None]) -> tuple[object, ...] | Rejected:
    cells = {name: (row[name] or "").strip() for name in _COLUMNS}
    if (unreadable := _unreadable(line, cells)) is not None:
        return unreadable
    point = cells["point"].replace("-", "")
    if not (len(point) == 22 and point.isdecimal()):
        return Rejected(
            line, "point", cells["point"], "供給地点特定番号は22桁の数字です", "a point has 22 digits"
        )
    for name in ("contract_no", "holder"):
        if not cells[name]:
            return Rejected(line, name, "", "空です", "is empty")
    if cells["customer_kind"] not in KINDS:
        return Rejected(
            line,
            "customer_kind",
            cells["customer_kind"],
            "person・company・device のいずれか",
            "is none of person, company, device",
        )
    start, end = _day(cells["valid_from"]), _day(cells["valid_to"]) if cells["valid_to"] else OPEN
    if start is None:
        return Rejected(
            line,
            "valid_from",
            cells["valid_from"],
            "日付ではありません(例 2016-04-01)",
            "is no date like 2016-04-01",
        )
    if end is None or end <= start:
        return Rejected(
            line,
            "valid_to",
            cells["valid_to"],
            "開始より後の日付ではありません",
            "is no date after the beginning",
        )
    kind = KINDS.index(cells["customer_kind"])
    return point, cells["holder"], start, end, kind, cells["contract_no"], cells["customer_no"]


def _unreadable(line: int, cells: dict[str, str]) -> Rejected | None:
    for name, cell in cells.items():
        if any("\udc80" <= letter <= "\udcff" for letter in cell):
            quoted = cell.encode("utf-8", errors="backslashreplace").decode()
            return Rejected(
                line,
                name,
                quoted,
                "文字コードに合わないバイトがあります",
                "has bytes that are not of the encoding",
            )
    return None


def _day(text: str) -> int | None:
    try:
        return day_number(date.fromisoformat(text.replace("/", "-")))
    except ValueError:
        return None


def _apart(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Rejected]]:
    """Refuse the later of two overlapping contracts: nobody can say whose the days in common were."""
    ends = pl.col("end").cum_max().shift(1).over("point")
    marked = frame.sort("point", "start", "line").with_columns(
        (pl.col("start") < ends).fill_null(value=False).alias("bad")
    )
    bad = marked.filter("bad")
    return marked.filter(~pl.col("bad")).drop("bad"), [
        Rejected(
            line,
            "valid_from",
            contract,
            "同じ地点の前の契約と期間が重なります",
            "overlaps the contract before it at this point",
        )
        for line, contract in bad.select("line", "contract_no").iter_rows()
    ]
