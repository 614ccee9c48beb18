"""Other systems' logs: the demonstration's planted leak exactly, three formats, and lines that cannot be taken."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest
from scope_world import new_store

from sekisho.demo import generate
from sekisho.ledger.scope.foreign import Taken, UnableToReadLog, take_in, write_rejected
from sekisho.ledger.scope.history import Rejected, UnableToReadHistory, from_csv
from sekisho.ledger.scope.mapping import UnableToReadMapping, read_mapping
from sekisho.ledger.scope.question import Question, Right
from sekisho.ledger.scope.search import Answer, search

UNTIL = date(2026, 11, 22)
AFFILIATE = Question(company="90016", right=Right.HISTORY)
POINT = "0600000000000000000001"
HISTORY = (
    "point,contract_no,holder,customer_no,customer_kind,valid_from,valid_to\n"
    f"{POINT},C-1,90016,K1,person,2016-04-01,2020-01-01\n"
    f"{POINT},C-2,90026,K2,company,2020-01-01,\n"
)


@pytest.fixture(scope="module", params=[1, 2, 3, 4, 5])
def old_log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old view log of an area of its own."""
    root = tmp_path_factory.mktemp(f"area{request.param}")
    return generate(root, points=200, seed=request.param, until=UNTIL, usage_days=0).old_log


def _answer(old_log: Path, root: Path, question: Question = AFFILIATE) -> Answer:
    store = new_store(root / "store")
    taken, refused = take_in(
        store=store, log=old_log / "old_view_log.csv", mapping=read_mapping(old_log / "mapping.toml"),
        contracts=old_log / "contract_history.csv",
    )  # fmt: skip
    assert not taken.rejected and not refused and taken.lines == taken.events + taken.not_shown
    return search(store=store, question=question, as_of=UNTIL)


