"""What the codes of a file mean, and what is said of those that nobody knows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from sekisho.matching import codes, intake, match
from sekisho.matching.errors import UnableToReadMapping
from sekisho.matching.events import NEVER
from sekisho.matching.mapping import APPLICATIONS, STATES, SYSTEMS, Mapping, from_dict


@pytest.mark.parametrize(
    ("written", "table", "meant"),
    [
        ("05", APPLICATIONS, "switch"),
        ("05:スイッチング開始", APPLICATIONS, "switch"),
        ("０５：スイッチング", APPLICATIONS, "switch"),
        ("99:再点", APPLICATIONS, "restart"),
        ("アンペア変更（減）", APPLICATIONS, "change"),
        ("照会", APPLICATIONS, None),
        ("08:使用量情報照会", APPLICATIONS, None),
        ("①託送", SYSTEMS, "1"),
        ("②SW支援", SYSTEMS, "2"),
        ("3系", SYSTEMS, None),
        ("使用中", STATES, "running"),
        ("廃止済", STATES, "ended"),
        ("休止", STATES, None),
    ],
)
def test_codes_in_many_writings(written: str, table: dict[str, str], meant: str | None) -> None:
    assert codes.read(pl.Series([written, None]), table).to_list() == [meant, None]


def raw(**columns: list[str | None]) -> pl.DataFrame:
    size = len(next(iter(columns.values())))
    usual = {
        "record": [str(number) for number in range(size)],
        "name": ["山田 太郎"] * size,
        "address": ["-"] * size,
    }
    return pl.DataFrame(usual | columns).with_row_index("row")


def test_a_state_that_nobody_knows_leaves_it_to_the_end_of_the_contract() -> None:
    piece = intake.checked(
        raw(state=["休止", "休止", "使用中"], end=["20200101", None, "20200101"]), Mapping()
    )
    assert piece.rows["running"].to_list() == [False, True, True]
    assert piece.unknown.rows() == [("state", "休止", 2)]


def test_what_a_mapping_says_of_states_holds_alone() -> None:
    piece = intake.checked(raw(state=["使用中", "x"], end=[None, None]), Mapping(running=("x",)))
    assert piece.rows["running"].to_list() == [False, True]
    assert piece.unknown.is_empty()


@pytest.mark.parametrize("end", ["99991231", "9999/12/31", "2999-12-31", None])
def test_an_end_that_nobody_lives_to_see_is_open(end: str | None) -> None:
    piece = intake.checked(raw(end=[end]), Mapping())
    assert piece.rows["end"].to_list() == [NEVER]
    assert piece.rows["running"].to_list() == [True]
    assert piece.rejected.is_empty()


def test_codes_that_nobody_knows_are_told_with_their_number_of_rows(tmp_path: Path) -> None:
    lines = [
        "record_id,name,address,application",
        "1,山田 太郎,上尾市原市3-4-5,照会",
        "2,山田 花子,上尾市原市3-4-5,照会",
    ]
    source = tmp_path / "records.csv"
    source.write_text("\n".join([*lines, "3,山田 一郎,上尾市原市3-4-5,05"]), encoding="utf-8")
    result = match(source, out=tmp_path / "out", workers=1)
    assert result.unknown.rows() == [("application", "照会", 2)]
    assert "application,照会,2" in (tmp_path / "out" / "unknown_values.csv").read_text(encoding="utf-8-sig")


def test_a_system_is_the_first_or_the_second() -> None:
    with pytest.raises(UnableToReadMapping):
        from_dict({"systems": {"新": "new"}})
