"""The search against a slow second answer over random worlds, and the store through crashes, merges and altered files."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scope_world import (
    FIRST_DAY,
    Contract,
    Reading,
    expected_by_history,
    fill,
    frame_of,
    moment,
    new_store,
    periods_of,
    point,
    random_world,
)  # fmt: skip

from sekisho.kernel.errors import WrongUse
from sekisho.ledger.scope import store as stores
from sekisho.ledger.scope.moments import DAY, JAPAN, OPEN, day_number, moment_of, second_number
from sekisho.ledger.scope.names import UnableToUnseal
from sekisho.ledger.scope.output import write_answer
from sekisho.ledger.scope.periods import OwnPeriods
from sekisho.ledger.scope.question import Question, Right
from sekisho.ledger.scope.rows import limits_of
from sekisho.ledger.scope.search import Answer, find, search
from sekisho.ledger.scope.store import Store, UnableToCoverLog, UnableToOpenStore
from sekisho.ledger.scope.whatif import UnableToReplay, change_of

AS_OF = date(2020, 6, 1)


def seen(answer: Answer) -> set[tuple[int, str, str]]:
    """(ref, contract, case) of an answer."""
    return set(answer.views.select("ref", "contract_no", "case").iter_rows())


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("vacant", [True, False])
def test_random_worlds_agree_with_the_slow_answer(seed: int, vacant: bool, tmp_path: Path) -> None:
    contracts, log = random_world(random.Random(seed), points=12, readings=400)
    store = fill(new_store(tmp_path / "store"), log, contracts, batches=1 + seed % 4)
    for company in "AB":
        question = Question(company=company, right=Right.HISTORY, vacant=vacant)
        answer = search(store=store, question=question, as_of=AS_OF)
        expected = expected_by_history(contracts, log, company, vacant=vacant)
        assert seen(answer) == expected
        assert answer.totals["views"] == len(expected) > 0


def _corrected(dice: random.Random, contracts: list[Contract]) -> list[Contract]:
    """The same contracts, some of another holder, some ended earlier, some gone: nothing overlaps that did not before."""
    found = []
    for contract in contracts:
        change = dice.randrange(8)
        if change == 0:
            found.append(replace(contract, holder=dice.choice("ABC")))
        elif change == 1:
            latest = contract.end or contract.start + timedelta(days=40)
            days = (latest - contract.start).days
            found.append(replace(contract, end=contract.start + timedelta(days=dice.randrange(1, days + 1))))
        elif change != 2 or len(contracts) < 5:
            found.append(contract)
    return found


@pytest.mark.parametrize("seed", range(25))
def test_an_answer_is_that_of_the_history_as_it_stands_now(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "ROWS_A_GROUP", 16)
    dice = random.Random(seed)
    contracts, log = random_world(dice, points=12, readings=400)
    log.sort(key=lambda reading: reading.at)
    store = new_store(tmp_path / "store")
    for low in range(0, 400, 100):
        with store.writing() as writer:
            writer.put_history(periods_of(contracts), version={})
            writer.append(frame_of(log[low : low + 100]), first=low, end=low + 100)
            if dice.random() < 0.4:
                writer.merge()
            writer.commit(rests_on={})
        contracts = _corrected(dice, contracts)
        with store.writing() as writer:
            writer.put_history(periods_of(contracts), version={})
            writer.commit(rests_on={})
        assert any(part.own for part in store.manifest.segments)
        for company, vacant in (("A", True), ("A", False), ("B", True), ("C", True)):
            question = Question(company=company, right=Right.HISTORY, vacant=vacant)
            answer = search(store=new_store(store.root), question=question, as_of=AS_OF)
            assert seen(answer) == expected_by_history(contracts, log[: low + 100], company, vacant=vacant)


@pytest.mark.parametrize("company", ["A", "B", None])
def test_the_recorded_holder_decides_whatever_the_history_says(company: str | None, tmp_path: Path) -> None:
    dice = random.Random(7)
    contracts, log = random_world(dice, points=8, readings=300)
    told = [replace(reading, holder=dice.choice(["A", "B", "", None])) for reading in log]
    store = new_store(tmp_path / "store")
    with store.writing() as writer:
        writer.put_history(periods_of(contracts), version={})
        writer.append(frame_of(told), first=0, end=300)
        writer.commit(rests_on={})
    wrong = {r.ref for r in told if r.company == (company or r.company) and r.holder != r.company}
    assert set(find(store=store, question=Question(company=company))["ref"]) == wrong
    everything = {r.ref for r in told if r.company == (company or r.company)}
    question = Question(company=company, right=Right.NONE)
    assert set(find(store=store, question=question)["ref"]) == everything > wrong


def test_a_correction_is_forgotten_when_every_segment_knows_it(tmp_path: Path) -> None:
    contracts, log = random_world(random.Random(3), points=12, readings=60)
    store = new_store(tmp_path / "store")
    for history in (contracts, contracts[1::2]):
        with store.writing() as writer:
            writer.put_history(periods_of(history), version={})
            if not store.manifest.rows:
                writer.append(frame_of(log), first=0, end=60)
            writer.commit(rests_on={})
    assert store.manifest.lost
    with store.writing() as writer:
        writer.append(frame_of(log), first=60, end=120)
        writer.merge()
        writer.commit(rests_on={})
    assert not store.manifest.lost
    assert {path.name for path in store.root.iterdir()} == store.manifest.files() | {"manifest.json", "lock"}


def test_a_store_of_the_former_format_is_read_and_grows(tmp_path: Path) -> None:
    contracts, log = random_world(random.Random(4), points=8, readings=200)
    store = fill(new_store(tmp_path / "store"), log[:100], contracts)
    path = store.root / "manifest.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    for part in stored["segments"]:
        assert not part["own"]
        part["companies"] = part.pop("foreign")
        del part["own"], part["judged"], part["silent"]
    stored["history"] = {
        name: value for name, value in stored["history"].items() if name not in ("no", "lost")
    }
    path.write_text(json.dumps({**stored, "format": "sekisho.scope.v1"}), encoding="utf-8")
    again = new_store(store.root)
    with again.writing() as writer:
        writer.append(frame_of(log[100:]), first=100, end=200)
        writer.commit(rests_on={})
    found = seen(search(store=again, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF))
    assert found == expected_by_history(contracts, log, "A", vacant=True)


FILTERS = (
    (Question(company="A", right=Right.HISTORY, gates=("card",)), lambda r: r.gate == "card"),
    (
        Question(company="A", right=Right.HISTORY, items=("phone", "usage")),
        lambda r: {"phone", "usage"} & set(r.items),
    ),
    (Question(company="A", right=Right.HISTORY, persons=("p1", "p9")), lambda r: r.person == "p1"),
    (Question(company="A", right=Right.HISTORY, audience="retailer"), lambda _: True),
    (Question(company="A", right=Right.HISTORY, audience="operator"), lambda _: False),
    (Question(company="A", right=Right.HISTORY, persons=("p9",)), lambda _: False),
    (
        Question(company="A", right=Right.HISTORY, since=date(2020, 2, 1), until=date(2020, 3, 1)),
        lambda r: date(2020, 2, 1) <= r.at.astimezone(JAPAN).date() < date(2020, 3, 1),
    ),
)


@pytest.mark.parametrize(("question", "asked"), FILTERS)
def test_filters(question: Question, asked: object, tmp_path: Path) -> None:
    assert callable(asked)
    contracts, log = random_world(random.Random(5), points=12, readings=600)
    store = fill(new_store(tmp_path / "store"), log, contracts, batches=3)
    expected = expected_by_history(contracts, [r for r in log if asked(r)], "A", vacant=True)
    assert seen(search(store=store, question=question, as_of=AS_OF)) == expected


periods = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 40), st.integers(1, 15), st.booleans()), max_size=20
)


@settings(max_examples=200, deadline=None)
@given(
    periods=periods, asked=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 70)), min_size=1, max_size=40)
)
def test_own_periods_cover_what_an_interval_covers(
    periods: list[tuple[int, int, int, bool]], asked: list[tuple[int, int]]
) -> None:
    held: dict[int, int] = {}
    own = []
    for place, gap, length, is_open in periods:
        start = held.get(place, 0) + gap
        if start >= OPEN:
            continue
        end = OPEN if is_open else start + length
        own.append((place, start, end))
        held[place] = end
    rows = np.array(sorted(own), dtype=np.int64).reshape(-1, 3)
    covered = OwnPeriods(point=rows[:, 0], start=rows[:, 1], end=rows[:, 2]).cover(
        point=np.array([a[0] for a in asked], dtype=np.uint32),
        at=np.array([a[1] * DAY + 7 for a in asked], dtype=np.uint32),
    )
    assert covered.tolist() == [
        any(p == place and low <= day < high for p, low, high in own) for place, day in asked
    ]


def test_the_day_of_the_switch_belongs_to_the_new_holder(tmp_path: Path) -> None:
    switch = date(2020, 3, 1)
    contracts = [
        Contract("C-1", point(1), "A", FIRST_DAY, switch),
        Contract("C-2", point(1), "B", switch, kind="company"),
    ]
    eve, day = moment(switch - timedelta(days=1), 23), moment(switch, 0)
    log = [
        Reading(1, eve, "A", point(1)),
        Reading(2, day, "A", point(1)),
        Reading(3, eve, "B", point(1)),
        Reading(4, day, "B", point(1)),
    ]
    store = fill(new_store(tmp_path / "store"), log, contracts)
    assert seen(search(store=store, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF)) == {
        (2, "C-2", "running")
    }
    assert seen(search(store=store, question=Question(company="B", right=Right.HISTORY), as_of=AS_OF)) == {
        (3, "C-1", "running")
    }


def test_one_customer_with_two_contracts_counts_once(tmp_path: Path) -> None:
    contracts = [Contract(f"C-{n}", point(n), "B", FIRST_DAY, customer="K") for n in (1, 2)]
    log = [Reading(n, moment(date(2020, 2, n)), "A", point(n)) for n in (1, 2)]
    store = fill(new_store(tmp_path / "store"), log, contracts)
    totals = search(store=store, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF).totals
    assert (totals["contracts"], totals["customers"], totals["customers_person"]) == (2, 1, 1)


# --- the store


def test_a_killed_writer_leaves_nothing_that_counts(tmp_path: Path) -> None:
    contracts, log = random_world(random.Random(2), points=5, readings=60)
    store = fill(new_store(tmp_path / "store"), log[:40], contracts)
    before = seen(search(store=store, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF))
    with pytest.raises(KeyboardInterrupt), store.writing() as writer:
        writer.append(frame_of(log[40:]), first=40, end=60)
        raise KeyboardInterrupt
    again = new_store(tmp_path / "store")
    assert (
        seen(search(store=again, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF)) == before
    )
    with again.writing() as writer:
        writer.append(frame_of(log[40:]), first=40, end=60)
        writer.commit(rests_on={})
    found = seen(search(store=again, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF))
    assert found == expected_by_history(contracts, log, "A", vacant=True) != before
    assert {path.name for path in (tmp_path / "store").iterdir()} == again.manifest.files() | {
        "manifest.json",
        "lock",
    }


def test_places_cannot_be_taken_twice_or_left_out(tmp_path: Path) -> None:
    _, log = random_world(random.Random(2), points=5, readings=10)
    store = new_store(tmp_path / "store")
    for first in (1, 3):
        with store.writing() as writer, pytest.raises(UnableToCoverLog):
            writer.append(frame_of(log), first=first, end=first + 10)


def test_two_writers_are_refused(tmp_path: Path) -> None:
    store = new_store(tmp_path / "store")
    with store.writing(), pytest.raises(UnableToOpenStore), new_store(tmp_path / "store").writing():
        pass


def test_names_open_only_with_their_key_and_only_whole(tmp_path: Path) -> None:
    contracts, log = random_world(random.Random(2), points=5, readings=20)
    store = fill(new_store(tmp_path / "store"), log, contracts)
    files = [path for path in (tmp_path / "store").iterdir() if path.suffix != ".json"]
    assert not any(point(1).encode() in path.read_bytes() or b"p1" in path.read_bytes() for path in files)
    with pytest.raises(UnableToUnseal):
        Store(root=store.root, key=bytes(32), random=random.Random(1).randbytes).names("point")
    first, second = store.manifest.names["point"][0], store.manifest.names["person"][0]
    (store.root / first).write_bytes((store.root / second).read_bytes())
    with pytest.raises(UnableToUnseal):
        new_store(store.root).names("point")


def test_small_segments_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "SEGMENT", 100)
    contracts, log = random_world(random.Random(4), points=5, readings=300)
    store = fill(new_store(tmp_path / "store"), log, contracts, batches=60)
    assert 3 <= len(store.manifest.segments) < 20 and store.manifest.rows == 300
    found = seen(search(store=store, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF))
    assert found == expected_by_history(contracts, log, "A", vacant=True)


def test_row_groups_are_crossed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "ROWS_A_GROUP", 7)
    contracts, log = random_world(random.Random(4), points=5, readings=300)
    store = fill(new_store(tmp_path / "store"), log, contracts, batches=2)
    found = seen(search(store=store, question=Question(company="B", right=Right.HISTORY), as_of=AS_OF))
    assert found == expected_by_history(contracts, log, "B", vacant=True)


# --- small things


@pytest.mark.parametrize(
    "text", ["2016-04-01T00:00:00+09:00", "2026-11-22T23:59:59+09:00", "2020-02-29T15:00:00+00:00"]
)
def test_moments_come_back(text: str) -> None:
    from datetime import datetime

    at = datetime.fromisoformat(text)
    assert moment_of(second_number(at)) == at
    assert second_number(at) // DAY == day_number(at.astimezone(JAPAN).date())


def test_questions_come_back_from_storage() -> None:
    question = Question(
        company="A",
        gates=("card",),
        items=("name",),
        since=date(2020, 1, 1),
        right=Right.HISTORY,
        vacant=False,
    )
    assert Question.from_stored(question.stored()) == question


@pytest.mark.parametrize(
    "stored",
    [
        {"since": "soon"},
        {"right": "wrong"},
        {"right": "history"},
        {"since": "2020-01-02", "until": "2020-01-02"},
    ],
)
def test_questions_that_mean_nothing_are_refused(stored: dict[str, str]) -> None:
    with pytest.raises(WrongUse):
        Question.from_stored(stored)


@pytest.mark.parametrize(
    ("text", "fault"),
    [("OPR-02", WrongUse), ("OPR-99:name", UnableToReplay), ("OPR-02:usage", UnableToReplay)],
)
def test_changes_that_are_none_are_refused(text: str, fault: type[Exception]) -> None:
    with pytest.raises(fault):
        change_of(text)


@pytest.mark.parametrize(
    "limits", ["", "own", "own-holder,", "voltage", "voltage=XX", "voltage=LV+", "kind=cat", "months=0", "months=x", "running=1"]
)  # fmt: skip
def test_conditions_that_are_none_are_refused(limits: str) -> None:
    with pytest.raises(WrongUse):
        limits_of(limits)


def test_files_of_an_answer(tmp_path: Path) -> None:
    contracts = [Contract("=1+1", point(1), "B", FIRST_DAY, date(2021, 1, 1))]
    store = fill(
        new_store(tmp_path / "store"), [Reading(1, moment(date(2020, 2, 1)), "A", point(1))], contracts
    )
    answer = search(store=store, question=Question(company="A", right=Right.HISTORY), as_of=AS_OF)
    files = {path.name for path in write_answer(answer=answer, directory=tmp_path / "out")}
    assert files == {
        "customers.parquet",
        "customers.csv",
        "views.parquet",
        "views.csv",
        "unnamed.parquet",
        "summary.json",
    }
    assert "'=1+1" in (tmp_path / "out" / "customers.csv").read_text(encoding="utf-8-sig")
    write_answer(answer=answer, directory=tmp_path / "out")
    with pytest.raises(WrongUse):
        write_answer(answer=replace(answer, totals={}), directory=tmp_path / "out")
