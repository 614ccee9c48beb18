"""Settling one shard: from rows of one or more municipalities to clusters, edges and reasons. Pure; runs
anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from sekisho.matching import (
    addresses,
    candidates,
    clusters,
    decide,
    events,
    kinds,
    names,
    personas,
    phones,
    priors,
    rarely,
    stages,
)
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader

_WINGS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOT_OR_ROOM = r"^\d+-(\d{3,})$"


@dataclass(frozen=True)
class Settled:
    """records: row, cluster, kind, confidence, reason. edges: listed pairs of personas. parties: one row
    a persona.

    personas: row, persona. places: persona, place, room, is_point.
    """

    records: pl.DataFrame
    edges: pl.DataFrame
    parties: pl.DataFrame
    personas: pl.DataFrame
    places: pl.DataFrame
    priors: priors.Priors


def settle(
    rows: pl.DataFrame,
    *,
    lexicon: Lexicon,
    reader: Reader,
    weights: decide.Weights,
    known_priors: priors.Priors | None = None,
    crowded: pl.Series | None = None,
    told: pl.DataFrame | None = None,
    until: pl.DataFrame | None = None,
    lap: stages.Lap = stages.untimed,
) -> Settled:
    """`rows` has row, name, kana, address, postal_code, phone, point, number, system, application, start,
    end, running. Priors, and the telephone numbers that say nothing (`phones.crowded`), are found in the rows
    unless they are given; so are not the readings of surnames that the whole file tells (`told`: name, sound) and the days until which its systems
    tell anything (`until`: system, until)."""
    reader.reciter.make_room()
    known, parties, met, places = _prepared(rows, lexicon, until, lap)
    listed, before = decide.edges(
        parties, places, met, reader, lexicon, weights, known_priors, _owners(known, crowded), told, lap
    )
    accepted = listed.filter("accepted")
    ends = pl.concat([accepted["left"], accepted["right"]])
    joined = parties.filter(pl.col("persona").is_in(ends.implode()))
    heads, refused = clusters.build(
        decide.ordered(accepted),
        dict(_written(joined).iter_rows()),
        dict(joined.filter(pl.col("form").is_not_null()).select("persona", "form").iter_rows()),
    )
    settled = _settled(known, parties, _marked(listed, refused), heads, places, before)
    lap("clusters")
    return settled


def learn(
    rows: pl.DataFrame,
    *,
    lexicon: Lexicon,
    reader: Reader,
    told: pl.DataFrame | None = None,
    until: pl.DataFrame | None = None,
) -> priors.Priors:
    """The priors that the rows (as for `settle`) say, and nothing else."""
    _, parties, met, places = _prepared(rows, lexicon, until, stages.untimed)
    heard = candidates.by_surname(parties, places, lexicon, told)
    return priors.learnt(heard, met, parties, places, reader)


def _written(parties: pl.DataFrame) -> pl.DataFrame:
    """persona, key of those whose name in kanji says who they are. はるか may be 遥加 and 春香, and RDEヤクヒン is RDE薬品:
    they join like kana."""
    spelt = candidates.is_spelt_out().fill_null(False)
    sounding = (pl.col("kind") == kinds.COMPANY) & ~pl.col("key").str.contains(r"\p{Han}")
    # 山口 alone is any of them.
    nameless = (pl.col("kind") == kinds.PERSON) & (pl.col("given") == "").fill_null(False)
    return parties.filter(pl.col("written") == "kanji", ~spelt, ~sounding, ~nameless).select("persona", "key")


def _prepared(
    rows: pl.DataFrame, lexicon: Lexicon, until: pl.DataFrame | None, lap: stages.Lap
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Rows with their names, places and personas; the personas; whom they met at a point; where they are."""
    named = _named(rows, lexicon)
    lap("names")
    located = placed(named, lexicon)
    lap("addresses")
    known = personas.assign(located)
    parties, places = _parties(known), _places(known)
    lap("personas")
    met = events.between(known, until)
    lap("events")
    return known, parties, met, places


