"""`sekisho barrier fuzz`: the two-run fuzz and its strength. See docs/fuzz.md."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sekisho.barrier.fuzz.campaign import Plan
from sekisho.barrier.fuzz.report import Report
from sekisho.kernel.errors import REFUSED
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import language, say, tell

app = typer.Typer(add_completion=False)
QUICK_MUTANTS = 60


@app.command(
    help=say(
        "二重実行検査と変異による強度測定。終了コード: 0 成立、1 漏れ・見つからない変異、2 誤用、3 管理者の接続がない",
        "Two-run fuzz, and its strength by mutation. Exit code: 0 it holds, 1 a leak or a mutant that nobody noticed,"
        " 2 wrong use, 3 no superuser's connection",
    )
)
def fuzz(
    ctx: typer.Context,
    seed: Annotated[int, typer.Option(help=say("乱数の種", "Seed"))] = 1,
    rounds: Annotated[int, typer.Option(min=1, help=say("世界の数", "How many worlds"))] = 1,
    audience: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "利用者(retailer、operator/switching など)", "Whose calls: retailer, operator/switching …"
            )
        ),
    ] = None,
    mutants: Annotated[
        int | None, typer.Option(min=0, help=say("変異の数(既定は全部)", "How many mutants (all)"))
    ] = None,
    quick: Annotated[bool, typer.Option(help=say("変異を抜き取りで試す", "Sample the mutants"))] = False,
    surfaces: Annotated[
        bool, typer.Option(help=say("画面と API も回る", "Walk through pages and API, too"))
    ] = True,
    processes: Annotated[
        int, typer.Option(min=1, help=say("並行するプロセスの数", "Processes side by side"))
    ] = min(4, os.cpu_count() or 1),
    as_json: Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))] = False,
) -> None:
    from sekisho.settings.fuzzing import fuzz_platform

    call = invocation(ctx)
    plan = Plan(
        seed=seed, rounds=rounds, names=tuple(audience) if audience else None, processes=processes,
        mutants=QUICK_MUTANTS if quick and mutants is None else mutants,
    )  # fmt: skip
    conninfo = call.installation.open()
    now = datetime.now(UTC).replace(microsecond=0)
    report = fuzz_platform(conninfo, home=call.home, plan=plan, surfaces=surfaces, now=now, tell=_Progress())
    _store(report, call.home.files, whole=audience is None and surfaces)
    print(
        json.dumps(report.body(), ensure_ascii=False, indent=1)
        if as_json
        else report.text(language=language())
    )
    raise typer.Exit(0 if report.holds else REFUSED)


def _store(report: Report, files: Path, *, whole: bool) -> None:
    """The report beside the installation's files; what `barrier prove` cites only where everybody was asked everywhere."""
    files.mkdir(parents=True, exist_ok=True)
    written = {
        "barrier-fuzz-report.json": report.body(),
        **({"barrier-fuzz.json": report.citation()} if whole else {}),
    }
    for name, content in written.items():
        draft = files / f".{name}.draft"
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(files / name)
    tell(f"報告を {files} に書きました。", f"The report is in {files}.")


class _Progress:
    """One line on a terminal that is written over; on anything else a line whenever the work changes, and for each tenth of it."""

    def __init__(self) -> None:
        self._last = ("", 0)

    def __call__(self, what: str, done: int, of: int) -> None:
        line = f"{what} {done}/{of}" if of else what
        tenth = done * 10 // of if of else 0
        if sys.stderr.isatty():
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
        elif (what, tenth) != self._last:
            tell(line, line)
        self._last = (what, tenth)
