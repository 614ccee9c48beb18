"""The barrier with one clause broken, as SQL for a transaction that is rolled back.

Two origins. `source`: the mistake stands in what is compiled (policy, compiler, gate, function), so a comparison of the deployed catalog with a
fresh compilation shows nothing; the intent, the bodies' lineage or the two runs must notice. `deployed`: somebody changed the database; the
comparison must notice, and it is recorded who else does.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sekisho.barrier import policy
from sekisho.barrier.audiences import AUDIENCES, LOGINS, PURPOSES, Purpose, RowRule
from sekisho.barrier.compiler import MASKS, Piece, compile_all, compile_gate, items_of, outputs_of, view_name
from sekisho.barrier.fuzz.calls import reads
from sekisho.barrier.gate import AnyGate, Gate, SubmitGate
from sekisho.barrier.intent import SUBMISSION, Manner, column_manner
from sekisho.barrier.items import COLUMNS, TECHNICAL
from sekisho.barrier.policy import RULES, Grade, Rule, rule_for, rules_of, visible_columns
from sekisho.kernel.errors import SekishoError

SOURCE, DEPLOYED = "source", "deployed"
RECOMPILED = ("policy item", "policy mask")
"""Kinds made by compiling under another policy: their SQL is what differs from the compiled barrier, and none if nothing does."""


class UnableToBreak(SekishoError):
    """The clause that a mutant breaks does not stand where it is looked for: whoever rewrote it must rewrite the mutant, too."""


def replaced(text: str, old: str, new: str, *, where: str) -> str:
    """`text` with a clause replaced, which must be there: a mutant that breaks nothing would count for nothing."""
    if old not in text:
        raise UnableToBreak(
            f"{where} に「{old}」がないため、変異を作れません。", f"{where} does not contain {old!r}: the mutant breaks nothing."
        )  # fmt: skip
    return text.replace(old, new)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken clause; `make` gives the SQL.

    `purposes` are those whose callers may notice; `function`, if given, is the gate function that alone was changed, and `table` the table
    that alone is concerned. `slot`: mutants of different slots do not touch each other and can be looked at together; "*" stands alone.
    `privilege` is (right, object, grantee) of a grant.
    """

    kind: str
    name: str
    origin: str
    make: Callable[[], Sequence[str]]
    slot: str
    purposes: tuple[tuple[str, str], ...] = ()
    function: str | None = None
    table: str | None = None
    privilege: tuple[str, str, str] | None = None


def _fixed(*sql: str) -> Callable[[], Sequence[str]]:
    return lambda: sql


# --- the policy's clauses


@contextmanager
def ruled(rules: Sequence[Rule]) -> Iterator[None]:
    """The compiler under other rules."""
    before = policy.RULES
    policy.RULES = tuple(rules)
    rule_for.cache_clear()
    items_of.cache_clear()
    try:
        yield
    finally:
        policy.RULES = before
        rule_for.cache_clear()
        items_of.cache_clear()


def _own_gates(gates: Iterable[AnyGate], purpose: Purpose) -> list[AnyGate]:
    return [
        replace(gate, purposes=(purpose.code,)) for gate in gates if gate.audience == purpose.audience and purpose.code in gate.purposes
    ]  # fmt: skip


def _pieces(gates: Iterable[AnyGate], purpose: Purpose) -> dict[str, Piece]:
    mine = (purpose.role, f"gate.{purpose.audience}_{purpose.code}_")
    return {
        p.name: p
        for p in compile_all(_own_gates(gates, purpose))
        if any(part in f"{p.name} {p.statement}" for part in mine)
    }


