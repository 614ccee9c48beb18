"""`sekisho match`: count persons, not contracts."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer.core import TyperGroup

from sekisho.kernel.errors import WrongUse
from sekisho.matching import across, counts, lexicon, mapping, review, second_opinion
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
_SHOWN = 6
_FIELDS = {
    "application": ("申込種別", "application"),
    "system": ("システム", "system"),
    "state": ("契約状態", "state"),
}
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
        Path | None,
        typer.Option(
            "--mapping",
            "-m",
            help=say(
                "列と区分の対応表 (TOML、書き方は docs/matching.md)",
                "Mapping of columns and codes (TOML; see docs/matching.md)",
            ),
        ),
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
    opinion: Annotated[
        bool,
        typer.Option(
            "--second-opinion",
            help=say("Splink 5 にも判定させて比べる (追加機能)", "Ask Splink 5 too and compare (extra)"),
        ),
    ] = False,
    opinion_records: Annotated[
        int, typer.Option(min=1, help=say("Splink に見せる記録の目安", "About how many records Splink sees"))
    ] = 300_000,
    unit: Annotated[int, typer.Option(help=say("表の単位 (10000 = 万)", "Unit of the table"))] = 1,
    as_json: AsJson = False,
) -> None:
    if opinion:
        second_opinion.require()
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
    second = _second(out, lexicon_folder, opinion_records) if opinion else None
    if as_json:
        asked = {} if second is None else {"second_opinion": asdict(second)}
        unusable = {"rejected_rows": result.rejected, "ignored_values": result.ignored}
        unknown = {"unknown_values": result.unknown.to_dicts()}
        print(json.dumps(asdict(result.table) | unusable | unknown | asked, ensure_ascii=False, indent=1))
    else:
        print(counts.to_text(result.table, unit=unit))
        print(_summary(result.table, rejected=result.rejected, ignored=result.ignored))
        if result.unknown.height:
            print(_not_understood(result.unknown))
        if second is not None:
            print(_compared(second))


def _second(out: Path, lexicon_folder: Path | None, records: int) -> second_opinion.Opinion:
    return second_opinion.ask(out, lexicon=_lexicon(out, lexicon_folder), records=records)


def _lexicon(out: Path, folder: Path | None) -> lexicon.Lexicon:
    """The dictionaries that a result was made with."""
    mark = out / "work" / "lexicon.txt"
    if folder is None and mark.exists():
        return lexicon.load(Path(mark.read_text(encoding="utf-8")))
    return lexicon.opened(folder)


def _compared(found: second_opinion.Opinion) -> str:
    return say(
        f"Splink との一致 {found.agreement:.1%}（記録 {found.records:,}。両方が統合 {found.both:,} 組、本システムのみ "
        f"{found.ours_only:,} 組、Splink のみ {found.splink_only:,} 組）。違う組 {found.listed:,} 組を second_opinion.csv に書きました",
        f"Splink agrees on {found.agreement:.1%} ({found.records:,} records; joined by both {found.both:,} pairs, by "
        f"this matcher only {found.ours_only:,}, by Splink only {found.splink_only:,}); {found.listed:,} pairs that "
        "differ are in second_opinion.csv",
    )


def _summary(table: counts.Table, *, rejected: int, ignored: int) -> str:
    people = table.figures["total"]["individuals"]
    both = rejected + ignored > 0
    where, file = ("（rejected.csv）", " (rejected.csv)") if both else ("", "")
    return say(
        f"個人 {people.value:,}（確実 {people.certain:,}、ほぼ確実 {people.probable:,}、未解決 {people.unresolved:,}）"
        f" 推定 {round(people.estimate):,}（{people.low:,}〜{people.high:,}）、うち屋号のある者 {table.sole_proprietors:,}\n"
        f"法人等の内数: 街路灯 {table.lamps:,}、信号機 {table.signals:,}、機器すべて {table.devices:,}"
        f"／記録 {table.records:,}、使えない行 {rejected:,}、読めず空欄とした値 {ignored:,}{where}",
        f"Individuals {people.value:,} (certain {people.certain:,}, probable {people.probable:,}, unresolved "
        f"{people.unresolved:,}); estimate {round(people.estimate):,} ({people.low:,} to {people.high:,}); with a business "
        f"name {table.sole_proprietors:,}\n"
        f"Within companies: street lamps {table.lamps:,}, signals {table.signals:,}, all devices {table.devices:,}; "
        f"records {table.records:,}, unusable rows {rejected:,}, values read as missing {ignored:,}{file}",
    )


def _not_understood(unknown: pl.DataFrame) -> str:
    """Which codes were read as missing; a mapping can say what they mean."""
    shown = list(unknown.head(_SHOWN).iter_rows())
    rest = unknown.height - len(shown)
    more, others = (f" ほか {rest:,} 種類", f" and {rest:,} more") if rest else ("", "")
    japanese = "、".join(f"{_FIELDS[field][0]}「{value}」{rows:,} 件" for field, value, rows in shown)
    english = ", ".join(f"{_FIELDS[field][1]} {value!r} ({rows:,} rows)" for field, value, rows in shown)
    return say(
        f"意味の分からない区分は空欄として扱いました: {japanese}{more}。対応表の [applications]・[systems]・running に書けば読みます"
        "（全件は unknown_values.csv）",
        f"codes that nobody knows were read as missing: {english}{others}; a mapping can say what they mean in "
        "[applications], [systems] and running (all are in unknown_values.csv)",
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


@app.command(
    "across",
    help=say(
        "住所をまたぐ同じ人を電話番号で数える (個人の件数とは別の単位)",
        "Count people across addresses by telephone, a unit of its own",
    ),
)
def people_across(result: Folder, as_json: AsJson = False) -> None:
    made = across.count(result, lexicon=_lexicon(result, None))
    if as_json:
        print(json.dumps(asdict(made)))
        return
    print(
        say(
            f"電話番号のある個人 {made.at_addresses_with_phone:,}（住所単位）→ 住所をまたいで {made.across_addresses:,} 人。"
            f"番号がなく、またいで数えられない個人 {made.at_addresses_without_phone:,}、"
            f"多数の名義が使い除いた番号 {made.shared_numbers:,}",
            f"Individuals with a number {made.at_addresses_with_phone:,} (at addresses), {made.across_addresses:,} people "
            f"across addresses; without one and not linked {made.at_addresses_without_phone:,}; numbers of many names "
            f"left aside {made.shared_numbers:,}",
        )
    )


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
