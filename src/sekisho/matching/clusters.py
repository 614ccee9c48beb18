"""Clusters: accepted pairs joined, surest first, refusing a join that would put two written names under
one head.

A kana name may be read as either of two kanji names; each join is right by itself and both together merge
two people.
Joining in order of certainty, and never two different kanji names but by a pair that says so, prevents that.
"""

from __future__ import annotations

from collections.abc import Iterable

# Beside the codes of `reasons.py`: a company that one contract names.
NAMED = "company_named"
_MAY_JOIN_KANJI = frozenset(
    {
        NAMED,
        "same_name",
        "kana_column",
        "homophone",
        "one_character",
        "slip",
        "new_surname",
        "former_surname",
        "surname_only",
        "company_branch",
        "company_grown",
        "company_part",
        "company_alike",
        "shop",
        "called_after",
        "device_number",
        "device_class",
        # Only one contract joins these.
        "unlike",
        "other_company",
    }
)


class Clusters:
    """Union–find over personas that remembers which written name each cluster stands for."""

    def __init__(self, written: dict[int, str]) -> None:
        """`written` maps a persona to its kanji name; personas in kana are absent."""
        self._parent: dict[int, int] = {}
        self._written = dict(written)

    def head(self, persona: int) -> int:
        """The smallest persona of the cluster."""
        root = persona
        while (parent := self._parent.get(root, root)) != root:
            root = parent
        while self._parent.get(persona, persona) != root:
            self._parent[persona], persona = root, self._parent[persona]
        return root

    def join(self, left: int, right: int, reason: str) -> bool:
        """Joins two clusters; false when they stand for two written names and the reason cannot bridge
        them."""
        one, other = sorted((self.head(left), self.head(right)))
        if one == other:
            return True
        names = self._written.get(one), self._written.get(other)
        if None not in names and names[0] != names[1] and reason not in _MAY_JOIN_KANJI:
            return False
        self._parent[other] = one
        if names[0] is None and names[1] is not None:
            self._written[one] = names[1]
        return True

    def joined(self) -> dict[int, int]:
        """Every persona that is not its own head → its head."""
        return {persona: self.head(persona) for persona in self._parent if self.head(persona) != persona}


def build(
    pairs: Iterable[tuple[int, int, str]], written: dict[int, str]
) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """Heads of joined personas, and the pairs that were refused."""
    clusters = Clusters(written)
    refused = {(left, right) for left, right, reason in pairs if not clusters.join(left, right, reason)}
    return clusters.joined(), refused
