"""`./sekisho bench timing`: whether the retailer API's time tells a point of another company from a number that does not exist.

One caller asks in turn, in random order, for points of others and for numbers that no point has, over one connection; both answer 404 with
the same bytes. Shown are both medians, how often a foreign point takes longer than an unknown number (0.5 = a coin), and how likely such a
difference is by chance (Mann-Whitney, Kolmogorov-Smirnov). `control` compares unknown numbers with unknown numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import time
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench._http import (
    APPLICATION,
    area,
    environment_of,
    first_day,
    get,
    gunicorn,
    parser_of,
    request,
    token_of,
)
from bench.gate import point_number

Floats = NDArray[np.float64]

LEVEL = 0.01
"""A p below this counts as told apart."""
WARM_UP = 200


def run(argv: list[str]) -> dict[str, Any]:
    """Load, serve, ask, test."""
    parser = parser_of("timing")
    parser.add_argument("--requests", type=int, default=2_000, help="of each kind and operation")
    options = parser.parse_args(argv)
    with (
        area(options) as at,
        gunicorn(APPLICATION, environment_of(at.conninfo, at.home)) as (port, _),
    ):
        token = asyncio.run(token_of(port, at.client))
        figures = {
            name: asyncio.run(_measure(port, token, path, options))
            for name, path in _operations(options.days).items()
        }
    return {"load_average": [round(load, 1) for load in os.getloadavg()], "figures": figures}


def _operations(days: int) -> dict[str, str]:
    first = first_day(days)
    return {
        "point": "/api/v1/points/{}",
        "usage": f"/api/v1/points/{{}}/usage?first={first}&until={first + timedelta(days=days)}",
    }


async def _measure(port: int, token: str, path: str, options: argparse.Namespace) -> dict[str, Any]:
    dice = random.Random(1)
    kinds = ["foreign", "unknown", "other_unknown"]
    asked = [kind for kind in kinds for _ in range(options.requests)]
    dice.shuffle(asked)
    asked = dice.choices(kinds, k=WARM_UP) + asked
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = set()
    for turn, kind in enumerate(asked):
        head = get(path.format(_number(kind, dice, options)), token)
        started = time.perf_counter()
        answers.add(await request(reader, writer, head))
        if turn >= WARM_UP:
            times[kind].append(time.perf_counter() - started)
    writer.close()
    assert len(answers) == 1 and next(iter(answers))[0] == 404, answers
    return _figures({kind: np.array(found) for kind, found in times.items()})


def _number(kind: str, dice: random.Random, options: argparse.Namespace) -> str:
    """A point that another retailer holds, or a number between two of them that no point has: beside the same neighbours in every index."""
    number = dice.randrange(1, options.points + 1)
    while number % options.retailers == 0:
        number = dice.randrange(1, options.points + 1)
    held = point_number(number)
    return held if kind == "foreign" else f"{held[:-1]}{dice.randrange(1, 10)}"


def _figures(times: dict[str, Floats]) -> dict[str, Any]:
    median = {f"{kind}_p50_us": round(float(np.median(found)) * 1e6, 1) for kind, found in times.items()}
    return {
        **median,
        "foreign_against_unknown": compared(times["foreign"], times["unknown"]),
        "control": compared(times["other_unknown"], times["unknown"]),
    }


def compared(one: Floats, other: Floats) -> dict[str, Any]:
    """How often a time of `one` is longer than one of `other`, and the p values that both are of one distribution."""
    longer, rank_p = mann_whitney(one, other)
    distance, distribution_p = kolmogorov_smirnov(one, other)
    return {
        "longer": round(longer, 4),
        "mann_whitney_p": float(f"{rank_p:.3g}"),
        "distance": round(distance, 4),
        "kolmogorov_smirnov_p": float(f"{distribution_p:.3g}"),
        "told_apart": min(rank_p, distribution_p) < LEVEL,
    }


def mann_whitney(one: Floats, other: Floats) -> tuple[float, float]:
    """The share of pairs in which `one` is the greater, and the two-sided p (normal approximation; times hardly tie)."""
    order = np.argsort(np.concatenate([one, other]), kind="stable")
    ranks = np.empty(len(order))
    ranks[order] = np.arange(1, len(order) + 1)
    n, m = len(one), len(other)
    share = (ranks[:n].sum() - n * (n + 1) / 2) / (n * m)
    spread = math.sqrt((n + m + 1) / (12 * n * m))
    return float(share), math.erfc(abs(share - 0.5) / spread / math.sqrt(2))


def kolmogorov_smirnov(one: Floats, other: Floats) -> tuple[float, float]:
    """The greatest distance of the two distribution functions, and its asymptotic p."""
    every = np.sort(np.concatenate([one, other]))
    shares = [np.searchsorted(np.sort(found), every, side="right") / len(found) for found in (one, other)]
    distance = float(np.abs(shares[0] - shares[1]).max())
    root = math.sqrt(len(one) * len(other) / (len(one) + len(other)))
    width = (root + 0.12 + 0.11 / root) * distance
    terms = ((-1) ** (k - 1) * math.exp(-2 * (k * width) ** 2) for k in range(1, 101))
    return distance, min(1.0, max(0.0, 2 * sum(terms))) if width > 0.2 else 1.0
