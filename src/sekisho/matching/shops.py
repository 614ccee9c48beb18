"""Shops and who keeps them: 麺処つばめ is the 麺処つばめ 藤森志穂 of the next contract.

The keeper is the person; a name that has only the shop joins its keeper and nobody else's.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import companies, firms, kana
from sekisho.matching.evidence import Name
from sekisho.matching.likeness import Reader

REASON = "shop"
_PAIR = {"left": pl.UInt32, "right": pl.UInt32, "name_weight": pl.Float64, "reason": pl.String}


def compared(personas: pl.DataFrame, places: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Pairs at one place of a person with a shop and a name that may be that shop's: left, right, name_weight,
    reason."""
    signs = _signs(personas.filter(pl.col("shop").is_not_null(), pl.col("kind") == "person"))
    spoken = (pl.col("written") == "kana") | ~pl.col("sure")
    firm = (pl.col("kind") == "company") | ((pl.col("kind") == "person") & spoken & pl.col("shop").is_null())
    others = personas.filter(firm).select("persona", *Name._fields)
    pairs = _met(signs, others, places)
    keepers, firms_there = (
        _named(signs),
        _named(others.join(pairs, left_on="persona", right_on="other", how="semi")),
    )
    reader.reciter.learn(
        firms.text_of(name) for name in (*keepers.values(), *firms_there.values()) if name.written != "kana"
    )
    found = [
        (min(keeper, other), max(keeper, other), _weight(keepers[keeper], firms_there[other], reader), REASON)
        for keeper, other in pairs.iter_rows()
    ]
    return pl.DataFrame(found, schema=_PAIR, orient="row")


def _weight(sign: Name, other: Name, reader: Reader) -> float:
    return firms.compare(sign, other, reader.reciter).weight


def _signs(keepers: pl.DataFrame) -> pl.DataFrame:
    """What stands over the door, as a company's name."""
    shop, nothing = pl.col("shop"), pl.lit(None, dtype=pl.String)
    spoken = keepers.filter(shop.str.contains(kana.ONLY_KANA))
    written = keepers.filter(~shop.str.contains(kana.ONLY_KANA))
    blank = dict.fromkeys(Name._fields, nothing)
    as_firm = {"kind": pl.lit("company")}
    both = [
        spoken.select(
            "persona",
            **blank
            | as_firm
            | {
                "written": pl.lit("kana"),
                "key": companies.core_sound(shop),
                "full": companies.core_sound(shop),
                "words": companies.whole_sound(shop),
            },
        ),
        written.select(
            "persona",
            **blank
            | as_firm
            | {"written": pl.lit("kanji"), "key": companies.core(shop), "words": companies.whole(shop)},
        ),
    ]
    return pl.concat(both)


def _met(signs: pl.DataFrame, others: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """keeper, other: at one point or house, whatever the room."""
    here = signs.select(keeper="persona").join(places, left_on="keeper", right_on="persona")
    there = others.select(other="persona").join(places, left_on="other", right_on="persona")
    met = here.select("keeper", "place").join(there.select("other", "place"), on="place")
    return met.filter(pl.col("keeper") != pl.col("other")).select("keeper", "other").unique()


def _named(rows: pl.DataFrame) -> dict[int, Name]:
    return {row[0]: Name._make(row[1:]) for row in rows.select("persona", *Name._fields).iter_rows()}
