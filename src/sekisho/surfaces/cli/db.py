"""`sekisho db`: the database of this installation."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from sekisho.barrier.connect import connect
from sekisho.barrier.deploy import plan
from sekisho.kernel.errors import REFUSED, WrongUse
from sekisho.server import EmbeddedServer
from sekisho.server.binaries import packaged
from sekisho.server.installation import DATABASE
from sekisho.settings.deploy import install
from sekisho.settings.handover import SERVICES, hand_over, hand_over_service
from sekisho.settings.inventory import GATES
from sekisho.settings.obligations import Obligation, open_obligations
from sekisho.settings.surfaces import SURFACES
from sekisho.surfaces.cli.invocation import Invocation, invocation
from sekisho.surfaces.cli.speech import say, tell

PROCESSES = (*SURFACES, *SERVICES)
app = typer.Typer(no_args_is_help=True, help=say("データベースの起動・停止・移行", "The database"))
AsJson = Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))]


@app.command(help=say("サーバーを起動する(起動済みなら何もしない)", "Start the server, if it is not running"))
def start(ctx: typer.Context) -> None:
    invocation(ctx).installation.open()
    tell("データベースは使用できます。", "The database is ready.")


@app.command(help=say("同梱サーバーを停止する", "Stop the embedded server"))
def stop(ctx: typer.Context) -> None:
    stopped = _embedded(invocation(ctx)).stop()
    if stopped:
        tell("データベースサーバーを停止しました。", "The database server has been stopped.")
    else:
        tell("データベースサーバーは動いていません。", "The database server is not running.")


@app.command(help=say("サーバーの状態(停止中なら終了コード 1)", "Is the server running? Exit code 1 if not"))
def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    server = _embedded(invocation(ctx))
    running = server.is_running()
    address = ":".join(str(part) for part in server.address) if running else None
    found = {"running": running, "address": address, "version": server.version, "data": str(server.data)}
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("\n".join(f"{name}: {value}" for name, value in found.items()))
    raise typer.Exit(0 if running else 1)


@app.command(
    help=say("データベースを最新の状態にする(繰り返し可)", "Bring the database to the current state")
)
def migrate(ctx: typer.Context) -> None:
    call = invocation(ctx)
    conninfo = call.installation.open()
    install(conninfo, call.home, now=datetime.now(UTC), tell=_tell_step)
    tell("データベースは最新です。", "The database is up to date.")
    with connect(conninfo) as conn:
        tell_obligations(open_obligations(conn))


@app.command(
    help=say(
        "データベースの状態を調べる(直すべきことがあれば終了コード 1)",
        "Look the database over; exit code 1 if something is to be done",
    )
)
def doctor(
    ctx: typer.Context,
    sql: Annotated[
        bool,
        typer.Option(
            "--sql", help=say("スーパーユーザーが実行する SQL だけを出す", "Only the SQL for a superuser")
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    with connect(invocation(ctx).installation.open()) as conn:
        still = open_obligations(conn)
        changes = plan(conn, GATES)
    if sql:
        print("\n".join(one.line() for one in still))
    elif as_json:
        named = [{"name": one.name, "ja": one.ja, "en": one.en, "sql": one.line()} for one in still]
        print(json.dumps({"obligations": named, "barrier_current": not changes}, ensure_ascii=False))
    else:
        tell_obligations(still)
        if changes:
            tell(
                "適用されていない変更があります: sekisho barrier plan",
                "Changes not applied: sekisho barrier plan",
            )
    raise typer.Exit(REFUSED if still or changes else 0)


def tell_obligations(still: Sequence[Obligation]) -> None:
    """Say what only a superuser can do, with the statement."""
    for one in still:
        tell(
            f"未了 {one.name}: {one.ja}\n  スーパーユーザーがこのデータベースで一度だけ: {one.line()}",
            f"Open: {one.name}: {one.en}\n  A superuser, once, in this database: {one.line()}",
        )


@app.command(
    help=say("所有者の接続 URL(パスワードは別ファイル)", "The owner's URL; the password stays in a file")
)
def url(ctx: typer.Context, as_json: AsJson = False) -> None:
    found = _url(invocation(ctx))
    print(json.dumps({"url": found}) if as_json else found)


@app.command("hand-over", help=say("一つのプロセス専用のホームを作る", "Make the home of one process"))
def hand_over_to(
    ctx: typer.Context,
    process: Annotated[str, typer.Argument(help=", ".join(PROCESSES))],
    directory: Annotated[Path, typer.Argument(file_okay=False)],
) -> None:
    if process not in PROCESSES:
        names = ", ".join(PROCESSES)
        raise WrongUse(
            f"{process} というプロセスはありません({names})。", f"There is no process {process} ({names})."
        )
    if directory.exists():
        raise WrongUse(f"{directory} は既にあります。", f"{directory} is there already.")
    home = invocation(ctx).home
    if process in SERVICES:
        own = hand_over_service(service=process, home=home, target=directory)
    else:
        own = hand_over(surface=process, home=home, target=directory)
    tell(f"{own.root} に作りました。", f"Made {own.root}.")


@app.command(help=say("所有者として psql を開く", "Open psql as the owner"))
def psql(ctx: typer.Context, arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    conninfo = invocation(ctx).installation.open()
    program = packaged().program("psql")
    sys.stdout.flush()
    os.execv(program, [program, conninfo, *(arguments or [])])  # noqa: S606 - no shell is wanted


def _tell_step(step: str) -> None:
    steps = {
        "roles": ("ロールを確認しています…", "Roles …"),
        "migrations": ("テーブルを移行しています…", "Tables …"),
        "barrier": ("情報遮断を適用しています…", "Barrier …"),
    }
    tell(*steps.get(step, (step, step)))


def _url(call: Invocation) -> str:
    call.installation.open()
    if call.database_url is not None:
        return call.database_url
    server = _embedded(call)
    host, port = server.address
    query = urlencode({"passfile": server.password_file}, quote_via=quote)
    return f"postgresql://postgres@{host}:{port}/{DATABASE}?{query}"


def _embedded(call: Invocation) -> EmbeddedServer:
    if call.database_url is not None:
        raise WrongUse(
            "--database-url のサーバーはこのコマンドでは起動・停止できません。",
            "A server given by --database-url is not started or stopped from here.",
        )
    return EmbeddedServer(call.home)
