"""The dictionaries are built once on a machine and shared by every test."""

from __future__ import annotations

import pytest

from sekisho.matching import lexicon
from sekisho.matching.likeness import Reader


@pytest.fixture(scope="session")
def words() -> lexicon.Lexicon:
    return lexicon.opened()


@pytest.fixture(scope="session")
def reader(words: lexicon.Lexicon) -> Reader:
    return Reader(words)
