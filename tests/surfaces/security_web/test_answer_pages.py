"""What if, answers to customers, and findings as files: asked on a page, run by the worker, drilled down, printed, received once sealed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import psycopg
import pytest

from sekisho.ledger.site import Site
from sekisho.settings.deploy import ensure_months
from sekisho.settings.home import Home
from sekisho.settings.secrets import export_key
from sekisho.settings.worker import utc_now
from surfaces import world
from surfaces.browser import SignedIn
from surfaces.staff import checked, errand, watcher, words, working

Owner = psycopg.Connection[Any]
PASSAGE = """
insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points, holders, items, shown, row_count)
values (%s, %s, %s, %s, %s, %s, 'passed', %s, %s, %s, %s::daterange, 1) returning passage_id
"""
CUSTOMER, PREDECESSOR = "00000000000002", "00000000000001"
READER = "ans.reader"
MOMENT = datetime.now(UTC) - timedelta(days=5)
"""When this module's readings happened: other modules read the same points, on other days."""
_DAY = MOMENT.astimezone(ZoneInfo("Asia/Tokyo")).date()
THEN = {"since": str(_DAY), "until": str(_DAY + timedelta(days=1))}


@dataclass(frozen=True)
class Log:
    """Passages of this module, sealed. `theirs`: of the customer, `past`: of the tenant before."""

    theirs: int
    foreign: int
    past: int


@pytest.fixture(scope="module")
def log_home(tmp_path_factory: pytest.TempPathFactory, home: Home) -> Home:
    """Where this database's log and columns lie; what is sealed for security opens with the surface's own secret."""
    made = Home(tmp_path_factory.mktemp("answers-home")).prepare()
    made.write_secret(name="exports/security", value=export_key(home, "security").hex())
    return made


@pytest.fixture(scope="module")
def worker(area: str, home: Home, log_home: Home) -> Iterator[None]:
    with working(area, home, files=log_home):
        yield


@pytest.fixture(scope="module")
def security(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return watcher(signed_in, owner, "sec.answers", "security")


@pytest.fixture(scope="module")
def sealed(area: str, owner: Owner, log_home: Home) -> Log:
    for moment in (MOMENT, utc_now()):
        ensure_months(owner, moment)
    retailer = ("retailer", world.OTHER, READER, "contract")
    rows = (
        (MOMENT, "ans_card", *retailer, [world.SHARED_POINT], [world.OTHER], ["name", "phone"], None),
        (MOMENT, "ans_card", "retailer", world.OWN, READER, "contract", [world.SHARED_POINT], [world.OTHER], ["phone"], None),
        (MOMENT, "ans_card", *retailer, [world.SHARED_POINT], [world.OWN], ["name"], "[2020-01-01,2020-02-01)"),
    )  # fmt: skip
    numbers = [int((owner.execute(PASSAGE, row).fetchone() or (0,))[0]) for row in rows]
    site = Site(home=log_home, random=random.Random(1).randbytes, clock=time.time)
    with psycopg.connect(area, autocommit=True) as own:
        site.sequencer(connection=own).drain()
    return Log(*numbers)


def number_of(owner: Owner, title: str) -> int:
    row = owner.execute("select finding_no from ledger.finding where title = %s", [title]).fetchone()
    assert row is not None
    return int(row[0])


def lines_of(page: httpx.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page.content.decode("utf-8-sig"))))


# --- what if


