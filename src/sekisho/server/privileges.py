"""Running PostgreSQL for a person who is root, as containers usually are.

PostgreSQL refuses to run as uid 0. Three ways, the first that works:

- *plain*: we are not root.
- *namespace*: a user namespace in which root looks like an unprivileged account. The server has none of
  root's capabilities, and its files stay root's outside: the home can be copied and removed as any other.
- *dropped*: where namespaces are forbidden (Docker's default profile), the server runs as `postgres` or
  `nobody`. That account cannot enter root's directories: the cluster, and a copy of the programs, go to
  /var/lib/sekisho.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sekisho.kernel.errors import EnvironmentFault
from sekisho.server.binaries import Binaries
from sekisho.settings.home import Home

SHARED = Path("/var/lib/sekisho")
# Nothing of the caller's environment: PGDATA, PGPORT or LD_PRELOAD must not reach the server.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class UnableToDropPrivileges(EnvironmentFault):
    """PostgreSQL cannot be run as anything but root here."""


class Runner(Protocol):
    """How, where and as whom PostgreSQL's programs run."""

    @property
    def enters_home(self) -> bool:
        """Can the server's account enter the home directory?"""

    def place(self, home: Home) -> Path:
        """Return the directory that holds the cluster, created and owned rightly."""

    def log_directory(self, home: Home) -> Path:
        """Return a directory that the server may write its log to."""

    def programs(self, binaries: Binaries) -> Binaries:
        """Return programs that the server's account can execute."""

    def own(self, path: Path) -> None:
        """Hand a file or directory over to the server's account."""

    def run(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a program to its end, in a session of its own, with its output captured."""


@dataclass(frozen=True)
class Plain:
    """As the person who calls."""

    enters_home: bool = True

    def place(self, home: Home) -> Path:
        home.postgres.mkdir(mode=0o700, exist_ok=True)
        return home.postgres

    def log_directory(self, home: Home) -> Path:
        return home.log

    def programs(self, binaries: Binaries) -> Binaries:
        return binaries

    def own(self, path: Path) -> None:
        """Nothing to do: it is the caller's already."""

    def run(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        return _run(argv)


@dataclass(frozen=True)
class Namespace(Plain):
    """Root outside, `account` inside a user namespace."""

    account: pwd.struct_passwd = field(default_factory=lambda: _unprivileged("nobody"))

    def run(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        return _run([*self._unshare(), *argv])

    def works(self) -> bool:
        """Try it: kernels, containers and security modules forbid namespaces in many ways."""
        try:
            return _run([*self._unshare(), "true"]).returncode == 0
        except FileNotFoundError:
            return False

    def _unshare(self) -> list[str]:
        uid, gid = self.account.pw_uid, self.account.pw_gid
        return ["unshare", "--user", f"--map-user={uid}", f"--map-group={gid}", "--"]


@dataclass(frozen=True)
class Dropped:
    """As an unprivileged account, with everything it needs under `shared`."""

    account: pwd.struct_passwd = field(default_factory=lambda: _unprivileged("postgres", "nobody"))
    shared: Path = SHARED
    enters_home: bool = False

    def place(self, home: Home) -> Path:
        mark = hashlib.sha256(str(home.root).encode()).hexdigest()[:8]
        place = self.shared / f"{home.root.name}-{mark}"
        self._make(self.shared, mode=0o755)
        self._make(place, mode=0o700)
        self.own(place)
        if not home.postgres.exists():
            home.postgres.symlink_to(place)
            print(f"PostgreSQL のデータ / PostgreSQL's data: {place}", file=sys.stderr)
        if home.postgres.resolve() != place.resolve():
            raise UnableToDropPrivileges(
                f"{home.postgres} は別の権限で作られたため、利用者 {self.account.pw_name} では使えません。",
                f"{home.postgres} was made with other privileges; {self.account.pw_name} cannot use it.",
            )
        return place

    def log_directory(self, home: Home) -> Path:
        directory = self.place(home) / "log"
        self._make(directory, mode=0o700)
        self.own(directory)
        return directory

    def programs(self, binaries: Binaries) -> Binaries:
        if self._executes(binaries):
            return binaries
        major, minor = binaries.version()
        target = self.shared / f"postgresql-{major}.{minor}"
        if not target.exists():
            self._copy(binaries, target)
        copied = Binaries(target / binaries.root.parent.name / binaries.root.name)
        if not self._executes(copied):
            raise self._impossible(f"{copied.root}: not executable for {self.account.pw_name}")
        return copied

    def own(self, path: Path) -> None:
        os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def run(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        return _run(argv, account=self.account)

    def _executes(self, binaries: Binaries) -> bool:
        try:
            return self.run([binaries.program("postgres"), "--version"]).returncode == 0
        except OSError:
            return False

    def _copy(self, binaries: Binaries, target: Path) -> None:
        # The programs find their libraries relative to themselves, beside the package: copy both.
        package = binaries.root.parent
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.is_dir():
                shutil.copytree(source, draft / source.name, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        draft.rename(target)

    def _make(self, path: Path, *, mode: int) -> None:
        try:
            path.mkdir(mode=mode, parents=True, exist_ok=True)
        except OSError as fault:
            raise self._impossible(f"{path}: {fault.strerror}") from fault

    def _impossible(self, reason: str) -> UnableToDropPrivileges:
        return UnableToDropPrivileges(
            "PostgreSQL は root では動かず、この環境ではユーザー名前空間も"
            f"権限の低い利用者への切替えも使えません({reason})。"
            "root 以外の利用者で実行するか、--database-url で既存のサーバーを指定してください。",
            "PostgreSQL does not run as root, and neither a user namespace nor an unprivileged account can "
            f"be used here ({reason}). Run as another user, or name a server with --database-url.",
        )


def choose() -> Runner:
    """Return the first way that works on this machine."""
    if os.geteuid() != 0:
        return Plain()
    namespace = Namespace()
    return namespace if namespace.works() else Dropped()


def _run(argv: list[str], *, account: pwd.struct_passwd | None = None) -> subprocess.CompletedProcess[str]:
    # A session of its own keeps the terminal's Ctrl-C from reaching the server; "/" is a directory that every
    # account may stand in.
    return subprocess.run(
        argv,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env=_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [account.pw_gid],
        umask=0o077,
    )


def _unprivileged(*names: str) -> pwd.struct_passwd:
    for name in names:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    others = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not others:
        raise UnableToDropPrivileges(
            "root 以外の利用者が /etc/passwd にありません。PostgreSQL は root では動きません。",
            "There is no account but root in /etc/passwd, and PostgreSQL does not run as root.",
        )
    return others[0]
