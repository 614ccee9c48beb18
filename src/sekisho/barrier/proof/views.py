"""Obligation 1: what each view shows is what the intent allows.

For every view: two databases that agree on all that the intent lets the caller know give the same rows (two-run non-interference).
For every owner of views and gates: no row beyond the intent can be reached, whatever a gate's body does.
"""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import z3
from sqlglot import exp

from sekisho.barrier.audiences import PURPOSES, Purpose
from sekisho.barrier.intent import MASKED_FORMS, REACHES, SUBMISSION, column_manner, reach_of
from sekisho.barrier.proof.deployed import Deployed, Relation
from sekisho.barrier.proof.encoder import (
    DATE,
    NotUnderstood,
    Scope,
    Term,
    encode,
    parse,
    variable,
)
from sekisho.barrier.proof.findings import Counterexample, Tally
from sekisho.barrier.proof.solvers import ask, value_in
from sekisho.barrier.proof.worlds import (
    Caller,
    Row,
    Sight,
    World,
    allowed,
    differ,
    myself,
    released,
)

REVEALED = "__revealed"
_EXAMPLE_DAY = 19814  # 2024-04-01, in days since 1970-01-01
_EXAMPLES = {
    "holder": "00016", "company": "00016", "contractor": "K0001", "point": "0600000000000000000001", "contract_no": "C-0001",
    "customer_no": "00000000000001", "name": "山田太郎", "phone": "0600000001", "address": "大阪府架空市1-2-3", "person": "r1",
}  # fmt: skip
"""Readable values that a counterexample takes where the formula leaves them open."""


def prove_views(deployed: Deployed, tally: Tally) -> None:
    """Every view in the schemas of the purposes, and the masks they use."""
    for purpose in PURPOSES:
        for relation in _views_of(deployed, purpose):
            _prove_view(deployed, purpose, relation, tally)
    _prove_masks(deployed, tally)


def _views_of(deployed: Deployed, purpose: Purpose) -> list[Relation]:
    return [r for r in deployed.relations.values() if r.name.startswith(f"{purpose.schema}.") and r.is_view]


def _prove_view(deployed: Deployed, purpose: Purpose, view: Relation, tally: Tally) -> None:
    tally.statements += len(view.columns) + 1
    try:
        leak = interference(deployed, view, Caller(purpose.audience, purpose.code))
    except NotUnderstood as unknown:
        tally.fail(view.name, f"証明できません: {unknown}", f"Unproven, not understood: {unknown}")
        return
    tally.queries += 1
    if isinstance(leak, str):
        tally.fail(view.name, f"ソルバーが決められません: {leak}", f"The solvers could not decide: {leak}")
    elif leak is not None:
        tally.fail(view.name, leak.ja, leak.en, leak)


def interference(
    deployed: Deployed, view: Relation, caller: Caller, role: str | None = None
) -> Counterexample | str | None:
    """A row by which `view` tells `caller` more than the intent allows; None when there is none; a text when undecided.

    The answer depends on nothing but what `_basis` lists, so it is kept: a second proof in one process asks only what has changed.
    """
    reader = view.owner if role is None else role
    key = (_basis(deployed, view, reader), caller, reader)
    if key not in _ANSWERS:
        _ANSWERS[key] = _interference(deployed, view, caller, reader)
    return _ANSWERS[key]


_ANSWERS: dict[Hashable, Counterexample | str | None] = {}


def _basis(deployed: Deployed, relation: Relation, reader: str) -> Hashable:
    """Everything that decides what `reader` sees of `relation`: definition, tables, policies, roles, entitlement, text order."""
    owner = relation.owner if relation.is_view else reader
    names = (
        sorted({f"{t.db}.{t.name}" for t in parse(str(relation.definition)).find_all(exp.Table)})
        if relation.is_view
        else []
    )
    below = tuple(
        _basis(deployed, deployed.relations[name], owner) for name in names if name in deployed.relations
    )
    bound = tuple(deployed.policies_for(relation.name, owner)) if not relation.is_view else ()
    return (
        replace(relation, oid=0),
        below,
        bound,
        deployed.roles[owner],
        relation.name in deployed.entitled,
        deployed.code_point_order,
    )


