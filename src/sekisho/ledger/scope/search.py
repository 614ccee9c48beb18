"""The answer: who exactly was seen.

Three steps. One company's foreign readings (see `store`) are read from each segment, masked by kind, person and time, and by
what would have been right, over integers only. What remains is named: which contract of the point was
seen. Then it is counted, by customer.

Which contract: the gate recorded the holder and the period that it showed, so it is every contract of that holder at the
point that ran in that period. Where more than one did, the record does not say which: all of them are named and marked as
not certain, and totals give both counts (the law counts the maximum where the number is unknown). A log that records no
holder shows the contract of the day, or, at an empty point, the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope.history import KINDS
from sekisho.ledger.scope.moments import DAY, OPEN, day_number
from sekisho.ledger.scope.periods import OwnPeriods
from sekisho.ledger.scope.question import Question, Right, kind_of
from sekisho.ledger.scope.store import EVENTS, Segment, Span, Store

_THREADS: Final = 2
_DETAIL: Final = ("person", "kind", "holder", "shown_from", "shown_to", "ref")
_TERMS: Final = ("point", "start", "end", "next", "holder", "kind", "row")


Narrowing = Callable[[pl.DataFrame], pl.DataFrame]
"""Keeps some of the views of an answer."""


@dataclass(frozen=True)
class Answer:
    """Who was seen. `views`: one row a reading and contract seen; `customers`: one a contract; `unnamed`: readings whose
    contract the history does not know. `totals` add up: see `_totals`."""

    question: Question
    views: pl.DataFrame
    customers: pl.DataFrame
    unnamed: pl.DataFrame
    totals: Mapping[str, Any]
    rests_on: Mapping[str, Any]


class UnableToAnswer(SekishoError):
    """The question names somebody or something that occurs nowhere: silence would look like an answer."""


def refuse_unknown(*, store: Store, question: Question) -> None:
    """Refuse a company, person or gate that neither log nor history knows; raises `UnableToAnswer` naming it."""
    gates = {str(kind_of(text)["gate"]) for text in store.names("kind").texts()}
    asked = (
        ("会社", "company", [] if question.company is None else [question.company], store.names("company")),
        ("閲覧者", "person", question.persons, store.names("person")),
    )
    for ja, en, texts, names in asked:
        for text in texts:
            if names.code(text) is None:
                raise _unknown(ja, en, text)
    for gate in question.gates:
        if gate not in gates:
            raise _unknown("ゲート・画面", "gate", gate)


def _unknown(ja: str, en: str, text: str) -> UnableToAnswer:
    return UnableToAnswer(
        f"{ja} {text!r} は閲覧ログにも契約履歴にもありません。",
        f"The {en} {text!r} is neither in the log nor in the history.",
    )


def search(*, store: Store, question: Question, as_of: date) -> Answer:
    """Answer the question; `as_of` is the day for which 'still contracted' is told."""
    hits = find(store=store, question=question)
    return name_and_count(store=store, question=question, hits=hits, as_of=as_of)


def name_and_count(
    *,
    store: Store,
    question: Question,
    hits: pl.DataFrame,
    as_of: date,
    only: Narrowing = lambda views: views,
) -> Answer:
    """Name the contracts that readings (columns of `store.EVENTS`) showed, narrow them by `only`, count the customers."""
    named = _named(store, question, hits)
    views = only(_readable(store, named.filter(pl.col("row").is_not_null())))
    unnamed = only(_readable(store, named.filter(pl.col("row").is_null())))
    customers = _customers(views, as_of)
    totals = _totals(views, customers, unnamed)
    return Answer(question, views, customers, unnamed, totals, store.manifest.rests_on)


def readings_of_point(*, store: Store, point: str, question: Question) -> pl.DataFrame:
    """Return all readings of one point in the question's time, whoever's they were; `UnableToAnswer` for an unknown point."""
    code = store.names("point").code(point)
    if code is None:
        raise _unknown("地点", "point", point)
    files = [store.root / part.file for part in store.manifest.segments if part.rows]
    if not files:
        return pl.DataFrame(schema=dict(EVENTS))
    low, high = _bounds(question)
    wanted = (pl.col("point") == code) & (pl.col("at") >= low) & (pl.col("at") < high)
    return pl.scan_parquet(files).filter(wanted).collect()


def find(*, store: Store, question: Question) -> pl.DataFrame:
    """Return the readings that were not right, as integers (columns of `store.EVENTS`)."""
    sieve = _sieve(store, question)
    if sieve is None:
        return pl.DataFrame(schema=dict(EVENTS))
    with ThreadPoolExecutor(_THREADS) as pool:
        found = [part for parts in pool.map(sieve.sift, _places(store, question)) for part in parts]
    return pl.concat(found) if found else pl.DataFrame(schema=dict(EVENTS))


@dataclass(frozen=True)
class _Sieve:
    """What readings must pass to be in the answer. `kinds` by code; `own` of the company, for `Right.HISTORY`."""

    store: Store
    question: Question
    kinds: npt.NDArray[np.bool_]
    persons: npt.NDArray[np.uint32] | None
    own: OwnPeriods | None

    def sift(self, place: _Place) -> list[pl.DataFrame]:
        """Return the readings of some slices of one segment that pass."""
        return [part for span in place.spans if (part := self._slice(place, span)).height]

    def _slice(self, place: _Place, span: Span) -> pl.DataFrame:
        columns = ["point", "at"] + ([] if self.kinds.all() else ["kind"])
        columns += ["company"] if place.company is None else []
        columns += [] if self.persons is None else ["person"]
        columns += ["holder"] if self.question.right is Right.RECORDED else []
        data = self.store.rows(place.segment.file, span, columns)
        if place.company is not None:
            data["company"] = np.full(len(data["at"]), place.company, dtype=np.uint32)
        rows = self._passing(data)
        return (
            self._detailed(place.segment, span, data, rows)
            if len(rows)
            else pl.DataFrame(schema=dict(EVENTS))
        )

    def _passing(self, data: Mapping[str, Any]) -> npt.NDArray[np.intp]:
        at = data["at"]
        keep = np.ones(len(at), dtype=bool)
        if self.own is not None:
            keep = ~self.own.cover(point=data["point"], at=at)
        if "kind" in data:
            keep &= self.kinds[data["kind"]]
        if self.persons is not None:
            keep &= np.isin(data["person"], self.persons)
        if "holder" in data:
            # An unknown holder is a foreign one: nothing shows that the reading was right.
            keep &= pl.Series(data["holder"]).ne_missing(pl.Series(data["company"])).to_numpy()
        keep &= _within(at, self.question)
        return np.flatnonzero(keep)

    def _detailed(
        self, segment: Segment, span: Span, data: Mapping[str, Any], rows: npt.NDArray[np.intp]
    ) -> pl.DataFrame:
        rest = self.store.rows(segment.file, span, [name for name in _DETAIL if name not in data])
        known = {**data, **rest}
        frame = pl.DataFrame({name: pl.Series(name, known[name]).gather(rows) for name in EVENTS})
        return frame.select(pl.col(name).cast(kind) for name, kind in EVENTS.items())


def _sieve(store: Store, question: Question) -> _Sieve | None:
    """Return the sieve, or None when nothing can pass: an unknown person or company, a kind that never occurred."""
    kinds = np.array([question.concerns(kind_of(text)) for text in store.names("kind").texts()], dtype=bool)
    persons = None
    if question.persons:
        persons = store.names("person").find(pl.Series(list(question.persons))).drop_nulls().to_numpy()
    if not kinds.any() or (persons is not None and not len(persons)):
        return None
    own = own_periods(store, question) if question.right is Right.HISTORY else None
    return _Sieve(store, question, kinds, persons, own)


def own_periods(store: Store, question: Question) -> OwnPeriods:
    """Return when the question's company held which point; an empty point counts as still its last holder's."""
    code = None if question.company is None else store.names("company").code(question.company)
    path = store.history_path("own")
    span = (store.manifest.history or {}).get("holders", {}).get(str(code))
    if span is None:
        data = {name: np.zeros(0, dtype=np.int64) for name in ("point", "start", "end", "next")}
    else:
        data = store.rows(path.name, (span[0], span[1]), ["point", "start", "end", "next"])
    return OwnPeriods(
        point=data["point"], start=data["start"], end=data["next" if question.vacant else "end"]
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Slices of one segment; `company` None: of several companies."""

    segment: Segment
    company: int | None
    spans: list[Span]


