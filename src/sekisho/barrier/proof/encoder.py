"""SQL expressions as SMT terms, with SQL's three-valued logic.

Input is what PostgreSQL itself printed (`pg_get_viewdef`, `pg_get_expr`), parsed by sqlglot. A term carries its null flag beside
its value. What is not understood raises `NotUnderstood`: the proof then fails, it never guesses. Functions that are immutable but
not modelled exactly are uninterpreted: the proof holds for whatever they compute. The encoder is compared with PostgreSQL itself
on random expressions and rows in tests/barrier/test_encoder.py.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from typing import Any

import sqlglot
import z3
from sqlglot import exp

TEXT, INT, BOOL, DATE = "text", "integer", "boolean", "date"
_FAMILY = {
    "character varying": TEXT, "varchar": TEXT, "text": TEXT,
    "smallint": INT, "bigint": INT, "integer": INT, "int": INT,
    "boolean": BOOL, "date": DATE,
}  # fmt: skip
_EPOCH = datetime.date(1970, 1, 1)


class NotUnderstood(Exception):
    """The encoder does not know what this SQL means. The message names the construct."""


@dataclass(frozen=True, slots=True)
class Term:
    """An SQL value: `value` counts only where `null` is false."""

    kind: str
    null: z3.BoolRef
    value: z3.ExprRef

    @property
    def true(self) -> z3.BoolRef:
        """SQL's `is true`."""
        return z3.And(z3.Not(self.null), self.value)


@dataclass(frozen=True, slots=True)
class TextSet:
    """A text array, as `= any (…)` sees it: null, empty, holding a null, and its members."""

    null: z3.BoolRef
    empty: z3.BoolRef
    has_null: z3.BoolRef
    members: Callable[[z3.ExprRef], z3.BoolRef]


def kind_of(type_name: str) -> str:
    """The kind under which a PostgreSQL type (as `format_type` prints it) is encoded; others are opaque, by name."""
    return _FAMILY.get(type_name.partition("(")[0].strip().lower(), type_name.lower())


def sort_of(kind: str) -> z3.SortRef:
    """The SMT sort of a kind. An opaque type has a sort of its own: nothing is known of it but identity."""
    sorts = {TEXT: z3.StringSort, INT: z3.IntSort, DATE: z3.IntSort, BOOL: z3.BoolSort}
    return sorts[kind]() if kind in sorts else z3.DeclareSort(f"sql_{kind}")


def variable(name: str, type_name: str) -> Term:
    """A fresh symbolic value of a PostgreSQL type, possibly null."""
    kind = kind_of(type_name)
    return Term(kind, z3.Bool(f"{name}?null"), z3.Const(name, sort_of(kind)))


def constant(value: object, type_name: str) -> Term:
    """A known value, or null for None."""
    kind = kind_of(type_name)
    if value is None:
        return Term(kind, z3.BoolVal(True), z3.Const(f"null_{kind}", sort_of(kind)))
    return Term(kind, z3.BoolVal(False), _literal(value, kind))


