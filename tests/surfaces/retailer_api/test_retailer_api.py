"""The retailer API as a retailer's machine uses it: a real process, real tokens, hostile input, and its own OpenAPI document."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from sekisho.barrier.actions import grant_permit
from sekisho.barrier.connect import connect
from sekisho.clients.actions import NewClient, create_client, end_client
from sekisho.settings.deploy import login_conninfo
from sekisho.settings.home import Home
from sekisho.settings.worker import Worker
from surfaces.browser import Surface
from surfaces.world import (
    NAME_OF_OTHER,
    OTHER,
    OTHER_POINT,
    OWN,
    OWN_POINT,
    SHARED_POINT,
    TODAY,
    UNKNOWN_POINT,
)

Owner = psycopg.Connection[Any]


def machine(owner: Owner, company: str, *, permit: bool = True) -> NewClient:
    person = f"m-{uuid4().hex[:10]}"
    now = datetime.now(UTC)
    made = create_client(owner, company=company, person=person, label="test", by="test", now=now)
    owner.execute(
        "update accounts_api.clients_client set requests_per_minute = 100000 where client_id = %s",
        [made.client_id],
    )
    if permit:
        grant_permit(owner, person=person, audience="retailer", company=company, purpose="contract", start=date(2020, 1, 1), end=None,
                     by="test", reason="machine")  # fmt: skip
    return made


def token(http: httpx.Client, client: NewClient) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": client.secret}
    answer = http.post("/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="module")
def http(surface: Surface) -> httpx.Client:
    return surface("retailer_api").client()


@pytest.fixture(scope="module")
def own(http: httpx.Client, owner: Owner) -> dict[str, str]:
    return token(http, machine(owner, OWN))


@pytest.fixture(scope="module")
def other(http: httpx.Client, owner: Owner) -> dict[str, str]:
    return token(http, machine(owner, OTHER))


def test_every_contract_of_the_company_and_none_of_others(
    http: httpx.Client, own: dict[str, str], owner: Owner
) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        page = http.get(
            "/api/v1/contracts", params={"size": 50} | ({"after": after} if after else {}), headers=own
        ).json()
        seen += [contract["contract_no"] for contract in page["contracts"]]
        if (after := page["next"]) is None:
            break
    expected = owner.execute(
        "select contract_no from registry.contract where holder = %s order by point, contract_no", [OWN]
    ).fetchall()
    assert seen == [row[0] for row in expected]


def test_one_point_shows_the_own_period_only(
    http: httpx.Client, own: dict[str, str], other: dict[str, str]
) -> None:
    mine, theirs = (http.get(f"/api/v1/points/{SHARED_POINT}", headers=who).json() for who in (own, other))
    assert [contract["contract_no"] for contract in mine["contracts"]] == ["C-0001"]
    assert [contract["contract_no"] for contract in theirs["contracts"]] == ["C-0002"]
    assert NAME_OF_OTHER not in str(mine)


def test_usage_names_missing_and_estimated_half_hours(
    http: httpx.Client, own: dict[str, str], owner: Owner
) -> None:
    first = TODAY - timedelta(days=40)
    answer = http.get(
        f"/api/v1/points/{OWN_POINT}/usage", params={"first": str(first), "until": str(TODAY)}, headers=own
    ).json()
    days = owner.execute(
        "select day from metering.usage_day where point = %s and day >= %s and day < %s order by day",
        [OWN_POINT, first, TODAY],
    )
    assert [day["day"] for day in answer["days"]] == [str(row[0]) for row in days.fetchall()]
    assert all(len(day["wh"]) == 48 for day in answer["days"])
    assert any(None in day["wh"] for day in answer["days"])
    assert {21, 22, 23} in [set(day["estimated"]) for day in answer["days"]]


def test_foreign_and_unknown_points_answer_alike(http: httpx.Client, own: dict[str, str]) -> None:
    for path in (
        "/api/v1/points/{}",
        f"/api/v1/points/{{}}/usage?first={TODAY - timedelta(days=3)}&until={TODAY}",
    ):
        foreign, unknown = (
            http.get(path.format(point), headers=own) for point in (OTHER_POINT, UNKNOWN_POINT)
        )
        assert (
            (foreign.status_code, foreign.content)
            == (unknown.status_code, unknown.content)
            == (404, unknown.content)
        )
        varying = {"x-request-id", "date"}
        assert {k: v for k, v in foreign.headers.items() if k not in varying} == {
            k: v for k, v in unknown.headers.items() if k not in varying
        }


def test_a_paging_mark_of_another_company_or_filter_is_refused(
    http: httpx.Client, own: dict[str, str], other: dict[str, str]
) -> None:
    mark = http.get("/api/v1/contracts", params={"size": 1}, headers=own).json()["next"]
    for headers, more in ((other, {}), (own, {"state": "running"}), (own, {"sort": "name"})):
        answer = http.get("/api/v1/contracts", params={"size": 1, "after": mark, **more}, headers=headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "after"


BAD = [
    ("/api/v1/points/12345678901234567", "point"),
    ("/api/v1/points/06-0000-0000-0000-0000-0001", "point"),
    ("/api/v1/contracts?size=0", "size"),
    ("/api/v1/contracts?size=100000", "size"),
    ("/api/v1/contracts?on=2026-02-30", "on"),
    ("/api/v1/contracts?sort=secret", "sort"),
    ("/api/v1/contracts?after=%00%ff", "after"),
    (f"/api/v1/points/{OWN_POINT}/usage?first=2026-01-02&until=2026-01-01", "until"),
    (f"/api/v1/points/{OWN_POINT}/usage?first=2020-01-01&until=2026-01-01", "until"),
    ("/api/v1/commands/1", "command_no"),
]


@pytest.mark.parametrize(("path", "field"), BAD)
def test_bad_values_are_named(http: httpx.Client, own: dict[str, str], path: str, field: str) -> None:
    answer = http.get(path, headers=own)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert field in [error["field"] for error in answer.json()["errors"]]


HOSTILE = [
    "'; drop table registry.contract; --",
    "<script>alert(1)</script>",
    "x%",
    "x_",
    "x\\",
    "𠮷" * 80,
    "null",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_find_nothing_and_break_nothing(
    http: httpx.Client, own: dict[str, str], name: str
) -> None:
    answer = http.get("/api/v1/contracts", params={"name": name}, headers=own)
    assert answer.status_code == 200
    assert answer.json()["contracts"] == []


@pytest.mark.parametrize("name", ["a\0b", "｀", "   "])
def test_a_name_that_cannot_be_searched_is_refused(
    http: httpx.Client, own: dict[str, str], name: str
) -> None:
    answer = http.get("/api/v1/contracts", params={"name": name}, headers=own)
    assert (answer.status_code, answer.json()["type"]) == (422, "/api/v1/problems/invalid-values")


def test_tokens(http: httpx.Client, owner: Owner) -> None:
    client = machine(owner, OWN)
    wrong = {"grant_type": "client_credentials", "client_id": client.client_id, "client_secret": "no"}
    assert http.post("/oauth/token", data=wrong).json() == {"error": "invalid_client"}
    assert http.post("/oauth/token", data=wrong | {"client_id": "c-unknown"}).json() == {
        "error": "invalid_client"
    }
    assert http.post("/oauth/token", data=wrong | {"grant_type": "password"}).status_code == 400
    basic = http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client.client_id, client.secret)
    )
    assert basic.json()["expires_in"] == 900
    stored = owner.execute("select token_hash from accounts_api.clients_token").fetchall()
    assert basic.json()["access_token"] not in str(stored)
    headers = token(http, client)
    assert http.get("/api/v1/retailers", headers=headers).status_code == 200
    http.post(
        "/oauth/revoke", data={"token": headers["Authorization"][7:]}, auth=(client.client_id, client.secret)
    )
    assert http.get("/api/v1/retailers", headers=headers).status_code == 401
    assert http.get("/api/v1/retailers").headers["www-authenticate"].startswith("Bearer")


def test_an_expired_token_and_an_ended_client_are_refused(http: httpx.Client, owner: Owner) -> None:
    client = machine(owner, OWN)
    headers = token(http, client)
    owner.execute(
        "update accounts_api.clients_token set expires_at = now() - interval '1 second' where client_id = %s",
        [client.client_id],
    )
    assert http.get("/api/v1/retailers", headers=headers).status_code == 401
    headers = token(http, client)
    end_client(owner, client_id=client.client_id, by="test", now=datetime.now(UTC))
    assert http.get("/api/v1/retailers", headers=headers).status_code == 401


def test_a_machine_without_a_permit_reads_nothing(http: httpx.Client, owner: Owner) -> None:
    headers = token(http, machine(owner, OWN, permit=False))
    assert http.get("/api/v1/contracts", headers=headers).json()["contracts"] == []
    assert http.get(f"/api/v1/points/{OWN_POINT}", headers=headers).status_code == 404


def test_the_company_s_limit_counts_all_its_machines(http: httpx.Client, owner: Owner) -> None:
    owner.execute(
        "insert into registry.retailer (code, registration_no, name) values ('00099', 'A0099', '遅電力') on conflict do nothing"
    )
    clients = [machine(owner, "00099") for _ in range(2)]
    owner.execute("update accounts_api.clients_client set requests_per_minute = 6 where company = '00099'")
    headers = [token(http, client) for client in clients]
    answers = [http.get("/api/v1/retailers", headers=headers[turn % 2]).status_code for turn in range(14)]
    assert answers.count(429) >= 3
    refused = http.get("/api/v1/retailers", headers=headers[0])
    assert int(refused.headers["retry-after"]) > 0


def test_etag(http: httpx.Client, own: dict[str, str]) -> None:
    first = http.get("/api/v1/retailers", headers=own)
    again = http.get("/api/v1/retailers", headers=own | {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_who_read_my_points_without_naming_the_person(
    http: httpx.Client, own: dict[str, str], owner: Owner, area: str, home: Home
) -> None:
    http.get(f"/api/v1/points/{OWN_POINT}", headers=own)
    worker = Worker(login_conninfo(area, home, "sekisho_worker"), stop=lambda: False)
    with connect(worker.conninfo) as conn:
        worker.step(conn)
    seen = http.get("/api/v1/passages", params={"point": OWN_POINT}, headers=own).json()["passages"]
    assert seen
    assert {entry["point"] for entry in seen} == {OWN_POINT}
    assert all("person" not in entry for entry in seen)


def test_a_correction_is_asked_for_once_and_becomes_a_draft(
    http: httpx.Client, own: dict[str, str], other: dict[str, str], area: str, home: Home, owner: Owner
) -> None:
    body = {
        "contract_no": "C-0003",
        "since": "2022-04-01",
        "name": "高橋橋",
        "name_kana": "タカハシ ハシ",
        "reason": "戸籍のとおり",
    }
    key = {"Idempotency-Key": f"key-{uuid4()}"}
    first, again = (http.post("/api/v1/corrections", json=body, headers=own | key) for _ in range(2))
    assert (first.status_code, first.json()) == (202, again.json())
    foreign = http.post("/api/v1/corrections", json=body, headers=other | key)
    worker = Worker(login_conninfo(area, home, "sekisho_worker"), stop=lambda: False)
    with connect(worker.conninfo) as conn:
        worker.step(conn)
    mine = http.get(f"/api/v1/commands/{first.json()['command_no']}", headers=own).json()
    assert mine["state"] == "done", mine
    assert owner.execute(
        "select state from registry.change where change_no = %s", [mine["outcome"]["change_no"]]
    ).fetchone() == ("drafted",)
    refused = http.get(f"/api/v1/commands/{foreign.json()['command_no']}", headers=other).json()
    assert refused["state"] == "refused"
    assert http.get(f"/api/v1/commands/{first.json()['command_no']}", headers=other).status_code == 404


def test_the_idempotency_key_is_required(http: httpx.Client, own: dict[str, str]) -> None:
    body = {
        "contract_no": "C-0003",
        "since": "2022-04-01",
        "name": "高橋橋",
        "name_kana": "タカハシ ハシ",
        "reason": "x",
    }
    assert http.post("/api/v1/corrections", json=body, headers=own).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("GET", "/api/v1/nothing"), ("DELETE", "/api/v1/contracts")]
)
def test_whatever_is_not_there_is_a_problem_document(
    http: httpx.Client, own: dict[str, str], method: str, path: str
) -> None:
    answer = http.request(method, path, headers=own)
    assert answer.status_code in (404, 405)
    if answer.status_code == 404:
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_huge_body_is_refused(http: httpx.Client, own: dict[str, str]) -> None:
    headers = own | {"Idempotency-Key": "x" * 10, "Content-Type": "application/json"}
    try:
        answer = httpx.post(f"{http.base_url}/api/v1/corrections", content=b"[" * 2_000_000, headers=headers)
    except httpx.RemoteProtocolError:
        pass  # the server hung up before the body was through
    else:
        assert answer.status_code in (400, 413)
    assert http.get("/api/v1/retailers", headers=own).status_code == 200


def test_logs_carry_no_customer(surface: Surface, http: httpx.Client, own: dict[str, str]) -> None:
    http.get(f"/api/v1/points/{OWN_POINT}", headers=own)
    http.get("/api/v1/contracts", params={"name": "山田太郎"}, headers=own)
    log = surface("retailer_api").log.read_text()
    assert OWN_POINT not in log and "山田" not in log and own["Authorization"][7:] not in log


def test_the_document_is_openapi_3_1(http: httpx.Client) -> None:
    document = http.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"listContracts", "getPoint", "getUsage", "requestCorrection"} <= {
        operation["operationId"] for path in document["paths"].values() for operation in path.values()
    }


@pytest.fixture(scope="module")
def schemathesis_run(
    http: httpx.Client, own: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[subprocess.CompletedProcess[str]]:
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{http.base_url}/api/v1/openapi.json", "--header",
        f"Authorization: {own['Authorization']}", "--max-examples=15", "--seed=1", "--phases=examples,coverage,fuzzing", "--no-color",
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
    ]  # fmt: skip
    yield subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        cwd=tmp_path_factory.mktemp("schemathesis"),
    )


def test_every_operation_keeps_to_its_document(schemathesis_run: subprocess.CompletedProcess[str]) -> None:
    assert schemathesis_run.returncode == 0, schemathesis_run.stdout[-6000:] + schemathesis_run.stderr[-2000:]
