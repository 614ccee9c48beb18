"""The half-hours of one point, for the purposes that are told them: a day's curve, its table, the days around it, the file."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.kernel.values import PointNumber, grouped
from sekisho.metering import gates as metering
from sekisho.metering.gates import UsageDay
from sekisho.surfaces.kit import asking, charts
from sekisho.surfaces.kit.charts import DayOfSlots
from sekisho.surfaces.kit.downloads import FORMS, csv_answer
from sekisho.surfaces.kit.fields import DayField
from sekisho.surfaces.kit.halfhours import DAY_COLUMNS, FILE_COLUMNS, NOTHING, slots_table
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import table
from sekisho.surfaces.operator_web import offers
from sekisho.surfaces.operator_web.views.card import CONTRACTS

DAYS = 31


class DayChoice(forms.Form):
    """Which day's curve."""

    day = DayField(Text("曲線の日", "Day of the curve"))


@require_safe
def usage(request: HttpRequest, point: str) -> HttpResponse:
    """The month that ends with the day asked for, or with yesterday."""
    if not offers.sees_usage(asking.chosen_purpose(request)):
        return _not_told(request, point)
    form = DayChoice(request.GET)
    asked = form.cleaned_data["day"] if form.is_valid() else None
    last = min(asked or date.max, timezone.localdate() - timedelta(days=1))
    days = {row.day: DayOfSlots(row.day, row.wh, row.estimated) for row in _read(request, point, last)}
    chosen = last if asked else max(days, default=last)
    return _page(request, point, form, days, days.get(chosen) or DayOfSlots(chosen, [None] * 48), last)


def _read(request: HttpRequest, point: str, last: date) -> list[UsageDay]:
    periods = asking.read(request, CONTRACTS, point=point)
    first, until = last - timedelta(days=DAYS - 1), last + timedelta(days=1)
    rows = asking.read(request, metering.OPERATOR_USAGE, point=point, first=first, until=until)
    if not periods:
        raise Http404
    return rows


def _not_told(request: HttpRequest, point: str) -> HttpResponse:
    return show(
        request,
        "operator_web/not_for_purpose.html",
        title=Text("30分電力量", "Half-hourly usage"),
        crumbs=_crumbs(point),
        status=403,
    )


def _crumbs(point: str) -> list[Crumb]:
    return [
        Crumb(Text("お客さま照会", "Look-up"), "/"),
        Crumb(grouped(PointNumber(point)), reverse("card", args=[point])),
    ]


def _page(
    request: HttpRequest,
    point: str,
    form: DayChoice,
    days: dict[date, DayOfSlots],
    day: DayOfSlots,
    last: date,
) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "point": point,
        "day": day,
        "previous": day.day - timedelta(days=1),
        "following": day.day + timedelta(days=1)
        if day.day < timezone.localdate() - timedelta(days=1)
        else None,
        "curve": charts.curve(day),
        "plot": charts.plot(days, day.day, first=last - timedelta(days=DAYS - 1), last=last),
        "gap": charts.gap_swatch(),
        "estimate": charts.estimate_swatch(),
        "slots": slots_table(day),
        "recent": table(
            Text(f"{DAYS}日間の電力量", f"Usage of {DAYS} days"),
            DAY_COLUMNS,
            [days[one] for one in sorted(days, reverse=True)],
            empty=NOTHING,
        ),
        "download_title": Text(f"この{DAYS}日間の30分電力量をファイルにする", f"These {DAYS} days as a file"),
        "download_url": f"{reverse('usage_file', args=[point])}?last={last.isoformat()}",
        "download_forms": FORMS,
        "status": 200 if form.is_valid() else 422,
    }
    return show(
        request,
        "operator_web/usage.html",
        title=Text("30分電力量", "Half-hourly usage"),
        crumbs=_crumbs(point),
        **context,
    )


@require_safe
def usage_file(request: HttpRequest, point: str) -> HttpResponse:
    """The same days as a file: a row a day, 48 columns; an empty cell was not received."""
    if not offers.sees_usage(asking.chosen_purpose(request)):
        return _not_told(request, point)
    try:
        last = date.fromisoformat(request.GET.get("last", ""))
    except ValueError:
        last = timezone.localdate() - timedelta(days=1)
    return csv_answer(request, "usage", FILE_COLUMNS, _read(request, point, last))
