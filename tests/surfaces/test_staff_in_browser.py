"""The pages of the utility's people in a real browser: accessible, quiet, narrow, and 「表示」 with and without script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg.types.json import Jsonb

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
    "security": ("/", "/passages/", "/passages/?point=1", f"/passages/?point={world.SHARED_POINT}", "/unusual/", "/permits/", "/permits/new/",
                 "/permits/transfer/", "/permits/{permit}/end/", "/cases/", "/cases/new/", "/cases/DIS-2026-700/", "/cases/DIS-2026-700/review/",
                 "/drafts/", "/drafts/?state=x", "/drafts/{draft}/", "/drafts/{draft}/approve/", "/drafts/{draft}/reject/", "/scoping/",
                 "/scoping/new/", "/scoping/{finding}/", "/scoping/what-if/", "/scoping/disclosures/new/", "/scoping/files/", "/scoping/{what_if}/",
                 "/scoping/{what_if}/points/", "/scoping/{disclosure}/", "/scoping/{disclosure}/copy/", "/scoping/{disclosure}/files/new/",
                 "/scoping/{nothing}/", "/reviews/", "/reviews/?state=", "/reviews/look/", "/reviews/sample/",
                 "/reviews/{review}/", "/watched/", "/watched/new/", "/bundles/", "/bundles/lag/", "/bundles/new/", "/accounts/", "/accounts/new/",
                 "/accounts/clients/new/", "/people/w.security/", "/certificate/", "/matrix/", "/matrix/?audience=operator", "/gates/",
                 "/submissions/"),
    "auditor": ("/", "/certificate/", "/matrix/", "/gates/", "/passages/", "/permits/", "/cases/", "/cases/DIS-2026-700/", "/drafts/",
                "/drafts/{draft}/", "/reviews/", "/scoping/", "/scoping/{finding}/", "/scoping/{what_if}/", "/scoping/{disclosure}/",
                "/scoping/{disclosure}/copy/", "/bundles/", "/bundles/lag/"),
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


FINDINGS: dict[str, tuple[str, str, dict[str, Any], dict[str, int]]] = {
    "what_if": (
        "what-if", "名義を見せなかったら",
        {"change": {"rule": "RET-01", "items": ["name", "phone"], "unless": ["own-holder", "months=13", "voltage=LV+HV", "kind=person"]},
         "company": world.OTHER},
        {"customers": 12, "customers_person": 11, "customers_company": 1, "readings": 40, "readers": 1},
    ),
    "disclosure": (
        "who-saw", "開示請求 2026-017",
        {"point": world.SHARED_POINT, "tenancies": [{"holder": world.OTHER, "from": "2021-01-01", "to": None}], "since": "2026-01-01"},
        {"readings": 2, "readers": 1, "by_contract": 1, "by_none": 1, "uncertain": 1},
    ),
    "nothing": (
        "what-if", "何も変わらない変更", {"change": {"rule": "OPR-03", "items": ["phone"], "unless": []}}, {"customers": 0, "readings": 0},
    ),
}  # fmt: skip


def kept(
    owner: psycopg.Connection[Any], kind: str, title: str, question: dict[str, Any], totals: dict[str, int]
) -> int:
    """A finding as the worker keeps it."""
    row = owner.execute(
        "insert into ledger.finding (kind, at, by, title, question, totals, tree_size, checkpoint, digest) values (%s, now(), 'w.security', %s, %s,"
        " %s, 4000, 'sekisho.example/log' || chr(10) || '4000' || chr(10), repeat('b', 64)) returning finding_no",
        [kind, title, Jsonb(question), Jsonb(totals)],
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture(scope="module")
def numbers(owner: psycopg.Connection[Any]) -> dict[str, int]:
    """Records of every kind that a page shows one of: draft, permit, case, finding, review."""
    owner.execute(
        "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid) values ('DIS-2026-700', 'disaster', '台風21号による停電',"
        " 'w.mamoru', now() - interval '2 days', tstzrange(now() - interval '2 days', now() - interval '1 day'))"
    )
    statements = {
        "draft": "insert into barrier.draft (kind, purpose, reason, person, audience, company, valid, drafted_by, drafted_at)"
        " values ('permit', 'wheeling', '異動による着任のため', 'w.new', 'operator', 'TD', '[2026-12-01,)', 'w.mamoru', now()) returning draft_no",
        "permit": "insert into barrier.permit (person, audience, company, purpose, valid, case_no, reason, granted_by)"
        " values ('w.relief', 'operator', 'TD', 'disaster', '[2026-01-01,)', 'DIS-2026-700', '停電対応', 'system') returning permit_no",
        "finding": "insert into ledger.finding (at, by, title, question, totals, tree_size, checkpoint, digest) values (now(), 'w.security',"
        ' \'乙エナジーに見えた甲電力のお客さま\', \'{"company": "00026", "right": "history"}\', \'{"customers": 12, "readings": 40}\', 4000,'
        " 'sekisho.example/log' || chr(10) || '4000' || chr(10), repeat('a', 64)) returning finding_no",
        "review": "insert into ledger.review (made_at, rule, day, audience, company, person, purpose, weight, facts) values (now(), 'volume',"
        " '2026-11-01', 'operator', 'TD', 'w.curious', 'switching', 4200, '{\"points\": 210}') returning review_no",
    }
    found = {name: kept(owner, *what) for name, what in FINDINGS.items()}
    for name, statement in statements.items():
        row = owner.execute(statement.encode()).fetchone()
        assert row is not None
        found[name] = row[0]
    owner.execute(
        "insert into ledger.finding_point values (%s, %s, %s, 3, 2, now(), now(), '{contracts}', '{name,phone}', true)",
        [found["finding"], world.SHARED_POINT, world.OWN],
    )
    owner.execute(
        "insert into ledger.finding_reader values (%s, 1, 'w.curious', 'retailer', '00026', 'contract', 'contracts', '{name,phone}', 40, 12,"
        " now() - interval '20 days', now())",
        [found["what_if"]],
    )
    owner.execute(
        "insert into ledger.finding_reading select %s, n, now() - n * interval '1 day', 900 + n, 'contracts', 'retailer', c, 'w.reader', 'contract',"
        " null, '{name,phone}', '2026-10-01', '2026-11-01', '00026', '2021-01-01', null, r, 'RET-01', '電気事業法23条1項1号; 託送供給等約款', 7, null,"
        " n = 1, n = 2 from (values (1, '00026', 'contract'), (2, '00016', 'none')) v (n, c, r)",
        [found["disclosure"]],
    )
    return found


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
def test_pages_are_accessible_quiet_and_narrow(
    people: dict[str, Page], numbers: dict[str, int], audience: str, path: str
) -> None:
    page, said = people[audience], []
    listen = lambda message: said.append(message.text) if message.type in ("error", "warning") else None  # noqa: E731
    page.on("console", listen)
    answer = page.goto(path.format(**numbers))
    assert answer is not None
    assert answer.status in (200, 404, 422), path
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
    page.goto("/cases/new/")
    page.locator("#id_case_no").fill("DIS-2026-888")
    page.locator("#id_title").fill("訓練")
    page.locator("#id_reason").fill("訓練のため")
    page.get_by_role("button", name="入力内容の確認へ").click()
    assert "起案する" in page.locator("main").inner_text()
    assert violations(page) == []
    page.get_by_role("button", name="戻って直す").click()
    assert page.locator("#id_title").input_value() == "訓練"


def test_a_correction_shows_before_and_after_and_is_filled_in_by_keyboard(people: dict[str, Page]) -> None:
    page = people["operator"]
    page.goto(f"/points/{world.OTHER_POINT}/corrections/new/correct_name/")
    page.locator("#id_contract_no").select_option("C-0004")
    page.locator("#id_since").fill("2023-01-01")
    page.locator("#id_value_name").fill("鈴木 壱郎")
    box = page.locator("input[name=erase]").first
    box.focus()
    page.keyboard.press("Space")
    assert box.is_checked()
    page.locator("#id_reason").fill("照会のとおり")
    page.locator("#id_reason").press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    main = page.locator("main").inner_text()
    assert "変更の前と後" in main
    assert "鈴＊＊＊" in main, "the present name stays masked"
    assert "鈴木 壱郎" in main
    assert "空にする" in main
    assert violations(page) == []


def test_a_draft_is_decided_without_script(
    chromium: Browser, people: dict[str, Page], numbers: dict[str, int]
) -> None:
    security = people["security"]
    context = chromium.new_context(
        base_url=security.url.split("/", 3)[0] + "//" + security.url.split("/")[2], java_script_enabled=False,
        storage_state=security.context.storage_state(),
    )  # fmt: skip
    page = context.new_page()
    page.goto(f"/drafts/{numbers['draft']}/")
    page.get_by_role("link", name="承認する").click()
    page.get_by_role("button", name="承認する").click()
    assert (
        "受け付けました" in page.locator("main").inner_text() or "完了" in page.locator("main").inner_text()
    )
    context.close()
