"""Usage tests share the registry's little area."""

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

sys.path.insert(0, str(Path(__file__).parents[1] / "registry"))


@pytest.fixture
def worker(database: str, home: Home) -> str:
    """The worker's connection string to a fresh database."""
    return login_conninfo(database, home, WORKER)


@pytest.fixture
def area(worker: str, tmp_path: Path) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection to a database with the area in it."""
    from registryworld import load_area

    with connect(worker) as connection:
        load_area(connection, tmp_path)
        yield connection
