"""What a run of the fuzz says: what was tried, what leaked, every mutant and who noticed it."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sekisho.barrier.fuzz.mutants import DEPLOYED, SOURCE

CHECKS = {
    "1": ("証明 1 方針は意図のとおり", "proof 1: policy is what was intended"),
    "2": ("証明 2 配備は編成のとおり", "proof 2: deployed is what was compiled"),
    "3": ("証明 3 ゲートのほかに経路がない", "proof 3: no path but the gates"),
    "promise": ("証明 約束した情報が見える", "proof: what was promised is shown"),
    "two-run": ("二つの世界の応答の比較", "two runs compared"),
    "canary": ("カナリアの検出", "canaries"),
    "record": ("閲覧記録の検査", "check of the record"),
    "psql": ("ログインで使えるものの検査", "what a login can use"),
    "apply": ("適用の失敗(前の状態のまま)", "applying fails, and what was before stays"),
    "claims": ("通行証の関数の検査", "what the ticket's functions say"),
}
"""Who may notice: code → (ja, en)."""

FUZZ = ("two-run", "canary", "record", "psql", "claims")
"""The checks that look at behaviour, without the proof."""


@dataclass(slots=True)
class Report:
    """One run. `calls` and `answers` count what was asked of gates and of surfaces."""

    at: datetime
    seed: int
    rounds: int
    digest: str
    seconds: float = 0.0
    calls: int = 0
    functions: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    leaks: list[Mapping[str, Any]] = field(default_factory=list)
    mutants: list[Mapping[str, Any]] = field(default_factory=list)
    surfaces: dict[str, Mapping[str, int]] = field(default_factory=dict)
    sampled: bool = False

    @property
    def survivors(self) -> list[Mapping[str, Any]]:
        """Mutants that nobody noticed."""
        return [m for m in self.mutants if not m["caught_by"] and m["equivalent"] is None]

    @property
    def equivalents(self) -> list[Mapping[str, Any]]:
        """Mutants that are the unbroken barrier by another name, each with the reason: they do not count."""
        return [m for m in self.mutants if m["equivalent"] is not None]

    @property
    def alive(self) -> list[Mapping[str, Any]]:
        """Mutants that count."""
        return [m for m in self.mutants if m["equivalent"] is None]

    @property
    def holds(self) -> bool:
        """No leak, and no mutant that nobody noticed."""
        return not self.leaks and not self.survivors

    @property
    def score(self) -> float | None:
        """The mutation score in per cent; None where no mutants were made."""
        return None if not self.alive else 100.0 * (len(self.alive) - len(self.survivors)) / len(self.alive)

    def summary(self, *, language: str = "ja") -> str:
        """One line, for the certificate."""
        answers = sum(counts["answers"] for counts in self.surfaces.values())
        if language == "en":
            found = "no difference" if not self.leaks else f"{len(self.leaks)} differences"
            asked = f"{self.calls} calls of {len(self.functions)} gate functions and {answers} answers of {len(self.surfaces)} surfaces"
            return f"{found} in {asked}; {self._scored(english=True)}"
        found = "差なし" if not self.leaks else f"差 {len(self.leaks)} 件"
        asked = f"ゲート関数 {len(self.functions)} 個の呼出し {self.calls} 回、画面・API {len(self.surfaces)} 種の応答 {answers} 件"
        return f"{asked}で{found}。{self._scored(english=False)}"

    def _scored(self, *, english: bool) -> str:
        if self.score is None:
            return "no mutants were made" if english else "変異は作っていません"
        caught = f"{len(self.alive) - len(self.survivors)}/{len(self.alive)}"
        if english:
            return f"mutation score {_percent(self.score)} ({caught}{', sampled' if self.sampled else ''})"
        return f"変異の検出率 {_percent(self.score)}({caught}{'、抜き取り' if self.sampled else ''})"

    def citation(self) -> dict[str, Any]:
        """What the certificate cites: small, and without any value of a world."""
        return {
            "holds": self.holds,
            "digest": self.digest,
            "summary": self.summary(language="en"),
            "summary_ja": self.summary(),
            "at": self.at.isoformat(),
            "seed": self.seed,
            "rounds": self.rounds,
            "calls": self.calls,
            "functions": len(self.functions),
            "surfaces": {name: dict(counts) for name, counts in self.surfaces.items()},
            "differences": len(self.leaks),
            "mutants": len(self.alive),
            "survivors": len(self.survivors),
            "equivalents": len(self.equivalents),
            "score": self.score,
            "sampled": self.sampled,
            "caught_by": dict(self.by_check()),
        }

    def body(self) -> dict[str, Any]:
        """The whole report as JSON."""
        return self.citation() | {
            "seconds": round(self.seconds, 1),
            "people": sorted(self.people),
            "never_answered": sorted(self.functions - self.told),
            "kinds": self.by_kind(),
            "leaks": list(self.leaks),
            "survivors": list(self.survivors),
            "equivalents": list(self.equivalents),
            "mutants": list(self.mutants),
        }

    def by_check(self) -> Counter[str]:
        """How many mutants each check noticed."""
        return Counter(check for mutant in self.alive for check in mutant["caught_by"])

    def by_kind(self) -> dict[str, dict[str, int]]:
        """Kind → mutants, noticed at all, noticed by behaviour alone."""
        kinds: dict[str, dict[str, int]] = {}
        for mutant in self.alive:
            counts = kinds.setdefault(
                mutant["kind"], {"mutants": 0, "caught": 0, "behaviour": 0, SOURCE: 0, DEPLOYED: 0}
            )
            counts["mutants"] += 1
            counts["caught"] += bool(mutant["caught_by"])
            counts["behaviour"] += any(check in FUZZ for check in mutant["caught_by"])
            counts[mutant["origin"]] += 1
        return kinds

    def text(self, *, language: str = "ja") -> str:
        """As a page of text for a person."""
        english = language == "en"
        lines = [*_head(self, english), *_surfaces(self, english), *_leaks(self.leaks, english)]
        return "\n".join([*lines, *_strength(self, english)])


def _percent(score: float) -> str:
    """Rounded down: 100.0 % means every one."""
    return f"{math.floor(score * 10) / 10:.1f} %"


def _title(report: Report, english: bool) -> str:
    if not report.holds:
        return "THE FUZZ FOUND SOMETHING." if english else "二重実行検査が問題を見つけました。"
    if report.score is None:
        return "The two runs agree." if english else "二つの世界の応答は一致しました。"
    if english:
        return "The two runs agree, and every mutant was noticed."
    return "二つの世界の応答は一致し、すべての変異が見つかりました。"


def _head(report: Report, english: bool) -> list[str]:
    at, seconds = report.at.isoformat(timespec="seconds"), f"{report.seconds:.0f}"
    functions, told, people = len(report.functions), len(report.told), len(report.people)
    if english:
        return [
            _title(report, english),
            f"at: {at}   seed {report.seed}, {report.rounds} round(s)   ({seconds} s)",
            f"catalog: sha256:{report.digest}",
            f"calls: {report.calls} of {functions} gate functions by {people} people; {told} functions had something to tell",
        ]
    return [
        _title(report, english),
        f"日時: {at}   種 {report.seed}、{report.rounds} 回   ({seconds} 秒)",
        f"カタログ: sha256:{report.digest}",
        f"呼出し: {report.calls} 回、ゲート関数 {functions} 個、{people} 人。行を返した関数 {told} 個",
    ]


def _surfaces(report: Report, english: bool) -> list[str]:
    word = ("addresses", "answers") if english else ("個のアドレス", "件の応答")
    return [
        f"{name}: {counts['addresses']} {word[0]}, {counts['answers']} {word[1]}"
        for name, counts in report.surfaces.items()
    ]


def _leaks(leaks: Sequence[Mapping[str, Any]], english: bool) -> list[str]:
    lines = []
    for leak in leaks[:50]:
        lines += [
            "",
            f"✗ [{leak['by']}] {leak['who']} → {leak['where']} {dict(leak['parameters'])}",
            *([f"    {'byte' if english else 'バイト'} {leak['byte']}"] if leak["byte"] is not None else []),
            f"    D : {leak['one']}",
            f"    D′: {leak['two']}",
            *(
                f"    {'canary' if english else 'カナリア'} {token} ← {origin}"
                for token, origin in list(leak["canaries"].items())[:5]
            ),
        ]
    if len(leaks) > 50:
        lines.append(f"… {len(leaks) - 50} {'more' if english else '件以上'}")
    return lines


def _strength(report: Report, english: bool) -> list[str]:
    if report.score is None:
        return ["", "No mutants were made." if english else "変異は作りませんでした。"]
    title = "Mutation score" if english else "変異の検出率"
    lines = [
        "",
        f"{title}: {_percent(report.score)} ({len(report.alive) - len(report.survivors)}/{len(report.alive)})",
    ]
    heads = (
        ("kind", "mutants", "caught", "by behaviour")
        if english
        else ("種類", "変異", "検出", "振る舞いで検出")
    )
    lines.append(f"  {heads[0]:<16}{heads[1]:>8}{heads[2]:>8}{heads[3]:>14}")
    for kind, counts in report.by_kind().items():
        lines.append(f"  {kind:<16}{counts['mutants']:>8}{counts['caught']:>8}{counts['behaviour']:>14}")
    for check, count in report.by_check().most_common():
        lines.append(f"  {count:>6}  {CHECKS[check][english]}")
    lines += [
        f"✗ {'survived' if english else '見つからなかった変異'}: {m['kind']} – {m['name']}"
        for m in report.survivors
    ]
    lines += [
        f"– {'equivalent' if english else '元と同じ変異'}: {m['kind']} – {m['name']}: {m['equivalent']}"
        for m in report.equivalents
    ]
    return lines
