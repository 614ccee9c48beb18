"""Writes the registry's tables as the files that `importing` reads: what goes out comes in again unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sekisho.registry.files import Column, Digits, Encoding, Fixed, Flag, Kind, kind_named, write_cells
from sekisho.registry.importing import Connection, Progress, Report, begin_writing, write_event

_FETCH = 20_000


def export_kind(
    conn: Connection,
    kind: str,
    path: Path,
    *,
    encoding: Encoding = "utf-8",
    by: str,
    now: datetime,
    progress: Report | None = None,
) -> int:
    """Write all rows of one kind (but `usage`) and return their number; the audit event is written with them.

    Raises `UnableToWriteFile` with a list when CP932 lacks a character; the file appears whole or not at all.
    """
    columns = kind_named(kind).columns
    header = [column.name if encoding == "utf-8" else column.ja for column in columns]
    with conn.transaction():
        begin_writing(conn, now=now)
        # INVARIANT: no file without its event: if the event cannot be written, the file is not kept.
        write_event(conn, action="export", by=by, now=now, subject=kind, detail={"encoding": encoding})
        rows = _rows(conn, kind_named(kind), progress)
        return write_cells(header=header, rows=rows, path=path, encoding=encoding)


def _rows(conn: Connection, kind: Kind, progress: Report | None) -> Iterator[Sequence[str]]:
    total = (conn.execute(f"select count(*) from {kind.table}").fetchone() or (0,))[0]
    with conn.cursor(name="export") as cursor:
        cursor.itersize = _FETCH
        cursor.execute(select_cells(kind))
        for number, row in enumerate(cursor, 1):
            if progress is not None and number % _FETCH == 0:
                progress(Progress("write", number, total))
            yield row


def select_cells(kind: Kind) -> str:
    """The table's rows as the texts of the file's cells, sorted by key."""
    cells = ", ".join(_cell(column) for column in kind.columns)
    order = ", ".join("lower(valid)" if name == "valid_from" else name for name in kind.key)
    return f"select {cells} from {kind.table} order by {order}"


def _cell(column: Column) -> str:
    match column:
        case Column(name="valid_from"):
            return "coalesce(lower(valid)::text, '')"
        case Column(name="valid_to"):
            return "coalesce(upper(valid)::text, '')"
        case Column(shape=Fixed(scaled=True, places=places)):
            return f"coalesce(trim_scale({column.target}::numeric / {10**places})::text, '')"
        case Column(shape=Flag()):
            return f"{column.target}::int::text"
        case Column(shape=Digits()):
            return f"coalesce({column.target}, '')"
        case _:
            return f"coalesce({column.target}::text, '')"
