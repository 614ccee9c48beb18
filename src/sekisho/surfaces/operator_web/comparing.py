"""Before and after: what a correction would write, beside what the registry says now, in the words of the registry's files.

What stands now comes through the same gates as the card: masked where the card masks it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest

from sekisho.registry.gates import ChangeDetail
from sekisho.registry.payloads import value_columns
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import Column, Table, badge, table
from sekisho.surfaces.operator_web import drafts, offers
from sekisho.surfaces.operator_web.drafts import GATES

_TEXTS = ("name", "name_kana", "phone", "slip_postal_code", "slip_address", "slip_name")
_GROUPS = (
    "customer_kind", "customer_no", "retailer", "application_type", "address", "supply_voltage", "menu", "equipment_capacity",
    "contract_capacity", "power_factor", "reading_schedule", "meter", "night_equipment", "surplus_type", "fixed_price_from",
    "purchase_price", "certified_equipment",
)  # fmt: skip
_NOT_TOLD = Text("この目的では表示しません", "not shown for this purpose")
HIDDEN = object()
"""A value that the draft carries and the purpose is not told."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a draft says: `about` names contract, days and the like; `values` are what it would write, by table."""

    about: Mapping[str, Any]
    values: Mapping[str, Mapping[str, Any]]

    @property
    def day(self) -> date | None:
        """The first day on which the new values hold."""
        text = self.about.get("since") or self.about.get("day")
        return date.fromisoformat(str(text)) if text else None


def written(row: ChangeDetail) -> Written:
    """A draft as its reader may know it, put together from the columns of its items."""
    found: dict[str, Any] = {
        name: value for name in _TEXTS if (value := getattr(row, f"new_{name}")) is not None
    }
    for group in _GROUPS:
        found |= getattr(row, f"new_{group}") or {}
    names = [str(name) for name in row.about.get("fields", ())]
    about = {key: value for key, value in (row.about | found).items() if key != "fields" and key not in names}
    values: dict[str, dict[str, Any]] = {}
    for name in names:
        values.setdefault(_table(row, name), {})[name] = found.get(name, HIDDEN)
    return Written(about, values)


def submitted(payload: Mapping[str, Any]) -> Written:
    """A draft as it is about to be submitted."""
    parts = {"party": payload.get("party"), "terms": payload.get("terms")}
    if payload.get("values"):
        parts[str(payload.get("table", "party"))] = payload["values"]
    values = {name: part for name, part in parts.items() if part}
    return Written({key: value for key, value in payload.items() if not isinstance(value, dict)}, values)


def _table(row: ChangeDetail, field: str) -> str:
    if row.kind == "backdate_switch":
        return "party" if field in value_columns("party") else "terms"
    return str(row.about.get("table", "party"))


Line = tuple[Any, Any, Any]
_COLUMNS: tuple[Column[Line], ...] = (
    Column(Text("項目", "Item"), lambda line: line[0], row_header=True),
    Column(Text("いまの値", "Now"), lambda line: line[1], nowrap=False),
    Column(Text("訂正後", "Afterwards"), lambda line: line[2], nowrap=False),
)


def comparison(request: HttpRequest, point: str, draft: Written) -> Table | None:
    """The table of before and after; None for a draft that writes no values."""
    lines = [
        line for name, values in draft.values.items() for line in _lines(request, point, draft, name, values)
    ]
    if not lines:
        return None
    return table(
        Text("変更の前と後", "Before and after"),
        _COLUMNS,
        lines,
        empty=Text("ありません。", "None."),
        footnote=Text(
            "伏せた値は、カードの「表示」で確かめられます。", "A masked value is revealed on the card."
        ),
    )


def _lines(
    request: HttpRequest, point: str, draft: Written, name: str, values: Mapping[str, Any]
) -> Iterable[Line]:
    now = _present(request, point, draft, name)
    for field, value in values.items():
        before = (
            _NOT_TOLD if value is HIDDEN else _said(name, field, getattr(now, field, None)) if now else None
        )
        yield drafts.word_of(name, field), before, after(name, field, value)


def after(name: str, field: str, value: Any) -> Any:
    """A new value in words; an erased one says so."""
    if value is HIDDEN:
        return badge(_NOT_TOLD, tone="warn")
    return (
        badge(Text("空にする", "emptied"), tone="warn") if value in (None, "") else _said(name, field, value)
    )


def _said(name: str, field: str, value: Any) -> Any:
    return None if value in (None, "") else drafts.spoken(name, field, value)


def _present(request: HttpRequest, point: str, draft: Written, name: str) -> Any:
    """The row of that table in force on the draft's first day, if the purpose has a gate for it."""
    gate, day = GATES[name], draft.day
    if day is None or not offers.may_use(asking.chosen_purpose(request), gate):
        return None
    rows = [row for row in asking.read(request, gate, point=point) if _holds(row, draft, day)]
    return max(rows, key=_start, default=None)


def _holds(row: Any, draft: Written, day: date) -> bool:
    only = draft.about.get("only")
    mine = only is None or getattr(row, "meter_no", only) == only
    return mine and _start(row) <= day and (row.end is None or day < row.end)


def _start(row: Any) -> date:
    found: date = getattr(row, "terms_start", None) or row.start
    return found
