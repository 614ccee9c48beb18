"""Shops and who keeps them: 麺処つばめ is the 麺処つばめ 藤森志穂 of the next contract.

The keeper is the person; a name that has only the shop joins its keeper and nobody else's.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import companies, firms, kana, screening
from sekisho.matching.evidence import Name, named
from sekisho.matching.likeness import Reader

REASON = "shop"
_PAIR = {"left": pl.UInt32, "right": pl.UInt32, "name_weight": pl.Float64, "reason": pl.String}


def compared(personas: pl.DataFrame, places: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Pairs at one place of a person with a shop and a name that may be that shop's: left, right, name_weight, reason."""
    person, shop = pl.col("kind") == "person", pl.col("shop")
    keepers = personas.filter(person, shop.is_not_null())
    unknown = person & shop.is_null() & ~pl.col("sure")
    signs = _signs(keepers)
    pairs = _met(signs, personas.filter((pl.col("kind") == "company") | unknown), places)
    others = personas.join(pairs.select(persona="right").unique(), on="persona", how="semi")
    found = _weighed(pairs, named(signs), named(others), reader)
    rows = [(min(keeper, other), max(keeper, other), weight, REASON) for keeper, other, weight in found]
    return pl.DataFrame(rows, schema=_PAIR, orient="row")


def _weighed(
    pairs: pl.DataFrame, signs: dict[int, Name], others: dict[int, Name], reader: Reader
) -> list[tuple[int, int, float]]:
    likely = screening.possible(pairs, screening.seen(signs, reader), screening.seen(others, reader))
    ends = [(sign, other, (signs[sign], others[other])) for sign, other in likely.iter_rows()]
    reader.reciter.learn(firms.worth_opening((names for _, _, names in ends), reader.reciter))
    return [(sign, other, firms.compare(*names, reader.reciter).weight) for sign, other, names in ends]


def _signs(keepers: pl.DataFrame) -> pl.DataFrame:
    """What stands over the door, as a company's name."""
    shop, spoken = pl.col("shop"), pl.col("shop").str.contains(kana.ONLY_KANA)
    blank = dict.fromkeys(Name._fields, pl.lit(None, dtype=pl.String)) | {"kind": pl.lit("company")}
    sound = keepers.filter(spoken).select("persona", sound=companies.spoken(shop))
    heard = sound.select(
        "persona", core=companies.core_of_spoken(pl.col("sound")), words=companies.whole_of(pl.col("sound"))
    )
    seen = keepers.filter(~spoken).select("persona", words=companies.whole(shop))
    core, words = pl.col("core"), pl.col("words")
    in_kana = {"written": pl.lit("kana"), "key": core, "full": core, "words": words}
    in_kanji = {"written": pl.lit("kanji"), "key": companies.core_of_whole(words), "words": words}
    return pl.concat([heard.select("persona", **blank | in_kana), seen.select("persona", **blank | in_kanji)])


def _met(signs: pl.DataFrame, others: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """left, right: a sign and another name at one point or house, whatever the room; of two in one script only those
    that begin alike, which screening would leave out as well, but only after a look at either (0.15 µs a record)."""
    seen = {"script": pl.col("written").hash(), "start": pl.col("key").str.slice(0, 1).hash()}
    spots = places.select("persona", "place")
    here = signs.select("persona", **seen).join(spots, on="persona")
    there = others.select("persona", **seen).join(spots, on="persona")
    met = here.join(there, on="place", suffix="_other").filter(
        pl.col("persona") != pl.col("persona_other"),
        (pl.col("script") != pl.col("script_other")) | (pl.col("start") == pl.col("start_other")),
    )
    return met.select(left="persona", right="persona_other").unique()