def _named(rows: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    def parsed(distinct: pl.DataFrame) -> pl.DataFrame:
        return names.parse(distinct, lexicon)

    return rarely.once(rows, ("name", "kana"), parsed)


def placed(rows: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Adds house (null without a house number) and room to columns address, postal_code."""
    parts = addresses.normalise(
        rows["address"],
        postal_codes=rows["postal_code"],
        gazetteer=lexicon.gazetteer,
        variants=lexicon.variants,
        parts=("house", "room", "key"),
    )
    return rows.hstack(_dwelling(parts))


def _dwelling(parts: pl.DataFrame) -> pl.DataFrame:
    """House and room. 603-103 is lot 103 of 603 or room 103 in house 603, and is written either way of one flat:
    taken as a room, both spellings meet, and two lots are still told apart."""
    behind = rarely.only(pl.col("house"), _LOT_OR_ROOM, lambda few: few.str.extract(_LOT_OR_ROOM))
    lots = parts.select("room", "key", lot=pl.when(pl.col("room").is_null()).then(behind))
    house = pl.col("key").str.strip_suffix(pl.concat_str(pl.lit("-"), "lot").fill_null(""))
    # A hash of nothing is still a number: a house without a number is no house.
    known = pl.when(pl.col("key").is_not_null()).then(house.hash())
    # A102 may be written 102: the wing is left out as the building is.
    return lots.select(house=known, room=pl.coalesce("room", "lot").str.strip_chars_start(_WINGS + "0"))


def _parties(known: pl.DataFrame) -> pl.DataFrame:
    """One row a persona with the parts of its name; a part that any of its records knows is known."""
    kept = (
        "kind",
        "sure",
        "written",
        "key",
        "surname",
        "given",
        "full",
        "surname_sound",
        "given_sound",
        "former",
        "partner",
        "shop",
        "words",
        "number",
    )
    first = [pl.col(name).drop_nulls().first().alias(name) for name in kept]
    # Whom one 法人番号 joins may have had two forms.
    formed = known.select("persona", "form").drop_nulls().unique()
    forms = formed.filter(pl.col("persona").is_unique())
    guessed = pl.col("guessed").all()
    # A name that some record writes with a space needs no guess where the surname ends.
    wanted = known.select("persona", "guessed", *kept)
    repeated = wanted["persona"].is_duplicated()
    several = wanted.filter(repeated)
    sure_first = pl.concat([several.filter(~pl.col("guessed")), several.filter("guessed")])
    many = sure_first.group_by("persona").agg(*first, guessed, pl.len().alias("records"))
    once = wanted.filter(~repeated).with_columns(records=pl.lit(1, dtype=many.schema["records"]))
    every = pl.concat([once.select(many.columns), many]).sort("persona")
    return every.join(forms, on="persona", how="left", maintain_order="left")


def _places(known: pl.DataFrame) -> pl.DataFrame:
    """persona, place, room: each point and each house of a persona; a point is a place with one room."""
    points = known.filter(pl.col("point").is_not_null()).select("persona", place=pl.col("point").hash(seed=1))
    roomless = _distinct(points).with_columns(room=pl.lit(None, dtype=pl.String), is_point=pl.lit(True))
    houses = known.filter(pl.col("house").is_not_null()).select("persona", place="house", room="room")
    return pl.concat([roomless, _distinct(houses).with_columns(is_point=pl.lit(False))])


def _distinct(frame: pl.DataFrame) -> pl.DataFrame:
    """Every row once, told apart by a hash of 64 bits as in `rarely.once`: half as dear as by all columns (0.1 µs)."""
    return frame.filter(pl.struct(frame.columns).hash().is_first_distinct())


def _owners(known: pl.DataFrame, crowded: pl.Series | None) -> pl.DataFrame:
    """persona, phone: the numbers that a person's records bear, without those that say nothing."""
    given = known.filter(pl.col("phone").is_not_null())
    crowd = phones.crowded(given.lazy().select("name", "phone")) if crowded is None else crowded
    people = given.filter(pl.col("kind") == "person")
    owners = people.select("persona", phone=phones.normalised(pl.col("phone"))).unique()
    usable = pl.col("phone").is_not_null() & ~pl.col("phone").is_in(crowd.implode())
    return owners.filter(usable.fill_null(False))


def _marked(listed: pl.DataFrame, refused: set[tuple[int, int]]) -> pl.DataFrame:
    ends = pl.DataFrame(list(refused), schema={"left": pl.UInt32, "right": pl.UInt32}, orient="row")
    marked = listed.join(ends.with_columns(refused=pl.lit(True)), on=["left", "right"], how="left")
    return marked.with_columns(
        accepted=pl.col("accepted") & pl.col("refused").is_null(), refused=pl.col("refused").fill_null(False)
    )


def _settled(
    known: pl.DataFrame,
    parties: pl.DataFrame,
    listed: pl.DataFrame,
    heads: dict[int, int],
    places: pl.DataFrame,
    before: priors.Priors,
) -> Settled:
    moved = pl.DataFrame(
        list(heads.items()), schema={"persona": pl.UInt32, "cluster": pl.UInt32}, orient="row"
    )
    headed = parties.join(moved, on="persona", how="left").with_columns(
        pl.coalesce("cluster", "persona").alias("cluster")
    )
    headed = headed.join(_kinds(headed), on="cluster", how="left").with_columns(
        pl.coalesce("cluster_kind", pl.col("kind")).alias("cluster_kind")
    )
    held = headed.select("persona", "cluster", "cluster_kind").join(
        _reasons(listed), on="persona", how="left"
    )
    records = (
        known.select("row", "persona")
        .join(held, on="persona", how="left")
        .select(
            "row",
            "cluster",
            kind="cluster_kind",
            confidence=pl.col("confidence").fill_null(1.0),
            reason=pl.col("reason").fill_null("same_name"),
        )
    )
    return Settled(
        records=records.sort("row"),
        edges=listed,
        parties=headed,
        personas=known.select("row", "persona"),
        places=places,
        priors=before,
    )


def _kinds(headed: pl.DataFrame) -> pl.DataFrame:
    """A cluster of several takes the kind of its written name, which says more than its kana; a shop whose keeper is
    named is the keeper's, who is a person; whatever has a legal form is a company."""
    keeper = (pl.col("kind") == kinds.PERSON) & pl.col("shop").is_not_null()
    formed = (pl.col("kind") == kinds.COMPANY) & pl.col("form").is_not_null()
    written = (
        pl.when(formed).then(8).when(keeper).then(4).when(pl.col("written") == "kanji").then(1).otherwise(0)
    )
    # 北山田町 alone may be anybody; カ)キタヤマダチヨウ is a company.
    rank = written + 2 * pl.col("sure").cast(pl.Int32)
    several = headed.filter(pl.col("cluster").is_duplicated())
    ranked = several.select("cluster", "persona", "records", rank=rank, cluster_kind="kind")
    ranked = ranked.sort("rank", "records", "persona", descending=[True, True, False])
    return ranked.unique("cluster", keep="first", maintain_order=True).select("cluster", "cluster_kind")


def _reasons(listed: pl.DataFrame) -> pl.DataFrame:
    """For each persona the weakest pair that holds it in its cluster, else the strongest doubt that it
    should join one."""
    doubtful = listed.filter(pl.col("weight") > decide.LISTED)
    ends = pl.concat([doubtful.with_columns(persona=pl.col(end)) for end in ("left", "right")])
    chance = 1 / (1 + (-pl.col("weight")).exp())
    held = ends.filter("accepted").with_columns(confidence=chance)
    doubt = ends.filter(~pl.col("accepted")).with_columns(
        confidence=1 - chance.clip(upper_bound=0.5), reason=pl.lit("unresolved")
    )
    order = ["accepted", "confidence", "reason"]
    both = pl.concat([held, doubt]).sort(order, descending=[True, False, False])
    return both.unique("persona", keep="first", maintain_order=True).select("persona", "confidence", "reason")
