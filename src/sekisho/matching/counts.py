"""The table of counts of seed 000: systems ①, ② and both, individuals and companies, with the running
contracts inside.

Individuals are counted as persons at an address, companies and devices as contracts, exactly as the report's first
footnote says. A figure is never one number: it says how much of it is certain, probable and unresolved, and between
which bounds the truth lies. A table whose totals do not add up is not printed.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields

import polars as pl

from sekisho.matching.errors import UnableToReconcile

ROWS = ("first", "second", "both", "unknown", "total")
COLUMNS = ("individuals", "companies", "all")
TITLES = {
    "first": "① 託送システム",
    "second": "② スイッチング支援システム",
    "both": "③ 両方のシステムに登録",
    "unknown": "システムの記載なし",
    "total": "合計",
    "individuals": "個人",
    "companies": "法人等",
    "all": "合計",
}
_TAIL = 1.96
# Probabilities are estimates themselves: half of every correction is taken to be in doubt.
_TRUST = 0.5
# What no pair shows: mistaken kinds, pairs never weighed. On populations of other makers the count was up to 0.6 % off.
_UNSEEN = 0.006
# So much more where no record has a supply point, and where none has a day.
_UNPLACED, _UNDATED = 0.002, 0.004
# Of the pairs that no event joins, so many more or less may have been missed or joined wrongly without a trace.
_UNTOLD = 0.02
# A file without events takes this share of names that only an event shows (chosen, not fitted); it counts as so many pairs.
_USUALLY_BY_EVENT, _PAIRS_OF_THE_USUAL = 0.015, 100.0


@dataclass(frozen=True)
class Figure:
    """A count, its parts (which add up to it), the running contracts inside it, and the interval of the
    estimate."""

    value: int = 0
    running: int = 0
    certain: int = 0
    probable: int = 0
    unresolved: int = 0
    estimate: float = 0.0
    low: int = 0
    high: int = 0


@dataclass(frozen=True)
class Table:
    """figures[row][column], inner figures of 法人等, and what was counted."""

    figures: dict[str, dict[str, Figure]]
    lamps: int
    signals: int
    devices: int
    companies: int
    records: int
    sole_proprietors: int = 0
    """People of the individuals' figure who keep a shop or a firm under its own name: 法人等 for who counts them there."""


def table(cells: pl.DataFrame, *, rows: int) -> Table:
    """The table from the cells of every shard. `rows` is how many records went in. Raises
    UnableToReconcile."""
    marked = cells.with_columns(membership=_membership(), column=_column(), amount=_amount())
    hidden = _by_event_alone(marked)
    figures = {
        row: _line(marked if row == "total" else marked.filter(pl.col("membership") == row), hidden)
        for row in ROWS
    }
    device = marked.filter(pl.col("kind") == "device")
    made = Table(
        figures=figures,
        lamps=int(device.filter("lamp")["contracts"].sum()),
        signals=int(device.filter("signal")["contracts"].sum()),
        devices=int(device["contracts"].sum()),
        companies=int(marked.filter(pl.col("kind") == "company")["clusters"].sum()),
        records=int(marked["records"].sum()),
        sole_proprietors=int(marked.filter(pl.col("kind") == "person")["keepers"].sum()),
    )
    reconcile(made, rows=rows)
    return made


def _membership() -> pl.Expr:
    return (
        pl.when(pl.col("first") & pl.col("second"))
        .then(pl.lit("both"))
        .when("first")
        .then(pl.lit("first"))
        .when("second")
        .then(pl.lit("second"))
        .otherwise(pl.lit("unknown"))
    )


def _column() -> pl.Expr:
    return pl.when(pl.col("kind") == "person").then(pl.lit("individuals")).otherwise(pl.lit("companies"))


def _amount() -> pl.Expr:
    return pl.when(pl.col("kind") == "person").then("clusters").otherwise("contracts")


def _by_event_alone(cells: pl.DataFrame) -> float:
    """Where an event tells that two names are one customer's, the share whom their names alone would not show (a
    misprint, a marriage). As many are hidden for each pair that stands beside one another with no event to tell."""
    people = cells.filter(pl.col("kind") == "person")
    told, alone = float(people["told"].sum()), float(people["by_event"].sum())
    return (alone + _USUALLY_BY_EVENT * _PAIRS_OF_THE_USUAL) / (told + _PAIRS_OF_THE_USUAL)


def _line(part: pl.DataFrame, hidden: float) -> dict[str, Figure]:
    line = {name: _figure(part.filter(pl.col("column") == name), hidden) for name in COLUMNS[:2]}
    return line | {"all": added(line.values())}


