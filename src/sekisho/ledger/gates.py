"""The ledger's gates: who read what. Reading the record is itself recorded."""

from dataclasses import dataclass
from datetime import date, datetime

from sekisho.barrier.gate import Gate, Param, Sort, shown


@dataclass(frozen=True, slots=True)
class PassageRow:
    """One passage as security and the auditor see it."""

    at: datetime = shown("g.at")
    passage_id: int = shown("g.passage_id")
    gate: str = shown("g.gate")
    audience: str = shown("g.audience")
    company: str | None = shown("g.company")
    person: str | None = shown("g.person")
    purpose: str = shown("g.purpose")
    case_no: str | None = shown("g.case_no")
    verdict: str = shown("g.verdict")
    points: list[str] = shown("g.points")
    holders: list[str] = shown("g.holders")
    items: list[str] = shown("g.items")
    shown_from: date | None = shown("lower(g.shown)")
    shown_to: date | None = shown("upper(g.shown)")
    row_count: int = shown("g.row_count::bigint")
    request_id: str | None = shown("g.request_id")


def _passages(audience: str, purpose: str) -> Gate[PassageRow]:
    return Gate(
        name="passages", ja="閲覧記録", en="passages", audience=audience, purposes=(purpose,), row=PassageRow,
        params=(
            Param("since", "timestamptz", "'-infinity'"), Param("until", "timestamptz", "'infinity'"), Param("person", "text", "null"),
            Param("company", "text", "null"), Param("of_gate", "text", "null"), Param("reader", "text", "null"), Param("point", "text", "null"),
            Param("verdict", "text", "null"), Param("purpose", "text", "null"), Param("case_no", "text", "null"),
        ),
        source="{seen}.passage g",
        where=(
            "g.at >= p_since and g.at < p_until and (p_person is null or g.person = p_person) and (p_company is null or g.company = p_company)"
            " and (p_of_gate is null or g.gate = p_of_gate) and (p_reader is null or g.audience = p_reader)"
            " and (p_point is null or g.points @> array[p_point]) and (p_verdict is null or starts_with(g.verdict, p_verdict))"
            " and (p_purpose is null or g.purpose = p_purpose) and (p_case_no is null or g.case_no = p_case_no)"
        ),
        sorts={"at": Sort(("g.at", "g.passage_id"), ("timestamptz", "bigint"))},
    )  # fmt: skip


PASSAGES = _passages("security", "oversight")
AUDITOR_PASSAGES = _passages("auditor", "audit")


def _passages_of_point(audience: str, purpose: str) -> Gate[PassageRow]:
    """All that was read of one point, however long ago: through `seen_point`, whose index row security lets pass, where an array's is closed
    to it. A point shown in the time of several holders stands there once for each; the first of them speaks for the passage.
    """
    return Gate(
        name="passages_of_point", ja="地点の閲覧記録", en="passages of a point", audience=audience, purposes=(purpose,), row=PassageRow,
        params=(
            Param("point", "text"), Param("since", "timestamptz", "'-infinity'"), Param("until", "timestamptz", "'infinity'"),
            Param("person", "text", "null"), Param("company", "text", "null"), Param("of_gate", "text", "null"),
            Param("reader", "text", "null"), Param("verdict", "text", "null"), Param("purpose", "text", "null"), Param("case_no", "text", "null"),
        ),
        source="{seen}.seen_point s join {seen}.passage g on g.at = s.at and g.passage_id = s.passage_id",
        where=(
            "s.point = p_point and s.at >= p_since and s.at < p_until and s.first_of_point"
            " and (p_person is null or g.person = p_person) and (p_company is null or g.company = p_company)"
            " and (p_of_gate is null or g.gate = p_of_gate) and (p_reader is null or g.audience = p_reader)"
            " and (p_verdict is null or starts_with(g.verdict, p_verdict))"
            " and (p_purpose is null or g.purpose = p_purpose) and (p_case_no is null or g.case_no = p_case_no)"
        ),
        sorts={"at": Sort(("s.at", "s.passage_id"), ("timestamptz", "bigint"))},
    )  # fmt: skip