class Broken:
    """Makes mutants of one inventory of gates."""

    def __init__(self, gates: Iterable[AnyGate], *, administrator: str) -> None:
        self.gates = tuple(gates)
        self.administrator = administrator
        self._compiled = {purpose: _pieces(self.gates, purpose) for purpose in PURPOSES}

    def all(self) -> Iterator[Mutant]:
        """Every mutant, kind by kind."""
        yield from self.rows()
        yield from self.items()
        yield from self.tables()
        yield from self.views()
        yield from self.row_security()
        yield from self.grants()
        yield from self.bodies()
        yield from self.tickets()

    # each rule × each of its tables: whose rows

    def rows(self) -> Iterator[Mutant]:
        """The row condition replaced: by true, by any valid ticket, by its contrary, by another column, by one more exception; or dropped."""
        for rule in RULES:
            for table in rule.tables:
                for name, condition in _other_conditions(rule, table):
                    yield self._row_mutant(
                        rule, table, name, f"alter policy {{policy}} on {table} using ({condition})"
                    )
                yield self._row_mutant(
                    rule, table, "dropped", f"drop policy {{policy}} on {table}{_its_double(rule)}"
                )

    def _row_mutant(self, rule: Rule, table: str, name: str, statement: str) -> Mutant:
        role = f"seen_{rule.audience}_{rule.purpose}"
        sql = statement.replace("{policy}", f'"{rule.id}_{role}"')
        return Mutant(
            "policy rows",
            f"{rule.id} on {table}: {name}",
            SOURCE,
            _fixed(sql),
            role,
            ((rule.audience, rule.purpose),),
            table=table,
        )

    # each rule × each item that it denies, masks or only records

    def items(self) -> Iterator[Mutant]:
        """An item shown that was denied, masked or only recorded; or masked that was denied."""
        for rule in RULES:
            for item in sorted(
                {item for table in rule.tables for item in COLUMNS[table].values()} - {TECHNICAL}
            ):
                grade = rule.grade(item)
                if grade is not Grade.SHOW:
                    kind = "policy item" if grade is not Grade.REVEAL else "policy mask"
                    yield self._item_mutant(
                        kind, rule, item, f"{item} {grade or 'denied'} → show", shown(rule, item)
                    )
                if grade is None and item in MASKS:
                    yield self._item_mutant(
                        "policy item",
                        rule,
                        item,
                        f"{item} denied → reveal",
                        replace(rule, reveal=rule.reveal | {item}),
                    )

    def _item_mutant(self, kind: str, rule: Rule, item: str, name: str, other: Rule) -> Mutant:
        purpose = next(p for p in PURPOSES if (p.audience, p.code) == (rule.audience, rule.purpose))

        def make() -> Sequence[str]:
            tables = [table for table in rule.tables if item in COLUMNS[table].values()]
            with ruled([other if r is rule else r for r in RULES]):
                changed = _pieces((gate for gate in self.gates if reads(gate, tables)), purpose)
            return tuple(self._rebuilt(purpose, self._compiled[purpose] | changed))

        at = ((rule.audience, rule.purpose),)
        return Mutant(
            kind, f"{rule.id}: {name}", SOURCE, make, purpose.role, at, table=self._one_table(rule, item)
        )

    def _one_table(self, rule: Rule, item: str) -> str | None:
        tables = [table for table in rule.tables if item in COLUMNS[table].values()]
        return tables[0] if len(tables) == 1 else None

    def _rebuilt(self, purpose: Purpose, pieces: dict[str, Piece]) -> Iterator[str]:
        """What makes a purpose's state anew from other pieces: grants are added, changed views and all gates are re-made."""
        before = self._compiled[purpose]
        changed = [
            piece
            for name, piece in pieces.items()
            if name not in before or before[name].statement != piece.statement
        ]
        views = [piece.name for piece in changed if piece.kind == "view"]
        reading = re.compile("|".join(rf"{re.escape(view)}\b" for view in views) or r"(?!)")
        remade = [
            p for p in pieces.values() if p.kind == "gate" and (p in changed or reading.search(p.statement))
        ]
        yield from (f"drop function {piece.name}" for piece in remade if piece.name in before)
        yield from (f"drop view if exists {name}" for name in views)
        yield from (piece.statement for piece in changed if piece.kind != "gate")
        yield from (piece.statement for piece in remade)

    # each purpose × each table that it does not reach

    def tables(self) -> Iterator[Mutant]:
        """A rule too many: a whole table, shown in full to a purpose that has nothing to do with it."""
        for purpose in PURPOSES:
            own = {table for rule in rules_of(purpose) for table in rule.tables}
            for table in COLUMNS:
                items = frozenset(COLUMNS[table].values()) - {TECHNICAL}
                if table not in own and items:
                    extra = Rule(
                        "XXX-01",
                        purpose.audience,
                        purpose.code,
                        RowRule.WHOLE_AREA,
                        (table,),
                        "",
                        "",
                        "",
                        show=items,
                    )
                    yield Mutant("policy table", f"{purpose.role} reads {table}", SOURCE, partial(self._with_rule, purpose, extra), purpose.role,
                                 ((purpose.audience, purpose.code),), table=table)  # fmt: skip

    def _with_rule(self, purpose: Purpose, extra: Rule) -> Sequence[str]:
        with ruled([*RULES, extra]):
            pieces = _pieces((), purpose)
        return tuple(piece.statement for name, piece in pieces.items() if name not in self._compiled[purpose])

    # views

    def views(self) -> Iterator[Mutant]:
        """Each view with another owner, with each column that it lacks, with each mask taken off, as invoker."""
        for purpose in PURPOSES:
            for rule in rules_of(purpose):
                for table in rule.tables:
                    yield from self._view_mutants(purpose, rule, table)

    def _view_mutants(self, purpose: Purpose, rule: Rule, table: str) -> Iterator[Mutant]:
        name, at = view_name(purpose, table), (purpose.audience, purpose.code)
        compiled = (
            self._compiled[purpose][name]
            .statement.split(";\n")[0]
            .replace("create view", "create or replace view")
        )

        def mutant(what: str, origin: str, *sql: str) -> Mutant:
            return Mutant("view", f"{name}: {what}", origin, _fixed(*sql), purpose.role, (at,), table=table)

        yield mutant("owner is the administrator", SOURCE, f"alter view {name} owner to {self.administrator}")
        yield mutant("security invoker", DEPLOYED, f"alter view {name} set (security_invoker = true)")
        columns = visible_columns(rule, table)
        for column in COLUMNS[table].keys() - columns.keys():
            widened = replaced(compiled, f" from {table}", f", {column} from {table}", where=name)
            yield mutant(
                f"with {column}", SOURCE, f"grant select ({column}) on {table} to {purpose.role}", widened
            )
        for column, grade in columns.items():
            if grade is Grade.REVEAL and not column.endswith("_key"):
                masked = f"{MASKS[COLUMNS[table][column]]}({column}) as {column}"
                bare = replaced(compiled, masked, column, where=name)
                yield mutant(f"{column} without its mask", SOURCE, bare)

    # row security

    def row_security(self) -> Iterator[Mutant]:
        """Row security off or not forced, for each table; one permissive policy more for each reader of it, and for everybody."""
        readers = {table: [p for p in PURPOSES if rule_for(p.audience, p.code, table)] for table in COLUMNS}
        for table, purposes in readers.items():
            at = tuple((p.audience, p.code) for p in purposes)
            for what, statement in (("disabled", f"alter table {table} disable row level security"), ("not forced", f"alter table {table} no force row level security"),
                                    ("open to all", f"create policy extra on {table} for select using (true)")):  # fmt: skip
                yield Mutant(
                    "row security", f"{table}: {what}", DEPLOYED, _fixed(statement), "*", at, table=table
                )
            for purpose in purposes:
                opened = (
                    f"create policy extra_{purpose.role} on {table} for select to {purpose.role} using (true)"
                )
                yield Mutant("row security", f"{table}: a second policy for {purpose.role}", SOURCE, _fixed(opened), purpose.role,
                             ((purpose.audience, purpose.code),), table=table)  # fmt: skip
        yield from self._submitting()

    def _submitting(self) -> Iterator[Mutant]:
        for purpose in PURPOSES:
            at = ((purpose.audience, purpose.code),)
            for name, clause in (("submit", "with check (true)"), ("repeat", "using (true)")):
                sql = f'alter policy "{name}_{purpose.role}" on work.command {clause}'
                yield Mutant(
                    "row security",
                    f"work.command: {name}_{purpose.role} {clause}",
                    DEPLOYED,
                    _fixed(sql),
                    purpose.role,
                    at,
                    table="work.command",
                )

    # grants

    def grants(self) -> Iterator[Mutant]:
        """One privilege too many: each table and each schema to each login and to PUBLIC, columns, gates, functions, roles."""
        for grantee in (*LOGINS, "public"):
            for table in COLUMNS:
                yield _grant("select", table, grantee)
                yield _grant(f"select ({next(iter(COLUMNS[table]))})", table, grantee)
            yield from (_grant(right, thing, grantee) for right, thing in _OTHER_RIGHTS)
        yield from self._function_grants()
        for login in LOGINS:
            for role in (purpose.role for purpose in PURPOSES):
                yield Mutant(
                    "grant",
                    f"{role} to {login}",
                    DEPLOYED,
                    _fixed(f"grant {role} to {login}"),
                    f"{role} {login}",
                    privilege=("role", role, login),
                )
        for purpose in PURPOSES:
            yield from self._purpose_grants(purpose)

    def _function_grants(self) -> Iterator[Mutant]:
        logins = [(login, audience.code) for audience in AUDIENCES for login in audience.logins]
        number = 0
        for purpose, pieces in self._compiled.items():
            for piece in pieces.values():
                if piece.kind == "gate":
                    yield _grant("execute", f"function {piece.name}", "public")
                    others = [login for login, audience in logins if audience != purpose.audience]
                    number += 1
                    yield _grant("execute", f"function {piece.name}", others[number % len(others)])
                elif piece.kind == "view":
                    yield _grant("select", piece.name, logins[number % len(logins)][0])

    def _purpose_grants(self, purpose: Purpose) -> Iterator[Mutant]:
        for table in COLUMNS:
            for column in COLUMNS[table]:
                found = column_manner(purpose.audience, purpose.code, table, column)
                if found is None and not (table == SUBMISSION[0] and column in SUBMISSION[1]):
                    yield _grant(f"select ({column})", table, purpose.role, SOURCE)
                    break
            yield _grant("update", table, purpose.role)

    # gates

    def bodies(self) -> Iterator[Mutant]:
        """Each gate function with one thing wrong in it."""
        for purpose in PURPOSES:
            for gate in _own_gates(self.gates, purpose):
                for piece in compile_gate(gate):
                    yield from self._gate_mutants(purpose, gate, piece)

    def _gate_mutants(self, purpose: Purpose, gate: AnyGate, piece: Piece) -> Iterator[Mutant]:
        makers = _SUBMITTING if isinstance(gate, SubmitGate) else _READING
        for name, origin, make in makers:
            made = make(_Site(gate, purpose, piece.statement, self.administrator))
            if made is not None:
                sql = _fixed(f"drop function {piece.name}", made)
                yield Mutant(
                    "gate",
                    f"{piece.name}: {name}",
                    origin,
                    sql,
                    piece.name,
                    ((purpose.audience, purpose.code),),
                    piece.name,
                )

    # tickets

    def tickets(self) -> Iterator[Mutant]:
        """Each check of the ticket left out, and what hangs on it."""
        functions = {piece.name: piece.statement for piece in compile_all(()) if piece.kind == "function"}
        everybody = tuple((p.audience, p.code) for p in PURPOSES)
        for function, name, old, new in _TICKET:
            broken = replaced(functions[function], old, new, where=function)
            at = next(
                (purposes for word, purposes in _TICKET_OF.items() if word in f"{function} {name}"), everybody
            )
            yield Mutant(
                "ticket",
                f"{function}: {name}",
                SOURCE,
                _fixed(broken),
                "*",
                at,
            )


