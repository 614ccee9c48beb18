"""How strong the checks are: every mutant is put before them, and the report says who noticed.

A mutant is applied in transactions that are rolled back, in the first world and in the twins of those who could notice. Mutants that do not
touch each other are applied together and told apart by what each check names; that is what makes thousands of them affordable.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from sekisho.barrier.audiences import AUDIENCES, LOGINS, PURPOSES
from sekisho.barrier.fuzz.calls import Call, reads
from sekisho.barrier.fuzz.mutants import DEPLOYED, RECOMPILED, Mutant, UnableToBreak
from sekisho.barrier.fuzz.people import refused
from sekisho.barrier.fuzz.replay import undone
from sekisho.barrier.fuzz.stages import Stages
from sekisho.barrier.fuzz.twins import Depth
from sekisho.barrier.fuzz.tworun import CANARY, RECORD, TWO_RUN, Doors, Leak, Tried, TwoRun
from sekisho.barrier.gate import AnyGate
from sekisho.barrier.proof import bodies, paths, snapshot, views
from sekisho.barrier.proof.deployed import Deployed, read_deployed
from sekisho.barrier.proof.findings import Finding, Tally
from sekisho.barrier.ticket import Caller

PROMISED, PSQL, CLAIMS, APPLY = "promise", "psql", "claims", "apply"
COMPILES_ALIKE = "it compiles to the same barrier, statement by statement"
_STRANGERS = 3
"""How many strangers ask where no check of the ticket was broken: without a ticket, without a permit, with an expired one."""
_BEYOND_THE_TICKET = ("barrier.mask", "barrier.assigned", "barrier.pairs")
"""Functions that show in what is answered and recorded: one call does not do for them."""
_BEHAVIOUR = frozenset({TWO_RUN, CANARY, RECORD})
_TOGETHER = 250
_OF_EACH = 8


@dataclass(slots=True)
class Verdict:
    """Who noticed a mutant: obligations of the proof by number, checks of the fuzz by name. `equivalent`: why nobody can."""

    mutant: Mutant
    by: set[str] = field(default_factory=set)
    example: str = ""
    equivalent: str | None = None

    @property
    def caught(self) -> bool:
        """Somebody noticed."""
        return bool(self.by)

    def note(self, by: str, example: str) -> None:
        """Somebody noticed; the first example is kept."""
        self.by.add(by)
        self.example = self.example or example[:300]

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return {"kind": self.mutant.kind, "name": self.mutant.name, "origin": self.mutant.origin, "caught_by": sorted(self.by),
                "example": self.example, "equivalent": self.equivalent}  # fmt: skip


def equivalence(mutant: Mutant) -> str | None:
    """Why a mutant is the unbroken barrier by another name; None: it is not. The only reason that counts: both compile to the same statements."""
    return COMPILES_ALIKE if mutant.kind in RECOMPILED and not mutant.make() else None


def batches(mutants: Iterable[Mutant]) -> Iterator[list[Mutant]]:
    """Mutants that can be looked at together: of one kind, each of another slot."""
    waiting: dict[str, list[list[Mutant]]] = {}
    for mutant in mutants:
        if mutant.slot == "*":
            yield [mutant]
            continue
        rows = waiting.setdefault(_company(mutant), [])
        place = next(
            (row for row in rows if len(row) < _TOGETHER and all(other.slot != mutant.slot for other in row)),
            None,
        )
        if place is None:
            rows.append([mutant])
        else:
            place.append(mutant)
    for rows in waiting.values():
        yield from rows


def _company(mutant: Mutant) -> str:
    """Which mutants may stand in one batch. Memberships of roles belong to the server and lock them: they stay together, in one process."""
    member = mutant.privilege is not None and mutant.privilege[0] == "role"
    return "membership" if member else mutant.kind.partition(" ")[0]


class Strength:
    """Puts mutants before the checks. `doors` lead to the staged worlds."""

    def __init__(self, stages: Stages, doors: Doors, gates: Iterable[AnyGate], *, seed: int) -> None:
        self._stages, self._doors, self._gates = stages, doors, tuple(gates)
        self._runs = {key: TwoRun(stages, *key, seed=seed) for key in stages.pairs()}
        self._calls: dict[tuple[Caller, Depth], list[Call]] = {}
        self._before: frozenset[tuple[str, str]] = frozenset()
        with undone(doors[None]):
            self._deployed = self._read()
            self._snapshot = snapshot.take(doors[None], self._deployed)
            self.unbroken = [
                f
                for tally in self._tallies(self._deployed, self._snapshot)
                for f in (*tally.findings, *tally.warnings)
            ]
        self._before = frozenset((finding.subject, finding.en) for finding in self.unbroken)

    def judge(self, batch: Sequence[Mutant]) -> list[Verdict]:
        """Apply a batch, ask everybody whom it may concern, and take it back."""
        one = self._doors[None]
        with undone(one):
            verdicts = [Verdict(mutant) for mutant in batch]
            for verdict in verdicts:
                verdict.equivalent = equivalence(verdict.mutant)
                if (refusal := _apply(one, verdict.mutant)) is not None:
                    verdict.note(APPLY, refusal)
            alive = [
                verdict for verdict in verdicts if verdict.equivalent is None and APPLY not in verdict.by
            ]
            self._prove(alive)
            if batch[0].kind == "grant":
                self._reach(alive)
            if batch[0].kind == "ticket":
                self._claims(alive[0])
            self._replay(alive)
        return verdicts

    # --- the proof

    def _read(self) -> Deployed:
        conn = self._doors[None]
        conn.execute("set local search_path to ''")
        return read_deployed(conn)

    def _prove(self, verdicts: Sequence[Verdict]) -> None:
        if not verdicts:
            return
        conn, kind = self._doors[None], verdicts[0].mutant.kind
        deployed = self._read()
        live = snapshot.take(conn, deployed)
        first, second, third = self._tallies(deployed, live, bodies_only=kind == "gate")
        conn.execute("set local search_path to default")
        self._attribute(verdicts, [*first.findings, *third.findings], first.warnings, second.findings)

    def _tallies(
        self, deployed: Deployed, live: snapshot.Snapshot, *, bodies_only: bool = False
    ) -> tuple[Tally, Tally, Tally]:
        """The three obligations of the proof; what was so before anything was broken is left out."""
        first, second, third = Tally("1"), Tally("2"), Tally("3")
        if not bodies_only:
            views.prove_views(deployed, first)
            views.prove_owners(deployed, first)
            views.promised(deployed, first)
        snapshot.compare(live, self._snapshot, second)
        snapshot.check_roles(self._doors[None], deployed, second)
        paths.prove_paths(deployed, live, third)
        bodies.prove_bodies(_changed(deployed, self._deployed), third)
        for tally in (first, second, third):
            tally.findings = [f for f in tally.findings if (f.subject, f.en) not in self._before]
            tally.warnings = [w for w in tally.warnings if (w.subject, w.en) not in self._before]
        return first, second, third

    def _attribute(
        self,
        verdicts: Sequence[Verdict],
        found: Iterable[Finding],
        promised: Iterable[Finding],
        compared: Iterable[Finding],
    ) -> None:
        alone = len(verdicts) == 1
        for verdict in verdicts:
            for finding in found:
                if alone or _names(finding, verdict.mutant):
                    verdict.note(finding.obligation, f"{finding.subject}: {finding.en}")
            for finding in promised:
                if alone or _names(finding, verdict.mutant):
                    verdict.note(PROMISED, f"{finding.subject}: {finding.en}")
            if verdict.mutant.origin == DEPLOYED:
                for finding in compared:
                    if alone or _names(finding, verdict.mutant):
                        verdict.note("2", f"{finding.subject}: {finding.en}")

    # --- what a login could do with psql

    def _reach(self, verdicts: Sequence[Verdict]) -> None:
        reached = [
            (login, thing) for login, thing in self._doors[None].execute(_REACH, _ownership()).fetchall()
        ]
        for verdict in verdicts:
            privilege = verdict.mutant.privilege
            for login, thing in reached:
                if privilege and privilege[2] in (login, "public") and _bare(privilege[1]) == thing:
                    verdict.note(PSQL, f"{login} can use {thing}")

    # --- what the ticket's functions say

    def _claims(self, verdict: Verdict) -> None:
        """With a refused ticket there is no viewer, no person, no point."""
        conn = self._doors[None]
        for caller in {caller for caller, _ in self._stages.pairs()}:
            for person in refused(self._stages.office, caller):
                with conn.transaction(force_rollback=True):
                    conn.execute("select set_config('sekisho.ticket', %s, true)", [person.ticket])
                    said = conn.execute(
                        _CLAIMS, {"audience": caller.audience, "purpose": caller.purpose}
                    ).fetchone()
                if said != (None, None, []):
                    verdict.note(CLAIMS, f"{person.name}: {said}")
                    return

    # --- the two runs

    def _replay(self, verdicts: Sequence[Verdict]) -> None:
        for caller, depth in self._stages.pairs():
            at = caller.audience, caller.purpose
            mine = [v for v in verdicts if at in v.mutant.purposes and not v.by & _BEHAVIOUR]
            if mine:
                with ExitStack() as stack:
                    stack.enter_context(undone(self._doors[caller, depth]))
                    for verdict in mine:
                        _apply(self._doors[caller, depth], verdict.mutant)
                    for verdict in mine:
                        self._replay_one(verdict, caller, depth)

    def _replay_one(self, verdict: Verdict, caller: Caller, depth: Depth) -> None:
        one, two, run = self._doors[None], self._doors[caller, depth], self._runs[caller, depth]
        tried = Tried()
        run.run_calls(
            one,
            two,
            self._concerned(verdict.mutant, caller, depth),
            tried,
            first=True,
            strangers=None if verdict.mutant.kind == "ticket" else _STRANGERS,
        )
        for leak in tried.leaks:
            verdict.note(leak.by, _told(leak))

    def _concerned(self, mutant: Mutant, caller: Caller, depth: Depth) -> list[Call]:
        key = caller, depth
        if key not in self._calls:
            self._calls[key] = _some(self._runs[key].calls(self._gates))
        calls = self._calls[key]
        if mutant.function is not None:
            return [call for call in calls if call.function == mutant.function]
        if mutant.table is not None:
            return [call for call in calls if reads(call.gate, (mutant.table,))]
        if mutant.kind == "ticket" and not mutant.name.startswith(_BEYOND_THE_TICKET):
            return calls[:1]
        return calls


def _some(calls: Iterable[Call]) -> list[Call]:
    """Of each function the calls that stand farthest apart: enough to notice that a clause is gone."""
    by_function: dict[str, list[Call]] = {}
    for call in calls:
        by_function.setdefault(call.function, []).append(call)
    return [call for listed in by_function.values() for call in listed[:: max(1, len(listed) // _OF_EACH)]]


def _apply(conn: psycopg.Connection, mutant: Mutant) -> str | None:
    """Put a mutant in. Returns what the database said if the barrier cannot be compiled so: a gate then asks for a column that its view has no more.

    Raises `UnableToBreak` for any other refusal: the mutant's own SQL would be wrong, and nothing would have been tried.
    """
    try:
        with conn.transaction():
            for statement in mutant.make():
                conn.execute(statement.encode())
    except psycopg.Error as fault:
        if isinstance(fault, psycopg.errors.UndefinedColumn) and mutant.kind in RECOMPILED:
            return str(fault.diag.message_primary)
        raise UnableToBreak(
            f"変異「{mutant.name}」を適用できません: {fault.diag.message_primary}",
            f"The mutant cannot be applied: {mutant.name}: {fault.diag.message_primary}",
        ) from fault
    return None


def _changed(deployed: Deployed, before: Deployed) -> Deployed:
    """The catalog with only those functions that are not as they were: what has not changed needs no second proof."""
    known = {signature: replace(function, oid=0) for signature, function in before.functions.items()}
    return replace(
        deployed, functions={s: f for s, f in deployed.functions.items() if known.get(s) != replace(f, oid=0)}
    )


def _told(leak: Leak) -> str:
    return f"{leak.who} at {leak.where} {dict(leak.parameters)}: {leak.one} | {leak.two}"


def _names(finding: Finding, mutant: Mutant) -> bool:
    """Whether a finding speaks of what a mutant changed."""
    subject = finding.subject
    if mutant.privilege is not None:
        right, thing, grantee = mutant.privilege
        if right == "role":
            return grantee in subject and (thing in subject or thing in finding.en)
        named = "PUBLIC" if grantee == "public" else grantee
        column = right.partition("(")[2].rstrip(")")
        whole = f"{_bare(thing)}.{column}" if column else _bare(thing)
        return (
            (named in subject or f"to {grantee}" in subject)
            and right.partition(" ")[0].upper() in f"{subject} {finding.en}".upper()
            and _ends(subject, whole)
        )
    if mutant.function is not None:
        return (
            subject.partition("(")[0].partition(" ")[0] == mutant.function
            or f" {mutant.function}(" in subject
        )
    return any(
        f"seen_{audience}_{purpose}" in subject or f"gate.{audience}_{purpose}_" in subject
        for audience, purpose in mutant.purposes
    )


def _ends(subject: str, thing: str) -> bool:
    return any(
        part.rstrip(",").removeprefix("pg_catalog.") == thing or part.startswith(f"{thing}(")
        for part in subject.replace("(text, ", "(text,").split(" ")
    )


def _bare(thing: str) -> str:
    return (
        thing.removeprefix("function ").removeprefix("schema ").removeprefix("pg_catalog.").replace(", ", ",")
    )


def _ownership() -> dict[str, Any]:
    own = {
        login: [p.role for p in PURPOSES if p.audience == audience.code]
        for audience in AUDIENCES
        for login in audience.logins
    }
    return {"logins": list(LOGINS), "owners": [",".join(own[login]) for login in LOGINS]}


_REACH = """
with who as (select l.login, string_to_array(l.owners, ',') as owners from unnest(%(logins)s::text[], %(owners)s::text[]) l(login, owners)),
space as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
select w.login, s.nspname || '.' || c.relname from who w, pg_class c join space s on s.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f') and (has_table_privilege(w.login, c.oid, 'select, insert, update, delete, truncate, references, trigger, maintain')
       or has_any_column_privilege(w.login, c.oid, 'select, insert, update, references'))
