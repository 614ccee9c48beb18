"""Corrections: each kind by example, and random sequences of them against the invariants."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from registryworld import C1, C2, C3, NEW, NOW, OLD, P1, Connection, flat_day, load_area, load_usage

from sekisho.barrier.compiler import WORKER
from sekisho.barrier.connect import connect
from sekisho.kernel.errors import SekishoError
from sekisho.kernel.values import Period
from sekisho.registry import actions
from sekisho.registry.corrections import (
    AmendFact,
    BackdateSwitch,
    CancelSwitch,
    Change,
    Contract,
    Fact,
    MoveOut,
    MoveSwitch,
    PointState,
    UnableToChange,
    applied,
    check,
)
from sekisho.registry.history import as_of
from sekisho.registry.importing import begin_writing
from sekisho.server import EmbeddedServer
from sekisho.settings.deploy import login_conninfo
from sekisho.settings.home import Home

LATER = NOW + timedelta(days=1)
D = date
PARTY = {"customer_kind": "person", "name": "新 花子", "phone": "090-1111-2222"}


def periods(conn: Connection, table: str = "contract") -> list[tuple[Any, ...]]:
    rows = conn.execute(
        f"select contract_no, lower(valid), upper(valid) from registry.{table} where point = %s order by valid",
        [P1],
    )
    return rows.fetchall()


def usage_owners(conn: Connection) -> list[tuple[Any, ...]]:
    return conn.execute(
        "select contract_no, holder, min(day), max(day) from metering.usage_day where point = %s"
        " group by 1, 2 order by 3",
        [P1],
    ).fetchall()


@pytest.fixture(scope="module")
def loaded(
    server: EmbeddedServer,
    template: str,
    names: Callable[[], str],
    home: Home,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A database with the area and usage of P1 from ten days before the switch to ten days after it."""
    name = names()
    server.create_database(name, template=template)
    worker = login_conninfo(server.superuser_conninfo(name), home, WORKER)
    directory = tmp_path_factory.mktemp("area")
    with connect(worker) as conn:
        load_area(conn, directory)
        load_usage(conn, directory, [flat_day(P1, D(2025, 3, 22) + timedelta(days=n)) for n in range(20)])
    yield worker
    server.drop_database(name)


@pytest.fixture
def area(loaded: str) -> Iterator[Connection]:
    """The worker's connection; what a test does to the area is rolled back."""
    with connect(loaded) as conn, conn.transaction(force_rollback=True):
        yield conn


def test_a_name_from_a_day_on(area: Connection) -> None:
    actions.correct_name(
        area, contract_no="C-1B", since=D(2025, 6, 1), values={"name": "髙橋 一郎"}, by="a", now=LATER
    )
    rows = area.execute(
        "select name, name_key, lower(valid), upper(valid) from registry.party where contract_no = 'C-1B' order by valid"
    ).fetchall()
    assert rows == [
        ("高橋 太郎", "高橋太郎", D(2025, 4, 1), D(2025, 6, 1)),
        ("髙橋 一郎", "高橋一郎", D(2025, 6, 1), None),
    ]
    before = as_of(area, table="party", point=P1, at=NOW)
    assert [(row["name"], row["valid"].upper) for row in before] == [
        ("髙橋　太郎", D(2025, 4, 1)),
        ("高橋 太郎", None),
    ]
    assert len(as_of(area, table="party", point=P1, at=LATER)) == 3
    assert as_of(area, table="party", point=P1, at=NOW - timedelta(seconds=1)) == []


def test_a_split_period(area: Connection) -> None:
    actions.split_period(area, table="terms", contract_no="C-1B", day=D(2025, 7, 1), by="a", now=LATER)
    assert periods(area, "terms")[1:] == [
        ("C-1B", D(2025, 4, 1), D(2025, 7, 1)),
        ("C-1B", D(2025, 7, 1), None),
    ]


def test_a_backdated_switch_cuts_the_facts_and_moves_the_usage(area: Connection) -> None:
    outcome = actions.backdate_switch(
        area,
        point=P1,
        contract_no="C-1X",
        day=D(2025, 3, 25),
        holder=NEW,
        customer_no=C3,
        party=PARTY,
        by="a",
        now=LATER,
    )
    assert periods(area) == [
        ("C-1A", D(2024, 4, 1), D(2025, 3, 25)),
        ("C-1X", D(2025, 3, 25), D(2025, 4, 1)),
        ("C-1B", D(2025, 4, 1), None),
    ]
    assert usage_owners(area) == [
        ("C-1A", OLD, D(2025, 3, 22), D(2025, 3, 24)),
        ("C-1X", NEW, D(2025, 3, 25), D(2025, 3, 31)),
        ("C-1B", NEW, D(2025, 4, 1), D(2025, 4, 10)),
    ]
    assert (outcome.usage_reassigned, outcome.usage_removed) == (7, 0)
    assert ("C-1X", D(2025, 3, 25), D(2025, 4, 1)) in periods(area, "equipment")
    names = area.execute("select name from registry.party where contract_no = 'C-1X'").fetchall()
    assert names == [("新 花子",)]
    history = "select distinct change_no from registry.contract_history"
    assert area.execute(history).fetchall() == [(outcome.change_no,)]


