"""The retailer portal, page by page: what is there, and what is not."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import psycopg
import pytest

from sekisho.kernel.values import PointNumber, grouped
from surfaces import world
from surfaces.browser import SignedIn, Surface
from surfaces.world import TODAY

POINT_PATHS = ("/points/{}/", "/points/{}/usage/", "/points/{}/usage/file/")


@pytest.fixture(scope="module")
def own(signed_in: SignedIn) -> httpx.Client:
    return signed_in("retailer_web", "r1")


@pytest.fixture(scope="module")
def other(signed_in: SignedIn) -> httpx.Client:
    return signed_in("retailer_web", "r2", company=world.OTHER)


def rows_of(page: httpx.Response) -> list[str]:
    """The first cell of every row of the page's table."""
    return re.findall(r'<th scope="row"[^>]*>(?:<a[^>]*>)?([^<]+)', page.text)


def test_the_portfolio_counts_only_ones_own(own: httpx.Client) -> None:
    page = own.get("/")
    assert f"<dd>{world.MANY + 1} <small>" in page.text
    assert "甲電力株式会社" in page.text
    assert "自社契約の管理" in page.text


def test_lists_go_on_until_every_contract_was_shown_once(own: httpx.Client) -> None:
    seen: list[str] = []
    url = "/contracts/?sort=name&order=desc&size=50"
    while url:
        page = own.get(url)
        assert page.status_code == 200
        seen += rows_of(page)
        found = re.search(r'href="(\?[^"]*)" rel="next"', page.text)
        url = "/contracts/" + unescape(found[1]) if found else ""
    assert len(seen) == len(set(seen)) == world.MANY + 2


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("name=ヤマダ", 1),
        ("name=ﾔﾏﾀﾞ", 1),
        ("name=やまだ", 1),
        ("name=山田", 1),
        ("name=佐藤", 0),
        ("state=ended", 1),
        ("point=06-0000-0000-0000-0000-0002", 1),
        ("point=０６００００００００００００００００００02", 1),
        (f"point={world.OTHER_POINT}", 0),
        ("on=2020-06-01", 1),
        ("address=大阪府架空市１－２－３&state=ended", 1),
        ("kind=company", 0),
        ("menu=101&size=20", 20),
        ("size=7", 50),
        ("sort=nonsense&order=sideways", 50),
    ],
)
def test_filters(own: httpx.Client, query: str, count: int) -> None:
    page = own.get(f"/contracts/?{query}")
    assert page.status_code == 200
    assert len(rows_of(page)) == count
    assert ("該当なし" in page.text) == (count == 0)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("point=12345", "22桁のところ5桁です"),
        ("point=12345678901234567", "17桁はガスの供給地点特定番号です"),
        ("point=' or 1=1 --", "数字以外の文字があります"),
        ("on=2026-02-30", "日付が正しくありません"),
        ("state=sleeping", "正しく選択してください"),
        ("name=" + "あ" * 101, "100 文字以下"),
    ],
)
def test_wrong_filters_are_explained_beside_the_field(own: httpx.Client, query: str, words: str) -> None:
    page = own.get("/contracts/", params=dict([query.split("=", 1)]))
    assert page.status_code == 422
    assert page.text.count(words) == 2, "in the summary and beside the field"
    assert 'aria-invalid="true"' in page.text


def test_nul_and_hostile_text_harm_nothing(own: httpx.Client) -> None:
    for value in ("%00", "<script>alert(1)</script>", "%25", "\\", "';drop table registry.contract;--"):
        page = own.get("/contracts/", params={"name": value})
        assert page.status_code in (200, 422)
        assert "<script>alert" not in page.text
    assert own.get("/contracts/?name=%00").status_code in (200, 422)


def test_tokens_of_another_person_list_or_filter_are_refused(own: httpx.Client, other: httpx.Client) -> None:
    found = re.search(r'href="(\?[^"]*)" rel="next"', own.get("/contracts/?size=20").text)
    assert found
    url = "/contracts/" + unescape(found[1])
    assert own.get(url).status_code == 200
    for client, changed in (
        (other, url), (own, url + "&state=running"), (own, url.replace("order=asc", "order=desc")),
        (own, url.replace("sort=point", "sort=name")), (own, url[:-3] + "AAA"), (own, url.replace("/contracts/", "/readings/")),
    ):  # fmt: skip
        page = client.get(changed)
        assert page.status_code == 400, changed
        assert "この続きの印" in page.text
        assert world.OWN_POINT not in page.text


