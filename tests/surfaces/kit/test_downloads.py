"""Files: three written forms, leading zeros, no formulas, and a list instead of question marks."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sekisho.surfaces.kit.downloads import FileColumn, Form, UnableToEncode, csv_bytes, written
from sekisho.surfaces.kit.speech import Text

pytestmark = pytest.mark.usefixtures("settings")


@dataclass
class Line:
    point: str
    name: str


COLUMNS: tuple[FileColumn[Line], ...] = (
    FileColumn("point", Text("地点", "Point"), lambda row: row.point),
    FileColumn("name", Text("名義", "Name"), lambda row: row.name),
)
LINE = Line("0600000000000000000001", "髙橋")


@pytest.mark.parametrize(
    ("form", "encoding", "first", "heading"),
    [
        ("excel", "utf-8-sig", b"\xef\xbb\xbf", "地点"),
        ("sjis", "cp932", b"\x92", "地点"),
        ("machine", "utf-8", b"point", "point"),
    ],
)
def test_each_form_has_its_encoding_and_headings(
    form: Form, encoding: str, first: bytes, heading: str
) -> None:
    content = csv_bytes(COLUMNS, [LINE], form=form)
    assert content.startswith(first)
    rows = list(csv.reader(io.StringIO(content.decode(encoding), newline="")))
    assert rows[0][0] == heading
    assert rows[1] == [LINE.point, LINE.name]
    assert content.count(b"\r\n") == 2


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        ("=1+1", "excel", "'=1+1"),
        ("+81", "excel", "'+81"),
        ("-2", "sjis", "'-2"),
        ("@SUM(A1)", "excel", "'@SUM(A1)"),
        ("\tx", "excel", "'\tx"),
        ("=1+1", "machine", "=1+1"),
        (-2, "excel", "-2"),
        (Decimal("0.500"), "excel", "0.500"),
        ("0001", "excel", "0001"),
        (None, "excel", ""),
        (True, "excel", "1"),
        (date(2026, 11, 22), "excel", "2026-11-22"),
        (datetime(2026, 11, 22, 15, 0, tzinfo=UTC), "excel", "2026-11-23T00:00:00+09:00"),
    ],
)
def test_values_are_written_so_that_a_spreadsheet_runs_nothing(value: Any, form: Form, expected: str) -> None:
    assert written(value, form=form) == expected


def test_what_shift_jis_lacks_is_listed_and_never_replaced() -> None:
    with pytest.raises(UnableToEncode) as refused:
        csv_bytes(COLUMNS, [LINE, Line("1", "𠮷田"), Line("2", "😀")], form="sjis")
    assert "3行目 名義「𠮷」" in refused.value.ja
    assert "line 4 Name “😀”" in refused.value.en
    assert "2 か所" in refused.value.ja
