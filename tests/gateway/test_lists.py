"""Lists and look-ups over two thousand contracts: every order and filter returns what was put in, and reads only what a page needs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from area import FORMER, PRESENT, door, now, who
from psycopg import sql

from sekisho.barrier.audiences import PURPOSE
from sekisho.barrier.compiler import function_name, variant_for
from sekisho.barrier.gate import Gate
from sekisho.barrier.gateway import Page
from sekisho.barrier.ticket import sign
from sekisho.registry import gates as registry
from sekisho.settings import deploy
from sekisho.settings.home import Home

CONTRACTS = 2_000
PAGE_BLOCKS = 3_000
"""What a page of 50 may read: twelve blocks a row and some for the passage. Reading everything takes 24,000."""
SURNAMES = ("アオキ", "カトウ", "ガトウ", "サトウ", "ハヤシ", "ヤマダ", "ヤマダイ", "ー")
TOWNS = ("架空市一丁目", "架空市二丁目", "架空市二十丁目", "別府村")


@dataclass(frozen=True, slots=True)
class Known:
    """What was put in of one contract; it changed its name in the middle, so that two facts speak of it."""

    contract_no: str
    point: str
    holder: str
    begin: date
    former_name: str
    name: str
    address: str


def invented() -> list[Known]:
    """Contracts of two retailers, most of them the former's."""
    dice = random.Random(7)
    return [
        Known(f"C-{n:05d}", f"06{n:020d}", FORMER if n % 10 else PRESENT, date(2020, 1, 1) + timedelta(days=dice.randrange(700)),
              dice.choice(SURNAMES) + str(n % 7), dice.choice(SURNAMES) + str(n % 50), dice.choice(TOWNS) + str(n % 90))
        for n in range(10, CONTRACTS + 10)
    ]  # fmt: skip


FACTS = {
    "registry.point (point, kind, voltage_class, site_no, address)":
        lambda k: [(k.point, "demand", "LV", "S", k.address)],
    "registry.contract (contract_no, point, holder, customer_no, application_type, valid)":
        lambda k: [(k.contract_no, k.point, k.holder, "00000000000001", "05", f"[{k.begin},)")],
    "registry.party (contract_no, point, holder, customer_kind, name, name_kana, name_key, kana_key, valid)":
        lambda k: [(k.contract_no, k.point, k.holder, "person", name, name, name, name, days)
                   for name, days in ((k.former_name, f"[{k.begin},2023-01-01)"), (k.name, "[2023-01-01,)"))],
    "registry.place (contract_no, point, holder, voltage_class, address, address_key, valid)":
        lambda k: [(k.contract_no, k.point, k.holder, "LV", k.address, k.address, f"[{k.begin},)")],
}  # fmt: skip


@pytest.fixture(scope="module")
def known() -> list[Known]:
    return invented()


@pytest.fixture
def full(facts: str, known: list[Known]) -> str:
    """The small area, and the invented contracts."""
    with psycopg.connect(facts, autocommit=True) as conn:
        conn.execute("set session_replication_role = replica")
        for target, rows_of in FACTS.items():
            with conn.cursor().copy(f"copy {target} from stdin") as copy:
                for row in (row for each in known for row in rows_of(each)):
                    copy.write_row(row)
        conn.execute("vacuum analyze")
    return facts


def pages(full: str, home: Home, sort: str, descending: bool, **given: Any) -> Iterator[registry.ContractRow]:
    with door(full, home, "retailer") as gateway:
        after = None
        while True:
            asked = Page(sort, descending, 170, after)
            page = gateway.page(registry.CONTRACTS, who("former"), asked, now=now(), **given)
            yield from page.rows
            if (after := page.next_key) is None:
                return


ORDER = {
    "point": lambda row: (row.point, row.contract_no),
    "start": lambda row: (row.start, row.contract_no),
    "name": lambda row: (row.name_kana, row.contract_no),
}
FILTERS = {
    "": lambda _: True,
    "name": lambda k: k.name.startswith("ヤマダ"),
    "address": lambda k: k.address.startswith("架空市二"),
    "point": lambda k: k.point == f"06{1234:020d}",
    "name address": lambda k: k.name.startswith("ヤマダ") and k.address.startswith("架空市二"),
}
VALUES = {"name": "ヤマダ", "address": "架空市二", "point": f"06{1234:020d}"}


