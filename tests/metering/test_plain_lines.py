"""What is read many lines at once is what the reader of cells would have read, and COPY gets it unchanged."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registryworld import NOW, P1, P2, Connection, flat_day, rejected

from sekisho.metering import importing
from sekisho.metering.days import Days, days_of_rows
from sekisho.metering.files import UsageDay, write_usage_csv
from sekisho.metering.plain import is_plain, lines_of, plain_days
from sekisho.registry.files import KINDS, SLOTS
from sekisho.registry.importing import open_source
from sekisho.registry.records import Rejection, block_of, chunks

D = date
HEADER = ",".join(column.name for column in KINDS["usage"].columns)
EDGES = ["", "0.000", "0.5", "1", "12.345", "999999.999", "1000000.000", "2147483.000", "2147483.001", "00000001.000", "000000001.000",
         "0.0000", "0.1230", "0.1234", ".500", "5.", "-0.100", "+1.000", "1e3", "1.2.345", "1.234.567", " 0.500", "0.500 ", "0.500\r",
         "０.５００", "nan", '"0.500"', "0,500", "1\x00", "99999999.999", "　", "0.50o"]  # fmt: skip
POINTS = [
    P1,
    P2,
    P1[:-1],
    f"{P1}0",
    f"{P1[:2]}-{P1[2:]}",
    f" {P1}",
    f"{P1[:-4]}.567",
    "",
    "０６" + P1[2:],
    P1[:-1] + "x",
]
DAYS = ["2025-04-01", "2024-02-29", "2025-02-29", "2025-04-31", "2025-00-10", "2025-13-01", "2025-04-00", "0000-01-01", "1899-12-31",
        "1900-01-01", "2199-12-31", "2200-01-01", "20250401", "2025/4/1", "2025-4-1", "2025年4月1日", "", "2025-04-01 ", "9999-99-99"]  # fmt: skip
ESTIMATES = ["", "1-48", "3-5 7", "0", "49", "5-3", "3-5;7", " 7", "a", "7 ", "7、8", "'7"]

cells = st.one_of(
    st.just("0.500"), st.sampled_from(EDGES), st.decimals(0, 9_999_999, places=3).map(lambda d: f"{d:.3f}")
)


@st.composite
def lines(draw: Any) -> str:
    """A line like others in all cells but a few."""
    values = [draw(st.sampled_from([P1, P1, P1, *POINTS])), draw(st.sampled_from(["2025-04-01", *DAYS]))]
    slots = ["0.123"] * 48
    for slot in draw(st.lists(st.integers(0, 47), max_size=3)):
        slots[slot] = draw(cells)
    values += [*slots, draw(st.sampled_from(["", "", *ESTIMATES]))]
    line = ",".join(values)
    shown: str = draw(st.sampled_from([line, line, line, line, f"{line},", line[:40], "", f"{line}\r"]))
    return shown


def rows_of(days: Days) -> dict[int, tuple[Any, ...]]:
    wh = np.where(days.missing, -1, days.wh)
    found = zip(
        days.rows.tolist(), map(bytes, days.points), days.days.tolist(), wh.tolist(), days.estimated.tolist(),
        strict=True,
    )  # fmt: skip
    return {row: tuple(rest) for row, *rest in found}


def as_sorted(found: list[Rejection]) -> list[tuple[int, str, str, str]]:
    return sorted((r.row, r.field, r.value, r.reason.ja) for r in found)


@given(
    st.lists(lines(), min_size=1, max_size=24),
    st.sampled_from(["utf-8", "utf-8-sig", "cp932"]),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_plain_lines_are_read_as_the_reader_of_cells_reads_them(
    tmp_path_factory: pytest.TempPathFactory, found: list[str], encoding: str, ended: bool
) -> None:
    path = tmp_path_factory.mktemp("plain") / "usage.csv"
    text = "\n".join([HEADER, *found]) + ("\n" if ended else "")
    path.write_bytes(text.encode(encoding))
    source = open_source(path, kind="usage")
    (chunk,) = list(chunks(path, start_byte=source.start_byte, start_row=1)) or (None,)
    if chunk is None:
        return
    many: list[Rejection] = []
    one_by_one: list[Rejection] = []
    read: dict[int, tuple[Any, ...]] = {}
    with patch.object(importing, "_MOST_ODD", 0):  # odd lines one by one, however many
        for part in importing._read(source, chunk, many):
            read |= rows_of(part)
    cells_read = importing._read_cells(source, block_of(chunk, source.facts.encoding), one_by_one)
    assert read == rows_of(cells_read)
    assert as_sorted(many) == as_sorted(one_by_one)


def test_a_usual_file_is_read_as_plain_lines(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    rows: list[UsageDay] = [
        (P1, D(2025, 4, 1) + timedelta(days=n), [None if slot == n % 48 else slot * 1000 for slot in range(48)], n)
        for n in range(100)
    ]  # fmt: skip
    write_usage_csv(rows, path)
    source = open_source(path)
    assert is_plain(source.layout)
    (chunk,) = chunks(path, start_byte=source.start_byte, start_row=1)
    days, plain = plain_days(lines_of(chunk.data), first_row=2, estimates=True)
    assert plain.all()
    assert rows_of(days) == rows_of(days_of_rows([(number, *row) for number, row in enumerate(rows, 2)]))


def test_every_value_arrives(area: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    rows: list[UsageDay] = [
        (P1, D(2025, 4, 1), [*range(48)], (1 << 48) - 1),
        (P1, D(2025, 4, 2), [None] * 48, 0),
        (P1, D(2025, 4, 3), [2_147_483_000, None, *range(45), 999_999_999], 1 << 47),
        (P2, D(2025, 4, 1), [None, *[0] * 46, None], 5),
    ]
    write_usage_csv(rows, path)
    assert importing.import_file(area, path, by="t", now=NOW).inserted == 4
    stored = area.execute(
        "select point, day, wh, estimated, total_wh, missing from metering.usage_day order by 1, 2"
    )
    assert stored.fetchall() == [
        (*row, sum(v for v in row[2] if v is not None), sum(v is None for v in row[2])) for row in rows
    ]  # fmt: skip


def test_columns_in_another_order_and_without_estimates(area: Connection, tmp_path: Path) -> None:
    short, turned = tmp_path / "short.csv", tmp_path / "turned.csv"
    values = ["0.500"] * 48
    short.write_text(",".join(["point", "day", *SLOTS]) + f"\n{P1},2025-04-01," + ",".join(values) + "\n")
    turned.write_text(",".join(["day", "point", *SLOTS]) + f"\n2025-04-02,{P1}," + ",".join(values) + "\n")
    assert [is_plain(open_source(path).layout) for path in (short, turned)] == [True, False]
    assert [importing.import_file(area, path, by="t", now=NOW).inserted for path in (short, turned)] == [1, 1]


@pytest.mark.parametrize("odd", [1, 30])
def test_bad_lines_beside_plain_ones_are_named(area: Connection, tmp_path: Path, odd: int) -> None:
    path = tmp_path / "usage.csv"
    write_usage_csv([flat_day(P1, D(2025, 4, 1) + timedelta(days=n)) for n in range(60)], path)
    lines = path.read_text().splitlines()
    for number in range(1, 1 + odd):
        lines[number] = lines[number].replace("0.500", "-0.500", 1)
    path.write_text("\n".join(lines) + "\n")
    summary = importing.import_file(area, path, by="t", now=NOW)
    assert (summary.rows, summary.inserted, summary.rejected) == (60, 60 - odd, odd)
    assert [cell[:3] for cell in rejected(summary)] == [
        [str(n + 1), "01", "'-0.500"] for n in range(1, 1 + odd)
    ]


def test_a_reading_outside_its_contract_is_refused_by_the_table(area: Connection) -> None:
    area.execute("select metering.ensure_month(d) from unnest(array['2025-03-01', '2025-04-01']::date[]) d")
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="outside the contract"):
        area.execute(
            "insert into metering.usage_day (point, day, contract_no, holder, wh)"
            " select c.point, d, c.contract_no, c.holder, array_fill(1, array[48]) from registry.contract c,"
            " unnest(array[lower(c.valid), lower(c.valid) - 1]) d where c.contract_no = 'C-1B'"
        )
