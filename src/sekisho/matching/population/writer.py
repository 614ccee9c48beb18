"""Writes a population to disk chunk by chunk: bounded memory, resumable, the same rows for the same plan.

A folder holds `plan.json` (what is being made), then `population.parquet`, `truth.parquet` (the same rows
in the same order) and, last of all, `manifest.json` with the true counts. While it is made, chunks lie in
`parts/`, each written under another name and renamed, so a kill leaves only whole ones; the next run with
the same plan goes on after the last of them.
"""

from __future__ import annotations

import json
import math
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from sekisho.kernel.errors import SekishoError, WrongUse

from . import chunk, lexicon
from .profile import BLOCK_SIZE, DEFAULT, Profile

EDITION = 1
RECORDS, TRUTH = "population.parquet", "truth.parquet"
COUNTS = "counts.json"
_CELL = ("all", "running", "contracts")
_ROW_GROUP = 122_880
# records a party on average under the default profile; only chunk sizes depend on it
_RECORDS_A_PARTY = 1.6
_SPARE = 1.15

Progress = Callable[[int, int], None]
"""Called with the records written and wanted."""


class UnableToContinuePopulation(SekishoError):
    """The folder holds a population of another plan: exit code 1."""


@dataclass(frozen=True)
class Order:
    """What is asked for: so many records, or `parties` in whole blocks of 1,354."""

    seed: int
    records: int | None = None
    parties: int | None = None
    dictionary: str = "same"
    area: str = "japan"
    points: bool = True
    profile: Profile = DEFAULT
    blocks_a_chunk: int = 200

    def plan(self) -> chunk.Plan:
        """Chunk sizes for the order; raises WrongUse when the size makes no sense."""
        blocks = self._blocks()
        size = min(self.blocks_a_chunk, blocks)
        chunks = math.ceil(blocks / size)
        return chunk.Plan(self.seed, self.dictionary, self.area, chunks, size, self.profile)

    def _blocks(self) -> int:
        if self.parties is not None:
            if self.parties <= 0 or self.parties % BLOCK_SIZE or self._uneven(self.parties // BLOCK_SIZE):
                sizes = f"{BLOCK_SIZE} ({BLOCK_SIZE * self.blocks_a_chunk:,})"
                raise WrongUse(
                    f"当事者数は {sizes} の倍数です: {self.parties}",
                    f"parties come in multiples of {sizes}: {self.parties}",
                )
            return self.parties // BLOCK_SIZE
        if self.records is None or self.records <= 0:
            raise WrongUse(
                f"件数は正の整数です: {self.records}", f"records is a positive number: {self.records}"
            )
        return math.ceil(self.records * _SPARE / _RECORDS_A_PARTY / BLOCK_SIZE) + 1

    def _uneven(self, blocks: int) -> bool:
        return blocks > self.blocks_a_chunk and blocks % self.blocks_a_chunk > 0


def generate(order: Order, folder: Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Write the population to `folder` and return its manifest (true counts, how it was made).

    Raises UnableToContinuePopulation when `folder` holds another population, WrongUse for an order that
    makes no sense.
    """
    plan = order.plan()
    _claim(folder, order)
    manifest = folder / "manifest.json"
    if not manifest.exists():
        if not (folder / COUNTS).exists():
            _make_parts(order, plan, folder, progress)
            _join_parts(folder)
        _finish(order, folder, manifest)
    return dict(json.loads(manifest.read_text(encoding="utf-8")))


def _claim(folder: Path, order: Order) -> None:
    said = {"edition": EDITION, **asdict(order)}
    mark = folder / "plan.json"
    text = json.dumps(said, ensure_ascii=False, indent=1)
    if mark.exists() and mark.read_text(encoding="utf-8") != text:
        raise UnableToContinuePopulation(
            f"{folder} には別の条件の母集団があります。別の場所を指定してください。",
            f"{folder} holds a population of another order; choose another folder.",
        )
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    mark.write_text(text, encoding="utf-8")


def _make_parts(order: Order, plan: chunk.Plan, folder: Path, progress: Progress | None) -> None:
    done = 0
    for number in range(plan.chunks):
        if order.records is not None and done >= order.records:
            break
        done += _part(order, plan, folder, number, done)
        if progress is not None:
            progress(done, order.records or round(plan.chunks * plan.blocks * BLOCK_SIZE * _RECORDS_A_PARTY))


def _part(order: Order, plan: chunk.Plan, folder: Path, number: int, done: int) -> int:
    """Make one part unless it is there; its number of records."""
    counted = folder / "parts" / f"{number:05}.json"
    if not counted.exists():
        records, truth = chunk.make(plan, number)
        if order.records is not None and done + len(records) > order.records:
            records, truth = _cut(records, truth, order.records - done)
        counts = _counts(records, truth)
        serial = pl.int_range(done + 1, done + 1 + len(records), dtype=pl.Int64, eager=True)
        if not order.points:
            records = records.with_columns(point=pl.lit(None, dtype=pl.String))
        for kind, frame in (("records", records), ("truth", truth)):
            _write(
                frame.insert_column(0, serial.alias("record_id")),
                folder / "parts" / f"{kind}-{number:05}.parquet",
            )
        # written last: a part counts only when it is whole
        _write_text(json.dumps(counts), counted)
    return int(json.loads(counted.read_text(encoding="utf-8"))["records"])


def _join_parts(folder: Path) -> None:
    """One file each, streamed, and the sum of the counts; then the parts are not needed any more."""
    for kind, name in (("records", RECORDS), ("truth", TRUTH)):
        unfinished = folder / f"{name}.unfinished"
        parts = pl.scan_parquet(folder / "parts" / f"{kind}-*.parquet")
        parts.sink_parquet(unfinished, compression="zstd", compression_level=1, row_group_size=_ROW_GROUP)
        unfinished.rename(folder / name)
    counted = sorted((folder / "parts").glob("*.json"))
    counts = [Counter(json.loads(path.read_text(encoding="utf-8"))) for path in counted]
    _write_text(json.dumps(sum(counts, Counter())), folder / COUNTS)
    shutil.rmtree(folder / "parts")


def _cut(records: pl.DataFrame, truth: pl.DataFrame, count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`count` records of parties chosen whatever their size; whole parties but for the last one."""
    chance = pl.col("truth_id") * 2_654_435_761 % 2**32
    rows = (
        truth.select("truth_id")
        .with_row_index("row")
        .with_columns(chance=chance)
        .sort("chance", "truth_id", "row")
    )
    kept = rows.head(count)["row"].sort()
    return records[kept], truth[kept]


def _write(frame: pl.DataFrame, path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    frame.write_parquet(unfinished, compression="zstd", compression_level=1, statistics=False)
    unfinished.rename(path)


def _write_text(text: str, path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(path)


def _finish(order: Order, folder: Path, path: Path) -> None:
    counts: dict[str, int] = json.loads((folder / COUNTS).read_text(encoding="utf-8"))
    manifest = {
        "edition": EDITION,
        "order": asdict(order),
        "records": counts["records"],
        "leave_out": list(lexicon.LEFT_OUT[order.dictionary]),
        "truth": {
            "all": counts["all"],
            "running": counts["running"],
            "table": _table(counts),
            "slices": {key[6:]: count for key, count in sorted(counts.items()) if key.startswith("slice ")},
        },
    }
    _write_text(json.dumps(manifest, ensure_ascii=False, indent=1), path)
    (folder / COUNTS).unlink()


def _counts(records: pl.DataFrame, truth: pl.DataFrame) -> dict[str, int]:
    """What a part adds to the true counts: seed 000's table, those running, the sizes of the slices."""
    parties = (
        truth.hstack(records.select("system", "state", "point"))
        .group_by("truth_id", "kind")
        .agg(
            systems=pl.col("system").unique().sort().str.join("+"),
            running=(pl.col("state") == "running").any(),
            slices=pl.col("slices").first(),
            contracts=pl.col("point").n_unique(),
        )
    )
    counts = {"records": len(records), "all": len(parties), "running": int(parties["running"].sum())}
    cells = parties.group_by("kind", "systems").agg(
        pl.len().alias("all"), pl.col("running").sum(), pl.col("contracts").sum()
    )
    for kind, systems, *values in cells.iter_rows():
        counts |= {f"{kind} {systems} {what}": n for what, n in zip(_CELL, values, strict=True)}
    for label, n in parties.group_by("slices").len().iter_rows():
        for tag in label.split():
            counts[f"slice {tag}"] = counts.get(f"slice {tag}", 0) + n
    return counts


def _table(counts: dict[str, int]) -> dict[str, dict[str, dict[str, int]]]:
    """kind → systems (1, 2, both) → parties, those running, their supply points."""
    systems = {"1": "1", "2": "2", "both": "1+2"}
    return {
        kind: {
            name: {what: counts.get(f"{kind} {key} {what}", 0) for what in _CELL}
            for name, key in systems.items()
        }
        for kind in chunk.KINDS
    }
