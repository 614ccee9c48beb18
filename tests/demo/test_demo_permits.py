"""The demonstration's permits come from two people, through the gates and the worker, and a killed run is taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from sekisho.barrier.compiler import WORKER
from sekisho.barrier.connect import connect
from sekisho.barrier.gateway import Gateway
from sekisho.demo.accounts import accounts
from sekisho.demo.permits import CASE, FOUNDERS, Onboarding, wishes
from sekisho.demo.simulate import clock_set_back
from sekisho.settings import deploy
from sekisho.settings.commands import HANDLERS
from sekisho.settings.founding import UnableToFound, admit_founders
from sekisho.settings.home import Home
from sekisho.work.queue import run_next

NOW = datetime.now(UTC)
BEGIN = NOW - timedelta(days=6)
PEOPLE = accounts(until=NOW.date())
MACHINES = {"m.90016": "90016"}


class Killed(Exception):
    """Stands for a kill between a command and its execution."""


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as opened:
        deploy.ensure_months(opened, BEGIN)
        yield opened


def onboard(database: str, home: Home, conn: psycopg.Connection[Any], *, killed_after: int = 10**6) -> int:
    for login in (WORKER, "sekisho_security_web"):
        conn.execute(f"grant connect on database {conn.info.dbname} to {login}")
    deploy.store_key(conn, deploy.ticket_key(home, "security"))
    steps = iter(range(10**6))
    login = deploy.login_conninfo(database, home, WORKER)
    door = deploy.login_conninfo(database, home, "sekisho_security_web")
    with (
        connect(login) as worker,
        Gateway(door, deploy.ticket_key(home, "security"), application="test") as gateway,
        clock_set_back(conn, timedelta(0)) as lag,
    ):

        def carry_out(at: datetime) -> None:
            if next(steps) >= killed_after:
                raise Killed
            run_next(worker, HANDLERS, clock=lambda: at)

        two = Onboarding(conn, gateway, carry_out, lambda at: lag(datetime.now(UTC) - at), BEGIN)
        return two.run(wishes(PEOPLE, MACHINES, since=BEGIN.date()))


def founded(conn: psycopg.Connection[Any]) -> None:
    admit_founders(conn, FOUNDERS, by="installation", os_user="tester", now=BEGIN)


def test_everybody_after_the_first_two_has_two_names(
    database: str, home: Home, conn: psycopg.Connection[Any]
) -> None:
    founded(conn)
    wanted = sum(len(one.purposes) for one in PEOPLE if one.username not in FOUNDERS) + len(MACHINES)
    assert onboard(database, home, conn) == wanted
    names = conn.execute(
        "select person, drafted_by, granted_by from barrier.permit where person <> 'public' order by permit_no"
    ).fetchall()
    assert [row for row in names if row[1] is None] == [(one, None, "installation") for one in FOUNDERS]
    given = [set(row[1:]) for row in names if row[1] is not None]
    assert len(given) == wanted and all(two == set(FOUNDERS) for two in given)
    assert {row[1] for row in names} == {None, *FOUNDERS}, "both draft, both approve"
    case = conn.execute(
        "select opened_by, approved_by, lower(valid) < now() from barrier.case_file where case_no = %s",
        [CASE],
    ).fetchone()
    assert case is not None and {*case[:2]} == set(FOUNDERS) and case[2]
    states = conn.execute(
        "select state, note <> '', count(*)::int from barrier.draft where kind = 'permit' group by 1, 2"
    ).fetchall()
    assert sorted(states) == [("approved", False, wanted), ("drafted", False, 1), ("rejected", True, 1)]
    through = conn.execute(
        "select count(*)::int from ledger.passage where gate = 'decide_draft' and verdict = 'passed'"
    ).fetchone()
    assert through == (wanted + 2,)


@pytest.mark.parametrize("killed_after", [0, 1, 2, 3, 8])
def test_a_killed_run_is_taken_up_again(
    database: str, home: Home, conn: psycopg.Connection[Any], killed_after: int
) -> None:
    founded(conn)
    with pytest.raises(Killed):
        onboard(database, home, conn, killed_after=killed_after)
    onboard(database, home, conn)
    assert onboard(database, home, conn) == 0
    twice = conn.execute(
        "select person, purpose from barrier.permit group by 1, 2 having count(*) > 1"
    ).fetchall()
    assert twice == []
    drafts = conn.execute(
        "select count(*)::int, count(*) filter (where state = 'drafted')::int from barrier.draft"
    ).fetchone()
    wanted = sum(len(one.purposes) for one in PEOPLE if one.username not in FOUNDERS) + len(MACHINES)
    assert drafts == (wanted + 3, 1)


def test_the_founders_are_founders_once(conn: psycopg.Connection[Any]) -> None:
    founded(conn)
    with pytest.raises(UnableToFound):
        founded(conn)
