"""`sekisho ledger scope`: who exactly was seen; what a policy would have prevented; what somebody should look at."""

from __future__ import annotations

import json
import random
import secrets
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.ledger.bundle import published
from sekisho.ledger.scope import findings, platform, unusual
from sekisho.ledger.scope.disclosure import disclose
from sekisho.ledger.scope.foreign import take_in, write_rejected
from sekisho.ledger.scope.hours import FILE as HOURS
from sekisho.ledger.scope.hours import read_hours
from sekisho.ledger.scope.mapping import read_mapping
from sekisho.ledger.scope.output import for_spreadsheet, summary, write_answer
from sekisho.ledger.scope.platform import open_store
from sekisho.ledger.scope.question import Question, Right
from sekisho.ledger.scope.rows import NOTHING_KNOWN, registry_of
from sekisho.ledger.scope.search import Answer, refuse_unknown, search
from sekisho.ledger.scope.store import Store
from sekisho.ledger.scope.whatif import change_of, replay, who_saw
from sekisho.ledger.site import Connection, Site
from sekisho.surfaces.cli.invocation import invocation
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
            write_rejected(rejects, {log.name: taken.rejected, contracts.name: refused})
        refuse_unknown(store=store, question=asked)
        answer = search(store=store, question=asked, as_of=_day(as_of) or _today())
    counts = {
        "lines": taken.lines, "events": taken.events, "not_shown": taken.not_shown, "rejected_lines": len(taken.rejected),
        "rejected_contracts": len(refused),
    }  # fmt: skip
    _give(answer, out, as_json=as_json, more=counts)


@app.command(help=say("閲覧ログを列に取り込む(checkpoint まで)", "Take the log in, up to its checkpoint"))
def refresh(ctx: typer.Context, as_json: AsJson = False) -> None:
    site = _site(ctx)
    with connect(invocation(ctx).installation.open()) as connection:
        store, log = open_store(site), published(store=site.store)
        done = platform.refresh(
            connection=connection,
            store=store,
            log=log,
            progress=lambda end, total: tell(f"{end:,} / {total:,} 件", f"{end:,} of {total:,}"),
        )
    _print(
        {**asdict(done), "readings_in_store": store.manifest.rows, "bytes": store.bytes()}, as_json=as_json
    )