def _places(store: Store, question: Question) -> list[_Place]:
    company = None if question.company is None else store.names("company").code(question.company)
    low, high = _bounds(question)
    there = [
        part for part in store.manifest.segments if part.rows and part.first_at < high and part.last_at >= low
    ]
    if question.company is None:
        places = [_Place(part, None, [_of_all(part, question)]) for part in there]
    elif company is None:
        return []
    else:
        places = [_Place(part, company, _of_one(store, part, company, question)) for part in there]
    return [place for place in places if any(first < end for first, end in place.spans)]


def _of_all(segment: Segment, question: Question) -> Span:
    whole = question.right is Right.NONE or segment.silent
    return 0, segment.rows if whole else max((end for _, end in segment.foreign.values()), default=0)


def _of_one(store: Store, segment: Segment, company: int, question: Question) -> list[Span]:
    """The company's foreign readings, and those of its own that the question does not take for its own unseen."""
    foreign = [span for code, span in segment.foreign.items() if code == str(company)]
    if question.right is Right.HISTORY:
        return foreign + store.disputed(segment, company)
    if question.right is Right.NONE or segment.silent:
        return foreign + [span for code, span in segment.own.items() if code == str(company)]
    return foreign


def _bounds(question: Question) -> tuple[int, int]:
    low = 0 if question.since is None else day_number(question.since) * DAY
    return low, 2**32 if question.until is None else day_number(question.until) * DAY


