"""The list of contracts, and the same as a file."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from sekisho.kernel.values import PointNumber, grouped
from sekisho.registry import gates as registry
from sekisho.registry.gates import ContractRow
from sekisho.settings.exportable import CONTRACT_FIELDS
from sekisho.surfaces.kit import wording
from sekisho.surfaces.kit.collecting import collect
from sekisho.surfaces.kit.downloads import FORMS, csv_answer, file_columns
from sekisho.surfaces.kit.listing import listed
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, badge, link, listed_table
from sekisho.surfaces.retailer_web.filters import ContractFilter, nothing_found

TITLE = Text("契約一覧", "Contracts")


def point_link(point: str) -> SafeString:
    """A supply point as a link to its page."""
    return link(reverse("point", args=[point]), grouped(PointNumber(point)))


def state_badge(state: str) -> SafeString:
    """契約中 or 終了."""
    return badge(wording.word(wording.STATES, state), tone="good" if state == "running" else "plain")


COLUMNS: tuple[Column[ContractRow], ...] = (
    Column(
        Text("供給地点特定番号", "Supply point"),
        lambda row: point_link(row.point),
        sort="point",
        row_header=True,
    ),
    Column(Text("名義", "Name"), lambda row: row.name, sort="name", nowrap=False),
    Column(Text("供給場所", "Place"), lambda row: f"{row.address} {row.building}".strip(), nowrap=False),
    Column(Text("区分", "Kind"), lambda row: wording.word(wording.KINDS, row.customer_kind)),
    Column(Text("メニュー", "Menu"), lambda row: row.menu_code),
    Column(Text("開始日", "Start"), lambda row: row.start, sort="start"),
    Column(Text("最終日", "Last day"), lambda row: last_day(row)),
    Column(Text("状態", "State"), lambda row: state_badge(row.state)),
    Column(Text("契約番号", "Contract"), lambda row: row.contract_no),
)
FILE_COLUMNS = file_columns(CONTRACT_FIELDS)


def last_day(row: Any) -> Any:
    """The last day of a period as people say it; an open one says so."""
    return badge(Text("継続中", "open")) if row.end is None else row.end - timedelta(days=1)


@require_safe
def contracts(request: HttpRequest) -> HttpResponse:
    """Search, filter, sort, page."""
    form = ContractFilter(request.GET)
    if not form.is_valid():
        return _page(request, form, None, status=422)
    page = listed(request, registry.CONTRACTS, sort="point", filters=form.params())
    return _page(request, form, listed_table(TITLE, COLUMNS, page, empty=nothing_found()))


def _page(request: HttpRequest, form: ContractFilter, table: Any, status: int = 200) -> HttpResponse:
    query = request.GET.copy()
    query.pop("after", None)
    return show(
        request,
        "retailer_web/contracts.html",
        title=TITLE,
        crumbs=[Crumb(Text("概況", "Overview"), "/")],
        form=form,
        table=table,
        download_title=Text("この条件の契約をファイルにする", "These contracts as a file"),
        download_url=f"{reverse('contracts_file')}?{query.urlencode()}",
        download_forms=FORMS,
        large_url=f"{reverse('ask_export', args=['contracts'])}?{query.urlencode()}",
        status=status,
    )


@require_safe
def contracts_file(request: HttpRequest) -> HttpResponse:
    """The contracts of the same filters, all pages of them."""
    form = ContractFilter(request.GET)
    if not form.is_valid():
        return _page(request, form, None, status=422)
    return csv_answer(
        request, "contracts", FILE_COLUMNS, collect(request, registry.CONTRACTS, "point", **form.params())
    )
