"""The old view log: a plain search over log, mapping and history finds the planted leak exactly."""

import csv
import json
import tomllib
from collections import defaultdict
from datetime import datetime

from sekisho.demo import Area
from sekisho.demo.lists import table

Rows = list[dict[str, str]]


def _read(area: Area, name: str, encoding: str = "utf-8") -> Rows:
    with (area.old_log / name).open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def _holders(area: Area) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _read(area, "contract_history.csv"):
        found[row["point"]].append(row)
    return found


def test_forty_four_screens_and_seven_reports() -> None:
    rows = table("screens.csv")
    assert sum(row["form"] == "screen" for row in rows) == 44
    assert sum(row["form"] == "report" for row in rows) == 7


def test_a_search_finds_the_leak_exactly(area: Area) -> None:
    mapping = tomllib.loads((area.old_log / "mapping.toml").read_text(encoding="utf-8"))
    columns, history = mapping["columns"], _holders(area)
    running: set[tuple[int, str]] = set()
    vacant: set[tuple[int, str]] = set()
    for line, row in enumerate(_read(area, "old_view_log.csv", mapping["encoding"]), start=1):
        day = datetime.strptime(row[columns["at"]], mapping["time_format"]).date().isoformat()  # noqa: DTZ007
        if mapping["companies"][row[columns["company"]]] != "90016":
            continue
        if row[columns["result"]] not in mapping["results"]["shown"]:
            continue
        point = row[columns["point"]].replace("-", "")
        past = [c for c in history[point] if c["valid_from"] <= day]
        if not past:
            continue
        last = max(past, key=lambda c: c["valid_from"])
        if last["holder"] != "90016":
            (running if day < (last["valid_to"] or "9999") else vacant).add((line, last["contract_no"]))
    truth = _read(area, "truth_views.csv")
    assert running == {(int(r["line"]), r["contract_no"]) for r in truth if r["case"] == "running"}
    assert vacant == {(int(r["line"]), r["contract_no"]) for r in truth if r["case"] == "vacant"}
    assert len(running) > 50 and len(vacant) > 3


def test_truth_adds_up(area: Area) -> None:
    views, customers = _read(area, "truth_views.csv"), _read(area, "truth_customers.csv")
    summary = json.loads((area.old_log / "truth_summary.json").read_text(encoding="utf-8"))
    assert summary["leaked_views"] == len(views) == sum(int(row["views"]) for row in customers)
    assert summary["contracts"] == len(customers) == len({row["contract_no"] for row in views})
    assert summary["lines"] == len(_read(area, "old_view_log.csv", "cp932"))


def test_the_leak_comes_through_faulty_screens_only(area: Area) -> None:
    faulty = {row["screen"] for row in table("screens.csv") if row["faulty"] == "1"}
    assert {row["screen"] for row in _read(area, "truth_views.csv")} <= faulty
    assert all(row["holder"] != "90016" for row in _read(area, "truth_customers.csv"))


def test_items_are_the_barriers(area: Area) -> None:
    from sekisho.barrier.items import ITEMS

    known = {item.code for item in ITEMS}
    mapping = tomllib.loads((area.old_log / "mapping.toml").read_text(encoding="utf-8"))
    assert len(mapping["screens"]) == 51
    for screen in mapping["screens"].values():
        assert set(screen["items"]) <= known


def test_the_day_of_a_switch_is_tried_on_both_sides(area: Area) -> None:
    history = _holders(area)
    starts = {(c["point"], c["valid_from"]) for rows in history.values() for c in rows}
    days = {
        (row["供給地点特定番号"].replace("-", ""), row["照会日時"][:10].replace("/", "-"))
        for row in _read(area, "old_view_log.csv", "cp932")
        if row["会社区分"] == "2"
    }
    assert len(starts & days) > 10
