"""Compiles items, audiences, policy and gates into PostgreSQL: roles, row security, views, functions, grants.

Compiled state is not migrated but re-applied whole after each migration, in one transaction: everything that an earlier compilation
made is dropped and made anew, so what an auditor reads in the catalog is the state, not its history. `barrier plan` shows the
difference beforehand.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import sqlglot
from sqlglot import exp

from sekisho.barrier.audiences import AUDIENCES, LOGINS, PURPOSE, PURPOSES, Purpose, RowRule
from sekisho.barrier.gate import AnyGate, Gate, Sort, SubmitGate, sql_type
from sekisho.barrier.items import COLUMNS, TECHNICAL, item_of
from sekisho.barrier.policy import OWNER_COLUMN, Grade, Rule, rule_for, rules_of, visible_columns
from sekisho.kernel.errors import SekishoError

OWNER = "sekisho_owner"
WORKER = "sekisho_worker"

MASKS = {
    "name": "barrier.mask_name",
    "phone": "barrier.mask_phone",
    "slip_address": "barrier.mask_address",
    "address": "barrier.mask_address",
}
"""Item → the function that masks it where a rule says `reveal`."""


class UnableToCompile(SekishoError):
    """A gate asks for what the policy denies, or is declared wrongly."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One compiled object: its name (unique), its kind and the statement that makes it."""

    name: str
    kind: str
    statement: str


def compile_all(gates: Iterable[AnyGate]) -> list[Piece]:
    """Every object of the barrier, in the order in which they must be made."""
    pieces = [*_functions(), *_schemas(), *_policies(), *_views()]
    for gate in gates:
        pieces += compile_gate(gate)
    return [*pieces, *_worker_policies()]


def _functions() -> Iterator[Piece]:
    text = files("sekisho.barrier").joinpath("functions.sql").read_text(encoding="utf-8")
    for statement in sqlparse_statements(text):
        name = statement.split("function ", 1)[1].split("(", 1)[0].strip()
        yield Piece(name, "function", statement)


def sqlparse_statements(text: str) -> list[str]:
    """The `create or replace function` statements of functions.sql, without the comments between them."""
    parts = text.split("create or replace function ")[1:]
    return [
        "create or replace function " + part.split("\n\n")[0].split("\n--")[0].strip().rstrip(";")
        for part in parts
    ]


def _schemas() -> Iterator[Piece]:
    for purpose in PURPOSES:
        yield Piece(purpose.schema, "schema", f"create schema {purpose.schema} authorization {purpose.role}")
    yield Piece("gate", "schema", f"create schema gate authorization {OWNER}")


def _row_condition(rule: Rule, table: str) -> str:
    """The row-security condition: one comparison with a value that is computed once a statement."""
    viewer = f"(select barrier.viewer('{rule.audience}', '{rule.purpose}'))"
    match rule.rows:
        case RowRule.OWN_HOLDER:
            return f"holder = {viewer}"
        case RowRule.OWN_COMPANY:
            return f"{OWNER_COLUMN.get(table, 'company')} = {viewer}"
        case RowRule.OWN_PERSON:
            return _own_submission(rule.audience, rule.purpose)
        case RowRule.ASSIGNED:
            return (
                f"point = any ((select barrier.assigned_points('{rule.audience}', '{rule.purpose}'))::text[])"
            )
        case RowRule.WHOLE_AREA | RowRule.PUBLIC:
            return f"{viewer} is not null"


def _own_submission(audience: str, purpose: str) -> str:
    """What this person submitted for this company in this audience: not what they submitted for a former employer, nor a namesake's."""
    return (
        f"person = (select barrier.viewer_person('{audience}', '{purpose}'))"
        f" and company = (select barrier.viewer('{audience}', '{purpose}')) and audience = '{audience}'"
    )


def _policies() -> Iterator[Piece]:
    for purpose in PURPOSES:
        for rule in rules_of(purpose):
            for table in rule.tables:
                name = f"{rule.id}_{purpose.role}"
                yield Piece(
                    f"{table}:{name}",
                    "policy",
                    f'create policy "{name}" on {table} for select to {purpose.role} using ({_row_condition(rule, table)});\n'
                    f"comment on policy \"{name}\" on {table} is '{rule.id}'",
                )


