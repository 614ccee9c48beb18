"""The registry's writes besides imports: corrections of the past, drafted by one, approved by another.

Each action is one transaction with `by=` and an audit event. What a correction replaces stays in the history
tables under the number of the change; usage follows the contract that now covers its day.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from psycopg import sql

from sekisho.kernel import folding
from sekisho.kernel.errors import SekishoError
from sekisho.kernel.values import Period
from sekisho.registry import payloads
from sekisho.registry.corrections import (
    FACT_TABLES,
    AmendFact,
    BackdateSwitch,
    CancelSwitch,
    Change,
    Contract,
    Fact,
    MoveOut,
    MoveSwitch,
    PointState,
    UnableToChange,
    applied,
)
from sekisho.registry.files import KINDS, Kind
from sekisho.registry.importing import Connection, begin_writing, write_event
from sekisho.registry.staging import KEYS


class UnableToDecide(SekishoError):
    """The draft cannot be approved, rejected or withdrawn."""


class PointHasChanged(UnableToDecide):
    """Somebody changed the point after the draft was written: it must be drafted again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a correction did: its number, and how many usage days changed contract or lost theirs."""

    change_no: str
    point: str
    usage_reassigned: int
    usage_removed: int


def correct_name(
    conn: Connection, *, contract_no: str, since: date, values: Mapping[str, Any], by: str, now: datetime
) -> Outcome:
    """The name (or kana, phone, slip address) of a contract differs from a day on, to the contract's end."""
    change = AmendFact("party", contract_no, Period(since), tuple(values.items()))
    return correct(conn, point=_point_of(conn, contract_no), change=change, by=by, now=now)


def split_period(
    conn: Connection,
    *,
    table: str,
    contract_no: str,
    day: date,
    values: Mapping[str, Any] | None = None,
    by: str,
    now: datetime,
) -> Outcome:
    """Split a fact's period at a day; from then on `values` differ."""
    change = AmendFact(table, contract_no, Period(day), tuple((values or {}).items()))
    return correct(conn, point=_point_of(conn, contract_no), change=change, by=by, now=now)


def backdate_switch(
    conn: Connection,
    *,
    point: str,
    contract_no: str,
    day: date,
    holder: str,
    customer_no: str,
    application_type: str = "05",
    party: Mapping[str, Any] | None = None,
    terms: Mapping[str, Any] | None = None,
    by: str,
    now: datetime,
) -> Outcome:
    """Another holder or customer had the point from a past day on. `party` is needed for a new customer."""
    change = BackdateSwitch(
        contract_no,
        day,
        holder,
        customer_no,
        application_type,
        payloads.complete("party", party),
        payloads.complete("terms", terms),
    )
    return correct(conn, point=point, change=change, by=by, now=now)


def move_switch(conn: Connection, *, contract_no: str, day: date, by: str, now: datetime) -> Outcome:
    """The switch that opened a contract took place on another day."""
    return correct(
        conn, point=_point_of(conn, contract_no), change=MoveSwitch(contract_no, day), by=by, now=now
    )


def cancel_switch(conn: Connection, *, contract_no: str, by: str, now: datetime) -> Outcome:
    """The switch that opened a contract did not take place: the contract before it goes on."""
    return correct(conn, point=_point_of(conn, contract_no), change=CancelSwitch(contract_no), by=by, now=now)


def move_out(conn: Connection, *, contract_no: str, day: date, by: str, now: datetime) -> Outcome:
    """The customer left: `day` is the first without a contract. Usage from then on leaves to the history."""
    return correct(conn, point=_point_of(conn, contract_no), change=MoveOut(contract_no, day), by=by, now=now)


def correct(conn: Connection, *, point: str, change: Change, by: str, now: datetime) -> Outcome:
    """Apply one correction at once; raise `UnableToChange` when it does not fit what is registered."""
    change_no = _number(change, point, by, now)
    with conn.transaction():
        begin_writing(conn, now=now, change_no=change_no)
        return _write(conn, change_no=change_no, point=point, change=change, by=by, now=now)


def draft_change(
    conn: Connection, *, kind: str, payload: Mapping[str, Any], reason: str, by: str, now: datetime
) -> str:
    """起案: keep a change for another person to approve; return its number.

    The change is tried on what is registered now and refused at once (`UnableToChange`) when it does not fit.
    """
    if not reason.strip():
        raise UnableToChange("訂正の理由を書いてください。", "Give the reason for the correction.")
    change = payloads.change_from(kind, payload)
    with conn.transaction():
        point = payload.get("point") or _point_of(conn, change.contract_no)
        begin_writing(conn, now=now)
        state = load_state(conn, point=point, lock=True)
        applied(state, change)
        _refuse_unknown(conn, change)
        change_no = _number(change, point, by, now)
        row = [
            change_no,
            kind,
            point,
            reason,
            by,
            now,
            json.dumps(dict(payload), default=str),
            state.digest(),
        ]
        conn.execute(_DRAFT, row)
        write_event(
            conn,
            action="draft_change",
            by=by,
            now=now,
            subject=change_no,
            detail={"kind": kind, "point": point},
        )
    return change_no


