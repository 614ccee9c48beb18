"""The pages in a real browser: accessible, without an error in the console, also narrow, in both languages, with a passkey."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
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


def day_with(*, day: int) -> str:
    """The address of the newest day of that number in a month: the 5th has estimates, the 9th gaps, the 17th is missing."""
    found = world.TODAY - timedelta(days=1)
    while found.day != day:
        found -= timedelta(days=1)
    return f"/points/{world.OWN_POINT}/usage/?day={found.isoformat()}"


def read_by_keyboard(page: Page, presses: int) -> str:
    page.locator("[data-plot-box]").focus()
    page.keyboard.press("Escape")
    for _ in range(presses):
        page.keyboard.press("ArrowRight")
    return page.locator("[data-plot-values]").inner_text()


@pytest.mark.parametrize(
    ("day", "presses", "said"),
    [
        (5, 1, ("00:00–00:30 JST", "kWh", "確定")),
        (5, 21, ("10:00–10:30 JST", "kWh", "見込")),
        (5, 48, ("23:30–24:00 JST", "kWh", "確定")),
        (9, 11, ("05:00–05:30 JST", "—", "未受領")),
        (17, 3, ("01:00–01:30 JST", "—", "未受領")),
    ],
)
def test_the_curve_tells_each_half_hour_by_keyboard(
    portal: Page, day: int, presses: int, said: tuple[str, ...]
) -> None:
    assert visit(portal, day_with(day=day)) == []
    told = read_by_keyboard(portal, presses)
    assert all(word in told for word in said), told
    assert portal.locator("[data-plot-values]").get_attribute("aria-live") == "polite"


def test_the_curve_shows_what_the_table_says(portal: Page) -> None:
    portal.goto(day_with(day=5))
    portal.get_by_text("この日の48コマの表").click()
    rows = portal.locator("details table tbody tr")
    for slot in (0, 20, 47):
        kwh = rows.nth(slot).locator("td").first.inner_text()
        assert f"{float(kwh):.3f} kWh" in read_by_keyboard(portal, slot + 1)


def test_the_curve_is_zoomed_by_drag_and_goes_back_by_keyboard(portal: Page) -> None:
    portal.goto(day_with(day=5))
    over = portal.locator("[data-plot-box] .u-over")
    over.scroll_into_view_if_needed()
    place = over.bounding_box()
    assert place is not None
    left, middle = place["x"], place["y"] + place["height"] / 2

    def first_half_hour() -> str:
        portal.mouse.move(left + 2, middle)
        return portal.locator("[data-plot-values]").inner_text().split(" JST")[0][-11:]

    assert first_half_hour() == "00:00–00:30"
    portal.mouse.move(left + place["width"] / 2 + 4, middle)
    portal.mouse.down()
    portal.mouse.move(left + place["width"] * 0.75, middle, steps=5)
    portal.mouse.up()
    assert first_half_hour() == "12:00–12:30"
    portal.get_by_role("button", name="この日に戻す").focus()
    portal.keyboard.press("Enter")
    assert first_half_hour() == "00:00–00:30"
    portal.get_by_role("button", name="前後3日").click()
    assert first_half_hour() == "00:00–00:30"
    assert violations(portal) == []


@pytest.mark.parametrize("media", ["no script", "print"])
def test_without_script_and_in_print_the_drawn_curve_stays(
    portal: Page, chromium: Browser, media: str
) -> None:
    context = chromium.new_context(
        base_url=portal.url.split("/points")[0], java_script_enabled=media == "print", storage_state=portal.context.storage_state()
    )  # fmt: skip
    page = context.new_page()
    page.emulate_media(media="print" if media == "print" else "screen")
    page.goto(day_with(day=9))
    assert page.locator(".chart__still svg").first.is_visible()
    assert not page.locator(".chart__plot").is_visible()
    if media == "print":
        page.emulate_media(media="screen")
        assert not page.locator(".chart__still svg").first.is_visible()
    context.close()


@pytest.mark.parametrize("forced", ["active", "none"])
def test_gaps_and_estimates_are_drawn_without_colour_alone(
    portal: Page, chromium: Browser, forced: str
) -> None:
    """A hatched gap and a ringed estimate leave marks where a day without them has paper."""
    context = chromium.new_context(
        base_url=portal.url.split("/points")[0], storage_state=portal.context.storage_state()
    )
    page = context.new_page()
    page.emulate_media(forced_colors=forced, reduced_motion="reduce")  # type: ignore[arg-type]
    # how many pixels of the column of one half-hour, in the upper half of the plot, are not paper
    inked = """(slot) => {
        const canvas = document.querySelector('[data-plot-box] canvas'), over = document.querySelector('.u-over').getBoundingClientRect();
        const box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width, ctx = canvas.getContext('2d');
        const wide = over.width / 48, left = (over.left - box.left + wide * slot + 2) * ratio;
        const data = ctx.getImageData(left, (over.top - box.top + 2) * ratio, (wide - 4) * ratio, over.height / 3 * ratio).data;
        let count = 0; for (let at = 3; at < data.length; at += 4) count += data[at] > 60; return count;
    }"""
    page.goto(day_with(day=9))
    read_by_keyboard(page, 1)
    assert page.evaluate(inked, 12) > 5 * max(1, page.evaluate(inked, 2))
    context.close()
