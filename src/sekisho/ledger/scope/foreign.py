"""Other systems' view logs: read by a mapping file, searched alone, without the rest of the platform.

A line is either taken whole or refused with its number, field, value and reason; a good line beside a bad one is kept. Lines
that showed nothing (blocked, not found) are counted and left out. Memory is bounded: the log is read in batches, each of which
becomes a segment of the store.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import polars as pl

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope import history
from sekisho.ledger.scope.history import Rejected
from sekisho.ledger.scope.mapping import OTHERS, LogMapping
from sekisho.ledger.scope.moments import second_number
from sekisho.ledger.scope.question import kind_text
from sekisho.ledger.scope.store import EVENTS, Store, Writer

_BATCH: Final = 200_000
_LONGEST: Final = 200
"""A refused value is quoted up to so many characters."""
Line = tuple[int, Mapping[str, str]] | Rejected


class UnableToReadLog(SekishoError):
    """The log cannot be read at all: no such column, not this format."""


@dataclass
class Taken:
    """What became of the lines: `lines` = `events` + `not_shown` + the refused ones."""

    lines: int = 0
    events: int = 0
    not_shown: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def take_in(
    *,
    store: Store,
    log: Path,
    mapping: LogMapping,
    contracts: Path | None,
    contracts_encoding: str = "utf-8",
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[Taken, list[Rejected]]:
    """Fill an empty store from a log and a contract history; return what became of the lines, and the refused contracts."""
    refused: list[Rejected] = []
    with store.writing() as writer:
        if contracts is not None:
            periods, refused = history.from_csv(contracts, encoding=contracts_encoding)
            writer.put_history(periods, version={"source": contracts.name, "sha256": _digest(contracts)})
        taken = _take_lines(writer, log, mapping, progress)
        writer.merge()
        writer.commit(
            rests_on={
                "log": log.name,
                "sha256": _digest(log),
                "lines": taken.lines,
                "rejected": len(taken.rejected),
            }
        )
    return taken, refused


def write_rejected(path: Path, rejected: Mapping[str, Iterable[Rejected]]) -> None:
    """Write the refused rows, by file: number, field, value, reason in both languages."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["ファイル", "行", "項目", "値", "理由", "reason"])
        for name, rows in rejected.items():
            writer.writerows([name, bad.line, bad.field, bad.value, bad.ja, bad.en] for bad in rows)


def _take_lines(writer: Writer, log: Path, mapping: LogMapping, progress: Callable[[int], None]) -> Taken:
    taken, first = Taken(), 0
    reader = _Reader(mapping)
    lines = _READERS[mapping.format](log, mapping)
    while batch := list(islice(lines, _BATCH)):
        rows = [row for row in (reader.event(line, taken) for line in batch) if row is not None]
        taken.lines += len(batch)
        if rows:
            writer.append(pl.DataFrame(rows, schema=_READABLE, orient="row"), first=first, end=taken.lines)
            first = taken.lines
        progress(taken.lines)
    return taken


_READABLE: Final = {
    name: pl.String if name in ("company", "point", "person", "kind", "holder") else kind
    for name, kind in EVENTS.items()
}


class _Reader:
    """Turns a line's fields into a reading."""

    def __init__(self, mapping: LogMapping) -> None:
        self._mapping = mapping
        self._kinds: dict[str, str] = {
            code: kind_text(audience=None, gate=code, purpose=None, items=screen.items)
            for code, screen in mapping.screens.items()
        }
        self._moment = _moments(mapping)

    def event(self, line: Line, taken: Taken) -> tuple[object, ...] | None:
        """Return the reading, or None for a line that was counted otherwise."""
        if isinstance(line, Rejected):
            taken.rejected.append(line)
            return None
        number, cells = line
        if self._mapping.shown is not None and cells["result"] not in self._mapping.shown:
            taken.not_shown += 1
            return None
        found = self._read(number, cells)
        if isinstance(found, Rejected):
            taken.rejected.append(found)
            return None
        taken.events += 1
        return found

    def _read(self, line: int, cells: Mapping[str, str]) -> tuple[object, ...] | Rejected:
        point = cells["point"].replace("-", "")
        if not (len(point) == 22 and point.isascii() and point.isdecimal()):
            return _bad(
                line, "point", cells["point"], "供給地点特定番号は22桁の数字です", "a point has 22 digits"
            )
        at = self._at(cells["at"])
        if at is None:
            return _bad(
                line,
                "at",
                cells["at"],
                f"時刻が {self._mapping.time_format} の形ではありません",
                f"is no time like {self._mapping.time_format}",
            )
        if not cells["person"]:
            return _bad(line, "person", "", "閲覧者が空です", "the reader is empty")
        company = self._mapping.company or self._mapping.companies.get(cells["company"])
        if company is None and self._mapping.companies:
            return _bad(
                line, "company", cells["company"], "対応表にない会社です", "is no company of the mapping"
            )
        kind = self._kind(cells["screen"])
        if kind is None:
            return _bad(
                line, "screen", cells["screen"], "対応表にない画面です", "is no screen of the mapping"
            )
        return company or cells["company"], point, at, cells["person"], kind, None, None, None, line

    def _at(self, text: str) -> int | None:
        try:
            number = second_number(self._moment(text))
        except (ValueError, OverflowError):
            return None
        return number if 0 <= number < 2**32 else None

    def _kind(self, screen: str) -> str | None:
        if screen in self._kinds or OTHERS not in self._mapping.screens or not screen:
            return self._kinds.get(screen)
        items = self._mapping.screens[OTHERS].items
        return self._kinds.setdefault(
            screen, kind_text(audience=None, gate=screen, purpose=None, items=items)
        )


