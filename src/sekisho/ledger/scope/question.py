"""The question: which rule was faulty, and what would have been right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sekisho.kernel.errors import WrongUse


class Right(StrEnum):
    """By what a reading would have been right."""

    RECORDED = "recorded"  # the point's holder, as the gate recorded it, is the reading company
    HISTORY = (
        "history"  # the contract history says that the reading company held the point on the day of reading
    )
    NONE = "none"  # nothing that this rule showed should have been shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A faulty rule. An empty tuple or None does not restrict.

    `since`, `until`: Japanese days, `until` exclusive. `gates`: gates, or screens of another system. `items`: a reading
    counts if it showed at least one of them. `vacant`: a point whose contract had ended still shows its last customer.
    """

    company: str | None = None
    audience: str | None = None
    gates: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    right: Right = Right.RECORDED
    vacant: bool = True

    def __post_init__(self) -> None:
        if self.right is Right.HISTORY and self.company is None:
            raise WrongUse(
                "契約履歴と照らすには会社を指定してください。",
                "Comparing with the contract history needs a company.",
            )
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise WrongUse(
                "期間の終わりは始まりより後にしてください。", "The period must end after it begins."
            )

    def concerns(self, kind: Mapping[str, Any]) -> bool:
        """Tell whether readings of this kind (see `kind_text`) are asked for."""
        return (
            self.audience in (None, kind["audience"])
            and (not self.gates or kind["gate"] in self.gates)
            and (not self.purposes or kind["purpose"] in self.purposes)
            and (not self.items or not set(self.items).isdisjoint(kind["items"]))
        )

    def stored(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        found = {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }
        return {
            name: value.isoformat() if isinstance(value, date) else value for name, value in found.items()
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Question:
        """Return the question that `stored` wrote; raise `WrongUse` for anything else."""

        def words(name: str) -> tuple[str, ...]:
            return tuple(map(str, stored.get(name) or ()))

        try:
            return cls(
                company=stored.get("company") or None,
                audience=stored.get("audience") or None,
                gates=words("gates"),
                items=words("items"),
                purposes=words("purposes"),
                persons=words("persons"),
                since=_day(stored.get("since")),
                until=_day(stored.get("until")),
                right=Right(stored.get("right") or "recorded"),
                vacant=bool(stored.get("vacant", True)),
            )
        except (TypeError, ValueError) as fault:
            raise WrongUse(
                f"質問を読み取れません({fault})。", f"The question cannot be read ({fault})."
            ) from None


def kind_text(
    *,
    audience: str | None,
    gate: str,
    purpose: str | None,
    items: tuple[str, ...] | list[str],
    case_no: str | None = None,
) -> str:
    """Return a kind of reading as the store names it: everything that a rule speaks about besides company and point."""
    return json.dumps(
        {"audience": audience, "gate": gate, "purpose": purpose, "items": sorted(items), "case_no": case_no},
        ensure_ascii=False,
    )


def kind_of(text: str) -> dict[str, Any]:
    """Return what `kind_text` wrote."""
    found: dict[str, Any] = json.loads(text)
    return found


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if value else None
