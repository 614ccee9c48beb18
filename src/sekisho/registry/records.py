"""From a file of bytes to rows of text, whatever the file is: any encoding, any length, damaged or hostile.

A record is one line: no field of ours holds a line break, and so a missing quotation mark spoils its own line
and no other. Memory stays bounded: a line longer than `LONGEST_LINE` is skipped without being kept.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from sekisho.kernel.errors import SekishoError
from sekisho.kernel.values import Reason

LONGEST_LINE: Final = 1 << 20
BLOCK_BYTES: Final = 8 << 20
SEPARATOR: Final = "\x1f"
"""Between the fields of a record once quotation marks have been dealt with; no field may hold it."""

CONTROL_CHARACTERS: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_SUSPECT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffd]")

TOO_LONG = Reason(
    f"行が長すぎます(上限 {LONGEST_LINE:,} バイト)", f"the line is longer than {LONGEST_LINE:,} bytes"
)
UNDECODABLE = Reason(
    "文字コードが壊れています(ファイルの他の行と合いません)",
    "broken characters: the line does not fit the file's encoding",
)
CONTROL = Reason("制御文字(NUL など)があります", "has control characters such as NUL")
BROKEN_TEXT = Reason("文字化け(U+FFFD)があります", "has replacement characters (U+FFFD)")
QUOTATION = Reason(
    "引用符が閉じていないか、項目の中に改行があります",
    "a quotation mark is not closed, or a field holds a line break",
)


class UnableToReadFile(SekishoError):
    """The file as a whole cannot be read; nothing of it was imported."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused value: the line of the file (the header is line 1), the column, the value and why."""

    row: int
    field: str
    value: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one pass over a file tells: its digest, length and encoding."""

    sha256: str
    size: int
    encoding: str
    bom: bool


@dataclass(slots=True)
class Block:
    """Some lines of the file, as fields joined by `SEPARATOR`, and the lines that are none."""

    rows: list[int]
    records: list[str]
    rejected: list[Rejection] = field(default_factory=list)
    next_byte: int = 0
    next_row: int = 0


def examine(path: Path) -> FileFacts:
    """Read a file once for its digest and encoding; raise `UnableToReadFile` when it is no text of ours.

    UTF-8 if all of it is; otherwise what most of its lines beyond ASCII are: one line of CP932 in a UTF-8 file
    must not turn the rest into garbled CP932, which would often decode.
    """
    digest, decoder, utf8 = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True
    size, start = 0, b""
    with _opened(path) as file:
        while data := file.read(BLOCK_BYTES):
            start = start or data[:4]
            size += len(data)
            digest.update(data)
            utf8 = utf8 and _decodes(decoder, data)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise UnableToReadFile(
            f"{path.name}: UTF-16 です。UTF-8 か Shift_JIS で保存し直してください。",
            f"{path.name} is UTF-16. Save it as UTF-8 or Shift_JIS.",
        )
    encoding = "utf-8" if utf8 or _mostly_utf8(path) else "cp932"
    return FileFacts(digest.hexdigest(), size, encoding, start[:3] == codecs.BOM_UTF8)


def fingerprint(path: Path, *, encoding: str) -> FileFacts:
    """Digest and length of a file that is no CSV; `encoding` names its form."""
    with _opened(path) as file:
        digest = hashlib.file_digest(file, "sha256")
        return FileFacts(digest.hexdigest(), file.tell(), encoding, False)


def _opened(path: Path) -> BufferedReader:
    try:
        return path.open("rb")
    except OSError as fault:
        raise UnableToReadFile(
            f"{path} を開けません({fault.strerror})。", f"{path} cannot be opened ({fault.strerror})."
        ) from fault


def _decodes(decoder: codecs.IncrementalDecoder, data: bytes) -> bool:
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(path: Path) -> bool:
    fitting = {True: 0, False: 0}
    for _, _, line in _lines(path, 0, 0):
        if line is not None and not line.isascii():
            fitting[_decoded(line, "utf-8") is not None] += 1
    return fitting[True] > fitting[False]


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _lines(path: Path, start_byte: int, start_row: int) -> Iterator[tuple[int, int, bytes | None]]:
    """(byte after the line, line number, the line or None when too long), beginning behind `start_row`."""
    position, row = start_byte, start_row
    with _opened(path) as file:
        file.seek(start_byte)
        while line := file.readline(LONGEST_LINE):
            position, row = position + len(line), row + 1
            whole = line
            while not line.endswith(b"\n") and (line := file.readline(LONGEST_LINE)):
                position += len(line)
                whole = b""
            yield position, row, whole.rstrip(b"\r\n") if whole else None


def header_of(path: Path, facts: FileFacts) -> tuple[list[str], int]:
    """The cells of the first line, and the byte behind it; raise `UnableToReadFile` when there is none."""
    position, _, line = next(_lines(path, 0, 0), (0, 0, b""))
    text = None if line is None else _decoded(line.removeprefix(codecs.BOM_UTF8), facts.encoding)
    cells = _fields(text) if text else None
    if not cells:
        raise UnableToReadFile(
            f"{path.name}: 1行目に見出しがありません。", f"{path.name}: the first line is no header."
        )
    return cells, position


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some whole lines as they stand in the file, behind line `row`; `too_long`: the line behind them was passed over."""

    data: bytes
    row: int
    next_byte: int
    next_row: int
    too_long: bool


