"""`sekisho ledger scope` as a user calls it: every subcommand with good and bad input."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest
from scope_world import point
from test_scope_platform import FACTS, NOW, P1, P2, P3, A, B, Connection, passage

from sekisho.ledger.scope.platform import open_store
from sekisho.ledger.site import Site
from sekisho.settings.deploy import ensure_months
from sekisho.settings.home import Home
from sekisho.surfaces.cli.root import main

HISTORY = (
    "point,contract_no,holder,customer_no,customer_kind,valid_from,valid_to\n"
    f"{point(1)},C-1,90016,K1,person,2016-04-01,2020-01-01\n{point(1)},C-2,90026,K2,company,2020-01-01,\n"
)
MAPPING = (
    'header = false\ncompany = "90016"\n[columns]\nat = 1\nperson = 2\nscreen = 3\npoint = 4\n'
    '[screens]\n"*" = {name = "other", items = ["name"]}\n'
)
GOOD = [f"2019-05-01T09:00:00,u1,S1,{point(1)}", f"2021-05-01T09:00:00,u1,S1,{point(1)}"]


@dataclass(frozen=True)
class Done:
    """How a command ended: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Done]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Call:
    def run(*words: object, lang: str = "en") -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["ledger", "scope", *map(str, words), "--home", str(tmp_path / "home"), "--lang", lang])
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return run


# --- other systems' logs


@pytest.fixture
def foreign(call: Call, tmp_path: Path) -> Call:
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "history.csv").write_text(HISTORY, encoding="utf-8")
    (tmp_path / "log.csv").write_text(
        "".join(f"{line}\n" for line in [*GOOD, GOOD[1].replace("2021-05-01", "never")])
    )

    def run(*more: object, company: str = "90016", lang: str = "en") -> Done:
        files = {"log": "log.csv", "mapping": "mapping.toml", "contracts": "history.csv"}
        words = [word for name, file in files.items() for word in (f"--{name}", tmp_path / file)]
        return call("foreign", *words, "--company", company, *more, lang=lang)

    return run


def test_a_foreign_log_needs_nothing_else(foreign: Call, tmp_path: Path) -> None:
    done = foreign("--json", "--out", tmp_path / "out", "--as-of", "2026-01-01")
    assert done.code == 0, done.err
    assert (done.data["lines"], done.data["events"], done.data["rejected_lines"]) == (3, 2, 1)
    assert (done.data["totals"]["customers"], done.data["totals"]["customers_company"]) == (1, 1)
    assert pl.read_parquet(tmp_path / "out" / "customers.parquet")["contract_no"].to_list() == ["C-2"]
    assert not (tmp_path / "home" / "postgres").exists()


def test_refused_rows_are_named_in_both_languages_and_the_good_ones_kept(
    foreign: Call, tmp_path: Path
) -> None:
    bad = [
        f"2021-02-30T09:00:00,u1,S1,{point(1)}",
        "2021-05-01T09:00:00,u1,S1,0600",
        f"2021-05-01T09:00:00,,S1,{point(1)}",
    ]
    (tmp_path / "log.csv").write_text("\n".join([GOOD[0], *bad, GOOD[1]]) + "\n")
    with (tmp_path / "history.csv").open("a", encoding="utf-8") as file:
        file.write(f"{point(2)},C-3,90026,K3,cat,2020-01-01,\n{point(2)},C-4,90026,K4,person,2020-01-01,\n")
    done = foreign("--json", "--rejects", tmp_path / "rejects.csv")
    assert (done.data["events"], done.data["rejected_lines"], done.data["rejected_contracts"]) == (2, 3, 1)
    assert done.data["totals"]["customers"] == 1
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["ファイル", "行", "項目", "値", "理由", "reason"]
    assert [row[:4] for row in rows[1:]] == [
        ["log.csv", "2", "at", "2021-02-30T09:00:00"],
        ["log.csv", "3", "point", "0600"],
        ["log.csv", "4", "person", ""],
        ["history.csv", "3", "customer_kind", "cat"],
    ]
    assert all("です" in row[4] or "いずれか" in row[4] or "ません" in row[4] for row in rows[1:])
    assert all(row[5].isascii() and row[5] for row in rows[1:])
    for lang, said in (
        ("en", "Refused rows: log 3, history 1"),
        ("ja", "受け取れない行: ログ 3、契約履歴 1"),
    ):
        assert said in foreign(lang=lang).err


