"""One passage, one encoding: Python, the database and the stand-alone verifier agree byte for byte."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.range import DateRange
from tlog_world import Connection

from sekisho.ledger.leaves import Passage, canonical, commitment
from sekisho.ledger.merkle import leaf_hash
from sekisho.ledger.verify import sekisho_verify

PASSAGE = Passage(
    passage_id=7,
    at=datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=9))),
    gate="usage_month",
    audience="retailer",
    company="A0001",
    person='佐藤 "次郎"\\\n\x1f\x7f',
    purpose="contract",
    case_no=None,
    verdict="passed",
    points=("0312345678901234567890",),
    holders=("A0001",),
    items=("契約名義", "使用電力量"),
    shown=(date(2026, 10, 1), None),
    row_count=31,
    request_id="",
)
WRITTEN = (
    '{"passage_id":7,"at":"2026-11-22T03:00:00.000005Z","gate":"usage_month","audience":"retailer",'
    '"company":"A0001","person":"佐藤 \\"次郎\\"\\\\\\n\\u001f\x7f","purpose":"contract","case_no":null,'
    '"verdict":"passed","points":["0312345678901234567890"],"holders":["A0001"],'
    '"items":["契約名義","使用電力量"],"shown":["2026-10-01",null],"row_count":31,"request_id":""}'
)


def test_the_encoding_is_what_it_is() -> None:
    """Written out: whoever changes the encoding breaks every proof handed out so far."""
    assert canonical(passage=PASSAGE).decode() == WRITTEN
    entry = commitment(salt=bytes(range(16)), body=WRITTEN.encode())
    assert entry == hashlib.sha256(b"sekisho.passage.v1\n" + bytes(range(16)) + WRITTEN.encode()).digest()
    assert leaf_hash(entry) == hashlib.sha256(b"\0" + entry).digest()


def test_a_salt_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        commitment(salt=bytes(15), body=b"{}")


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
DAYS = st.dates(date(1999, 1, 1), date(2100, 1, 1))

# Hypothesis takes bounds without a zone and adds it itself.
MOMENTS = st.datetimes(datetime(2016, 4, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@st.composite
def passages(draw: st.DrawFn) -> Passage:
    first, length = draw(DAYS), draw(st.integers(1, 400))
    last = first + timedelta(days=length)
    points = draw(st.lists(TEXT, max_size=3))
    return Passage(
        passage_id=draw(st.integers(1, 2**63 - 1)),
        at=draw(MOMENTS),
        gate=draw(TEXT),
        audience=draw(TEXT),
        company=draw(st.none() | TEXT),
        person=draw(st.none() | TEXT),
        purpose=draw(TEXT),
        case_no=draw(st.none() | TEXT),
        verdict=draw(TEXT),
        points=tuple(points),
        holders=tuple(draw(TEXT) for _ in points),
        items=tuple(draw(st.lists(TEXT, max_size=3))),
        shown=draw(st.sampled_from([None, (first, last), (first, None), (None, last), (None, None)])),
        row_count=draw(st.integers(0, 2**31 - 1)),
        request_id=draw(st.none() | TEXT),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(passage=passages())
def test_python_database_and_verifier_agree(passage: Passage, connect: Callable[[], Connection]) -> None:
    written = canonical(passage=passage)
    assert sekisho_verify.canonical(json.loads(written)) == written
    assert _by_database(connect, passage) == written.decode()


def _by_database(connect: Callable[[], Connection], passage: Passage) -> str:
    connection = _held.setdefault(id(connect), connect())
    shown = None if passage.shown is None else DateRange(*passage.shown, bounds="[)")
    values: dict[str, Any] = {name: getattr(passage, name) for name in Passage.__slots__}
    values |= {name: list(values[name]) for name in ("points", "holders", "items")} | {"shown": shown}
    row = connection.execute(
        "select ledger.canonical(row(%(at)s, %(passage_id)s, '3'::xid8, %(gate)s, %(audience)s,"
        " %(company)s, %(person)s, %(purpose)s, %(case_no)s, %(verdict)s, %(points)s::text[],"
        " %(holders)s::text[], %(items)s::text[],"
        " %(shown)s, %(row_count)s, %(request_id)s)::ledger.passage)",
        values,
    ).fetchone()
    assert row is not None
    return str(row[0])


_held: dict[int, psycopg.Connection[tuple[Any, ...]]] = {}


def test_the_setting_of_the_session_changes_nothing(connect: Callable[[], Connection]) -> None:
    connection = connect()
    connection.execute("set datestyle = 'SQL, DMY'")
    connection.execute("set timezone = 'America/St_Johns'")
    connection.execute("set intervalstyle = 'sql_standard'")
    row = connection.execute(
        "select ledger.canonical(row('2026-11-22T03:00:00.000005Z', 7, '3'::xid8, 'g', 'retailer', null,"
        " null, 'contract', null, 'passed', '{}', '{}', '{}', '[2026-10-01,2026-10-31]', 1, null"
        ")::ledger.passage)"
    ).fetchone()
    assert row is not None
    assert '"at":"2026-11-22T03:00:00.000005Z"' in row[0]
    assert '"shown":["2026-10-01","2026-11-01"]' in row[0]
