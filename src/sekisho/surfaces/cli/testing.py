"""`sekisho test`: everything, or what pytest's own arguments select."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import typer

from sekisho.kernel.errors import EnvironmentFault
from sekisho.surfaces.cli.speech import say

app = typer.Typer()
_CHECKOUT = Path(__file__).resolve().parents[4]


@app.command(
    help=say(
        "テストをすべて、または pytest の引数で選んで実行する",
        "Run every test, or those that pytest's arguments select",
    ),
    context_settings={
        "ignore_unknown_options": True,
        "allow_extra_args": True,
        "help_option_names": ["--help"],
    },
)
def test(ctx: typer.Context) -> None:
    if importlib.util.find_spec("pytest") is None or not (_CHECKOUT / "tests").is_dir():
        raise EnvironmentFault(
            "テストはソースの作業コピーで ./sekisho test として実行してください。",
            "Tests are run in a checkout, as ./sekisho test.",
        )
    command = [sys.executable, "-m", "pytest", *(ctx.args or _whole_suite())]
    raise typer.Exit(subprocess.run(command, cwd=_directory(ctx.args), check=False).returncode)


def _whole_suite() -> list[str]:
    # One process per core; tests that share a costly fixture name a group and stay together.
    return ["-n", str(max(2, os.cpu_count() or 2)), "--dist", "loadgroup"]


def _directory(arguments: list[str]) -> Path:
    # Paths in the arguments are meant from where the caller stands.
    return Path.cwd() if arguments else _CHECKOUT