def test_a_change_is_replayed_kept_and_drilled_down(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    done = errand(
        security,
        "/scoping/what-if/",
        title="電話番号を見せない",
        rule="RET-01",
        items="phone",
        company=world.OWN,
        **THEN,
    )
    assert "完了" in words(done)
    number = number_of(owner, "電話番号を見せない")
    assert f"/scoping/{number}/" in done.text
    page = security.get(f"/scoping/{number}/")
    told = words(page)
    assert READER in told and "RET-01 小売電気事業者は" in told and "連絡先電話番号" in told
    assert "sekisho.invalid" in page.text, "the checkpoint it rests on"
    assert f"person={READER}" in page.text and "of_gate=ans_card" in page.text
    points = security.get(f"/scoping/{number}/points/")
    assert f"point={world.SHARED_POINT}" in points.text
    kind, totals, readers = owner.execute(
        "select kind, totals, (select count(*) from ledger.finding_reader r where r.finding_no = f.finding_no) from ledger.finding f"
        " where finding_no = %s",
        [number],
    ).fetchone() or ("", {}, 0)
    assert (kind, totals["customers"], totals["readings"], readers) == ("what-if", 1, 1, 1)
    listed = lines_of(security.get(f"/scoping/{number}/readers/file/"))
    assert [line[0] for line in listed] == ["利用者", READER] and listed[1][5] == "phone"
    assert CUSTOMER not in page.text + points.text


def test_rows_that_would_still_be_shown_are_not_counted(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    fields = {
        "rule": "RET-01",
        "limits": "own-holder",
        "kind": "person",
        "months": "60",
        "company": world.OTHER,
        **THEN,
    }
    assert "完了" in words(errand(security, "/scoping/what-if/", title="自社契約だけ", **fields))
    page = words(security.get(f"/scoping/{number_of(owner, '自社契約だけ')}/"))
    assert (
        "記録された契約先が閲覧した会社である" in page and "お客さまは個人" in page and "60か月以内" in page
    )
    assert READER in page, "the reading of the time of another holder would be gone"


def test_a_change_that_hides_nothing_says_so(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    errand(security, "/scoping/what-if/", title="保安は電話を見ない", rule="OPR-03", items="phone", **THEN)
    page = words(security.get(f"/scoping/{number_of(owner, '保安は電話を見ない')}/"))
    assert "この変更で見られなくなる閲覧は、調べた期間にありませんでした" in page and "該当なし" in page


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"rule": "RET-01"}, "件名"),
        ({"title": "t"}, "変える規則"),
        ({"title": "t", "rule": "SEC-01"}, "SEC-01"),
        ({"title": "t", "rule": "OPR-03", "items": "usage"}, "OPR-03 が見せていない項目です: 使用電力量"),
        ({"title": "t", "rule": "OPR-03", "months": "7"}, "7"),
        ({"title": "t", "rule": "OPR-03", "since": "2026-02-02", "until": "2026-02-02"}, "始まりより後"),
    ],
)
def test_a_change_that_is_none_is_refused(
    security: httpx.Client, fields: dict[str, str], problem: str
) -> None:
    page = checked(security, "/scoping/what-if/", **fields)
    assert page.status_code == 422 and problem in words(page)


def test_a_company_that_occurs_nowhere_is_refused_by_the_worker(
    security: httpx.Client, worker: None, sealed: Log
) -> None:
    refused = errand(security, "/scoping/what-if/", title="t", rule="RET-01", company="99999")
    assert refused.status_code == 422 and "99999" in words(refused)


# --- the customer's question


def test_a_customer_learns_of_their_own_time_only(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    asked = {"point": world.SHARED_POINT, "customer_no": CUSTOMER}
    assert "完了" in words(errand(security, "/scoping/disclosures/new/", title="開示請求 7", **asked))
    number = number_of(owner, "開示請求 7")
    page = security.get(f"/scoping/{number}/")
    assert (
        "自社の契約" in words(page) and "権限を確認できない" in words(page) and "2021年1月1日" in words(page)
    )
    listed = lines_of(security.get(f"/scoping/{number}/readings/file/"))
    theirs = {int(line[-1]) for line in listed[1:]}
    assert {sealed.theirs, sealed.foreign} <= theirs and sealed.past not in theirs
    assert CUSTOMER not in page.text
    copy = security.get(f"/scoping/{number}/copy/")
    assert READER not in copy.text and "閲覧記録の開示" in words(copy) and "乙" not in copy.text
    told = security.get(f"/scoping/{number}/copy/file/")
    assert READER not in told.content.decode("utf-8-sig") and len(lines_of(told)) == len(listed)
    kept = owner.execute("select f::text from ledger.finding f where finding_no = %s", [number]).fetchone()
    assert kept is not None and CUSTOMER not in kept[0]


def test_the_tenant_before_gets_another_answer(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    asked = {"point": world.SHARED_POINT, "customer_no": PREDECESSOR}
    errand(security, "/scoping/disclosures/new/", title="開示請求 8", **asked)
    listed = lines_of(security.get(f"/scoping/{number_of(owner, '開示請求 8')}/readings/file/"))
    theirs = {int(line[-1]) for line in listed[1:]}
    assert sealed.past in theirs and not theirs & {sealed.theirs, sealed.foreign}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"point": world.SHARED_POINT, "customer_no": CUSTOMER}, "件名"),
        ({"title": "t", "point": "123", "customer_no": CUSTOMER}, "123"),
        ({"title": "t", "point": world.SHARED_POINT, "customer_no": "12"}, "14桁"),
        ({"title": "t", "point": world.SHARED_POINT}, "請求した本人のお客さま番号"),
    ],
)
def test_a_request_that_names_nobody_is_refused(
    security: httpx.Client, fields: dict[str, str], problem: str
) -> None:
    page = checked(security, "/scoping/disclosures/new/", **fields)
    assert page.status_code == 422 and problem in words(page)


