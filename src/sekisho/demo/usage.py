"""Half-hourly usage of the sampled points, month by month: shapes, meter steps, gaps, estimates."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sekisho.demo.clerk import Contract
from sekisho.demo.dice import stream
from sekisho.demo.shapes import SHAPES, Group
from sekisho.demo.weather import Days, Floats, weather

Integers = NDArray[np.int64]
UsageDay = tuple[str, date, Sequence[int | None], int]
# The smallest step of a meter in Wh.
STEPS = {"LV": 10, "HV": 100, "EHV": 1000}
ALL_SLOTS = (1 << 48) - 1
GAPS, WHOLE_DAYS, ESTIMATED = 0.010, 0.0015, 0.4
"""Shares of days with a run of missing half-hours, of whole days missing, of gaps filled by estimates."""


@dataclass(frozen=True, slots=True)
class Month:
    """The days of one calendar month that are wanted."""

    first: date
    last: date

    @property
    def name(self) -> str:
        """YYYYMM."""
        return f"{self.first:%Y%m}"


def months(*, first: date, last: date) -> list[Month]:
    """Return the calendar months between two days, the first and last cut to them."""
    found: list[Month] = []
    day = first
    while day <= last:
        end = (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        found.append(Month(day, min(end, last)))
        day = end + timedelta(days=1)
    return found


def usage_of_month(*, seed: int, contracts: Sequence[Contract], month: Month) -> Iterator[UsageDay]:
    """Yield point, day, 48 half-hours in Wh (none = missing) and the mask of estimated slots."""
    days = weather(seed=seed, first=month.first, last=month.last)
    by_use: dict[str, list[Contract]] = {}
    for contract in contracts:
        if contract.start <= month.last and (contract.end is None or contract.end > month.first):
            by_use.setdefault(contract.point.use.code, []).append(contract)
    for use, members in sorted(by_use.items()):
        yield from _of_use(seed, use, members, days, int(month.name))


def habit_of(contract: Contract) -> int:
    """Return the number of the habits of tenant and point: they stay when only the retailer changes."""
    return zlib.crc32(f"{contract.entity.truth_id}/{contract.point.number}".encode())


def _of_use(seed: int, use: str, members: list[Contract], days: Days, month: int) -> Iterator[UsageDay]:
    rng = stream(seed=seed, name=f"usage {use}", number=month)
    group = Group(
        capacity=np.array([contract.point.capacity_kw for contract in members]),
        habit=np.stack([stream(seed=seed, name="habit", number=habit_of(c)).random(8) for c in members]),
        panel=np.array([_panel(contract) for contract in members]),
        days=days,
        rng=rng,
    )
    watt_hours = _metered(SHAPES[use](group), STEPS[members[0].point.use.voltage])
    deemed = ALL_SLOTS if use == "lamp" else 0
    missing, estimated = _gaps(watt_hours.shape, rng)
    for index, contract in enumerate(members):
        wanted = [number for number, day in enumerate(days.dates) if contract.covers(day)]
        values = watt_hours[index].tolist()
        holes = missing[index].any(axis=1)
        for number in wanted:
            row = values[number]
            if holes[number] and not deemed:
                row = [None if gone else v for v, gone in zip(row, missing[index, number], strict=True)]
            yield contract.point.number, days.dates[number], row, deemed or int(estimated[index, number])


def _panel(contract: Contract) -> float:
    """PV on the roof takes its share of the house's demand from the day on which it feeds in."""
    points = contract.premise.points
    paired = contract.point.paired and len(points) > 1 and points[1].use.generates
    return points[1].capacity_kw if paired and not contract.point.use.generates else 0.0


def _metered(watts: Floats, step: int) -> Integers:
    """Watts to Wh per half-hour as a register shows them: whole steps, the rest carried on."""
    flat = watts.reshape(len(watts), -1) / 2
    register = np.floor(np.cumsum(flat, axis=1) / step).astype(np.int64) * step
    return np.diff(register, axis=1, prepend=0).reshape(watts.shape)


def _gaps(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[NDArray[np.bool_], Integers]:
    """Which half-hours are missing, and the masks of those that were filled by estimates instead."""
    points, days, slots = shape
    draw = rng.random((points, days))
    start = rng.integers(0, slots, (points, days, 1))
    length = rng.integers(1, 13, (points, days, 1))
    slot = np.arange(slots)
    gone = ((slot >= start) & (slot < start + length) & (draw < GAPS)[..., None]) | (draw > 1 - WHOLE_DAYS)[
        ..., None
    ]
    filled = (rng.random((points, days)) < ESTIMATED)[..., None] & gone
    masks = (filled * (1 << slot.astype(np.int64))).sum(axis=2)
    return gone & ~filled, masks