def test_a_new_customer_needs_a_name(area: Connection) -> None:
    with pytest.raises(UnableToChange, match="契約名義"):
        actions.backdate_switch(
            area,
            point=P1,
            contract_no="C-1X",
            day=D(2025, 3, 25),
            holder=NEW,
            customer_no=C3,
            by="a",
            now=LATER,
        )
    assert len(periods(area)) == 2


@pytest.mark.parametrize(
    ("day", "boundary"), [(D(2025, 3, 28), D(2025, 3, 28)), (D(2025, 4, 5), D(2025, 4, 5))]
)
def test_a_switch_on_another_day(area: Connection, day: date, boundary: date) -> None:
    actions.move_switch(area, contract_no="C-1B", day=day, by="a", now=LATER)
    assert periods(area) == [("C-1A", D(2024, 4, 1), boundary), ("C-1B", boundary, None)]
    assert [owner[2:] for owner in usage_owners(area)] == [
        (D(2025, 3, 22), boundary - timedelta(days=1)),
        (boundary, D(2025, 4, 10)),
    ]


def test_a_cancelled_switch_gives_everything_back(area: Connection) -> None:
    actions.cancel_switch(area, contract_no="C-1B", by="a", now=LATER)
    assert periods(area) == [("C-1A", D(2024, 4, 1), None)]
    assert [row[:1] + row[2:] for row in periods(area, "party")] == [("C-1A", None)]
    assert usage_owners(area) == [("C-1A", OLD, D(2025, 3, 22), D(2025, 4, 10))]
    assert [row["contract_no"] for row in as_of(area, table="contract", point=P1, at=NOW)] == ["C-1A", "C-1B"]


def test_a_move_out_leaves_later_usage_to_the_history(area: Connection) -> None:
    outcome = actions.move_out(area, contract_no="C-1B", day=D(2025, 4, 6), by="a", now=LATER)
    assert outcome.usage_removed == 5
    kept = area.execute("select count(*) from metering.usage_day_history where superseded_at = %s", [LATER])
    assert kept.fetchone() == (5,)
    assert periods(area, "terms")[-1] == ("C-1B", D(2025, 4, 1), D(2025, 4, 6))


def draft(conn: Connection, *, by: str = "ann", **payload: Any) -> str:
    full = {"contract_no": "C-1B", "since": "2025-06-01", "values": {"name": "新名義"}} | payload
    return actions.draft_change(conn, kind="correct_name", payload=full, reason="誤記", by=by, now=LATER)


def test_two_people_are_needed(area: Connection) -> None:
    number = draft(area)
    with pytest.raises(actions.UnableToDecide, match="自分で起案"):
        actions.approve_change(area, change_no=number, by="ann", now=LATER)
    assert len(periods(area, "party")) == 2
    actions.approve_change(area, change_no=number, by="bob", now=LATER)
    assert len(periods(area, "party")) == 3
    with pytest.raises(actions.UnableToDecide, match="すでに"):
        actions.approve_change(area, change_no=number, by="bob", now=LATER)
    row = area.execute("select state, drafted_by, approved_by from registry.change").fetchone()
    assert row == ("approved", "ann", "bob")
    events = area.execute(
        "select action, by from registry.event where subject = %s order by event_id", [number]
    )
    assert events.fetchall() == [("draft_change", "ann"), ("amend_fact", "bob")]


def test_a_draft_of_what_has_changed_since_must_be_drafted_again(area: Connection) -> None:
    number = draft(area)
    actions.correct_name(
        area, contract_no="C-1A", since=D(2024, 9, 1), values={"phone": "06"}, by="eve", now=LATER
    )
    with pytest.raises(actions.PointHasChanged, match="変更されました"):
        actions.approve_change(area, change_no=number, by="bob", now=LATER)
    assert area.execute("select state from registry.change").fetchone() == ("drafted",)
    actions.withdraw_change(area, change_no=number, by="ann", now=LATER)


@pytest.mark.parametrize(
    ("decide", "by", "state"),
    [(actions.withdraw_change, "ann", "withdrawn"), (actions.reject_change, "bob", "rejected")],
)
def test_rejected_and_withdrawn_drafts_change_nothing(
    area: Connection, decide: Callable[..., None], by: str, state: str
) -> None:
    number = draft(area)
    more = {"note": "根拠不足"} if state == "rejected" else {}
    with pytest.raises(actions.UnableToDecide):
        decide(area, change_no=number, by="bob" if by == "ann" else "ann", now=LATER, **more)
    decide(area, change_no=number, by=by, now=LATER, **more)
    assert area.execute("select state from registry.change").fetchone() == (state,)
    assert len(periods(area, "party")) == 2


