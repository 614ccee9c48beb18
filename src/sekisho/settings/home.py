"""The home directory of one installation: where its server, archive, files, logs and secrets live.

Several installations stand side by side by having different homes. Nothing outside the home is written, save
where the operating system forces it (see `sekisho.server.privileges`).

    secrets/   0700  one file of 0600 per secret; a directory per audience: a process gets its own
    log/             what processes say; never a customer's data
    archive/         encrypted columns of closed months
    files/           what came in and what goes out
    environment      what this installation is for: production (no such file), training, demo, test
    run/       0700  locks, ports, sockets: may be deleted while nothing runs
    postgres/        the embedded server's cluster
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sekisho.kernel.errors import EnvironmentFault

_SECRET_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)?")
_PRIVATE_DIRECTORIES = ("secrets", "run")
_DIRECTORIES = ("log", "archive", "files")
PRODUCTION = "production"
_CHECKOUT = Path(__file__).resolve().parents[3]


class UnableToUseHome(EnvironmentFault):
    """The home directory cannot be created or written."""


class UnableToReadSecret(EnvironmentFault):
    """A secret is missing, or others than its owner can read it."""


@dataclass(frozen=True)
class Home:
    """One installation's directory. The path is absolute; `prepare` creates what is missing."""

    root: Path

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def postgres(self) -> Path:
        return self.root / "postgres"

    def prepare(self) -> Home:
        """Create the directories; raise `UnableToUseHome` naming the path that stands in the way."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in _DIRECTORIES:
                (self.root / name).mkdir(mode=0o700, exist_ok=True)
            for name in _PRIVATE_DIRECTORIES:
                private_directory(path=self.root / name)
        except OSError as fault:
            raise UnableToUseHome(
                f"ホームディレクトリ {self.root} を用意できません({fault.strerror})。"
                "--home で書き込める場所を指定してください。",
                f"The home directory {self.root} cannot be prepared ({fault.strerror}). "
                "Name a writable place with --home.",
            ) from fault
        return self

    def environment(self) -> str:
        """Return what this installation is for, as every page's band says: production unless it was named otherwise."""
        try:
            return (self.root / "environment").read_text(encoding="ascii").strip() or PRODUCTION
        except FileNotFoundError:
            return PRODUCTION

    def name_environment(self, name: str) -> None:
        """Remember what this installation is for: production, training, demo, test."""
        (self.root / "environment").write_text(f"{name}\n", encoding="ascii")

    def secret_path(self, *, name: str) -> Path:
        """Where the secret `name` lies: `word`, or `audience/word`."""
        if not _SECRET_NAME.fullmatch(name):
            raise ValueError(f"not a secret's name: {name!r}")
        return self.secrets / name

    def read_secret(self, *, name: str) -> str:
        """Return a secret; raise `UnableToReadSecret` when it is missing or readable by others."""
        path = self.secret_path(name=name)
        try:
            _refuse_loose_permissions(path)
            return path.read_text(encoding="utf-8")
        except OSError as fault:
            raise UnableToReadSecret(
                f"秘密情報 {path} を読めません({fault.strerror})。",
                f"The secret {path} cannot be read ({fault.strerror}).",
            ) from fault

    def write_secret(self, *, name: str, value: str) -> Path:
        """Write or replace a secret as a file of mode 0600: whole or not at all, also through a power cut."""
        path = self.secret_path(name=name)
        draft = self._write_draft(path, value)
        draft.replace(path)
        _sync_directory(path.parent)
        return path

    def ensure_secret(self, *, name: str, make: Callable[[], str]) -> str:
        """Return a secret, made once by `make`; of two processes making it at once, the first counts."""
        path = self.secret_path(name=name)
        if not path.exists():
            draft = self._write_draft(path, make())
            try:
                # A link, unlike a rename, fails when the name is taken.
                path.hardlink_to(draft)
                _sync_directory(path.parent)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return self.read_secret(name=name)

    def _write_draft(self, path: Path, value: str) -> Path:
        private_directory(path=self.secrets)
        private_directory(path=path.parent)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        return draft


def home_from(*, option: Path | None, environ: Mapping[str, str], checkout: Path = _CHECKOUT) -> Home:
    """Choose the home: `--home`, SEKISHO_HOME, `home` in a checkout, or the user's data directory."""
    named = option or (Path(environ["SEKISHO_HOME"]) if environ.get("SEKISHO_HOME") else None)
    if named is not None:
        return Home(named.expanduser().absolute())
    if (checkout / "pyproject.toml").is_file():
        return Home(checkout / "home")
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Home((Path(data) / "sekisho").expanduser().absolute())


def private_directory(*, path: Path) -> Path:
    """Create a directory that only its owner may enter, tightening it where it is loose."""
    path.mkdir(mode=0o700, exist_ok=True)
    if stat.S_IMODE(path.stat().st_mode) != 0o700:
        path.chmod(0o700)
    return path


def _refuse_loose_permissions(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise UnableToReadSecret(
            f"秘密情報 {path} が他の利用者にも読める設定です(モード {mode:04o})。chmod 600 としてください。",
            f"The secret {path} is open to others (mode {mode:04o}). Set it with chmod 600.",
        )


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
