"""`sekisho bench NAME`: one measurement of the checkout's `bench` directory.

Each module there has a one-line docstring to be listed by, and `run(argv) -> dict`, its figures. A measurement is called as the
documents call it (`import`, `match-external`); Python's words forbid the modules those names.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.kernel.errors import EnvironmentFault, WrongUse
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer()
_CHECKOUT = Path(__file__).resolve().parents[4]
_BENCHES = _CHECKOUT / "bench"


@app.command(
    help=say("性能を測る(名前を省くと一覧)", "Measure; without a name, list the measurements"),
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
def bench(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help=say("測定の名前", "Which measurement"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))] = False,
) -> None:
    known = {_title(path): path for path in sorted(_BENCHES.glob("[!_]*.py"))}
    if not known:
        raise EnvironmentFault(
            "測定はソースの作業コピーで実行してください。", "Measurements are run in a checkout."
        )
    if name is None:
        print("\n".join(f"{title:14} {_summary(path)}" for title, path in known.items()))
        return
    if name not in known:
        names = ", ".join(known)
        raise WrongUse(f"測定 {name} はありません({names})。", f"There is no measurement {name} ({names}).")
    figures = _run(name, known[name].stem, ctx.args)
    print(json.dumps(figures, ensure_ascii=False, default=str) if as_json else "\n".join(_lines(figures)))


def _title(path: Path) -> str:
    return path.stem.rstrip("_").replace("_", "-")


def _run(name: str, module: str, arguments: list[str]) -> Mapping[str, Any]:
    tell(f"{name} を測っています…", f"Measuring {name} …")
    sys.path.insert(0, str(_CHECKOUT))
    figures: Mapping[str, Any] = import_module(f"bench.{module}").run(arguments)
    return figures


def _summary(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _lines(figures: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in figures.items():
        if isinstance(value, Mapping):
            yield from _lines(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key:24} {value}"
