"""The two tests of `bench timing`: like times are not told apart, different ones are."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

SHIFTS: list[tuple[float, bool]] = [(0.0, False), (0.5, True), (-0.5, True)]


@pytest.mark.parametrize(("shift", "told_apart"), SHIFTS)
def test_a_shift_is_found_and_none_is_not(shift: float, told_apart: bool) -> None:
    from bench.timing import compared

    dice = np.random.default_rng(1)
    found = compared(dice.lognormal(0, 1, 2_000) + shift, dice.lognormal(0, 1, 2_000))
    assert found["told_apart"] is told_apart
    assert (found["longer"] > 0.5) == (shift > 0) or shift == 0


def test_a_difference_of_shape_is_found_by_the_distributions() -> None:
    from bench.timing import compared

    dice = np.random.default_rng(2)
    found = compared(dice.normal(0, 2, 2_000), dice.normal(0, 1, 2_000))
    assert found["mann_whitney_p"] > 0.01
    assert found["kolmogorov_smirnov_p"] < 1e-6


def test_known_values() -> None:
    from bench.timing import kolmogorov_smirnov, mann_whitney

    low, high = np.arange(10.0), np.arange(10.0) + 100
    assert mann_whitney(high, low)[0] == 1.0
    assert mann_whitney(low, high)[1] == pytest.approx(1.57e-4, rel=0.01)  # z = 50 / √(100·21/12) = 3.78
    assert kolmogorov_smirnov(low, high)[0] == 1.0
