"""`sekisho account`, `client`, `ledger max-lag`, `db doctor` as an installer types them."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from sekisho.clients.actions import hashed
from sekisho.settings.home import Home
from sekisho.surfaces.cli.root import main

Run = Callable[..., Any]


@pytest.fixture
def run(database: str, home: Home, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; returns its JSON, or its text where there is none."""

    def call(*words: str, code: int = 0) -> Any:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--home", str(home.root), "--database-url", database, "--lang", "en"])
        out, err = capfd.readouterr()
        assert ended.value.code == code, err
        return json.loads(out) if "--json" in words and out else out + err

    return call


@pytest.fixture
def owner(database: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


FOUNDERS = ("--person", "e.mamoru=江守　恵", "--person", "k.minori=木下　実", "--by", "installation")


def test_the_first_two_people_of_security(run: Run, owner: psycopg.Connection[Any]) -> None:
    made = run("account", "first-security", *FOUNDERS, "--json")
    assert [one["person"] for one in made] == ["e.mamoru", "k.minori"]
    assert all(len(one["code"]) == 20 for one in made) and made[0]["code"] != made[1]["code"]
    found = owner.execute(
        "select must_change_password, initial_until > now(), password like 'scrypt$%', created_by, display_name"
        " from accounts_security.accounts_user order by person"
    ).fetchall()
    assert found == [(True, True, True, "installation", name) for name in ("江守　恵", "木下　実")]
    permits = owner.execute(
        "select person, purpose, granted_by, reason like %s, granted_at > now() - interval '1 minute', draft_no from barrier.permit"
        " where audience = 'security' order by person", [f"%(OS: {getpass.getuser()})"],
    ).fetchall()  # fmt: skip
    assert permits == [
        (one, "oversight", "installation", True, True, None) for one in ("e.mamoru", "k.minori")
    ]
    again = run("account", "first-security", "--person", "x.one=壱", "--person", "x.two=弐", code=1)
    assert "already" in again and "e.mamoru" in again
    assert [one["person"] for one in run("account", "list", "--json")] == ["e.mamoru", "k.minori"]


def test_founding_is_over_even_when_its_permits_have_ended(run: Run, owner: psycopg.Connection[Any]) -> None:
    run("account", "first-security", *FOUNDERS)
    owner.execute("update barrier.permit set ended_at = now(), ended_by = 'x' where audience = 'security'")
    assert "already" in run("account", "first-security", *FOUNDERS, code=1)


@pytest.mark.parametrize(
    ("people", "code", "told"),
    [
        (("e.mamoru=江守　恵",), 1, "two different people"),
        (("e.mamoru=江守　恵", "e.mamoru=江守　恵"), 1, "two different people"),
        (("a.one=A", "b.two=B", "c.three=C"), 1, "two different people"),
        (("e.mamoru=江守　恵", "Mamoru!=木下　実"), 1, "lower-case"),
        (("e.mamoru", "k.minori=木下　実"), 2, "USER=NAME"),
        (("e.mamoru=江守　恵", "installation=木下　実"), 1, "themselves"),
    ],
)
def test_founders_that_may_not_be(
    run: Run, owner: psycopg.Connection[Any], people: tuple[str, ...], code: int, told: str
) -> None:
    words = [word for one in people for word in ("--person", one)]
    assert told in run("account", "first-security", *words, "--by", "installation", code=code)
    assert owner.execute("select count(*) from barrier.account").fetchone() == (0,)
    assert owner.execute("select count(*) from barrier.permit where audience = 'security'").fetchone() == (0,)


def test_an_account_without_a_permit(run: Run, owner: psycopg.Connection[Any]) -> None:
    words = (
        "account",
        "create",
        "security",
        "e.mamoru",
        "--name",
        "江守　恵",
        "--by",
        "installation",
        "--json",
    )
    made = run(*words)
    assert owner.execute("select count(*) from barrier.permit where person = 'e.mamoru'").fetchone() == (0,)
    assert "already has an account" in run(*words, code=1)
    again = run("account", "reissue", "security", "e.mamoru", "--json")
    assert again["code"] != made["code"]
    run("account", "unlock", "security", "e.mamoru")
    run("account", "end", "security", "e.mamoru")
    assert "ended" in run("account", "list", "security")
    kinds = owner.execute("select kind from accounts_security.accounts_event order by id").fetchall()
    assert [kind for (kind,) in kinds] == ["created", "reissued", "unlocked", "ended"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("security", "Mamoru!"), "lower-case"),
        (("nonsense", "e.mamoru"), "nonsense"),
        (("security", "e.mamoru", "--company", "99999"), "99999"),
        (("retailer", "r.one", "--company", "99999"), "99999"),
    ],
)
def test_an_account_that_may_not_be(
    run: Run, owner: psycopg.Connection[Any], words: tuple[str, ...], told: str
) -> None:
    assert told in run("account", "create", *words, "--name", "x", code=1)
    assert owner.execute("select count(*) from barrier.account").fetchone() == (0,)


