"""証明一式 in the pages of security and the auditor: chosen, made by the worker, received, and checked by whoever receives it."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from sekisho.ledger import bundle
from sekisho.ledger.place import log_of
from sekisho.ledger.site import Site
from sekisho.ledger.state import LogStateRow
from sekisho.ledger.verify import VERIFIER, sekisho_verify
from sekisho.settings.bundling import KEPT, drop_expired
from sekisho.settings.deploy import ensure_months
from sekisho.settings.home import Home
from sekisho.settings.worker import utc_now
from surfaces.browser import SignedIn, token_in
from surfaces.staff import watcher, words, working

Owner = psycopg.Connection[Any]
TODAY = datetime.now(ZoneInfo("Asia/Tokyo")).date()
SINCE, UNTIL = (
    TODAY - timedelta(days=30),
    TODAY + timedelta(days=1),
)  # everything that any module has recorded
WRITTEN = """
insert into ledger.passage (at, gate, audience, company, person, purpose, verdict, points, holders, items, row_count)
select now(), 'bundled', 'retailer', %s, 'r1', 'contract', 'passed', '{}', '{}', '{}', n from generate_series(1, %s) n
returning passage_id
"""


@pytest.fixture(scope="module")
def log_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Where this database's log lies: the session's home serves other databases as well."""
    return Home(tmp_path_factory.mktemp("bundle-home")).prepare()


@pytest.fixture(scope="module")
def site(log_home: Home) -> Site:
    return Site(home=log_home, random=lambda size: b"\5" * size, clock=time.time)


@pytest.fixture(scope="module")
def numbers(area: str, owner: Owner, site: Site) -> list[int]:
    """Sealed passages: five of company 00016 with others between them; their numbers."""
    ensure_months(owner, utc_now())
    found: list[int] = []
    for _ in range(5):
        found += [number for (number,) in owner.execute(WRITTEN, ["00016", 1]).fetchall()]
        owner.execute(WRITTEN, ["00026", 2])
    with psycopg.connect(area, autocommit=True) as conn:
        site.sequencer(connection=conn).drain()
    return found


@pytest.fixture(scope="module")
def worker(area: str, home: Home, log_home: Home) -> Iterator[None]:
    with working(area, home, files=log_home):
        yield


