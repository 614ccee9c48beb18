"""One matching from file to folder: pieces, shards, totals; interrupted anywhere and started again, it
goes on."""

from __future__ import annotations

import gc
import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from sekisho.matching import counts, crew, intake, lexicon, phones, priors, readings, shards, stages
from sekisho.matching.decide import Weights
from sekisho.matching.errors import UnableToResume
from sekisho.matching.likeness import Reader
from sekisho.matching.mapping import Mapping

EDITION = 8
SHARD_ROWS = 180_000
SAMPLE_ROWS = 150_000
_ROW_BYTES = 3_600
_ENDS_EARLY = 1.02

Progress = Callable[[str, int, int], None]
"""Called with the stage ('reading', 'settling'), rows done and rows in all (0 when not yet known)."""


@dataclass(frozen=True)
class Result:
    """Where everything lies. Folders hold Parquet files, one a shard."""

    folder: Path
    rows: int
    rejected: int
    """Rows set aside; rejected.csv says why."""
    ignored: int
    """Values of other rows that could not be read (a day, a point) and count as missing; they are in rejected.csv, too."""
    table: counts.Table
    unknown: pl.DataFrame
    """Codes that nobody knows and that were read as missing: field, value, rows."""

    @property
    def records(self) -> pl.LazyFrame:
        """row, record, cluster, kind, confidence, reason."""
        return pl.scan_parquet(self.folder / "records" / "*.parquet")

    @property
    def clusters(self) -> pl.LazyFrame:
        """One line a cluster: kind, name, address, records, contracts, systems, running, level."""
        return pl.scan_parquet(self.folder / "clusters" / "*.parquet")

    @property
    def edges(self) -> pl.LazyFrame:
        """Listed pairs with probability, reason and events."""
        return pl.scan_parquet(self.folder / "edges" / "*.parquet")


@dataclass(frozen=True)
class Job:
    """What every task needs to know; small, and sent to every worker."""

    source: Path
    mapping: Mapping
    out: Path
    lexicon: Path
    weights: Weights
    clock: stages.Clock | None = None

    @property
    def work(self) -> Path:
        """Everything that only a restart needs."""
        return self.out / "work"


