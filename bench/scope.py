"""`./sekisho bench scope`: size and build time of the passages' columns; "what did company X see that was not its own", cold and warm.

Generated: readings in order of time over ten years, 12 M points with up to four contracts each, 500 companies with market shares as
1/rank, 32,000 persons, 60 kinds of reading. 97 in 100 readings are of a point that the reading company holds on that day; for the others
the company is drawn by itself. Times, points, persons and kinds are independent of each other: real logs, in which a person looks at one
point on several screens, compress better. Points are numbered as a store numbers them (`Writer.put_history`): by their holders.

- find: items F of company X, not entitled, all time: the exact interval anti-join, as `sekisho ledger scope find --right history` runs it.
  For the largest company, the 10th, the 100th. Cold: new store object, files evicted from the page cache first. Warm: the same again.
- naming: the same readings with the contracts named.
- corrected (`--corrections N`): N contracts turn out to have belonged to another company; the question again over the corrected history,
  without building anew.
- point: everything that was ever read of one point.
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
from sekisho.ledger.scope.search import _named, find, readings_of_point
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
    parser.add_argument(
        "--corrections", type=lambda text: int(float(text)), default=0, help="also correct so many contracts"
    )
    parser.add_argument("--dir", type=Path, default=None, help="where to build")
    return parser.parse_args(argv)


def _measure(root: Path, given: argparse.Namespace) -> dict[str, Any]:
    world = _World(given.points, given.companies)
    store = Store(root=root / "store", key=secrets.token_bytes(32), random=secrets.token_bytes)
    began = time.process_time()
    build = _seconds(lambda: _build(store, world, given))
    cpu = time.process_time() - began
    generated = world.seconds
    figures: dict[str, Any] = {
        "events": store.manifest.rows,
        "points": given.points,
        "contracts": world.contracts,
        "companies": given.companies,
        "refs": given.refs,
        **_machine(),
        "segments": len(store.manifest.segments),
        "build_s": round(build - generated, 1),
        "build_cpu_s": round(cpu - world.cpu_seconds, 1),
        "generating_s": round(generated, 1),
        "build_events_per_s": round(store.manifest.rows / (build - generated)),
        "bytes": _sizes(store),
        "bytes_per_event": round(_sizes(store)["events"] / store.manifest.rows, 2),
        "goal_at_1e9": GOAL,
    }
    world.forget()
    gc.collect()
    figures["find"] = [_ask(root, store, rank) for rank in RANKS if rank <= given.companies]
    figures["point"] = _ask_point(store, given.points // 2)
    figures["rival"] = _rival(store, figures["find"])
    if given.corrections:
        figures["corrected"] = _corrected(root, store, given)
    return figures


def _machine() -> dict[str, Any]:
    return {"cores": len(os.sched_getaffinity(0)), "load_average": round(os.getloadavg()[0], 1)}


def _ask_point(store: Store, code: int) -> dict[str, Any]:
    point = store.names("point").texts()[code]
    seconds, found = _timed(
        lambda: readings_of_point(store=store, point=point, question=Question(right=Right.NONE))
    )
    return {"readings": found.height, "seconds": round(seconds, 3)}


def _corrected(root: Path, store: Store, given: argparse.Namespace) -> dict[str, Any]:
    """Move contracts to the next company in size, all over the ten years, and ask again."""
    terms = pl.read_parquet(store.history_path("terms"))
    numbers = store.numbers()
    coded = terms.with_columns(
        contract_no=numbers["contract_no"].gather(terms["row"]), customer_no=numbers["customer_no"].gather(terms["row"])
    ).drop("row")  # fmt: skip
    moved = pl.int_range(coded.height).mod(max(1, coded.height // given.corrections)) == 0
    holder = pl.when(moved).then((pl.col("holder") + 1) % given.companies).otherwise(pl.col("holder"))
    seconds, _ = _timed(lambda: _put(store, coded.with_columns(holder.cast(pl.UInt32).alias("holder"))))
    asked = [_ask(root, store, rank) for rank in RANKS if rank <= given.companies]
    return {
        "contracts": given.corrections,
        "put_s": round(seconds, 1),
        "find": asked,
        "rival": _rival(store, asked),
    }


def _put(store: Store, coded: pl.DataFrame) -> None:
    with store.writing() as writer:
        writer.put_coded_history(coded, version={})
        writer.commit(rests_on={})


class _World:
    """Who held which point: `switch[k]` is the day of the k-th switch, `holder[k]` the holder before it."""

    def __init__(self, points: int, companies: int) -> None:
        dice = np.random.default_rng(1)
        share = 1 / np.arange(1, companies + 1)
        self.shares = np.cumsum(share / share.sum())
        self.dice, self.points, self.seconds, self.cpu_seconds = dice, points, 0.0, 0.0
        days = np.sort(dice.integers(1, DAYS * 2, size=(CONTRACTS - 1, points), dtype=np.uint16), axis=0)
        self.switch = np.where(days < DAYS, days, np.uint16(65_535))
        self.holder = np.stack([self.companies(points) for _ in range(CONTRACTS)])
        self.contracts = 0
        self._number_by_holders()

    def _number_by_holders(self) -> None:
        key = np.zeros(self.points, dtype=np.uint64)
        for k in range(CONTRACTS):
            there = self.switch[k - 1] < DAYS if k else np.ones(self.points, dtype=bool)
            key = key << np.uint64(16) | np.where(there, self.holder[k] + 1, 0).astype(np.uint64)
        order = np.argsort(key, kind="stable")
        self.switch, self.holder = self.switch[:, order], self.holder[:, order]

    @contextmanager
    def _generating(self) -> Iterator[None]:
        """Count the time of generating apart from that of building."""
        began, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - began
        self.cpu_seconds += time.process_time() - cpu

    def forget(self) -> None:
        """Give the memory back before the questions are timed."""
        del self.switch, self.holder

    def companies(self, count: int) -> Any:
        """Company codes by market share."""
        return np.searchsorted(self.shares, self.dice.random(count)).astype(np.uint16)

    def events(self, first: int, count: int, total: int, *, refs: bool) -> pl.DataFrame:
        """The readings `first` to `first + count` of `total`, in order of time."""
        with self._generating():
            low, high = (int(DAYS * DAY * place / total) for place in (first, first + count))
            at = np.sort(self.dice.integers(low, high, size=count, dtype=np.uint32))
            point = self.dice.integers(0, self.points, size=count, dtype=np.uint32)
            company = self._reading_company(point, at // DAY)
            person = company.astype(np.uint32) * 64 + self.dice.integers(0, 64, size=count, dtype=np.uint32)
            kind = np.minimum(self.dice.geometric(0.08, size=count) - 1, len(GATES) - 1).astype(np.uint32)
            ref = np.arange(first, first + count, dtype=np.int64) if refs else None
            columns = {"company": company.astype(np.uint32), "point": point, "at": at + np.uint32(FIRST * DAY), "person": person,
                       "kind": kind, "ref": ref}  # fmt: skip
            frame = pl.DataFrame({name: column for name, column in columns.items() if column is not None})
            empty = [
                pl.lit(None, kind).alias(name) for name, kind in EVENTS.items() if name not in frame.columns
            ]
            return frame.with_columns(*empty).select(list(EVENTS))

    def _reading_company(self, point: Any, day: Any) -> Any:
        """The holder of the day; for three readings in a hundred, any company."""
        era = sum((self.switch[k][point] <= day).astype(np.int8) for k in range(CONTRACTS - 1))
        company = self.holder[era, point]
        astray = self.dice.random(len(point)) < 0.03
        company[astray] = self.companies(int(astray.sum()))
        return company

    def history(self) -> pl.DataFrame:
        """The contracts as a store takes them."""
        with self._generating():
            frame = pl.concat([self._era(k) for k in range(CONTRACTS)])
            self.contracts = frame.height
            number = pl.int_range(frame.height, eager=True).cast(pl.String)
            return frame.with_columns(
                ("C" + number).alias("contract_no"),
                number.alias("customer_no"),
                pl.lit(0, pl.UInt8).alias("kind"),
            )

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
    cpu = time.process_time()
    warm = min(_timed(lambda: find(store=fresh, question=question))[0] for _ in range(3))
    cpu = (time.process_time() - cpu) / 3
    named, contracts = _timed(lambda: _named(fresh, question, hits))
    read = sum(
        end - first
        for part in store.manifest.segments
        for side in (part.foreign, part.own)
        for first, end in [side.get(str(rank - 1), (0, 0))]
    )
    return {
        "company_rank": rank, "readings_of_company": read, "not_entitled": hits.height, "contracts_seen": contracts["row"].n_unique(),
        "cold_s": round(cold, 3), "warm_s": round(warm, 3), "warm_cpu_s": round(cpu, 3), "naming_contracts_s": round(named, 3),
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
    answers = [_anti_join(db, files, own, kinds, row) for row in asked]
    return {"full_scan_of_four_columns_s": round(scan, 3), "anti_join": answers, "counts_agree": True}


def _anti_join(
    db: duckdb.DuckDBPyConnection, files: list[str], own: str, kinds: list[int], asked: dict[str, Any]
) -> dict[str, Any]:
    company = asked["company_rank"] - 1
    seconds, found = _timed(lambda: db.execute(_ANTI_JOIN, [files, company, kinds, own, company]).fetchone())
    if found is None or found[0] != asked["not_entitled"]:
        raise AssertionError(f"DuckDB counts {found}, the store {asked['not_entitled']}")
    return {"company_rank": asked["company_rank"], "anti_join_s": round(seconds, 3)}


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
