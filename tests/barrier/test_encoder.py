"""The encoder against PostgreSQL itself: thousands of random expressions on random rows must have the same value.

The path is the proof's own: a view is created, PostgreSQL prints it back, sqlglot parses it, the encoder evaluates it with the row's
values put in. A wrong operator, a lost NULL or a misread precedence shows as a difference.
"""

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
import z3

from sekisho.barrier.proof.encoder import NotUnderstood, Scope, constant, encode, parse, variable
from sekisho.barrier.proof.solvers import ask

COLUMNS = {
    "a": "text",
    "b": "text",
    "i": "integer",
    "j": "bigint",
    "d": "date",
    "e": "date",
    "f": "boolean",
    "g": "boolean",
}
TEXTS = ("", "x", "xy", "00016", "00026", "山田", "ヤマダ 太郎", "'")
VALUES: dict[str, tuple[Any, ...]] = {
    "text": TEXTS,
    "integer": (-1, 0, 1, 2, 7),
    "bigint": (-1, 0, 1, 2, 7),
    "date": (date(2016, 4, 1), date(2021, 3, 31), date(2021, 4, 1)),
    "boolean": (True, False),
}
EXPRESSIONS, ROWS = 250, 8


class Sentences:
    """Random SQL expressions of a wanted type, over the table's columns."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def boolean(self, depth: int) -> str:
        pick = self.dice.randrange(4 if depth <= 0 else 14)
        kind = self.dice.choice(("text", "integer", "date"))
        one, two = (self.value(kind, depth - 1) for _ in range(2))
        match pick:
            case 0:
                return self.dice.choice(("f", "g", "true", "false", "null::boolean"))
            case 1:
                return f"({one} {self.dice.choice(('=', '<>', '<', '<=', '>', '>='))} {two})"
            case 2:
                return f"({one} is {self.dice.choice(('', 'not '))}null)"
            case 3:
                return f"({one} is {self.dice.choice(('', 'not '))}distinct from {two})"
            case 4 | 5:
                return f"({self.boolean(depth - 1)} and {self.boolean(depth - 1)})"
            case 6 | 7:
                return f"({self.boolean(depth - 1)} or {self.boolean(depth - 1)})"
            case 8:
                return f"(not {self.boolean(depth - 1)})"
            case 9:
                return f"({one} {self.dice.choice(('in', 'not in'))} ({two}, {self.value(kind, 0)}, {self.value(kind, 0)}))"
            case 10:
                return f"({self.boolean(depth - 1)} is {self.dice.choice(('', 'not '))}{self.dice.choice(('true', 'false'))})"
            case 11:
                return f"({one} between {two} and {self.value(kind, 0)})"
            case 12:
                return f"starts_with({self.value('text', depth - 1)}, {self.value('text', depth - 1)})"
            case _:
                return f"coalesce({self.boolean(depth - 1)}, {self.boolean(0)})"

    def value(self, kind: str, depth: int) -> str:
        columns = [
            name
            for name, type_name in COLUMNS.items()
            if type_name in (kind, "bigint" if kind == "integer" else kind)
        ]
        pick = self.dice.randrange(3 if depth <= 0 else 9)
        match pick:
            case 0 | 1:
                return self.dice.choice(columns)
            case 2:
                return self.literal(kind)
            case 3:
                return f"coalesce({self.value(kind, depth - 1)}, {self.value(kind, 0)})"
            case 4:
                return f"nullif({self.value(kind, depth - 1)}, {self.value(kind, 0)})"
            case 5:
                return f"case when {self.boolean(depth - 1)} then {self.value(kind, 0)} else {self.value(kind, depth - 1)} end"
            case 6:
                whens = " ".join(f"when {self.literal(kind)} then {self.value(kind, 0)}" for _ in range(2))
                return f"case {self.value(kind, 0)} {whens} end"
            case _:
                return self.derived(kind, depth)

    def derived(self, kind: str, depth: int) -> str:
        one, two = self.value(kind, depth - 1), self.value(kind, 0)
        match kind:
            case "text":
                end = f"{self.dice.choice(('left', 'right'))}({one}, {self.dice.randrange(4)})"
                return self.dice.choice((f"({one} || {two})", end))
            case "date":
                return self.dice.choice(
                    (f"({one} + {self.dice.randrange(3)})", f"greatest({one}, {two})", f"least({one}, {two})")
                )
            case _:
                return self.dice.choice(
                    (
                        f"({one} + {two})",
                        f"({one} - {two})",
                        f"greatest({one}, {two})",
                        f"length({self.value('text', 0)})",
                    )
                )

    def literal(self, kind: str) -> str:
        if self.dice.random() < 0.15:
            return f"null::{kind}"
        value = self.dice.choice(VALUES[kind])
        return f"{value}" if kind == "integer" else "'{}'::{}".format(str(value).replace("'", "''"), kind)

    def row(self) -> dict[str, Any]:
        return {
            name: None if self.dice.random() < 0.25 else self.dice.choice(VALUES[type_name])
            for name, type_name in COLUMNS.items()
        }


@pytest.fixture(scope="module")
def connection(server: Any, names: Any) -> Iterator[psycopg.Connection[Any]]:
    """A database whose text order is by code points, as the embedded server's is."""
    name = names()
    server.create_database(name, template="template0")
    with psycopg.connect(server.superuser_conninfo(name), autocommit=True) as conn:
        conn.execute("set search_path to ''")
        yield conn
    server.drop_database(name)


