"""Ten invented retailers, one an affiliate of the utility, with the years in which they were chosen."""

from dataclasses import dataclass
from datetime import date

from sekisho.demo.dice import Urn
from sekisho.demo.lists import table

LIBERALISED = date(2016, 4, 1)
UTILITY = "葦原送配電株式会社"
UTILITY_CODE = "TD"


@dataclass(frozen=True, slots=True)
class Retailer:
    """One retailer. `pull` weighs it for customers who look around, times `industry_pull` for businesses."""

    code: str
    registration_no: str
    name: str
    name_kana: str
    affiliate: bool
    entered: date
    left: date | None
    pull: float
    industry_pull: float
    tidy: float  # share of its records that carry a kanji name and a reading

    def serves(self, day: date) -> bool:
        """Tell whether it takes customers on this day."""
        return self.entered <= day and (self.left is None or day < self.left)


def _read() -> tuple[Retailer, ...]:
    """Read the table `data/retailers.csv`."""
    return tuple(_retailer(row) for row in table("retailers.csv"))


def _retailer(row: dict[str, str]) -> Retailer:
    return Retailer(
        code=row["code"],
        registration_no=row["registration_no"],
        name=row["name"],
        name_kana=row["name_kana"],
        affiliate=row["affiliate"] == "1",
        entered=date.fromisoformat(row["entered"]),
        left=date.fromisoformat(row["left"]) if row["left"] else None,
        pull=float(row["pull"]),
        industry_pull=float(row["industry_pull"]),
        tidy=float(row["tidy"]),
    )


RETAILERS = _read()
AFFILIATE = RETAILERS[0]
BY_CODE = {retailer.code: retailer for retailer in RETAILERS}


def choices(day: date, *, industry: bool, leaving: str = "") -> Urn[str]:
    """Return the retailers that a customer may choose on this day, other than the one it leaves."""
    return Urn(
        [
            (retailer.code, retailer.pull * (retailer.industry_pull if industry else 1.0))
            for retailer in RETAILERS
            if retailer.serves(day) and retailer.code != leaving
        ]
    )


def newcomer_choices(day: date, *, industry: bool) -> Urn[str]:
    """Return the retailers that somebody who moves in takes: the affiliate loses ground from year to year."""
    years = (day - LIBERALISED).days / 365.25
    stay = max(0.55, 0.97 - 0.045 * years)
    others = choices(day, industry=industry, leaving=AFFILIATE.code)
    total = others.bounds[-1]
    weights = [b - a for a, b in zip([0.0, *others.bounds], others.bounds, strict=False)]
    return Urn(
        [
            (AFFILIATE.code, stay),
            *((code, (1 - stay) * w / total) for code, w in zip(others.things, weights, strict=True)),
        ]
    )
