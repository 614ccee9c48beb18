"""Imports on a real database: every kind, twice, in every form; each sort of bad row; hostile files; kills."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from registryworld import AREA, C2, FROM, NEW, NOW, OLD, P1, P2, P3, SWITCHED, Connection, load, load_area

from sekisho.metering.importing import import_file
from sekisho.registry.exporting import export_kind
from sekisho.registry.files import ENCODINGS, KINDS, Encoding, UnableToWriteFile, write_csv
from sekisho.registry.importing import ImportSummary
from sekisho.registry.records import UnableToReadFile

Row = dict[str, Any]


def refused(summary: ImportSummary) -> list[list[str]]:
    """The refused cells: line, column, value, reason in Japanese, reason in English."""
    assert summary.rejects is not None
    with Path(summary.rejects).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


def bring(conn: Connection, path: Path, content: str | bytes, name: str = "file.csv") -> ImportSummary:
    """Import a file written by hand."""
    target = path / name
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_file(conn, target, by="tester", now=NOW)


def count(conn: Connection, table: str) -> int:
    row = conn.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_every_kind_comes_in_and_a_second_time_changes_nothing(
    conn: Connection, tmp_path: Path, encoding: Encoding
) -> None:
    first = load_area(conn, tmp_path, encoding=encoding)
    assert {kind: (s.inserted, s.rejected) for kind, s in first.items()} == {
        kind: (len(rows), 0) for kind, rows in AREA.items()
    }
    second = load_area(conn, tmp_path, encoding=encoding)
    assert {kind: (s.unchanged, s.inserted + s.changed + s.rejected) for kind, s in second.items()} == {
        kind: (len(rows), 0) for kind, rows in AREA.items()
    }
    assert count(conn, "registry.party_history") == 0


@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_what_goes_out_comes_in_unchanged(conn: Connection, tmp_path: Path, encoding: Encoding) -> None:
    load_area(conn, tmp_path)
    for kind, rows in AREA.items():
        path = tmp_path / f"out-{kind}.csv"
        assert export_kind(conn, kind, path, encoding=encoding, by="tester", now=NOW) == len(rows)
        again = import_file(conn, path, by="tester", now=NOW)
        assert (again.kind, again.unchanged, again.rejected) == (kind, len(rows), 0), kind


def test_the_derived_columns(conn: Connection, tmp_path: Path) -> None:
    load_area(conn, tmp_path)
    row = conn.execute(
        "select name, name_key, kana_key, phone_key, holder from registry.party where contract_no = 'C-1A'"
    ).fetchone()
    assert row == ("髙橋　太郎", "高橋太郎", "タカハシタロウ", "0612345678", OLD)
    assert conn.execute("select address_key from registry.point where point = %s", [P1]).fetchone() == (
        "架空市中央1-2-3",
    )
    found = conn.execute(
        "select contract_w, equipment_w, power_factor from registry.terms order by menu_code"
    )
    assert found.fetchone() == (4500, None, 100)
    states = conn.execute("select state from registry.contract order by contract_no").fetchall()
    assert states == [("ended",), ("running",), ("running",)]


BAD_CELLS: list[tuple[str, Row, str, str]] = [
    ("points", {"point": "12345678901234567"}, "point", "ガス"),
    ("points", {"point": "6.00001E+20"}, "point", "表計算"),
    ("points", {"point": "06000010000000000O0001"}, "point", "数字以外"),
    ("points", {"point": "060000100000000000000"}, "point", "22桁のところ21桁"),
    ("points", {"kind": "both"}, "kind", "使える値"),
    ("points", {"address": ""}, "address", "必須"),
    ("points", {"address": "あ" * 201}, "address", "200字まで"),
    ("points", {"paired_point": "0" * 22}, "paired_point", "登録されていません"),
    ("contracts", {"valid_from": "2024-02-30"}, "valid_from", "ありえない日付"),
    ("contracts", {"valid_from": "0024-04-01"}, "valid_from", "ありえない日付"),
    ("contracts", {"valid_from": "2024-04-01", "valid_to": "2024-04-01"}, "valid_to", "開始日以前"),
    ("contracts", {"holder": "99999"}, "holder", "登録されていません"),
    ("contracts", {"customer_no": "99999999999999"}, "customer_no", "登録されていません"),
    ("contracts", {"application_type": "5"}, "application_type", "使える値"),
    ("contracts", {"contract_no": "C';drop table x"}, "contract_no", "形式"),
    ("parties", {"contract_no": "C-9Z"}, "contract_no", "登録されていません"),
    ("parties", {"point": P1}, "point", "契約の供給地点と違います"),
    ("parties", {"valid_from": "2024-03-31"}, "valid_to", "契約期間の外"),
    ("terms", {"contract_kw": "-1"}, "contract_kw", "負の値"),
    ("terms", {"contract_kw": "1.2345"}, "contract_kw", "小数3位まで"),
    ("terms", {"power_factor": "101"}, "power_factor", "0から100"),
    ("meters", {"smart": "maybe"}, "smart", "1 か 0"),
    ("work_orders", {"order_no": "W-2", "contractor": "K9999"}, "contractor", "登録されていません"),
    ("retailers", {"code": "30001"}, "registration_no", "ほかの事業者"),
]


@pytest.mark.parametrize(("kind", "override", "field", "reason"), BAD_CELLS)
def test_a_bad_row_is_refused_with_its_reason_and_the_good_one_beside_it_kept(
    conn: Connection, tmp_path: Path, kind: str, override: Row, field: str, reason: str
) -> None:
    load_area(conn, tmp_path)
    summary = load(conn, tmp_path, kind, [AREA[kind][-1] | override, AREA[kind][0]])
    assert (summary.rows, summary.rejected, summary.unchanged) == (2, 1, 1)
    [[line, column, value, ja, en]] = refused(summary)
    assert (line, column) == ("2", field)
    assert reason in ja and en
    assert value or field == "address"


POINT_HEADER = "point,kind,voltage_class,site_no,address\n"
GOOD_LINE = f"{P3},demand,LV,S9,架空市本町1-1\n"
BAD_LINES: list[tuple[bytes, str]] = [
    (b"abc\x00def,demand,LV,S9,x\n", "制御文字"),
    (f'{P1},demand,LV,S9,"x\n'.encode(), "引用符"),
    (f"{P1},demand,LV,S9\n".encode(), "4個"),
    (f"{P1},demand,LV,S9,x,y\n".encode(), "6個"),
    (f"{P1},demand,LV,S9,x\ufffd\n".encode(), "文字化け"),
    (f"{P1},demand,LV,S9,".encode() + "架空市".encode("cp932") + b"\n", "文字コード"),
    (f"{P1},demand,LV,S9,".encode() + b"x" * (2 << 20) + b"\n", "200字まで"),
    (f"{P1},demand,LV,S9,".encode() + b"x" * (40 << 20) + b"\n", "長すぎ"),
    (b"\x1f" * 5 + b"\n", "制御文字"),
    (b",,,,\n", "必須"),
]


@pytest.mark.parametrize(("line", "reason"), BAD_LINES)
def test_a_damaged_line_spoils_no_other(conn: Connection, tmp_path: Path, line: bytes, reason: str) -> None:
    other = GOOD_LINE.replace(P3, P2).encode()
    summary = bring(conn, tmp_path, POINT_HEADER.encode() + GOOD_LINE.encode() + line + other)
    assert (summary.inserted, summary.rejected, summary.encoding) == (2, 1, "utf-8")
    cells = refused(summary)
    assert {cell[0] for cell in cells} == {"3"}
    assert reason in cells[0][3]


BAD_FILES: list[tuple[bytes, str]] = [
    (b"", "見出し"),
    (b"\n\n", "見出し"),
    ("point,kind\n".encode("utf-16"), "UTF-16"),
    (b"foo,bar\n1,2\n", "足りません"),
    (POINT_HEADER.replace("\n", ",secret\n").encode(), "ない列"),
    (POINT_HEADER.replace("\n", ",kind\n").encode(), "二度"),
    (b"contract_no,point,holder,customer_no,application_type,valid_from\n", "適用終了日翌日"),
]


@pytest.mark.parametrize(("content", "reason"), BAD_FILES)
def test_a_file_that_is_none_of_ours_is_refused_whole(
    conn: Connection, tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(UnableToReadFile, match=reason) as caught:
        bring(conn, tmp_path, content)
    assert caught.value.en
    assert count(conn, "registry.import_run") == 0


def test_headers_in_any_order_and_language_and_numbers_as_people_write_them(
    conn: Connection, tmp_path: Path
) -> None:
    text = (
        "供給場所住所,電圧区分,供給地点特定番号,地点種別,供給場所番号\r\n"
        f"架空市本町1-1,低圧,{'０６-0000-1000-0000-0000-0001'},需要,S1\r\n"
    )
    summary = bring(conn, tmp_path, text.encode("cp932"))
    assert (summary.encoding, summary.inserted) == ("cp932", 1)
    row = conn.execute("select point, kind, voltage_class from registry.point").fetchone()
    assert row == ("0600001000000000000001", "demand", "LV")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "Robert'); DROP TABLE x;--", "=1+1", "'=1+1", "+81", "\\N", 'a"b']
)
@pytest.mark.parametrize("encoding", list(ENCODINGS))
def test_hostile_names_are_kept_as_data(
    conn: Connection, tmp_path: Path, name: str, encoding: Encoding
) -> None:
    rows = [{"person": "x.y", "name": name, "company": "TD"}]
    load(conn, tmp_path, "staff", rows, encoding=encoding)
    path = tmp_path / "out.csv"
    export_kind(conn, "staff", path, encoding=encoding, by="tester", now=NOW)
    # Only the Excel file is neutralised, and it says so to the reader: an apostrophe before a formula.
    kept = name if encoding != "utf-8-sig" or name != "'=1+1" else "=1+1"
    assert conn.execute("select name from registry.staff").fetchall() == [(kept,)]
    assert import_file(conn, path, by="tester", now=NOW).unchanged == 1


def test_characters_that_shift_jis_lacks_are_listed_and_no_file_remains(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with pytest.raises(UnableToWriteFile, match=r"𠮷.*2行目.*鷗.*3行目"):
        write_csv(
            "contractors", [{"code": "K0001", "name": "𠮷"}, {"code": "K0002", "name": "鷗"}], path, "cp932"
        )
    assert list(tmp_path.iterdir()) == []


def test_identical_rows_count_once_and_conflicting_ones_not_at_all(conn: Connection, tmp_path: Path) -> None:
    a, b = {"code": "K0001", "name": "甲"}, {"code": "K0002", "name": "乙"}
    summary = load(conn, tmp_path, "contractors", [a, b, a, b | {"name": "丙"}])
    assert (summary.rows, summary.inserted, summary.repeated, summary.rejected) == (4, 1, 1, 2)
    assert [(line, value) for line, _, value, _, _ in refused(summary)] == [("3", "K0002"), ("5", "K0002")]


def contract(number: str, start: str, end: str = "", **more: str) -> Row:
    base = {"contract_no": number, "point": P2, "holder": OLD, "customer_no": C2, "application_type": "05"}
    return base | {"valid_from": start, "valid_to": end} | more


OVERLAPS: list[tuple[list[Row], list[str]]] = [
    # the end of what runs and its successor, in either order
    ([contract("C-2A", FROM, SWITCHED), contract("C-2B", SWITCHED, holder=NEW)], []),
    ([contract("C-2B", SWITCHED, holder=NEW), contract("C-2A", FROM, SWITCHED)], []),
    # what the table holds stands
    ([contract("C-2B", SWITCHED)], ["2"]),
    ([contract("C-2B", "2020-01-01", FROM), contract("C-2C", "2019-01-01", "2020-01-02")], ["3"]),
    # the refused line's good neighbour is kept
    ([contract("C-2B", "2020-01-01", "2021-01-01"), contract("C-2C", "2020-06-01", "2022-01-01"),
      contract("C-2D", "2021-01-01", "2023-01-01")], ["3"]),
    # an end that is refused for another reason opens no room for its successor
    ([contract("C-2A", FROM, SWITCHED, customer_no="01234567890121"), contract("C-2B", SWITCHED)], ["2", "3"]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "lines"), OVERLAPS)
def test_overlaps(conn: Connection, tmp_path: Path, rows: list[Row], lines: list[str]) -> None:
    load_area(conn, tmp_path)
    summary = load(conn, tmp_path, "contracts", rows)
    assert [cell[0] for cell in refused(summary)] == lines if lines else summary.rejects is None
    assert summary.inserted + summary.changed == len(rows) - len(lines)


def test_a_contract_that_ends_takes_its_facts_along_and_keeps_their_history(
    conn: Connection, tmp_path: Path
) -> None:
    load_area(conn, tmp_path)
    later = NOW + timedelta(days=1)
    summary = load(
        conn, tmp_path, "contracts", [contract("C-2A", FROM, SWITCHED, application_type="04")], now=later
    )
    assert (summary.changed, summary.facts_cut) == (1, 1)
    upper = "select upper(valid), recorded_at from registry.party where contract_no = 'C-2A'"
    assert conn.execute(upper).fetchone() == (date(2025, 4, 1), later)
    kept = "select upper(valid), recorded_at, superseded_at, change_no from registry.party_history"
    assert conn.execute(kept).fetchall() == [(None, NOW, later, f"import-{summary.import_no}")]


def test_a_column_that_the_file_lacks_is_left_as_it_is(conn: Connection, tmp_path: Path) -> None:
    load_area(conn, tmp_path)
    line = f"C-1A,{P1},個人,高橋 次郎,{FROM},{SWITCHED}\n"
    header = "contract_no,point,customer_kind,name,valid_from,valid_to\n"
    assert bring(conn, tmp_path, header + line).changed == 1
    row = conn.execute(
        "select name, name_key, phone from registry.party where contract_no = 'C-1A'"
    ).fetchone()
    assert row == ("高橋 次郎", "高橋次郎", "06-1234-5678")


def test_a_unicode_digit_is_no_digit_of_the_database(conn: Connection, tmp_path: Path) -> None:
    summary = bring(conn, tmp_path, POINT_HEADER + GOOD_LINE.replace("0600", "٠٦00") + GOOD_LINE)
    assert (summary.inserted, summary.rejected) == (1, 1)


KILLED = """
import os, signal, sys
from datetime import datetime, timezone
from pathlib import Path
from sekisho.barrier.connect import connect
from sekisho.metering.importing import import_file
import sekisho.metering.importing as metering
metering.PIECE_BYTES = 20_000
seen = []
def progress(step):
    seen.append(step.phase)
    if seen.count(sys.argv[3]) == int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)
