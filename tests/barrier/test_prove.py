"""`barrier prove` on a whole installation, and on installations with exactly one defect each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from sekisho.barrier.prove import store
from sekisho.barrier.proof.certificate import Certificate
from sekisho.settings.proving import demonstrate, prove_database

from barrier_world import NOW


def proved(conninfo: str) -> Certificate:
    return prove_database(conninfo, now=NOW, keep=False)


def test_the_deployed_barrier_holds(installed: str) -> None:
    certificate = proved(installed)
    assert certificate.holds, certificate.text(language="en")
    assert not certificate.warnings, [warning.en for warning in certificate.warnings]
    assert certificate.statements > 10_000
    assert all(tally.statements > 1_000 and tally.discharged == tally.statements for tally in certificate.tallies)


def test_the_same_state_has_the_same_digest_and_another_state_another(installed: str) -> None:
    first = proved(installed).digest
    assert proved(installed).digest == first
    with psycopg.connect(installed) as conn:
        conn.execute("create view public.x as select 1 as one")
    assert proved(installed).digest != first


def test_a_certificate_is_kept_and_holds_no_row_of_the_database(installed: str) -> None:
    with psycopg.connect(installed) as conn:
        conn.execute("create view public.x as select * from registry.party")
        conn.execute("grant select on public.x to sekisho_retailer_web")
    certificate = proved(installed)
    number = store(installed, certificate)
    assert any(f.counterexample and f.counterexample.witness for f in certificate.findings)
    with psycopg.connect(installed) as conn:
        row = conn.execute("select holds, digest, body::text from barrier.certificate where certificate_no = %s", [number]).fetchone()
    assert row is not None
    assert row[:2] == (False, certificate.digest)
    assert "鈴木一郎" not in row[2] and "C-0003" not in row[2]
    assert "鈴木一郎" in certificate.text() or "佐藤花子" in certificate.text()


def test_a_fuzz_report_counts_only_for_the_state_it_tested(installed: str) -> None:
    digest = proved(installed).digest
    bad = {"holds": False, "digest": digest, "summary": "1 leak"}
    assert not prove_database(installed, now=NOW, keep=False, fuzz=bad).holds
    assert prove_database(installed, now=NOW, keep=False, fuzz=bad | {"digest": "another"}).holds


def test_the_demonstration_finds_the_broken_view_with_a_row(installed: str) -> None:
    shown = demonstrate(installed)
    example = shown.finding.counterexample
    assert example is not None
    assert example.row["holder"] != example.caller["company"]
    assert example.witness is not None and example.witness["holder"] != example.witness["viewer"]
    assert proved(installed).holds


# --- single defects. Each must be found; `names` must stand in a finding's subject or text; `row`: with a counterexample.


@dataclass(frozen=True)
class Defect:
    """One mistake, as SQL run by an administrator."""

    name: str
    sql: str
    names: str
    row: bool = False
    undo: str = ""


def _redefine(function: str, old: str, new: str) -> str:
    """Change the body of a deployed gate: `old` must be in it."""
    return f"""
    do $do$ declare text text := pg_get_functiondef('{function}'::regprocedure);
    begin
      if strpos(text, $o${old}$o$) = 0 then raise exception 'the gate does not contain it'; end if;
      execute replace(text, $o${old}$o$, $n${new}$n$);
    end $do$"""


_PARTY = "seen_operator_wheeling.party"
_WITHOUT_PASSAGE = """
create or replace function gate.retailer_contract_point_places(p_point text)
 returns table (contract_no text, start date, "end" date, voltage_class text, postal_code text, address text, building text)
 language sql security definer rows 100 begin atomic
 with r as materialized (select l.contract_no, lower(l.valid) as start, upper(l.valid) as "end", l.voltage_class, l.postal_code, l.address, l.building
   from seen_retailer_contract.place l where l.point = p_point)
 select r.contract_no, r.start, r."end", r.voltage_class, r.postal_code, r.address, r.building from r; end"""

DEFECTS = (
    # what the issue names
    Defect("view over a base table", "create view public.leak as select * from registry.party; grant select on public.leak to sekisho_retailer_web", "public.leak", row=True),
    Defect("dropped policy", 'drop policy "RET-01_seen_retailer_contract" on registry.party', "RET-01_seen_retailer_contract", row=True),
    Defect("column that no item covers", "alter table registry.party add column nationality text", "registry.party.nationality", row=True),
    Defect("gate that forgets its passage", _WITHOUT_PASSAGE, "gate.retailer_contract_point_places", row=True),
    # row security
    Defect("policy with OR holder is null", """alter policy "RET-01_seen_retailer_contract" on registry.place
        using (holder = (select barrier.viewer('retailer', 'contract')) or holder is null)""", "registry.place", row=True),
    Defect("policy for another audience's ticket", """alter policy "RET-01_seen_retailer_contract" on registry.terms
        using ((select barrier.viewer('operator', 'wheeling')) is not null)""", "registry.terms", row=True),
    Defect("policy that favours the affiliate", """alter policy "RET-01_seen_retailer_contract" on registry.contract
        using (holder = (select barrier.viewer('retailer', 'contract')) or (select barrier.viewer('retailer', 'contract')) = '00026')""", "registry.contract", row=True),
    Defect("second permissive policy", "create policy extra on registry.meter for select to seen_retailer_contract using (true)", "registry.meter", row=True),
    Defect("policy to public", "create policy extra on registry.generation for select using (true)", "registry.generation", row=True),
    Defect("row security disabled", "alter table registry.party disable row level security", "registry.party", row=True),
    Defect("row security not forced", "alter table registry.party no force row level security", "registry.party"),
    Defect("view owner becomes the administrator", f"alter view {_PARTY} owner to postgres", _PARTY, row=True),
    Defect("table owner becomes a view owner", "alter table registry.party owner to seen_retailer_contract", "registry.party"),
    Defect("entitlement constraint dropped", "alter table registry.party drop constraint party_entitled", "seen_retailer_contract.party", row=True),
    Defect("entitlement triggers disabled", "alter table registry.party disable trigger all", "seen_retailer_contract.party", row=True),
    Defect("usage trigger disabled", "alter table metering.usage_day disable trigger usage_entitled_insert", "seen_retailer_contract.usage_day", row=True),
    # views
    Defect("mask removed", f"do $$ begin execute replace(regexp_replace(pg_get_viewdef('{_PARTY}'::regclass), 'barrier\\.mask_name\\(name\\) AS name', 'name'), 'SELECT', 'create or replace view {_PARTY} as select'); end $$", _PARTY, row=True),
    Defect("view with an extra column", f"do $$ begin execute 'create or replace view {_PARTY} as ' || replace(pg_get_viewdef('{_PARTY}'::regclass), 'FROM registry.party', ', phone FROM registry.party'); end $$; ", _PARTY, row=True),
    Defect("mask that tells too much", "create or replace function barrier.mask_phone(value text) returns text language sql immutable strict return '＊＊＊' || right(value, 8)", "barrier.mask_phone", row=True),
    Defect("mask that is the identity", "create or replace function barrier.mask_name(value text) returns text language sql immutable strict return value", "barrier.mask_name", row=True),
    Defect("view with a join", "do $$ begin execute 'create or replace view seen_callcentre_enquiry.place as ' || replace(pg_get_viewdef('seen_callcentre_enquiry.place'::regclass), 'FROM registry.place', 'FROM registry.place left join (select contract_no as other from registry.party) x on x.other = contract_no'); end $$", "seen_callcentre_enquiry.place"),
    # grants and roles
    Defect("column granted to a login", "grant select (name) on registry.party to sekisho_operator_web", "registry.party.name"),
    Defect("column granted to a purpose", "grant select (phone) on registry.party to seen_operator_wheeling", "registry.party.phone", row=True),
    Defect("table granted to a purpose", "grant select on registry.customer to seen_retailer_contract", "registry.customer", row=True),
    Defect("write granted to a purpose", "grant update on registry.party to seen_operator_wheeling", "UPDATE on relation registry.party"),
    Defect("view granted to a login", f"grant select on {_PARTY} to sekisho_operator_web; grant usage on schema seen_operator_wheeling to sekisho_operator_web", _PARTY),
    Defect("execute to public", "grant execute on function gate.operator_wheeling_reveal_name(text) to public", "gate.operator_wheeling_reveal_name"),
    Defect("another audience's gate", "grant execute on function gate.operator_wheeling_point_parties(text) to sekisho_retailer_web", "gate.operator_wheeling_point_parties"),
    Defect("create on a schema", "grant create on schema gate to sekisho_retailer_web", "CREATE on schema gate"),
    Defect("temporary tables", "do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$", "TEMPORARY"),
    Defect("membership of a login", "grant seen_operator_wheeling to sekisho_retailer_web", "sekisho_retailer_web", undo="revoke seen_operator_wheeling from sekisho_retailer_web"),
    Defect("membership in pg_read_all_data", "grant pg_read_all_data to seen_retailer_contract", "pg_read_all_data", undo="revoke pg_read_all_data from seen_retailer_contract"),
    Defect("BYPASSRLS", "alter role seen_retailer_contract bypassrls", "seen_retailer_contract", row=True, undo="alter role seen_retailer_contract nobypassrls"),
    Defect("superuser", "alter role sekisho_public_web superuser", "sekisho_public_web", undo="alter role sekisho_public_web nosuperuser"),
    Defect("replication", "alter role sekisho_auditor_web replication", "sekisho_auditor_web", undo="alter role sekisho_auditor_web noreplication"),
    Defect("owner role that can log in", "alter role seen_security_oversight login", "seen_security_oversight", undo="alter role seen_security_oversight nologin"),
    Defect("setting on a role", "alter role sekisho_retailer_web set search_path to public", "search_path", undo="alter role sekisho_retailer_web reset search_path"),
    Defect("default privileges", "alter default privileges grant select on tables to sekisho_retailer_web", "default privileges"),
    Defect("dangerous system function", "grant execute on function pg_read_file(text) to public", "pg_read_file"),
    Defect("hidden statistics opened", "grant select on pg_catalog.pg_statistic to public", "pg_statistic"),
    # functions, triggers, other kinds
    Defect("security definer function that leaks", "create function public.names() returns setof text language sql security definer begin atomic select name from registry.party; end; grant execute on function public.names() to sekisho_retailer_web", "public.names()", row=True),
    Defect("function left to public", "create function public.peek() returns bigint language sql security definer begin atomic select count(*) from registry.party; end", "public.peek()"),
    Defect("undeclared gate", "create function gate.retailer_contract_extra() returns bigint language sql security definer begin atomic select 1::bigint; end; alter function gate.retailer_contract_extra() owner to seen_retailer_contract", "gate.retailer_contract_extra"),
    Defect("gate owner changed", "alter function gate.retailer_contract_point_parties(text) owner to postgres", "gate.retailer_contract_point_parties"),
    Defect("gate not security definer", "alter function gate.retailer_contract_point_parties(text) security invoker", "gate.retailer_contract_point_parties"),
    Defect("gate with another search path", "alter function gate.retailer_contract_point_parties(text) set row_security to off", "gate.retailer_contract_point_parties"),
    Defect("gate that returns a noted column", _redefine("gate.operator_safety_point_parties(text)", "SELECT q.contract_no,", "SELECT q.holder as contract_no,"), "gate.operator_safety_point_parties", row=True),
    Defect("gate that records fewer items", _redefine("gate.retailer_contract_point_parties(text)", "'phone'::text, ", ""), "gate.retailer_contract_point_parties", row=True),
    Defect("gate that records no points", _redefine("gate.retailer_contract_point_parties(text)", "COALESCE(pair.points, '{}'::text[])", "'{}'::text[]"), "gate.retailer_contract_point_parties", row=True),
    Defect("gate that records only successes", _redefine("gate.retailer_contract_point_parties(text)", "RETURNING 1", "WHERE w.verdict = 'passed'::text RETURNING 1"), "gate.retailer_contract_point_parties", row=True),
    Defect("gate that records another purpose", _redefine("gate.operator_wheeling_reveal_name(text)", "'wheeling',", "'safety',"), "gate.operator_wheeling_reveal_name", row=True),
    Defect("revealing gate not keyed by a contract", _redefine("gate.operator_wheeling_reveal_name(text)", "k.contract_no = operator_wheeling_reveal_name.p_contract_no", "k.contract_no >= operator_wheeling_reveal_name.p_contract_no"), "gate.operator_wheeling_reveal_name", row=True),
    Defect("look-up that shows the name", _redefine("gate.operator_wheeling_find_by_name(text)", "SELECT c.contract_no,", "SELECT k.name as contract_no,"), "gate.operator_wheeling_find_by_name", row=True),
    Defect("altered passport", "create or replace function barrier.viewer(want_audience text, want_purpose text) returns text language sql stable security definer return '00016'", "barrier.viewer"),
    Defect("trigger added", "create function public.copy_out() returns trigger language plpgsql as $$ begin return new; end $$; create trigger spy after insert on ledger.passage for each row execute function public.copy_out()", "ledger.passage:spy"),
    Defect("rule added", "create rule spy as on insert to work.command do also notify spy", "rule"),
    Defect("materialised view", "create materialized view public.copy as select * from registry.party; grant select on public.copy to sekisho_auditor_web", "public.copy", row=True),
    Defect("materialised view without grant", "create materialized view ledger.copy as select * from registry.party", "ledger.copy"),
    Defect("large object", "select lo_from_bytea(0, 'x')", "large object"),
    Defect("publication of tables", "create publication everything for all tables", "everything"),
    Defect("foreign server", "create foreign data wrapper w; create server s foreign data wrapper w", "foreign server"),
    Defect("event trigger", "create function public.watch() returns event_trigger language plpgsql as $$ begin end $$; create event trigger watch on ddl_command_end execute function public.watch()", "event trigger"),
    Defect("extension", "create extension pg_trgm", "pg_trgm"),
    Defect("column default that writes elsewhere", "create function public.spy() returns text language sql begin atomic select ''::text; end; alter table ledger.passage alter request_id set default public.spy()", "ledger.passage.request_id"),
    Defect("partition granted", "do $$ begin execute (select format('grant select on %s to sekisho_auditor_web', min(oid::regclass::text)) from pg_class where relispartition and relname like 'passage\\_%' and relkind = 'r'); end $$", "ledger.passage_"),
    Defect("plan not applied", "delete from barrier.compiled where name = (select min(name) from barrier.compiled)", "plan"),
)  # fmt: skip


@pytest.fixture
def broken(installed: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, Defect]]:
    """A copy of the installation with one defect. Roles belong to the server: their defects are undone."""
    defect: Defect = request.param
    with psycopg.connect(installed, autocommit=True) as conn:
        conn.execute(defect.sql.encode())
    yield installed, defect
    if defect.undo:
        with psycopg.connect(installed, autocommit=True) as conn:
            conn.execute(defect.undo.encode())


@pytest.mark.parametrize("broken", DEFECTS, indirect=True, ids=lambda defect: defect.name.replace(" ", "-"))
def test_every_single_defect_is_found(broken: tuple[str, Defect]) -> None:
    conninfo, defect = broken
    certificate = proved(conninfo)
    named = [f for f in certificate.findings if defect.names in f"{f.subject} {f.en}"]
    assert not certificate.holds
    assert named, certificate.text(language="en")
    if defect.row:
        examples = [f.counterexample for f in named if f.counterexample is not None and f.counterexample.row]
        assert examples or any(f.counterexample and f.counterexample.caller for f in named), certificate.text(language="en")
    json.dumps(certificate.body(), ensure_ascii=False)
    assert defect.names in certificate.text() or named
