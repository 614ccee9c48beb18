"""`./sekisho bench scope`: size and build time of the passages' columns; "what did company X see that was not its own", cold and warm.

Generated: readings in order of time over ten years, 12 M points with up to four contracts each, 500 companies with market shares as
1/rank, 32,000 persons, 60 kinds of reading. 97 in 100 readings are of a point that the reading company holds on that day; for the others
the company is drawn by itself. Times, points, persons and kinds are independent of each other: real logs, in which a person looks at one
point on several screens, compress better.

- find: items F of company X, not entitled, all time: the exact interval anti-join, as `sekisho ledger scope find --right history` runs it.
  For the largest company, the 10th, the 100th. Cold: new store object, files evicted from the page cache first. Warm: the same again.
- customers: the same with the contracts named.
- rival: DuckDB over the same files: a full scan of the columns used, and the anti-join in SQL. The counts must agree.
"""

from __future__ import annotations

import argparse
import gc
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from sekisho.ledger.scope.moments import DAY, OPEN
from sekisho.ledger.scope.question import Question, Right, kind_text
from sekisho.ledger.scope.search import _named, find
from sekisho.ledger.scope.store import EVENTS, SEGMENT, Store

FIRST, DAYS = 16_892, 3_652  # 2016-04-01 and ten years
CONTRACTS = 4
GATES = [f"gate_{number:02d}" for number in range(60)]
ITEMS = ("name", "phone", "usage", "address", "menu", "meter")
ASKED = ("name",)
RANKS = (1, 10, 100)
GOAL = {"events": 1_000_000_000, "warm_s": 1.5, "cold_s": 5.0, "bytes": 5_000_000_000}


def run(argv: list[str]) -> dict[str, Any]:
    """Build in a directory of its own, ask, and remove it."""
    given = _arguments(argv)
    root = Path(tempfile.mkdtemp(prefix="sekisho-scope-", dir=given.dir))
    try:
        return _measure(root, given)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sekisho bench scope")
    parser.add_argument("--events", type=lambda text: int(float(text)), default=10_000_000)
    parser.add_argument("--points", type=lambda text: int(float(text)), default=12_000_000)
    parser.add_argument("--companies", type=int, default=500)
    parser.add_argument("--refs", action="store_true", help="also keep the number of each passage")
    parser.add_argument("--dir", type=Path, default=None, help="where to build")
    return parser.parse_args(argv)


def _measure(root: Path, given: argparse.Namespace) -> dict[str, Any]:
    world = _World(given.points, given.companies)
    store = Store(root=root / "store", key=secrets.token_bytes(32), random=secrets.token_bytes)
    build = _seconds(lambda: _build(store, world, given))
    generated = world.seconds
    figures: dict[str, Any] = {
        "events": store.manifest.rows,
        "points": given.points,
        "contracts": world.contracts,
        "companies": given.companies,
        "refs": given.refs,
        "segments": len(store.manifest.segments),
        "build_s": round(build - generated, 1),
        "generating_s": round(generated, 1),
        "build_events_per_s": round(store.manifest.rows / (build - generated)),
        "bytes": _sizes(store),
        "bytes_per_event": round(_sizes(store)["events"] / store.manifest.rows, 2),
        "goal_at_1e9": GOAL,
    }
    world.forget()
    gc.collect()
    figures["find"] = [_ask(root, store, rank) for rank in RANKS if rank <= given.companies]
    figures["rival"] = _rival(store, figures["find"])
    return figures


class _World:
    """Who held which point: `switch[k]` is the day of the k-th switch, `holder[k]` the holder before it."""

    def __init__(self, points: int, companies: int) -> None:
        dice = np.random.default_rng(1)
        share = 1 / np.arange(1, companies + 1)
        self.shares = np.cumsum(share / share.sum())
        self.dice, self.points, self.seconds = dice, points, 0.0
        days = np.sort(dice.integers(1, DAYS * 2, size=(CONTRACTS - 1, points), dtype=np.uint16), axis=0)
        self.switch = np.where(days < DAYS, days, np.uint16(65_535))
        self.holder = np.stack([self.companies(points) for _ in range(CONTRACTS)])
        self.contracts = 0

    def forget(self) -> None:
        """Give the memory back before the questions are timed."""
        del self.switch, self.holder

    def companies(self, count: int) -> Any:
        """Company codes by market share."""
        return np.searchsorted(self.shares, self.dice.random(count)).astype(np.uint16)

    def events(self, first: int, count: int, total: int, *, refs: bool) -> pl.DataFrame:
        """The readings `first` to `first + count` of `total`, in order of time."""
        began = time.perf_counter()
        low, high = (int(DAYS * DAY * place / total) for place in (first, first + count))
        at = np.sort(self.dice.integers(low, high, size=count, dtype=np.uint32))
        point = self.dice.integers(0, self.points, size=count, dtype=np.uint32)
        day = at // DAY
        era = sum((self.switch[k][point] <= day).astype(np.int8) for k in range(CONTRACTS - 1))
        company = self.holder[era, point]
        astray = self.dice.random(count) < 0.03
        company[astray] = self.companies(int(astray.sum()))
        person = company.astype(np.uint32) * 64 + self.dice.integers(0, 64, size=count, dtype=np.uint32)
        kind = np.minimum(self.dice.geometric(0.08, size=count) - 1, len(GATES) - 1).astype(np.uint32)
        frame = pl.DataFrame(
            {
                "company": company.astype(np.uint32),
                "point": point,
                "at": at + np.uint32(FIRST * DAY),
                "person": person,
                "kind": kind,
            }
        )
        ref = (
            pl.int_range(first, first + count, dtype=pl.Int64, eager=True)
            if refs
            else pl.Series([None], dtype=pl.Int64)
        )
        found = frame.with_columns(
            pl.lit(None, pl.UInt32).alias("holder"), pl.lit(None, pl.Int32).alias("shown_from"), pl.lit(None, pl.Int32).alias("shown_to"),
            ref.alias("ref") if refs else pl.lit(None, pl.Int64).alias("ref"),
        ).select(list(EVENTS))  # fmt: skip
        self.seconds += time.perf_counter() - began
        return found

    def history(self) -> pl.DataFrame:
        """The contracts as a store takes them."""
        began = time.perf_counter()
        parts = [self._era(k) for k in range(CONTRACTS)]
        frame = pl.concat(parts)
        self.contracts = frame.height
        number = pl.int_range(frame.height, eager=True).cast(pl.String)
        frame = frame.with_columns(
            ("C" + number).alias("contract_no"),
            number.alias("customer_no"),
            pl.lit(0, pl.UInt8).alias("kind"),
        )
        self.seconds += time.perf_counter() - began
        return frame

    def _era(self, k: int) -> pl.DataFrame:
        start = np.zeros(self.points, np.int32) if k == 0 else self.switch[k - 1].astype(np.int32)
        end = self.switch[k].astype(np.int32) if k < CONTRACTS - 1 else np.full(self.points, 65_535, np.int32)
        there = (start < DAYS) & (start < end)
        finish = np.where(end >= DAYS, OPEN, end + FIRST)[there].astype(np.int32)
        return pl.DataFrame(
            {
                "point": np.flatnonzero(there).astype(np.uint32),
                "holder": self.holder[k][there].astype(np.uint32),
                "start": start[there] + np.int32(FIRST),
                "end": finish,
                "next": finish,
            }
        )


