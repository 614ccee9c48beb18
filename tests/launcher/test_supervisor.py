"""Keeping processes: real ones, that answer, crash and ignore signals as they are told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sekisho.server.addresses import free_port
from sekisho.surfaces.cli.supervisor import Patience, Service, Supervisor, UnableToServe

SERVER = """
import http.server, os, sys
open(sys.argv[2], "a").write(f"{os.getpid()}\\n")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(60)
"""
QUICK = Patience(ready=30, stop=1, first_pause=0.05, longest_pause=0.2, early_ends=3)


def service(tmp_path: Path, name: str, code: str, *arguments: str, port: int | None = None) -> Service:
    argv = [sys.executable, "-c", code, *arguments]
    return Service(name, argv, {"PATH": os.environ["PATH"]}, tmp_path / f"{name}.log", port)


def web(tmp_path: Path, name: str) -> Service:
    port = free_port()
    return service(tmp_path, name, SERVER, str(port), str(tmp_path / f"{name}.pids"), port=port)


def pids(tmp_path: Path, name: str) -> list[int]:
    path = tmp_path / f"{name}.pids"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupt_when(condition: Callable[[], bool], number: int = signal.SIGTERM) -> threading.Thread:
    def watch() -> None:
        until(condition)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_are_ready_before_it_is_said_and_all_end_after_a_signal(tmp_path: Path, number: int) -> None:
    services = [web(tmp_path, "one"), web(tmp_path, "two")]
    said: list[bool] = []
    supervisor = Supervisor(
        services, lambda: said.append(bool(pids(tmp_path, "one") and pids(tmp_path, "two"))), QUICK
    )
    thread = interrupt_when(lambda: bool(said), number)
    supervisor.run()
    thread.join()
    assert said == [True]
    assert not any(alive(pid) for name in ("one", "two") for pid in pids(tmp_path, name))


def test_a_crashed_process_is_started_again_and_the_others_stay(tmp_path: Path) -> None:
    services = [web(tmp_path, "crashing"), web(tmp_path, "steady")]
    supervisor = Supervisor(services, lambda: os.kill(pids(tmp_path, "crashing")[0], signal.SIGKILL), QUICK)
    thread = interrupt_when(lambda: len(pids(tmp_path, "crashing")) == 2)
    supervisor.run()
    thread.join()
    assert len(pids(tmp_path, "steady")) == 1


def test_a_process_that_never_comes_up_ends_the_attempt_with_its_last_words(tmp_path: Path) -> None:
    services = [
        web(tmp_path, "fine"),
        service(tmp_path, "broken", "raise SystemExit('no such table')", port=1),
    ]
    with pytest.raises(UnableToServe, match=r"broken.*no such table"):
        Supervisor(services, lambda: pytest.fail("not ready"), QUICK).run()
    assert not any(alive(pid) for pid in pids(tmp_path, "fine"))


def test_a_process_that_is_not_ready_in_time_ends_the_attempt(tmp_path: Path) -> None:
    slow = service(tmp_path, "slow", "import time; time.sleep(60)", port=free_port())
    with pytest.raises(UnableToServe, match="slow"):
        Supervisor([slow], lambda: pytest.fail("not ready"), Patience(ready=0.5, stop=1)).run()


def test_a_process_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    stubborn = service(tmp_path, "stubborn", STUBBORN)
    supervisor = Supervisor([stubborn], lambda: None, QUICK)
    thread = interrupt_when(lambda: "up" in stubborn.log.read_text() if stubborn.log.exists() else False)
    supervisor.run()
    thread.join()


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux ends the children of a killed parent"
)
def test_the_processes_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from sekisho.surfaces.cli.supervisor import Service, Supervisor
argv = [sys.executable, "-c", sys.argv[1], sys.argv[2], sys.argv[3]]
Supervisor([Service("web", argv, {}, Path(sys.argv[3] + ".log"), int(sys.argv[2]))], lambda: None).run()
"""
    arguments = [SERVER, str(free_port()), str(tmp_path / "web.pids")]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    until(lambda: bool(pids(tmp_path, "web")))
    process.kill()
    process.wait()
    until(lambda: not alive(pids(tmp_path, "web")[0]))
