"""Sets of kana, without voicing, as bits of a number: whether two names may begin alike is then one look at two numbers,
for a whole column at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from sekisho.matching.evidence import VOICED

_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
_CLEAR = {letter: 1 << place for place, letter in enumerate(_KANA)}
_BITS = _CLEAR | {voiced: _CLEAR[clear] for voiced, clear in VOICED.items()}
# Whatever else stands in a name (digits, signs, the end of an empty one) is told from kana, not from each other.
_OTHER = 1 << len(_KANA)
ANY = (_OTHER << 1) - 1
"""Every letter: where nobody can say."""


def of(letters: Iterable[str]) -> int:
    """The set of some letters."""
    found = 0
    for letter in letters:
        found |= _BITS.get(letter, _OTHER)
    return found
