"""`sekisho account`: the accounts that no page can open – those of the first people – and help when nobody can sign in any more.

A first password is made here, printed once, and lapses; none is ever taken from the command line, where the shell's history keeps it.
Everyone else's accounts are opened on the pages of information security, by one person for another and on record.
"""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from sekisho.accounts import actions
from sekisho.accounts.actions import INITIAL_LASTS
from sekisho.barrier.actions import grant_permit
from sekisho.barrier.audiences import purposes_of
from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.settings.administration import ACCOUNT_SCHEMA, account_schema, check_company, checked_name
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer(no_args_is_help=True, help=say("利用者アカウント", "Accounts"))

Audience = Annotated[str, typer.Argument(help=", ".join(ACCOUNT_SCHEMA))]
Person = Annotated[str, typer.Argument(help=say("利用者名(英小文字)", "User name, lower case"))]
By = Annotated[
    str | None, typer.Option(help=say("実施者(既定は OS の利用者)", "Who does it; default: the OS user"))
]
AsJson = Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))]


@app.command(
    help=say(
        "アカウントを開き、権限を与え、登録コードを一度だけ表示する",
        "Open an account with its permit; prints its code once",
    )
)
def create(
    ctx: typer.Context,
    audience: Audience,
    person: Person,
    name: Annotated[str, typer.Option(help=say("氏名", "Name as shown"))],
    company: Annotated[str, typer.Option(help=say("所属コード", "Company code"))] = "TD",
    purpose: Annotated[
        str | None, typer.Option(help=say("利用目的(一つしかない区分では不要)", "Purpose of the permit"))
    ] = None,
    department: str = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Account and permit in one transaction; the permit begins today and has no end."""
    schema = account_schema(audience)
    who, now, allowed = _who(by), datetime.now(UTC), _purpose(audience, purpose)
    with (
        connect(invocation(ctx).installation.open(), application="sekisho account") as conn,
        conn.transaction(),
    ):
        check_company(conn, audience, company)
        made = actions.create_account(
            conn,
            schema=schema,
            key=b"",  # seals second factors; none is enrolled here
            audience=audience,
            username=checked_name(person),
            person=person,
            company=company,
            display_name=name[:80],
            department=department[:120],
            by=who,
            now=now,
        )
        grant_permit(
            conn, person=person, audience=audience, company=company, purpose=allowed, start=now.date(), end=None,
            by=who, reason="sekisho account create",
        )  # fmt: skip
    _hand_out(person, made.password, now, as_json=as_json)


@app.command("list", help=say("アカウントの一覧", "Every account and its state"))
def list_(
    ctx: typer.Context, audience: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False
) -> None:
    """No password, no second factor: only who has an account, and whether it can be used."""
    with connect(invocation(ctx).installation.open(), application="sekisho account") as conn:
        rows = conn.execute(
            "select audience, person, company, display_name, active, pending, locked_until, last_login from barrier.account"
            " where not machine and (%(audience)s::text is null or audience = %(audience)s) order by 1, 2",
            {"audience": audience},
        ).fetchall()
    names = ("audience", "person", "company", "name", "active", "pending", "locked_until", "last_login")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))
        return
    for one in found:
        print(
            "\t".join(str(one[key]) for key in ("audience", "person", "company", "name")),
            _state(one),
            sep="\t",
        )


@app.command(
    help=say(
        "登録コードを新しくする(第二要素とセッションは消える)",
        "A new code; ends sessions and the second factor",
    )
)
def reissue(
    ctx: typer.Context, audience: Audience, person: Person, by: By = None, as_json: AsJson = False
) -> None:
    """For somebody who lost theirs and proved who they are."""
    now = datetime.now(UTC)
    with connect(invocation(ctx).installation.open(), application="sekisho account") as conn:
        password = actions.reissue(conn, schema=account_schema(audience), person=person, by=_who(by), now=now)
    _hand_out(person, password, now, as_json=as_json)


@app.command(help=say("施錠されたアカウントを開ける", "Open an account that locked itself"))
def unlock(ctx: typer.Context, audience: Audience, person: Person, by: By = None) -> None:
    """After ten failures an account locks itself for an hour."""
    with connect(invocation(ctx).installation.open(), application="sekisho account") as conn:
        actions.unlock_account(
            conn, schema=account_schema(audience), person=person, by=_who(by), now=datetime.now(UTC)
        )
    tell(f"{person} の施錠を解除しました。", f"{person} is unlocked.")


@app.command(help=say("アカウントを終了する", "End an account; its sessions end with their next request"))
def end(ctx: typer.Context, audience: Audience, person: Person, by: By = None) -> None:
    """The permit is ended apart, by a transfer."""
    with connect(invocation(ctx).installation.open(), application="sekisho account") as conn:
        actions.end_account(
            conn, schema=account_schema(audience), person=person, by=_who(by), now=datetime.now(UTC)
        )
    tell(f"{person} のアカウントを終了しました。", f"The account of {person} has ended.")


def _purpose(audience: str, wish: str | None) -> str:
    offered = [purpose.code for purpose in purposes_of(audience)]
    if wish is None and len(offered) == 1:
        return offered[0]
    if wish not in offered:
        names = ", ".join(offered)
        raise WrongUse(f"--purpose に利用目的を指定してください({names})。", f"Name a --purpose ({names}).")
    return wish


def _hand_out(person: str, code: str, now: datetime, *, as_json: bool) -> None:
    until = (now + INITIAL_LASTS).astimezone().isoformat(timespec="minutes")
    if as_json:
        print(json.dumps({"person": person, "code": code, "valid_until": until}))
        return
    print(f"{person}\t{code}")
    tell(
        f"この登録コードは二度と表示できません。本人に直接渡してください。{until} まで、最初のサインインに一度だけ使えます"
        "(そこで自分のパスワードと第二要素を登録します)。",
        f"This code cannot be shown again: hand it over in person. Until {until} it serves for one first sign-in,"
        " at which the person sets a password and a second factor.",
    )


def _state(account: dict[str, Any]) -> str:
    if not account["active"]:
        return say("終了", "ended")
    if account["pending"]:
        return say("未登録", "not enrolled")
    return say("使用中", "in use") if account["locked_until"] is None else say("施錠の記録あり", "was locked")


def _who(by: str | None) -> str:
    return by or getpass.getuser()
