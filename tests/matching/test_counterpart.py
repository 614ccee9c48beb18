"""The counterpart population: repeatable, its truth consistent, its shares as its table says, its switches obeyed."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from japanese_personal_name_dataset import load_dataset

from sekisho.matching.population import counterpart
from sekisho.matching.population.counterpart import readings
from sekisho.matching.population.counterpart.dice import Dice, urn
from sekisho.matching.population.counterpart.firms import Firm, Firms, corporate_number
from sekisho.matching.population.counterpart.history import EPOCH, TODAY, Area, Spell
from sekisho.matching.population.counterpart.people import People
from sekisho.matching.population.counterpart.places import Places
from sekisho.matching.population.counterpart.readings import load_names
from sekisho.matching.population.counterpart.retailers import Retailers
from sekisho.matching.population.counterpart.shares import SHARE, TABLE, TAGS
from sekisho.matching.population.counterpart.spelling import Pen, in_script

RECORDS = 20_000
COLUMNS = [
    "record_id", "name", "kana", "address", "postal_code", "phone", "point", "corporate_number", "system", "application",
    "start", "end", "state",
]  # fmt: skip
APPLICATIONS = {"スイッチング", "再点", "廃止", "名義変更", "契約変更", "新設", None}
# Too rare to be sure of in one small population; each is shown with its share raised.
RARE = {
    "twins": ("twins",), "same_sound": ("heir_same_sound",), "surname_only": ("surname_only",), "ivs": ("ivs",),
    "near_sound": ("heir_shares_sound",), "reversed": ("reversed",), "mixed": ("mixed",), "misread": ("misread",),
}  # fmt: skip


def made(folder: Path, **given: Any) -> pl.DataFrame:
    """A population beside its truth."""
    arguments: dict[str, Any] = {"records": 600, "seed": 5, "dictionary": "independent"} | given
    counterpart.generate(folder=folder, **arguments)
    truth = pl.read_parquet(folder / "truth.parquet").rename({"record_id": "number"})
    return pl.read_parquet(folder / "population.parquet").hstack(truth)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("counterpart")


@pytest.fixture(scope="module")
def population(folder: Path) -> pl.DataFrame:
    return made(folder, records=RECORDS, seed=11)


def tags_of(truths: pl.DataFrame) -> Counter[str]:
    return Counter(tag for slices in truths["slices"] for tag in slices.split())


# --- form


def test_columns_and_numbers(population: pl.DataFrame, folder: Path) -> None:
    rows = pl.read_parquet(folder / "population.parquet")
    assert rows.columns == COLUMNS
    assert set(rows.dtypes) == {pl.String}
    assert rows.height == RECORDS
    assert population["record_id"].cast(pl.Int64).equals(population["number"], check_names=False)
    assert population["number"].n_unique() == RECORDS
    assert [population[c].dtype for c in ("number", "truth_id", "party_id")] == [pl.Int64] * 3


def test_values(population: pl.DataFrame) -> None:
    assert set(population["system"]) == {"1", "2"}
    assert set(population["state"]) == {"契約中", "終了"}
    assert set(population["application"]) == APPLICATIONS
    assert population["point"].drop_nulls().str.contains(r"^\d{22}$").all()
    assert population["name"].null_count() == population["address"].null_count() == 0
    assert (population["name"].str.len_chars() > 0).all()
    ended = population.filter(pl.col("end").is_not_null())
    assert (ended["start"] <= ended["end"]).all()
    assert ((population["end"].is_null()) == (population["state"] == "契約中")).all()


def test_rows_lie_in_random_order(population: pl.DataFrame) -> None:
    neighbours = (population["truth_id"] == population["truth_id"].shift()).mean()
    assert isinstance(neighbours, float)
    assert neighbours < 0.001


# --- repeatable


def test_same_arguments_same_rows(tmp_path: Path) -> None:
    first, again, other = (made(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize("records", [1, 2, 37])
def test_exactly_as_many_records_as_asked(tmp_path: Path, records: int) -> None:
    assert made(tmp_path, records=records).height == records


@pytest.mark.parametrize(("records", "share"), [(0, 0.0), (10, -0.1), (10, 1.1)])
def test_refuses_impossible_arguments(tmp_path: Path, records: int, share: float) -> None:
    with pytest.raises(ValueError, match="records"):
        made(tmp_path, records=records, kana_column=share)


# --- truth


def test_a_truth_has_one_kind_one_party_one_set_of_slices(population: pl.DataFrame) -> None:
    several = population.group_by("truth_id").agg(pl.col("kind", "party_id", "slices").n_unique())
    assert several.select(pl.col("kind", "party_id", "slices").max()).row(0) == (1, 1, 1)


def test_slices_say_what_the_records_show(population: pl.DataFrame) -> None:
    kana_only = pl.col("name").str.contains(r"\p{Han}").not_()
    truths = population.group_by("truth_id", "slices").agg(pl.len(), kana_only.all().alias("kana"))
    tags = truths["slices"].str.split(" ")
    assert ((truths["len"] == 1) == tags.list.contains("single")).all()
    assert not (truths["kana"] & tags.list.contains("variant")).any()


def test_a_device_is_one_point(population: pl.DataFrame) -> None:
    points = (
        population.filter(kind="device").group_by("truth_id").agg(pl.col("point").drop_nulls().n_unique())
    )
    assert points["point"].max() == 1


def test_a_point_stays_in_one_town(population: pl.DataFrame) -> None:
    """Postal codes are mistyped now and then, never systematically."""
    code = pl.col("postal_code").str.replace("-", "")
    towns = population.filter(code.is_not_null()).group_by("point").agg(code.alias("codes"))
    odd = towns.filter(pl.col("codes").list.n_unique() > 1).height
    assert odd < 4 * SHARE["postal_wrong"] * population.height


@pytest.fixture
def sites() -> Iterator[list[list[Spell]]]:
    dice = Dice(3)
    people, places = People(dice, load_names("independent")), Places(dice)
    area = Area(dice, people, places, Firms(dice, people, places, records=1000), Retailers(dice))
    yield [area.site() for _ in range(1500)]


def test_one_truth_for_a_party_at_a_house_and_one_house_for_a_truth(sites: list[list[Spell]]) -> None:
    found: dict[tuple[int, int], int] = {}
    for truth in {id(s.truth): s.truth for site in sites for s in site}.values():
        assert found.setdefault((truth.party, id(truth.house)), id(truth)) == id(truth)
    lots = Counter(
        (h.town.key, h.chome, h.ban, h.go)
        for h in {id(s.truth.house): s.truth.house for site in sites for s in site}.values()
    )
    assert max(lots.values()) == 1


def test_contracts_of_a_point_follow_one_another(sites: list[list[Spell]]) -> None:
    points: dict[str, list[Spell]] = {}
    for spell in (spell for site in sites for spell in site):
        points.setdefault(spell.point, []).append(spell)
    for spells in points.values():
        for before, after in pairwise(spells):
            assert before.end is not None
            assert before.end <= after.start
            assert after.cause not in ("スイッチング", "契約変更", "名義変更") or before.end == after.start
        assert all(s.end is None or EPOCH <= s.end < TODAY for s in spells)


def test_a_change_of_party_needs_a_stop_or_a_takeover(sites: list[list[Spell]]) -> None:
    for site in sites:
        for before, after in pairwise(site):
            if (
                before.point == after.point
                and before.truth is not after.truth
                and after.cause == "スイッチング"
            ):
                assert "spouse_switch" in after.truth.tags


# --- shares

EXPECTED = (
    # kind, tag or None for the kind itself, lowest and highest share of the truths (of that kind)
    ("person", None, 0.66, 0.84),
    ("company", None, 0.11, 0.22),
    ("device", None, 0.07, 0.16),
    ("person", "single", 0.55, 0.75),
    ("person", "kana_kanji", 0.15, 0.32),
    ("person", "family", 0.06, 0.15),
    ("person", "successor", 0.25, 0.48),
    ("person", "roomless", 0.02, 0.07),
    ("person", "foreign", 0.6 * SHARE["foreign"], 1.5 * SHARE["foreign"]),
    ("person", "variant", 0.001, 0.012),
    ("person", "maiden", 0.004, 0.025),
    ("person", "homophone", 0.0008, 0.008),
    ("person", "couple", 0.4 * SHARE["couple"], 2.5 * SHARE["couple"]),
    ("person", "remark", 0.4 * SHARE["remark"], 2.5 * SHARE["remark"]),
    ("person", "voicing_slip", 0.3 * SHARE["voicing_slip"], 2 * SHARE["voicing_slip"]),
    ("company", "chain", 0.15, 0.45),
    ("company", "sole", 0.02, 0.14),
    ("person", "sole", 0.005, 0.06),
    ("device", "lamp", 0.5, 0.75),
    ("device", "signal", 0.09, 0.21),
)


@pytest.mark.parametrize(("kind", "tag", "lowest", "highest"), EXPECTED)
def test_shares(population: pl.DataFrame, kind: str, tag: str | None, lowest: float, highest: float) -> None:
    truths = population.unique("truth_id")
    of_kind = truths.filter(kind=kind)
    share = of_kind.height / truths.height if tag is None else tags_of(of_kind)[tag] / of_kind.height
    assert lowest <= share <= highest


def test_every_common_tag_occurs_and_none_is_unexplained(population: pl.DataFrame) -> None:
    found = set(tags_of(population.unique("truth_id")))
    assert found <= set(TAGS)
    assert set(TAGS) - found <= set(RARE)


@pytest.mark.parametrize("tag", sorted(RARE))
def test_every_rare_tag_occurs_when_its_share_is_raised(
    tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for share in RARE[tag]:
        monkeypatch.setitem(SHARE, share, 0.5)
    assert tags_of(made(tmp_path, records=2500).unique("truth_id"))[tag] > 0


def test_every_share_has_a_reason() -> None:
    assert all(share.value > 0 and share.of and share.reason for share in TABLE.values())
    used = "".join(
        p.read_text("utf-8") for p in Path(counterpart.__file__).parent.glob("*.py") if p.name != "shares.py"
    )
    dynamic = {name for name in SHARE if name.startswith(("house_", "switch_"))} | {
        "second_meter",
        "shared_lot",
        "lodger",
        "twins",
        "two_families",
    }
    assert [name for name in SHARE if f'"{name}"' not in used and name not in dynamic] == []


# --- the manifest


def test_manifest_counts_the_truths(population: pl.DataFrame, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    systems = population.group_by("truth_id", "kind").agg(pl.col("system").unique())
    assert manifest["truth"]["all"] == systems.height
    for kind in ("person", "company", "device"):
        held = systems.filter(kind=kind)["system"].list.sort().list.join("").value_counts()
        counts = dict(held.iter_rows())
        asked = {"1": counts.get("1", 0), "2": counts.get("2", 0), "both": counts.get("12", 0)}
        assert manifest["truth"]["table"][kind] == {name: {"all": n} for name, n in asked.items()}
    assert manifest["records"] == RECORDS
    assert manifest["leave_out"] == ["names-dataset"]


# --- switches


@pytest.mark.parametrize(
    ("switch", "columns"),
    [
        ("points", ["point"]),
        ("dates", ["start", "end"]),
        ("applications", ["application"]),
        ("phones", ["phone"]),
    ],
)
def test_a_switch_empties_its_columns_only(tmp_path: Path, switch: str, columns: list[str]) -> None:
    on, off = made(tmp_path / "on"), made(tmp_path / "off", **{switch: False})
    assert off.select(columns).null_count().row(0) == (off.height,) * len(columns)
    assert all(on[column].null_count() < on.height for column in columns)
    others = [c for c in COLUMNS if c not in (*columns, "kana", "phone", "corporate_number", "record_id")]
    assert all(off[column].null_count() < off.height for column in others)


def test_kana_column(tmp_path: Path) -> None:
    none, half, all_ = (made(tmp_path / str(share), kana_column=share) for share in (0.0, 0.5, 1.0))
    kanji = pl.col("name").str.contains(r"\p{Han}")
    assert none["kana"].null_count() == none.height
    assert all_.filter(kanji)["kana"].null_count() == 0
    filled = 1 - half.filter(kanji)["kana"].null_count() / half.filter(kanji).height
    assert 0.35 < filled < 0.65
    assert not half["kana"].drop_nulls().str.contains(r"\p{Han}").any()


# --- nothing real


def test_telephones_cannot_exist(population: pl.DataFrame) -> None:
    digits = population["phone"].drop_nulls().str.replace_all("-", "")
    assert digits.len() > 0
    impossible = r"^(0[789]00\d{7}|060\d{7}|07[2578]0\d{6}|0742\d{6}|0{11})$"
    assert digits.str.contains(impossible).all()


def check_digit(base: str) -> int:
    """国税庁: 9 − (Σ Pn·Qn mod 9), Pn from the lowest digit, Qn 1 for odd and 2 for even n."""
    total = 0
    for n, digit in enumerate(base[::-1], start=1):
        total += int(digit) * (1 if n % 2 else 2)
    return 9 - total % 9


def test_corporate_numbers_have_check_digits(population: pl.DataFrame) -> None:
    numbered = population.filter(pl.col("corporate_number").is_not_null())
    assert set(numbered["kind"]) == {"company"}
    assert all(int(n[0]) == check_digit(n[1:]) and len(n) == 13 for n in numbered["corporate_number"])
    assert check_digit("700110005901") == 8  # a published example
    assert corporate_number(7)[1:3] == "99"


# --- dictionaries


def test_independent_names_come_from_the_statistics_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> dict[str, list[tuple[str, str]]]:
        raise AssertionError("JMnedict was read")

    monkeypatch.setattr(readings, "_jmnedict", forbidden)
    names = load_names.__wrapped__("independent")
    men, women, last = load_dataset("org", True)
    assert {(n.spelling, n.kana) for n in names.surnames.things} == {
        (s, readings.katakana(e["reading"])) for s, e in last.items()
    }
    for gender, listed in (("m", men), ("f", women)):
        known = {(kanji, readings.katakana(r)) for r, entry in listed.items() for kanji in entry["kanji"]}
        assert {(n.spelling, n.kana) for n in names.given[gender].things} <= known


def test_the_same_dictionaries_know_more_names(tmp_path: Path) -> None:
    made(tmp_path, dictionary="same", records=50)
    known = {n.spelling for n in load_names("independent").surnames.things}
    assert len({n.spelling for n in load_names("same").surnames.things} - known) > 10_000
    assert json.loads((tmp_path / "manifest.json").read_text("utf-8"))["leave_out"] == []


@pytest.mark.parametrize(
    ("spelling", "usual", "unusual"),
    [("和子", "カズコ", "アイコ"), ("裕子", "ヒロコ", "ノリコ"), ("健太", "ケンタ", "タケト")],
)
def test_the_usual_reading_is_the_usual_one(spelling: str, usual: str, unusual: str) -> None:
    names = load_names("independent")
    urns = [names.given[gender] for gender in ("m", "f")]
    weight = {
        (n.spelling, n.kana): after - before
        for one in urns
        for n, before, after in zip(one.things, [0.0, *one._upto], one._upto, strict=False)
    }
    assert weight[spelling, usual] > 10 * weight[spelling, unusual]


# --- small parts


@pytest.mark.parametrize(
    ("script", "dash", "written"),
    [
        ("half", False, "ｼｮｳｺﾞｰ"),
        ("half_bank", False, "ｼﾖｳｺﾞｰ"),
        ("half_bank", True, "ｼﾖｳｺﾞ-"),
        ("full", False, "ショウゴー"),
        ("full_bank", False, "シヨウゴー"),
        ("hira", False, "しょうごー"),
    ],
)
def test_scripts(script: str, dash: bool, written: str) -> None:
    assert in_script("ショウゴー", Pen(script, " ", dash)) == written


def test_a_renamed_firm_has_its_old_name_before() -> None:
    firm = Firm(
        1,
        "株",
        True,
        "青空商店",
        "アオゾラショウテン",
        old=("有", "青空商店", "アオゾラショウテン"),
        renamed_on=EPOCH,
    )
    assert [firm.called(EPOCH - 1)[0], firm.called(EPOCH)[0]] == ["有", "株"]


def test_an_urn_keeps_its_proportions() -> None:
    dice = Dice(1)
    drawn = Counter(urn({"a": 3.0, "b": 1.0}).draw(dice) for _ in range(4000))
    assert 0.70 < drawn["a"] / 4000 < 0.80


def test_addresses_carry_the_house(population: pl.DataFrame) -> None:
    """Every written address names a lot."""
    number = re.compile(r"[0-9０-９一二三四五六七八九十百千〇]")
    assert all(number.search(address) for address in population["address"])
