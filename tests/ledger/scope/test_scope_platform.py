"""The installed platform: gates leave passages, the log seals them, the store takes them in, the answer names who was seen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import TupleRow

from sekisho.ledger.bundle import published
from sekisho.ledger.merkle import EMPTY_ROOT
from sekisho.ledger.scope import findings, unusual
from sekisho.ledger.scope.platform import open_store, refresh
from sekisho.ledger.scope.question import Question, Right
from sekisho.ledger.scope.rows import registry_of
from sekisho.ledger.scope.search import Answer, search
from sekisho.ledger.scope.store import Store, UnableToCoverLog
from sekisho.ledger.scope.whatif import change_of, replay, who_saw
from sekisho.ledger.site import Site
from sekisho.ledger.tiles import TileReader
from sekisho.settings.deploy import ensure_months
from sekisho.settings.home import Home

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
TODAY = date(2026, 11, 20)
A, B = "00016", "00026"
P1, P2, P3 = (f"060000000000000000000{number}" for number in (1, 2, 3))
FACTS = f"""
insert into registry.retailer (code, registration_no, name) values ('{A}', 'A0001', '甲電力'), ('{B}', 'A0002', '乙電力');
insert into registry.point (point, kind, voltage_class, site_no, address)
  select p, 'demand', 'LV', 'S' || n, '架空市' || n from unnest(array['{P1}', '{P2}', '{P3}']) with ordinality t (p, n);
insert into registry.customer (customer_no, kind)
  values ('00000000000001', 'person'), ('00000000000002', 'person'), ('00000000000003', 'company');
insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid) values
  ('C-0001', '{P1}', '{A}', '00000000000001', '05', '[2019-01-01,2021-01-01)'),
  ('C-0002', '{P1}', '{B}', '00000000000002', '05', '[2021-01-01,)'),
  ('C-0003', '{P2}', '{B}', '00000000000003', '05', '[2019-01-01,2026-01-01)'),
  ('C-0004', '{P3}', '{A}', '00000000000001', '05', '[2019-01-01,)');
insert into registry.party (contract_no, point, holder, customer_kind, name, name_key, valid) values
  ('C-0001', '{P1}', '{A}', 'person', '関所太郎', '関所太郎', '[2019-01-01,2021-01-01)'),
  ('C-0002', '{P1}', '{B}', 'person', '関所花子', '関所花子', '[2021-01-01,)');
