"""The embedded server: a real PostgreSQL of its own home in every test here."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from sekisho.server import EmbeddedServer, UnableToStartServer, postmaster
from sekisho.server.privileges import Dropped, Plain, Runner
from sekisho.settings.home import Home

START = """
import sys
from pathlib import Path
from sekisho.server import EmbeddedServer
from sekisho.settings.home import Home
EmbeddedServer(Home(Path(sys.argv[1])), durable=False).ensure_running()
"""
SETTINGS = [
    ("listen_addresses", "127.0.0.1"),
    ("password_encryption", "scram-sha-256"),
    ("wal_level", "logical"),
    ("data_checksums", "on"),
    ("TimeZone", "Asia/Tokyo"),
    ("log_statement", "none"),
    ("log_min_error_statement", "panic"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("log_error_verbosity", "terse"),
    ("server_encoding", "UTF8"),
    ("unix_socket_permissions", "0700"),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory for a home; its server is stopped afterwards."""
    made = Path(tempfile.mkdtemp(prefix="sekisho-place-"))
    yield made / "home"
    for run in made.rglob("run"):
        EmbeddedServer(Home(run.parent)).stop()
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def fresh(place: Path) -> EmbeddedServer:
    """A running server that no other test uses."""
    return started(place)


def started(place: Path, *, runner: Runner | None = None) -> EmbeddedServer:
    server = EmbeddedServer(Home(place), durable=False, runner=runner)
    server.ensure_running()
    return server