def match(
    source: Path,
    *,
    mapping: Mapping | None = None,
    out: Path,
    workers: int = 2,
    memory: int = 4 << 30,
    progress: Progress | None = None,
    lexicon_folder: Path | None = None,
    leave_out: Collection[str] = (),
    cluster: str | None = None,
    weights: Weights | None = None,
    clocks: stages.Clocks | None = None,
) -> Result:
    """Match the rows of `source` (CSV or Parquet) into `out`; `memory` in bytes bounds the shards of all
    workers together.

    `leave_out` names sources of readings not to use (`readings.SOURCES`), so that a test can keep its own
    dictionary apart. With `clocks` the seconds of every stage are noted in the working folder (`stages.read`). The
    same call after an interruption continues; after completion it only reads the totals. Raises UnableToReadSource,
    UnableToResume, UnableToReconcile.
    """
    settings = mapping or Mapping()
    intake.require(source, settings)
    words = lexicon.ready(
        lexicon_folder, sources=[name for name in readings.SOURCES if name not in leave_out]
    )
    task = clocks.task if clocks else None
    job = Job(source.resolve(), settings, out.resolve(), words, weights or Weights(), task)
    _claim(job)
    tell = progress or (lambda *_: None)
    with _timed(job, stages.WHOLE, clocks.whole if clocks else None) as lap:
        with crew.gathered(workers=workers, cluster=cluster) as hands:
            total = _read(job, hands, tell)
            lap("reading")
            _survey(job, hands, total)
            lap("surveying")
            most = min(SHARD_ROWS, memory // max(workers, 1) // _ROW_BYTES)
            spans = _planned(job, hands, total, rows=_even(sum(total.values()), most))
            lap("planning")
            _settle(job, hands, spans, tell)
            lap("settling")
        result = _result(job)
        lap("counting")
    return result


@contextmanager
def _timed(job: Job, name: str, clock: stages.Clock | None) -> Iterator[stages.Lap]:
    """Notes the seconds of the stages of what is done in the block, if there is a clock."""
    if clock is None:
        yield stages.untimed
    else:
        laps = stages.Laps(clock)
        yield laps
        shards.write_text(job.work / stages.FOLDER / f"{name}.json", json.dumps(laps.seconds))


def _claim(job: Job) -> None:
    """Refuses a folder with other work in it, or with work by other rules."""
    found = [path.stat() for path in intake.files(job.source)]
    stamp = {
        "edition": EDITION,
        "source": str(job.source),
        "files": [[status.st_size, status.st_mtime_ns] for status in found],
        "settings": hashlib.sha256(
            json.dumps([asdict(job.mapping), asdict(job.weights)]).encode()
        ).hexdigest(),
        "lexicon": (job.lexicon / "lexicon.json").read_text(encoding="utf-8"),
    }
    mark = job.work / "job.json"
    if not mark.exists():
        shards.write_text(job.work / "lexicon.txt", str(job.lexicon))
        shards.write_text(mark, json.dumps(stamp))
        return
    kept = json.loads(mark.read_text(encoding="utf-8"))
    if kept["edition"] != EDITION:
        raise UnableToResume(
            f"{job.out} の結果は判定規則の別の版（第{kept['edition']}版、現在は第{EDITION}版）で作られており、続きから実行"
            "できません。別の出力先を指定するか、このフォルダーを削除してもう一度実行してください",
            f"{job.out} holds the result of another edition of the rules ({kept['edition']}, now {EDITION}) and cannot "
            "be continued; choose another folder, or delete this one and run match again",
        )
    if kept != stamp:
        raise UnableToResume(
            f"{job.out} には別の入力または設定の結果があります。別の出力先を指定してください",
            f"{job.out} holds the result of another input or setting; choose another folder",
        )


def _read(job: Job, hands: crew.Crew, tell: Progress) -> dict[str, int]:
    """Stores every piece; returns the rows of each municipality."""
    done = job.work / "pieces" / "nowhere.json"
    if not done.exists():
        count = _pieces_of_parquet if intake.is_parquet(job.source) else _pieces_of_csv
        count(job, hands, tell)
    shards.place_nowhere(job.work)
    shards.gather_told(job.work)
    shards.gather_horizon(job.work)
    listed = sorted((job.work / "pieces").glob("*.json"))
    return shards.totals([json.loads(path.read_text(encoding="utf-8")) for path in listed])


def _pieces_of_parquet(job: Job, hands: crew.Crew, tell: Progress) -> None:
    total = intake.count(job.source)
    numbers = range(-(-total // intake.PIECE))
    finished = 0
    for _, rows in hands.run(partial(_piece, job), numbers):
        finished += rows
        tell("reading", finished, total)
    shards.write_text(job.work / "input.json", json.dumps({"rows": total, "malformed": []}))


def _pieces_of_csv(job: Job, hands: crew.Crew, tell: Progress) -> None:
    """The text is read once, in order, into raw pieces; what follows is done by all hands."""
    malformed: list[intake.Malformed] = []
    total = 0
    numbers: list[int] = []
    for number, frame in enumerate(intake.csv_pieces(job.source, job.mapping, malformed)):
        shards.write_whole(frame, job.work / "raw" / f"{number:05}.parquet")
        total, numbers = total + frame.height, [*numbers, number]
        tell("reading", 0, total)
    finished = 0
    for _, rows in hands.run(partial(_piece, job), numbers):
        finished += rows
        tell("reading", finished, total)
    kept = {"rows": total, "malformed": [asdict(line) for line in malformed]}
    shards.write_text(job.work / "input.json", json.dumps(kept, ensure_ascii=False))
    shutil.rmtree(job.work / "raw", ignore_errors=True)


def _piece(job: Job, number: int) -> int:
    """One piece, unless it is stored already; returns its rows. Runs in any process."""
    done = job.work / "pieces" / f"{number:05}.json"
    if not done.exists():
        with _timed(job, f"piece-{number:05}", job.clock) as lap:
            _store(job, number, lap)
    return sum(json.loads(done.read_text(encoding="utf-8")).values())


def _store(job: Job, number: int, lap: stages.Lap) -> None:
    words, _ = _books(job.lexicon)
    lap("dictionaries")
    if intake.is_parquet(job.source):
        raw = intake.slice_of(job.source, job.mapping, number * intake.PIECE)
    else:
        raw = pl.read_parquet(job.work / "raw" / f"{number:05}.parquet")
    shards.store_piece(raw, number, mapping=job.mapping, lexicon=words, work=job.work)
    lap("reading")


def _survey(job: Job, hands: crew.Crew, total: dict[str, int]) -> None:
    """What is found once for all shards, so that shards make no difference to it: the priors, always from the same
    municipalities, and the telephone numbers that say nothing. Side by side. (The readings of surnames that kana columns tell
    were gathered with the pieces.)"""
    path = job.work / "sample.json"
    if not path.exists():
        shards.write_text(path, json.dumps(shards.sample(total, rows=SAMPLE_ROWS)))
    for _ in hands.run(partial(_surveyed, job), range(len(_SURVEYS))):
        pass


def _surveyed(job: Job, number: int) -> int:
    """One of the surveys. Runs in any process."""
    with _timed(job, f"survey-{number}", job.clock) as lap:
        _SURVEYS[number](job)
        lap("surveying")
    return number


def _priors(job: Job) -> None:
    """Learns the priors, unless they are stored already."""
    path = job.work / priors.FILE
    if not path.exists():
        words, reader = _books(job.lexicon)
        chosen = json.loads((job.work / "sample.json").read_text(encoding="utf-8"))
        learnt = shards.learn(chosen, rows=SAMPLE_ROWS, work=job.work, lexicon=words, reader=reader)
        shards.write_text(path, json.dumps(asdict(learnt)))


def _crowded(job: Job) -> None:
    """Stores the crowded numbers, unless they are stored already."""
    path = job.work / phones.FILE
    if not path.exists():
        pieces = pl.scan_parquet(job.work / "pieces" / "*.parquet").select("name", "phone")
        shards.write_whole(phones.crowded(pieces).rename("number").to_frame(), path)


_SURVEYS: tuple[Callable[[Job], None], ...] = (_priors, _crowded)


def _even(total: int, most: int) -> int:
    """Rows of a shard, at most `most`. What needs several shards is cut into an even number of them, so that two
    workers end together; a shard ends with a municipality and is therefore a little smaller than it may be."""
    pairs = -(-total // (2 * most))
    return most if total <= most else min(most, int(total / (2 * pairs) * _ENDS_EARLY))


def _planned(job: Job, hands: crew.Crew, total: dict[str, int], *, rows: int) -> list[shards.Span]:
    """The plan of the first start stands, so that a restart with other limits finds the same shards."""
    path = job.work / "plan.json"
    if not path.exists():
        large = _large(job, total, rows)
        for _ in hands.run(partial(_divided, job), range(len(large["municipalities"]))):
            pass
        divided = {jis: shards.sizes_of_parts(job.work, jis) for jis in large["municipalities"]}
        spans = shards.plan(total, divided, target=large["rows"])
        shards.write_text(path, json.dumps([asdict(span) for span in spans]))
    return [shards.Span(**span) for span in json.loads(path.read_text(encoding="utf-8"))]


def _large(job: Job, total: dict[str, int], rows: int) -> dict[str, Any]:
    """Which municipalities are too large for a shard, and what a shard may hold; as decided at first."""
    path = job.work / "large.json"
    if not path.exists():
        large = [jis for jis, count in total.items() if count > rows]
        shards.write_text(path, json.dumps({"rows": rows, "municipalities": large}))
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _divided(job: Job, number: int) -> int:
    """One of the large municipalities. Runs in any process."""
    words, _ = _books(job.lexicon)
    large = json.loads((job.work / "large.json").read_text(encoding="utf-8"))
    jis = large["municipalities"][number]
    shards.divide(jis, target=large["rows"], work=job.work, lexicon=words)
    return sum(shards.sizes_of_parts(job.work, jis))


def _settle(job: Job, hands: crew.Crew, spans: list[shards.Span], tell: Progress) -> None:
    total, finished = sum(span.rows for span in spans), 0
    largest_first = sorted(spans, key=lambda span: -span.rows)
    for _, rows in hands.run(partial(_span, job), [span.number for span in largest_first]):
        finished += rows
        tell("settling", finished, total)


def _span(job: Job, number: int) -> int:
    """One shard. Runs in any process."""
    spans = json.loads((job.work / "plan.json").read_text(encoding="utf-8"))
    with _timed(job, f"shard-{number:05}", job.clock) as lap, _without_collecting():
        words, reader = _books(job.lexicon)
        lap("dictionaries")
        return shards.settle_span(
            shards.Span(**spans[number]),
            work=job.work,
            out=job.out,
            lexicon=words,
            reader=reader,
            weights=job.weights,
            priors=priors.read(job.work),
            crowded=phones.read(job.work),
            lap=lap,
        )


@contextmanager
def _without_collecting() -> Iterator[None]:
    """A shard's names and pairs are no garbage until it is settled; to look through them meanwhile is a tenth of the
    time. Nor is there any afterwards: nothing here points at itself, and what a process goes on knowing is frozen."""
    usual = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if usual:
            gc.enable()


@cache
def _books(folder: Path) -> tuple[lexicon.Lexicon, Reader]:
    """Read once in each process."""
    words = lexicon.load(folder)
    reader = Reader(words)
    # A million entries that are never garbage need not be looked through at every collection.
    gc.freeze()
    return words, reader


def _result(job: Job) -> Result:
    rejected = _rejected(job)
    taken = json.loads((job.work / "input.json").read_text(encoding="utf-8"))
    given = taken["rows"]
    cells = pl.read_parquet(job.work / "cells" / "*.parquet")
    unused = rejected.filter(~pl.col("kept"))["row"].n_unique()
    table = counts.table(cells, rows=given - unused)
    shards.write_text(job.out / "counts.json", counts.to_json(table))
    shards.write_text(job.out / "counts.csv", "\ufeff" + counts.to_csv(table))
    skipped = unused + len(taken["malformed"])
    ignored = rejected.filter("kept").height
    return Result(job.out, rows=given, rejected=skipped, ignored=ignored, table=table, unknown=_unknown(job))


def _unknown(job: Job) -> pl.DataFrame:
    """Codes that nobody knows, the most frequent first; also as a CSV for a clerk."""
    every = pl.read_parquet(job.work / "unknown" / "*.parquet")
    total = every.group_by("field", "value").agg(pl.col("rows").sum())
    found = total.sort(["rows", "field", "value"], descending=[True, False, False])
    shown = found.select(項目="field", 値="value", 件数="rows")
    shards.write_text(job.out / "unknown_values.csv", "\ufeff" + shown.write_csv())
    return found


def _rejected(job: Job) -> pl.DataFrame:
    """All notes about unusable values, also as a CSV for a clerk. A row's number counts the heading as 1."""
    found = pl.read_parquet(job.work / "rejected" / "*.parquet").sort("row", "field")
    shown = found.select(
        行=pl.col("row").cast(pl.Int64) + 2,
        項目="field",
        値="value",
        理由="japanese",
        reason="english",
        使用="kept",
    )
    shards.write_text(job.out / "rejected.csv", "\ufeff" + pl.concat([shown, _malformed(job)]).write_csv())
    return found


def _malformed(job: Job) -> pl.DataFrame:
    """Lines of a CSV that had too few or too many fields."""
    lines = json.loads((job.work / "input.json").read_text(encoding="utf-8"))["malformed"]
    schema = {
        "行": pl.Int64,
        "項目": pl.String,
        "値": pl.String,
        "理由": pl.String,
        "reason": pl.String,
        "使用": pl.Boolean,
    }
    rows = [
        (
            line["line"],
            "",
            line["text"],
            f"項目数が {line['found']} です（見出しは {line['expected']}）",
            f"{line['found']} fields, the heading has {line['expected']}",
            False,
        )
        for line in lines
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