insert into registry.staff (person, name, company) values ('clerk', '関所　一郎', 'TD');
"""
INSERT = """
insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points, holders, items, shown, row_count)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::daterange, 1) returning passage_id
"""
Connection = psycopg.Connection[TupleRow]


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(FACTS.encode())
        ensure_months(connection, NOW)
        yield connection


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(
        home=Home(tmp_path / "home").prepare(), random=random.Random(3).randbytes, clock=NOW.timestamp
    )


def passage(
    conn: Connection,
    *pairs: tuple[str, str | None],
    company: str = A,
    person: str = "p1",
    gate: str = "card",
    audience: str = "retailer",
    purpose: str = "contract",
    items: tuple[str, ...] = ("name",),
    shown: str | None = None,
    verdict: str = "passed",
    at: datetime = NOW,
) -> int:
    """Write a passage as a gate does."""
    points, holders = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    row = conn.execute(
        INSERT.encode(),
        (at, gate, audience, company, person, purpose, verdict, points, holders, list(items), shown),
    ).fetchone()
    assert row is not None
    return int(row[0])


def sealed(conn: Connection, site: Site, **options: Any) -> Store:
    """Seal what is there and take it in."""
    with closing(psycopg.connect(conn.info.dsn, password=conn.info.password, autocommit=True)) as own:
        site.sequencer(connection=own).drain()
    store = open_store(site)
    refresh(connection=conn, store=store, log=published(store=site.store), **options)
    return store


def seen(answer: Answer) -> set[tuple[int, str]]:
    """(passage, contract) of an answer."""
    return set(answer.views.select("ref", "contract_no").iter_rows())


def test_whoever_was_not_the_holder_is_found(conn: Connection, site: Site) -> None:
    own = passage(conn, (P3, A))
    foreign = passage(conn, (P1, B), (P3, A), shown="[2026-10-01,2026-11-01)")
    ended = passage(conn, (P2, B), shown="[2025-12-01,2026-01-01)", person="p2")
    passage(conn, (P1, B), verdict="refused:expired")
    passage(conn, (P1, B), company=B)
    answer = search(store=sealed(conn, site), question=Question(company=A), as_of=TODAY)
    assert seen(answer) == {(foreign, "C-0002"), (ended, "C-0003")} and own
    totals = answer.totals
    assert (
        totals["customers"],
        totals["customers_person"],
        totals["customers_company"],
        totals["customers_device"],
    ) == (2, 1, 1, 0)
    assert (totals["readers"], totals["customers_still_contracted"], totals["views_while_running"]) == (
        2,
        1,
        1,
    )


def test_a_reading_that_shows_two_contracts_of_one_holder_names_both_as_uncertain(
    conn: Connection, site: Site
) -> None:
    conn.execute(
        "insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid)"
        f" values ('C-0005', '{P2}', '{B}', '00000000000001', '05', '[2026-01-01,)')".encode()
    )
    number = passage(conn, (P2, B), shown="[2019-01-01,)")
    answer = search(store=sealed(conn, site), question=Question(company=A), as_of=TODAY)
    assert seen(answer) == {(number, "C-0003"), (number, "C-0005")}
    assert (answer.totals["readings"], answer.totals["customers"], answer.totals["customers_certain"]) == (
        1,
        2,
        0,
    )


def test_the_history_decides_where_the_record_was_corrected(conn: Connection, site: Site) -> None:
    passage(conn, (P3, A))
    store = sealed(conn, site)
    by_history = Question(company=A, right=Right.HISTORY)
    assert seen(search(store=store, question=by_history, as_of=TODAY)) == set()
    conn.execute(f"update registry.contract set holder = '{B}' where contract_no = 'C-0004'".encode())
    store = sealed(conn, site)
    assert {contract for _, contract in seen(search(store=store, question=by_history, as_of=TODAY))} == {
        "C-0004"
    }
    assert seen(search(store=store, question=Question(company=A), as_of=TODAY)) == set()


def test_refreshing_in_pieces_gives_the_same(conn: Connection, site: Site) -> None:
    expected = set()
    for number in range(30):
        ref = passage(conn, (P1, B), person=f"p{number % 4}", at=NOW + timedelta(seconds=number))
        expected.add((ref, "C-0002"))
        if number % 7 == 0:
            store = sealed(conn, site, batch=3)
            assert seen(search(store=store, question=Question(company=A), as_of=TODAY)) == expected
    store = sealed(conn, site, batch=4)
    assert seen(search(store=store, question=Question(company=A), as_of=TODAY)) == expected
    assert store.manifest.rests_on["tree_size"] == 30 == store.manifest.end


def test_a_passage_altered_in_the_database_is_refused(conn: Connection, site: Site) -> None:
    number = passage(conn, (P1, B))
    with closing(psycopg.connect(conn.info.dsn, password=conn.info.password, autocommit=True)) as own:
        site.sequencer(connection=own).drain()
    conn.execute("update ledger.passage set person = 'other' where passage_id = %s", (number,))
    with pytest.raises(UnableToCoverLog, match="not what the log holds"):
        refresh(connection=conn, store=open_store(site), log=published(store=site.store))


def test_a_log_that_was_rolled_back_is_refused(conn: Connection, site: Site) -> None:
    passage(conn, (P1, B))
    sealed(conn, site)
    log = published(store=site.store)
    shorter = replace(
        log, head=replace(log.head, size=0, root=EMPTY_ROOT), reader=TileReader(store=site.store, size=0)
    )
    with pytest.raises(UnableToCoverLog, match="the store holds 1"):
        refresh(connection=conn, store=open_store(site), log=shorter)


def test_erased_months_leave_the_store_too(conn: Connection, site: Site) -> None:
    old = datetime(2020, 3, 5, tzinfo=UTC)
    ensure_months(conn, old)
    passage(conn, (P1, A), company=B, at=old)
    recent = passage(conn, (P1, B))
    store = sealed(conn, site)
    assert store.manifest.rows == 2
    conn.execute("select ledger.erase_month('2020-03-01', '2026-11-20')")
    store = sealed(conn, site)
    assert store.manifest.rows == 1 and store.manifest.end == 2
    assert seen(search(store=store, question=Question(right=Right.NONE), as_of=TODAY)) == {(recent, "C-0002")}


def test_what_if_a_rule_no_longer_showed_an_item(conn: Connection, site: Site) -> None:
    operator = {"company": "TD", "audience": "operator", "purpose": "switching"}
    hit = passage(conn, (P1, B), items=("phone", "point"), gate="reveal_phone", person="clerk", **operator)
    passage(conn, (P1, B), items=("name",), gate="reveal_name", person="clerk", **operator)
    passage(conn, (P1, B), items=("phone",), gate="reveal_phone", **(operator | {"purpose": "safety"}))
    found = replay(store=sealed(conn, site), change=change_of("OPR-02:phone"), as_of=TODAY)
    assert seen(found.answer) == {(hit, "C-0002")}
    assert found.readers.select("person", "gate", "items_lost", "customers").rows() == [
        ("clerk", "reveal_phone", ["phone"], 1)
    ]


LIMITED = (
    # condition, the readings that it would have prevented
    (None, {"own", "foreign", "past", "vacant", "over"}),
    ("own-holder", {"foreign", "vacant"}),
    ("own-period", {"foreign", "vacant", "over"}),
    ("running", {"past", "vacant", "over"}),
    ("own-holder,running", {"foreign", "past", "vacant", "over"}),
    ("voltage=HV", {"own", "foreign", "past", "over"}),
    ("voltage=LV+EHV", {"vacant"}),
    ("kind=company", {"own", "foreign", "past", "over"}),
    ("kind=person+device", {"vacant"}),
    ("months=2", {"past", "vacant", "over"}),
    ("months=13", {"past", "over"}),
    ("assigned", {"own", "foreign", "past", "vacant", "over"}),
)


def test_what_if_a_rule_reached_fewer_rows(conn: Connection, site: Site) -> None:
    conn.execute(f"update registry.point set voltage_class = 'HV' where point = '{P2}'".encode())
    numbers = {
        "own": passage(conn, (P3, A), shown="[2026-10-01,2026-11-01)"),
        "foreign": passage(conn, (P1, B)),
        "past": passage(conn, (P1, A), shown="[2020-01-01,2020-02-01)"),
        "vacant": passage(conn, (P2, B), shown="[2025-12-01,2026-01-01)"),
        "over": passage(conn, (P1, A), shown="[2020-12-01,2021-02-01)"),
    }
    passage(conn, (P1, B), company="TD", audience="operator", purpose="switching")
    store, registry = sealed(conn, site), registry_of(conn)
    for limits, lost in LIMITED:
        change = change_of("RET-01:*", unless=limits)
        found = replay(store=store, change=change, as_of=TODAY, registry=registry)
        assert set(found.answer.views["ref"]) == {numbers[name] for name in lost}, limits
        assert found.answer.totals["readings"] == len(lost), limits
        assert found.readers["readings"].sum() == len(lost), limits


def test_what_if_contractors_saw_only_the_points_of_their_orders(conn: Connection, site: Site) -> None:
    conn.execute(
        "insert into registry.contractor (code, name) values ('K0001', '丙工事');"
        "insert into registry.work_order (order_no, contractor, point, task, valid)"
        f" values ('W-1', 'K0001', '{P1}', '点検', '[2026-11-20,2026-11-21)'), ('W-2', 'K0001', '{P2}', '点検', '[2026-11-21,)')".encode()
    )
    contractor = {"company": "K0001", "audience": "contractor", "purpose": "work", "items": ("address",)}
    passage(conn, (P1, B), **contractor)
    early = passage(conn, (P2, B), **contractor)
    late = passage(conn, (P1, B), at=NOW + timedelta(days=1), **contractor)
    passage(conn, (P2, B), at=NOW + timedelta(days=1), **contractor)
    change = change_of("CON-01:address", unless="assigned")
    found = replay(store=sealed(conn, site), change=change, as_of=TODAY, registry=registry_of(conn))
    # C-0003 had ended: a reading of the empty point shows its last customer no more, and no contract is known
    lost = set(found.answer.views["ref"]) | set(found.answer.unnamed["ref"])
    assert lost == {early, late}


def test_who_saw_a_point_and_by_what_right(conn: Connection, site: Site) -> None:
    mine = passage(conn, (P1, B), company=B)
    clerk = passage(
        conn,
        (P1, B),
        company="TD",
        audience="operator",
        purpose="switching",
        gate="reveal_name",
        person="clerk",
    )
    foreign = passage(conn, (P1, B))
    before = passage(conn, (P1, A), shown="[2020-01-01,2020-02-01)")
    found = who_saw(store=sealed(conn, site), point=P1, as_of=TODAY)
    assert found.select("ref", "rule", "entitled").rows() == [
        (mine, "RET-01", True),
        (clerk, "OPR-02", True),
        (foreign, "RET-01", False),
        (before, "RET-01", True),
    ]
    assert "23条" in found["basis"][1]


def test_a_finding_is_kept_with_its_checkpoint(conn: Connection, site: Site) -> None:
    passage(conn, (P1, B), items=("name", "phone"))
    passage(conn, (P1, B), gate="usage_month", items=("usage",), person="p2", at=NOW + timedelta(hours=1))
    store = sealed(conn, site)
    answer = search(store=store, question=Question(company=A), as_of=TODAY)
    number = findings.keep_finding(conn, answer=answer, title="試験", by="guard", now=NOW)
    row = conn.execute(
        "select title, tree_size, checkpoint, totals ->> 'customers' from ledger.finding where finding_no = %s",
        (number,),
    ).fetchone()
    assert row == ("試験", 2, str(published(store=site.store).note), "1")
    points = conn.execute(
        "select point, holder, views, readers, first_at, last_at, gates, items, contracted from ledger.finding_point"
    ).fetchall()
    assert points == [
        (
            P1,
            B,
            2,
            2,
            NOW,
            NOW + timedelta(hours=1),
            ["card", "usage_month"],
            ["name", "phone", "usage"],
            True,
        )
    ]
    again = search(store=store, question=Question.from_stored(answer.question.stored()), as_of=TODAY)
    assert findings.digest(again) == findings.digest(answer)


def test_unusual_days_are_queued_once_and_decided_by_somebody_else(conn: Connection) -> None:
    operator = {"company": "TD", "audience": "operator", "purpose": "switching"}
    passage(conn, (P1, B), person="clerk", items=("name",), gate="reveal_name", **operator)
    findings.watch_point(conn, point=P1, kind="decoy", reason="おとり", by="guard", now=NOW)
    period = {"since": date(2026, 11, 20), "until": date(2026, 11, 21)}
    assert unusual.look(conn, **period, now=NOW) == 1
    assert unusual.look(conn, **period, now=NOW) == 0
    number, rule, facts = conn.execute("select review_no, rule, facts from ledger.review").fetchone() or (
        0,
        "",
        {},
    )
    assert (rule, facts["points"]) == ("watched", [P1])
    decide = {"decision": "explained", "reason": "訓練", "now": NOW}
    with pytest.raises(findings.UnableToDecide, match="own readings"):
        findings.decide_review(conn, review_no=number, by="clerk", **decide)
    findings.decide_review(conn, review_no=number, by="guard", **decide)
    with pytest.raises(findings.UnableToDecide, match="has been decided"):
        findings.decide_review(conn, review_no=number, by="guard", **decide)


def test_a_surname_like_the_readers(conn: Connection) -> None:
    conn.execute(
        "with p as (insert into registry.point (point, kind, voltage_class, site_no, address)"
        " select '9' || lpad(n::text, 21, '0'), 'demand', 'LV', 'x', 'x' from generate_series(1, 3000) n)"
        " insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid)"
        " select 'X-' || lpad(n::text, 6, '0'), '9' || lpad(n::text, 21, '0'), '00016', '00000000000001', '05', '[2019-01-01,)'"
        " from generate_series(1, 3000) n"
    )
    operator = {"company": "TD", "audience": "operator", "purpose": "switching"}
    passage(conn, (P1, B), person="clerk", items=("name",), gate="reveal_name", **operator)
    (one,) = unusual.person_days(conn, since=TODAY, until=TODAY + timedelta(days=1))
    assert (one.named, one.namesakes) == (1, 1) and 0 < one.share < 0.001
    assert [sign.rule for sign in unusual.signs([one])] == ["same_surname"]


def test_a_sample_is_the_same_for_the_same_dice(conn: Connection) -> None:
    numbers = [passage(conn, (P1, B), person=f"p{n % 5}", at=NOW + timedelta(minutes=n)) for n in range(20)]
    period = {"since": TODAY, "until": TODAY + timedelta(days=1)}
    assert unusual.draw_sample(conn, **period, each=2, dice=random.Random(5), now=NOW) == 2
    assert unusual.draw_sample(conn, **period, each=2, dice=random.Random(5), now=NOW) == 0
    rows = conn.execute("select person, facts -> 'passages' from ledger.review order by person").fetchall()
    assert len({row[0] for row in rows}) == 2 and all(
        set(row[1]) <= set(numbers) and len(row[1]) == 4 for row in rows
    )