def test_the_same_answer_again_changes_nothing_and_another_never_overwrites(
    foreign: Call, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert foreign("--out", out, "--as-of", "2026-01-01").code == 0
    before = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    assert foreign("--out", out, "--as-of", "2026-01-01").code == 0
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == before
    other = foreign("--out", out, "--since", "2021-01-01", "--as-of", "2026-01-01")
    assert other.code == 2
    assert "no empty directory" in other.err
    assert "空のディレクトリではありません" in foreign("--out", out, "--item", "name", lang="ja").err


def test_what_a_killed_run_left_is_replaced(foreign: Call, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("customers.parquet", "customers.csv", "views.parquet", ".summary.json"):
        (out / name).write_bytes(b"half")
    assert foreign("--out", out).code == 0
    assert pl.read_parquet(out / "views.parquet")["contract_no"].to_list() == ["C-2"]
    (out / "summary.json").unlink()
    (out / "mine.txt").touch()
    assert foreign("--out", out).code == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--since", "2020-02-01", "--until", "2020-01-01"], 2, "The period must end after it begins"),
        (["--since", "yesterday"], 2, "yesterday"),
        (["--since", "2020-02-30"], 2, "2020-02-30"),
        (["--person", "nobody"], 1, "The person 'nobody' is neither in the log nor in the history"),
        (["--gate", "S9"], 1, "The gate 'S9'"),
        (["--contracts-encoding", "klingon"], 1, "klingon"),
        (["--log", "missing.csv"], 2, "missing.csv"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    words: list[str], code: int, said: str, foreign: Call
) -> None:
    done = foreign(*words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_an_unknown_company_is_refused_in_the_users_language(foreign: Call) -> None:
    done = foreign(company="99999", lang="ja")
    assert done.code == 1
    assert "会社 '99999' は閲覧ログにも契約履歴にもありません" in done.err
    assert foreign(company="90026", lang="ja").code == 0, "known to the history, though it read nothing"


# --- the platform's own log


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(FACTS.encode())
        ensure_months(connection, NOW)
        yield connection


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(home=Home(tmp_path / "home").prepare(), random=lambda n: bytes(n), clock=NOW.timestamp)


@pytest.fixture
def platform(call: Call, conn: Connection) -> Call:
    return lambda *words, lang="en": call(*words, "--database-url", conn.info.dsn, lang=lang)


def seal(conn: Connection, site: Site) -> None:
    """Put everything under a published checkpoint."""
    with closing(psycopg.connect(conn.info.dsn, autocommit=True)) as own:
        site.sequencer(connection=own).drain()


def test_from_refresh_to_a_kept_finding(platform: Call, conn: Connection, site: Site, tmp_path: Path) -> None:
    passage(conn, (P3, A))
    passage(conn, (P1, B), items=("name", "phone"))
    seal(conn, site)
    first, again = (platform("refresh", "--json").data for _ in range(2))
    assert (first["passages"], first["readings"], first["readings_in_store"]) == (2, 2, 2)
    assert (again["passages"], again["readings"], again["readings_in_store"]) == (0, 0, 2)
    words = ["find", "--company", A, "--item", "phone", "--as-of", "2026-11-20"]
    found = platform(*words, "--keep", "試験", "--by", "guard", "--out", tmp_path / "out", "--json").data
    assert (found["finding_no"], found["totals"]["customers"]) == (1, 1)
    assert pl.read_parquet(tmp_path / "out" / "views.parquet")["contract_no"].to_list() == ["C-0002"]
    assert "customers: 1" in platform(*words).out
    assert platform("find", "--company", A, "--right", "history", "--json").data["totals"]["customers"] == 1
    assert platform("find", "--right", "none", "--json").data["totals"]["customers"] == 2


def test_bad_questions_to_the_platform(platform: Call, conn: Connection, site: Site) -> None:
    assert "no checkpoint" in platform("refresh").err
    passage(conn, (P1, B))
    seal(conn, site)
    for words, code, said in BAD_QUESTIONS:
        done = platform(*words)
        assert (done.code, done.out) == (code, ""), (words, done)
        assert said in done.err, (words, done.err)


BAD_QUESTIONS: tuple[tuple[list[str], int, str], ...] = (
    (["find", "--company", "99999"], 1, "The company '99999'"),
    (["find", "--company", A, "--person", "nobody"], 1, "The person 'nobody'"),
    (["find", "--company", A, "--gate", "cards"], 1, "The gate 'cards'"),
    (["find", "--right", "history"], 2, "needs a company"),
    (["find", "--right", "mine"], 2, "mine"),
    (["find", "--company", A, "--since", "2026-13-01"], 2, "2026-13-01"),
    (
        ["find", "--company", A, "--since", "2026-11-02", "--until", "2026-11-02"],
        2,
        "must end after it begins",
    ),
    (["find", "--company", A, "--keep", "x"], 2, "--keep needs --by"),
    (["what-if", "--deny", "OPR-99:name"], 1, "There is no rule OPR-99"),
    (["what-if", "--deny", "OPR-02:usage"], 1, "Rule OPR-02 does not show usage"),
    (["what-if", "--deny", "OPR-02"], 2, "A change looks like"),
    (["what-if", "--deny", "RET-01:*", "--unless", "mine"], 2, "no condition 'mine'"),
    (["what-if", "--deny", "RET-01:*", "--unless", "voltage=XX"], 2, "cannot take the value 'XX'"),
    (["who-saw", "--point", "0600"], 1, "The point '0600'"),
    (["who-saw", "--point", P1, "--customer", "99999999999999"], 1, "never had a contract"),
    (["unusual", "--since", "2026-11-02", "--until", "2026-11-02"], 1, "one to 92 days"),
    (["unusual", "--since", "2026-01-01", "--until", "2026-11-02"], 1, "one to 92 days"),
    (["unusual", "--since", "soon", "--until", "2026-11-02"], 2, "soon"),
    (["unusual", "--since", "2026-11-01", "--until", "2026-11-02", "--sample", "0"], 1, "at least one"),
)


def test_what_if_who_saw_and_unusual(platform: Call, conn: Connection, site: Site, tmp_path: Path) -> None:
    operator = {"company": "TD", "audience": "operator", "purpose": "switching", "person": "clerk"}
    passage(conn, (P1, B), items=("phone",), gate="reveal_phone", **operator)
    passage(conn, (P2, B))
    seal(conn, site)
    denied = platform("what-if", "--deny", "OPR-02:phone", "--json").data
    assert [row["person"] for row in denied["readers"]] == ["clerk"]
    assert (
        platform("what-if", "--deny", "OPR-02:phone", "--unless", "running", "--json").data["readers"] == []
    )
    assert platform("what-if", "--deny", "RET-01:*", "--unless", "own-holder").out.startswith(
        "person,company,"
    )
    seen = platform("who-saw", "--point", P1, "--customer", "00000000000002", "--json").data
    assert [(row["person"], row["rule"], row["by_right"]) for row in seen] == [("clerk", "OPR-02", "none")]
    assert "23条" in seen[0]["basis"]
    day = ["--since", "2026-11-20", "--until", "2026-11-21"]
    assert platform("unusual", *day, "--json").data == {"new": 0}
    drawn = platform("unusual", *day, "--sample", "1", "--seed", "s", "--json").data
    assert drawn == {"new": 2, "seed": "s"}
    assert platform("unusual", *day, "--sample", "1", "--seed", "s", "--json").data["new"] == 0
    (tmp_path / "home" / "ledger" / "hours.toml").write_text('[[hours]]\nopens = "x"\n', encoding="utf-8")
    assert "opens = 'x'" in platform("unusual", *day).err


def test_a_killed_refresh_goes_on(conn: Connection, site: Site, tmp_path: Path) -> None:
    for number in range(400):
        passage(conn, (P1, B), (P3, A), at=NOW + timedelta(seconds=number))
    seal(conn, site)
    command = [
        sys.executable, "-c", "from sekisho.ledger.scope import platform as p; p._BATCH = 7\n"
        "import functools; p.refresh = functools.partial(p.refresh, batch=7)\n"
        "from sekisho.surfaces.cli import main; main()", "ledger", "scope", "refresh",
        "--home", str(tmp_path / "home"), "--database-url", conn.info.dsn, "--lang", "en", "--json",
    ]  # fmt: skip
    reached = 0
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            line = process.stderr.readline()
            time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
        assert " of 400" in line, line
        before, reached = reached, open_store(site).manifest.end
        assert before < reached < 400
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["passages"] == 400 - reached
    store = open_store(site)
    assert (store.manifest.end, store.manifest.rows) == (400, 800)
    files = {path.name for path in store.root.iterdir()}
    assert files == store.manifest.files() | {"manifest.json", "lock"}
