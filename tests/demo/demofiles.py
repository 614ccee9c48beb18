"""Reading the demonstration's files as somebody without this program would."""

import csv
from datetime import date
from pathlib import Path

from sekisho.demo import Area
from sekisho.registry.files import KINDS

UNTIL = date(2026, 11, 22)
Rows = list[dict[str, str]]


def read(path: Path, kind: str) -> Rows:
    """Try the encodings, take either header."""
    columns = {column.ja: column.name for column in KINDS[kind].columns}
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp932")
    found = csv.DictReader(text.splitlines())
    return [{columns.get(name, name): value for name, value in row.items()} for row in found]


def usage_csv(area: Area) -> Rows:
    """Rows of all usage files that are CSV."""
    csv_files = [file for file in area.files if file.kind == "usage" and file.encoding != "xml"]
    return [row for file in csv_files for row in read(file.path, "usage")]
