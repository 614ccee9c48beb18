"""Gates of leak scoping: findings, the review queue, watched points. They show points and readers, never a customer's items."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sekisho.barrier.gate import Gate, Param, Sort, SubmitGate, shown


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One answered question."""

    finding_no: int = shown("f.finding_no")
    at: datetime = shown("f.at")
    by: str = shown("f.by")
    title: str = shown("f.title")
    kind: str = shown("f.kind")
    question: dict[str, Any] = shown("f.question")
    totals: dict[str, Any] = shown("f.totals")
    tree_size: int = shown("f.tree_size")
    checkpoint: str = shown("f.checkpoint")
    digest: str = shown("f.digest")


@dataclass(frozen=True, slots=True)
class FindingPointRow:
    """One point that a finding names."""

    point: str = shown("n.point")
    holder: str = shown("n.holder")
    views: int = shown("n.views")
    readers: int = shown("n.readers")
    first_at: datetime = shown("n.first_at")
    last_at: datetime = shown("n.last_at")
    gates: list[str] = shown("n.gates")
    items: list[str] = shown("n.items")
    contracted: bool = shown("n.contracted")


@dataclass(frozen=True, slots=True)
class FindingReaderRow:
    """One person who has seen, on one gate, what a changed rule would no longer show."""

    reader_no: int = shown("n.reader_no")
    person: str = shown("n.person")
    audience: str = shown("n.audience")
    company: str = shown("n.company")
    purpose: str = shown("n.purpose")
    gate: str = shown("n.gate")
    items: list[str] = shown("n.items")
    readings: int = shown("n.readings")
    customers: int = shown("n.customers")
    first_at: datetime = shown("n.first_at")
    last_at: datetime = shown("n.last_at")