BAD_PAYLOADS: list[tuple[str, dict[str, Any], str]] = [
    ("rename", {}, "訂正の種類"),
    ("correct_name", {"contract_no": "C-1B", "since": "2025-06-01"}, "values"),
    ("correct_name", {"contract_no": "C-1B", "since": "2025-06-31", "values": {}}, "値が正しく"),
    ("correct_name", {"contract_no": "C-1B", "since": "2025-06-01", "values": {"holder": "1"}}, "ない項目"),
    ("correct_name", {"contract_no": "C-1B", "since": "2025-06-01", "values": {"name": ""}}, "必須"),
    ("correct_name", {"contract_no": "C-1B", "since": "2025-06-01", "values": {"name": "x\0"}}, "制御文字"),
    ("correct_name", {"contract_no": "C-1B", "since": "2025-06-01", "values": {"name": "x" * 101}}, "100字"),
    ("correct_name", {"contract_no": "C-9", "since": "2025-06-01", "values": {"name": "x"}}, "C-9"),
    ("correct_name", {"contract_no": "C-1B", "since": "2025-03-01", "values": {"name": "x"}}, "収まりません"),
    ("split_period", {"contract_no": "C-1B", "day": "2025-05-01", "table": "contract"}, "訂正できません"),
    ("move_switch", {"contract_no": "C-1A", "day": "2024-05-01"}, "直前"),
    ("move_switch", {"contract_no": "C-1B", "day": "2024-04-01"}, "収まりません"),
    ("cancel_switch", {"contract_no": "C-1A"}, "直前"),
    ("move_out", {"contract_no": "C-1A", "day": "2025-04-01"}, "収まりません"),
    ("backdate_switch", {"contract_no": "C-1B", "day": "2025-03-01", "point": P1, "holder": NEW, "customer_no": C1}, "すでに"),
    ("backdate_switch", {"contract_no": "C-X1", "day": "2025-03-01", "point": P1, "holder": "99999", "customer_no": C1}, "99999"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "payload", "reason"), BAD_PAYLOADS)
def test_what_does_not_fit_is_refused_when_drafted(
    area: Connection, kind: str, payload: dict[str, Any], reason: str
) -> None:
    with pytest.raises(SekishoError, match=reason):
        actions.draft_change(area, kind=kind, payload=payload, reason="x", by="ann", now=LATER)
    assert area.execute("select count(*) from registry.change").fetchone() == (0,)


# --- random sequences: the pure decisions

START = D(2024, 1, 1)
days = st.integers(0, 60).map(lambda n: START + timedelta(days=n))


@st.composite
def states(draw: st.DrawFn) -> PointState:
    """Some contracts with gaps and seams, each with a name, a place and two meters."""
    bounds = sorted(draw(st.sets(st.integers(0, 60), min_size=2, max_size=6)))
    contracts, facts = [], []
    for number, (first, last) in enumerate(pairwise(bounds)):
        if number and draw(st.booleans()) and draw(st.booleans()):
            continue
        ends = None if last == bounds[-1] and draw(st.booleans()) else START + timedelta(days=last)
        period = Period(START + timedelta(days=first), ends)
        name = f"K{number}"
        contracts.append(
            Contract(name, draw(st.sampled_from("AB")), draw(st.sampled_from("xy")), "05", period)
        )
        facts.append(Fact("party", len(facts), name, period, (("name", name),)))
        facts.append(Fact("place", len(facts), name, period, (("address", "p"),)))
        facts += [
            Fact("meter", len(facts) + n, name, period, (("meter_no", n), ("smart", True))) for n in (1, 2)
        ]
    return PointState("P", tuple(contracts), tuple(facts))


def changes(state: PointState) -> st.SearchStrategy[Change]:
    numbers = st.sampled_from([contract.contract_no for contract in state.contracts] or ["K0"])
    named = st.just((("name", "new"),))
    return st.one_of(
        st.builds(AmendFact, st.just("party"), numbers, days.map(Period), named),
        st.builds(AmendFact, st.just("meter"), numbers, days.map(Period), st.just(()), st.sampled_from([None, 1])),
        st.builds(
            BackdateSwitch, st.uuids().map(lambda u: f"N{u.hex[:8]}"), days, st.sampled_from("AB"), st.sampled_from("xy"),
            party=st.sampled_from([(), (("name", "moved in"),)]),
        ),
        st.builds(MoveSwitch, numbers, days),
        st.builds(CancelSwitch, numbers),
        st.builds(MoveOut, numbers, days),
    )  # fmt: skip


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_sequence_of_changes_breaks_the_invariants(data: st.DataObject) -> None:
    state = data.draw(states())
    covered = covered_days(state)
    for _ in range(4):
        change = data.draw(changes(state))
        try:
            state = applied(state, change)
        except UnableToChange:
            continue
        check(state)
        now_covered = covered_days(state)
        if isinstance(change, MoveOut):
            assert now_covered < covered
        elif not isinstance(change, BackdateSwitch):
            assert now_covered == covered
        covered = now_covered


