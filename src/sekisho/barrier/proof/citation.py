"""What the certificate says of the two-run fuzz: its last report, and whether that speaks of the state that is proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sekisho.barrier.proof.findings import Tally
from sekisho.kernel.errors import WrongUse

FIELDS: dict[str, type] = {"holds": bool, "digest": str, "summary": str, "at": str}
"""What a report must say of itself. `summary_ja` is its Japanese summary; a report without it is cited in English."""


class UnableToCite(WrongUse):
    """What was handed over as a report of the two-run fuzz is none."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A report of the two-run fuzz. `stale`: it was made of another catalog, and says nothing of this one."""

    holds: bool
    digest: str
    summary: str
    summary_ja: str
    at: datetime
    stale: bool
    report: Mapping[str, Any] = field(repr=False)

    def public(self) -> dict[str, Any]:
        """As JSON: the report, and whether it counts."""
        return dict(self.report) | {"stale": self.stale}

    def tally(self) -> Tally:
        """Obligation 4: one statement, if the report counts."""
        tally = Tally("4", statements=1)
        if not self.holds:
            tally.fail(
                "fuzz",
                f"二重実行検査は成り立っていません: {self.summary_ja}",
                f"The two-run fuzz does not hold: {self.summary}",
            )
        return tally

    def line(self, *, english: bool) -> str:
        """One line of the certificate."""
        when, state = self.at.isoformat(timespec="seconds"), f"sha256:{self.digest[:16]}…"
        if self.stale:
            return (
                f"– 4. Two-run fuzz: the last report ({when}) belongs to another catalog ({state}) and says nothing of this one"
                if english
                else f"– 4. 二重実行検査: 最後の報告({when})は別のカタログ({state})のもので、この状態については何も示しません"
            )
        mark = "✓" if self.holds else "✗"
        name, said = ("Two-run fuzz", self.summary) if english else ("二重実行検査", self.summary_ja)
        return f"{mark} 4. {name}: {said} ({when}, {state})"


def cite(report: Mapping[str, Any], *, digest: str) -> Citation:
    """The citation of a report, for the catalog whose SHA-256 is `digest`. Raises `UnableToCite` where a field is missing or of another type."""
    wrong = [name for name, kind in FIELDS.items() if not isinstance(report.get(name), kind)]
    if wrong:
        raise UnableToCite(
            f"二重実行検査の報告として読めません(項目: {', '.join(wrong)})。",
            f"This is no report of the two-run fuzz (fields: {', '.join(wrong)}).",
        )
    try:
        at = datetime.fromisoformat(report["at"])
    except ValueError as fault:
        raise UnableToCite(
            f"二重実行検査の報告の日時(at)「{report['at']}」を読めません。",
            f"The moment of the fuzz's report (at) cannot be read: {report['at']!r}.",
        ) from fault
    return Citation(
        report["holds"], report["digest"], report["summary"], str(report.get("summary_ja", report["summary"])), at,
        stale=report["digest"] != digest, report=report,
    )  # fmt: skip


def no_report(*, english: bool) -> str:
    """The certificate's line where there is no report at all."""
    return (
        "– 4. Two-run fuzz: there is no report (sekisho barrier fuzz makes one)"
        if english
        else "– 4. 二重実行検査: 報告がありません(sekisho barrier fuzz で作れます)"
    )
