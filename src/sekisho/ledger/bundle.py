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
import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.log import CHECKPOINT
from sekisho.ledger.notes import Checkpoint, Note, parse_checkpoint, parse_note
from sekisho.ledger.storage import Store
from sekisho.ledger.tiles import WIDTH, TileReader, pack_entries, perfect_parts, tile_path, width_at
from sekisho.ledger.verify import VERIFIER

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


# --- bundles for a page: chosen by what a person knows, of bounded size, in one zip


MOST_PASSAGES: Final = 2_000
MOST_BYTES: Final = 8 * 2**20
_JAPAN: Final = timezone(timedelta(hours=9))

_CHOSEN: Final = """
select l.idx from ledger.passage p left join ledger.leaf l on l.at = p.at and l.passage_id = p.passage_id and l.idx < %(size)s
 where p.at >= %(since)s and p.at < %(until)s and (%(company)s::text is null or p.company = %(company)s)
 order by l.idx nulls last limit %(most)s
"""
_NUMBERED: Final = (
    "select passage_id, idx from ledger.leaf where passage_id = any(%s) and idx < %s order by idx"
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which passages: the days from `since` until the day before `until` in Japan, of one reading company or all; or by their numbers."""

    since: date | None = None
    until: date | None = None
    company: str | None = None
    passages: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The places of the wanted passages. `waiting` more are wanted, but under no published checkpoint yet."""

    places: tuple[int, ...]
    waiting: int

    def kind(self, *, size: int) -> str:
        """The strongest kind of bundle that holds exactly these."""
        first, end = self.span
        if end - first != len(self.places):
            return "selected"
        return "whole" if (first, end) == (0, size) else "range"

    @property
    def span(self) -> tuple[int, int]:
        """The first place and the one after the last."""
        return self.places[0], self.places[-1] + 1


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A bundle in one zip, with the verifier and a README."""

    kind: str
    span: tuple[int, int]
    passages: int
    waiting: int
    content: bytes


def choose(
    *, connection: psycopg.Connection[TupleRow], log: Published, wanted: Wanted, most: int = MOST_PASSAGES
) -> Chosen:
    """Find the places; raises `UnableToProve` for numbers that are not in the log, for nothing at all, and for more than `most`."""
    found = (
        _by_number(connection, log, wanted) if wanted.passages else _by_period(connection, log, wanted, most)
    )
    if len(found.places) + found.waiting > most:
        raise UnableToProve(
            f"{most:,} 件を超えます。期間を短くするか会社を絞ってください。大きな一式は sekisho ledger prove で作れます。",
            f"There are more than {most:,} passages. Choose a shorter period or a company; sekisho ledger prove makes larger bundles.",
        )
    if not found.places:
        raise UnableToProve(
            f"公開済みのログに該当する閲覧記録がありません(未確定 {found.waiting} 件)。",
            f"No such passage is in the published log ({found.waiting} wait to be sealed).",
        )
    return found


def _by_number(connection: psycopg.Connection[TupleRow], log: Published, wanted: Wanted) -> Chosen:
    numbers = sorted(set(wanted.passages))
    rows = connection.execute(_NUMBERED, (numbers, log.head.size)).fetchall()
    missing = sorted(set(numbers) - {number for number, _ in rows})
    if missing:
        listed = ", ".join(map(str, missing[:10]))
        raise UnableToProve(
            f"閲覧記録 {listed} は公開済みのログにありません。",
            f"These passages are not in the published log: {listed}.",
        )
    return Chosen(places=tuple(index for _, index in rows), waiting=0)


def _by_period(connection: psycopg.Connection[TupleRow], log: Published, wanted: Wanted, most: int) -> Chosen:
    if wanted.since is None or wanted.until is None or wanted.since >= wanted.until:
        raise UnableToProve(
            "期間の始めと終わりを指定してください。", "Name the first day and the day after the last."
        )
    rows = connection.execute(
        _CHOSEN,
        {
            "since": _midnight(wanted.since),
            "until": _midnight(wanted.until),
            "company": wanted.company,
            "size": log.head.size,
            "most": most + 1,
        },
    ).fetchall()
    places = tuple(index for (index,) in rows if index is not None)
    return Chosen(places=places, waiting=len(rows) - len(places))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=_JAPAN)


def pack_bundle(
    *, connection: psycopg.Connection[TupleRow], log: Published, wanted: Wanted, most_bytes: int = MOST_BYTES
) -> Packed:
    """Make the bundle of what is wanted; raises `UnableToProve`, also when the zip is larger than `most_bytes`."""
    chosen = choose(connection=connection, log=log, wanted=wanted)
    kind, span = chosen.kind(size=log.head.size), chosen.span
    records = Records(connection=connection, log=log)
    found = records.between(*span) if kind != "selected" else (records.at(place) for place in chosen.places)
    with tempfile.TemporaryDirectory(prefix="sekisho-bundle-") as directory:
        root = Path(directory)
        count = write_bundle(
            root=root,
            log=log,
            records=found,
            kind=kind,
            span=span if kind != "selected" else (0, log.head.size),
        )
        _write(root / "README.txt", _readme(log, kind, span, count))
        _write(root / VERIFIER.name, VERIFIER.read_bytes())
        content = _zipped(root)
    if len(content) > most_bytes:
        raise UnableToProve(
            f"一式が {len(content):,} バイトになります(上限 {most_bytes:,})。期間を短くしてください。",
            f"The bundle would have {len(content):,} bytes ({most_bytes:,} at most). Choose a shorter period.",
        )
    return Packed(kind=kind, span=span, passages=count, waiting=chosen.waiting, content=content)


def _zipped(root: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            # a fixed time: the same passages under the same checkpoint are the same file
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return out.getvalue()


_KINDS: Final = {
    "whole": ("ログ全体", "the whole log", "whole"),
    "range": (
        "連続した範囲(間に欠けがないことも示す)",
        "a range, with nothing missing in it",
        "{first}:{end}",
    ),
    "selected": ("選んだ記録(ほかに無いことは示さない)", "chosen passages; says nothing about others", "any"),
}


def _readme(log: Published, kind: str, span: tuple[int, int], count: int) -> str:
    ja, en, expect = _KINDS[kind]
    expect = expect.format(first=span[0], end=span[1])
    return f"""閲覧記録の証明一式 / Proof bundle of passages

ログ / log         {log.head.origin}
大きさ / tree size {log.head.size}
内容 / contents    {ja} / {en}: {count} 件 / passages

確かめ方(Python 3.11 以上、標準ライブラリのみ。展開せず zip のまま渡す):
    python3 {VERIFIER.name} この一式.zip --log-key "ログの公開鍵" --expect {expect}
公開鍵と検証器は、この一式とは別の経路で受け取ったものを使ってください(sekisho ledger keys、sekisho ledger verify --copy-to)。
終了コード 0: すべて成り立つ。1: 何かが成り立たない(どの記録かを表示)。

How to check (Python 3.11 or later, standard library only; hand over the zip as it is):
    python3 {VERIFIER.name} THIS.zip --log-key "THE LOG'S PUBLIC KEY" --expect {expect} --lang en
Take key and verifier by another way than this bundle (sekisho ledger keys, sekisho ledger verify --copy-to).
Exit code 0: everything holds. 1: something does not, and it says which passage.

passages.jsonl には、だれがどの地点を閲覧したかが読める形で入っています。扱いに注意してください。
passages.jsonl says in clear who read which supply points: handle it accordingly.
"""
