"""What a surface gets through its gateway, and what stands in the record afterwards."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from area import FORMER, POINT, PRESENT, door, now, who

from sekisho.barrier.gateway import Page, UnableToAsk, UnableToRead
from sekisho.barrier.ticket import Caller, TicketKey, sign
from sekisho.registry import gates as registry
from sekisho.settings import deploy
from sekisho.settings.home import Home

PARTIES = registry.RETAILER_POINT[1]


def passages(conninfo: str) -> list[tuple[str, str | None, str, list[str], list[str], int]]:
    with psycopg.connect(conninfo) as conn:
        return conn.execute(
            "select gate, person, verdict, points, holders, row_count from ledger.passage order by passage_id"
        ).fetchall()


@pytest.mark.parametrize(("person", "sees"), [("former", "山田太郎"), ("present", "佐藤花子")])
def test_each_holder_sees_its_own_customer_of_the_same_point(
    facts: str, home: Home, person: str, sees: str
) -> None:
    with door(facts, home, "retailer") as gateway:
        rows = gateway.read(PARTIES, who(person), now=now(), point=POINT)
    assert [row.name for row in rows] == [sees]
    assert passages(facts) == [("point_parties", person, "passed", [POINT], [who(person).company], 1)]


def test_a_point_of_others_answers_like_an_unknown_one(facts: str, home: Home) -> None:
    stranger = replace(who("former"), company="00036", person="former")
    with psycopg.connect(facts) as conn:
        conn.execute(
            "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
            " values ('stranger', 'retailer', '00036', 'contract', '[2016-04-01,)', 'test')"
        )
    stranger = replace(stranger, person="stranger")
    with door(facts, home, "retailer") as gateway:
        assert gateway.read(PARTIES, stranger, now=now(), point=POINT) == []
        assert gateway.read(PARTIES, stranger, now=now(), point="0" * 22) == []
    assert [entry[2:] for entry in passages(facts)] == [("passed", [], [], 0)] * 2


def _altered(ticket: str) -> str:
    return ticket.replace(f"|{FORMER}|", f"|{PRESENT}|")


def _with_other_key(ticket: str) -> str:
    key = TicketKey("retailer-ffffffff", "retailer", b"x" * 32)
    return sign(key, who("present"), now=now())


REFUSALS = [
    ("no ticket", lambda _: "", "refused:no-ticket"),
    ("noise", lambda _: "x" * 80, "refused:malformed"),
    ("too long", lambda ticket: "x" * 2000 + ticket, "refused:malformed"),
    ("altered company", _altered, "refused:altered"),
    ("cut MAC", lambda ticket: ticket[:-1] + ("0" if ticket[-1] != "0" else "1"), "refused:altered"),
    ("unknown key", _with_other_key, "refused:unknown-key"),
]


@pytest.mark.parametrize(
    ("change", "verdict"), [case[1:] for case in REFUSALS], ids=[case[0] for case in REFUSALS]
)
def test_a_bad_ticket_returns_nothing_and_is_recorded(facts: str, home: Home, change, verdict: str) -> None:  # type: ignore[no-untyped-def]
    ticket = sign(deploy.ticket_key(home, "retailer"), who("former"), now=now())
    login = deploy.login_conninfo(facts, home, "sekisho_retailer_web")
    with psycopg.connect(login) as conn:
        conn.execute("select set_config('sekisho.ticket', %s, true)", [change(ticket)])
        assert (
            conn.execute("select * from gate.retailer_contract_point_parties(%s)", [POINT]).fetchall() == []
        )
    assert [entry[2] for entry in passages(facts)] == [verdict]


@pytest.mark.parametrize(
    ("caller", "age", "verdict"),
    [
        (who("former"), timedelta(minutes=6), "refused:expired"),
        (replace(who("former"), company=PRESENT), timedelta(0), "refused:no-permit"),
        (replace(who("former"), person="nobody"), timedelta(0), "refused:no-permit"),
        (replace(who("former"), case_no="DIS-2026-001"), timedelta(0), "refused:no-permit"),
    ],
    ids=["expired", "foreign company", "unknown person", "case without reason"],
)
def test_a_true_ticket_without_right_returns_nothing(
    facts: str, home: Home, caller: Caller, age: timedelta, verdict: str
) -> None:
    with door(facts, home, "retailer") as gateway:
        assert gateway.read(PARTIES, caller, now=now() - age, point=POINT) == []
    assert [entry[2] for entry in passages(facts)] == [verdict]


def test_a_ticket_of_one_audience_is_worth_nothing_at_another_login(facts: str, home: Home) -> None:
    """A surface that is taken over speaks for its own audience only."""
    ticket = sign(deploy.ticket_key(home, "operator"), who("clerk"), now=now())
    login = deploy.login_conninfo(facts, home, "sekisho_retailer_web")
    with psycopg.connect(login) as conn:
        conn.execute("select set_config('sekisho.ticket', %s, true)", [ticket])
        assert (
            conn.execute("select * from gate.retailer_contract_point_parties(%s)", [POINT]).fetchall() == []
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
            conn.execute("select * from gate.operator_switching_find_by_point(%s)", [POINT])
    assert [entry[2] for entry in passages(facts)] == ["refused:foreign"]


def test_a_permit_that_ended_stops_an_open_session_at_once(facts: str, home: Home) -> None:
    with door(facts, home, "retailer") as gateway:
        assert gateway.read(PARTIES, who("former"), now=now(), point=POINT)
        with psycopg.connect(facts) as conn:
            conn.execute(
                "update barrier.permit set ended_at = now(), ended_by = 'test' where person = 'former'"
            )
        assert gateway.read(PARTIES, who("former"), now=now(), point=POINT) == []


def test_no_record_no_reading(facts: str, home: Home) -> None:
    """When the log is too far behind, gates refuse; when the record cannot be written, the answer fails."""
    with door(facts, home, "retailer") as gateway:
        with psycopg.connect(facts) as conn:
            conn.execute(
                "update ledger.seal set max_lag = interval '1 minute', sealed_through = now() - interval '1 hour'"
            )
        assert gateway.read(PARTIES, who("former"), now=now(), point=POINT) == []
        assert passages(facts)[-1][2] == "refused:ledger-behind"
        with psycopg.connect(facts) as conn:
            conn.execute("update ledger.seal set max_lag = null")
            conn.execute(
                "alter table ledger.passage add constraint full_disk check (row_count < 0) not valid"
            )
        with pytest.raises(UnableToRead):
            gateway.read(PARTIES, who("former"), now=now(), point=POINT)


def test_masked_until_revealed_one_by_one(facts: str, home: Home) -> None:
    with door(facts, home, "operator") as gateway:
        found = gateway.read(registry.FIND_BY_NAME, who("clerk"), now=now(), value="サトウ")
        assert [row.name for row in found] == ["佐＊＊＊"]
        assert [
            row.phone
            for row in gateway.read(registry.REVEAL_PHONE, who("clerk"), now=now(), contract_no="C-0002")
        ] == ["0600000002"]
    with psycopg.connect(facts) as conn:
        items = conn.execute("select gate, items from ledger.passage order by passage_id").fetchall()
    assert ("name:masked" in items[0][1], "phone" in items[1][1], "phone" in items[0][1]) == (
        True,
        True,
        False,
    )


def test_pages_go_on_where_they_ended_in_both_directions(facts: str, home: Home) -> None:
    with psycopg.connect(facts) as conn:
        for number in range(2, 8):
            point = f"06{number:020d}"
            conn.execute(
                "insert into registry.point (point, kind, voltage_class, site_no, address) values (%s, 'demand', 'LV', 'S', 'x')",
                [point],
            )
            conn.execute(
                "insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid)"
                " values (%s, %s, %s, '00000000000001', '04', '[2020-01-01,)')",
                [f"C-1{number:03d}", point, FORMER],
            )
            for table, extra, value in (
                ("party", "customer_kind, name", "'person', 'x'"),
                ("place", "voltage_class, address", "'LV', 'x'"),
            ):
                conn.execute(
                    f"insert into registry.{table} (contract_no, point, holder, {extra}, valid)"
                    f" values (%s, %s, %s, {value}, '[2020-01-01,)')", [f"C-1{number:03d}", point, FORMER])  # fmt: skip
    with door(facts, home, "retailer") as gateway:
        for descending in (False, True):
            seen, after = [], None
            while True:
                page = gateway.page(
                    registry.CONTRACTS, who("former"), Page("point", descending, 3, after), now=now()
                )
                seen += [row.point for row in page.rows]
                if (after := page.next_key) is None:
                    break
            assert seen == sorted(seen, reverse=descending)
            assert len(seen) == 7
        assert (
            gateway.page(registry.CONTRACTS, who("former"), Page("point"), now=now(), state="ended")
            .rows[0]
            .contract_no
            == "C-0001"
        )


def test_a_submission_is_queued_once_per_key(facts: str, home: Home) -> None:
    key = str(uuid4())
    with door(facts, home, "operator") as gateway:
        first = gateway.submit(
            registry.DRAFT_CHANGE, who("clerk"), {"kind": "x"}, idempotency_key=key, now=now()
        )
        again = gateway.submit(
            registry.DRAFT_CHANGE, who("clerk"), {"kind": "x"}, idempotency_key=key, now=now()
        )
        nobody = gateway.submit(
            registry.DRAFT_CHANGE, replace(who("clerk"), person="nobody"), {}, idempotency_key=key, now=now()
        )
    assert first is not None and again is not None
    assert (first.command_no, first.fresh, again.fresh, nobody) == (again.command_no, True, False, None)


def test_what_the_database_said_reaches_nobody(facts: str, home: Home) -> None:
    with door(facts, home, "retailer") as gateway, pytest.raises(UnableToAsk) as caught:
        gateway.read(PARTIES, who("former"), now=now(), point=f"{POINT}\0")
    assert POINT not in str(caught.value) and caught.value.__cause__ is None


@pytest.mark.parametrize("claim", ["a|b", "a\nb", "a\0"])
def test_a_claim_that_could_be_read_as_another_is_not_signed(claim: str) -> None:
    key = TicketKey.new("retailer")
    with pytest.raises(ValueError, match="separator"):
        sign(key, replace(who("former"), company=claim), now=now())
