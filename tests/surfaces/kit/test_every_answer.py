"""What every answer of every surface has in common: headers, health, limits, and a database that goes away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from sekisho.server import EmbeddedServer
from sekisho.server.installation import without_secrets
from sekisho.settings.home import Home
from surfaces import browser, world
from surfaces.browser import SignedIn, Surface
from surfaces.world import TODAY

PATHS = (
    "/",
    "/sign-in/",
    "/nothing-here",
    "/healthz",
    "/contracts/?after=x",
    "/static/kit/kit.css",
    "/static/none.css",
)


@pytest.mark.parametrize("path", PATHS)
def test_security_headers(signed_in: SignedIn, path: str) -> None:
    headers = signed_in("retailer_web", "r1").get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert ("no-store" in headers["cache-control"]) == (not path.startswith("/static/kit"))


def test_pages_hold_nothing_inline(signed_in: SignedIn) -> None:
    client = signed_in("retailer_web", "r1")
    for path in (
        "/",
        "/contracts/",
        f"/points/{world.OWN_POINT}/usage/",
        "/account/",
        "/account/passkeys/add/",
    ):
        text = client.get(path).text
        assert " style=" not in text, path
        assert " onclick=" not in text, path
        assert "<script>" not in text, path


def test_cookies_are_this_surfaces_own_and_hidden_from_scripts(surface: Surface) -> None:
    answer = surface("retailer_web").client().get("/sign-in/")
    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert cookie.startswith("sekisho-retailer_web")
        assert "HttpOnly" in cookie
        assert "SameSite" in cookie


@pytest.mark.parametrize("name", ["retailer_web", "public_web"])
def test_health(surface: Surface, name: str) -> None:
    client = surface(name).client()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "gates": True, "accounts": True}


def test_measurements_name_nobody(surface: Surface, signed_in: SignedIn) -> None:
    signed_in("retailer_web", "r1").get(f"/points/{world.OWN_POINT}/")
    text = surface("retailer_web").client().get("/metrics").text
    assert 'sekisho_requests_total{method="GET",route="point",status="200"}' in text
    assert world.OWN_POINT not in text
    forwarded = surface("retailer_web").client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert forwarded.status_code == 403


def test_a_forged_host_is_refused(surface: Surface) -> None:
    answer = surface("retailer_web").client().get("/sign-in/", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_a_form_without_its_token_is_refused(signed_in: SignedIn) -> None:
    answer = signed_in("retailer_web", "r1").post("/sign-out/", data={})
    assert answer.status_code == 403
    assert "この操作はできません" in answer.text


def test_huge_requests_are_refused(surface: Surface) -> None:
    client = surface("retailer_web").client()
    token = browser.token_in(client.get("/sign-in/"))
    fields = {"csrfmiddlewaretoken": token, "login": "x" * 2_000_000, "password": "x"}
    assert client.post("/sign-in/", data=fields).status_code in (400, 413)


def test_too_many_requests_are_slowed_down(area: str, home: Home, tmp_path: Path) -> None:
    database = without_secrets(conninfo=area)
    limits = {"SEKISHO_REQUESTS_PER_MINUTE": "40"}
    with browser.running("public_web", home=home, database=database, at=tmp_path, **limits) as running:
        client = running.client()
        answers = [client.get("/verification/") for _ in range(20)]
        codes = [answer.status_code for answer in answers]
        assert codes[:5] == [200] * 5
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert "要求が多すぎます" in refused.text
        assert client.get("/static/kit/kit.css").status_code == 200


def test_a_database_that_goes_away_reveals_nothing(
    server: EmbeddedServer, template: str, names: Callable[[], str], home: Home, tmp_path: Path
) -> None:
    name = names()
    server.create_database(name, template=template)
    conninfo = server.superuser_conninfo(name)
    with psycopg.connect(conninfo, autocommit=True) as conn:
        grant_logins(conn, name)
        with conn.transaction():
            world.fill(conn, today=TODAY)
        world.open_account(conn, home, "r1")
    try:
        with browser.running(
            "retailer_web", home=home, database=without_secrets(conninfo=conninfo), at=tmp_path
        ) as running:
            client = running.client()
            assert "契約の概況" in browser.sign_in(client, "r1").text
            forbid(server, name, connections=False)
            for path in ("/", f"/points/{world.OWN_POINT}/", "/sign-in/"):
                answer = client.get(path)
                assert answer.status_code == 503, path
                assert "ただいま照会できません" in answer.text
                assert not any(
                    word in answer.text.lower() for word in ("psycopg", "traceback", "sekisho_", name)
                )
            probe = running.client()
            assert probe.get("/readyz").status_code == 503
            assert probe.get("/healthz").status_code == 200
            forbid(server, name, connections=True)
            assert again(client).status_code == 200, "and it comes back by itself"
    finally:
        server.drop_database(name)


def again(client: httpx.Client) -> httpx.Response:
    for _ in range(20):
        answer = client.get("/")
        if answer.status_code == 200:
            break
    return answer


def forbid(server: EmbeddedServer, name: str, *, connections: bool) -> None:
    with psycopg.connect(server.superuser_conninfo(), autocommit=True) as conn:
        conn.execute(
            sql.SQL("alter database {} allow_connections {}").format(
                sql.Identifier(name), sql.Literal(connections)
            )
        )
        conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])


def grant_logins(conn: psycopg.Connection[Any], name: str) -> None:
    logins = [
        row[0]
        for row in conn.execute("select rolname from pg_roles where rolname like 'sekisho%' and rolcanlogin")
    ]
    conn.execute(f'grant connect on database "{name}" to {", ".join(logins)}')
