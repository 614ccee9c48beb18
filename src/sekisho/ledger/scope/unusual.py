"""Readings that somebody should look at. A rule gives a reason to ask; it accuses nobody.

Rules see one person's day for one purpose, beside the other people of that purpose. Statistics are those that a reader can
check with a pocket calculator: median, median deviation, a binomial tail. What a rule finds goes into the review queue
(`ledger.review`), where somebody else than the reader decides and says why.

`volume`        many more points than the others; those of the company's own work orders are not counted
`hours`         readings outside the working hours (see `hours`), which the others do not have
`no_cause`      cards opened for switching that no application followed within a fortnight
`same_surname`  customers of the reader's own surname, more than chance brings
`watched`       a point of the list of well-known people and decoys
`sampled`       nothing unusual: drawn for self-inspection
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope.hours import Hours, Readers, open_spans
from sekisho.ledger.scope.moments import JAPAN

RULES: Final = {
    "volume": ("量", "volume"),
    "hours": ("時間外", "out of hours"),
    "no_cause": ("申込の続かない照会", "look-ups without cause"),
    "same_surname": ("閲覧者と同じ姓", "same surname as the reader"),
    "watched": ("注意地点", "watched point"),
    "sampled": ("自主点検の抽出", "self-inspection sample"),
}
LEAST_PEERS: Final = 5
"""Fewer other person-days have no meaningful median."""
LEAST_POINTS: Final = 20
DEVIATIONS: Final = 6.0
"""So many median deviations above the median are unusual: about one in a hundred thousand if volumes were normal."""
LEAST_OUT_OF_HOURS: Final = 3
LEAST_UNFOLLOWED: Final = 10
UNFOLLOWED_SHARE: Final = 0.8
CHANCE: Final = 0.001
"""A surname that chance would bring less often than once in a thousand days is unusual."""
LONGEST: Final = timedelta(days=92)
SHOWN_PASSAGES: Final = 20


class UnableToLook(SekishoError):
    """The period cannot be looked at."""


@dataclass(frozen=True, slots=True)
class PersonDay:
    """What one person read on one day for one purpose. `share`: of all customers, those of the reader's surname."""

    day: date
    audience: str
    company: str
    person: str
    purpose: str
    points: int
    passages: int
    out_of_hours: int = 0
    lookups: int = 0
    unfollowed: int = 0
    named: int = 0
    namesakes: int = 0
    share: float = 0.0
    watched: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """A reason to look: `weight` in thousandths orders the queue."""

    rule: str
    of: PersonDay
    weight: int
    facts: Mapping[str, Any] = field(default_factory=dict)


def signs(days: Sequence[PersonDay]) -> list[Sign]:
    """Return what stands out among some days, the heaviest first."""
    groups: dict[tuple[str, str], list[PersonDay]] = defaultdict(list)
    for one in days:
        groups[one.audience, one.purpose].append(one)
    found = [sign for one in days for sign in _signs_of(one, groups[one.audience, one.purpose])]
    return sorted(found, key=lambda sign: (-sign.weight, sign.rule, sign.of.day, sign.of.person))


def _signs_of(one: PersonDay, group: Sequence[PersonDay]) -> Iterator[Sign]:
    peers = [other for other in group if other.person != one.person]
    if len(peers) >= LEAST_PEERS:
        yield from _volume(one, [peer.points for peer in peers])
        yield from _hours(one, [peer.out_of_hours for peer in peers])
    if one.unfollowed >= LEAST_UNFOLLOWED and one.unfollowed >= UNFOLLOWED_SHARE * one.lookups:
        yield Sign(
            "no_cause", one, one.unfollowed * 1000, {"lookups": one.lookups, "unfollowed": one.unfollowed}
        )
    chance = binomial_tail(one.named, one.share, one.namesakes)
    if one.namesakes and chance < CHANCE:
        facts = {"named": one.named, "namesakes": one.namesakes, "chance": float(f"{chance:.2g}")}
        yield Sign("same_surname", one, round(-math.log10(max(chance, 1e-30)) * 1000), facts)
    if one.watched:
        yield Sign("watched", one, 1_000_000 * len(one.watched), {"points": list(one.watched)})


