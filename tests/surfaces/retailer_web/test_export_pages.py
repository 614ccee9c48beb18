"""Large files: whole, sealed, resumable, for the one person who asked."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from sekisho.barrier.compiler import WORKER
from sekisho.settings import exports
from sekisho.settings.deploy import login_conninfo
from sekisho.settings.exports import Exporter
from sekisho.settings.home import Home
from sekisho.settings.secrets import export_key
from sekisho.settings.worker import Worker
from sekisho.work.parts import PartOf, UnableToOpenPart, open_part, seal_part
from surfaces import world
from surfaces.browser import SignedIn
from surfaces.staff import errand, words, working

Owner = psycopg.Connection[Any]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def retailer(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return _person(signed_in, owner, "x.one", world.OWN)


@pytest.fixture(scope="module")
def colleague(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return _person(signed_in, owner, "x.two", world.OWN)


@pytest.fixture(scope="module")
def rival(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return _person(signed_in, owner, "x.rival", world.OTHER)


def _person(signed_in: SignedIn, owner: Owner, person: str, company: str) -> httpx.Client:
    owner.execute(
        "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
        " values (%s, 'retailer', %s, 'contract', '[2020-01-01,)', 'system')",
        [person, company],
    )
    return signed_in("retailer_web", person, company=company)


@pytest.fixture
def worker(area: str, home: Home) -> Iterator[Worker]:
    """A worker that is stepped by hand."""
    exports.export_secrets(home)
    own = Worker(login_conninfo(area, home, WORKER), stop=lambda: False, home=home)
    yield own
    if own._exporter is not None:
        own._exporter.close()


@pytest.fixture
def connection(area: str, home: Home) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection."""
    with psycopg.connect(login_conninfo(area, home, WORKER), autocommit=True) as conn:
        yield conn


@pytest.fixture
def exporter(area: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exporter]:
    """Small parts: one page of 20 rows each."""
    exports.export_secrets(home)
    monkeypatch.setattr(exports, "PAGE", 20)
    own = Exporter(login_conninfo(area, home, WORKER), home, now, pages=1)
    yield own
    own.close()


def asked(owner: Owner, person: str = "x.one", *, form: str = "machine", **params: str) -> str:
    """An export as the command makes it; returns its number."""
    number = str(uuid4())
    owner.execute(
        "insert into work.export (export_no, kind, form, params, audience, company, person, purpose, asked_at)"
        " values (%s, 'contracts', %s, %s, 'retailer', %s, %s, 'contract', now())",
        [number, form, Jsonb(params), world.OWN, person],
    )
    return number


def state(owner: Owner, number: str) -> tuple[Any, ...]:
    row = owner.execute(
        "select state, parts, row_count, total from work.export where export_no = %s", [number]
    ).fetchone()
    assert row is not None
    return tuple(row)


def text_of(owner: Owner, home: Home, number: str, person: str = "x.one") -> bytes:
    of = PartOf(export_no=number, company=world.OWN, person=person)
    rows = owner.execute(
        "select part_no, body from work.export_part where export_no = %s order by 1", [number]
    ).fetchall()
    return b"".join(
        open_part(body, secret=export_key(home, "retailer"), of=of, part_no=no) for no, body in rows
    )


