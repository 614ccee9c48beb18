"""Reading what is to be matched: CSV in the encodings utilities use, or Parquet, in pieces of bounded size.

Every piece is checked column by column. A row that cannot be used is kept aside with its number, field,
value and reason;
its neighbours go on.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sekisho.matching import codes, events, rarely, variants
from sekisho.matching.companies import is_corporate_number
from sekisho.matching.errors import UnableToReadSource
from sekisho.matching.mapping import APPLICATIONS, FIELDS, REQUIRED, STATES, SYSTEMS, Mapping

PIECE = 400_000
_SAMPLE = 1 << 20
_BLOCK = 1 << 24
# 2100-01-01, in days: 99991231 says what an empty field says.
_FAR = 47_482
_BETWEEN_DIGITS = rf"[-\s{variants.INVISIBLE}]"
_NOTHING_TO_SEE = rf"^[\s{variants.INVISIBLE}]+$"
_ENCODINGS = ("utf-8", "cp932", "euc_jp")

COLUMNS = {
    "row": pl.UInt32,
    "record": pl.String,
    "name": pl.String,
    "kana": pl.String,
    "address": pl.String,
    "postal_code": pl.String,
    "phone": pl.String,
    "point": pl.String,
    "number": pl.String,
    "system": pl.String,
    "application": pl.String,
    "start": pl.Int32,
    "end": pl.Int32,
    "running": pl.Boolean,
}


@dataclass(frozen=True)
class Piece:
    """Good rows (COLUMNS), the rejected ones (row, field, value, japanese, english), and codes that nobody knows
    (`codes.UNKNOWN`)."""

    rows: pl.DataFrame
    rejected: pl.DataFrame
    unknown: pl.DataFrame


@dataclass(frozen=True)
class Malformed:
    """A line of a CSV file that does not have as many fields as the header."""

    line: int | None
    expected: int
    found: int
    text: str


def require(source: Path, mapping: Mapping) -> None:
    """Raises UnableToReadSource unless the source exists and has the columns that the mapping needs."""
    if not source.exists() or not files(source):
        raise UnableToReadSource(f"入力 {source} がありません", f"no such file: {source}")
    if is_parquet(source):
        _known_columns(pyarrow.parquet.ParquetFile(files(source)[0]).schema_arrow.names, mapping, source)
    else:
        encoding = mapping.encoding or detect_encoding(source)
        _known_columns(_header(source, encoding, mapping.delimiter), mapping, source)


def files(source: Path) -> list[Path]:
    """The file itself, or the Parquet files of a folder in order of their names."""
    return sorted(source.glob("*.parquet")) if source.is_dir() else [source]


def is_parquet(source: Path) -> bool:
    """By the file's name; a folder is a folder of Parquet files."""
    return source.is_dir() or source.suffix in (".parquet", ".pq")


def count(source: Path) -> int:
    """Rows of a Parquet source."""
    return sum(int(pyarrow.parquet.ParquetFile(file).metadata.num_rows) for file in files(source))


def slice_of(source: Path, mapping: Mapping, first: int) -> pl.DataFrame:
    """The raw rows first … first + PIECE of a Parquet source; `row` counts from 0."""
    names = pyarrow.parquet.ParquetFile(files(source)[0]).schema_arrow.names
    wanted = [pl.col(column).alias(name) for name, column in _known_columns(names, mapping, source).items()]
    frame = pl.scan_parquet(files(source)).slice(first, PIECE).select(wanted).collect()
    return frame.with_row_index("row", offset=first)


def csv_pieces(source: Path, mapping: Mapping, malformed: list[Malformed]) -> Iterator[pl.DataFrame]:
    """Raw text columns of a CSV file, in order, at most PIECE rows at a time; `row` counts from 0.

    Lines that cannot be rows are appended to `malformed`.
    """
    first = 0
    for table in _csv(source, mapping, malformed):
        frame = pl.DataFrame(pl.from_arrow(table))
        for part in frame.iter_slices(PIECE):
            yield part.with_row_index("row", offset=first)
            first += part.height