def _volume(one: PersonDay, peers: Sequence[int]) -> Iterator[Sign]:
    middle = median(peers)
    # The normal distribution's deviation is 1.4826 median deviations; counts vary by at least their root.
    spread = max(1.4826 * median(abs(peer - middle) for peer in peers), math.sqrt(middle), 1.0)
    beyond = (one.points - middle) / spread
    if one.points >= LEAST_POINTS and beyond >= DEVIATIONS:
        yield Sign(
            "volume",
            one,
            round(beyond * 1000),
            {"points": one.points, "median": middle, "deviations": round(beyond, 1)},
        )


def _hours(one: PersonDay, peers: Sequence[int]) -> Iterator[Sign]:
    if one.out_of_hours >= LEAST_OUT_OF_HOURS and median(peers) == 0:
        yield Sign(
            "hours",
            one,
            one.out_of_hours * 1000,
            {"out_of_hours": one.out_of_hours, "passages": one.passages},
        )


def binomial_tail(trials: int, share: float, hits: int) -> float:
    """Return the chance of at least `hits` in `trials` when each has the chance `share`."""
    if hits <= 0:
        return 1.0
    if share <= 0.0:
        return 0.0
    terms = (math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits))
    return max(0.0, 1.0 - math.fsum(terms))


_DAYS: Final = """
with p as materialized (
    select g.*, (g.at at time zone 'Asia/Tokyo') as local from ledger.passage g
     where g.at >= %(since)s and g.at < %(until)s and g.verdict = 'passed' and g.person is not null),
seen as (
    select distinct p.local::date as day, p.audience, p.company, p.person, p.purpose, s.point, s.holder,
           exists (select from unnest(p.items) i where i in ('name', 'phone')) as clear
      from p cross join lateral unnest(p.points, p.holders) s (point, holder)),
surname as (
    select f.person, split_part(translate(f.name, '　', ' '), ' ', 1) as word from registry.staff f
     where position(' ' in translate(f.name, '　', ' ')) > 1 and f.person in (select person from p)),
share as (
    select s.person, s.word, (select count(distinct t.contract_no) from registry.party t where starts_with(t.name_key, s.word))::float8
           / greatest((select count(*) from registry.contract), 1) as part
      from surname s),
namesake as (
    select e.day, e.audience, e.company, e.person, e.purpose, count(distinct e.point) as named,
           count(distinct e.point) filter (where exists (
               select from registry.party t join share s on s.person = e.person
                where t.point = e.point and t.holder = e.holder and starts_with(t.name_key, s.word))) as namesakes
      from seen e where e.clear group by 1, 2, 3, 4, 5),
watched as (
    select e.day, e.audience, e.company, e.person, e.purpose, array_agg(distinct e.point order by e.point) as points
      from seen e where (select w.kind from ledger.watch w where w.point = e.point order by w.watch_no desc limit 1) in ('vip', 'decoy')
     group by 1, 2, 3, 4, 5),
volume as (
    select e.day, e.audience, e.company, e.person, e.purpose, count(distinct e.point) as points from seen e
     where not exists (select from registry.work_order o where o.contractor = e.company and o.point = e.point and o.valid @> e.day)
     group by 1, 2, 3, 4, 5),
cause as (
    select p.local::date as day, p.audience, p.company, p.person, p.purpose, count(*) as lookups,
           count(*) filter (where not exists (
               select from work.command q where q.person = p.person and q.kind = 'registry.draft_change'
                  and (q.payload ->> 'point') = any (p.points) and q.submitted_at >= p.at
                  and q.submitted_at < p.at + interval '14 days')) as unfollowed
      from p where p.audience = 'operator' and p.purpose = 'switching'
       and (p.gate = 'point_contracts' or starts_with(p.gate, 'reveal')) group by 1, 2, 3, 4, 5),
working as materialized (
    select * from unnest(%(audiences)s::text[], %(companies)s::text[], %(purposes)s::text[], %(days)s::date[], %(lows)s::timestamptz[],
                         %(highs)s::timestamptz[]) as w (audience, company, purpose, day, low, high)),
daily as (
    select p.local::date as day, p.audience, p.company, p.person, p.purpose, count(*) as passages,
           count(*) filter (where not exists (
               select from working w where w.audience = p.audience and w.company = coalesce(p.company, '') and w.purpose = p.purpose
                  and w.day = p.local::date and w.low <= p.at and p.at < w.high)) as out_of_hours
      from p group by 1, 2, 3, 4, 5)
select d.day, d.audience, coalesce(d.company, '') as company, d.person, d.purpose, coalesce(v.points, 0) as points, d.passages,
       d.out_of_hours, coalesce(c.lookups, 0) as lookups, coalesce(c.unfollowed, 0) as unfollowed, coalesce(n.named, 0) as named,
       coalesce(n.namesakes, 0) as namesakes, coalesce(s.part, 0)::float8 as share, coalesce(w.points, '{}') as watched
  from daily d
  left join volume v using (day, audience, company, person, purpose) left join cause c using (day, audience, company, person, purpose)
  left join namesake n using (day, audience, company, person, purpose) left join watched w using (day, audience, company, person, purpose)
  left join share s using (person)
 order by 1, 2, 3, 4, 5
"""


