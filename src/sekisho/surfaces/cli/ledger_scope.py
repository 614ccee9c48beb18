"""`sekisho ledger scope`: who exactly was seen; what a policy would have prevented; what somebody should look at."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.ledger.scope.foreign import take_in, write_rejected
from sekisho.ledger.scope.mapping import read_mapping
from sekisho.ledger.scope.output import summary, write_answer
from sekisho.ledger.scope.question import Question, Right
from sekisho.ledger.scope.search import Answer, search
from sekisho.ledger.scope.store import Store
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer(
    no_args_is_help=True, help=say("だれの情報がだれに見られたかを特定する", "Who exactly was seen")
)

AsJson = Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))]
Company = Annotated[str | None, typer.Option(help=say("閲覧した会社", "The reading company"))]
Gates = Annotated[
    list[str] | None, typer.Option("--gate", help=say("ゲート・画面(繰返し可)", "Gate or screen; repeatable"))
]
Items = Annotated[list[str] | None, typer.Option("--item", help=say("項目(繰返し可)", "Item; repeatable"))]
Persons = Annotated[
    list[str] | None, typer.Option("--person", help=say("閲覧者(繰返し可)", "Reader; repeatable"))
]
Since = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help=say("この日から", "From this day"))
]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help=say("この日の前まで", "Before this day"))
]
Out = Annotated[
    Path | None, typer.Option(help=say("結果を書き出すディレクトリ", "Directory for the result's files"))
]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help=say("契約中かどうかを見る日", "Day for 'still contracted'")),
]
Vacant = Annotated[
    bool,
    typer.Option(
        "--vacant/--no-vacant",
        help=say("契約のない地点は最後の契約者が見えたとする", "An empty point shows its last customer"),
    ),
]


@app.command(help=say("他システムの閲覧ログだけで範囲を調べる", "Scope over another system's log alone"))
def foreign(
    log: Annotated[Path, typer.Option(exists=True, dir_okay=False, help=say("閲覧ログ", "The view log"))],
    mapping: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help=say("対応表(TOML)", "The mapping (TOML)"))
    ],
    contracts: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help=say("契約履歴(CSV)", "Contract history (CSV)"))
    ],
    company: Annotated[str, typer.Option(help=say("閲覧した会社", "The reading company"))],
    gate: Gates = None,
    item: Items = None,
    person: Persons = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    vacant: Vacant = True,
    contracts_encoding: Annotated[
        str, typer.Option(help=say("契約履歴の文字コード", "Its encoding"))
    ] = "utf-8",
    rejects: Annotated[
        Path | None, typer.Option(help=say("受け取れない行を書き出すファイル", "File for refused rows"))
    ] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Read the log into columns that are thrown away afterwards, and answer one question."""
    asked = Question(
        company=company, gates=tuple(gate or ()), items=tuple(item or ()), persons=tuple(person or ()), since=_day(since),
        until=_day(until), right=Right.HISTORY, vacant=vacant,
    )  # fmt: skip
    read = read_mapping(mapping)
    with tempfile.TemporaryDirectory(prefix="sekisho-scope-") as directory:
        store = Store(root=Path(directory) / "store", key=secrets.token_bytes(32), random=secrets.token_bytes)
        taken, refused = take_in(
            store=store, log=log, mapping=read, contracts=contracts, contracts_encoding=contracts_encoding,
            progress=lambda lines: tell(f"{lines:,} 行", f"{lines:,} lines"),
        )  # fmt: skip
        if taken.rejected or refused:
            _tell_rejected(len(taken.rejected), len(refused), rejects)
        if rejects is not None:
            write_rejected(rejects, [*taken.rejected, *refused])
        answer = search(store=store, question=asked, as_of=_day(as_of) or _today())
    counts = {
        "lines": taken.lines, "events": taken.events, "not_shown": taken.not_shown, "rejected_lines": len(taken.rejected),
        "rejected_contracts": len(refused),
    }  # fmt: skip
    _give(answer, out, as_json=as_json, more=counts)


def _tell_rejected(lines: int, contracts: int, rejects: Path | None) -> None:
    where = "--rejects FILE で理由を書き出せます" if rejects is None else f"理由は {rejects}"
    where_en = "--rejects FILE writes the reasons" if rejects is None else f"reasons in {rejects}"
    tell(
        f"受け取れない行: ログ {lines:,}、契約履歴 {contracts:,}({where})。",
        f"Refused rows: log {lines:,}, history {contracts:,} ({where_en}).",
    )


def _give(answer: Answer, out: Path | None, *, as_json: bool, more: Mapping[str, Any]) -> None:
    found = summary(answer) | dict(more)
    if out is not None:
        written = write_answer(answer=answer, directory=out)
        found["files"] = [str(path) for path in written]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))
        return
    for name, value in {**more, **answer.totals}.items():
        print(f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {value}")


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _today() -> date:
    return datetime.now().astimezone().date()