@app.command(help=say("だれの情報が見られたかを調べる", "Who exactly was seen"))
def find(
    ctx: typer.Context,
    company: Company = None,
    audience: Annotated[str | None, typer.Option(help=say("閲覧者の区分", "Audience"))] = None,
    gate: Gates = None,
    item: Items = None,
    purpose: Annotated[
        list[str] | None, typer.Option("--purpose", help=say("利用目的(繰返し可)", "Purpose; repeatable"))
    ] = None,
    person: Persons = None,
    since: Since = None,
    until: Until = None,
    right: Annotated[
        Right,
        typer.Option(
            help=say(
                "正しい閲覧とは: recorded 記録された契約先が自社, history 契約履歴で自社, none なし",
                "What was right: the recorded holder, the contract history, nothing",
            )
        ),
    ] = Right.RECORDED,
    vacant: Vacant = True,
    as_of: AsOf = None,
    keep: Annotated[
        str | None, typer.Option(metavar="件名", help=say("結果として残す", "Keep it as a finding"))
    ] = None,
    by: Annotated[str | None, typer.Option(help=say("残す人", "Who keeps it"))] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    if keep is not None and not by:
        raise WrongUse("--keep には --by が要ります。", "--keep needs --by.")
    asked = Question(
        company=company, audience=audience, gates=tuple(gate or ()), items=tuple(item or ()), purposes=tuple(purpose or ()),
        persons=tuple(person or ()), since=_day(since), until=_day(until), right=right, vacant=vacant,
    )  # fmt: skip
    with connect(invocation(ctx).installation.open()) as connection:
        store = platform.refresh_site(connection=connection, site=_site(ctx))
        refuse_unknown(store=store, question=asked)
        answer = search(store=store, question=asked, as_of=_day(as_of) or _today())
        kept = {} if keep is None else {"finding_no": _keep(connection, answer, keep, by or "")}
    _give(answer, out, as_json=as_json, more=kept)


def _keep(connection: Connection, answer: Answer, title: str, by: str) -> int:
    with connection.transaction():
        return findings.keep_finding(
            connection, answer=answer, title=title, by=by, now=datetime.now().astimezone()
        )


@app.command(
    name="what-if",
    help=say("規則を変えていたら、だれが何を見られなかったか", "What a changed rule would have prevented"),
)
def what_if(
    ctx: typer.Context,
    deny: Annotated[
        str,
        typer.Option(
            metavar="RULE:ITEM,…",
            help=say("見せないことにする項目(* は全部)", "Items no longer shown; * for all"),
        ),
    ],
    unless: Annotated[
        str | None,
        typer.Option(
            metavar="COND,…",
            help=say(
                "ただし見せ続ける行の条件(すべて満たす行): own-holder, own-period, running, months=N, voltage=LV+HV, kind=person, assigned",
                "Rows still shown, where all hold: own-holder, own-period, running, months=N, voltage=LV+HV, kind=person, assigned",
            ),
        ),
    ] = None,
    company: Company = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    change = change_of(deny, unless=unless)
    with connect(invocation(ctx).installation.open()) as connection:
        store = platform.refresh_site(connection=connection, site=_site(ctx))
        registry = registry_of(connection) if change.limits else NOTHING_KNOWN
    found = replay(
        store=store,
        change=change,
        company=company,
        since=_day(since),
        until=_day(until),
        as_of=_day(as_of) or _today(),
        registry=registry,
    )
    if as_json:
        _give(found.answer, out, as_json=True, more={"readers": for_spreadsheet(found.readers).to_dicts()})
        return
    sys.stdout.write(for_spreadsheet(found.readers).write_csv())
    _give(found.answer, out, as_json=False, more={})


@app.command(
    name="who-saw",
    help=say("お客さまの情報をだれが・いつ・何の権限で見たか", "Who saw one customer's data, by what right"),
)
def show_who_saw(
    ctx: typer.Context,
    point: Annotated[str, typer.Option(help=say("供給地点特定番号", "Supply point"))],
    customer: Annotated[str | None, typer.Option(help=say("お客さま番号", "Customer number"))] = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    asked: dict[str, Any] = {
        "point": point.replace("-", ""),
        "since": _day(since),
        "until": _day(until),
        "as_of": _today(),
    }
    with connect(invocation(ctx).installation.open()) as connection:
        store = platform.refresh_site(connection=connection, site=_site(ctx))
        if customer is None:
            told = who_saw(store=store, **asked)
        else:
            told = disclose(connection=connection, store=store, customer_no=customer, **asked).frame()
    found = for_spreadsheet(told)
    sys.stdout.write(
        json.dumps(found.to_dicts(), ensure_ascii=False, default=str) + "\n" if as_json else found.write_csv()
    )


@app.command(name="unusual", help=say("いつもと違う閲覧を点検待ちに入れる", "Queue unusual reading"))
def look_for_unusual(
    ctx: typer.Context,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])],
    sample: Annotated[
        int | None,
        typer.Option(
            metavar="N", help=say("会社ごとに N 人日を自主点検に抽出", "Draw N person-days a company instead")
        ),
    ] = None,
    seed: Annotated[str | None, typer.Option(help=say("抽出の種", "Seed of the draw"))] = None,
    as_json: AsJson = False,
) -> None:
    period: dict[str, Any] = {
        "since": since.date(),
        "until": until.date(),
        "now": datetime.now().astimezone(),
    }
    seed = seed or secrets.token_hex(8)
    with connect(invocation(ctx).installation.open()) as connection, connection.transaction():
        if sample is None:
            hours = read_hours(invocation(ctx).home.root / HOURS)
            new: dict[str, Any] = {"new": unusual.look(connection, **period, hours=hours)}
        else:
            dice = random.Random(seed)  # noqa: S311 – a sample that can be drawn again, no secret
            new = {"new": unusual.draw_sample(connection, each=sample, dice=dice, **period), "seed": seed}
    _print(new, as_json=as_json)


def _site(ctx: typer.Context) -> Site:
    return Site(home=invocation(ctx).home, random=secrets.token_bytes, clock=time.time)


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    print(
        json.dumps(found, default=str)
        if as_json
        else "\n".join(f"{name}: {value}" for name, value in found.items())
    )


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
