"""The utility's people in the small area: operators, security, auditors, and the worker that does what they submit."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import httpx
import psycopg

from sekisho.barrier.compiler import WORKER
from sekisho.settings.deploy import login_conninfo
from sekisho.settings.home import Home
from sekisho.settings.worker import Worker
from surfaces.browser import SignedIn, post, token_in

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)"(?: [a-z]+="[^"]*")*? value="([^"]*)"')


def permit(
    conn: psycopg.Connection[Any],
    person: str,
    audience: str,
    purpose: str,
    *,
    company: str = "TD",
    case_no: str | None = None,
) -> None:
    """A permit since 2020 for one purpose."""
    conn.execute(
        "insert into barrier.permit (person, audience, company, purpose, valid, case_no, granted_by)"
        " values (%s, %s, %s, %s, '[2020-01-01,)', %s, 'system') on conflict do nothing",
        [person, audience, company, purpose, case_no],
    )


def operator(
    signed_in: SignedIn, conn: psycopg.Connection[Any], person: str, purpose: str, case_no: str | None = None
) -> httpx.Client:
    """An operator at work for one purpose."""
    permit(conn, person, "operator", purpose, case_no=case_no)
    client = signed_in("operator_web", person, schema="accounts_operator", audience="operator", company="TD")
    assert "/purpose/" not in str(post(client, "/purpose/", purpose=purpose, case_no=case_no or "").url)
    return client


def watcher(signed_in: SignedIn, conn: psycopg.Connection[Any], person: str, audience: str) -> httpx.Client:
    """Somebody of `security` or `auditor`."""
    permit(conn, person, audience, {"security": "oversight", "auditor": "audit"}[audience])
    return signed_in(
        f"{audience}_web", person, schema=f"accounts_{audience}", audience=audience, company="TD"
    )


@contextmanager
def working(area: str, home: Home, *, files: Home | None = None) -> Iterator[None]:
    """A worker beside the tests; `files` is the home of the log and of sealed files, where the commands need one."""
    stopping = threading.Event()
    worker = Worker(login_conninfo(area, home, WORKER), stop=stopping.is_set, home=files)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=30)


def checked(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Open an errand, fill it in, and go to its confirmation (or stay at what is wrong)."""
    page = client.get(path)
    if 'value="check"' not in page.text:
        return page
    return client.post(path, data={**fields, "step": "check", "csrfmiddlewaretoken": token_in(page)})


def send(client: httpx.Client, path: str, page: httpx.Response) -> httpx.Response:
    """Press the last button of a confirmation."""
    hidden = {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}
    return client.post(path, data={**hidden, "step": "send"})


def errand(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """An errand from its form to its outcome."""
    page = checked(client, path, **fields)
    assert page.status_code == 200, words(page)
    return send(client, path, page)


def words(page: httpx.Response) -> str:
    """The page's text without markup."""
    found = re.search(r"<main.*</main>", page.text, re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0] if found else page.text)))
