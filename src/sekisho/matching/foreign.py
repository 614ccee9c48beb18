"""Names from elsewhere: Chinese and Korean surnames as their bearers say them, which dictionaries of Japanese readings do
not list, and several names without a space between.

Only the everyday surnames; readings after common kana transcriptions of Mandarin and Korean, spellings as they stand in
passports.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from sekisho.matching import kana, vocabulary

_SHORTEST = 3


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


def spaced(sound: str, words: Collection[str]) -> str | None:
    """カルロススミスレイエス as カルロス スミス レイエス: a sound that is nothing but two of the words or more, of three kana
    at least; as few as can be."""
    ways: dict[int, list[str]] = {0: []}
    for end in range(_SHORTEST, len(sound) + 1):
        for start in [*ways]:
            word = sound[start:end]
            if _SHORTEST <= len(word) < len(sound) and word in words:
                ways[end] = min(ways.get(end, [*ways[start], word]), [*ways[start], word], key=len)
    return " ".join(ways[len(sound)]) if len(sound) in ways else None
