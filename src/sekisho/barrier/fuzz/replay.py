"""Asks one question in two databases, and says where the answers part.

Every call runs on the owner's connection as the surface's login (`set session authorization`), inside a savepoint that is rolled back: no
call leaves anything to the next, and the record that the call wrote can be looked at before it goes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from sekisho.barrier.fuzz.calls import Call
from sekisho.barrier.fuzz.canaries import scan
from sekisho.barrier.fuzz.people import Person
from sekisho.barrier.fuzz.worlds import World, put
from sekisho.barrier.gate import SubmitGate
from sekisho.barrier.ticket import TicketKey

_RECORD = (
    "gate",
    "audience",
    "company",
    "person",
    "purpose",
    "case_no",
    "verdict",
    "points",
    "holders",
    "items",
    "row_count",
    "request_id",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: column names and rows, or the error in full; and the passages that the call wrote."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    error: str | None = None
    passages: tuple[Mapping[str, Any], ...] = ()

    def text(self) -> str:
        """Everything that the caller can see, as one text."""
        if self.error is not None:
            return self.error
        return "\n".join([repr(self.columns), *map(repr, self.rows)])


def stage(conn: psycopg.Connection, world: World, keys: Mapping[str, TicketKey]) -> None:
    """Lay a world out in an installed, empty database. The barrier's clock stands still at the world's moment."""
    with conn.transaction():
        for key in keys.values():
            inner, outer = key.pads()
            conn.execute(
                "insert into barrier.ticket_key (key_id, audience, inner_pad, outer_pad) values (%s, %s, %s, %s) on conflict do nothing",
                [key.key_id, key.audience, inner, outer],
            )
            conn.execute(
                "insert into barrier.ticket_key (key_id, audience, inner_pad, outer_pad, valid) values (%s, %s, %s, %s, tstzrange(null, %s))",
                [f"old-{key.audience}", key.audience, inner, outer, world.now],
            )  # fmt: skip
        conn.execute("delete from barrier.permit")
        put(conn, world)
        freeze(conn, world.now)
    conn.execute("analyze")


def freeze(conn: psycopg.Connection, now: datetime) -> None:
    """Let the database's one clock stand still, so that what is compared is not the time."""
    conn.execute(
        sql.SQL(
            "create or replace function barrier.now() returns timestamptz language sql stable return {}::timestamptz"
        ).format(sql.Literal(now.isoformat()))
    )


@contextmanager
def undone(conn: psycopg.Connection) -> Iterator[None]:
    """A transaction that never happened."""
    with conn.transaction(force_rollback=True):
        yield


def ask(conn: psycopg.Connection, person: Person, call: Call) -> Answer:
    """Ask as `person`; inside a transaction, which stays usable."""
    question = sql.SQL(
        "savepoint call; {before}; set local session authorization {login}; select set_config('sekisho.ticket', {ticket}, true); {call};"
        " reset session authorization; select {record} from ledger.passage where xact = pg_current_xact_id(); rollback to savepoint call"
    ).format(
        before=sql.SQL(person.before), login=sql.Identifier(person.login), ticket=sql.Literal(person.ticket), call=call.statement(),
        record=sql.SQL(", ").join(map(sql.Identifier, _RECORD)),
    )  # fmt: skip
    with psycopg.ClientCursor(conn) as cursor:
        try:
            cursor.execute(question)
            return _read(cursor, call)
        except psycopg.Error as fault:
            conn.execute("rollback to savepoint call")
            diag = fault.diag
            return Answer(
                error=f"{diag.sqlstate} {diag.message_primary} | {diag.message_detail} | {diag.message_hint}"
            )


def _read(cursor: psycopg.Cursor[Any], call: Call) -> Answer:
    for _ in range(4):
        cursor.nextset()
    columns = tuple(column.name for column in cursor.description or ())
    rows = tuple(cursor.fetchall())
    cursor.nextset()
    cursor.nextset()
    passages = tuple(dict(zip(_RECORD, values, strict=True)) for values in cursor.fetchall())
    if isinstance(call.gate, SubmitGate):
        # the number of a new command is random, and nobody's
        rows = tuple(("new", fresh) if fresh else (number, fresh) for number, fresh in rows)
    return Answer(columns, rows, None, passages)


@dataclass(frozen=True, slots=True)
class Part:
    """Where two answers part: the byte, and what stands around it in each."""

    byte: int
    one: str
    two: str


def parting(one: str, two: str, *, around: int = 40) -> Part | None:
    """The first byte in which two texts differ; None: they are the same."""
    left, right = one.encode(), two.encode()
    if left == right:
        return None
    at = next(
        (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
    start = max(0, at - around)
    return Part(at, *(text[start : at + around].decode(errors="replace") for text in (left, right)))


def canaries(
    text: str, hidden: Mapping[str, tuple[str, str]], *, said: str = ""
) -> dict[str, tuple[str, str]]:
    """Hidden tokens in an answer, with the cell that each comes from; not those that the caller has just said themselves."""
    own = scan(said)
    return {token: hidden[token] for token in sorted(scan(text)) if token in hidden and token not in own}
