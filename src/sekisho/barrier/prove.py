"""`barrier prove`: shows on the live database that the barrier holds, or says where it does not.

The theorem and its limits: docs/proof.md. The pieces: `sekisho.barrier.proof`.
"""

import platform
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

import psycopg

from sekisho.barrier.actions import store_certificate
from sekisho.barrier.audiences import PURPOSE
from sekisho.barrier.compiler import OWNER
from sekisho.barrier.connect import connect
from sekisho.barrier.deploy import plan
from sekisho.barrier.gate import AnyGate
from sekisho.barrier.proof import bodies, paths, scratch, snapshot, solvers, views, witness
from sekisho.barrier.proof.certificate import Certificate
from sekisho.barrier.proof.citation import cite
from sekisho.barrier.proof.deployed import Deployed, read_deployed, reading
from sekisho.barrier.proof.findings import Counterexample, Finding, Tally
from sekisho.barrier.proof.worlds import Caller

_POLICY = re.compile(r"(?P<table>[\w.]+):[A-Z]{3}-\d+_(?P<role>seen_\w+)")


def prove(
    conninfo: str,
    *,
    gates: Iterable[AnyGate],
    build: scratch.Build,
    now: datetime,
    fuzz: Mapping[str, Any] | None = None,
    tell: Callable[[str, str], None] = lambda _ja, _en: None,
) -> Certificate:
    """Prove the database that `conninfo` (its owner) names. `build` puts tables and barrier into an empty database.

    `fuzz` is the last report of the two-run fuzz, if there is one (fields: `citation.FIELDS`); it counts only for the catalog that it was made of.
    Raises `UnableToCompare` where the server allows no throw-away database, `UnableToCite` for what is no such report.
    """
    started = time.monotonic()
    with connect(conninfo, application="sekisho barrier prove") as conn:
        tell("カタログを読む", "reading the catalog")
        with reading(conn):
            deployed = read_deployed(conn)
            live = snapshot.take(conn, deployed)
            second = Tally("2")
            snapshot.check_roles(conn, deployed, second)
            others = paths.outside_roles(conn)
        tell("宣言から編成し直して比べる", "compiling anew and comparing")
        snapshot.compare(live, _compiled(conninfo, build), second)
        snapshot.check_partitions(deployed, second)
        _check_plan(conn, gates, second)
        tell("ソルバーで証明する", "asking the solvers")
        first, third = Tally("1"), Tally("3")
        views.prove_views(deployed, first)
        views.prove_owners(deployed, first)
        missed = views.promised(deployed, first)
        tell("経路とゲートの本体をたどる", "following paths and gate bodies")
        paths.prove_paths(deployed, live, third)
        read = bodies.prove_bodies(deployed, third)
        paths.prove_coverage(deployed, third)
        tallies = [
            _illustrated(conn, deployed, tally, _known(first, missed)) for tally in (first, second, third)
        ]
    digest = snapshot.digest(live)
    cited = None if fuzz is None else cite(fuzz, digest=digest)
    fourth = [] if cited is None or cited.stale else [cited.tally()]
    return Certificate(
        at=now, database=deployed.database, digest=digest, versions=_versions(deployed), tallies=[*tallies, *fourth],
        outside_roles=others, fuzz=cited, seconds=time.monotonic() - started, gates=bodies.gate_items(read),
    )  # fmt: skip


def _compiled(conninfo: str, build: scratch.Build) -> snapshot.Snapshot:
    """The snapshot of a fresh compilation; made once a process, because neither the code nor the server changes under it."""
    with connect(conninfo) as conn:
        server = (conn.info.host, conn.info.port, conn.info.user)
    key = (server, build)
    if key not in _BUILT:
        with scratch.throw_away(conninfo) as other:
            build(other)
            with connect(other) as conn, reading(conn):
                _BUILT[key] = snapshot.take(conn, read_deployed(conn))
    return _BUILT[key]


_BUILT: dict[tuple[tuple[str, int, str], scratch.Build], snapshot.Snapshot] = {}


def _check_plan(conn: psycopg.Connection, gates: Iterable[AnyGate], tally: Tally) -> None:
    """What was last applied is what would be compiled now."""
    difference = plan(conn, gates)
    for kind, names in (
        ("added", difference.added),
        ("changed", difference.changed),
        ("removed", difference.removed),
    ):
        tally.require(not names, f"plan: {', '.join(names[:5]) or kind}", "適用されていない変更があります。barrier apply を実行してください。",
                      "There are changes that were not applied: run barrier apply.")  # fmt: skip


def _versions(deployed: Deployed) -> dict[str, str]:
    return {
        "postgresql": deployed.server_version,
        **solvers.versions(),
        "sqlglot": version("sqlglot"),
        "python": platform.python_version(),
    }


