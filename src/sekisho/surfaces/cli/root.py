"""The root of the command line: which commands there are, options for all of them, and how errors end."""

import os
import sys
import traceback
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from sekisho.kernel.errors import EnvironmentFault, SekishoError
from sekisho.settings.home import Home, home_from
from sekisho.surfaces.cli.speech import choose_language, say, tell_error


class Entry(NamedTuple):
    """A command: its module below this package (which holds a Typer `app`) and its help."""

    module: str
    ja: str
    en: str


COMMANDS = {
    "demo": Entry("demo", "デモ環境を作り、画面を開く", "Make the demonstration and serve it"),
    "serve": Entry("serve", "画面・API・ワーカーを動かす", "Run the surfaces and the worker"),
    "db": Entry("db", "データベースの起動・停止・移行", "Start, stop and migrate the database"),
    "import": Entry("import_", "ファイルを取り込む", "Take files in"),
    "export": Entry("export", "ファイルへ書き出す", "Write files out"),
    "usage": Entry("usage", "30分電力量の取込み・書出し", "Half-hourly usage in and out"),
    "registry": Entry("registry", "契約・名義の訂正と履歴", "Corrections of contracts and names, history"),
    "billing": Entry("billing", "託送料金の計算", "Wheeling charges"),
    "switching": Entry("switching", "スイッチング支援", "Switching support"),
    "barrier": Entry("barrier", "情報遮断の一覧・証明・検査", "The barrier: matrix, proof, fuzz"),
    "ledger": Entry("ledger", "閲覧ログの確定・検証・範囲調査", "The passage log: checkpoint, verify, scope"),
    "match": Entry("match", "名寄せ", "Count persons, not contracts"),
    "extract": Entry("extract", "目的を限った抽出", "Purpose-bound extracts"),
    "archive": Entry("archive", "月次締めと保管", "Month close and archive"),
    "backup": Entry("backup", "バックアップと復元訓練", "Backups and restore drills"),
    "media": Entry("media", "外部記憶媒体の管理", "Custody of storage media"),
    "incident": Entry("incident", "漏えい等の範囲・件数・報告", "Scope, count and report an incident"),
    "governance": Entry("governance", "規程・訓練・自主点検", "Rules, training, self-inspection"),
    "account": Entry(
        "account", "利用者アカウント(最初の一人、再発行、終了)", "Accounts: the first ones, reissue, end"
    ),
    "client": Entry("client", "小売電気事業者の API クライアント", "Retailers' API clients"),
    "worker": Entry("worker", "受け付けた処理を実行する", "Carry out what was submitted"),
    "test": Entry("testing", "テスト", "Run the tests"),
    "check": Entry("check", "静的検査(ruff, mypy, import-linter)", "Lint, types and import contracts"),
    "bench": Entry("bench", "性能測定", "Measure"),
}
_GLOBAL_OPTIONS = ("--home", "--database-url", "--lang")