def _worker_policies() -> Iterator[Piece]:
    for table in COLUMNS:
        yield Piece(
            f"{table}:worker",
            "policy",
            f'create policy "worker" on {table} for all to {WORKER}, {OWNER} using (true) with check (true)',
        )
    for purpose in PURPOSES:
        viewer = _own_submission(purpose.audience, purpose.code)
        yield Piece(
            f"work.command:submit_{purpose.role}",
            "policy",
            f'create policy "submit_{purpose.role}" on work.command for insert to {purpose.role} with check ({viewer});\n'
            f'create policy "repeat_{purpose.role}" on work.command for select to {purpose.role} using ({viewer})',
        )
        yield Piece(
            f"ledger.passage:append_{purpose.role}",
            "policy",
            f'create policy "append_{purpose.role}" on ledger.passage for insert to {purpose.role} with check (true)',
        )


def _views() -> Iterator[Piece]:
    for purpose in PURPOSES:
        for rule in rules_of(purpose):
            for table in rule.tables:
                yield from _view_pieces(purpose, rule, table)


def view_name(purpose: Purpose, table: str) -> str:
    """`seen_operator_wheeling.party` for `registry.party`."""
    return f"{purpose.schema}.{table.split('.')[1]}"


def _view_pieces(purpose: Purpose, rule: Rule, table: str) -> Iterator[Piece]:
    columns = visible_columns(rule, table)
    name = view_name(purpose, table)
    raw = ", ".join(columns)
    yield Piece(
        f"{table}:columns:{purpose.role}", "grant", f"grant select ({raw}) on {table} to {purpose.role}"
    )
    masked = [column for column, grade in columns.items() if grade is Grade.REVEAL]
    outputs = [
        _masked(table, column) if column in masked else column
        for column in columns
        if not _is_hidden_key(column, masked)
    ]
    yield Piece(name, "view", _create_view(purpose, name, ", ".join(outputs), table))
    if masked:
        keys = [
            column
            for column in ("contract_no", "change_no", "point", "holder", "valid", "superseded_at")
            if column in columns
        ]
        yield Piece(
            f"{name}__revealed",
            "view",
            _create_view(purpose, f"{name}__revealed", ", ".join([*keys, *masked]), table),
        )


def _is_hidden_key(column: str, masked: Sequence[str]) -> bool:
    """Look-up keys of a masked item stand only in the `__revealed` view, where gates may filter on them."""
    return column in masked and column.endswith("_key")


def _masked(table: str, column: str) -> str:
    item = COLUMNS[table][column]
    return f"{MASKS[item]}({column}) as {column}"


def _create_view(purpose: Purpose, name: str, outputs: str, table: str) -> str:
    return f"create view {name} as select {outputs} from {table};\nalter view {name} owner to {purpose.role}"


# --- gates


def function_name(
    gate: AnyGate, purpose: Purpose, sort: str | None = None, *, descending: bool = False, variant: str = ""
) -> str:
    """`gate.operator_wheeling_card`, `gate.retailer_contract_contracts_by_point_desc`, `…_desc_plain` (see `variants_of`)."""
    suffix = "" if sort is None else f"_by_{sort}{'_desc' if descending else ''}{variant and f'_{variant}'}"
    return f"gate.{purpose.audience}_{purpose.code}_{gate.name}{suffix}"


def compile_gate(gate: AnyGate) -> list[Piece]:
    """One function for each purpose, and for reading gates with sort orders one for each order and direction."""
    pieces: list[Piece] = []
    for code in gate.purposes:
        purpose = PURPOSE[gate.audience, code]
        if isinstance(gate, SubmitGate):
            pieces.append(_submit_piece(gate, purpose))
        elif not gate.sorts:
            pieces.append(_reading_piece(gate, purpose, None, descending=False))
        else:
            pieces += [
                _reading_piece(varied, purpose, key, descending=down, variant=variant)
                for variant, varied in variants_of(gate).items()
                for key in gate.sorts
                for down in (False, True)
            ]
    return pieces