def approve_change(conn: Connection, *, change_no: str, by: str, now: datetime) -> Outcome:
    """承認: carry a draft out. Raise `PointHasChanged` when the point is no longer what the drafter saw."""
    with conn.transaction():
        begin_writing(conn, now=now, change_no=change_no)
        kind, point, drafted_by, payload, seen = _draft(conn, change_no)
        if drafted_by == by:
            raise UnableToDecide(
                "自分で起案した訂正は承認できません。ほかの人が承認してください。",
                "Whoever drafted a correction cannot approve it; somebody else must.",
            )
        if load_state(conn, point=point, lock=True).digest() != seen:
            raise PointHasChanged(
                f"起案 {change_no} の後に地点 {point} が変更されました。内容を確かめて起案し直してください。",
                f"Point {point} has changed since draft {change_no}. Check it and draft again.",
            )
        _settle(conn, change_no, "approved", approved_by=by, now=now)
        change = payloads.change_from(kind, payload)
        return _write(conn, change_no=change_no, point=point, change=change, by=by, now=now)


def reject_change(conn: Connection, *, change_no: str, note: str, by: str, now: datetime) -> None:
    """差戻し: refuse a draft of another person, with a note."""
    with conn.transaction():
        begin_writing(conn, now=now)
        drafted_by = _draft(conn, change_no)[2]
        if drafted_by == by:
            raise UnableToDecide(
                "自分の起案は取下げてください。", "Withdraw your own draft instead of rejecting it."
            )
        _settle(conn, change_no, "rejected", approved_by=None, now=now)
        write_event(conn, action="reject_change", by=by, now=now, subject=change_no, detail={"note": note})


def withdraw_change(conn: Connection, *, change_no: str, by: str, now: datetime) -> None:
    """取下げ: take one's own draft back."""
    with conn.transaction():
        begin_writing(conn, now=now)
        drafted_by = _draft(conn, change_no)[2]
        if drafted_by != by:
            raise UnableToDecide("起案した人だけが取下げられます。", "Only the drafter can withdraw a draft.")
        _settle(conn, change_no, "withdrawn", approved_by=None, now=now)
        write_event(conn, action="withdraw_change", by=by, now=now, subject=change_no, detail={})


_DRAFT: Final = """
insert into registry.change (change_no, kind, point, reason, drafted_by, drafted_at, payload, seen, state)
values (%s, %s, %s, %s, %s, %s, %s, %s, 'drafted')"""


def _draft(conn: Connection, change_no: str) -> tuple[str, str, str, dict[str, Any], str]:
    row = conn.execute(
        "select kind, point, drafted_by, payload, seen, state from registry.change"
        " where change_no = %s for update",
        [change_no],
    ).fetchone()
    if row is None:
        raise UnableToDecide(f"訂正 {change_no} はありません。", f"There is no change {change_no}.")
    if row[5] != "drafted":
        raise UnableToDecide(
            f"訂正 {change_no} はすでに処理されています({row[5]})。",
            f"Change {change_no} has been decided already ({row[5]}).",
        )
    return row[0], row[1], row[2], row[3], row[4]


def _settle(conn: Connection, change_no: str, state: str, *, approved_by: str | None, now: datetime) -> None:
    conn.execute(
        "update registry.change set state = %s, approved_by = %s, approved_at = %s where change_no = %s",
        [state, approved_by, now, change_no],
    )


def _number(change: Change, point: str, by: str, now: datetime) -> str:
    """A number that needs no counter: the day and a digest of what is changed, by whom, when."""
    digest = hashlib.sha256(f"{change!r}{point}{by}{now.isoformat()}".encode()).hexdigest()
    return f"R{now:%y%m%d}-{digest[:8].upper()}"


def _point_of(conn: Connection, contract_no: str) -> str:
    row = conn.execute("select point from registry.contract where contract_no = %s", [contract_no]).fetchone()
    if row is None:
        raise UnableToChange(f"契約 {contract_no} はありません。", f"There is no contract {contract_no}.")
    return str(row[0])


_REFERENCES: Final = (
    ("holder", "registry.retailer", "code", "小売電気事業者", "retailer"),
    ("customer_no", "registry.customer", "customer_no", "お客さま", "customer"),
)


def _refuse_unknown(conn: Connection, change: Change) -> None:
    for name, table, column, ja, en in _REFERENCES:
        value = getattr(change, name, None)
        if value is None:
            continue
        known = f"select exists (select from {table} where {column} = %s)"
        if conn.execute(known, [value]).fetchone() == (False,):
            raise UnableToChange(
                f"{ja} {value} は登録されていません。", f"The {en} {value} is not registered."
            )


