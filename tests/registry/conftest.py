"""The registry's tests run as the worker's login: what it lacks the right to do fails here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sekisho.barrier.compiler import WORKER
from sekisho.barrier.connect import connect
from sekisho.settings.deploy import login_conninfo
from sekisho.settings.home import Home

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def worker(database: str, home: Home) -> str:
    """The worker's connection string to a fresh database."""
    return login_conninfo(database, home, WORKER)


@pytest.fixture
def conn(worker: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the worker."""
    with connect(worker) as connection:
        yield connection
