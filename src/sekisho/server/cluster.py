"""Making a cluster: `initdb` as a production server would want it, whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sekisho.kernel.errors import EnvironmentFault
from sekisho.server import configuration
from sekisho.server.binaries import Binaries
from sekisho.server.privileges import Runner
from sekisho.settings.home import Home

SUPERUSER_SECRET: Final = "superuser.pgpass"  # noqa: S105 - the name of a file
_PASSWORD_BYTES = 32


class UnableToStartServer(EnvironmentFault):
    """PostgreSQL did not come up; the message says why and names the log."""


def initialise(*, home: Home, runner: Runner, binaries: Binaries, durable: bool) -> None:
    """Make the cluster of `home` unless it is there; a kill leaves a draft, never half a cluster."""
    place = runner.place(home)
    for remains in place.glob("data.new.*"):
        _remove(remains)
    if (place / "data").exists():
        return
    draft = Path(tempfile.mkdtemp(prefix="data.new.", dir=place))
    runner.own(draft)
    with _password_file(home, runner, draft) as password_file:
        _initdb(runner, binaries, _options(draft, password_file), durable=durable)
    (draft / "pg_hba.conf").write_text(configuration.HOST_RULES, encoding="ascii")
    with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(f"\ninclude '{configuration.FILE_NAME}'\n")
    draft.rename(place / "data")


def refuse_other_major(*, data: Path, binaries: Binaries) -> None:
    """Raise `UnableToStartServer` when the data are of another major version than the programs."""
    there = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    ours = str(binaries.version()[0])
    if there != ours:
        raise UnableToStartServer(
            f"{data} は PostgreSQL {there} のデータですが、同梱のプログラムは {ours} です。"
            "pg_upgrade で移行してください。",
            f"{data} is of PostgreSQL {there} and the programs are of {ours}. Move it with pg_upgrade.",
        )


def _initdb(runner: Runner, binaries: Binaries, options: dict[str, str], *, durable: bool) -> None:
    flags = ["--data-checksums", "--no-instructions", *([] if durable else ["--no-sync"])]
    arguments = [f"--{name}={value}" for name, value in options.items()]
    done = runner.run([binaries.program("initdb"), *arguments, *flags])
    if done.returncode != 0:
        raise UnableToStartServer(
            f"データベースの初期化(initdb)に失敗しました: {done.stderr.strip()}",
            f"The database cluster cannot be made (initdb): {done.stderr.strip()}",
        )


def _options(draft: Path, password_file: Path) -> dict[str, str]:
    return {
        "pgdata": str(draft),
        "username": configuration.SUPERUSER,
        "pwfile": str(password_file),
        "auth": "scram-sha-256",
        "encoding": "UTF8",
        "locale": "C",
        "locale-provider": "builtin",
        "builtin-locale": "C.UTF-8",
    }


@contextmanager
def _password_file(home: Home, runner: Runner, draft: Path) -> Iterator[Path]:
    """The superuser's password as initdb wants it, for as long as initdb runs."""
    line = home.ensure_secret(name=SUPERUSER_SECRET, make=_password_line)
    path = draft.with_name(f"{draft.name}.password")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(line.rpartition(":")[2])
        runner.own(path)
        yield path
    finally:
        path.unlink()


def _password_line() -> str:
    return f"*:*:*:{configuration.SUPERUSER}:{secrets.token_urlsafe(_PASSWORD_BYTES)}\n"


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