def person_days(
    conn: psycopg.Connection[Any], *, since: date, until: date, hours: Sequence[Hours] = ()
) -> list[PersonDay]:
    """Return who read how much on which Japanese day of [since, until); `hours` as `read_hours` gives them."""
    period = _moments(since, until)
    readers = conn.execute(_READERS.encode(), period).fetchall()
    working = open_spans(hours=hours, readers=[Readers(*row) for row in readers], since=since, until=until)
    spans = [(who.audience, who.company, who.purpose, *span) for who, *span in working]
    columns = [[span[place] for span in spans] for place in range(len(_WORKING))]
    with conn.cursor(row_factory=class_row(PersonDay)) as cursor:
        return cursor.execute(
            _DAYS.encode(), {**period, **dict(zip(_WORKING, columns, strict=True))}
        ).fetchall()


_WORKING: Final = ("audiences", "companies", "purposes", "days", "lows", "highs")
_READERS: Final = """
select distinct audience, coalesce(company, ''), purpose from ledger.passage
 where at >= %(since)s and at < %(until)s and verdict = 'passed' and person is not null
"""


def look(
    conn: psycopg.Connection[Any], *, since: date, until: date, now: datetime, hours: Sequence[Hours] = ()
) -> int:
    """Put what stands out into the queue; returns how many are new. Looking again adds nothing twice."""
    return _queue(conn, signs(person_days(conn, since=since, until=until, hours=hours)), now)


def draw_sample(
    conn: psycopg.Connection[Any], *, since: date, until: date, each: int, dice: random.Random, now: datetime
) -> int:
    """Draw `each` person-days of every company for self-inspection, with some passages of each; returns how many are new."""
    if each < 1:
        raise UnableToLook("抽出数は 1 以上にしてください。", "Draw at least one.")
    groups: dict[tuple[str, str], list[PersonDay]] = defaultdict(list)
    for one in person_days(conn, since=since, until=until):
        groups[one.audience, one.company].append(one)
    drawn = [one for _, days in sorted(groups.items()) for one in dice.sample(days, min(each, len(days)))]
    return _queue(conn, [Sign("sampled", one, 0, {"passages": _some(conn, one, dice)}) for one in drawn], now)


def _some(conn: psycopg.Connection[Any], one: PersonDay, dice: random.Random) -> list[int]:
    rows = conn.execute(
        "select passage_id from ledger.passage where at >= %(since)s and at < %(until)s and person = %(person)s and purpose = %(purpose)s"
        " and audience = %(audience)s and verdict = 'passed' order by at, passage_id",
        {
            **_moments(one.day, one.day + timedelta(days=1)),
            "person": one.person,
            "purpose": one.purpose,
            "audience": one.audience,
        },
    ).fetchall()
    numbers = [int(row[0]) for row in rows]
    return sorted(dice.sample(numbers, min(SHOWN_PASSAGES, len(numbers))))


def _queue(conn: psycopg.Connection[Any], found: Iterable[Sign], now: datetime) -> int:
    new = 0
    for sign in found:
        one = sign.of
        new += conn.execute(
            "insert into ledger.review (made_at, rule, day, audience, company, person, purpose, weight, facts)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                now,
                sign.rule,
                one.day,
                one.audience,
                one.company,
                one.person,
                one.purpose,
                sign.weight,
                Jsonb(dict(sign.facts)),
            ),
        ).rowcount
    return new


def _moments(since: date, until: date) -> dict[str, datetime]:
    if not since < until <= since + LONGEST:
        raise UnableToLook(
            f"期間は 1 日から {LONGEST.days} 日までです。", f"The period is one to {LONGEST.days} days."
        )
    return {name: datetime.combine(day, time(), JAPAN) for name, day in (("since", since), ("until", until))}
