"""A finding as files: Parquet and CSV in one zip, sealed like every file that somebody asks for, and received by that person alone.

What stands in them is what the pages of a finding show: points and readers. Customers' numbers are not among them; the list for
notices is written on the command line by whoever may.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope.output import for_spreadsheet
from sekisho.work import payload as read
from sekisho.work.parts import PartOf, seal_part
from sekisho.work.queue import Command

KIND = "finding"
KEPT = timedelta(days=7)
"""How long a file waits for the person who asked."""
PART_BYTES = 600_000

_TEXTS = pl.List(pl.String)
_MOMENT = pl.Datetime("us", "Asia/Tokyo")
PARTS: dict[str, dict[str, Any]] = {
    "points": {
        "point": pl.String, "holder": pl.String, "views": pl.Int64, "readers": pl.Int64, "first_at": _MOMENT, "last_at": _MOMENT,
        "gates": _TEXTS, "items": _TEXTS, "contracted": pl.Boolean,
    },
    "readers": {
        "person": pl.String, "audience": pl.String, "company": pl.String, "purpose": pl.String, "gate": pl.String, "items": _TEXTS,
        "readings": pl.Int64, "customers": pl.Int64, "first_at": _MOMENT, "last_at": _MOMENT,
    },
    "readings": {
        "at": _MOMENT, "passage_id": pl.Int64, "gate": pl.String, "audience": pl.String, "company": pl.String, "person": pl.String,
        "purpose": pl.String, "case_no": pl.String, "items": _TEXTS, "shown_from": pl.Date, "shown_to": pl.Date, "holder": pl.String,
        "tenancy_from": pl.Date, "tenancy_to": pl.Date, "by_right": pl.String, "rule": pl.String, "basis": pl.String, "permit_no": pl.Int64,
        "order_no": pl.String, "certain": pl.Boolean, "corrected": pl.Boolean,
    },
}  # fmt: skip
"""What a finding consists of, table by table: `ledger.finding_<part>` without its numbers."""
_TABLES = {"points": "finding_point", "readers": "finding_reader", "readings": "finding_reading"}
_OF_KIND = {"scope": ("points",), "what-if": ("points", "readers"), "who-saw": ("readings",)}
_ORDER = {"points": "point, holder", "readers": "reader_no", "readings": "reading_no"}


class UnableToExportFinding(SekishoError):
    """There is no such finding."""


def write_finding(
    conn: psycopg.Connection, command: Command, now: datetime, secret: bytes
) -> Mapping[str, Any]:
    """Write the zip of a finding and keep it, sealed under `secret`, for the person who asked."""
    finding_no = read.number(command.payload, "finding_no")
    with conn.cursor(row_factory=dict_row) as cursor:
        finding = cursor.execute(
            "select * from ledger.finding where finding_no = %s", [finding_no]
        ).fetchone()
    if finding is None:
        raise UnableToExportFinding(
            f"調査結果 {finding_no} はありません。", f"There is no finding {finding_no}."
        )
    frames = {part: _frame(conn, finding_no, part) for part in _OF_KIND[finding["kind"]]}
    _keep(conn, command, now, secret, finding_no, packed(finding, frames), sum(map(len, frames.values())))
    return {"export_no": command.command_no, "finding_no": finding_no}


def _frame(conn: psycopg.Connection, finding_no: int, part: str) -> pl.DataFrame:
    columns = PARTS[part]
    rows = conn.execute(
        f"select {', '.join(columns)} from ledger.{_TABLES[part]} where finding_no = %s order by {_ORDER[part]}".encode(),
        [finding_no],
    ).fetchall()
    return pl.DataFrame(rows, schema=columns, orient="row")


def packed(finding: Mapping[str, Any], frames: Mapping[str, pl.DataFrame]) -> bytes:
    """The zip: `summary.json` with question, totals and checkpoint, and each table as Parquet and as CSV. The same finding gives the same bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        told = json.dumps(dict(finding), ensure_ascii=False, indent=1, default=_plain)
        _add(archive, "summary.json", told.encode())
        for name, frame in frames.items():
            columns = io.BytesIO()
            frame.write_parquet(columns, compression="zstd")
            _add(archive, f"{name}.parquet", columns.getvalue())
            lines = for_spreadsheet(frame).write_csv(include_bom=True, line_terminator="\r\n")
            _add(archive, f"{name}.csv", lines.encode())
    return whole.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _keep(
    conn: psycopg.Connection, command: Command, now: datetime, secret: bytes, finding_no: int, content: bytes, rows: int
) -> None:  # fmt: skip
    pieces = list(_pieces(content))
    row = {
        "export_no": command.command_no, "kind": KIND, "form": "zip", "params": Jsonb({"finding_no": finding_no}), "audience": command.audience,
        "company": command.company, "person": command.person, "purpose": command.purpose, "asked_at": command.submitted_at, "state": "ready",
        "total": rows, "row_count": rows, "parts": len(pieces), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
        "started_at": now, "finished_at": now, "expires_at": now + KEPT,
    }  # fmt: skip
    marks = ", ".join(f"%({name})s" for name in row)
    conn.execute(f"insert into work.export ({', '.join(row)}) values ({marks})".encode(), row)
    _keep_pieces(conn, command, secret, pieces)


def _keep_pieces(conn: psycopg.Connection, command: Command, secret: bytes, pieces: Sequence[bytes]) -> None:
    of = PartOf(export_no=command.command_no, company=command.company, person=command.person)
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into work.export_part (export_no, part_no, audience, company, person, body) values (%s, %s, %s, %s, %s, %s)",
            [
                (command.command_no, number, command.audience, command.company, command.person,
                 seal_part(piece, secret=secret, of=of, part_no=number))
                for number, piece in enumerate(pieces, 1)
            ],
        )  # fmt: skip


def _pieces(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), PART_BYTES):
        yield content[start : start + PART_BYTES]
