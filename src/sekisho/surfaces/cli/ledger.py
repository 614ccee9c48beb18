"""`sekisho ledger`: the passage log sealed, proved, verified, witnessed."""

from __future__ import annotations

import getpass
import json
import os
import re
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.barrier.connect import connect
from sekisho.kernel.errors import REFUSED, WrongUse
from sekisho.ledger.announcements import Announcements
from sekisho.ledger.bundle import Published, Records, published, write_bundle
from sekisho.ledger.notes import (
    COSIGNATURE,
    ML_DSA_44,
    Signer,
    new_signer,
    parse_checkpoint,
    parse_note,
    parse_signer,
    parse_verifier,
)
from sekisho.ledger.place import local_copy
from sekisho.ledger.sequencer import Changer, lag, set_max_lag
from sekisho.ledger.site import Connection, Site
from sekisho.ledger.vectors import PassedOver, run_vectors
from sekisho.ledger.verify import VERIFIER, sekisho_verify
from sekisho.ledger.witness import Witness, server
from sekisho.settings.home import private_directory
from sekisho.surfaces.cli import ledger_scope, ledger_store
from sekisho.surfaces.cli.invocation import invocation
from sekisho.surfaces.cli.logs import write_json_lines
from sekisho.surfaces.cli.speech import language, say, tell

app = typer.Typer(no_args_is_help=True, help=say("閲覧ログの確定・証明・検証", "The passage log"))
AsJson = Annotated[bool, typer.Option("--json", help=say("JSON で出力", "Print JSON"))]
Seconds = Annotated[
    float | None,
    typer.Option(
        help=say("この秒数を超えて遅れたら閲覧を拒む(0 で解除)", "Gates refuse beyond this lag; 0: never")
    ),
]

SHORTEST_MAX_LAG = timedelta(seconds=5)
"""The seal is stamped about once a second: below this, gates would refuse and answer by turns."""

app.add_typer(ledger_scope.app, name="scope")
app.command(name="store", help=ledger_store.HELP)(ledger_store.store)


