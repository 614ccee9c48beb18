"""お客さまカード: what the purpose is told about one point. Masked items carry a 「表示」 button of their own."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from sekisho.barrier.audiences import Purpose
from sekisho.barrier.gate import Gate
from sekisho.kernel.values import PointNumber, grouped
from sekisho.registry import gates as registry
from sekisho.registry.gates import ContractDetail, PartyDetail
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text, day_text
from sekisho.surfaces.kit.tables import Column, Table, table
from sekisho.surfaces.kit.wording import APPLICATIONS, EQUIPMENT, KINDS, VOLTAGES, word
from sekisho.surfaces.operator_web import offers
from sekisho.surfaces.operator_web.offers import Named
from sekisho.surfaces.operator_web.wording import last_day, state_badge, watts

CONTRACTS, PARTIES, PLACES, METERS, EQUIPMENT_GATE, GENERATION, PAST = registry.OPERATOR_POINT
_NONE = Text("この地点にはありません。", "This point has none.")


def _text(title: Text, field: str, **more: Any) -> Named:
    return field, Column(title, lambda row: getattr(row, field) or None, **more)


def _number(title: Text, field: str, unit: str) -> Named:
    return field, Column(title, lambda row: getattr(row, field), numeric=True, unit=unit)


def _kilowatts(title: Text, field: str) -> Named:
    return field, Column(title, lambda row: watts(getattr(row, field)), numeric=True, unit="kW")


PERIOD: tuple[Named, ...] = (
    ("contract_no", Column(Text("契約番号", "Contract"), lambda row: row.contract_no, row_header=True)),
    ("start", Column(Text("開始日", "Start"), lambda row: row.start)),
    ("end", Column(Text("最終日", "Last day"), last_day)),
)
PERIODS: tuple[Named, ...] = (
    *PERIOD,
    ("state", Column(Text("状態", "State"), lambda row: state_badge(row.state))),
    _text(Text("小売電気事業者", "Retailer"), "holder"),
    _text(Text("お客さま番号", "Customer number"), "customer_no"),
    (
        "application_type",
        Column(Text("申込種別", "Application"), lambda row: word(APPLICATIONS, row.application_type)),
    ),
)
TERMS: tuple[Named, ...] = (
    ("contract_no", Column(Text("契約番号", "Contract"), lambda row: row.contract_no, row_header=True)),
    ("terms_start", Column(Text("適用日", "From"), lambda row: row.terms_start)),
    _text(Text("メニュー", "Menu"), "menu_code"),
    _kilowatts(Text("契約設備電力", "Equipment"), "equipment_w"),
    _kilowatts(Text("契約電力", "Capacity"), "contract_w"),
    _number(Text("契約電流", "Current"), "contract_ampere", "A"),
    _number(Text("力率", "Power factor"), "power_factor", "%"),
    _number(Text("供給電圧", "Voltage"), "supply_voltage", "V"),
    _text(Text("供給方式", "Method"), "supply_method"),
    _text(Text("契約決定方法", "Decided by"), "decision_method"),
    _text(Text("検針日程", "Reading"), "reading_schedule"),
)
PLACE: tuple[Named, ...] = (
    *PERIOD,
    (
        "voltage_class",
        Column(Text("電圧区分", "Voltage class"), lambda row: word(VOLTAGES, row.voltage_class)),
    ),
    _text(Text("郵便番号", "Postal code"), "postal_code"),
    _text(Text("住所", "Address"), "address", nowrap=False),
    _text(Text("建物名・部屋", "Building"), "building", nowrap=False),
)
METER: tuple[Named, ...] = (
    *PERIOD,
    _text(Text("計器番号", "Meter"), "meter_no"),
    _text(Text("計器区分", "Class"), "meter_class"),
    ("smart", Column(Text("スマートメーター", "Smart meter"), lambda row: row.smart)),
    _number(Text("乗率", "Multiplier"), "multiplier", ""),
)
EQUIPMENT_COLUMNS: tuple[Named, ...] = (
    *PERIOD,
    ("kind", Column(Text("種類", "Kind"), lambda row: word(EQUIPMENT, row.kind))),
    _text(Text("内容", "Description"), "description", nowrap=False),
    _kilowatts(Text("容量", "Capacity"), "capacity_w"),
)
GENERATION_COLUMNS: tuple[Named, ...] = (
    *PERIOD,
    _text(Text("余剰購入種類", "Surplus purchase"), "surplus_type"),
    _text(Text("固定買取単価適用年月日", "Fixed price from"), "fixed_price_from"),
    _number(Text("購入単価", "Price"), "purchase_price", "円/kWh"),
    _text(Text("認定設備情報", "Certified equipment"), "certified_equipment", nowrap=False),
    _kilowatts(Text("同時最大受電電力", "Receiving capacity"), "receiving_w"),
)
PAST_COLUMNS: tuple[Named, ...] = (
    *PERIOD,
    _text(Text("訂正前の名義", "Name before"), "name", nowrap=False),
    _text(Text("登録日時", "Recorded"), "recorded_at"),
    _text(Text("訂正日時", "Corrected"), "superseded_at"),
    _text(Text("訂正番号", "Correction"), "change_no"),
)
SECTIONS: tuple[tuple[str, Text, Gate[Any], tuple[Named, ...]], ...] = (
    ("places", Text("供給場所", "Place"), PLACES, PLACE),
    ("meters", Text("計器", "Meters"), METERS, METER),
    ("equipment", Text("深夜機器・系統連系発電機", "Equipment"), EQUIPMENT_GATE, EQUIPMENT_COLUMNS),
    ("generation", Text("発電者の契約", "Generation"), GENERATION, GENERATION_COLUMNS),
    ("past", Text("訂正前の名義", "Names before corrections"), PAST, PAST_COLUMNS),
)
_ONLY_WHERE_THERE = ("generation", "past")


@require_safe
def card(request: HttpRequest, point: str) -> HttpResponse:
    """The card. INVARIANT: an unknown number asks the same gates as a known one."""
    purpose = asking.chosen_purpose(request)
    contracts = asking.read(request, CONTRACTS, point=point)
    parties = asking.read(request, PARTIES, point=point)
    sections = [
        (name, caption, gate, columns, asking.read(request, gate, point=point))
        for name, caption, gate, columns in SECTIONS
        if offers.may_use(purpose, gate)
    ]
    if not contracts:
        raise Http404
    return show(
        request,
        "operator_web/card.html",
        title=Text("お客さまカード", "Customer card"),
        crumbs=[Crumb(Text("お客さま照会", "Look-up"), "/")],
        point=point,
        current=next((row for row in contracts if row.state == "running"), None),
        people=_people(purpose, parties, contracts),
        tables=_contract_tables(purpose, contracts)
        + [
            (name, table(caption, offers.columns(gate, purpose, columns), rows, empty=_NONE))
            for name, caption, gate, columns, rows in sections
            if rows or name not in _ONLY_WHERE_THERE
        ],
        past_contracts=_past_contracts(purpose, sections),
        sees_usage=offers.sees_usage(purpose),
        corrects=offers.corrects(purpose),
    )


def _contract_tables(purpose: Purpose, rows: list[ContractDetail]) -> list[tuple[str, Table]]:
    contracts = list({row.contract_no: row for row in reversed(rows)}.values())[::-1]
    terms = offers.columns(CONTRACTS, purpose, TERMS)
    found = [
        (
            "contracts",
            table(
                Text("契約", "Contracts"), offers.columns(CONTRACTS, purpose, PERIODS), contracts, empty=_NONE
            ),
        )
    ]
    if len(terms) > 1:
        found.append(("terms", table(Text("契約内容", "Terms"), terms, rows, empty=_NONE)))
    return found


Item = tuple[Text, Any, str | None]
"""What it is, the value as the purpose is told it, and the word for 「表示」 where it is masked."""


def _people(
    purpose: Purpose, parties: list[PartyDetail], contracts: list[ContractDetail]
) -> list[dict[str, Any]]:
    """契約名義・連絡先 of each contract, the running one first."""
    running = {row.contract_no for row in contracts if row.state == "running"}
    newest = list({row.contract_no: row for row in reversed(parties)}.values())[::-1]
    return [
        {"contract_no": row.contract_no, "current": row.contract_no in running, "items": _items(purpose, row)}
        for row in sorted(newest, key=lambda row: row.contract_no not in running)
    ]


def _items(purpose: Purpose, row: PartyDetail) -> list[Item]:
    told, may = offers.told(PARTIES, purpose), offers.reveals(purpose)
    slip = " ".join(part for part in (row.slip_postal_code, row.slip_address, row.slip_name) if part)
    wanted = (
        ("name", Text("契約名義", "Name"), row.name, "name"),
        ("name_kana", Text("名義カナ", "Reading"), row.name_kana, None),
        ("customer_kind", Text("個人・法人・機器", "Kind"), word(KINDS, row.customer_kind), None),
        ("phone", Text("電話番号", "Phone"), row.phone, "phone"),
        ("slip_address", Text("検針票送付先", "Slip address"), slip, "slip"),
    )
    return [
        (text, value or None, reveal if value and reveal and told[field] and reveal in may else None)
        for field, text, value, reveal in wanted
        if field in told
    ]


def _past_contracts(purpose: Purpose, sections: Sequence[tuple[str, Any, Any, Any, list[Any]]]) -> list[str]:
    """The contracts whose former names may be shown."""
    if "past_name" not in offers.reveals(purpose):
        return []
    rows = next((rows for name, *_, rows in sections if name == "past"), [])
    return sorted({row.contract_no for row in rows})


@require_POST
def reveal(request: HttpRequest, point: str) -> HttpResponse:
    """「表示」: one masked item of one contract, through its own gate; the page says that it is recorded."""
    item = request.POST.get("item", "")
    if item not in offers.reveals(asking.chosen_purpose(request)):
        raise PermissionDenied
    gate, text = offers.REVEALS[item]
    rows = asking.read(request, gate, contract_no=request.POST.get("contract_no", "")[:40])
    if not rows:
        raise Http404
    return show(
        request,
        "operator_web/revealed.html",
        title=text + Text("の表示", ""),
        crumbs=[
            Crumb(Text("お客さま照会", "Look-up"), "/"),
            Crumb(grouped(PointNumber(point)), reverse("card", args=[point])),
        ],
        point=point,
        item=item,
        text=text,
        rows=[_revealed(item, row) for row in rows],
        at=timezone.now(),
        reference=asking.request_id(request),
    )


def _revealed(item: str, row: Any) -> tuple[str, str]:
    """The value in clear, and for which days it holds where the purpose is told."""
    days = (
        ""
        if row.start is None
        else f"{day_text(row.start)} – {'' if row.end is None else day_text(last_day(row))}".strip()
    )
    match item:
        case "phone":
            return row.phone, days
        case "slip":
            return " ".join(
                part for part in (row.slip_postal_code, row.slip_address, row.slip_name) if part
            ), days
    return f"{row.name} ({row.name_kana})" if row.name_kana else row.name, days
