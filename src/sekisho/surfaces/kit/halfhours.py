"""Half-hourly usage as tables and files: what every surface that is told usage shows beside the curve."""

from collections.abc import Mapping, Sequence
from datetime import date

from sekisho.kernel.values import HalfHour, Wh, kwh
from sekisho.settings.exportable import HALF_HOUR_FIELDS
from sekisho.surfaces.kit.charts import DayOfSlots
from sekisho.surfaces.kit.downloads import file_columns
from sekisho.surfaces.kit.speech import Text, day_text
from sekisho.surfaces.kit.tables import Column, Table, badge, table

Slot = tuple[int, int | None, bool]
"""Number, Wh or None, whether it is an estimate."""

SLOT_COLUMNS: tuple[Column[Slot], ...] = (
    Column(Text("時間帯", "Half-hour"), lambda row: str(HalfHour(row[0])), row_header=True),
    Column(
        Text("電力量", "Usage"),
        lambda row: None if row[1] is None else kwh(Wh(row[1])),
        numeric=True,
        unit="kWh",
    ),
    Column(Text("区分", "Quality"), lambda row: _quality(row)),
)
DAY_COLUMNS: tuple[Column[DayOfSlots], ...] = (
    Column(Text("日", "Day"), lambda row: row.day, row_header=True),
    Column(
        Text("合計", "Total"),
        lambda row: kwh(Wh(sum(wh for wh in row.wh if wh is not None))),
        numeric=True,
        unit="kWh",
    ),
    Column(Text("未受領のコマ", "Not received"), lambda row: sum(wh is None for wh in row.wh), numeric=True),
    Column(Text("見込のコマ", "Estimated"), lambda row: row.estimated.bit_count(), numeric=True),
)


FILE_COLUMNS = file_columns(HALF_HOUR_FIELDS)
NOTHING = Text("この期間に受領した日はありません。", "No day was received in this period.")


def _quality(row: Slot) -> object:
    if row[1] is None:
        return badge(Text("未受領", "not received"), tone="warn")
    return badge(Text("見込", "estimate"), tone="warn") if row[2] else Text("確定", "measured")


Month = tuple[date, Sequence[DayOfSlots]]
MONTH_COLUMNS: tuple[Column[Month], ...] = (
    Column(Text("月", "Month"), lambda row: Text(f"{row[0]:%Y年%-m月}", f"{row[0]:%Y-%m}"), row_header=True),
    Column(Text("受領した日", "Days received"), lambda row: len(row[1]), numeric=True),
    Column(
        Text("合計", "Total"),
        lambda row: kwh(Wh(sum(wh for day in row[1] for wh in day.wh if wh is not None))),
        numeric=True,
        unit="kWh",
    ),
    Column(
        Text("最大のコマ", "Highest half-hour"),
        lambda row: kwh(Wh(max((wh for day in row[1] for wh in day.wh if wh is not None), default=0))),
        numeric=True,
        unit="kWh",
    ),
    Column(
        Text("未受領のコマ", "Not received"),
        lambda row: sum(wh is None for day in row[1] for wh in day.wh),
        numeric=True,
    ),
    Column(
        Text("見込のコマ", "Estimated"),
        lambda row: sum(day.estimated.bit_count() for day in row[1]),
        numeric=True,
    ),
)


def months_table(days: Mapping[date, DayOfSlots]) -> Table:
    """The heatmap in numbers: a row a month, the newest first."""
    months: dict[date, list[DayOfSlots]] = {}
    for day in sorted(days, reverse=True):
        months.setdefault(day.replace(day=1), []).append(days[day])
    return table(Text("月ごとの電力量", "Usage by month"), MONTH_COLUMNS, list(months.items()), empty=NOTHING)


def slots_table(day: DayOfSlots) -> Table:
    """The 48 half-hours of one day."""
    rows = [(slot, wh, bool(day.estimated >> slot - 1 & 1)) for slot, wh in enumerate(day.wh, 1)]
    return table(Text(day_text(day.day), day_text(day.day)), SLOT_COLUMNS, rows, empty=NOTHING)
