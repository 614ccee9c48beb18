"""The first page: the portfolio in numbers, its last days, and the newest readings of its points."""

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sekisho.barrier.gateway import Page
from sekisho.kernel.values import Wh, kwh
from sekisho.ledger import gates as ledger
from sekisho.metering import gates as metering
from sekisho.metering.gates import PortfolioDay
from sekisho.registry import gates as registry
from sekisho.surfaces.kit import asking, charts
from sekisho.surfaces.kit.pages import show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, table
from sekisho.surfaces.retailer_web.views.readings import COLUMNS as READING_COLUMNS

DAYS = 14

USAGE_COLUMNS: tuple[Column[PortfolioDay], ...] = (
    Column(Text("日", "Day"), lambda row: row.day, row_header=True),
    Column(Text("地点数", "Points"), lambda row: row.points, numeric=True),
    Column(
        Text("電力量", "Usage"),
        lambda row: None if row.wh is None else kwh(Wh(row.wh)),
        numeric=True,
        unit="kWh",
    ),
    Column(Text("未受領のコマ", "Half-hours not received"), lambda row: row.missing, numeric=True),
)


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Numbers, usage of the last fourteen days, the five newest readings."""
    today = timezone.localdate()
    days = asking.read(request, metering.PORTFOLIO_USAGE, first=today - timedelta(days=DAYS), until=today)
    seen = asking.page(request, ledger.WHO_SAW, Page("at", descending=True, size=5))
    return show(
        request,
        "retailer_web/dashboard.html",
        title=Text("契約の概況", "Portfolio"),
        portfolio=asking.read(request, registry.PORTFOLIO)[0],
        chart=charts.bars(_with_gaps(days, today), label=Text("日別の電力量(kWh)", "Usage by day (kWh)")),
        usage=table(
            Text(f"直近{DAYS}日の電力量", f"Usage of the last {DAYS} days"),
            USAGE_COLUMNS,
            days,
            empty=Text("まだ受領していません。", "Nothing has been received yet."),
        ),
        readings=table(
            Text("自社の地点の最近の閲覧", "Newest readings of our points"),
            READING_COLUMNS,
            seen.rows,
            empty=Text("閲覧の記録はまだありません。", "There is no record yet."),
        ),
    )


def _with_gaps(days: list[PortfolioDay], today: date) -> list[tuple[date, int | None]]:
    known = {row.day: row.wh for row in days}
    return [(day, known.get(day)) for day in (today - timedelta(days=back) for back in range(DAYS, 0, -1))]