@cache
def variants_of(gate: Gate[Any]) -> dict[str, Gate[Any]]:
    """A list's variants, each with a plan of its own kind: any filters, none (`plain`), one that an index serves (`found`)."""
    variants = {"": gate}
    if gate.params and all(param.default == "null" for param in gate.params):
        variants["plain"] = _without_filters(gate)
    if gate.found is not None:
        sorts = {key: replace(sort, source=None) for key, sort in gate.sorts.items()}
        variants["found"] = replace(gate, where=f"({gate.where}) and {gate.found.where}", sorts=sorts)
    return variants


def variant_for(gate: Gate[Any], given: Mapping[str, object]) -> str:
    """Which variant answers a call with these parameters."""
    named = {name for name, value in given.items() if value is not None}
    if gate.found is not None and named & set(gate.found.params):
        return "found"
    return "plain" if not named and "plain" in variants_of(gate) else ""


def _without_filters(gate: Gate[Any]) -> Gate[Any]:
    """The same list with every filter fixed to null, which the planner then folds away."""

    def fixed(text: str) -> str:
        for param in gate.params:
            text = re.sub(rf"\bp_{param.name}\b", f"null::{param.type}", text)
        return text

    sorts = {
        key: replace(sort, source=sort.source and fixed(sort.source)) for key, sort in gate.sorts.items()
    }
    return replace(gate, params=(), source=fixed(gate.source), where=fixed(gate.where), sorts=sorts)


@dataclass(frozen=True, slots=True)
class Output:
    """One column that a gate returns for one purpose, with the items it carries."""

    name: str
    type: str
    expression: str
    items: frozenset[str]
    masked: bool


@cache
def outputs_of(gate: Gate[Any], purpose: Purpose) -> tuple[Output, ...]:
    """The columns that `gate` returns for `purpose`; those carrying a denied item are left out."""
    return tuple(output for output, denied in _graded_outputs(gate, purpose) if not denied)


@cache
def items_of(gate: AnyGate, purpose: Purpose) -> tuple[str, ...]:
    """The item codes that a passage of this gate records; `name:masked` where only the masked form was returned."""
    if isinstance(gate, SubmitGate):
        return ()
    return tuple(
        sorted(
            {
                f"{item}:masked" if out.masked else item
                for out in outputs_of(gate, purpose)
                for item in out.items
            }
        )
    )


def _graded_outputs(gate: Gate[Any], purpose: Purpose) -> Iterator[tuple[Output, bool]]:
    tables = _aliases(gate)
    for item_field in gate.fields():
        expression = str(item_field.metadata["sql"])
        references = list(_references(expression, tables))
        grades = [_grade(purpose, table, column) for table, column in references]
        items = frozenset(
            item
            for table, column in references
            if (item := item_of(base_table(table), column)) not in (None, TECHNICAL) and item
        )
        revealed = any(table.endswith("__revealed") for table, _ in references)
        masked = Grade.REVEAL in grades and not revealed
        denied = None in grades or Grade.RECORD in grades
        if revealed and not gate.reveals:
            raise UnableToCompile(
                f"gate {gate.name}: {item_field.name} returns a masked item in clear, but the gate is not a revealing one"
            )
        yield Output(item_field.name, sql_type(gate.row, item_field.name), expression, items, masked), denied


def base_table(view: str) -> str:
    """`registry.party` for the view part `party` or `party__revealed`."""
    bare = view.removesuffix("__revealed")
    return next(table for table in COLUMNS if table.split(".")[1] == bare)


def _grade(purpose: Purpose, view: str, column: str) -> Grade | None:
    table = base_table(view)
    rule = rule_for(purpose.audience, purpose.code, table)
    return None if rule is None else visible_columns(rule, table).get(column)


def _aliases(gate: Gate[Any]) -> dict[str, str]:
    """Alias → view name (without schema) of the gate's source."""
    tree = sqlglot.parse_one(f"select 1 from {gate.source.format(seen='seen')}", read="postgres")
    return {table.alias_or_name: table.name for table in tree.find_all(exp.Table) if table.db == "seen"}


