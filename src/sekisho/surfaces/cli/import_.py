"""`sekisho import FILE…`: takes files of any kind in, in an order in which each finds what it refers to."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import REFUSED
from sekisho.metering.importing import import_file, kind_of
from sekisho.registry import importing
from sekisho.registry.files import KINDS
from sekisho.registry.importing import ImportSummary, Report
from sekisho.settings.deploy import worker_conninfo
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer()

PHASES = {
    "read": ("読込み", "reading"),
    "check": ("検査", "checking"),
    "write": ("書込み", "writing"),
    "keys": ("索引作成", "building keys"),
    "commit": ("確定", "committing"),
}


@app.command(name="import", help=say("ファイルを取り込む(種類と文字コードは自動判別)", "Take files in"))
def import_command(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help=say("CSV、または市場の zip/XML", "CSV, or the market's zip/XML"))
    ],
    kind: Annotated[str | None, typer.Option(help=say("ファイルの種類", "Kind of file"))] = None,
    rejects: Annotated[
        Path | None, typer.Option(help=say("拒否行の CSV を置く場所", "Directory for the refused rows"))
    ] = None,
    by: Annotated[str | None, typer.Option(help=say("実施者", "Who imports"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))] = False,
) -> None:
    """Import files; exit code 1 when a row was refused."""
    take_in(ctx, files, kind=kind, rejects=rejects, by=by, as_json=as_json)


def take_in(
    ctx: typer.Context,
    files: Iterable[Path],
    *,
    kind: str | None,
    rejects: Path | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Import files and say what became of them."""
    call = invocation(ctx)
    order = list(KINDS)
    known = sorted(files, key=lambda path: order.index(kind or kind_of(path)))
    summaries: list[ImportSummary] = []
    with connect(worker_conninfo(call.installation, call.home), application="sekisho import") as conn:
        for path in known:
            target = rejects / importing.rejects_beside(path).name if rejects else None
            with bar(path.name) as report:
                now = datetime.now(UTC)
                summary = import_file(
                    conn,
                    path,
                    kind=kind,
                    by=by or getpass.getuser(),
                    now=now,
                    rejects=target,
                    progress=report,
                )
            summaries.append(summary)
            tell(*_sentence(summary))
    if as_json:
        print(json.dumps([asdict(summary) for summary in summaries], ensure_ascii=False))
    if any(summary.rejected for summary in summaries):
        raise typer.Exit(REFUSED)


def _sentence(summary: ImportSummary) -> tuple[str, str]:
    kind = KINDS[summary.kind]
    ja = (
        f"{summary.file} [{kind.ja}, {summary.encoding}]: {summary.rows:,}行"
        f" = 新規 {summary.inserted:,} + 変更 {summary.changed:,} + 変更なし {summary.unchanged:,}"
        f" + 重複 {summary.repeated:,} + 拒否 {summary.rejected:,}"
    )
    en = (
        f"{summary.file} [{kind.en}, {summary.encoding}]: {summary.rows:,} rows"
        f" = {summary.inserted:,} new + {summary.changed:,} changed + {summary.unchanged:,} unchanged"
        f" + {summary.repeated:,} repeated + {summary.rejected:,} refused"
    )
    where = f" → {summary.rejects}" if summary.rejects else ""
    return ja + where, en + where


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


@contextmanager
def bar(title: str) -> Iterator[Report]:
    """A progress bar on stderr with count, rate and time left; nothing off a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=1)
        phase = ""

        def report(step: importing.Progress) -> None:
            nonlocal phase
            if step.phase != phase:
                phase = step.phase
                progress.reset(task, description=f"{title} {say(*PHASES[phase])}")
            progress.update(task, completed=step.done, total=max(step.total, 1))

        yield report
