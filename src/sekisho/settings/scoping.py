"""The worker's side of leak scoping: questions asked on a page, findings as files, the review queue, watched points."""

import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import psycopg

from sekisho.kernel.errors import EnvironmentFault
from sekisho.ledger.scope import findings, unusual
from sekisho.ledger.scope.disclosure import disclose
from sekisho.ledger.scope.hours import FILE as HOURS
from sekisho.ledger.scope.hours import Hours, read_hours
from sekisho.ledger.scope.moments import JAPAN
from sekisho.ledger.scope.platform import refresh_site
from sekisho.ledger.scope.question import Question
from sekisho.ledger.scope.rows import NOTHING_KNOWN, registry_of
from sekisho.ledger.scope.search import refuse_unknown, search
from sekisho.ledger.scope.store import Store
from sekisho.ledger.scope.whatif import EVERYTHING, change_of, replay
from sekisho.ledger.site import Site
from sekisho.settings.findingfiles import write_finding
from sekisho.settings.home import Home
from sekisho.settings.secrets import export_key
from sekisho.work import payload as read
from sekisho.work.payload import UnableToReadPayload
from sekisho.work.queue import Command, Handler


class UnableToScope(EnvironmentFault):
    """This worker was started without the home directory in which log and columns lie."""


def handlers(home: Home | None) -> Mapping[str, Handler]:
    """The commands of leak scoping. A worker without a home refuses those that need it."""

    def with_log(
        answer: Callable[[psycopg.Connection, Command, datetime, Store], Mapping[str, Any]],
    ) -> Handler:
        def handle(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
            site = Site(home=_home(home), random=secrets.token_bytes, clock=time.time)
            return answer(conn, command, now, refresh_site(connection=conn, site=site))

        return handle

    def look(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
        return _look(conn, command, now, () if home is None else read_hours(home.root / HOURS))

    def export(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
        own = _home(home)
        if not own.secret_path(name=f"exports/{command.audience}").exists():
            # A key made here would be another one than the pages have, and nobody could open the file.
            raise UnableToScope(
                "この環境ではファイルの作成を受け付けていません。", "Files are not made here."
            )
        return write_finding(conn, command, now, export_key(own, command.audience))

    return {
        "ledger.find_scope": with_log(_find),
        "ledger.replay_policy": with_log(_replay),
        "ledger.disclose_readings": with_log(_disclose),
        "ledger.export_finding": export,
        "ledger.look_for_unusual": look,
        "ledger.draw_sample": _sample,
        "ledger.decide_review": _decide,
        "ledger.watch_point": _watch,
    }


def _home(home: Home | None) -> Home:
    if home is None:
        raise UnableToScope("この処理はログのあるマシンで動かしてください。", "Run this where the log lies.")
    return home


def _find(conn: psycopg.Connection, command: Command, now: datetime, store: Store) -> Mapping[str, Any]:
    title = read.text(command.payload, "title")
    question = Question.from_stored(command.payload.get("question") or {})
    refuse_unknown(store=store, question=question)
    answer = search(store=store, question=question, as_of=_today(now))
    finding_no = findings.keep_finding(conn, answer=answer, title=title, by=command.person, now=now)
    return {"finding_no": finding_no, "totals": dict(answer.totals)}


def _replay(conn: psycopg.Connection, command: Command, now: datetime, store: Store) -> Mapping[str, Any]:
    asked = command.payload
    title, company = read.text(asked, "title"), read.optional_text(asked, "company")
    change = change_of(
        f"{read.text(asked, 'rule')}:{','.join(_words(asked, 'items')) or EVERYTHING}",
        unless=",".join(_words(asked, "unless")) or None,
    )
    refuse_unknown(store=store, question=Question(company=company))
    found = replay(
        store=store,
        change=change,
        company=company,
        since=read.optional_day(asked, "since"),
        until=read.optional_day(asked, "until"),
        as_of=_today(now),
        registry=registry_of(conn) if change.limits else NOTHING_KNOWN,
    )
    number = findings.keep_replay(conn, found=found, title=title, by=command.person, now=now)
    return {"finding_no": number, "totals": dict(found.answer.totals)}


def _words(asked: Mapping[str, Any], name: str) -> list[str]:
    words = asked.get(name) or []
    if not isinstance(words, list) or not all(isinstance(word, str) and "," not in word for word in words):
        raise UnableToReadPayload(f"「{name}」は文字列の並びです。", f"{name!r} is a list of texts.")
    return words


def _disclose(conn: psycopg.Connection, command: Command, now: datetime, store: Store) -> Mapping[str, Any]:
    asked = command.payload
    found = disclose(
        connection=conn,
        store=store,
        point=read.text(asked, "point"),
        customer_no=read.text(asked, "customer_no"),
        since=read.optional_day(asked, "since"),
        until=read.optional_day(asked, "until"),
        as_of=_today(now),
    )
    title = read.text(asked, "title")
    number = findings.keep_disclosure(conn, found=found, title=title, by=command.person, now=now)
    return {"finding_no": number, "totals": found.totals}


def _today(now: datetime) -> date:
    return now.astimezone(JAPAN).date()


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
