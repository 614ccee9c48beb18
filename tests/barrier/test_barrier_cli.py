"""`sekisho barrier …` as a person or a script calls it: output, exit codes, languages."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import psycopg
import pytest

from sekisho.barrier.audiences import PURPOSES
from sekisho.barrier.items import ITEMS


def sekisho(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sekisho", "--home", str(home), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_prove_exits_with_what_it_found(installed: str, tmp_path: Path) -> None:
    fine = sekisho(tmp_path, "--database-url", installed, "barrier", "prove", "--json")
    assert fine.returncode == 0, fine.stderr
    body = json.loads(fine.stdout)
    assert body["holds"] and body["statements"] == body["discharged"]
    with psycopg.connect(installed) as conn:
        conn.execute("create view public.leak as select * from registry.party")
        conn.execute("grant select on public.leak to sekisho_retailer_web")
    broken = sekisho(tmp_path, "--database-url", installed, "--lang", "en", "barrier", "prove")
    assert broken.returncode == 1
    assert "THE BARRIER DOES NOT HOLD" in broken.stdout
    assert "SELECT on relation public.leak" in broken.stdout and "counterexample" in broken.stdout
    with psycopg.connect(installed) as conn:
        rows = conn.execute("select holds from barrier.certificate order by certificate_no").fetchall()
    assert rows == [(True,), (False,)]


def test_plan_tells_by_its_exit_code(installed: str, tmp_path: Path) -> None:
    assert sekisho(tmp_path, "--database-url", installed, "barrier", "plan").returncode == 0
    with psycopg.connect(installed) as conn:
        conn.execute("delete from barrier.compiled where name = 'barrier.viewer'")
    changed = sekisho(tmp_path, "--database-url", installed, "barrier", "plan", "--json")
    assert changed.returncode == 1
    assert json.loads(changed.stdout) == {"added": ["barrier.viewer"], "changed": [], "removed": []}
    assert sekisho(tmp_path, "--database-url", installed, "barrier", "apply").returncode == 0
    assert sekisho(tmp_path, "--database-url", installed, "barrier", "plan").returncode == 0


def test_a_fuzz_report_that_cannot_be_read_is_wrong_use(installed: str, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text("not json", encoding="utf-8")
    url = ("--database-url", installed)
    assert sekisho(tmp_path, *url, "barrier", "prove", "--fuzz-report", str(report)).returncode == 2


class Cells(HTMLParser):
    """The grades of the HTML fragment, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.grades: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self.grades.append(str(dict(attrs)["data-grade"]))


def test_every_form_of_the_matrix_says_the_same(tmp_path: Path) -> None:
    as_json = json.loads(sekisho(tmp_path, "barrier", "matrix", "--json").stdout)
    rows = list(csv.DictReader(io.StringIO(sekisho(tmp_path, "barrier", "matrix", "--format", "csv").stdout)))
    page = Cells()
    page.feed(sekisho(tmp_path, "barrier", "matrix", "--format", "html").stdout)
    wanted = [cell["grade"] for cell in as_json]
    assert len(wanted) == len(ITEMS) * len(PURPOSES)
    assert [row["grade"] for row in rows] == wanted
    assert sorted(page.grades) == sorted(wanted)


@pytest.mark.parametrize(("language", "word"), [("ja", "契約名義"), ("en", "contract name")])
def test_the_gates_are_listed_with_their_items(tmp_path: Path, language: str, word: str) -> None:
    listed = sekisho(tmp_path, "--lang", language, "barrier", "gates")
    assert listed.returncode == 0
    assert word in listed.stdout and "gate.operator_wheeling_reveal_name" in listed.stdout
    entries = json.loads(sekisho(tmp_path, "barrier", "gates", "--json").stdout)
    reveal = next(entry for entry in entries if entry["name"] == "gate.operator_wheeling_reveal_name")
    assert reveal["kind"] == "reveal" and "name" in reveal["items"]
