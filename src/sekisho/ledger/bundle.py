"""What a regulator, a customer or a court is handed: passages with the proof that they stand in the log.

    bundle.json             which log, which kind, which range
    checkpoint              the signed tree head all proofs rest on
    passages.jsonl          one passage a line with its index and salt; after erasure its entry alone
    proofs/<i>.tlog-proof   C2SP tlog-proof, self-contained (range and selected)
    tile/…                  the log's own tiles and entry bundles (whole)
    consistency/<n>.proof   that this tree begins with the one of n leaves, as a witness is asked
    consistency/<n>.checkpoint  the checkpoint of then, where the log has kept it

`whole` shows that nothing is missing from the log, `range` that nothing is missing between two indexes,
`selected` only that what is there stood in the log.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.log import CHECKPOINT
from sekisho.ledger.notes import Checkpoint, Note, parse_checkpoint, parse_note
from sekisho.ledger.storage import Store
from sekisho.ledger.tiles import WIDTH, TileReader, pack_entries, perfect_parts, tile_path, width_at

_FORMAT: Final = "sekisho.ledger-bundle.v1"
_BATCH: Final = 5_000

_RECORDS: Final = """
select l.idx, l.salt, l.entry, ledger.canonical(p)
  from ledger.leaf l left join ledger.passage p on p.at = l.at and p.passage_id = l.passage_id
"""


class UnableToProve(SekishoError):
    """The passage is not in the published log, or the bundle cannot be written."""


@dataclass(frozen=True, slots=True)
class Record:
    """A log entry as it is handed out. `passage` and `salt` are None once the readable part is erased."""

    index: int
    entry: bytes
    salt: bytes | None
    passage: dict[str, Any] | None

    def content(self) -> dict[str, Any]:
        """Return what opens the entry, or the entry itself."""
        if self.passage is None or self.salt is None:
            return {"entry": base64.b64encode(self.entry).decode()}
        return {"salt": base64.b64encode(self.salt).decode(), "passage": self.passage}


@dataclass(frozen=True)
class Published:
    """The published log at one checkpoint."""

    note: Note
    head: Checkpoint
    reader: TileReader

    def proof(self, record: Record) -> str:
        """Return the tlog-proof of a record, with the record as its extra data."""
        extra = base64.b64encode(json.dumps(record.content(), ensure_ascii=False).encode()).decode()
        lines = ["c2sp.org/tlog-proof@v1", f"extra {extra}", f"index {record.index}"]
        lines += _encoded(self.reader.inclusion(record.index))
        return "\n".join(lines) + "\n\n" + str(self.note)

    def growth(self, old: int) -> str:
        """Return the proof that this tree begins with that of `old` leaves, in add-checkpoint's form."""
        return "\n".join([f"old {old}", *_encoded(self.reader.consistency(old))]) + "\n\n" + str(self.note)


def published(*, store: Store) -> Published:
    """Open the published log; raise `UnableToProve` before the first checkpoint."""
    raw = store.get(CHECKPOINT)
    if raw is None:
        raise UnableToProve(
            "チェックポイントがまだありません。sekisho ledger checkpoint を実行してください。",
            "There is no checkpoint yet. Run sekisho ledger checkpoint.",
        )
    note = parse_note(raw.decode())
    head = parse_checkpoint(note.text)
    return Published(note, head, TileReader(store=store, size=head.size))


