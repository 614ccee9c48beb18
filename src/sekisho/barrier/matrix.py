"""Who sees what, for which purpose, at which time: the policy as a table that a regulator can read.

One set of cells, four forms: terminal, HTML fragment, CSV, Markdown. docs/matrix.md and docs/policy.md are written from here and a
test holds them against it.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from sekisho.barrier.audiences import AUDIENCE, PURPOSES, Purpose, RowRule
from sekisho.barrier.compiler import function_name, items_of
from sekisho.barrier.gate import AnyGate, Gate
from sekisho.barrier.items import BY_CODE, COLUMNS, GROUPS, ITEMS, Item
from sekisho.barrier.policy import RULES, Grade, Rule, rules_of

MARKS = {Grade.SHOW: "●", Grade.REVEAL: "◐", Grade.RECORD: "○", None: "–"}
LEGEND = (
    ("●", "表示する", "shown"),
    ("◐", "伏せて表示し、一件ごとの「表示」を記録する", "masked; revealed one by one, each recorded"),
    ("○", "閲覧記録にだけ書き、表示しない", "written into the record of reading, never shown"),
    ("–", "見えない(列そのものがない)", "denied: the column does not exist"),
)
WHEN = {
    RowRule.OWN_HOLDER: ("自社が契約者であった期間", "the period of its own contract"),
    RowRule.OWN_COMPANY: ("自社のもの", "its own company's records"),
    RowRule.OWN_PERSON: ("本人が今の所属で提出したもの", "what the person submitted in the present company"),
    RowRule.ASSIGNED: ("作業指示の期間中、その地点", "the points of an open work order, while it is open"),
    RowRule.WHOLE_AREA: ("権限のある日、全地点", "every point, on the days of a permit"),
    RowRule.PUBLIC: ("常時", "at any time"),
}
_CASE = ("(案件の期間中に限る)", " (only while the case is open)")


@dataclass(frozen=True, slots=True)
class Cell:
    """One item for one purpose: how it is seen, of which rows, and by which rules."""

    item: Item
    purpose: Purpose
    grade: Grade | None
    rules: tuple[Rule, ...]

    @property
    def mark(self) -> str:
        """The sign in the table."""
        return MARKS[self.grade]

    def when(self, *, english: bool = False) -> str:
        """At which time and for which rows."""
        times = dict.fromkeys(WHEN[rule.rows][english] for rule in self.rules)
        case = _CASE[english] if self.purpose.case_required else ""
        return " / ".join(times) + (case if times else "")


def cells() -> Iterator[Cell]:
    """Every item for every purpose, in the order of the printed table."""
    for item in ITEMS:
        for purpose in PURPOSES:
            yield cell(item, purpose)


def cell(item: Item, purpose: Purpose) -> Cell:
    """How `purpose` sees `item`: the widest grade among the rules whose tables hold the item."""
    found = [rule for rule in rules_of(purpose) if rule.grade(item.code) and _holds(rule, item.code)]
    grades = {rule.grade(item.code) for rule in found}
    widest = next((grade for grade in (Grade.SHOW, Grade.REVEAL, Grade.RECORD) if grade in grades), None)
    return Cell(item, purpose, widest, tuple(rule for rule in found if rule.grade(item.code) is widest))


def _holds(rule: Rule, item: str) -> bool:
    return any(item in COLUMNS[table].values() for table in rule.tables)


def _heading(purpose: Purpose, *, english: bool) -> str:
    audience = AUDIENCE[purpose.audience]
    return f"{audience.en}: {purpose.en}" if english else f"{audience.ja}・{purpose.ja}"


# --- forms


def as_csv() -> str:
    """One line a cell; for spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        [
            "group",
            "item",
            "項目",
            "audience",
            "purpose",
            "利用者",
            "目的",
            "grade",
            "時期・範囲",
            "rules",
            "basis",
        ]
    )
    for found in cells():
        writer.writerow([
            GROUPS[found.item.group][0], found.item.code, found.item.ja, found.purpose.audience, found.purpose.code,
            AUDIENCE[found.purpose.audience].ja, found.purpose.ja, found.grade or "deny", found.when(),
            " ".join(rule.id for rule in found.rules), " / ".join(dict.fromkeys(rule.basis for rule in found.rules)),
        ])  # fmt: skip
    return out.getvalue()


