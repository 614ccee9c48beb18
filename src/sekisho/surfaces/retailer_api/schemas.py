"""What goes over the wire. Energy in Wh, power in W, days as ISO dates in Asia/Tokyo, periods half open (`end` is the first day after)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

POINT = r"^[0-9]{22}$"
CONTRACT = r"^[0-9A-Z-]{4,24}$"


class Contract(Schema):
    """One contract of a list, with the facts of the day asked for."""

    contract_no: str
    point: str = Field(pattern=POINT)
    customer_no: str
    state: str
    application_type: str
    start: date
    end: date | None = None
    name: str
    name_kana: str
    customer_kind: str
    address: str
    building: str
    menu_code: str | None = None


class Contracts(Schema):
    """A page of contracts; `next` goes into the parameter `after` of the next call, with the same filters."""

    contracts: list[Contract]
    next: str | None = None


class ContractPeriod(Schema):
    """Contract and terms of one period."""

    contract_no: str
    customer_no: str
    state: str
    application_type: str
    start: date
    end: date | None = None
    terms_start: date | None = None
    menu_code: str | None = None
    equipment_w: int | None = None
    contract_w: int | None = None
    contract_ampere: int | None = None
    power_factor: int | None = None
    supply_voltage: int | None = None
    supply_method: str | None = None
    decision_method: str | None = None
    reading_schedule: str | None = None


class Party(Schema):
    """契約名義 and contact of one period."""

    contract_no: str
    start: date
    end: date | None = None
    customer_kind: str | None = None
    name: str | None = None
    name_kana: str | None = None
    phone: str | None = None
    slip_postal_code: str | None = None
    slip_address: str | None = None
    slip_name: str | None = None


class Place(Schema):
    """供給場所 of one period."""

    contract_no: str
    start: date
    end: date | None = None
    voltage_class: str | None = None
    postal_code: str | None = None
    address: str | None = None
    building: str | None = None


class Meter(Schema):
    """計器 of one period."""

    contract_no: str
    start: date
    end: date | None = None
    meter_no: str | None = None
    meter_class: str | None = None
    smart: bool | None = None
    multiplier: int | None = None


class Equipment(Schema):
    """深夜機器・系統連系発電機 of one period."""

    contract_no: str
    start: date
    end: date | None = None
    kind: str | None = None
    description: str | None = None
    capacity_w: int | None = None


class Generation(Schema):
    """発電者の契約 of one period."""

    contract_no: str
    start: date
    end: date | None = None
    surplus_type: str | None = None
    fixed_price_from: date | None = None
    purchase_price: Decimal | None = None
    certified_equipment: str | None = None
    receiving_w: int | None = None


class Point(Schema):
    """A supply point for the periods of the company's own contracts."""

    point: str = Field(pattern=POINT)
    contracts: list[ContractPeriod]
    parties: list[Party]
    places: list[Place]
    meters: list[Meter]
    equipment: list[Equipment]
    generation: list[Generation]


class UsageDay(Schema):
    """48 half-hours in Wh, the first 00:00–00:30; null where nothing was received. `estimated` lists slot numbers 1–48."""

    day: date
    wh: list[int | None]
    estimated: list[int]
    revision: int
    recorded_at: datetime


class Usage(Schema):
    """Days of usage, in order; a day that is missing was not received or not the company's."""

    point: str
    days: list[UsageDay]


class PortfolioDay(Schema):
    """The whole portfolio on one day."""

    day: date
    points: int
    wh: int
    missing: int


class Portfolio(Schema):
    """Days of the whole portfolio."""

    days: list[PortfolioDay]


class Passage(Schema):
    """One reading of one of the company's points."""

    at: datetime
    point: str
    gate: str
    audience: str
    company: str | None = None
    purpose: str
    items: list[str]


class Passages(Schema):
    """A page of readings, newest first."""

    passages: list[Passage]
    next: str | None = None


class Retailer(Schema):
    """A retailer as it is publicly known."""

    code: str
    registration_no: str
    name: str
    name_kana: str


class Retailers(Schema):
    """All retailers."""

    retailers: list[Retailer]


class NameCorrection(Schema):
    """Ask for a corrected 契約名義 from a day on; the network utility decides."""

    contract_no: str = Field(pattern=CONTRACT)
    since: date
    name: str = Field(min_length=1, max_length=80)
    name_kana: str = Field(min_length=1, max_length=80)
    reason: str = Field(min_length=1, max_length=500)


class Accepted(Schema):
    """A submission that was taken; look at `/commands/{command_no}` for its outcome."""

    command_no: UUID
    state: Literal["queued"] = "queued"


class Command(Schema):
    """A submission and what became of it."""

    command_no: UUID
    kind: str
    state: Literal["queued", "running", "done", "refused", "failed"]
    submitted_at: datetime
    finished_at: datetime | None = None
    outcome: dict[str, Any] | None = None


class FieldError(Schema):
    """What is wrong with one field."""

    field: str
    value: str | None = None
    ja: str
    en: str


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    errors: list[FieldError] | None = None
