"""Each rule of the policy on real rows: what its audience sees and what it does not, by the rule's ID.

The same IDs stand in docs/policy.md and in the comments of the row-security policies; the last tests compare the three.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from barrier_world import NOW

from sekisho.barrier import matrix
from sekisho.barrier.audiences import AUDIENCE, PURPOSE
from sekisho.barrier.policy import RULES
from sekisho.barrier.ticket import Caller, sign
from sekisho.settings.deploy import ticket_key
from sekisho.settings.home import Home

DOCS = Path(__file__).resolve().parents[2] / "docs"


@dataclass(frozen=True)
class Example:
    """Under rule `id`, `caller` (company, person) sees `column` of `view` as `sees`; `lacks` are columns that must not exist."""

    id: str
    company: str
    person: str
    view: str
    column: str
    sees: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    case: str | None = None


_OPERATOR_COMMANDS = tuple(
    Example(f"OPR-1{number}", "TD", "o1", "command", "idempotency_key", (f"o1-{purpose}",), ())
    for number, purpose in enumerate(("wheeling", "switching", "safety", "reading", "enquiry", "disaster"))
)
ALL_NAMES = ("佐＊＊＊", "山＊＊＊", "鈴＊＊＊")
EXAMPLES = (
    Example("RET-01", "00026", "r2", "party", "name", ("佐藤花子",)),
    Example("RET-01", "00016", "r1", "party", "phone", ("0600000001", "0600000003")),
    Example("RET-02", "00016", "r1", "seen_point", "point", ("0600000000000000000002",), ("person",)),
    Example("RET-03", "00016", "r1", "command", "idempotency_key", ("r1-contract",)),
    Example("RET-04", "00016", "r1", "retailer", "code", ("00016", "00026")),
    Example("OPR-01", "TD", "o1", "party", "name", ALL_NAMES, ("phone", "name_key", "phone_key")),
    Example(
        "OPR-02", "TD", "o1", "party", "phone", ("＊＊＊0001", "＊＊＊0002", "＊＊＊0003"), ("slip_address",)
    ),
    Example("OPR-03", "TD", "o1", "party", "name", ALL_NAMES, ("slip_address",)),
    Example("OPR-04", "TD", "o1", "party", "name", ALL_NAMES, ("phone",)),
    Example(
        "OPR-05", "TD", "o1", "party", "phone", ("＊＊＊0001", "＊＊＊0002", "＊＊＊0003"), ("slip_address",)
    ),
    Example(
        "OPR-06",
        "TD",
        "o1",
        "party",
        "name",
        ("佐藤花子", "山田太郎", "鈴木一郎"),
        ("slip_address",),
        case="DIS-2026-001",
    ),
    *_OPERATOR_COMMANDS[:5],
    Example("OPR-15", "TD", "o1", "command", "idempotency_key", ("o1-disaster",), (), case="DIS-2026-001"),
    Example("OPR-20", "TD", "o1", "change", "change_no", ("H-1",)),
    Example("OPR-21", "TD", "o1", "change", "change_no", ("H-1",)),
    Example("CON-01", "K0001", "k1", "party", "name", ("佐＊＊＊", "山＊＊＊"), ("slip_address",)),
    Example("CON-02", "K0001", "k1", "work_order", "order_no", ("W-1",)),
    Example("CAL-01", "K0009", "c1", "party", "name", ALL_NAMES, ("phone", "slip_address")),
    Example("RET-05", "00016", "r1", "export", "kind", ("r1-contract",), ()),
    Example("SEC-01", "TD", "s1", "case_file", "case_no", ("DIS-2026-001",)),
    Example("SEC-03", "TD", "s1", "export", "kind", ("s1-finding",), ()),
    Example("SEC-02", "TD", "s1", "account", "person", ("r1",)),
    Example("AUD-01", "METI", "a1", "case_file", "case_no", ("DIS-2026-001",)),
    Example("PUB-01", "-", "p1", "retailer", "code", ("00016", "00026")),
)

RECORDS = """
insert into registry.contractor (code, name) values ('K0001', '架空工事'), ('K0002', '別の工事');
insert into registry.work_order (order_no, contractor, point, task, valid) values
  ('W-1', 'K0001', '0600000000000000000001', '計器の交換', '[2000-01-01,)'),
  ('W-2', 'K0002', '0600000000000000000002', '計器の交換', '[2000-01-01,)');
