"""Unusual reading: each rule with planted days and with ordinary ones; working hours, holidays and shifts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import TupleRow

from sekisho.ledger.scope import findings, unusual
from sekisho.ledger.scope.hours import Hours, Readers, UnableToReadHours, open_spans, read_hours
from sekisho.ledger.scope.moments import JAPAN
from sekisho.ledger.scope.unusual import PersonDay, person_days, signs
from sekisho.settings.deploy import ensure_months

DAY = date(2026, 11, 20)  # a Friday
HOLIDAY = date(2026, 11, 23)  # 勤労感謝の日, a Monday
SWITCHING = Readers("operator", "TD", "switching")
Connection = psycopg.Connection[TupleRow]

ORDINARY = [
    PersonDay(DAY - timedelta(days=n % 7), "operator", "TD", f"p{n % 9}", "switching", points=8 + n % 9, passages=20, lookups=12, unfollowed=n % 6)
    for n in range(40)
]  # fmt: skip
ONE = replace(ORDINARY[0], person="odd", day=DAY)

PLANTED = (
    # name, the day, what it is a reason for
    ("an ordinary day", ONE, []),
    ("a hundred points", replace(ONE, points=100), ["volume"]),
    ("many, as a busy day has", replace(ONE, points=25), []),
    ("six at night", replace(ONE, out_of_hours=6), ["hours"]),
    ("two at night", replace(ONE, out_of_hours=2), []),
    ("fifteen cards, no application", replace(ONE, lookups=15, unfollowed=15), ["no_cause"]),
    ("fifteen cards, five without application", replace(ONE, lookups=15, unfollowed=5), []),
    ("nine cards, no application", replace(ONE, lookups=9, unfollowed=9), []),
    ("three of a rare surname", replace(ONE, named=20, namesakes=3, share=0.001), ["same_surname"]),
    ("three of a common surname", replace(ONE, named=20, namesakes=3, share=0.1), []),
    ("a decoy", replace(ONE, watched=("06",)), ["watched"]),
    ("all at once", replace(ONE, points=100, out_of_hours=6, watched=("06",)), ["watched", "hours", "volume"]),
)  # fmt: skip


@pytest.mark.parametrize(("day", "rules"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED])
def test_what_stands_out_among_ordinary_days(day: PersonDay, rules: list[str]) -> None:
    found = [sign for sign in signs([*ORDINARY, day]) if sign.of.person == "odd"]
    assert sorted(sign.rule for sign in found) == sorted(rules)
    assert [sign.weight for sign in found] == sorted((sign.weight for sign in found), reverse=True)


def test_ordinary_days_are_no_reason() -> None:
    assert signs(ORDINARY) == []


def test_a_shift_that_everybody_works_is_no_reason() -> None:
    assert signs([replace(one, out_of_hours=one.passages) for one in ORDINARY]) == []


def test_too_few_colleagues_say_nothing() -> None:
    assert signs([replace(ONE, points=1000, out_of_hours=9), *ORDINARY[:4]]) == []


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), mean=st.integers(1, 60))
def test_chance_alone_raises_no_volume(seed: int, mean: int) -> None:
    dice = random.Random(seed)
    counts = [sum(dice.random() < mean / 400 for _ in range(400)) for _ in range(60)]
    days = [replace(ONE, person=f"p{n}", points=count) for n, count in enumerate(counts)]
    assert [sign for sign in signs(days) if sign.rule == "volume"] == []


# --- working hours


def _works(hours: tuple[Hours, ...], at: datetime, who: Readers = SWITCHING) -> bool:
    day = at.date()
    spans = open_spans(hours=hours, readers=[who], since=day, until=day + timedelta(days=1))
    return any(begun == day and low <= at < high for _, begun, low, high in spans)


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JAPAN)


NIGHT = """
[[hours]]
purpose = "disaster"
opens = "00:00"
closes = "24:00"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
holidays = true
[[hours]]
company = "TD"
purpose = "switching"
opens = "22:00"
closes = "06:00"
closed = [2026-11-26]
since = 2026-11-24
source = "当直表"
"""


@pytest.mark.parametrize(
    ("purpose", "at", "works"),
    [
        ("switching", _at(DAY, 6, 59), False),
        ("switching", _at(DAY, 7), True),
        ("switching", _at(DAY, 19, 59), True),
        ("switching", _at(DAY, 20), False),
        ("switching", _at(date(2026, 11, 21), 12), False),  # Saturday
        ("switching", _at(HOLIDAY, 12), False),
        ("disaster", _at(HOLIDAY, 12), True),
        ("disaster", _at(date(2026, 11, 21), 23, 59), True),
        ("switching", _at(date(2026, 11, 24), 3), False),  # the shift before did not begin at night
        ("switching", _at(date(2026, 11, 24), 12), False),
        ("switching", _at(date(2026, 11, 24), 23), True),
        ("switching", _at(date(2026, 11, 25), 3), True),
        ("switching", _at(date(2026, 11, 26), 5, 59), True),
        ("switching", _at(date(2026, 11, 26), 23), False),
        ("switching", _at(date(2026, 11, 27), 3), False),
        ("switching", _at(date(2026, 11, 28), 3), True),  # Friday's shift ends on Saturday
        ("switching", _at(date(2026, 11, 29), 3), False),
        ("enquiry", _at(date(2026, 11, 24), 12), True),
    ],
)
def test_when_people_work(purpose: str, at: datetime, works: bool, tmp_path: Path) -> None:
    (tmp_path / "hours.toml").write_text(NIGHT, encoding="utf-8")
    assert _works(read_hours(tmp_path / "hours.toml"), at, replace(SWITCHING, purpose=purpose)) is works


def test_the_most_specific_entry_counts_and_of_those_the_last() -> None:
    day = Hours(company="TD", opens=timedelta(0), closes=timedelta(hours=24))
    late = replace(day, opens=timedelta(hours=12))
    named = Hours(company="TD", purpose="switching", opens=timedelta(hours=15), closes=timedelta(hours=16))
    for hours, opens in (((day,), 0), ((day, late), 12), ((late, day), 0), ((named, day, late), 15)):
        assert _works(hours, _at(DAY, opens))
        assert opens == 0 or not _works(hours, _at(DAY, opens - 1))


def test_no_file_no_entries(tmp_path: Path) -> None:
    assert read_hours(tmp_path / "hours.toml") == ()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("hours = 1 =", "TOML"),
        ("shifts = 1", "[[hours]]"),
        ('[[hours]]\nopens = "25:00"', "opens = '25:00'"),
        ("[[hours]]\nopens = 7", "opens = 7"),
        ('[[hours]]\n[[hours]]\ndays = ["funday"]', "entry 2, days = 'funday'"),
        ('[[hours]]\ndays = "mon"', "days = 'mon'"),
        ('[[hours]]\nsince = "soon"', "since = 'soon'"),
        ("[[hours]]\nclosed = [1]", "closed = 1"),
        ("[[hours]]\ncompany = 16", "company = 16"),
        ('[[hours]]\nopen = "07:00"', "open = '07:00'"),
    ],
)
def test_wrong_hours_name_their_entry(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "hours.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UnableToReadHours) as raised:
        read_hours(tmp_path / "hours.toml")
    assert named in raised.value.en
    assert raised.value.ja


# --- on the installed database

P = [f"06000000000000000000{number:02d}" for number in range(60)]
INSERT = """
insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points, holders, items, row_count)
values (%s, %s, 'operator', %s, %s, 'switching', 'passed', %s, array['00026'], array['menu'], 1)
"""
SUBMIT = """
insert into work.command (kind, payload, audience, company, person, purpose, idempotency_key, submitted_at)
values ('registry.draft_change', jsonb_build_object('point', %s::text), 'operator', 'TD', 'busy', 'switching', %s, %s)
"""


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        ensure_months(connection, datetime(2026, 11, 20, tzinfo=UTC))
        yield connection


def reads(
    conn: Connection,
    person: str,
    at: datetime,
    points: list[str],
    *,
    gate: str = "usage",
    company: str = "TD",
) -> None:
    """One passage a point, a minute after the other."""
    rows = [(at + timedelta(minutes=n), gate, company, person, [point]) for n, point in enumerate(points)]
    with conn.cursor() as cursor:
        cursor.executemany(INSERT.encode(), rows)


def test_planted_days_are_found_among_ordinary_ones_and_nothing_else(conn: Connection) -> None:
    dice = random.Random(1)
    for day in (date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19)):
        for person in range(8):
            reads(
                conn,
                f"clerk{person}",
                _at(day, dice.randrange(8, 17)),
                dice.sample(P[:50], dice.randrange(3, 9)),
            )
    reads(conn, "many", _at(DAY, 10), P)
    reads(conn, "early", _at(DAY, 5), P[:4])
    reads(conn, "festive", _at(HOLIDAY, 11), P[:4])
    reads(conn, "curious", _at(DAY, 13), P[:12], gate="point_contracts")
    reads(conn, "busy", _at(DAY, 13), P[:12], gate="point_contracts")
    with conn.cursor() as cursor:
        cursor.executemany(SUBMIT.encode(), [(point, point, _at(DAY, 16)) for point in P[:11]])
    findings.watch_point(conn, point=P[59], kind="decoy", reason="おとり", by="guard", now=_at(DAY, 9))
    findings.watch_point(conn, point=P[58], kind="vip", reason="著名", by="guard", now=_at(DAY, 9))
    findings.watch_point(conn, point=P[0], kind="vip", reason="著名", by="guard", now=_at(DAY, 8))
    findings.watch_point(conn, point=P[0], kind="none", reason="転居", by="guard", now=_at(DAY, 9))
    found = signs(person_days(conn, since=date(2026, 11, 16), until=date(2026, 11, 24)))
    assert {(sign.rule, sign.of.person) for sign in found} == {
        ("volume", "many"), ("watched", "many"), ("hours", "early"), ("hours", "festive"), ("no_cause", "curious"),
    }  # fmt: skip
    assert next(sign.facts for sign in found if sign.rule == "watched") == {"points": P[58:]}


def test_a_list_of_ones_own_orders_is_no_volume(conn: Connection) -> None:
    conn.execute("insert into registry.contractor (code, name) values ('K0001', '丙工事')")
    for number, one in enumerate(P[:50]):
        conn.execute(
            "insert into registry.point (point, kind, voltage_class, site_no, address) values (%s, 'demand', 'LV', %s, '架空市')",
            (one, f"S{number}"),
        )
        conn.execute(
            "insert into registry.work_order (order_no, contractor, point, task, valid) values (%s, 'K0001', %s, '点検', %s)",
            (f"W{number}", one, f"[{DAY},{DAY + timedelta(days=1)})"),
        )
    for day in (DAY, DAY + timedelta(days=3)):
        reads(conn, "fitter", _at(day, 10), P[:50], company="K0001")
        for person in range(6):
            reads(conn, f"mate{person}", _at(day, 10), P[50:55], company="K0001")
    found = signs(person_days(conn, since=DAY, until=DAY + timedelta(days=4)))
    assert [(sign.rule, sign.of.person, sign.of.day) for sign in found if sign.rule == "volume"] == [
        ("volume", "fitter", DAY + timedelta(days=3))
    ]


def test_hours_of_the_installation_decide(conn: Connection) -> None:
    for person in range(6):
        reads(conn, f"clerk{person}", _at(DAY, 10), P[:3])
    reads(conn, "night", _at(DAY, 23, 58), P[:4])  # into Saturday
    period = {"since": DAY, "until": DAY + timedelta(days=2)}
    found = [one for one in person_days(conn, **period) if one.person == "night"]
    assert {one.day: one.out_of_hours for one in found} == {DAY: 2, DAY + timedelta(days=1): 2}
    shift = Hours(purpose="switching", opens=timedelta(hours=22), closes=timedelta(hours=6))
    days = person_days(conn, **period, hours=(shift,))
    assert [one.out_of_hours for one in days if one.person == "night"] == [0, 0]
    assert {one.out_of_hours for one in days if one.person != "night"} == {3}
    assert unusual.look(conn, **period, now=_at(DAY, 12), hours=(shift,)) == 0