PASSAGES_OF_POINT = _passages_of_point("security", "oversight")
AUDITOR_PASSAGES_OF_POINT = _passages_of_point("auditor", "audit")


@dataclass(frozen=True, slots=True)
class SeenRow:
    """Who saw one of my points: audience, company and purpose, not the person."""

    at: datetime = shown("s.at")
    point: str = shown("s.point")
    gate: str = shown("s.gate")
    audience: str = shown("s.audience")
    company: str | None = shown("s.company")
    purpose: str = shown("s.purpose")
    items: list[str] = shown("s.items")


WHO_SAW = Gate(
    name="who_saw", ja="自社の地点の閲覧記録", en="who saw my points", audience="retailer", purposes=("contract",), row=SeenRow,
    params=(
        Param("since", "timestamptz", "'-infinity'"), Param("until", "timestamptz", "'infinity'"), Param("point", "text", "null"),
        Param("reader", "text", "null"),
    ),
    source="{seen}.seen_point s",
    where=(
        "s.at >= p_since and s.at < p_until and (p_point is null or s.point = p_point) and (p_reader is null or s.audience = p_reader)"
    ),
    sorts={"at": Sort(("s.at", "s.passage_id", "s.point"), ("timestamptz", "bigint", "text"))},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReadingVolume:
    """How much one person read on one day: what 'unusual reading' looks at."""

    day: date = shown("(g.at at time zone 'Asia/Tokyo')::date")
    audience: str = shown("g.audience")
    company: str | None = shown("g.company")
    person: str | None = shown("g.person")
    purpose: str = shown("g.purpose")
    passages: int = shown("count(*)")
    points: int = shown("sum(cardinality(g.points))::bigint")
    refused: int = shown("count(*) filter (where g.verdict <> 'passed')")
    revealed: int = shown("count(*) filter (where starts_with(g.gate, 'reveal'))")
    out_of_hours: int = shown(
        "count(*) filter (where (g.at at time zone 'Asia/Tokyo')::time not between time '07:00' and time '20:00')"
    )


VOLUMES = Gate(
    name="reading_volumes", ja="人別の閲覧量", en="reading volumes", audience="security", purposes=("oversight",), row=ReadingVolume,
    params=(Param("since", "timestamptz"), Param("until", "timestamptz")), source="{seen}.passage g",
    where="g.at >= p_since and g.at < p_until", group="1, 2, 3, 4, 5", order="1 desc, 6 desc, 2, 3, 4, 5",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnfollowedRow:
    """One person's look-ups for switching on one day, and how many an application for the same point followed."""

    day: date = shown("(g.at at time zone 'Asia/Tokyo')::date")
    person: str | None = shown("g.person")
    lookups: int = shown("count(distinct g.passage_id)")
    followed: int = shown("count(distinct g.passage_id) filter (where q.command_no is not null)")


# Opening a card or revealing an item for switching is for an application. One that follows within a fortnight, by the same person and
# for the same point, explains it; INVARIANT: the operator's pages write the point into every draft, and the
# queue keeps it apart (`work.command.point`): security does not read what was submitted.
UNFOLLOWED = Gate(
    name="unfollowed_lookups", ja="申込の続かない照会", en="look-ups without a following application", audience="security",
    purposes=("oversight",), row=UnfollowedRow, params=(Param("since", "timestamptz"), Param("until", "timestamptz")),
    source=(
        "{seen}.passage g left join {seen}.command q on q.person = g.person and q.kind = 'registry.draft_change'"
        " and q.point = any (g.points) and q.submitted_at >= g.at and q.submitted_at < g.at + interval '14 days'"
    ),
    where=(
        "g.at >= p_since and g.at < p_until and g.audience = 'operator' and g.purpose = 'switching' and g.verdict = 'passed'"
        " and (g.gate = 'point_contracts' or starts_with(g.gate, 'reveal'))"
    ),
    group="1, 2", order="1 desc, 3 desc, 2",
)  # fmt: skip

GATES = (
    PASSAGES,
    AUDITOR_PASSAGES,
    PASSAGES_OF_POINT,
    AUDITOR_PASSAGES_OF_POINT,
    WHO_SAW,
    VOLUMES,
    UNFOLLOWED,
)
