"""How a surface asks: one pool per login, one short transaction per call, the ticket set before the gate is called."""

import dataclasses
import logging
import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from sekisho.barrier.audiences import PURPOSE, Purpose
from sekisho.barrier.compiler import function_name, outputs_of, variant_for
from sekisho.barrier.connect import prepare
from sekisho.barrier.gate import Gate, SubmitGate
from sekisho.barrier.ticket import Caller, TicketKey, sign
from sekisho.kernel.errors import SekishoError

Row = TypeVar("Row")
log = logging.getLogger(__name__)


class UnableToRead(SekishoError):
    """The database could not answer. The message carries nothing that the database said: it may name other customers."""


class UnableToAsk(SekishoError):
    """A value that no question can hold: a NUL, a day outside the calendar."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list stands: sort order, direction, size, and the key after which to go on (None: from the start)."""

    sort: str
    descending: bool = False
    size: int = 50
    after: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Rows(Generic[Row]):
    """One page of rows and the key of the last one, if more may follow."""

    rows: list[Row]
    next_key: list[str] | None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The command that a submit gate queued. `fresh` is False when the same key had been submitted before."""

    command_no: str
    fresh: bool


class Gateway:
    """The door of one audience. Thread-safe; `close` it at the end."""

    def __init__(self, conninfo: str, key: TicketKey, *, application: str, max_connections: int = 8) -> None:
        self._key = key
        self._pool = ConnectionPool(
            prepare(conninfo, application=application),
            min_size=1,
            max_size=max_connections,
            timeout=5,
            kwargs={"autocommit": True, "prepare_threshold": 2},
            check=_check,
            open=True,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()

    def __enter__(self) -> "Gateway":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def alive(self) -> bool:
        """Whether the database answers at all."""
        try:
            with self._pool.connection(timeout=2) as conn:
                return conn.execute("select true").fetchone() == (True,)
        except (psycopg.Error, PoolTimeout):
            return False

    def read(
        self, gate: Gate[Row], caller: Caller, *, now: datetime, request_id: str = "", **params: Any
    ) -> list[Row]:
        """Every row that the gate returns for `caller`. The passage is written by the same statement."""
        return self._call(gate, caller, None, now=now, request_id=request_id, params=params).rows

    def page(
        self,
        gate: Gate[Row],
        caller: Caller,
        page: Page,
        *,
        now: datetime,
        request_id: str = "",
        **params: Any,
    ) -> Rows[Row]:
        """One page of a sorted gate."""
        return self._call(gate, caller, page, now=now, request_id=request_id, params=params)

    def submit(
        self,
        gate: SubmitGate,
        caller: Caller,
        payload: Mapping[str, Any],
        *,
        idempotency_key: str,
        now: datetime,
        request_id: str = "",
    ) -> Submitted | None:
        """Queue a command. None when the ticket was refused; the same key again returns the same command."""
        name = function_name(gate, PURPOSE[caller.audience, caller.purpose])
        rows = self._execute(
            name,
            caller,
            {"payload": Jsonb(dict(payload)), "idempotency_key": idempotency_key},
            now=now,
            request_id=request_id,
        )
        return Submitted(str(rows[0][0]), bool(rows[0][1])) if rows else None

    def _call(
        self,
        gate: Gate[Row],
        caller: Caller,
        page: Page | None,
        *,
        now: datetime,
        request_id: str,
        params: Mapping[str, Any],
    ) -> Rows[Row]:
        purpose = PURPOSE[caller.audience, caller.purpose]
        if page is None:
            name, arguments = function_name(gate, purpose), dict(params)
        else:
            variant = variant_for(gate, params)
            name = function_name(gate, purpose, page.sort, descending=page.descending, variant=variant)
            arguments = {**({} if variant == "plain" else params), "page_size": page.size + 1}
            if page.after is not None:
                arguments["after"] = list(page.after)
        fetched = self._execute(name, caller, arguments, now=now, request_id=request_id)
        make = _maker(gate, purpose)
        rows = [make(values) for values in fetched]
        if page is None or len(rows) <= page.size:
            return Rows(rows, None)
        return Rows(rows[: page.size], fetched[page.size - 1][-1])

    def _execute(
        self, name: str, caller: Caller, arguments: Mapping[str, Any], *, now: datetime, request_id: str
    ) -> list[tuple[Any, ...]]:
        ticket = sign(self._key, caller, now=now, request_id=request_id)
        call = call_text(name, tuple(arguments))
        try:
            # Between two syncs of a pipeline everything is one transaction: the ticket is gone when it ends, and the rows leave
            # this block only after the commit of their passage.
            with self._pool.connection() as conn, conn.pipeline():
                conn.execute("select set_config('sekisho.ticket', %s, true)", [ticket])
                return conn.execute(call, arguments, binary=True).fetchall()
        except psycopg.DataError:
            raise UnableToAsk(
                "使えない文字か値が含まれています。",
                "The request holds a character or value that cannot be used.",
            ) from None
        except (psycopg.Error, PoolTimeout) as exc:
            # INVARIANT: what the database said (DETAIL may quote other customers' keys) goes neither to the caller nor to the log
            log.error(
                "gate call failed",
                extra={"gate": name, "sqlstate": getattr(exc, "sqlstate", None), "request_id": request_id},
            )
            raise UnableToRead(
                "いま照会できません。しばらくしてからもう一度お試しください。",
                "The database cannot answer now.",
            ) from None


@lru_cache(maxsize=4096)
def call_text(name: str, arguments: tuple[str, ...]) -> str:
    """The statement that calls a gate: composed once, since composing it costs more than the call."""
    parts = [
        sql.SQL("{} => {}").format(sql.Identifier(f"p_{key}"), sql.Placeholder(key)) for key in arguments
    ]
    call = sql.SQL("select * from {}({})").format(sql.Identifier(*name.split(".")), sql.SQL(", ").join(parts))
    return call.as_string()


@lru_cache(maxsize=4096)
def _maker(gate: Gate[Row], purpose: Purpose) -> Callable[[Sequence[Any]], Row]:
    """Makes a row of what the gate returned; fields that this purpose may not see keep their default."""
    names = [out.name for out in outputs_of(gate, purpose)]
    if names == [item.name for item in gate.fields()]:
        count = len(names)
        return lambda values: gate.row(*values[:count])
    return lambda values: gate.row(**dict(zip(names, values, strict=False)))


def _check(connection: psycopg.Connection[Any]) -> None:
    """Ask the server whether it is there only if its socket has something to say: it is silent while all is well."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        ConnectionPool.check_connection(connection)


def fields_of(row: object) -> dict[str, Any]:
    """A row as a mapping, for files and the API."""
    return {item.name: getattr(row, item.name) for item in dataclasses.fields(row)}  # type: ignore[arg-type]
