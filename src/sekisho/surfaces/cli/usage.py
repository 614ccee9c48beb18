"""`sekisho usage import|export`: half-hourly usage as CSV and as the market's files."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.kernel.values import Period
from sekisho.metering.exporting import export_market_days, export_market_month, export_usage
from sekisho.settings.deploy import worker_conninfo
from sekisho.surfaces.cli.export import chosen_encoding
from sekisho.surfaces.cli.import_ import take_in
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer(no_args_is_help=True)


@app.command(name="import", help=say("30分電力量を取り込む", "Take usage in"))
def import_command(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(help=say("CSV、または W4x120 / W5x2x0", "CSV, or W4x120 / W5x2x0"))
    ],
    rejects: Annotated[
        Path | None, typer.Option(help=say("拒否行の CSV を置く場所", "Directory for the refused rows"))
    ] = None,
    by: Annotated[str | None, typer.Option(help=say("実施者", "Who imports"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))] = False,
) -> None:
    """Import usage; a killed import goes on where it stood when called again."""
    take_in(ctx, files, kind="usage", rejects=rejects, by=by, as_json=as_json)


@app.command(name="export", help=say("30分電力量を書き出す", "Write usage out"))
def export_command(
    ctx: typer.Context,
    since: Annotated[str, typer.Option("--from", help=say("最初の日", "First day"))],
    until: Annotated[str, typer.Option("--to", help=say("終わりの翌日", "First day no longer"))],
    target: Annotated[Path, typer.Option("--out", help=say("ファイル、または場所", "File or directory"))],
    form: Annotated[str, typer.Option("--form", help="csv, w4 (W4x120), w5 (W5x2x0)")] = "csv",
    holder: Annotated[str | None, typer.Option(help=say("小売電気事業者コード", "Retailer code"))] = None,
    point: Annotated[str | None, typer.Option(help=say("供給地点特定番号", "Supply point"))] = None,
    encoding: Annotated[str, typer.Option(help="utf-8, utf-8-sig (Excel), cp932")] = "utf-8",
    sender: Annotated[str, typer.Option(help=say("送信者コード", "Sender's code"))] = "90000",
    sender_name: Annotated[str, typer.Option(help=say("送信者名称", "Sender's name"))] = "架空送配電",
    by: Annotated[str | None, typer.Option(help=say("実施者", "Who exports"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))] = False,
) -> None:
    """Export usage of a period; the market's forms are for one retailer and hold its own days only."""
    call, period = invocation(ctx), _period(since, until)
    who, now = by or getpass.getuser(), datetime.now(UTC)
    with connect(worker_conninfo(call.installation, call.home), application="sekisho usage export") as conn:
        if form == "csv":
            rows = export_usage(
                conn, target, period=period, holder=holder, point=point,
                encoding=chosen_encoding(encoding), by=who, now=now,
            )  # fmt: skip
            result: dict[str, object] = {"files": [str(target)], "rows": rows}
        elif holder is None or form not in ("w4", "w5"):
            raise WrongUse("w4・w5 には --holder が必要です。", "The forms w4 and w5 need --holder.")
        elif form == "w4":
            files = export_market_days(
                conn,
                target,
                period=period,
                holder=holder,
                sender=sender,
                sender_name=sender_name,
                by=who,
                now=now,
            )
            result = {"files": [str(path) for path in files]}
        else:
            files = export_market_month(
                conn,
                target,
                first=period.start,
                holder=holder,
                sender=sender,
                sender_name=sender_name,
                by=who,
                now=now,
            )
            result = {"files": [str(path) for path in files]}
    tell(f"書き出しました: {result}", f"Written: {result}")
    if as_json:
        print(json.dumps(result, ensure_ascii=False))


def _period(since: str, until: str) -> Period:
    try:
        return Period(date.fromisoformat(since), date.fromisoformat(until))
    except ValueError as fault:
        raise WrongUse(
            f"--from と --to は 2026-11-01 のような日付で、--to が後です({fault})。",
            f"--from and --to are days as 2026-11-01, --to the later ({fault}).",
        ) from fault
