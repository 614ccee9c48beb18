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
        "form_changed",
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
        "keeper",
        "device_number",
        "device_class",
        # Only one contract joins these.
        "unlike",
        "other_company",
    }
)


class Clusters:
    """Union–find over personas that remembers which written name, and which legal forms, each cluster stands for."""

    def __init__(self, written: dict[int, str], forms: dict[int, str]) -> None:
        """`written` maps a persona to its kanji name; personas in kana are absent. `forms` maps a company to its
        legal form, where it is certain."""
        self._parent: dict[int, int] = {}
        self._written = dict(written)
        self._form = forms
        self._forms = {persona: {form} for persona, form in forms.items()}

    def head(self, persona: int) -> int:
        """The smallest persona of the cluster."""
        root = persona
        while (parent := self._parent.get(root, root)) != root:
            root = parent
        while self._parent.get(persona, persona) != root:
            self._parent[persona], persona = root, self._parent[persona]
        return root

    def join(self, left: int, right: int, reason: str, goes_on: bool) -> bool:
        """Joins two clusters; false when they stand for two written names and the reason cannot bridge them, or for two
        legal forms of which neither pair nor contract (`goes_on`) says that one became the other."""
        one, other = sorted((self.head(left), self.head(right)))
        if one == other:
            return True
        names = self._written.get(one), self._written.get(other)
        if None not in names and names[0] != names[1] and reason not in _MAY_JOIN_KANJI:
            return False
        if not goes_on and self._are_two_companies(one, other) and not self._are_two_forms(left, right):
            return False
        self._parent[other] = one
        if other in self._forms:
            self._forms.setdefault(one, set()).update(self._forms[other])
        if names[0] is None and names[1] is not None:
            self._written[one] = names[1]
        return True

    def _are_two_companies(self, one: int, other: int) -> bool:
        """Whether two heads stand for forms of which none is common. 青葉 may be 株式会社青葉 or 有限会社青葉, not both."""
        forms, others = self._forms.get(one, set()), self._forms.get(other, set())
        return bool(forms and others) and forms.isdisjoint(others)

    def _are_two_forms(self, left: int, right: int) -> bool:
        """Whether the pair itself has two forms: with nothing to say that they are one it would not be here."""
        forms = self._form.get(left), self._form.get(right)
        return None not in forms and forms[0] != forms[1]

    def joined(self) -> dict[int, int]:
        """Every persona that is not its own head → its head."""
        return {persona: self.head(persona) for persona in self._parent}


def build(
    pairs: Iterable[tuple[int, int, str, bool]], written: dict[int, str], forms: dict[int, str]
) -> tuple[dict[int, int], set[tuple[int, int]]]:
    """Heads of joined personas, and the pairs that were refused."""
    clusters = Clusters(written, forms)
    refused = {pair[:2] for pair in pairs if not clusters.join(*pair)}
    return clusters.joined(), refused
