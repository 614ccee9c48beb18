"""Telephone numbers as written: +81, hyphens, brackets and full width become digits; what is no number becomes none.

A mobile number is one person's, a fixed line a household's or an office's. Numbers that many names share (a reception,
a managing agent, 0000000000) say nothing about anybody. How many names share a number is counted over the whole
file, so that the answer does not depend on how the file is divided.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sekisho.matching import kana, rarely

_MOBILE = r"^0[789]0\d{8}$"
_NUMBER = r"^0[1-9]\d{8,9}$"
_FILLER = r"(?:0{7,}|1{7,}|9{7,}|12345678)$"
# More names than a couple and their grown-up children share a number only at an office or an agent.
MOST_NAMES = 3
FILE = "crowded-numbers.parquet"
# Numbers are counted in as many parts as keep this many rows in memory at once.
_ROWS_A_PART = 4_000_000


def normalised(phone: pl.Expr) -> pl.Expr:
    """Digits from the trunk 0 on (0612345678, 09012345678), or null when the text is no telephone number."""
    digits = phone.str.normalize("NFKC").str.replace(r"^\s*(?:\+|00|010)81\s*(?:\(0\))?[-\s]*0?", "0")
    plain = digits.str.replace_all(r"[^0-9]", "")
    return rarely.only(plain, _is_number, lambda numbers: numbers)


def _is_number(digits: pl.Expr) -> pl.Expr:
    return digits.str.contains(_NUMBER) & ~digits.str.contains(_FILLER)


def is_mobile(phone: pl.Expr) -> pl.Expr:
    """070, 080 and 090: a person's own, whatever the address."""
    return phone.str.contains(_MOBILE)


def crowded(pieces: pl.LazyFrame) -> pl.Series:
    """The numbers that more than MOST_NAMES names bear; `pieces` has name and phone as they were written.

    Names are told apart as they sound when they are in kana, else as they are written.
    """
    written = pieces.filter(pl.col("phone").is_not_null())
    parts = 1 + int(written.select(pl.len()).collect().item()) // _ROWS_A_PART
    given = written.select("name", number=normalised(pl.col("phone"))).drop_nulls()
    sound = kana.sound(pl.col("name").str.normalize("NFKC").str.replace_all(r"\s", ""))
    found = []
    for part in range(parts):
        mine = given.filter(pl.col("number").hash() % parts == part).collect()
        # A name is heard only where the number stands often enough.
        several = mine.filter(pl.len().over("number") > MOST_NAMES).with_columns(sound.hash())
        names = several.group_by("number").agg(names=pl.col("name").n_unique())
        found.append(names.filter(pl.col("names") > MOST_NAMES)["number"])
    return pl.concat(found).sort()


def read(folder: Path) -> pl.Series | None:
    """The crowded numbers as stored in the working folder of a matching; None where nothing is stored."""
    path = folder / FILE
    return pl.read_parquet(path)["number"] if path.exists() else None


def shared(pairs: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """left, right and mobile of those pairs whose two personas bear one number.

    `owners` has persona and phone (normalised), without the crowded numbers.
    """
    ends = owners.select("persona", "phone").unique()
    met = (
        pairs.select("left", "right")
        .unique()
        .join(ends.rename({"persona": "left"}), on="left")
        .join(ends.rename({"persona": "right"}), on=["right", "phone"], how="semi")
    )
    return met.group_by("left", "right").agg(mobile=is_mobile(pl.col("phone")).any())
