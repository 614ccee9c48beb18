"""Databases with the platform installed: one template a session, a copy for each test that breaks something."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from barrier_world import NOW, SEED

from sekisho.server import EmbeddedServer
from sekisho.server.locks import exclusive
from sekisho.settings.deploy import install
from sekisho.settings.home import Home

TEMPLATE = "sekisho_barrier_template"


@pytest.fixture(scope="session")
def home() -> Home:
    """The home of the session's server, where the installation keeps its secrets."""
    return Home(Path(os.environ["SEKISHO_TEST_HOME"]))


@pytest.fixture(scope="session")
def installed_template(server: EmbeddedServer, home: Home) -> str:
    """A database with the platform installed and a few rows: two retailers, a switch, three customers."""
    done = home.run / "barrier-template"
    with exclusive(path=home.run / "barrier-template.lock"):
        if not done.exists():
            server.drop_database(TEMPLATE)
            server.create_database(TEMPLATE)
            conninfo = server.superuser_conninfo(TEMPLATE)
            install(conninfo, home, now=NOW)
            with psycopg.connect(conninfo, autocommit=True) as conn:
                conn.execute(SEED)
            done.touch()
    return TEMPLATE


@pytest.fixture
def installed(server: EmbeddedServer, installed_template: str, names: Callable[[], str]) -> Iterator[str]:
    """The owner's connection string of a copy of the template, for breaking."""
    name = names()
    server.create_database(name, template=installed_template)
    conninfo = server.superuser_conninfo(name)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        _grant_the_database(conn, name, installed_template)
    yield conninfo
    server.drop_database(name)


def _grant_the_database(conn: psycopg.Connection[Any], name: str, template: str) -> None:
    """`create database … template` copies everything but the privileges on the database itself."""
    conn.execute(f"revoke all on database {name} from public")
    rows = conn.execute(
        "select a.privilege_type, pg_get_userbyid(a.grantee) from pg_database d, aclexplode(d.datacl) a"
        " where d.datname = %s and a.grantee <> d.datdba",
        [template],
    ).fetchall()
    for privilege, grantee in rows:
        conn.execute(f"grant {privilege} on database {name} to {grantee}".encode())
