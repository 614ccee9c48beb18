"""Who saw my customers: the record of reading, for one's own points."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.kernel.values import PointNumber, grouped
from sekisho.ledger import gates as ledger
from sekisho.ledger.gates import SeenRow
from sekisho.settings.exportable import READING_FIELDS
from sekisho.surfaces.kit import wording
from sekisho.surfaces.kit.collecting import collect
from sekisho.surfaces.kit.downloads import FORMS, csv_answer, file_columns
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, link, listed_table
from sekisho.surfaces.retailer_web.filters import ReadingFilter

TITLE = Text("自社の地点の閲覧記録", "Who saw our points")


def _point(row: SeenRow) -> Any:
    return link(reverse("point", args=[row.point]), grouped(PointNumber(row.point)))


COLUMNS: tuple[Column[SeenRow], ...] = (
    Column(Text("日時", "When"), lambda row: row.at, sort="at", row_header=True),
    Column(Text("供給地点特定番号", "Supply point"), _point),
    Column(Text("閲覧者の区分", "Reader"), lambda row: wording.reader_word(row.audience)),
    Column(Text("閲覧者の所属", "Company"), lambda row: row.company),
    Column(Text("利用目的", "Purpose"), lambda row: wording.purpose_word(row.audience, row.purpose)),
    Column(Text("画面・処理", "Page or process"), lambda row: wording.gate_word(row.gate)),
    Column(Text("見られた項目", "Items"), lambda row: wording.item_words(row.items), nowrap=False),
)
FILE_COLUMNS = file_columns(READING_FIELDS)


@require_safe
def readings(request: HttpRequest) -> HttpResponse:
    """Newest first."""
    form = ReadingFilter(request.GET)
    if not form.is_valid():
        return _page(request, form, None, status=422)
    page = listed(request, ledger.WHO_SAW, sort="at", descending=True, filters=form.params())
    empty = Text(
        "この条件の記録はありません。期間を広げてください。記録は閲覧から数秒で現れます。",
        "No record matches. Try a longer period; a record appears within seconds of the reading.",
    )
    return _page(request, form, listed_table(TITLE, COLUMNS, page, empty=empty))


def _page(request: HttpRequest, form: ReadingFilter, table: Any, status: int = 200) -> HttpResponse:
    query = request.GET.copy()
    query.pop("after", None)
    return show(
        request,
        "retailer_web/readings.html",
        title=TITLE,
        crumbs=[Crumb(Text("概況", "Overview"), "/")],
        form=form,
        table=table,
        download_title=Text("この条件の記録をファイルにする", "These records as a file"),
        download_url=f"{reverse('readings_file')}?{query.urlencode()}",
        download_forms=FORMS,
        large_url=f"{reverse('ask_export', args=['readings'])}?{query.urlencode()}",
        status=status,
    )


@require_safe
def readings_file(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    form = ReadingFilter(request.GET)
    if not form.is_valid():
        return _page(request, form, None, status=422)
    rows = collect(request, ledger.WHO_SAW, "at", descending=True, **form.params())
    return csv_answer(request, "who-saw", FILE_COLUMNS, rows)
