"""30分電力量 as the market exchanges it: one XML document in one zip, W4x120 (a past day) and W5x2x0 (a month).

Sources: OCCTO 確定使用量通知業務ビジネスプロトコル (element names as seen in independent clients; grade Vc). What of
the header is not documented publicly is written as data (`HEADER`) and ignored on reading. Slots 1–48 are JST
and slot 48 belongs to its own day. When a value is absent or not valid, or 提供可否 is 否, it is missing, not zero.

The reader streams: an element at a time, no document type, no entities, bounded depth, text and total size.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import InvalidOperation
from pathlib import Path
from typing import Final, NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape

from sekisho.kernel.values import SLOTS_PER_DAY, Reason, Wh, wh_from_kwh, why_not_digits
from sekisho.metering.files import UsageDay, kwh_text
from sekisho.registry.records import Rejection, UnableToReadFile

MOST_BYTES: Final = 4 << 30
DEEPEST: Final = 16
LONGEST_TEXT: Final = 1_000
_CHUNK: Final = 1 << 20

HEADER: Final = ("JPC03", "JPC06", "JPC09", "JPC10", "JPC11", "JPC12", "JPC14", "JPC19", "JPC21")
INFORMATION: Final = {"day": "0120", "month": "1220"}
"""情報区分コード JP00002; the value list is not public, these stand in for it."""

NAME: Final = re.compile(r"W(?:4[01]120[0-9]{8}0000.{4,6}|512[12]0[0-9]{8}.{7})\.(?:zip|xml)", re.IGNORECASE)

NOT_A_NUMBER: Final = Reason("kWh の数ではありません", "is no number of kWh")
NO_SLOT: Final = Reason("時刻コードは1から48までです", "a half-hour is 1 to 48")
NO_DAY: Final = Reason("ありえない日付です", "is no day")


@dataclass(slots=True)
class Document:
    """What a market file says: usage days as (point, day) → 48 half-hours, and what could not be read."""

    days: dict[tuple[str, date], list[Wh | None]] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)

    def usage(self) -> Iterator[UsageDay]:
        """The days in the order of points and days; market files carry no estimates."""
        return ((point, day, wh, 0) for (point, day), wh in sorted(self.days.items()))


def is_market_file(path: Path) -> bool:
    """Does the name say that this is a W4x120 or W5x2x0 file?"""
    return NAME.fullmatch(path.name) is not None


def read(path: Path) -> Document:
    """Read a market file, zipped or bare; raise `UnableToReadFile` when damaged, hostile or something else."""
    document = Document()
    reader = _Reader(document, path.name)
    for chunk in _chunks(path):
        reader.feed(chunk)
    reader.close()
    return document


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                yield from _bounded(file.read, path.name)
                return
            with zipfile.ZipFile(file) as archive, archive.open(_only_member(archive, path.name)) as member:
                yield from _bounded(member.read, path.name)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as fault:
        raise UnableToReadFile(
            f"{path.name} を開けません({fault})。", f"{path.name} cannot be opened ({fault})."
        ) from fault


def _only_member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [info for info in archive.infolist() if info.filename.lower().endswith(".xml")]
    if len(members) != 1 or len(archive.infolist()) != 1:
        _refuse(name, "zip には XML が1つだけ入っているはずです", "the zip must hold exactly one XML file")
    return members[0]


def _bounded(read_some: Callable[[int], bytes], name: str) -> Iterator[bytes]:
    total = 0
    while chunk := read_some(_CHUNK):
        total += len(chunk)
        # INVARIANT: the size that counts is what was unpacked, not what the zip's directory claims.
        if total > MOST_BYTES:
            _refuse(
                name,
                f"展開後の大きさが{MOST_BYTES:,}バイトを超えます",
                f"unpacks to over {MOST_BYTES:,} bytes",
            )
        yield chunk


def _refuse(name: str, ja: str, en: str) -> NoReturn:
    raise UnableToReadFile(f"{name}: {ja}。", f"{name}: {en}.")


class _Reader:
    """Follows the elements; a slot's values are in force from the element that opens them to its end.

    Two shapes: past days nest slot → point, months nest point → day → slot. Both are read by remembering the
    latest point, day and slot and storing a value when the row that holds it closes.
    """

    def __init__(self, document: Document, name: str) -> None:
        self._document = document
        self._name = name
        self._path: list[str] = []
        self._text: list[str] = []
        self._now: dict[str, str] = {}
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._hostile
        self._parser.EntityDeclHandler = self._hostile
        self._parser.ExternalEntityRefHandler = self._hostile

    def feed(self, chunk: bytes) -> None:
        self._parse(chunk, False)

    def close(self) -> None:
        self._parse(b"", True)

    def _parse(self, chunk: bytes, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as fault:
            _refuse(self._name, f"XML が壊れています({fault})", f"the XML is damaged ({fault})")

    def _hostile(self, *_: object) -> int:
        _refuse(
            self._name, "DOCTYPE や実体宣言のある XML は受け付けません", "no DOCTYPE or entities are accepted"
        )

    def _start(self, tag: str, _: dict[str, str]) -> None:
        if not self._path and tag != "SBD-MSG":
            _refuse(self._name, "30分電力量の XML ではありません", "is no XML of 30-minute usage")
        self._path.append(tag)
        self._text.clear()
        if len(self._path) > DEEPEST:
            _refuse(self._name, "XML の入れ子が深すぎます", "the XML is nested too deeply")
        for stale in _OPENS.get(tag, ()):
            self._now.pop(stale, None)

    def _characters(self, text: str) -> None:
        self._text.append(text)
        if len(self._text) > LONGEST_TEXT or len(text) > LONGEST_TEXT:
            _refuse(self._name, "XML の値が長すぎます", "a value of the XML is too long")

    def _end(self, tag: str) -> None:
        self._path.pop()
        if tag.startswith("JP0"):
            self._now[tag] = "".join(self._text).strip()
        elif tag in ("JPMR00011", "JPMR00014"):
            self._store()
        self._text.clear()

    def _store(self) -> None:
        now = self._now
        point, day = now.get("JP06400", ""), _day(now.get("JP06423") or now.get("JP06116", ""))
        slot = now.get("JP06219", "")
        if (reason := why_not_digits(point, length=22)) is not None:
            return self._reject("JP06400", point, reason)
        if day is None:
            return self._reject("JP06116", now.get("JP06423") or now.get("JP06116", ""), NO_DAY)
        if not (slot.isascii() and slot.isdigit() and 1 <= int(slot) <= SLOTS_PER_DAY):
            return self._reject("JP06219", slot, NO_SLOT)
        row = self._document.days.setdefault((point, day), [None] * SLOTS_PER_DAY)
        row[int(slot) - 1] = self._value()
        return None

    def _value(self) -> Wh | None:
        now = self._now
        if now.get("JP06122", "0") != "0" or now.get("JP06405", "0") == "1":
            return None
        text = next((now[tag] for tag in _VALUES if now.get(tag)), "")
        if not text:
            return None
        try:
            return _checked(text)
        except (ValueError, InvalidOperation, OverflowError):
            self._reject("JP06125", text, NOT_A_NUMBER)
            return None

    def _reject(self, tag: str, value: str, reason: Reason) -> None:
        line = self._parser.CurrentLineNumber
        self._document.rejected.append(Rejection(line, tag, value[:200], reason))


_VALUES: Final = ("JP06424", "JP06125", "JP06123")
_OPENS: Final = {
    "JPMR00010": ("JP06219", "JP06400", "JP06405", "JP06423", "JP06122", *_VALUES),
    "JPMR00011": ("JP06400", "JP06122", *_VALUES),
    "JPMR00013": ("JP06423",),
    "JPMR00014": ("JP06219", *_VALUES),
}
"""What each row sets anew: a value that it lacks must not be taken from the row before."""


def _checked(text: str) -> Wh:
    if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", text):
        raise ValueError(text)
    return wh_from_kwh(text)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a calendar day has no time zone
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Envelope:
    """Between whom a file passes: codes X(5) and names, and whether the points are low voltage."""

    sender: str
    sender_name: str
    receiver: str
    receiver_name: str
    low_voltage: bool


def write_day(
    directory: Path, envelope: Envelope, day: date, rows: Iterable[UsageDay], *, section: int = 1
) -> Path:
    """Write one past day (W40120/W41120) of a retailer; rows of other days are an error. Returns the zip's path."""
    days = sorted(rows)
    if any(row[1] != day for row in days):
        raise ValueError(f"rows of other days than {day}")
    tail = f"{section:06d}" if envelope.low_voltage else f"{section:04d}"
    name = f"W4{int(envelope.low_voltage)}120{day:%Y%m%d}0000{tail}"
    tag = "JP06125" if envelope.low_voltage else "JP06123"
    return _write_zip(directory, name, _document(envelope, "day", _day_body(day, days, tag)))


