"""Writes the usage of the sampled points: CSV by month, the last whole month as the market's XML in zips."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sekisho.demo.clerk import Contract
from sekisho.demo.retailers import LIBERALISED, RETAILERS, UTILITY
from sekisho.demo.usage import Month, UsageDay, months, usage_of_month
from sekisho.metering.files import write_usage_csv
from sekisho.metering.occto import Envelope, write_month
from sekisho.registry.files import Encoding

SENDER = "90996"
"""The utility's invented sender code."""


@dataclass(frozen=True, slots=True)
class UsageFile:
    """One file that was written; `encoding` is xml for the market's."""

    path: Path
    encoding: str
    rows: int


@dataclass(frozen=True, slots=True)
class UsageOrder:
    """What is wanted: the last `days` days up to `until`, of these contracts, under these names."""

    directory: Path
    suffix: str
    part: int
    seed: int
    until: date
    days: int


def write_usage(
    order: UsageOrder, contracts: Sequence[Contract], tell: Callable[[int, int], None]
) -> list[UsageFile]:
    """Write all months and return the files in order of time."""
    if not contracts or not order.days:
        return []
    first = max(order.until - timedelta(days=order.days - 1), LIBERALISED)
    wanted = months(first=first, last=order.until)
    market = _last_whole(wanted)
    files: list[UsageFile] = []
    for number, month in enumerate(wanted):
        tell(number, len(wanted))
        days = usage_of_month(seed=order.seed, contracts=contracts, month=month)
        if month == market:
            files += _market_files(order, month, contracts, days)
        else:
            files.append(_csv_file(order, month, days, "utf-8-sig" if number % 3 == 2 else "utf-8"))
    tell(len(wanted), len(wanted))
    return files


def _last_whole(wanted: Sequence[Month]) -> Month | None:
    whole = [month for month in wanted if month.first.day == 1 and (month.last + timedelta(days=1)).day == 1]
    return whole[-1] if whole else None


def _csv_file(order: UsageOrder, month: Month, days: Iterator[UsageDay], encoding: Encoding) -> UsageFile:
    path = order.directory / f"usage-{month.name}{order.suffix}.csv"
    return UsageFile(path, encoding, write_usage_csv(days, path, encoding))


def _market_files(
    order: UsageOrder, month: Month, contracts: Sequence[Contract], days: Iterator[UsageDay]
) -> Iterator[UsageFile]:
    """One file a retailer and voltage, with the days on which it held the point; estimates go unmarked."""
    held: dict[str, list[Contract]] = {}
    for contract in contracts:
        held.setdefault(contract.point.number, []).append(contract)
    sorted_out: dict[tuple[str, bool], list[UsageDay]] = {}
    for row in days:
        if all(wh is None for wh in row[2]):
            continue  # a day without any value does not appear in the market's file
        contract = next(contract for contract in held[row[0]] if contract.covers(row[1]))
        sorted_out.setdefault((contract.holder, contract.point.use.voltage == "LV"), []).append(row)
    for number, retailer in enumerate(RETAILERS, start=1):
        for low_voltage in (True, False):
            rows = sorted_out.pop((retailer.code, low_voltage), [])
            if rows:
                envelope = Envelope(SENDER, UTILITY, retailer.code, retailer.name, low_voltage)
                section = order.part * 100 + number
                path = write_month(order.directory, envelope, month.first, rows, section=section)
                yield UsageFile(path, "xml", len(rows))