def _its_double(rule: Rule) -> str:
    """Whoever submits may find the submission again by a policy of its own, which says the same as the rule: dropped with it."""
    role = f"seen_{rule.audience}_{rule.purpose}"
    return f"; drop policy repeat_{role} on work.command" if rule.rows is RowRule.OWN_PERSON else ""


def shown(rule: Rule, item: str) -> Rule:
    return replace(rule, show=rule.show | {item}, reveal=rule.reveal - {item}, record=rule.record - {item})


def _other_conditions(rule: Rule, table: str) -> Iterator[tuple[str, str]]:
    viewer = f"(select barrier.viewer('{rule.audience}', '{rule.purpose}'))"
    yield "true", "true"
    if rule.rows in (RowRule.WHOLE_AREA, RowRule.PUBLIC):
        return
    yield "any valid ticket", f"{viewer} is not null"
    column = {RowRule.OWN_HOLDER: "holder", RowRule.ASSIGNED: "point", RowRule.OWN_PERSON: "person"}.get(
        rule.rows, policy.OWNER_COLUMN.get(table, "company")
    )
    if rule.rows is RowRule.OWN_PERSON:
        person = f"person = (select barrier.viewer_person('{rule.audience}', '{rule.purpose}'))"
        yield "without the person", f"company = {viewer} and audience = '{rule.audience}'"
        yield "without the company", f"{person} and audience = '{rule.audience}'"
        yield "without the audience", f"{person} and company = {viewer}"
        return
    if rule.rows is RowRule.ASSIGNED:
        yield (
            "not those entrusted",
            f"point <> all ((select barrier.assigned_points('{rule.audience}', '{rule.purpose}'))::text[]) and {viewer} is not null",
        )
        return
    other = next(c for c in COLUMNS[table] if c != column and c not in ("valid", "at", "recorded_at"))
    yield f"{other} instead of {column}", f"{other}::text = {viewer}"
    yield "its contrary", f"{column} <> {viewer}"
    yield "or nobody's", f"{column} = {viewer} or {column} >= '00036'"
    yield "an exception for the affiliate", f"{column} = {viewer} or {viewer} = '00026'"