def _interference(
    deployed: Deployed, view: Relation, caller: Caller, reader: str
) -> Counterexample | str | None:
    on_request = view.name.endswith(REVEALED)
    one, two = (World(name, deployed).look(view, reader) for name in ("D", "D′"))
    agreement = [
        part
        for a, b in zip(one.rows, two.rows, strict=True)
        for part in _agree(a, b, caller, on_request=on_request)
    ]
    apart = {
        name: z3.And(one.visible, two.visible, differ(one.columns[name], two.columns[name]))
        for name in one.columns
    }
    question = [*agreement, z3.Or(one.visible != two.visible, *apart.values())]
    answer = ask(question, lambda: _wishes(one, caller))
    if answer.proved:
        return None
    return answer.reason if answer.model is None else _explain(answer.model, view, one, two, caller)


def _agree(a: Row, b: Row, caller: Caller, *, on_request: bool) -> Iterator[z3.BoolRef]:
    """Both worlds agree on everything that the intent lets the caller know of this row."""
    yield allowed(a, caller) == allowed(b, caller)
    known, other = (released(row, caller, on_request=on_request) for row in (a, b))
    yield z3.Implies(
        allowed(a, caller),
        z3.And(z3.BoolVal(True), *[z3.Not(differ(known[name], other[name])) for name in known]),
    )


def _wishes(one: Sight, caller: Caller) -> list[z3.BoolRef]:
    """A row that comes out in the first world, with values that a person can read."""
    wishes = [
        one.visible,
        caller.passed,
        caller.company == z3.StringVal("00026"),
        caller.person == z3.StringVal("r9"),
    ]
    return [*wishes, *(wish for row in one.rows for wish in _plain_values(row))]


def _plain_values(row: Row) -> Iterator[z3.BoolRef]:
    for name, term in row.columns.items():
        yield z3.Not(term.null)
        if z3.is_string(term.value):
            yield term.value == z3.StringVal(_EXAMPLES.get(name, ""))
        elif term.kind == DATE:
            yield term.value == _EXAMPLE_DAY


def _explain(model: z3.ModelRef, view: Relation, one: Sight, two: Sight, caller: Caller) -> Counterexample:
    sight, other = (one, two) if z3.is_true(model.eval(one.visible, model_completion=True)) else (two, one)
    row = sight.rows[0]
    rows_differ = z3.is_true(model.eval(z3.Xor(one.visible, two.visible), model_completion=True))
    learns = tuple(
        name for name in sight.columns
        if rows_differ or z3.is_true(model.eval(differ(sight.columns[name], other.columns[name]), model_completion=True))
    )  # fmt: skip
    shown = _values(model, row)
    company = str(value_in(model, z3.BoolVal(False), caller.company))
    who = {"audience": caller.audience, "purpose": caller.purpose, "company": company}
    subject = f"{shown.get('holder') or '?'} の地点 {shown.get('point') or shown.get('contract_no') or '?'}"
    day = _day(shown)
    return Counterexample(
        who, shown, learns,
        f"{caller.audience}/{caller.purpose}(会社 {company})が {view.name} で、{subject}({day})の {', '.join(learns)} を知ることができます。",
        f"{caller.audience}/{caller.purpose} of company {company} can learn {', '.join(learns)} through {view.name}: "
        f"holder {shown.get('holder') or '?'}, point {shown.get('point') or '?'}, day {day}.",
    )  # fmt: skip


def _values(model: z3.ModelRef, row: Row) -> dict[str, str | None]:
    """The row as text. A period is opaque to the solver: any will do, so the example's day stands for it."""
    values = {}
    for name, term in row.columns.items():
        value = value_in(model, term.null, term.value)
        if value is not None and term.kind == DATE:
            value = _iso(int(value))
        elif value is not None and "!val!" in value:
            value = f"[{_iso(_EXAMPLE_DAY)},)" if term.kind == "daterange" else "…"
        values[name] = value
    return values


def _iso(days: int) -> str:
    try:
        return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
    except OverflowError:
        return f"1970-01-01{days:+d}d"


def _day(shown: dict[str, str | None]) -> str:
    return str(shown.get("day") or shown.get("valid") or _iso(_EXAMPLE_DAY)).strip("[),")


# --- masks


def _prove_masks(deployed: Deployed, tally: Tally) -> None:
    """A masked form depends on nothing but what it is meant to tell."""
    for form in MASKED_FORMS.values():
        tally.statements += 1
        signature = f"{form.function}(text)"
        try:
            leak = _mask_leak(deployed, signature, form.tells)
        except NotUnderstood as unknown:
            tally.fail(signature, f"証明できません: {unknown}", f"Unproven, not understood: {unknown}")
            continue
        tally.queries += 1
        if leak is not None:
            tally.fail(signature, leak.ja, leak.en, leak)