class LazyGroup(TyperGroup):
    """Shows every command that exists, and imports only the one that is called."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, _, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, None, rest
        module = import_module(f"sekisho.surfaces.cli.{COMMANDS[name].module}")
        module.app._add_completion = False  # offered at the root only, if ever
        return name, typer.main.get_command(module.app), rest


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    given = hoist_global_options(sys.argv[1:] if arguments is None else arguments)
    home = _home_for_log(given)
    try:
        choose_language(option=_option(given, "--lang"), environ=os.environ)
        _build()(args=given, prog_name="sekisho")
    except SekishoError as fault:
        _end(fault)
    except BrokenPipeError:
        _end_quietly()
    except Exception as fault:
        _end(_translated(fault) or _unexpected(fault, home))
    sys.exit(0)


def hoist_global_options(arguments: list[str]) -> list[str]:
    """Move `--home`, `--database-url` and `--lang` to the front: they may stand after the command as well."""
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments)
    for word in remaining:
        if word == "--":
            rest += [word, *remaining]
        elif word in _GLOBAL_OPTIONS:
            front += [word, *([value] if (value := next(remaining, None)) is not None else [])]
        elif word.partition("=")[0] in _GLOBAL_OPTIONS:
            front += list(word.partition("=")[::2])
        else:
            rest.append(word)
    return front + rest


def _build() -> Any:
    app = typer.Typer(
        name="sekisho",
        cls=LazyGroup,
        help=say(
            "関所: 情報遮断を証明できる託送業務システム", "Sekisho: the platform behind a proved barrier"
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_options())
    command = typer.main.get_command(app)
    if not isinstance(command, LazyGroup):
        raise TypeError(f"unexpected root command {command!r}")
    for name, entry in COMMANDS.items():
        if find_spec(f"sekisho.surfaces.cli.{entry.module}") is not None:
            command.add_command(TyperCommand(name=name, help=say(entry.ja, entry.en)), name)
    return command


def _options() -> Any:
    # A closure, and no postponed annotations in this module: help texts in the language chosen by now.
    home_help = say(
        "この導入のデータを置くディレクトリ [SEKISHO_HOME]", "Directory of this installation [SEKISHO_HOME]"
    )
    url_help = say(
        "同梱サーバーの代わりに使う PostgreSQL 18 [SEKISHO_DATABASE_URL]",
        "PostgreSQL 18 to use instead of the embedded one [SEKISHO_DATABASE_URL]",
    )
    lang_help = say("言語: ja, en [SEKISHO_LANG]", "Language: ja, en [SEKISHO_LANG]")

    def options(
        ctx: typer.Context,
        home: Annotated[Path | None, typer.Option(help=home_help)] = None,
        database_url: Annotated[str | None, typer.Option(help=url_help)] = None,
        _lang: Annotated[str | None, typer.Option("--lang", help=lang_help)] = None,
    ) -> None:
        from sekisho.surfaces.cli.invocation import Invocation

        url = database_url or os.environ.get("SEKISHO_DATABASE_URL") or None
        ctx.obj = Invocation(home=home_from(option=home, environ=os.environ), database_url=url)

    return options


def _option(arguments: list[str], name: str) -> str | None:
    if name not in arguments:
        return None
    place = arguments.index(name) + 1
    return arguments[place] if place < len(arguments) else None


def _home_for_log(arguments: list[str]) -> Home:
    named = _option(arguments, "--home")
    return home_from(option=Path(named) if named else None, environ=os.environ)


def _end(fault: SekishoError) -> NoReturn:
    tell_error(fault)
    sys.exit(fault.exit_code)


def _end_quietly() -> NoReturn:
    # The reader of our output went away (`| head`): nothing is wrong, but Python would complain at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _translated(fault: Exception) -> SekishoError | None:
    from sekisho.server.faults import translate

    if isinstance(fault, OSError):
        reason = f"{fault.filename or ''}: {fault.strerror or fault}"
        return EnvironmentFault(f"ファイルを扱えません({reason})。", f"A file cannot be handled ({reason}).")
    return translate(fault=fault)


def _unexpected(fault: Exception, home: Home) -> SekishoError:
    if os.environ.get("SEKISHO_DEBUG"):
        traceback.print_exception(fault)
    place = _write_crash(fault, home)
    return EnvironmentFault(
        f"予期しない誤り({type(fault).__name__})です。記録: {place}。SEKISHO_DEBUG=1 で詳細を表示します。",
        f"Unexpected error ({type(fault).__name__}). Recorded in {place}; SEKISHO_DEBUG=1 shows the details.",
    )


def _write_crash(fault: Exception, home: Home) -> Path | str:
    # INVARIANT: the log holds no customer data: where it happened and which kind of error, not its message.
    frames = "".join(traceback.format_tb(fault.__traceback__))
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    path = home.log / "errors.log"
    try:
        home.prepare()
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{now} {type(fault).__qualname__}\n{frames}\n")
    except (OSError, SekishoError):
        return say("(記録できません)", "(could not be written)")
    return path
