"""A database with the small area of `area.py`."""

import pytest
from area import lay_out


@pytest.fixture
def facts(database: str) -> str:
    """The owner's connection string of a database that holds the small area."""
    lay_out(database)
    return database