_OTHER_RIGHTS = (
    *(("create", f"schema {schema}") for schema in ("registry", "gate", "ledger", "work", "barrier")),
    *(("usage", f"schema {schema}") for schema in ("registry", "metering", "ledger", "work", "barrier")),
    ("insert", "work.command"), ("insert", "ledger.passage"), ("delete", "ledger.passage"), ("update", "registry.party"),
    ("truncate", "metering.usage_day"), ("execute", "function barrier.viewer(text, text)"), ("execute", "function barrier.passport(text, text)"),
    ("execute", "function barrier.assigned_points(text, text)"), ("execute", "function ledger.erase_month(date, date)"),
    ("execute", "function pg_catalog.pg_read_file(text)"), ("select", "pg_catalog.pg_authid"), ("select", "pg_catalog.pg_statistic"),
)  # fmt: skip


def _grant(right: str, thing: str, grantee: str, origin: str = DEPLOYED) -> Mutant:
    text = f"{right} on {thing} to {grantee}"
    return Mutant("grant", text, origin, _fixed(f"grant {text}"), text, privilege=(right, thing, grantee))


# --- inside a gate


@dataclass(frozen=True, slots=True)
class _Site:
    gate: Any
    purpose: Purpose
    text: str
    administrator: str

    def swapped(self, old: str, new: str) -> str:
        """The statement with one clause replaced, which must be there."""
        return replaced(self.text, old, new, where=f"{self.gate.name} ({self.purpose.role})")


