"""One supply point: everything of the periods of one's own contract, and nothing else."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sekisho.kernel.values import PointNumber, grouped
from sekisho.registry import gates as registry
from sekisho.registry.gates import (
    ContractDetail,
    EquipmentDetail,
    GenerationDetail,
    MeterDetail,
    PartyDetail,
    PastParty,
    PlaceDetail,
)
from sekisho.surfaces.kit import asking, wording
from sekisho.surfaces.kit.pages import Crumb, show
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, Table, table
from sekisho.surfaces.retailer_web.views.contracts import last_day, state_badge

_CONTRACTS, _PARTIES, _PLACES, _METERS, _EQUIPMENT, _GENERATION, _PAST = registry.RETAILER_POINT
_NONE = Text("この地点にはありません。", "This point has none.")


def watts(value: int | None) -> Any:
    """W as kW."""
    return None if value is None else f"{value / 1000:,.3f}".rstrip("0").rstrip(".")


def _period() -> tuple[Column[Any], ...]:
    return (
        Column(Text("開始日", "Start"), lambda row: row.start, row_header=True),
        Column(Text("最終日", "Last day"), last_day),
    )


PERIODS: tuple[Column[ContractDetail], ...] = (
    *_period(),
    Column(Text("状態", "State"), lambda row: state_badge(row.state)),
    Column(Text("契約番号", "Contract"), lambda row: row.contract_no),
    Column(Text("お客さま番号", "Customer number"), lambda row: row.customer_no),
    Column(
        Text("申込種別", "Application"), lambda row: wording.word(wording.APPLICATIONS, row.application_type)
    ),
)
TERMS: tuple[Column[ContractDetail], ...] = (
    Column(Text("適用日", "From"), lambda row: row.terms_start, row_header=True),
    Column(Text("契約番号", "Contract"), lambda row: row.contract_no),
    Column(Text("メニュー", "Menu"), lambda row: row.menu_code),
    Column(Text("契約設備電力", "Equipment"), lambda row: watts(row.equipment_w), numeric=True, unit="kW"),
    Column(Text("契約電力", "Capacity"), lambda row: watts(row.contract_w), numeric=True, unit="kW"),
    Column(Text("契約電流", "Current"), lambda row: row.contract_ampere, numeric=True, unit="A"),
    Column(Text("力率", "Power factor"), lambda row: row.power_factor, numeric=True, unit="%"),
    Column(Text("供給電圧", "Voltage"), lambda row: row.supply_voltage, numeric=True, unit="V"),
    Column(Text("供給方式", "Method"), lambda row: row.supply_method or None),
    Column(Text("契約決定方法", "Decided by"), lambda row: row.decision_method or None),
    Column(Text("検針日程", "Reading"), lambda row: row.reading_schedule or None),
)
PARTIES: tuple[Column[PartyDetail], ...] = (
    *_period(),
    Column(Text("名義", "Name"), lambda row: row.name, nowrap=False),
    Column(Text("カナ", "Reading"), lambda row: row.name_kana or None, nowrap=False),
    Column(Text("区分", "Kind"), lambda row: wording.word(wording.KINDS, row.customer_kind)),
    Column(Text("電話番号", "Phone"), lambda row: row.phone or None),
    Column(Text("検針票送付先", "Slip address"), lambda row: _slip(row), nowrap=False),
)
PLACES: tuple[Column[PlaceDetail], ...] = (
    *_period(),
    Column(Text("電圧区分", "Voltage class"), lambda row: wording.word(wording.VOLTAGES, row.voltage_class)),
    Column(Text("郵便番号", "Postal code"), lambda row: row.postal_code or None),
    Column(
        Text("住所", "Address"), lambda row: f"{row.address or ''} {row.building or ''}".strip(), nowrap=False
    ),
)
METERS: tuple[Column[MeterDetail], ...] = (
    *_period(),
    Column(Text("計器番号", "Meter"), lambda row: row.meter_no),
    Column(Text("計器区分", "Class"), lambda row: row.meter_class or None),
    Column(Text("スマートメーター", "Smart meter"), lambda row: row.smart),
    Column(Text("乗率", "Multiplier"), lambda row: row.multiplier, numeric=True),
)
EQUIPMENT: tuple[Column[EquipmentDetail], ...] = (
    *_period(),
    Column(Text("種類", "Kind"), lambda row: wording.word(wording.EQUIPMENT, row.kind)),
    Column(Text("内容", "Description"), lambda row: row.description, nowrap=False),
    Column(Text("容量", "Capacity"), lambda row: watts(row.capacity_w), numeric=True, unit="kW"),
)
GENERATION: tuple[Column[GenerationDetail], ...] = (
    *_period(),
    Column(Text("余剰購入種類", "Surplus purchase"), lambda row: row.surplus_type),
    Column(Text("固定買取単価適用年月日", "Fixed price from"), lambda row: row.fixed_price_from),
    Column(Text("購入単価", "Price"), lambda row: row.purchase_price, numeric=True, unit="円/kWh"),
    Column(Text("認定設備情報", "Certified equipment"), lambda row: row.certified_equipment, nowrap=False),
    Column(
        Text("同時最大受電電力", "Receiving capacity"),
        lambda row: watts(row.receiving_w),
        numeric=True,
        unit="kW",
    ),
)
PAST: tuple[Column[PastParty], ...] = (
    *_period(),
    Column(Text("訂正前の名義", "Name before"), lambda row: row.name, nowrap=False),
    Column(Text("登録日時", "Recorded"), lambda row: row.recorded_at),
    Column(Text("訂正日時", "Corrected"), lambda row: row.superseded_at),
    Column(Text("訂正番号", "Correction"), lambda row: row.change_no),
)


def _slip(row: PartyDetail) -> str | None:
    parts = (row.slip_postal_code, row.slip_address, row.slip_name)
    return " ".join(part for part in parts if part) or None


@require_safe
def point(request: HttpRequest, point: str) -> HttpResponse:
    """The page of one point. INVARIANT: foreign and unknown numbers ask the same gates and get the same answer."""
    periods = asking.read(request, _CONTRACTS, point=point)
    rest = [
        (gate, asking.read(request, gate, point=point))
        for gate in (_PARTIES, _PLACES, _METERS, _EQUIPMENT, _GENERATION, _PAST)
    ]
    if not periods:
        raise Http404
    return show(
        request,
        "retailer_web/point.html",
        title=Text(f"供給地点 {grouped(PointNumber(point))}", f"Supply point {grouped(PointNumber(point))}"),
        crumbs=[
            Crumb(Text("概況", "Overview"), "/"),
            Crumb(Text("契約一覧", "Contracts"), reverse("contracts")),
        ],
        point=point,
        current=periods[0] if periods[0].end is None else None,
        tables=_tables(periods, dict(rest)),
    )


def _tables(periods: list[ContractDetail], rest: dict[Any, list[Any]]) -> list[tuple[str, Table]]:
    """The tables in the order of the page; what most points do not have appears only where it is."""
    contracts = list({row.contract_no: row for row in periods}.values())
    parts: list[tuple[str, Text, tuple[Column[Any], ...], list[Any]]] = [
        ("periods", Text("契約(自社の期間)", "Contracts (our own periods)"), PERIODS, contracts),
        ("terms", Text("契約内容", "Terms"), TERMS, [row for row in periods if row.terms_start is not None]),
        ("parties", Text("契約名義・連絡先", "Name and contact"), PARTIES, rest[_PARTIES]),
        ("places", Text("供給場所", "Place"), PLACES, rest[_PLACES]),
        ("meters", Text("計器", "Meters"), METERS, rest[_METERS]),
        ("equipment", Text("深夜機器・系統連系発電機", "Equipment"), EQUIPMENT, rest[_EQUIPMENT]),
        ("generation", Text("発電者の契約", "Generation"), GENERATION, rest[_GENERATION]),
        ("past", Text("訂正前の名義", "Names before corrections"), PAST, rest[_PAST]),
    ]
    return [
        (name, table(caption, columns, rows, empty=_NONE))
        for name, caption, columns, rows in parts
        if rows or name not in ("generation", "past")
    ]
