"""`sekisho worker`: carries out what surfaces submitted. `serve` runs one; a server runs it as a service of its own."""

from __future__ import annotations

import signal

import typer

from sekisho.settings.deploy import worker_conninfo
from sekisho.settings.worker import Worker
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.logs import write_json_lines
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer()


@app.command(
    help=say("受け付けた処理を実行する(SIGTERM で終了)", "Carry out what was submitted until SIGTERM")
)
def worker(ctx: typer.Context) -> None:
    """Work until a signal; the command in hand is finished first."""
    call = invocation(ctx)
    stopping: list[int] = []
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda number, _: stopping.append(number))
    write_json_lines("worker")
    tell("処理を待っています。", "Waiting for commands.")
    Worker(worker_conninfo(call.installation, call.home), stop=lambda: bool(stopping), home=call.home).run()
