"""The certificate: what was shown about which state, by what, and what lies outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sekisho.barrier.proof.citation import Citation, no_report
from sekisho.barrier.proof.findings import Counterexample, Finding, Tally

OBLIGATIONS = {
    "1": ("方針は意図のとおり", "Policy is what was intended"),
    "2": ("配備は編成のとおり", "Deployed is what was compiled"),
    "3": ("ゲートのほかに経路がない", "No path but the gates"),
    "4": ("二重実行検査", "Two-run fuzz"),
}

OUTSIDE = (
    ("応答時間の差", "timing"),
    (
        "データベース管理者、スーパーユーザー、複製の権限を持つロール",
        "database administrators, superusers, roles that may replicate",
    ),
    (
        "ワーカーと記録の連番付け(画面から呼べない処理)",
        "the worker and the log's sequencer, which no surface can call",
    ),
    (
        "画面プロセス全体の乗っ取り(その利用者区分の範囲内)",
        "a surface process taken over as a whole, within its own audience",
    ),
    ("PostgreSQL と SMT ソルバー自体の誤り", "defects of PostgreSQL and of the solvers themselves"),
    (
        "他社の行にわたる統計(最小集計数は別に定める)",
        "statistics over other companies' rows (they need a minimum cell size)",
    ),
    (
        "システムカタログの公開部分(表の推定行数など)",
        "the public part of the catalog (estimated row counts and the like)",
    ),
    (
        "通知の有無(申請の番号だけを運ぶ)",
        "that a notification was sent (it carries only a submission's random number)",
    ),
    ("自由記述欄に人が書き込んだ内容", "what people write into free-text fields"),
)
"""(ja, en): what the theorem does not cover."""


_LISTED = 40
"""Findings printed in full on a terminal, those with a row first: one mistake can have many consequences."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """The result of one proof. `holds` is false as soon as one statement could not be discharged.

    `fuzz` is the last report of the two-run fuzz, of this state or of another; None: there is none.
    """

    at: datetime
    database: str
    digest: str
    versions: Mapping[str, str]
    tallies: Sequence[Tally]
    outside_roles: Sequence[str]
    fuzz: Citation | None
    seconds: float
    gates: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def findings(self) -> list[Finding]:
        """Everything that does not hold."""
        return [finding for tally in self.tallies for finding in tally.findings]

    @property
    def warnings(self) -> list[Finding]:
        """Promises that are not kept: no leak."""
        return [warning for tally in self.tallies for warning in tally.warnings]

    @property
    def holds(self) -> bool:
        """Every statement of every obligation was discharged."""
        return not self.findings

    @property
    def statements(self) -> int:
        """How many statements were made."""
        return sum(tally.statements for tally in self.tallies)

    def body(self) -> dict[str, Any]:
        """As JSON, fit to be published: no row of the database is in it."""
        return {
            "holds": self.holds,
            "at": self.at.isoformat(),
            "digest": self.digest,
            "versions": dict(self.versions),
            "statements": self.statements,
            "discharged": sum(tally.discharged for tally in self.tallies),
            "obligations": [_obligation(tally) for tally in self.tallies],
            "findings": [finding.public() for finding in self.findings],
            "warnings": [warning.public() for warning in self.warnings],
            "fuzz": None if self.fuzz is None else self.fuzz.public(),
            "gates": len(self.gates),
            "outside": [{"ja": ja, "en": en} for ja, en in OUTSIDE],
            "outside_roles": len(self.outside_roles),
            "seconds": round(self.seconds, 2),
        }

    def text(self, *, language: str = "ja") -> str:
        """As a page of text for a person. Holds witnesses from the database: for the owner's eyes."""
        english = language == "en"
        lines = [
            *_head(self, english),
            *(_line(tally, english) for tally in self.tallies),
            no_report(english=english) if self.fuzz is None else self.fuzz.line(english=english),
        ]
        listed = sorted(self.findings, key=lambda finding: finding.counterexample is None)
        for finding in listed[:_LISTED]:
            lines += ["", *_finding_lines(finding, english)]
        if len(listed) > _LISTED:
            more = len(listed) - _LISTED
            lines += [
                "",
                f"… and {more} more (--json lists all)" if english else f"… ほか {more} 件(--json ですべて)",
            ]
        if self.warnings:
            lines += ["", "Promised but not shown:" if english else "約束より少なく見えるもの:"]
            lines += [f"  {w.subject}: {w.en if english else w.ja}" for w in self.warnings]
        lines += ["", "Outside the theorem:" if english else "この証明の外にあるもの:"]
        lines += [f"  ・{en if english else ja}" for ja, en in OUTSIDE]
        return "\n".join(lines)


def _obligation(tally: Tally) -> dict[str, Any]:
    ja, en = OBLIGATIONS[tally.obligation]
    return {"code": tally.obligation, "ja": ja, "en": en, "statements": tally.statements, "discharged": tally.discharged,
            "queries": tally.queries, "holds": not tally.findings}  # fmt: skip


def _head(certificate: Certificate, english: bool) -> list[str]:
    holds = certificate.holds
    title = ("The barrier holds." if holds else "THE BARRIER DOES NOT HOLD.") if english else (
        "情報遮断は成り立っています。" if holds else "情報遮断は成り立っていません。")  # fmt: skip
    versions = ", ".join(f"{name} {version}" for name, version in certificate.versions.items())
    return [
        title,
        f"{'at' if english else '日時'}: {certificate.at.isoformat(timespec='seconds')}",
        f"{'catalog' if english else 'カタログ'}: sha256:{certificate.digest}",
        f"{'versions' if english else '版'}: {versions}",
        f"{'statements' if english else '命題'}: {certificate.statements}  ({certificate.seconds:.1f} s)",
        "",
    ]


def _line(tally: Tally, english: bool) -> str:
    ja, en = OBLIGATIONS[tally.obligation]
    mark = "✓" if not tally.findings else "✗"
    counted = f"{tally.discharged}/{tally.statements}"
    queries = f", {tally.queries} SMT" if tally.queries else ""
    return f"{mark} {tally.obligation}. {en if english else ja}: {counted}{queries}"


def _finding_lines(finding: Finding, english: bool) -> list[str]:
    lines = [f"✗ [{finding.obligation}] {finding.subject}", f"    {finding.en if english else finding.ja}"]
    if finding.counterexample is not None:
        lines += _example_lines(finding.counterexample, english)
    return lines


def _example_lines(example: Counterexample, english: bool) -> list[str]:
    row = {name: value for name, value in example.row.items() if value not in (None, "…", "")}
    lines = [f"    {'counterexample' if english else '反例'}: {example.en if english else example.ja}"]
    if row:
        lines.append(f"      {', '.join(f'{name}={value}' for name, value in list(row.items())[:10])}")
    if example.witness:
        found = ", ".join(f"{name}={value}" for name, value in example.witness.items())
        lines.append(f"      {'found in the database' if english else 'データベースにある実例'}: {found}")
    return lines