def as_json() -> list[dict[str, object]]:
    """One object a cell."""
    return [
        {
            "item": found.item.code, "ja": found.item.ja, "en": found.item.en, "audience": found.purpose.audience,
            "purpose": found.purpose.code, "grade": found.grade or "deny", "when": found.when(english=True),
            "rules": [rule.id for rule in found.rules],
        }
        for found in cells()
    ]  # fmt: skip


def as_html(*, english: bool = False) -> str:
    """A table without style or script, for a page of the security and auditor surfaces."""
    head = "".join(
        f'<th scope="col">{escape(_heading(purpose, english=english))}</th>' for purpose in PURPOSES
    )
    body = "".join(_html_group(group, english=english) for group in GROUPS)
    caption = "Who sees what, for which purpose" if english else "誰が、どの目的で、何を見るか"
    legend = "".join(f"<dt>{mark}</dt><dd>{escape(en if english else ja)}</dd>" for mark, ja, en in LEGEND)
    item = "Item" if english else "情報項目"
    return (
        f'<table class="matrix"><caption>{caption}</caption><thead><tr><th scope="col">{item}</th>{head}</tr></thead>{body}</table>'
        f'<dl class="matrix-legend">{legend}</dl>'
    )


def _html_group(group: str, *, english: bool) -> str:
    title = escape(GROUPS[group][english])
    rows = "".join(_html_row(item, english=english) for item in ITEMS if item.group == group)
    return f'<tbody><tr><th scope="rowgroup" colspan="{len(PURPOSES) + 1}">{title}</th></tr>{rows}</tbody>'


def _html_row(item: Item, *, english: bool) -> str:
    shown = "".join(
        f'<td data-grade="{found.grade or "deny"}" title="{escape(found.when(english=english))}">{found.mark}</td>'
        for found in (cell(item, purpose) for purpose in PURPOSES)
    )
    return f'<tr><th scope="row">{escape(item.en if english else item.ja)}</th>{shown}</tr>'


def as_markdown() -> str:
    """docs/matrix.md."""
    head = " | ".join(f"{AUDIENCE[p.audience].ja}<br>{p.ja}" for p in PURPOSES)
    lines = [
        "# 誰が、どの目的で、何を、いつ見るか / Who sees what, for which purpose, at which time", "",
        "`sekisho barrier matrix --format markdown` が方針から書き出した文書です。手で直さないでください。"
        "記号の根拠となる規則は [policy.md](policy.md) にあります。", "",
        "Written by `sekisho barrier matrix --format markdown` from the policy; not edited by hand. The rules: [policy.md](policy.md).", "",
        *(f"- {mark} {ja} / {en}" for mark, ja, en in LEGEND), "",
        f"| 情報項目 / item | {head} |", "|---|" + ":-:|" * len(PURPOSES),
    ]  # fmt: skip
    for group, (ja, en) in GROUPS.items():
        lines.append(f"| **{ja} / {en}** |" + " |" * len(PURPOSES))
        lines += [_markdown_row(item) for item in ITEMS if item.group == group]
    lines += [
        "",
        "## いつ、どの行を / At which time, which rows",
        "",
        "| 利用者・目的 / for | 規則 / rules | 時期と範囲 / when |",
        "|---|---|---|",
    ]
    lines += [_markdown_times(purpose) for purpose in PURPOSES]
    return "\n".join(lines) + "\n"


def _markdown_row(item: Item) -> str:
    return f"| {item.ja} / {item.en} | " + " | ".join(cell(item, purpose).mark for purpose in PURPOSES) + " |"


def _markdown_times(purpose: Purpose) -> str:
    rules = rules_of(purpose)
    case_ja, case_en = _CASE if purpose.case_required else ("", "")
    times = "<br>".join(
        f"{rule.id}: {WHEN[rule.rows][0]}{case_ja} / {WHEN[rule.rows][1]}{case_en}" for rule in rules
    )
    return f"| {_heading(purpose, english=False)} | {', '.join(rule.id for rule in rules)} | {times} |"