def test_a_client_from_its_first_secret_to_its_end(run: Run, owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "insert into registry.retailer (code, registration_no, name) values ('00016', 'A0001', '甲電力')"
    )
    assert "00099" in run("client", "create", "00099", "m.99", code=1)
    made = run("client", "create", "00016", "m.00016", "--label", "EDI", "--json")
    assert "already" in run("client", "create", "00016", "m.00016", code=1)

    def kept() -> Any:
        found = owner.execute(
            "select secret_hash, ended_at is null from accounts_api.clients_client"
        ).fetchone()
        assert found is not None
        return found

    assert kept() == (hashed(made["client_secret"]), True)
    owner.execute(
        "insert into accounts_api.clients_token (token_hash, client_id, expires_at) values ('t', %s, now() + interval '1 day')",
        [made["client_id"]],
    )
    rotated = run("client", "rotate", made["client_id"], "--json")
    assert rotated["client_secret"] != made["client_secret"]
    assert kept() == (hashed(rotated["client_secret"]), True)
    assert owner.execute("select count(*) from accounts_api.clients_token").fetchone() == (0,)
    listed = run("client", "list", "--json")
    assert [(one["client_id"], one["name"]) for one in listed] == [(made["client_id"], "m.00016")]
    assert made["client_secret"] not in json.dumps(listed)
    run("client", "revoke", made["client_id"])
    assert kept()[1] is False
    run("client", "revoke", made["client_id"], code=1)
    run("client", "rotate", made["client_id"], code=1)
    kinds = owner.execute("select kind from accounts_api.accounts_event order by id").fetchall()
    assert [kind for (kind,) in kinds] == ["client_created", "client_rotated", "client_ended"]


@pytest.mark.parametrize(
    ("wish", "seconds"), [("60s", 60.0), ("90", 90.0), ("5m", 300.0), ("1h", 3600.0), ("off", None)]
)
def test_the_longest_lag_is_set_and_shown(
    run: Run, owner: psycopg.Connection[Any], wish: str, seconds: float | None
) -> None:
    owner.execute(f"grant connect on database {owner.info.dbname} to sekisho_sequencer")
    said = ("--by", "江守　恵", "--reason", "毎朝の点検")
    assert run("ledger", "max-lag", wish, *said, "--json")["max_lag_seconds"] == seconds
    assert run("ledger", "max-lag", "--json")["max_lag_seconds"] == seconds


@pytest.mark.parametrize("wish", ["4s", "0", "60 s", "1d", "nonsense"])
def test_a_lag_that_is_none(run: Run, owner: psycopg.Connection[Any], wish: str) -> None:
    owner.execute(f"grant connect on database {owner.info.dbname} to sekisho_sequencer")
    assert "5s" in run("ledger", "max-lag", wish, code=2)


def test_a_change_of_the_longest_lag_stays_on_record(run: Run, owner: psycopg.Connection[Any]) -> None:
    owner.execute(f"grant connect on database {owner.info.dbname} to sekisho_sequencer")
    said = ("--by", "江守　恵", "--reason", "証人の停止")
    for words in (
        ("60s",),
        ("60s", "--by", "江守　恵"),
        ("60s", "--reason", "x"),
        ("60s", "--by", " ", "--reason", "x"),
    ):
        assert "--reason" in run("ledger", "max-lag", *words, code=2)
    for wish in ("60s", "60s", "5m", "off"):
        run("ledger", "max-lag", wish, *said)
    changes = "select login, os_user, by, reason, old_seconds, new_seconds from ledger.lag_change order by change_no"
    user = getpass.getuser()
    assert owner.execute(changes).fetchall() == [
        ("sekisho_sequencer", user, "江守　恵", "証人の停止", old, new)
        for old, new in ((None, 60), (60, 300), (300, None))
    ]
    owner.execute("update ledger.seal set max_lag = interval '7 seconds'")  # by hand: no name, but not unseen
    assert owner.execute(f"{changes} desc limit 1").fetchone() == (owner.info.user, None, None, None, None, 7)
    for statement in (
        "update ledger.lag_change set reason = ''",
        "delete from ledger.lag_change",
        "truncate ledger.lag_change",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            owner.execute(statement)


@pytest.mark.parametrize("login", ["sekisho_worker", "sekisho_sequencer"])
def test_nobody_invents_a_change_of_the_lag(run: Run, owner: psycopg.Connection[Any], login: str) -> None:
    owner.execute(f"set session authorization {login}")
    for statement in (
        "insert into ledger.lag_change (login, new_seconds) values ('x', 1)",
        "update ledger.lag_change set reason = ''",
        "delete from ledger.lag_change",
    ):
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)):
            owner.execute(statement)


def test_the_doctor_names_what_a_superuser_must_do(run: Run, owner: psycopg.Connection[Any]) -> None:
    assert run("db", "doctor", "--json") == {"obligations": [], "barrier_current": True}
    owner.execute("revoke execute on function pg_catalog.pg_log_standby_snapshot() from sekisho_sequencer")
    assert "standby-snapshot" in run("db", "doctor", code=1)
    sql = run("db", "doctor", "--sql", code=1)
    owner.execute(sql.encode())
    run("db", "doctor")
