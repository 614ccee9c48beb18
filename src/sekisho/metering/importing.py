"""Imports usage: CSV of any size and the market's XML files, piece by piece, each piece whole.

Crash story. Usage comes in millions of rows that do not depend on each other, so a file is merged in pieces;
each piece's transaction also moves the journal's position, after the piece's refused rows are on the disk. A
killed import goes on behind the last piece that was committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from sekisho.metering import merging, occto
from sekisho.metering.days import COPY_HEADER, COPY_TRAILER, Days, days_of_frame, days_of_rows
from sekisho.metering.plain import is_plain, lines_of, plain_days
from sekisho.registry import importing
from sekisho.registry import merging as sets
from sekisho.registry.files import KINDS, SLOTS
from sekisho.registry.importing import Connection, ImportSummary, Progress, Report, Run, Source
from sekisho.registry.records import (
    TOO_LONG,
    Block,
    Chunk,
    Rejection,
    UnableToReadFile,
    block_of,
    block_of_lines,
    chunks,
    fingerprint,
)
from sekisho.registry.rejects import RejectFile
from sekisho.registry.staging import Layout, stage

PIECE_BYTES: Final = 16 << 20
"""Of a file, what is merged in one transaction."""
CHUNK_BYTES: Final = 1 << 20
"""What is read at a time: its arrays stay in the processor's cache."""
MARKET_ROWS: Final = 20_000
_MOST_ODD: Final = 8
"""Up to one odd line in so many, odd lines are read one by one; beyond, the whole chunk by columns."""
_COUNTED: Final = ("rows", "inserted", "changed", "unchanged", "repeated", "rejected")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some usage days in one or more parts, what was refused beside them, and where the file then stands."""

    parts: list[Days]
    rejected: list[Rejection]
    next_byte: int
    next_row: int

    def __len__(self) -> int:
        return sum(map(len, self.parts))


_MOVE: Final = """
update registry.import_run
   set next_byte = %s, next_row = %s, rejects_bytes = %s, counts = %s where import_no = %s"""


def import_file(
    conn: Connection,
    path: Path,
    *,
    kind: str | None = None,
    by: str,
    now: datetime,
    rejects: Path | None = None,
    progress: Report | None = None,
) -> ImportSummary:
    """Import a file of any kind, usage and market files included; see `registry.importing.import_file`."""
    if occto.is_market_file(path):
        return import_market(conn, path, by=by, now=now, rejects=rejects, progress=progress)
    source = importing.open_source(path, kind=kind)
    load = import_usage if source.layout.kind.code == "usage" else importing.import_file
    return load(conn, path, kind=kind, by=by, now=now, rejects=rejects, progress=progress)


def kind_of(path: Path) -> str:
    """The kind of a file, by its name if it is the market's and by its header otherwise."""
    return "usage" if occto.is_market_file(path) else importing.open_source(path).layout.kind.code


def import_usage(
    conn: Connection,
    path: Path,
    *,
    kind: str | None = "usage",
    by: str,
    now: datetime,
    rejects: Path | None = None,
    progress: Report | None = None,
) -> ImportSummary:
    """Import usage days from CSV. Each day falls to the contract that covers it, and to that contract's holder.

    A day that is there with other values is replaced, its revision raised and its former values kept; an empty
    half-hour is missing, not zero.
    """
    source = importing.open_source(path, kind=kind)
    lacking = sorted(set(SLOTS) - {column.name for column in source.layout.columns})
    if lacking:
        raise UnableToReadFile(
            f"{path.name}: 時刻コードの列が足りません: {', '.join(lacking)}",
            f"{path.name} lacks the columns of half-hours {', '.join(lacking)}.",
        )
    return import_pieces(
        conn, source, _csv_pieces(source), by=by, now=now, rejects=rejects, progress=progress
    )


