"""`sekisho match`: count persons, not contracts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from sekisho.kernel.errors import WrongUse
from sekisho.matching import counts, mapping, review
from sekisho.matching import explain as explain_pair
from sekisho.matching import match as match_file
from sekisho.matching import normalise as take_apart
from sekisho.matching.population.cli import population_command
from sekisho.surfaces.cli.speech import language, say


class FileFirst(TyperGroup):
    """`match FILE …` is `match run FILE …`: the file is what a clerk has in hand."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=FileFirst, no_args_is_help=True)
reviews = typer.Typer(no_args_is_help=True, help=say("担当者による確認", "Review by clerks"))
app.add_typer(reviews, name="review")
app.command("population")(population_command)

AsJson = Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))]
Sample = Annotated[Path, typer.Argument(help=say("判定を記入した CSV", "The judged CSV"))]
Folder = Annotated[
    Path, typer.Option("--result", "-r", help=say("名寄せ結果のフォルダ", "Folder of a result"))
]
_STAGES = {"reading": say("読み込み", "Reading"), "settling": say("名寄せ", "Matching")}


@app.command(
    "run", help=say("ファイルを名寄せする (match FILE でも同じ)", "Match a file; the same as match FILE")
)
def run(
    source: Annotated[
        Path,
        typer.Argument(help=say("CSV・Parquet、または Parquet のフォルダ", "CSV, Parquet or a folder of it")),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help=say("結果のフォルダ", "Folder for the result"))],
    mapping_file: Annotated[
        Path | None, typer.Option("--mapping", "-m", help=say("列の対応表 (TOML)", "Column mapping (TOML)"))
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help=say("並列数", "Processes"))] = 2,
    memory: Annotated[
        float, typer.Option(min=0.5, help=say("メモリの目安 (GB)", "Memory to aim for (GB)"))
    ] = 4.0,
    cluster: Annotated[
        str | None,
        typer.Option(help=say("Dask のアドレス、または local:2", "Address of a Dask cluster, or local:2")),
    ] = None,
    lexicon_folder: Annotated[
        Path | None, typer.Option("--lexicon", help=say("辞書のフォルダ", "Folder of the dictionaries"))
    ] = None,
    unit: Annotated[int, typer.Option(help=say("表の単位 (10000 = 万)", "Unit of the table"))] = 1,
    as_json: AsJson = False,
) -> None:
    with _progress() as tell:
        result = match_file(
            source,
            mapping=None if mapping_file is None else mapping.read(mapping_file),
            out=out,
            workers=workers,
            memory=int(memory * (1 << 30)),
            progress=tell,
            lexicon_folder=lexicon_folder,
            cluster=cluster,
        )
    if as_json:
        print(counts.to_json(result.table))
    else:
        print(counts.to_text(result.table, unit=unit))
        print(_summary(result.table, rejected=result.rejected))


def _summary(table: counts.Table, *, rejected: int) -> str:
    people = table.figures["total"]["individuals"]
    return say(
        f"個人 {people.value:,}（確実 {people.certain:,}、ほぼ確実 {people.probable:,}、未解決 {people.unresolved:,}）"
        f" 推定 {round(people.estimate):,}（{people.low:,}〜{people.high:,}）\n"
        f"法人等の内数: 街路灯 {table.lamps:,}、信号機 {table.signals:,}、機器すべて {table.devices:,}"
        f"／記録 {table.records:,}、使えない行 {rejected:,}",
        f"Individuals {people.value:,} (certain {people.certain:,}, probable {people.probable:,}, unresolved "
        f"{people.unresolved:,}); estimate {round(people.estimate):,} ({people.low:,} to {people.high:,})\n"
        f"Within companies: street lamps {table.lamps:,}, signals {table.signals:,}, all devices {table.devices:,}; "
        f"records {table.records:,}, unusable rows {rejected:,}",
    )


@contextmanager
def _progress() -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(_STAGES[stage], total=total or None)
            bar.update(tasks[stage], completed=done, total=total or None)

        yield tell


@app.command(
    "explain", help=say("二つの記録が同じ人か、その理由", "Why two records are one customer, or not")
)
def explain(left: str, right: str, result: Folder, as_json: AsJson = False) -> None:
    found = explain_pair(result, left, right)
    if as_json:
        print(json.dumps(asdict(found), ensure_ascii=False, default=str))
    else:
        print(found.text(english=language() == "en"))


@reviews.command("export", help=say("確認する組の標本を CSV に書き出す", "Write a sample of pairs as CSV"))
def export(
    result: Folder,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help=say("CSV ファイル (省略時は標準出力)", "CSV file; default stdout")),
    ] = None,
    size: Annotated[int, typer.Option(min=1, help=say("層ごとの件数", "Pairs a stratum"))] = 200,
    seed: Annotated[int, typer.Option(help=say("乱数の種", "Seed"))] = 1,
) -> None:
    text = review.export(result, size=size, seed=seed)
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8", newline="")


@reviews.command(
    "import", help=say("判定を記入した CSV を取り込み、件数を補正する", "Take the judged CSV back")
)
def take_in(sample: Sample, result: Folder, as_json: AsJson = False) -> None:
    made = review.take_in(result, sample.read_text(encoding="utf-8-sig"))
    if as_json:
        print(json.dumps(asdict(made), ensure_ascii=False))
        return
    judged = sum(stratum.judged for stratum in made.strata.values())
    print(
        say(
            f"個人 {made.value:,} → 補正後 {round(made.estimate):,}（{made.low:,}〜{made.high:,}）、判定 {judged:,} 組",
            f"Individuals {made.value:,}, corrected {round(made.estimate):,} ({made.low:,} to {made.high:,}), {judged:,} pairs judged",
        )
    )


@app.command("normalise", help=say("住所を分解する (通信なし)", "Take addresses apart, offline"))
def normalise(
    addresses: Annotated[
        list[str] | None,
        typer.Argument(help=say("住所。省略時は標準入力の各行", "Addresses; default the lines of stdin")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    texts = addresses or [line.rstrip("\n") for line in sys.stdin]
    if not texts:
        raise WrongUse("住所がありません。", "There is no address.")
    frame = take_apart(texts)
    if as_json:
        print(json.dumps(frame.to_dicts(), ensure_ascii=False))
    else:
        sys.stdout.write(frame.write_csv())