def _truth(old_log: Path, name: str) -> list[dict[str, str]]:
    with (old_log / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_planted_leak_is_found_exactly(old_log: Path, tmp_path: Path) -> None:
    answer = _answer(old_log, tmp_path)
    cases = {"running": "running", "vacant": "ended"}
    truth = {
        (int(row["line"]), row["contract_no"], row["person"], cases[row["case"]])
        for row in _truth(old_log, "truth_views.csv")
    }
    assert set(answer.views.select("ref", "contract_no", "person", "case").iter_rows()) == truth
    assert answer.views.height == len(truth) > 20


def test_every_customer_with_counts_items_and_days(old_log: Path, tmp_path: Path) -> None:
    answer = _answer(old_log, tmp_path)
    truth = {
        (
            row["contract_no"], row["customer_no"], row["kind"], row["point"], row["holder"], int(row["views"]), int(row["views_while_running"]),
            int(row["persons"]), row["first"], row["last"], row["items"], row["still_contracted"] == "1",
        )
        for row in _truth(old_log, "truth_customers.csv")
    }  # fmt: skip
    found = {
        (
            row["contract_no"], row["customer_no"], row["customer_kind"], row["point"], row["holder"], row["views"],
            row["views_while_running"], row["persons"], str(row["first"]), str(row["last"]), " ".join(row["items"]), row["still_contracted"],
        )
        for row in answer.customers.iter_rows(named=True)
    }  # fmt: skip
    assert found == truth
    summary = json.loads((old_log / "truth_summary.json").read_text(encoding="utf-8"))
    for ours, theirs in {
        "views": "leaked_views", "views_while_running": "leaked_views_while_running", "contracts": "contracts",
        "contracts_while_running": "contracts_while_running", "readers": "viewers",
    }.items():  # fmt: skip
        assert answer.totals[ours] == summary[theirs], ours


def test_only_running_contracts_on_request(old_log: Path, tmp_path: Path) -> None:
    answer = _answer(old_log, tmp_path, Question(company="90016", right=Right.HISTORY, vacant=False))
    truth = {int(row["line"]) for row in _truth(old_log, "truth_views.csv") if row["case"] == "running"}
    assert set(answer.views["ref"]) == truth


def test_one_screen_in_one_period(old_log: Path, tmp_path: Path) -> None:
    period = (date(2018, 1, 1), date(2021, 1, 1))
    question = Question(
        company="90016", right=Right.HISTORY, items=("phone",), since=period[0], until=period[1]
    )
    answer = _answer(old_log, tmp_path, question)
    truth = {
        int(row["line"])
        for row in _truth(old_log, "truth_views.csv")
        if "phone" in row["items"].split() and str(period[0]) <= row["at"] < str(period[1])
    }
    assert set(answer.views["ref"]) == truth and truth


# --- formats

LINES = [
    ("2021-05-01T09:00:00", "u1", "S1", POINT),
    ("2019-12-31T23:59:59", "u2", "S1", POINT),
    ("2020-01-01T00:00:00", "u2", "S1", POINT),
]
SCREENS = '\n[screens]\nS1 = {name = "照会", items = ["name"]}\n'


def _csv(path: Path) -> str:
    path.write_text(
        "日時\t社員\t画面\t地点\n" + "\n".join("\t".join(line) for line in LINES) + "\n", encoding="cp932"
    )
    return 'encoding = "cp932"\ndelimiter = "\\t"\ncompany = "90016"\n[columns]\nat = "日時"\nperson = "社員"\nscreen = "画面"\npoint = "地点"'


def _headless(path: Path) -> str:
    path.write_text("# 抽出\n" + "\n".join(",".join(line) for line in LINES) + "\n", encoding="utf-8")
    return 'header = false\nskip_lines = 1\ncompany = "90016"\n[columns]\nat = 1\nperson = 2\nscreen = 3\npoint = 4'


def _fixed(path: Path) -> str:
    rows = [f"{at}{'電力太郎':　<6}{person:<4}{screen:<4}{number}" for at, person, screen, number in LINES]
    path.write_bytes(b"".join(row.encode("cp932") + b"\r\n" for row in rows))
    return (
        'format = "fixed"\nencoding = "cp932"\ncompany = "90016"\n[columns]\nat = {start = 1, length = 19}\n'
        "person = {start = 32, length = 4}\nscreen = {start = 36, length = 4}\npoint = {start = 40, length = 22}"
    )


def _json(path: Path) -> str:
    rows = [
        {"t": at, "user": {"id": person}, "scr": screen, "pt": number} for at, person, screen, number in LINES
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return 'format = "jsonl"\ncompany = "90016"\n[columns]\nat = "t"\nperson = "user.id"\nscreen = "scr"\npoint = "pt"'


@pytest.mark.parametrize("write", [_csv, _headless, _fixed, _json])
def test_formats(write: object, tmp_path: Path) -> None:
    assert callable(write)
    mapping = write(tmp_path / "log")
    taken, answer = _small(tmp_path, mapping + SCREENS)
    assert (taken.lines, taken.events, taken.rejected) == (3, 3, [])
    assert answer.views.select("ref", "person", "contract_no", "customer_kind").rows() == [
        (3, "u2", "C-2", "company"),
        (1, "u1", "C-2", "company"),
    ]


@pytest.mark.parametrize(
    ("form", "text", "zone"),
    [
        ("%Y/%m/%d %H:%M:%S", "2019/12/31 15:00:00", "UTC"),
        ("iso", "2019-12-31T15:00:00Z", "Asia/Tokyo"),
        ("iso", "2020-01-01T00:00:00", "Asia/Tokyo"),
        ("unix", "1577804400", "Asia/Tokyo"),
        ("unix_ms", "1577804400000", "Asia/Tokyo"),
    ],
)
def test_times_of_the_day_of_the_switch(form: str, text: str, zone: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"{text},u1,S1,{POINT}\n", encoding="utf-8")
    mapping = f'header = false\ntime_format = "{form}"\ntime_zone = "{zone}"\ncompany = "90016"\n[columns]\nat = 1\nperson = 2\nscreen = 3\npoint = 4'
    _, answer = _small(tmp_path, mapping + SCREENS)
    assert answer.views["contract_no"].to_list() == ["C-2"]


BAD_LINES = (
    ("not a date", "2021-13-01T09:00:00,u1,2,S1,{point},表示", "at", "2021-13-01T09:00:00"),
    ("short point", "2021-05-01T09:00:00,u1,2,S1,06000,表示", "point", "06000"),
    ("unknown screen", "2021-05-01T09:00:00,u1,2,S9,{point},表示", "screen", "S9"),
    ("unknown company", "2021-05-01T09:00:00,u1,7,S1,{point},表示", "company", "7"),
    ("nobody", "2021-05-01T09:00:00,,2,S1,{point},表示", "person", ""),
    ("too few columns", "2021-05-01T09:00:00,u1", "", "2021-05-01T09:00:00,u1"),
    (
        "too many columns",
        "2021-05-01T09:00:00,u1,2,S1,{point},表示,x",
        "",
        "2021-05-01T09:00:00,u1,2,S1,{point},表示,x",
    ),
)


@pytest.mark.parametrize(
    ("line", "field", "value"), [bad[1:] for bad in BAD_LINES], ids=[bad[0] for bad in BAD_LINES]
)
def test_a_bad_line_is_named_and_its_neighbours_are_kept(
    line: str, field: str, value: str, tmp_path: Path
) -> None:
    good = f"2021-05-01T09:00:00,u1,2,S1,{POINT},表示"
    text = "\n".join(
        [
            "at,person,company,screen,point,result",
            good,
            line.format(point=POINT),
            good,
            good.replace("表示", "遮断"),
        ]
    )
    (tmp_path / "log").write_text(text + "\n", encoding="utf-8")
    names = "".join(
        f'{name} = "{name}"\n' for name in ("at", "person", "company", "screen", "point", "result")
    )
    mapping = f'[columns]\n{names}[results]\nshown = ["表示"]\n[companies]\n"2" = "90016"'
    taken, answer = _small(tmp_path, mapping + SCREENS)
    assert (taken.lines, taken.events, taken.not_shown) == (4, 2, 1)
    assert [(bad.line, bad.field, bad.value) for bad in taken.rejected] == [
        (2, field, value.format(point=POINT))
    ]
    assert answer.views["ref"].to_list() == [1, 3]
    write_rejected(tmp_path / "rejects.csv", {"log": taken.rejected})
    assert (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith("log,2,")


def test_bytes_that_are_no_characters_are_refused(tmp_path: Path) -> None:
    row = f"2021-05-01T09:00:00,u1,S1,{POINT}\n".encode()
    (tmp_path / "log").write_bytes(row + row.replace(b"u1", b"\x81\x00") + row)
    mapping = 'encoding = "cp932"\nheader = false\ncompany = "90016"\n[columns]\nat = 1\nperson = 2\nscreen = 3\npoint = 4'
    taken, answer = _small(tmp_path, mapping + SCREENS)
    assert [(bad.line, bad.field) for bad in taken.rejected] == [(2, "person")]
    assert answer.views["ref"].to_list() == [1, 3]


def _small(root: Path, mapping: str) -> tuple[Taken, Answer]:
    (root / "mapping.toml").write_text(mapping, encoding="utf-8")
    (root / "history.csv").write_text(HISTORY, encoding="utf-8")
    store = new_store(root / "store")
    taken, _ = take_in(
        store=store,
        log=root / "log",
        mapping=read_mapping(root / "mapping.toml"),
        contracts=root / "history.csv",
    )
    return taken, search(store=store, question=AFFILIATE, as_of=UNTIL)


def test_a_missing_column_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("when,who\n", encoding="utf-8")
    mapping = 'company = "1"\n[columns]\nat = "when"\nperson = "who"\nscreen = "scr"\npoint = "pt"' + SCREENS
    with pytest.raises(UnableToReadLog, match="scr"):
        _small(tmp_path, mapping)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("format = 1 =", "TOML"),
        ('format = "xml"' + SCREENS, "format"),
        ('encoding = "klingon"' + SCREENS, "encoding"),
        ('time_zone = "Mars/Olympus"\ncompany = "1"\n[columns]\nat = 1\nperson = 2\nscreen = 3\npoint = 4' + SCREENS, "time_zone"),
        ('company = "1"\n[columns]\nat = "a"\nperson = "b"\nscreen = "c"' + SCREENS, "columns.point"),
        ('[columns]\nat = "a"\nperson = "b"\nscreen = "c"\npoint = "d"' + SCREENS, "columns.company"),
        ('company = "1"\n[columns]\nat = "a"\nperson = "b"\nscreen = "c"\npoint = "d"\nshoe = "e"' + SCREENS, "columns.shoe"),
        ('company = "1"\n[columns]\nat = "a"\nperson = "b"\nscreen = "c"\npoint = "d"', "screens"),
        ('company = "1"\n[columns]\nat = "a"\nperson = "b"\nscreen = "c"\npoint = "d"\n[screens]\nS1 = {name = "x"}', "screens.S1"),
        ('format = "fixed"\ncompany = "1"\n[columns]\nat = "a"\nperson = "b"\nscreen = "c"\npoint = "d"' + SCREENS, "columns.at"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_names_its_entry(text: str, entry: str, tmp_path: Path) -> None:
    (tmp_path / "mapping.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UnableToReadMapping, match=entry):
        read_mapping(tmp_path / "mapping.toml")


BAD_CONTRACTS = (
    ("0600,C-3,90016,K3,person,2016-04-01,", "point"),
    (f"{POINT},,90016,K3,person,2016-04-01,", "contract_no"),
    (f"{POINT},C-3,,K3,person,2016-04-01,", "holder"),
    (f"{POINT},C-3,90016,K3,cat,2016-04-01,", "customer_kind"),
    (f"{POINT},C-3,90016,K3,person,2016-02-30,", "valid_from"),
    (f"{POINT},C-3,90016,K3,person,2016-04-01,2016-04-01", "valid_to"),
    (f"{POINT},C-3,90016,K3,person,2019-12-31,2020-01-01", "valid_from"),
)


@pytest.mark.parametrize(("row", "field"), BAD_CONTRACTS)
def test_a_bad_contract_is_named_and_the_others_are_kept(row: str, field: str, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(HISTORY + row + "\n", encoding="utf-8")
    periods, refused = from_csv(tmp_path / "history.csv")
    assert [(type(bad), bad.line, bad.field) for bad in refused] == [(Rejected, 3, field)]
    assert periods["contract_no"].to_list() == ["C-1", "C-2"]


def test_bytes_that_are_no_characters_refuse_their_contract_only(tmp_path: Path) -> None:
    row = f"{POINT},C-3,90016,K".encode() + b"\xff,person,2010-01-01,2011-01-01\n"
    (tmp_path / "history.csv").write_bytes(HISTORY.encode() + row)
    periods, refused = from_csv(tmp_path / "history.csv")
    assert [(bad.line, bad.field, bad.value) for bad in refused] == [(3, "customer_no", "K\\udcff")]
    assert periods["contract_no"].to_list() == ["C-1", "C-2"]


def test_a_history_without_its_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("point,holder\n", encoding="utf-8")
    with pytest.raises(UnableToReadHistory, match="contract_no"):
        from_csv(tmp_path / "history.csv")