def import_market(
    conn: Connection,
    path: Path,
    *,
    by: str,
    now: datetime,
    rejects: Path | None = None,
    progress: Report | None = None,
) -> ImportSummary:
    """Import a W4x120 or W5x2x0 file (zip or XML); what it says is treated as a CSV row per point and day."""
    columns = KINDS["usage"].columns
    source = Source(path, fingerprint(path, encoding="xml"), Layout(KINDS["usage"], columns), 0)
    document = occto.read(path)
    return import_pieces(
        conn,
        source,
        lambda run: _market_pieces(document, run, source.facts.size),
        by=by,
        now=now,
        rejects=rejects,
        progress=progress,
    )


def _market_pieces(document: occto.Document, run: Run, size: int) -> Iterator[Piece]:
    days = list(document.usage())
    rejected = document.rejected if run.next_row == 0 else []
    for first in range(run.next_row, max(len(days), run.next_row + bool(rejected)), MARKET_ROWS):
        chosen = days[first : first + MARKET_ROWS]
        last = first + len(chosen)
        rows = [
            (number, point, day, wh, estimated)
            for number, (point, day, wh, estimated) in enumerate(chosen, first + 1)
        ]
        done = size if last == len(days) else size * last // len(days)
        yield Piece([days_of_rows(rows)], rejected, done, max(last, 1))
        rejected = []


def import_pieces(
    conn: Connection,
    source: Source,
    pieces_from: Callable[[Run], Iterable[Piece]],
    *,
    by: str,
    now: datetime,
    rejects: Path | None,
    progress: Report | None,
) -> ImportSummary:
    """Merge pieces of usage, going on where a killed import of the same file stood."""
    run = importing.enter_journal(conn, source, by=by, now=now)
    summary = ImportSummary(source.path.name, "usage", source.facts.encoding, run.import_no, run.resumed)
    for name in _COUNTED:
        setattr(summary, name, run.counts.get(name, 0))
    target = rejects or importing.rejects_beside(source.path)
    with RejectFile(target, resume_at=run.rejects_bytes) as refused:
        refused.lines = summary.rejected
        for piece in _one_ahead(iter(pieces_from(run))):
            with conn.transaction():
                _merge_piece(conn, piece, run, summary, refused)
            if progress is not None:
                progress(Progress("write", piece.next_byte, source.facts.size))
        _close(conn, run, summary, by=by)
        summary.rejects = refused.keep()
    return summary


def _one_ahead(source: Iterator[T]) -> Iterator[T]:
    """The same things; while one is worked on, a thread makes the next."""
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(next, source, None)
        while (found := coming.result()) is not None:
            coming = reader.submit(next, source, None)
            yield found


def _csv_pieces(source: Source) -> Callable[[Run], Iterator[Piece]]:
    def pieces(run: Run) -> Iterator[Piece]:
        start, row = max(run.next_byte, source.start_byte), max(run.next_row, 1)
        parts: list[Days] = []
        rejected: list[Rejection] = []
        begun = start
        for chunk in chunks(
            source.path, start_byte=start, start_row=row, chunk_bytes=min(CHUNK_BYTES, PIECE_BYTES)
        ):
            parts += _read(source, chunk, rejected)
            if chunk.next_byte - begun >= PIECE_BYTES or chunk.next_byte >= source.facts.size:
                yield Piece(parts, rejected, chunk.next_byte, chunk.next_row)
                parts, rejected, begun = [], [], chunk.next_byte

    return pieces


def _read(source: Source, chunk: Chunk, rejected: list[Rejection]) -> list[Days]:
    """A chunk's days; what is refused goes to `rejected`."""
    if not (is_plain(source.layout) and chunk.data):
        return [_read_cells(source, block_of(chunk, source.facts.encoding), rejected)]
    lines = lines_of(chunk.data)
    estimates = len(source.layout.columns) == len(KINDS["usage"].columns)
    days, plain = plain_days(lines, first_row=chunk.row + 1, estimates=estimates)
    odd = np.flatnonzero(~plain)
    if len(odd) * _MOST_ODD > len(lines):
        return [_read_cells(source, block_of(chunk, source.facts.encoding), rejected)]
    found = [(chunk.row + 1 + n, chunk.data[lines.starts[n] : lines.ends[n]]) for n in odd.tolist()]
    block = block_of_lines(found, source.facts.encoding)
    if chunk.too_long:
        block.rejected.append(Rejection(chunk.next_row, "", "", TOO_LONG))
    return [days, _read_cells(source, block, rejected)] if block.rows or block.rejected else [days]


