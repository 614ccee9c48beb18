"""Purpose first: on a surface whose audience has several, and only with a permit for the one chosen."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
import pytest

from sekisho.settings.home import Home
from surfaces import world
from surfaces.browser import Surface, post, sign_in


@pytest.fixture
def operator(
    surface: Surface, owner: psycopg.Connection[Any], home: Home, request: pytest.FixtureRequest
) -> httpx.Client:
    """A new person of the network operator with a permit for switching, and for one disaster case, signed in."""
    person = f"p{abs(hash(request.node.name)) % 10**8}"
    owner.execute(
        "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid) values"
        " ('DIS-2026-001', 'disaster', '台風', 'security', now(), tstzrange(now(), now() + interval '3 days')) on conflict do nothing"
    )
    for purpose, case in (("switching", None), ("disaster", "DIS-2026-001")):
        owner.execute(
            "insert into barrier.permit (person, audience, company, purpose, valid, case_no, granted_by)"
            " values (%s, 'operator', 'TD', %s, '[2020-01-01,)', %s, 'system')",
            [person, purpose, case],
        )
    world.open_account(owner, home, person, schema="accounts_operator", audience="operator", company="TD")
    client = surface("operator_web").client()
    client.headers["x-test-person"] = person
    assert str(sign_in(client, person).url).endswith("/purpose/")
    return client


def test_no_page_before_a_purpose_is_chosen(operator: httpx.Client) -> None:
    assert str(operator.get("/").url).endswith("/purpose/")
    page = operator.get("/purpose/").text
    for word in ("託送", "スイッチング", "保安", "検針", "問合せ", "災害"):
        assert word in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "利用目的を選んでください"),
        ({"purpose": "oversight"}, "利用目的を選んでください"),
        ({"purpose": "wheeling"}, "この利用目的の権限が今日はありません"),
        ({"purpose": "disaster"}, "案件番号を入力してください"),
        ({"purpose": "disaster", "case_no": "DIS-1"}, "案件番号を入力してください"),
        ({"purpose": "disaster", "case_no": "DIS-2026-999"}, "この利用目的の権限が今日はありません"),
    ],
)
def test_refused_choices_are_explained(operator: httpx.Client, fields: dict[str, str], words: str) -> None:
    page = post(operator, "/purpose/", **fields)
    assert page.status_code == 422
    assert words in page.text
    assert str(operator.get("/").url).endswith("/purpose/"), "nothing was chosen"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"purpose": "switching"}, "スイッチング"),
        ({"purpose": "disaster", "case_no": "dis-2026-001"}, "DIS-2026-001"),
    ],
)
def test_the_band_shows_what_was_chosen(operator: httpx.Client, fields: dict[str, str], words: str) -> None:
    page = post(operator, "/purpose/", **fields)
    assert page.status_code == 200
    assert words in page.text.split("</header>")[0]


def test_a_purpose_whose_permit_ended_must_be_chosen_again(
    operator: httpx.Client, owner: psycopg.Connection[Any]
) -> None:
    post(operator, "/purpose/", purpose="switching")
    owner.execute(
        "update barrier.permit set ended_at = now() where person = %s", [operator.headers["x-test-person"]]
    )
    page = post(operator, "/purpose/", purpose="switching")
    assert "この利用目的の権限が今日はありません" in page.text
