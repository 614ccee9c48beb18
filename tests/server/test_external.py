"""A server given by URL: every reason why it is not fit is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import ENVIRONMENT
from sekisho.server import EmbeddedServer, Installation, UnfitServer, check_external
from sekisho.server.external import faults
from sekisho.server.faults import UnableToReachDatabase, translate
from sekisho.server.installation import without_secrets
from sekisho.settings.deploy import install
from sekisho.settings.home import Home
from sekisho.settings.obligations import open_obligations
from sekisho.settings.proving import prove_database

FIT = {"version": 180004, "btree_gist": True, "superuser": True, "owner": False, "encoding": "UTF8"}


@dataclass(frozen=True)
class Lent:
    """An installation on somebody else's server: the owner's address, and the superuser's."""

    installation: Installation
    url: str
    superuser: str


@pytest.mark.parametrize(
    ("difference", "told"),
    [
        ({}, []),
        ({"superuser": False, "owner": True}, []),
        ({"version": 190000}, []),
        ({"version": 180003}, ["18.3"]),
        ({"version": 170009}, ["17.9"]),
        ({"btree_gist": False}, ["btree_gist"]),
        ({"superuser": False}, ["CREATEROLE"]),
        ({"encoding": "SQL_ASCII"}, ["SQL_ASCII"]),
        ({"version": 160000, "btree_gist": False, "encoding": "LATIN1"}, ["16.0", "btree_gist", "LATIN1"]),
    ],
)
def test_faults(difference: dict[str, object], told: list[str]) -> None:
    found = faults(**{**FIT, **difference})  # type: ignore[arg-type]
    assert len(found) == len(told)
    for (ja, en), word in zip(found, told, strict=True):
        assert word in ja
        assert word in en


def test_a_superusers_database_is_fit(empty_database: str, home: Home) -> None:
    assert Installation(home, empty_database).open() == empty_database


def test_a_plain_role_is_refused_until_it_owns_the_database_and_may_create_roles(empty_database: str) -> None:
    role, password = "installer_of_tests", "long enough for a test"
    conninfo = make_conninfo(empty_database, user=role, password=password)
    with psycopg.connect(empty_database, autocommit=True) as owner:
        owner.execute(f"create role {role} login password '{password}'")
        try:
            with pytest.raises(UnfitServer, match="CREATEROLE"):
                check_external(conninfo=conninfo)
            owner.execute(f"alter role {role} createrole")
            with pytest.raises(UnfitServer, match="CREATEROLE"):
                check_external(conninfo=conninfo)
            owner.execute(f"alter database {owner.info.dbname} owner to {role}")
            check_external(conninfo=conninfo)
        finally:
            owner.execute(f"alter database {owner.info.dbname} owner to postgres")
            owner.execute(f"drop role {role}")


def test_an_unreachable_server_is_told_without_the_password() -> None:
    with pytest.raises(UnfitServer) as caught:
        check_external(conninfo="postgresql://somebody:geheim@127.0.0.1:1/none")
    assert caught.value.exit_code == ENVIRONMENT
    assert "127.0.0.1" in caught.value.en
    assert "geheim" not in str(caught.value)


def test_an_address_holds_nobodys_secrets(empty_database: str) -> None:
    given = make_conninfo(empty_database, password="geheim", passfile="/secret/place", sslmode="require")
    parts = conninfo_to_dict(without_secrets(conninfo=given))
    assert parts.keys() == {"host", "port", "dbname", "sslmode"}


def test_a_servers_message_is_not_repeated() -> None:
    """It may hold a customer's name; what the client itself noticed may be said."""
    told = translate(fault=psycopg.errors.AdminShutdown("terminating: カナリア太郎"))
    assert isinstance(told, UnableToReachDatabase)
    assert "カナリア" not in str(told)
    assert translate(fault=ValueError("other")) is None


# --- an owner that is no superuser


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lent]:
    """A server of its own, because roles belong to the whole server, whose superuser lends us a database and a role."""
    root = tmp_path_factory.mktemp("lent")
    server = EmbeddedServer(Home(root / "server"), durable=False)
    server.ensure_running()
    with psycopg.connect(server.superuser_conninfo(), autocommit=True) as superuser:
        superuser.execute("create role utility login createrole createdb password 'long enough for a test'")
        superuser.execute("create database lent owner utility")
    host, port = server.address
    url = make_conninfo(
        host=host, port=port, dbname="lent", user="utility", password="long enough for a test"
    )
    yield Lent(Installation(Home(root / "home"), url), url, server.superuser_conninfo("lent"))
    server.stop()


def test_an_owner_without_superuser_installs_and_a_superuser_adds_three_rights(lent: Lent) -> None:
    conninfo = lent.installation.open()
    for _ in range(2):  # a repeat changes nothing
        install(conninfo, lent.installation.home, now=datetime.now(UTC))
    with connect(conninfo) as owner:
        still = open_obligations(owner)
    assert [one.name for one in still] == ["announcements", "replication", "standby-snapshot"]

    certificate = prove_database(conninfo, now=datetime.now(UTC))
    named = {finding.subject for finding in certificate.findings if finding.obligation == "2"}
    assert named == {f"superuser: {one.name}" for one in still}
    assert all(one.line() in str([f.en for f in certificate.findings]) for one in still)
    # whoever may write announcements may invent readings: a path, until the superuser closes it
    assert {finding.obligation for finding in certificate.findings} == {"2", "3"}

    with psycopg.connect(lent.superuser, autocommit=True) as superuser:
        for one in still:
            superuser.execute(one.line().encode())
    install(conninfo, lent.installation.home, now=datetime.now(UTC))
    with connect(conninfo) as owner:
        assert open_obligations(owner) == []
    assert prove_database(conninfo, now=datetime.now(UTC)).findings == []


def test_what_a_superuser_gave_to_others_is_an_open_obligation(database: str) -> None:
    with connect(database) as owner:
        assert open_obligations(owner) == []
        owner.execute("grant execute on function pg_catalog.pg_log_standby_snapshot() to sekisho_worker")
        assert [one.name for one in open_obligations(owner)] == ["standby-snapshot"]
