"""`sekisho check`: what a reader should not have to look for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import typer

from sekisho.kernel.errors import EnvironmentFault, SekishoError
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer()
_CHECKOUT = Path(__file__).resolve().parents[4]
_TOOLS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)


class FoundWrong(SekishoError):
    """At least one tool found something; all of them were run."""


@app.command(help=say("静的検査をすべて実行する", "Run every static check"))
def check() -> None:
    failed = [" ".join(tool) for tool in _TOOLS if not _passes(tool)]
    if failed:
        names = ", ".join(failed)
        raise FoundWrong(f"検査に失敗: {names}", f"Found wrong: {names}")
    tell("静的検査はすべて合格です。", "All static checks pass.")


def _passes(tool: tuple[str, ...]) -> bool:
    tell(f"── {' '.join(tool)}", f"── {' '.join(tool)}")
    program = Path(sys.executable).with_name(tool[0])
    if not program.exists():
        raise EnvironmentFault(
            f"{tool[0]} がありません。開発用の環境を ./sekisho check で用意してください。",
            f"{tool[0]} is not installed. ./sekisho check makes the developer's environment.",
        )
    return subprocess.run([str(program), *tool[1:]], cwd=_CHECKOUT, check=False).returncode == 0