def _read_cells(source: Source, block: Block, rejected: list[Rejection]) -> Days:
    staged = stage(source.layout, block, from_excel=source.facts.bom)
    rejected += staged.rejected
    return days_of_frame(staged.frame)


def _merge_piece(
    conn: Connection, piece: Piece, run: Run, summary: ImportSummary, refused: RejectFile
) -> None:
    _stage(conn, piece)
    refused.write(piece.rejected)
    importing.begin_writing(conn, now=run.at, change_no=f"import-{run.import_no}", alone=True)
    summary.repeated += _check_keys(conn, refused)
    for statement in (merging.ASKED, merging.ANALYZE_ASKED, merging.HELD, merging.ANALYZE_HELD):
        conn.execute(statement)
    _refuse(conn, merging.REJECT_UNKNOWN, refused)
    _refuse(conn, merging.REJECT_WITHOUT_CONTRACT, refused)
    _write(conn, summary, refused)
    summary.rejected = refused.lines
    summary.rows += len(piece) + len({rejection.row for rejection in piece.rejected})
    counts = json.dumps({name: getattr(summary, name) for name in _COUNTED})
    position = [piece.next_byte, piece.next_row, refused.settle(), counts, run.import_no]
    conn.execute(_MOVE, position)


def _stage(conn: Connection, piece: Piece) -> None:
    conn.execute(merging.MEMORY)
    conn.execute(merging.STAGE)
    with conn.cursor().copy(merging.COPY) as copy:
        copy.write(COPY_HEADER)
        for days in piece.parts:
            copy.write(days.copied())
        copy.write(COPY_TRAILER)


def _check_keys(conn: Connection, refused: RejectFile) -> int:
    """Keep one of like rows (return how many others went), none of conflicting ones."""
    if conn.execute(sets.has_duplicates(merging.KEY)).fetchone() != (True,):
        return 0
    repeated = conn.execute(sets.drop_repeated((*merging.KEY, *merging.VALUES))).rowcount
    _refuse(conn, sets.reject_conflicting(merging.KEY), refused)
    return repeated


def _write(conn: Connection, summary: ImportSummary, refused: RejectFile) -> None:
    """Merge what is left of the stage. A month's first file meets nothing, and need not look row by row."""
    conn.execute(merging.ENSURE_MONTHS)
    there = conn.execute(merging.ANY_THERE).fetchone() == (True,)
    if there:
        _refuse(conn, merging.REJECT_CONFLICTING, refused)
    staged = conn.execute(merging.STAGED).fetchone() or (0,)
    changed = conn.execute(merging.UPDATE_CHANGED).rowcount if there else 0
    inserted = conn.execute(merging.INSERT_NEW if there else merging.INSERT_ALL).rowcount
    summary.inserted += inserted
    summary.changed += changed
    summary.unchanged += staged[0] - inserted - changed


def _refuse(conn: Connection, check: sets.Check, refused: RejectFile) -> None:
    rows = sorted(conn.execute(check.statement).fetchall())
    refused.write(Rejection(row, check.field, str(value), check.reason) for row, value in rows)


def _close(conn: Connection, run: Run, summary: ImportSummary, *, by: str) -> None:
    counts = {name: getattr(summary, name) for name in _COUNTED}
    with conn.transaction():
        importing.write_event(
            conn, action="import", by=by, now=run.at, subject=f"import-{run.import_no}", detail=counts
        )
        conn.execute("update registry.import_run set state = 'done' where import_no = %s", [run.import_no])
