"""The half-hours of one point: a day's curve, a year's heatmap, the table and the file."""

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.kernel.values import HalfHour, PointNumber, Wh, grouped, kwh
from sekisho.metering import gates as metering
from sekisho.metering.gates import UsageDay
from sekisho.registry import gates as registry
from sekisho.surfaces.kit import asking, charts
from sekisho.surfaces.kit.charts import DayOfSlots
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, day_text
from sekisho.surfaces.kit.tables import Column, Table, badge, table
from sekisho.surfaces.retailer_web.filters import DayChoice

DAYS = 365
Slot = tuple[int, int | None, bool]

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
FILE_COLUMNS: tuple[FileColumn[UsageDay], ...] = (
    FileColumn("point", Text("供給地点特定番号", "Supply point"), lambda row: row.point),
    FileColumn("day", Text("日", "Day"), lambda row: row.day),
    *(
        FileColumn(
            f"kwh_{slot:02d}",
            Text(f"{slot}({HalfHour(slot)}) kWh", f"{slot} ({HalfHour(slot)}) kWh"),
            lambda row, slot=slot: None if row.wh[slot - 1] is None else kwh(Wh(row.wh[slot - 1])),
        )
        for slot in range(1, 49)
    ),
    FileColumn(
        "estimated_slots",
        Text("見込のコマ", "Estimated"),
        lambda row: " ".join(map(str, _estimated(row.estimated))),
    ),
    FileColumn("revision", Text("版", "Revision"), lambda row: row.revision),
    FileColumn("recorded_at", Text("登録日時", "Recorded"), lambda row: row.recorded_at),
)


def _estimated(bits: int) -> list[int]:
    return [slot for slot in range(1, 49) if bits >> slot - 1 & 1]


def _quality(row: Slot) -> object:
    if row[1] is None:
        return badge(Text("未受領", "not received"), tone="warn")
    return badge(Text("見込", "estimate"), tone="warn") if row[2] else Text("確定", "measured")


@require_safe
def usage(request: HttpRequest, point: str) -> HttpResponse:
    """One question for the year; the day of the curve is the newest unless the address names one."""
    form = DayChoice(request.GET)
    asked = form.cleaned_data["day"] if form.is_valid() else None
    last = last_of_year(asked, yesterday=timezone.localdate() - timedelta(days=1))
    rows = _read(request, point, last)
    days = {row.day: DayOfSlots(row.day, row.wh, row.estimated) for row in rows}
    chosen = min(asked or max(days, default=last), last)
    day = days.get(chosen) or DayOfSlots(chosen, [None] * 48)
    return _page(request, point, form, days, day, last)


def _read(request: HttpRequest, point: str, last: date) -> list[UsageDay]:
    """The year that ends with `last`. INVARIANT: foreign and unknown numbers ask the same gates and get the same answer."""
    periods = asking.read(request, registry.RETAILER_POINT[0], point=point)
    first, until = last - timedelta(days=DAYS - 1), last + timedelta(days=1)
    rows = asking.read(request, metering.USAGE, point=point, first=first, until=until)
    if not periods:
        raise Http404
    return rows


def last_of_year(asked: date | None, *, yesterday: date) -> date:
    """The last day of the year to show: yesterday, or the day asked for where it lies further back than a year."""
    return asked if asked is not None and asked <= yesterday - timedelta(days=DAYS) else yesterday


def _page(
    request: HttpRequest,
    point: str,
    form: DayChoice,
    days: dict[date, DayOfSlots],
    day: DayOfSlots,
    last: date,
) -> HttpResponse:
    first = last - timedelta(days=DAYS - 1)
    return show(
        request,
        "retailer_web/usage.html",
        title=Text("30分電力量", "Half-hourly usage"),
        crumbs=_crumbs(point),
        form=form,
        point=point,
        day=day,
        previous=day.day - timedelta(days=1),
        following=day.day + timedelta(days=1) if day.day < last else None,
        curve=charts.curve(day),
        heatmap=charts.heatmap(days, first=first, last=last),
        legend=charts.heatmap_legend(days),
        gap=charts.gap_swatch(),
        estimate=charts.estimate_swatch(),
        first=first,
        last=last,
        slots=_slots(day),
        recent=_recent(days),
        download_title=Text("この1年の30分電力量をファイルにする", "This year's half-hours as a file"),
        download_url=f"{reverse('usage_file', args=[point])}?last={last.isoformat()}",
        download_forms=FORMS,
        status=200 if form.is_valid() else 422,
    )


def _crumbs(point: str) -> list[Crumb]:
    return [
        Crumb(Text("概況", "Overview"), "/"),
        Crumb(Text("契約一覧", "Contracts"), reverse("contracts")),
        Crumb(grouped(PointNumber(point)), reverse("point", args=[point])),
    ]


def _slots(day: DayOfSlots) -> Table:
    rows = [(slot, wh, bool(day.estimated >> slot - 1 & 1)) for slot, wh in enumerate(day.wh, 1)]
    return table(
        Text(day_text(day.day), day_text(day.day)),
        SLOT_COLUMNS,
        rows,
        empty=Text("この1年に受領した日はありません。", "No day was received in this year."),
    )


def _recent(days: dict[date, DayOfSlots]) -> Table:
    newest = [days[day] for day in sorted(days, reverse=True)[:31]]
    return table(
        Text("受領した直近31日", "The 31 newest days"),
        DAY_COLUMNS,
        newest,
        empty=Text("この1年に受領した日はありません。", "No day was received in this year."),
    )


@require_safe
def usage_file(request: HttpRequest, point: str) -> HttpResponse:
    """The same year as a file: a row a day, 48 columns; an empty cell was not received."""
    try:
        last = date.fromisoformat(request.GET.get("last", ""))
    except ValueError:
        last = timezone.localdate() - timedelta(days=1)
    rows = _read(request, point, last)
    return csv_answer(request, "usage", FILE_COLUMNS, rows)
