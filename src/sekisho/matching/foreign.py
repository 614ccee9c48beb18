"""Chinese and Korean surnames as their bearers say them, which dictionaries of Japanese readings do not list.

Only the everyday surnames; readings after common kana transcriptions of Mandarin and Korean.
"""

from __future__ import annotations

from functools import cache

from sekisho.matching import kana, vocabulary


@cache
def native_surnames() -> dict[str, tuple[str, ...]]:
    """Surname → sounds."""
    table: dict[str, tuple[str, ...]] = {}
    for surname, *readings in vocabulary.lines("foreign", "surnames"):
        table[surname] = (*table.get(surname, ()), *kana.sounds_of(readings))
    return table