def _known(first: Tally, missed: Mapping[str, Counterexample]) -> dict[str, Counterexample]:
    """Counterexamples by subject, so that a difference of the catalogs can say what it means for a row."""
    found = {
        finding.subject: finding.counterexample
        for finding in first.findings
        if finding.counterexample is not None
    }
    return {**missed, **found}


def _illustrated(
    conn: psycopg.Connection, deployed: Deployed, tally: Tally, known: Mapping[str, Counterexample]
) -> Tally:
    """The tally with rows beside its findings: from the model, and from the database where it holds one."""
    return replace(
        tally, findings=[_illustrate(conn, deployed, finding, known) for finding in tally.findings]
    )


def _illustrate(
    conn: psycopg.Connection, deployed: Deployed, finding: Finding, known: Mapping[str, Counterexample]
) -> Finding:
    example = finding.counterexample or known.get(finding.subject) or known.get(_policy_key(finding.subject))
    if example is None or not {"audience", "purpose"} <= example.caller.keys():
        return replace(finding, counterexample=example)
    caller = Caller(example.caller["audience"], example.caller["purpose"])
    relation = next((word for word in reversed(finding.subject.split()) if word in deployed.relations), None)
    found = (
        None if relation is None else witness.find_witness(conn, deployed, relation, caller, example.learns)
    )
    return replace(finding, counterexample=replace(example, witness=found))


def _policy_key(subject: str) -> str:
    """`registry.party:seen_retailer_contract` for `registry.party:RET-01_seen_retailer_contract`."""
    match = _POLICY.fullmatch(subject)
    return f"{match['table']}:{match['role']}" if match else ""


def store(conninfo: str, certificate: Certificate) -> int:
    """Keep the certificate in the database, without any row of it, for the pages that show it; returns its number."""
    with connect(conninfo) as conn, conn.transaction():
        # the owner of the tables, who is bound by row security like everybody else but has a policy of its own
        conn.execute(f"set local role {OWNER}")
        return store_certificate(
            conn,
            holds=certificate.holds,
            digest=certificate.digest,
            body=certificate.body(),
            now=certificate.at,
        )


# --- the demonstration


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A view that was broken on purpose, in a database that is gone, and what the proof said about it."""

    mistake_ja: str
    mistake_en: str
    statement: str
    finding: Finding


_BROKEN_VIEW = "seen_retailer_contract.party"
_EXAMPLE = """
insert into registry.retailer (code, registration_no, name) values ('00016', 'A0001', '甲電力'), ('00026', 'A0002', '乙電力');
insert into registry.point (point, kind, voltage_class, site_no, address)
  values ('0600000000000000000001', 'demand', 'LV', 'S1', '大阪府架空市1-2-3');
insert into registry.customer (customer_no, kind) values ('00000000000001', 'person');
insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid)
  values ('C-0001', '0600000000000000000001', '00016', '00000000000001', '01', '[2024-04-01,)');
insert into registry.party (contract_no, point, holder, customer_kind, name, phone, valid)
  values ('C-0001', '0600000000000000000001', '00016', 'person', '山田太郎', '0600000001', '[2024-04-01,)');
"""


def demonstrate(conninfo: str, *, build: scratch.Build) -> Demonstration:
    """Break one view in a throw-away database on the same server and let the proof find the row that it leaks.

    The mistake is the classical one: a view re-created by an administrator runs with the administrator's rights, past row security.
    The live database is not touched.
    """
    with scratch.throw_away(conninfo) as other:
        build(other)
        with connect(other) as conn:
            statement = f"alter view {_BROKEN_VIEW} owner to {_bypassing_role(conn)}"
            conn.execute(_EXAMPLE.encode())
            conn.execute(statement.encode())
            with reading(conn):
                deployed = read_deployed(conn)
            finding = _finding_for(conn, deployed, _BROKEN_VIEW)
    return Demonstration(
        "ビューの所有者を管理者に変える(行レベルセキュリティが効かなくなる)",
        "the view's owner becomes the administrator, whom row security does not bind",
        statement, finding,
    )  # fmt: skip


def _bypassing_role(conn: psycopg.Connection) -> str:
    row = conn.execute(
        "select quote_ident(rolname) from pg_roles where rolsuper and pg_has_role(oid, 'usage') order by oid limit 1"
    ).fetchone()
    return str(row[0]) if row else OWNER


def _finding_for(conn: psycopg.Connection, deployed: Deployed, view: str) -> Finding:
    purpose = PURPOSE["retailer", "contract"]
    found = views.interference(deployed, deployed.relations[view], Caller(purpose.audience, purpose.code))
    if not isinstance(found, Counterexample):
        raise RuntimeError(f"the broken view {view} was not found out: {found}")
    return _illustrate(conn, deployed, Finding("1", view, found.ja, found.en, found), {})