def test_a_name_with_markup_and_formulas_is_only_text(own: httpx.Client) -> None:
    for path in ("/contracts/", f"/points/{world.OWN_POINT}/"):
        page = own.get(path).text
        assert "&lt;b&gt;𠮷橋" in page
        assert "<b>𠮷橋" not in page


@pytest.mark.parametrize("path", POINT_PATHS)
def test_foreign_and_unknown_points_are_the_same_page(own: httpx.Client, path: str) -> None:
    answers = [own.get(path.format(point)) for point in (world.OTHER_POINT, world.UNKNOWN_POINT)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    kept = [{k: v for k, v in a.headers.items() if k not in ("date", "x-request-id")} for a in answers]
    assert kept[0] == kept[1]


def test_foreign_and_unknown_points_ask_the_same_gates(
    own: httpx.Client, owner: psycopg.Connection[Any]
) -> None:
    asked = []
    for point in (world.OTHER_POINT, world.UNKNOWN_POINT):
        answer = own.get(f"/points/{point}/")
        rows = owner.execute(
            "select gate, verdict, points, row_count from ledger.passage where request_id = %s order by passage_id",
            [answer.headers["x-request-id"]],
        ).fetchall()
        asked.append(rows)
    assert asked[0] == asked[1]
    assert len(asked[0]) == 7


def test_each_retailer_sees_its_own_period_of_a_shared_point(own: httpx.Client, other: httpx.Client) -> None:
    before, after = (
        own.get(f"/points/{world.SHARED_POINT}/").text,
        other.get(f"/points/{world.SHARED_POINT}/").text,
    )
    assert "山田太郎" in before
    assert world.NAME_OF_OTHER not in before
    assert "契約は終了しています" in before
    assert world.NAME_OF_OTHER in after
    assert "山田太郎" not in after


def test_a_page_is_recorded_under_its_request(own: httpx.Client, owner: psycopg.Connection[Any]) -> None:
    answer = own.get(f"/points/{world.OWN_POINT}/")
    found = owner.execute(
        "select distinct company, person, points from ledger.passage where request_id = %s and gate = 'point_parties'",
        [answer.headers["x-request-id"]],
    ).fetchall()
    assert found == [(world.OWN, "r1", [world.OWN_POINT])]


def test_half_hours_show_gaps_and_estimates(own: httpx.Client) -> None:
    gap = next(day for day in (TODAY - timedelta(days=back) for back in range(1, 40)) if day.day == 9)
    page = own.get(f"/points/{world.OWN_POINT}/usage/?day={gap.isoformat()}").text
    assert page.count("未受領</span>") == 6, "six half-hours of that day"
    estimated = gap.replace(day=5)
    page = own.get(f"/points/{world.OWN_POINT}/usage/?day={estimated.isoformat()}").text
    assert page.count("見込</span>") == 3
    assert page.count("<circle") >= 3


def test_a_day_without_readings_is_hatched_and_not_zero(own: httpx.Client) -> None:
    day = next(day for day in (TODAY - timedelta(days=back) for back in range(1, 40)) if day.day == 17)
    page = own.get(f"/points/{world.OWN_POINT}/usage/?day={day.isoformat()}").text
    assert page.count("未受領</span>") == 48


def test_an_own_point_without_usage_has_its_page(own: httpx.Client) -> None:
    page = own.get(f"/points/{world.SHARED_POINT}/usage/")
    assert page.status_code == 200
    assert "この期間に受領した日はありません" in page.text


@pytest.mark.parametrize(
    ("query", "status"), [("day=abc", 422), ("day=1900-01-01", 200), ("day=2999-01-01", 200)]
)
def test_strange_days(own: httpx.Client, query: str, status: int) -> None:
    assert own.get(f"/points/{world.OWN_POINT}/usage/?{query}").status_code == status


def lines_of(answer: httpx.Response, encoding: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode(encoding), newline="")))


