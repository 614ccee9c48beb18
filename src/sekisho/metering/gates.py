"""The half-hourly usage's gates."""

from dataclasses import dataclass
from datetime import date, datetime

from sekisho.barrier.gate import Gate, Param, Sort, shown


@dataclass(frozen=True, slots=True)
class UsageDay:
    """One point's day: 48 half-hours in Wh, None where nothing was received; bit i-1 of `estimated` marks slot i."""

    point: str = shown("u.point")
    day: date = shown("u.day")
    wh: list[int | None] = shown("u.wh")
    estimated: int = shown("u.estimated")
    revision: int = shown("u.revision::bigint")
    recorded_at: datetime = shown("u.recorded_at")


def _usage(audience: str, purposes: tuple[str, ...]) -> Gate[UsageDay]:
    return Gate(
        name="usage_days", ja="30分電力量", en="half-hourly usage", audience=audience, purposes=purposes, row=UsageDay,
        params=(Param("point", "text"), Param("first", "date"), Param("until", "date")), source="{seen}.usage_day u",
        where="u.point = p_point and u.day >= p_first and u.day < p_until", order="u.day", point="u.point", holder="u.holder",
        shown_from="u.day", shown_to="u.day + 1", max_rows=800,
    )  # fmt: skip


USAGE = _usage("retailer", ("contract",))
OPERATOR_USAGE = _usage("operator", ("wheeling", "reading"))


@dataclass(frozen=True, slots=True)
class PortfolioDay:
    """A retailer's whole portfolio on one day."""

    day: date = shown("u.day")
    points: int = shown("count(*)")
    wh: int = shown("sum(u.total_wh)::bigint")
    missing: int = shown("sum(u.missing)::bigint")


PORTFOLIO_USAGE = Gate(
    name="portfolio_usage", ja="契約全体の電力量", en="usage of the portfolio", audience="retailer", purposes=("contract",), row=PortfolioDay,
    params=(Param("first", "date"), Param("until", "date")), source="{seen}.usage_day u",
    where="u.day >= p_first and u.day < p_until", group="u.day", order="u.day",
    shown_from="u.day", shown_to="u.day + 1", max_rows=800,
)  # fmt: skip

# Every point's half-hours, a page at a time: what a file of the whole portfolio is written from.
PORTFOLIO_HALF_HOURS = Gate(
    name="portfolio_half_hours", ja="契約全体の30分電力量", en="half-hours of the portfolio", audience="retailer", purposes=("contract",), row=UsageDay,
    params=(Param("first", "date"), Param("until", "date")), source="{seen}.usage_day u",
    where="u.day >= p_first and u.day < p_until", point="u.point", holder="u.holder", shown_from="u.day", shown_to="u.day + 1",
    sorts={"day": Sort(("u.day", "u.point"), ("date", "text"))},
)  # fmt: skip

GATES = (USAGE, OPERATOR_USAGE, PORTFOLIO_USAGE, PORTFOLIO_HALF_HOURS)
