"""Charts as SVG made by the server: no script, no inline style, sharp in print. The table beside them is the accessible form.

Energy is in Wh, slots are 1 to 48. Missing is hatched, never zero; estimates are marked with a ring. The scale of the heatmap is
single-hued and even in lightness, so that it reads the same with any colour vision and in grey.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from sekisho.kernel.values import SLOTS_PER_DAY
from sekisho.surfaces.kit.speech import TOKYO, Text, day_text, month_text, say

SHADES = ("#f1f5fb", "#d3e0f5", "#a9c3ec", "#7aa1de", "#4d7ccb", "#2755ad", "#0d2f80", "#04113f")
_LEFT, _TOP, _BOTTOM = 56, 12, 28
_NARROW, _WIDE, _HIGH = 3, 16, 5  # of a cell of the heatmap: a year's column, a month's, a row
_HATCH = (
    '<defs><pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#fff"/><rect width="2" height="6" fill="#8a8a8a"/></pattern></defs>'
)


@dataclass(frozen=True, slots=True)
class DayOfSlots:
    """48 half-hours in Wh; bit slot-1 of `estimated` marks an estimate."""

    day: date
    wh: Sequence[int | None]
    estimated: int = 0


def curve(day: DayOfSlots) -> SafeString:
    """The 30-minute curve of one day, as steps."""
    width, height, top = 48 * 15, 200, _nice(max((wh for wh in day.wh if wh is not None), default=0))
    parts = [_HATCH.format(name="gap-curve"), *_grid(width, height, top, unit=1000)]
    for slot, wh in enumerate(day.wh):
        if wh is None:
            parts.append(_rect(_LEFT + slot * 15, _TOP, 15, height, "url(#gap-curve)"))
    parts += [_steps(run, height, top) for run in _runs(day.wh)]
    for slot, wh in enumerate(day.wh):
        if wh is not None and day.estimated >> slot & 1:
            y = _TOP + height * (1 - wh / top)
            parts.append(
                f'<circle cx="{_LEFT + slot * 15 + 7.5:g}" cy="{y:.1f}" r="4" fill="#fff" stroke="#8b5b00" stroke-width="2"/>'
            )
    parts += [_label(_LEFT + hour * 30, _TOP + height + 18, f"{hour}", "middle") for hour in range(0, 25, 3)]
    label = Text(f"{day.day:%Y-%m-%d} の30分電力量の曲線", f"Half-hourly curve of {day.day}")
    return _svg(_LEFT + width + 16, _TOP + height + _BOTTOM, label, parts)


AROUND = 15
"""Days on each side of the chosen one that the curve can be widened to."""


def plot(days: Mapping[date, DayOfSlots], chosen: date, *, first: date, last: date) -> dict[str, Any]:
    """What the interactive curve is drawn from: the chosen day and up to `AROUND` days on each side, within `first` to `last`, the days asked for.

    `start`: epoch seconds of the first half-hour; `wh`: a value or None for each half-hour; `estimated`: their places; `day`: the chosen day's place.
    """
    begin = max(min(chosen, last) - timedelta(days=AROUND), min(first, chosen))
    end = min(chosen + timedelta(days=AROUND), max(last, chosen))
    shown = [begin + timedelta(days=offset) for offset in range((end - begin).days + 1)]
    slots = [days[day].wh if day in days else (None,) * SLOTS_PER_DAY for day in shown]
    return {
        "start": int(datetime.combine(begin, time(), TOKYO).timestamp()),
        "day": (chosen - begin).days,
        "wh": [wh for day in slots for wh in day],
        "estimated": [
            number * SLOTS_PER_DAY + slot
            for number, day in enumerate(shown)
            for slot in range(SLOTS_PER_DAY)
            if day in days and days[day].estimated >> slot & 1
        ],
        "words": {name: str(text) for name, text in _PLOT_WORDS.items()},
    }


_PLOT_WORDS = {
    "measured": Text("確定", "measured"),
    "estimate": Text("見込", "estimate"),
    "missing": Text("未受領", "not received"),
    "hint": Text(
        "曲線に重ねると値を示します。横になぞると拡大します。",
        "Point at the curve for its values; drag across it to zoom.",
    ),
}


def heatmap(days: Mapping[date, DayOfSlots], *, first: date, last: date) -> SafeString:
    """A period at one glance: a column for each day, a row for each half-hour, darker is more. A month's columns are wider than a year's."""
    dates = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    wide = max(_NARROW, min(_WIDE, 1100 // len(dates)))
    limits = shade_limits([wh for day in days.values() for wh in day.wh if wh is not None])
    cells: dict[int, list[str]] = {}
    for column, day in enumerate(dates):
        for shade, row, length in _shaded(days.get(day), limits):
            cells.setdefault(shade, []).append(
                f"M{column * wide} {row * _HIGH}h{wide}v{length * _HIGH}h-{wide}z"
            )
    parts = [_HATCH.format(name="gap-map"), f'<g transform="translate({_LEFT} {_TOP})">']
    for shade, path in sorted(cells.items()):
        fill = "url(#gap-map)" if shade < 0 else SHADES[shade]
        parts.append(f'<path fill="{fill}" d="{"".join(path)}"/>')
    parts.append("</g>")
    parts += [_label(_LEFT - 6, _TOP + hour * 2 * _HIGH + 4, f"{hour}:00", "end") for hour in range(0, 25, 6)]
    ticks = [
        (column, day)
        for column, day in enumerate(dates)
        if (day.day == 1 if wide == _NARROW else not column % 5)
    ]
    parts += [
        _label(_LEFT + column * wide, _TOP + 48 * _HIGH + 18, _tick(day, months=wide == _NARROW), "start")
        for column, day in ticks
    ]
    label = Text(
        f"{first} から {last} までの30分電力量の濃淡図",
        f"Heatmap of half-hourly usage from {first} to {last}",
    )
    return _svg(_LEFT + len(dates) * wide + 32, _TOP + 48 * _HIGH + _BOTTOM, label, parts)


def _tick(day: date, *, months: bool) -> str:
    if months:
        return month_text(day) if day.month in (1, 7) else f"{day.month}"
    return f"{day.month}/{day.day}"


def heatmap_legend(days: Mapping[date, DayOfSlots]) -> list[tuple[SafeString, str]]:
    """The shades with the Wh that each begins at, and the hatching."""
    limits = [0, *shade_limits([wh for day in days.values() for wh in day.wh if wh is not None])]
    shades = [
        (_swatch(SHADES[number]), say(f"{limit:,} Wh 以上", f"from {limit:,} Wh"))
        for number, limit in enumerate(limits)
    ]
    return [*shades, (gap_swatch(), say("未受領", "not received"))]


def bars(values: Sequence[tuple[date, int | None]], *, label: Text) -> SafeString:
    """One bar a day, in kWh."""
    width, height = 32, 140
    top = _nice(max((wh for _, wh in values if wh is not None), default=0))
    parts = [_HATCH.format(name="gap-bars"), *_grid(width * len(values), height, top, unit=1000)]
    for number, (day, wh) in enumerate(values):
        x = _LEFT + number * width
        share = height if wh is None else height * wh / top
        fill = "url(#gap-bars)" if wh is None else "#2755ad"
        parts.append(
            f"{_rect(x + 4, _TOP + height - share, width - 8, share, fill)[:-2]}><title>{day_text(day)}</title></rect>"
        )
        parts.append(
            _label(
                x + width / 2,
                _TOP + height + 18,
                f"{day.month}/{day.day}" if day.day == 1 or not number else f"{day.day}",
                "middle",
            )
        )
    return _svg(_LEFT + width * len(values) + 8, _TOP + height + _BOTTOM, label, parts)


def shade_limits(values: Sequence[int]) -> list[int]:
    """The lower limits of the shades after the first: octiles of what is above zero, so that an outlier spoils nothing."""
    above = sorted(value for value in values if value > 0)
    found = {above[len(above) * part // len(SHADES)] for part in range(1, len(SHADES))} if above else set()
    return sorted(found)


def gap_swatch() -> SafeString:
    """The legend's sign for what was not received."""
    return mark_safe(
        '<svg width="14" height="14" aria-hidden="true"><rect width="14" height="14" fill="#fff" stroke="#666"/>'
        '<path d="M0 14 14 0M-4 8 8-4M6 18 18 6" stroke="#8a8a8a" stroke-width="2"/></svg>'
    )


