"""Writes the usage of the sampled points: CSV by month, for some points one month as the market's XML."""

from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sekisho.demo.clerk import Contract
from sekisho.demo.retailers import LIBERALISED, RETAILERS, UTILITY
from sekisho.demo.usage import Month, UsageDay, months, usage_of_month
from sekisho.metering.files import write_usage_csv
from sekisho.metering.occto import Envelope, write_month
from sekisho.registry.files import Encoding

MARKET_POINTS = 400
"""So many first points have the market's files; reading XML takes ten times as long as CSV."""
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
        encoding: Encoding = "utf-8-sig" if number % 3 == 2 else "utf-8"
        if month == market and order.part == 0:
            files += _divided(order, month, contracts, days, encoding)
        else:
            files.append(_csv_file(order, month, days, encoding))
    tell(len(wanted), len(wanted))
    return files


def _last_whole(wanted: Sequence[Month]) -> Month | None:
    whole = [month for month in wanted if month.first.day == 1 and (month.last + timedelta(days=1)).day == 1]
    return whole[-1] if whole else None


def _csv_file(order: UsageOrder, month: Month, days: Iterator[UsageDay], encoding: Encoding) -> UsageFile:
    path = order.directory / f"usage-{month.name}{order.suffix}.csv"
    return UsageFile(path, encoding, write_usage_csv(days, path, encoding))


def _divided(
    order: UsageOrder,
    month: Month,
    contracts: Sequence[Contract],
    days: Iterator[UsageDay],
    encoding: Encoding,
) -> Iterator[UsageFile]:
    """The month in both forms: the first points for the market, all others as CSV."""
    held: dict[str, list[Contract]] = {}
    for contract in contracts:
        if contract.point.serial <= MARKET_POINTS:
            held.setdefault(contract.point.number, []).append(contract)
    kept: list[UsageDay] = []
    others = _siphon(days, held.keys(), kept)
    if len(held) < len({contract.point.number for contract in contracts}):
        yield _csv_file(order, month, others, encoding)
    else:
        deque(others, maxlen=0)
    yield from _market_files(order, month, held, kept)


def _siphon(days: Iterator[UsageDay], points: Container[str], kept: list[UsageDay]) -> Iterator[UsageDay]:
    """Pass on the days of other points and keep those of these."""
    for row in days:
        if row[0] in points:
            kept.append(row)
        else:
            yield row


def _market_files(
    order: UsageOrder, month: Month, held: Mapping[str, Sequence[Contract]], days: Sequence[UsageDay]
) -> Iterator[UsageFile]:
    """One file a retailer and voltage, with the days on which it held the point; estimates go unmarked."""
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
                path = write_month(order.directory, envelope, month.first, rows, section=number)
                yield UsageFile(path, "xml", len(rows))
