"""The half-hours of one point: a day's curve, the heatmap of a month, a year or thirteen months, the tables and the file."""

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.kernel.values import PointNumber, grouped
from sekisho.metering import gates as metering
from sekisho.metering.gates import UsageDay
from sekisho.registry import gates as registry
from sekisho.surfaces.kit import asking, charts
from sekisho.surfaces.kit.charts import DayOfSlots
from sekisho.surfaces.kit.downloads import FORMS, csv_answer
from sekisho.surfaces.kit.halfhours import DAY_COLUMNS, FILE_COLUMNS, NOTHING, months_table, slots_table
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Table, table
from sekisho.surfaces.retailer_web.filters import SPANS, DayChoice

DAYS = 365


@require_safe
def usage(request: HttpRequest, point: str) -> HttpResponse:
    """One question for the year; the day of the curve is the newest unless the address names one."""
    form = DayChoice(request.GET)
    asked = form.cleaned_data["day"] if form.is_valid() else None
    span = int((form.cleaned_data.get("days") if form.is_valid() else "") or DAYS)
    last = last_of_span(asked, yesterday=timezone.localdate() - timedelta(days=1), days=span)
    rows = _read(request, point, last, span)
    days = {row.day: DayOfSlots(row.day, row.wh, row.estimated) for row in rows}
    chosen = min(asked or max(days, default=last), last)
    day = days.get(chosen) or DayOfSlots(chosen, [None] * 48)
    return _page(request, point, form, days, day, last, span)


def _read(request: HttpRequest, point: str, last: date, span: int) -> list[UsageDay]:
    """The `span` days that end with `last`. INVARIANT: foreign and unknown numbers ask the same gates and get the same answer."""
    periods = asking.read(request, registry.RETAILER_POINT[0], point=point)
    first, until = last - timedelta(days=span - 1), last + timedelta(days=1)
    rows = asking.read(request, metering.USAGE, point=point, first=first, until=until)
    if not periods:
        raise Http404
    return rows


def last_of_span(asked: date | None, *, yesterday: date, days: int) -> date:
    """The last day to show: yesterday, or the day asked for where it lies further back than the period."""
    return asked if asked is not None and asked <= yesterday - timedelta(days=days) else yesterday


def _page(
    request: HttpRequest,
    point: str,
    form: DayChoice,
    days: dict[date, DayOfSlots],
    day: DayOfSlots,
    last: date,
    span: int,
) -> HttpResponse:
    first = last - timedelta(days=span - 1)
    return show(
        request,
        "retailer_web/usage.html",
        title=Text("30分電力量", "Half-hourly usage"),
        crumbs=_crumbs(point),
        form=form if form.errors else DayChoice({"day": day.day, "days": "" if span == DAYS else span}),
        span=SPANS[str(span)],
        onward="" if span == DAYS else f"&days={span}",
        months=months_table(days),
        point=point,
        day=day,
        previous=day.day - timedelta(days=1),
        following=day.day + timedelta(days=1) if day.day < last else None,
        curve=charts.curve(day),
        plot=charts.plot(days, day.day, first=first, last=last),
        heatmap=charts.heatmap(days, first=first, last=last),
        legend=charts.heatmap_legend(days),
        gap=charts.gap_swatch(),
        estimate=charts.estimate_swatch(),
        first=first,
        last=last,
        slots=slots_table(day),
        recent=_recent(days),
        download_title=Text(
            f"この{SPANS[str(span)].ja}の30分電力量をファイルにする",
            f"The half-hours of {SPANS[str(span)].en} as a file",
        ),
        download_url=f"{reverse('usage_file', args=[point])}?last={last.isoformat()}&days={span}",
        download_forms=FORMS,
        status=200 if form.is_valid() else 422,
    )


def _crumbs(point: str) -> list[Crumb]:
    return [
        Crumb(Text("概況", "Overview"), "/"),
        Crumb(Text("契約一覧", "Contracts"), reverse("contracts")),
        Crumb(grouped(PointNumber(point)), reverse("point", args=[point])),
    ]


def _recent(days: dict[date, DayOfSlots]) -> Table:
    newest = [days[day] for day in sorted(days, reverse=True)[:31]]
    return table(
        Text("受領した直近31日", "The 31 newest days"),
        DAY_COLUMNS,
        newest,
        empty=NOTHING,
    )


@require_safe
def usage_file(request: HttpRequest, point: str) -> HttpResponse:
    """The same days as a file: a row a day, 48 columns; an empty cell was not received."""
    try:
        last = date.fromisoformat(request.GET.get("last", ""))
    except ValueError:
        last = timezone.localdate() - timedelta(days=1)
    span = int(request.GET["days"]) if request.GET.get("days") in SPANS else DAYS
    rows = _read(request, point, last, span)
    return csv_answer(request, "usage", FILE_COLUMNS, rows)