@pytest.mark.parametrize("seed", range(4))
def test_the_encoder_says_what_postgresql_says(connection: psycopg.Connection[Any], seed: int) -> None:
    sentences = Sentences(seed)
    rows = [sentences.row() for _ in range(ROWS)]
    wanted = [
        sentences.boolean(3)
        if number % 2
        else sentences.value(sentences.dice.choice(("text", "integer", "date")), 3)
        for number in range(EXPRESSIONS)
    ]
    answers, printed = _by_postgresql(connection, rows, wanted)
    for row, answer in zip(rows, answers, strict=True):
        for expression, node, value in zip(wanted, printed, answer, strict=True):
            assert _by_encoder(node, row) == _plain(value), (expression, node.sql("postgres"), row)


def test_a_difference_would_be_seen() -> None:
    """`a = b` and `a is not distinct from b` differ for nulls only: the comparison above is sharp enough to tell."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    assert _by_encoder(parse("select a = b").expressions[0], row) is None
    assert _by_encoder(parse("select a is not distinct from b").expressions[0], row) is True


@pytest.mark.parametrize(
    "expression",
    ["exists (select 1 from t)", "(select max(a) from t) = 'x'", "random() < 1", "a ~ 'x'", "count(*) > 0", "some.function(a) = 'x'",
     "a like 'x%'", "row(a, b) = row(b, a)", "unknown_column = 'x'", "a = any (b)", "f = 'x'", "current_user = 'x'"],
)  # fmt: skip
def test_what_is_not_understood_is_refused(expression: str) -> None:
    """The encoder never guesses: the proof fails on these."""
    columns = {("", name): variable(name, type_name) for name, type_name in COLUMNS.items()}
    with pytest.raises(NotUnderstood):
        encode(parse(f"select {expression}").expressions[0], Scope(columns))


@pytest.mark.parametrize(
    ("claim", "proved"),
    [("a = a or a is null", True), ("a = a", False), ("not (a = b) or a = b", False),
     ("a is null or b is null or not (a = b) or a is not distinct from b", True),
     ("coalesce(a, 'x') is not null", True), ("a in ('x', b) or a not in ('x', b)", False), ("left(a, 1) = a or length(a) <> 1", False)],
)  # fmt: skip
def test_both_solvers_agree_on_laws_of_three_valued_logic(claim: str, proved: bool) -> None:
    scope = Scope({("", name): variable(name, "text") for name in "ab"})
    assert ask([z3.Not(encode(parse(f"select {claim}").expressions[0], scope).true)]).proved is proved


def _by_postgresql(
    conn: psycopg.Connection[Any], rows: list[dict[str, Any]], wanted: list[str]
) -> tuple[list[tuple[Any, ...]], list[Any]]:
    """The values for each row, and each expression as PostgreSQL prints it back from a view."""
    columns = ", ".join(f"{name} {type_name}" for name, type_name in COLUMNS.items())
    listed = ", ".join(f"{expression} as c{number}" for number, expression in enumerate(wanted))
    with conn.transaction(force_rollback=True):
        conn.execute(f"create table public.t (n int, {columns})")
        for number, row in enumerate(rows):
            conn.execute(
                f"insert into public.t values ({', '.join(['%s'] * (len(row) + 1))})", [number, *row.values()]
            )
        conn.execute(f"create view public.v as select n, {listed} from public.t")
        answers = [row[1:] for row in conn.execute("select * from public.v order by n").fetchall()]
        text = conn.execute("select pg_get_viewdef('public.v'::regclass)").fetchone()
    assert text is not None
    return answers, [column.unalias() for column in parse(text[0]).expressions[1:]]


def _by_encoder(node: Any, row: dict[str, Any]) -> Any:
    columns = {("", name): constant(row[name], type_name) for name, type_name in COLUMNS.items()}
    term = encode(node, Scope(columns, code_point_order=True))
    if z3.is_true(_settled(term.null)):
        return None
    value = _settled(term.value)
    if z3.is_string_value(value):
        return _unescaped(value)
    assert z3.is_int_value(value) or term.kind == "boolean", (value, node.sql("postgres"), row)
    return z3.is_true(value) if term.kind == "boolean" else value.as_long()


def _settled(value: Any) -> Any:
    # one pass leaves things like `not ("" = "0")`, which the next one decides
    return z3.simplify(z3.simplify(value))


def _unescaped(value: z3.SeqRef) -> str:
    return str(value.as_string()).encode("ascii", "backslashreplace").decode("ascii")


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days
    return _z3_text(value) if isinstance(value, str) else value


def _z3_text(value: str) -> str:
    return _unescaped(z3.StringVal(value))