def answer(server: EmbeddedServer, query: str) -> object:
    with psycopg.connect(server.superuser_conninfo()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def pid_of(server: EmbeddedServer) -> int:
    found = postmaster.read_postmaster(data=server.data)
    assert found is not None
    return found.pid


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_the_server_is_hardened(server: EmbeddedServer, name: str, value: str) -> None:
    assert answer(server, f"show {name}") == value


def test_texts_are_compared_by_code_point_everywhere(server: EmbeddedServer) -> None:
    query = "select datlocprovider::text || datlocale from pg_database where datname = 'template1'"
    assert answer(server, query) == "bC.UTF-8"


@pytest.mark.parametrize("password", ["", "postgres", "wrong"])
def test_nobody_enters_without_the_password(server: EmbeddedServer, password: str) -> None:
    for host in (server.address[0], str(server.data.parents[1] / "run")):
        with pytest.raises(psycopg.OperationalError, match=r"password|authentication"):
            psycopg.connect(host=host, port=server.address[1], user="postgres", password=password or None)


def test_the_password_is_in_one_private_file_only(fresh: EmbeddedServer, place: Path) -> None:
    password = fresh.password_file.read_text().strip().rpartition(":")[2]
    assert len(password) >= 40
    assert stat.S_IMODE(fresh.password_file.stat().st_mode) == 0o600
    holding = [path for path in place.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]
    assert holding == [fresh.password_file]


def test_starting_again_changes_nothing(fresh: EmbeddedServer, place: Path) -> None:
    before = pid_of(fresh)
    assert pid_of(started(place)) == before


def test_concurrent_first_starts_make_one_server(place: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", START, str(place)]) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    server = EmbeddedServer(Home(place))
    assert server.is_running()
    cluster = postmaster.remaining_processes(data=server.data)
    assert pid_of(server) in cluster
    assert sum(_is_postmaster(pid) for pid in cluster) == 1


def _is_postmaster(pid: int) -> bool:
    return b"-D" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_the_server_outlives_a_killed_starter(place: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", f"{START}\nimport time; time.sleep(60)", str(place)])
    server = EmbeddedServer(Home(place))
    _until(server.is_running)
    starter.kill()
    starter.wait()
    assert answer(server, "select 1") == 1


def test_committed_data_survive_a_killed_server(place: Path) -> None:
    fresh = EmbeddedServer(Home(place))
    fresh.ensure_running()
    with psycopg.connect(fresh.superuser_conninfo()) as connection:
        connection.execute("create table kept as select 42 as n")
    port = fresh.address[1]
    os.kill(pid_of(fresh), signal.SIGKILL)
    _until(lambda: not fresh.is_running())
    again = EmbeddedServer(Home(place))
    again.ensure_running()
    assert answer(again, "select n from kept") == 42
    assert again.address[1] == port


def test_a_pid_file_of_a_stranger_is_no_obstacle(fresh: EmbeddedServer, place: Path) -> None:
    """After a restart of the machine the recorded process number may be anybody's."""
    lines = (fresh.data / "postmaster.pid").read_text().splitlines()
    fresh.stop()
    (fresh.data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not fresh.is_running()
    assert answer(started(place), "select 1") == 1


def test_a_killed_initdb_leaves_nothing_that_stays(place: Path) -> None:
    half = place / "postgres" / "data.new.abc"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    (place / "postgres" / "data.new.abc.password").write_text("half")
    assert answer(started(place), "select 1") == 1
    assert [path.name for path in (place / "postgres").iterdir()] == ["data"]


def test_a_taken_port_is_left_to_its_owner(fresh: EmbeddedServer, place: Path) -> None:
    port = fresh.address[1]
    fresh.stop()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert started(place).address[1] != port


@pytest.mark.parametrize(
    "name",
    ["with space", "引用'\"符", "x" * 120, "dollar $HOME `id`", "comma, percent %p"],
    ids=lambda n: n[:12],
)
def test_any_path_will_do(place: Path, name: str) -> None:
    assert answer(started(place.parent / name / "home"), "select 1") == 1


def test_stop_says_whether_there_was_anything_to_stop(fresh: EmbeddedServer, place: Path) -> None:
    assert fresh.stop()
    assert not fresh.stop()
    assert not EmbeddedServer(Home(place / "never made")).stop()


def test_data_of_another_major_version_are_refused(fresh: EmbeddedServer, place: Path) -> None:
    fresh.stop()
    (fresh.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(UnableToStartServer, match="pg_upgrade"):
        started(place)


def test_what_prevents_the_start_is_told(fresh: EmbeddedServer, place: Path) -> None:
    fresh.stop()
    with (fresh.data / "pg_hba.conf").open("w") as file:
        file.write("nonsense\n")
    with pytest.raises(UnableToStartServer, match=r"pg_hba\.conf"):
        started(place)


def test_the_log_holds_no_values(fresh: EmbeddedServer, place: Path) -> None:
    canary = "カナリア太郎"
    failing = [
        "select %s::int",
        "insert into person values (%s), (%s)",
        f"select '{canary}' from nowhere -- %s",
        "do $$ begin raise exception '%%', 'カナリア太郎'; end $$ -- %s",
        "do $$ begin raise warning '%%', 'カナリア太郎'; end $$ -- %s",
    ]
    with psycopg.connect(fresh.superuser_conninfo(), autocommit=True) as connection:
        connection.execute("create table person (name text primary key)")
        for query in failing:
            values = [canary] * query.replace("%%", "").count("%s") if "--" not in query else []
            text = query if values else query.partition(" -- ")[0].replace("%%", "%")
            try:
                connection.execute(text.encode(), values or None)
            except psycopg.Error as error:
                assert error.sqlstate is not None
    fresh.stop()
    logs = [path.read_text(encoding="utf-8") for path in (place / "log").iterdir()]
    assert any("shut down" in log for log in logs)
    assert not any(canary in log for log in logs)


def test_databases_are_made_once_and_dropped_with_their_connections(server: EmbeddedServer) -> None:
    assert server.create_database("made_once")
    assert not server.create_database("made_once")
    with psycopg.connect(server.superuser_conninfo("made_once")):
        server.drop_database("made_once")
    server.drop_database("made_once")
    assert answer(server, "select count(*) from pg_database where datname = 'made_once'") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")
def test_root_without_namespaces_runs_the_server_as_another_account(place: Path) -> None:
    place.parent.chmod(0o755)
    runner = Dropped(shared=place.parent / "shared")
    server = started(place, runner=runner)
    assert answer(server, "select 1") == 1
    assert Path(f"/proc/{pid_of(server)}").stat().st_uid == runner.account.pw_uid != 0
    os.kill(pid_of(server), signal.SIGKILL)
    _until(lambda: not server.is_running())
    assert answer(started(place, runner=runner), "select 1") == 1
    assert server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="the server refuses only root")
def test_a_refused_initdb_is_told(place: Path) -> None:
    with pytest.raises(UnableToStartServer, match="root"):
        started(place, runner=Plain())


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
