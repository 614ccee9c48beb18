"""Cheap guards before dear steps: whoever they leave out would have been left out anyway."""

from __future__ import annotations

from itertools import combinations, product

import polars as pl
import pytest

from sekisho.matching import candidates, names, personas, screening, shops
from sekisho.matching.evidence import named
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader

CROWD = 4
# Which names stand at each place.
NEIGHBOURS = (
    ("株式会社青葉工業", "ｶ)ｱｵﾊﾞｺｳｷﾞﾖｳ", "青葉商事株式会社", "渡辺 隆"),
    ("株式会社青葉工業", "ﾐﾅﾐｷｶｲ", "田中 太郎"),
    ("田中 太郎", "ﾀﾅｶ ﾀﾛｳ", "ﾐﾅﾐｷｶｲ"),
    ("田中 太郎", "渡辺 隆"),
    ("ﾀﾅｶ ﾀﾛｳ", "ﾜﾀﾅﾍﾞ ﾀｶｼ"),
    ("株式会社青葉工業",),
    ("株式会社青葉工業", "青葉商事株式会社", "ｶ)ｱｵﾊﾞｺｳｷﾞﾖｳ", "田中 太郎", "ﾀﾅｶ ﾀﾛｳ", "ﾐﾅﾐｷｶｲ", "ﾜﾀﾅﾍﾞ ﾀｶｼ"),
    ("渡辺 隆", "ﾜﾀﾅﾍﾞ ﾀｶｼ", "ﾀﾅｶ ﾀﾛｳ"),
)


@pytest.fixture(scope="module")
def people(words: Lexicon) -> pl.DataFrame:
    written = [name for place in NEIGHBOURS for name in place]
    unknown = pl.lit(None, dtype=pl.String)
    return names.parse(pl.DataFrame({"name": written}).with_columns(kana=unknown), words).with_row_index(
        "persona"
    )


@pytest.fixture(scope="module")
def places(people: pl.DataFrame) -> pl.DataFrame:
    at = [place for place, there in enumerate(NEIGHBOURS) for _ in there]
    return people.select(
        "persona",
        place=pl.Series(at, dtype=pl.UInt64),
        room=pl.lit(None, dtype=pl.String),
        is_point=pl.lit(False),
    )


def test_companies_meet_whom_they_may_be(people: pl.DataFrame, places: pl.DataFrame) -> None:
    rows = {row["persona"]: row for row in people.join(places, on="persona").iter_rows(named=True)}

    def counts(row: dict[str, object]) -> bool:
        return row["kind"] == "company" or row["written"] == "kana" or not row["sure"]

    expected = set()
    for place in range(len(NEIGHBOURS)):
        here = [row for row in rows.values() if row["place"] == place and counts(row)]
        for one, other in combinations(here if len(here) <= CROWD else [], 2):
            alike = one["written"] != other["written"] or one["key"][:2] == other["key"][:2]
            if alike and "company" in (one["kind"], other["kind"]):
                expected.add((one["persona"], other["persona"]))
    assert set(candidates.companies(people, places, largest=CROWD).iter_rows()) == expected
    assert expected


def test_names_are_heard_wherever_both_kinds_are(
    people: pl.DataFrame, places: pl.DataFrame, words: Lexicon
) -> None:
    """Each place by itself says what all of them together say, whoever else is read."""
    together = candidates.by_surname(people, places, words).select("kanji", "kana")
    alone = [
        candidates.by_surname(people.join(there, on="persona", how="semi"), there, words)
        for there in places.partition_by("place")
    ]
    assert set(together.iter_rows()) == set(pl.concat(alone).select("kanji", "kana").iter_rows())
    spoken = dict(zip(people["persona"], people["full"], strict=True))
    heard = {(NEIGHBOURS[at], spoken[kana]) for at, kana in _placed(together, places)}
    assert {there for there, _ in heard} == {NEIGHBOURS[place] for place in (2, 6, 7)}


def _placed(pairs: pl.DataFrame, places: pl.DataFrame) -> list[tuple[int, int]]:
    at = dict(places.select("persona", "place").iter_rows())
    return [(at[kana], kana) for kana in pairs["kana"]]


def test_shops_meet_everybody_whom_screening_lets_through(words: Lexicon, reader: Reader) -> None:
    signs = (
        "麺処つばめ",
        "つばめ",
        "株式会社つばめ",
        "めんどころつばめ",
        "ｶ)ﾂﾊﾞﾒ",
        "TSUBAME",
        "理容みどり",
        "ﾘﾖｳﾐﾄﾞﾘ",
    )
    unknown = pl.lit(None, dtype=pl.String)
    seen = names.parse(pl.DataFrame({"name": signs}).with_columns(kana=unknown), words).with_row_index(
        "persona"
    )
    spots = seen.select("persona", place=pl.lit(1, dtype=pl.UInt64))
    every = pl.DataFrame(
        [pair for pair in product(range(len(signs)), repeat=2) if pair[0] != pair[1]],
        schema={"left": pl.UInt32, "right": pl.UInt32},
        orient="row",
    )
    glances = screening.seen(named(seen), reader)
    likely = set(screening.possible(every, glances, glances).iter_rows())
    met = set(shops._met(seen, seen, spots).iter_rows())
    assert likely <= met < set(every.iter_rows())
    assert likely


def test_ties_of_several_kinds_make_one_persona() -> None:
    """One point, one house, one point again; a fifth record shares none of them."""
    records = pl.DataFrame(
        {
            "row": [1, 2, 3, 4, 5],
            "point": ["p", "p", None, "q", "r"],
            "house": [None, 7, 7, 7, 8],
        },
        schema={"row": pl.UInt32, "point": pl.String, "house": pl.UInt64},
    ).with_columns(
        kind=pl.lit("person"),
        key=pl.lit("田中太郎"),
        words=pl.lit(None, dtype=pl.String),
        form=pl.lit(None, dtype=pl.String),
        room=pl.lit(None, dtype=pl.String),
        number=pl.lit(None, dtype=pl.String),
    )
    assert personas.assign(records)["persona"].to_list() == [1, 1, 1, 1, 5]
    assert records["row"].to_list() == [1, 2, 3, 4, 5]
    assert personas.assign(records.tail(1))["persona"].to_list() == [5]
    assert personas.assign(records.clear())["persona"].to_list() == []