def _references(expression: str, aliases: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The (view, column) pairs that an output expression reads."""
    tree = sqlglot.parse_one(f"select {expression}", read="postgres")
    local = {alias.name for alias in tree.find_all(exp.TableAlias)}
    for column in tree.find_all(exp.Column):
        if column.table in aliases:
            yield aliases[column.table], column.name
        elif column.table or not (column.name in local or column.name.startswith("p_")):
            raise UnableToCompile(f"cannot tell which view {column.sql()} in {expression!r} comes from")


def _reading_piece(
    gate: Gate[Any], purpose: Purpose, key: str | None, *, descending: bool, variant: str = ""
) -> Piece:
    name = function_name(gate, purpose, key, descending=descending, variant=variant)
    sort = None if key is None else gate.sorts[key]
    outputs = outputs_of(gate, purpose)
    params = [
        f"p_{param.name} {param.type}{'' if param.default is None else f' default {param.default}'}"
        for param in gate.params
    ]
    returns = [f'"{out.name}" {out.type}' for out in outputs]
    if sort is not None:
        start = ", ".join(_ENDS[kind][descending] for kind in sort.types)
        params += [f"p_after text[] default array[{start}]::text[]", "p_page_size integer default 50"]
        returns.append("page_key text[]")
    body = _reading_body(gate, purpose, outputs, sort, descending=descending)
    # a statement without optional filters has one good plan; planning it anew would cost more than running it
    plan = (
        ""
        if any(param.default == "null" for param in gate.params)
        else " set plan_cache_mode = force_generic_plan"
    )
    if sort is not None:
        # a page is a walk along one index with a fact looked up for each row; in large tables the planner would rather collect
        # bitmaps from the temporal keys, which takes five times as long
        plan += " set enable_bitmapscan = off"
    statement = (
        f"create function {name}({', '.join(params)}) returns table ({', '.join(returns)})\n"
        f"language sql volatile security definer rows 100{plan}\nbegin atomic\n{body};\nend;\n"
        f"alter function {name} owner to {purpose.role};\n{_grants(name, purpose)}"
    )
    return Piece(name, "gate", statement)


def _grants(name: str, purpose: Purpose) -> str:
    logins = ", ".join(next(a.logins for a in AUDIENCES if a.code == purpose.audience))
    return f"revoke execute on function {name} from public;\ngrant execute on function {name} to {logins}"


def _reading_body(
    gate: Gate[Any], purpose: Purpose, outputs: Sequence[Output], sort: Sort | None, *, descending: bool
) -> str:
    direction = " desc" if descending else ""
    keys = [] if sort is None else [f"{expr} as k{n}" for n, expr in enumerate(sort.expressions)]
    selected = [f'{out.expression} as "{out.name}"' for out in outputs]
    technical = [f"{gate.point or 'null::text'} as r_point", f"{gate.holder or 'null::text'} as r_holder",
                 f"{gate.shown_from or 'null::date'} as r_from", f"{gate.shown_to or 'null::date'} as r_to"]  # fmt: skip
    where = f"({gate.where.format(seen=purpose.schema)})" + (
        "" if sort is None else f" and {_after(sort, descending=descending)}"
    )
    order = gate.order if sort is None else ", ".join(f"{expr}{direction}" for expr in sort.expressions)
    limit = str(gate.max_rows) if sort is None else "greatest(1, least(p_page_size, 200))"
    source = (gate.source if sort is None or sort.source is None else sort.source).format(seen=purpose.schema)
    group = f" group by {gate.group}" if gate.group else ""
    final = [f'r."{out.name}"' for out in outputs]
    final_order = ""
    if sort is not None:
        final.append(f"array[{', '.join(f'r.k{n}::text' for n in range(len(sort.expressions)))}]")
        final_order = " order by " + ", ".join(f"r.k{n}{direction}" for n in range(len(sort.expressions)))
    return (
        f"with r as materialized (select {', '.join(selected + technical + keys)} from {source} where {where}{group}"
        f"{f' order by {order}' if order else ''} limit {limit}),\n"
        f"passage as ({_passage(gate, purpose)})\n"
        f"select {', '.join(final)} from r{final_order}"
    )


_ENDS = {
    "text": ("''", "repeat(chr(1114111), 4)"),
    "date": ("'-infinity'", "'infinity'"),
    "timestamptz": ("'-infinity'", "'infinity'"),
    "bigint": (f"'{-(2**63)}'", f"'{2**63 - 1}'"),
}
"""The lowest and highest value of a sort type: where a list begins."""


def _after(sort: Sort, *, descending: bool) -> str:
    """Keyset paging as one row comparison, which an index serves below row security too (a COALESCE would not be leakproof)."""
    left = ", ".join(sort.expressions)
    right = ", ".join(f"p_after[{n}]::{kind}" for n, kind in enumerate(sort.types, 1))
    return f"({left}) {'<' if descending else '>'} ({right})"


def _passage(gate: Gate[Any], purpose: Purpose) -> str:
    """The record, written by the statement that reads. INVARIANT: no row comes back when this cannot be written."""
    items = ", ".join(f"'{item}'" for item in items_of(gate, purpose))
    points, holders, pair = "'{}'::text[]", "'{}'::text[]", ""
    if gate.point is not None:
        points, holders = "(s.pair).points", "(s.pair).holders"
        known = "filter (where r.r_point is not null)"
        pair = f", barrier.pairs(array_agg(r.r_point) {known}, array_agg(coalesce(r.r_holder, '')) {known}) as pair"
    return (
        "insert into ledger.passage (at, gate, audience, company, person, purpose, case_no, verdict, points, holders, items,"
        f" shown, row_count, request_id) select barrier.now(), '{gate.name}', '{purpose.audience}', w.company, w.person,"
        f" '{purpose.code}', w.case_no, w.verdict, {points}, {holders}, array[{items}]::text[], s.shown, s.row_count, w.request_id"
        f" from barrier.passport('{purpose.audience}', '{purpose.code}') w"
        " cross join (select count(*)::integer as row_count, case when min(r.r_from) is not null then daterange(min(r.r_from),"
        f" case when count(r.r_to) = count(*) then max(r.r_to) end) end as shown{pair} from r) s returning 1"
    )


def _submit_piece(gate: SubmitGate, purpose: Purpose) -> Piece:
    name = function_name(gate, purpose)
    statement = (
        f"create function {name}(p_payload jsonb, p_idempotency_key text) returns table (command_no uuid, fresh boolean)\n"
        "language sql volatile security definer\nbegin atomic\n"
        "with w as materialized (select p.* from barrier.passport("
        f"'{purpose.audience}', '{purpose.code}') p),\n"
        f"c as (insert into work.command as q (kind, payload, audience, company, person, purpose, request_id, idempotency_key, submitted_at)"
        f" select '{gate.command}', p_payload, '{purpose.audience}', w.company, w.person, '{purpose.code}', w.request_id,"
        " p_idempotency_key, barrier.now() from w where w.verdict = 'passed'"
        " on conflict do nothing returning q.command_no),\n"
        "passage as (insert into ledger.passage (at, gate, audience, company, person, purpose, case_no, verdict, points, holders,"
        f" items, row_count, request_id) select barrier.now(), '{gate.name}', '{purpose.audience}', w.company, w.person,"
        f" '{purpose.code}', w.case_no, w.verdict, '{{}}', '{{}}', '{{}}', 0, w.request_id from w returning 1)\n"
        "select c.command_no, true from c union all select q.command_no, false from work.command q, w"
        f" where q.person = w.person and q.kind = '{gate.command}' and q.idempotency_key = p_idempotency_key;\nend;\n"
        f"alter function {name} owner to {purpose.role};\n{_grants(name, purpose)}"
    )
    return Piece(name, "gate", statement)


ALL_ROLES = (OWNER, WORKER, *(purpose.role for purpose in PURPOSES), *LOGINS)
