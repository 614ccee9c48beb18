"""Chinese and Korean surnames as their bearers say them, which dictionaries of Japanese readings do not list.

Only the everyday surnames; readings after common kana transcriptions of Mandarin and Korean, spellings as they stand in
passports.
"""

from __future__ import annotations

from functools import cache

from sekisho.matching import kana, vocabulary


@cache
def native_surnames() -> dict[str, tuple[str, ...]]:
    """Surname → sounds."""
    return {
        surname: tuple(dict.fromkeys(kana.sounds_of([word for word in words if not word.isascii()])))
        for surname, *words in _listed()
    }


@cache
def spelt_surnames() -> dict[str, frozenset[str]]:
    """Surname → spellings in Roman letters: WANG and WONG of 王."""
    return {surname: frozenset(word for word in words if word.isascii()) for surname, *words in _listed()}


def _listed() -> list[list[str]]:
    return vocabulary.lines("foreign", "surnames")
