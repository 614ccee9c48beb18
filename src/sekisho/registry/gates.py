"""The registry's gates: contracts, one supply point, its history, the operator's look-up and card."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sekisho.barrier.gate import AnyGate, Found, Gate, Param, Sort, SubmitGate, shown

OPERATOR = ("wheeling", "switching", "safety", "reading", "enquiry", "disaster")


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One contract of a list."""

    contract_no: str = shown("c.contract_no")
    point: str = shown("c.point")
    customer_no: str = shown("c.customer_no")
    state: str = shown("c.state")
    application_type: str = shown("c.application_type")
    start: date = shown("lower(c.valid)")
    end: date | None = shown("upper(c.valid)")
    name: str = shown("q.name")
    name_kana: str = shown("q.name_kana")
    customer_kind: str = shown("q.customer_kind")
    address: str = shown("l.address")
    building: str = shown("l.building")
    menu_code: str = shown("t.menu_code")


def _as_of(table: str, alias: str, day: str, *, optional: bool = False) -> str:
    """Join the contract's one fact of that day; a contract that has ended or not begun counts as of its last or first day.

    LATERAL with LIMIT tells the planner that it is one row, so that a page stays a walk along one index; `= any(array[…])` keeps it
    from the GiST index of the temporal key, which answers an equality eight times slower than the B-tree beside it.
    """
    kind, on = ("left join", " on true") if optional else ("cross join", "")
    return (
        f" {kind} lateral (select {alias}.* from {{seen}}.{table} {alias} where {alias}.contract_no = any (array[c.contract_no])"
        f" and {alias}.valid @> {_day(day)} limit 1) {alias}{on}"
    )


def _day(day: str) -> str:
    """The day as of which a contract's facts are shown."""
    return f"greatest(lower(c.valid), least((select coalesce({day}, barrier.today())), upper(c.valid) - 1))"


def _begins(column: str, value: str) -> str:
    """`column` begins with `value`, as a range: a plan that does not know the value yet can walk an index for it, for `starts_with` it cannot."""
    return f'({column} collate "C" >= {value} and {column} collate "C" < {value} || chr(1114111))'


def _facts(table: str, condition: str) -> str:
    return f"select f.point, f.holder, f.contract_no from {{seen}}.{table} f where {condition}"


def _among(*facts: str) -> str:
    """The contract is one of those with such a fact: found by the fact's index first, then the contract by point, holder and number."""
    return f"(c.point, c.holder, c.contract_no) in ({' union all '.join(facts)})"


def _named(table: str, value: str) -> tuple[str, str]:
    """Whose name or reading begins so: each by its own index."""
    return _facts(table, _begins("f.name_key", value)), _facts(table, _begins("f.kana_key", value))


_IN_ORDER_OF_NAMES = (
    "{seen}.party q cross join lateral (select c.* from {seen}.contract c where c.contract_no = any (array[q.contract_no])"
    f" and q.valid @> {_day('p_on')} limit 1) c"
    + _as_of("place", "l", "p_on")
    + _as_of("terms", "t", "p_on", optional=True)
)