def _build(store: Store, world: _World, given: argparse.Namespace) -> None:
    with store.writing() as writer:
        writer.name_codes("company", pl.Series([f"K{number:04d}" for number in range(given.companies)]))
        writer.name_codes("kind", pl.Series([_kind(number) for number in range(len(GATES))]))
        writer.name_codes("person", pl.Series([f"p{number}" for number in range(given.companies * 64)]))
        writer.name_codes(
            "point", "06" + pl.int_range(given.points, eager=True).cast(pl.String).str.zfill(20)
        )
        writer.put_coded_history(world.history(), version={})
        for first in range(0, given.events, SEGMENT):
            count = min(SEGMENT, given.events - first)
            writer.append_codes(
                world.events(first, count, given.events, refs=given.refs), first=first, end=first + count
            )
        writer.commit(rests_on={})


def _kind(number: int) -> str:
    items = [item for place, item in enumerate(ITEMS) if number % (place + 2) == 0] or ["address"]
    return kind_text(audience="retailer", gate=GATES[number], purpose="contract", items=items)


def _sizes(store: Store) -> dict[str, int]:
    sizes = {"events": 0, "history": 0, "names": 0}
    for name in store.manifest.files():
        sizes[name.split("-", maxsplit=1)[0]] += (store.root / name).stat().st_size
    return sizes


def _ask(root: Path, store: Store, rank: int) -> dict[str, Any]:
    question = Question(company=f"K{rank - 1:04d}", items=ASKED, right=Right.HISTORY)
    fresh = Store(root=store.root, key=store._key, random=secrets.token_bytes)
    with _evicted(root):
        cold, hits = _timed(lambda: find(store=fresh, question=question))
    warm = min(_timed(lambda: find(store=fresh, question=question))[0] for _ in range(3))
    named, contracts = _timed(lambda: _named(fresh, question, hits))
    read = sum(
        span[1] - span[0] for part in store.manifest.segments if (span := part.companies.get(str(rank - 1)))
    )
    return {
        "company_rank": rank, "readings_of_company": read, "not_entitled": hits.height, "contracts_seen": contracts["row"].n_unique(),
        "cold_s": round(cold, 3), "warm_s": round(warm, 3), "naming_contracts_s": round(named, 3),
    }  # fmt: skip


@contextmanager
def _evicted(root: Path) -> Iterator[None]:
    """Let the page cache forget the files: the nearest to a cold start that needs no rights."""
    os.sync()
    for path in root.rglob("*.*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
    yield


def _rival(store: Store, asked: list[dict[str, Any]]) -> dict[str, Any]:
    db = duckdb.connect()
    db.execute("set threads = 2")
    files = [str(store.root / part.file) for part in store.manifest.segments]
    own = str(store.history_path("own"))
    kinds = [number for number in range(len(GATES)) if set(ASKED) & set(_items(number))]
    scan, _ = _timed(
        lambda: db.execute(
            'select sum(company), sum(point), sum("at"), sum(kind) from read_parquet(?)', [files]
        ).fetchone()
    )
    answers = []
    for row in asked:
        company = row["company_rank"] - 1
        seconds, found = _timed(
            lambda company=company: db.execute(_ANTI_JOIN, [files, company, kinds, own, company]).fetchone()
        )
        if found is None or found[0] != row["not_entitled"]:
            raise AssertionError(f"DuckDB counts {found}, the store {row['not_entitled']}")
        answers.append({"company_rank": row["company_rank"], "anti_join_s": round(seconds, 3)})
    return {"full_scan_of_four_columns_s": round(scan, 3), "anti_join": answers, "counts_agree": True}


_ANTI_JOIN = """
select count(*) from read_parquet(?) e where e.company = ? and list_contains(?, e.kind)
   and not exists (select 1 from read_parquet(?) o where o.holder = ? and o.point = e.point and o."start" <= e."at" // 86400 and e."at" // 86400 < o."end")
"""


def _items(number: int) -> list[str]:
    return [item for place, item in enumerate(ITEMS) if number % (place + 2) == 0]


def _seconds(work: Callable[[], object]) -> float:
    return _timed(work)[0]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found