_PASSAGE = re.compile(r",\npassage as \(insert into ledger\.passage .*? returning 1\)\n", re.DOTALL)


def _forget(site: _Site) -> str:
    passage = _PASSAGE.search(site.text)
    return site.swapped(passage[0] if passage else _PASSAGE.pattern, "\n")


def _another_owner(site: _Site) -> str | None:
    return site.swapped(f"owner to {site.purpose.role}", f"owner to {site.administrator}")


def _without_item(place: int) -> Callable[[_Site], str | None]:
    def make(site: _Site) -> str | None:
        items = items_of(site.gate, site.purpose)
        if not items:
            return None
        listed = ", ".join(f"'{item}'" for item in items)
        fewer = ", ".join(f"'{item}'" for item in items if item != items[place])
        return site.swapped(f"array[{listed}]::text[]", f"array[{fewer}]::text[]")

    return make


def _another_purpose(site: _Site) -> str | None:
    own = f"barrier.passport('{site.purpose.audience}', '{site.purpose.code}')"
    other = next(
        (p.code for p in PURPOSES if p.audience == site.purpose.audience and p is not site.purpose), "other"
    )
    return site.swapped(own, f"barrier.passport('{site.purpose.audience}', '{other}')")


def _noted_returned(site: _Site) -> str | None:
    """The holder in the place of the first column, where this duty may not be told the holder."""
    gate: Gate[Any] = site.gate
    if (
        gate.holder is None
        or column_manner(site.purpose.audience, site.purpose.code, "registry.contract", "holder")
        is not Manner.NOTED
    ):
        return None
    outputs = outputs_of(gate, site.purpose)
    first = next((out.name for out in outputs if out.type == "text"), None)
    return (
        None
        if first is None
        else site.swapped(f'\nselect r."{outputs[0].name}"', "\nselect r.r_holder")
        if first == outputs[0].name
        else None
    )


