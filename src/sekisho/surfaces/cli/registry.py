"""`sekisho registry …`: corrections of the past by two people, and what was believed at an earlier moment."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.registry import actions
from sekisho.registry.history import TABLES, as_of
from sekisho.registry.payloads import CHANGE_KINDS
from sekisho.settings.deploy import worker_conninfo
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer(no_args_is_help=True)

By = Annotated[str | None, typer.Option(help=say("実施者", "Who does it"))]
Number = Annotated[str, typer.Argument(help=say("訂正番号", "Number of the correction"))]


@app.command(help=say("訂正を起案する", "Draft a correction") + ": " + ", ".join(CHANGE_KINDS))
def draft(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help=", ".join(CHANGE_KINDS))],
    payload: Annotated[str, typer.Argument(help=say("内容(JSON、または @ファイル)", "JSON, or @file"))],
    reason: Annotated[str, typer.Option(help=say("理由", "Reason"))],
    by: By = None,
) -> None:
    """Print the number under which somebody else approves it."""
    content = _json(payload)
    with _connection(ctx) as conn:
        print(actions.draft_change(conn, kind=kind, payload=content, reason=reason, by=_who(by), now=_now()))


@app.command(help=say("訂正を承認して反映する(起案者以外)", "Approve and apply, not by the drafter"))
def approve(ctx: typer.Context, number: Number, by: By = None) -> None:
    """Apply a draft."""
    with _connection(ctx) as conn:
        outcome = actions.approve_change(conn, change_no=number, by=_who(by), now=_now())
    tell(
        f"{number} を反映しました(30分電力量: 付替え {outcome.usage_reassigned}日、契約外 {outcome.usage_removed}日)",
        f"{number} applied (usage days reassigned {outcome.usage_reassigned}, removed {outcome.usage_removed})",
    )


@app.command(help=say("訂正を差し戻す(起案者以外)", "Reject a draft, not by the drafter"))
def reject(
    ctx: typer.Context,
    number: Number,
    note: Annotated[str, typer.Option(help=say("理由", "Reason"))],
    by: By = None,
) -> None:
    """Refuse a draft with a note."""
    with _connection(ctx) as conn:
        actions.reject_change(conn, change_no=number, note=note, by=_who(by), now=_now())


@app.command(help=say("自分の起案を取り下げる", "Withdraw one's own draft"))
def withdraw(ctx: typer.Context, number: Number, by: By = None) -> None:
    """Take a draft back."""
    with _connection(ctx) as conn:
        actions.withdraw_change(conn, change_no=number, by=_who(by), now=_now())


@app.command(
    help=say("ある時点で登録されていた内容", "What was registered at a moment") + ": " + ", ".join(TABLES)
)
def history(
    ctx: typer.Context,
    table: Annotated[str, typer.Argument(help=", ".join(TABLES))],
    point: Annotated[str, typer.Argument(help=say("供給地点特定番号", "Supply point"))],
    at: Annotated[str, typer.Option(help=say("記録時点(2026-11-22T10:00+09:00)", "Record time"))],
) -> None:
    """Print the rows as JSON."""
    if table not in TABLES:
        raise WrongUse(f"表 {table} はありません。", f"There is no table {table}.")
    with _connection(ctx) as conn:
        rows = as_of(conn, table=table, point=point, at=_moment(at))
    print(json.dumps(rows, ensure_ascii=False, default=str))


def _connection(ctx: typer.Context) -> Any:
    call = invocation(ctx)
    return connect(worker_conninfo(call.installation, call.home), application="sekisho registry")


def _json(text: str) -> dict[str, Any]:
    try:
        content = json.loads(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
    except ValueError as fault:
        raise WrongUse(f"内容が JSON ではありません({fault})。", f"This is no JSON ({fault}).") from fault
    if not isinstance(content, dict):
        raise WrongUse("内容は JSON のオブジェクトです。", "A JSON object is needed.")
    return content


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as fault:
        raise WrongUse(f"{text} は時点ではありません。", f"{text} is no moment.") from fault


def _who(by: str | None) -> str:
    return by or getpass.getuser()


def _now() -> datetime:
    return datetime.now(UTC)
