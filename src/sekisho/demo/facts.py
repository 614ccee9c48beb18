"""The facts that a contract carries: place, terms, meters, equipment, feed-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sekisho.demo.dice import Dice
from sekisho.demo.premises import SupplyPoint
from sekisho.demo.retailers import BY_CODE
from sekisho.registry.files import Cell

if TYPE_CHECKING:
    from sekisho.demo.clerk import Contract

Add = Callable[[str, Mapping[str, Cell]], None]
AMPERES = (10, 15, 20, 30, 40, 50, 60)
# 固定価格買取制度: yen per kWh by certification year (METI's published prices), below 10 kW and above.
FIT_SMALL = dict(enumerate((48, 42, 42, 38, 37, 33, 31, 28, 26, 24, 21, 19, 17, 16, 16), start=2010))
FIT_LARGE = dict(enumerate((40, 36, 32, 27, 24, 21, 18, 14, 13, 12, 11, 10), start=2012))
HEATERS = (("電気温水器　370L", "4.4"), ("電気温水器　460L", "5.4"), ("電気温水器　300L", "3.4"))
HEAT_PUMPS = (("エコキュート　370L", "1.5"), ("エコキュート　460L", "1.8"))
EXTRAS = (("エネファーム（家庭用燃料電池）", "0.7"), ("家庭用蓄電池　9.8kWh", "4.0"))
SMART_FROM, SMART_TO = date(2016, 7, 1), date(2023, 12, 20)


class FactSheet:
    """Writes the fact rows of contracts."""

    def __init__(self, add: Add, dice: Dice, until: date) -> None:
        self.add = add
        self.dice = dice
        self.until = until
        self.menus: dict[str, str] = {}
        self.tried: dict[str, int] = {}
        self.smart_since: dict[str, date] = {}

    def write(self, contract: Contract) -> None:
        """Write everything but the name."""
        self._place(contract)
        self._terms(contract)
        if contract.point.use.code != "lamp":
            self._meters(contract)
        self._equipment(contract)
        if contract.point.use.generates:
            self._generation(contract)

    def _place(self, contract: Contract) -> None:
        """The old system writes full-width without the prefecture; retailers write as they like."""
        legacy = BY_CODE[contract.holder].affiliate and contract.start < date(2020, 4, 1)
        style = "legacy" if legacy else self.dice.pick((contract.premise.style, "plain", "wide", "formal"))
        address = contract.premise.address
        row = {
            "voltage_class": contract.point.use.voltage,
            "postal_code": address.town.postal_code,
            "address": address.written(style),
            "building": address.written_building(style),
        }
        kind = "places_legacy" if BY_CODE[contract.holder].affiliate else "places"
        self._add(kind, contract, row, contract.start, contract.end)

    def _terms(self, contract: Contract) -> None:
        """Terms for the whole contract, or a change of capacity somewhere within it."""
        point = contract.point
        capacity = point.capacity_kw
        end = contract.end or self.until
        if (
            point.use.menus.things[0] != "100"
            and (end - contract.start).days > 200
            and self.dice.chance(0.06)
        ):
            day = self.dice.day(contract.start + timedelta(days=90), end - timedelta(days=40))
            self._add("terms", contract, self._term(point, capacity * 0.75), contract.start, day)
            self._add("terms", contract, self._term(point, capacity), day, contract.end)
        else:
            self._add("terms", contract, self._term(point, capacity), contract.start, contract.end)

    def _term(self, point: SupplyPoint, capacity: float) -> dict[str, Cell]:
        use = point.use
        menu = self.menus.get(point.number) or self._choose_menu(point)
        kw = _kw(capacity)
        row: dict[str, Cell] = {
            "menu_code": menu,
            "power_factor": self._power_factor(point),
            "supply_voltage": use.volts,
            "supply_method": use.method,
            "decision_method": use.decision,
            "reading_schedule": f"{point.schedule:02d}",
        }
        if use.decision == "SB契約":
            row["contract_ampere"] = min(AMPERES, key=lambda ampere: abs(ampere / 10 - capacity))
        elif use.decision == "負荷設備契約":
            row["equipment_kw"] = kw
        else:
            row["contract_kw"] = kw
        if use.voltage != "LV":
            row["equipment_kw"] = _kw(capacity * 1.6)
        return row

    def _choose_menu(self, point: SupplyPoint) -> str:
        """The first points of a use try its menus one after the other, so that every menu occurs."""
        use = point.use
        tried = self.tried[use.code] = self.tried.get(use.code, -1) + 1
        menu = use.menus.things[tried] if tried < len(use.menus.things) else self.dice.draw(use.menus)
        self.menus[point.number] = menu
        return menu

    def _power_factor(self, point: SupplyPoint) -> int | None:
        if point.use.voltage != "LV":
            return 94 + int(point.size * 7) if point.size < 0.9 else 100
        return 90 if point.use.number_class in ("2", "5") else None

    def _meters(self, contract: Contract) -> None:
        """Smart meters came between 2016 and 2023; high voltage had load-survey meters before."""
        point = contract.point
        since = self.smart_since.setdefault(point.number, self.dice.day(SMART_FROM, SMART_TO))
        if point.use.voltage != "LV" or contract.start >= since:
            self._meter(contract, "B", True, contract.start, contract.end)
        elif contract.end is not None and contract.end <= since:
            self._meter(contract, "A", False, contract.start, contract.end)
        else:
            self._meter(contract, "A", False, contract.start, since)
            self._meter(contract, "B", True, since, contract.end)

    def _meter(self, contract: Contract, generation: str, smart: bool, start: date, end: date | None) -> None:
        point = contract.point
        ratio = {"LV": 1, "HV": 1200, "EHV": 84000}[point.use.voltage]
        row: dict[str, Cell] = {
            "meter_no": f"{generation}{point.number[13:20]}",
            "meter_class": {"LV": "1" if smart else "0", "HV": "2", "EHV": "3"}[point.use.voltage],
            "smart": smart,
            "multiplier": ratio,
        }
        self._add("meters", contract, row, start, end)

    def _equipment(self, contract: Contract) -> None:
        """Night heaters stand at the point that feeds them, generators at the point of the house."""
        use, point = contract.point.use, contract.point
        choose = int(point.size * 1000)
        found: list[tuple[str, str, str]] = []
        if use.code == "night":
            found.append(("night", *HEATERS[choose % 3]))
        if use.code == "allelectric":
            found.append(("night", *HEAT_PUMPS[choose % 2]))
            if choose % 7 == 0:
                found.append(("night", "蓄熱式電気暖房器", "7.0"))
        if point.paired and not use.generates:
            panel = contract.premise.points[1].capacity_kw
            found.append(("generator", f"太陽光発電設備　{panel}kW", str(panel)))
            if choose % 4 == 0:
                found.append(("generator", *EXTRAS[choose % 2]))
        for number, (kind, what, kw) in enumerate(found, start=1):
            row: dict[str, Cell] = {
                "equipment_no": number, "kind": kind, "description": what, "capacity_kw": kw,
            }  # fmt: skip
            start = max(contract.start, contract.premise.solar_day) if kind == "generator" else contract.start
            if start < (contract.end or self.until):
                self._add("equipment", contract, row, start, contract.end)

    def _generation(self, contract: Contract) -> None:
        """FIT while the term lasts (10 years at home, 20 in a field), then what the market pays."""
        point = contract.point
        small = point.capacity_kw < 10
        certified = contract.premise.solar_since
        since = contract.premise.solar_day
        expiry = since.replace(year=since.year + (10 if small else 20))
        end = contract.end
        if expiry <= contract.start or (end is None and expiry < self.until) or (end and expiry < end):
            split = max(contract.start, expiry)
            if split > contract.start:
                self._feed(contract, since, certified, contract.start, split)
            self._feed(contract, None, certified, split, end)
        else:
            self._feed(contract, since, certified, contract.start, end)

    def _feed(
        self, contract: Contract, fit: date | None, certified: int, start: date, end: date | None
    ) -> None:
        point = contract.point
        prices = FIT_SMALL if point.capacity_kw < 10 else FIT_LARGE
        kind = "余剰" if point.use.code == "pv_home" else "全量"
        market = Decimal(7 + point.serial % 4) + Decimal("0.5") * (point.serial % 2)
        row: dict[str, Cell] = {
            "surplus_type": f"FIT{kind}" if fit else f"卒FIT{kind}",
            "fixed_price_from": fit,
            "purchase_price": Decimal(prices[certified]) if fit else market,
            "certified_equipment": _certificate(point, certified),
            "receiving_kw": _kw(point.capacity_kw),
        }
        self._add("generation", contract, row, start, end)

    def _add(
        self, kind: str, contract: Contract, row: Mapping[str, Cell], start: date, end: date | None
    ) -> None:
        head = {"contract_no": contract.contract_no, "point": contract.point.number}
        self.add(kind, {**head, **row, "valid_from": start, "valid_to": end})


def _kw(capacity: float) -> Decimal:
    return Decimal(f"{capacity:.3f}").normalize() if capacity < 1 else Decimal(f"{capacity:.1f}")


def _certificate(point: SupplyPoint, year: int) -> str:
    return f"太陽光　{point.capacity_kw}kW　設備ID Z{point.number[13:20]}Y{year % 100:02d}"