@dataclass(frozen=True, slots=True)
class FindingReadingRow:
    """One reading of one customer's data, and by what right; see `answers.sql`."""

    reading_no: int = shown("n.reading_no")
    at: datetime = shown("n.at")
    passage_id: int = shown("n.passage_id")
    gate: str = shown("n.gate")
    audience: str = shown("n.audience")
    company: str = shown("n.company")
    person: str = shown("n.person")
    purpose: str = shown("n.purpose")
    case_no: str | None = shown("n.case_no")
    items: list[str] = shown("n.items")
    shown_from: date | None = shown("n.shown_from")
    shown_to: date | None = shown("n.shown_to")
    holder: str | None = shown("n.holder")
    tenancy_from: date = shown("n.tenancy_from")
    tenancy_to: date | None = shown("n.tenancy_to")
    by_right: str = shown("n.by_right")
    rule: str | None = shown("n.rule")
    basis: str | None = shown("n.basis")
    permit_no: int | None = shown("n.permit_no")
    order_no: str | None = shown("n.order_no")
    certain: bool = shown("n.certain")
    corrected: bool = shown("n.corrected")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One reading, or a day's readings, to look at, and what was decided."""

    review_no: int = shown("v.review_no")
    made_at: datetime = shown("v.made_at")
    rule: str = shown("v.rule")
    day: date = shown("v.day")
    audience: str = shown("v.audience")
    company: str = shown("v.company")
    person: str = shown("v.person")
    purpose: str = shown("v.purpose")
    weight: int = shown("v.weight")
    facts: dict[str, Any] = shown("v.facts")
    decision: str | None = shown("d.decision")
    reason: str | None = shown("d.reason")
    decided_by: str | None = shown("d.by")
    decided_at: datetime | None = shown("d.at")


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One entry of the list of watched points."""

    watch_no: int = shown("w.watch_no")
    at: datetime = shown("w.at")
    by: str = shown("w.by")
    point: str = shown("w.point")
    kind: str = shown("w.kind")
    reason: str = shown("w.reason")


def _findings(audience: str, purpose: str) -> Gate[FindingRow]:
    return Gate(
        name="findings", ja="範囲調査の結果", en="findings of leak scoping", audience=audience, purposes=(purpose,), row=FindingRow,
        params=(Param("finding_no", "bigint", "null"),), source="{seen}.finding f", where="(p_finding_no is null or f.finding_no = p_finding_no)",
        sorts={"at": Sort(("f.at", "f.finding_no"), ("timestamptz", "bigint"))},
    )  # fmt: skip


def _finding_points(audience: str, purpose: str) -> Gate[FindingPointRow]:
    return Gate(
        name="finding_points", ja="範囲調査の地点", en="points of a finding", audience=audience, purposes=(purpose,), row=FindingPointRow,
        params=(Param("finding_no", "bigint"),), source="{seen}.finding_point n", where="n.finding_no = p_finding_no",
        sorts={"point": Sort(("n.point", "n.holder"), ("text", "text")),
               "views": Sort(("n.views", "n.point", "n.holder"), ("bigint", "text", "text"))},
    )  # fmt: skip


def _finding_readers(audience: str, purpose: str) -> Gate[FindingReaderRow]:
    return Gate(
        name="finding_readers", ja="見られなくなる閲覧者", en="readers of a what-if", audience=audience, purposes=(purpose,), row=FindingReaderRow,
        params=(Param("finding_no", "bigint"),), source="{seen}.finding_reader n", where="n.finding_no = p_finding_no",
        sorts={"customers": Sort(("n.customers", "n.reader_no"), ("bigint", "bigint")),
               "person": Sort(("n.person", "n.reader_no"), ("text", "bigint"))},
    )  # fmt: skip


def _finding_readings(audience: str, purpose: str) -> Gate[FindingReadingRow]:
    return Gate(
        name="finding_readings", ja="お客さまの情報の閲覧", en="readings of a customer's data", audience=audience, purposes=(purpose,),
        row=FindingReadingRow, params=(Param("finding_no", "bigint"), Param("by_right", "text", "null")), source="{seen}.finding_reading n",
        where="n.finding_no = p_finding_no and (p_by_right is null or n.by_right = p_by_right)",
        sorts={"at": Sort(("n.at", "n.reading_no"), ("timestamptz", "bigint"))},
    )  # fmt: skip


def _reviews(audience: str, purpose: str) -> Gate[ReviewRow]:
    return Gate(
        name="reviews", ja="点検待ちの閲覧", en="readings to look at", audience=audience, purposes=(purpose,), row=ReviewRow,
        params=(Param("rule", "text", "null"), Param("person", "text", "null"), Param("review_no", "bigint", "null"),
                Param("open", "boolean", "null")),
        source="{seen}.review v left join {seen}.decision d on d.review_no = v.review_no",
        where=(
            "(p_rule is null or v.rule = p_rule) and (p_person is null or v.person = p_person)"
            " and (p_review_no is null or v.review_no = p_review_no) and (p_open is null or (d.review_no is null) = p_open)"
        ),
        sorts={"weight": Sort(("v.weight", "v.review_no"), ("bigint", "bigint")), "day": Sort(("v.day", "v.review_no"), ("date", "bigint"))},
    )  # fmt: skip


FINDINGS = _findings("security", "oversight")
AUDITOR_FINDINGS = _findings("auditor", "audit")
FINDING_POINTS = _finding_points("security", "oversight")
AUDITOR_FINDING_POINTS = _finding_points("auditor", "audit")
FINDING_READERS = _finding_readers("security", "oversight")
AUDITOR_FINDING_READERS = _finding_readers("auditor", "audit")
FINDING_READINGS = _finding_readings("security", "oversight")
AUDITOR_FINDING_READINGS = _finding_readings("auditor", "audit")
REVIEWS = _reviews("security", "oversight")
AUDITOR_REVIEWS = _reviews("auditor", "audit")
WATCHED = Gate(
    name="watched_points", ja="注意して見る地点", en="watched points", audience="security", purposes=("oversight",), row=WatchRow,
    source="{seen}.watch w", sorts={"at": Sort(("w.at", "w.watch_no"), ("timestamptz", "bigint"))},
)  # fmt: skip


def _submit(name: str, ja: str, en: str) -> SubmitGate:
    return SubmitGate(
        name=name, ja=ja, en=en, audience="security", purposes=("oversight",), command=f"ledger.{name}"
    )


FIND_SCOPE = _submit("find_scope", "範囲調査の実行", "run leak scoping")
REPLAY_POLICY = _submit("replay_policy", "規則変更の影響調査", "replay a changed rule")
DISCLOSE_READINGS = _submit("disclose_readings", "お客さまへの閲覧の開示", "answer who saw a customer's data")
EXPORT_FINDING = _submit("export_finding", "調査結果のファイルの作成", "have a finding written as files")
LOOK_FOR_UNUSUAL = _submit("look_for_unusual", "いつもと違う閲覧の抽出", "look for unusual reading")
DRAW_SAMPLE = _submit("draw_sample", "自主点検の抽出", "draw a self-inspection sample")
DECIDE_REVIEW = _submit("decide_review", "点検の判断", "decide on a review")
WATCH_POINT = _submit("watch_point", "注意地点の登録・解除", "watch a point")
SUBMIT_GATES = (
    FIND_SCOPE,
    REPLAY_POLICY,
    DISCLOSE_READINGS,
    EXPORT_FINDING,
    LOOK_FOR_UNUSUAL,
    DRAW_SAMPLE,
    DECIDE_REVIEW,
    WATCH_POINT,
)

GATES = (
    FINDINGS,
    AUDITOR_FINDINGS,
    FINDING_POINTS,
    AUDITOR_FINDING_POINTS,
    FINDING_READERS,
    AUDITOR_FINDING_READERS,
    FINDING_READINGS,
    AUDITOR_FINDING_READINGS,
    REVIEWS,
    AUDITOR_REVIEWS,
    WATCHED,
    *SUBMIT_GATES,
)
