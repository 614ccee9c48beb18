"""The word lists and tables of `data/`, read from the package."""

import csv
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=8)
def lists(file: str) -> tuple[tuple[str, ...], ...]:
    """Return the lines of a word list, split at blanks; the first word says what the line is."""
    return tuple(tuple(line.split()) for line in _text(file).splitlines() if not line.startswith("#"))


def table(file: str) -> list[dict[str, str]]:
    """Return the rows of a CSV table."""
    return list(csv.DictReader(_text(file).splitlines()))


def _text(file: str) -> str:
    return (resources.files("sekisho.demo") / "data" / file).read_text(encoding="utf-8")