def test_a_file_is_asked_for_written_and_received_by_the_same_person_only(
    retailer: httpx.Client, colleague: httpx.Client, rival: httpx.Client, owner: Owner, area: str, home: Home
) -> None:
    exports.export_secrets(home)
    with working(area, home, files=home):
        done = errand(retailer, "/downloads/new/contracts/?state=running", form="machine")
        page = done.url.path
        for _ in range(100):
            done = retailer.get(page)
            if "ファイルを受け取る" in done.text:
                break
            time.sleep(0.2)
        assert "作成済み" in words(done)
        file = retailer.get(f"{page}file/")
        assert file.content == retailer.get("/contracts/file/?state=running&format=machine").content
        assert hashlib.sha256(file.content).hexdigest() in done.text
        for somebody in (colleague, rival):
            assert somebody.get(page).status_code == 404
            assert somebody.get(f"{page}file/").status_code == 404
            assert page not in somebody.get("/downloads/").text
        assert page in retailer.get("/downloads/").text
        recorded = owner.execute(
            "select count(*), bool_and(person = 'x.one' and verdict = 'passed'), sum(row_count) from ledger.passage where request_id like %s",
            [f"export-{page.split('/')[2]}-%"],
        ).fetchone()
        assert recorded is not None
        assert recorded[0] >= 1
        assert recorded[1] is True
        assert recorded[2] == len(file.text.splitlines()) - 1
        errand(retailer, f"{page}drop/")
        assert retailer.get(f"{page}file/").status_code == 404
        assert owner.execute(
            "select count(*) from work.export_part where export_no::text = %s", [page.split("/")[2]]
        ).fetchone() == (0,)


def test_a_file_of_half_hours_has_the_portfolio(
    retailer: httpx.Client, owner: Owner, exporter: Exporter, connection: psycopg.Connection[Any], home: Home
) -> None:
    number = asked(owner)
    last = world.TODAY - timedelta(days=1)
    owner.execute(
        "update work.export set kind = 'half_hours', params = %s where export_no = %s",
        [Jsonb({"first": (last - timedelta(days=30)).isoformat(), "until": world.TODAY.isoformat()}), number],
    )
    while state(owner, number)[0] in ("queued", "running"):
        exporter.step(connection)
    assert state(owner, number)[0] == "ready"
    lines = text_of(owner, home, number).decode().splitlines()
    assert lines[0].startswith("point,day,kwh_01,")
    assert {line.split(",")[0] for line in lines[1:]} == {world.OWN_POINT}
    assert len(lines) - 1 == sum((last - timedelta(days=back)).day != 17 for back in range(31))


