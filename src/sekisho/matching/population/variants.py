"""異体字: how one and the same character appears differently in customers' names.

The pairs are those that family registers and back offices really mix (髙/高, 邉・邊/辺). They are
written down here from common knowledge, not taken from the reduction map the matcher reads, so
that a hole in that map shows up as missed matches instead of disappearing from the test.
"""

from __future__ import annotations

from .tables import table

# plain character → the forms also written for it, most frequent first
FORMS: dict[str, str] = table()["variants"]

# characters whose printed form is pinned by an ideographic variation selector (見た目だけの違い)
_PINNED = "辻葛祇榊樋邉邊逢蓮芦飴餅祁噂鯖曙箸謎遡餌"
_SELECTORS = ("\U000e0100", "\U000e0101", "\U000e0102")


def _swap(name: str, choice: int) -> str:
    for plain, forms in FORMS.items():
        if plain in name:
            return name.replace(plain, forms[min(choice, len(forms) - 1)], 1)
    return name


def first_form(name: str) -> str:
    """The most usual other form of the first character that has one; the name itself when none."""
    return _swap(name, 0)


def second_form(name: str) -> str:
    """A rarer other form: the second variant, or a variation selector behind a pinned character."""
    swapped = _swap(name, 1)
    for index, char in enumerate(swapped):
        if char in _PINNED:
            mark = _SELECTORS[(ord(char) + len(name)) % len(_SELECTORS)]
            return swapped[: index + 1] + mark + swapped[index + 1 :]
    return swapped
