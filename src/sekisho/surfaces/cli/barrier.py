"""`sekisho barrier`: who sees what, what is deployed, and the proof that both are the same."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.barrier import matrix as printed
from sekisho.barrier.connect import connect
from sekisho.barrier.items import BY_CODE
from sekisho.kernel.errors import REFUSED, EnvironmentFault, WrongUse
from sekisho.settings.inventory import GATES
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import language, say, tell

app = typer.Typer(
    no_args_is_help=True, help=say("情報遮断の一覧・証明・検査", "The barrier: matrix, proof, fuzz")
)
AsJson = Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))]


class Form(StrEnum):
    """How the matrix is written."""

    terminal = "terminal"
    html = "html"
    csv = "csv"
    markdown = "markdown"
    policy = "policy"


@app.command(
    help=say("誰が、どの目的で、何を、いつ見るか", "Who sees what, for which purpose, at which time")
)
def matrix(
    form: Annotated[Form, typer.Option("--format", help=say("書式", "Form"))] = Form.terminal,
    as_json: AsJson = False,
) -> None:
    if as_json:
        print(json.dumps(printed.as_json(), ensure_ascii=False, indent=1))
        return
    english = language() == "en"
    match form:
        case Form.terminal:
            print(printed.as_terminal(english=english))
        case Form.html:
            print(printed.as_html(english=english))
        case Form.csv:
            sys.stdout.write(printed.as_csv())
        case Form.markdown:
            sys.stdout.write(printed.as_markdown())
        case Form.policy:
            sys.stdout.write(printed.policy_document())


@app.command(help=say("すべてのゲートと、その情報項目", "Every gate with its items"))
def gates(as_json: AsJson = False) -> None:
    entries = printed.inventory(GATES)
    if as_json:
        print(json.dumps([dataclasses.asdict(entry) for entry in entries], ensure_ascii=False, indent=1))
        return
    for entry in entries:
        print(f"{entry.name:58} {say(entry.ja, entry.en)} [{entry.kind}]")
        if entry.items:
            print(f"    {'、'.join(_item(code) for code in entry.items)}")
    tell(f"{len(entries)} 件のゲート", f"{len(entries)} gates")


def _item(code: str) -> str:
    bare, _, masked = code.partition(":")
    return say(BY_CODE[bare].ja, BY_CODE[bare].en) + (say("(伏せ字)", " (masked)") if masked else "")


@app.command(
    help=say(
        "適用で何が変わるか(変わるなら終了コード 1)", "What applying would change; exit code 1 if anything"
    )
)
def plan(ctx: typer.Context, as_json: AsJson = False) -> None:
    from sekisho.barrier import deploy

    with connect(invocation(ctx).installation.open()) as conn:
        difference = deploy.plan(conn, GATES)
    if as_json:
        print(json.dumps(dataclasses.asdict(difference), ensure_ascii=False))
    else:
        signs = (("+", difference.added), ("~", difference.changed), ("-", difference.removed))
        print(
            "\n".join(f"{sign} {name}" for sign, names in signs for name in names)
            or say("変わりません。", "Nothing changes.")
        )
    raise typer.Exit(REFUSED if difference else 0)


@app.command(help=say("編成し直して適用する", "Compile and apply the whole barrier"))
def apply(ctx: typer.Context, as_json: AsJson = False) -> None:
    from sekisho.settings.deploy import build

    conninfo = invocation(ctx).installation.open()
    build(conninfo)
    with connect(conninfo) as conn:
        row = conn.execute("select count(*) from barrier.compiled").fetchone()
    objects = row[0] if row else 0
    if as_json:
        print(json.dumps({"objects": objects}))
    else:
        tell(f"{objects} 件を適用しました。", f"Applied {objects} objects.")


@app.command(
    help=say(
        "動いているデータベースで証明する(成り立たなければ終了コード 1)",
        "Prove the live database; exit code 1 if it does not hold",
    )
)
def prove(
    ctx: typer.Context,
    as_json: AsJson = False,
    keep: Annotated[
        bool, typer.Option(help=say("証明書を保存する", "Keep the certificate in the database"))
    ] = True,
    fuzz_report: Annotated[
        Path | None, typer.Option(help=say("二重実行検査の報告(JSON)", "Report of the two-run fuzz (JSON)"))
    ] = None,
) -> None:
    from sekisho.settings.proving import prove_database

    call = invocation(ctx)
    fuzz = _fuzz_report(
        call.home.files / "barrier-fuzz.json" if fuzz_report is None else fuzz_report,
        named=fuzz_report is not None,
    )
    certificate = prove_database(
        call.installation.open(), now=datetime.now(UTC), fuzz=fuzz, keep=keep, tell=tell
    )
    if as_json:
        print(json.dumps(certificate.body(), ensure_ascii=False, indent=1))
    else:
        print(certificate.text(language=language()))
    raise typer.Exit(0 if certificate.holds else REFUSED)


def _fuzz_report(path: Path, *, named: bool) -> dict[str, Any] | None:
    if not path.exists() and not named:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise WrongUse(f"{path} を読めません: {fault}", f"{path} cannot be read: {fault}") from fault
    if not isinstance(found, dict):
        raise WrongUse(f"{path} は報告ではありません。", f"{path} is no report.")
    return found


@app.command(
    help=say(
        "二重実行検査: 見てはならない所だけが違う世界で、応答が同じか",
        "Two-run fuzz: same answers in worlds that differ only where one may not look",
    ),
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    add_help_option=False,  # the command behind it has the options, and tells them
)
def fuzz(ctx: typer.Context) -> None:
    if find_spec("sekisho.surfaces.cli.barrier_fuzz") is None:
        raise EnvironmentFault("この版には二重実行検査がありません。", "This version has no two-run fuzz.")
    module = import_module("sekisho.surfaces.cli.barrier_fuzz")
    typer.main.get_command(module.app)(
        args=ctx.args, prog_name="sekisho barrier fuzz", obj=ctx.obj, standalone_mode=False
    )
