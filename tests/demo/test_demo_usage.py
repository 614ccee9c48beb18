"""Half-hourly usage: the shape of each use, gaps, estimates, and only within contracts."""

import re
from collections import defaultdict
from datetime import date

import numpy as np
import pytest
from demofiles import UNTIL, read, usage_csv

from sekisho.demo import Area
from sekisho.demo.area import build_part
from sekisho.demo.usage import ALL_SLOTS, Month, months, usage_of_month
from sekisho.demo.weather import weather
from sekisho.metering import occto

Shapes = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def winter() -> Shapes:
    return _profiles(Month(date(2026, 1, 5), date(2026, 1, 25)))


@pytest.fixture(scope="module")
def summer() -> Shapes:
    return _profiles(Month(date(2026, 8, 1), date(2026, 8, 21)))


def _profiles(month: Month) -> Shapes:
    """Mean kWh per half-hour by use: arrays (points and days, 48), whole days only."""
    part = build_part(seed=2, part=0, points=900, until=UNTIL)
    use = {point.number: point.use.code for premise in part.premises for point in premise.points}
    found: dict[str, list[list[int]]] = defaultdict(list)
    for point, _, watt_hours, _ in usage_of_month(seed=2, contracts=part.contracts, month=month):
        if None not in watt_hours:
            found[use[point]].append([int(value or 0) for value in watt_hours])
    return {code: np.array(days) / 1000 for code, days in found.items()}


def hours(shape: np.ndarray, first: float, last: float) -> float:
    """Mean kWh per day between two hours of the day."""
    return float(shape[:, int(first * 2) : int(last * 2)].sum(axis=1).mean())


@pytest.mark.parametrize(
    ("use", "least", "most"),
    [
        ("home", 8, 22),
        ("flat", 4, 14),
        ("allelectric", 15, 45),
        ("night", 8, 40),
        ("shop", 15, 70),
        ("lamp", 0.05, 1.2),
        ("signal", 1, 10),
        ("vending", 2, 9),
        ("warehouse", 0.05, 3),
        ("hv_office", 200, 8_000),
        ("ehv_factory", 5_000, 300_000),
    ],
)
def test_daily_energy(winter: Shapes, use: str, least: float, most: float) -> None:
    assert least < winter[use].sum(axis=1).mean() < most


def test_homes_peak_in_the_evening(winter: Shapes) -> None:
    home = winter["home"]
    assert hours(home, 18, 22) > 1.6 * hours(home, 11, 15)
    assert hours(home, 6, 9) > 1.5 * hours(home, 2, 5)


def test_night_heaters_work_at_night_only(winter: Shapes) -> None:
    heater = winter["night"]
    assert hours(heater, 9, 22) == 0
    assert hours(heater, 0, 8) + hours(heater, 22, 24) > 8


def test_lamps_burn_from_dusk_to_dawn(winter: Shapes, summer: Shapes) -> None:
    assert hours(winter["lamp"], 9, 15) == 0
    assert winter["lamp"].sum(axis=1).mean() > 1.15 * summer["lamp"].sum(axis=1).mean()


def test_pv_follows_the_sun(winter: Shapes, summer: Shapes) -> None:
    assert hours(summer["pv_home"], 0, 4) == 0
    assert hours(summer["pv_home"], 10, 14) > hours(summer["pv_home"], 14, 18)
    assert summer["pv_field"].sum(axis=1).mean() > 1.2 * winter["pv_field"].sum(axis=1).mean()


def test_offices_rest_at_night_and_pumps_in_winter(winter: Shapes, summer: Shapes) -> None:
    office = winter["hv_office"]
    assert hours(office, 10, 17) / 7 > 2 * hours(office, 0, 6) / 6
    assert winter["pump"].sum() == 0
    assert summer["pump"].sum() > 0


def test_cold_days_cost_more(winter: Shapes) -> None:
    mild = _profiles(Month(date(2026, 5, 5), date(2026, 5, 20)))
    assert winter["home"].sum(axis=1).mean() > 1.2 * mild["home"].sum(axis=1).mean()


def test_no_two_homes_are_alike(winter: Shapes) -> None:
    daily = winter["flat"].sum(axis=1)
    assert np.percentile(daily, 90) > 1.6 * np.percentile(daily, 10)


def test_usage_lies_within_contracts(small: Area) -> None:
    spans: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in read(small.directory / "contracts.csv", "contracts"):
        spans[row["point"]].append((row["valid_from"], row["valid_to"] or "9999"))
    days = [(row["point"], row["day"]) for row in usage_csv(small)]
    for file in (f for f in small.files if f.encoding == "xml"):
        document = occto.read(file.path)
        assert document.rejected == [] and len(document.days) == file.rows
        days += [(point, day.isoformat()) for point, day in document.days]
    assert len(days) == len(set(days))
    for point, day in days:
        assert any(start <= day < end for start, end in spans[point])
    running = {
        point for point, held in spans.items() if any(s <= "2026-09-24" and e == "9999" for s, e in held)
    }
    assert {(point, day) for point in running for day in ("2026-09-24", "2026-10-31", "2026-11-22")} <= set(
        days
    )
    assert len({day for _, day in days}) == 60


def test_the_last_whole_month_is_the_markets(small: Area) -> None:
    zips = [file for file in small.files if file.encoding == "xml"]
    assert len(zips) >= 3
    assert all(occto.is_market_file(file.path) and "20261001" in file.path.name for file in zips)
    assert not (small.directory / "usage-202610.csv").exists()


def test_missing_is_empty_and_estimates_are_marked(small: Area) -> None:
    rows = usage_csv(small)
    cells = [value for row in rows for name, value in row.items() if name.isdigit()]
    missing = sum(value == "" for value in cells) / len(cells)
    assert 0.0003 < missing < 0.01
    assert all(re.fullmatch(r"(\d+\.\d{3})?", value) for value in cells)
    estimated = [row for row in rows if row["estimated_slots"]]
    assert 0 < len(estimated) < 0.3 * len(rows)


def test_unmetered_lamps_are_all_estimates() -> None:
    part = build_part(seed=2, part=0, points=200, until=UNTIL)
    lamps = {p.number for premise in part.premises for p in premise.points if p.use.code == "lamp"}
    month = Month(date(2026, 3, 1), date(2026, 3, 3))
    masks = {True: set[int](), False: set[int]()}
    for point, _, watt_hours, mask in usage_of_month(seed=2, contracts=part.contracts, month=month):
        masks[point in lamps].add(mask)
        assert point not in lamps or None not in watt_hours
    assert masks[True] == {ALL_SLOTS}
    assert 0 in masks[False]


@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        (date(2026, 1, 1), date(2026, 1, 31), ["202601"]),
        (date(2025, 12, 31), date(2026, 2, 1), ["202512", "202601", "202602"]),
        (date(2024, 2, 28), date(2024, 3, 1), ["202402", "202403"]),
    ],
)
def test_months(first: date, last: date, wanted: list[str]) -> None:
    found = months(first=first, last=last)
    assert [month.name for month in found] == wanted
    assert found[0].first == first and found[-1].last == last
    assert sum((month.last - month.first).days + 1 for month in found) == (last - first).days + 1


def test_a_days_weather_does_not_depend_on_the_range() -> None:
    long = weather(seed=1, first=date(2026, 1, 1), last=date(2026, 1, 20))
    short = weather(seed=1, first=date(2026, 1, 10), last=date(2026, 1, 10))
    assert np.array_equal(long.temperature[9], short.temperature[0])
    assert np.array_equal(long.sun[9], short.sun[0])