def test_the_contracts_file_has_every_contract(own: httpx.Client) -> None:
    answer = own.get("/contracts/file/?format=machine")
    lines = lines_of(answer, "utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="contracts.csv"'
    assert lines[0][:2] == ["point", "contract_no"]
    assert len(lines) == world.MANY + 3
    assert all(len(line[0]) == 22 for line in lines[1:])
    assert not any(world.OTHER_POINT in line for line in lines)


def test_a_spreadsheet_runs_nothing_from_the_file(own: httpx.Client) -> None:
    lines = lines_of(own.get("/contracts/file/?format=excel"), "utf-8-sig")
    assert [line[3] for line in lines if line[1] == "C-0003"] == ["'" + world.HOSTILE_NAME]


def test_shift_jis_refuses_with_a_list(own: httpx.Client) -> None:
    answer = own.get("/contracts/file/?format=sjis")
    assert answer.status_code == 422
    assert "名義「𠮷」" in answer.text
    fine = own.get("/contracts/file/?format=sjis&state=ended")
    assert lines_of(fine, "cp932")[1][3] == "山田太郎"


def test_the_usage_file_leaves_missing_cells_empty(own: httpx.Client) -> None:
    lines = lines_of(own.get(f"/points/{world.OWN_POINT}/usage/file/?format=machine"), "utf-8")
    gap = next(line for line in lines[1:] if line[1].endswith("-09"))
    assert gap[2 + 10 : 2 + 16] == [""] * 6
    assert re.fullmatch(r"\d+\.\d{3}", gap[2])
    assert len(lines[0]) == 2 + 48 + 3


def test_who_saw_shows_own_points_only(own: httpx.Client, owner: psycopg.Connection[Any]) -> None:
    for holder, point in ((world.OWN, world.OWN_POINT), (world.OTHER, world.OTHER_POINT)):
        owner.execute(
            "insert into ledger.seen_point (at, passage_id, point, holder, gate, audience, company, person, purpose, items)"
            " values (now(), 1, %s, %s, 'reveal_name', 'operator', 'TD', 'o1', 'switching', '{name,point:masked}')"
            " on conflict do nothing",
            [point, holder],
        )
    page = own.get("/readings/").text
    assert grouped(PointNumber(world.OWN_POINT)) in page
    assert grouped(PointNumber(world.OTHER_POINT)) not in page
    assert world.OTHER_POINT not in page
    assert "契約名義" in page
    assert "供給地点特定番号(伏せ字)" in page
    assert "スイッチング" in page
    assert "o1" not in re.sub(r"<[^>]+>", " ", page).split(), "persons are not named"
    lines = lines_of(own.get("/readings/file/?format=machine"), "utf-8")
    points = {line[1].lstrip("'") for line in lines[1:]}
    assert world.OWN_POINT in points
    assert world.OTHER_POINT not in points
    assert any(line[5] == "reveal_name" for line in lines[1:])


def test_english_is_a_switch_away_and_stays(surface: Surface, own: httpx.Client) -> None:
    page = own.get("/language/?to=en&next=/contracts/")
    assert '<html lang="en">' in page.text
    assert "<h1>Contracts</h1>" in page.text
    assert "Invalid" not in own.get("/downloads/").text
    assert '<html lang="ja">' in own.get("/language/?to=ja&next=/").text
    away = own.get("/language/?to=ja&next=https://example.org/", follow_redirects=False)
    assert away.headers["location"] == "/"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/contracts/", f"/points/{world.OWN_POINT}/"])
def test_pages_can_only_be_read(own: httpx.Client, method: str, path: str) -> None:
    assert own.request(method, path).status_code in (403, 405)


@pytest.mark.parametrize(("days", "columns"), [("31", 31), ("365", 365), ("396", 396)])
def test_usage_is_drawn_told_and_written_for_a_month_a_year_and_thirteen_months(
    own: httpx.Client, days: str, columns: int
) -> None:
    page = own.get(f"/points/{world.OWN_POINT}/usage/?days={days}")
    assert page.status_code == 200
    labels = re.findall(r'<svg[^>]*role="img" aria-label="([^"]+)"', page.text)
    first = world.TODAY - timedelta(days=columns)
    assert any("曲線" in label for label in labels)
    assert any(label.startswith(f"{first} から") for label in labels)
    assert "月ごとの電力量" in page.text
    address = unescape(re.search(r'href="(/points/[^"]*/usage/file/[^"]*)format=machine"', page.text)[1])  # type: ignore[index]
    rows = own.get(f"{address}format=machine").text.splitlines()[1:]
    assert len(rows) == sum((world.TODAY - timedelta(days=back)).day != 17 for back in range(1, columns + 1))
