"""A small area for the pages: two retailers, one point that changed hands, a year of usage with gaps and estimates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from sekisho.accounts.actions import create_account
from sekisho.settings.home import Home
from sekisho.settings.secrets import account_key

TODAY = datetime.now(ZoneInfo("Asia/Tokyo")).date()
OWN, OTHER = "00016", "00026"
SHARED_POINT = "0600000000000000000001"  # OTHER's since 2021; OWN's before
OWN_POINT = "0600000000000000000002"
OTHER_POINT = "0600000000000000000003"
UNKNOWN_POINT = "0699999999999999999999"
NAME_OF_OTHER = "佐藤花子"
HOSTILE_NAME = "=cmd|'<b>𠮷橋"
PASSWORD = "a lantern on the old road"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

_RETAILERS = (
    (OWN, "A0001", "甲電力株式会社", "コウデンリョク"),
    (OTHER, "A0002", "乙エナジー株式会社", "オツエナジー"),
)
# contract, point, holder, customer, name, kana, name key, kana key, start, end
_CONTRACTS = (
    ("C-0001", SHARED_POINT, OWN, "00000000000001", "山田太郎", "ヤマダ タロウ", "山田太郎", "ヤマダタロウ", "2019-01-01", "2021-01-01"),
    ("C-0002", SHARED_POINT, OTHER, "00000000000002", NAME_OF_OTHER, "サトウ ハナコ", "佐藤花子", "サトウハナコ", "2021-01-01", None),
    ("C-0003", OWN_POINT, OWN, "00000000000003", HOSTILE_NAME, "タカハシ", "高橋", "タカハシ", "2022-04-01", None),
    ("C-0004", OTHER_POINT, OTHER, "00000000000004", "鈴木一郎", "スズキ イチロウ", "鈴木一郎", "スズキイチロウ", "2020-04-01", None),
)  # fmt: skip
MANY = 130
"""Further running contracts of OWN, so that lists have pages."""


def fill(conn: psycopg.Connection[Any], *, today: date) -> None:
    """Write the area, as the owner."""
    for code, number, name, kana in _RETAILERS:
        conn.execute(
            "insert into registry.retailer (code, registration_no, name, name_kana) values (%s, %s, %s, %s)",
            [code, number, name, kana],
        )
    for one in _CONTRACTS:
        _contract(conn, *one)
    for nth in range(MANY):
        point = f"06000000000000001{nth:05d}"
        start = (date(2022, 1, 1) + timedelta(days=nth)).isoformat()
        _contract(conn, f"M-{nth:04d}", point, OWN, f"{nth + 100:014d}", f"架空 {nth}号", f"カクウ {nth}",
                  f"架空{nth}号", f"カクウ{nth}", start, None)  # fmt: skip
    _usage(conn, OWN_POINT, "C-0003", OWN, today)
    _usage(conn, OTHER_POINT, "C-0004", OTHER, today)
    for person, audience, company, purpose in (
        ("r1", "retailer", OWN, "contract"), ("r2", "retailer", OTHER, "contract"), ("r3", "retailer", OWN, "contract"),
        ("o1", "operator", "TD", "switching"), ("public", "public", "public", "public"),
    ):  # fmt: skip
        conn.execute(
            "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
            " values (%s, %s, %s, %s, '[2020-01-01,)', 'system') on conflict do nothing",
            [person, audience, company, purpose],
        )


def open_account(
    conn: psycopg.Connection[Any], home: Home, name: str, /, *, company: str = OWN, **changes: Any
) -> None:
    """An account of a retailer's person, with the TOTP secret of this module."""
    schema = changes.pop("schema", "accounts_retailer")
    wanted: dict[str, Any] = {
        "audience": "retailer", "username": name, "person": name, "company": company, "display_name": "関所 花子",
        "department": "需給管理部", "role": "担当", "password": PASSWORD, "enrol_totp": True, "totp_secret": TOTP_SECRET, "by": "system",
    }  # fmt: skip
    create_account(
        conn, schema=schema, key=account_key(home, schema), now=datetime.now(UTC), **(wanted | changes)
    )


def _contract(
    conn: psycopg.Connection[Any], contract: str, point: str, holder: str, customer: str, name: str, kana: str, name_key: str,
    kana_key: str, start: str, end: str | None,
) -> None:  # fmt: skip
    valid = f"[{start},{end or ''})"
    conn.execute(
        "insert into registry.point (point, kind, voltage_class, site_no, address) values (%s, 'demand', 'LV', 'S1', '大阪府架空市1-2-3')"
        " on conflict do nothing", [point],
    )  # fmt: skip
    conn.execute(
        "insert into registry.customer (customer_no, kind) values (%s, 'person') on conflict do nothing",
        [customer],
    )
    conn.execute(
        "insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid) values (%s, %s, %s, %s, '05', %s)",
        [contract, point, holder, customer, valid],
    )
    key = [contract, point, holder]
    conn.execute(
        "insert into registry.party (contract_no, point, holder, customer_kind, name, name_kana, phone, name_key, kana_key, phone_key, valid)"
        " values (%s, %s, %s, 'person', %s, %s, '06-0000-0001', %s, %s, '0600000001', %s)", [*key, name, kana, name_key, kana_key, valid],
    )  # fmt: skip
    conn.execute(
        "insert into registry.place (contract_no, point, holder, voltage_class, address, building, address_key, valid)"
        " values (%s, %s, %s, 'LV', '大阪府架空市1-2-3', '関所ハイツ 203', '大阪府架空市1-2-3', %s)", [*key, valid],
    )  # fmt: skip
    conn.execute(
        "insert into registry.terms (contract_no, point, holder, menu_code, contract_ampere, supply_voltage, power_factor, valid)"
        " values (%s, %s, %s, '101', 40, 100, 100, %s)", [*key, valid],
    )  # fmt: skip
    conn.execute("insert into registry.meter (contract_no, point, holder, meter_no, valid) values (%s, %s, %s, %s, %s)",
                 [*key, f"K{contract}", valid])  # fmt: skip


def _usage(conn: psycopg.Connection[Any], point: str, contract: str, holder: str, today: date) -> None:
    days = [today - timedelta(days=back) for back in range(1, 400)]
    for month in {day.replace(day=1) for day in days}:
        conn.execute("select metering.ensure_month(%s)", [month])
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into metering.usage_day (point, day, contract_no, holder, wh, estimated) values (%s, %s, %s, %s, %s, %s)",
            [
                (point, day, contract, holder, _slots(day), 0b111 << 20 if day.day == 5 else 0)
                for day in days
                if day.day != 17
            ],
        )


def _slots(day: date) -> list[int | None]:
    winter = abs((day.timetuple().tm_yday - 210) % 365 - 182) / 182
    level: list[int | None] = [
        int(
            120
            + 300 * (1 - winter) * (14 <= slot <= 18)
            + 500 * (36 <= slot <= 44)
            + (day.toordinal() * 7 + slot * 13) % 90
        )
        for slot in range(48)
    ]
    if day.day == 9:
        level[10:16] = [None] * 6
    return level
