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
LOOK_FOR_UNUSUAL = _submit("look_for_unusual", "いつもと違う閲覧の抽出", "look for unusual reading")
DRAW_SAMPLE = _submit("draw_sample", "自主点検の抽出", "draw a self-inspection sample")
DECIDE_REVIEW = _submit("decide_review", "点検の判断", "decide on a review")
WATCH_POINT = _submit("watch_point", "注意地点の登録・解除", "watch a point")
SUBMIT_GATES = (FIND_SCOPE, LOOK_FOR_UNUSUAL, DRAW_SAMPLE, DECIDE_REVIEW, WATCH_POINT)

GATES = (
    FINDINGS,
    AUDITOR_FINDINGS,
    FINDING_POINTS,
    AUDITOR_FINDING_POINTS,
    REVIEWS,
    AUDITOR_REVIEWS,
    WATCHED,
    *SUBMIT_GATES,
)