# `p_on` picks the contracts of one day. A contract's own facts are joined as of that day, or as of its last day.
CONTRACTS = Gate(
    name="contracts", ja="契約一覧", en="contracts", audience="retailer", purposes=("contract",), row=ContractRow,
    params=(
        Param("on", "date", "null"), Param("state", "text", "null"), Param("kind", "text", "null"), Param("menu", "text", "null"),
        Param("name", "text", "null"), Param("point", "text", "null"), Param("address", "text", "null"),
    ),
    source=(
        "{seen}.contract c" + _as_of("party", "q", "p_on") + _as_of("place", "l", "p_on") + _as_of("terms", "t", "p_on", optional=True)
    ),
    where=(
        "(p_on is null or c.valid @> p_on) and (p_state is null or c.state = p_state)"
        " and (p_kind is null or q.customer_kind = p_kind) and (p_menu is null or t.menu_code = p_menu)"
        " and (p_name is null or starts_with(q.name_key, p_name) or starts_with(q.kana_key, p_name))"
        " and (p_point is null or c.point = p_point) and (p_address is null or starts_with(l.address_key, p_address))"
    ),
    sorts={
        "point": Sort(("c.point", "c.contract_no"), ("text", "text")),
        "start": Sort(("lower(c.valid)", "c.contract_no"), ("date", "text")),
        "name": Sort(('q.kana_key collate "C"', "q.contract_no"), ("text", "text"), _IN_ORDER_OF_NAMES),
    },
    found=Found(("name", "point", "address"), _among(
        _facts("contract", "f.point = p_point"),
        *(f"{facts} and p_name is not null" for facts in _named("party", "p_name")),
        _facts("place", f"p_address is not null and {_begins('f.address_key', 'p_address')}"),
    )),
    point="c.point", holder="c.holder", shown_from="lower(c.valid)", shown_to="upper(c.valid)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DashboardRow:
    """A retailer's portfolio in numbers."""

    contracts: int = shown("count(*) filter (where c.state = 'running')")
    ended: int = shown("count(*) filter (where c.state = 'ended')")
    points: int = shown("count(distinct c.point)")


PORTFOLIO = Gate(
    name="portfolio", ja="契約の概況", en="portfolio in numbers", audience="retailer", purposes=("contract",), row=DashboardRow,
    source="{seen}.contract c",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContractDetail:
    """One period of one point: contract, party, place and terms as they hold in it."""

    contract_no: str = shown("c.contract_no")
    point: str = shown("c.point")
    holder: str = shown("c.holder")
    customer_no: str = shown("c.customer_no")
    state: str = shown("c.state")
    application_type: str = shown("c.application_type")
    start: date = shown("lower(c.valid)")
    end: date | None = shown("upper(c.valid)")
    terms_start: date | None = shown("lower(t.valid)")
    menu_code: str | None = shown("t.menu_code")
    equipment_w: int | None = shown("t.equipment_w")
    contract_w: int | None = shown("t.contract_w")
    contract_ampere: int | None = shown("t.contract_ampere::bigint")
    power_factor: int | None = shown("t.power_factor::bigint")
    supply_voltage: int | None = shown("t.supply_voltage::bigint")
    supply_method: str | None = shown("t.supply_method")
    decision_method: str | None = shown("t.decision_method")
    reading_schedule: str | None = shown("t.reading_schedule")


def _by_point(
    name: str,
    ja: str,
    en: str,
    row: type,
    source: str,
    alias: str,
    *,
    audience: str,
    purposes: tuple[str, ...],
    order: str,
) -> Gate:  # type: ignore[type-arg]
    """A gate for the facts of one point, newest first, within the caller's own view."""
    return Gate(
        name=name, ja=ja, en=en, audience=audience, purposes=purposes, row=row, params=(Param("point", "text"),), source=source,
        where=f"{alias}.point = p_point", order=order, point=f"{alias}.point", holder=f"{alias}.holder",
        shown_from=f"lower({alias}.valid)", shown_to=f"upper({alias}.valid)", max_rows=500,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartyDetail:
    """契約名義 and how to reach the customer, for a period."""

    contract_no: str = shown("q.contract_no")
    start: date = shown("lower(q.valid)")
    end: date | None = shown("upper(q.valid)")
    customer_kind: str | None = shown("q.customer_kind")
    name: str | None = shown("q.name")
    name_kana: str | None = shown("q.name_kana")
    phone: str | None = shown("q.phone")
    slip_postal_code: str | None = shown("q.slip_postal_code")
    slip_address: str | None = shown("q.slip_address")
    slip_name: str | None = shown("q.slip_name")


@dataclass(frozen=True, slots=True)
class PlaceDetail:
    """供給場所, for a period."""

    contract_no: str = shown("l.contract_no")
    start: date = shown("lower(l.valid)")
    end: date | None = shown("upper(l.valid)")
    voltage_class: str | None = shown("l.voltage_class")
    postal_code: str | None = shown("l.postal_code")
    address: str | None = shown("l.address")
    building: str | None = shown("l.building")


@dataclass(frozen=True, slots=True)
class MeterDetail:
    """計器, for a period."""

    contract_no: str = shown("m.contract_no")
    start: date = shown("lower(m.valid)")
    end: date | None = shown("upper(m.valid)")
    meter_no: str | None = shown("m.meter_no")
    meter_class: str | None = shown("m.meter_class")
    smart: bool | None = shown("m.smart")
    multiplier: int | None = shown("m.multiplier::bigint")


@dataclass(frozen=True, slots=True)
class EquipmentDetail:
    """深夜機器・系統連系発電機, for a period."""

    contract_no: str = shown("e.contract_no")
    start: date = shown("lower(e.valid)")
    end: date | None = shown("upper(e.valid)")
    kind: str | None = shown("e.kind")
    description: str | None = shown("e.description")
    capacity_w: int | None = shown("e.capacity_w")


@dataclass(frozen=True, slots=True)
class GenerationDetail:
    """発電者の契約, for a period."""

    contract_no: str = shown("g.contract_no")
    start: date = shown("lower(g.valid)")
    end: date | None = shown("upper(g.valid)")
    surplus_type: str | None = shown("g.surplus_type")
    fixed_price_from: date | None = shown("g.fixed_price_from")
    purchase_price: Decimal | None = shown("g.purchase_price")
    certified_equipment: str | None = shown("g.certified_equipment")
    receiving_w: int | None = shown("g.receiving_w")


@dataclass(frozen=True, slots=True)
class PastParty:
    """A 契約名義 that a correction replaced."""

    contract_no: str = shown("h.contract_no")
    start: date = shown("lower(h.valid)")
    end: date | None = shown("upper(h.valid)")
    name: str | None = shown("h.name")
    name_kana: str | None = shown("h.name_kana")
    recorded_at: datetime = shown("h.recorded_at")
    superseded_at: datetime = shown("h.superseded_at")
    change_no: str | None = shown("h.change_no")


_CONTRACT_SOURCE = (
    "{seen}.contract c left join {seen}.terms t on t.contract_no = c.contract_no and t.point = c.point"
)


def _point_gates(audience: str, purposes: dict[str, tuple[str, ...]]) -> tuple[Gate, ...]:  # type: ignore[type-arg]
    """The gates of one point's page for an audience; `purposes` says for which purposes each exists."""
    return (
        _by_point("point_contracts", "地点の契約", "contracts of a point", ContractDetail, _CONTRACT_SOURCE, "c",
                  audience=audience, purposes=purposes["contracts"], order="lower(c.valid) desc, lower(t.valid) desc"),
        _by_point("point_parties", "地点の契約名義", "parties of a point", PartyDetail, "{seen}.party q", "q",
                  audience=audience, purposes=purposes["parties"], order="lower(q.valid) desc"),
        _by_point("point_places", "地点の供給場所", "places of a point", PlaceDetail, "{seen}.place l", "l",
                  audience=audience, purposes=purposes["places"], order="lower(l.valid) desc"),
        _by_point("point_meters", "地点の計器", "meters of a point", MeterDetail, "{seen}.meter m", "m",
                  audience=audience, purposes=purposes["meters"], order="lower(m.valid) desc"),
        _by_point("point_equipment", "地点の設備", "equipment of a point", EquipmentDetail, "{seen}.equipment e", "e",
                  audience=audience, purposes=purposes["equipment"], order="lower(e.valid) desc"),
        _by_point("point_generation", "地点の発電者契約", "generation of a point", GenerationDetail, "{seen}.generation g", "g",
                  audience=audience, purposes=purposes["generation"], order="lower(g.valid) desc"),
        _by_point("point_past_parties", "訂正前の契約名義", "parties before corrections", PastParty, "{seen}.party_history h", "h",
                  audience=audience, purposes=purposes["past"], order="h.superseded_at desc"),
    )  # fmt: skip


_RETAILER = ("contract",)
RETAILER_POINT = _point_gates(
    "retailer",
    dict.fromkeys(("contracts", "parties", "places", "meters", "equipment", "generation", "past"), _RETAILER),
)
OPERATOR_POINT = _point_gates(
    "operator",
    {
        "contracts": OPERATOR, "parties": OPERATOR, "places": OPERATOR, "meters": ("wheeling", "switching", "safety", "reading"),
        "equipment": ("wheeling", "switching", "safety", "disaster"), "generation": ("wheeling",), "past": ("wheeling", "switching"),
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One hit of the operator's look-up; names stay masked."""

    contract_no: str = shown("c.contract_no")
    point: str = shown("c.point")
    state: str | None = shown("c.state")
    start: date | None = shown("lower(c.valid)")
    end: date | None = shown("upper(c.valid)")
    holder: str | None = shown("c.holder")
    name: str | None = shown("q.name")
    address: str | None = shown("l.address")
    building: str | None = shown("l.building")


_FOUND = "{seen}.contract c" + _as_of("party", "q", "null::date") + _as_of("place", "l", "null::date")


def _find(
    name: str, ja: str, en: str, audience: str, purposes: tuple[str, ...], where: str
) -> Gate[FoundRow]:
    return Gate(
        name=name, ja=ja, en=en, audience=audience, purposes=purposes, row=FoundRow, params=(Param("value", "text"),),
        source=_FOUND, where=where, order="c.point, lower(c.valid) desc", point="c.point", holder="c.holder",
        shown_from="lower(c.valid)", shown_to="upper(c.valid)", max_rows=51,
    )  # fmt: skip


_MASKED_NAMES = ("wheeling", "switching", "safety", "reading", "enquiry")
_MASKED_PHONES = ("switching", "safety", "enquiry")
_POINT, _CUSTOMER = "c.point = p_value", "c.customer_no = p_value"
_ADDRESS = _among(_facts("place", _begins("f.address_key", "p_value")))
_PHONE = "f.phone_key = p_value"
_BY_NAME = ("find_by_name", "名義で探す", "find by name", "operator")
_BY_PHONE = ("find_by_phone", "電話番号で探す", "find by phone", "operator")
_BY_ADDRESS = ("find_by_address", "住所で探す", "find by address")
FIND_BY_POINT = _find("find_by_point", "地点番号で探す", "find by point", "operator", OPERATOR, _POINT)
FIND_BY_CUSTOMER = _find(
    "find_by_customer", "お客さま番号で探す", "find by customer number", "operator", OPERATOR, _CUSTOMER
)
FIND_BY_ADDRESS = _find(*_BY_ADDRESS, "operator", OPERATOR, _ADDRESS)
FIND_BY_NAME = _find(*_BY_NAME, _MASKED_NAMES, _among(*_named("party__revealed", "p_value")))
FIND_BY_PHONE = _find(*_BY_PHONE, _MASKED_PHONES, _among(_facts("party__revealed", _PHONE)))
DISASTER_FIND_BY_NAME = _find(*_BY_NAME, ("disaster",), _among(*_named("party", "p_value")))
DISASTER_FIND_BY_PHONE = _find(*_BY_PHONE, ("disaster",), _among(_facts("party", _PHONE)))
CALLCENTRE_FIND = _find(*_BY_ADDRESS, "callcentre", ("enquiry",), _ADDRESS)


@dataclass(frozen=True, slots=True)
class RevealedName:
    """「表示」 of the name, newest period first; safety and meter reading are not told the period."""

    contract_no: str = shown("k.contract_no")
    start: date | None = shown("lower(k.valid)")
    end: date | None = shown("upper(k.valid)")
    name: str | None = shown("k.name")
    name_kana: str | None = shown("k.name_kana")


@dataclass(frozen=True, slots=True)
class RevealedPastName:
    """「表示」 of the names that corrections replaced."""

    contract_no: str = shown("k.contract_no")
    start: date | None = shown("lower(k.valid)")
    end: date | None = shown("upper(k.valid)")
    name: str | None = shown("k.name")
    name_kana: str | None = shown("k.name_kana")
    superseded_at: datetime = shown("k.superseded_at")


@dataclass(frozen=True, slots=True)
class RevealedPhone:
    """「表示」 of the phone, newest period first."""

    contract_no: str = shown("k.contract_no")
    start: date | None = shown("lower(k.valid)")
    end: date | None = shown("upper(k.valid)")
    phone: str | None = shown("k.phone")


@dataclass(frozen=True, slots=True)
class RevealedSlip:
    """「表示」 of 検針票送付先, newest period first."""

    contract_no: str = shown("k.contract_no")
    start: date | None = shown("lower(k.valid)")
    end: date | None = shown("upper(k.valid)")
    slip_postal_code: str | None = shown("k.slip_postal_code")
    slip_address: str | None = shown("k.slip_address")
    slip_name: str | None = shown("k.slip_name")


def _reveal(name: str, ja: str, en: str, audience: str, purposes: tuple[str, ...], row: type) -> Gate:  # type: ignore[type-arg]
    """One contract's masked item in clear: one point, one passage."""
    return Gate(
        name=name, ja=ja, en=en, audience=audience, purposes=purposes, row=row, params=(Param("contract_no", "text"),),
        source="{seen}.party__revealed k", where="k.contract_no = p_contract_no", order="lower(k.valid) desc", point="k.point",
        holder="k.holder", shown_from="lower(k.valid)", shown_to="upper(k.valid)", reveals=True, max_rows=20,
    )  # fmt: skip


REVEAL_NAME = _reveal("reveal_name", "名義の表示", "reveal the name", "operator", _MASKED_NAMES, RevealedName)
REVEAL_PHONE = _reveal(
    "reveal_phone", "電話番号の表示", "reveal the phone", "operator", _MASKED_PHONES, RevealedPhone
)
REVEAL_SLIP = _reveal(
    "reveal_slip",
    "検針票送付先の表示",
    "reveal the slip address",
    "operator",
    ("wheeling", "reading"),
    RevealedSlip,
)
REVEAL_PAST_NAME = Gate(
    name="reveal_past_name", ja="訂正前の名義の表示", en="reveal a name before its correction", audience="operator",
    purposes=("wheeling", "switching"), row=RevealedPastName, params=(Param("contract_no", "text"),),
    source="{seen}.party_history__revealed k", where="k.contract_no = p_contract_no", order="k.superseded_at desc", point="k.point",
    holder="k.holder", shown_from="lower(k.valid)", shown_to="upper(k.valid)", reveals=True, max_rows=20,
)  # fmt: skip
CONTRACTOR_REVEAL_NAME = _reveal(
    "reveal_name", "名義の表示", "reveal the name", "contractor", ("work",), RevealedName
)
CONTRACTOR_REVEAL_PHONE = _reveal(
    "reveal_phone", "電話番号の表示", "reveal the phone", "contractor", ("work",), RevealedPhone
)
CALLCENTRE_REVEAL_NAME = _reveal(
    "reveal_name", "名義の表示", "reveal the name", "callcentre", ("enquiry",), RevealedName
)


@dataclass(frozen=True, slots=True)
class WorkOrderRow:
    """One point of a work order with what the crew needs."""

    order_no: str = shown("w.order_no")
    point: str = shown("w.point")
    task: str = shown("w.task")
    start: date = shown("lower(w.valid)")
    end: date | None = shown("upper(w.valid)")
    address: str | None = shown("l.address")
    building: str | None = shown("l.building")
    meter_no: str | None = shown("m.meter_no")


WORK_ORDERS = Gate(
    name="work_orders", ja="作業指示", en="work orders", audience="contractor", purposes=("work",), row=WorkOrderRow,
    source=(
        "{seen}.work_order w left join {seen}.place l on l.point = w.point and l.valid @> barrier.today()"
        " left join {seen}.meter m on m.contract_no = l.contract_no and m.valid @> barrier.today()"
    ),
    order="w.order_no, w.point", point="w.point", holder="l.holder",
    shown_from="lower(w.valid)", shown_to="upper(w.valid)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A correction and where it stands."""

    change_no: str = shown("h.change_no")
    kind: str = shown("h.kind")
    point: str = shown("h.point")
    reason: str = shown("h.reason")
    drafted_by: str = shown("h.drafted_by")
    drafted_at: datetime = shown("h.drafted_at")
    approved_by: str | None = shown("h.approved_by")
    approved_at: datetime | None = shown("h.approved_at")
    state: str = shown("h.state")


@dataclass(frozen=True, slots=True)
class ChangeDetail:
    """One correction with what it would write: a field for each item, and None for what the purpose is not told or the draft leaves alone."""

    change_no: str = shown("h.change_no")
    kind: str = shown("h.kind")
    point: str = shown("h.point")
    reason: str = shown("h.reason")
    drafted_by: str = shown("h.drafted_by")
    drafted_at: datetime = shown("h.drafted_at")
    approved_by: str | None = shown("h.approved_by")
    approved_at: datetime | None = shown("h.approved_at")
    state: str = shown("h.state")
    about: dict[str, Any] = shown("h.about")
    new_name: str | None = shown("v.new_name")
    new_name_kana: str | None = shown("v.new_name_kana")
    new_phone: str | None = shown("v.new_phone")
    new_slip_postal_code: str | None = shown("v.new_slip_postal_code")
    new_slip_address: str | None = shown("v.new_slip_address")
    new_slip_name: str | None = shown("v.new_slip_name")
    new_customer_kind: dict[str, Any] | None = shown("h.new_customer_kind")
    new_customer_no: dict[str, Any] | None = shown("h.new_customer_no")
    new_retailer: dict[str, Any] | None = shown("h.new_retailer")
    new_application_type: dict[str, Any] | None = shown("h.new_application_type")
    new_address: dict[str, Any] | None = shown("h.new_address")
    new_supply_voltage: dict[str, Any] | None = shown("h.new_supply_voltage")
    new_menu: dict[str, Any] | None = shown("h.new_menu")
    new_equipment_capacity: dict[str, Any] | None = shown("h.new_equipment_capacity")
    new_contract_capacity: dict[str, Any] | None = shown("h.new_contract_capacity")
    new_power_factor: dict[str, Any] | None = shown("h.new_power_factor")
    new_reading_schedule: dict[str, Any] | None = shown("h.new_reading_schedule")
    new_meter: dict[str, Any] | None = shown("h.new_meter")
    new_night_equipment: dict[str, Any] | None = shown("h.new_night_equipment")
    new_surplus_type: dict[str, Any] | None = shown("h.new_surplus_type")
    new_fixed_price_from: dict[str, Any] | None = shown("h.new_fixed_price_from")
    new_purchase_price: dict[str, Any] | None = shown("h.new_purchase_price")
    new_certified_equipment: dict[str, Any] | None = shown("h.new_certified_equipment")


# What a correction writes may name a customer: it is read one at a time, in clear as 「表示」 is, and the passage says for which point.
CHANGE = Gate(
    name="change", ja="訂正の内容", en="one correction", audience="operator", purposes=("wheeling", "switching"), row=ChangeDetail,
    params=(Param("change_no", "text"),), source="{seen}.change h join {seen}.change__revealed v on v.change_no = h.change_no",
    where="h.change_no = p_change_no and v.change_no = p_change_no", point="h.point", reveals=True, max_rows=1,
)  # fmt: skip

CHANGES = Gate(
    name="changes", ja="訂正の一覧", en="corrections", audience="operator", purposes=("wheeling", "switching"), row=ChangeRow,
    params=(Param("state", "text", "null"), Param("point", "text", "null")), source="{seen}.change h",
    where="(p_state is null or h.state = p_state) and (p_point is null or h.point = p_point)",
    point="h.point",
    sorts={"drafted": Sort(("h.drafted_at", "h.change_no"), ("timestamptz", "text"))},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RetailerRow:
    """A retailer as it is publicly known."""

    code: str = shown("r.code")
    registration_no: str = shown("r.registration_no")
    name: str = shown("r.name")
    name_kana: str = shown("r.name_kana")


def _retailers(audience: str, purpose: str) -> Gate[RetailerRow]:
    return Gate(
        name="retailers", ja="小売電気事業者一覧", en="retailers", audience=audience, purposes=(purpose,), row=RetailerRow,
        source="{seen}.retailer r", order="r.code",
    )  # fmt: skip


RETAILERS = _retailers("retailer", "contract")
PUBLIC_RETAILERS = _retailers("public", "public")


@dataclass(frozen=True, slots=True)
class StandingRow:
    """The answer to whoever may ask at all; it says nothing about any customer."""

    holds: bool = shown("true")


# A page must tell a person whose permit has ended from one who finds nothing. One row for everybody with a permit of the purpose.
STANDING = Gate(
    name="standing", ja="利用権限の確認", en="whether my permit holds", audience="operator", purposes=OPERATOR, row=StandingRow,
    source="{seen}.contract c", max_rows=1,
)  # fmt: skip

DRAFT_CHANGE = SubmitGate(name="draft_change", ja="訂正の起案", en="draft a correction", audience="operator",
                          purposes=("wheeling", "switching"), command="registry.draft_change")  # fmt: skip
DECIDE_CHANGE = SubmitGate(name="decide_change", ja="訂正の承認・差戻し", en="decide on a correction", audience="operator",
                           purposes=("wheeling", "switching"), command="registry.decide_change")  # fmt: skip

REQUEST_CORRECTION = SubmitGate(name="request_correction", ja="名義の訂正依頼", en="ask for a corrected name", audience="retailer",
                                purposes=("contract",), command="registry.request_correction")  # fmt: skip

GATES: tuple[AnyGate, ...] = (
    REQUEST_CORRECTION,
    CONTRACTS, PORTFOLIO, *RETAILER_POINT, *OPERATOR_POINT, FIND_BY_POINT, FIND_BY_CUSTOMER, FIND_BY_ADDRESS, FIND_BY_NAME, FIND_BY_PHONE,
    DISASTER_FIND_BY_NAME, DISASTER_FIND_BY_PHONE, CALLCENTRE_FIND, REVEAL_NAME, REVEAL_PHONE, REVEAL_SLIP,
    REVEAL_PAST_NAME, CONTRACTOR_REVEAL_NAME, CONTRACTOR_REVEAL_PHONE, CALLCENTRE_REVEAL_NAME, WORK_ORDERS, CHANGES, CHANGE, RETAILERS, PUBLIC_RETAILERS, STANDING, DRAFT_CHANGE, DECIDE_CHANGE,
)  # fmt: skip
