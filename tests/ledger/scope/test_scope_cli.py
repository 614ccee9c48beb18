"""`sekisho ledger scope` as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
from scope_world import point

HISTORY = (
    "point,contract_no,holder,customer_no,customer_kind,valid_from,valid_to\n"
    f"{point(1)},C-1,90016,K1,person,2016-04-01,2020-01-01\n{point(1)},C-2,90026,K2,company,2020-01-01,\n"
)
MAPPING = (
    'header = false\ncompany = "90016"\n[columns]\nat = 1\nperson = 2\nscreen = 3\npoint = 4\n'
    '[screens]\n"*" = {name = "other", items = ["name"]}\n'
)


def _foreign(root: Path, *more: str) -> subprocess.CompletedProcess[str]:
    (root / "log.csv").write_text(
        f"2019-05-01T09:00:00,u1,S1,{point(1)}\n2021-05-01T09:00:00,u1,S1,{point(1)}\nnever,u1,S1,{point(1)}\n",
        encoding="utf-8",
    )
    (root / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    (root / "history.csv").write_text(HISTORY, encoding="utf-8")
    words = [
        "--log",
        "log.csv",
        "--mapping",
        "mapping.toml",
        "--contracts",
        "history.csv",
        "--company",
        "90016",
        *more,
    ]
    command = [sys.executable, "-m", "sekisho", "ledger", "scope", "foreign", "--home", "home", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_a_foreign_log_needs_nothing_else(tmp_path: Path) -> None:
    done = _foreign(tmp_path, "--json", "--out", "out", "--rejects", "rejects.csv", "--as-of", "2026-01-01")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["lines"], found["events"], found["rejected_lines"]) == (3, 2, 1)
    assert (found["totals"]["customers"], found["totals"]["customers_company"]) == (1, 1)
    assert pl.read_parquet(tmp_path / "out" / "customers.parquet")["contract_no"].to_list() == ["C-2"]
    assert "never" in (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig")
    assert not (tmp_path / "home" / "postgres").exists()


def test_an_answer_is_never_written_over_another(tmp_path: Path) -> None:
    assert _foreign(tmp_path, "--out", "out").returncode == 0
    again = _foreign(tmp_path, "--out", "out")
    assert again.returncode == 2 and "空のディレクトリではありません" in again.stderr


def test_a_wrong_period_is_wrong_use(tmp_path: Path) -> None:
    assert _foreign(tmp_path, "--since", "2020-02-01", "--until", "2020-01-01").returncode == 2
