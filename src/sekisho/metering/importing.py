"""Imports usage: CSV of any size and the market's XML files, piece by piece, each piece whole.

Crash story. Usage comes in millions of rows that do not depend on each other, so a file is merged in pieces;
each piece's transaction also moves the journal's position, after the piece's refused rows are on the disk. A
killed import goes on behind the last piece that was committed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from sekisho.kernel.values import Reason
from sekisho.metering import occto
from sekisho.registry import importing, merging
from sekisho.registry.files import KINDS, SLOTS
from sekisho.registry.importing import Connection, ImportSummary, Progress, Report, Run, Source
from sekisho.registry.merging import UNKNOWN, Check
from sekisho.registry.records import Rejection, UnableToReadFile, blocks, fingerprint
from sekisho.registry.rejects import RejectFile
from sekisho.registry.staging import ROW_NO, Layout, stage

PIECE_BYTES: Final = 4 << 20
MARKET_ROWS: Final = 20_000
_FRAME: Final = {
    ROW_NO: pl.Int64,
    "point": pl.String,
    "day": pl.Date,
    "wh": pl.String,
    "estimated": pl.Int64,
}
_COUNTED: Final = ("rows", "inserted", "changed", "unchanged", "repeated", "rejected")

NO_CONTRACT: Final = Reason("この日を含む契約がありません", "no contract covers this day")
CONFLICTING_DAY: Final = Reason(
    "同じ地点・同じ日で値の違う行がファイルの中に先にあります",
    "an earlier row of the file has other values for the same point and day",
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some usage days (`row_no`, `point`, `day`, `wh` as an array's text, `estimated`); where the file stands."""

    frame: pl.DataFrame
    rejected: list[Rejection]
    next_byte: int
    next_row: int


_KEY: Final = ("point", "day")
_STAGE: Final = f"""
create temp table stage ({ROW_NO} bigint, point text, day date, wh integer[], estimated bigint) on commit drop"""
_COPY: Final = f"copy stage ({ROW_NO}, point, day, wh, estimated) from stdin (format csv)"
_CHECKS: Final = (
    Check(
        "point",
        UNKNOWN,
        "delete from stage s where not exists (select from registry.point p where p.point = s.point)"
        f" returning s.{ROW_NO}, s.point",
    ),
    Check(
        "day",
        NO_CONTRACT,
        "delete from stage s where not exists (select from registry.contract c"
        f" where c.point = s.point and c.valid @> s.day) returning s.{ROW_NO}, s.day",
    ),
    # INVARIANT: within one import a day is written once; record times are unique to imports.
    Check(
        "day",
        CONFLICTING_DAY,
        "delete from stage s using metering.usage_day u where u.point = s.point and u.day = s.day"
        # the bounds let the planner leave out every other month
        " and u.day between (select min(day) from stage) and (select max(day) from stage)"
        " and u.recorded_at = (select registry.record_time()) and (u.wh, u.estimated) is distinct from (s.wh, s.estimated)"
        f" returning s.{ROW_NO}, s.day",
    ),
)
_MERGE: Final = """
with written as (
    insert into metering.usage_day as t (point, day, contract_no, holder, wh, estimated, recorded_at)
    select s.point, s.day, c.contract_no, c.holder, s.wh, s.estimated, registry.record_time()
      from stage s join registry.contract c on c.point = s.point and c.valid @> s.day
     order by s.point, s.day
    on conflict (point, day) do update
       set contract_no = excluded.contract_no, holder = excluded.holder, wh = excluded.wh,
           estimated = excluded.estimated, revision = t.revision + 1, recorded_at = excluded.recorded_at
     where (t.contract_no, t.holder, t.wh, t.estimated)
           is distinct from (excluded.contract_no, excluded.holder, excluded.wh, excluded.estimated)
    returning old.point is null as fresh)
select count(*) filter (where fresh), count(*) filter (where not fresh), (select count(*) from stage) from written"""
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
            (number, point, day, _array_text(wh), estimated)
            for number, (point, day, wh, estimated) in enumerate(chosen, first + 1)
        ]
        done = size if last == len(days) else size * last // len(days)
        yield Piece(pl.DataFrame(rows, schema=_FRAME, orient="row"), rejected, done, max(last, 1))
        rejected = []


