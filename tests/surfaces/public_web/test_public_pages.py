"""The public pages: without sign-in, without cookies, and without anybody's data."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from sekisho.barrier.policy import RULES
from surfaces.browser import Surface


@pytest.fixture
def client(surface: Surface) -> httpx.Client:
    return surface("public_web").client()


def test_retailers_are_listed_with_the_affiliate_among_them(client: httpx.Client) -> None:
    page = client.get("/retailers/")
    assert "甲電力株式会社" in page.text
    assert "乙エナジー株式会社" in page.text
    assert not page.headers.get_list("set-cookie")


def test_the_matrix_names_every_rule(client: httpx.Client) -> None:
    page = client.get("/matrix/").text
    assert all(rule.id in page for rule in RULES)
    assert len(client.get("/matrix/file/?format=machine").text.splitlines()) > 20


def test_the_certificate_shows_also_when_the_barrier_does_not_hold(
    client: httpx.Client, owner: psycopg.Connection[Any]
) -> None:
    assert "証明書はまだありません" in client.get("/certificate/").text
    assert client.get("/certificate/certificate.json").status_code == 404
    body = {
        "obligations": [
            {
                "code": "1",
                "ja": "方針は意図のとおり",
                "en": "x",
                "holds": True,
                "statements": 7,
                "discharged": 7,
            }
        ],
        "findings": [{"obligation": "2", "subject": "<b>view</b>", "ja": "余分です", "en": "extra"}],
        "outside": [{"ja": "応答時間の差", "en": "timing"}],
        "versions": {"z3": "5.4.0"},
    }
    for holds, words in ((True, "すべて証明されています"), (False, "証明できない箇所がありました")):
        owner.execute(
            "insert into barrier.certificate (at, holds, digest, body) values (now(), %s, 'abc123', %s)",
            [holds, Jsonb(body)],
        )
        page = client.get("/certificate/").text
        assert words in page
        assert "abc123" in page
        assert "&lt;b&gt;view" in page
        assert "<b>view" not in page
        assert all(words in page for words in ("方針は意図のとおり", "余分です", "応答時間の差", "5.4.0"))
    assert client.get("/certificate/certificate.json").json() == body
    owner.execute("delete from barrier.certificate")


def test_there_is_no_way_in(client: httpx.Client) -> None:
    for path in ("/sign-in/", "/account/", "/contracts/", "/purpose/"):
        assert client.get(path).status_code == 404
