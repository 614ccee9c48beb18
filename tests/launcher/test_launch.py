"""The launcher on a small checkout of its own: real environments, a real uv, an index made of files."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
# Answers as the application would, so that a test sees what was called, with what.
APPLICATION = """
import json, os, sys
try:
    import greeting
    greeting = greeting.TEXT
except ImportError:
    greeting = None
try:
    import tool
    tool = True
except ImportError:
    tool = False
print(json.dumps([sys.argv[1:], os.getcwd(), greeting, tool]))
"""
PROJECT = """
[project]
name = "sekisho"
version = "0"
requires-python = ">=3.11"
dependencies = ["greeting"]
[dependency-groups]
dev = ["tool"]
"""
LOCK = """
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "greeting"
version = "{version}"
source = {{ registry = "https://index.invalid/simple" }}
wheels = [{{ url = "https://index.invalid/greeting-{version}-py3-none-any.whl", hash = "sha256:{greeting}" }}]

[[package]]
name = "sekisho"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "greeting" }}]

[package.dev-dependencies]
dev = [{{ name = "tool" }}]

[[package]]
name = "tool"
version = "1"
source = {{ registry = "https://index.invalid/simple" }}
wheels = [{{ url = "https://index.invalid/tool-1-py3-none-any.whl", hash = "sha256:{tool}" }}]
"""
# Stands in for uv in the environment: notes each call, waits where the test says so, and calls the real one.
FAKE_UV = """#!/bin/sh
echo "$*" >>{calls}
if [ "$1" = pip ]; then
  while [ -e {hold} ]; do sleep 0.05; done
fi
exec {uv} "$@"
"""


def wheel(index: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Write a wheel and return its SHA-256."""
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = index / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in contents.items():
            entry = zipfile.ZipInfo(inner)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, text)
        record = "".join(f"{inner},{_digest(text)},{len(text)}\n" for inner, text in contents.items())
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


