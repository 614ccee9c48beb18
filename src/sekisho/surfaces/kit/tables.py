"""Tables: a caption with the count, headers with scope, sortable columns, numbers to the right, missing never zero."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.utils.html import format_html
from django.utils.safestring import SafeString

from sekisho.surfaces.kit.listing import Listed
from sekisho.surfaces.kit.speech import Text, day_text, joined, moment_text, say

Row = TypeVar("Row")
Cell = Any


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column. `sort` names the gate's sort order behind it; `unit` stands in the header; `row_header` marks the `<th>`."""

    title: Text
    cell: Callable[[Row], Cell]
    sort: str | None = None
    numeric: bool = False
    unit: str = ""
    row_header: bool = False
    nowrap: bool = True


@dataclass(frozen=True, slots=True)
class Head:
    """A header as the template shows it."""

    title: Text
    unit: str
    numeric: bool
    url: str | None
    aria_sort: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as the template shows it."""

    html: str
    numeric: bool
    row_header: bool
    nowrap: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table ready for `kit/table.html`. `empty` says what to try when there is no row."""

    caption: Text
    count: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[Shown]]
    empty: Text
    first_url: str | None = None
    next_url: str | None = None
    footnote: Text | None = None
    labels: Sequence[str] = field(default_factory=tuple)


def table(
    caption: Text,
    columns: Sequence[Column[Row]],
    rows: Iterable[Row],
    *,
    empty: Text,
    footnote: Text | None = None,
) -> Table:
    """A whole table, unpaged."""
    shown = [_shown(columns, row) for row in rows]
    heads = [Head(column.title, column.unit, column.numeric, None, None) for column in columns]
    return Table(caption, _count(len(shown), more=False), heads, shown, empty, footnote=footnote)


def listed_table(caption: Text, columns: Sequence[Column[Row]], page: Listed[Row], *, empty: Text) -> Table:
    """One page of a list, with links for sorting and for going on."""
    shown = [_shown(columns, row) for row in page.rows]
    heads = [_head(column, page) for column in columns]
    more = page.next_url is not None or page.first_url is not None
    return Table(caption, _count(len(shown), more=more), heads, shown, empty, page.first_url, page.next_url)


def _head(column: Column[Row], page: Listed[Row]) -> Head:
    if column.sort is None:
        return Head(column.title, column.unit, column.numeric, None, None)
    state = ("descending" if page.descending else "ascending") if page.sort == column.sort else "none"
    return Head(column.title, column.unit, column.numeric, page.sort_url(column.sort), state)


def _count(rows: int, *, more: bool) -> str:
    return (
        say(f"このページ {rows:,} 件", f"{rows:,} on this page")
        if more
        else say(f"{rows:,} 件", f"{rows:,} rows")
    )


def _shown(columns: Sequence[Column[Row]], row: Row) -> list[Shown]:
    return [
        Shown(display(column.cell(row)), column.numeric, column.row_header, column.nowrap)
        for column in columns
    ]


def display(value: Cell) -> str:
    """A value as a page shows it. None is 「—」, hatched: something that is not known, or not stored, is no zero."""
    match value:
        case None:
            return missing()
        case SafeString():
            return value
        case bool():
            return say("あり", "yes") if value else say("なし", "no")
        case int() | Decimal():
            return f"{value:,}"
        case datetime():
            return format_html('<time datetime="{}">{}</time>', value.isoformat(), moment_text(value))
        case date():
            return format_html('<time datetime="{}">{}</time>', value.isoformat(), day_text(value))
        case list() | tuple():
            return format_html("{}", joined(value))
    return format_html("{}", str(value))


def missing() -> SafeString:
    """The mark of what is not there."""
    return format_html(
        '<span class="missing"><span aria-hidden="true">—</span><span class="unseen">{}</span></span>',
        say("なし", "none"),
    )


def link(url: str, text: object) -> SafeString:
    """A link in a cell."""
    return format_html('<a href="{}">{}</a>', url, text)


def badge(text: object, *, tone: str = "plain") -> SafeString:
    """A short state. `tone`: plain, good, warn, bad – never the only carrier of the meaning."""
    return format_html('<span class="badge badge--{}">{}</span>', tone, text)