def _day_body(day: date, days: list[UsageDay], tag: str) -> Iterator[str]:
    yield f"<JP06116>{day:%Y%m%d}</JP06116><JPM00010>"
    for slot in range(SLOTS_PER_DAY):
        yield f"<JPMR00010><JP06219>{slot + 1}</JP06219><JPM00011>"
        for point, _, wh, _ in days:
            valid, value = ("1", "") if wh[slot] is None else ("0", kwh_text(wh[slot]))
            measured = f"<JP06122>{valid}</JP06122><{tag}>{value}</{tag}>"
            yield f"<JPMR00011><JP06400>{point}</JP06400>{measured}</JPMR00011>"
        yield "</JPM00011></JPMR00010>\n"
    yield "</JPM00010>"


def write_month(
    directory: Path, envelope: Envelope, first: date, rows: Iterable[UsageDay], *, section: int = 1
) -> Path:
    """Write one confirmed month (W51210/W51220) of a retailer. Returns the zip's path."""
    days = sorted(rows)
    if any((row[1].year, row[1].month) != (first.year, first.month) for row in days):
        raise ValueError(f"rows of other months than {first:%Y-%m}")
    name = f"W512{2 if envelope.low_voltage else 1}0{first:%Y%m%d}{section:07d}"
    return _write_zip(directory, name, _document(envelope, "month", _month_body(first, days, envelope)))