insert into registry.change (change_no, kind, point, reason, drafted_by, drafted_at, state, payload, seen)
  values ('H-1', 'name', '0600000000000000000001', '誤記', 'o1', now(), 'drafted', '{}', '');
insert into ledger.seen_point (at, passage_id, point, holder, gate, audience, company, person, purpose, items) values
  (%(now)s, 1, '0600000000000000000002', '00016', 'card', 'operator', 'TD', 'o1', 'wheeling', '{name}'),
  (%(now)s, 2, '0600000000000000000001', '00026', 'card', 'operator', 'TD', 'o1', 'wheeling', '{name}');
insert into work.export (export_no, kind, form, params, audience, company, person, purpose, asked_at) values
  (gen_random_uuid(), 'r1-contract', 'excel', '{}', 'retailer', '00016', 'r1', 'contract', now()),
  (gen_random_uuid(), 's1-finding', 'zip', '{}', 'security', 'TD', 's1', 'oversight', now()),
  (gen_random_uuid(), 'another guard', 'zip', '{}', 'security', 'TD', 's9', 'oversight', now()),
  (gen_random_uuid(), 'a namesake in another audience', 'zip', '{}', 'auditor', 'TD', 's1', 'audit', now()),
  (gen_random_uuid(), 'a colleague', 'excel', '{}', 'retailer', '00016', 'r9', 'contract', now()),
  (gen_random_uuid(), 'a namesake elsewhere', 'excel', '{}', 'retailer', '00026', 'r1', 'contract', now());
insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid)
  values ('DIS-2026-001', 'disaster', '台風', 's1', now(), tstzrange(now() - interval '1 hour', now() + interval '1 day'));
insert into barrier.account (schema, person, username, audience, company, display_name, department, role, machine, active, pending, created_at, created_by)
  values ('accounts_retailer', 'r1', 'r1', 'retailer', '00016', '甲 一郎', '', 'user', false, true, false, now(), 'system');
insert into barrier.permit (person, audience, company, purpose, valid, case_no, granted_by)
  select p.person, p.audience, p.company, p.purpose, '[2000-01-01,)', case when p.purpose = 'disaster' then 'DIS-2026-001' end, 'system' from (values
  ('r1', 'retailer', '00016', 'contract'), ('r2', 'retailer', '00026', 'contract'), ('k1', 'contractor', 'K0001', 'work'),
  ('c1', 'callcentre', 'K0009', 'enquiry'), ('s1', 'security', 'TD', 'oversight'), ('a1', 'auditor', 'METI', 'audit'),
  ('p1', 'public', '-', 'public'),
  ('o1', 'operator', 'TD', 'wheeling'), ('o1', 'operator', 'TD', 'switching'), ('o1', 'operator', 'TD', 'safety'),
  ('o1', 'operator', 'TD', 'reading'),
  ('o1', 'operator', 'TD', 'enquiry'), ('o1', 'operator', 'TD', 'disaster')) p (person, audience, company, purpose);
"""
COMMANDS = """
insert into work.command (kind, payload, audience, company, person, purpose, idempotency_key, submitted_at) values
  ('x', '{}', 'retailer', '00016', 'r1', 'contract', 'r1-contract', now()),
  ('x', '{}', 'retailer', '00026', 'r1', 'contract', 'r1-for-another-company', now()),
  ('x', '{}', 'retailer', 'TD', 'o1', 'contract', 'a namesake in another audience', now()),
  ('x', '{}', 'operator', 'TD', 'o2', '%(purpose)s', 'a colleague', now()),
  ('x', '{}', 'operator', 'TD', 'o1', '%(purpose)s', 'o1-%(purpose)s', now())
