"""Tokens and allowances, asked of the database at each request, by one process and by several."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from sekisho.barrier.gateway import UnableToRead
from sekisho.clients.actions import create_client, hashed
from sekisho.clients.door import Door, Leases
from sekisho.settings.deploy import login_conninfo
from sekisho.settings.home import Home

LOGIN = "sekisho_accounts_api"
LATER = timedelta(minutes=15)


@pytest.fixture
def owner(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def accounts(database: str, home: Home) -> str:
    return login_conninfo(database, home, LOGIN)


def token(owner: psycopg.Connection[Any], name: str, *, per_minute: int = 600, company: str = "10016") -> str:
    now = datetime.now(UTC)
    made = create_client(owner, company=company, person=name, label="test", by="test", now=now)
    owner.execute(
        "update accounts_api.clients_client set requests_per_minute = %s where client_id = %s",
        [per_minute, made.client_id],
    )
    owner.execute(
        "insert into accounts_api.clients_token (token_hash, client_id, expires_at) values (%s, %s, %s)",
        [hashed(name), made.client_id, now + LATER],
    )
    return name


def test_a_token_speaks_for_its_client_until_it_ends(owner: psycopg.Connection[Any], accounts: str) -> None:
    name = token(owner, "m-one")
    door = Door(accounts, application="test")
    try:
        now = datetime.now(UTC)
        admitted = door.admit(name, now=now)
        assert admitted is not None
        assert (admitted.company, admitted.person, admitted.wait) == ("10016", "m-one", 0)
        assert door.admit("m-two", now=now) is None
        assert door.admit("", now=now) is None
        assert door.admit(name, now=now + LATER) is None
        owner.execute("update accounts_api.clients_client set ended_at = %s", [now])
        assert door.admit(name, now=now) is None
    finally:
        door.close()


def test_the_allowance_is_the_company_s(owner: psycopg.Connection[Any], accounts: str) -> None:
    first, second, other = (
        token(owner, name, per_minute=6, company=company)
        for name, company in (("m-a", "10016"), ("m-b", "10016"), ("m-c", "20026"))
    )
    door = Door(accounts, application="test")
    try:
        waits = [
            getattr(door.admit((first, second)[n % 2], now=datetime.now(UTC)), "wait", None)
            for n in range(13)
        ]
        assert waits[:10] == [0] * 10
        assert all(0 < wait <= 10 for wait in waits[-2:] if wait is not None)
        assert getattr(door.admit(other, now=datetime.now(UTC)), "wait", None) == 0
    finally:
        door.close()


ASKING = """
import json, sys, time
from datetime import UTC, datetime
from sekisho.clients.door import Door
door = Door(sys.argv[1], application="test")
door.admit("", now=datetime.now(UTC))
print("ready", flush=True)
sys.stdin.readline()
began = time.monotonic()
waits = [door.admit(sys.argv[2], now=datetime.now(UTC)).wait for _ in range(400)]
print(json.dumps([waits.count(0), time.monotonic() - began]), flush=True)
door.close()
"""


@pytest.mark.parametrize(("per_minute", "burst", "lease"), [(60, 12, 1), (600, 120, 10)])
def test_two_processes_share_one_allowance(
    owner: psycopg.Connection[Any], accounts: str, per_minute: int, burst: int, lease: int
) -> None:
    name = token(owner, "m-shared", per_minute=per_minute)
    command = [sys.executable, "-c", ASKING, accounts, name]
    asking = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for process in asking:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    began = datetime.now(UTC)
    answers = [json.loads(process.communicate("go\n")[0].splitlines()[-1]) for process in asking]
    seconds = (datetime.now(UTC) - began).total_seconds()
    passed = sum(number for number, _ in answers)
    # Both were busy all the time: each may hold back at most a lease that it had no time to hand out.
    assert burst - 2 * lease <= passed <= burst + seconds * per_minute / 60 + 1


def test_a_restarted_connection_is_replaced(owner: psycopg.Connection[Any], accounts: str) -> None:
    name = token(owner, "m-one")
    door = Door(accounts, application="test")
    try:
        assert door.admit(name, now=datetime.now(UTC)) is not None
        owner.execute(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = %s", [LOGIN]
        )
        assert door.admit(name, now=datetime.now(UTC)) is not None
        owner.execute("revoke select on accounts_api.clients_token from sekisho_accounts_api")
        with pytest.raises(UnableToRead):
            door.admit(name, now=datetime.now(UTC))
    finally:
        door.close()


def test_a_lease_is_handed_out_once() -> None:
    leases = Leases()
    assert not leases.spend("10016")
    leases.add("10016", 2)
    assert [leases.spend(company) for company in ("10016", "20026", "10016", "10016")] == [
        True,
        False,
        True,
        False,
    ]
    leases.add("10016", -1)
    assert not leases.spend("10016")
