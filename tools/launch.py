"""Makes the environment that `uv.lock` describes, once, and runs a command in it.

Standard library only: this runs before anything is installed. The first start needs the package index that
pip or uv is configured for; every later one compares a stamp and starts at once, without network.

The lock holds versions and hashes but no index address, so the locked versions are exported as hashed
requirements and installed from whatever index this machine uses.
"""

import configparser
import contextlib
import csv
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = Path(os.environ.get("SEKISHO_ENV") or ROOT / ".venv").absolute()
PYTHON = ENVIRONMENT / "bin" / "python"
UV = ENVIRONMENT / "bin" / "uv"
PINNED_UV = ROOT / "tools" / "uv.txt"
# Written when the bare environment is whole: for which checkout it was made.
PLACE = ENVIRONMENT / "sekisho-place"
# Present while packages are being installed: what a kill leaves behind is looked through, and made anew if a
# file is missing, which is quick, because everything downloaded is in the installer's cache.
UNFINISHED = ENVIRONMENT / "sekisho-unfinished"
DEVELOPERS_COMMANDS = ("test", "check", "bench")
OPTIONS_WITH_VALUE = ("--home", "--database-url", "--lang")
ENVIRONMENT_FAULT = 3
INTERRUPTED = 130


def main() -> NoReturn:
    arguments = sys.argv[1:]
    wanted = "dev" if command_of(arguments) in DEVELOPERS_COMMANDS else "run"
    try:
        if not up_to_date(wanted):
            make(wanted)
    except OSError as fault:
        place = fault.filename or ENVIRONMENT
        fail(
            f"環境を作れません: {place}: {fault.strerror}。"
            "書き込める場所に置くか、SEKISHO_ENV で環境の場所を指定してください。",
            f"the environment cannot be made: {place}: {fault.strerror}. "
            "Put the checkout in a writable place, or name one with SEKISHO_ENV.",
        )
    except KeyboardInterrupt:
        tell(
            "中断しました。再度実行すると続きから進みます。",
            "Interrupted. Start again: it goes on from here.",
        )
        sys.exit(INTERRUPTED)
    run_command(arguments)


def command_of(arguments: list[str]) -> str:
    """The first word that is not an option of all commands."""
    words = iter(arguments)
    for word in words:
        if word in OPTIONS_WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def run_command(arguments: list[str]) -> NoReturn:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    sys.stdout.flush()
    # -P: a file in the current directory must not stand in for a library.
    os.execve(PYTHON, [str(PYTHON), "-P", "-m", "sekisho", *arguments], environ)  # noqa: S606 - no shell wanted


# --- is there anything to do?


def up_to_date(wanted: str) -> bool:
    """Was this lock installed completely, for the wanted set of packages or the larger one?"""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    expected = digest()
    return any(read(stamp(name)) == expected for name in {wanted, "dev"})


def digest() -> str:
    """A fingerprint of everything the environment depends on."""
    files = (ROOT / "uv.lock", ROOT / "pyproject.toml", PINNED_UV)
    parts = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    return " ".join([*parts, sys.version.split()[0], str(ROOT)])


def stamp(wanted: str) -> Path:
    return ENVIRONMENT / f"sekisho-installed-{wanted}"


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


# --- making it


def make(wanted: str) -> None:
    """Make or complete the environment; one process at a time."""
    ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
    with locked(ENVIRONMENT.parent) as lock:
        if not usable():
            make_environment(lock)
        UNFINISHED.unlink(missing_ok=True)
        if up_to_date(wanted):
            return
        if not has_pinned_uv():
            install_uv(lock)
        install_packages(wanted, lock)
        tell("環境の準備が終わりました。", "The environment is ready.")