"""


@pytest.fixture
def world(installed: str) -> str:
    """The installation with records of every kind that a rule speaks about."""
    with psycopg.connect(installed, autocommit=True) as conn:
        conn.execute("set session_replication_role to replica")
        conn.execute(RECORDS.replace("%(now)s", f"timestamptz '{NOW.isoformat()}'").encode())
    return installed


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda example: f"{example.id}-{example.person}-{example.view}"
)
def test_a_rule_shows_what_it_says_and_nothing_else(world: str, home: Home, example: Example) -> None:
    rule = next(rule for rule in RULES if rule.id == example.id)
    caller = Caller(
        audience=rule.audience,
        company=example.company,
        person=example.person,
        purpose=rule.purpose,
        case_no=example.case,
    )
    with psycopg.connect(world) as conn:
        conn.execute(COMMANDS.replace("%(purpose)s", rule.purpose).encode())
        assert _seen(conn, home, caller, example) == sorted(example.sees)
        for column in example.lacks:
            assert column not in _columns(conn, caller, example)


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if e.id[:3] != "PUB"], ids=lambda e: f"{e.id}-{e.person}-{e.view}"
)
def test_without_the_permit_the_same_view_is_empty(world: str, home: Home, example: Example) -> None:
    rule = next(rule for rule in RULES if rule.id == example.id)
    caller = Caller(
        audience=rule.audience,
        company=example.company,
        person="nobody",
        purpose=rule.purpose,
        case_no=example.case,
    )
    with psycopg.connect(world) as conn:
        assert _seen(conn, home, caller, example) == []


def _seen(conn: psycopg.Connection[Any], home: Home, caller: Caller, example: Example) -> list[str]:
    """What the view shows to its owner, as a gate reads it: with the surface's login and the caller's ticket."""
    purpose = PURPOSE[caller.audience, caller.purpose]
    row = conn.execute("select clock_timestamp()").fetchone()
    assert row is not None
    with conn.transaction(force_rollback=True):
        conn.execute(
            "select set_config('sekisho.ticket', %s, true)",
            [sign(ticket_key(home, caller.audience), caller, now=row[0])],
        )
        conn.execute(f"grant usage on schema {purpose.schema} to {purpose.role}")
        conn.execute(f"set local session authorization {AUDIENCE[caller.audience].logins[0]}")
        conn.execute("set local session authorization default")
        conn.execute(
            _READER.format(
                role=purpose.role, view=f"{purpose.schema}.{example.view}", column=example.column
            ).encode()
        )
        conn.execute(f"grant execute on function public.reader() to {AUDIENCE[caller.audience].logins[0]}")
        conn.execute(f"grant usage on schema public to {AUDIENCE[caller.audience].logins[0]}")
        conn.execute(f"set local session authorization {AUDIENCE[caller.audience].logins[0]}")
        return sorted({value for (value,) in conn.execute("select * from public.reader()").fetchall()})


_READER = """
create function public.reader() returns setof text language sql security definer begin atomic select {column}::text from {view}; end;
alter function public.reader() owner to {role}
"""


def _columns(conn: psycopg.Connection[Any], caller: Caller, example: Example) -> set[str]:
    schema = PURPOSE[caller.audience, caller.purpose].schema
    rows = conn.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0",
        [f"{schema}.{example.view}"],
    )
    return {name for (name,) in rows.fetchall()}


# --- the IDs in the policy, the documentation, the database and these tests


def test_every_rule_has_an_example_here() -> None:
    assert {example.id for example in EXAMPLES} == {rule.id for rule in RULES}


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_the_documentation_names_the_same_rules() -> None:
    text = (DOCS / "policy.md").read_text(encoding="utf-8")
    assert re.findall(r"^## ([A-Z]{3}-\d\d)$", text, re.MULTILINE) == [rule.id for rule in RULES]
    for rule in RULES:
        assert rule.ja in text and rule.en in text


def test_the_database_names_the_same_rules(installed: str) -> None:
    with psycopg.connect(installed) as conn:
        rows = conn.execute(
            "select distinct obj_description(oid, 'pg_policy') from pg_policy where obj_description(oid, 'pg_policy') is not null"
        ).fetchall()
    assert {name for (name,) in rows} == {rule.id for rule in RULES}


@pytest.mark.parametrize(
    ("name", "made"), [("matrix.md", matrix.as_markdown), ("policy.md", matrix.policy_document)]
)
def test_the_committed_documents_are_current(name: str, made: Any) -> None:
    """Write them again with `sekisho barrier matrix --format markdown` and `--format policy`."""
    assert (DOCS / name).read_text(encoding="utf-8") == made()
