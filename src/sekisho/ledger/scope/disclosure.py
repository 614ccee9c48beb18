"""The reverse question of a customer: who saw my data, when, on which gate, which items, and by what right.

A reading was of this customer's data if what it showed was, at that very moment, recorded as this customer's: the registry keeps
what a correction replaced, so the contract is looked up as it stood then. Readings that no contract explains any more, because
the holder then recorded was corrected afterwards, count if the period they showed is the customer's by today's contracts.
INVARIANT: a reading of the tenant before or after is no answer to this customer.

The right is judged as it was at the moment of reading: the reading company's own contract, its work order, an open disaster
case, the duty of a person with a permit; or none, which the answer says as plainly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import polars as pl
import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope.moments import JAPAN
from sekisho.ledger.scope.question import Question, Right
from sekisho.ledger.scope.search import name_and_count, readings_of_point
from sekisho.ledger.scope.store import Store
from sekisho.ledger.scope.whatif import right_of

BY_RIGHT: Final = {
    "contract": ("自社の契約", "its own contract"),
    "work_order": ("作業指示", "a work order"),
    "case": ("災害案件", "a disaster case"),
    "duty": ("利用権限のある担当者の業務", "the duty of a person with a permit"),
    "none": ("権限を確認できない", "no right is found"),
}
_VERSIONS: Final = """
select contract_no, holder, customer_no, lower(valid), upper(valid), recorded_at, null::timestamptz from registry.contract where point = %(point)s
union all
select contract_no, holder, customer_no, lower(valid), upper(valid), recorded_at, superseded_at from registry.contract_history where point = %(point)s
order by 1, 6
"""
_PERMITS: Final = """
select r.place, max(p.permit_no) from unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
       r (place, person, audience, company, purpose, at)
  join barrier.permit p on p.person = r.person and p.audience = r.audience and p.company = r.company and p.purpose = r.purpose
   and p.valid @> (r.at at time zone 'Asia/Tokyo')::date and (p.ended_at is null or p.ended_at > r.at)
 group by r.place
"""
_ORDERS: Final = """
select r.place, min(o.order_no) from unnest(%s::bigint[], %s::text[], %s::timestamptz[]) r (place, company, at)
  join registry.work_order o on o.contractor = r.company and o.point = %s and o.valid @> (r.at at time zone 'Asia/Tokyo')::date
 group by r.place
"""
_CASES: Final = """
select r.place from unnest(%s::bigint[], %s::text[], %s::timestamptz[]) r (place, case_no, at)
  join barrier.case_file c on c.case_no = r.case_no and c.valid @> r.at
"""
# The store keeps whole seconds; the passage's own moment, which with its number is its key, is the database's.
_MOMENTS: Final = """
select p.passage_id, p.at from unnest(%s::bigint[], %s::timestamptz[]) r (passage_id, at)
  join ledger.passage p on p.passage_id = r.passage_id and p.at >= r.at and p.at < r.at + interval '1 second'
"""


_PLAIN: Final = (
    "at", "passage_id", "gate", "audience", "company", "person", "purpose", "case_no", "holder", "by_right", "rule", "basis", "permit_no",
    "order_no", "certain", "corrected",
)  # fmt: skip
FRAME: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "at": pl.Datetime("us", "Asia/Tokyo"), "passage_id": pl.Int64, "gate": pl.String, "audience": pl.String, "company": pl.String,
    "person": pl.String, "purpose": pl.String, "case_no": pl.String, "items": pl.List(pl.String), "shown_from": pl.Date, "shown_to": pl.Date,
    "holder": pl.String, "tenancy_from": pl.Date, "tenancy_to": pl.Date, "by_right": pl.String, "rule": pl.String, "basis": pl.String,
    "permit_no": pl.Int64, "order_no": pl.String, "certain": pl.Boolean, "corrected": pl.Boolean,
}  # fmt: skip
"""The columns of an answer to a customer, as `ledger.finding_reading` holds them."""


class UnableToDisclose(SekishoError):
    """The customer never had a contract at the point: an empty answer would say that nobody looked."""


@dataclass(frozen=True, slots=True)
class Version:
    """A contract of the point as it was recorded from `known` until `replaced`. `end` None: running; `replaced` None: as of today."""

    contract_no: str
    holder: str
    customer_no: str
    start: date
    end: date | None
    known: datetime
    replaced: datetime | None

    def shown_by(self, *, low: date, high: date | None) -> bool:
        """Whether a reading of the days [low, high) showed some of it."""
        return (high is None or self.start < high) and (self.end is None or low < self.end)

    def stood_at(self, moment: datetime) -> bool:
        """Whether this is what the registry said then."""
        return self.known <= moment and (self.replaced is None or moment < self.replaced)


@dataclass(frozen=True, slots=True)
class Line:
    """One reading of the customer's data. `tenancy`: the contract that was seen; see `answers.sql` for the rest."""

    at: datetime
    passage_id: int
    gate: str
    audience: str
    company: str
    person: str
    purpose: str
    case_no: str | None
    items: tuple[str, ...]
    shown: tuple[date | None, date | None]
    holder: str | None
    tenancy: tuple[date, date | None]
    certain: bool
    corrected: bool
    by_right: str = "none"
    rule: str | None = None
    basis: str | None = None
    permit_no: int | None = None
    order_no: str | None = None


