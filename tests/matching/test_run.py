"""From a file to a folder: encodings, rejected rows, restarts, crews, review, and the words for a clerk."""

from __future__ import annotations

import csv
import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from sekisho.matching import (
    Mapping,
    Result,
    division,
    explain,
    intake,
    mapping,
    match,
    review,
    run,
    second_opinion,
    shards,
    stages,
)
from sekisho.matching.errors import (
    UnableToExplain,
    UnableToReadMapping,
    UnableToReadReview,
    UnableToReadSource,
    UnableToResume,
)
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.population import Order, generate
from sekisho.matching.population.writer import RECORDS, TRUTH
from sekisho.surfaces.cli.match import app

ROWS = """\
record_id,name,kana,address,point,system,application,start,end
1,ﾔﾏﾀﾞ ﾀﾛｳ,,上尾市原市3-4-5,0000000000000000000001,1,,2017-04-01,2019-04-01
2,山田 太郎,,埼玉県上尾市大字原市3丁目4番5号,0000000000000000000001,1,スイッチング,2019/04/01,
3,佐藤 花子,ｻﾄｳ ﾊﾅｺ,上尾市原市1-1,0000000000000000000002,2,再点,20260101,
4,ｻﾄｳ ﾊﾅｺ,,上尾市原市1-1,0000000000000000000002,1,,2018-01-01,
5,街路灯 第1号,,上尾市原市1-1,0000000000000000000003,1,,2018-01-01,
"""
BAD = """\
6,,,上尾市原市1-1,0000000000000000000004,①,,2018-01-01,
,鈴木 一郎,,上尾市原市1-1,0000000000000000000004,①,,2018-01-01,
7,鈴木 一郎,,上尾市原市2-1,12345,①,,2018-13-01,
8,余分,な,項目,が,多,い,行,です,よ,ね
9,鈴木 二郎,,上尾市原市2-2,0000000000000000000005,①,,2018-01-01,
"""


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Many pieces and shards even for a small file."""
    monkeypatch.setattr(intake, "PIECE", 700)
    monkeypatch.setattr(run, "SHARD_ROWS", 500)
    yield


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("population")
    generate(Order(seed=11, records=3_000, area="06"), folder)
    return folder


@pytest.fixture(scope="module")
def whole(population: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(intake, "PIECE", 700)
        small.setattr(run, "SHARD_ROWS", 500)
        return match(population / RECORDS, out=tmp_path_factory.mktemp("whole"), workers=1)


@pytest.fixture(scope="module")
def island(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Okinawa: few municipalities, and one with a quarter of the people."""
    folder = tmp_path_factory.mktemp("island")
    generate(Order(seed=12, records=1_200, area="10"), folder)
    return folder


