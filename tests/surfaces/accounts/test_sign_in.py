"""Signing in, as a person with a browser without script does it."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from sekisho.accounts import actions
from sekisho.server import EmbeddedServer
from sekisho.settings.deploy import ACCOUNT_LOGINS, login_conninfo
from sekisho.settings.home import Home
from surfaces import browser, world
from surfaces.browser import Surface, post, sign_in, totp_now

NOW = datetime.now(UTC)
SCHEMA = "accounts_retailer"


@pytest.fixture
def client(surface: Surface) -> httpx.Client:
    return surface("retailer_web").client()


def permit(owner: psycopg.Connection[Any], person: str) -> None:
    owner.execute(
        "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
        " values (%s, 'retailer', %s, 'contract', '[2020-01-01,)', 'system')",
        [person, world.OWN],
    )


def events(owner: psycopg.Connection[Any], person: str) -> list[str]:
    return [
        row[0]
        for row in owner.execute(
            "select kind from accounts_retailer.accounts_event where person = %s order by id", [person]
        )
    ]


def move_sign_in_back(
    running: browser.Running, owner: psycopg.Connection[Any], client: httpx.Client, *, seconds: int
) -> None:
    """Make the client's session older, as the passing of time would."""
    code = (
        "import django; django.setup()\n"
        "from django.contrib.sessions.backends.db import SessionStore\n"
        "import sys; session = SessionStore(sys.argv[1])\n"
        "for name in ('signed_in_at', 'seen_at', 'standing_at'): session[name] = session[name] - int(sys.argv[2])\n"
        "session.save()"
    )
    environ = running.environ | {"DJANGO_SETTINGS_MODULE": "sekisho.settings.django"}
    key = client.cookies[f"sekisho-{running.surface}"]
    subprocess.run([sys.executable, "-c", code, key, str(seconds)], env=environ, check=True)


def person(owner: psycopg.Connection[Any], home: Home, name: str, **changes: Any) -> str:
    permit(owner, name)
    world.open_account(owner, home, name, **changes)
    return name


def test_without_sign_in_every_page_leads_to_it(client: httpx.Client) -> None:
    for path in (
        "/",
        "/contracts/",
        "/contracts/file/",
        f"/points/{world.OWN_POINT}/",
        "/readings/",
        "/account/",
    ):
        page = client.get(path)
        assert "/sign-in/" in str(page.url), path
        assert "甲電力" not in page.text


