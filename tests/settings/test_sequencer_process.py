"""The sequencer beside gates: its lag is measured, told, and at last a reason to refuse."""

from __future__ import annotations

import json
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from sekisho.barrier.connect import connect
from sekisho.barrier.gateway import Gateway
from sekisho.barrier.ticket import Caller
from sekisho.ledger.announcements import slot_of
from sekisho.ledger.sequencer import Changer, set_max_lag, unsealed
from sekisho.ledger.site import Site
from sekisho.registry import gates as registry
from sekisho.server.addresses import LOOPBACK, free_port
from sekisho.settings.deploy import login_conninfo, ticket_key
from sekisho.settings.home import Home
from sekisho.settings.lag import REPEAT_EVERY, LagWatch
from sekisho.settings.obligations import SEQUENCER
from sekisho.settings.sequencer import SequencerProcess
from sekisho.surfaces.kit.logs import JsonLines

CALLER = Caller(audience="retailer", company="00016", person="r1", purpose="contract")
CHANGER = Changer(os_user="tester", by="tester", reason="a test")


@pytest.fixture
def gated(database: str) -> Iterator[str]:
    """A database with a permit, whose slot goes with it."""
    with connect(database) as conn:
        logins = conn.execute("select rolname from pg_roles where rolname like 'sekisho%' and rolcanlogin")
        for (
            login,
        ) in logins.fetchall():  # a copied database keeps its tables' grants but not the database's own
            conn.execute(f'grant connect on database "{conn.info.dbname}" to {login}')
        conn.execute(
            "insert into barrier.permit (person, audience, company, purpose, valid, granted_by)"
            " values ('r1', 'retailer', '00016', 'contract', '[2020-01-01,)', 'system')"
        )
    yield database
    with connect(database) as conn:
        conn.execute(
            "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = %s",
            [slot_of(conn)],
        )


@contextmanager
def sequencing(
    conninfo: str, home: Home, root: Path, *, port: int | None = None
) -> Iterator[SequencerProcess]:
    """A sequencer as `serve` runs it, in a thread."""
    site = Site(home=Home(root).prepare(), random=lambda size: b"\7" * size, clock=time.time)
    listen = None if port is None else (LOOPBACK, port)
    process = SequencerProcess(
        login_conninfo(conninfo, home, SEQUENCER), site, threading.Event(), listen=listen
    )
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        assert process.ready.wait(60) and thread.is_alive()
        yield process
    finally:
        process.stop.set()
        thread.join(60)
        assert not thread.is_alive()


def gate(conninfo: str, home: Home) -> Gateway:
    login = login_conninfo(conninfo, home, "sekisho_retailer_web")
    return Gateway(login, ticket_key(home, "retailer"), application="test", max_connections=1)


def verdict_of_reading(conninfo: str, door: Gateway) -> str:
    """Read through a gate and return what its passage says."""
    door.read(registry.RETAILERS, CALLER, now=datetime.now(UTC), request_id="t")
    with connect(conninfo) as conn:
        row = conn.execute("select verdict from ledger.passage order by passage_id desc limit 1").fetchone()
    assert row is not None
    return str(row[0])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def test_without_a_sequencer_gates_refuse_and_with_one_they_answer_again(
    gated: str, home: Home, tmp_path: Path
) -> None:
    with gate(gated, home) as door:
        with sequencing(gated, home, tmp_path / "log"):
            with connect(gated) as owner:
                set_max_lag(connection=owner, max_lag=timedelta(seconds=5), changer=CHANGER)
            assert verdict_of_reading(gated, door) == "passed"
        with connect(gated) as owner:  # as if the sequencer had been gone for a minute
            owner.execute("update ledger.seal set sealed_through = clock_timestamp() - interval '1 minute'")
        assert verdict_of_reading(gated, door) == "refused:ledger-behind"
        with sequencing(gated, home, tmp_path / "log"):
            until(lambda: verdict_of_reading(gated, door) == "passed")
        with connect(gated) as owner:
            owner.execute("update ledger.seal set sealed_through = clock_timestamp() - interval '1 minute'")
            set_max_lag(connection=owner, max_lag=None, changer=CHANGER)
        assert verdict_of_reading(gated, door) == "passed"


