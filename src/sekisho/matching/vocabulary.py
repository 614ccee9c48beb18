"""The word lists of `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def _content() -> dict[str, dict[str, str]]:
    return tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text(encoding="utf-8"))


def section(name: str) -> dict[str, list[str]]:
    """Every list of a section, as words."""
    return {key: text.split() for key, text in _content()[name].items()}


def lines(name: str, key: str) -> list[list[str]]:
    """A list whose lines matter, as words a line."""
    return [line.split() for line in _content()[name][key].strip().splitlines()]


def fields(name: str, key: str) -> list[list[list[str]]]:
    """A list whose lines have several fields, divided by a slash: the words of each field of each line."""
    rows = _content()[name][key].strip().splitlines()
    return [[field.split() for field in line.split("/")] for line in rows]
