"""The document of the files' columns (`docs/files.md`), made from the columns themselves."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.registry.files import (
    ENCODINGS,
    KINDS,
    SCHEMA_VERSION,
    SLOTS,
    Choice,
    Column,
    Day,
    Digits,
    Fixed,
    Flag,
    Kind,
    Slots,
    Text,
    Whole,
)
from sekisho.registry.merging import ALONE, REFERENCES

_HEAD = f"""# 取込み・書出しファイル / Files in and out

<!-- Made from src/sekisho/registry/files.py by `python -m sekisho.registry.describing`; a test compares the two. -->

Schema version {SCHEMA_VERSION}. `./sekisho import FILE…` finds the kind by the header and the encoding by itself.

- 見出しは英語名・日本語名のどちらでもよく、列の順序は自由です。必須の列と `valid_to` は省けません。ほかの列を省くと、
  登録済みの値はそのまま残ります。空欄は「値なし」です。/ English or Japanese headers, in any order; a column that is left
  out leaves what is registered, an empty cell means none.
- 1行目は見出し、1行が1件です。項目の中に改行は使えません。/ The first line is the header; a record is one line.
- 文字コード(自動判別): UTF-8(BOM の有無を問わない)、Shift_JIS(CP932)。/ UTF-8 with or without BOM, or CP932.
- 期間は半開区間 [valid_from, valid_to): `valid_to` は終わりの**翌日**、空欄は期限なし。/ Periods are half open.
- 日付は 2026-04-01、2026/4/1、20260401 のいずれか。番号の全角・ハイフン・空白は読み替えます。/ Dates in three forms;
  full-width digits, hyphens and blanks in numbers are folded.
- 同じ内容の行は1回だけ数え、同じキーで内容の違う行はどちらも取り込みません。同じファイルをもう一度取り込んでも何も
  変わりません。/ Identical rows count once, conflicting ones not at all; a repeated file changes nothing.
- 取り込めない行は「行・項目・値・理由」を拒否ファイル(`<名前>.rejected.csv`)に残し、ほかの行は取り込みます。
  / Refused rows are listed with the reason, the others are imported.
- 契約が短くなると、その契約の情報も同じ日で終わります。契約の供給地点・小売事業者・お客さまは取込みでは変えられません
  (`./sekisho registry draft`)。/ A shortened contract cuts its facts; point, holder and customer change by correction only.
"""


def document() -> str:
    """The whole document."""
    return "\n".join([_HEAD, *_forms(), *(line for kind in KINDS.values() for line in _kind(kind))]) + "\n"


def _forms() -> Iterator[str]:
    yield "## 書出しの形 / Written forms\n"
    yield "| `--encoding` | 形 |\n|---|---|"
    yield from (f"| `{name}` | {text} |" for name, text in ENCODINGS.items())
    yield ""


def _kind(kind: Kind) -> Iterator[str]:
    yield f"## {kind.ja} `{kind.code}` — {kind.en}\n"
    yield f"表 `{kind.table}`、キー {', '.join(f'`{name}`' for name in kind.key)}。"
    for column, table, target in REFERENCES.get(kind.code, ()):
        yield f"`{column}` は `{table}.{target}` に登録済みであること。"
    if kind.code in ALONE:
        yield f"{', '.join(f'`{name}`' for name in ALONE[kind.code])} が同じ行の期間は重ならないこと。"
    yield "\n| 列 | 見出し | 型 | 必須 | 単位 | 規則 / rule | 例 |\n|---|---|---|---|---|---|---|"
    yield from (_row(column) for column in kind.columns if column.name not in SLOTS[1:-1])
    if kind.code == "usage":
        yield "\n`02`–`47` も同じ。時刻コード1は 00:00–00:30、48 は 23:30–24:00(その日に属する)。"
    yield ""


def _row(column: Column) -> str:
    required = "○" if column.required else ""
    rule = " / ".join(filter(None, (column.rule_ja, column.rule_en)))
    shown = f"`{column.example}`" if column.example else ""
    cells = (f"`{column.name}`", column.ja, _shape(column), required, column.unit, rule, shown)
    return "| " + " | ".join(cells) + " |"


def _shape(column: Column) -> str:
    match column.shape:
        case Text(longest=longest, pattern=pattern):
            return f"文字列 ≤{longest}" + (f" `{pattern}`".replace("|", "\\|") if pattern else "")
        case Digits(length=length):
            return f"数字{length}桁"
        case Choice(words=words):
            return "、".join(f"`{code}` {word}" for code, word in words)
        case Day():
            return "日付"
        case Whole(least=least, most=most):
            return f"整数 {least}–{most}"
        case Fixed(places=places, most=most):
            return f"0–{most}、小数{places}位まで"
        case Flag():
            return "1 / 0"
        case Slots():
            return "時刻コードの並び"


if __name__ == "__main__":
    print(document(), end="")
