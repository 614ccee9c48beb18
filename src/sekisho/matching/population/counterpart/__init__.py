"""A second population of customer records with truth, made without knowledge of the program it examines.

A program that is only ever measured on its author's own generator learns that generator. This one is built the
other way round: it lives ten years of an invented service area meter by meter and then lets two systems write down
what their retailers typed. Proportions and their reasons: `shares.TABLE`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .dice import Dice
from .firms import FirmPenman, Firms
from .history import Area
from .people import People
from .places import Places
from .readings import Dictionary, load_names
from .records import COLUMNS, Clerks, Kept, Switches, keep
from .retailers import Retailers
from .spelling import Penman

LEFT_OUT: dict[Dictionary, list[str]] = {"same": [], "independent": ["names-dataset"]}


def generate(
    *,
    records: int,
    seed: int,
    folder: Path,
    dictionary: Dictionary,
    points: bool = True,
    dates: bool = True,
    applications: bool = True,
    kana_column: float = 0.0,
    phones: bool = True,
) -> dict[str, Any]:
    """Write population.parquet, truth.parquet and manifest.json to `folder`; return the manifest.

    Exactly `records` rows in random order; the same arguments give the same rows. `dictionary`: where names and
    their readings come from ("independent": the personal-name statistics alone). `kana_column`: share (0–1) of the
    kanji records with a reading of their own. Raises ValueError for a share or number out of range.
    """
    if records < 1 or not 0.0 <= kana_column <= 1.0:
        raise ValueError(
            f"件数は1以上、かな列の割合は0–1です / records ≥ 1, 0 ≤ kana_column ≤ 1: {records}, {kana_column}"
        )
    given = {
        "records": records, "seed": seed, "dictionary": dictionary, "points": points, "dates": dates,
        "applications": applications, "kana_column": kana_column, "phones": phones,
    }  # fmt: skip
    dice = Dice(seed)
    kept = _lived(records, dice, dictionary, Switches(points, dates, applications, kana_column, phones))
    folder.mkdir(parents=True, exist_ok=True)
    truth = _written(kept, dice, folder)
    manifest = {**given, "leave_out": LEFT_OUT[dictionary], "truth": _counted(truth)}
    (folder / "manifest.json").write_text(
        json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return manifest


def _lived(records: int, dice: Dice, dictionary: Dictionary, switches: Switches) -> Kept:
    """Sites until the number of records is reached; a site that would exceed it is passed over."""
    people = People(dice, load_names(dictionary))
    places = Places(dice)
    firms = Firms(dice, people, places, records=records)
    area = Area(dice, people, places, firms, Retailers(dice))
    penman = Penman(dice, people)
    clerks = Clerks(dice, penman, FirmPenman(dice, penman), switches)
    kept = Kept()
    while len(kept.truth) < records:
        found = clerks.rows(area.site())
        if len(kept.truth) + len(found) <= records:
            keep(kept, found)
    return kept


def _written(kept: Kept, dice: Dice, folder: Path) -> pl.DataFrame:
    """Both tables in one random order; returns the truth with each record's system."""
    order = dice.order(len(kept.truth))
    number = pl.int_range(1, len(order) + 1, eager=True)
    rows = pl.DataFrame(
        dict(zip(COLUMNS, kept.columns, strict=True)), schema=dict.fromkeys(COLUMNS, pl.String)
    )[order]
    rows.insert_column(0, number.cast(pl.String).alias("record_id")).write_parquet(
        folder / "population.parquet"
    )
    truth_id = np.array(kept.truth, dtype=np.int64)[order]
    truths = _truths(kept)
    truth = pl.DataFrame({"record_id": number, "truth_id": truth_id}).join(
        truths, on="truth_id", how="left", maintain_order="left"
    )
    truth.write_parquet(folder / "truth.parquet")
    return truth.with_columns(rows["system"])


def _truths(kept: Kept) -> pl.DataFrame:
    """The truths; a party with several of them has moved, or trades at several places."""
    table = pl.DataFrame({
        "truth_id": pl.int_range(1, len(kept.party) + 1, eager=True), "party_id": pl.Series(kept.party, dtype=pl.Int64),
        "kind": kept.kind, "slices": kept.tags,
    })  # fmt: skip
    several = pl.len().over("party_id") > 1
    tag = (
        pl.when(several & (pl.col("kind") == "person"))
        .then(pl.lit(" moved"))
        .when(several)
        .then(pl.lit(" chain"))
        .otherwise(pl.lit(""))
    )
    return table.with_columns((pl.col("slices") + tag).str.strip_chars())


def _counted(truth: pl.DataFrame) -> dict[str, Any]:
    """Truths by kind and by the systems that know them: the seed's table."""
    held = truth.group_by("truth_id", "kind").agg(pl.col("system").unique().sort().str.join(""))
    counts = {(kind, system): n for kind, system, n in held.group_by("kind", "system").len().iter_rows()}
    table = {
        kind: {
            name: {"all": counts.get((kind, held_by), 0)}
            for name, held_by in (("1", "1"), ("2", "2"), ("both", "12"))
        }
        for kind in ("person", "company", "device")
    }
    return {"all": held.height, "table": table}