def _array_text(wh: Sequence[int | None]) -> str:
    return "{" + ",".join("NULL" if value is None else str(value) for value in wh) + "}"


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
        for piece in pieces_from(run):
            with conn.transaction():
                _merge_piece(conn, piece, run, summary, refused)
            if progress is not None:
                progress(Progress("write", piece.next_byte, source.facts.size))
        _close(conn, run, summary, by=by)
        summary.rejects = refused.keep()
    return summary


def _csv_pieces(source: Source) -> Callable[[Run], Iterator[Piece]]:
    def pieces(run: Run) -> Iterator[Piece]:
        start, row = max(run.next_byte, source.start_byte), max(run.next_row, 1)
        found = blocks(source.path, source.facts, start_byte=start, start_row=row, block_bytes=PIECE_BYTES)
        for block in found:
            staged = stage(source.layout, block, from_excel=source.facts.bom)
            yield Piece(
                _as_array(source.layout, staged.frame), staged.rejected, block.next_byte, block.next_row
            )

    return pieces


def _as_array(layout: Layout, frame: pl.DataFrame) -> pl.DataFrame:
    slots = [pl.col(slot).cast(pl.String).fill_null("NULL") for slot in SLOTS]
    listed = pl.concat_str(slots, separator=",")
    wh = pl.concat_str(pl.lit("{"), listed, pl.lit("}")).alias("wh")
    given = any(column.name == "estimated_slots" for column in layout.columns)
    estimated = pl.col("estimated_slots").fill_null(0) if given else pl.lit(0, pl.Int64)
    return frame.select(ROW_NO, "point", "day", wh, estimated.alias("estimated"))


def _merge_piece(
    conn: Connection, piece: Piece, run: Run, summary: ImportSummary, refused: RejectFile
) -> None:
    conn.execute(_STAGE)
    with conn.cursor().copy(_COPY) as copy:
        copy.write(importing.csv_bytes(piece.frame))
    refused.write(piece.rejected)
    importing.begin_writing(conn, now=run.at, change_no=f"import-{run.import_no}", alone=True)
    summary.repeated += _check_piece(conn, refused)
    _ensure_months(conn)
    conn.execute("analyze stage (point, day)")
    inserted, changed, staged = conn.execute(_MERGE).fetchone() or (0, 0, 0)
    summary.inserted += inserted
    summary.changed += changed
    summary.unchanged += staged - inserted - changed
    summary.rejected = refused.lines
    summary.rows += len(piece.frame) + len({rejection.row for rejection in piece.rejected})
    counts = json.dumps({name: getattr(summary, name) for name in _COUNTED})
    position = [piece.next_byte, piece.next_row, refused.settle(), counts, run.import_no]
    conn.execute(_MOVE, position)


def _check_piece(conn: Connection, refused: RejectFile) -> int:
    repeated = 0
    if conn.execute(merging.has_duplicates(_KEY)).fetchone() == (True,):
        repeated = conn.execute(merging.drop_repeated((*_KEY, "wh", "estimated"))).rowcount
        _refuse(conn, merging.reject_conflicting(_KEY), refused)
    for check in _CHECKS:
        _refuse(conn, check, refused)
    return repeated


def _refuse(conn: Connection, check: Check, refused: RejectFile) -> None:
    rows = sorted(conn.execute(check.statement).fetchall())
    refused.write(Rejection(row, check.field, str(value), check.reason) for row, value in rows)


def _ensure_months(conn: Connection) -> None:
    conn.execute(
        "select metering.ensure_month(first) from (select distinct date_trunc('month', day)::date as first"
        " from stage) months"
    )


def _close(conn: Connection, run: Run, summary: ImportSummary, *, by: str) -> None:
    counts = {name: getattr(summary, name) for name in _COUNTED}
    with conn.transaction():
        importing.write_event(
            conn, action="import", by=by, now=run.at, subject=f"import-{run.import_no}", detail=counts
        )
        conn.execute("update registry.import_run set state = 'done' where import_no = %s", [run.import_no])