def _literal(value: object, kind: str) -> z3.ExprRef:
    match value:
        case bool():
            return z3.BoolVal(value)
        case int():
            return z3.IntVal(value)
        case datetime.date():
            return z3.IntVal((value - _EPOCH).days)
        case str():
            return z3.StringVal(value) if kind == TEXT else z3.Const(f"literal_{kind}_{value}", sort_of(kind))
        case _:
            raise NotUnderstood(f"a literal {value!r}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean: columns as (alias or "", column), and functions outside pg_catalog.

    `code_point_order` says that the database compares text by code points (C, C.UTF-8); otherwise text order is uninterpreted.
    """

    columns: Mapping[tuple[str, str], Term]
    functions: Mapping[str, Callable[[Sequence[object]], "Term | TextSet"]] = field(default_factory=dict)
    code_point_order: bool = False


@lru_cache(maxsize=10_000)
def parse(text: str) -> exp.Expr:
    """The one statement or expression in `text`; NotUnderstood where sqlglot does not know it."""
    try:
        parsed = sqlglot.parse(text, read="postgres")
    except sqlglot.errors.SqlglotError as fault:
        raise NotUnderstood(f"a text that cannot be parsed: {str(fault).splitlines()[0]}") from fault
    if len(parsed) != 1 or parsed[0] is None or isinstance(parsed[0], exp.Command):
        raise NotUnderstood("several statements, or none")
    return parsed[0]


def encode(node: exp.Expr, scope: Scope) -> Term:
    """The term for an expression."""
    found = _encode(node, scope)
    if isinstance(found, TextSet):
        raise NotUnderstood(f"an array outside ANY: {node.sql('postgres')}")
    return found


_UNDERSTOOD = frozenset({"this", "expression", "expressions", "low", "high", "to", "ifs", "default", "true", "negate", "is_string",
                         "table", "db", "quoted", "alias", "kind", "safe", "ignore_nulls"})  # fmt: skip
"""Parts of a syntax node that the handlers look at. Any other part that is set (`symmetric`, `format`, …) changes the meaning."""


def _encode(node: exp.Expr, scope: Scope) -> Term | TextSet:
    for kinds, handler in _HANDLERS:
        if isinstance(node, kinds):
            if kinds is not exp.Func:  # a call looks at all its parts
                _refuse_unknown_parts(node)
            return handler(node, scope)
    raise NotUnderstood(f"{type(node).__name__}: {node.sql('postgres')[:120]}")


def _refuse_unknown_parts(node: exp.Expr) -> None:
    unknown = [name for name, value in node.args.items() if value and name not in _UNDERSTOOD]
    if unknown:
        raise NotUnderstood(f"{', '.join(unknown)} of {node.sql('postgres')[:120]}")


def _column(node: exp.Column, scope: Scope) -> Term:
    try:
        return scope.columns[node.table, node.name]
    except KeyError:
        raise NotUnderstood(f"the column {node.sql('postgres')}") from None


def _literal_node(node: exp.Literal, _: Scope) -> Term:
    return constant(node.name, TEXT) if node.is_string else constant(_whole(node.name), INT)


def _whole(text: str) -> int:
    if not text.isdigit():
        raise NotUnderstood(f"the number {text}")
    return int(text)


def _negative(node: exp.Neg, scope: Scope) -> Term:
    inner = encode(node.this, scope)
    _require(inner, INT, node)
    return Term(INT, inner.null, -inner.value)


def _require(term: Term, kind: str, node: exp.Expr) -> None:
    if term.kind != kind:
        raise NotUnderstood(f"{node.sql('postgres')[:120]} over {term.kind}")


# --- three-valued logic


def _and(node: exp.And, scope: Scope) -> Term:
    a, b = _booleans(node, scope)
    false = z3.Or(z3.And(z3.Not(a.null), z3.Not(a.value)), z3.And(z3.Not(b.null), z3.Not(b.value)))
    return Term(BOOL, z3.And(z3.Not(false), z3.Or(a.null, b.null)), z3.Not(false))


def _or(node: exp.Or, scope: Scope) -> Term:
    a, b = _booleans(node, scope)
    return Term(BOOL, z3.And(z3.Not(z3.Or(a.true, b.true)), z3.Or(a.null, b.null)), z3.Or(a.true, b.true))


def _booleans(node: exp.Binary, scope: Scope) -> tuple[Term, Term]:
    left, right = _boolean(node.left, scope), _boolean(node.right, scope)
    return left, right


def _boolean(node: exp.Expr, scope: Scope) -> Term:
    term = encode(node, scope)
    if term.kind != BOOL and isinstance(node, exp.Null):
        return constant(None, BOOL)
    _require(term, BOOL, node)
    return term


def _not(node: exp.Not, scope: Scope) -> Term:
    inner = _boolean(node.this, scope)
    return Term(BOOL, inner.null, z3.Not(inner.value))


def _is(node: exp.Is, scope: Scope) -> Term:
    right = node.expression
    if isinstance(right, exp.Null):
        holds = encode(node.this, scope).null
    elif isinstance(right, exp.Boolean):
        inner = _boolean(node.this, scope)
        holds = z3.And(z3.Not(inner.null), inner.value if right.this else z3.Not(inner.value))
    else:
        raise NotUnderstood(node.sql("postgres"))
    return _known(z3.Not(holds) if node.args.get("negate") else holds)


def _known(value: z3.BoolRef) -> Term:
    return Term(BOOL, z3.BoolVal(False), value)


# --- comparison


def _equal(node: exp.EQ, scope: Scope) -> Term:
    any_, other = (
        (node.expression, node.this) if isinstance(node.expression, exp.Any) else (node.this, node.expression)
    )
    if isinstance(any_, exp.Any):
        return _member(encode(other, scope), _array(any_.this, scope))
    a, b = _alike(node, scope)
    return Term(BOOL, z3.Or(a.null, b.null), _same(a, b))


def _unequal(node: exp.NEQ, scope: Scope) -> Term:
    right = node.expression
    if (
        isinstance(right, exp.Anonymous) and right.name.upper() == "ALL"
    ):  # so sqlglot parses `<> ALL (…)`, that is NOT IN
        inside = _member(encode(node.this, scope), _array(right.expressions[0], scope))
        return Term(BOOL, inside.null, z3.Not(inside.value))
    if isinstance(right, exp.Any):
        raise NotUnderstood(node.sql("postgres"))
    a, b = _alike(node, scope)
    return Term(BOOL, z3.Or(a.null, b.null), z3.Not(_same(a, b)))


def _distinct(node: exp.NullSafeNEQ | exp.NullSafeEQ, scope: Scope) -> Term:
    a, b = _alike(node, scope)
    same = z3.Or(z3.And(a.null, b.null), z3.And(z3.Not(a.null), z3.Not(b.null), _same(a, b)))
    return _known(z3.Not(same) if isinstance(node, exp.NullSafeNEQ) else same)


def _same(a: Term, b: Term) -> z3.BoolRef:
    if a.kind in (TEXT, INT, DATE, BOOL):
        return a.value == b.value
    return _predicate(f"equal_{a.kind}", a.value, b.value)


def _alike(node: exp.Binary, scope: Scope) -> tuple[Term, Term]:
    return _unified(encode(node.left, scope), encode(node.right, scope), node)


def _unified(a: Term, b: Term, node: exp.Expr) -> tuple[Term, Term]:
    if a.kind == b.kind:
        return a, b
    if z3.is_true(a.null):
        return constant(None, b.kind), b
    if z3.is_true(b.null):
        return a, constant(None, a.kind)
    raise NotUnderstood(f"{a.kind} beside {b.kind}: {node.sql('postgres')[:120]}")


_ORDER: dict[type[exp.Expr], tuple[bool, bool]] = {
    exp.LT: (False, False), exp.LTE: (False, True), exp.GT: (True, False), exp.GTE: (True, True),
}  # fmt: skip
"""Operator → (operands swapped, equality included)."""


def _ordered(node: exp.Binary, scope: Scope) -> Term:
    swapped, including = _ORDER[type(node)]
    a, b = _alike(node, scope)
    if swapped:
        a, b = b, a
    less = _less(a, b, scope)
    return Term(BOOL, z3.Or(a.null, b.null), z3.Or(less, _same(a, b)) if including else less)


def _less(a: Term, b: Term, scope: Scope) -> z3.BoolRef:
    if a.kind in (INT, DATE):
        return a.value < b.value
    if a.kind == BOOL:
        return z3.And(z3.Not(a.value), b.value)
    if a.kind == TEXT and scope.code_point_order:
        return a.value < b.value
    return _predicate(f"less_{a.kind}", a.value, b.value)


def _predicate(name: str, a: z3.ExprRef, b: z3.ExprRef) -> z3.BoolRef:
    return z3.Function(f"sql_{name}", a.sort(), b.sort(), z3.BoolSort())(a, b)


def _between(node: exp.Between, scope: Scope) -> Term:
    low = exp.GTE(this=node.this.copy(), expression=node.args["low"].copy())
    high = exp.LTE(this=node.this.copy(), expression=node.args["high"].copy())
    return encode(exp.And(this=low, expression=high), scope)


def _in(node: exp.In, scope: Scope) -> Term:
    if not node.expressions:
        raise NotUnderstood(node.sql("postgres"))
    return _member(encode(node.this, scope), _elements(node.expressions, scope))


# --- arrays


def _array(node: exp.Expr, scope: Scope) -> TextSet | Callable[[Term], list[Term]]:
    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    if isinstance(node, exp.Array):
        return _elements(node.expressions, scope)
    found = _encode(node, scope)
    if isinstance(found, TextSet):
        return found
    raise NotUnderstood(f"the array {node.sql('postgres')[:120]}")


def _elements(nodes: Sequence[exp.Expr], scope: Scope) -> Callable[[Term], list[Term]]:
    terms = [encode(node, scope) for node in nodes]

    def compared(left: Term) -> list[Term]:
        pairs = [_unified(left, term, exp.Null()) for term in terms]
        return [Term(BOOL, z3.Or(a.null, b.null), _same(a, b)) for a, b in pairs]

    return compared


def _member(left: Term, array: TextSet | Callable[[Term], list[Term]]) -> Term:
    if isinstance(array, TextSet):
        if left.kind != TEXT:
            raise NotUnderstood(f"{left.kind} = any (text[])")
        hit = z3.And(z3.Not(array.null), z3.Not(array.empty), z3.Not(left.null), array.members(left.value))
        unknown = z3.Or(array.null, z3.And(z3.Not(array.empty), z3.Or(left.null, array.has_null)))
        return Term(BOOL, z3.And(z3.Not(hit), unknown), hit)
    compared = array(left)
    hit = z3.Or([term.true for term in compared])
    return Term(BOOL, z3.And(z3.Not(hit), z3.Or([term.null for term in compared])), hit)


# --- choice, casts, arithmetic


def _case(node: exp.Case, scope: Scope) -> Term:
    branches = [
        (_when(node.this, branch.this, scope), encode(branch.args["true"], scope))
        for branch in node.args["ifs"]
    ]
    default = node.args.get("default")
    found = constant(None, branches[0][1].kind) if default is None else encode(default, scope)
    for condition, value in reversed(branches):
        found = _choose(condition, value, found, node)
    return found


def _when(subject: exp.Expr | None, condition: exp.Expr, scope: Scope) -> z3.BoolRef:
    if subject is None:
        return _boolean(condition, scope).true
    a, b = _unified(encode(subject, scope), encode(condition, scope), condition)
    return z3.And(z3.Not(a.null), z3.Not(b.null), _same(a, b))


def _choose(condition: z3.BoolRef, then: Term, otherwise: Term, node: exp.Expr) -> Term:
    a, b = _unified(then, otherwise, node)
    return Term(a.kind, z3.If(condition, a.null, b.null), z3.If(condition, a.value, b.value))


def _coalesce(node: exp.Coalesce, scope: Scope) -> Term:
    terms = [encode(part, scope) for part in (node.this, *node.expressions)]
    return reduce(lambda later, earlier: _choose(z3.Not(earlier.null), earlier, later, node), reversed(terms))


def _nullif(node: exp.Nullif, scope: Scope) -> Term:
    a, b = _unified(encode(node.this, scope), encode(node.expression, scope), node)
    return Term(a.kind, z3.Or(a.null, z3.And(z3.Not(b.null), _same(a, b))), a.value)


def _extreme(node: exp.Greatest | exp.Least, scope: Scope) -> Term:
    terms = [encode(part, scope) for part in (node.this, *node.expressions)]
    greatest = isinstance(node, exp.Greatest)

    def better(a: Term, b: Term) -> Term:
        a, b = _unified(a, b, node)
        if a.kind not in (INT, DATE):
            raise NotUnderstood(node.sql("postgres"))
        first = z3.And(z3.Not(a.null), z3.Or(b.null, a.value >= b.value if greatest else a.value <= b.value))
        return Term(a.kind, z3.And(a.null, b.null), z3.If(first, a.value, b.value))

    return reduce(better, terms)


def _cast(node: exp.Cast, scope: Scope) -> Term | TextSet:
    wanted = kind_of(node.to.sql("postgres"))
    if node.this.is_string and wanted != TEXT:
        return constant(_read_literal(node.this.name, wanted), wanted)
    inner = _encode(node.this, scope)
    if isinstance(inner, TextSet) or inner.kind == wanted:
        return inner
    return constant(None, wanted) if z3.is_true(inner.null) else _pure(f"cast_{wanted}", [inner], wanted)


def _read_literal(text: str, kind: str) -> object:
    try:
        match kind:
            case "date":
                return datetime.date.fromisoformat(text)
            case "integer":
                return int(text)
            case "boolean":
                return {"t": True, "true": True, "f": False, "false": False}[text]
            case _:
                return text
    except (ValueError, KeyError):
        raise NotUnderstood(f"the {kind} {text}") from None


def _arithmetic(node: exp.Add | exp.Sub, scope: Scope) -> Term:
    a, b = encode(node.left, scope), encode(node.right, scope)
    sign = 1 if isinstance(node, exp.Add) else -1
    kinds = (a.kind, b.kind)
    if kinds not in ((INT, INT), (DATE, INT)) and not (sign == -1 and kinds == (DATE, DATE)):
        raise NotUnderstood(node.sql("postgres"))
    kind = INT if kinds[0] == kinds[1] else DATE
    return Term(kind, z3.Or(a.null, b.null), a.value + b.value if sign == 1 else a.value - b.value)


def _joined(node: exp.DPipe, scope: Scope) -> Term:
    a, b = encode(node.this, scope), encode(node.expression, scope)
    _require(a, TEXT, node)
    _require(b, TEXT, node)
    return Term(TEXT, z3.Or(a.null, b.null), z3.Concat(a.value, b.value))


def _subquery(node: exp.Subquery, scope: Scope) -> Term | TextSet:
    inner = node.this
    extra = {name for name, value in inner.args.items() if value} - {"expressions", "kind"}
    if not isinstance(inner, exp.Select) or extra or len(inner.expressions) != 1:
        raise NotUnderstood(f"a subquery: {node.sql('postgres')[:120]}")
    return _encode(inner.expressions[0].unalias(), scope)


# --- functions


def _qualified(node: exp.Dot, scope: Scope) -> Term | TextSet:
    call = node.expression
    name = f"{node.this.name}.{call.name}"
    if not isinstance(call, exp.Anonymous) or name not in scope.functions:
        raise NotUnderstood(f"the function {node.sql('postgres')[:120]}")
    return scope.functions[name]([_argument(part, scope) for part in call.expressions])


def _argument(node: exp.Expr, scope: Scope) -> object:
    """A text literal as str, anything else as a term."""
    bare = node.this if isinstance(node, exp.Cast) else node
    return bare.name if isinstance(bare, exp.Literal) and bare.is_string else encode(node, scope)


def strict(name: str, kind: str = TEXT) -> Callable[[Sequence[object]], Term]:
    """A function that is null for null and otherwise an unknown function of its one text argument."""

    def call(arguments: Sequence[object]) -> Term:
        (argument,) = arguments
        term = constant(argument, TEXT) if isinstance(argument, str) else argument
        if not isinstance(term, Term) or term.kind != TEXT:
            raise NotUnderstood(f"{name} over something other than text")
        return Term(kind, term.null, z3.Function(name, z3.StringSort(), sort_of(kind))(term.value))

    return call


_PURE_RESULTS = {
    ("lower", "text"): TEXT, ("upper", "text"): TEXT, ("length", "text"): INT, ("btrim", "text"): TEXT, ("trim", "text"): TEXT,
    ("lower", "daterange"): DATE, ("upper", "daterange"): DATE, ("isempty", "daterange"): BOOL,
    ("upper_inf", "daterange"): BOOL, ("lower_inf", "daterange"): BOOL, ("reverse", "text"): TEXT, ("md5", "text"): TEXT,
}  # fmt: skip
"""Immutable functions of pg_catalog that stay uninterpreted: (name, first argument's kind) → result's kind."""


def _pure(name: str, terms: Sequence[Term], kind: str) -> Term:
    """An unknown function of its arguments: null flag and value are both unknown, equal for equal arguments."""
    blanked = [
        z3.If(term.null, z3.Const(f"null_{term.kind}", sort_of(term.kind)), term.value) for term in terms
    ]
    arguments = [part for term, value in zip(terms, blanked, strict=True) for part in (term.null, value)]
    sorts = [argument.sort() for argument in arguments]
    null = z3.Function(f"sql_{name}?null", *sorts, z3.BoolSort())
    return Term(kind, null(*arguments), z3.Function(f"sql_{name}", *sorts, sort_of(kind))(*arguments))


def _call(node: exp.Func, scope: Scope) -> Term:
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
    parts = node.expressions if isinstance(node, exp.Anonymous) else [
        part for value in node.args.values() for part in (value if isinstance(value, list) else [value]) if isinstance(part, exp.Expr)
    ]  # fmt: skip
    terms = [encode(part, scope) for part in parts]
    if name in ("left", "right") and len(parts) == 2:
        return _end_of_text(name, terms, parts[1])
    if name == "starts_with" and [term.kind for term in terms] == [TEXT, TEXT]:
        a, b = terms
        return Term(BOOL, z3.Or(a.null, b.null), z3.PrefixOf(b.value, a.value))
    if name in ("length", "char_length") and terms[0].kind == TEXT:
        return Term(INT, terms[0].null, z3.Length(terms[0].value))
    if terms and (name, terms[0].kind) in _PURE_RESULTS:
        return _pure(f"{name}_{terms[0].kind}", terms, _PURE_RESULTS[name, terms[0].kind])
    raise NotUnderstood(f"the function {node.sql('postgres')[:120]}")


def _end_of_text(name: str, terms: Sequence[Term], count: exp.Expr) -> Term:
    text, _ = terms
    if not (isinstance(count, exp.Literal) and not count.is_string) or text.kind != TEXT:
        raise NotUnderstood(f"{name} with a count that is not a literal")
    n = _whole(count.name)
    start = (
        z3.IntVal(0)
        if name == "left"
        else z3.If(z3.Length(text.value) > n, z3.Length(text.value) - n, z3.IntVal(0))
    )
    return Term(TEXT, text.null, z3.SubString(text.value, start, z3.IntVal(n)))


Handler = Callable[[Any, Scope], Term | TextSet]
_HANDLERS: tuple[tuple[type | tuple[type, ...], Handler], ...] = (
    (exp.Paren, lambda node, scope: _encode(node.this, scope)),
    (exp.Column, _column),
    (exp.Literal, _literal_node),
    (exp.Null, lambda _, __: constant(None, TEXT)),
    (exp.Boolean, lambda node, _: constant(bool(node.this), BOOL)),
    (exp.Neg, _negative),
    (exp.And, _and),
    (exp.Or, _or),
    (exp.Not, _not),
    (exp.Is, _is),
    (exp.EQ, _equal),
    (exp.NEQ, _unequal),
    ((exp.NullSafeNEQ, exp.NullSafeEQ), _distinct),
    (tuple(_ORDER), _ordered),
    (exp.Between, _between),
    (exp.In, _in),
    (exp.Case, _case),
    (exp.Coalesce, _coalesce),
    (exp.Nullif, _nullif),
    ((exp.Greatest, exp.Least), _extreme),
    (exp.Cast, _cast),
    ((exp.Add, exp.Sub), _arithmetic),
    (exp.DPipe, _joined),
    (exp.Subquery, _subquery),
    (exp.Dot, _qualified),
    (exp.Func, _call),
)
