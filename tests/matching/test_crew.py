"""Whoever does the work, the result is one; and the environment of the workers is theirs only."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from sekisho.matching.crew import Alone, Processes, gathered

THREADS, ALLOCATOR = "POLARS_MAX_THREADS", "_RJEM_MALLOC_CONF"


def rows_of(folder: str, number: int) -> int:
    """A task as those of a matching: writes its own file, says how many rows it has."""
    frame = pl.DataFrame({"row": range(number)}).with_columns(square=pl.col("row") ** 2 + number)
    frame.write_parquet(f"{folder}/{number}.parquet")
    return frame.height


def threads(_: int) -> int:
    """How many threads Polars has here; less than none where the worker's environment is not as it should be."""
    return pl.thread_pool_size() if "background_thread:false" in os.environ.get(ALLOCATOR, "") else -1


def refused(number: int) -> int:
    if number == 2:
        raise ValueError("二番")
    return number


def slowly_written(folder: str, number: int) -> int:
    if number == 0:
        raise ValueError("零番")
    time.sleep(0.05)
    Path(folder, str(number)).touch()
    return number


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """One of the variables is set before, the other is not."""
    monkeypatch.setenv(THREADS, "7")
    monkeypatch.delenv(ALLOCATOR, raising=False)
    return present()


def present() -> dict[str, str]:
    """The environment, but for what the test runner says of itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def test_alone_and_in_processes_the_same_is_made_and_the_environment_restored(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Numbers may finish in any order; each worker has one thread; a task that is refused is heard."""
    made = {}
    for workers, kind in ((1, Alone), (2, Processes)):
        folder = tmp_path_factory.mktemp(kind.__name__)
        with pytest.raises(ValueError, match="二番"), gathered(workers=workers, cluster=None) as hands:
            assert isinstance(hands, kind)
            results = sorted(hands.run(partial(rows_of, str(folder)), [5, 0, 3, 8, 1]))
            made[kind] = results, {path.name: path.read_bytes() for path in folder.iterdir()}
            if kind is Processes:
                assert os.environ[THREADS] == "1"
                assert dict(hands.run(threads, [1, 2, 3])) == {1: 1, 2: 1, 3: 1}
            list(hands.run(refused, [1, 2, 3]))
        assert present() == environment
    assert made[Alone] == made[Processes]
    assert made[Alone][0] == [(number, number) for number in (0, 1, 3, 5, 8)]


def test_nothing_to_do_starts_nobody(environment: dict[str, str]) -> None:
    with gathered(workers=2, cluster=None) as hands:
        assert list(hands.run(refused, [])) == []
        assert present() != environment
    assert present() == environment


def test_what_has_not_begun_is_left_where_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="零番"), gathered(workers=2, cluster=None) as hands:
        list(hands.run(partial(slowly_written, str(tmp_path)), range(400)))
    assert len(list(tmp_path.iterdir())) < 100


def test_two_clusters_of_one_machine_do_not_want_the_same_port() -> None:
    """A warning is an error here: the second says so where it has to take another port."""
    with (
        gathered(workers=1, cluster="local:1") as first,
        gathered(workers=1, cluster="local:1") as second,
    ):
        assert dict(first.run(abs, [3])) == dict(second.run(abs, [3])) == {3: 3}
