"""The auditor reads; nothing here changes anything."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest

from surfaces import world
from surfaces.browser import SignedIn
from surfaces.staff import watcher

Owner = psycopg.Connection[Any]
PAGES = (
    "/",
    "/certificate/",
    "/matrix/",
    "/gates/",
    "/passages/",
    "/permits/",
    "/cases/",
    "/drafts/",
    "/reviews/",
    "/scoping/",
)
FILES = (
    "/matrix/file/",
    "/gates/file/",
    "/passages/file/",
    "/permits/file/",
    "/cases/file/",
    "/drafts/file/",
    "/reviews/file/",
)


@pytest.fixture(scope="module")
def auditor(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return watcher(signed_in, owner, "aud.one", "auditor")


@pytest.mark.parametrize("path", PAGES)
def test_pages_show_and_offer_no_change(auditor: httpx.Client, path: str) -> None:
    page = auditor.get(path)
    assert page.status_code == 200
    assert page.text.count('method="post"') == 1, "signing out is all that can be sent"
    assert auditor.post(path).status_code in (403, 405)
    assert world.NAME_OF_OTHER not in page.text


@pytest.mark.parametrize("form", ["excel", "sjis", "machine"])
@pytest.mark.parametrize("path", FILES)
def test_everything_can_be_taken_away(auditor: httpx.Client, path: str, form: str) -> None:
    file = auditor.get(f"{path}?format={form}")
    assert file.status_code == 200
    assert file.headers["content-type"].startswith("text/csv")
    assert len(file.content.splitlines()) >= 1


@pytest.mark.parametrize(
    "path",
    [
        "/permits/new/",
        "/permits/1/end/",
        "/drafts/1/approve/",
        "/reviews/1/",
        "/scoping/new/",
        "/accounts/",
        "/cases/new/",
        "/unusual/",
        "/people/aud.one/",
        "/submissions/",
    ],
)
def test_administration_is_not_here(auditor: httpx.Client, path: str) -> None:
    assert auditor.get(path).status_code == 404


def test_the_auditors_reading_is_recorded_as_such(auditor: httpx.Client, owner: Owner) -> None:
    auditor.get("/permits/")
    row = owner.execute(
        "select audience, purpose from ledger.passage where person = 'aud.one' and gate = 'permits' order by at desc"
    ).fetchone()
    assert row == ("auditor", "audit")
    assert "aud.one" in auditor.get("/passages/?person=aud.one").text
