"""Information security's pages: what they show of the record, and what they change."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import psycopg
import pytest

from sekisho.settings.home import Home
from surfaces import world
from surfaces.browser import SignedIn, Surface, post, sign_in, token_in
from surfaces.staff import checked, errand, operator, send, watcher, words, working

Owner = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def worker(area: str, home: Home) -> Iterator[None]:
    with working(area, home):
        yield


@pytest.fixture(scope="module")
def security(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return watcher(signed_in, owner, "sec.one", "security")


@pytest.fixture(scope="module")
def second(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return watcher(signed_in, owner, "sec.two", "security")


@pytest.fixture(scope="module")
def looked_up(signed_in: SignedIn, owner: Owner) -> str:
    """Somebody who opened a card for switching, and drafted nothing."""
    client = operator(signed_in, owner, "op.curious", "switching")
    assert client.get(f"/points/{world.SHARED_POINT}/").status_code == 200
    return "op.curious"


PAGES = (
    "/", "/passages/", "/unusual/", "/permits/", "/permits/new/", "/permits/transfer/", "/cases/", "/cases/new/", "/drafts/", "/accounts/",
    "/accounts/new/", "/accounts/clients/new/", "/certificate/", "/matrix/", "/gates/", "/submissions/", "/people/sec.one/",
    "/passages/file/", "/permits/file/", "/drafts/file/", "/cases/file/", "/matrix/file/", "/gates/file/", "/unusual/file/",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_in_both_languages(security: httpx.Client, path: str) -> None:
    assert security.get(path).status_code == 200
    security.cookies.set("sekisho-language", "en")
    english = security.get(path)
    security.cookies.delete("sekisho-language")
    assert english.status_code == 200
    if "file" not in path:
        assert '<html lang="en">' in english.text


def test_customers_are_nowhere(security: httpx.Client, looked_up: str) -> None:
    for path in ("/", "/passages/", "/unusual/", "/submissions/"):
        assert world.NAME_OF_OTHER not in security.get(path).text


def test_the_record_is_searched_and_one_passage_opened(security: httpx.Client, looked_up: str) -> None:
    page = security.get(f"/passages/?person={looked_up}&gate=point_contracts&point={world.SHARED_POINT}")
    address = re.search(r'href="(/passages/\d{8}T\d{6}\.\d{6}/\d+/)"', page.text)
    assert address
    one = words(security.get(address[1]))
    assert looked_up in one
    assert "スイッチング" in one
    assert world.OTHER in one, "the holder at the time"
    assert security.get(re.sub(r"\d+/$", "999999999/", address[1])).status_code == 404


@pytest.mark.parametrize(
    ("query", "there"),
    [("", True), ("&purpose=switching", True), ("&purpose=safety", False), ("&verdict=refused", False), ("&reader=retailer", False),
     ("&until=2020-01-01", False), ("&case_no=DIS-2026-123", False)],
)  # fmt: skip
def test_filters_of_the_record(security: httpx.Client, looked_up: str, query: str, there: bool) -> None:
    assert ("該当なし" not in security.get(f"/passages/?person={looked_up}{query}").text) is there


@pytest.mark.parametrize("query", ["point=123", "since=yesterday", "gate=nothing"])
def test_wrong_filters_are_explained(security: httpx.Client, query: str) -> None:
    page = security.get(f"/passages/?{query}")
    assert page.status_code == 422
    assert "入力内容をご確認ください" in page.text


def test_pages_of_the_record_follow_each_other(security: httpx.Client, second: httpx.Client) -> None:
    for _ in range(25):
        security.get("/cases/file/")
    first = security.get("/passages/?person=sec.one&size=20")
    onward = unescape(re.search(r'href="(\?[^"]+)" rel="next"', first.text)[1])  # type: ignore[index]
    assert security.get(f"/passages/{onward}").status_code == 200
    assert second.get(f"/passages/{onward}").status_code == 400, "a mark belongs to whoever got it"


def test_the_file_has_every_item(security: httpx.Client, looked_up: str) -> None:
    file = security.get(f"/passages/file/?person={looked_up}&gate=point_contracts&format=machine")
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert rows
    assert {row["person"] for row in rows} == {looked_up}
    assert all(len(row["points"].split()) == len(row["holders"].split()) for row in rows)


def test_lookups_without_an_application_are_listed_with_the_way_to_them(
    security: httpx.Client, looked_up: str
) -> None:
    page = security.get("/unusual/")
    section = page.text.split('id="unfollowed"')[1].split("</section>")[0]
    assert looked_up in section
    address = unescape(re.search(rf'href="(/passages/\?[^"]*person={looked_up}[^"]*)"', section)[1])  # type: ignore[index]
    assert looked_up in words(security.get(address))


def test_an_application_explains_its_lookup(
    security: httpx.Client, owner: Owner, signed_in: SignedIn
) -> None:
    client = operator(signed_in, owner, "op.honest", "switching")
    client.get(f"/points/{world.OTHER_POINT}/")
    path = f"/points/{world.OTHER_POINT}/corrections/new/correct_name/"
    page = checked(
        client, path, contract_no="C-0004", since="2023-01-01", value_name="鈴木 壱郎", reason="照会のとおり"
    )
    assert send(client, path, page).status_code == 200
    section = security.get("/unusual/").text.split('id="unfollowed"')[1].split("</section>")[0]
    row = re.search(r"op\.honest.*?</tr>", section, re.DOTALL)
    assert row is None or re.findall(r"numeric[^>]*>(\d+)<", row[0])[1] != "0"


def test_a_refused_ticket_is_seen(
    security: httpx.Client, owner: Owner, signed_in: SignedIn, looked_up: str
) -> None:
    client = signed_in("operator_web", looked_up)
    owner.execute(
        "update barrier.permit set ended_at = now(), ended_by = 'system' where person = %s", [looked_up]
    )
    client.get(f"/points/{world.SHARED_POINT}/")
    assert "権限なし" in words(security.get(f"/passages/?person={looked_up}&verdict=refused"))
    refused = security.get("/unusual/").text.split('id="refused"')[1]
    assert looked_up in refused
    assert words(security.get("/")).count(looked_up)


def test_a_permit_is_given_by_two_and_ended_by_one(
    security: httpx.Client, second: httpx.Client, owner: Owner, worker: None
) -> None:
    start, last = world.TODAY, world.TODAY + timedelta(days=30)
    done = errand(security, "/permits/new/", person="op.granted", purpose="operator/wheeling", company="TD", start=start.isoformat(),
                  last=last.isoformat(), reason="着任")  # fmt: skip
    assert "完了" in words(done)
    assert owner.execute("select true from barrier.permit where person = 'op.granted'").fetchone() is None
    draft = draft_of(done)
    assert "承認する" not in words(security.get(draft))
    own = send(security, f"{draft}approve/", security.get(f"{draft}approve/"))
    assert own.status_code == 422
    assert "自分の起案は承認できません" in words(own)
    assert "承認待ち" in words(second.get("/drafts/?state=drafted"))
    assert "完了" in words(errand(second, f"{draft}approve/"))
    row = owner.execute(
        "select permit_no, lower(valid), upper(valid), granted_by, drafted_by from barrier.permit where person = 'op.granted'"
    ).fetchone()
    assert row is not None
    assert row[1:] == (start, last + timedelta(days=1), "sec.two", "sec.one"), "the last day is meant whole"
    assert "承認済み" in words(security.get(draft))
    errand(security, f"/permits/{row[0]}/end/", reason="誤り")
    assert owner.execute(
        "select ended_by, end_reason from barrier.permit where permit_no = %s", [row[0]]
    ).fetchone() == ("sec.one", "誤り")
    assert "/end/" not in security.get("/permits/?person=op.granted").text


def test_a_draft_is_rejected_with_a_reason_or_withdrawn(
    security: httpx.Client, second: httpx.Client, owner: Owner, worker: None
) -> None:
    asked = {
        "person": "op.unwanted",
        "purpose": "operator/safety",
        "company": "TD",
        "start": "2026-11-01",
        "reason": "応援",
    }
    draft = draft_of(errand(security, "/permits/new/", **asked))
    assert checked(second, f"{draft}reject/", note="").status_code == 422, "not without a reason"
    opened = second.get(f"{draft}approve/")
    errand(second, f"{draft}reject/", note="期間が長すぎる")
    assert "期間が長すぎる" in words(security.get(draft))
    assert "処理済み" in words(send(second, f"{draft}approve/", opened)), "in a window that was open before"
    assert str(second.get(f"{draft}approve/").url).endswith(draft), "there is nothing to confirm any more"
    draft = draft_of(errand(security, "/permits/new/", **asked))
    errand(security, f"{draft}withdraw/")
    assert "取下げ" in words(second.get(draft))
    assert owner.execute("select true from barrier.permit where person = 'op.unwanted'").fetchone() is None


def test_nobody_approves_what_serves_themselves(
    security: httpx.Client, second: httpx.Client, worker: None
) -> None:
    asked = {
        "person": "sec.two",
        "purpose": "operator/wheeling",
        "company": "TD",
        "start": "2026-11-01",
        "reason": "兼務",
    }
    draft = draft_of(errand(security, "/permits/new/", **asked))
    assert "承認する" not in words(second.get(draft))
    refused = send(second, f"{draft}approve/", second.get(f"{draft}approve/"))
    assert "自分に与えられる権限は承認できません" in words(refused)


def draft_of(page: httpx.Response) -> str:
    """The address of the draft that an outcome speaks of."""
    return re.search(r'href="(/drafts/\d+/)"', page.text)[1]  # type: ignore[index]


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"person": "sec.one"}, "自分に権限を与える"), ({"purpose": "operator/disaster"}, "案件番号"), ({"last": "2020-01-01"}, "終了日"),
     ({"case_no": "DIS-2026-001"}, "案件番号は付けません"), ({"person": "山田"}, "形が正しくありません")],
)  # fmt: skip
def test_permits_that_cannot_be_are_refused(
    security: httpx.Client, worker: None, changes: dict[str, str], says: str
) -> None:
    asked = {
        "person": "op.never",
        "purpose": "operator/wheeling",
        "company": "TD",
        "start": "2026-11-01",
        "reason": "着任",
    } | changes
    page = send(security, "/permits/new/", checked(security, "/permits/new/", **asked))
    assert page.status_code == 422
    assert says in words(page)


def test_a_transfer_ends_every_permit_on_its_day(security: httpx.Client, owner: Owner, worker: None) -> None:
    for purpose in ("wheeling", "switching"):
        owner.execute(
            "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
            " values ('op.moving', 'operator', 'TD', %s, '[2020-01-01,)', 'system')", [purpose],
        )  # fmt: skip
    on = world.TODAY + timedelta(days=3)
    errand(security, "/permits/transfer/", person="op.moving", on=on.isoformat())
    assert owner.execute(
        "select distinct upper(valid) from barrier.permit where person = 'op.moving'"
    ).fetchall() == [(on,)]


def test_a_case_is_opened_ends_and_is_reviewed_by_another(
    security: httpx.Client, second: httpx.Client, owner: Owner, worker: None
) -> None:
    draft = draft_of(
        errand(security, "/cases/new/", case_no="DIS-2026-501", title="台風", hours="2", reason="停電")
    )
    assert security.get("/cases/DIS-2026-501/").status_code == 404
    errand(second, f"{draft}approve/")
    assert "DIS-2026-501" in security.get("/cases/").text.split('id="waiting"')[0]
    assert "sec.two" in words(security.get("/cases/DIS-2026-501/")), "who approved"
    review = "/cases/DIS-2026-501/review/"
    early = send(second, review, checked(second, review, note="問題なし"))
    assert "まだ続いています" in words(early)
    owner.execute(
        "update barrier.case_file set valid = tstzrange(lower(valid), lower(valid) + interval '1 ms') where case_no = 'DIS-2026-501'"
    )
    waiting = security.get("/cases/").text.split('id="waiting"')[1].split('id="reviewed"')[0]
    assert "DIS-2026-501" in waiting
    own = send(security, review, checked(security, review, note="問題なし"))
    assert "開いた本人は審査できません" in words(own)
    assert errand(second, review, note="閲覧はすべて案件の範囲").status_code == 200
    assert "DIS-2026-501" in security.get("/cases/").text.split('id="reviewed"')[1]


def test_an_initial_password_is_shown_once_to_whoever_asked(
    security: httpx.Client, second: httpx.Client, owner: Owner, surface: Surface, worker: None
) -> None:
    done = errand(
        security,
        "/accounts/new/",
        audience="operator",
        person="op.fresh",
        company="TD",
        display_name="新田 望",
    )
    address = f"{done.url.path}secret/"
    assert "一度だけ表示する" in done.text
    foreign = second.post(address, data={"csrfmiddlewaretoken": token_in(second.get("/accounts/new/"))})
    assert "もう表示できません" in foreign.text
    assert security.get(address).status_code == 405, "opening an address by itself shows nothing"
    shown = security.post(address, data={"csrfmiddlewaretoken": token_in(done)})
    password = re.search(r'<code class="digest">([^<]+)<', shown.text)[1]  # type: ignore[index]
    stored = owner.execute(
        "select payload::text || outcome::text from work.command where payload ->> 'person' = 'op.fresh'"
    ).fetchone()
    assert stored is not None
    assert password not in stored[0]
    again = security.post(address, data={"csrfmiddlewaretoken": token_in(done)})
    assert password not in again.text
    assert "もう表示できません" in again.text
    newcomer = surface("operator_web").client()
    assert "/account/enrolment/" in str(sign_in(newcomer, "op.fresh", password=password).url)


def test_accounts_are_unlocked_reissued_and_ended(
    security: httpx.Client, owner: Owner, home: Home, surface: Surface, worker: None
) -> None:
    world.open_account(
        owner, home, "op.locked", schema="accounts_operator", audience="operator", company="TD"
    )
    owner.execute(
        "update accounts_operator.accounts_user set locked_until = now() + interval '1 hour' where person = 'op.locked'"
    )
    assert "施錠中" in words(security.get("/accounts/?state=locked"))
    person = "/people/op.locked/"
    assert "施錠を解除する" in words(security.get(person))
    errand(security, "/accounts/operator/op.locked/unlock/")
    assert "施錠を解除する" not in words(security.get(person))
    errand(security, "/accounts/operator/op.locked/reissue/")
    assert "初回サインイン前" in words(security.get(person))
    assert owner.execute(
        "select count(*) from accounts_operator.mfa_authenticator m join accounts_operator.accounts_user u on u.id = m.user_id"
        " where u.person = 'op.locked'"
    ).fetchone() == (0,)
    errand(security, "/accounts/operator/op.locked/end/")
    assert "アカウントを終了する" not in words(security.get(person))
    refused = post(surface("operator_web").client(), "/sign-in/", login="op.locked", password=world.PASSWORD)
    assert "/sign-in/" in str(refused.url)


@pytest.mark.parametrize("change", ["end", "reissue", "unlock"])
def test_nobody_administers_their_own_account(security: httpx.Client, worker: None, change: str) -> None:
    path = f"/accounts/security/sec.one/{change}/"
    page = send(security, path, security.get(path))
    assert page.status_code == 422
    assert "自分のアカウント" in words(page)


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"person": "sec.two"}, "既にあります"), ({"audience": "operator", "company": world.OWN}, "使えません"),
     ({"audience": "retailer", "company": "99999"}, "使えません"), ({"person": "Dr Evil"}, "使えません")],
)  # fmt: skip
def test_accounts_that_cannot_be_are_refused(
    security: httpx.Client, second: httpx.Client, worker: None, changes: dict[str, str], says: str
) -> None:
    asked = {
        "audience": "security",
        "person": "sec.three",
        "company": "TD",
        "display_name": "架空 一",
    } | changes
    page = send(security, "/accounts/new/", checked(security, "/accounts/new/", **asked))
    assert page.status_code == 422
    assert says in words(page)


def test_an_api_client_is_made_and_ended(security: httpx.Client, owner: Owner, worker: None) -> None:
    done = errand(
        security, "/accounts/clients/new/", company=world.OWN, person="api-00016-1", label="夜間連携"
    )
    shown = security.post(f"{done.url.path}secret/", data={"csrfmiddlewaretoken": token_in(done)})
    assert re.search(r"c-[0-9a-f]{16}", shown.text)
    assert "api-00016-1" in security.get("/accounts/?machine=yes").text
    errand(security, "/accounts/clients/api-00016-1/end/")
    assert owner.execute(
        "select ended_at is not null from accounts_api.clients_client where person = 'api-00016-1'"
    ).fetchone() == (True,)


def test_a_left_permit_is_pointed_out(security: httpx.Client, owner: Owner) -> None:
    owner.execute("insert into registry.staff (person, name, company) values ('op.gone', '去田 某', 'TD')")
    owner.execute(
        "insert into registry.posting (person, post, valid) values ('op.gone', '受付', '[2020-01-01,2024-04-01)')"
    )
    owner.execute(
        "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
        " values ('op.gone', 'operator', 'TD', 'switching', '[2020-01-01,)', 'system')"
    )
    assert "有効な権限が残っています" in security.get("/people/op.gone/").text
    assert "有効な権限が残っています" not in security.get("/people/sec.one/").text


def test_every_administration_is_listed(security: httpx.Client, worker: None) -> None:
    errand(security, "/cases/new/", case_no="DIS-2026-601", title="地震", hours="1", reason="停電")
    assert "災害案件の起案" in words(security.get("/submissions/"))


def test_the_matrix_narrows(security: httpx.Client) -> None:
    page = security.get("/matrix/?audience=auditor&item=permit")
    assert "AUD-01" in page.text
    assert "RET-01" not in page.text
    rows = list(
        csv.reader(
            io.StringIO(security.get("/matrix/file/?audience=auditor&item=permit&format=machine").text)
        )
    )
    assert rows == [["item", "item_name", "auditor_audit"], ["permit", "利用権限", "show"]]


def test_the_inventory_names_every_function_that_surfaces_may_call(
    security: httpx.Client, owner: Owner
) -> None:
    rows = csv.DictReader(io.StringIO(security.get("/gates/file/?format=machine").text))
    listed = {name for row in rows for name in row["functions"].split()}
    deployed = {
        row[0]
        for row in owner.execute(
            "select 'gate.' || proname from pg_proc where pronamespace = 'gate'::regnamespace"
        ).fetchall()
    }
    assert listed == deployed


def test_the_certificate_is_shown_with_its_findings(security: httpx.Client, owner: Owner) -> None:
    body = """{"holds": false, "statements": 2, "discharged": 1, "gates": 1, "versions": {"z3": "5"}, "seconds": 1.5, "fuzz": null,
               "obligations": [{"code": "1", "ja": "方針", "en": "policy", "statements": 2, "discharged": 1, "queries": 1, "holds": false}],
               "findings": [{"obligation": "1", "subject": "gate.x", "ja": "漏れます", "en": "leaks", "counterexample": null}],
               "outside": [{"ja": "応答時間", "en": "timing"}]}"""
    row = owner.execute(
        "insert into barrier.certificate (at, holds, digest, body) values (now(), false, 'abc', %s) returning certificate_no",
        [body],
    ).fetchone()
    assert row is not None
    text = words(security.get("/certificate/"))
    assert "漏れます" in text
    assert "応答時間" in text
    assert security.get(f"/certificate/{row[0]}/json/").json()["holds"] is False
    assert security.get("/certificate/999999/").status_code == 404


def test_a_search_by_point_looks_back_as_far_as_the_record_reaches(
    security: httpx.Client, looked_up: str, owner: Owner, worker: None
) -> None:
    old = world.TODAY - timedelta(days=200)
    owner.execute("select ledger.ensure_month(%s)", [old])
    owner.execute(
        "insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points, holders, items, row_count)"
        " values (%s, 'point_contracts', 'operator', 'TD', 'op.long.ago', 'switching', 'passed', %s, %s, '{name}', 2)",
        [old, [world.SHARED_POINT, world.SHARED_POINT], [world.OWN, world.OTHER]],
    )
    found = ""
    for _ in range(50):
        found = security.get(f"/passages/?point={world.SHARED_POINT}&person=op.long.ago").text
        if "op.long.ago</td>" in found:
            break
        time.sleep(0.2)
    assert found.count("op.long.ago</td>") == 1, "once, though two retailers held the point"
    assert "op.long.ago</td>" not in security.get("/passages/?person=op.long.ago").text, (
        "without a point: 30 days"
    )
    file = security.get(f"/passages/file/?point={world.SHARED_POINT}&person=op.long.ago&format=machine").text
    assert len(file.splitlines()) == 2


def test_a_submissions_words_are_not_shown(security: httpx.Client, owner: Owner) -> None:
    columns = owner.execute(
        "select column_name from information_schema.columns where table_schema = 'seen_security_oversight' and table_name = 'command'"
    ).fetchall()
    assert ("point",) in columns
    assert ("payload",) not in columns
