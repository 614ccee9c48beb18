"""Who does the work: one process, several on this machine, or a Dask cluster. The result is the same to
the byte.

Every task is a plain function of a plan and a number that writes its own files, so it does not matter where or in
which order it runs.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Protocol

Task = Callable[[int], int]


class Crew(Protocol):
    """Runs a task for each number and yields (number, result) as they finish."""

    def run(self, task: Task, numbers: Iterable[int]) -> Iterator[tuple[int, int]]: ...


class Alone:
    """In this process, one after the other."""

    def run(self, task: Task, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        for number in numbers:
            yield number, task(number)


class Processes:
    """Several processes of this machine, each with one thread of its own."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def run(self, task: Task, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        waiting: dict[Future[int], int] = {self._pool.submit(task, number): number for number in numbers}
        try:
            for done in as_completed(waiting):
                yield waiting[done], done.result()
        finally:  # Where one is refused, nobody waits for what has not begun.
            for future in waiting:
                future.cancel()


class Cluster:
    """Workers of a Dask cluster; they must see the same folders."""

    def __init__(self, address: str) -> None:
        from distributed import Client, LocalCluster

        self._local = None
        if address.startswith("local:"):
            self._local = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=int(address.removeprefix("local:")),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                # Without an address a page is served all the same, on port 8787, which another run may hold.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
            )
        self._client = Client(self._local or address)  # type: ignore[no-untyped-call]

    def run(self, task: Task, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        from distributed import as_completed as finished

        waiting = {self._client.submit(task, number, pure=False): number for number in numbers}
        for done in finished(list(waiting)):  # type: ignore[no-untyped-call]
            yield waiting[done], done.result()

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]
        if self._local is not None:
            self._local.close()


@contextmanager
def gathered(*, workers: int, cluster: str | None) -> Iterator[Crew]:
    """A crew for the time of the block: `cluster` (ADDRESS or local:N) if given, else `workers` processes."""
    if cluster is not None:
        crew = Cluster(cluster)
        try:
            yield crew
        finally:
            crew.close()
    elif workers <= 1:
        yield Alone()
    else:
        with (
            _environment(_ALONE_ON_A_CORE),
            ProcessPoolExecutor(
                workers, mp_context=multiprocessing.get_context("spawn"), initializer=_die_with_parent
            ) as pool,
        ):
            yield Processes(pool)


# Polars reads these when a process starts. Several processes must not fight over the cores; and memory that is given
# back after every step is only asked for again, which took a sixth of the time. The allocator's own thread, which has
# nothing to give back then, is woken twenty thousand times a shard all the same, and takes the core from those who work: a
# fifteenth of the time.
_ALONE_ON_A_CORE = {
    "POLARS_MAX_THREADS": "1",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:-1,muzzy_decay_ms:-1,background_thread:false",
}


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Sets the variables for processes that are started in the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _die_with_parent() -> None:
    """A worker whose parent was killed must not wait for work forever; and one that ends need not give back its books
    entry by entry, which took two seconds."""
    atexit.register(os._exit, 0)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