def _revealed_in_a_list(site: _Site) -> str | None:
    """A masked column filled from the view that is meant for one contract at a time."""
    for out in () if site.gate.reveals else outputs_of(site.gate, site.purpose):
        alias, _, column = out.expression.partition(".")
        if out.masked and column.isidentifier() and ".party" in site.text:
            revealed = f"(select v.{column} from {site.purpose.schema}.party__revealed v where v.contract_no = {alias}.contract_no limit 1)"
            return site.swapped(f'{out.expression} as "{out.name}"', f'{revealed} as "{out.name}"')
    return None


def _all_at_once(site: _Site) -> str | None:
    if not site.gate.reveals or not any(param.name == "contract_no" for param in site.gate.params):
        return None
    return site.swapped("k.contract_no = p_contract_no", "k.contract_no >= p_contract_no")


def _of_points(old: str, new: str) -> Callable[[_Site], str | None]:
    """Only where the gate says which points its rows speak of."""
    return lambda site: None if site.gate.point is None else site.swapped(old, new)


_READING: tuple[tuple[str, str, Callable[[_Site], str | None]], ...] = (
    ("forgets its passage", SOURCE, _forget),
    ("belongs to the administrator", SOURCE, _another_owner),
    ("security invoker", SOURCE, lambda site: site.swapped("security definer", "security invoker")),
    ("records one item less (first)", SOURCE, _without_item(0)),
    ("records one item less (last)", SOURCE, _without_item(-1)),
    ("records no points", SOURCE, _of_points("(s.pair).points", "'{}'::text[]")),
    ("records no holders", SOURCE, _of_points("(s.pair).holders", "'{}'::text[]")),
    ("records no rows", SOURCE, lambda site: site.swapped("s.shown, s.row_count", "s.shown, 0")),
    (
        "records another gate",
        SOURCE,
        lambda site: site.swapped(f"barrier.now(), '{site.gate.name}'", "barrier.now(), 'retailers_'"),
    ),
    ("records nobody", SOURCE, lambda site: site.swapped("w.person", "null")),
    ("records every verdict as passed", SOURCE, lambda site: site.swapped("w.verdict", "'passed'")),
    (
        "records only what passed",
        SOURCE,
        lambda site: site.swapped(" returning 1)", " where w.verdict = 'passed' returning 1)"),
    ),
    ("asks for another purpose's ticket", SOURCE, _another_purpose),
    ("returns the holder", SOURCE, _noted_returned),
    ("reveals in a list", SOURCE, _revealed_in_a_list),
    ("reveals all at once", SOURCE, _all_at_once),
)
_SUBMITTING: tuple[tuple[str, str, Callable[[_Site], str | None]], ...] = (
    ("belongs to the administrator", SOURCE, _another_owner),
    ("security invoker", SOURCE, lambda site: site.swapped("security definer", "security invoker")),
    ("submits without a permit", SOURCE, lambda site: site.swapped(" where w.verdict = 'passed'", "")),
    ("records another gate", SOURCE, lambda site: site.swapped(f"barrier.now(), '{site.gate.name}'", "barrier.now(), 'retailers_'")),
    ("records nobody", SOURCE, lambda site: site.swapped(f" '{site.gate.name}', '{site.purpose.audience}', w.company, w.person", f" '{site.gate.name}', '{site.purpose.audience}', w.company, null")),
    ("asks for another purpose's ticket", SOURCE, _another_purpose),
)  # fmt: skip


# --- the ticket

