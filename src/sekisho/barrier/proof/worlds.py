"""Symbolic worlds: rows of tables, what a role sees of them through row security and views, and what the intent allows.

One row of each table stands for all of them: views select and project row by row, so what holds for an arbitrary row holds for any
database, of whatever size. A view that is not built so is not understood, and the proof fails.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import z3
from sqlglot import exp

from sekisho.barrier.intent import MASKED_FORMS, Clause, Manner, Reach, column_manner, reach_of
from sekisho.barrier.items import COLUMNS
from sekisho.barrier.proof.deployed import Deployed, Relation
from sekisho.barrier.proof.encoder import (
    DATE,
    TEXT,
    NotUnderstood,
    Scope,
    Term,
    TextSet,
    encode,
    parse,
    strict,
    variable,
)

_POINTS = z3.ArraySort(z3.StringSort(), z3.BoolSort())


@dataclass(frozen=True, slots=True)
class Caller:
    """What the database knows of a caller of one duty. Symbolic, and the same in both worlds: both runs are made by the same caller."""

    audience: str
    purpose: str

    @property
    def passed(self) -> z3.BoolRef:
        """The ticket is valid and a permit covers today."""
        return z3.Bool(f"passed:{self.audience}:{self.purpose}")

    @property
    def company(self) -> z3.SeqRef:
        """The company that the ticket names."""
        return z3.String(f"company:{self.audience}:{self.purpose}")

    @property
    def person(self) -> z3.SeqRef:
        """The person that the ticket names."""
        return z3.String(f"person:{self.audience}:{self.purpose}")

    def entrusts(self, point: z3.ExprRef) -> z3.BoolRef:
        """An open work order entrusts `point` to the caller's company; to nobody without a valid ticket."""
        points = z3.Const(f"entrusted:{self.audience}:{self.purpose}", _POINTS)
        return z3.And(self.passed, z3.Select(points, point))


@dataclass(frozen=True, slots=True)
class Row:
    """An arbitrary row of one table in one world: `there` says that it exists, `inside` that it lies in a contract of its holder."""

    table: str
    there: z3.BoolRef
    inside: z3.BoolRef
    columns: dict[str, Term]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a role sees of a relation: `visible` says when a row comes out, `columns` what it holds, `rows` where it came from."""

    visible: z3.BoolRef
    columns: dict[str, Term]
    rows: tuple[Row, ...]


def functions() -> dict[str, Callable[[Sequence[object]], Term | TextSet]]:
    """The barrier's functions, as the proof understands them. Their deployed bodies are compared with the compiled ones elsewhere."""
    masks = {form.function: strict(form.function) for form in MASKED_FORMS.values()}
    masks.setdefault("barrier.mask_address", strict("barrier.mask_address"))
    return masks | {
        "barrier.viewer": lambda parts: _claim(parts, "company"),
        "barrier.viewer_person": lambda parts: _claim(parts, "person"),
        "barrier.assigned_points": _assigned,
        "barrier.today": lambda _: Term(DATE, z3.BoolVal(False), z3.Int("today")),
    }


def _caller(parts: Sequence[object]) -> Caller:
    audience, purpose = parts
    if not isinstance(audience, str) or not isinstance(purpose, str):
        raise NotUnderstood("a caller whose audience or purpose is not a literal")
    return Caller(audience, purpose)


def _claim(parts: Sequence[object], claim: str) -> Term:
    caller = _caller(parts)
    return Term(TEXT, z3.Not(caller.passed), getattr(caller, claim))


def _assigned(parts: Sequence[object]) -> TextSet:
    caller = _caller(parts)
    never = z3.BoolVal(False)
    return TextSet(null=never, empty=z3.Not(caller.passed), has_null=never, members=caller.entrusts)


class World:
    """One of the two databases that the proof compares; `name` keeps their symbols apart."""

    def __init__(self, name: str, deployed: Deployed) -> None:
        self._name = name
        self._deployed = deployed
        self._count = 0

    def look(self, relation: Relation, role: str) -> Sight:
        """What `role` sees of `relation`, views resolved down to the tables with their owners' rights, as PostgreSQL does."""
        if relation.is_view:
            return self._look_through(relation)
        if relation.kind not in "rp" or relation.partition_of:
            raise NotUnderstood(f"{relation.name} ({relation.kind})")
        row = self._row(relation)
        return Sight(z3.And(row.there, self._secured(relation, role, row)), row.columns, (row,))

    def _row(self, relation: Relation) -> Row:
        self._count += 1
        prefix = f"{self._name}{self._count}:{relation.name}"
        columns = {
            c.name: variable(
                f"{prefix}.{c.name}", c.type if c.deterministic else f"{c.type} of a loose collation"
            )
            for c in relation.columns
        }
        inside = z3.BoolVal(True) if relation.name in self._deployed.entitled else z3.Bool(f"{prefix}?inside")
        return Row(relation.name, z3.Bool(f"{prefix}?there"), inside, columns)

    def _secured(self, relation: Relation, role: str, row: Row) -> z3.BoolRef:
        """Row security as it binds `role`: any permissive policy, and all restrictive ones."""
        known = self._deployed.roles[role]
        if known.superuser or known.bypasses or not relation.secured:
            return z3.BoolVal(True)
        if relation.owner in known.closure and not relation.forced:
            return z3.BoolVal(True)
        scope = self._scope({("", name): term for name, term in row.columns.items()})
        policies = self._deployed.policies_for(relation.name, role)
        allowed = [(policy.permissive, self._holds(policy.using, scope)) for policy in policies]
        opened = z3.Or(z3.BoolVal(False), *[holds for permissive, holds in allowed if permissive])
        return z3.And(opened, *[holds for permissive, holds in allowed if not permissive])

    def _holds(self, text: str | None, scope: Scope) -> z3.BoolRef:
        return (
            z3.BoolVal(True) if text is None else encode(parse(f"select {text}").expressions[0], scope).true
        )

    def _scope(self, columns: dict[tuple[str, str], Term]) -> Scope:
        return Scope(columns, functions(), self._deployed.code_point_order)

    def _look_through(self, view: Relation) -> Sight:
        if view.kind == "v" and any(option.startswith("security_invoker") for option in view.options):
            raise NotUnderstood(f"{view.name}: security_invoker")
        tree = parse(str(view.definition))
        _require_plain(tree, view.name)
        sights = {alias: self.look(self._named(table), view.owner) for alias, table in _tables(tree).items()}
        columns = {
            (alias, name): term for alias, sight in sights.items() for name, term in sight.columns.items()
        }
        if len(sights) == 1:
            columns |= {("", name): term for (_, name), term in columns.items()}
        scope = self._scope(columns)
        where = tree.args.get("where")
        holds = z3.BoolVal(True) if where is None else encode(where.this, scope).true
        outputs = [encode(node.unalias(), scope) for node in tree.expressions]
        return Sight(
            z3.And(holds, *[sight.visible for sight in sights.values()]),
            {column.name: term for column, term in zip(view.columns, outputs, strict=True)},
            tuple(row for sight in sights.values() for row in sight.rows),
        )

    def _named(self, table: exp.Table) -> Relation:
        name = f"{table.db}.{table.name}"
        if name not in self._deployed.relations:
            raise NotUnderstood(f"the relation {table.sql('postgres')[:120]}")
        return self._deployed.relations[name]


