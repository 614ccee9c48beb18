"""What to ask a gate: every variant of every function, with values that are one's own, others', unknown, malformed.

Values come from both worlds, so that a foreign number that exists in only one of them is tried in both.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import sql

from sekisho.barrier.audiences import Purpose
from sekisho.barrier.compiler import function_name, variant_for, variants_of
from sekisho.barrier.fuzz.twins import Depth, known
from sekisho.barrier.fuzz.worlds import World
from sekisho.barrier.gate import AnyGate, Gate, Param, Sort, SubmitGate
from sekisho.barrier.items import COLUMNS
from sekisho.barrier.ticket import Caller


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one gate function. `arguments` holds (name, value, type) in the order of the report."""

    gate: AnyGate
    purpose: Purpose
    function: str
    arguments: tuple[tuple[str, Any, str], ...] = ()

    def statement(self) -> sql.Composed:
        """`select * from gate.f(p_a => …)`."""
        parts = [
            sql.SQL("{} => {}::{}").format(sql.Identifier(name), sql.Literal(_plain(value)), sql.SQL(kind))
            for name, value, kind in self.arguments
        ]
        return sql.SQL("select * from {}({})").format(
            sql.Identifier(*self.function.split(".")), sql.SQL(", ").join(parts)
        )

    def described(self) -> dict[str, str]:
        """The arguments as text, for the report."""
        return {name: str(value)[:120] for name, value, _ in self.arguments}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, datetime | date | UUID) else value


@dataclass(slots=True)
class Pool:
    """Values to ask with, drawn from two worlds that a caller cannot tell apart."""

    one: World
    two: World
    caller: Caller
    seed: int
    _kept: dict[str, list[Any]] = field(default_factory=dict)

    def of(self, *columns: str, tables: Sequence[str] | None = None) -> list[Any]:
        """A few values of the columns (of some tables): some that stand in both worlds, some that stand in one only."""
        key = f"{','.join(columns)} {','.join(tables or ())}"
        if key not in self._kept:
            left, right = (self._values(world, columns, tables) for world in (self.one, self.two))
            rng = random.Random(f"{self.seed}:{key}")  # noqa: S311 – deterministic by seed
            groups = (left & right, left - right, right - left)
            self._kept[key] = [
                value for group in groups for value in rng.sample(sorted(group), min(4, len(group)))
            ]
        return self._kept[key]

    def numbers(self, tables: Sequence[str]) -> list[UUID]:
        """Every number in the tables that nobody could guess, those of rows that the caller may know first."""
        found = [
            (known(self.caller, world, table, row), value)
            for world in (self.one, self.two)
            for table in tables
            for row in world.rows(table)
            for value in row.values()
            if isinstance(value, UUID)
        ]
        return list(dict.fromkeys(value for _, value in sorted(found, key=lambda pair: not pair[0])))

    def _values(self, world: World, columns: Sequence[str], tables: Sequence[str] | None) -> set[Any]:
        return {
            value
            for table, _, column, value in world.cells()
            if column in columns and isinstance(value, str | UUID) and (tables is None or table in tables)
        }


ODD = ("", "0" * 22, "%", "' or true --", "ｶﾅ＿０", "<b>", "長" * 3000)
"""Values that nobody has, and that some code would stumble over."""

_COLUMNS = {
    "point": ("point",), "contract_no": ("contract_no",), "menu": ("menu_code",), "kind": ("customer_kind", "kind"), "state": ("state",),
    "name": ("name_key", "kana_key"), "address": ("address_key",), "person": ("person",), "company": ("company",), "gate": ("gate",),
    "reader": ("audience",), "of_audience": ("audience",), "verdict": ("verdict",), "purpose": ("purpose",), "case_no": ("case_no",),
    "change_no": ("change_no",), "command_no": ("command_no",),
}  # fmt: skip
_BY_GATE = {
    "find_by_point": ("point",), "find_by_customer": ("customer_no",), "find_by_address": ("address_key",),
    "find_by_name": ("name_key", "kana_key"), "find_by_phone": ("phone_key",),
}  # fmt: skip
_PREFIXES = ("name_key", "address_key")


def reads(gate: AnyGate, tables: Iterable[str]) -> bool:
    """Whether a gate's source names a view of one of the tables."""
    if isinstance(gate, SubmitGate):
        return "work.command" in tables
    names = "|".join(re.escape(table.partition(".")[2]) for table in tables)
    return re.search(rf"\{{seen\}}\.({names})(__revealed)?\b", f"{gate.source} {gate.where}") is not None


def calls_of(gate: AnyGate, purpose: Purpose, pool: Pool, *, depth: Depth) -> Iterator[Call]:
    """Every call of one gate for one purpose."""
    if isinstance(gate, SubmitGate):
        yield from _submissions(gate, purpose, pool)
        return
    combinations = list(_combinations(gate, pool, depth))
    if not gate.sorts:
        yield from (Call(gate, purpose, function_name(gate, purpose), tuple(given)) for given in combinations)
        return
    for key, sort in gate.sorts.items():
        for down in (False, True):
            yield from _listed(gate, purpose, key, sort, down, combinations, pool)


