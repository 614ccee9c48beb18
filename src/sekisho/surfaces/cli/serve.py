"""`sekisho serve`: every surface in a process group of its own, the worker, and the log's sequencer, each with its own login."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.server.addresses import LOOPBACK, free_port, is_free
from sekisho.server.installation import without_secrets
from sekisho.server.locks import exclusive
from sekisho.settings.deploy import install
from sekisho.settings.handover import hand_over
from sekisho.settings.home import private_directory
from sekisho.settings.obligations import open_obligations
from sekisho.settings.surfaces import SURFACES
from sekisho.surfaces.cli.db import tell_obligations
from sekisho.surfaces.cli.invocation import Invocation, invocation
from sekisho.surfaces.cli.speech import language, say, tell
from sekisho.surfaces.cli.supervisor import Service, Supervisor

app = typer.Typer()
APPLICATION = "sekisho.settings.wsgi:application"
# What a process gets of the caller's environment: not the owner's database address, no PYTHON*.
_INHERITED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE"),
    *("SEKISHO_HOSTS", "SEKISHO_TLS", "SEKISHO_ENVIRONMENT", "SEKISHO_METRICS_TOKEN"),
    *("SEKISHO_REQUESTS_PER_MINUTE", "PROMETHEUS_MULTIPROC_DIR"),
)


@dataclass(frozen=True)
class Wish:
    """What to run: surfaces by name, the first port, threads and worker processes of each, the worker, the sequencer."""

    surfaces: tuple[str, ...] = tuple(SURFACES)
    first_port: int = 8001
    processes: int = 1
    threads: int = 8
    worker: bool = True
    sequencer: bool = True


@app.command(help=say("画面・API・ワーカーを動かす(Ctrl-C で終了)", "Run surfaces and worker until Ctrl-C"))
def serve(
    ctx: typer.Context,
    surface: Annotated[list[str] | None, typer.Option(help=say("動かす画面(複数可)", "Only these"))] = None,
    first_port: Annotated[
        int, typer.Option(min=1, max=65000, help=say("最初のポート(使用中なら空きポート)", "First port"))
    ] = 8001,
    processes: Annotated[int, typer.Option(min=1, help=say("画面ごとのプロセス数", "Per surface"))] = 1,
    worker: Annotated[bool, typer.Option(help=say("ワーカーも動かす", "Run the worker too"))] = True,
    sequencer: Annotated[
        bool, typer.Option(help=say("閲覧ログのシーケンサーも動かす", "Run the log's sequencer too"))
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help=say("アドレスを JSON で出力", "Print JSON"))
    ] = False,
) -> None:
    unknown = sorted(set(surface or ()) - set(SURFACES))
    if unknown:
        names = ", ".join(SURFACES)
        raise WrongUse(
            f"画面 {unknown[0]} はありません({names})。", f"There is no surface {unknown[0]} ({names})."
        )
    wish = Wish(tuple(surface or SURFACES), first_port, processes, worker=worker, sequencer=sequencer)
    run(invocation(ctx), wish=wish, on_ready=lambda addresses: announce(addresses, as_json=as_json))


def run(call: Invocation, *, wish: Wish, on_ready: Callable[[Mapping[str, str]], None]) -> None:
    """Bring the database up to date and serve until a signal; `on_ready` gets each surface's address."""
    conninfo = call.installation.open()
    with exclusive(path=call.home.run / "serve.lock", timeout=0.0), _processes_directory(call) as directory:
        tell("データベースを準備しています…", "Preparing the database …")
        install(conninfo, call.home, now=datetime.now(UTC))
        with connect(conninfo) as conn:
            tell_obligations(open_obligations(conn))
        server = without_secrets(conninfo=conninfo)
        ports = choose_ports(names=wish.surfaces, first=wish.first_port)
        for name in wish.surfaces:
            hand_over(surface=name, home=call.home, target=directory / name)
        services = [
            surface_service(call, wish, name, port, directory / name, server) for name, port in ports.items()
        ]
        if wish.worker:
            services.append(worker_service(call, server))
        if wish.sequencer:
            port = choose_ports(names=("sequencer",), first=wish.first_port + len(SURFACES))["sequencer"]
            services.append(sequencer_service(call, server, port))
        tell("画面を起動しています…", "Starting the surfaces …")
        # by name: browsers offer passkeys to a host name only
        addresses = {name: f"http://localhost:{port}/" for name, port in ports.items()}
        Supervisor(services, lambda: on_ready(addresses)).run()
        tell("終了しました。", "Stopped.")


def choose_ports(*, names: tuple[str, ...], first: int) -> dict[str, int]:
    """Give each surface the next port from `first` on, or any free one where that is taken."""
    chosen: dict[str, int] = {}
    for port, name in enumerate(names, start=first):
        while port in chosen.values() or not is_free(port=port):
            port = free_port()
        chosen[name] = port
    return chosen


@contextmanager
def _processes_directory(call: Invocation) -> Iterator[Path]:
    directory = private_directory(path=call.home.run / "processes")
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def surface_service(
    call: Invocation, wish: Wish, name: str, port: int, own_home: Path, server: str
) -> Service:
    """Return how to run one surface: its port, its own home, and where the database is."""
    # No access log: addresses hold point numbers. The application writes its own, without personal data.
    options = {
        "bind": f"{LOOPBACK}:{port}",
        "workers": wish.processes,
        "threads": wish.threads,
        "timeout": 60,
        "graceful-timeout": 20,
    }
    gunicorn = [
        sys.executable,
        "-P",
        "-m",
        "gunicorn",
        *(f"--{key}={value}" for key, value in options.items()),
    ]
    environ = {**_environment(own_home, server), "SEKISHO_SURFACE": name}
    return Service(name, [*gunicorn, "--no-control-socket", APPLICATION], environ, _log(call, name), port)


def worker_service(call: Invocation, server: str) -> Service:
    """Return how to run the worker: with the installation's home, as its own login."""
    argv = [sys.executable, "-P", "-m", "sekisho", "worker"]
    return Service("worker", argv, _environment(call.home.root, server), _log(call, "worker"))


def sequencer_service(call: Invocation, server: str, port: int) -> Service:
    """Return how to run the sequencer: likewise; on `port` it says whether it is ready, and what it measured."""
    words = ["ledger", "checkpoint", "--follow", "--listen", f"{LOOPBACK}:{port}"]
    argv = [sys.executable, "-P", "-m", "sekisho", *words]
    return Service("sequencer", argv, _environment(call.home.root, server), _log(call, "sequencer"), port)


def _environment(home: Path, server: str) -> dict[str, str]:
    # INVARIANT: a surface process is told of its own home only, and nothing secret stands in its environment.
    inherited = {key: os.environ[key] for key in _INHERITED if key in os.environ}
    own = {"SEKISHO_HOME": str(home), "SEKISHO_DATABASE_URL": server}
    return {**inherited, **own, "SEKISHO_LANG": language(), "TZ": "Asia/Tokyo"}


def _log(call: Invocation, name: str) -> Path:
    return call.home.log / f"{name}.log"


def announce(addresses: Mapping[str, str], *, as_json: bool) -> None:
    """Print each surface's address to stdout."""
    if as_json:
        print(json.dumps(addresses), flush=True)
        return
    for name, address in addresses.items():
        print(f"{name:14} {address}", flush=True)
    tell("Ctrl-C で終了します。", "Press Ctrl-C to stop.")
