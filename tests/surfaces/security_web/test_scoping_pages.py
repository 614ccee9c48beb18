"""範囲調査 and the review queue in the pages: a question built from lists, run by the worker, kept, drilled down."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from sekisho.ledger.site import Site
from sekisho.settings.deploy import ensure_months
from sekisho.settings.home import Home
from sekisho.settings.worker import utc_now
from surfaces import world
from surfaces.browser import SignedIn
from surfaces.staff import checked, errand, watcher, words, working

Owner = psycopg.Connection[Any]
LEAK = """
insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points, holders, items, row_count)
values (now() - interval '3 days', 'scoped_gate', 'retailer', %s, %s, 'contract', 'passed', %s, %s, '{name,phone}', 1)
"""


@pytest.fixture(scope="module")
def log_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Where this database's log and columns lie: the session's home serves other databases as well."""
    return Home(tmp_path_factory.mktemp("log-home")).prepare()


@pytest.fixture(scope="module")
def worker(area: str, home: Home, log_home: Home) -> Iterator[None]:
    with working(area, home, files=log_home):
        yield


@pytest.fixture(scope="module")
def security(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return watcher(signed_in, owner, "sec.scope", "security")


@pytest.fixture(scope="module")
def leaked(area: str, owner: Owner, log_home: Home) -> str:
    """A passage that shows OTHER's customer to OWN, sealed."""
    for days in (0, 3):
        ensure_months(owner, utc_now() - timedelta(days=days))
    owner.execute(LEAK, [world.OWN, "r1", [world.OTHER_POINT, world.OWN_POINT], [world.OTHER, world.OWN]])
    site = Site(home=log_home, random=random.Random(1).randbytes, clock=time.time)
    with psycopg.connect(area, autocommit=True) as own:
        site.sequencer(connection=own).drain()
    return world.OTHER_POINT


def days_of(owner: Owner) -> dict[str, str]:
    """The day of this module's passage: other modules read the same points, on other days."""
    row = owner.execute(
        "select (max(at) at time zone 'Asia/Tokyo')::date from ledger.passage where gate = 'scoped_gate'"
    ).fetchone()
    assert row is not None
    return {"since": str(row[0]), "until": str(row[0] + timedelta(days=1))}


@pytest.mark.parametrize(
    "path",
    [
        "/scoping/",
        "/scoping/new/",
        "/reviews/",
        "/reviews/look/",
        "/reviews/sample/",
        "/watched/",
        "/watched/new/",
    ],
)
def test_pages_answer(security: httpx.Client, path: str) -> None:
    assert security.get(path).status_code == 200


def test_a_question_is_run_kept_and_drilled_down(
    security: httpx.Client, worker: None, leaked: str, owner: Owner, log_home: Home
) -> None:
    done = errand(
        security,
        "/scoping/new/",
        title="画面の誤り",
        company=world.OWN,
        audience="retailer",
        items="phone",
        right="recorded",
        **days_of(owner),
    )
    assert "完了" in words(done)
    number, totals, checkpoint = owner.execute(
        "select finding_no, totals, checkpoint from ledger.finding where title = '画面の誤り'"
    ).fetchone() or (0, {}, "")
    assert (totals["customers"], totals["customers_person"], totals["readings"]) == (1, 1, 1)
    page = security.get(f"/scoping/{number}/")
    assert checkpoint.splitlines()[0] in page.text and "画面の誤り" in words(page)
    assert f"point={leaked}" in page.text and f"point={world.OWN_POINT}" not in page.text
    assert "C-0004" not in page.text and "00000000000004" not in page.text
    assert "画面の誤り" in words(security.get("/scoping/"))
    assert security.get("/scoping/999999/").status_code == 404
    kept = [path for path in (log_home.root / "ledger" / "scope").glob("*") if path.is_file()]
    assert kept and not any(leaked.encode() in path.read_bytes() for path in kept), "sealed in the home"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"right": "recorded"}, "件名"),
        ({"title": "t", "right": "history"}, "会社が必要"),
        ({"title": "t", "right": "none", "since": "2026-02-02", "until": "2026-02-01"}, "始まりより後"),
        ({"title": "t", "right": "none", "items": "shoe_size"}, "shoe_size"),
    ],
)
def test_a_question_that_means_nothing_is_refused(
    security: httpx.Client, fields: dict[str, str], problem: str
) -> None:
    page = checked(security, "/scoping/new/", **fields)
    assert page.status_code == 422 and problem in words(page)


def test_a_watched_point_is_queued_and_decided(
    security: httpx.Client, worker: None, leaked: str, owner: Owner
) -> None:
    assert "完了" in words(errand(security, "/watched/new/", point=leaked, kind="decoy", reason="おとり"))
    assert "おとり" in words(security.get("/watched/"))
    period = days_of(owner)
    assert "完了" in words(errand(security, "/reviews/look/", **period))
    row = owner.execute(
        "select review_no from ledger.review where rule = 'watched' and person = 'r1'"
    ).fetchone()
    assert row is not None and f"/reviews/{row[0]}/" in security.get("/reviews/").text
    assert "完了" in words(
        errand(security, f"/reviews/{row[0]}/", decision="instructed", reason="本人に確認した")
    )
    assert f"/reviews/{row[0]}/" not in security.get("/reviews/").text
    assert "完了" in words(errand(security, "/reviews/sample/", **period, each="1"))
