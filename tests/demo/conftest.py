"""Small areas that several tests look at."""

import csv
from collections.abc import Callable

import pytest
from demofiles import UNTIL, Rows, read

from sekisho.demo import Area, generate


@pytest.fixture(scope="session")
def area(tmp_path_factory: pytest.TempPathFactory) -> Area:
    """An area of 1,200 points without usage."""
    return generate(tmp_path_factory.mktemp("area"), points=1_200, seed=7, until=UNTIL, usage_days=0)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Area:
    """An area of 120 points with 60 days of usage, October as market files."""
    return generate(tmp_path_factory.mktemp("small"), points=120, seed=11, until=UNTIL, usage_days=60)


@pytest.fixture(scope="session")
def rows(area: Area) -> Callable[[str], Rows]:
    """Rows of all files of one kind, under the English column names."""
    return lambda kind: [row for file in area.files if file.kind == kind for row in read(file.path, kind)]


@pytest.fixture(scope="session")
def truth(area: Area) -> Callable[[str], Rows]:
    """Rows of one truth file."""

    def read_truth(name: str) -> Rows:
        with (area.truth / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read_truth
