"""What was found and decided: writes to `ledger.finding` and its parts, `review`, `decision`, `watch`, each with `by`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import polars as pl
import psycopg
from psycopg.types.json import Jsonb

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.scope.disclosure import FRAME, Disclosure
from sekisho.ledger.scope.search import Answer
from sekisho.ledger.scope.whatif import Replay

DECISIONS: Final = {
    "explained": ("説明がついた", "explained"),
    "instructed": ("注意・指導した", "instructed"),
    "incident": ("漏えい等として扱う", "incident"),
}
WATCH_KINDS: Final = {
    "vip": ("著名人等", "well-known person"),
    "decoy": ("おとり", "decoy"),
    "none": ("解除", "no longer"),
}


_POINT: Final = """
insert into ledger.finding_point (finding_no, point, holder, views, readers, first_at, last_at, gates, items, contracted)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


class UnableToKeepFinding(SekishoError):
    """The finding cannot be kept as it is."""


class UnableToDecide(SekishoError):
    """The review is not one that can be decided so."""


def keep_finding(conn: psycopg.Connection[Any], *, answer: Answer, title: str, by: str, now: datetime) -> int:
    """Keep an answer with the checkpoint that it rests on; returns its number."""
    number = _keep(
        conn,
        "scope",
        title,
        by,
        now,
        answer.question.stored(),
        answer.totals,
        answer.rests_on,
        digest(answer),
    )
    _keep_points(conn, number, answer)
    return number


def keep_replay(conn: psycopg.Connection[Any], *, found: Replay, title: str, by: str, now: datetime) -> int:
    """Keep what a changed rule would have prevented: points and readers; returns its number."""
    answer = found.answer
    asked = answer.question.stored() | {"change": found.change.stored()}
    number = _keep(conn, "what-if", title, by, now, asked, answer.totals, answer.rests_on, digest(answer))
    _keep_points(conn, number, answer)
    readers = found.readers.with_columns(
        pl.lit(found.change.rule.audience).alias("audience"),
        pl.col("first", "last").dt.replace_time_zone("Asia/Tokyo"),
    )
    _insert(conn, "finding_reader", number, _READER, readers.select(_READER_OF).iter_rows())
    return number


def keep_disclosure(
    conn: psycopg.Connection[Any], *, found: Disclosure, title: str, by: str, now: datetime
) -> int:
    """Keep the answer to a customer, without the customer's number; returns its number."""
    number = _keep(
        conn, "who-saw", title, by, now, found.question(), found.totals, found.rests_on, found.digest()
    )
    _insert(conn, "finding_reading", number, tuple(FRAME), found.frame().iter_rows())
    return number


_READER: Final = (
    "person", "audience", "company", "purpose", "gate", "items", "readings", "customers", "first_at", "last_at",
)  # fmt: skip
_READER_OF: Final = (
    "person", "audience", "company", "purpose", "gate", "items_lost", "readings", "customers", "first", "last",
)  # fmt: skip


