"""One box: look a customer up by whatever is at hand, as far as the purpose allows it.

The words typed are POSTed, not put into the address: names and phones have no place in histories and in the logs of proxies.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from sekisho.barrier.audiences import Purpose
from sekisho.kernel.errors import SekishoError
from sekisho.kernel.values import PointNumber, grouped
from sekisho.registry.gates import FoundRow
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.forms import Problem
from sekisho.surfaces.kit.pages import show
from sekisho.surfaces.kit.speech import Text, message_of, say
from sekisho.surfaces.kit.tables import Column, Table, link, table
from sekisho.surfaces.operator_web import offers
from sekisho.surfaces.operator_web.asked import By, read_asked
from sekisho.surfaces.operator_web.wording import last_day, state_badge

MOST = 50
TITLE = Text("お客さま照会", "Customer look-up")

FOUND: tuple[offers.Named, ...] = (
    (
        "point",
        Column(Text("供給地点特定番号", "Supply point"), lambda row: _point_link(row), row_header=True),
    ),
    ("name", Column(Text("名義", "Name"), lambda row: row.name)),
    (
        "address",
        Column(
            Text("供給場所", "Place"),
            lambda row: f"{row.address or ''} {row.building or ''}".strip(),
            nowrap=False,
        ),
    ),
    ("holder", Column(Text("小売電気事業者", "Retailer"), lambda row: row.holder)),
    ("start", Column(Text("開始日", "Start"), lambda row: row.start)),
    ("end", Column(Text("最終日", "Last day"), last_day)),
    ("state", Column(Text("状態", "State"), lambda row: state_badge(row.state))),
    ("contract_no", Column(Text("契約番号", "Contract"), lambda row: row.contract_no)),
)


def _point_link(row: FoundRow) -> object:
    return link(reverse("card", args=[row.point]), grouped(PointNumber(row.point)))


@require_http_methods(["GET", "HEAD", "POST"])
def lookup(request: HttpRequest) -> HttpResponse:
    """The box; a unique hit opens the card, several are listed."""
    if request.method != "POST":
        return _page(request)
    purpose = asking.chosen_purpose(request)
    typed = request.POST.get("q", "")[:200]
    try:
        asked = read_asked(typed, by=_forced(request))
    except SekishoError as fault:
        return _page(request, problem=message_of(fault))
    gate = offers.finder(purpose, asked.by)
    if gate is None:
        return _page(request, problem=_not_offered(purpose, asked.by))
    rows = list({row.contract_no: row for row in asking.read(request, gate, value=asked.key)}.values())
    points = {row.point for row in rows}
    if len(points) == 1:
        return redirect("card", points.pop())
    return _page(request, by=asked.by, found=_table(purpose, rows, asked.by), more=len(rows) > MOST)


def _forced(request: HttpRequest) -> By | None:
    kind = request.POST.get("by", "")
    return By(kind) if kind in set(By) else None


def _not_offered(purpose: Purpose, by: By) -> str:
    words = [str(text) for _, text in offers.offered(purpose)]
    return say(
        f"利用目的「{purpose.ja}」では{offers.BY_WORDS[by].ja}で探せません。探せるもの: {'、'.join(words)}",
        f"For the purpose “{purpose.en}” you cannot search by {offers.BY_WORDS[by].en}. You can by: {', '.join(words)}",
    )


def _table(purpose: Purpose, rows: list[FoundRow], by: By) -> Table:
    gate = offers.finder(purpose, by)
    assert gate is not None  # noqa: S101 – the caller has just read it
    return table(
        Text("照会の結果", "What was found"),
        offers.columns(gate, purpose, FOUND),
        rows[:MOST],
        empty=Text(
            "番号の桁、または名義・住所の先頭の文字をご確認ください。ほかの探し方も選べます。",
            "Check the digits, or the first characters of the name or address; or choose another way to search.",
        ),
    )


def _page(request: HttpRequest, *, problem: str = "", by: By | None = None, **context: Any) -> HttpResponse:
    purpose = asking.chosen_purpose(request)
    return show(
        request,
        "operator_web/lookup.html",
        title=TITLE,
        typed=request.POST.get("q", ""),
        forced=request.POST.get("by", ""),
        ways=offers.offered(purpose),
        taken_as=offers.BY_WORDS[by] if by else None,
        problems=[Problem("q", problem)] if problem else [],
        status=422 if problem else 200,
        **context,
    )