union all
select w.login, split_part(p.oid::regprocedure::text, '(', 1) || case when s.nspname = 'gate' then '' else '(' || split_part(p.oid::regprocedure::text, '(', 2) end
  from who w, pg_proc p join space s on s.oid = p.pronamespace
 where has_function_privilege(w.login, p.oid, 'execute') and not (s.nspname = 'gate' and pg_get_userbyid(p.proowner) = any (w.owners))
   and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
union all
select w.login, s.nspname from who w, space s
 where has_schema_privilege(w.login, s.oid, 'create') or (s.nspname <> 'gate' and has_schema_privilege(w.login, s.oid, 'usage'))
"""

_CLAIMS = """
select barrier.viewer(%(audience)s, %(purpose)s), barrier.viewer_person(%(audience)s, %(purpose)s),
       barrier.assigned_points(%(audience)s, %(purpose)s)
"""

Progress = Callable[[int, int], None]


def put_before_all(
    strength: Strength, mutants: Sequence[Mutant], *, tell: Progress = lambda _done, _all: None
) -> list[Verdict]:
    """The verdict on every mutant."""
    verdicts: list[Verdict] = []
    for batch in batches(mutants):
        verdicts += strength.judge(batch)
        tell(len(verdicts), len(mutants))
    return verdicts
