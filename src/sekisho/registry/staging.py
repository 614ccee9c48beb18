"""From the records of a file to typed values in the target's columns, and the cells that were refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

import polars as pl

from sekisho.kernel import folding
from sekisho.kernel.values import Reason
from sekisho.registry import cells
from sekisho.registry.files import KINDS, Choice, Column, Day, Digits, Fixed, Flag, Kind, Text
from sekisho.registry.records import SEPARATOR, Block, Rejection, UnableToReadFile

ROW_NO: Final = "row_no"
BACKWARDS: Final = Reason("終了日翌日が開始日以前です", "the end is not after the start")

Key = tuple[str, Callable[[pl.Expr], pl.Expr], str]
KEYS: Final[dict[str, tuple[Key, ...]]] = {
    "points": (("address_key", folding.address_key, "address"),),
    "places": (("address_key", folding.address_key, "address"),),
    "parties": (
        ("name_key", folding.name_key, "name"),
        ("kana_key", folding.kana_key, "name_kana"),
        ("phone_key", folding.phone_key, "phone"),
    ),
}
"""Look-up keys that the import derives: target column, folding, source column."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A file's columns in the file's order; a column that the file lacks is left as it is in the table."""

    kind: Kind
    columns: tuple[Column, ...]

    @property
    def keys(self) -> tuple[Key, ...]:
        present = {column.name for column in self.columns}
        return tuple(key for key in KEYS.get(self.kind.code, ()) if key[2] in present)

    @property
    def targets(self) -> dict[str, str]:
        """The staged columns with their SQL types."""
        plain = {column.target: sql_type(column) for column in self.columns}
        return plain | {key: "text" for key, _, _ in self.keys}


def sql_type(column: Column) -> str:
    """The SQL type in which a column is staged."""
    match column.shape:
        case Text() | Digits() | Choice():
            return "text"
        case Day():
            return "date"
        case Flag():
            return "boolean"
        case Fixed(scaled=False):
            return "numeric"
        case _:
            return "bigint"


def layout_of(header: list[str], *, kind: str | None, file: str) -> Layout:
    """Find a file's kind and the place of each column by its header; raise `UnableToReadFile` if it fits none."""
    names = [normalize("NFKC", cell).strip().lower() for cell in header]
    fitting = [k for k in KINDS.values() if kind in (None, k.code) and _lacking(k, names) == []]
    if not fitting:
        raise _no_kind(names, kind, file)
    chosen = min(fitting, key=lambda k: len(set(names) - set(_spellings(k))))
    unknown = sorted(set(names) - set(_spellings(chosen)))
    columns = tuple(_spellings(chosen)[name] for name in names if name not in unknown)
    if unknown or len(set(columns)) < len(columns):
        raise _wrong_columns(chosen, unknown, file)
    return Layout(chosen, columns)


def _spellings(kind: Kind) -> dict[str, Column]:
    both = {column.name.lower(): column for column in kind.columns}
    return both | {normalize("NFKC", column.ja).lower(): column for column in kind.columns}


def _lacking(kind: Kind, names: list[str]) -> list[Column]:
    there = {_spellings(kind).get(name) for name in names}
    # A file without the column of ends would leave every period open, silently.
    needed = (column for column in kind.columns if column.required or column.name == "valid_to")
    return [column for column in needed if column not in there]


def _no_kind(names: list[str], kind: str | None, file: str) -> UnableToReadFile:
    candidates = (KINDS[kind],) if kind else KINDS.values()
    nearest = max(candidates, key=lambda k: len(set(names) & set(_spellings(k))) - len(_lacking(k, names)))
    lacking = _lacking(nearest, names)
    return UnableToReadFile(
        f"{file}: 見出しからファイルの種類が分かりません。{nearest.ja}({nearest.code})とするには次の列が足りません: "
        + "、".join(column.ja for column in lacking),
        f"{file}: the header fits no kind of file. As {nearest.code} it lacks: "
        + ", ".join(column.name for column in lacking),
    )


def _wrong_columns(kind: Kind, unknown: list[str], file: str) -> UnableToReadFile:
    if not unknown:
        return UnableToReadFile(
            f"{file}: 同じ列が二度あります。", f"{file}: a column stands in the header twice."
        )
    return UnableToReadFile(
        f"{file}: {kind.ja}({kind.code})にない列があります: {'、'.join(unknown)[:200]}",
        f"{file}: {kind.code} has no column {', '.join(unknown)[:200]}",
    )


@dataclass(slots=True)
class Staged:
    """Good rows in the target's columns with their line numbers, and what was refused."""

    frame: pl.DataFrame
    rejected: list[Rejection]


def stage(layout: Layout, block: Block, *, from_excel: bool) -> Staged:
    """Type a block's records."""
    rejected = list(block.rejected)
    raw = _split(layout, block, rejected)
    text = [cells.trimmed(raw[column.name], from_excel=from_excel) for column in layout.columns]
    decided = [cells.decide(column, series) for column, series in zip(layout.columns, text, strict=True)]
    good = pl.repeat(True, len(raw), eager=True)
    for column, series, (_, accepted) in zip(layout.columns, text, decided, strict=True):
        good &= accepted
        rejected.extend(_refused(column, series, raw[ROW_NO], accepted))
    values = [_filled(column, value) for column, (value, _) in zip(layout.columns, decided, strict=True)]
    frame = pl.DataFrame([raw[ROW_NO], *values]).filter(good)
    frame = _without_backwards(frame, rejected)
    frame = frame.with_columns(fold(pl.col(source)).alias(key) for key, fold, source in layout.keys)
    return Staged(frame, rejected)


def _split(layout: Layout, block: Block, rejected: list[Rejection]) -> pl.DataFrame:
    width = len(layout.columns)
    lines = pl.DataFrame(
        {ROW_NO: block.rows, "record": block.records}, schema={ROW_NO: pl.Int64, "record": pl.String}
    )
    lines = lines.filter(pl.col("record") != "")
    found = pl.col("record").str.count_matches(SEPARATOR, literal=True) + 1
    for row, record, count in lines.with_columns(found.alias("found")).filter(found != width).iter_rows():
        rejected.append(Rejection(row, "", record[:200].replace(SEPARATOR, ","), _wrong_width(width, count)))
    names = [column.name for column in layout.columns]
    split = pl.col("record").str.split_exact(SEPARATOR, width - 1).struct.rename_fields(names)
    return lines.filter(found == width).select(ROW_NO, split.struct.unnest())


def _wrong_width(width: int, found: int) -> Reason:
    return Reason(
        f"項目が{found}個あります(見出しは{width}個)", f"has {found} fields, the header has {width}"
    )


def _refused(column: Column, text: pl.Series, rows: pl.Series, accepted: pl.Series) -> Iterator[Rejection]:
    if accepted.all():
        return
    for row, value in zip(rows.filter(~accepted), text.filter(~accepted), strict=True):
        yield Rejection(row, column.name, value[:200], cells.why(column, value))


def _filled(column: Column, values: pl.Series) -> pl.Series:
    named = values.alias(column.target)
    return named if column.when_empty is None else named.fill_null(column.when_empty)


def _without_backwards(frame: pl.DataFrame, rejected: list[Rejection]) -> pl.DataFrame:
    if "valid_to" not in frame.columns:
        return frame
    backwards = (frame["valid_to"] <= frame["valid_from"]).fill_null(False)
    for row, end in frame.filter(backwards).select(ROW_NO, "valid_to").iter_rows():
        rejected.append(Rejection(row, "valid_to", end.isoformat(), BACKWARDS))
    return frame.filter(~backwards)
