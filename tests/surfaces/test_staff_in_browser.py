"""The pages of the utility's people in a real browser: accessible, quiet, narrow, and 「表示」 with and without script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from sekisho.settings.home import Home
from surfaces import world
from surfaces.browser import Surface, totp_now
from surfaces.staff import permit

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_CARD = f"/points/{world.SHARED_POINT}/"
_DRAFT = f"{_CARD}corrections/new/"
PAGES = {
    "operator": ("/", _CARD, f"/points/{world.OWN_POINT}/usage/", "/corrections/", "/corrections/?point=1", _DRAFT, f"{_DRAFT}correct_name/",
                 f"{_DRAFT}split_period/?table=terms", f"{_DRAFT}backdate_switch/", f"/points/{world.UNKNOWN_POINT}/", "/purpose/"),
    "security": ("/", "/passages/", "/passages/?point=1", "/unusual/", "/permits/", "/permits/grant/", "/permits/transfer/", "/cases/",
                 "/cases/open/", "/accounts/", "/accounts/new/", "/accounts/clients/new/", "/people/w.security/", "/certificate/",
                 "/matrix/", "/matrix/?audience=operator", "/gates/", "/submissions/"),
    "auditor": ("/", "/certificate/", "/matrix/", "/gates/", "/passages/", "/permits/", "/cases/"),
}  # fmt: skip
_PURPOSES = {"operator": "wheeling", "security": "oversight", "auditor": "audit"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def enter(page: Page, audience: str, person: str) -> None:
    """Sign in, and choose the purpose where there is a choice."""
    page.goto("/sign-in/")
    page.get_by_label("ユーザー名").fill(person)
    page.get_by_label("パスワード").fill(world.PASSWORD)
    page.get_by_role("button", name="次へ").click()
    page.locator("#id_code").fill(totp_now())
    page.get_by_role("button", name="サインイン").click()
    if audience == "operator":
        page.locator("#purpose-wheeling").check()
        page.get_by_role("button", name="この目的で始める").click()


@pytest.fixture(scope="module")
def people(
    chromium: Browser, surface: Surface, owner: psycopg.Connection[Any], home: Home
) -> Iterator[dict[str, Page]]:
    pages: dict[str, Page] = {}
    for audience, purpose in _PURPOSES.items():
        person = f"w.{audience}"
        permit(owner, person, audience, purpose)
        world.open_account(
            owner, home, person, schema=f"accounts_{audience}", audience=audience, company="TD"
        )
        pages[audience] = chromium.new_page(base_url=surface(f"{audience}_web").url)
        enter(pages[audience], audience, person)
    yield pages
    for page in pages.values():
        page.context.close()


def violations(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options=_RULES).response["violations"]
    return [(one["id"], node["html"]) for one in found for node in one["nodes"]]


@pytest.mark.parametrize(
    ("audience", "path"), [(audience, path) for audience, paths in PAGES.items() for path in paths]
)
def test_pages_are_accessible_quiet_and_narrow(people: dict[str, Page], audience: str, path: str) -> None:
    page, said = people[audience], []
    listen = lambda message: said.append(message.text) if message.type in ("error", "warning") else None  # noqa: E731
    page.on("console", listen)
    page.goto(path)
    assert violations(page) == []
    assert page.locator("h1").count() == 1
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1280, "height": 800})
    page.remove_listener("console", listen)
    assert [text for text in said if "responded with a status" not in text] == []


def test_a_name_is_shown_in_place(people: dict[str, Page]) -> None:
    page = people["operator"]
    page.goto(f"/points/{world.OTHER_POINT}/")
    assert "鈴木" not in page.content()
    page.locator("[data-reveal] button").first.click()
    page.wait_for_selector(".reveal__note[role=status]")
    assert "鈴木" in page.locator("[data-revealed]").first.inner_text()
    assert "記録されました" in page.content()
    assert violations(page) == []


def test_a_name_is_shown_without_script(chromium: Browser, people: dict[str, Page]) -> None:
    state = people["operator"].context.storage_state()
    context = chromium.new_context(
        base_url=people["operator"].url.split("/points")[0], java_script_enabled=False, storage_state=state
    )
    page = context.new_page()
    page.goto(f"/points/{world.OTHER_POINT}/")
    page.locator("[data-reveal] button").first.click()
    assert "鈴木" in page.locator("main").inner_text()
    assert "記録されました" in page.locator("main").inner_text()
    context.close()


def test_a_refused_look_up_starts_at_the_summary(people: dict[str, Page]) -> None:
    page = people["operator"]
    page.goto("/")
    page.locator("#q").fill("123")
    page.get_by_role("button", name="照会する").click()
    assert page.evaluate("document.activeElement.id") == "problems"
    assert violations(page) == []


def test_the_confirmation_is_accessible(people: dict[str, Page]) -> None:
    page = people["security"]
    page.goto("/cases/open/")
    page.locator("#id_case_no").fill("DIS-2026-888")
    page.locator("#id_title").fill("訓練")
    page.get_by_role("button", name="入力内容の確認へ").click()
    assert "案件を開く" in page.locator("main").inner_text()
    assert violations(page) == []
    page.get_by_role("button", name="戻って直す").click()
    assert page.locator("#id_title").input_value() == "訓練"