def _csv(source: Path, mapping: Mapping, malformed: list[Malformed]) -> Iterator[pa.Table]:
    def skip(row: pa.csv.InvalidRow) -> str:
        malformed.append(Malformed(row.number, row.expected_columns, row.actual_columns, row.text))
        return "skip"

    encoding = mapping.encoding or detect_encoding(source)
    with source.open("rb") as raw:
        stream = pa.PythonFile(_Recoded(raw, encoding), mode="r")
        names = _header(source, encoding, mapping.delimiter)
        columns = _known_columns(names, mapping, source)
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=True,
            include_columns=list(columns.values()),
        )
        # One thread, so that a malformed line has its number.
        opened = pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=mapping.delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=convert,
        )
        for batch in opened:
            yield pa.Table.from_batches([batch]).rename_columns(list(columns))


def _header(source: Path, encoding: str, delimiter: str) -> list[str]:
    with source.open(encoding=encoding, errors="replace", newline="") as lines:
        header = next(csv.reader(lines, delimiter=delimiter), [])
    return [name.lstrip("\ufeff") for name in header]


def _known_columns(names: list[str], mapping: Mapping, source: Path) -> dict[str, str]:
    """Field → column for the fields that the file has; raises when a required or mapped one is missing."""
    columns = {name: mapping.column(name) for name in FIELDS if mapping.column(name) in names}
    missing = [
        name for name in FIELDS if name not in columns and (name in REQUIRED or name in mapping.columns)
    ]
    if missing:
        wanted = "、".join(f"{name}（{mapping.column(name)}）" for name in missing)
        raise UnableToReadSource(
            f"{source.name} に必要な列がありません: {wanted}。列は {'、'.join(names)}",
            f"{source.name} lacks {wanted}; it has {', '.join(names)}",
        )
    return columns


def detect_encoding(source: Path) -> str:
    """utf-8-sig, utf-16, utf-8, cp932 or euc_jp, by the mark or by the first megabyte."""
    with source.open("rb") as raw:
        sample = raw.read(_SAMPLE)
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return min(_ENCODINGS, key=lambda name: _broken(sample, name))


def _broken(sample: bytes, encoding: str) -> int:
    """Undecodable characters, and half-width kana that a wrong guess of Shift_JIS would produce."""
    text = sample[: sample.rfind(b"\n") + 1 or None].decode(encoding, errors="replace")
    rows = text.count("\n") + 1
    return text.count("\ufffd") * rows + sum(0xFF61 <= ord(char) <= 0xFF9F for char in text[:2000]) // 4


class _Recoded(io.RawIOBase):
    """A byte stream in any encoding, read as UTF-8; what cannot be decoded becomes U+FFFD and is found by
    `checked`."""

    def __init__(self, raw: BinaryIO, encoding: str) -> None:
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._left or (size > 0 and len(self._left) < size):
            block = self._raw.read(_BLOCK)
            self._left += self._decoder.decode(block, final=not block).encode("utf-8")
            if not block:
                break
        taken, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        return taken


def checked(raw: pl.DataFrame, mapping: Mapping) -> Piece:
    """Types, codes and rejects for a raw piece."""
    full = raw.with_columns(
        *(pl.lit(None, dtype=pl.String).alias(name) for name in FIELDS if name not in raw.columns)
    )
    tables = {
        "system": SYSTEMS | mapping.systems,
        "application": APPLICATIONS | mapping.applications,
        "state": _states(mapping),
    }
    texts = full.select(_text(name) for name in tables)
    read = {name: codes.read(texts[name], table) for name, table in tables.items()}
    if mapping.running is not None:
        given = texts["state"].is_not_null()
        read["state"] = read["state"].fill_null("ended").set(~given, None)
    typed = full.select(
        "row",
        *(_text(name) for name in ("record", "name", "kana", "address", "postal_code", "phone", "number")),
        _point().alias("point"),
        read["system"],
        read["application"],
        _day(full, "start"),
        _day(full, "end").fill_null(events.NEVER),
        running=_running(_day(full, "end"), read["state"]),
    )
    rows, rejected = _without_faults(full, typed)
    open_end = pl.when(pl.col("end") >= _FAR).then(events.NEVER).otherwise("end")
    unknown = [codes.unknown(name, texts[name], read[name]) for name in tables]
    return Piece(rows.with_columns(end=open_end.cast(pl.Int32)), rejected, pl.concat(unknown))