def _month_body(first: date, days: list[UsageDay], envelope: Envelope) -> Iterator[str]:
    points: dict[str, list[UsageDay]] = {}
    for row in days:
        points.setdefault(row[0], []).append(row)
    yield f"<JP06401>{first:%Y%m}</JP06401><JPM00010>"
    for point, of_point in points.items():
        yield f"<JPMR00010><JP06400>{point}</JP06400><JP06403>{_voltage(envelope)}</JP06403>"
        yield "<JP06404>1</JP06404><JP06405>0</JP06405>"
        yield f"<JP06426>{kwh_text(_total(of_point))}</JP06426><JPM00013>"
        yield from (_month_day(row) for row in of_point)
        yield "</JPM00013></JPMR00010>\n"
    yield "</JPM00010>"


def _voltage(envelope: Envelope) -> str:
    return "低圧" if envelope.low_voltage else "高圧"


def _total(days: list[UsageDay]) -> int | None:
    """The month's sum; missing as soon as one half-hour is."""
    values = [wh for row in days for wh in row[2]]
    return None if None in values else sum(wh for wh in values if wh is not None)


def _month_day(row: UsageDay) -> str:
    slots = "".join(
        f"<JPMR00014><JP06219>{slot}</JP06219><JP06424>{kwh_text(wh)}</JP06424></JPMR00014>"
        for slot, wh in enumerate(row[2], 1)
        if wh is not None
    )
    return f"<JPMR00013><JP06423>{row[1]:%Y%m%d}</JP06423><JPM00014>{slots}</JPM00014></JPMR00013>"


def _document(envelope: Envelope, information: str, body: Iterable[str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<SBD-MSG><JPMGRP><JPMGH>'
    yield from (f"<{tag}/>" for tag in HEADER)
    yield f"</JPMGH><JPTRM><JP00002>{INFORMATION[information]}</JP00002>"
    parties = ((envelope.sender, envelope.sender_name), (envelope.receiver, envelope.receiver_name))
    for number, (code, name) in zip((6110, 6112), parties, strict=True):
        yield f"<JP0{number}>{escape(code)}</JP0{number}><JP0{number + 1}>{escape(name)}</JP0{number + 1}>\n"
    yield from body
    yield "</JPTRM></JPMGRP></SBD-MSG>\n"


def _write_zip(directory: Path, name: str, pieces: Iterable[str]) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    target, draft = directory / f"{name}.zip", directory / f".{name}.part"
    # A fixed date in the zip: the same usage gives the same bytes, so its digest can be recorded.
    info = zipfile.ZipInfo(f"{name}.xml", date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    try:
        with (
            zipfile.ZipFile(draft, "w") as archive,
            archive.open(info, "w", force_zip64=True) as member,
            io.TextIOWrapper(member, encoding="utf-8", newline="\n") as text,
        ):
            text.writelines(pieces)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target
