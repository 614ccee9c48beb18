"""The declared schemas and the gates' rows: what is declared is there, and of a type that fits."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sekisho.barrier.gate import Gate
from sekisho.ledger import gates as ledger
from sekisho.metering import gates as metering
from sekisho.registry import gates as registry
from sekisho.work import gates as work


@pytest.fixture(scope="module")
def parts(settings: None) -> Any:
    """Imported when Django has settings."""
    from sekisho.surfaces.retailer_api import rendering, schemas

    return rendering, schemas


PAIRS: list[tuple[str, Gate[Any]]] = [
    ("Contract", registry.CONTRACTS),
    *zip(("ContractPeriod", "Party", "Place", "Meter", "Equipment", "Generation"), registry.RETAILER_POINT, strict=False),
    ("UsageDay", metering.USAGE),
    ("PortfolioDay", metering.PORTFOLIO_USAGE),
    ("Passage", ledger.WHO_SAW),
    ("Retailer", registry.RETAILERS),
    ("Command", work.COMMAND),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "gate"), PAIRS, ids=[name for name, _ in PAIRS])
def test_every_declared_field_is_a_field_of_the_row(parts: Any, schema: str, gate: Gate[Any]) -> None:
    declared = getattr(parts[1], schema)
    there = {field.name: field.type for field in dataclasses.fields(gate.row)}
    assert set(declared.model_fields) <= there.keys()
    for name, field in declared.model_fields.items():
        if "None" in str(there[name]) and schema != "UsageDay":
            assert type(None) in getattr(field.annotation, "__args__", ()), name


def test_json(parts: Any) -> None:
    rendering, _ = parts
    answer = rendering.answer(
        {
            "name": "髙橋 花子",
            "day": date(2026, 4, 1),
            "at": datetime(2026, 4, 1, 3, 4, 5, 678901, UTC),
            "price": Decimal("24.50"),
            "no": UUID(int=1),
            "none": None,
        },
        status=202,
    )
    assert (answer.status_code, answer["Content-Type"]) == (202, "application/json; charset=utf-8")
    assert "髙橋 花子" in answer.content.decode()
    assert json.loads(answer.content) == {
        "name": "髙橋 花子",
        "day": "2026-04-01",
        "at": "2026-04-01T03:04:05.678901Z",
        "price": "24.50",
        "no": "00000000-0000-0000-0000-000000000001",
        "none": None,
    }


def test_a_field_that_no_schema_declares_stays_inside(parts: Any) -> None:
    rendering, schemas = parts

    @dataclasses.dataclass
    class Row:
        code: str = "10016"
        registration_no: str = "A9001"
        name: str = "架空"
        name_kana: str = "カクウ"
        secret: str = "x"

    assert rendering.shown(schemas.Retailer, [Row()]) == [
        {"code": "10016", "registration_no": "A9001", "name": "架空", "name_kana": "カクウ"}
    ]
