"""Personas: records that carry one and the same name at one point or one house, taken together before
anything is weighed.

This is the "same address and same name" of seed 000, after normalising. It needs no judgement, only bookkeeping,
and it leaves few enough personas that everything after it can afford to think.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import devices

_ANY_ROOM = "*"
_NO_ROOM = "-"


def assign(records: pl.DataFrame) -> pl.DataFrame:
    """Adds `persona`, the smallest row of the group, to columns row, kind, key, words, form, point, house,
    room, number.

    The same name at one supply point, or at one house with one room (or with rooms given only sometimes, when no
    two of them differ), or the same 法人番号 at one house. A device never leaves its point, when it has one; of lamps without
    point and number those are one whose owners (`words`) do not differ. 株式会社青葉 and
    有限会社青葉 at one point or house are two, and 青葉 without a form is a third.
    """
    keyed = _keyed(records)
    ties = [tie for tie in ("at_point", "at_house", "by_number") if keyed[tie].null_count() < keyed.height]
    # Half of all records are tied to none: the rounds go over the rest (0.2 µs a record less).
    tied = pl.any_horizontal(
        pl.lit(False), *[pl.col(tie).is_not_null() & pl.col(tie).is_duplicated() for tie in ties]
    )
    several = keyed.select(tied).to_series().arg_true()
    frame = keyed[several].with_columns(persona="row")
    # A round goes one tie further: whoever is tied through many others needs as many rounds.
    while not (joined := frame.with_columns(persona=_lowest(ties)))["persona"].equals(frame["persona"]):
        frame = joined
    return records.with_columns(persona=keyed["row"].scatter(several, frame["persona"]))


def _lowest(ties: list[str]) -> pl.Expr:
    each = [
        pl.when(pl.col(tie).is_not_null()).then(pl.col("persona").min().over(tie)).otherwise("persona")
        for tie in ties
    ]
    return pl.min_horizontal("persona", *each)


def _keyed(records: pl.DataFrame) -> pl.DataFrame:
    """Hashes of what ties records: null where the tie does not apply."""
    device = pl.col("kind") == "device"
    named = pl.col("key") != ""
    frame = records.select("row", "kind", "key", "words", "form", "point", "house", "room", "number")
    frame = frame.with_columns(name=pl.struct("kind", "key").hash())
    frame = frame.with_columns(name=_by_owner(frame)).drop("words")
    frame = frame.with_columns(spot=pl.struct("name", "house").hash())
    frame = frame.with_columns(room=_room(_with_several(frame, "room")))
    numbers = pl.col("spot").is_in(_with_several(frame, "number").implode())
    frame = frame.with_columns(
        name=pl.when(pl.col("house").is_not_null() & numbers)
        .then(pl.struct("name", "number").hash())
        .otherwise("name")
    )
    frame = frame.with_columns(
        name=pl.when(_several_forms(frame)).then(pl.struct("name", "form").hash()).otherwise("name")
    )
    return frame.select(
        "row",
        at_point=pl.when(pl.col("point").is_not_null() & named).then(pl.struct("name", "point").hash()),
        at_house=pl.when(pl.col("house").is_not_null() & named & (~device | pl.col("point").is_null())).then(
            pl.struct("name", "house", "room").hash()
        ),
        by_number=pl.when(pl.col("number").is_not_null() & ~device).then(pl.struct("number", "house").hash()),
    )


def _by_owner(frame: pl.DataFrame) -> pl.Expr:
    """The name; with its owner, where a house has lamps of several owners and nobody knows points or numbers."""
    unnumbered = pl.col("key").str.ends_with(devices.UNNUMBERED)
    lost = (pl.col("kind") == "device") & pl.col("point").is_null() & unnumbered
    lamps = frame.filter(lost).select("words", spot=pl.struct("name", "house").hash())
    several = pl.struct("name", "house").hash().is_in(_with_several(lamps, "words").implode())
    return pl.when(lost & several).then(pl.struct("name", "words").hash()).otherwise("name")


def _several_forms(frame: pl.DataFrame) -> pl.Series:
    """Whether companies of a row's name have two legal forms at its point or in its house."""
    found = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    for place in ("point", "house"):
        named = frame.select("form", known=pl.col(place).is_not_null(), spot=pl.struct("name", place).hash())
        several = _with_several(named.filter("known"), "form")
        if several.len():
            found = found | (named["known"] & named["spot"].is_in(several.implode()))
    return found


def _with_several(frame: pl.DataFrame, column: str) -> pl.Series:
    """The spots (a name in a house) with more than one value in a column that most rows leave empty."""
    known = frame.filter(pl.col(column).is_not_null()).select("spot", column).unique()["spot"]
    return known.filter(known.is_duplicated())


def _room(several: pl.Series) -> pl.Expr:
    """One room for all who could share it: a company fills its building; one known room stands for
    unknown ones."""
    single = ~pl.col("spot").is_in(several.implode()) | (pl.col("kind") == "company")
    return pl.when(single).then(pl.lit(_ANY_ROOM)).otherwise(pl.col("room").fill_null(_NO_ROOM))