@app.command(help=say("未確定の閲覧記録をログに入れ、署名する", "Seal what is not yet in the log, and sign"))
def checkpoint(
    ctx: typer.Context,
    follow: Annotated[bool, typer.Option(help=say("止めるまで続ける", "Go on until stopped"))] = False,
    max_lag: Seconds = None,
    quorum: Annotated[int | None, typer.Option(help=say("必要な証人の数", "Witnesses needed"))] = None,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help=say("--follow: 計測と状態を返す所", "With --follow: /metrics and /readyz"),
        ),
    ] = None,
    reconcile: Annotated[
        bool,
        typer.Option(
            help=say("全件を調べ、漏れがないか確かめる", "Look through all passages for any left out")
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    conninfo, site = _conninfo(ctx), _site(ctx)
    if max_lag is not None:
        with connect(conninfo) as connection:
            set_max_lag(
                connection=connection,
                max_lag=timedelta(seconds=max_lag) if max_lag > 0 else None,
                changer=Changer(os_user=_user(), by=_user(), reason="ledger checkpoint --max-lag"),
            )
    if follow:
        return _follow(site, conninfo, quorum, None if listen is None else _address(listen))
    with connect(conninfo) as writing, connect(conninfo) as listening:
        announcements = Announcements(connection=listening)
        announcements.ensure_slot()
        recovered = announcements.collect().recovered
        sequencer = site.sequencer(connection=writing, quorum=quorum)
        sequenced = sequencer.reconcile() if reconcile else sequencer.drain()
        found = _status(site, writing) | {"sequenced": sequenced, "recovered": recovered}
    _show(found, as_json=as_json)
    return None


@app.command(name="lag", help=say("遅れ(警報なら終了コード 1)", "The lag; exit code 1 on alarm"))
def show_lag(ctx: typer.Context, as_json: AsJson = False) -> None:
    with connect(_conninfo(ctx)) as connection:
        found = _status(_site(ctx), connection)
    _show(found, as_json=as_json)
    raise typer.Exit(REFUSED if found["alarm"] else 0)


@app.command(
    name="max-lag",
    help=say(
        "閲覧を拒み始める遅れを示す・決める(60s、5m、off)。変更は実施者と理由とともに記録に残る",
        "Show or set the lag beyond which gates refuse (60s, 5m, off); a change stays on record with who and why",
    ),
)
def max_lag(
    ctx: typer.Context,
    wish: Annotated[str | None, typer.Argument(metavar="[60s|off]")] = None,
    by: Annotated[str, typer.Option(help=say("決めた人(変更のとき必須)", "Who decided; needed to set"))] = "",
    reason: Annotated[str, typer.Option(help=say("理由(変更のとき必須)", "Why; needed to set"))] = "",
    as_json: AsJson = False,
) -> None:
    span = None if wish is None else _span_of_time(wish)
    if wish is not None and not (by.strip() and reason.strip()):
        raise WrongUse(
            "--by(決めた人)と --reason(理由)を付けてください。変更とともに記録に残ります。",
            "Name --by (who decided) and --reason: they stay on record with the change.",
        )
    with connect(_conninfo(ctx)) as connection:
        if wish is not None:
            changer = Changer(os_user=_user(), by=by.strip(), reason=reason.strip())
            set_max_lag(connection=connection, max_lag=span, changer=changer)
        found = _status(_site(ctx), connection)
    shown = {name: found[name] for name in ("max_lag_seconds", "lag_seconds", "open", "alarm")}
    _show(shown, as_json=as_json)


@app.command(help=say("ログの公開鍵を示す", "Show the log's public keys"))
def keys(
    ctx: typer.Context,
    origin: Annotated[
        str | None, typer.Option(help=say("ログの名前(最初の一度)", "The log's name, once"))
    ] = None,
    ml_dsa: Annotated[
        bool, typer.Option("--ml-dsa", help=say("ML-DSA-44 でも署名する", "Sign with ML-DSA-44 too"))
    ] = False,
    as_json: AsJson = False,
) -> None:
    site = _site(ctx)
    site.home.prepare()
    if origin is not None:
        site.name_log(origin=origin)
    if ml_dsa:
        site.add_ml_dsa()
    found = [str(signer.verifier) for signer in site.signers()]
    print(json.dumps({"keys": found}) if as_json else "\n".join(found))


@app.command(help=say("検証者に渡す証明一式を書き出す", "Write the bundle that a verifier is handed"))
def prove(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help=say("書き出すディレクトリか .zip", "Directory or .zip to write"))],
    whole: Annotated[bool, typer.Option("--all", help=say("ログ全体", "The whole log"))] = False,
    span: Annotated[str | None, typer.Option("--range", metavar="FIRST:END")] = None,
    index: Annotated[list[int] | None, typer.Option(help=say("ログの位置", "Places in the log"))] = None,
    passage: Annotated[
        list[int] | None, typer.Option(help=say("閲覧記録の番号", "Numbers of passages"))
    ] = None,
    since: Annotated[
        list[Path] | None, typer.Option(help=say("旧いチェックポイント", "Older checkpoints"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    log = published(store=_site(ctx).store)
    with connect(invocation(ctx).installation.open()) as connection:
        records = Records(connection=connection, log=log)
        kind, (first, end), chosen = _choice(log, records, whole, span, index or [], passage or [])
        found = records.between(first, end) if chosen is None else (records.at(place) for place in chosen)
        older = [_older(path) for path in since or []]
        with _bundle_directory(out) as root:
            count = write_bundle(root=root, log=log, records=found, kind=kind, span=(first, end), older=older)
    _show({"bundle": str(out), "kind": kind, "passages": count, "size": log.head.size}, as_json=as_json)


@app.command(
    help=say(
        "証明一式を検証する(既定はこの導入のログを自身の鍵で)",
        "Verify a bundle; without one, this installation's log by its own key",
    )
)
def verify(
    ctx: typer.Context,
    bundle: Annotated[Path | None, typer.Argument()] = None,
    log_key: Annotated[list[str] | None, typer.Option(metavar="VKEY")] = None,
    witness_key: Annotated[list[str] | None, typer.Option(metavar="VKEY")] = None,
    quorum: Annotated[int | None, typer.Option(help=say("必要な連署の数", "Cosignatures needed"))] = None,
    previous: Annotated[
        Path | None, typer.Option(help=say("前回のチェックポイント", "Last time's checkpoint"))
    ] = None,
    expect: Annotated[str, typer.Option(metavar="KIND", help="whole, log, FIRST:END, any")] = "any",
    copy_to: Annotated[
        Path | None, typer.Option(help=say("検証器だけを書き出す", "Only copy the verifier out"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    if copy_to is not None:
        shutil.copyfile(VERIFIER, copy_to)
        tell(f"検証器を {copy_to} に書き出しました。", f"The verifier is in {copy_to}.")
        return
    site = _site(ctx)
    words = ["--expect", expect, "--lang", language(), *(["--json"] if as_json else [])]
    for option, vkeys in {"--log-key": log_key or _own_key(site), "--witness-key": witness_key or []}.items():
        words += [word for vkey in vkeys for word in (option, vkey)]
    for option, value in {"--quorum": quorum, "--previous": previous}.items():
        words += [] if value is None else [option, str(value)]
    with nullcontext(bundle) if bundle is not None else local_copy(site.store) as what:
        code = sekisho_verify.main([str(what), *words])
    raise typer.Exit(code)


@app.command(help=say("証人として他者のログに連署する", "Cosign another's log as a witness"))
def witness(
    state: Annotated[Path, typer.Option(help=say("鍵と記憶を置く場所", "Where key and memory lie"))],
    name: Annotated[
        str | None, typer.Option(help=say("証人の名前(最初の一度)", "The witness's name, once"))
    ] = None,
    log: Annotated[
        list[str] | None, typer.Option(metavar="VKEY", help=say("ログの公開鍵", "A log's key"))
    ] = None,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT")] = "127.0.0.1:8770",
    ml_dsa: Annotated[
        bool, typer.Option("--ml-dsa", help=say("ML-DSA-44 でも", "Also with ML-DSA-44"))
    ] = False,
) -> None:
    signers = _witness_keys(state, name, ml_dsa=ml_dsa)
    for signer in signers:
        print(signer.verifier, flush=True)
    if not log:
        tell("--log で鍵を指定すると受付けを始めます。", "Name a log's key with --log to start serving.")
        return
    logs = [parse_verifier(vkey) for vkey in log]
    _serve(Witness(state=state / "witness.sqlite", signers=signers, logs=logs, clock=time.time), listen)


@app.command(help=say("第三者の試験ベクトルを実行する", "Run test vectors that others wrote"))
def vectors(
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False)],
    log_key: Annotated[str | None, typer.Option(metavar="VKEY")] = None,
    as_json: AsJson = False,
) -> None:
    key = None if log_key is None else parse_verifier(log_key)
    outcomes = list(run_vectors(folder=folder, log_key=key))
    run = [outcome for outcome in outcomes if not isinstance(outcome, PassedOver)]
    wrong = [str(outcome.path) for outcome in run if not outcome.agrees]
    found = {
        "run": len(run),
        "rejected": sum(not outcome.must_hold for outcome in run),
        "passed_over": len(outcomes) - len(run),
        "wrong": wrong,
    }
    _show(found, as_json=as_json)
    raise typer.Exit(REFUSED if wrong else 0)


def _user() -> str:
    """The operating system's user."""
    return getpass.getuser()


def _site(ctx: typer.Context) -> Site:
    return Site(home=invocation(ctx).home, random=secrets.token_bytes, clock=time.time)


def _own_key(site: Site) -> list[str]:
    tell("このログ自身の鍵で検証します。", "Verifying by this log's own key.")
    return [str(site.signers()[0].verifier)]


def _status(site: Site, connection: Connection) -> dict[str, Any]:
    found = lag(connection=connection)
    return {
        "origin": site.signers()[0].name,
        "size": found.size,
        "published": found.published,
        "lag_seconds": None if found.behind is None else round(found.behind.total_seconds(), 3),
        "max_lag_seconds": None if found.max_lag is None else found.max_lag.total_seconds(),
        "open": found.open,
        "alarm": found.alarm,
    }


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("\n".join(f"{name}: {value}" for name, value in found.items()))


def _follow(site: Site, conninfo: str, quorum: int | None, listen: tuple[str, int] | None) -> None:
    from sekisho.settings.sequencer import SequencerProcess

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    write_json_lines("sequencer")
    tell("閲覧ログの確定を始めました。", "Sealing the passage log.")
    SequencerProcess(conninfo, site, stop, quorum=quorum, listen=listen).run()


def _conninfo(ctx: typer.Context) -> str:
    """The sequencer's own login where the installation has one; the owner otherwise."""
    from sekisho.settings.deploy import sequencer_conninfo
    from sekisho.settings.obligations import SEQUENCER

    call = invocation(ctx)
    if call.home.secret_path(name=f"logins/{SEQUENCER}").exists():
        return sequencer_conninfo(call.installation, call.home)
    return call.installation.open()


def _span_of_time(text: str) -> timedelta | None:
    if text == "off":
        return None
    found = re.fullmatch(r"([0-9]{1,6})(s|m|h|)", text)
    span = timedelta(seconds=int(found[1]) * {"m": 60, "h": 3600}.get(found[2], 1)) if found else timedelta()
    if span < SHORTEST_MAX_LAG:
        raise WrongUse(
            f"遅れの上限は 60s、5m、1h のように(最短 5s)、または off です: {text!r}",
            f"The longest lag is 60s, 5m, 1h and the like (5s at least), or off: {text!r}",
        )
    return span


def _choice(
    log: Published, records: Records, whole: bool, span: str | None, index: list[int], passage: list[int]
) -> tuple[str, tuple[int, int], list[int] | None]:
    """Return the bundle's kind, its range, and the chosen places unless it is all of the range."""
    if sum([whole, span is not None, bool(index or passage)]) != 1:
        raise WrongUse(
            "--all、--range、--index / --passage のどれか一つを指定してください。",
            "Name one of --all, --range, or --index and --passage.",
        )
    if whole:
        return "whole", (0, log.head.size), None
    if span is not None:
        return "range", _span(span), None
    places = sorted({*index, *(records.index_of(number) for number in passage)})
    return "selected", (0, log.head.size), places


def _span(text: str) -> tuple[int, int]:
    first, colon, end = text.partition(":")
    if not (colon and first.isdecimal() and end.isdecimal()):
        raise WrongUse(f"--range は 始:終 です: {text!r}", f"--range is FIRST:END, not {text!r}")
    return int(first), int(end)


def _older(path: Path) -> tuple[int, str | None]:
    text = path.read_text(encoding="utf-8")
    return parse_checkpoint(parse_note(text).text).size, text


@contextmanager
def _bundle_directory(out: Path) -> Iterator[Path]:
    """Yield the directory to fill; for a .zip a draft beside it, packed when everything is there."""
    if out.suffix != ".zip":
        yield out
        return
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as draft:
        yield Path(draft) / "bundle"
        packed = shutil.make_archive(str(Path(draft) / "packed"), "zip", Path(draft) / "bundle")
        Path(packed).replace(out)


def _witness_keys(state: Path, name: str | None, *, ml_dsa: bool) -> list[Signer]:
    private_directory(path=state)
    kinds = {"witness.key": COSIGNATURE} | ({"witness-ml-dsa-44.key": ML_DSA_44} if ml_dsa else {})
    return [_witness_key(state / file, name, kind) for file, kind in kinds.items()]


def _witness_key(path: Path, name: str | None, kind: int) -> Signer:
    if path.exists():
        return parse_signer(path.read_text(encoding="utf-8"))
    if name is None:
        raise WrongUse("最初に --name で証人の名前を付けてください。", "Name the witness with --name first.")
    signer = new_signer(name=name, kind=kind, random=secrets.token_bytes)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(signer.private_text + "\n")
    return signer


def _serve(witness: Witness, listen: str) -> None:
    host, port = _address(listen)
    with server(witness=witness, address=(host, port)) as running:
        _stop_on_signal(running.shutdown)
        tell(
            f"証人を {host}:{running.server_address[1]} で開始しました。",
            f"The witness listens on {host}:{running.server_address[1]}.",
        )
        running.serve_forever()


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal():
        raise WrongUse(
            f"--listen は ホスト:ポート です: {listen!r}", f"--listen is HOST:PORT, not {listen!r}"
        )
    return host, int(port)


def _stop_on_signal(shutdown: Callable[[], None]) -> None:
    # `shutdown` waits for the loop that this thread runs: it must be called from another.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: threading.Thread(target=shutdown).start())
