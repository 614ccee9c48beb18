"""`sekisho match population`: make a population with truth, to measure a matcher on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from . import lexicon, writer


def population_command(
    out: Annotated[Path, typer.Option("--out", "-o", help="書き出すフォルダ / folder to write to")],
    records: Annotated[int, typer.Option(help="レコード数 / number of records")] = 300_000,
    seed: Annotated[int, typer.Option(help="乱数の種 / seed; the same seed gives the same population")] = 1,
    dictionary: Annotated[
        str, typer.Option(help="名前の読みの出典 same・independent / source of the names' readings")
    ] = lexicon.MODES[0],
    area: Annotated[
        str, typer.Option(help="japan または供給区域 01~10 / japan or an area 01 to 10")
    ] = "japan",
    points: Annotated[
        bool,
        typer.Option("--points/--no-points", help="供給地点特定番号を入れる / with supply point numbers"),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="JSON で出力 / print JSON")] = False,
) -> None:
    """正解付きの架空の母集団を作る / make an invented population with its truth"""
    order = writer.Order(seed=seed, records=records, dictionary=dictionary, area=area, points=points)
    columns = (TextColumn("母集団 / population"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("population", total=records)
        manifest = writer.generate(order, out, progress=lambda done, _: bar.update(task, completed=done))
    if as_json:
        json.dump(manifest, sys.stdout, ensure_ascii=False)
        print()
    else:
        print("\n".join(_lines(manifest, out)))


def _lines(manifest: dict[str, object], out: Path) -> list[str]:
    truth = manifest["truth"]
    if not isinstance(truth, dict):
        raise TypeError("manifest without truth")
    lines = [f"{out / writer.RECORDS}: {manifest['records']:,} 件 / records, {truth['all']:,} 者 / parties"]
    for kind, systems in truth["table"].items():
        cells = "  ".join(f"{name}: {cell['all']:,} ({cell['running']:,})" for name, cell in systems.items())
        lines.append(f"  {kind}  {cells}")
    return lines