def _mask_leak(deployed: Deployed, signature: str, tells: str) -> Counterexample | None:
    if signature not in deployed.functions:
        raise NotUnderstood(f"{signature} does not exist")
    body = deployed.functions[signature].body.strip()
    if not body.upper().startswith("RETURN "):
        raise NotUnderstood(f"the body of {signature}")
    one, two = variable("v", "text"), variable("v′", "text")
    name = signature.partition("(")[0].partition(".")[2]

    def over(text: str, value: Term) -> Term:
        return encode(
            parse(f"select {text}").expressions[0], Scope({("", "value"): value, (name, "value"): value})
        )

    masked = body[len("RETURN ") :]
    answer = ask([z3.Not(differ(over(tells, one), over(tells, two))), differ(over(masked, one), over(masked, two))],
                 lambda: [one.value == z3.StringVal("山田太郎"), two.value == z3.StringVal("山本花子")])  # fmt: skip
    if answer.proved:
        return None
    if answer.model is None:
        raise NotUnderstood(f"{signature}: {answer.reason}")
    values = [value_in(answer.model, v.null, v.value) for v in (one, two)]
    return Counterexample(
        {}, {"value": values[0], "other": values[1]}, (signature,),
        f"伏せた形が {tells} 以外のことを示します: {values[0]!r} と {values[1]!r} を見分けられます。",
        f"The masked form tells more than {tells}: it tells {values[0]!r} from {values[1]!r}.",
    )  # fmt: skip


# --- the owners of views and gates, whatever the bodies do


def prove_owners(deployed: Deployed, tally: Tally) -> None:
    """The role that a purpose's views and gates run as can reach no row and no column beyond the intent."""
    readable = _readable(deployed)
    for purpose in PURPOSES:
        for table, columns in readable.get(purpose.role, {}).items():
            tally.statements += len(columns) + 1
            _prove_columns(deployed, purpose, table, columns, tally)
            _prove_rows(deployed, purpose, table, tally)


def _readable(deployed: Deployed) -> dict[str, dict[str, set[str]]]:
    """Role → table → columns that it may select, directly or as PUBLIC, outside the views."""
    found: dict[str, dict[str, set[str]]] = {}
    for grant in deployed.grants:
        if grant.privilege != "SELECT" or grant.initial or grant.kind not in ("relation", "column"):
            continue
        table, column = (grant.object, None) if grant.kind == "relation" else grant.object.rsplit(".", 1)
        relation = deployed.relations.get(table)
        if relation is None or (relation.is_view and relation.name.startswith("seen_")):
            continue
        columns = {column} if column else {c.name for c in relation.columns}
        roles = [p.role for p in PURPOSES] if grant.grantee == "public" else [grant.grantee]
        for role in roles:
            found.setdefault(role, {}).setdefault(table, set()).update(columns)
    return found


def _prove_columns(
    deployed: Deployed, purpose: Purpose, table: str, columns: Iterable[str], tally: Tally
) -> None:
    submission = SUBMISSION[1] if table == SUBMISSION[0] else ()
    for column in sorted(columns):
        if column_manner(purpose.audience, purpose.code, table, column) is None and column not in submission:
            tally.fail(
                f"{purpose.role} → {table}.{column}",
                f"目的 {purpose.code} は {table}.{column} を知ってはなりませんが、読む権限があります。",
                f"{purpose.role} may not know {table}.{column}, yet it can select it.",
                _sample(deployed, purpose, table, column),
            )


def _sample(deployed: Deployed, purpose: Purpose, table: str, column: str) -> Counterexample:
    row = {c.name: _EXAMPLES.get(c.name, "…") for c in deployed.relations[table].columns}
    return Counterexample(
        {"audience": purpose.audience, "purpose": purpose.code, "company": "00026"}, dict(row), (column,),
        f"{purpose.audience}/{purpose.code} が {table} のどの行についても {column} を読めます。",
        f"{purpose.audience}/{purpose.code} can read {column} of any row of {table}.",
    )  # fmt: skip


def _prove_rows(deployed: Deployed, purpose: Purpose, table: str, tally: Tally) -> None:
    subject = f"{purpose.role} → {table}"
    try:
        found = _excess(deployed, purpose, deployed.relations[table])
    except NotUnderstood as unknown:
        tally.fail(subject, f"証明できません: {unknown}", f"Unproven, not understood: {unknown}")
        return
    tally.queries += 1
    if isinstance(found, str):
        tally.fail(subject, f"ソルバーが決められません: {found}", f"The solvers could not decide: {found}")
    elif found is not None:
        tally.fail(
            subject,
            f"意図より広い行に届きます。{found.ja}",
            f"It reaches more rows than intended. {found.en}",
            found,
        )