def _states(mapping: Mapping) -> dict[str, str]:
    """What a mapping says of states holds alone: no other one goes on."""
    return STATES if mapping.running is None else dict.fromkeys(mapping.running, "running")


def _text(name: str) -> pl.Expr:
    # What an expression names twice is done twice: a condition would strip all columns again, 0.15 µs a record.
    return pl.col(name).cast(pl.String).str.strip_chars().replace("", None)


def _point() -> pl.Expr:
    return rarely.where(
        _text("point"), "[^0-9]", lambda few: few.str.normalize("NFKC").str.replace_all(_BETWEEN_DIGITS, "")
    )


def _day(frame: pl.DataFrame, name: str) -> pl.Expr:
    if frame.schema[name] in (pl.Date, pl.Datetime):
        return pl.col(name).cast(pl.Date).to_physical().cast(pl.Int32).alias(name)
    digits = _text(name).str.normalize("NFKC").str.replace_all(r"[^0-9]", "").str.slice(0, 8)
    return digits.str.to_date("%Y%m%d", strict=False).to_physical().cast(pl.Int32).alias(name)


def _running(end: pl.Expr, states: pl.Series) -> pl.Expr:
    """By the state if it says so, else by an open end."""
    return pl.coalesce(states == "running", (end >= _FAR).fill_null(True))


_FAULTS: tuple[tuple[str, str, str], ...] = (
    ("record", "記録番号がありません", "no record number"),
    ("name", "氏名・名称がありません", "no name"),
    ("name", "文字コードとして読めない文字があります", "characters that the encoding does not have"),
    ("point", "供給地点特定番号が22桁の数字ではありません", "a supply point number has 22 digits"),
    ("number", "法人番号の検査数字が合いません", "the check digit of the 法人番号 is wrong"),
    ("start", "日付として読めません", "not a date"),
    ("end", "日付として読めません", "not a date"),
)


def _without_faults(raw: pl.DataFrame, typed: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows without a number or name are set aside; a bad point or date is noted and read as missing."""
    tests = (
        typed["record"].is_null(),
        typed["name"].str.contains(_NOTHING_TO_SEE).fill_null(True),
        typed["name"].str.contains("\ufffd").fill_null(False),
        ~typed["point"].str.contains(r"^[0-9]{22}$").fill_null(True),
        ~_valid_numbers(typed["number"]),
        typed["start"].is_null() & _given(raw, "start"),
        (typed["end"] == events.NEVER) & _given(raw, "end"),
    )
    notes = [_notes(raw, test, fault) for test, fault in zip(tests, _FAULTS, strict=True) if test.any()]
    unusable = tests[0] | tests[1]
    good = typed.with_columns(
        point=pl.when(~tests[3]).then("point"), number=pl.when(~tests[4]).then("number")
    )
    if unusable.any():
        good = good.filter(~unusable)
    empty = pl.DataFrame(
        schema={
            "row": pl.UInt32,
            "field": pl.String,
            "value": pl.String,
            "japanese": pl.String,
            "english": pl.String,
            "kept": pl.Boolean,
        }
    )
    return good.cast(COLUMNS), pl.concat([empty, *notes])  # type: ignore[arg-type]


def _valid_numbers(numbers: pl.Series) -> pl.Series:
    """True for right check digits and for no number at all."""
    wrong = [number for number in numbers.drop_nulls().unique() if not is_corporate_number(number)]
    return ~numbers.is_in(wrong).fill_null(False)


def _given(raw: pl.DataFrame, name: str) -> pl.Series:
    if raw.schema[name] != pl.String:
        return raw[name].is_not_null()
    return raw[name].fill_null("").str.strip_chars() != ""


def _notes(raw: pl.DataFrame, test: pl.Series, fault: tuple[str, str, str]) -> pl.DataFrame:
    name, japanese, english = fault
    kept = japanese not in (_FAULTS[0][1], _FAULTS[1][1])
    return raw.filter(test).select(
        "row",
        field=pl.lit(name),
        value=pl.col(name).cast(pl.String),
        japanese=pl.lit(japanese),
        english=pl.lit(english),
        kept=pl.lit(kept),
    )
