"""Writes usage: as CSV for any reader, as the market's files for one retailer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from sekisho.kernel.values import Period
from sekisho.metering import occto
from sekisho.metering.files import UsageDay, write_usage_csv
from sekisho.registry.files import Encoding
from sekisho.registry.importing import Connection, begin_writing, write_event

_FETCH = 20_000
LOW_VOLTAGE: Final = ("LV",)
HIGH_VOLTAGE: Final = ("HV", "EHV")

_DAYS: Final = """
select u.point, u.day, u.wh, u.estimated from metering.usage_day u
 where u.day >= %(start)s and u.day < %(end)s
   and (%(holder)s::text is null or u.holder = %(holder)s)
   and (%(point)s::text is null or u.point = %(point)s)
   and (%(voltages)s::text[] is null or exists (
        select from registry.point p where p.point = u.point and p.voltage_class = any(%(voltages)s)))
 order by u.day, u.point"""


def export_usage(
    conn: Connection,
    path: Path,
    *,
    period: Period,
    holder: str | None = None,
    point: str | None = None,
    encoding: Encoding = "utf-8",
    by: str,
    now: datetime,
) -> int:
    """Write usage days of a period as CSV; of one holder only its own days. Returns the number of rows."""
    with conn.transaction():
        _note(conn, by=by, now=now, detail={"period": str(period), "holder": holder, "point": point})
        rows = usage_days(conn, period=period, holder=holder, point=point)
        return write_usage_csv(rows, path, encoding)


def usage_days(
    conn: Connection,
    *,
    period: Period,
    holder: str | None = None,
    point: str | None = None,
    voltages: tuple[str, ...] | None = None,
) -> Iterator[UsageDay]:
    """Usage days by day and point, read in portions within the caller's transaction."""
    end = period.end or date.max
    with conn.cursor(name="usage") as cursor:
        cursor.itersize = _FETCH
        wanted = {"start": period.start, "end": end, "holder": holder, "point": point}
        cursor.execute(_DAYS, wanted | {"voltages": list(voltages) if voltages else None})
        yield from cursor


def export_market_days(
    conn: Connection,
    directory: Path,
    *,
    period: Period,
    holder: str,
    sender: str,
    sender_name: str,
    by: str,
    now: datetime,
) -> list[Path]:
    """Write W40120 and W41120, a file per day and voltage that has usage, for the holder's own days."""
    if period.end is None:
        raise ValueError("a closed period is needed")
    files: list[Path] = []
    with conn.transaction():
        _note(conn, by=by, now=now, detail={"period": str(period), "holder": holder, "form": "W4x120"})
        for envelope, voltages in _envelopes(conn, holder, sender, sender_name):
            day = period.start
            while day < period.end:
                one = Period(day, day + timedelta(days=1))
                rows = list(usage_days(conn, period=one, holder=holder, voltages=voltages))
                files += [occto.write_day(directory, envelope, day, rows)] if rows else []
                day += timedelta(days=1)
    return files


def export_market_month(
    conn: Connection,
    directory: Path,
    *,
    first: date,
    holder: str,
    sender: str,
    sender_name: str,
    by: str,
    now: datetime,
) -> list[Path]:
    """Write W51210 and W51220 of the month that begins on `first`, for the holder's own days."""
    month = Period(first, (first + timedelta(days=31)).replace(day=1))
    files: list[Path] = []
    with conn.transaction():
        _note(conn, by=by, now=now, detail={"period": str(month), "holder": holder, "form": "W5x2x0"})
        for envelope, voltages in _envelopes(conn, holder, sender, sender_name):
            rows = list(usage_days(conn, period=month, holder=holder, voltages=voltages))
            files += [occto.write_month(directory, envelope, first, rows)] if rows else []
    return files


def _envelopes(
    conn: Connection, holder: str, sender: str, sender_name: str
) -> list[tuple[occto.Envelope, tuple[str, ...]]]:
    row = conn.execute("select name from registry.retailer where code = %s", [holder]).fetchone()
    name = row[0] if row else ""
    return [
        (occto.Envelope(sender, sender_name, holder, name, low_voltage=voltages == LOW_VOLTAGE), voltages)
        for voltages in (LOW_VOLTAGE, HIGH_VOLTAGE)
    ]


def _note(conn: Connection, *, by: str, now: datetime, detail: dict[str, object]) -> None:
    begin_writing(conn, now=now)
    write_event(conn, action="export", by=by, now=now, subject="usage", detail=detail)