@dataclass(frozen=True)
class Disclosure:
    """The answer: `tenancies` are the customer's contracts as they stand today, `lines` the readings in order of time."""

    point: str
    tenancies: Sequence[Version]
    since: date | None
    until: date | None
    lines: Sequence[Line]
    rests_on: Mapping[str, Any]

    @property
    def totals(self) -> dict[str, int]:
        """Readings and readers, and readings by right; the latter add up to the former."""
        by_right = {f"by_{right}": sum(line.by_right == right for line in self.lines) for right in BY_RIGHT}
        return {
            "readings": len(self.lines),
            "readers": len({(line.audience, line.person) for line in self.lines}),
            "companies": len({line.company for line in self.lines}),
            **by_right,
            "uncertain": sum(not line.certain for line in self.lines),
        }

    def question(self) -> dict[str, Any]:
        """What was asked, as JSON holds it: the point and the customer's own time there, not the customer's number."""
        mine = [
            {"holder": one.holder, "from": _iso(one.start), "to": _iso(one.end)} for one in self.tenancies
        ]
        return {"point": self.point, "tenancies": mine, "since": _iso(self.since), "until": _iso(self.until)}

    def frame(self) -> pl.DataFrame:
        """The readings as a table, a column a field of `Line`; periods in two columns."""
        rows = [
            {name: getattr(one, name) for name in _PLAIN}
            | {"items": list(one.items), "shown_from": one.shown[0], "shown_to": one.shown[1]}
            | {"tenancy_from": one.tenancy[0], "tenancy_to": one.tenancy[1]}
            for one in self.lines
        ]
        return pl.DataFrame(rows, schema=FRAME, orient="row")

    def digest(self) -> str:
        """SHA-256 over the readings and their rights: two runs that agree have the same."""
        told = (
            "\t".join(map(str, (one.passage_id, one.holder, one.gate, one.by_right))) for one in self.lines
        )
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


def disclose(
    *,
    connection: psycopg.Connection[TupleRow],
    store: Store,
    point: str,
    customer_no: str,
    since: date | None = None,
    until: date | None = None,
    as_of: date,
) -> Disclosure:
    """Answer a customer of a point (22 digits); raises `UnableToDisclose`, and `UnableToAnswer` for a point that was never seen."""
    versions = versions_of(connection, point)
    mine = [one for one in versions if one.customer_no == customer_no]
    today = [one for one in mine if one.replaced is None]
    if not today:
        raise UnableToDisclose(
            f"お客さま番号 {customer_no!r} は地点 {point} の契約にありません。",
            f"The customer {customer_no!r} never had a contract at {point}.",
        )
    lines = [
        line
        for row in _readings(store, point, since, until, as_of)
        if (line := _line(row, versions, customer_no))
    ]
    judged = _judged(connection, point, _exact(connection, lines))
    return Disclosure(point, today, since, until, judged, store.manifest.rests_on)


def versions_of(connection: psycopg.Connection[TupleRow], point: str) -> list[Version]:
    """Return every contract of a point as it was ever recorded. What was first recorded counts from its start at the latest."""
    rows = connection.execute(_VERSIONS.encode(), {"point": point}).fetchall()
    found: list[Version] = []
    for row in rows:
        one = Version(*row)
        first = not found or found[-1].contract_no != one.contract_no
        begun = datetime.combine(one.start, time(), JAPAN)
        found.append(replace(one, known=min(one.known, begun)) if first else one)
    return found