def chunks(path: Path, *, start_byte: int, start_row: int, chunk_bytes: int = BLOCK_BYTES) -> Iterator[Chunk]:
    """The lines behind `start_byte` (which ends line `start_row`), about `chunk_bytes` at a time."""
    row = start_row
    with _opened(path) as file:
        file.seek(start_byte)
        while data := file.read(chunk_bytes):
            data += file.readline(LONGEST_LINE)
            too_long = not data.endswith(b"\n") and _skip_line(file) > 0
            data = data[: data.rfind(b"\n") + 1] if too_long else data
            following = row + _lines_in(data) + too_long
            yield Chunk(data, row, file.tell(), following, too_long)
            row = following


def blocks(
    path: Path, facts: FileFacts, *, start_byte: int, start_row: int, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """The same lines as fields, in blocks of about `block_bytes`."""
    found = chunks(path, start_byte=start_byte, start_row=start_row, chunk_bytes=block_bytes)
    return (block_of(chunk, facts.encoding) for chunk in found)


def block_of(chunk: Chunk, encoding: str) -> Block:
    """A chunk's lines as fields."""
    block = _block(chunk.data, chunk.row, encoding)
    if chunk.too_long:
        block.rejected.append(Rejection(chunk.next_row, "", "", TOO_LONG))
    block.next_byte, block.next_row = chunk.next_byte, chunk.next_row
    return block


def _skip_line(file: BinaryIO) -> int:
    """Pass over the rest of a line without keeping it; return how long it was."""
    skipped = 0
    while piece := file.readline(LONGEST_LINE):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _lines_in(data: bytes) -> int:
    return data.removesuffix(b"\n").count(b"\n") + 1 if data else 0


def _block(data: bytes, row: int, encoding: str) -> Block:
    text = _decoded(data.replace(b"\r\n", b"\n"), encoding)
    if text is None or '"' in text or _SUSPECT.search(text):
        lines = data.removesuffix(b"\n").split(b"\n") if data else []
        return block_of_lines(enumerate(lines, row + 1), encoding)
    records = text.removesuffix("\n").replace(",", SEPARATOR).split("\n") if text else []
    return Block(list(range(row + 1, row + len(records) + 1)), records)


def block_of_lines(lines: Iterable[tuple[int, bytes]], encoding: str) -> Block:
    """Numbered lines as fields, each looked at by itself."""
    block = Block([], [])
    for row, line in lines:
        text = _decoded(line.rstrip(b"\r"), encoding)
        fields = None if text is None else _fields(text)
        reason = _flaw(text, fields)
        if reason is not None:
            block.rejected.append(Rejection(row, "", line[:200].decode(encoding, "replace"), reason))
        else:
            block.rows.append(row)
            block.records.append(SEPARATOR.join(fields or ()))
    return block


def _flaw(text: str | None, fields: list[str] | None) -> Reason | None:
    if text is None:
        return UNDECODABLE
    if CONTROL_CHARACTERS.search(text):
        return CONTROL
    if "\ufffd" in text:
        return BROKEN_TEXT
    return QUOTATION if fields is None else None


def _fields(line: str) -> list[str] | None:
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return None