def _moments(mapping: LogMapping) -> Callable[[str], datetime]:
    form, zone = mapping.time_format, mapping.zone
    if form in ("unix", "unix_ms"):
        scale = 1000 if form == "unix_ms" else 1
        return lambda text: datetime.fromtimestamp(float(text) / scale, UTC)

    def read(text: str) -> datetime:
        moment = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 – the zone follows
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)

    return read


def _csv_lines(log: Path, mapping: LogMapping) -> Iterator[Line]:
    with log.open(encoding=mapping.encoding, errors="surrogateescape", newline="") as file:
        for _ in range(mapping.skip_lines):
            file.readline()
        rows = csv.reader(file, delimiter=mapping.delimiter)
        header = next(rows, []) if mapping.header else []
        places = {name: _place(name, column, header, log) for name, column in mapping.columns.items()}
        width = len(header) or max(places.values()) + 1
        for number, row in enumerate(rows, start=1):
            if len(row) < width or (header and len(row) > width):
                yield _bad(
                    number,
                    "",
                    mapping.delimiter.join(row),
                    f"列が {len(row)} 個です({width} 個のはず)",
                    f"has {len(row)} columns, not {width}",
                )
            else:
                yield _checked(number, {name: row[place].strip() for name, place in places.items()})


def _place(name: str, column: object, header: Sequence[str], log: Path) -> int:
    if isinstance(column, int) and not header:
        return column - 1
    if column not in header:
        raise UnableToReadLog(
            f"{log} に列 {column}({name})がありません。", f"{log} has no column {column} ({name})."
        )
    return header.index(str(column))


def _fixed_lines(log: Path, mapping: LogMapping) -> Iterator[Line]:
    spans = {name: column for name, column in mapping.columns.items() if isinstance(column, tuple)}
    width = max(start + length for start, length in spans.values())
    with log.open("rb") as file:
        for raw_number, raw in enumerate(file, start=1 - mapping.skip_lines):
            line = raw.rstrip(b"\r\n")
            if raw_number < 1 or not line:
                continue
            if len(line) < width:
                text = _decoded(line, mapping.encoding)
                yield _bad(
                    raw_number,
                    "",
                    text,
                    f"{len(line)} バイトです({width} バイト必要)",
                    f"has {len(line)} bytes of {width}",
                )
                continue
            cells = {name: line[start : start + length] for name, (start, length) in spans.items()}
            yield _checked(
                raw_number, {name: _decoded(cell, mapping.encoding).strip() for name, cell in cells.items()}
            )


def _json_lines(log: Path, mapping: LogMapping) -> Iterator[Line]:
    with log.open(encoding=mapping.encoding, errors="surrogateescape") as file:
        for number, line in enumerate(islice(file, mapping.skip_lines, None), start=1):
            try:
                found = json.loads(line)
            except ValueError:
                yield _bad(number, "", line.rstrip("\n"), "JSON ではありません", "is no JSON")
                continue
            yield _checked(number, {name: _cell(found, str(path)) for name, path in mapping.columns.items()})


def _cell(found: Any, path: str) -> str:
    for word in path.split("."):
        found = found.get(word) if isinstance(found, dict) else None
    return "" if found is None else str(found).strip()


_READERS: Final[Mapping[str, Callable[[Path, LogMapping], Iterator[Line]]]] = {
    "csv": _csv_lines,
    "fixed": _fixed_lines,
    "jsonl": _json_lines,
}


def _decoded(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, errors="surrogateescape")


def _checked(line: int, cells: Mapping[str, str]) -> Line:
    """Refuse a line with bytes that are no characters of the encoding."""
    for name, cell in cells.items():
        if not cell.isascii() and any("\udc80" <= letter <= "\udcff" for letter in cell):
            return _bad(
                line,
                name,
                cell,
                "文字コードに合わないバイトがあります",
                "has bytes that are not of the encoding",
            )
    return line, cells


def _bad(line: int, name: str, value: str, ja: str, en: str) -> Rejected:
    safe = value[:_LONGEST].encode("utf-8", errors="backslashreplace").decode()
    return Rejected(line, name, safe, ja, en)


def _digest(path: Path) -> str:
    with io.FileIO(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
