"""What every test may ask for: a real PostgreSQL server, a fresh database, and no way out of this machine."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sekisho.server import EmbeddedServer
from sekisho.server.locks import exclusive
from sekisho.settings.deploy import install
from sekisho.settings.home import Home

HOME_VARIABLE = "SEKISHO_TEST_HOME"
TEMPLATE = "sekisho_template"
PREFIX = "sekisho-test-"


def pytest_configure(config: pytest.Config) -> None:
    """One home for all worker processes; its name tells later runs whose it was. What the caller's shell says of Sekisho does not count."""
    for name in (
        "SEKISHO_LANG",
        "SEKISHO_HOME",
        "SEKISHO_DATABASE_URL",
        "SEKISHO_ENVIRONMENT",
        "SEKISHO_SURFACE",
    ):
        os.environ.pop(name, None)
    if not hasattr(config, "workerinput"):
        _sweep()
        os.environ[HOME_VARIABLE] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that made the home removes it, after all workers have ended."""
    if not hasattr(config, "workerinput"):
        _remove(Path(os.environ.pop(HOME_VARIABLE)))


@pytest.fixture(scope="session")
def home() -> Home:
    """The home directory of this test run: the logins' passwords and the ticket keys lie in its secrets."""
    return Home(Path(os.environ[HOME_VARIABLE]))


@pytest.fixture(scope="session")
def server(home: Home) -> EmbeddedServer:
    """The embedded server, shared by all worker processes; what it holds is thrown away."""
    server = EmbeddedServer(home, durable=False)
    server.ensure_running()
    return server


@pytest.fixture(scope="session")
def template(server: EmbeddedServer, home: Home) -> str:
    """The name of a migrated database, made once for all worker processes."""
    done = home.run / "template-migrated"
    with exclusive(path=home.run / "template.lock"):
        if not done.exists():
            server.drop_database(TEMPLATE)
            server.create_database(TEMPLATE)
            install(server.superuser_conninfo(TEMPLATE), home, now=datetime.now(UTC))
            done.touch()
    return TEMPLATE


@pytest.fixture
def database(server: EmbeddedServer, template: str, names: Callable[[], str]) -> Iterator[str]:
    """The superuser's connection string of a fresh, migrated, empty database."""
    yield from _temporary(server, names(), template)


@pytest.fixture
def empty_database(server: EmbeddedServer, names: Callable[[], str]) -> Iterator[str]:
    """The superuser's connection string of a database without any table."""
    yield from _temporary(server, names(), "template1")


@pytest.fixture(scope="session")
def names() -> Callable[[], str]:
    """Database names that no other worker process uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    counter = iter(range(1_000_000))
    return lambda: f"test_{worker}_{next(counter)}"


@pytest.fixture(autouse=True)
def japanese_again() -> Iterator[None]:
    """The command line's language is the process's: a test that asked for English leaves Japanese behind."""
    yield
    speech = sys.modules.get("sekisho.surfaces.cli.speech")
    if speech is not None:
        speech.choose_language(option=None, environ={})


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Let no test talk to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _temporary(server: EmbeddedServer, name: str, template: str) -> Iterator[str]:
    server.create_database(name, template=template)
    yield server.superuser_conninfo(name)
    server.drop_database(name)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def _sweep() -> None:
    """Remove what killed test runs have left."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if path.stat().st_uid == os.getuid() and pid.isdigit() and not _alive(int(pid)):
            _remove(path)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    EmbeddedServer(Home(path)).stop()
    shutil.rmtree(path, ignore_errors=True)
