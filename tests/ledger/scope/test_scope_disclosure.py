"""Who saw my data: the customer's own time, never a neighbour's; by the contract as it stood then; by what right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_scope_platform import P1, P2, P3, TODAY, A, B, Connection, passage, sealed
from test_scope_platform import conn as conn
from test_scope_platform import site as site

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope import findings
from sekisho.ledger.scope.disclosure import Disclosure, Version, disclose, versions_of
from sekisho.ledger.scope.moments import JAPAN
from sekisho.ledger.site import Site

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
BEFORE, NEXT = "00000000000001", "00000000000002"  # P1's customers until and from 2021-01-01
OPERATOR = {"company": "TD", "audience": "operator", "purpose": "switching", "person": "clerk"}


def answered(conn: Connection, site: Site, customer: str, point: str = P1, **period: date) -> Disclosure:
    return disclose(
        connection=conn, store=sealed(conn, site), point=point, customer_no=customer, as_of=TODAY, **period
    )


def passages(found: Disclosure) -> list[int]:
    return [line.passage_id for line in found.lines]


def test_each_tenant_learns_of_their_own_time_only(conn: Connection, site: Site) -> None:
    past = passage(conn, (P1, A), shown="[2020-01-01,2020-02-01)", **OPERATOR)
    mine = passage(conn, (P1, B), company=B, at=NOW + timedelta(seconds=1))
    both = passage(
        conn, (P1, A), (P1, B), shown="[2020-12-01,2021-02-01)", at=NOW + timedelta(seconds=2), **OPERATOR
    )
    passage(conn, (P2, B), at=NOW + timedelta(seconds=3))
    passage(conn, (P1, B), verdict="refused:expired", at=NOW + timedelta(seconds=4))
    before, after = answered(conn, site, BEFORE), answered(conn, site, NEXT)
    assert (passages(before), passages(after)) == ([past, both], [mine, both])
    assert {line.tenancy for line in before.lines} == {(date(2019, 1, 1), date(2021, 1, 1))}
    assert {line.tenancy for line in after.lines} == {(date(2021, 1, 1), None)}
    assert all(line.certain and not line.corrected for line in (*before.lines, *after.lines))
    assert after.lines[0].at == NOW + timedelta(seconds=1), "the passage's own moment"


def test_a_reading_before_the_contract_was_known_was_not_of_it(conn: Connection, site: Site) -> None:
    """The gate showed an open end of the same holder's contract; the next customer of that holder came later."""
    conn.execute(
        f"update registry.contract set valid = '[2019-01-01,2026-11-21)' where contract_no = 'C-0004';"
        f"insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid)"
        f" values ('C-0009', '{P3}', '{A}', '00000000000003', '05', '[2026-11-21,)')".encode()
    )
    earlier = passage(conn, (P3, A), shown="[2026-01-01,)", **OPERATOR)
    later = passage(conn, (P3, A), shown="[2026-11-01,)", at=NOW + timedelta(days=2), **OPERATOR)
    assert passages(answered(conn, site, "00000000000003", P3)) == [later]
    assert passages(answered(conn, site, BEFORE, P3)) == [earlier, later]


def test_the_contract_counts_as_it_stood_at_the_moment_of_reading(conn: Connection, site: Site) -> None:
    """A customer was recorded under A by mistake and corrected to B afterwards: the readings under A are theirs all the same."""
    conn.execute(f"update registry.contract set holder = '{A}' where contract_no = 'C-0003'".encode())
    corrected_at = conn.execute(
        "select recorded_at from registry.contract where contract_no = 'C-0003'"
    ).fetchone()
    assert corrected_at is not None
    under_a = passage(conn, (P2, A), company=A, shown="[2020-01-01,2020-02-01)", at=datetime.now(UTC))
    conn.execute(f"update registry.contract set holder = '{B}' where contract_no = 'C-0003'".encode())
    under_b = passage(
        conn, (P2, B), company=B, shown="[2020-01-01,2020-02-01)", at=datetime.now(UTC) + timedelta(seconds=2)
    )
    found = answered(conn, site, "00000000000003", P2)
    assert [(one.passage_id, one.corrected, one.by_right) for one in found.lines] == [
        (under_a, True, "contract"),
        (under_b, False, "contract"),
    ]