def _listed(
    gate: Gate[Any],
    purpose: Purpose,
    key: str,
    sort: Sort,
    down: bool,
    combinations: Sequence[list[tuple[str, Any, str]]],
    pool: Pool,
) -> Iterator[Call]:
    names = {
        variant: function_name(gate, purpose, key, descending=down, variant=variant)
        for variant in variants_of(gate)
    }
    for number, given in enumerate(combinations):
        size = (50, 3, 1, 200)[number % 4]
        chosen = variant_for(gate, {name.removeprefix("p_"): value for name, value, _ in given})
        for variant in dict.fromkeys(("", "" if chosen == "plain" else chosen)):
            yield Call(gate, purpose, names[variant], (*given, ("p_page_size", size, "integer")))
    name = names.get("plain", names[""])
    required = [] if "plain" in names else combinations[0]
    for size in (50, 1, 0, -1, 1000):
        yield Call(gate, purpose, name, (*required, ("p_page_size", size, "integer")))
    for after in _keys(sort, pool):
        yield Call(gate, purpose, name, (*required, ("p_after", list(after), "text[]")))


def _keys(sort: Sort, pool: Pool) -> Iterator[tuple[str, ...]]:
    """Where a list could go on: at one's own rows, at others', at nonsense."""
    texts = pool.of("point", "contract_no", "person", "kana_key", "change_no")
    moments = [pool.one.now - timedelta(days=days) for days in (1, 100, 399)]
    values: dict[str, Sequence[str]] = {
        "text": texts, "date": ["2018-06-01", "2020-01-01", "-infinity"], "timestamptz": [m.isoformat() for m in moments], "bigint": ["1", "17", "901"],
    }  # fmt: skip
    for number in range(min(8, len(texts))):
        yield tuple(values[kind][number % len(values[kind])] for kind in sort.types)
    yield tuple("x" for _ in sort.types)
    yield ("x",)
    yield ()


def _combinations(gate: Gate[Any], pool: Pool, depth: Depth) -> Iterator[list[tuple[str, Any, str]]]:
    """None of the optional parameters, each one alone with each of its values, and all of them together.

    Of those that are needed, every value; of the first, every value with the first of the others.
    """
    needed = [param for param in gate.params if param.default is None]
    choices = {param.name: list(_choices(gate, param, pool, depth)) for param in gate.params}
    rounds = max((len(choices[param.name]) for param in needed), default=1)
    for number in range(rounds):
        yield [_given(param, choices[param.name][number % len(choices[param.name])]) for param in needed]
    for param in needed[:1] if len(needed) > 1 else ():
        others = [_given(other, choices[other.name][0]) for other in needed[1:]]
        yield from ([_given(param, value), *others] for value in choices[param.name][1:])
    fixed = [_given(param, choices[param.name][0]) for param in needed]
    optional = [param for param in gate.params if param.default is not None]
    for param in optional:
        yield from ([*fixed, _given(param, value)] for value in choices[param.name])
    if len(optional) > 1:
        yield [*fixed, *(_given(param, choices[param.name][0]) for param in optional)]


def _given(param: Param, value: Any) -> tuple[str, Any, str]:
    return f"p_{param.name}", value, param.type


def _choices(gate: Gate[Any], param: Param, pool: Pool, depth: Depth) -> Iterable[Any]:
    own = [table for table in COLUMNS if reads(gate, [table])]
    if param.type == "uuid":
        return list(dict.fromkeys([*pool.numbers(own), *pool.of(param.name), UUID(int=0)]))
    if param.type != "text":
        return _other_choices(param, pool)
    columns = (
        _BY_GATE.get(gate.name, ())
        if param.name == "value"
        else _COLUMNS.get(param.name, (param.name.removeprefix("of_"),))
    )
    if depth is Depth.MASKED and "__revealed" in f"{gate.source} {gate.where}":
        # whoever asks for a name has asked for it: what is masked is compared before anybody asks
        return (*("山田佐鈴高アカサ" if columns[0] == "name_key" else ()), *ODD)
    values = list(dict.fromkeys([*pool.of(*columns, tables=own), *pool.of(*columns)]))
    prefixes = (
        [value[:length] for value in values[:4] for length in (1, 6)] if columns[0] in _PREFIXES else []
    )
    return (*values, *dict.fromkeys(prefixes), *ODD)


def _other_choices(param: Param, pool: Pool) -> Iterable[Any]:
    today = pool.one.today
    match param.type:
        case "date":
            if param.name == "until":
                return (today + timedelta(days=1), date(2021, 1, 1), date(1900, 1, 1))
            return (
                today - timedelta(days=900),
                today,
                date(2018, 6, 1),
                date(2019, 9, 1),
                date(9999, 12, 31),
            )
        case "timestamptz":
            late = param.name == "until"
            return (pool.one.now + timedelta(days=1 if late else -500), pool.one.now - timedelta(hours=1))
        case "integer" | "bigint":
            return (1, 2, 50, 0, -1)
        case "boolean":
            return (True, False)
    raise ValueError(f"no values for a parameter of type {param.type}")


def _submissions(gate: SubmitGate, purpose: Purpose, pool: Pool) -> Iterator[Call]:
    """A new key, keys that others have used, and keys of one's own."""
    keys: Mapping[str, None] = dict.fromkeys(
        ["new-key", "", *pool.of("idempotency_key"), *_same_kind(gate, pool)]
    )
    for key in keys:
        payload = json.dumps({"point": pool.of("point")[0]})
        yield Call(
            gate,
            purpose,
            function_name(gate, purpose),
            (("p_payload", payload, "jsonb"), ("p_idempotency_key", key, "text")),
        )


def _same_kind(gate: SubmitGate, pool: Pool) -> list[str]:
    """Keys of submissions of this gate's own kind: where a clash could show."""
    return [
        row["idempotency_key"]
        for world in (pool.one, pool.two)
        for row in world.rows("work.command")
        if row["kind"] == gate.command
    ]