def test_name_password_and_code_open_the_portal_and_are_recorded(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-good")
    page = sign_in(client, "a-good")
    assert page.status_code == 200
    assert "契約の概況" in page.text
    assert events(owner, "a-good") == ["created", "signed_in"]
    post(client, "/sign-out/")
    assert "/sign-in/" in str(client.get("/").url)
    assert events(owner, "a-good")[-1] == "signed_out"


def test_wrong_name_and_wrong_password_look_the_same(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-same")
    pages = [
        post(client, "/sign-in/", login=name, password="wrong wrong wrong") for name in ("a-same", "a-nobody")
    ]
    bodies = [re.sub(r'value="[^"]*"', "", page.text) for page in pages]
    assert bodies[0] == bodies[1]
    assert events(owner, "a-same") == ["created", "sign_in_failed"]


def test_password_alone_opens_nothing(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-half")
    page = post(client, "/sign-in/", login="a-half", password=world.PASSWORD)
    assert "/second-factor/" in str(page.url)
    assert "/sign-in/" in str(client.get("/contracts/").url)


def test_a_wrong_code_is_refused_and_counted(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-code")
    wrong = f"{(int(totp_now()) + 1) % 10**6:06d}"
    page = sign_in(client, "a-code", code=wrong)
    assert "/second-factor/" in str(page.url)
    assert events(owner, "a-code") == ["created", "sign_in_failed"]


def test_a_code_works_once(surface: Surface, owner: psycopg.Connection[Any], home: Home) -> None:
    person(owner, home, "a-once")
    code = totp_now()
    assert "契約の概況" in sign_in(surface("retailer_web").client(), "a-once", code=code).text
    assert "/second-factor/" in str(sign_in(surface("retailer_web").client(), "a-once", code=code).url)


def test_five_failures_close_sign_in_for_known_and_unknown_names(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-lock")
    for name in ("a-lock", "a-lock-nobody"):
        for _ in range(5):
            post(client, "/sign-in/", login=name, password="wrong wrong wrong")
        page = post(client, "/sign-in/", login=name, password=world.PASSWORD)
        assert "ログイン失敗が連続しています" in page.text, name


def test_ten_failures_lock_the_account_itself(
    surface: Surface, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-ten")
    owner.execute(f"update {SCHEMA}.accounts_user set failures = 9 where person = 'a-ten'")
    client = surface("retailer_web").client()
    post(client, "/sign-in/", login="a-ten", password="wrong wrong wrong")
    assert events(owner, "a-ten")[-1] == "locked"
    assert "/second-factor/" not in str(post(client, "/sign-in/", login="a-ten", password=world.PASSWORD).url)
    actions.unlock_account(owner, schema=SCHEMA, person="a-ten", by="security", now=NOW)
    assert "/second-factor/" in str(post(client, "/sign-in/", login="a-ten", password=world.PASSWORD).url)


def test_who_has_no_second_factor_must_register_one_first(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-new", enrol_totp=False)
    page = sign_in(client, "a-new")
    assert str(page.url).endswith("/account/enrolment/")
    assert "/account/enrolment/" in str(client.get("/contracts/").url)
    form = client.get("/account/totp/")
    secret = re.search(r'class="number">([A-Z2-7]{32})<', form.text)
    assert secret, form.text
    fields = {"code": totp_now(secret[1]), "csrfmiddlewaretoken": browser.token_in(form)}
    codes = client.post("/account/totp/", data=fields)
    assert len(re.findall(r"<li>\d{8}</li>", codes.text)) == 10, "recovery codes are shown once"
    assert not re.findall(r"<li>\d{8}</li>", client.get("/account/recovery-codes/").text)
    assert "契約の概況" in client.get("/").text
    stored = owner.execute(f"select data::text from {SCHEMA}.mfa_authenticator").fetchall()
    assert not any(secret[1] in row[0] for row in stored), "second factors are stored sealed"
    assert "second_factor_added" in events(owner, "a-new")


def test_the_last_second_factor_stays(surface: Surface, owner: psycopg.Connection[Any], home: Home) -> None:
    person(owner, home, "a-last")
    client = surface("retailer_web").client()
    sign_in(client, "a-last")
    page = client.get("/account/totp/remove/")
    assert "最後の二要素は削除できません" in page.text
    post(client, "/account/totp/remove/", page="/account/")
    count = owner.execute(
        f"select count(*) from {SCHEMA}.mfa_authenticator a join {SCHEMA}.accounts_user u on u.id = a.user_id"
        " where u.person = 'a-last'"
    ).fetchone()
    assert count == (1,)


def test_a_first_password_that_nobody_used_in_time_is_void(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    permit(owner, "a-late")
    world.open_account(owner, home, "a-late", password=None)
    long_ago = datetime.now(UTC) - actions.INITIAL_LASTS
    initial = actions.reissue(owner, schema=SCHEMA, person="a-late", by="security", now=long_ago)
    assert "/sign-in/" in str(post(client, "/sign-in/", login="a-late", password=initial).url)
    fresh = actions.reissue(owner, schema=SCHEMA, person="a-late", by="security", now=datetime.now(UTC))
    assert "/account/enrolment/" in str(post(client, "/sign-in/", login="a-late", password=fresh).url)


def test_an_initial_password_must_be_changed_by_the_rules(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    permit(owner, "a-first")
    world.open_account(owner, home, "a-first", password=None)
    initial = actions.reissue(owner, schema=SCHEMA, person="a-first", by="security", now=NOW)
    page = post(client, "/sign-in/", login="a-first", password=initial)
    assert "/account/enrolment/" in str(page.url), "reissuing takes the second factor, too"
    owner.execute(
        f"insert into {SCHEMA}.mfa_authenticator (user_id, type, data, created_at)"
        f" select id, 'totp', %s, now() from {SCHEMA}.accounts_user where person = 'a-first'",
        [Jsonb({"secret": "v1:"})],
    )
    assert "/account/password/" in str(client.get("/contracts/").url)
    for bad in ("short", "password12345", "98765432109876", "a-first-a-first"):
        fields = {"oldpassword": initial, "password1": bad, "password2": bad}
        assert "/account/password/" in str(post(client, "/account/password/", **fields).url), bad
    new = "a road with seven inns"
    post(client, "/account/password/", oldpassword=initial, password1=new, password2=new)
    page = client.get("/")
    assert "契約の概況" in page.text, (page.url, events(owner, "a-first"))


def test_a_sensitive_change_long_after_sign_in_asks_for_the_password_again(
    surface: Surface, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-later")
    running = surface("retailer_web")
    client = running.client()
    sign_in(client, "a-later")
    assert "回復コードの作成" in client.get("/account/recovery-codes/new/").text
    move_sign_in_back(running, owner, client, seconds=601)
    assert "本人の再確認" in client.get("/account/recovery-codes/new/").text
    page = post(client, "/account/confirm/?next=/account/recovery-codes/new/", password=world.PASSWORD)
    assert "回復コードの作成" in page.text


@pytest.mark.parametrize(("seconds", "words"), [(1801, "30分操作がなかった"), (36001, "10時間たった")])
def test_sessions_end_by_themselves(
    surface: Surface, owner: psycopg.Connection[Any], home: Home, seconds: int, words: str
) -> None:
    name = person(owner, home, f"a-old-{seconds}")
    running = surface("retailer_web")
    client = running.client()
    sign_in(client, name)
    move_sign_in_back(running, owner, client, seconds=seconds)
    assert words in client.get("/contracts/").text
    assert "/sign-in/" in str(client.get("/").url)


def test_an_ended_account_is_out_at_once(
    surface: Surface, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-ended")
    client = surface("retailer_web").client()
    sign_in(client, "a-ended")
    actions.end_account(owner, schema=SCHEMA, person="a-ended", by="security", now=NOW)
    assert "/sign-in/" in str(client.get("/").url)
    assert "/second-factor/" not in str(
        post(client, "/sign-in/", login="a-ended", password=world.PASSWORD).url
    )


def test_without_a_permit_the_page_says_so(
    surface: Surface, owner: psycopg.Connection[Any], home: Home
) -> None:
    person(owner, home, "a-moved")
    owner.execute("update barrier.permit set valid = '[2020-01-01,2020-02-01)' where person = 'a-moved'")
    page = sign_in(surface("retailer_web").client(), "a-moved")
    assert "利用権限が終わっているため" in page.text
    assert "session_ended_no_permit" in events(owner, "a-moved")


def test_another_audiences_account_does_not_open_this_surface(
    client: httpx.Client, owner: psycopg.Connection[Any], home: Home
) -> None:
    world.open_account(
        owner, home, "a-operator", schema="accounts_operator", audience="operator", company="TD"
    )
    world.open_account(owner, home, "a-misplaced", audience="operator")
    for name in ("a-operator", "a-misplaced"):
        page = post(client, "/sign-in/", login=name, password=world.PASSWORD)
        assert "/second-factor/" not in str(page.url), name


def test_names_and_persons_are_not_shared(owner: psycopg.Connection[Any], home: Home) -> None:
    world.open_account(owner, home, "a-shared")
    with pytest.raises(actions.UnableToCreateAccount):
        world.open_account(owner, home, "a-shared", username="another")
    with pytest.raises(actions.UnableToCreateAccount):
        world.open_account(owner, home, "a-shared", person="another")
    with pytest.raises(actions.UnableToFindAccount):
        actions.end_account(owner, schema=SCHEMA, person="a-none", by="security", now=NOW)


@pytest.mark.parametrize(
    "question",
    [
        "select * from registry.contract",
        "select * from accounts_operator.accounts_user",
        "select gate.retailer_contract_portfolio()",
        "select * from barrier.ticket_key",
        "create table accounts_retailer.mine (x int)",
        "delete from accounts_retailer.accounts_event",
        "update accounts_retailer.accounts_event set kind = 'nothing'",
    ],
)
def test_the_accounts_login_reaches_its_own_schema_only(
    area: str, home: Home, server: EmbeddedServer, question: str
) -> None:
    with psycopg.connect(login_conninfo(area, home, ACCOUNT_LOGINS[SCHEMA])) as conn:
        assert conn.execute("select count(*) from accounts_retailer.accounts_user").fetchone()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(question)


def test_passwords_are_stored_with_scrypt(owner: psycopg.Connection[Any], home: Home) -> None:
    world.open_account(owner, home, "a-hash")
    row = owner.execute(f"select password from {SCHEMA}.accounts_user where person = 'a-hash'").fetchone()
    assert row is not None
    assert row[0].startswith("scrypt$")


def test_no_log_line_names_a_person(surface: Surface, owner: psycopg.Connection[Any], home: Home) -> None:
    person(owner, home, "a-quiet")
    client = surface("retailer_web").client()
    post(client, "/sign-in/", login="a-quiet", password="wrong wrong wrong")
    sign_in(client, "a-quiet")
    client.get(f"/points/{world.OWN_POINT}/")
    log = surface("retailer_web").log.read_text()
    assert '"event": "sign_in_failed"' in log
    assert '"event": "signed_in"' in log
    assert "a-quiet" not in log
    assert world.OWN_POINT not in log
