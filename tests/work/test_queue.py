"""Commands are done once, wholly or not at all, whatever happens in between."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from sekisho.kernel.errors import SekishoError
from sekisho.work import payload
from sekisho.work.queue import MAX_ATTEMPTS, Command, run_next

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def submit(conn: psycopg.Connection, kind: str, *, at: datetime = NOW, key: str = "k") -> None:
    conn.execute(
        "insert into work.command (kind, payload, audience, company, person, purpose, idempotency_key, submitted_at)"
        " values (%s, '{}', 'security', 'TD', 'guard', 'oversight', %s, %s)",
        [kind, key, at],
    )


def states(conn: psycopg.Connection) -> list[tuple[str, str, dict[str, Any] | None]]:
    return conn.execute("select kind, state, outcome from work.command order by submitted_at").fetchall()


def good(conn: psycopg.Connection, _: Command, __: datetime) -> Mapping[str, Any]:
    conn.execute("create table if not exists public.done (n int)")
    conn.execute("insert into public.done values (1)")
    return {"n": 1}


def refusing(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    good(conn, command, now)
    raise SekishoError("だめです", "No")


def broken(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    good(conn, command, now)
    raise ZeroDivisionError


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


def killed(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    good(conn, command, now)
    raise Killed


HANDLERS = {"good": good, "refusing": refusing, "broken": broken, "killed": killed}


@pytest.fixture
def conn(database: str):  # type: ignore[no-untyped-def]
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table public.done (n int)")
        yield connection


def test_oldest_first_and_each_once(conn: psycopg.Connection) -> None:
    submit(conn, "good", at=NOW, key="a")
    submit(conn, "good", at=NOW - timedelta(hours=1), key="b")
    assert [run_next(conn, HANDLERS, clock=lambda: NOW) for _ in range(3)] == [True, True, False]
    assert [state for _, state, _ in states(conn)] == ["done", "done"]
    assert conn.execute("select count(*) from public.done").fetchone() == (2,)


def test_a_refusal_leaves_its_words_and_nothing_else(conn: psycopg.Connection) -> None:
    submit(conn, "refusing")
    run_next(conn, HANDLERS, clock=lambda: NOW)
    assert states(conn) == [("refusing", "refused", {"ja": "だめです", "en": "No"})]
    assert conn.execute("select count(*) from public.done").fetchone() == (0,)


def test_a_defect_is_tried_again_and_then_given_up(conn: psycopg.Connection) -> None:
    submit(conn, "broken")
    assert [run_next(conn, HANDLERS, clock=lambda: NOW) for _ in range(MAX_ATTEMPTS + 1)] == [
        True
    ] * MAX_ATTEMPTS + [False]
    assert states(conn)[0][1] == "failed"
    assert conn.execute("select count(*) from public.done").fetchone() == (0,)


def test_a_kill_leaves_the_command_waiting(conn: psycopg.Connection) -> None:
    submit(conn, "killed")
    with pytest.raises(Killed):
        run_next(conn, HANDLERS, clock=lambda: NOW)
    assert states(conn) == [("killed", "queued", None)]
    assert run_next(conn, {"killed": good}, clock=lambda: NOW)
    assert conn.execute("select count(*) from public.done").fetchone() == (1,)


def test_two_workers_do_not_take_the_same(database: str, conn: psycopg.Connection) -> None:
    submit(conn, "good")
    with psycopg.connect(database) as other:
        assert other.execute("select kind from work.command for update").fetchone() == ("good",)
        assert not run_next(conn, HANDLERS, clock=lambda: NOW)


PAYLOADS = [
    (payload.text, {}, "field"),
    (payload.text, {"field": "  "}, "field"),
    (payload.text, {"field": 3}, "field"),
    (payload.text, {"field": "a\0"}, "NUL"),
    (payload.text, {"field": "x" * 2_001}, "too long"),
    (payload.day, {"field": "2026-02-30"}, "2026-02-30"),
    (payload.day, {"field": "昨日"}, "昨日"),
    (payload.number, {"field": "1.5"}, "1.5"),
    (payload.number, {"field": True}, "True"),
]


@pytest.mark.parametrize(("reader", "given", "named"), PAYLOADS)
def test_a_bad_field_is_named(reader: Any, given: dict[str, Any], named: str) -> None:
    with pytest.raises(payload.UnableToReadPayload) as caught:
        reader(given, "field")
    assert named in caught.value.en
