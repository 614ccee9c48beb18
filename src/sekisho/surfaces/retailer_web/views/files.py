"""The page of downloads, and the portfolio's usage by day."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.kernel.values import Wh, kwh
from sekisho.metering import gates as metering
from sekisho.metering.gates import PortfolioDay
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.downloads import FORMS, FileColumn, csv_answer
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.retailer_web.views import exports

DAYS = 396

FILE_COLUMNS: tuple[FileColumn[PortfolioDay], ...] = (
    FileColumn("day", Text("日", "Day"), lambda row: row.day),
    FileColumn("points", Text("地点数", "Points"), lambda row: row.points),
    FileColumn(
        "kwh", Text("電力量 kWh", "Usage kWh"), lambda row: None if row.wh is None else kwh(Wh(row.wh))
    ),
    FileColumn("missing_slots", Text("未受領のコマ", "Half-hours not received"), lambda row: row.missing),
)


@require_safe
def downloads(request: HttpRequest) -> HttpResponse:
    """Every file of this portal in one place."""
    sections = (
        (Text("契約一覧(契約中)", "Contracts (running)"), f"{reverse('contracts_file')}?state=running"),
        (Text("契約一覧(すべて)", "Contracts (all)"), reverse("contracts_file")),
        (Text("契約全体の日別電力量(13か月)", "Usage by day (13 months)"), reverse("daily_file")),
        (Text("自社の地点の閲覧記録(直近31日)", "Who saw our points (31 days)"), _recent_readings()),
    )
    return show(
        request,
        "retailer_web/downloads.html",
        title=Text("ダウンロード", "Downloads"),
        crumbs=[Crumb(Text("概況", "Overview"), "/")],
        sections=sections,
        large=[(text, reverse("ask_export", args=[kind])) for kind, text in exports.KINDS.items()],
        exports=exports.own_exports(request),
        forms=FORMS,
    )


def _recent_readings() -> str:
    since = timezone.localdate() - timedelta(days=31)
    return f"{reverse('readings_file')}?since={since.isoformat()}"


@require_safe
def daily_file(request: HttpRequest) -> HttpResponse:
    """The portfolio's usage, a row a day."""
    today = timezone.localdate()
    rows = asking.read(request, metering.PORTFOLIO_USAGE, first=today - timedelta(days=DAYS), until=today)
    return csv_answer(request, "usage-by-day", FILE_COLUMNS, rows)
