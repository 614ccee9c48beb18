"""`sekisho client`: the machines of retailers that call the API. A secret is made here and printed once; its hash is all that is kept."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from sekisho.barrier.actions import grant_permit
from sekisho.barrier.connect import connect
from sekisho.clients import actions
from sekisho.clients.actions import SCHEMA, NewClient
from sekisho.settings.administration import check_company, checked_name
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer(
    no_args_is_help=True, help=say("小売電気事業者の API クライアント", "Retailers' API clients")
)

ClientId = Annotated[
    str, typer.Argument(metavar="CLIENT", help=say("クライアントID(c-…)", "Client id (c-…)"))
]
By = Annotated[
    str | None, typer.Option(help=say("実施者(既定は OS の利用者)", "Who does it; default: the OS user"))
]
AsJson = Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))]


@app.command(
    help=say(
        "API クライアントを登録し、秘密を一度だけ表示する",
        "Register a client with its permit; prints its secret once",
    )
)
def create(
    ctx: typer.Context,
    company: Annotated[str, typer.Argument(help=say("事業者コード(5桁)", "Retailer code, 5 digits"))],
    person: Annotated[
        str, typer.Argument(metavar="NAME", help=say("機械の名前(英小文字)", "The machine's name"))
    ],
    label: Annotated[str, typer.Option(help=say("用途", "What it is for"))] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Client and permit in one transaction."""
    who, now = by or getpass.getuser(), datetime.now(UTC)
    with (
        connect(invocation(ctx).installation.open(), application="sekisho client") as conn,
        conn.transaction(),
    ):
        check_company(conn, "retailer", company)
        made = actions.create_client(
            conn, company=company, person=checked_name(person), label=label[:100], by=who, now=now
        )
        grant_permit(
            conn, person=person, audience="retailer", company=company, purpose="contract", start=now.date(), end=None,
            by=who, reason="sekisho client create",
        )  # fmt: skip
    _hand_out(made, as_json=as_json)


@app.command("list", help=say("API クライアントの一覧", "Every client and its state"))
def list_(
    ctx: typer.Context, company: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False
) -> None:
    """Without secrets: their hashes stay where they are."""
    with connect(invocation(ctx).installation.open(), application="sekisho client") as conn:
        rows = conn.execute(
            f"select client_id, company, person, label, created_at, ended_at from {SCHEMA}.clients_client"
            " where %(company)s::text is null or company = %(company)s order by 2, 5",
            {"company": company},
        ).fetchall()
    names = ("client_id", "company", "name", "label", "created_at", "ended_at")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))
        return
    for one in found:
        state = say("使用中", "in use") if one["ended_at"] is None else say("終了", "ended")
        print("\t".join(str(one[key]) for key in ("client_id", "company", "name", "label")), state, sep="\t")


@app.command(
    help=say(
        "秘密を新しくする(旧い秘密と発行済みトークンは直ちに無効)",
        "A new secret; the old one and all tokens are void at once",
    )
)
def rotate(ctx: typer.Context, client: ClientId, by: By = None, as_json: AsJson = False) -> None:
    """For a change without a gap register a second client, move over, and revoke the first."""
    with connect(invocation(ctx).installation.open(), application="sekisho client") as conn:
        made = actions.rotate_secret(
            conn, client_id=client, by=by or getpass.getuser(), now=datetime.now(UTC)
        )
    _hand_out(made, as_json=as_json)


@app.command(
    help=say("API クライアントを終了する(トークンは直ちに無効)", "End a client; its tokens are void at once")
)
def revoke(ctx: typer.Context, client: ClientId, by: By = None) -> None:
    """What it read stays on record."""
    with connect(invocation(ctx).installation.open(), application="sekisho client") as conn:
        actions.end_client(conn, client_id=client, by=by or getpass.getuser(), now=datetime.now(UTC))
    tell(f"{client} を終了しました。", f"{client} has ended.")


def _hand_out(made: NewClient, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"client_id": made.client_id, "client_secret": made.secret}))
        return
    print(f"{made.client_id}\t{made.secret}")
    tell("この秘密は二度と表示できません。", "This secret cannot be shown again.")
