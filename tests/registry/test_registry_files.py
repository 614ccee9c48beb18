"""The columns as data: their document, their examples, and the agreement of a column's decision with its reason."""

from __future__ import annotations

import string
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.kernel.values import Period
from sekisho.registry import cells
from sekisho.registry.describing import document
from sekisho.registry.files import KINDS, Column, Kind
from sekisho.registry.rules import Claim, losers
from sekisho.registry.staging import layout_of

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "files.md"
COLUMNS = [column for kind in KINDS.values() for column in kind.columns]


def test_the_document_is_what_the_columns_say() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", ["name", "ja"])
def test_a_header_tells_the_kind(kind: Kind, name: str) -> None:
    header = [getattr(column, name) for column in reversed(kind.columns)]
    assert layout_of(header, kind=None, file="x").kind is kind


def decided(column: Column, text: str) -> bool:
    trimmed = cells.trimmed(pl.Series([text]), from_excel=False)
    return bool(cells.decide(column, trimmed)[1].all())


@pytest.mark.parametrize("column", {c.name: c for c in COLUMNS}.values(), ids=lambda c: c.name)
def test_an_example_is_accepted(column: Column) -> None:
    assert decided(column, column.example) or (column.example == "" and not column.required)


alphabet = string.digits + "abzA-/.%年月日０９ー 　'=+１,Ee~"
texts = st.one_of(
    st.text(alphabet, max_size=30), st.sampled_from([c.example for c in COLUMNS]), st.text(max_size=12)
)


@given(st.sampled_from(list({c.name: c for c in COLUMNS}.values())), texts)
def test_every_refused_cell_has_a_reason_in_both_languages(column: Column, text: str) -> None:
    if not decided(column, text):
        trimmed = cells.trimmed(pl.Series([text]), from_excel=False)[0]
        reason = cells.why(column, trimmed)
        assert reason.ja and reason.en


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        (KINDS["terms"].column("contract_kw"), "４．５", 4500),
        (KINDS["terms"].column("contract_kw"), "4.500000", 4500),
        (KINDS["terms"].column("power_factor"), "１００", 100),
        (KINDS["points"].column("kind"), "発電", "generation"),
        (KINDS["meters"].column("smart"), "いいえ", False),
        (KINDS["contracts"].column("valid_from"), "２０２６年４月１日", date(2026, 4, 1)),
        (KINDS["contracts"].column("valid_from"), "20260401", date(2026, 4, 1)),
        (KINDS["contracts"].column("valid_from"), "2026/4/1", date(2026, 4, 1)),
        (KINDS["generation"].column("purchase_price"), "24.5", "24.5"),
    ],
)
def test_values_as_people_write_them(column: Column, text: str, value: object) -> None:
    values, accepted = cells.decide(column, pl.Series([text]))
    assert accepted.all() and values[0] == value


@pytest.mark.parametrize(
    ("text", "mask"),
    [
        ("1", 1),
        ("1-3", 7),
        ("48", 1 << 47),
        ("3-5 7", 0b1011100),
        ("７", 64),
        ("0", None),
        ("49", None),
        ("5-3", None),
        ("x", None),
    ],
)
def test_slots(text: str, mask: int | None) -> None:
    assert cells.slot_mask(text) == mask


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """A table without overlaps, some of its rows replaced by lines, and new lines."""

    def period(start: int, length: int) -> Period:
        first = date(2026, 1, 1) + timedelta(days=start)
        return Period(first, first + timedelta(days=length) if length else None)

    bounds = sorted(draw(st.sets(st.integers(0, 40), max_size=6)))
    found: list[Claim] = []
    spans = st.tuples(st.integers(0, 40), st.integers(0, 15))
    for number, (first, last) in enumerate(pairwise(bounds)):
        stood = period(first, last - first)
        replaced = draw(st.booleans())
        found.append(Claim(number + 1, period(*draw(spans)), stood) if replaced else Claim(None, stood))
    found += [Claim(100 + n, period(*draw(spans))) for n in range(draw(st.integers(0, 5)))]
    return draw(st.permutations(found))


@given(claims())
def test_what_remains_after_the_losers_does_not_overlap(found: list[Claim]) -> None:
    refused = losers(found)
    standing = [c.former if c.row in refused else c.period for c in found]
    kept = [period for period in standing if period is not None]
    assert all(not a.overlap(b) for n, a in enumerate(kept) for b in kept[:n])
    for row, other in refused.items():
        mine = next(c.period for c in found if c.row == row)
        assert mine.overlap(other)


@given(claims())
def test_nobody_is_refused_without_need(found: list[Claim]) -> None:
    everything = [claim.period for claim in found]
    if all(not a.overlap(b) for n, a in enumerate(everything) for b in everything[:n]):
        assert losers(found) == {}
