"""How likely two people of one surname who meet in a given way are one person, before their given names are heard.

What a switch or a change of name says differs between systems and years, and no file comes with the truth.
But where both names are in kanji anybody can see whether they are one. Two different given names under one surname
are two relatives; their number, corrected for how often names are in kana at all, tells how many of the pairs of a
kanji and a kana name must be relatives too. The rest of those pairs are one person each.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path

import polars as pl

from sekisho.matching.likeness import Reader

# The values below count as much as so many pairs of the file at hand.
_PAIRS_OF_THE_DEFAULT = 30.0
SURE = ("enclosed", "shared", "switched")
_USUALLY_UNLISTED = 0.03
# The aligner spreads over many readings of which the true one is but one.
_WIDER, _WIDEST, _NARROWEST = 3.0, 0.4, 0.02
FILE = "priors.json"
BESIDE, SUCCEEDED, TOGETHER = "beside", "succeeded", "together"


@dataclass(frozen=True)
class Priors:
    """Natural log odds by the way of meeting (`events.between`); succeeded: at one supply point, not one right
    after the other or nobody knows when; together: at one house, begun and ended together; beside: at one house.

    The values were found on seed 1 of the generated population and serve where a file is too small to say.
    """

    enclosed: float = 6.0
    shared: float = 5.5
    switched: float = 4.8
    unbroken: float = 2.0
    seen_later: float = 1.5
    renamed: float = -0.4
    moved: float = -2.8
    succeeded: float = 0.5
    together: float = 2.0
    beside: float = -0.2
    unlisted: float = 0.1
    """How far a listed name may be read as no dictionary lists it, between 0 and 1; no log odds."""

    def odds(self) -> dict[str, float]:
        """Log odds by way."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "unlisted"}


def read(folder: Path) -> Priors:
    """As stored in the working folder of a matching; the usual ones where nothing is stored."""
    path = folder / FILE
    return Priors(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Priors()


def ways(pairs: pl.DataFrame, met: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Adds the flags of `met` and `way`, the strongest of them, to pairs (left, right)."""
    flags = [name for name in met.columns if name not in ("left", "right")]
    joined = pairs.join(met, on=["left", "right"], how="left").with_columns(pl.col(flags).fill_null(False))
    points = places.filter("is_point").select("persona", "place")
    shared = (
        pairs.select("left", "right")
        .join(points.rename({"persona": "left"}), on="left")
        .join(points.rename({"persona": "right"}), on=["right", "place"], how="semi")
    )
    known = shared.select("left", "right", at_point=pl.lit(True)).unique()
    return (
        joined.join(known, on=["left", "right"], how="left")
        .with_columns(pl.col("at_point").fill_null(False))
        .with_columns(way=_way())
    )


def _way() -> pl.Expr:
    flags = ("enclosed", "shared", "switched", "moved", "renamed", "unbroken", "seen_later")
    met = pl.coalesce(pl.when(flag).then(pl.lit(flag)) for flag in flags)
    home = pl.when("together").then(pl.lit(TOGETHER)).otherwise(pl.lit(BESIDE))
    apart = pl.when("at_point").then(pl.lit(SUCCEEDED)).otherwise(home)
    return pl.coalesce(met, apart)


def learnt(
    heard: pl.DataFrame, met: pl.DataFrame, personas: pl.DataFrame, places: pl.DataFrame, reader: Reader
) -> Priors:
    """From the pairs whose surnames agree (`candidates.by_surname`), and all meetings, personas and places of a
    shard."""
    people = personas.filter(pl.col("kind") == "person", pl.col("written").is_in(["kanji", "kana"]))
    kanji = people.filter(pl.col("written") == "kanji", pl.col("given") != "")
    if people.is_empty() or kanji.is_empty():
        return Priors()
    mixed = 2.0 * (people.height - kanji.height) / kanji.height
    kin = _counted(ways(_relatives(kanji, places, reader), met, places))
    relatives = {way: mixed * count for way, count in kin.items()}
    ends = {"left": pl.min_horizontal("kanji", "kana"), "right": pl.max_horizontal("kanji", "kana")}
    read = ways(heard.select("given", "rest", **ends), met, places)
    pairs = _counted(read.unique(["left", "right"]))
    odds = {
        way: _odds(pairs.get(way, 0), relatives.get(way, 0.0), start)
        for way, start in Priors().odds().items()
    }
    return Priors(**odds, unlisted=_unlisted(read, relatives, reader))


def _unlisted(read: pl.DataFrame, relatives: dict[str, float], reader: Reader) -> float:
    """How many listed names are heard as no dictionary lists: where hardly anyone but one person can be meant, and in
    files without events wherever most are one, less the relatives who must be among them."""
    sure = read.filter(pl.col("way").is_in(SURE))
    known, missed = _heard_otherwise(sure, reader)
    if known < _PAIRS_OF_THE_DEFAULT:
        sizes = _counted(read.unique(["left", "right"]))
        mostly = [way for way, size in sizes.items() if relatives.get(way, 0.0) < size / 2]
        known, missed = _heard_otherwise(read.filter(pl.col("way").is_in(mostly)), reader)
        others = sum(relatives.get(way, 0.0) for way in mostly)
        known, missed = max(known - others, 0.0), max(missed - others, 0.0)
    share = (missed + _PAIRS_OF_THE_DEFAULT * _USUALLY_UNLISTED) / (known + _PAIRS_OF_THE_DEFAULT)
    return round(max(_NARROWEST, min(_WIDER * share, _WIDEST)), 2)


def _heard_otherwise(read: pl.DataFrame, reader: Reader) -> tuple[float, float]:
    """Pairs whose kanji name a dictionary has, and those among them whose sound it does not list."""
    books = [
        (reader.is_known(given), reader.is_listed(given, rest))
        for given, rest in read.select("given", "rest").iter_rows()
    ]
    flags = pl.DataFrame(books, schema={"known": pl.Boolean, "listed": pl.Boolean}, orient="row")
    marked = pl.concat([read.select("left", "right"), flags], how="horizontal")
    pairs = marked.group_by("left", "right").agg(pl.col("known", "listed").any()).filter("known")
    return float(pairs.height), float(pairs.height - pairs["listed"].sum())


def _odds(pairs: float, relatives: float, start: float) -> float:
    share = 1.0 / (1.0 + math.exp(-start))
    other = min(relatives, pairs)
    one = pairs - other + _PAIRS_OF_THE_DEFAULT * share
    return math.log(one / (other + _PAIRS_OF_THE_DEFAULT * (1.0 - share)))


def _counted(pairs: pl.DataFrame) -> dict[str, int]:
    return dict(pairs.group_by("way").len().iter_rows())


def _relatives(kanji: pl.DataFrame, places: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Pairs at one place with one surname and two given names that nobody reads alike."""
    here = kanji.select("persona", "surname", "given").join(places, on="persona")
    room = (
        pl.col("room").is_null() | pl.col("room_other").is_null() | (pl.col("room") == pl.col("room_other"))
    )
    pairs = (
        here.join(here, on=["place", "surname"], suffix="_other")
        .filter(pl.col("persona") < pl.col("persona_other"), pl.col("given") != pl.col("given_other"), room)
        .select("given", "given_other", left="persona", right="persona_other")
        .unique(["left", "right"])
    )
    alike = [reader.sounds_alike(*given) for given in pairs.select("given", "given_other").iter_rows()]
    return pairs.filter(~pl.Series(alike, dtype=pl.Boolean)).select("left", "right")