def _figure(part: pl.DataFrame, hidden: float) -> Figure:
    """Contracts are counted by their supply points, which are not in doubt; persons are."""
    people = part.filter(pl.col("kind") == "person")
    value = int(part["amount"].sum())
    missing, spread, beside = (float(people[name].sum()) for name in ("missing", "spread", "beside"))
    excess = float(people["excess"].sum()) + hidden * beside
    estimate = value - excess + missing
    unseen = _unseen(people) * int(people["amount"].sum()) + _UNTOLD * beside
    margin = _TAIL * math.sqrt(spread) + _TRUST * (excess + missing) + unseen
    levels = {level: int(part.filter(pl.col("level") == level)["amount"].sum()) for level in _LEVELS}
    return Figure(
        value=value,
        running=int(part.filter("running")["amount"].sum()),
        estimate=estimate,
        low=math.floor(estimate - margin),
        high=math.ceil(estimate + margin),
        **levels,
    )


def _unseen(people: pl.DataFrame) -> float:
    """The share of the count that no pair shows: more where fewer records say where and when."""
    records = max(int(people["records"].sum()), 1)
    unplaced, undated = (int(people[name].sum()) / records for name in ("unplaced", "undated"))
    return _UNSEEN + _UNPLACED * unplaced + _UNDATED * undated


_LEVELS = ("certain", "probable", "unresolved")


def added(figures: Iterable[Figure]) -> Figure:
    """The sum of figures; bounds are added too, which is on the safe side."""
    listed = list(figures)
    return Figure(
        **{item.name: sum(getattr(figure, item.name) for figure in listed) for item in fields(Figure)}
    )


def reconcile(made: Table, *, rows: int) -> None:
    """Every total equals its parts, and every record is counted once."""
    total = made.figures["total"]
    for name in COLUMNS:
        parts = added(made.figures[row][name] for row in ROWS[:-1])
        _equal(f"{TITLES[name]} の合計", parts.value, total[name].value)
        _equal(f"{TITLES[name]} の契約継続中", parts.running, total[name].running)
    for row in ROWS:
        for name in COLUMNS:
            figure = made.figures[row][name]
            _equal(
                f"{TITLES[row]} {TITLES[name]}",
                figure.certain + figure.probable + figure.unresolved,
                figure.value,
            )
    _equal("記録の数", made.records, rows)


def _equal(what: str, parts: int, total: int) -> None:
    if parts != total:
        raise UnableToReconcile(
            f"{what}が合いません: 内訳 {parts:,}、合計 {total:,}", f"{what}: parts {parts:,}, total {total:,}"
        )


def to_json(made: Table) -> str:
    """The table for machines."""
    return json.dumps(asdict(made), ensure_ascii=False, indent=1)


def from_json(text: str) -> Table:
    """The inverse of `to_json`."""
    content = json.loads(text)
    figures = {
        row: {name: Figure(**cell) for name, cell in line.items()} for row, line in content["figures"].items()
    }
    return Table(**(content | {"figures": figures}))


def to_csv(made: Table) -> str:
    """One line a cell, with Japanese headings."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(
        [
            "対象システム",
            "区分",
            "件数",
            "うち契約継続中",
            "確実",
            "ほぼ確実",
            "未解決",
            "推定",
            "下限",
            "上限",
        ]
    )
    for row in ROWS:
        for name in COLUMNS:
            cell = made.figures[row][name]
            numbers = (
                cell.value,
                cell.running,
                cell.certain,
                cell.probable,
                cell.unresolved,
                round(cell.estimate),
            )
            writer.writerow([TITLES[row], TITLES[name], *numbers, cell.low, cell.high])
    for title, value in (
        ("うち街路灯", made.lamps),
        ("うち信号機", made.signals),
        ("うち機器すべて", made.devices),
    ):
        writer.writerow(["合計", title, value])
    writer.writerow(["合計", "個人のうち屋号のある者", made.sole_proprietors])
    return out.getvalue()


def to_text(made: Table, *, unit: int = 1) -> str:
    """The table as the report prints it; `unit` 10000 prints 万, rounded half up."""
    lines = []
    for row in ROWS:
        if row == "unknown" and not made.figures[row]["all"].value:
            continue
        cells = "  ".join(_cell(made.figures[row][name], unit, inside=row == "total") for name in COLUMNS)
        lines.append(f"{TITLES[row]}  {cells}")
    return "\n".join(lines)


def _cell(figure: Figure, unit: int, *, inside: bool) -> str:
    text = scaled(figure.value, unit)
    return f"{text}（{scaled(figure.running, unit)}）" if inside else text


def scaled(value: int, unit: int) -> str:
    """A count in units of `unit`, rounded half up: 8,994,999 → 899万."""
    return f"{value:,}" if unit == 1 else f"{(value + unit // 2) // unit:,}万"