def _readings(
    store: Store, point: str, since: date | None, until: date | None, as_of: date
) -> Iterable[dict[str, Any]]:
    """Yield each reading of the point once for each holder that it recorded, in order of time; `named`: whether today's contracts explain it."""
    question = Question(since=since, until=until, right=Right.NONE)
    hits = readings_of_point(store=store, point=point, question=question)
    answer = name_and_count(store=store, question=question, hits=hits, as_of=as_of)
    parts = [
        frame.with_columns(pl.lit(value=named).alias("named"))
        for frame, named in ((answer.views, True), (answer.unnamed, False))
    ]
    return (
        pl.concat(parts)
        .unique(["ref", "holder"], keep="first")
        .sort("at", "ref", "holder")
        .iter_rows(named=True)
    )


def _line(row: dict[str, Any], versions: Sequence[Version], customer_no: str) -> Line | None:
    """Return the reading as a line of the customer's answer, or None where it was not of this customer's data."""
    at = row["at"].replace(tzinfo=JAPAN)
    day = at.date()
    low, high = row["shown_from"] or day, row["shown_to"] if row["shown_from"] else day + timedelta(days=1)
    shown = [one for one in versions if one.shown_by(low=low, high=high)]
    then = [one for one in shown if one.stood_at(at) and row["holder"] in (None, one.holder)]
    mine = [one for one in then if one.customer_no == customer_no]
    corrected = False
    if not mine and not row["named"] and not then:
        mine = [
            one
            for one in shown
            if one.replaced is None and one.customer_no == customer_no and one.start <= day
        ]
        corrected = True
    if not mine:
        return None
    seen = max(mine, key=lambda one: one.start)
    return Line(
        at=at, passage_id=row["ref"], gate=row["gate"], audience=row["audience"], company=row["company"], person=row["person"],
        purpose=row["purpose"], case_no=row["case_no"], items=tuple(row["items"]), shown=(row["shown_from"], row["shown_to"]),
        holder=row["holder"], tenancy=(seen.start, seen.end), certain=len(then) == len(mine), corrected=corrected or seen.replaced is not None,
    )  # fmt: skip


def _exact(connection: psycopg.Connection[TupleRow], lines: Sequence[Line]) -> list[Line]:
    """Give each line its passage's own moment."""
    numbers, seconds = [one.passage_id for one in lines], [one.at for one in lines]
    moments: dict[int, datetime] = dict(connection.execute(_MOMENTS.encode(), (numbers, seconds)).fetchall())
    return [replace(one, at=moments.get(one.passage_id, one.at)) for one in lines]


def _judged(connection: psycopg.Connection[TupleRow], point: str, lines: Sequence[Line]) -> list[Line]:
    """Give each line the right by which it was read."""
    places, at = list(range(len(lines))), [one.at for one in lines]
    who = ([getattr(one, name) for one in lines] for name in ("person", "audience", "company", "purpose"))
    permits: dict[int, int] = dict(connection.execute(_PERMITS.encode(), (places, *who, at)).fetchall())
    companies = [one.company for one in lines]
    orders: dict[int, str] = dict(
        connection.execute(_ORDERS.encode(), (places, companies, at, point)).fetchall()
    )
    cases = connection.execute(_CASES.encode(), (places, [one.case_no for one in lines], at)).fetchall()
    open_cases = {place for (place,) in cases}
    found = []
    for place, line in enumerate(lines):
        rule, basis = right_of(line.audience, line.purpose, line.items)
        permit, order = permits.get(place), orders.get(place) if line.audience == "contractor" else None
        by = _by_right(line, permit=permit, order=order, case=place in open_cases)
        found.append(replace(line, by_right=by, rule=rule, basis=basis, permit_no=permit, order_no=order))
    return found


def _by_right(line: Line, *, permit: int | None, order: str | None, case: bool) -> str:
    if line.audience == "retailer":
        return "contract" if line.company == line.holder else "none"
    if line.audience == "contractor":
        return "work_order" if order is not None else "none"
    if line.case_no is not None:
        return "case" if case else "none"
    return "duty" if permit is not None else "none"


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