def covered_days(state: PointState) -> set[date]:
    return {START + timedelta(days=n) for n in range(80) if state.on(START + timedelta(days=n))}


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_cancelling_a_backdated_switch_restores_the_point(data: st.DataObject) -> None:
    state = data.draw(states())
    day = data.draw(days)
    former = state.on(day)
    assume(former is not None and former.period.start < day)
    switched = applied(state, BackdateSwitch("NEW", day, "C", "z", "05", (("name", "n"),)))
    assert applied(switched, CancelSwitch("NEW")).digest() == state.digest()


# --- random sequences: the database

steps = st.lists(
    st.tuples(
        st.sampled_from(["name", "switch", "move", "cancel", "out", "split"]),
        st.integers(0, 5),
        st.integers(0, 40),
    ),
    min_size=1,
    max_size=6,
)


@given(steps)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_is_corrected_the_database_keeps_its_promises(
    area: Connection, steps: list[tuple[str, int, int]]
) -> None:
    with area.transaction(force_rollback=True):
        seen: list[tuple[datetime, list[dict[str, Any]]]] = [
            (NOW, as_of(area, table="contract", point=P1, at=NOW))
        ]
        for number, (kind, which, day) in enumerate(steps):
            now = LATER + timedelta(hours=number)
            attempt(area, kind, which, D(2025, 3, 12) + timedelta(days=day), now)
            promises(area)
            for at, rows in seen:
                assert as_of(area, table="contract", point=P1, at=at) == rows
            seen.append((now, as_of(area, table="contract", point=P1, at=now)))


def attempt(conn: Connection, kind: str, which: int, day: date, now: datetime) -> None:
    known = [row[0] for row in periods(conn)]
    number = known[which % len(known)]
    common: dict[str, Any] = {"by": "a", "now": now}
    calls: dict[str, Callable[[], object]] = {
        "name": lambda: actions.correct_name(conn, contract_no=number, since=day, values={"name": f"N{which}"}, **common),
        "split": lambda: actions.split_period(conn, table="place", contract_no=number, day=day, **common),
        "switch": lambda: actions.backdate_switch(
            conn, point=P1, contract_no=f"C-{uuid.uuid5(uuid.NAMESPACE_URL, f'{now}{which}').hex[:8].upper()}",
            day=day, holder=[OLD, NEW][which % 2], customer_no=[C1, C2, C3][which % 3], party=PARTY, **common,
        ),
        "move": lambda: actions.move_switch(conn, contract_no=number, day=day, **common),
        "cancel": lambda: actions.cancel_switch(conn, contract_no=number, **common),
        "out": lambda: actions.move_out(conn, contract_no=number, day=day, **common),
    }  # fmt: skip
    try:
        with conn.transaction():
            calls[kind]()
    except UnableToChange:
        return


BROKEN = {
    "two contracts at once": "select 1 from registry.contract a join registry.contract b"
    " on a.point = b.point and a.contract_no < b.contract_no and a.valid && b.valid",
    "a fact outside its contract": "select 1 from registry.{t} f where not exists (select from registry.contract c"
    " where c.contract_no = f.contract_no and c.holder = f.holder and c.point = f.point and c.valid @> f.valid)",
    "usage of another holder": "select 1 from metering.usage_day u where not exists (select from registry.contract c"
    " where c.contract_no = u.contract_no and c.holder = u.holder and c.point = u.point and c.valid @> u.day)",
}


def promises(conn: Connection) -> None:
    for promise, broken in BROKEN.items():
        for table in ("party", "place", "terms", "meter", "equipment", "generation"):
            assert conn.execute(broken.replace("{t}", table)).fetchone() is None, promise  # type: ignore[arg-type]


def test_a_change_and_an_import_wait_for_each_other(area: Connection, loaded: str) -> None:
    with connect(loaded) as other, other.transaction():
        begin_writing(other, now=LATER, alone=True)
        area.execute("set local lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable), area.transaction():
            actions.move_out(area, contract_no="C-1B", day=D(2025, 4, 6), by="a", now=LATER)
    assert actions.move_out(area, contract_no="C-1B", day=D(2025, 4, 6), by="a", now=LATER)