RIGHTS = (
    # what the reader is, what the database says about them, the right
    ({"company": B}, "", "contract"),
    ({"company": A}, "", "none"),
    (OPERATOR, "permit", "duty"),
    (OPERATOR, "permit that ended the day before", "none"),
    (OPERATOR, "permit of another purpose", "none"),
    ({**OPERATOR, "purpose": "disaster"}, "case", "case"),
    ({**OPERATOR, "purpose": "disaster"}, "case that was over", "none"),
    ({"company": "K0001", "audience": "contractor", "purpose": "work", "person": "fitter"}, "order", "work_order"),
    ({"company": "K0001", "audience": "contractor", "purpose": "work", "person": "fitter"}, "order of another point", "none"),
)  # fmt: skip
SAID = {
    "": "select 1",
    "permit": "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
    " values ('clerk', 'operator', 'TD', 'switching', '[2026-11-20,2026-11-21)', 'boss')",
    "permit that ended the day before": "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
    " values ('clerk', 'operator', 'TD', 'switching', '[2026-11-01,2026-11-20)', 'boss')",
    "permit of another purpose": "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
    " values ('clerk', 'operator', 'TD', 'wheeling', '[2026-11-01,)', 'boss')",
    "case": "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid)"
    " values ('DIS-2026-001', 'disaster', '台風', 'boss', now(), '[2026-11-19,2026-11-21)')",
    "case that was over": "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid)"
    " values ('DIS-2026-001', 'disaster', '台風', 'boss', now(), '[2026-11-18,2026-11-19)')",
    "order": "insert into registry.contractor (code, name) values ('K0001', '丙工事'); insert into registry.work_order (order_no, contractor, point,"
    f" task, valid) values ('W-1', 'K0001', '{P1}', '点検', '[2026-11-20,2026-11-21)')",
    "order of another point": "insert into registry.contractor (code, name) values ('K0001', '丙工事'); insert into registry.work_order (order_no,"
    f" contractor, point, task, valid) values ('W-1', 'K0001', '{P2}', '点検', '[2026-11-20,2026-11-21)')",
}


@pytest.mark.parametrize(
    ("reader", "said", "right"), RIGHTS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_by_what_right(conn: Connection, site: Site, reader: dict[str, str], said: str, right: str) -> None:
    conn.execute(SAID[said].encode())
    number = passage(conn, (P1, B), **reader)  # type: ignore[arg-type]
    if reader.get("purpose") == "disaster":
        conn.execute("alter table ledger.passage disable trigger all")
        conn.execute("update ledger.passage set case_no = 'DIS-2026-001' where passage_id = %s", [number])
    (line,) = answered(conn, site, NEXT).lines
    assert line.by_right == right
    assert (line.order_no == "W-1") == (right == "work_order")
    assert (line.permit_no is not None) == (right == "duty")


def test_totals_add_up_and_the_finding_keeps_no_customers_number(conn: Connection, site: Site) -> None:
    passage(conn, (P1, B), company=B)
    passage(conn, (P1, B), at=NOW + timedelta(seconds=1))
    found = answered(conn, site, NEXT)
    totals = found.totals
    assert totals["readings"] == 2 == sum(count for name, count in totals.items() if name.startswith("by_"))
    assert (totals["by_contract"], totals["by_none"]) == (1, 1)
    number = findings.keep_disclosure(conn, found=found, title="開示", by="guard", now=NOW)
    whole = conn.execute(
        "select f::text, array(select r::text from ledger.finding_reading r where r.finding_no = f.finding_no)::text"
        " from ledger.finding f where f.finding_no = %s",
        [number],
    ).fetchone()
    assert whole is not None and P1 in whole[0] and NEXT not in f"{whole}" and "C-0002" not in f"{whole}"
    again = answered(conn, site, NEXT)
    assert again.digest() == found.digest()
    assert answered(conn, site, NEXT, until=date(2026, 11, 20)).lines == []


def test_a_customer_of_another_point_is_refused(conn: Connection, site: Site) -> None:
    passage(conn, (P1, B))
    with pytest.raises(SekishoError, match="never had a contract"):
        answered(conn, site, "00000000000003")


days = st.integers(1, 27)


@given(low=days, length=st.integers(1, 9), start=days, lasts=st.one_of(st.none(), st.integers(1, 9)))
def test_a_version_is_shown_exactly_by_the_periods_that_share_a_day(
    low: int, length: int, start: int, lasts: int | None
) -> None:
    day = lambda number: date(2026, 1, 1) + timedelta(days=number)  # noqa: E731
    one = Version("C", A, BEFORE, day(start), None if lasts is None else day(start + lasts), NOW, None)
    shown = set(range(low, low + length))
    held = set(range(start, 100 if lasts is None else start + lasts))
    assert one.shown_by(low=day(low), high=day(low + length)) == bool(shown & held)
    assert one.shown_by(low=day(low), high=None) == (lasts is None or low < start + lasts)
    assert replace(one, replaced=NOW).stood_at(NOW) is False and one.stood_at(NOW)


def test_what_was_first_recorded_counts_from_its_start(conn: Connection) -> None:
    versions = versions_of(conn, P1)
    assert len(versions) == 2
    assert [one.known.astimezone(JAPAN).date() for one in versions] == [one.start for one in versions]