with connect(sys.argv[1]) as conn:
    import_file(conn, Path(sys.argv[2]), by="tester", now=datetime(2026, 11, 22, 1, tzinfo=timezone.utc), progress=progress)
"""


def kill_at(worker: str, path: Path, phase: str, times: int = 1) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, worker, str(path), phase, str(times)], check=False, env=os.environ
    )
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("phase", ["read", "check", "write", "commit"])
def test_a_kill_leaves_nothing_half_imported_and_the_next_call_finishes(
    conn: Connection, worker: str, tmp_path: Path, phase: str
) -> None:
    load_area(conn, tmp_path)
    rows = [contract("C-2B", "2020-01-01", "2021-01-01"), contract("C-2C", "2020-06-01", "2022-01-01")]
    path = tmp_path / "contracts.csv"
    write_csv("contracts", rows, path)
    before = count(conn, "registry.contract")
    kill_at(worker, path, phase)
    assert count(conn, "registry.contract") == before
    summary = import_file(conn, path, by="tester", now=NOW)
    assert (summary.resumed, summary.inserted, summary.rejected) == (True, 1, 1)
    assert [cell[0] for cell in refused(summary)] == ["3"]
    assert conn.execute("select count(*) from registry.import_run where state = 'running'").fetchone() == (0,)


def test_a_lost_connection_leaves_nothing(conn: Connection, worker: str, tmp_path: Path) -> None:
    from sekisho.barrier.connect import connect

    load_area(conn, tmp_path)
    path = tmp_path / "contractors.csv"
    write_csv("contractors", [{"code": "K0002", "name": "乙"}], path)
    with connect(worker) as other:

        def cut(step: object) -> None:
            if getattr(step, "phase", "") == "write":
                other.close()

        with pytest.raises(psycopg.Error):
            import_file(other, path, by="tester", now=NOW, progress=cut)
    assert import_file(conn, path, by="tester", now=NOW).inserted == 1


def test_each_import_leaves_one_event(conn: Connection, tmp_path: Path) -> None:
    summary = load(conn, tmp_path, "contractors", [{"code": "K0001", "name": "甲"}])
    events = conn.execute(
        "select action, by, at, subject, detail->>'inserted' from registry.event"
    ).fetchall()
    assert events == [("import", "tester", NOW, f"import-{summary.import_no}", "1")]


def test_examples_of_the_schema_are_rows_that_it_accepts(conn: Connection, tmp_path: Path) -> None:
    for kind in list(KINDS.values())[:-1]:
        row = {column.name: column.example for column in kind.columns}
        summary = load(conn, tmp_path, kind.code, [row])
        reasons = refused(summary) if summary.rejects else []
        assert [cell for cell in reasons if "登録" not in cell[3]] == [], kind.code


KEYS = """
select conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred, convalidated
  from pg_constraint where conperiod order by 1, 2"""


def test_a_first_load_sets_keys_aside_and_brings_them_back(
    conn: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = conn.execute(KEYS).fetchall()
    monkeypatch.setattr("sekisho.registry.importing.FIRST_LOAD_ROWS", 1)
    load_area(conn, tmp_path)
    aside = conn.execute("select keys_aside from registry.import_run where keys_aside is not null order by 1")
    assert {row[0] for row in aside} == {
        "contract",
        "party",
        "place",
        "terms",
        "meter",
        "equipment",
        "generation",
    }
    assert conn.execute(KEYS).fetchall() == before
    with pytest.raises(psycopg.errors.ExclusionViolation):
        conn.execute("update registry.contract set valid = '[2024-04-01,)' where contract_no = 'C-1A'")


def test_no_transaction_ends_with_keys_aside(conn: Connection, tmp_path: Path) -> None:
    load(conn, tmp_path, "contractors", [{"code": "K0001", "name": "甲"}])
    with pytest.raises(psycopg.errors.RaiseException, match=r"keys of registry\.party are missing"):
        conn.execute("select registry.set_keys_aside(max(import_no), 'party') from registry.import_run")
    with pytest.raises(psycopg.errors.RaiseException, match="no keys"):
        conn.execute("select registry.set_keys_aside(max(import_no), 'retailer') from registry.import_run")


def test_keys_of_a_filled_table_stay(conn: Connection, tmp_path: Path) -> None:
    load_area(conn, tmp_path)
    aside = conn.execute("select registry.set_keys_aside(max(import_no), 'party') from registry.import_run")
    assert aside.fetchone() == (False,)
