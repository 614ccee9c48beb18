"""The mapping file: how another system's view log is read. A few lines of TOML that whoever knows that system can write.

format = "csv"                     # csv, fixed, jsonl
encoding = "cp932"                 # any of Python's; a BOM is taken off
delimiter = ","                    # csv
header = true                      # csv: names in the first line; otherwise columns are numbers from 1
skip_lines = 0                     # lines before the header or the data
time_format = "%Y/%m/%d %H:%M:%S"  # strftime; "iso", "unix" (seconds) and "unix_ms" as well
time_zone = "Asia/Tokyo"           # of times without a zone

[columns]                          # at, person, screen and point are needed; company if `company` is not given
at = "照会日時"                    # csv: a name; jsonl: a path such as "user.id"
point = {start = 35, length = 22}  # fixed: bytes from 1, as record layouts of mainframes count
[results]                          # optional, with a column `result`
shown = ["表示"]                   # only these lines showed something
[companies]                        # optional: the log's codes → retailer codes of the history
"2" = "90016"
[screens]                          # screen → name and items that it shows; `*` for all others
TL001 = {name = "契約照会", items = ["name", "retailer"]}
"""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sekisho.kernel.errors import SekishoError

FORMATS: Final = ("csv", "fixed", "jsonl")
NEEDED: Final = ("at", "person", "screen", "point")
_KNOWN: Final = (*NEEDED, "company", "department", "terminal", "customer", "result")
OTHERS: Final = "*"


class UnableToReadMapping(SekishoError):
    """The mapping file says something that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen or report of the other system."""

    name: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogMapping:
    """A mapping file's content. `columns`: a name, a number from 1, or (start, length) in bytes from 0."""

    format: str
    encoding: str
    columns: Mapping[str, str | int | tuple[int, int]]
    screens: Mapping[str, Screen]
    time_format: str = "iso"
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Tokyo"))
    delimiter: str = ","
    header: bool = True
    skip_lines: int = 0
    company: str | None = None
    companies: Mapping[str, str] = field(default_factory=dict)
    shown: frozenset[str] | None = None


def read_mapping(path: Path) -> LogMapping:
    """Return a mapping file's content; raise `UnableToReadMapping` naming the entry that is wrong."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise UnableToReadMapping(
            f"{path}: TOML として読めません({fault})。", f"{path} is no TOML ({fault})."
        ) from None
    kind = _one_of(found, "format", FORMATS, "csv")
    return LogMapping(
        format=kind,
        encoding=_encoding(found),
        columns=_columns(found, kind),
        screens=_screens(found),
        time_format=str(found.get("time_format", "iso")),
        zone=_zone(found),
        delimiter=str(found.get("delimiter", ",")),
        header=bool(found.get("header", True)),
        skip_lines=int(found.get("skip_lines", 0)),
        company=found.get("company"),
        companies={str(code): str(company) for code, company in found.get("companies", {}).items()},
        shown=_shown(found),
    )


def _one_of(found: Mapping[str, Any], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = str(found.get(name, default))
    if value not in allowed:
        raise _wrong(name, value, f"{'・'.join(allowed)} のいずれかです", f"is none of {', '.join(allowed)}")
    return value


def _encoding(found: Mapping[str, Any]) -> str:
    name = str(found.get("encoding", "utf-8"))
    try:
        known = codecs.lookup(name).name
    except LookupError:
        raise _wrong("encoding", name, "知らない文字コードです", "is no known encoding") from None
    return "utf-8-sig" if known == "utf-8" else known


def _zone(found: Mapping[str, Any]) -> ZoneInfo:
    name = str(found.get("time_zone", "Asia/Tokyo"))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise _wrong("time_zone", name, "知らない時間帯です", "is no known time zone") from None


def _columns(found: Mapping[str, Any], kind: str) -> dict[str, str | int | tuple[int, int]]:
    columns = found.get("columns", {})
    needed = (
        *NEEDED,
        *(() if found.get("company") else ("company",)),
        *(("result",) if "results" in found else ()),
    )
    for name in needed:
        if name not in columns:
            raise _wrong(f"columns.{name}", "", "必要です", "is needed")
    for name in columns:
        if name not in _KNOWN:
            raise _wrong(
                f"columns.{name}",
                str(columns[name]),
                f"{'・'.join(_KNOWN)} のいずれかです",
                f"is none of {', '.join(_KNOWN)}",
            )
    return {name: _column(name, value, kind) for name, value in columns.items()}


def _column(name: str, value: Any, kind: str) -> str | int | tuple[int, int]:
    if kind != "fixed":
        return value if isinstance(value, int) else str(value)
    try:
        start, length = int(value["start"]), int(value["length"])
    except (TypeError, KeyError, ValueError):
        raise _wrong(
            f"columns.{name}",
            str(value),
            "{start = 1, length = 8} の形です",
            "looks like {start = 1, length = 8}",
        ) from None
    if start < 1 or length < 1:
        raise _wrong(f"columns.{name}", str(value), "1 以上です", "counts from 1")
    return start - 1, length


def _screens(found: Mapping[str, Any]) -> dict[str, Screen]:
    screens = found.get("screens", {})
    if not screens:
        raise _wrong("screens", "", "画面と項目の対応が必要です", "is needed: which screen shows which items")
    for code, screen in screens.items():
        if not isinstance(screen, dict) or not isinstance(screen.get("items"), list) or not screen["items"]:
            raise _wrong(
                f"screens.{code}",
                str(screen),
                '{name = "…", items = ["name"]} の形です',
                'looks like {name = "…", items = ["name"]}',
            )
    return {
        code: Screen(str(s.get("name", code)), tuple(map(str, s["items"]))) for code, s in screens.items()
    }


def _shown(found: Mapping[str, Any]) -> frozenset[str] | None:
    return frozenset(map(str, found["results"].get("shown", ()))) if "results" in found else None


def _wrong(entry: str, value: str, ja: str, en: str) -> UnableToReadMapping:
    return UnableToReadMapping(
        f"対応表の {entry} = {value!r}: {ja}。", f"Mapping, {entry} = {value!r}: {en}."
    )
