"""Usage in and out: missing is not zero, corrections keep what they replace, kills lose nothing."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registryworld import NEW, NOW, OLD, P1, P2, Connection, flat_day, load_usage

from sekisho.kernel.values import Period
from sekisho.metering.exporting import export_usage
from sekisho.metering.files import UsageDay, slots_text, write_usage_csv
from sekisho.metering.importing import import_file
from sekisho.registry.cells import slot_mask
from sekisho.registry.importing import ImportSummary
from sekisho.registry.records import UnableToReadFile

D = date
LATER = NOW + timedelta(days=1)


def stored(conn: Connection) -> list[tuple[Any, ...]]:
    return conn.execute(
        "select point, day, contract_no, holder, wh, estimated, revision from metering.usage_day order by point, day"
    ).fetchall()


def refused(summary: ImportSummary) -> list[tuple[str, str, str]]:
    assert summary.rejects is not None
    with Path(summary.rejects).open(encoding="utf-8-sig", newline="") as file:
        return [(row[0], row[1], row[3]) for row in list(csv.reader(file))[1:]]


def mixed(day: date) -> UsageDay:
    return P1, day, [None, 0, *range(1, 47)], 0b101


def test_each_day_falls_to_the_contract_that_covers_it(area: Connection, tmp_path: Path) -> None:
    summary = load_usage(area, tmp_path, [mixed(D(2025, 3, 31)), mixed(D(2025, 4, 1))])
    assert (summary.inserted, summary.rejected) == (2, 0)
    wh = [None, 0, *range(1, 47)]
    assert stored(area) == [
        (P1, D(2025, 3, 31), "C-1A", OLD, wh, 5, 1),
        (P1, D(2025, 4, 1), "C-1B", NEW, wh, 5, 1),
    ]
    again = load_usage(area, tmp_path, [mixed(D(2025, 3, 31)), mixed(D(2025, 4, 1))], now=LATER)
    assert (again.unchanged, again.changed) == (2, 0)


def test_a_corrected_value_keeps_the_former_one(area: Connection, tmp_path: Path) -> None:
    load_usage(area, tmp_path, [flat_day(P1, D(2025, 5, 1), 100)])
    assert load_usage(area, tmp_path, [flat_day(P1, D(2025, 5, 1), 200)], now=LATER).changed == 1
    assert stored(area)[0][4:] == ([200] * 48, 0, 2)
    kept = area.execute(
        "select wh[1], revision, date_trunc('second', recorded_at), superseded_at from metering.usage_day_history"
    )
    assert kept.fetchall() == [(100, 1, NOW, LATER)]


def test_bad_days_are_refused_and_good_ones_kept(area: Connection, tmp_path: Path) -> None:
    rows = [
        flat_day(P1, D(2024, 3, 31)),  # before the first contract
        flat_day("06000010000000000000" + "99", D(2025, 4, 1)),
        flat_day(P1, D(2025, 4, 2), 1),
        flat_day(P1, D(2025, 4, 2), 2),
        flat_day(P1, D(2025, 4, 3)),
        flat_day(P1, D(2025, 4, 3)),
        flat_day(P2, D(2025, 4, 1)),
    ]
    summary = load_usage(area, tmp_path, rows)
    assert (summary.rows, summary.inserted, summary.repeated, summary.rejected) == (7, 2, 1, 4)
    assert [(line, field) for line, field, _ in refused(summary)] == [
        ("4", "point"),
        ("5", "point"),
        ("3", "point"),
        ("2", "day"),
    ]


@pytest.mark.parametrize(
    ("cell", "reason"), [("-0.1", "負"), ("1,000", "個"), ("abc", "数"), ("0.1234", "小数3位"), ("1e3", "数")]
)
def test_a_bad_half_hour_refuses_its_day(area: Connection, tmp_path: Path, cell: str, reason: str) -> None:
    path = tmp_path / "usage.csv"
    write_usage_csv([flat_day(P1, D(2025, 4, 1)), flat_day(P1, D(2025, 4, 2))], path)
    path.write_text(path.read_text().replace("2025-04-01,0.500", f"2025-04-01,{cell}"))
    summary = import_file(area, path, by="tester", now=NOW)
    assert (summary.inserted, summary.rejected) == (1, 1)
    assert reason in refused(summary)[0][2]


def test_a_file_without_all_half_hours_is_none(area: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(f"point,day,01\n{P1},2025-04-01,0.5\n")
    with pytest.raises(UnableToReadFile, match="02, 03"):
        import_file(area, path, by="tester", now=NOW)


def test_one_file_does_not_say_two_things_about_a_day(
    area: Connection, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("sekisho.metering.importing.PIECE_BYTES", 300)
    rows = [flat_day(P1, D(2025, 4, 2), 1), flat_day(P1, D(2025, 4, 3)), flat_day(P1, D(2025, 4, 2), 2)]
    summary = load_usage(area, tmp_path, rows)
    assert (summary.inserted, summary.rejected) == (2, 1)
    assert stored(area)[0][4] == [1] * 48


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_what_goes_out_comes_in_unchanged(area: Connection, tmp_path: Path, encoding: Any) -> None:
    load_usage(area, tmp_path, [mixed(D(2025, 3, 31)), mixed(D(2025, 4, 1))])
    path = tmp_path / "out.csv"
    period = Period(D(2025, 1, 1), D(2026, 1, 1))
    assert export_usage(area, path, period=period, holder=NEW, encoding=encoding, by="t", now=NOW) == 1
    assert export_usage(area, path, period=period, encoding=encoding, by="t", now=NOW) == 2
    assert import_file(area, path, by="tester", now=LATER).unchanged == 2


@given(st.integers(0, 2**48 - 1))
def test_estimated_slots_read_back(mask: int) -> None:
    text = slots_text(mask)
    assert slot_mask(text) == mask or (mask == 0 and text == "")


KILLED = """
import os, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from sekisho.barrier.connect import connect
import sekisho.metering.importing as metering
metering.PIECE_BYTES = 30_000
steps = []
def progress(step):
    steps.append(step)
    if len(steps) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
now = datetime(2026, 11, 22, 1, tzinfo=timezone.utc)
with connect(sys.argv[1]) as conn:
    metering.import_file(conn, Path(sys.argv[2]), by="tester", now=now, progress=progress)
"""


def test_a_killed_import_goes_on_behind_its_last_piece(area: Connection, worker: str, tmp_path: Path) -> None:
    first, path = D(2025, 4, 1), tmp_path / "usage.csv"
    rows = [flat_day(P1, first + timedelta(days=n)) for n in range(400)]
    rows[5] = flat_day(P1, D(2020, 1, 1))
    rows[390] = flat_day(P1, D(2020, 1, 2))
    write_usage_csv(rows, path)
    done = subprocess.run([sys.executable, "-c", KILLED, worker, str(path)], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    there = len(stored(area))
    assert 0 < there < 398
    summary = import_file(area, path, by="tester", now=LATER)
    assert (summary.resumed, summary.rows, summary.inserted, summary.rejected) == (True, 400, 398, 2)
    assert [line for line, _, _ in refused(summary)] == ["7", "392"]
    assert len(stored(area)) == 398
    assert {row[6] for row in stored(area)} == {1}