def test_every_order_and_filter_lists_what_was_put_in(full: str, home: Home, known: list[Known]) -> None:
    for words, wanted in FILTERS.items():
        given = {word: VALUES[word] for word in words.split()}
        expected = {k.contract_no for k in known if k.holder == FORMER and wanted(k)}
        assert expected
        for sort, key in ORDER.items():
            for descending in (False, True):
                rows = list(pages(full, home, sort, descending, **given))
                listed = [row for row in rows if row.contract_no != "C-0001"]
                assert {row.contract_no for row in listed} == expected, (words, sort, descending)
                assert len(listed) == len(expected)
                assert listed == sorted(listed, key=key, reverse=descending), (words, sort, descending)


def blocks(full: str, home: Home, gate: Gate[Any], person: str, page: Page | None, **given: Any) -> int:
    """What one call reads of tables and indexes."""
    caller = who(person)
    purpose = PURPOSE[caller.audience, caller.purpose]
    variant = "" if page is None else variant_for(gate, given)
    sort, descending = (None, False) if page is None else (page.sort, page.descending)
    name = function_name(gate, purpose, sort, descending=descending, variant=variant)
    arguments = sql.SQL(", ").join(
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{key}"), sql.Literal(value))
        for key, value in given.items()
    )
    call = sql.SQL("explain (analyze, buffers, format json) select * from {}({})").format(
        sql.Identifier(*name.split(".")), arguments
    )
    login = deploy.login_conninfo(full, home, f"sekisho_{caller.audience}_web")
    with psycopg.connect(login) as conn:
        ticket = sign(deploy.ticket_key(home, caller.audience), caller, now=now())
        for _ in range(2):  # what the first call reads of the catalog does not count
            conn.execute("select set_config('sekisho.ticket', %s, true)", [ticket])
            plan = (conn.execute(call).fetchone() or [[{}]])[0][0]["Plan"]
    assert plan["Actual Rows"] > 0
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("sort", sorted(ORDER))
def test_a_page_is_a_walk_along_an_index(full: str, home: Home, sort: str, descending: bool) -> None:
    assert blocks(full, home, registry.CONTRACTS, "former", Page(sort, descending)) < PAGE_BLOCKS


@pytest.mark.parametrize(
    "given", [{"name": "アオキ12"}, {"address": "別府村12"}, {"point": f"06{1234:020d}"}]
)
def test_a_filter_that_leaves_few_rows_begins_with_them(full: str, home: Home, given: dict[str, str]) -> None:
    assert blocks(full, home, registry.CONTRACTS, "former", Page("point"), **given) < PAGE_BLOCKS


@pytest.mark.parametrize(
    ("gate", "value"),
    [
        (registry.FIND_BY_NAME, "アオキ12"),
        (registry.FIND_BY_ADDRESS, "別府村12"),
        (registry.FIND_BY_POINT, f"06{1234:020d}"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_look_up_reads_what_it_finds(full: str, home: Home, gate: Gate[Any], value: str) -> None:
    assert blocks(full, home, gate, "clerk", None, value=value) < PAGE_BLOCKS


def test_a_customer_is_found_by_a_former_name_once(full: str, home: Home, known: list[Known]) -> None:
    """Of a customer whose both names begin so, too, one row."""

    def bearers(value: str) -> list[str]:
        return sorted(
            k.contract_no for k in known if k.name.startswith(value) or k.former_name.startswith(value)
        )

    value = min(
        {k.former_name for k in known if k.name.startswith(k.former_name)}, key=lambda one: len(bearers(one))
    )
    assert len(bearers(value)) <= registry.FIND_BY_NAME.max_rows
    with door(full, home, "operator") as gateway:
        rows = gateway.read(registry.FIND_BY_NAME, who("clerk"), now=now(), value=value)
    assert sorted(row.contract_no for row in rows) == bearers(value)
