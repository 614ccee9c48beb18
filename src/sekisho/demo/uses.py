"""What electricity is used for: one row a kind of point, with its menus, voltages and capacities, as data.

The table is `data/uses.csv`. The numeric menu codes are invented: the official values of
接続送電サービスメニューコード are not published.
"""

from dataclasses import dataclass
from typing import Final

from sekisho.demo.dice import Urn
from sekisho.demo.lists import table

MENUS: Final = {
    "100": "電灯定額接続送電サービス",
    "101": "電灯標準接続送電サービス",
    "102": "電灯時間帯別接続送電サービス",
    "103": "電灯従量接続送電サービス",
    "111": "動力標準接続送電サービス",
    "112": "動力時間帯別接続送電サービス",
    "113": "動力従量接続送電サービス",
    "121": "臨時電灯接続送電サービス",
    "122": "臨時電力接続送電サービス",
    "131": "農事用電力接続送電サービス",
    "141": "深夜電力接続送電サービス",
    "201": "高圧標準接続送電サービス",
    "202": "高圧時間帯別接続送電サービス",
    "203": "高圧従量接続送電サービス",
    "301": "特別高圧標準接続送電サービス",
    "302": "特別高圧時間帯別接続送電サービス",
    "303": "特別高圧従量接続送電サービス",
    "900": "発電量調整供給",
}


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of point. Capacities in kW, `stay` in years; `tenant` says who takes the contract."""

    code: str
    ja: str
    voltage: str
    number_class: str
    menus: Urn[str]
    volts: int
    method: str
    decision: str
    capacity: tuple[float, float]
    stay: float
    tenant: str
    generates: bool = False

    @property
    def industry(self) -> bool:
        """Whether the customer looks for a retailer as a business does."""
        return self.voltage != "LV"


def _read() -> dict[str, Use]:
    """Read the table `data/uses.csv`; `menus` are `code:weight` pairs."""
    return {row["code"]: _use(row) for row in table("uses.csv")}


def _use(row: dict[str, str]) -> Use:
    menus = [(entry.split(":")[0], float(entry.split(":")[1])) for entry in row["menus"].split()]
    return Use(
        code=row["code"],
        ja=row["ja"],
        voltage=row["voltage"],
        number_class=row["number_class"],
        menus=Urn(menus),
        volts=int(row["volts"]),
        method=row["method"],
        decision=row["decision"],
        capacity=(float(row["least_kw"]), float(row["most_kw"])),
        stay=float(row["stay_years"]),
        tenant=row["tenant"],
        generates=row["generates"] == "1",
    )


USES: Final = _read()
DEVICES: Final = frozenset({"lamp", "signal", "vending"})
