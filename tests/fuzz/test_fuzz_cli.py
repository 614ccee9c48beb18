"""`sekisho barrier fuzz` as a person or a script calls it: on a fresh home, with its exit codes, its JSON, and what `prove` then cites."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sekisho.settings.home import Home

SMALL = ("--audience", "public", "--no-surfaces", "--mutants", "9", "--processes", "1")


def sekisho(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sekisho", "--home", str(home), "--lang", "en", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_small_run_tells_what_it_did(conninfo: str, home: Home) -> None:
    done = sekisho(home.root, "--database-url", conninfo, "barrier", "fuzz", *SMALL, "--json")
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert body["holds"] and body["sampled"] and body["survivors"] == [] and body["leaks"] == []
    assert len(body["mutants"]) == 9 and all(mutant["caught_by"] for mutant in body["mutants"])
    assert "two runs public/public" in done.stderr
    stored = json.loads((home.files / "barrier-fuzz-report.json").read_text(encoding="utf-8"))
    assert stored == body
    assert not (home.files / "barrier-fuzz.json").exists(), "a run over one audience is not cited"


def test_help_names_every_option(tmp_path: Path) -> None:
    done = sekisho(tmp_path, "barrier", "fuzz", "--help")
    assert done.returncode == 0
    assert "0 it holds, 1 a leak" in " ".join(done.stdout.split())
    for option in (
        "--seed",
        "--rounds",
        "--audience",
        "--mutants",
        "--quick",
        "--surfaces",
        "--processes",
        "--json",
    ):
        assert option in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--audience", "sales"), 3, "Nobody of that name"),
        (("--mutants", "-1"), 2, "mutants"),
        (("--nonsense",), 2, "nonsense"),
    ],
)
def test_wrong_use_is_told_by_the_exit_code(
    conninfo: str, home: Home, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = sekisho(home.root, "--database-url", conninfo, "barrier", "fuzz", *arguments)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
