"""`sekisho export`: writes the registry's tables as the files that `import` reads."""

from __future__ import annotations

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import WrongUse
from sekisho.registry.exporting import export_kind
from sekisho.registry.files import ENCODINGS, KINDS, SCHEMA_VERSION, Encoding, kind_named
from sekisho.settings.deploy import worker_conninfo
from sekisho.surfaces.cli.import_ import bar
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.speech import say, tell

app = typer.Typer()


def chosen_encoding(name: str) -> Encoding:
    """The form of this name; raise `WrongUse` listing the forms there are."""
    if name not in ENCODINGS:
        listed = ", ".join(ENCODINGS)
        raise WrongUse(
            f"文字コード {name} はありません({listed})。", f"There is no encoding {name} ({listed})."
        )
    return cast(Encoding, name)


@app.command(
    name="export",
    help=say("ファイルへ書き出す(種類を省くと全部)", "Write files out; all kinds if none is named"),
)
def export_command(
    ctx: typer.Context,
    kinds: Annotated[list[str] | None, typer.Argument(help=say("ファイルの種類", "Kinds of file"))] = None,
    directory: Annotated[Path, typer.Option("--dir", help=say("書き出す場所", "Where to"))] = Path(),
    encoding: Annotated[str, typer.Option(help="utf-8, utf-8-sig (Excel), cp932")] = "utf-8",
    by: Annotated[str | None, typer.Option(help=say("実施者", "Who exports"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))] = False,
) -> None:
    """Export the registry; usage has a command of its own (`usage export`)."""
    call, form = invocation(ctx), chosen_encoding(encoding)
    wanted = [kind_named(kind).code for kind in kinds or KINDS if kind != "usage"]
    written: list[dict[str, object]] = []
    with connect(worker_conninfo(call.installation, call.home), application="sekisho export") as conn:
        for kind in wanted:
            path = directory / f"{kind}.v{SCHEMA_VERSION}.csv"
            with bar(path.name) as report:
                now = datetime.now(UTC)
                rows = export_kind(
                    conn, kind, path, encoding=form, by=by or getpass.getuser(), now=now, progress=report
                )
            written.append({"kind": kind, "file": str(path), "rows": rows})
            tell(f"{path}: {rows:,}行", f"{path}: {rows:,} rows")
    if as_json:
        print(json.dumps({"schema_version": SCHEMA_VERSION, "files": written}, ensure_ascii=False))