def estimate_swatch() -> SafeString:
    """The legend's sign for an estimate."""
    return mark_safe(
        '<svg width="14" height="14" aria-hidden="true"><circle cx="7" cy="7" r="4" fill="#fff" stroke="#8b5b00" stroke-width="2"/></svg>'
    )


def _shaded(day: DayOfSlots | None, limits: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Runs of one shade: (shade or -1, first row, length)."""
    slots: Sequence[int | None] = day.wh if day is not None else [None] * SLOTS_PER_DAY
    shades = [-1 if wh is None else sum(wh >= limit for limit in limits) for wh in slots]
    row = 0
    for shade, run in groupby(shades):
        length = len(list(run))
        yield shade, row, length
        row += length


def _runs(values: Sequence[int | None]) -> Iterator[list[tuple[int, int]]]:
    for known, run in groupby(enumerate(values), key=lambda pair: pair[1] is not None):
        if known:
            yield [(slot, wh) for slot, wh in run if wh is not None]


def _steps(run: list[tuple[int, int]], height: int, top: int) -> str:
    points = "".join(
        f"{_LEFT + slot * 15},{_TOP + height * (1 - wh / top):.1f} {_LEFT + slot * 15 + 15},{_TOP + height * (1 - wh / top):.1f} "
        for slot, wh in run
    )
    return f'<polyline fill="none" stroke="#2755ad" stroke-width="2" points="{points}"/>'


def _grid(width: int, height: int, top: int, unit: int = 1) -> Iterator[str]:
    for part in range(5):
        y = _TOP + height * part / 4
        yield f'<path d="M{_LEFT} {y:g}h{width}" stroke="#d9d9d9"/>'
        value = top * (4 - part) / 4 / unit
        yield _label(
            _LEFT - 6,
            y + 4,
            f"{value:,.3f}".rstrip("0").rstrip("."),
            "end",
        )


def _nice(value: int) -> int:
    """The next round number above `value` that divides by four."""
    scale = 1
    while True:
        for step in (4, 8, 12, 20, 40):
            if value <= step * scale:
                return step * scale
        scale *= 10


def _rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:g}" y="{y:.1f}" width="{width:g}" height="{height:.1f}" fill="{fill}"/>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>'


def _swatch(fill: str) -> SafeString:
    return format_html(
        '<svg width="14" height="14" aria-hidden="true"><rect width="14" height="14" fill="{}" stroke="#666"/></svg>',
        fill,
    )


def _svg(width: float, height: float, label: Text, parts: Sequence[str]) -> SafeString:
    # Everything in it is a number, a date or a constant of this module.
    return mark_safe(  # noqa: S308
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )
