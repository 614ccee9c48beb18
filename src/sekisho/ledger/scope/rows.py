"""Row rules replayed over the past: which views a narrower rule would still have shown.

A limit is one condition on a view, a reading of one contract. Several limits hold together. What cannot be shown to hold (no
contract is known, no work order was found) does not hold: a replay names a reading too many rather than one too few.

    own-holder       the holder that the gate recorded is the reading company
    own-period       and the period shown lies within that contract
    running          the contract ran on the day of reading
    months=13        nothing older than so many months before the reading was shown
    voltage=LV+HV    the point's voltage class
    kind=company     the customer's kind (person, company, device)
    assigned         on that day a work order for the point was open at the reading company
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl
import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.errors import WrongUse
from sekisho.ledger.scope.history import KINDS
from sekisho.ledger.scope.moments import OPEN

VOLTAGES: Final = ("LV", "HV", "EHV")
_LONGEST: Final = 1200


@dataclass(frozen=True, slots=True)
class Limit:
    """One condition and its values, if it takes any."""

    name: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}={'+'.join(self.values)}" if self.values else self.name


@dataclass(frozen=True)
class Registry:
    """What the log does not know. `voltages`: point, voltage_class; `orders`: contractor, point, first, until (dates)."""

    voltages: pl.DataFrame
    orders: pl.DataFrame


_VOLTAGES: Final = {"point": pl.String, "voltage_class": pl.String}
_ORDERS: Final = {"company": pl.String, "point": pl.String, "first": pl.Date, "until": pl.Date}
NOTHING_KNOWN: Final = Registry(pl.DataFrame(schema=_VOLTAGES), pl.DataFrame(schema=_ORDERS))


def registry_of(connection: psycopg.Connection[TupleRow]) -> Registry:
    """Read it from the registry."""
    voltages = connection.execute("select point, voltage_class from registry.point").fetchall()
    orders = connection.execute(
        "select contractor, point, lower(valid), upper(valid) from registry.work_order"
    ).fetchall()
    return Registry(
        pl.DataFrame(voltages, schema=_VOLTAGES, orient="row"),
        pl.DataFrame(orders, schema=_ORDERS, orient="row"),
    )


def limits_of(text: str) -> tuple[Limit, ...]:
    """Read `own-holder,voltage=LV+HV`; raise `WrongUse` naming the condition or the value that is none."""
    return tuple(_limit(word.strip()) for word in text.split(","))


def _limit(text: str) -> Limit:
    name, equals, rest = text.partition("=")
    values = tuple(rest.split("+")) if equals else ()
    if name not in _KNOWN:
        raise WrongUse(
            f"条件 {text!r} はありません。{'・'.join(_KNOWN)} のいずれかです。",
            f"There is no condition {text!r}; known are {', '.join(_KNOWN)}.",
        )
    if not _KNOWN[name](values):
        raise WrongUse(
            f"条件 {name} の値 {rest!r} は使えません。",
            f"The condition {name} cannot take the value {rest!r}.",
        )
    return Limit(name, values)


def _one_of(allowed: Sequence[str]) -> Callable[[tuple[str, ...]], bool]:
    return lambda values: bool(values) and set(values) <= set(allowed)


def _no_values(values: tuple[str, ...]) -> bool:
    return not values


def _count(values: tuple[str, ...]) -> bool:
    return (
        len(values) == 1 and values[0].isascii() and values[0].isdecimal() and 0 < int(values[0]) <= _LONGEST
    )


_KNOWN: Final[dict[str, Callable[[tuple[str, ...]], bool]]] = {
    "own-holder": _no_values,
    "own-period": _no_values,
    "running": _no_values,
    "months": _count,
    "voltage": _one_of(VOLTAGES),
    "kind": _one_of(KINDS),
    "assigned": _no_values,
}


def beyond(views: pl.DataFrame, limits: Sequence[Limit], registry: Registry) -> pl.DataFrame:
    """Return the views for which not all limits hold; all of them when there are no limits."""
    if not limits:
        return views
    known = _with_registry(views.with_row_index("view"), registry)
    held = pl.all_horizontal([_holds(limit).fill_null(value=False) for limit in limits])
    return known.filter(~held).sort("view").select(views.columns)


def _with_registry(views: pl.DataFrame, registry: Registry) -> pl.DataFrame:
    """Add the voltage class, and whether a work order was open."""
    day = views.select("view", "company", "point", pl.col("at").dt.date().alias("day"))
    ordered = day.join(registry.orders, on=["company", "point"]).filter(
        (pl.col("first") <= pl.col("day"))
        & (pl.col("day") < pl.col("until").fill_null(pl.date(9999, 12, 31)))
    )
    return views.join(registry.voltages, on="point", how="left", maintain_order="left").with_columns(
        pl.col("view").is_in(ordered["view"].implode()).alias("assigned")
    )


def _holds(limit: Limit) -> pl.Expr:
    day = pl.col("at").dt.date()
    first = pl.col("shown_from").fill_null(day)
    last = pl.when(pl.col("shown_from").is_null()).then(day.dt.offset_by("1d")).otherwise(pl.col("shown_to"))
    start, end = (pl.col(name) for name in ("contract_start", "contract_end"))
    own = pl.col("company") == pl.col("holder")
    conditions = {
        "own-holder": own,
        # A period without an end was shown: nothing lies beyond a contract without one, everything else does.
        "own-period": own & (start <= first.cast(pl.Int32)) & (last.cast(pl.Int32).fill_null(OPEN) <= end),
        "running": pl.col("case") == "running",
        "voltage": pl.col("voltage_class").is_in(list(limit.values)),
        "kind": pl.col("customer_kind").is_in(list(limit.values)),
        "assigned": pl.col("assigned"),
    }
    return (
        first >= day.dt.offset_by(f"-{limit.values[0]}mo")
        if limit.name == "months"
        else conditions[limit.name]
    )
