"""The market's XML: what is written is read, hostile documents are refused, and slots fall where they belong."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from registryworld import NEW, NOW, OLD, P1, P2, Connection, flat_day, load_usage

from sekisho.kernel.values import Period
from sekisho.metering import occto
from sekisho.metering.exporting import export_market_days, export_market_month
from sekisho.metering.files import UsageDay
from sekisho.metering.importing import import_file
from sekisho.registry.records import UnableToReadFile

D = date
LOW = occto.Envelope("90000", "架空送配電<&>", NEW, "見本エナジー", low_voltage=True)
HIGH = occto.Envelope("90000", "架空送配電", OLD, "架空でんき", low_voltage=False)

slots = st.lists(st.one_of(st.none(), st.integers(0, 2_147_483_000)), min_size=48, max_size=48)
points = st.integers(0, 10**22 - 1).map(lambda n: f"{n:022d}")


@given(
    st.dictionaries(points, slots, max_size=3),
    st.sampled_from([LOW, HIGH]),
    st.sampled_from(["day", "month"]),
)
@settings(max_examples=40, deadline=None)
def test_what_is_written_is_read(
    tmp_path_factory: Any, usage: dict[str, list[int | None]], envelope: occto.Envelope, form: str
) -> None:
    directory, day = tmp_path_factory.mktemp("market"), D(2025, 4, 30)
    rows: list[UsageDay] = [(point, day, wh, 0) for point, wh in usage.items()]
    if form == "day":
        path = occto.write_day(directory, envelope, day, rows)
        expected = {(point, day): wh for point, wh in usage.items()}
    else:
        path = occto.write_month(directory, envelope, D(2025, 4, 1), rows)
        # A month says nothing of a half-hour that it lacks, and so nothing of a day without any.
        expected = {(point, day): wh for point, wh in usage.items() if set(wh) != {None}}
    assert occto.is_market_file(path)
    document = occto.read(path)
    assert (document.days, document.rejected) == (expected, [])


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("W401202025040100000001.zip", True),
        ("W41120202504010000000001.zip", True),
        ("W51210202504010000001.zip", True),
        ("W51220202504010000001.xml", True),
        ("W401102025040100000001.zip", False),
        ("usage.csv", False),
    ],
)
def test_names(name: str, ours: bool) -> None:
    assert occto.is_market_file(Path(name)) is ours


def body(inner: str) -> str:
    return f'<?xml version="1.0"?><SBD-MSG><JPMGRP><JPMGH/><JPTRM>{inner}</JPTRM></JPMGRP></SBD-MSG>'


def past(
    point: str = P1, day: str = "20250401", slot: str = "1", value: str = "0.5", valid: str = "0"
) -> str:
    return body(
        f"<JP06116>{day}</JP06116><JPM00010><JPMR00010><JP06219>{slot}</JP06219><JPM00011>"
        f"<JPMR00011><JP06400>{point}</JP06400><JP06122>{valid}</JP06122><JP06125>{value}</JP06125></JPMR00011>"
        "</JPM00011></JPMR00010></JPM00010>"
    )


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<SBD-MSG><JPMGRP>&b;</JPMGRP></SBD-MSG>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><SBD-MSG/>'
HOSTILE: list[tuple[str, str]] = [
    (BOMB, "DOCTYPE"),
    (OUTSIDE, "DOCTYPE"),
    ("<html/>", "30分電力量の XML では"),
    ("<SBD-MSG><JPMGRP>", "壊れて"),
    ("", "壊れて"),
    ("<SBD-MSG>" + "<a>" * 50, "深すぎ"),
    (f"<SBD-MSG><JP06400>{'x' * 100_000}</JP06400></SBD-MSG>", "長すぎ"),
]


@pytest.mark.parametrize(("text", "reason"), HOSTILE)
def test_hostile_documents_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "W401202025040100000001.xml"
    path.write_text(text)
    with pytest.raises(UnableToReadFile, match=reason):
        occto.read(path)


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occto, "MOST_BYTES", 1 << 20)
    path = tmp_path / "W401202025040100000001.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.xml", "<SBD-MSG>" + "<JPC03/>" * (1 << 19) + "</SBD-MSG>")
    with pytest.raises(UnableToReadFile, match="バイトを超えます"):
        occto.read(path)


@pytest.mark.parametrize("members", [[], ["a.xml", "b.xml"], ["a.xml", "../x.exe"]])
def test_a_zip_holds_one_document(tmp_path: Path, members: list[str]) -> None:
    path = tmp_path / "W401202025040100000001.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, past())
    with pytest.raises(UnableToReadFile):
        occto.read(path)


CELLS: list[tuple[dict[str, str], list[str], int | None]] = [
    ({}, [], 500),
    ({"value": ""}, [], None),
    ({"valid": "1"}, [], None),
    ({"value": "-1"}, ["JP06125"], None),
    ({"value": "1e9"}, ["JP06125"], None),
    ({"value": "0.0001"}, ["JP06125"], None),
    ({"slot": "0"}, ["JP06219"], None),
    ({"slot": "49"}, ["JP06219"], None),
    ({"day": "20250431"}, ["JP06116"], None),
    ({"point": "12345678901234567"}, ["JP06400"], None),
]


@pytest.mark.parametrize(("cells", "fields", "wh"), CELLS)
def test_each_value_of_a_past_day(
    tmp_path: Path, cells: dict[str, str], fields: list[str], wh: int | None
) -> None:
    path = tmp_path / "W41120202504010000000001.xml"
    path.write_text(past(**cells))
    document = occto.read(path)
    assert [rejection.field for rejection in document.rejected] == fields
    assert document.days.get((P1, D(2025, 4, 1)), [None])[0] == wh


def test_what_may_not_be_provided_is_missing_and_nothing_leaks_from_the_point_before(tmp_path: Path) -> None:
    def point(number: str, provided: str, slot: str) -> str:
        return (
            f"<JPMR00010><JP06400>{number}</JP06400><JP06405>{provided}</JP06405><JPM00013><JPMR00013>"
            f"<JP06423>20250401</JP06423><JPM00014><JPMR00014><JP06219>1</JP06219>{slot}</JPMR00014></JPM00014>"
            "</JPMR00013></JPM00013></JPMR00010>"
        )

    path = tmp_path / "W51220202504010000001.xml"
    value = "<JP06424>0.5</JP06424>"
    path.write_text(
        body(f"<JPM00010>{point(P1, '0', value)}{point(P2, '1', value)}{point('1' * 22, '0', '')}</JPM00010>")
    )
    found = {point: wh[0] for (point, _), wh in occto.read(path).days.items()}
    assert found == {P1: 500, P2: None, "1" * 22: None}


def test_a_retailer_gets_its_own_days_and_they_come_in_unchanged(area: Connection, tmp_path: Path) -> None:
    days = [flat_day(P1, D(2025, 3, 31)), flat_day(P1, D(2025, 4, 1)), flat_day(P2, D(2025, 4, 1))]
    load_usage(area, tmp_path, days)
    period = Period(D(2025, 3, 1), D(2025, 5, 1))
    common: dict[str, Any] = {"sender": "90000", "sender_name": "架空送配電", "by": "t", "now": NOW}
    new = export_market_days(area, tmp_path / "new", period=period, holder=NEW, **common)
    old = export_market_days(area, tmp_path / "old", period=period, holder=OLD, **common)
    assert [path.name[:14] for path in new] == ["W4112020250401"]
    assert [path.name[:14] for path in old] == ["W4112020250331", "W4012020250401"]
    months = export_market_month(area, tmp_path / "m", first=D(2025, 4, 1), holder=NEW, **common)
    for path in (*new, *old, *months):
        summary = import_file(area, path, by="t", now=NOW)
        assert (summary.rows, summary.unchanged, summary.rejected) == (1, 1, 0)
