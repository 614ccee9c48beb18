"""The columns on disk.

    manifest.json          what counts; replaced whole. A file that it does not name does not exist.
    events-<n>.parquet         readings, one row a passage and point, integers only: first those that were foreign to the
                               reading company, then its own; each part sorted by company, point, time
    history-own-<n>.parquet    contract periods by holder and point: integers only
    history-terms-<n>.parquet  the same periods by point and start, with the holder and the place of their numbers
    history-lost-<n>.parquet   what a correction of the history took from a holder, as long as a segment is older than it
    names-….sealed             the texts behind the codes; contract and customer numbers

**Own and foreign.** A reading is written as the company's own when the gate recorded the company as the holder (or nobody) and
the history of that moment says that it held the point on that day; as foreign otherwise. So the interval anti-join over all
readings is done once, when they are written, and a question reads the foreign ones. The history may be corrected afterwards:
what a correction takes from a holder is kept, and the question looks again at that holder's own readings of those points
(`disputed`). What it gives to a holder needs nothing: foreign readings are always judged anew. So every answer is that of the
history as it stands now.

A killed writer leaves at most files that no manifest names; the next writer removes them. One writer at a time.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from sekisho.kernel.errors import EnvironmentFault, SekishoError
from sekisho.ledger.scope.moments import DAY
from sekisho.ledger.scope.names import Names, seal, unseal
from sekisho.ledger.scope.periods import AllPeriods

_FORMAT: Final = "sekisho.scope.v2"
_FORMER: Final = "sekisho.scope.v1"
_MANIFEST: Final = "manifest.json"
FIELDS: Final = ("company", "point", "person", "kind")
"""The fields that are kept as codes. A holder is a company."""
ROWS_A_GROUP: Final = 65_536
SEGMENT: Final = 16_000_000
"""A segment grows by merging up to so many readings: large enough that one company's readings lie together, small enough
that its span of time needs few bits."""

EVENTS: Final[Mapping[str, Any]] = {
    "company": pl.UInt32,
    "point": pl.UInt32,
    "at": pl.UInt32,  # see moments
    "person": pl.UInt32,
    "kind": pl.UInt32,
    "holder": pl.UInt32,  # of the point, as recorded; null in logs that do not say
    "shown_from": pl.Int32,  # days; null: the day of reading
    "shown_to": pl.Int32,
    "ref": pl.Int64,  # number of the passage, or line of the foreign log
}
_ENCODED: Final = {
    "point": "DELTA_BINARY_PACKED",  # ascending within a company
    "ref": "DELTA_BINARY_PACKED",
    "at": "BYTE_STREAM_SPLIT",  # noise: the high bytes of all values together leave something to compress, differences do not
    "kind": "BYTE_STREAM_SPLIT",
}


Span = tuple[int, int]


class UnableToOpenStore(EnvironmentFault):
    """There is no store, it is of another format, or somebody else writes it."""


class UnableToCoverLog(SekishoError):
    """The store and the log do not agree about what was recorded."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of readings. `first`, `end`: places in the log; `foreign`, `own`: rows [from, to) of each company's code.

    `judged`: the number of the history that told own from foreign. `silent`: among the own are readings whose record names no
    holder.
    """

    file: str
    first: int
    end: int
    rows: int
    first_at: int
    last_at: int
    foreign: Mapping[str, Span]
    own: Mapping[str, Span]
    judged: int
    silent: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the store holds. `rests_on` describes the source up to which it is complete: checkpoint, or file and digest."""

    serial: int = 0
    segments: tuple[Segment, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history: Mapping[str, Any] | None = None
    rests_on: Mapping[str, Any] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The first place in the log that the store does not hold."""
        return self.segments[-1].end if self.segments else 0

    @property
    def rows(self) -> int:
        """Readings in the store."""
        return sum(segment.rows for segment in self.segments)

    def files(self) -> set[str]:
        """Every file that counts."""
        named = {segment.file for segment in self.segments} | {
            name for chunk in self.names.values() for name in chunk
        }
        if self.history is None:
            return named
        return (
            named
            | {str(self.history[part]) for part in ("own", "terms", "numbers")}
            | set(self.lost.values())
        )

    @property
    def history_no(self) -> int:
        """How many histories there have been."""
        return int((self.history or {}).get("no", 0))

    @property
    def lost(self) -> Mapping[str, str]:
        """By the history's number: the file of what it took from holders."""
        found: Mapping[str, str] = (self.history or {}).get("lost", {})
        return found


class Store:
    """One store. Reading needs no lock; `writing()` gives the writer."""

    def __init__(self, *, root: Path, key: bytes, random: Callable[[int], bytes]) -> None:
        self.root = root
        self._key = key
        self._random = random
        self.manifest = _read_manifest(root)
        self._names: dict[str, Names] = {}
        self._open: dict[str, pq.ParquetFile] = {}

    def names(self, field: str) -> Names:
        """Return the names of a field (`company`, `point`, `person`, `kind`)."""
        if field not in self._names:
            chunks = [self._unsealed(name)["text"] for name in self.manifest.names.get(field, ())]
            self._names[field] = Names(pl.concat(chunks) if chunks else None)
        return self._names[field]

    def parquet(self, name: str) -> pq.ParquetFile:
        """Return an opened file; its description is read once."""
        if name not in self._open:
            self._open[name] = pq.ParquetFile(self.root / name)
        return self._open[name]

    def disputed(self, segment: Segment, company: int) -> list[Span]:
        """Return the rows among a company's own in which a later correction may have made some foreign."""
        span = segment.own.get(str(company))
        points = self._lost_points(segment, company)
        if span is None or not len(points):
            return []
        file = self.parquet(segment.file).metadata
        column = file.schema.names.index("point")
        found = []
        for group in range(span[0] // ROWS_A_GROUP, (span[1] - 1) // ROWS_A_GROUP + 1):
            held = file.row_group(group).column(column).statistics
            if np.searchsorted(points, held.min) < np.searchsorted(points, held.max, side="right"):
                found.append((max(span[0], group * ROWS_A_GROUP), min(span[1], (group + 1) * ROWS_A_GROUP)))
        return found

    def _lost_points(self, segment: Segment, company: int) -> Any:
        """Return the points, ascending, of which the company lost days of the segment's time since it was written."""
        late = [name for no, name in self.manifest.lost.items() if int(no) > segment.judged]
        since, until = (pl.col(name).cast(pl.Int64) * DAY for name in ("from", "to"))
        wanted = (pl.col("holder") == company) & (since <= segment.last_at) & (until > segment.first_at)
        parts = [pl.read_parquet(self.root / name).filter(wanted)["point"] for name in late]
        return pl.concat(parts).unique().sort().to_numpy() if parts else np.zeros(0, dtype=np.uint32)

    def rows(self, name: str, span: tuple[int, int], columns: Sequence[str]) -> dict[str, Any]:
        """Return rows [from, to) of some columns as arrays, reading only the row groups that they touch."""
        file = self.parquet(name)
        first, last = span[0] // ROWS_A_GROUP, (span[1] - 1) // ROWS_A_GROUP
        table = file.read_row_groups(list(range(first, last + 1)), columns=list(columns), use_threads=False)
        cut = table.slice(span[0] - first * ROWS_A_GROUP, span[1] - span[0])
        return {column: _array(cut.column(column)) for column in columns}

    def bytes(self) -> int:
        """Return how much the store takes on disk."""
        return sum((self.root / name).stat().st_size for name in self.manifest.files())

    def history_path(self, part: str) -> Path:
        """Return the file of a part of the contract history; raise `UnableToOpenStore` when there is none."""
        if self.manifest.history is None:
            raise UnableToOpenStore(
                "契約履歴がまだ取り込まれていません。", "No contract history has been taken in yet."
            )
        return self.root / str(self.manifest.history[part])

    def numbers(self) -> pl.DataFrame:
        """Return contract and customer numbers, by the history's row."""
        return self._unsealed(self.history_path("numbers").name)

    def _unsealed(self, name: str) -> pl.DataFrame:
        return unseal((self.root / name).read_bytes(), key=self._key, name=name)

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Hold the store for writing; raise `UnableToOpenStore` while another process does."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UnableToOpenStore(
                    f"{self.root} は別の処理が書込み中です。", f"Another process is writing {self.root}."
                ) from None
            self.manifest = _read_manifest(self.root)
            self._names.clear()
            self._sweep()
            yield Writer(store=self, key=self._key, random=self._random)

    def _sweep(self) -> None:
        known = self.manifest.files() | {_MANIFEST, "lock"}
        for path in self.root.iterdir():
            if path.name not in known:
                path.unlink()


class Writer:
    """What changes a store. Nothing counts before `commit`."""

    def __init__(self, *, store: Store, key: bytes, random: Callable[[int], bytes]) -> None:
        self._store = store
        self._key = key
        self._random = random
        self._next = store.manifest
        self._serial = store.manifest.serial
        self._periods: AllPeriods | None = None

    def append(self, events: pl.DataFrame, *, first: int, end: int) -> None:
        """Add the readings of the log's places [first, end); columns as `EVENTS`, the fields of `FIELDS` as texts."""
        if first != self._next.end:
            raise UnableToCoverLog(
                f"位置 {first} からは続けられません(次は {self._next.end})。",
                f"Cannot go on from place {first}; the next one is {self._next.end}.",
            )
        self._add(self._encoded(events), first, end)

    def append_codes(self, events: pl.DataFrame, *, first: int, end: int) -> None:
        """Add readings whose fields are codes already."""
        self._add(events, first, end)

    def name_codes(self, field: str, texts: pl.Series) -> None:
        """Give a field its texts, in the order of the codes, on first use."""
        self._store.names(field).encode(texts)

    def put_history(self, periods: pl.DataFrame, *, version: Mapping[str, Any]) -> None:
        """Replace the contract history (see `history.PERIODS`; `point` and `holder` as texts).

        Points that are new get codes by their holders: those that had the same ones lie together, and a company's readings,
        sorted by point, differ little from one to the next.
        """
        self._store.names("point").encode(_by_holders(periods))
        coded = periods.with_columns(
            self._store.names("point").encode(periods["point"]).alias("point"),
            self._store.names("company").encode(periods["holder"]).alias("holder"),
        )
        self.put_coded_history(coded, version=version)

    def put_coded_history(self, coded: pl.DataFrame, *, version: Mapping[str, Any]) -> None:
        """Replace the contract history by one whose points and holders are codes."""
        coded = coded.sort("point", "start").with_row_index("row")
        files = {part: self._file(f"history-{part}") for part in ("own", "terms")}
        own = coded.select("holder", "point", "start", "end", "next").sort("holder", "point", "start")
        lost = self._lost(own)
        _write_parquet(self._store.root / files["own"], own)
        _write_parquet(
            self._store.root / files["terms"],
            coded.select("point", "start", "end", "next", "holder", "kind", "row"),
        )
        numbers = self._sealed("history-numbers", coded.select("contract_no", "customer_no"))
        spans = {str(code): span for code, span in _spans(own["holder"]).items()}
        no = self._next.history_no + 1
        described = {**files, "numbers": numbers, "rows": coded.height, "holders": spans, "no": no, **version}
        self._next = replace(self._next, history={**described, "lost": {**self._next.lost, **lost}})
        self._periods = AllPeriods(own)

    def _lost(self, own: pl.DataFrame) -> dict[str, str]:
        """Write what the new history takes from holders, of days that are in the store; return its file by its number."""
        before, last = self._next.history, max((part.last_at for part in self._next.segments), default=0)
        if before is None:
            return {}
        new = own.select("holder", "point", "start", pl.col("end").alias("new_end"))
        lost = (
            pl.read_parquet(self._store.root / str(before["own"]))
            .join(new, on=["holder", "point", "start"], how="left")
            .with_columns(pl.col("new_end").fill_null(pl.col("start")).alias("from"))
            .filter((pl.col("from") < pl.col("end")) & (pl.col("from").cast(pl.Int64) * DAY <= last))
            .select("holder", "point", "from", pl.col("end").alias("to"))
            .sort("holder", "point", "from")
        )
        if not lost.height:
            return {}
        name = self._file("history-lost")
        _write_parquet(self._store.root / name, lost)
        return {str(self._next.history_no + 1): name}

    def merge(self) -> None:
        """Merge neighbouring small segments."""
        runs: list[list[Segment]] = []
        for segment in self._next.segments:
            if runs and _fits(runs[-1], segment):
                runs[-1].append(segment)
            else:
                runs.append([segment])
        segments = tuple(part for run in runs for part in self._merged(run))
        self._next = replace(self._next, segments=segments)

    def erase_before(self, at: int) -> int:
        """Remove readings before a second; return how many. Retention: what the ledger erased goes here as well."""
        kept, erased = [], 0
        for segment in self._next.segments:
            if segment.rows == 0 or segment.first_at >= at:
                kept.append(segment)
                continue
            events = pl.read_parquet(self._store.root / segment.file).filter(pl.col("at") >= at)
            erased += segment.rows - events.height
            kept.append(self._segment(events, segment.first, segment.end))
        self._next = replace(self._next, segments=tuple(kept))
        return erased

    def commit(self, *, rests_on: Mapping[str, Any]) -> None:
        """Make everything since the beginning count, and remove what it replaced."""
        names = dict(self._next.names)
        for field_name in FIELDS:
            known = self._store.names(field_name)
            if len(new := known.unsaved()):
                names[field_name] = (
                    *names.get(field_name, ()),
                    self._sealed(f"names-{field_name}", pl.DataFrame({"text": new})),
                )
                known.saved = len(known)
        self._next = replace(self._next, serial=self._serial, names=names, rests_on=dict(rests_on))
        self._forget_lost()
        _sync(self._store.root)
        _write_manifest(self._store.root, self._next)
        self._store.manifest = self._next
        self._store._open.clear()
        self._store._sweep()

    def _encoded(self, events: pl.DataFrame) -> pl.DataFrame:
        coded = [self._store.names(name).encode(events[name]).alias(name) for name in FIELDS]
        holder = self._store.names("company").encode(events["holder"]).alias("holder")
        return events.with_columns(*coded, holder).select(
            pl.col(name).cast(kind) for name, kind in EVENTS.items()
        )

    def _add(self, events: pl.DataFrame, first: int, end: int) -> None:
        segment = self._segment(events, first, end)
        self._next = replace(self._next, segments=(*self._next.segments, segment))

    def _segment(self, events: pl.DataFrame, first: int, end: int) -> Segment:
        name = self._file("events")
        events = _sorted(events)
        own = self._own(events)
        foreign_rows, own_rows = events.filter(~own), events.filter(own)
        events = pl.concat([foreign_rows, own_rows])
        _write_parquet(self._store.root / name, events)
        at = events["at"]
        low, high = (int(at.min()), int(at.max())) if events.height else (0, 0)  # type: ignore[arg-type]
        return Segment(
            name, first, end, events.height, low, high, foreign=_named_spans(foreign_rows["company"], 0),
            own=_named_spans(own_rows["company"], foreign_rows.height), judged=self._next.history_no,
            silent=own_rows["holder"].null_count() > 0,
        )  # fmt: skip

    def _own(self, events: pl.DataFrame) -> pl.Series:
        """Tell which readings, sorted, were the reading company's own; without a history none is known to be."""
        if self._next.history is None or not events.height:
            return pl.repeat(value=False, n=events.height, eager=True)
        if self._periods is None:
            self._periods = AllPeriods(pl.read_parquet(self._store.root / str(self._next.history["own"])))
        held = self._periods.cover(company=events["company"], point=events["point"], at=events["at"])
        return pl.Series(held) & events["holder"].eq(events["company"]).fill_null(value=True)

    def _forget_lost(self) -> None:
        """Forget corrections that every segment with readings of its own already knows."""
        if self._next.history is None:
            return
        known = min((part.judged for part in self._next.segments if part.own), default=self._next.history_no)
        lost = {no: name for no, name in self._next.lost.items() if int(no) > known}
        self._next = replace(self._next, history={**self._next.history, "lost": lost})

    def _merged(self, run: list[Segment]) -> list[Segment]:
        # Rewriting a large segment for a small one is not worth it: wait until the small ones together are as large.
        if len(run) < 2 or sum(part.rows for part in run) < 2 * max(part.rows for part in run):
            return run
        events = pl.concat([pl.read_parquet(self._store.root / part.file) for part in run])
        return [self._segment(events, run[0].first, run[-1].end)]

    def _file(self, kind: str, suffix: str = "parquet") -> str:
        # Counted apart from what is being put together: no two files of one store ever have the same name.
        self._serial += 1
        return f"{kind}-{self._serial:06d}.{suffix}"

    def _sealed(self, kind: str, frame: pl.DataFrame) -> str:
        name = self._file(kind, "sealed")
        _write(self._store.root / name, seal(frame, key=self._key, name=name, random=self._random))
        return name


def _fits(run: Sequence[Segment], segment: Segment) -> bool:
    return sum(part.rows for part in run) + segment.rows <= SEGMENT


def _spans(codes: pl.Series) -> dict[int, tuple[int, int]]:
    """Return the rows [from, to) of each value of a sorted column."""
    values = codes.to_numpy()
    if not len(values):
        return {}
    edges = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1], [True])))
    return {int(values[low]): (int(low), int(high)) for low, high in pairwise(edges)}


