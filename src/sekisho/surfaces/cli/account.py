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
from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.settings.administration import ACCOUNT_SCHEMA, account_schema, check_company, checked_name
from sekisho.settings.founding import Founder, found_security
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
    "first-security",
    help=say(
        "情報セキュリティの最初の二人に、アカウントと権限を与える(一度だけ)。登録コードを一度だけ表示する",
        "Accounts and permits for the first two people of information security, once; prints their codes once",
    ),
)
def first_security(
    ctx: typer.Context,
    person: Annotated[
        list[str],
        typer.Option(
            metavar="USER=NAME", help=say("利用者名=氏名(二人分)", "User name=name as shown; twice")
        ),
    ],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Works as long as there has never been a permit for security."""
    people, now = [_founder(words) for words in person], datetime.now(UTC)
    with connect(invocation(ctx).installation.open(), application="sekisho account") as conn:
        codes = found_security(conn, people, by=_who(by), os_user=getpass.getuser(), now=now)
    if as_json:
        until = (now + INITIAL_LASTS).astimezone().isoformat(timespec="minutes")
        print(
            json.dumps([{"person": one, "code": code, "valid_until": until} for one, code in codes.items()])
        )
        return
    for one, code in codes.items():
        print(f"{one}\t{code}")
    _explain(now)


def _founder(words: str) -> Founder:
    person, equals, name = words.partition("=")
    if not (equals and name.strip()):
        raise WrongUse(
            f"--person は「利用者名=氏名」です: {words!r}", f"--person is USER=NAME, not {words!r}"
        )
    return Founder(person.strip(), name.strip())


@app.command(
    help=say(
        "アカウントを開き、登録コードを一度だけ表示する(権限は画面で起案し、別の人が承認する)",
        "Open an account; prints its code once. Its permit is drafted and approved on the pages",
    )
)
def create(
    ctx: typer.Context,
    audience: Audience,
    person: Person,
    name: Annotated[str, typer.Option(help=say("氏名", "Name as shown"))],
    company: Annotated[str, typer.Option(help=say("所属コード", "Company code"))] = "TD",
    department: str = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """The account alone: by itself it sees nothing."""
    schema, who, now = account_schema(audience), _who(by), datetime.now(UTC)
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


def _hand_out(person: str, code: str, now: datetime, *, as_json: bool) -> None:
    until = (now + INITIAL_LASTS).astimezone().isoformat(timespec="minutes")
    if as_json:
        print(json.dumps({"person": person, "code": code, "valid_until": until}))
        return
    print(f"{person}\t{code}")
    _explain(now)


def _explain(now: datetime) -> None:
    until = (now + INITIAL_LASTS).astimezone().isoformat(timespec="minutes")
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
