"""CSV files in the three written forms, neutralised, and refused with a list rather than with question marks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.http import HttpRequest, HttpResponse

from sekisho.kernel.errors import SekishoError
from sekisho.surfaces.kit.speech import Text
from sekisho.work.csvfiles import FileField, Form, csv_lines, encoded, unencodable, written

Row = TypeVar("Row")
FORMS: tuple[tuple[Form, Text], ...] = (
    ("excel", Text("Excel用(UTF-8、BOM付き)", "For Excel (UTF-8 with BOM)")),
    ("sjis", Text("Shift_JIS(CP932)", "Shift_JIS (CP932)")),
    ("machine", Text("機械処理用(UTF-8)", "For machines (UTF-8)")),
)


class UnableToEncode(SekishoError):
    """Some characters do not exist in Shift_JIS; the message lists where they stand."""


@dataclass(frozen=True, slots=True)
class FileColumn(Generic[Row]):
    """One column of a file: its name for machines, its heading for people, and its value."""

    name: str
    heading: Text
    value: Callable[[Row], Any]


def file_columns(fields: Iterable[FileField[Row]]) -> tuple[FileColumn[Row], ...]:
    """The columns of a file that the worker writes, too."""
    return tuple(FileColumn(field.name, Text(field.ja, field.en), field.value) for field in fields)


def form_of(request: HttpRequest) -> Form:
    """The written form that the address asks for."""
    asked = request.GET.get("format", "excel")
    return next((form for form, _ in FORMS if form == asked), "excel")


def csv_bytes(columns: Sequence[FileColumn[Row]], rows: Iterable[Row], *, form: Form) -> bytes:
    """The whole file. Headings are for people, except in the machine form. Raises `UnableToEncode`."""
    head = [column.name if form == "machine" else str(column.heading) for column in columns]
    lines = [[written(column.value(row), form=form) for column in columns] for row in rows]
    if form == "sjis":
        _refuse_unencodable(columns, lines)
    return encoded(csv_lines([head, *lines]), form=form, first=True)


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


def _refuse_unencodable(columns: Sequence[FileColumn[Any]], lines: Sequence[Sequence[str]]) -> None:
    found = [
        (number, column, chars)
        for number, line in enumerate(lines, 2)
        for column, value in zip(columns, line, strict=True)
        if (chars := unencodable(value))
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
