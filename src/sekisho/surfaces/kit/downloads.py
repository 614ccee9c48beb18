"""CSV files in the three written forms, neutralised, and refused with a list rather than with question marks."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from django.http import HttpRequest, HttpResponse

from sekisho.kernel.errors import SekishoError
from sekisho.surfaces.kit.speech import TOKYO, Text

Row = TypeVar("Row")
Form = Literal["excel", "sjis", "machine"]
FORMS: tuple[tuple[Form, Text], ...] = (
    ("excel", Text("Excel用(UTF-8、BOM付き)", "For Excel (UTF-8 with BOM)")),
    ("sjis", Text("Shift_JIS(CP932)", "Shift_JIS (CP932)")),
    ("machine", Text("機械処理用(UTF-8)", "For machines (UTF-8)")),
)
_ENCODINGS: dict[Form, str] = {"excel": "utf-8-sig", "sjis": "cp932", "machine": "utf-8"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnableToEncode(SekishoError):
    """Some characters do not exist in Shift_JIS; the message lists where they stand."""


@dataclass(frozen=True, slots=True)
class FileColumn(Generic[Row]):
    """One column of a file: its name for machines, its heading for people, and its value."""

    name: str
    heading: Text
    value: Callable[[Row], Any]


def form_of(request: HttpRequest) -> Form:
    """The written form that the address asks for."""
    asked = request.GET.get("format", "excel")
    return next((form for form, _ in FORMS if form == asked), "excel")


def csv_bytes(columns: Sequence[FileColumn[Row]], rows: Iterable[Row], *, form: Form) -> bytes:
    """The whole file. Headings are for people, except in the machine form. Raises `UnableToEncode`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name if form == "machine" else str(column.heading) for column in columns])
    lines = [[written(column.value(row), form=form) for column in columns] for row in rows]
    if form == "sjis":
        _refuse_unencodable(columns, lines)
    writer.writerows(lines)
    return out.getvalue().encode(_ENCODINGS[form])


def csv_answer(
    request: HttpRequest, name: str, columns: Sequence[FileColumn[Row]], rows: Iterable[Row]
) -> HttpResponse:
    """The file as a download called `<name>.csv`, or page 422 listing what Shift_JIS cannot write."""
    from sekisho.surfaces.kit.pages import show

    form = form_of(request)
    try:
        content = csv_bytes(columns, rows, form=form)
    except UnableToEncode as fault:
        return show(
            request,
            "kit/unencodable.html",
            title=Text("Shift_JIS にできない文字", "Not in Shift_JIS"),
            fault=fault,
            status=422,
        )
    charset = "Shift_JIS" if form == "sjis" else "utf-8"
    response = HttpResponse(content, content_type=f"text/csv; charset={charset}")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


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
            return value.astimezone(TOKYO).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
    text = str(value)
    if form == "machine":
        return text
    if text.startswith(_FORMULA):
        return "'" + text
    # Long numbers lose digits in a spreadsheet; ="…" would be a formula, so a text mark is all that is left.
    return text


def _refuse_unencodable(columns: Sequence[FileColumn[Any]], lines: Sequence[Sequence[str]]) -> None:
    found = [
        (number, column, "".join(char for char in value if not _in_cp932(char)))
        for number, line in enumerate(lines, 2)
        for column, value in zip(columns, line, strict=True)
        if not _in_cp932(value)
    ]
    if found:
        where_ja = "、".join(
            f"{number}行目 {column.heading.ja}「{chars}」" for number, column, chars in found[:50]
        )
        where_en = ", ".join(
            f"line {number} {column.heading.en} “{chars}”" for number, column, chars in found[:50]
        )
        raise UnableToEncode(
            f"Shift_JIS(CP932)にない文字が {len(found)} か所あります: {where_ja}",
            f"{len(found)} places hold characters that Shift_JIS (CP932) does not have: {where_en}",
        )


def _in_cp932(text: str) -> bool:
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
