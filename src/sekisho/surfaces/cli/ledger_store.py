"""`sekisho ledger store`: where the log's tiles lie, and moving them to an object store or back."""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.ledger.bundle import UnableToProve, published
from sekisho.ledger.place import (
    OPENS,
    Place,
    copy_log,
    credentials_of,
    directory_of,
    log_of,
    name_place,
    open_place,
    place_of,
)
from sekisho.ledger.site import Site
from sekisho.settings.home import Home
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import say, tell

HELP = say("ログのタイルの置き場所を示す・移す", "Show or move where the log's tiles lie")
DIRECTORY = "directory"


def store(
    ctx: typer.Context,
    where: Annotated[str | None, typer.Argument(metavar="[s3://… | gs://… | az://… | directory]")] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help=say("秘密でない設定(region、endpoint など)", "What is no secret: region, endpoint, …"),
        ),
    ] = None,
    credentials: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help=say(
                "認証情報(JSON)のファイル。- は標準入力。home の secrets に 0600 で保管する",
                "File of credentials (JSON), - for standard input; kept in the home's secrets with mode 0600",
            ),
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))] = False,
) -> None:
    """Without an argument, say where; with one, copy the log there and keep it there from now on."""
    call = invocation(ctx)
    home = call.home.prepare()
    moved: dict[str, Any] = {}
    if where is None and (option or credentials):
        raise WrongUse("保存先を指定してください。", "Name the place as well.")
    if where is not None:
        with connect(call.installation.open()) as connection:
            # INVARIANT: no sequencer writes to the old place after it was copied.
            Site(home=home, random=secrets.token_bytes, clock=time.time).sequencer(
                connection=connection
            ).claim()
            moved = {"copied": _move(home, where, option or [], credentials)}
        tell(
            "シーケンサーとワーカーを再起動してください。",
            "Restart the sequencer and the worker now.",
        )
    found = {**_told(home), **moved}
    print(
        json.dumps(found, ensure_ascii=False) if as_json else "\n".join(f"{k}: {v}" for k, v in found.items())
    )


def _move(home: Home, where: str, option: list[str], credentials: str | None) -> int:
    source = log_of(home)
    if where == DIRECTORY:
        copied = copy_log(source, directory_of(home))
        name_place(home, None)
        home.secret_path(name=OPENS).unlink(missing_ok=True)
        return copied
    place = Place(where, dict(_pair(one) for one in option))
    given = _credentials(home, credentials)
    copied = copy_log(source, open_place(place, given))
    if credentials is not None:
        home.write_secret(name=OPENS, value=json.dumps(given))
    name_place(home, place)
    return copied


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise WrongUse(f"--option は 名前=値 です: {name!r}", f"--option is NAME=VALUE, not {name!r}")
    return name, value


def _credentials(home: Home, source: str | None) -> dict[str, str]:
    if source is None:
        known = home.secret_path(name=OPENS).exists()
        return credentials_of(home.read_secret(name=OPENS)) if known else {}
    return credentials_of(sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8"))


def _told(home: Home) -> dict[str, Any]:
    place = place_of(home)
    try:
        size: int | None = published(store=log_of(home)).head.size
    except UnableToProve:
        size = None
    if place is None:
        return {"place": DIRECTORY, "path": str(directory_of(home).root), "published": size}
    kept = home.secret_path(name=OPENS).exists()
    return {"place": place.url, "options": dict(place.options), "credentials": kept, "published": size}