def _excess(deployed: Deployed, purpose: Purpose, relation: Relation) -> Counterexample | str | None:
    """A row of a table that the purpose's role reaches beyond the intent."""
    caller = Caller(purpose.audience, purpose.code)
    key = ("excess", _basis(deployed, relation, purpose.role), caller)
    if key not in _ANSWERS:
        sight = World("D", deployed).look(relation, purpose.role)
        row = sight.rows[0]
        own = myself(row, caller) if relation.name == SUBMISSION[0] else z3.BoolVal(False)
        answer = ask(
            [sight.visible, z3.Not(z3.Or(allowed(row, caller), own))], lambda: _wishes(sight, caller)
        )
        leak = (
            answer.reason if answer.model is None else _explain(answer.model, relation, sight, sight, caller)
        )
        _ANSWERS[key] = None if answer.proved else leak
    return _ANSWERS[key]


# --- the other direction: no less than promised


def promised(deployed: Deployed, tally: Tally) -> dict[str, Counterexample]:
    """Warn where a promise is not kept; returns a row that is missed, by view and by `table:role`."""
    missed: dict[str, Counterexample] = {}
    for reach in REACHES:
        purpose = next(p for p in PURPOSES if (p.audience, p.code) == (reach.audience, reach.purpose))
        for table in reach.tables:
            lost = _missing(deployed, purpose, table)
            if lost is not None:
                name = f"{purpose.schema}.{table.partition('.')[2]}"
                missed[name] = missed[f"{table}:{purpose.role}"] = lost
                tally.warn(name, lost.ja, lost.en, lost)
    return missed


def _missing(deployed: Deployed, purpose: Purpose, table: str) -> Counterexample | None:
    name = f"{purpose.schema}.{table.partition('.')[2]}"
    view = deployed.relations.get(name)
    caller = Caller(purpose.audience, purpose.code)
    if view is None:
        return _loss(deployed, caller, name, {}, "ビューがありません", "there is no such view")
    key = ("missing", _basis(deployed, view, view.owner), caller)
    if key not in _ANSWERS:
        _ANSWERS[key] = _lost(deployed, caller, table, view)
    found = _ANSWERS[key]
    return found if isinstance(found, Counterexample) else None


def _lost(deployed: Deployed, caller: Caller, table: str, view: Relation) -> Counterexample | None:
    name = view.name
    try:
        sight = World("D", deployed).look(view, view.owner)
    except NotUnderstood:
        return None
    rows = [row for row in sight.rows if row.table == table]
    if not rows:
        return _loss(deployed, caller, name, {}, f"{table} を読みません", f"it does not read {table}")
    answer = ask(
        [allowed(rows[0], caller), caller.passed, z3.Not(sight.visible)], lambda: _own_wishes(rows[0], caller)
    )
    if answer.model is not None:
        return _loss(
            deployed,
            caller,
            name,
            _values(answer.model, rows[0]),
            "この行が見えません",
            "this row is not seen",
        )
    absent = [
        column for column in rows[0].columns
        if column_manner(caller.audience, caller.purpose, table, column) and column not in sight.columns and not column.endswith("_key")
    ]  # fmt: skip
    if absent:
        return _loss(
            deployed,
            caller,
            name,
            {},
            f"列 {', '.join(absent)} がありません",
            f"it lacks {', '.join(absent)}",
        )
    return None


def _own_wishes(row: Row, caller: Caller) -> list[z3.BoolRef]:
    return [caller.company == z3.StringVal("00016"), caller.person == z3.StringVal("r1"), *_plain_values(row)]


def _loss(
    deployed: Deployed, caller: Caller, view: str, row: dict[str, str | None], ja: str, en: str
) -> Counterexample:
    reach = reach_of(
        caller.audience,
        caller.purpose,
        next((t for t in deployed.relations if t.endswith(view.partition(".")[2])), ""),
    )
    law = f"({reach.law})" if reach else ""
    who = {"audience": caller.audience, "purpose": caller.purpose, "company": "00016"}
    return Counterexample(
        who, row, (),
        f"{view}: {ja}。約束された情報{law}が届きません。", f"{view}: {en}; what was promised is not shown.",
    )  # fmt: skip