def _named_spans(codes: pl.Series, offset: int) -> dict[str, Span]:
    return {str(code): (low + offset, high + offset) for code, (low, high) in _spans(codes).items()}


def _sorted(events: pl.DataFrame) -> pl.DataFrame:
    """Return the readings by company, point, time."""
    columns = [events[name].to_numpy() for name in ("company", "point", "at")]
    lows = [int(column.min()) if len(column) else 0 for column in columns]
    bits = [
        int(column.max() - low).bit_length() if len(column) else 0
        for column, low in zip(columns, lows, strict=True)
    ]
    if sum(bits) > 64:
        return events.sort("company", "point", "at")
    # One integer a reading: sorting it is several times as fast as sorting by three columns.
    key = np.zeros(events.height, dtype=np.uint64)
    for column, low, width in zip(columns, lows, bits, strict=True):
        key = key << np.uint64(width) | (column - low).astype(np.uint64)
    return events.select(pl.all().gather(np.argsort(key)))


def _by_holders(periods: pl.DataFrame) -> pl.Series:
    """Return the points, those with the same holders in the same order beside each other."""
    holders = periods.sort("point", "start").group_by("point").agg(pl.col("holder").str.join(" "))
    return holders.sort("holder", "point")["point"]


def _array(column: Any) -> Any:
    return column.to_numpy() if column.null_count == 0 else column


