"""Corrections as they travel: from a form's or a command's plain values to a `Change`, and its fields by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from sekisho.kernel.values import Period, Reason
from sekisho.registry import cells
from sekisho.registry.corrections import (
    FACT_TABLES,
    AmendFact,
    BackdateSwitch,
    CancelSwitch,
    Change,
    MoveOut,
    MoveSwitch,
    UnableToChange,
    Values,
)
from sekisho.registry.files import KINDS, Choice, Column, Day, Digits, Kind, Text
from sekisho.registry.records import CONTROL, CONTROL_CHARACTERS

_NOT_VALUES: Final = ("contract_no", "point", "valid_from", "valid_to")


def value_columns(table: str) -> list[str]:
    """The columns of a fact table that a correction may change; look-up keys follow by themselves."""
    return [column.target for column in _kind(table).columns if column.name not in _NOT_VALUES]


def complete(table: str, values: Mapping[str, Any] | None) -> Values:
    """All values of a new row, those not given as an empty cell of a file would be; nothing for None."""
    if values is None:
        return ()
    known = _checked(table, values)
    columns = [column for column in _kind(table).columns if column.name not in _NOT_VALUES]
    lacking = [column.ja for column in columns if column.required and not known.get(column.target)]
    if lacking:
        raise UnableToChange(f"{'、'.join(lacking)}がありません。", f"{table}: required values are missing.")
    return tuple((column.target, known.get(column.target, column.when_empty)) for column in columns)


def change_from(kind: str, payload: Mapping[str, Any]) -> Change:
    """Read a change; raise `UnableToChange` naming what is missing or malformed."""
    if kind not in _KINDS:
        raise UnableToChange(
            f"訂正の種類「{kind}」はありません。", f"There is no kind of correction {kind!r}."
        )
    try:
        return _KINDS[kind](payload)
    except KeyError as missing:
        raise UnableToChange(
            f"訂正に必要な項目 {missing} がありません。", f"The correction lacks {missing}."
        ) from missing
    except (TypeError, ValueError) as fault:
        raise UnableToChange(
            f"訂正の値が正しくありません: {fault}", f"A value of the correction is malformed: {fault}"
        ) from fault


def _name(payload: Mapping[str, Any]) -> Change:
    values = tuple(_checked("party", payload["values"]).items())
    return AmendFact("party", payload["contract_no"], _since(payload, "since"), values)


def _split(payload: Mapping[str, Any]) -> Change:
    table = payload["table"]
    values = tuple(_checked(table, payload.get("values") or {}).items())
    return AmendFact(table, payload["contract_no"], _since(payload, "day"), values, payload.get("only"))


def _switch(payload: Mapping[str, Any]) -> Change:
    return BackdateSwitch(
        payload["contract_no"],
        _day(payload["day"]),
        payload["holder"],
        payload["customer_no"],
        payload.get("application_type", "05"),
        complete("party", payload.get("party")),
        complete("terms", payload.get("terms")),
    )


def _move(payload: Mapping[str, Any]) -> Change:
    return MoveSwitch(payload["contract_no"], _day(payload["day"]))


def _cancel(payload: Mapping[str, Any]) -> Change:
    return CancelSwitch(payload["contract_no"])


def _out(payload: Mapping[str, Any]) -> Change:
    return MoveOut(payload["contract_no"], _day(payload["day"]))


_KINDS: Final[dict[str, Callable[[Mapping[str, Any]], Change]]] = {
    "correct_name": _name,
    "split_period": _split,
    "backdate_switch": _switch,
    "move_switch": _move,
    "cancel_switch": _cancel,
    "move_out": _out,
}
CHANGE_KINDS: Final = tuple(_KINDS)


def _since(payload: Mapping[str, Any], name: str) -> Period:
    until = payload.get("until")
    return Period(_day(payload[name]), _day(until) if until else None)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _checked(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    if table not in FACT_TABLES:
        raise UnableToChange(f"表「{table}」は訂正できません。", f"The table {table!r} cannot be corrected.")
    columns = {column.target: column for column in _kind(table).columns if column.name not in _NOT_VALUES}
    unknown = values.keys() - columns.keys()
    if unknown:
        raise UnableToChange(
            f"{table} にない項目です: {', '.join(sorted(unknown))}",
            f"{table} has no {', '.join(sorted(unknown))}.",
        )
    return {name: _value(columns[name], value) for name, value in values.items()}


def _value(column: Column, value: Any) -> Any:
    """One value in the table's unit, held to the same rules as a cell of a file."""
    if value is None or value == "":
        if column.required:
            raise _refused(column, cells.why(column, ""))
        return column.when_empty
    if isinstance(column.shape, Text | Digits | Choice):
        text = cells.trimmed(pl.Series([str(value)]), from_excel=False)
        values, accepted = cells.decide(column, text)
        if not accepted.all() or CONTROL_CHARACTERS.search(text[0]):
            raise _refused(column, CONTROL if accepted.all() else cells.why(column, text[0]))
        return values[0]
    return _day(value) if isinstance(column.shape, Day) else value


def _refused(column: Column, reason: Reason) -> UnableToChange:
    return UnableToChange(f"{column.ja}: {reason.ja}", f"{column.name}: {reason.en}")


def _kind(table: str) -> Kind:
    return next(kind for kind in KINDS.values() if kind.table == f"registry.{table}")