def _insert(
    conn: psycopg.Connection[Any],
    table: str,
    number: int,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Write the numbered lines of a finding. No COPY: it does not work below row security, and the worker is below it."""
    line = table.removeprefix("finding_") + "_no"
    marks = ", ".join(["%s"] * (2 + len(columns)))
    statement = f"insert into ledger.{table} (finding_no, {line}, {', '.join(columns)}) values ({marks})"
    with conn.cursor() as cursor:
        cursor.executemany(statement.encode(), [(number, place, *row) for place, row in enumerate(rows, 1)])


def _keep(
    conn: psycopg.Connection[Any], kind: str, title: str, by: str, now: datetime, question: Mapping[str, Any],
    totals: Mapping[str, Any], rests_on: Mapping[str, Any], fingerprint: str,
) -> int:  # fmt: skip
    if not title.strip():
        raise UnableToKeepFinding("件名を入力してください。", "Give the finding a title.")
    if "checkpoint" not in rests_on:
        raise UnableToKeepFinding(
            "署名されたチェックポイントに基づいていません。", "The answer rests on no signed checkpoint."
        )
    row = conn.execute(
        "insert into ledger.finding (kind, at, by, title, question, totals, tree_size, checkpoint, digest)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning finding_no",
        (
            kind, now, by, title.strip(), Jsonb(dict(question)), Jsonb(dict(totals)), rests_on["tree_size"], rests_on["checkpoint"],
            fingerprint,
        ),
    ).fetchone()  # fmt: skip
    if row is None:
        raise AssertionError("INSERT … RETURNING gives one row")
    return int(row[0])


def digest(answer: Answer) -> str:
    """Return SHA-256 over the contracts seen and how often, in order: two runs that agree have the same."""
    lines = answer.customers.select("contract_no", "point", "holder", "views").iter_rows()
    return hashlib.sha256("\n".join("\t".join(map(str, line)) for line in lines).encode()).hexdigest()


def _keep_points(conn: psycopg.Connection[Any], finding_no: int, answer: Answer) -> None:
    points = (
        answer.views.join(answer.customers.select("contract_no", "still_contracted"), on="contract_no")
        .group_by("point", "holder")
        .agg(
            pl.struct("ref", "person", "at", "gate").n_unique().alias("views"),
            pl.col("person").n_unique().alias("readers"),
            pl.col("at").min().dt.replace_time_zone("Asia/Tokyo").alias("first"),
            pl.col("at").max().dt.replace_time_zone("Asia/Tokyo").alias("last"),
            pl.col("gate").unique().sort().alias("gates"),
            pl.col("items").explode(empty_as_null=False, keep_nulls=False).unique().sort().alias("items"),
            pl.col("still_contracted").any(),
        )
        .sort("point", "holder")
    )
    with conn.cursor() as cursor:  # no COPY here either
        cursor.executemany(_POINT, [(finding_no, *row) for row in points.iter_rows()])


def decide_review(
    conn: psycopg.Connection[Any], *, review_no: int, decision: str, reason: str, by: str, now: datetime
) -> None:
    """Decide a review once, with a reason; never one's own readings."""
    row = conn.execute("select person from ledger.review where review_no = %s", (review_no,)).fetchone()
    if row is None:
        raise UnableToDecide(f"点検 {review_no} はありません。", f"There is no review {review_no}.")
    if row[0] == by:
        raise UnableToDecide("自分の閲覧は自分で判断できません。", "Nobody decides on their own readings.")
    if decision not in DECISIONS:
        raise UnableToDecide(f"判断 {decision!r} はありません。", f"There is no decision {decision!r}.")
    if not reason.strip():
        raise UnableToDecide("判断の理由を入力してください。", "Give the reason for the decision.")
    done = conn.execute(
        "insert into ledger.decision (review_no, at, by, decision, reason) values (%s, %s, %s, %s, %s)"
        " on conflict do nothing returning review_no",
        (review_no, now, by, decision, reason.strip()),
    ).fetchone()
    if done is None:
        raise UnableToDecide(f"点検 {review_no} は判断済みです。", f"Review {review_no} has been decided.")


def watch_point(
    conn: psycopg.Connection[Any], *, point: str, kind: str, reason: str, by: str, now: datetime
) -> None:
    """Put a point on the list of watched points, or take it off (`none`)."""
    bare = point.replace("-", "")
    if not (len(bare) == 22 and bare.isdecimal()):
        raise UnableToDecide(
            f"供給地点特定番号 {point!r} は22桁の数字ではありません。",
            f"A point has 22 digits, not {point!r}.",
        )
    if kind not in WATCH_KINDS:
        raise UnableToDecide(f"区分 {kind!r} はありません。", f"There is no kind {kind!r}.")
    if not reason.strip():
        raise UnableToDecide("理由を入力してください。", "Give the reason.")
    conn.execute(
        "insert into ledger.watch (at, by, point, kind, reason) values (%s, %s, %s, %s, %s)",
        (now, by, bare, kind, reason.strip()),
    )
