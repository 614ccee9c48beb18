"""What the proof says: obligations with what they discharged, and findings with their counterexamples."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Counterexample:
    """One concrete row that a caller would see, or not see, against the intent.

    `row` comes from the solver's model and names nobody who exists. `witness` is a row of the live database that shows the same; it may
    hold a customer's data and therefore leaves this process only to the owner's terminal, never into the stored certificate.
    """

    caller: dict[str, str]
    row: dict[str, str | None]
    learns: tuple[str, ...]
    ja: str
    en: str
    witness: dict[str, str | None] | None = None

    def public(self) -> dict[str, Any]:
        """As JSON, without the witness."""
        return {"caller": self.caller, "row": self.row, "learns": list(self.learns), "ja": self.ja, "en": self.en,
                "found_in_the_database": self.witness is not None}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold, or could not be shown. `subject` is the gate, view or path."""

    obligation: str
    subject: str
    ja: str
    en: str
    counterexample: Counterexample | None = None

    def public(self) -> dict[str, Any]:
        """As JSON, without data of the database."""
        shown = None if self.counterexample is None else self.counterexample.public()
        return {
            "obligation": self.obligation,
            "subject": self.subject,
            "ja": self.ja,
            "en": self.en,
            "counterexample": shown,
        }


@dataclass(slots=True)
class Tally:
    """What one obligation has shown so far. `statements` were discharged or are named in `findings`."""

    obligation: str
    statements: int = 0
    queries: int = 0
    findings: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def fail(self, subject: str, ja: str, en: str, counterexample: Counterexample | None = None) -> None:
        """Something does not hold."""
        self.findings.append(Finding(self.obligation, subject, ja, en, counterexample))

    def warn(self, subject: str, ja: str, en: str, counterexample: Counterexample | None = None) -> None:
        """Less is shown than was promised: no leak, but somebody will miss it."""
        self.warnings.append(Finding(self.obligation, subject, ja, en, counterexample))

    def require(self, holds: bool, subject: str, ja: str, en: str) -> None:
        """Count a statement; it fails when it does not hold."""
        self.statements += 1
        if not holds:
            self.fail(subject, ja, en)

    @property
    def discharged(self) -> int:
        """Statements without a finding."""
        return max(0, self.statements - len(self.findings))


def with_counterexamples(findings: Iterable[Finding], known: dict[str, Counterexample]) -> list[Finding]:
    """Findings without a row of their own take the one known for their subject."""
    return [f if f.counterexample else replace(f, counterexample=known.get(f.subject)) for f in findings]
