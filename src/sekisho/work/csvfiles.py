"""Lines of CSV in the three written forms, neutralised; what Shift_JIS cannot write is listed, never replaced."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

Row = TypeVar("Row")
Form = Literal["excel", "sjis", "machine"]
FORMS: tuple[Form, ...] = ("excel", "sjis", "machine")
ENCODINGS: dict[Form, str] = {"excel": "utf-8-sig", "sjis": "cp932", "machine": "utf-8"}
_TOKYO = ZoneInfo("Asia/Tokyo")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class FileField(Generic[Row]):
    """One column of a file: its name for machines, its headings for people, and its value."""

    name: str
    ja: str
    en: str
    value: Callable[[Row], Any]


def csv_lines(lines: Iterable[Sequence[str]]) -> str:
    """Lines with CRLF, quoted where needed."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def encoded(text: str, *, form: Form, first: bool) -> bytes:
    """A piece of a file in its encoding; only the `first` piece carries a byte order mark."""
    return text.encode(ENCODINGS[form] if first or form != "excel" else "utf-8")


def written(value: Any, *, form: Form) -> str:
    """A value as a file has it: ISO dates, leading zeros kept, nothing that a spreadsheet would execute."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case int() | Decimal():
            return str(value)
        case datetime():
            return value.astimezone(_TOKYO).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
    text = str(value)
    if form == "machine":
        return text
    if text.startswith(_FORMULA):
        return "'" + text
    # Long numbers lose digits in a spreadsheet; ="…" would be a formula, so a text mark is all that is left.
    return text


def unencodable(text: str) -> str:
    """The characters that CP932 does not have."""
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return "".join(char for char in text if not _in_cp932(char))
    return ""


def _in_cp932(char: str) -> bool:
    try:
        char.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
