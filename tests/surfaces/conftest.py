"""One small area and one process for each surface, shared by the tests of this directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import psycopg
import pytest

from sekisho.server import EmbeddedServer
from sekisho.server.installation import without_secrets
from sekisho.settings.home import Home
from surfaces import browser, world
from surfaces.browser import SignedIn, Surface


@pytest.fixture(scope="session")
def area(server: EmbeddedServer, template: str, names: Callable[[], str]) -> Iterator[str]:
    """The owner's connection string of a database with the small area in it."""
    name = f"{names()}_area"
    server.create_database(name, template=template)
    conninfo = server.superuser_conninfo(name)
    with psycopg.connect(conninfo, autocommit=True) as conn, conn.transaction():
        world.fill(conn, today=world.TODAY)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        _grant_again(conn, name)
    yield conninfo
    server.drop_database(name)


def _grant_again(conn: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    # A copied database keeps its tables' grants but not the database's own.
    logins = [
        row[0]
        for row in conn.execute(
            "select rolname from pg_roles where rolname like 'sekisho%' and rolcanlogin"
        ).fetchall()
    ]
    conn.execute(f'revoke all on database "{name}" from public')
    conn.execute(f'grant connect on database "{name}" to {", ".join(map(str, logins))}')


@pytest.fixture(scope="session")
def owner(area: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection that sees everything, to look at what the pages did."""
    with psycopg.connect(area, autocommit=True) as conn:
        yield conn


@pytest.fixture(scope="session")
def surface(area: str, home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surface]:
    """A surface by its name, started at its first use."""
    started: dict[str, browser.Running] = {}
    with ExitStack() as stack:

        def start(name: str) -> browser.Running:
            if name not in started:
                at = tmp_path_factory.mktemp(name)
                started[name] = stack.enter_context(
                    browser.running(name, home=home, database=without_secrets(conninfo=area), at=at)
                )
            return started[name]

        yield start


@pytest.fixture(scope="session")
def signed_in(surface: Surface, owner: psycopg.Connection[tuple[object, ...]], home: Home) -> SignedIn:
    """Open an account and sign in with it: `signed_in("retailer_web", "r1", company=…)`. Once for each person."""
    clients: dict[tuple[str, str], httpx.Client] = {}

    def sign_in(name: str, person: str, **account: str) -> httpx.Client:
        if (name, person) not in clients:
            world.open_account(owner, home, person, **account)
            client = clients[name, person] = surface(name).client()
            assert browser.sign_in(client, person).status_code == 200
        return clients[name, person]

    return sign_in


@pytest.fixture(scope="session")
def settings() -> None:
    """Django's settings for what is tested without a process: texts and templates."""
    import django
    from django.conf import settings as django_settings

    if not django_settings.configured:
        django_settings.configure(
            USE_TZ=True, TIME_ZONE="Asia/Tokyo", LANGUAGE_CODE="ja", SECRET_KEY="for tests", INSTALLED_APPS=[]
        )
        django.setup()
