"""What a purpose offers: by what it may search, which columns its answers have, what it may reveal. Read from the declared gates."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sekisho.barrier.audiences import PURPOSE, Purpose
from sekisho.barrier.compiler import outputs_of
from sekisho.barrier.gate import AnyGate, Gate
from sekisho.metering import gates as metering
from sekisho.registry import gates as registry
from sekisho.registry.gates import FoundRow
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column
from sekisho.surfaces.operator_web.asked import By

Row = TypeVar("Row")
Named = tuple[str, Column[Any]]
"""A field of a gate's row, and the column that shows it."""

BY_WORDS = {
    By.POINT: Text("供給地点特定番号", "supply point"),
    By.CUSTOMER: Text("お客さま番号", "customer number"),
    By.PHONE: Text("電話番号", "phone"),
    By.NAME: Text("名義(漢字・カナ)", "name"),
    By.ADDRESS: Text("住所", "address"),
}
_FINDERS: dict[By, tuple[Gate[FoundRow], ...]] = {
    By.POINT: (registry.FIND_BY_POINT,),
    By.CUSTOMER: (registry.FIND_BY_CUSTOMER,),
    By.PHONE: (registry.FIND_BY_PHONE, registry.DISASTER_FIND_BY_PHONE),
    By.NAME: (registry.FIND_BY_NAME, registry.DISASTER_FIND_BY_NAME),
    By.ADDRESS: (registry.FIND_BY_ADDRESS,),
}
REVEALS: dict[str, tuple[Gate[Any], Text]] = {
    "name": (registry.REVEAL_NAME, Text("契約名義", "Name")),
    "phone": (registry.REVEAL_PHONE, Text("電話番号", "Phone")),
    "slip": (registry.REVEAL_SLIP, Text("検針票送付先", "Slip address")),
    "past_name": (registry.REVEAL_PAST_NAME, Text("訂正前の名義", "Name before the correction")),
}
"""Word in the form → the revealing gate and what it shows."""


def may_use(purpose: Purpose, gate: AnyGate) -> bool:
    """Whether `gate` exists for `purpose`."""
    return purpose.code in gate.purposes


def finder(purpose: Purpose, by: By) -> Gate[FoundRow] | None:
    """The gate that looks up by `by` for this purpose; None where the purpose may not."""
    return next((gate for gate in _FINDERS[by] if may_use(purpose, gate)), None)


def offered(purpose: Purpose) -> list[tuple[By, Text]]:
    """By what this purpose may search."""
    return [(by, text) for by, text in BY_WORDS.items() if finder(purpose, by) is not None]


def reveals(purpose: Purpose) -> set[str]:
    """What this purpose may reveal."""
    return {word for word, (gate, _) in REVEALS.items() if may_use(purpose, gate)}


@cache
def told(gate: Gate[Any], purpose: Purpose) -> dict[str, bool]:
    """The fields that the gate returns for this purpose, and whether they come masked."""
    return {out.name: out.masked for out in outputs_of(gate, purpose)}


def columns(gate: Gate[Any], purpose: Purpose, named: Sequence[Named]) -> tuple[Column[Any], ...]:
    """The columns whose fields the purpose is told."""
    known = told(gate, PURPOSE[purpose.audience, purpose.code])
    return tuple(column for field, column in named if field in known)


def sees_usage(purpose: Purpose) -> bool:
    """Whether the purpose is told half-hourly usage."""
    return may_use(purpose, metering.OPERATOR_USAGE)


def corrects(purpose: Purpose) -> bool:
    """Whether corrections are drafted and decided for this purpose."""
    return may_use(purpose, registry.DRAFT_CHANGE)