def _require_plain(tree: exp.Expr, name: str) -> None:
    if not isinstance(tree, exp.Select):
        raise NotUnderstood(f"{name} is not a plain SELECT")
    extra = {key for key, value in tree.args.items() if value} - {
        "expressions",
        "from_",
        "joins",
        "where",
        "kind",
    }
    if extra:
        raise NotUnderstood(f"{name}: {', '.join(sorted(extra))}")


def _tables(tree: exp.Expr) -> dict[str, exp.Table]:
    """Alias → table of `from a, b`. Joins with conditions, and anything that is not a table, are not understood."""
    source = tree.args.get("from_")
    joins = tree.args.get("joins") or []
    if source is None or any({key for key, value in join.args.items() if value} - {"this"} for join in joins):
        raise NotUnderstood("a FROM clause other than tables side by side")
    tables = [source.this, *(join.this for join in joins)]
    if not all(
        isinstance(t, exp.Table) and isinstance(t.this, exp.Identifier) and not t.args.get("joins")
        for t in tables
    ):
        raise NotUnderstood("something other than a table in FROM")
    return {table.alias_or_name: table for table in tables}


# --- the intent, in the same terms


def allowed(row: Row, caller: Caller) -> z3.BoolRef:
    """The intent lets `caller` know of this row."""
    reach = reach_of(caller.audience, caller.purpose, row.table)
    return z3.BoolVal(False) if reach is None else z3.And(row.there, concerns(reach, row, caller))


def concerns(reach: Reach, row: Row, caller: Caller) -> z3.BoolRef:
    """The meaning of a clause of the intent for one row."""

    def equals(column: str, value: z3.ExprRef) -> z3.BoolRef:
        term = row.columns[column]
        return z3.And(caller.passed, z3.Not(term.null), term.value == value)

    match reach.clause:
        case Clause.MY_CONTRACT:
            return z3.And(equals("holder", caller.company), row.inside)
        case Clause.MY_CONTRACT_AS_RECORDED:
            return equals("holder", caller.company)
        case Clause.MY_COMPANY:
            return equals(reach.company, caller.company)
        case Clause.MYSELF:
            return myself(row, caller)
        case Clause.ENTRUSTED:
            return z3.And(z3.Not(row.columns["point"].null), caller.entrusts(row.columns["point"].value))
        case Clause.MY_DUTY:
            return caller.passed
        case Clause.EVERYONE:
            return z3.BoolVal(True)


def myself(row: Row, caller: Caller) -> z3.BoolRef:
    """The row was caused by this person, for this company, in this audience. A namesake in another audience is somebody else."""
    wanted = (
        ("audience", z3.StringVal(caller.audience)),
        ("company", caller.company),
        ("person", caller.person),
    )
    same = [
        z3.And(z3.Not(row.columns[name].null), row.columns[name].value == value) for name, value in wanted
    ]
    return z3.And(caller.passed, *same)


def released(row: Row, caller: Caller, *, on_request: bool) -> dict[str, Term]:
    """Column → what the intent lets `caller` know of it: itself, or its masked form. `on_request`: the caller asked for this one."""
    found = {}
    for name, term in row.columns.items():
        manner = column_manner(caller.audience, caller.purpose, row.table, name)
        if manner is None:
            continue
        masked = manner is Manner.ON_REQUEST and not on_request
        if not masked:
            found[name] = term
        elif (item := COLUMNS[row.table][name]) in MASKED_FORMS and term.kind == TEXT:
            found[name] = strict(MASKED_FORMS[item].function)([term])
    return found


def differ(a: Term, b: Term) -> z3.BoolRef:
    """Two values can be told apart."""
    return z3.Or(a.null != b.null, z3.And(z3.Not(a.null), z3.Not(b.null), a.value != b.value))