@pytest.fixture(scope="module")
def security(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return watcher(signed_in, owner, "sec.bundle", "security")


@pytest.fixture(scope="module")
def auditor(signed_in: SignedIn, owner: Owner) -> httpx.Client:
    return watcher(signed_in, owner, "aud.bundle", "auditor")


def ask(client: httpx.Client, **fields: str) -> httpx.Response:
    """Fill the form in, and look again until the worker has done it."""
    page = client.get("/bundles/new/")
    page = client.post("/bundles/new/", data={**fields, "csrfmiddlewaretoken": token_in(page)})
    for _ in range(20):
        if "作成中です" not in page.text:
            break
        time.sleep(0.5)
        page = client.get(str(page.url))
    return page


def received(client: httpx.Client, page: httpx.Response) -> bytes:
    link = re.search(r'href="(/bundles/[^"]+/file/)"', page.text)
    assert link, words(page)
    answer = client.get(link[1])
    assert answer.headers["Content-Type"] == "application/zip"
    assert f"{len(answer.content):,}" in page.text, "the size is shown before the file is fetched"
    return answer.content


def verified(site: Site, content: bytes, tmp_path: Path, *, expect: str = "any") -> int:
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    key = str(site.signers()[0].verifier)
    return sekisho_verify.main([str(path), "--log-key", key, "--expect", expect])


def altered(content: bytes, name: str) -> bytes:
    """The same zip, made anew, with one bit of one member turned over: no checksum of the archive gives it away."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            body = bytearray(old.read(member))
            if member == name:
                body[len(body) // 2] ^= 1
            new.writestr(member, bytes(body))
    return out.getvalue()


@pytest.mark.usefixtures("worker", "numbers")
@pytest.mark.parametrize("who", ["security", "auditor"])
def test_a_period_is_received_and_verified_and_one_byte_betrays_itself(
    who: str, request: pytest.FixtureRequest, site: Site, owner: Owner, tmp_path: Path
) -> None:
    client: httpx.Client = request.getfixturevalue(who)
    content = received(client, ask(client, since=str(SINCE), until=str(UNTIL)))
    size = bundle.published(store=log_of(site.home)).head.size
    assert verified(site, content, tmp_path, expect=f"0:{size}") == 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert archive.read(VERIFIER.name) == VERIFIER.read_bytes()
        assert "python3 sekisho_verify.py" in archive.read("README.txt").decode()
    proof = next(name for name in names if name.startswith(("proofs/", "tile/")))
    for name in ("passages.jsonl", "checkpoint", "bundle.json", proof):
        assert verified(site, altered(content, name), tmp_path) == 1, name
    for place in range(60, len(content) - 3_000, len(content) // 9):
        raw = bytearray(content)
        raw[place] ^= 0x10
        assert verified(site, bytes(raw), tmp_path) != 0, place
    gates = {gate for (gate,) in owner.execute(
        "select gate from ledger.passage where audience = %s and verdict = 'passed'", [who]).fetchall()}  # fmt: skip
    assert {"make_bundle", "bundle", "bundle_part"} <= gates, "asking and receiving are on record"


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("chosen", [{"since": str(SINCE), "until": str(UNTIL), "company": "00016"}, {}])
def test_a_company_or_numbers_choose(
    security: httpx.Client, site: Site, numbers: list[int], chosen: dict[str, str], tmp_path: Path
) -> None:
    content = received(security, ask(security, **(chosen or {"passages": "、".join(map(str, numbers))})))
    assert verified(site, content, tmp_path) == 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        lines = archive.read("passages.jsonl").decode().splitlines()
        proofs = sum(name.startswith("proofs/") for name in archive.namelist())
    found = {
        entry["passage_id"]: entry["company"] for entry in (json.loads(line)["passage"] for line in lines)
    }
    assert set(numbers) <= set(found)
    assert set(found.values()) == {"00016"}
    assert chosen or set(found) == set(numbers)
    assert proofs == len(found)


@pytest.mark.usefixtures("worker", "numbers")
def test_what_cannot_be_made_says_why(security: httpx.Client) -> None:
    assert "999999999 は公開済みのログにありません" in words(ask(security, passages="999999999"))
    page = ask(security, since="2020-01-01", until="2020-01-02")
    assert "該当する閲覧記録がありません" in words(page)
    assert "作成できない" in words(security.get("/bundles/"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "期間か閲覧記録の番号"),
        ({"since": str(SINCE)}, "期間か閲覧記録の番号"),
        ({"since": str(UNTIL), "until": str(SINCE)}, "始まりより後の日"),
        ({"passages": "1 two"}, "「two」は番号ではありません"),
        ({"passages": "1", "company": "00016"}, "同時には使えません"),
        ({"since": "2026-13-01", "until": str(UNTIL)}, "日付が正しくありません"),
    ],
)
def test_what_was_entered_wrongly(security: httpx.Client, fields: dict[str, str], told: str) -> None:
    page = ask(security, **fields)
    assert page.status_code == 422
    assert told in words(page)


def test_an_unknown_bundle_is_not_found(security: httpx.Client, auditor: httpx.Client) -> None:
    for client in (security, auditor):
        for path in (
            "/bundles/00000000-0000-0000-0000-000000000000/",
            "/bundles/00000000-0000-0000-0000-000000000000/file/",
        ):
            assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda conn, log, wanted: bundle.choose(connection=conn, log=log, wanted=wanted, most=4),
            "more than 4",
        ),
        (
            lambda conn, log, wanted: bundle.pack_bundle(
                connection=conn, log=log, wanted=wanted, most_bytes=99
            ),
            "99 at most",
        ),
    ],
)
def test_a_bundle_has_a_bounded_size(
    owner: Owner, site: Site, numbers: list[int], make: Callable[..., Any], told: str
) -> None:
    wanted = bundle.Wanted(passages=tuple(numbers))
    with pytest.raises(bundle.UnableToProve, match=told):
        make(owner, bundle.published(store=log_of(site.home)), wanted)


@pytest.mark.usefixtures("worker", "numbers")
def test_a_bundle_goes_after_its_days(security: httpx.Client, owner: Owner, numbers: list[int]) -> None:
    page = ask(security, passages=str(numbers[0]))
    received(security, page)
    assert drop_expired(owner, datetime.now(UTC) + KEPT - timedelta(minutes=5)) == 0
    assert drop_expired(owner, datetime.now(UTC) + KEPT + timedelta(minutes=5)) >= 1
    assert owner.execute("select count(*) from work.bundle_part").fetchone() == (0,)
    assert security.get(str(page.url) + "file/").status_code == 404


NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def state(behind: float | None, max_lag: float | None, size: int = 10) -> LogStateRow:
    sealed = None if behind is None else NOW - timedelta(seconds=behind)
    refused = None if sealed is None or max_lag is None else sealed + timedelta(seconds=max_lag)
    return LogStateRow(size=size, published=size, sealed_through=sealed, refused_from=refused)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (state(1, None), None),
        (state(59, None), None),
        (state(61, None), "61 秒遅れています"),
        (state(29, 60), None),
        (state(31, 60), "31 秒遅れています"),
        (state(61, 60), "照会は拒まれています"),
        (state(None, 60), "一度も確定されていません"),
        (state(None, None, size=0), "一度も確定されていません"),
    ],
)
def test_the_words_of_the_alarm(settings: None, row: LogStateRow, told: str | None) -> None:
    from sekisho.surfaces.kit.oversight.bundles import alarm_of

    said = alarm_of(row, NOW)
    assert (said is None) == (told is None)
    assert told is None or (said is not None and told in said.ja)


def test_the_first_pages_show_the_alarm(security: httpx.Client, auditor: httpx.Client, owner: Owner) -> None:
    before = owner.execute("select sealed_through, max_lag from ledger.seal").fetchone()
    assert before is not None
    try:
        owner.execute("update ledger.seal set sealed_through = now() - interval '10 minutes', max_lag = null")
        for client in (security, auditor):
            assert "秒遅れています" in words(client.get("/"))
        owner.execute("update ledger.seal set sealed_through = now()")
        for client in (security, auditor):
            assert "秒遅れています" not in words(client.get("/"))
    finally:
        owner.execute("update ledger.seal set sealed_through = %s, max_lag = %s", before)
