"""Value types: tables of readings, and properties of periods."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.kernel import values
from sekisho.kernel.values import HalfHour, Period, UnableToRead, Wh

POINT = "0600001000000000000012"


@pytest.mark.parametrize(
    "text",
    [
        POINT,
        "06-0000-1000-0000-0000-0012",
        "０６００００１０００００００００００００１２",
        " 06 0000 1000 0000 0000 0012 ",
        "06ー0000−1000‐0000–0000－0012",
    ],
)
def test_a_point_as_people_write_it(text: str) -> None:
    assert values.point_number(text) == POINT


@pytest.mark.parametrize(
    ("text", "ja", "en"),
    [
        ("12345678901234567", "ガス", "gas"),
        (POINT + "1", "23桁", "23 digits"),
        ("6.00001E+20", "表計算", "spreadsheet"),
        ("", "数字以外", "other than digits"),
        ("06A0001000000000000012", "数字以外", "other than digits"),
    ],
)
def test_what_is_no_point_and_why(text: str, ja: str, en: str) -> None:
    with pytest.raises(UnableToRead) as caught:
        values.point_number(text)
    assert ja in caught.value.ja and en in caught.value.en


def test_grouped() -> None:
    assert values.grouped(values.point_number(POINT)) == "06-0000-1000-0000-0000-0012"


@pytest.mark.parametrize(
    ("slot", "text"), [(1, "00:00–00:30"), (27, "13:00–13:30"), (28, "13:30–14:00"), (48, "23:30–24:00")]
)
def test_half_hours(slot: int, text: str) -> None:
    assert str(HalfHour(slot)) == text


@pytest.mark.parametrize("slot", [0, 49])
def test_there_are_48(slot: int) -> None:
    with pytest.raises(ValueError, match="no half-hour"):
        HalfHour(slot)


days = st.integers(0, 30).map(lambda n: date(2026, 1, 1) + timedelta(days=n))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(days)
    length = draw(st.one_of(st.none(), st.integers(1, 20)))
    return Period(start, None if length is None else start + timedelta(days=length))


ALL_DAYS = [date(2025, 12, 30) + timedelta(days=n) for n in range(70)]


def covered(*parts: Period | None) -> list[date]:
    return [day for day in ALL_DAYS for part in parts if part is not None and day in part]


@given(periods(), periods())
def test_overlap_and_rest_divide_a_period(one: Period, other: Period) -> None:
    assert covered(one.overlap(other)) == [day for day in covered(one) if day in other]
    assert sorted(covered(one.overlap(other), *one.without(other))) == covered(one)
    assert one.covers(other) == (one.overlap(other) == other)


@given(periods(), days)
def test_before_and_since_divide_a_period(period: Period, day: date) -> None:
    assert covered(period.before(day), period.since(day)) == covered(period) or period.start >= day
    assert sorted(covered(period.before(day), period.since(day))) == covered(period)


def test_a_period_is_never_empty() -> None:
    with pytest.raises(ValueError, match="empty"):
        Period(date(2026, 1, 1), date(2026, 1, 1))


@given(st.integers(0, 10**9))
def test_energy_reads_back(wh: int) -> None:
    assert values.wh_from_kwh(str(values.kwh(Wh(wh)))) == wh


def test_finer_than_a_watt_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="finer"):
        values.wh_from_kwh("0.0001")


@pytest.mark.parametrize(("amount", "yen"), [("1.99", 1), ("-1.99", -1), ("0", 0)])
def test_yen_are_cut_once(amount: str, yen: int) -> None:
    assert values.whole_yen(Decimal(amount)) == yen