def as_terminal(*, english: bool = False) -> str:
    """For a terminal: numbered purposes, one line an item."""
    numbers = [f"{number:>2}" for number in range(1, len(PURPOSES) + 1)]
    lines = [
        f"{number}  {_heading(purpose, english=english)}  [{_when(purpose, english=english)}]"
        for number, purpose in zip(numbers, PURPOSES, strict=True)
    ]
    lines += [
        "",
        "  ".join(f"{mark} {en if english else ja}" for mark, ja, en in LEGEND),
        "",
        "    " + " ".join(numbers),
    ]
    for group, titles in GROUPS.items():
        lines.append(f"── {titles[english]}")
        lines += [
            "     " + "  ".join(cell(i, p).mark for p in PURPOSES) + f"   {i.en if english else i.ja}"
            for i in ITEMS
            if i.group == group
        ]
    return "\n".join(lines)


def _when(purpose: Purpose, *, english: bool) -> str:
    times = " / ".join(dict.fromkeys(WHEN[rule.rows][english] for rule in rules_of(purpose)))
    return times + (_CASE[english] if purpose.case_required else "")


# --- the rules


def policy_document() -> str:
    """docs/policy.md: every rule with its ID."""
    lines = [
        "# 情報遮断の規則 / The rules of the barrier", "",
        "`sekisho barrier matrix --format policy` が書き出した文書です。各規則の ID は、データベースの行レベルセキュリティ・ポリシーの注釈と、"
        "試験(tests/barrier/test_rules.py)にも同じものがあり、過不足があれば試験が失敗します。規則に書かれていないことは、すべて見えません。", "",
        "Written by `sekisho barrier matrix --format policy`. The same IDs stand in the comments of the row-security policies in the database "
        "and in tests/barrier/test_rules.py; a test fails on any gap. What no rule states is denied.", "",
    ]  # fmt: skip
    for rule in RULES:
        lines += _rule_lines(rule)
    return "\n".join(lines)


def _rule_lines(rule: Rule) -> list[str]:
    purpose = next(p for p in PURPOSES if (p.audience, p.code) == (rule.audience, rule.purpose))
    graded = (
        ("表示 / shown", rule.show),
        ("伏せて表示 / masked", rule.reveal),
        ("記録のみ / recorded only", rule.record),
    )
    lines = [
        f"## {rule.id}", "", f"{rule.ja}。", "", f"{rule.en}.", "",
        f"- 利用者・目的 / for: {_heading(purpose, english=False)} (`{rule.audience}/{rule.purpose}`)",
        f"- 行 / rows: {WHEN[rule.rows][0]} / {WHEN[rule.rows][1]}",
        f"- 根拠 / basis: {rule.basis}",
        f"- 表 / tables: {', '.join(f'`{table}`' for table in rule.tables)}",
    ]  # fmt: skip
    lines += [f"- {title}: {_named(items)}" for title, items in graded if items]
    return [*lines, ""]


def _named(items: Iterable[str]) -> str:
    order = [item.code for item in ITEMS]
    return "、".join(BY_CODE[code].ja for code in sorted(items, key=order.index))


# --- the inventory


@dataclass(frozen=True, slots=True)
class Entry:
    """One gate for one purpose."""

    name: str
    ja: str
    en: str
    audience: str
    purpose: str
    kind: str  # "read", "reveal" or "submit"
    items: tuple[str, ...]


def inventory(gates: Iterable[AnyGate]) -> list[Entry]:
    """Every gate with its items: today's counterpart of "44 screens and 7 reports"."""
    return [
        Entry(
            function_name(gate, purpose),
            gate.ja,
            gate.en,
            purpose.audience,
            purpose.code,
            _kind(gate),
            items_of(gate, purpose),
        )
        for gate in gates
        for purpose in PURPOSES
        if purpose.audience == gate.audience and purpose.code in gate.purposes
    ]


def _kind(gate: AnyGate) -> str:
    if not isinstance(gate, Gate):
        return "submit"
    return "reveal" if gate.reveals else "read"