def _write_parquet(path: Path, frame: pl.DataFrame) -> None:
    encoded = {name: how for name, how in _ENCODED.items() if name in frame.columns}
    with path.open("wb") as file:
        pq.write_table(
            frame.to_arrow(),
            file,
            row_group_size=ROWS_A_GROUP,
            # The values of a group stay together: BYTE_STREAM_SPLIT compresses by the page.
            max_rows_per_page=ROWS_A_GROUP,
            data_page_size=2**23,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in frame.columns if name not in encoded],
            column_encoding=encoded,
            write_statistics=["company", "point", "holder"] if "at" in frame.columns else True,
        )
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_manifest(root: Path, manifest: Manifest) -> None:
    draft = root / f".{_MANIFEST}"
    _write(draft, json.dumps({"format": _FORMAT, **asdict(manifest)}, ensure_ascii=False).encode())
    draft.replace(root / _MANIFEST)
    _sync(root)


def _read_manifest(root: Path) -> Manifest:
    path = root / _MANIFEST
    if not path.exists():
        return Manifest()
    stored = json.loads(path.read_text(encoding="utf-8"))
    written = stored.pop("format", None)
    if written not in (_FORMAT, _FORMER):
        raise UnableToOpenStore(f"{path} の形式は扱えません。", f"{path} is of another format.")
    segments = tuple(_read_segment(part) for part in stored.pop("segments"))
    names = {name: tuple(chunks) for name, chunks in stored.pop("names").items()}
    return Manifest(segments=segments, names=names, **stored)


def _read_segment(part: dict[str, Any]) -> Segment:
    # The former format did not tell own from foreign: all of it is judged at each question, as foreign readings are.
    former = (
        {"foreign": part.pop("companies"), "own": {}, "judged": 0, "silent": False}
        if "companies" in part
        else {}
    )
    part |= former
    spans = {side: {code: tuple(span) for code, span in part[side].items()} for side in ("foreign", "own")}
    return Segment(**{**part, **spans})
