"""What half-hourly usage looks like: a function a use, returning watts as (points, days, 48)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sekisho.demo.weather import HOURS, Days, Floats

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Group:
    """Points of one use in one stretch of days. `habit` (points, 8) in 0–1 stays with tenant and place."""

    capacity: Floats  # kW, (points,)
    habit: Floats
    panel: Floats  # kW of PV on the same roof, 0 without
    days: Days
    rng: np.random.Generator

    @property
    def shape(self) -> tuple[int, int, int]:
        """Points, days, half-hours."""
        return len(self.capacity), len(self.days.dates), 48

    def trait(self, number: int, low: float, high: float) -> Floats:
        """One habit between two bounds, as (points, 1, 1)."""
        return np.asarray(low + (high - low) * self.habit[:, number])[:, None, None]

    def noise(self, spread: float) -> Floats:
        """Factors around 1 for each half-hour."""
        return np.asarray(np.exp(self.rng.standard_normal(self.shape) * spread - spread**2 / 2))

    def bursts(self, probability: Floats, watts: float) -> Floats:
        """Appliances that run for part of a half-hour now and then."""
        running = self.rng.random(self.shape) < probability
        return running * watts * self.rng.random(self.shape)


def bump(centre: float | Floats, width: float) -> Floats:
    """A bell over the hours of the day, 1 at `centre`."""
    away = (HOURS - centre + 12) % 24 - 12
    return np.asarray(np.exp(-((away / width) ** 2) / 2))


def between(start: float | Floats, end: float | Floats) -> Floats:
    """1 from one hour to another, across midnight if need be."""
    inside = (start <= HOURS) & (end > HOURS)
    across = (start <= HOURS) | (end > HOURS)
    return np.asarray(np.where(np.less(start, end), inside, across), dtype=np.float64)


def dwelling(group: Group) -> Floats:
    """A home: standby, a morning and an evening peak, cooling and heating while somebody is in, days away."""
    watts = _household(group, scale=1.0)
    sun = group.panel[:, None, None] * 1000 * 0.8 * group.days.sun
    return np.asarray(np.clip(watts - sun, 0.02 * watts, None))


def flat(group: Group) -> Floats:
    """A flat: smaller, later, empty on working days."""
    return _household(group, scale=0.55)


def all_electric(group: Group) -> Floats:
    """A home whose water is heated by a heat pump before dawn and whose rooms by electricity alone."""
    cold = np.clip(18 - group.days.temperature, 0, None)
    start = group.trait(6, 1.0, 3.5)
    hours = 2.0 + 0.11 * cold.mean(axis=1)[None, :, None] + group.trait(7, 0.0, 1.0)
    pump = between(start, start + hours) * group.trait(5, 900, 1500)
    return np.asarray(dwelling(group) + pump * group.noise(0.05) + cold * 28)


def night_heater(group: Group) -> Floats:
    """A tank heater behind a time switch: full power from about 23 h until hot, nothing by day."""
    cold = np.clip(24 - group.days.temperature.mean(axis=1), 0, None)[None, :, None]
    hours = group.trait(0, 2.2, 4.0) + 0.12 * cold
    start = group.trait(1, 23.0, 25.5)
    heating = between(np.mod(start, 24), np.mod(start + hours, 24))
    return np.asarray(heating * group.capacity[:, None, None] * 1000 * group.noise(0.015))


def shop(group: Group) -> Floats:
    """Light, cold shelves and air conditioning while open; one day a week closed; some open all night."""
    always = group.trait(0, 0, 1) > 0.82
    hours = np.where(always, 1.0, between(group.trait(1, 8, 11), group.trait(2, 18, 23)))
    closed_on = (group.trait(3, 0, 7).astype(int) == _weekday(group)) & ~always
    climate = 1 + 0.045 * _cooling(group) + 0.030 * _heating(group)
    peak = group.capacity[:, None, None] * 1000 * group.trait(4, 0.25, 0.5)
    return np.asarray(peak * (0.14 + np.where(closed_on, 0.0, hours) * 0.7 * climate) * group.noise(0.10))


def workshop(group: Group) -> Floats:
    """Machines from eight to five on working days, a pause at noon, some Saturdays."""
    return _shift(group, base=0.03, load=0.45, saturdays=0.35)


def factory(group: Group) -> Floats:
    """A factory: one, two or three shifts, a base that never stops."""
    shifts = np.floor(group.trait(5, 0, 3))
    hours = np.where(shifts == 0, between(8, 17), np.where(shifts == 1, between(7, 22.5), 1.0))
    working = group.days.working[None, :, None] | (shifts == 2)
    peak = group.capacity[:, None, None] * 1000 * group.trait(4, 0.55, 0.85)
    running = np.where(working, hours * (1 - 0.25 * bump(12.5, 0.4)), 0.0)
    return np.asarray(peak * (0.16 + 0.8 * running) * group.noise(0.05))


def office(group: Group) -> Floats:
    """An office building: people from eight to seven, air conditioning with the weather."""
    people = between(8, 19) * (0.75 + 0.25 * bump(14, 3))
    climate = 0.55 + 0.035 * _cooling(group) + 0.022 * _heating(group)
    busy = np.where(group.days.working[None, :, None], people * climate, 0.05 * people)
    peak = group.capacity[:, None, None] * 1000 * group.trait(4, 0.6, 0.9)
    return np.asarray(peak * (0.12 + 0.8 * busy) * group.noise(0.06))


def school(group: Group) -> Floats:
    """An office with early hours and an August at rest."""
    holiday = np.where(group.days.month == 8, 0.35, 1.0)[None, :, None]
    return office(group) * (0.35 + 0.65 * between(7.5, 17)) * holiday


def store(group: Group) -> Floats:
    """A supermarket: refrigeration day and night, customers from nine to ten at night, every day."""
    climate = 1 + 0.022 * _cooling(group)
    peak = group.capacity[:, None, None] * 1000 * group.trait(4, 0.6, 0.85)
    return np.asarray(
        peak * (0.42 + 0.5 * between(8.5, group.trait(1, 20, 23))) * climate * group.noise(0.04)
    )


def hospital(group: Group) -> Floats:
    """A high base, a broad day, weather."""
    peak = group.capacity[:, None, None] * 1000 * group.trait(4, 0.5, 0.7)
    climate = 1 + 0.030 * _cooling(group) + 0.020 * _heating(group)
    return np.asarray(peak * (0.5 + 0.4 * bump(13, 4)) * climate * group.noise(0.03))


def flat_out(group: Group) -> Floats:
    """A data centre: the same at every hour."""
    climate = 1 + 0.008 * _cooling(group)
    return np.asarray(
        group.capacity[:, None, None] * 1000 * group.trait(4, 0.6, 0.85) * climate * group.noise(0.01)
    )


def lamp(group: Group) -> Floats:
    """A street lamp: its rated power from dusk to dawn, longer in winter."""
    return np.asarray(group.capacity[:, None, None] * 1000 * group.days.dark)


def signal(group: Group) -> Floats:
    """A traffic signal: nearly constant, a little less while it only flashes."""
    return np.asarray(group.capacity[:, None, None] * 700 * (1 - 0.25 * between(0, 5)) * group.noise(0.02))


def vending(group: Group) -> Floats:
    """A vending machine: compressor cycles, light at night, a rest at the afternoon peak."""
    cycle = 0.55 + 0.3 * (group.rng.random(group.shape) < 0.5)
    rest = 1 - 0.7 * between(13, 16)
    return np.asarray(group.capacity[:, None, None] * 380 * (cycle * rest + 0.12 * group.days.dark))


def common(group: Group) -> Floats:
    """Corridor lights of an apartment house: the night, and a little for the door and the aerial."""
    return np.asarray(
        group.capacity[:, None, None] * 1000 * (0.02 + 0.18 * group.days.dark) * group.noise(0.02)
    )


def lift(group: Group) -> Floats:
    """A lift: rides in the morning and evening."""
    rides = 0.15 + 0.6 * bump(8, 1.2) + 0.7 * bump(19, 2.5)
    return np.asarray(
        group.capacity[:, None, None] * 30 + group.bursts(rides, 900.0) * group.trait(0, 0.5, 1.5)
    )


def warehouse(group: Group) -> Floats:
    """Almost nothing, and now and then an afternoon with the lights on."""
    visits = group.rng.random((group.shape[0], group.shape[1], 1)) < group.trait(1, 0.03, 0.3)
    return np.asarray(group.trait(0, 3, 25) + visits * between(13, 16) * group.trait(2, 100, 800))


def pump(group: Group) -> Floats:
    """An irrigation pump: May to September on days without rain, otherwise off."""
    season = ((group.days.month >= 5) & (group.days.month <= 9))[None, :, None]
    runs = group.rng.random((group.shape[0], group.shape[1], 1)) < 0.55
    hours = between(group.trait(0, 5, 7), group.trait(1, 9, 16))
    return np.asarray(group.capacity[:, None, None] * 850 * season * runs * hours * group.noise(0.02))


def works(group: Group) -> Floats:
    """A building site."""
    return _shift(group, base=0.02, load=0.3, saturdays=0.8)


def surplus(group: Group) -> Floats:
    """What a roof feeds in when the house has taken its share."""
    produced = group.capacity[:, None, None] * 1000 * 0.8 * group.days.sun * group.noise(0.06)
    return np.asarray(np.clip(produced - group.trait(0, 200, 700) * group.noise(0.4), 0, None))


def solar(group: Group) -> Floats:
    """What a field of panels feeds in."""
    panels = group.trait(0, 1.0, 1.3) * group.capacity[:, None, None] * 1000 * 0.85
    fed = panels * group.days.sun * group.noise(0.05)
    return np.asarray(np.minimum(fed, group.capacity[:, None, None] * 1000))


def _household(group: Group, *, scale: float) -> Floats:
    home = np.where(group.days.working[None, :, None], group.trait(3, 0.0, 1.0), 0.9)
    present = np.clip(home + bump(7.3, 1.4) + bump(20.5, 3.0) + between(22, 7), 0, 1)
    people = group.trait(1, 0.7, 2.2) * scale
    peaks = 240 * bump(group.trait(4, 6.3, 8.2), 0.8) + 420 * bump(group.trait(2, 18.5, 21.5), 1.9)
    weather = _heating(group) * group.trait(6, 8, 40) + _cooling(group) * group.trait(7, 20, 60)
    quiet = 1 - 0.6 * between(0.5, 6)
    active = people * (peaks + 130 * home) + weather * present * quiet * (0.5 + 0.5 * scale)
    cooking = group.bursts(0.5 * bump(19, 1.0) + 0.25 * bump(7, 0.8), 1300 * scale)
    away = _away(group)
    standby = group.trait(0, 45, 190) * (0.5 + 0.5 * scale)
    return np.asarray((standby + np.where(away, 0.0, active + cooking * people)) * group.noise(0.16))


def _away(group: Group) -> Bools:
    """Days on which nobody is in; for one dwelling in forty almost all of them."""
    holiday_home = group.habit[:, 5] > 0.975
    share = np.where(holiday_home, 0.92, 0.025)[:, None, None]
    return np.asarray(group.rng.random((group.shape[0], group.shape[1], 1)) < share)


def _shift(group: Group, *, base: float, load: float, saturdays: float) -> Floats:
    hours = between(8, 17) * (1 - 0.7 * between(12, 13))
    sixth = group.days.saturday[None, :, None] & (group.trait(2, 0, 1) < saturdays)
    working = group.days.working[None, :, None] | sixth
    peak = group.capacity[:, None, None] * 1000
    return np.asarray(peak * (base + load * np.where(working, hours, 0.0)) * group.noise(0.15))


def _heating(group: Group) -> Floats:
    return np.clip(17 - group.days.temperature, 0, None)[None]


def _cooling(group: Group) -> Floats:
    return np.clip(group.days.temperature - 25, 0, None)[None]


def _weekday(group: Group) -> NDArray[np.int64]:
    return np.array([day.weekday() for day in group.days.dates])[None, :, None]


SHAPES: Final[dict[str, Callable[[Group], Floats]]] = {
    "home": dwelling,
    "second": dwelling,
    "allelectric": all_electric,
    "night": night_heater,
    "flat": flat,
    "common": common,
    "lift": lift,
    "shop": shop,
    "shop_power": workshop,
    "warehouse": warehouse,
    "workshop": workshop,
    "pump": pump,
    "lamp": lamp,
    "signal": signal,
    "vending": vending,
    "works_light": works,
    "works_power": works,
    "hv_office": office,
    "hv_store": store,
    "hv_factory": factory,
    "hv_school": school,
    "hv_hospital": hospital,
    "ehv_factory": factory,
    "ehv_centre": flat_out,
    "pv_home": surplus,
    "pv_field": solar,
    "pv_plant": solar,
}
