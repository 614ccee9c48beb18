"""Imports a file of the registry: all good rows or none, each bad row with its reason, twice is once.

Crash story. The file is staged in a temporary table, checked as a whole and merged in one transaction that
also closes the journal entry: a kill at any moment leaves the tables as they were, and the next call starts
over from the file. The rejection file is on the disk before the commit, under a draft name; a kill between
commit and renaming is mended by importing once more: every row is unchanged, the same ones are refused.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Final, cast

import polars as pl
import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.values import Period, Reason
from sekisho.registry import merging
from sekisho.registry.files import kind_named
from sekisho.registry.records import (
    FileFacts,
    Rejection,
    UnableToReadFile,
    blocks,
    examine,
    header_of,
)
from sekisho.registry.rejects import RejectFile
from sekisho.registry.rules import Claim, losers
from sekisho.registry.staging import Layout, layout_of, stage

Connection = psycopg.Connection[TupleRow]

SLICE_ROWS: Final = 50_000
FIRST_LOAD_ROWS: Final = 5_000
"""From so many rows on, an empty table's keys are built over the finished rows instead of row by row."""

WRITE_LOCK: Final = "sekisho.registry.write"
"""An import takes it alone, a correction shares it: neither sees the other half done."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is. `done` and `total` are bytes while reading and lines while writing."""

    phase: str
    done: int
    total: int


Report = Callable[[Progress], None]


@dataclass(slots=True)
class ImportSummary:
    """What became of a file's rows. `rows` = inserted + changed + unchanged + repeated + rejected lines."""

    file: str
    kind: str
    encoding: str
    import_no: int
    resumed: bool = False
    rows: int = 0
    inserted: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: int = 0
    facts_cut: int = 0
    rejects: str | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that has been looked at: its digest, encoding, columns, and where its rows begin."""

    path: Path
    facts: FileFacts
    layout: Layout
    start_byte: int


def open_source(path: Path, *, kind: str | None = None) -> Source:
    """Look at a file; raise `UnableToReadFile` when it is none of ours."""
    if kind is not None:
        kind_named(kind)
    facts = examine(path)
    header, start = header_of(path, facts)
    return Source(path, facts, layout_of(header, kind=kind, file=path.name), start)


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
    """Import one file of any kind but `usage`; `kind` is found from the header if None.

    `now` becomes the record time of every row. Refused rows go to `rejects` (by default beside the file).
    Raises `UnableToReadFile` when the file as a whole cannot be read.
    """
    source = open_source(path, kind=kind)
    if source.layout.kind.code == "usage":
        raise UnableToReadFile(
            f"{path.name}: 30分電力量は usage import で取り込みます。",
            f"{path.name}: usage is imported with `usage import`.",
        )
    run = enter_journal(conn, source, by=by, now=now)
    summary = ImportSummary(path.name, source.layout.kind.code, source.facts.encoding, run.import_no)
    summary.resumed = run.resumed
    with RejectFile(rejects or rejects_beside(path)) as refused:
        _Import(conn, source, summary, refused, progress or _silent).run(by=by, now=now)
        summary.rejects = refused.keep()
    return summary


def rejects_beside(path: Path) -> Path:
    """Where refused rows go unless told otherwise."""
    return path.with_name(f"{path.stem}.rejected.csv")


def _silent(_: Progress) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """An entry of the journal: a fresh one, or one that a kill left open."""

    import_no: int
    resumed: bool
    at: datetime
    next_byte: int
    next_row: int
    rejects_bytes: int
    counts: dict[str, int]


_RESUME: Final = """
select import_no, at, next_byte, next_row, rejects_bytes, counts
  from registry.import_run where sha256 = %s and kind = %s and state = 'running'"""
# No two imports share a record time, so that a row's record time tells which import wrote it.
_ENTER: Final = """
insert into registry.import_run (kind, file_name, sha256, by, at, state)
select %s, %s, %s, %s, coalesce(max(at) + interval '1 microsecond', %s), 'running' from registry.import_run
 where at >= %s and at < %s + interval '1 second'