def test_a_rolled_back_reading_is_sealed_too(gated: str, home: Home, tmp_path: Path) -> None:
    with sequencing(gated, home, tmp_path / "log"), connect(gated) as owner:
        with pytest.raises(psycopg.errors.DivisionByZero), connect(gated) as reader, reader.transaction():
            reader.execute(
                "insert into ledger.passage (at, gate, audience, purpose, verdict, points, holders, items, row_count)"
                " values (now(), 'rolled_back', 'retailer', 'contract', 'passed', '{}', '{}', '{}', 0)"
            )
            reader.execute("select 1 / 0")
        until(lambda: bool(owner.execute(
            "select 1 from ledger.leaf l join ledger.passage p using (at, passage_id) where p.gate = 'rolled_back'").fetchone()))  # fmt: skip


def _fetch(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as fault:
        with fault:
            return fault.code, ""


def test_what_is_measured(gated: str, home: Home, tmp_path: Path) -> None:
    port = free_port()
    with gate(gated, home) as door, sequencing(gated, home, tmp_path / "log", port=port):
        verdict_of_reading(gated, door)
        with connect(gated) as owner:
            until(lambda: unsealed(connection=owner) == 0)
        assert _fetch(port, "/healthz")[0] == 200
        assert _fetch(port, "/readyz")[0] == 200
        assert _fetch(port, "/passages")[0] == 404
        text = _fetch(port, "/metrics")[1]
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
    assert set(values) == {
        f"sekisho_ledger_{name}"
        for name in (
            "lag_seconds",
            "checkpoint_size",
            "checkpoint_timestamp_seconds",
            "unsealed_passages",
            "gates_open",
        )
    }
    assert float(values["sekisho_ledger_checkpoint_size"]) >= 1
    assert abs(float(values["sekisho_ledger_checkpoint_timestamp_seconds"]) - time.time()) < 600
    assert float(values["sekisho_ledger_unsealed_passages"]) == 0
    assert float(values["sekisho_ledger_gates_open"]) == 1


def test_passages_that_nobody_seals_are_counted(gated: str, home: Home, tmp_path: Path) -> None:
    with gate(gated, home) as door, connect(gated) as owner:
        for expected in (1, 2):
            verdict_of_reading(gated, door)
            assert unsealed(connection=owner) == expected
        with sequencing(gated, home, tmp_path / "log"):
            until(lambda: unsealed(connection=owner) == 0)
        verdict_of_reading(gated, door)
        assert unsealed(connection=owner) == 1


def test_a_log_that_nobody_ever_sealed_is_an_alarm_once_something_was_read(
    gated: str, home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="sekisho.settings.lag")
    with connect(gated) as owner, gate(gated, home) as door:
        LagWatch().look(owner)
        assert caplog.records == []
        verdict_of_reading(gated, door)
        LagWatch().look(owner)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_alarm_is_one_warning_and_one_line_when_it_is_over(
    gated: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [0.0]
    watch = LagWatch(clock=lambda: clock[0])
    caplog.set_level(logging.INFO, logger="sekisho.settings.lag")
    with connect(gated) as owner:
        set_max_lag(connection=owner, max_lag=timedelta(seconds=60), changer=CHANGER)
        for behind, after in ((1, 10), (40, 10), (40, 10), (40, REPEAT_EVERY), (1, 10), (1, 10)):
            owner.execute(
                "update ledger.seal set sealed_through = clock_timestamp() - make_interval(secs => %s)",
                [behind],
            )
            clock[0] += after
            watch.look(owner)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "INFO"]
    line = json.loads(JsonLines("sequencer").format(caplog.records[0]))
    assert line["level"] == "warning"
    assert 39 < line["lag_seconds"] < 100
    assert line["limit_seconds"] == 30
    assert line["unsealed"] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "update ledger.passage set person = 'nobody'",
        "delete from ledger.passage",
        "update ledger.leaf set entry = entry",
        "delete from ledger.leaf",
        "update ledger.checkpoint set note = ''",
        "select ledger.erase_month('2020-01-01', '2026-01-01')",
        "alter table ledger.passage disable trigger announce",
        "select pg_logical_emit_message(false, 'sekisho.passage', '{}')",
        "select * from registry.party",
        "select * from barrier.ticket_key",
        "select * from accounts_retailer.accounts_user",
    ],
)
def test_the_sequencers_login_undoes_nothing_and_reads_no_customer(
    gated: str, home: Home, statement: str
) -> None:
    with (
        connect(login_conninfo(gated, home, SEQUENCER)) as own,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        own.execute(statement.encode())
