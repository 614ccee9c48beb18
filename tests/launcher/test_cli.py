"""The root of the command line: options anywhere, exit codes, two languages, nothing loaded too early."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from sekisho.kernel.errors import EnvironmentFault, Language, SekishoError, WrongUse
from sekisho.surfaces.cli import root
from sekisho.surfaces.cli.root import COMMANDS, hoist_global_options


def sekisho(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sekisho", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": "/nowhere", **environ},
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["db", "url"], ["db", "url"]),
        (["db", "url", "--home", "x"], ["--home", "x", "db", "url"]),
        (["db", "--lang=en", "url"], ["--lang", "en", "db", "url"]),
        (["import", "f", "--database-url", "u", "g"], ["--database-url", "u", "import", "f", "g"]),
        (["db", "psql", "--", "--home", "x"], ["db", "psql", "--", "--home", "x"]),
        (["db", "--home"], ["--home", "db"]),
        (["--homepage", "x"], ["--homepage", "x"]),
    ],
)
def test_options_of_all_commands_may_stand_anywhere(given: list[str], expected: list[str]) -> None:
    assert hoist_global_options(given) == expected


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nonsense"], 2, "nonsense"),
        (["--lang", "fr", "db", "url"], 2, "fr"),
        (["db", "nonsense"], 2, "nonsense"),
        (["db", "stop", "--database-url", "postgresql://127.0.0.1:1/x"], 2, "--database-url"),
        (["db", "start", "--database-url", "postgresql://127.0.0.1:1/x"], 3, "127.0.0.1"),
        (["db", "start", "--home", "/proc/nowhere"], 3, "/proc/nowhere"),
        (["db", "status", "--home", "/nowhere/at/all"], 1, ""),
        (["serve", "--surface", "nonsense"], 2, "retailer_web"),
        (["bench", "nonsense"], 2, "nonsense"),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_exit_codes(arguments: list[str], code: int, told: str, language: str) -> None:
    done = sekisho(*arguments, SEKISHO_LANG=language)
    assert done.returncode == code
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("language", "word"), [("ja", "データベース"), ("en", "database")])
def test_help_is_in_the_chosen_language(language: str, word: str) -> None:
    for arguments in (["--lang", language, "--help"], ["--help", f"--lang={language}"]):
        done = sekisho(*arguments, COLUMNS="200")
        assert done.returncode == 0
        assert word in done.stdout
    assert ("起動" in done.stdout) == (language == "ja")


def test_help_loads_no_command_and_no_library_of_one() -> None:
    code = """
import contextlib, sys
from sekisho.surfaces.cli import main
with contextlib.suppress(SystemExit):
    main(["--help"])
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"django", "psycopg", "polars", "duckdb", "z3", "cvc5", "pyarrow"}, loaded
assert "sekisho.surfaces.cli.db" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_every_command_of_the_contract_is_known() -> None:
    contract = (
        "demo serve test check bench db import export usage billing switching barrier ledger match extract"
    )
    contract += " archive backup media incident governance"
    assert set(contract.split()) <= COMMANDS.keys()


def test_measurements_are_called_as_the_documents_call_them() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "sekisho", "bench"], capture_output=True, text=True, check=True
    ).stdout
    names = {line.split()[0] for line in said.splitlines()}
    assert {"gate", "api", "import", "prove", "match-external"} <= names
    assert not any("_" in name for name in names)


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sekisho", "bench"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def fail_with(monkeypatch: pytest.MonkeyPatch, fault: BaseException, home: Path) -> int:
    def build() -> object:
        def call(**_: object) -> None:
            raise fault

        return call

    monkeypatch.setattr(root, "_build", build)
    with pytest.raises(SystemExit) as ended:
        root.main(["--home", str(home)])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (SekishoError("断", "no"), 1),
        (WrongUse("誤", "wrong"), 2),
        (EnvironmentFault("環", "env"), 3),
        (OSError(28, "No space left on device", "/some/file"), 3),
        (psycopg.OperationalError("connection refused"), 3),
        (RuntimeError("カナリア太郎"), 3),
    ],
)
def test_how_errors_end(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: Exception,
    code: int,
) -> None:
    assert fail_with(monkeypatch, fault, tmp_path / "home") == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("エラー: ")
    assert "Traceback" not in captured.err


def test_an_unexpected_error_is_recorded_without_what_it_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its message may hold a customer's data: the record says where and what kind."""
    fail_with(monkeypatch, RuntimeError("カナリア太郎"), tmp_path / "home")
    record = (tmp_path / "home" / "log" / "errors.log").read_text()
    assert "RuntimeError" in record
    assert "in call" in record
    assert "カナリア" not in record + capsys.readouterr().err


@pytest.mark.parametrize(("language", "expected"), [("ja", "断"), ("en", "no")])
def test_an_error_speaks_both_languages(language: Language, expected: str) -> None:
    assert SekishoError("断", "no").message(language=language) == expected
    assert str(SekishoError("断", "no")) == "断 / no"
    assert SekishoError("断").message(language=language) == "断"


def test_a_database_of_its_own_from_the_command_line(tmp_path: Path) -> None:
    home = str(tmp_path / "a home")
    try:
        url = sekisho("db", "url", "--home", home).stdout.strip()
        with psycopg.connect(url) as connection:
            assert connection.execute("select current_database()").fetchone() == ("sekisho",)
        assert "passfile" in url
        assert json.loads(sekisho("db", "status", "--json", "--home", home).stdout)["running"] is True
    finally:
        assert sekisho("db", "stop", "--home", home).returncode == 0