def test_killed_between_and_inside_parts_it_goes_on_without_loss(
    retailer: httpx.Client, owner: Owner, exporter: Exporter, connection: psycopg.Connection[Any], home: Home, area: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    number = asked(owner)
    assert exporter.step(connection)
    assert exporter.step(connection)
    assert state(owner, number)[:3] == ("running", 2, 38)

    class Killed(BaseException):
        """The process dies."""

    def die(*_: Any, **__: Any) -> str:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(exports, "seal_part", die)
        with pytest.raises(Killed):
            exporter.step(connection)
    assert state(owner, number)[:3] == ("running", 2, 38), "the broken part left nothing"
    successor = Exporter(exporter.conninfo, home, now, pages=1)
    while state(owner, number)[0] in ("queued", "running"):
        successor.step(connection)
    successor.close()
    points = [line.split(",")[1] for line in text_of(owner, home, number).decode().splitlines()[1:]]
    assert len(points) == len(set(points)) == state(owner, number)[2] == state(owner, number)[3]
    assert points == [
        line.split(",")[1] for line in retailer.get("/contracts/file/?format=machine").text.splitlines()[1:]
    ]


def test_it_stops_with_the_permit_and_leaves_nothing(
    signed_in: SignedIn, owner: Owner, exporter: Exporter, connection: psycopg.Connection[Any]
) -> None:
    client = _person(signed_in, owner, "x.leaving", world.OWN)
    number = asked(owner, "x.leaving")
    assert exporter.step(connection)
    owner.execute(
        "update barrier.permit set ended_at = now(), ended_by = 'system' where person = 'x.leaving'"
    )
    exporter.step(connection)
    assert state(owner, number)[0] == "failed"
    assert owner.execute(
        "select count(*) from work.export_part where export_no = %s", [number]
    ).fetchone() == (0,)
    assert client.get(f"/downloads/{number}/").status_code in (403, 404)


def test_a_ledger_that_is_behind_makes_it_wait_and_not_end(
    retailer: httpx.Client, owner: Owner, exporter: Exporter, connection: psycopg.Connection[Any]
) -> None:
    number = asked(owner)
    assert exporter.step(connection)
    owner.execute(
        "update ledger.seal set sealed_through = now() - interval '1 day', max_lag = interval '1 minute'"
    )
    try:
        assert not exporter.step(connection)
        assert state(owner, number)[:2] == ("running", 1)
    finally:
        owner.execute("update ledger.seal set sealed_through = now(), max_lag = interval '100 years'")
    while state(owner, number)[0] == "running":
        exporter.step(connection)
    assert state(owner, number)[0] == "ready"


def test_shift_jis_is_refused_with_a_list(
    retailer: httpx.Client, owner: Owner, exporter: Exporter, connection: psycopg.Connection[Any]
) -> None:
    number = asked(owner, form="sjis")
    while state(owner, number)[0] in ("queued", "running"):
        exporter.step(connection)
    page = retailer.get(f"/downloads/{number}/")
    assert state(owner, number)[0] == "failed"
    assert "𠮷" in words(page)
    assert "行目" in words(page)


def test_a_file_goes_after_its_days(
    retailer: httpx.Client, owner: Owner, exporter: Exporter, connection: psycopg.Connection[Any]
) -> None:
    number = asked(owner, state="running")
    while state(owner, number)[0] in ("queued", "running"):
        exporter.step(connection)
    assert retailer.get(f"/downloads/{number}/file/").status_code == 200
    assert exporter.expire(connection) == 0
    owner.execute(
        "update work.export set expires_at = now() - interval '1 second' where export_no = %s", [number]
    )
    assert exporter.expire(connection) == 1
    assert retailer.get(f"/downloads/{number}/file/").status_code == 404
    assert "削除済み" in words(retailer.get(f"/downloads/{number}/"))


def test_parts_open_only_as_what_they_are() -> None:
    of = PartOf(export_no="e", company="00016", person="x.one")
    body = seal_part("佐藤花子".encode(), secret=b"s" * 32, of=of, part_no=1)
    assert "佐藤花子".encode() not in base64.b64decode(body)
    assert open_part(body, secret=b"s" * 32, of=of, part_no=1).decode() == "佐藤花子"
    others: list[dict[str, Any]] = [
        {"part_no": 2}, {"secret": b"t" * 32}, {"of": PartOf(export_no="f", company="00016", person="x.one")},
        {"of": PartOf(export_no="e", company="00016", person="x.two")}, {"of": PartOf(export_no="e", company="00026", person="x.one")},
    ]  # fmt: skip
    for changed in others:
        with pytest.raises(UnableToOpenPart):
            open_part(body, **({"secret": b"s" * 32, "of": of, "part_no": 1} | changed))


def test_no_more_than_a_few_wait_at_once(
    retailer: httpx.Client, owner: Owner, worker: Worker, connection: psycopg.Connection[Any]
) -> None:
    numbers = [asked(owner, "x.one") for _ in range(exports.MOST_OPEN)]
    command = owner.execute(
        "insert into work.command (kind, payload, audience, company, person, purpose, idempotency_key, submitted_at)"
        " values ('work.ask_export', %s, 'retailer', %s, 'x.one', 'contract', 'many', now()) returning command_no",
        [Jsonb({"kind": "contracts", "form": "excel"}), world.OWN],
    ).fetchone()
    assert command is not None
    from sekisho.work.queue import run_next

    while run_next(connection, worker._handlers, clock=now):
        pass
    outcome = owner.execute(
        "select state, outcome ->> 'ja' from work.command where command_no = %s", command
    ).fetchone()
    owner.execute("update work.export set state = 'cancelled' where export_no::text = any(%s)", [numbers])
    assert outcome is not None
    assert outcome[0] == "refused"
    assert re.search("作成中のファイルが", outcome[1])