_TICKET = (
    ("barrier.passport", "no ticket is no matter", "if ticket is null or ticket = '' then", "if false then"),
    ("barrier.passport", "any length", "cut not between 10 and 600 or substr(ticket, cut, 1) <> '|'", "substr(ticket, cut, 1) <> '|'"),
    ("barrier.passport", "any number of claims", "cardinality(claims) <> 8", "false"),
    ("barrier.passport", "the MAC is not checked", "<> right(ticket, 64) then", "<> right(ticket, 64) and false then"),
    ("barrier.passport", "an old key", " and k.valid @> barrier.now();", ";"),
    ("barrier.passport", "another audience's claim", "claims[2] <> want_audience or ", ""),
    ("barrier.passport", "another audience's key", "known.audience <> want_audience or ", ""),
    ("barrier.passport", "another audience's login", " or not known.own_login", ""),
    ("barrier.passport", "another purpose", "when claims[5] <> want_purpose then 'refused:purpose'", ""),
    ("barrier.passport", "expired", "or to_timestamp(claims[7]::bigint) <= barrier.now() ", ""),
    ("barrier.passport", "expires this moment", "<= barrier.now() then", "< barrier.now() then"),
    ("barrier.passport", "the ledger is behind", "when known.ledger_behind then 'refused:ledger-behind'", ""),
    ("barrier.passport", "no permit", "when not known.permitted then 'refused:no-permit'", ""),
    ("barrier.passport", "another person's permit", "p.person = claims[4] and ", ""),
    ("barrier.passport", "another audience's permit", "p.audience = want_audience and ", ""),
    ("barrier.passport", "another purpose's permit", "p.purpose = want_purpose and ", ""),
    ("barrier.passport", "another company's permit", "and p.company = claims[3]", ""),
    ("barrier.passport", "a permit of other days", "and p.valid @> barrier.today() ", "and true "),
    ("barrier.passport", "a permit that was ended", "and p.ended_at is null", ""),
    ("barrier.passport", "a permit for another case", "and p.case_no is not distinct from nullif(claims[6], '')", ""),
    ("barrier.passport", "no case is needed", "(p.case_no is null or exists (select from barrier.case_file c where c.case_no = p.case_no", "(true or exists (select from barrier.case_file c where c.case_no = p.case_no"),
    ("barrier.passport", "another purpose's case", "and c.purpose = want_purpose", ""),
    ("barrier.passport", "a case that has ended", "and c.valid @> barrier.now()", ""),
    ("barrier.viewer", "whoever was refused", "case when p.verdict = 'passed' then p.company end", "p.company"),
    ("barrier.viewer_person", "whoever was refused", "case when p.verdict = 'passed' then p.person end", "p.person"),
    ("barrier.assigned_points", "orders of other days", "and w.valid @> barrier.today()", ""),
    ("barrier.assigned_points", "other companies' orders", "w.contractor = barrier.viewer(want_audience, want_purpose)", "barrier.viewer(want_audience, want_purpose) is not null"),
    ("barrier.pairs", "the first stands for all", "points[1] = all (points) and holders[1] = all (holders)", "true"),
    ("barrier.pairs", "the first holder of a point for all", " and holders[1] = all (holders)", ""),
    ("barrier.pairs", "only of several", "points := points[1:1]; holders := holders[1:1]", "points := '{}'; holders := '{}'"),
    ("barrier.mask_name", "two letters", "left(value, 1)", "left(value, 4)"),
    ("barrier.mask_name", "no mask", "left(value, 1) || '＊＊＊'", "value"),
    ("barrier.mask_phone", "more digits", "right(value, 4)", "right(value, 8)"),
    ("barrier.mask_address", "more letters", "left(value, 6)", "left(value, 12)"),
)  # fmt: skip
"""(function, what is left out, old text, new text)."""

_TICKET_OF = {
    "pairs": (("operator", "wheeling"), ("operator", "switching")),
    "assigned_points": (("contractor", "work"),),
    "case": (("operator", "disaster"),),
    "mask_name": (("operator", "switching"), ("callcentre", "enquiry")),
    "mask_phone": (("operator", "switching"),),
    "mask_address": (("operator", "wheeling"),),
}
"""What only some callers can notice."""
