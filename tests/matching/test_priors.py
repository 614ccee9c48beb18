"""What a meeting says is learnt from the kanji names of the file itself."""

from __future__ import annotations

import math

import polars as pl
import pytest

from sekisho.matching import priors
from sekisho.matching.likeness import Reader

FLAGS = ("switched", "renamed", "shared", "twin", "together", "unbroken", "enclosed", "seen_later", "moved")


def scene(
    *, one: int, relatives: int, way: str
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Homes at which a kana and a kanji name of one surname meet in a way: `one` of one person each, and `relatives`
    homes each with two kanji names, half of whose kana would be heard as well."""
    people, places, heard, met = [], [], [], []
    number = 0
    for home in range(one + 2 * relatives):
        kin = home >= one + relatives
        left, right = number, number + 1
        number += 2
        people.append(
            {"persona": left, "kind": "person", "written": "kanji", "surname": "山田", "given": "太郎"}
        )
        other = {"written": "kanji", "given": "花子"} if kin else {"written": "kana", "given": None}
        people.append({"persona": right, "kind": "person", "surname": "山田", **other})
        places += [{"persona": end, "place": home, "room": None, "is_point": True} for end in (left, right)]
        met.append({"left": left, "right": right, **{flag: flag == way for flag in FLAGS}})
        if not kin:
            said = "タロオ" if home < one else "ハナコ"
            heard.append({"kanji": left, "kana": right, "given": "太郎", "rest": said})
    ids = {"persona": pl.UInt32}
    return (
        pl.DataFrame(heard, schema_overrides={"kanji": pl.UInt32, "kana": pl.UInt32}),
        pl.DataFrame(met, schema_overrides={"left": pl.UInt32, "right": pl.UInt32}),
        pl.DataFrame(people, schema_overrides=ids, infer_schema_length=None),
        pl.DataFrame(places, schema_overrides=ids | {"room": pl.String, "place": pl.UInt64}),
    )


@pytest.mark.parametrize("way", ["switched", "renamed", "unbroken", "seen_later", "moved"])
def test_many_relatives_in_kanji_make_a_meeting_say_less(way: str, reader: Reader) -> None:
    few = priors.learnt(*scene(one=400, relatives=5, way=way), reader)
    many = priors.learnt(*scene(one=400, relatives=300, way=way), reader)
    assert few.odds()[way] > many.odds()[way] + 1.0


def test_an_empty_shard_falls_back_on_what_was_found_before(reader: Reader) -> None:
    heard, met, people, places = scene(one=1, relatives=0, way="switched")
    assert priors.learnt(heard, met, people.clear(), places, reader) == priors.Priors()


def test_a_handful_of_pairs_moves_a_prior_little(reader: Reader) -> None:
    learnt = priors.learnt(*scene(one=2, relatives=0, way="switched"), reader)
    assert abs(learnt.switched - priors.Priors().switched) < math.log(2)


def test_a_reading_that_nobody_has_is_unlikely_but_never_impossible(reader: Reader) -> None:
    assert -20.0 < reader.given_reading("太郎", "", unlisted=0.0).weight < -5.0


def test_readings_that_no_dictionary_lists_make_the_dictionaries_less_trusted(reader: Reader) -> None:
    listed = priors.learnt(*scene(one=400, relatives=0, way="switched"), reader)
    heard, *rest = scene(one=400, relatives=0, way="switched")
    odd = priors.learnt(heard.with_columns(rest=pl.lit("タロウマル")), *rest, reader)
    assert listed.unlisted < 0.05 < odd.unlisted