def _write(
    conn: Connection, *, change_no: str, point: str, change: Change, by: str, now: datetime
) -> Outcome:
    before = load_state(conn, point=point, lock=True)
    _refuse_unknown(conn, change)
    after = applied(before, change)
    _store(conn, before, after)
    row = conn.execute("select reassigned, removed from metering.reassign(%s)", [point]).fetchone() or (0, 0)
    outcome = Outcome(change_no, point, row[0], row[1])
    detail = {"kind": change.kind, "point": point, "usage": {"reassigned": row[0], "removed": row[1]}}
    write_event(conn, action=change.kind, by=by, now=now, subject=change_no, detail=detail)
    conn.execute("set constraints all immediate")
    return outcome


def load_state(conn: Connection, *, point: str, lock: bool = False) -> PointState:
    """Everything registered of a point's contracts; with `lock` nobody else changes the point until the end."""
    if lock:
        conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"sekisho.point.{point}"])
    contracts = conn.execute(
        "select contract_no, holder, customer_no, application_type, lower(valid), upper(valid)"
        " from registry.contract where point = %s order by valid",
        [point],
    ).fetchall()
    return PointState(
        point,
        tuple(
            Contract(contract_no, holder, customer_no, application_type, Period(start, end))
            for contract_no, holder, customer_no, application_type, start, end in contracts
        ),
        tuple(fact for table in FACT_TABLES for fact in _facts(conn, table, point)),
    )


def _facts(conn: Connection, table: str, point: str) -> list[Fact]:
    names = payloads.value_columns(table)
    statement = (
        f"select {table}_id, contract_no, lower(valid), upper(valid), {', '.join(names)}"
        f" from registry.{table} where point = %s order by {table}_id"
    )
    rows = conn.execute(statement, [point]).fetchall()
    return [
        Fact(table, row[0], row[1], Period(row[2], row[3]), tuple(zip(names, row[4:], strict=True)))
        for row in rows
    ]


def _store(conn: Connection, before: PointState, after: PointState) -> None:
    """Write the difference of two states. Keys are deferred: the order matters only for the rows themselves."""
    kept = {contract.contract_no for contract in after.contracts}
    gone = [contract.contract_no for contract in before.contracts if contract.contract_no not in kept]
    known = {contract.contract_no: contract for contract in before.contracts}
    rows = {(fact.table, fact.row): fact for fact in before.facts}
    left = {(fact.table, fact.row) for fact in after.facts}
    for fact in before.facts:
        if (fact.table, fact.row) not in left:
            conn.execute(f"delete from registry.{fact.table} where {fact.table}_id = %s", [fact.row])
    conn.execute("delete from registry.contract where contract_no = any(%s)", [gone])
    for contract in after.contracts:
        if known.get(contract.contract_no) != contract:
            _store_contract(conn, after.point, contract)
    for fact in after.facts:
        if fact.row is None or rows[fact.table, fact.row] != fact:
            _store_fact(conn, after, fact)


_STORE_CONTRACT: Final = """
insert into registry.contract (contract_no, point, holder, customer_no, application_type, valid, recorded_at)
values (%s, %s, %s, %s, %s, %s::daterange, registry.record_time())
on conflict (contract_no) do update set valid = excluded.valid, recorded_at = excluded.recorded_at"""


def _store_contract(conn: Connection, point: str, contract: Contract) -> None:
    row = [contract.contract_no, point, contract.holder, contract.customer_no, contract.application_type]
    conn.execute(_STORE_CONTRACT, [*row, str(contract.period)])


def _store_fact(conn: Connection, state: PointState, fact: Fact) -> None:
    contract = state.contract(fact.contract_no)
    cells = dict(fact.values) | _keys(fact)
    cells |= {"contract_no": contract.contract_no, "point": state.point, "holder": contract.holder}
    names = sql.SQL(", ").join(map(sql.Identifier, (*cells, "valid", "recorded_at")))
    holes = sql.SQL(", ").join([sql.Placeholder()] * len(cells))
    values = sql.SQL("{}, %s::daterange, registry.record_time()").format(holes)
    table = sql.Identifier("registry", fact.table)
    if fact.row is None:
        statement = sql.SQL("insert into {} ({}) values ({})").format(table, names, values)
        conn.execute(statement, [*cells.values(), str(fact.period)])
        return
    own = sql.Identifier(f"{fact.table}_id")
    statement = sql.SQL("update {} set ({}) = row({}) where {} = %s").format(table, names, values, own)
    conn.execute(statement, [*cells.values(), str(fact.period), fact.row])


def _keys(fact: Fact) -> dict[str, str]:
    values, keys = dict(fact.values), KEYS.get(_kind(fact.table).code, ())
    return {key: folding.fold(fold, values[source] or "") for key, fold, source in keys}


def _kind(table: str) -> Kind:
    return next(kind for kind in KINDS.values() if kind.table == f"registry.{table}")
