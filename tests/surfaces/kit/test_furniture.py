"""Tables, dates, charts, limits, log lines."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django.utils import translation

from sekisho.surfaces.kit import charts
from sekisho.surfaces.kit.charts import DayOfSlots
from sekisho.surfaces.kit.logs import JsonLines
from sekisho.surfaces.kit.speech import Text, day_text, moment_text
from sekisho.surfaces.kit.tables import Column, display, table
from sekisho.surfaces.kit.throttle import Throttle

pytestmark = pytest.mark.usefixtures("settings")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(("language", "expected"), [("ja", "2026年11月22日(日)"), ("en", "Sun 22 Nov 2026")])
def test_dates_are_written_as_people_say_them(language: str, expected: str) -> None:
    with translation.override(language):
        assert day_text(date(2026, 11, 22)) == expected
        assert moment_text(datetime(2026, 11, 21, 15, 4, 5, tzinfo=UTC)) == f"{expected} 00:04:05"


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        (None, 'class="missing"'),
        (0, "0"),
        (1234567, "1,234,567"),
        (Decimal("1234.500"), "1,234.500"),
        ("<script>", "&lt;script&gt;"),
        (["<a>", "b"], "&lt;a&gt;、b"),
        (True, "あり"),
        (date(2026, 1, 2), 'datetime="2026-01-02"'),
    ],
)
def test_cells(value: Any, inside: str) -> None:
    assert inside in display(value)


def test_missing_is_not_zero() -> None:
    assert display(None) != display(0)
    assert "missing" not in display(0)


def test_a_table_counts_its_rows() -> None:
    columns: tuple[Column[int], ...] = (Column(Text("数", "Number"), lambda row: row, numeric=True),)
    shown = table(Text("表", "Table"), columns, [1, 2, 3], empty=Text("", ""))
    assert shown.count == "3 件"
    assert [cell.html for row in shown.rows for cell in row] == ["1", "2", "3"]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg.replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" ', 1))  # noqa: S314 - made by ourselves


def test_the_curve_breaks_at_gaps_and_hatches_them() -> None:
    slots: list[int | None] = [100] * 48
    slots[10:13] = [None] * 3
    picture = parsed(charts.curve(DayOfSlots(date(2026, 11, 9), slots, estimated=0b11)))
    assert len(picture.findall(f"{SVG}polyline")) == 2
    hatched = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("fill", "").startswith("url(")]
    assert len(hatched) == 3
    assert len(picture.findall(f"{SVG}circle")) == 2


def test_a_day_of_zeros_is_drawn_and_not_hatched() -> None:
    picture = parsed(charts.curve(DayOfSlots(date(2026, 11, 9), [0] * 48)))
    assert len(picture.findall(f"{SVG}polyline")) == 1


def test_the_heatmap_covers_every_half_hour_once() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 10)
    days = {day: DayOfSlots(day, list(range(48))) for day in (first + timedelta(days=n) for n in range(9))}
    picture = parsed(charts.heatmap(days, first=first, last=last))
    paths = [path.get("d", "") for path in picture.iter(f"{SVG}path") if path.get("fill")]
    heights = sum(int(step.split("h")[0]) for path in paths for step in path.split("v")[1:])
    assert heights == 10 * 48 * 5  # ten days of 48 rows, five units high; the tenth day is hatched
    assert any(path.get("fill") == "url(#gap-map)" for path in picture.iter(f"{SVG}path"))


def test_shades_do_not_depend_on_one_outlier() -> None:
    usual = list(range(100, 900))
    assert charts.shade_limits(usual)[:-1] == charts.shade_limits([*usual, 10**9])[:-1]
    assert charts.shade_limits([0, 0]) == []


@pytest.mark.parametrize("requests", [5, 6, 20])
def test_a_client_waits_after_its_burst(requests: int) -> None:
    throttle = Throttle(per_minute=60, burst=5)
    waits = [throttle.wait("a", now=0.0) for _ in range(requests)]
    assert [bool(wait) for wait in waits] == [number >= 5 for number in range(requests)]
    assert throttle.wait("b", now=0.0) == 0, "others go on"
    assert throttle.wait("a", now=1.5) == 0, "one more a second"


def test_log_lines_hold_no_message_of_an_error_and_no_unknown_field() -> None:
    try:
        raise ValueError("山田太郎 0600000000000000000001")
    except ValueError as fault:
        info = (type(fault), fault, fault.__traceback__)
    record = logging.LogRecord("sekisho.x", logging.ERROR, "", 0, "failed", (), info)
    record.customer = "山田太郎"
    record.request_id = "abc"
    line = JsonLines("retailer_web").format(record)
    found = json.loads(line)
    assert "山田" not in line
    assert "0600000000000000000001" not in line
    assert (found["error"], found["request_id"], found["event"]) == ("ValueError", "abc", "failed")


def test_other_libraries_arguments_stay_out_of_the_log() -> None:
    record = logging.LogRecord("psycopg", logging.WARNING, "", 0, "error in %s", ("山田太郎",), None)
    assert json.loads(JsonLines("x").format(record))["event"] == "error in %s"