class Small:
    """A small checkout and the machine around it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.root = place / "check out"
        self.index = place / "index"
        self.calls = place / "calls"
        self.hold = place / "hold"
        for directory in (self.root / "tools", self.root / "src" / "sekisho", self.index):
            directory.mkdir(parents=True)
        shutil.copy(CHECKOUT / "sekisho", self.root)
        shutil.copy(CHECKOUT / "tools" / "launch.py", self.root / "tools")
        (self.root / "src" / "sekisho" / "__main__.py").write_text(APPLICATION)
        (self.root / "pyproject.toml").write_text(PROJECT)
        script = FAKE_UV.format(calls=self.calls, hold=self.hold, uv=UV)
        pin = wheel(self.index, "uv", "9.9.9", {"uv-9.9.9.data/scripts/uv": script})
        (self.root / "tools" / "uv.txt").write_text(f"uv==9.9.9 --hash=sha256:{pin}\n")
        self.tool = wheel(self.index, "tool", "1", {"tool.py": ""})
        self.lock("1", "hello")

    def lock(self, version: str, text: str) -> None:
        """Lock a version of the one library that the application has."""
        greeting = wheel(self.index, "greeting", version, {"greeting.py": f"TEXT = {text!r}\n"})
        (self.root / "uv.lock").write_text(LOCK.format(version=version, greeting=greeting, tool=self.tool))

    def environ(self, **more: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.place),
            "SEKISHO_PYTHON": sys.executable,
            "SEKISHO_UV": str(UV),
            "SEKISHO_LANG": "en",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
            "PIP_CONFIG_FILE": os.devnull,
            "UV_NO_INDEX": "1",
            "UV_FIND_LINKS": str(self.index),
            "UV_NO_CONFIG": "1",
            **more,
        }

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.root / "sekisho"), *arguments],
            env=self.environ(**more),
            cwd=self.place,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str, **more: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **more)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def installations(self) -> int:
        return self.calls.read_text().count("pip install") if self.calls.exists() else 0


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@pytest.fixture(scope="module")
def launch() -> ModuleType:
    spec = importlib.util.spec_from_file_location("launch", CHECKOUT / "tools" / "launch.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(arguments: list[str], cwd: Path, *, greeting: str = "hello", tool: bool = False) -> str:
    return json.dumps([arguments, str(cwd), greeting, tool]) + "\n"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_first_start_makes_the_environment_and_the_second_needs_no_installer(small: Small) -> None:
    awkward = ["import", "two words", "$HOME", "quote'\"", "", "--lang", "en", "日本"]
    path = os.pathsep.join(
        word for word in os.environ["PATH"].split(os.pathsep) if not Path(word, "uv").exists()
    )
    code, out, err = small.run(*awkward, PATH=path, SEKISHO_UV="")
    assert (code, out) == (0, answer(awkward, small.place))
    assert "environment is ready" in err
    shutil.rmtree(small.index)
    (small.root / ".venv" / "bin" / "uv").unlink()
    assert small.run(*awkward) == (0, out, "")


def test_any_directory_and_a_link_will_do(small: Small) -> None:
    link = small.place / "bin"
    link.symlink_to(small.root / "sekisho")
    done = subprocess.run(
        [str(link), "x"], env=small.environ(), cwd="/", text=True, capture_output=True, check=True
    )
    assert done.stdout == answer(["x"], Path("/"))


def test_developers_commands_get_the_developers_tools_and_others_do_not(small: Small) -> None:
    for command, tool in [("serve", False), ("test", True), ("serve", True), ("check", True)]:
        assert small.run(command)[1] == answer([command], small.place, tool=tool)
    assert small.installations() == 2


def test_a_changed_lock_is_installed(small: Small) -> None:
    small.run("x")
    small.lock("2", "bye")
    assert small.run("x")[1] == answer(["x"], small.place, greeting="bye")
    assert small.installations() == 2


def test_a_moved_checkout_gets_a_new_environment(small: Small) -> None:
    small.run("x")
    moved = small.place / "elsewhere"
    small.root.rename(moved)
    small.root = moved
    code, out, err = small.run("x")
    assert (code, out) == (0, answer(["x"], small.place))
    assert "Making the environment" in err


def test_a_tampered_package_is_refused(small: Small) -> None:
    wheel(small.index, "greeting", "1", {"greeting.py": "TEXT = 'evil'\n"})
    code, out, err = small.run("x")
    assert (code, out) == (3, "")
    assert "hash" in err.lower()
    assert "Traceback" not in err


def test_concurrent_first_starts_install_once(small: Small) -> None:
    starts = [small.start(str(number)) for number in range(3)]
    answers = [process.communicate(timeout=120)[0] for process in starts]
    assert answers == [answer([str(number)], small.place) for number in range(3)]
    assert small.installations() == 1


def test_a_killed_start_is_taken_up_by_the_next(small: Small) -> None:
    small.hold.touch()
    killed = small.start("x")
    until(lambda: small.installations() == 1)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    for pipe in (killed.stdout, killed.stderr):  # its installer holds them too, and goes on
        assert pipe is not None
        pipe.close()
    following = small.start("x")
    # The killed one's installer is still at it: nobody else may touch the environment.
    time.sleep(0.5)
    assert small.installations() == 1
    small.hold.unlink()
    out, err = following.communicate(timeout=120)
    assert (following.returncode, out) == (0, answer(["x"], small.place))
    assert "waiting" in err


def test_a_half_written_package_is_noticed(small: Small) -> None:
    small.run("x")
    environment = small.root / ".venv"
    next(environment.rglob("greeting.py")).unlink()
    (environment / "sekisho-unfinished").touch()
    code, out, err = small.run("x")
    assert (code, out) == (0, answer(["x"], small.place))
    assert "Making the environment" in err


def test_a_failed_installation_does_not_cost_the_environment_that_worked(small: Small) -> None:
    small.run("serve")
    (small.index / "tool-1-py3-none-any.whl").unlink()
    code, out, err = small.run("test")
    assert (code, out) == (3, "")
    assert "cannot be installed" in err
    assert small.run("serve") == (0, answer(["serve"], small.place), "")


@pytest.mark.parametrize(
    ("option", "told"),
    [({"SEKISHO_LANG": "en"}, "cannot be made"), ({"SEKISHO_LANG": "ja"}, "環境を作れません")],
)
def test_a_place_that_cannot_be_written_is_told(small: Small, option: dict[str, str], told: str) -> None:
    code, out, err = small.run("x", SEKISHO_ENV="/proc/nowhere/env", **option)
    assert (code, out) == (3, "")
    assert told in err
    assert "SEKISHO_ENV" in err
    assert "Traceback" not in err


def test_a_directory_that_is_no_environment_is_left_alone(small: Small) -> None:
    (small.index / "mine.txt").write_text("mine")
    code, _, err = small.run("x", SEKISHO_ENV=str(small.index))
    assert code == 3
    assert "left alone" in err
    assert (small.index / "mine.txt").read_text() == "mine"


def test_without_a_python_the_person_is_told_what_to_install(small: Small) -> None:
    programs = small.place / "programs"
    programs.mkdir()
    for name in ("sh", "dirname", "readlink", "cat"):
        (programs / name).symlink_to(str(shutil.which(name)))
    old = programs / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    code, out, err = small.run("x", PATH=str(programs), SEKISHO_PYTHON="")
    assert (code, out) == (3, "")
    assert "apt-get install python3 python3-venv" in err


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], ""),
        (["test", "-k", "x"], "test"),
        (["--home", "test", "serve"], "serve"),
        (["--home=test", "check"], "check"),
        (["--lang", "en", "--database-url", "x", "bench", "gate"], "bench"),
        (["--help"], ""),
        (["--home"], ""),
    ],
)
def test_command_of(launch: ModuleType, arguments: list[str], command: str) -> None:
    assert launch.command_of(arguments) == command


def test_another_installer_is_tried_when_one_fails(launch: ModuleType, tmp_path: Path) -> None:
    """Debian's Python has no ensurepip unless python3-venv is installed."""
    lock = os.open(tmp_path, os.O_RDONLY)
    try:
        made = tmp_path / "made"
        commands = [
            ["false"],
            ["/nowhere/program"],
            ["touch", str(made)],
            ["touch", str(tmp_path / "not needed")],
        ]
        launch.first_that_works(commands, lock, "ja", "en")
        assert [path.name for path in tmp_path.iterdir()] == ["made"]
        with pytest.raises(SystemExit) as ended:
            launch.first_that_works([["sh", "-c", "echo no ensurepip; exit 1"]], lock, "ja", "en")
        assert ended.value.code == 3
    finally:
        os.close(lock)


@pytest.mark.parametrize(
    ("environ", "configuration", "expected"),
    [
        ({}, "", ""),
        ({}, "[global]\nindex-url = https://mirror.example/simple\n", "https://mirror.example/simple"),
        ({"PIP_INDEX_URL": "https://said.example/simple"}, "", "https://said.example/simple"),
    ],
)
def test_pips_index_is_used(
    launch: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environ: dict[str, str],
    configuration: str,
    expected: str,
) -> None:
    (tmp_path / "pip.conf").write_text(configuration)
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert launch.installer_environment().get("UV_DEFAULT_INDEX", "") == expected