class Records:
    """Reads records by index from the database, and entries from the tiles where a month was erased."""

    def __init__(self, *, connection: psycopg.Connection[TupleRow], log: Published) -> None:
        self._connection = connection
        self._log = log
        self._bundle: tuple[int, list[bytes]] = (-1, [])

    def at(self, index: int) -> Record:
        """Return one record."""
        return next(self.between(index, index + 1))

    def between(self, first: int, end: int) -> Iterator[Record]:
        """Yield the records [first, end) in order; raise `UnableToProve` beyond the published tree."""
        if not 0 <= first <= end <= self._log.head.size:
            raise UnableToProve(
                f"位置 {first}~{end} は公開済みのログ({self._log.head.size} 件)の外です。",
                f"The indexes {first} to {end} are outside the published log of {self._log.head.size}.",
            )
        for start in range(first, end, _BATCH):
            found = self._read(start, min(end, start + _BATCH))
            for index in range(start, min(end, start + _BATCH)):
                yield found.get(index) or Record(index, self._entry(index), None, None)

    def index_of(self, passage_id: int) -> int:
        """Return the index of a passage by its number; raise `UnableToProve`."""
        row = self._connection.execute(
            "select idx from ledger.leaf where passage_id = %s and idx < %s",
            (passage_id, self._log.head.size),
        ).fetchone()
        if row is None:
            raise UnableToProve(
                f"閲覧記録 {passage_id} は公開済みのログにありません。",
                f"The passage {passage_id} is not in the published log.",
            )
        return int(row[0])

    def _read(self, first: int, end: int) -> dict[int, Record]:
        query = _RECORDS + "where l.idx >= %s and l.idx < %s"
        rows = self._connection.execute(query.encode(), (first, end)).fetchall()
        return {
            index: Record(index, entry, None, None)
            if body is None
            else Record(index, entry, salt, json.loads(body))
            for index, salt, entry, body in rows
        }

    def _entry(self, index: int) -> bytes:
        number, place = divmod(index, WIDTH)
        if self._bundle[0] != number:
            self._bundle = (number, self._log.reader.entries(number))
        return self._bundle[1][place]


def write_bundle(
    *,
    root: Path,
    log: Published,
    records: Iterable[Record],
    kind: str,
    span: tuple[int, int],
    older: Sequence[tuple[int, str | None]] = (),
) -> int:
    """Write a bundle into an empty or new directory; return the number of records.

    `kind` is whole, range or selected; `span` the first index and the one after the last. `older` are the
    sizes to prove consistency with, each with its checkpoint where known. `bundle.json` comes last: a
    directory without it is a bundle that was interrupted.
    """
    _refuse_taken(root)
    (root / "proofs").mkdir(parents=True)
    _write(root / CHECKPOINT, str(log.note))
    count = _write_records(root, log, records, with_proofs=kind != "whole")
    if kind == "whole":
        (root / "proofs").rmdir()
        _write_tiles(root, log)
    for size, checkpoint in older:
        _write_growth(root, log, size, checkpoint)
    description = {
        "format": _FORMAT,
        "origin": log.head.origin,
        "kind": kind,
        "first": span[0],
        "end": span[1],
    }
    _write(root / "bundle.json", json.dumps(description) + "\n")
    return count


def _refuse_taken(root: Path) -> None:
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UnableToProve(f"{root} は空のディレクトリではありません。", f"{root} is no empty directory.")


def _write_records(root: Path, log: Published, records: Iterable[Record], *, with_proofs: bool) -> int:
    count = 0
    with (root / "passages.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for record in records:
            file.write(json.dumps({"index": record.index, **record.content()}, ensure_ascii=False) + "\n")
            if with_proofs:
                _write(root / "proofs" / f"{record.index}.tlog-proof", log.proof(record))
            count += 1
    return count


def _write_tiles(root: Path, log: Published) -> None:
    """Write the tiles of exactly this size, also where the store has since filled a partial one."""
    size = log.head.size
    for number in range((size + WIDTH - 1) // WIDTH):
        width = width_at(size=size, level=0, number=number)
        path = tile_path(level="entries", number=number, width=width)
        _write(root / path, pack_entries(log.reader.entries(number)))
    for level in range((max(perfect_parts(size=size), default=(0, 0))[0]) // 8 + 1):
        for number in range(((size >> (8 * level)) + WIDTH - 1) // WIDTH):
            width = width_at(size=size, level=level, number=number)
            _write(
                root / tile_path(level=level, number=number, width=width),
                b"".join(log.reader.hashes(level, number)),
            )


def _write_growth(root: Path, log: Published, size: int, checkpoint: str | None) -> None:
    if not 0 < size <= log.head.size:
        raise UnableToProve(
            f"大きさ {size} の旧いログとの整合性は証明できません(現在 {log.head.size} 件)。",
            f"Consistency with a tree of {size} cannot be proved; this one has {log.head.size}.",
        )
    _write(root / "consistency" / f"{size}.proof", log.growth(size))
    if checkpoint is not None:
        _write(root / "consistency" / f"{size}.checkpoint", checkpoint)


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def _encoded(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(value).decode() for value in hashes]
