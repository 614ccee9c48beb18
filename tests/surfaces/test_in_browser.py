"""The pages in a real browser: accessible, without an error in the console, also narrow, in both languages, with a passkey."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from sekisho.settings.home import Home
from surfaces import world
from surfaces.browser import Surface, totp_now

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
EXPORTS = tuple(str(UUID(int=number, version=4)) for number in (1, 2, 3))
"""Files of r3: being made, ready, failed."""
RETAILER_PATHS = (
    "/", "/contracts/", "/contracts/?point=123", "/contracts/?name=nobody", f"/points/{world.SHARED_POINT}/",
    f"/points/{world.OWN_POINT}/usage/", f"/points/{world.UNKNOWN_POINT}/", "/readings/", "/downloads/", "/downloads/new/contracts/?state=running",
    "/downloads/new/half_hours/", "/downloads/new/readings/", f"/downloads/{EXPORTS[0]}/", f"/downloads/{EXPORTS[1]}/",
    f"/downloads/{EXPORTS[2]}/", f"/downloads/{EXPORTS[1]}/drop/", "/contracts/file/?format=sjis",
    "/account/", "/account/password/", "/account/passkeys/", "/account/passkeys/add/", "/account/recovery-codes/new/",
)  # fmt: skip
PUBLIC_PATHS = ("/", "/retailers/", "/matrix/", "/certificate/", "/verification/", "/nothing")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def sign_in(page: Page, url: str, person: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("ユーザー名").fill(person)
    page.get_by_label("パスワード").fill(world.PASSWORD)
    page.get_by_role("button", name="次へ").click()
    page.locator("#id_code").fill(totp_now())
    page.get_by_role("button", name="サインイン").click()


@pytest.fixture(scope="module")
def portal(chromium: Browser, surface: Surface, owner: psycopg.Connection[Any], home: Home) -> Iterator[Page]:
    url = surface("retailer_web").url
    world.open_account(owner, home, "r3")
    for number, state in zip(EXPORTS, ("running", "ready", "failed"), strict=True):
        owner.execute(
            "insert into work.export (export_no, kind, form, params, audience, company, person, purpose, asked_at, state, total, row_count, bytes,"
            " expires_at, outcome) values (%s, 'contracts', 'excel', '{\"state\": \"running\"}', 'retailer', %s, 'r3', 'contract', now(), %s, 1000000,"
            " 12400, 2000000, now() + interval '7 days', %s)",
            [
                number,
                world.OWN,
                state,
                '{"ja": "Shift_JIS にない文字があります。", "en": "x"}' if state == "failed" else None,
            ],
        )
    page = chromium.new_page(base_url=url)
    sign_in(page, url, "r3")
    yield page
    page.context.close()


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=_RULES).response["violations"]
    return [(one["id"], node["html"]) for one in found for node in one["nodes"]]


def visit(page: Page, path: str) -> list[str]:
    """Open a page; what the browser's console complained about, besides the status itself."""
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None
    )
    page.goto(path)
    return [text for text in said if "the server responded with a status" not in text]


@pytest.mark.parametrize("path", RETAILER_PATHS)
def test_retailer_pages_are_accessible(portal: Page, path: str) -> None:
    assert visit(portal, path) == []
    assert violations(portal) == []
    assert portal.locator("h1").count() == 1


@pytest.mark.parametrize("path", PUBLIC_PATHS)
def test_public_pages_are_accessible(chromium: Browser, surface: Surface, path: str) -> None:
    page = chromium.new_page(base_url=surface("public_web").url)
    assert visit(page, path) == []
    assert violations(page) == []
    page.context.close()


@pytest.mark.parametrize("path", ["/", "/contracts/", f"/points/{world.OWN_POINT}/usage/"])
def test_narrow_screens_scroll_tables_and_not_the_page(portal: Page, path: str) -> None:
    portal.set_viewport_size({"width": 390, "height": 800})
    portal.goto(path)
    assert portal.evaluate("document.documentElement.scrollWidth") <= 390
    portal.set_viewport_size({"width": 1280, "height": 800})


def test_a_refused_form_starts_at_the_summary(portal: Page) -> None:
    portal.goto("/contracts/?point=123")
    assert portal.evaluate("document.activeElement.id") == "problems"


def test_sign_in_pages_are_accessible_and_work_without_script(
    chromium: Browser, surface: Surface, owner: psycopg.Connection[Any], home: Home
) -> None:
    url = surface("retailer_web").url
    page = chromium.new_page(base_url=url)
    page.goto("/sign-in/")
    assert violations(page) == []
    page.context.close()
    world.open_account(owner, home, "b-noscript")
    context = chromium.new_context(base_url=url, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, url, "b-noscript")
    assert not page.get_by_role("button", name="パスキーを使う").is_visible()
    assert "/sign-in/" in page.url, "without a permit there is nothing to see"
    context.close()


def test_a_passkey_is_registered_and_signs_in(
    chromium: Browser, surface: Surface, owner: psycopg.Connection[Any], home: Home
) -> None:
    url = surface("retailer_web").url
    owner.execute(
        "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
        " values ('b-passkey', 'retailer', %s, 'contract', '[2020-01-01,)', 'system')",
        [world.OWN],
    )
    world.open_account(owner, home, "b-passkey", enrol_totp=False)
    page = chromium.new_page(base_url=url)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    page.goto("/sign-in/")
    page.get_by_label("ユーザー名").fill("b-passkey")
    page.get_by_label("パスワード").fill(world.PASSWORD)
    page.get_by_role("button", name="次へ").click()
    page.get_by_role("link", name="パスキー・セキュリティキーを登録する").click()
    page.locator("input[name=passwordless]").check()
    page.get_by_role("button", name="登録する").click()
    page.wait_for_url("**/recovery-codes/")
    page.get_by_role("button", name="サインアウト").click()
    page.get_by_role("button", name="パスキーを使う").click()
    page.wait_for_url(f"{url}/")
    assert "契約の概況" in page.content()
    page.context.close()
