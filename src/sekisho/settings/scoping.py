"""The worker's side of leak scoping: questions asked on a page, the review queue, watched points."""

import random
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg

from sekisho.kernel.errors import EnvironmentFault
from sekisho.ledger.scope import findings, unusual
from sekisho.ledger.scope.hours import FILE as HOURS
from sekisho.ledger.scope.hours import Hours, read_hours
from sekisho.ledger.scope.moments import JAPAN
from sekisho.ledger.scope.platform import refresh_site
from sekisho.ledger.scope.question import Question
from sekisho.ledger.scope.search import refuse_unknown, search
from sekisho.ledger.site import Site
from sekisho.settings.home import Home
from sekisho.work import payload as read
from sekisho.work.queue import Command, Handler


class UnableToScope(EnvironmentFault):
    """This worker was started without the home directory in which log and columns lie."""


def handlers(home: Home | None) -> Mapping[str, Handler]:
    """The commands of leak scoping. A worker without a home refuses the one that needs it."""

    def find(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
        if home is None:
            raise UnableToScope(
                "この処理はログのあるマシンで動かしてください。", "Run this where the log lies."
            )
        return _find(conn, command, now, Site(home=home, random=secrets.token_bytes, clock=time.time))

    def look(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
        return _look(conn, command, now, () if home is None else read_hours(home.root / HOURS))

    return {
        "ledger.find_scope": find,
        "ledger.look_for_unusual": look,
        "ledger.draw_sample": _sample,
        "ledger.decide_review": _decide,
        "ledger.watch_point": _watch,
    }


def _find(conn: psycopg.Connection, command: Command, now: datetime, site: Site) -> Mapping[str, Any]:
    title = read.text(command.payload, "title")
    question = Question.from_stored(command.payload.get("question") or {})
    store = refresh_site(connection=conn, site=site)
    refuse_unknown(store=store, question=question)
    answer = search(store=store, question=question, as_of=now.astimezone(JAPAN).date())
    finding_no = findings.keep_finding(conn, answer=answer, title=title, by=command.person, now=now)
    return {"finding_no": finding_no, "totals": dict(answer.totals)}


def _look(
    conn: psycopg.Connection, command: Command, now: datetime, hours: Sequence[Hours]
) -> Mapping[str, Any]:
    since, until = read.day(command.payload, "since"), read.day(command.payload, "until")
    return {"new": unusual.look(conn, since=since, until=until, now=now, hours=hours)}


def _sample(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    asked = command.payload
    # The command's number decides the draw: it cannot be repeated until it suits, and can be checked afterwards.
    dice = random.Random(command.command_no)  # noqa: S311 – a sample, no secret
    since, until = read.day(asked, "since"), read.day(asked, "until")
    new = unusual.draw_sample(
        conn, since=since, until=until, each=read.number(asked, "each"), dice=dice, now=now
    )
    return {"new": new}


def _decide(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    asked = command.payload
    review_no = read.number(asked, "review_no")
    findings.decide_review(
        conn,
        review_no=review_no,
        decision=read.text(asked, "decision"),
        reason=read.text(asked, "reason"),
        by=command.person,
        now=now,
    )
    return {"review_no": review_no}


def _watch(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    asked = command.payload
    findings.watch_point(
        conn,
        point=read.text(asked, "point"),
        kind=read.text(asked, "kind"),
        reason=read.text(asked, "reason"),
        by=command.person,
        now=now,
    )
    return {"point": read.text(asked, "point")}