@pytest.fixture(scope="module")
def undivided(island: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(intake, "PIECE", 700)
        return match(island / RECORDS, out=tmp_path_factory.mktemp("undivided"), workers=1)


def written(result: Result) -> pl.DataFrame:
    return result.records.sort("row").collect()


def of_text(folder: Path, text: str, *, encoding: str = "utf-8") -> Result:
    source = folder / "input.csv"
    source.write_text(text, encoding=encoding, newline="")
    return match(source, out=folder / "out", workers=1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16"])
def test_every_encoding_of_a_utility_is_read(encoding: str, tmp_path: Path) -> None:
    clusters = written(of_text(tmp_path, ROWS, encoding=encoding))["cluster"].to_list()
    assert clusters == [0, 0, 2, 2, 4]


def test_a_bad_row_is_kept_aside_with_its_reason_and_the_others_go_on(tmp_path: Path) -> None:
    result = of_text(tmp_path, ROWS + BAD)
    assert written(result)["record"].to_list() == ["1", "2", "3", "4", "5", "7", "9"]
    assert (result.rejected, result.ignored) == (3, 2)
    with (tmp_path / "out" / "rejected.csv").open(encoding="utf-8-sig", newline="") as lines:
        notes = {(row["行"], row["項目"], row["値"], row["使用"]) for row in csv.DictReader(lines)}
    assert {
        ("7", "name", "", "false"),
        ("9", "point", "12345", "true"),
        ("9", "start", "2018-13-01", "true"),
    } <= notes
    assert any(row == "10" and "余分" in value for row, _, value, _ in notes)


def test_people_with_a_business_name_are_told_within_the_individuals(tmp_path: Path) -> None:
    rows = """record_id,name,address,point
1,青葉商店 山田太郎,上尾市原市3-4-5,0000000000000000000001
2,山田 太郎,上尾市原市3-4-5,0000000000000000000001
3,鈴木 花子,上尾市原市1-1,0000000000000000000002
4,株式会社青葉,上尾市原市1-2,0000000000000000000003
"""
    table = of_text(tmp_path, rows).table
    assert (table.figures["total"]["individuals"].value, table.sole_proprietors) == (2, 1)
    assert "屋号のある者,1" in (tmp_path / "out" / "counts.csv").read_text(encoding="utf-8-sig")


def test_a_name_of_which_nothing_is_seen_is_none_and_a_point_loses_what_nobody_sees() -> None:
    raw = pl.DataFrame(
        {
            "row": [0, 1, 2],
            "record": ["1", "2", "3"],
            "name": ["\u200b\x1a", "　\ufeff", "\u200b山田"],
            "point": [None, None, f"\ufeff{'1' * 11}-\u200b{'1' * 11}"],
        },
        schema_overrides={"row": pl.UInt32},
    )
    piece = intake.checked(raw, Mapping())
    assert piece.rows.select("record", "point").rows() == [("3", "1" * 22)]
    assert piece.rejected.select("field", "kept").rows() == [("name", False), ("name", False)]


def test_a_missing_column_names_the_ones_there_are(tmp_path: Path) -> None:
    (tmp_path / "input.csv").write_text("番号,氏名\n1,山田\n", encoding="utf-8")
    with pytest.raises(UnableToReadSource, match="address"):
        match(tmp_path / "input.csv", out=tmp_path / "out", workers=1)


def test_a_mapping_gives_columns_and_codes_their_meaning(tmp_path: Path) -> None:
    text = "番号,需要者名,場所,地点,種別,開始\n1,ﾔﾏﾀﾞ ﾀﾛｳ,上尾市原市3-4-5,%s,,2017-04-01\n2,山田 太郎,上尾市原市3-4-5,%s,切替,2019-04-01\n"
    source = tmp_path / "input.csv"
    source.write_text(text % ("1" * 22, "1" * 22), encoding="cp932")
    columns = 'record="番号"\nname="需要者名"\naddress="場所"\npoint="地点"\napplication="種別"\nstart="開始"'
    toml = f'[columns]\n{columns}\n[applications]\n"切替"="switch"\n'
    (tmp_path / "map.toml").write_text(toml, encoding="utf-8")
    result = match(source, mapping=mapping.read(tmp_path / "map.toml"), out=tmp_path / "out", workers=1)
    assert result.edges.collect()["switched"].to_list() == [True]


@pytest.mark.parametrize(
    "text", ["[columns]\nnaem='x'", "[applications]\n'a'='b'", "columns = 3", "not toml"]
)
def test_a_wrong_mapping_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UnableToReadMapping):
        mapping.read(tmp_path / "map.toml")


class Killed(Exception):
    """As if the process had been killed here."""


@pytest.mark.parametrize("after", [1, 5, 11, 15, 20])
def test_a_run_killed_anywhere_goes_on_and_ends_the_same(
    after: int, population: Path, whole: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(after))
    real = shards.whole

    @contextmanager
    def failing(path: Path) -> Iterator[Path]:
        with real(path) as unfinished:
            if next(calls, None) is None:
                raise Killed
            yield unfinished

    with monkeypatch.context() as patched:
        patched.setattr(shards, "whole", failing)
        with pytest.raises(Killed):
            match(population / RECORDS, out=tmp_path / "out", workers=1)
    assert written(match(population / RECORDS, out=tmp_path / "out", workers=1)).equals(written(whole))


_RUN = """
import sys
from pathlib import Path
from sekisho.matching import intake, match, run
intake.PIECE, run.SHARD_ROWS = 700, 100
match(Path(sys.argv[1]), out=Path(sys.argv[2]), workers=1)
"""


def _files(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file())


def test_a_process_killed_at_any_stage_goes_on_and_ends_the_same(
    island: Path, undivided: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL when so many files are there: while pieces, parts and shards are written."""
    out = tmp_path / "out"
    for files in (3, 14, 30):
        child = subprocess.Popen([sys.executable, "-c", _RUN, str(island / RECORDS), str(out)])
        while child.poll() is None and _files(out) < files:
            time.sleep(0.01)
        child.kill()
        assert child.wait() == -signal.SIGKILL, "it ended before it could be killed"
    monkeypatch.setattr(run, "SHARD_ROWS", 100)
    again = match(island / RECORDS, out=out, workers=1)
    assert written(again).equals(written(undivided))
    assert again.table == undivided.table


def test_processes_and_a_dask_cluster_give_the_same_bytes(
    population: Path, whole: Result, tmp_path: Path
) -> None:
    two = match(population / RECORDS, out=tmp_path / "two", workers=2)
    dask = match(population / RECORDS, out=tmp_path / "dask", cluster="local:2")
    assert written(whole).equals(written(two))
    assert written(whole).equals(written(dask))
    assert whole.table == two.table == dask.table


# 小栗 as サクラギ is in no dictionary; only a kana column in 上尾市 tells it, and 那覇市 needs it. One 佐藤 of many is
# no サクラギ.
TOLD = """\
record_id,name,kana,address,point
1,小栗　旬子,サクラギ　シュンコ,上尾市原市3-4-5,0000000000000000000001
2,小栗　太郎,,那覇市泉崎1-1-1,0000000000000000000002
3,ｻｸﾗｷﾞ ﾀﾛｳ,,那覇市泉崎1-1-1,0000000000000000000003
4,佐藤　花子,,那覇市泉崎1-2-1,0000000000000000000004
5,ｻｸﾗｷﾞ ﾊﾅｺ,,那覇市泉崎1-2-1,0000000000000000000005
6,佐藤　旬子,ｻｸﾗｷﾞ ｼｭﾝｺ,上尾市原市3-4-6,0000000000000000000006
"""
SATO = "{0},佐藤　花子,ｻﾄｳ ﾊﾅｺ,上尾市原市9-{0},{0:022}\n"
TOLD += "".join(SATO.format(number) for number in range(7, 37))


@pytest.mark.parametrize(
    ("rows", "cluster"), [(1_000, None), (30, None), (1, None), (30, "local:2")], ids=str
)
def test_a_reading_that_one_municipality_tells_is_known_to_every_shard(
    rows: int, cluster: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SHARD_ROWS", rows)
    source = tmp_path / "input.csv"
    source.write_text(TOLD, encoding="utf-8")
    result = match(source, out=tmp_path / "out", workers=1, cluster=cluster)
    clusters = written(result)["cluster"].to_list()
    assert clusters[:6] == [0, 1, 1, 3, 4, 5]
    assert explain(result.folder, "2", "3").together


def test_lines_of_the_result_are_the_same_however_the_file_is_cut(
    population: Path, whole: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SHARD_ROWS", 170)
    again = match(population / RECORDS, out=tmp_path / "out", workers=1)
    assert len(list((again.folder / "records").glob("*"))) > len(list((whole.folder / "records").glob("*")))
    assert written(again).equals(written(whole))


def test_a_municipality_in_parts_is_settled_as_a_whole(
    island: Path, undivided: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "SHARD_ROWS", 100)
    parted = match(island / RECORDS, out=tmp_path / "parts", workers=1)
    spans = json.loads((tmp_path / "parts" / "work" / "plan.json").read_text(encoding="utf-8"))
    assert any(span["part"] for span in spans)
    assert written(parted).equals(written(undivided))
    assert parted.table == undivided.table


def test_parts_never_cut_through_a_house_a_point_or_a_number(words: Lexicon) -> None:
    rows = pl.DataFrame(
        {
            "row": [0, 1, 2, 3, 4, 5],
            "address": [
                "上尾市原市1-1",
                "上尾市原市1-1",
                "上尾市原市2-1",
                "上尾市",
                "上尾市",
                "上尾市原市3-1",
            ],
            "postal_code": [None] * 6,
            "point": ["a", "b", "b", None, None, None],
            "number": [None, None, None, "n", "n", "n"],
        },
        schema_overrides={"row": pl.UInt32, "postal_code": pl.String},
    )
    parts = division.parts(rows, target=1, lexicon=words).sort("row")["part"].to_list()
    assert parts[0] == parts[1] == parts[2] != parts[3] == parts[4] != parts[5]


@pytest.mark.parametrize("rows", [1, 50, 1000])
def test_a_plan_holds_every_row_once(rows: int) -> None:
    total = {"01100": 30, "01101": 60, "01102": 900, "02100": 5}
    large = {jis: [rows] * (count // rows) for jis, count in total.items() if count > rows}
    spans = shards.plan(total, large, target=rows)
    assert [span.number for span in spans] == list(range(len(spans)))
    whole = [span.rows for span in spans if span.part is None]
    assert sum(whole) == sum(count for jis, count in total.items() if jis not in large)
    assert [span.rows for span in spans if span.part is not None] == [*itertools.chain(*large.values())]
    for jis in total:
        holding = [span for span in spans if span.first <= jis <= span.last]
        assert len(holding) == (len(large[jis]) if jis in large else 1)


def test_other_work_in_the_folder_is_not_overwritten(population: Path, whole: Result) -> None:
    with pytest.raises(UnableToResume):
        match(population / RECORDS, mapping=Mapping(running=("x",)), out=whole.folder, workers=1)


def test_a_folder_of_another_edition_says_so_and_what_to_do(tmp_path: Path) -> None:
    folder = of_text(tmp_path, ROWS).folder
    mark = folder / "work" / "job.json"
    job = json.loads(mark.read_text(encoding="utf-8"))
    mark.write_text(json.dumps(job | {"edition": job["edition"] - 1}), encoding="utf-8")
    with pytest.raises(UnableToResume, match=r"別の版.*別の出力先") as refused:
        of_text(tmp_path, ROWS)
    assert "another edition of the rules" in refused.value.en
    assert f"({run.EDITION - 1}, now {run.EDITION})" in refused.value.en
    assert "入力または設定" not in refused.value.ja


def test_two_legal_forms_are_explained_in_words(tmp_path: Path) -> None:
    text = (
        "record_id,name,address,point,application,start,end\n"
        "1,株式会社青葉工業,上尾市原市3-4-5,0000000000000000000001,,2017-04-01,\n"
        "2,有限会社青葉工業,上尾市原市3-4-5,0000000000000000000002,,2017-04-01,\n"
        "3,青葉工業,上尾市原市3-4-5,0000000000000000000003,,2017-04-01,\n"
        "4,（有）みどり商事,上尾市原市7-1,0000000000000000000004,,2001-04-01,2007-04-01\n"
        "5,㈱みどり商事,上尾市原市7-1,0000000000000000000004,名義変更,2007-04-01,\n"
    )
    folder = of_text(tmp_path, text).folder
    assert "法人格が違う" in explain(folder, "1", "2").text()
    assert "the legal forms differ" in explain(folder, "1", "2").text(english=True)
    assert "not merged" in explain(folder, "1", "2").text(english=True)
    changed = explain(folder, "4", "5").text()
    assert "同じお客さま" in changed and "組織変更" in changed and "名義変更" in changed
    [apart] = [one for one in ("1", "2") if not explain(folder, one, "3").together]
    refused = explain(folder, apart, "3").text()
    assert "法人格の違う会社どうし" in refused
    assert "この組だけを見れば確からしさ" in refused


def test_every_record_is_in_one_cluster_and_the_truth_between_the_bounds(
    population: Path, whole: Result
) -> None:
    truth = pl.read_parquet(population / TRUTH)
    assert written(whole)["row"].to_list() == list(range(3_000))
    people = whole.table.figures["total"]["individuals"]
    true = truth.filter(pl.col("kind") == "person")["truth_id"].n_unique()
    assert people.low <= true <= people.high


def test_rows_without_a_municipality_follow_their_supply_point(tmp_path: Path) -> None:
    text = ROWS + "6,ﾔﾏﾀﾞ ﾀﾛｳ,,（不明）,0000000000000000000001,①,,2016-04-01,2017-04-01\n"
    assert written(of_text(tmp_path, text))["cluster"].to_list()[-1] == 0


def test_a_pair_is_explained_in_words(tmp_path: Path) -> None:
    folder = of_text(tmp_path, ROWS).folder
    text = explain(folder, "1", "2").text()
    for words in ("同じお客さま", "漢字名の読み候補に一致", "同一供給地点", "スイッチング時の名義変更"):
        assert words in text
    assert "別のお客さま" in explain(folder, "1", "3").text()
    assert "not merged" in explain(folder, "1", "3").text(english=True)


def test_a_result_of_another_edition_is_not_explained(tmp_path: Path) -> None:
    folder = of_text(tmp_path, ROWS).folder
    mark = folder / "work" / "job.json"
    job = json.loads(mark.read_text(encoding="utf-8"))
    mark.write_text(json.dumps(job | {"edition": job["edition"] - 1}), encoding="utf-8")
    with pytest.raises(UnableToExplain, match="別の版"):
        explain(folder, "1", "2")


def judged(text: str, verdict: str) -> str:
    rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    return "\n".join(",".join([*row[:-1], verdict if number else row[-1]]) for number, row in enumerate(rows))


def test_a_reviewed_sample_corrects_the_count(whole: Result) -> None:
    folder = whole.folder
    sample = review.export(folder, size=10_000, seed=3)
    assert sample == review.export(folder, size=10_000, seed=3)
    all_one, none_one = (review.take_in(folder, judged(sample, verdict)) for verdict in ("同", "別"))
    pairs = {name: stratum.pairs for name, stratum in all_one.strata.items()}
    assert all_one.estimate == all_one.value - pairs["open"]
    assert none_one.estimate == none_one.value + pairs["merged_certain"] + pairs["merged_probable"]
    assert all_one.low == all_one.high == all_one.estimate


def test_what_splink_sees_otherwise_is_drawn_by_itself_and_corrects_the_count(
    population: Path, tmp_path: Path
) -> None:
    folder = match(population / RECORDS, out=tmp_path / "out", workers=1).folder
    before = review.take_in(folder, judged(review.export(folder, size=10_000, seed=3), "同"))
    people = pl.read_parquet(folder / "records" / "*.parquet").filter(pl.col("kind") == "person")
    one, other = (
        people.unique("cluster", keep="first", maintain_order=True).sort("row").head(2).iter_rows(named=True)
    )
    merged = pl.read_parquet(folder / "edges" / "*.parquet").filter("accepted")
    apart = merged.join(people, left_on="left_cluster", right_on="cluster", how="semi").head(1)
    columns = ("left_record", "right_record", "left_cluster", "right_cluster", "reason")
    only = pl.DataFrame(
        [(one["record"], other["record"], one["cluster"], other["cluster"], "splink")],
        schema=apart.select(columns).schema,
        orient="row",
    )
    pairs = [only.with_columns(stratum=pl.lit("splink_only"))]
    pairs += [apart.select(columns).with_columns(stratum=pl.lit("merged_splink_apart"))]
    pl.concat(pairs).write_parquet(folder / second_opinion.PAIRS)
    after = review.take_in(folder, judged(review.export(folder, size=10_000, seed=3), "同"))
    assert after.strata["splink_only"].pairs == after.strata["merged_splink_apart"].pairs == 1
    assert after.estimate == before.estimate - 1
    merged_before, merged_after = (
        sum(made.strata[name].pairs for name in made.strata if name.startswith("merged"))
        for made in (before, after)
    )
    assert merged_before == merged_after


@pytest.mark.parametrize("change", ["drop", "verdict", "record"])
def test_a_sample_that_was_altered_is_refused(change: str, tmp_path: Path) -> None:
    folder = of_text(tmp_path, ROWS).folder
    lines = judged(review.export(folder, size=5, seed=1), "同").split("\n")
    altered = {
        "drop": lines[:1],
        "verdict": [lines[0], lines[1][:-1] + "多分"],
        "record": [lines[0], lines[1].replace("1,", "77,")],
    }
    with pytest.raises(UnableToReadReview):
        review.take_in(folder, "\n".join(altered[change]))


def test_the_command_line(tmp_path: Path) -> None:
    source = tmp_path / "input.csv"
    source.write_text(ROWS, encoding="cp932")
    called = CliRunner().invoke(app, [str(source), "-o", str(tmp_path / "out"), "--workers", "1", "--json"])
    assert called.exit_code == 0, called.output
    assert json.loads(called.stdout)["figures"]["total"]["individuals"]["value"] == 2
    said = CliRunner().invoke(app, ["explain", "1", "2", "-r", str(tmp_path / "out")])
    assert "同じお客さま" in said.stdout
    parts = CliRunner().invoke(app, ["normalise", "上尾市原市3-4-5", "--json"])
    assert json.loads(parts.stdout)[0]["city"] == "上尾市"


def test_with_clocks_every_stage_is_noted(population: Path, tmp_path: Path) -> None:
    ticks = itertools.count()
    clocks = stages.Clocks(task=lambda: float(next(ticks)), whole=lambda: float(next(ticks)))
    timed = match(population / RECORDS, out=tmp_path / "timed", workers=1, clocks=clocks)
    noted = stages.read(timed.folder / "work")
    assert set(noted["whole"]) == {"reading", "surveying", "planning", "settling", "counting"}
    shards_settled = len(list((timed.folder / "work" / "settled").glob("*.json")))
    assert noted["tasks"]["names"] == noted["tasks"]["writing"] == shards_settled
    assert noted["tasks"]["reading"] == len(list((timed.folder / "work" / "pieces").glob("[0-9]*.json")))


def test_without_clocks_no_stage_is_noted(whole: Result) -> None:
    assert stages.read(whole.folder / "work") == {"whole": {}, "tasks": {}}