returning import_no, at"""


def enter_journal(conn: Connection, source: Source, *, by: str, now: datetime) -> Run:
    """Find the entry that a killed import of the same file left, or make one."""
    kind, digest = source.layout.kind.code, source.facts.sha256
    with conn.transaction():
        conn.execute("select pg_advisory_xact_lock(hashtext(%s))", [f"sekisho.import.{digest}"])
        found = conn.execute(_RESUME, [digest, kind]).fetchone()
        if found is not None:
            return Run(found[0], True, *found[1:])
        made = conn.execute(_ENTER, [kind, source.path.name, digest, by, now, now, now]).fetchone()
    assert made is not None  # noqa: S101 - `returning` of one inserted row
    return Run(made[0], False, made[1], 0, 0, 0, {})


def begin_writing(conn: Connection, *, now: datetime, change_no: str = "", alone: bool = False) -> None:
    """Begin a writing transaction: the record time, the change, the lock against half-seen work."""
    # An earlier action of the same transaction may have had its keys checked at once.
    conn.execute("set constraints all deferred")
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    conn.execute(
        "select set_config('sekisho.record_time', %s, true), set_config('sekisho.change', %s, true)",
        [now.isoformat(), change_no],
    )
    conn.execute(f"select {lock}(hashtext(%s))", [WRITE_LOCK])


def write_event(
    conn: Connection, *, action: str, by: str, now: datetime, subject: str, detail: Mapping[str, object]
) -> None:
    """One audit row per write."""
    conn.execute(
        "insert into registry.event (at, action, by, subject, detail) values (%s, %s, %s, %s, %s)",
        [now, action, by, subject, json.dumps(detail, ensure_ascii=False, default=str)],
    )


class _Import:
    """One import under way: the staged file, its counts and its refused rows."""

    def __init__(
        self, conn: Connection, source: Source, summary: ImportSummary, refused: RejectFile, report: Report
    ) -> None:
        self._conn = conn
        self._source = source
        self._layout = source.layout
        self._summary = summary
        self._refused = refused
        self._report = report
        self._last_row = 0

    def run(self, *, by: str, now: datetime) -> None:
        with self._conn.transaction():
            self._stage()
            begin_writing(self._conn, now=now, change_no=f"import-{self._summary.import_no}", alone=True)
            self._check()
            self._merge()
            self._close(by=by, now=now)

    def _stage(self) -> None:
        # with contracts joined as `merging` writes it, this leaves the planner the B-tree of the contract's number only
        self._execute("set local enable_bitmapscan = off")
        self._execute(merging.create_stage(self._layout))
        facts = self._source.facts
        pieces = blocks(self._source.path, facts, start_byte=self._source.start_byte, start_row=1)
        with self._conn.cursor().copy(merging.copy_stage(self._layout)) as copy:
            for block in pieces:
                staged = stage(self._layout, block, from_excel=facts.bom)
                self._refuse(staged.rejected)
                copy.write(csv_bytes(staged.frame))
                self._summary.rows += len(staged.frame)
                self._last_row = block.next_row
                self._report(Progress("read", block.next_byte, facts.size))
        self._execute("analyze stage")

    def _check(self) -> None:
        self._report(Progress("check", 0, 1))
        if self._conn.execute(merging.has_duplicates(self._layout.kind.key)).fetchone() == (True,):
            self._summary.repeated = self._execute(merging.drop_repeated([*self._layout.targets]))
            self._reject(merging.reject_conflicting(self._layout.kind.key))
        for check in merging.checks(self._layout):
            self._reject(check)
        if self._layout.kind.code in merging.ALONE:
            self._reject_overlaps()
        self._report(Progress("check", 1, 1))

    def _reject(self, check: merging.Check) -> None:
        rows = self._conn.execute(check.statement).fetchall()
        self._refuse(Rejection(row, check.field, str(value), check.reason) for row, value in sorted(rows))
        self._summary.rows -= len(rows)

    def _reject_overlaps(self) -> None:
        found = self._conn.execute(merging.clashing(self._layout))
        refused: list[Rejection] = []
        for _, group in groupby(found, key=lambda row: row[0]):
            refused += _overlaps(group)
        self._refuse(sorted(refused, key=lambda rejection: rejection.row))
        self._conn.execute(merging.reject_rows(), [[rejection.row for rejection in refused]])
        self._summary.rows -= len(refused)

    def _merge(self) -> None:
        staged = self._conn.execute("select count(*) from stage").fetchone() or (0,)
        table = self._layout.kind.table.removeprefix("registry.")
        aside = staged[0] >= FIRST_LOAD_ROWS and table in merging.KEYED and self._set_keys_aside(table)
        self._write_slices()
        if aside:
            self._report(Progress("keys", 0, 1))
            self._conn.execute("select registry.bring_keys_back(%s)", [table])
        self._summary.unchanged = staged[0] - self._summary.changed - self._summary.inserted
        if self._layout.kind.code == "contracts" and self._summary.changed:
            statements = [s for table in merging.FACT_TABLES for s in merging.cut_facts(table)]
            self._summary.facts_cut = sum(map(self._execute, statements))

    def _set_keys_aside(self, table: str) -> bool:
        """In an empty table; the database refuses to commit before they are back."""
        ask = "select registry.set_keys_aside(%s, %s)"
        return self._conn.execute(ask, [self._summary.import_no, table]).fetchone() == (True,)

    def _write_slices(self) -> None:
        for first in range(0, self._last_row + 1, SLICE_ROWS):
            bounds = [first, first + SLICE_ROWS - 1]
            self._summary.changed += self._execute(merging.update_changed(self._layout), bounds)
            self._summary.inserted += self._execute(merging.insert_new(self._layout), bounds)
            self._report(Progress("write", min(first + SLICE_ROWS, self._last_row), self._last_row))

    def _close(self, *, by: str, now: datetime) -> None:
        summary = self._summary
        summary.rejected = self._refused.lines
        summary.rows += summary.rejected
        self._report(Progress("commit", 0, 1))
        self._execute("set constraints all immediate")
        detail = {key: value for key, value in asdict(summary).items() if isinstance(value, int)}
        subject = f"import-{summary.import_no}"
        write_event(self._conn, action="import", by=by, now=now, subject=subject, detail=detail)
        self._refused.settle()
        self._conn.execute(
            "update registry.import_run set state = 'done', counts = %s where import_no = %s",
            [json.dumps(detail), summary.import_no],
        )

    def _refuse(self, rejections: Iterable[Rejection]) -> None:
        self._refused.write(rejections)

    def _execute(self, statement: str, parameters: list[int] | None = None) -> int:
        # never prepared: a plan for any slice would take it for a few lines
        return self._conn.execute(statement, parameters, prepare=False).rowcount


def _overlaps(group: Iterable[tuple[object, ...]]) -> Iterator[Rejection]:
    claims = [
        Claim(cast("int | None", row), _period(start, end), _period(was, until) if was else None)
        for _, row, start, end, was, until in group
    ]
    mine = {claim.row: claim.period for claim in claims}
    for row, other in losers(claims).items():
        reason = Reason(f"期間が {other} と重なっています", f"overlaps {other}")
        yield Rejection(row, "valid_from", str(mine[row]), reason)


def _period(start: object, end: object) -> Period:
    assert isinstance(start, date)  # noqa: S101 - the query selects dates
    return Period(start, end if isinstance(end, date) else None)


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """A block as COPY reads it: null is an unquoted empty cell, an empty text a quoted one."""
    target = io.BytesIO()
    frame.write_csv(target, include_header=False, quote_style="necessary", null_value="")
    return target.getvalue()
