"""The weather that usage follows: temperature and sunshine per half-hour, the same for the whole area."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias

import jpholiday
import numpy as np
from numpy.typing import NDArray

from sekisho.demo.dice import stream

Floats: TypeAlias = NDArray[np.float64]
SLOTS = 48
HOURS = (np.arange(SLOTS) + 0.5) / 2
LATITUDE = np.radians(34.7)
EPOCH = date(2016, 4, 1)


@dataclass(frozen=True, slots=True)
class Days:
    """Some days in a row, with their weather. Arrays are (days,) or (days, 48)."""

    dates: list[date]
    working: NDArray[np.bool_]  # neither weekend nor public holiday
    saturday: NDArray[np.bool_]
    month: NDArray[np.int64]
    temperature: Floats  # °C
    sun: Floats  # share of the clear noon sun in June, 0 to 1
    dark: Floats  # 1 between sunset and sunrise, else 0, in between at the edges


def weather(*, seed: int, first: date, last: date) -> Days:
    """Return the days from `first` to `last`, both included. A day's weather does not depend on the range."""
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    holidays = np.array([jpholiday.is_holiday(day) or _new_year(day) for day in dates])
    weekday = np.array([day.weekday() for day in dates])
    elevation = np.stack([_elevation(day) for day in dates])
    clear = np.stack([_clearness(seed, day) for day in dates])
    return Days(
        dates=dates,
        working=(weekday < 5) & ~holidays,
        saturday=weekday == 5,
        month=np.array([day.month for day in dates]),
        temperature=np.stack([_temperature(seed, day) for day in dates]),
        sun=np.clip(elevation, 0, None) * clear,
        dark=np.clip(0.5 - elevation * 8, 0, 1),
    )


def _new_year(day: date) -> bool:
    return (day.month, day.day) in {(12, 30), (12, 31), (1, 2), (1, 3)} or (
        day.month == 8 and 13 <= day.day <= 15
    )


def _temperature(seed: int, day: date) -> Floats:
    """Osaka's year: 6 °C in late January, 29 °C in early August, with warm and cold spells."""
    turn = day.timetuple().tm_yday
    spell = sum(_whim(seed, day - timedelta(days=lag))[0] * 0.7**lag for lag in range(7))
    mean = 17.3 - 11.6 * np.cos(2 * np.pi * (turn - 30) / 365.25) + 2.2 * spell
    return np.asarray(mean + 3.6 * np.sin((HOURS - 9) / 24 * 2 * np.pi))


def _clearness(seed: int, day: date) -> Floats:
    """Share of the sun that clouds let through, with passing clouds."""
    whim = _whim(seed, day)
    rainy = 0.18 if day.month in (6, 7, 9) else 0.0
    overall = float(np.clip(0.75 - rainy + 0.24 * whim[1], 0.08, 1.0))
    return np.asarray(np.clip(overall + 0.12 * np.sin(whim[2] + HOURS * (2 + whim[1])), 0.04, 1.0))


def _whim(seed: int, day: date) -> Floats:
    return stream(seed=seed, name="weather", number=(day - EPOCH).days + 10_000).standard_normal(3)


def _elevation(day: date) -> Floats:
    """Sine of the sun's height at each half-hour, scaled so that the June noon is 1."""
    declination = np.radians(23.44) * np.sin(2 * np.pi * (day.timetuple().tm_yday - 81) / 365.25)
    angle = np.radians((HOURS - 12) * 15)
    height = np.sin(LATITUDE) * np.sin(declination) + np.cos(LATITUDE) * np.cos(declination) * np.cos(angle)
    return np.asarray(height / np.cos(LATITUDE - np.radians(23.44)))