@contextlib.contextmanager
def locked(directory: Path) -> Iterator[int]:
    """Hold the directory itself as a lock.

    Installers that we start inherit it: if we are killed, the next start waits until they have ended.
    """
    lock = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("別の起動が環境を準備中です。終わるのを待ちます…", "Another start is at it; waiting …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def usable() -> bool:
    """Is there an environment of this Python, in this place, that no kill has left half-made?"""
    made = PYTHON.exists() and site_packages().is_dir() and read(PLACE) == str(ROOT)
    return made and (not UNFINISHED.exists() or intact())


def intact() -> bool:
    """Has every installed package its list of files, and every listed file?

    A package removed to be replaced goes unnoticed, but then the lock has changed, and no stamp fits.
    """
    packages = list(site_packages().glob("*.dist-info"))
    return all((package / "RECORD").exists() and not missing_files(package) for package in packages)


def missing_files(package: Path) -> list[str]:
    with (package / "RECORD").open(encoding="utf-8", newline="") as file:
        listed = [row[0] for row in csv.reader(file) if row]
    # Byte-code is listed by pip but may be swept away by anybody.
    return [name for name in listed if not name.endswith(".pyc") and not (package.parent / name).exists()]


def has_pinned_uv() -> bool:
    version = PINNED_UV.read_text(encoding="utf-8").rpartition("uv==")[2].split()[0]
    return (site_packages() / f"uv-{version}.dist-info" / "RECORD").exists()


def site_packages() -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return ENVIRONMENT / "lib" / version / "site-packages"


def make_environment(lock: int) -> None:
    refuse_foreign_directory()
    tell("環境を作っています(初回のみ)…", "Making the environment (first time only) …")
    base = getattr(sys, "_base_executable", None) or sys.executable
    first_that_works(
        environment_commands(base),
        lock,
        f"Python の仮想環境を作れません({base})。{hint()}",
        f"no virtual environment can be made with {base}. {hint()}",
    )
    PLACE.write_text(str(ROOT), encoding="utf-8")


def refuse_foreign_directory() -> None:
    """SEKISHO_ENV may name any directory, and making an environment empties it."""
    if ENVIRONMENT.is_dir() and any(ENVIRONMENT.iterdir()) and not (ENVIRONMENT / "pyvenv.cfg").exists():
        fail(
            f"{ENVIRONMENT} は空でも Python 環境でもないため、使いません。",
            f"{ENVIRONMENT} is neither empty nor a Python environment: it is left alone.",
        )


def environment_commands(base: str) -> list[list[str]]:
    """Ways to make one: Debian's Python lacks ensurepip unless python3-venv is installed."""
    bare = [base, "-I", "-m", "venv", "--clear", "--without-pip", str(ENVIRONMENT)]
    with_pip = [base, "-I", "-m", "venv", "--clear", str(ENVIRONMENT)]
    virtualenv = [base, "-I", "-m", "virtualenv", "--clear", "--quiet", str(ENVIRONMENT)]
    return [bare] if foreign_uv() else [with_pip, virtualenv, bare]


def foreign_uv() -> str | None:
    """A uv that is at hand already: it installs the pinned one, and no pip is needed."""
    return os.environ.get("SEKISHO_UV") or shutil.which("uv")


def install_uv(lock: int) -> None:
    """Put the pinned installer into the environment, with any installer that is at hand."""
    tell("インストーラー(uv)を入れています…", "Fetching the installer (uv) …")
    UNFINISHED.touch()
    base = getattr(sys, "_base_executable", None) or sys.executable
    pip = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(PINNED_UV)]
    commands = [
        [str(PYTHON), "-I", "-m", "pip", *pip],
        [base, "-I", "-m", "pip", "--python", str(PYTHON), *pip],
    ]
    if foreign := foreign_uv():
        command = [foreign, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes"]
        commands.insert(0, [*command, "-r", str(PINNED_UV)])
    first_that_works(
        commands,
        lock,
        f"uv を入れられません。初回はネットワーク(pip の索引)が必要です。pip が無い場合は {hint()}",
        f"uv cannot be installed; the first start needs pip's package index. If pip is missing: {hint()}",
    )


def install_packages(wanted: str, lock: int) -> None:
    tell(
        "固定された版のパッケージを入れています(数分かかることがあります)…",
        "Installing the locked packages …",
    )
    UNFINISHED.touch()
    requirements = ENVIRONMENT / "sekisho-requirements.txt"
    sets = ["--all-groups", "--all-extras"] if wanted == "dev" else ["--no-dev"]
    export = [str(UV), "export", "--quiet", "--frozen", "--no-emit-project", "--no-header", *sets]
    export += ["--project", str(ROOT), "--python", str(PYTHON), "--format", "requirements-txt"]
    install = [
        str(UV),
        "pip",
        "install",
        "--python",
        str(PYTHON),
        "--require-hashes",
        "-r",
        str(requirements),
    ]
    if not sys.stderr.isatty():
        install.append("--quiet")
    if not (attempt([*export, "--output-file", str(requirements)], lock) and attempt(install, lock)):
        fail(
            "パッケージを入れられません(上を参照)。ネットワークを確かめ、再度実行すると続きから進みます。",
            "the packages cannot be installed (see above). Check the network and start again to go on.",
        )
    (site_packages() / "sekisho.pth").write_text(f"{ROOT / 'src'}\n", encoding="utf-8")
    stamp(wanted).write_text(digest(), encoding="utf-8")
    UNFINISHED.unlink()


# --- running other programs


def attempt(command: list[str], lock: int) -> bool:
    """Run an installer with its output shown on stderr; False when it fails or is missing."""
    done = subprocess.run(
        command, env=installer_environment(), stdout=sys.stderr, pass_fds=(lock,), check=False
    )
    return done.returncode == 0


def first_that_works(commands: list[list[str]], lock: int, ja: str, en: str) -> None:
    """Try one installer after the other, quietly; when none works, fail with what each of them said."""
    said = []
    for command in commands:
        fault = attempt_quietly(command, lock)
        if fault is None:
            return
        said.append(f"  $ {' '.join(command)}\n{fault}")
    details = "\n".join(said)
    fail(f"{ja}\n{details}", f"{en}\n{details}")


def attempt_quietly(command: list[str], lock: int) -> str | None:
    """Run an installer; return what it said if it fails."""
    try:
        done = subprocess.run(
            command,
            env=installer_environment(),
            capture_output=True,
            text=True,
            pass_fds=(lock,),
            check=False,
        )
    except OSError as fault:
        return f"{command[0]}: {fault.strerror}"
    last = f"{done.stdout}{done.stderr}".strip().splitlines()[-3:]
    return None if done.returncode == 0 else "\n".join(f"    {line}" for line in last)


def installer_environment() -> dict[str, str]:
    """pip's settings, said to uv as well; nothing that points to another environment."""
    foreign = (
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "UV_PROJECT_ENVIRONMENT",
        "PIP_USER",
    )
    environ = {name: value for name, value in os.environ.items() if name not in foreign}
    environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
    environ.setdefault("UV_HTTP_TIMEOUT", "180")
    translated = {"UV_DEFAULT_INDEX": "index-url", "SSL_CERT_FILE": "cert"}
    for name, setting in translated.items():
        value = pip_setting(setting)
        if value and name not in environ and not ("UV_INDEX_URL" in environ and name == "UV_DEFAULT_INDEX"):
            environ[name] = value
    return environ


def pip_setting(name: str) -> str:
    """What pip is configured for, by its environment variable or its files; "" when it is not."""
    if said := os.environ.get("PIP_" + name.upper().replace("-", "_")):
        return said
    files = [Path("/etc/pip.conf"), Path.home() / ".pip/pip.conf", Path.home() / ".config/pip/pip.conf"]
    parser = configparser.RawConfigParser()
    with contextlib.suppress(configparser.Error):
        parser.read([*files, os.environ.get("PIP_CONFIG_FILE") or "/dev/null"], encoding="utf-8")
    return parser.get("global", name, fallback="")


# --- talking


def tell(ja: str, en: str) -> None:
    print(f"sekisho: {say(ja, en)}", file=sys.stderr, flush=True)


def say(ja: str, en: str) -> str:
    words = sys.argv[1:]
    option = words[words.index("--lang") + 1 : words.index("--lang") + 2] if "--lang" in words else []
    english = (option or [os.environ.get("SEKISHO_LANG", "ja")])[0] == "en"
    return en if english else ja


def hint() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"Debian / Ubuntu: apt-get install python{version}-venv; Fedora / RHEL: dnf install python3-pip"


def fail(ja: str, en: str) -> NoReturn:
    tell(ja, en)
    sys.exit(ENVIRONMENT_FAULT)


if __name__ == "__main__":
    main()
