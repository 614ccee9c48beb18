"""Gates: the named functions through which alone a surface reads or submits.

A gate is declared in one short place, next to its domain: a row class whose fields carry the SQL expression that fills
them, and a `Gate` that says where the rows come from. The compiler writes one function for each purpose (and each sort
order), leaves out the columns that the purpose denies, and appends the passage to the same statement.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

Row = TypeVar("Row")

_SQL_TYPES: dict[object, str] = {
    str: "text",
    int: "bigint",
    bool: "boolean",
    date: "date",
    datetime: "timestamptz",
    Decimal: "numeric",
    UUID: "uuid",
    list[str]: "text[]",
    list[int]: "integer[]",
    list[int | None]: "integer[]",
    dict[str, Any]: "jsonb",
}


def shown(expression: str) -> Any:
    """A field of a row class, filled by `expression` over the gate's source. Denied for a purpose, it stays None."""
    return field(default=None, metadata={"sql": expression})


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a gate. Without `default` the caller must give it. `default` is SQL text."""

    name: str
    type: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort order: its expressions, ending in one that is unique. Keyset paging resumes after their values.

    `source` replaces the gate's where another join lets an index hand out the rows in this order.
    """

    expressions: tuple[str, ...]
    types: tuple[str, ...]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Filters that leave few rows of a long list: a list with one of `params` begins with the rows of `where`, which an index finds."""

    params: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gate(Generic[Row]):
    """A reading gate.

    `source` is the FROM clause (and WHERE) over `{seen}.<table>` views; `point` and `holder` are the expressions of the
    point a row speaks about and who held it then, recorded in the passage. A gate that returns no customer's fact leaves
    both None. `reveals` marks the one-at-a-time gates that return masked items in clear. `after`, `page_size` and `descending`
    exist as parameters when `sorts` is given.
    """

    name: str
    ja: str
    en: str
    audience: str
    purposes: tuple[str, ...]
    row: type[Row]
    source: str
    params: tuple[Param, ...] = ()
    where: str = "true"
    order: str = ""
    group: str = ""
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    found: Found | None = None
    point: str | None = None
    holder: str | None = None
    shown_from: str | None = None
    shown_to: str | None = None
    reveals: bool = False
    max_rows: int = 5_000

    def fields(self) -> list[Field[Any]]:
        """The row class's fields in order."""
        return list(fields(self.row))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SubmitGate:
    """A gate that queues a command for the worker. The payload is checked by the worker's action, not here."""

    name: str
    ja: str
    en: str
    audience: str
    purposes: tuple[str, ...]
    command: str


AnyGate = Gate[Any] | SubmitGate


def sql_type(row: type[object], name: str) -> str:
    """The PostgreSQL type of a row class's field, from its annotation (`X | None` counts as X)."""
    hint = get_type_hints(row)[name]
    if get_origin(hint) in (Union, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    try:
        return _SQL_TYPES[hint]
    except KeyError as exc:
        raise TypeError(f"{row.__name__}.{name}: no PostgreSQL type for {hint!r}") from exc
