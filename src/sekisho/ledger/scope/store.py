"""The columns on disk.

    manifest.json          what counts; replaced whole. A file that it does not name does not exist.
    events-<n>.parquet     readings, one row a passage and point, sorted by company, point, time: integers only
    history-<n>.parquet    contract periods by holder and point: integers only
    terms-<n>.parquet      the same periods by point and start, with the holder and the place of their numbers
    names-….sealed         the texts behind the codes; contract and customer numbers

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
from sekisho.ledger.scope.names import Names, seal, unseal

_FORMAT: Final = "sekisho.scope.v1"
_MANIFEST: Final = "manifest.json"
FIELDS: Final = ("company", "point", "person", "kind")
"""The fields that are kept as codes. A holder is a company."""
ROWS_A_GROUP: Final = 131_072
SEGMENT: Final = 16_000_000
"""A segment grows by merging up to so many readings: large enough that one company's readings lie together, small enough
that its span of time needs few bits."""

SORTED: Final = ("company", "point", "at")
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
_DELTA: Final = {"point": "DELTA_BINARY_PACKED", "at": "DELTA_BINARY_PACKED", "ref": "DELTA_BINARY_PACKED"}


class UnableToOpenStore(EnvironmentFault):
    """There is no store, it is of another format, or somebody else writes it."""


class UnableToCoverLog(SekishoError):
    """The store and the log do not agree about what was recorded."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of readings. `first`, `end`: places in the log; `companies`: rows [from, to) of each company's code."""

    file: str
    first: int
    end: int
    rows: int
    first_at: int
    last_at: int
    companies: Mapping[str, tuple[int, int]]


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
        return named | (
            {str(self.history[part]) for part in ("own", "terms", "numbers")} if self.history else set()
        )


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
        """Replace the contract history (see `history.PERIODS`; `point` and `holder` as texts)."""
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
        _write_parquet(self._store.root / files["own"], own)
        _write_parquet(
            self._store.root / files["terms"],
            coded.select("point", "start", "end", "next", "holder", "kind", "row"),
        )
        numbers = self._sealed("history-numbers", coded.select("contract_no", "customer_no"))
        spans = {str(code): span for code, span in _spans(own["holder"]).items()}
        described = {**files, "numbers": numbers, "rows": coded.height, "holders": spans, **version}
        self._next = replace(self._next, history=described)

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
        name, events = self._file("events"), events.sort(SORTED)
        _write_parquet(self._store.root / name, events)
        at = events["at"]
        low, high = (int(at.min()), int(at.max())) if events.height else (0, 0)  # type: ignore[arg-type]
        companies = {str(code): span for code, span in _spans(events["company"]).items()}
        return Segment(name, first, end, events.height, low, high, companies)

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


def _array(column: Any) -> Any:
    return column.to_numpy() if column.null_count == 0 else column


def _write_parquet(path: Path, frame: pl.DataFrame) -> None:
    delta = {name: how for name, how in _DELTA.items() if name in frame.columns}
    # Differences of times are noise: compressing them saves nothing and makes reading them three times as long.
    packed = [name for name in frame.columns if name != "at"]
    with path.open("wb") as file:
        pq.write_table(
            frame.to_arrow(),
            file,
            row_group_size=ROWS_A_GROUP,
            compression={name: "zstd" if name in packed else "none" for name in frame.columns},
            compression_level=dict.fromkeys(packed, 1),
            use_dictionary=[name for name in frame.columns if name not in delta],
            column_encoding=delta,
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
    if stored.pop("format", None) != _FORMAT:
        raise UnableToOpenStore(f"{path} の形式は扱えません。", f"{path} is of another format.")
    segments = tuple(
        Segment(**{**part, "companies": {code: tuple(span) for code, span in part["companies"].items()}})
        for part in stored.pop("segments")
    )
    names = {name: tuple(chunks) for name, chunks in stored.pop("names").items()}
    return Manifest(segments=segments, names=names, **stored)