def _within(at: npt.NDArray[np.uint32], question: Question) -> npt.NDArray[np.bool_] | bool:
    if question.since is None and question.until is None:
        return True
    low, high = _bounds(question)
    inside: npt.NDArray[np.bool_] = (at >= low) & (at < high)
    return inside


def _named(store: Store, question: Question, hits: pl.DataFrame) -> pl.DataFrame:
    """Add the contracts that were seen: start, end, kind, row of the history, `running`, `certain`."""
    hits = hits.with_columns((pl.col("at") // DAY).cast(pl.Int32).alias("day")).with_row_index("hit")
    terms = _terms(store, hits)
    recorded = hits.filter(pl.col("holder").is_not_null())
    silent = hits.filter(pl.col("holder").is_null()).drop("holder")
    parts = [_by_holder(recorded, terms), _by_day(silent, terms)]
    if question.right is Right.HISTORY:
        parts = [_by_day(hits.drop("holder"), terms)]
    named = pl.concat([part.select(_NAMED) for part in parts])
    return named if question.vacant else named.filter(pl.col("running") | pl.col("row").is_null())


_NAMED: Final = (*EVENTS, "day", "hit", "start", "end", "customer_kind", "row", "running", "certain")


def _terms(store: Store, hits: pl.DataFrame) -> pl.DataFrame:
    if store.manifest.history is None or not hits.height:
        empty = {
            "point": pl.UInt32,
            "start": pl.Int32,
            "end": pl.Int32,
            "next": pl.Int32,
            "holder": pl.UInt32,
        }
        return pl.DataFrame(schema={**empty, "customer_kind": pl.UInt8, "row": pl.UInt32})
    scanned = pl.scan_parquet(store.history_path("terms")).select(_TERMS).rename({"kind": "customer_kind"})
    return scanned.join(hits.lazy().select("point").unique(), on="point", how="semi").collect()


def _by_day(hits: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """The contract of the day of reading, or the last one before it."""
    found = hits.sort("day").join_asof(
        terms.sort("start").drop("next"),
        left_on="day",
        right_on="start",
        by="point",
        strategy="backward",
        coalesce=False,
        check_sortedness=False,
    )
    return found.with_columns(
        (pl.col("day") < pl.col("end")).alias("running"), pl.lit(value=True).alias("certain")
    )


def _by_holder(hits: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Every contract of the recorded holder that ran in the period shown."""
    first = pl.col("shown_from").fill_null(pl.col("day"))
    # No period was recorded: the day of reading. No end was recorded: all that followed.
    last = (
        pl.when(pl.col("shown_from").is_null())
        .then(pl.col("day") + 1)
        .otherwise(pl.col("shown_to").fill_null(OPEN))
    )
    pairs = hits.select("hit", "point", "holder", first.alias("low"), last.alias("high")).join(
        terms, on=["point", "holder"]
    )
    seen = pairs.filter((pl.col("start") < pl.col("high")) & (pl.col("low") < pl.col("end")))
    seen = seen.with_columns((pl.len().over("hit") == 1).alias("certain")).select(
        "hit", "end", "start", "customer_kind", "row", "certain"
    )
    found = hits.join(seen, on="hit", how="left")
    running = (pl.col("start") <= pl.col("day")) & (pl.col("day") < pl.col("end"))
    return found.with_columns(running.alias("running"))


def _readable(store: Store, named: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with names in place of codes, in order of time."""
    kinds = pl.DataFrame(
        [_kind_row(text) for text in store.names("kind").texts()],
        schema={
            "audience": pl.String,
            "gate": pl.String,
            "purpose": pl.String,
            "case_no": pl.String,
            "items": pl.List(pl.String),
        },
        orient="row",
    ).with_row_index("kind")
    frame = named.sort("at", "ref", "hit", "row").join(kinds, on="kind", how="left", maintain_order="left")
    numbers = store.numbers() if named.height and store.manifest.history is not None else _NO_NUMBERS
    contract = {name: numbers[name].gather(frame["row"]) for name in ("contract_no", "customer_no")}
    labels = pl.Series(KINDS).gather(frame["customer_kind"].cast(pl.UInt32))
    texts = {name: store.names(field).decode(frame[name]) for name, field in _TEXTS.items()}
    return frame.select(
        pl.from_epoch("at").alias("at"), texts["person"].alias("person"), texts["company"].alias("company"), "audience", "gate",
        "purpose", "case_no", "items", texts["point"].alias("point"), texts["holder"].alias("holder"),
        contract["contract_no"].alias("contract_no"), contract["customer_no"].alias("customer_no"), labels.alias("customer_kind"),
        pl.when(pl.col("running")).then(pl.lit("running")).otherwise(pl.lit("ended")).alias("case"), "certain",
        pl.col("start").alias("contract_start"), pl.col("end").alias("contract_end"), pl.col("shown_from", "shown_to").cast(pl.Date), "ref",
    )  # fmt: skip


_NO_NUMBERS: Final = pl.DataFrame(schema={"contract_no": pl.String, "customer_no": pl.String})
_TEXTS: Final = {"person": "person", "company": "company", "point": "point", "holder": "company"}


def _kind_row(text: str) -> tuple[Any, ...]:
    kind = kind_of(text)
    return kind["audience"], kind["gate"], kind["purpose"], kind["case_no"], kind["items"]


def _customers(views: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row a contract seen: how often, when, by how many, which items, and whether it still runs on `as_of`."""
    running = pl.col("case") == "running"
    return (
        views.group_by("contract_no", "customer_no", "customer_kind", "point", "holder")
        .agg(
            pl.len().alias("views"),
            running.sum().alias("views_while_running"),
            pl.col("person").n_unique().alias("persons"),
            pl.col("at").min().alias("first"),
            pl.col("at").max().alias("last"),
            pl.col("items").explode(empty_as_null=False, keep_nulls=False).unique().sort().alias("items"),
            pl.col("gate").unique().sort().alias("gates"),
            pl.col("certain").any().alias("certain"),
            (pl.col("contract_end").first() > day_number(as_of)).alias("still_contracted"),
        )
        .sort("contract_no")
    )


def _totals(views: pl.DataFrame, customers: pl.DataFrame, unnamed: pl.DataFrame) -> dict[str, Any]:
    """Counts that must add up: customers by kind to customers; a customer with several contracts counts once."""
    people = customers.group_by("customer_no").agg(
        pl.col("customer_kind").first(),
        pl.col("still_contracted").any(),
        pl.col("certain").any(),
        pl.col("views_while_running").sum(),
    )
    by_kind = {kind: people.filter(pl.col("customer_kind") == kind).height for kind in KINDS}
    if sum(by_kind.values()) != people.height:
        raise AssertionError("a customer of no kind")
    readings = pl.concat(
        [
            views.select("ref", "person", "point", "at", "gate"),
            unnamed.select("ref", "person", "point", "at", "gate"),
        ]
    )
    return {
        "readings": readings.unique().height,
        "views": views.height,
        "views_while_running": views.filter(pl.col("case") == "running").height,
        "contracts": customers.height,
        "contracts_while_running": customers.filter(pl.col("views_while_running") > 0).height,
        "customers": people.height,
        "customers_certain": people.filter("certain").height,
        **{f"customers_{kind}": count for kind, count in by_kind.items()},
        "customers_still_contracted": people.filter("still_contracted").height,
        "points": views["point"].n_unique(),
        "readers": views["person"].n_unique(),
        "readings_of_nobodys": unnamed.height,
    }
