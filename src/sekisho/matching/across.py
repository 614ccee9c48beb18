"""People across addresses: a counting unit of its own, never mixed into that of seed 000, and only by telephone.

A name alone cannot follow a mover: there are too many namesakes. One name with one number can. A number that several
names bear is an office's, an agent's or a family's, and joins only those of its bearers who have one name.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from sekisho.matching import names, phones, shards
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.second_opinion import likeliest

_ROUNDS = 12


@dataclass(frozen=True)
class Across:
    """People at addresses who gave a usable number, how many people they are across addresses, and the rest, whom
    nothing can link."""

    at_addresses_with_phone: int
    across_addresses: int
    at_addresses_without_phone: int
    shared_numbers: int
    """Numbers left aside because more names bear them than a household has."""


def count(folder: Path, *, lexicon: Lexicon) -> Across:
    """From a finished matching in `folder`; writes across.json and across.parquet (cluster, person) there."""
    rows = _phoned(folder)
    parsed = names.parse(rows.select("name", "kana"), lexicon).select(
        "kind", "key", "surname", "given", "full"
    )
    known = pl.concat([rows, parsed], how="horizontal").filter(pl.col("kind") == "person")
    read = pl.concat_str(likeliest("surname", lexicon.surnames), likeliest("given", lexicon.given))
    heard = known.select("cluster", "phone", said=pl.coalesce("full", read, "key"))
    names_of = heard.group_by("phone").agg(pl.col("said").n_unique().alias("names"))
    crowd = names_of.filter(pl.col("names") > phones.MOST_NAMES)
    ties = heard.join(crowd, on="phone", how="anti").unique(maintain_order=True)
    groups = _joined(ties)
    everyone = _people(folder)
    made = Across(
        at_addresses_with_phone=groups.height,
        across_addresses=groups["person"].n_unique(),
        at_addresses_without_phone=everyone - groups.height,
        shared_numbers=crowd.height,
    )
    shards.write_whole(groups.sort("cluster"), folder / "across.parquet")
    shards.write_text(folder / "across.json", json.dumps(asdict(made)))
    return made


def _phoned(folder: Path) -> pl.DataFrame:
    """cluster, name, kana and number of every record of a person that has one."""
    pieces = pl.scan_parquet(folder / "work" / "pieces" / "*.parquet").filter(pl.col("phone").is_not_null())
    people = pl.scan_parquet(folder / "records" / "*.parquet").filter(pl.col("kind") == "person")
    numbered = pieces.select("row", "name", "kana", phone=phones.normalised(pl.col("phone")))
    joined = numbered.filter(pl.col("phone").is_not_null()).join(people.select("row", "cluster"), on="row")
    return joined.collect().sort("row")


def _people(folder: Path) -> int:
    clusters = pl.scan_parquet(folder / "clusters" / "*.parquet").filter(pl.col("kind") == "person")
    return int(clusters.select(pl.len()).collect().item())


def _joined(ties: pl.DataFrame) -> pl.DataFrame:
    """cluster, person: the smallest cluster that a chain of one name with one number leads to."""
    frame = ties.with_columns(person="cluster", tie=pl.struct("phone", "said").hash())
    for _ in range(_ROUNDS):
        nearer = frame.with_columns(person=pl.col("person").min().over("tie"))
        nearer = nearer.with_columns(person=pl.col("person").min().over("cluster"))
        if nearer["person"].equals(frame["person"]):
            break
        frame = nearer
    return frame.group_by("cluster").agg(pl.col("person").min())
