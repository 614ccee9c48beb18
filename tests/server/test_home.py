"""The home directory: secrets that only their owner reads, written whole or not at all."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from sekisho.settings.home import Home, UnableToReadSecret, UnableToUseHome, home_from

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def fresh(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("name", ["secrets", "run", "log", "archive", "files"])
def test_the_directories_are_the_owners_alone(fresh: Home, name: str) -> None:
    assert mode(fresh.root / name) == 0o700


def test_loose_directories_are_tightened(fresh: Home) -> None:
    fresh.secrets.chmod(0o755)
    fresh.prepare()
    assert mode(fresh.secrets) == 0o700


def test_a_home_that_cannot_be_made_is_told() -> None:
    with pytest.raises(UnableToUseHome, match=r"/proc/nowhere.*--home"):
        Home(Path("/proc/nowhere/home")).prepare()


@pytest.mark.parametrize("name", ["word", "audience/word"])
def test_a_secret_is_written_privately_and_replaced_whole(fresh: Home, name: str) -> None:
    for value in ("first", "second, 二番"):
        path = fresh.write_secret(name=name, value=value)
        assert mode(path) == 0o600
        assert mode(path.parent) == 0o700
        assert fresh.read_secret(name=name) == value
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    "name", ["", "../escape", "/absolute", "a/b/c", ".hidden", "Großes", "a b", "a/", "a\n"]
)
def test_a_name_that_could_leave_the_directory_is_a_mistake(fresh: Home, name: str) -> None:
    with pytest.raises(ValueError, match="secret's name"):
        fresh.write_secret(name=name, value="x")


@pytest.mark.parametrize("loose", [0o640, 0o604, 0o666])
def test_a_secret_open_to_others_is_refused(fresh: Home, loose: int) -> None:
    fresh.write_secret(name="word", value="x").chmod(loose)
    with pytest.raises(UnableToReadSecret, match="chmod 600"):
        fresh.read_secret(name="word")


def test_a_missing_secret_is_told(fresh: Home) -> None:
    with pytest.raises(UnableToReadSecret, match="missing"):
        fresh.read_secret(name="missing")


def test_a_secret_made_by_many_at_once_is_one(fresh: Home) -> None:
    together = Barrier(8)

    def make(number: int) -> str:
        together.wait()
        return fresh.ensure_secret(name="key", make=lambda: f"value {number}")

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(make, range(8)))) == 1
    assert [entry.name for entry in fresh.secrets.iterdir()] == ["key"]


@pytest.mark.parametrize(
    ("option", "environ", "checkout", "expected"),
    [
        ("/a", {"SEKISHO_HOME": "/b"}, CHECKOUT, "/a"),
        (None, {"SEKISHO_HOME": "/b"}, CHECKOUT, "/b"),
        (None, {"SEKISHO_HOME": ""}, CHECKOUT, str(CHECKOUT / "home")),
        (None, {"XDG_DATA_HOME": "/data"}, Path("/nowhere"), "/data/sekisho"),
        (None, {}, Path("/nowhere"), str(Path("~/.local/share/sekisho").expanduser())),
    ],
)
def test_which_home(option: str | None, environ: dict[str, str], checkout: Path, expected: str) -> None:
    chosen = home_from(option=Path(option) if option else None, environ=environ, checkout=checkout)
    assert str(chosen.root) == expected
