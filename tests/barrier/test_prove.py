"""`barrier prove` on a whole installation, and on installations with exactly one defect each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from barrier_world import NOW

from sekisho.barrier.proof.certificate import Certificate
from sekisho.barrier.proof.citation import UnableToCite, cite
from sekisho.barrier.prove import store
from sekisho.settings.proving import demonstrate, prove_database


def proved(conninfo: str) -> Certificate:
    return prove_database(conninfo, now=NOW, keep=False)


def test_the_deployed_barrier_holds(installed: str) -> None:
    certificate = proved(installed)
    assert certificate.holds, certificate.text(language="en")
    assert not certificate.warnings, [warning.en for warning in certificate.warnings]
    assert certificate.statements > 10_000
    assert all(
        tally.statements > 1_000 and tally.discharged == tally.statements for tally in certificate.tallies
    )


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
        row = conn.execute(
            "select holds, digest, body::text from barrier.certificate where certificate_no = %s", [number]
        ).fetchone()
    assert row is not None
    assert row[:2] == (False, certificate.digest)
    assert "鈴木一郎" not in row[2] and "C-0003" not in row[2]
    assert "鈴木一郎" in certificate.text() or "佐藤花子" in certificate.text()


def test_a_fuzz_report_counts_only_for_the_state_it_tested(installed: str) -> None:
    bare = proved(installed)
    bad = {
        "holds": False,
        "digest": bare.digest,
        "summary": "1 leak",
        "summary_ja": "漏れ 1 件",
        "at": NOW.isoformat(),
    }
    cited = prove_database(installed, now=NOW, keep=False, fuzz=bad)
    stale = prove_database(installed, now=NOW, keep=False, fuzz=bad | {"digest": "another"})
    assert not cited.holds and "✗ 4. Two-run fuzz: 1 leak" in cited.text(language="en")
    assert stale.holds and "belongs to another catalog (sha256:another…)" in stale.text(language="en")
    assert "there is no report" in bare.text(language="en")
    said = [certificate.body()["fuzz"] for certificate in (bare, cited, stale)]
    assert said == [None, bad | {"stale": False}, bad | {"digest": "another", "stale": True}]


@pytest.mark.parametrize(
    ("field", "value"), [("holds", "yes"), ("digest", None), ("summary", 3), ("at", "yesterday")]
)
def test_what_is_no_fuzz_report_is_refused_by_its_field(field: str, value: object) -> None:
    report = {"holds": True, "digest": "d", "summary": "s", "summary_ja": "s", "at": NOW.isoformat()}
    assert not cite(report, digest="d").stale
    with pytest.raises(UnableToCite, match=field):
        cite(report | {field: value}, digest="d")


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
    """One mistake, as SQL run by an administrator: see defects.sql."""

    name: str
    names: str
    row: bool
    undo: str
    sql: str


def _defects() -> Iterator[Defect]:
    text = Path(__file__).with_name("defects.sql").read_text(encoding="utf-8")
    for part in text.split("-- defect: ")[1:]:
        name, _, rest = part.partition("\n")
        notes = dict(_NOTE.findall(rest))
        yield Defect(name, notes["names"], "row" in notes, notes.get("undo", ""), _NOTE.sub("", rest).strip())


_NOTE = re.compile(r"^-- (names|row|undo):? ?(.*)\n", re.MULTILINE)
DEFECTS = tuple(_defects())

_CHANGING = """
create function pg_temp.change_gate(gate text, old text, new text) returns void language plpgsql as $do$
declare body text := pg_get_functiondef(gate::regprocedure);
begin
  if strpos(body, trim(old)) = 0 then raise exception '% does not contain %', gate, old; end if;
  execute replace(body, trim(old), trim(new));
end $do$;
create function pg_temp.change_view(view text, old text, new text) returns void language plpgsql as $do$
declare body text := pg_get_viewdef(view::regclass);
begin
  if strpos(body, old) = 0 then raise exception '% does not contain %', view, old; end if;
  execute format('create or replace view %s as %s', view, replace(body, old, new));
end $do$;
"""


def test_there_are_enough_defects() -> None:
    assert len(DEFECTS) >= 60 and len({defect.name for defect in DEFECTS}) == len(DEFECTS)


@pytest.fixture
def broken(installed: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, Defect]]:
    """A copy of the installation with one defect. Roles belong to the server: their defects are undone."""
    defect: Defect = request.param
    with psycopg.connect(installed, autocommit=True) as conn:
        conn.execute(_CHANGING)
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
        assert examples or any(f.counterexample and f.counterexample.caller for f in named), certificate.text(
            language="en"
        )
    json.dumps(certificate.body(), ensure_ascii=False)
    assert defect.names in certificate.text() or named
