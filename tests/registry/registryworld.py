"""A little service area as files: three points, two retailers, a switch, and one of every fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg

from sekisho.metering.files import UsageDay, write_usage_csv
from sekisho.metering.importing import import_file
from sekisho.registry.files import KINDS, Encoding, write_csv
from sekisho.registry.importing import ImportSummary

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
P1, P2, P3 = (f"06000010000000000000{number:02d}" for number in (1, 2, 3))
C1, C2, C3 = (f"0123456789012{number}" for number in (1, 2, 3))
OLD, NEW = "10016", "20026"
FROM, SWITCHED = "2024-04-01", "2025-04-01"

AREA: dict[str, list[dict[str, Any]]] = {
    "retailers": [
        {"code": OLD, "registration_no": "A9001", "name": "架空でんき", "valid_from": "2016-04-01"},
        {"code": NEW, "registration_no": "A9002", "name": "見本エナジー", "affiliate": True, "valid_from": "2016-04-01"},
    ],
    "points": [
        {"point": P1, "kind": "demand", "voltage_class": "LV", "site_no": "S1", "address": "架空市中央一丁目2番3号", "paired_point": P3},
        {"point": P2, "kind": "demand", "voltage_class": "HV", "site_no": "S2", "address": "架空市港4-5", "postal_code": "5300001"},
        {"point": P3, "kind": "generation", "voltage_class": "LV", "site_no": "S1", "address": "架空市中央一丁目2番3号"},
    ],
    "customers": [
        {"customer_no": C1, "kind": "person"},
        {"customer_no": C2, "kind": "company", "corporate_no": "1234567890123"},
        {"customer_no": C3, "kind": "person"},
    ],
    "contracts": [
        {"contract_no": "C-1A", "point": P1, "holder": OLD, "customer_no": C1, "application_type": "04",
         "valid_from": FROM, "valid_to": SWITCHED},
        {"contract_no": "C-1B", "point": P1, "holder": NEW, "customer_no": C1, "application_type": "05",
         "valid_from": SWITCHED},
        {"contract_no": "C-2A", "point": P2, "holder": OLD, "customer_no": C2, "application_type": "04", "valid_from": FROM},
    ],
    "parties": [
        {"contract_no": "C-1A", "point": P1, "customer_kind": "person", "name": "髙橋　太郎", "name_kana": "ﾀｶﾊｼ ﾀﾛｳ",
         "phone": "06-1234-5678", "valid_from": FROM, "valid_to": SWITCHED},
        {"contract_no": "C-1B", "point": P1, "customer_kind": "person", "name": "高橋 太郎", "valid_from": SWITCHED},
        {"contract_no": "C-2A", "point": P2, "customer_kind": "company", "name": "㈱架空商事", "valid_from": FROM},
    ],
    "places": [
        {"contract_no": "C-1A", "point": P1, "voltage_class": "LV", "address": "架空市中央一丁目2番3号",
         "valid_from": FROM, "valid_to": SWITCHED},
        {"contract_no": "C-1B", "point": P1, "voltage_class": "LV", "address": "架空市中央一丁目2番3号", "valid_from": SWITCHED},
    ],
    "terms": [
        {"contract_no": "C-1A", "point": P1, "menu_code": "101", "contract_kw": "4.5", "power_factor": 100,
         "valid_from": FROM, "valid_to": SWITCHED},
        {"contract_no": "C-1B", "point": P1, "menu_code": "102", "contract_ampere": 40, "valid_from": SWITCHED},
    ],
    "meters": [
        {"contract_no": "C-1A", "point": P1, "meter_no": "M1", "valid_from": FROM, "valid_to": SWITCHED},
        {"contract_no": "C-1B", "point": P1, "meter_no": "M1", "smart": False, "multiplier": 2, "valid_from": SWITCHED},
    ],
    "equipment": [
        {"contract_no": "C-1A", "point": P1, "equipment_no": 1, "kind": "night", "description": "電気温水器",
         "capacity_kw": "5.4", "valid_from": FROM, "valid_to": SWITCHED},
    ],
    "generation": [
        {"contract_no": "C-1A", "point": P1, "surplus_type": "FIT余剰", "purchase_price": "24.5",
         "fixed_price_from": "2019-06-01", "receiving_kw": "5.5", "valid_from": FROM, "valid_to": SWITCHED},
    ],
    "staff": [{"person": "t.sekisho", "name": "関所 太郎", "company": "TD"}],
    "postings": [{"person": "t.sekisho", "post": "託送担当", "valid_from": FROM}],
    "contractors": [{"code": "K0001", "name": "架空電設"}],
    "work_orders": [{"order_no": "W-1", "contractor": "K0001", "point": P1, "task": "計器取替", "valid_from": FROM}],
}  # fmt: skip


def load_area(conn: Connection, directory: Path, *, encoding: Encoding = "utf-8") -> dict[str, ImportSummary]:
    """Import the area from files, in the kinds' order."""
    return {
        kind: load(conn, directory, kind, AREA[kind], encoding=encoding) for kind in KINDS if kind in AREA
    }


def load(
    conn: Connection,
    directory: Path,
    kind: str,
    rows: Iterable[Row],
    *,
    encoding: Encoding = "utf-8",
    now: datetime = NOW,
) -> ImportSummary:
    """Write rows as a file and import it."""
    path = directory / f"{kind}.csv"
    write_csv(kind, rows, path, encoding)
    return import_file(conn, path, by="tester", now=now)


def load_usage(
    conn: Connection, directory: Path, days: Iterable[UsageDay], *, now: datetime = NOW
) -> ImportSummary:
    """Write usage days as a file and import it."""
    path = directory / "usage.csv"
    write_usage_csv(days, path)
    return import_file(conn, path, by="tester", now=now)


def flat_day(point: str, day: date, wh: int | None = 500) -> UsageDay:
    """A day of one value."""
    return point, day, [wh] * 48, 0


def rejected(summary: ImportSummary) -> list[list[str]]:
    """The refused cells: line, column, value, both reasons."""
    assert summary.rejects is not None
    lines = Path(summary.rejects).read_text(encoding="utf-8-sig").splitlines()[1:]
    return [line.split(",") for line in lines]
