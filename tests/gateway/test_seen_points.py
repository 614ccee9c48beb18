"""Who saw my customers: every reading appears once for the holder at that time, and never before its transaction ended."""

import psycopg
from area import POINT, door, now, who

from sekisho.barrier.gateway import Page
from sekisho.ledger import gates as ledger
from sekisho.ledger.derive import derive_seen_points
from sekisho.registry import gates as registry
from sekisho.settings.home import Home


def test_a_retailer_learns_of_readings_of_its_own_period_only(facts: str, home: Home) -> None:
    with door(facts, home, "operator") as gateway:
        gateway.read(registry.REVEAL_NAME, who("clerk"), now=now(), contract_no="C-0002")
    with psycopg.connect(facts, autocommit=True) as conn:
        assert derive_seen_points(conn) == 1
        assert derive_seen_points(conn) == 0
    with door(facts, home, "retailer") as gateway:
        seen = gateway.page(ledger.WHO_SAW, who("present"), Page("at"), now=now()).rows
        assert [(row.point, row.audience, row.purpose) for row in seen] == [(POINT, "operator", "switching")]
        assert gateway.page(ledger.WHO_SAW, who("former"), Page("at"), now=now()).rows == []


def test_a_transaction_that_is_still_running_is_taken_when_it_ends_and_holds_up_nobody(
    facts: str, home: Home
) -> None:
    with psycopg.connect(facts) as running, psycopg.connect(facts, autocommit=True) as conn:
        running.execute("insert into ledger.passage (at, gate, audience, purpose, verdict, points, holders, items, row_count)"
                        " values (now(), 'late', 'operator', 'switching', 'passed', array[%s], array['00026'], '{name}', 1)", [POINT])  # fmt: skip
        with door(facts, home, "operator") as gateway:
            gateway.read(registry.REVEAL_NAME, who("clerk"), now=now(), contract_no="C-0002")
        assert derive_seen_points(conn) == 1
        assert derive_seen_points(conn) == 0
        running.commit()
        assert derive_seen_points(conn) == 1
        assert conn.execute("select gate from ledger.seen_point order by gate").fetchall() == [
            ("late",),
            ("reveal_name",),
        ]


def test_both_holders_of_a_point_that_changed_hands_learn_of_one_reading(facts: str, home: Home) -> None:
    with door(facts, home, "operator") as gateway:
        gateway.read(registry.FIND_BY_POINT, who("clerk"), now=now(), value=POINT)
    with psycopg.connect(facts, autocommit=True) as conn:
        derive_seen_points(conn)
    with door(facts, home, "retailer") as gateway:
        for person in ("former", "present"):
            seen = gateway.page(ledger.WHO_SAW, who(person), Page("at"), now=now()).rows
            assert [row.gate for row in seen] == ["find_by_point"]


def test_a_search_by_point_finds_each_passage_once_also_where_nobody_held_it(facts: str, home: Home) -> None:
    with door(facts, home, "operator") as gateway:
        gateway.read(registry.FIND_BY_POINT, who("clerk"), now=now(), value=POINT)
    with psycopg.connect(facts, autocommit=True) as conn:
        conn.execute("insert into ledger.passage (at, gate, audience, purpose, verdict, points, holders, items, row_count)"
                     " values (now(), 'vacant', 'operator', 'switching', 'passed', array[%s], array[''], '{name}', 1)", [POINT])  # fmt: skip
        derive_seen_points(conn)
    with door(facts, home, "security") as gateway:
        rows = gateway.page(ledger.PASSAGES_OF_POINT, who("guard"), Page("at"), now=now(), point=POINT).rows
        assert [row.gate for row in rows] == ["find_by_point", "vacant"]
        assert (
            gateway.page(ledger.PASSAGES_OF_POINT, who("guard"), Page("at"), now=now(), point="0" * 22).rows
            == []
        )
