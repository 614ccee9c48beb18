"""The operator's pages: purpose first, masked items revealed one by one, corrections by two people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from sekisho.settings.home import Home
from surfaces import world
from surfaces.browser import SignedIn, post, token_in
from surfaces.staff import checked, errand, operator, permit, send, words, working

Owner = psycopg.Connection[Any]
CARD = f"/points/{world.SHARED_POINT}/"


@pytest.fixture(scope="module")
def worker(area: str, home: Home) -> Iterator[None]:
    with working(area, home):
        yield


@pytest.fixture(scope="module")
def switching(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return operator(signed_in, owner, "op.switch", "switching")


@pytest.fixture(scope="module")
def other(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return operator(signed_in, owner, "op.other", "switching")


@pytest.fixture(scope="module")
def wheeling(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return operator(signed_in, owner, "op.wheel", "wheeling")


def passages(owner: Owner, person: str, gate: str) -> list[tuple[Any, ...]]:
    return owner.execute(
        "select purpose, points, items, row_count from ledger.passage where person = %s and gate = %s order by at desc",
        [person, gate],
    ).fetchall()


def look_up(client: httpx.Client, text: str, by: str = "") -> httpx.Response:
    return post(client, "/", q=text, by=by)


def test_the_purpose_comes_first(signed_in: SignedIn, owner: Owner) -> None:
    permit(owner, "op.first", "operator", "safety")
    client = signed_in(
        "operator_web", "op.first", schema="accounts_operator", audience="operator", company="TD"
    )
    for path in ("/", CARD, "/corrections/"):
        assert client.get(path).url.path == "/purpose/"
    assert post(client, "/purpose/", purpose="wheeling").status_code == 422, "no permit for it"
    assert "保安" in post(client, "/purpose/", purpose="safety").text


def test_disaster_work_needs_its_case(signed_in: SignedIn, owner: Owner) -> None:
    owner.execute(
        "insert into barrier.case_file (case_no, purpose, title, opened_by, opened_at, valid) values"
        " ('DIS-2026-777', 'disaster', '訓練', 's.other', now(), tstzrange(now() - interval '1 hour', now() + interval '1 hour'))"
    )
    permit(owner, "op.disaster", "operator", "disaster", case_no="DIS-2026-777")
    client = signed_in(
        "operator_web", "op.disaster", schema="accounts_operator", audience="operator", company="TD"
    )
    for typed in ("", "DIS-2026-778", "777"):
        assert post(client, "/purpose/", purpose="disaster", case_no=typed).status_code == 422
    assert "DIS-2026-777" in post(client, "/purpose/", purpose="disaster", case_no="dis-2026-777").text
    card = client.get(CARD)
    assert world.NAME_OF_OTHER in card.text, "disaster work sees names at once"
    assert world.OTHER not in words(card), "but not the retailer"
    assert owner.execute(
        "select distinct case_no from ledger.passage where person = 'op.disaster' and gate = 'point_parties'"
    ).fetchall() == [("DIS-2026-777",)]


@pytest.mark.parametrize(
    "text",
    [world.SHARED_POINT, "06-0000-0000-0000-0000-0001", "\uff10\uff16-0000-0000-0000-0000-0001", "00000000000002",
     "さとう はなこ", "\uff7b\uff84\uff73 \uff8a\uff85\uff7a", "佐藤 花子"],
)  # fmt: skip
def test_a_unique_hit_opens_the_card(switching: httpx.Client, text: str) -> None:
    page = look_up(switching, text)
    assert page.status_code == 200
    assert page.url.path == CARD


def test_several_hits_are_listed_and_more_are_told(switching: httpx.Client) -> None:
    page = look_up(switching, "架空")
    assert page.text.count('<th scope="row"') == 50
    assert "50件を超えました" in page.text
    assert "架空 1号" not in page.text, "names stay masked in lists"
    assert "架空" not in str(page.url), "what was typed is not in the address"


def test_nothing_found_says_what_to_try(switching: httpx.Client) -> None:
    assert "該当なし" in look_up(switching, "存在しない氏名").text


def test_a_purpose_searches_only_by_what_it_may(
    wheeling: httpx.Client, switching: httpx.Client, owner: Owner
) -> None:
    before = len(passages(owner, "op.wheel", "find_by_phone"))
    refused = look_up(wheeling, "06-0000-0001")
    assert refused.status_code == 422
    assert "電話番号で探せません" in words(refused)
    assert len(passages(owner, "op.wheel", "find_by_phone")) == before
    assert look_up(switching, "06-0000-0001").status_code == 200


@pytest.mark.parametrize("text", ["", "12345", "佐", "\0"])
def test_what_cannot_be_searched_is_said_beside_the_box(switching: httpx.Client, text: str) -> None:
    page = look_up(switching, text)
    assert page.status_code == 422
    assert 'href="#q"' in page.text
    assert 'aria-invalid="true"' in page.text


def test_masked_items_are_shown_one_by_one_and_recorded(switching: httpx.Client, owner: Owner) -> None:
    card = switching.get(CARD)
    assert world.NAME_OF_OTHER not in card.text
    assert "佐＊＊＊" in card.text
    shown = post(switching, f"{CARD}reveal/", page=CARD, item="name", contract_no="C-0002")
    assert world.NAME_OF_OTHER in shown.text
    assert "山田太郎" not in shown.text, "the contract before stays masked"
    assert "この表示は記録されました" in shown.text
    assert passages(owner, "op.switch", "reveal_name")[0] == (
        "switching",
        [world.SHARED_POINT],
        ["customer_no", "name", "period"],
        1,
    )


@pytest.mark.parametrize(
    ("item", "status"), [("phone", 403), ("past", 403), ("", 403), ("name", 200), ("slip", 200)]
)
def test_a_purpose_reveals_only_what_it_may(wheeling: httpx.Client, item: str, status: int) -> None:
    assert post(wheeling, f"{CARD}reveal/", page=CARD, item=item, contract_no="C-0002").status_code == status


def test_revealing_needs_our_own_form(switching: httpx.Client, owner: Owner) -> None:
    before = len(passages(owner, "op.switch", "reveal_phone"))
    assert (
        switching.post(f"{CARD}reveal/", data={"item": "phone", "contract_no": "C-0002"}).status_code == 403
    )
    assert switching.get(f"{CARD}reveal/").status_code == 405
    assert len(passages(owner, "op.switch", "reveal_phone")) == before


def test_safety_sees_neither_retailer_nor_period(signed_in: SignedIn, owner: Owner) -> None:
    client = operator(signed_in, owner, "op.safety", "safety")
    text = words(client.get(CARD))
    assert "小売電気事業者" not in text
    assert world.OTHER not in text
    assert "2021年1月1日" not in text
    assert "電話番号" in text


def test_unknown_points_have_no_card(switching: httpx.Client, owner: Owner) -> None:
    assert switching.get(f"/points/{world.UNKNOWN_POINT}/").status_code == 404
    assert passages(owner, "op.switch", "point_contracts")[0][3] == 0


def test_usage_is_for_those_who_are_told_it(
    signed_in: SignedIn, owner: Owner, switching: httpx.Client
) -> None:
    reader = operator(signed_in, owner, "op.reader", "reading")
    page = reader.get(f"/points/{world.OWN_POINT}/usage/")
    assert page.status_code == 200
    assert "<svg" in page.text
    file = reader.get(f"/points/{world.OWN_POINT}/usage/file/?format=machine")
    assert 1 < len(file.text.splitlines()) <= 32
    for path in ("usage/", "usage/file/"):
        refused = switching.get(f"/points/{world.OWN_POINT}/{path}")
        assert refused.status_code == 403
        assert "利用目的を変更する" in refused.text
    assert not passages(owner, "op.switch", "usage_days")


def test_corrections_are_for_wheeling_and_switching(signed_in: SignedIn, owner: Owner) -> None:
    reader = operator(signed_in, owner, "op.reader", "reading")
    for path in ("/corrections/", f"{CARD}corrections/new/", f"{CARD}corrections/new/move_out/"):
        assert reader.get(path).status_code == 403


def test_a_name_is_corrected_by_two_people(
    switching: httpx.Client, other: httpx.Client, owner: Owner, worker: None
) -> None:
    path = f"{CARD}corrections/new/correct_name/"
    done = errand(
        switching,
        path,
        contract_no="C-0002",
        since="2022-01-01",
        value_name="佐東 花子",
        reason="申込書と照合",
    )
    change_no = re.search(r"R\d{6}-[0-9A-F]{8}", done.text)[0]  # type: ignore[index]
    page = f"/corrections/{change_no}/"
    assert "佐東 花子" in words(other.get(page))
    assert owner.execute(
        "select payload ->> 'point' from work.command where outcome ->> 'change_no' = %s", [change_no]
    ).fetchone() == (world.SHARED_POINT,)
    assert "承認する" not in words(switching.get(page)).replace("承認できません", "")
    own = send(switching, f"{page}approve/", switching.get(f"{page}approve/"))
    assert own.status_code == 422
    assert "自分で起案した訂正は承認できません" in own.text
    assert send(other, f"{page}approve/", other.get(f"{page}approve/")).status_code == 200
    assert "佐東 花子" in words(post(other, f"{CARD}reveal/", page=CARD, item="name", contract_no="C-0002"))
    assert "訂正前の名義" in other.get(CARD).text
    assert (
        world.NAME_OF_OTHER
        in post(other, f"{CARD}reveal/", page=CARD, item="past_name", contract_no="C-0002").text
    )
    assert change_no in other.get("/corrections/?state=approved").text
    assert change_no not in other.get("/corrections/?state=drafted").text


def test_a_draft_is_withdrawn_by_its_drafter_or_rejected_by_another(
    switching: httpx.Client, other: httpx.Client, worker: None
) -> None:
    path = f"/points/{world.OWN_POINT}/corrections/new/split_period/?table=terms"
    for who, decision, fields in ((switching, "withdraw", {}), (other, "reject", {"note": "根拠がない"})):
        done = errand(
            switching, path, contract_no="C-0003", day="2023-04-01", value_contract_ampere="50", reason="増量"
        )
        change_no = re.search(r"R\d{6}-[0-9A-F]{8}", done.text)[0]  # type: ignore[index]
        assert "50" in words(other.get(f"/corrections/{change_no}/"))
        ended = errand(who, f"/corrections/{change_no}/{decision}/", **fields)
        assert ended.status_code == 200, words(ended)
        assert {"withdraw": "取下げ", "reject": "差戻し"}[decision] in words(
            who.get(f"/corrections/{change_no}/")
        )


def test_what_the_worker_refuses_leads_back_to_the_filled_form(switching: httpx.Client, worker: None) -> None:
    path = f"/points/{world.OWN_POINT}/corrections/new/move_out/"
    refused = send(
        switching, path, checked(switching, path, contract_no="C-0003", day="2001-01-01", reason="転出")
    )
    assert refused.status_code == 422
    assert "収まりません" in refused.text or "契約" in refused.text
    assert 'value="2001-01-01"' in refused.text


def test_pressing_twice_drafts_once(switching: httpx.Client, owner: Owner, worker: None) -> None:
    path = f"/points/{world.OWN_POINT}/corrections/new/move_out/"
    page = checked(switching, path, contract_no="C-0003", day="2026-01-01", reason="転出届")
    first, second = send(switching, path, page), send(switching, path, page)
    assert first.url == second.url
    assert owner.execute("select count(*) from registry.change where reason = '転出届'").fetchone() == (1,)


@pytest.mark.parametrize(
    "kind",
    [
        "correct_name",
        "split_period/?table=terms",
        "backdate_switch",
        "move_switch",
        "cancel_switch",
        "move_out",
    ],
)
def test_every_kind_asks_for_what_it_needs(switching: httpx.Client, kind: str) -> None:
    path = f"{CARD}corrections/new/{kind if '?' in kind else kind + '/'}"
    page = switching.get(path)
    assert page.status_code == 200
    refused = switching.post(path, data={"step": "check", "csrfmiddlewaretoken": token_in(page)})
    assert refused.status_code == 422
    assert "訂正の理由を入力してください" in refused.text


def test_a_form_asks_only_for_items_that_the_purpose_is_told(
    switching: httpx.Client, wheeling: httpx.Client
) -> None:
    path = f"{CARD}corrections/new/correct_name/"
    assert "value_phone" in switching.get(path).text
    assert "value_slip_address" not in switching.get(path).text
    assert "value_phone" not in wheeling.get(path).text
    assert switching.get(f"{CARD}corrections/new/split_period/?table=generation").status_code == 404


def test_submissions_of_others_are_not_shown(
    switching: httpx.Client, other: httpx.Client, worker: None
) -> None:
    path = f"/points/{world.OTHER_POINT}/corrections/new/correct_name/"
    done = errand(
        switching, path, contract_no="C-0004", since="2022-01-01", value_name="鈴木 一朗", reason="誤記"
    )
    assert other.get(done.url.path).status_code == 404


def test_a_value_is_erased_where_the_schema_allows(
    switching: httpx.Client, other: httpx.Client, owner: Owner, worker: None
) -> None:
    path = f"/points/{world.OWN_POINT}/corrections/new/correct_name/"
    form = switching.get(path).text
    boxes = set(re.findall(r'name="erase" value="([^"]+)"', form))
    assert "phone" in boxes
    assert "name" not in boxes, "a contract has a name"
    both = checked(
        switching,
        path,
        contract_no="C-0003",
        since="2023-01-01",
        value_phone="06-0000-0002",
        erase="phone",
        reason="誤記",
    )
    assert both.status_code == 422
    assert "どちらかにしてください" in words(both)
    page = checked(
        switching, path, contract_no="C-0003", since="2023-01-01", erase="phone", reason="番号は無効"
    )
    assert "変更の前と後" in words(page)
    assert "＊＊＊" in words(page), "the present value as the card shows it"
    assert "空にする" in words(page)
    change_no = re.search(r"R\d{6}-[0-9A-F]{8}", send(switching, path, page).text)[0]  # type: ignore[index]
    address = f"/corrections/{change_no}/"
    confirm = other.get(f"{address}approve/")
    assert "空にする" in words(confirm)
    assert send(other, f"{address}approve/", confirm).status_code == 200
    found = owner.execute(
        "select phone, phone_key from registry.party where contract_no = 'C-0003' and valid @> date '2023-06-01'"
    ).fetchone()
    assert found == ("", "")
    assert owner.execute(
        "select count(*) from registry.party_history where contract_no = 'C-0003' and phone <> ''"
    ).fetchone() != (0,)


def test_a_draft_shows_each_purpose_only_its_items_and_is_approved_by_whoever_sees_them(
    switching: httpx.Client, wheeling: httpx.Client, owner: Owner, worker: None
) -> None:
    path = f"/points/{world.OTHER_POINT}/corrections/new/correct_name/"
    done = errand(
        switching,
        path,
        contract_no="C-0004",
        since="2023-01-01",
        value_phone="06-1234-9876",
        reason="新しい番号",
    )
    address = f"/corrections/{re.search(r'R[0-9]{6}-[0-9A-F]{8}', done.text)[0]}/"  # type: ignore[index]
    assert "06-1234-9876" in words(switching.get(address))
    seen = words(wheeling.get(address))
    assert "06-1234-9876" not in seen
    assert "この目的では表示しません" in seen
    refused = send(wheeling, f"{address}approve/", wheeling.get(f"{address}approve/"))
    assert refused.status_code == 422
    assert "この目的では見られない項目" in words(refused)