def test_somebody_elses_point_is_refused(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    refused = errand(
        security, "/scoping/disclosures/new/", title="他人の地点", point=world.SHARED_POINT, customer_no="00000000000003"
    )  # fmt: skip
    assert refused.status_code == 422 and "契約にありません" in words(refused)
    assert owner.execute("select 1 from ledger.finding where title = '他人の地点'").fetchone() is None


def test_other_kinds_of_findings_have_no_copy_for_a_customer(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    errand(security, "/scoping/what-if/", title="写しなし", rule="RET-01", items="phone")
    number = number_of(owner, "写しなし")
    for path in (f"/scoping/{number}/copy/", f"/scoping/{number}/readings/", f"/scoping/{number}/copy/file/"):
        assert security.get(path).status_code == 404, path


# --- files


def test_a_finding_is_made_into_files_that_only_its_asker_receives(
    security: httpx.Client, signed_in: SignedIn, worker: None, sealed: Log, owner: Owner
) -> None:
    errand(
        security,
        "/scoping/what-if/",
        title="ファイルにする",
        rule="RET-01",
        items="phone",
        company=world.OWN,
        **THEN,
    )
    number = number_of(owner, "ファイルにする")
    done = errand(security, f"/scoping/{number}/files/new/")
    export_no, sha256, size = owner.execute(
        "select export_no::text, sha256, bytes from work.export where kind = 'finding' and (params ->> 'finding_no')::bigint = %s",
        [number],
    ).fetchone() or ("", "", 0)
    assert f"/scoping/files/{export_no}/" in done.text
    body = owner.execute("select body from work.export_part where export_no = %s", [export_no]).fetchone()
    assert body is not None and READER not in body[0], "sealed in the database"
    received = security.get(f"/scoping/files/{export_no}/")
    assert hashlib.sha256(received.content).hexdigest() == sha256 and len(received.content) == size
    with zipfile.ZipFile(io.BytesIO(received.content)) as archive:
        assert sorted(archive.namelist()) == [
            "points.csv", "points.parquet", "readers.csv", "readers.parquet", "summary.json",
        ]  # fmt: skip
        readers = pl.read_parquet(archive.read("readers.parquet"))
        assert readers["person"].to_list() == [READER] and readers["items"].to_list() == [["phone"]]
        assert archive.read("readers.csv").startswith(b"\xef\xbb\xbfperson,") and b"\r\n" in archive.read(
            "readers.csv"
        )
        summary = json.loads(archive.read("summary.json"))
        assert summary["title"] == "ファイルにする" and summary["checkpoint"].startswith("sekisho.invalid/")
    assert f"/scoping/files/{export_no}/" in security.get("/scoping/files/").text
    recorded = owner.execute(
        "select count(*) from ledger.passage where gate = 'export_part' and person = 'sec.answers' and verdict = 'passed'"
    ).fetchone()
    assert recorded is not None and recorded[0] >= 1
    other = watcher(signed_in, owner, "sec.colleague", "security")
    assert other.get(f"/scoping/files/{export_no}/").status_code == 404
    assert export_no not in other.get("/scoping/files/").text


def test_a_file_whose_days_are_over_is_gone(
    security: httpx.Client, worker: None, sealed: Log, owner: Owner
) -> None:
    errand(
        security,
        "/scoping/disclosures/new/",
        title="古いファイル",
        point=world.SHARED_POINT,
        customer_no=CUSTOMER,
    )
    errand(security, f"/scoping/{number_of(owner, '古いファイル')}/files/new/")
    row = owner.execute(
        "update work.export set state = 'expired' where kind = 'finding' and (params ->> 'finding_no')::bigint = %s returning export_no::text",
        [number_of(owner, "古いファイル")],
    ).fetchone()
    assert row is not None and security.get(f"/scoping/files/{row[0]}/").status_code == 404
    assert "削除済み" in words(security.get("/scoping/files/"))


def test_the_auditor_sees_findings_but_asks_for_none(
    security: httpx.Client, signed_in: SignedIn, worker: None, sealed: Log, owner: Owner
) -> None:
    errand(
        security, "/scoping/what-if/", title="監査に見せる", rule="RET-01", items="phone", company=world.OWN
    )
    number = number_of(owner, "監査に見せる")
    auditor = watcher(signed_in, owner, "aud.answers", "auditor")
    page = auditor.get(f"/scoping/{number}/")
    assert READER in words(page) and "files/new" not in page.text
    for path in ("/scoping/what-if/", "/scoping/disclosures/new/", f"/scoping/{number}/files/new/"):
        assert auditor.get(path).status_code == 404, path


def test_operators_have_no_way_to_ask_who_saw(signed_in: SignedIn) -> None:
    """The enquiry's purpose shows no passage: the policy names no rule, so it is denied."""
    from sekisho.barrier.policy import RULES

    tables = {table for rule in RULES if rule.audience == "operator" for table in rule.tables}
    assert not any(table.startswith("ledger.") for table in tables)
