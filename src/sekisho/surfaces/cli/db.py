"""`sekisho db`: the database of this installation."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from sekisho.kernel.errors import WrongUse
from sekisho.server import EmbeddedServer
from sekisho.server.binaries import packaged
from sekisho.server.installation import DATABASE
from sekisho.settings.deploy import install
from sekisho.settings.handover import hand_over
from sekisho.settings.surfaces import SURFACES
from sekisho.surfaces.cli.invocation import Invocation, invocation
from sekisho.surfaces.cli.speech import say, tell

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
    install(call.installation.open(), call.home, now=datetime.now(UTC), tell=_tell_step)
    tell("データベースは最新です。", "The database is up to date.")


@app.command(
    help=say("所有者の接続 URL(パスワードは別ファイル)", "The owner's URL; the password stays in a file")
)
def url(ctx: typer.Context, as_json: AsJson = False) -> None:
    found = _url(invocation(ctx))
    print(json.dumps({"url": found}) if as_json else found)


@app.command("hand-over", help=say("一つの画面専用のホームを作る", "Make the home of one surface process"))
def hand_over_to(
    ctx: typer.Context,
    surface: Annotated[str, typer.Argument(help=", ".join(SURFACES))],
    directory: Annotated[Path, typer.Argument(file_okay=False)],
) -> None:
    if surface not in SURFACES:
        raise WrongUse(f"{surface} という画面はありません。", f"There is no surface {surface}.")
    if directory.exists():
        raise WrongUse(f"{directory} は既にあります。", f"{directory} is there already.")
    own = hand_over(surface=surface, home=invocation(ctx).home, target=directory)
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
