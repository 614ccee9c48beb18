"""What the codes of a file mean: kinds of application, systems, states of a contract.

Every utility writes them in its own way (05, スイッチング, 05:スイッチング開始, ①託送). What a code may mean is in the tables of
`mapping`; what nobody can tell is read as missing, counted and shown, so that whoever wrote the file can say it in a
mapping.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

import polars as pl

UNKNOWN = {"field": pl.String, "value": pl.String, "rows": pl.UInt32}
# A file with more values than this in a column has no codes there.
_MOST_VALUES = 1_000
_BETWEEN = re.compile(r"[\s:・._()\[\]/-]+")
_HEAD = re.compile(r"^(?:[①②]|[0-9]+)(?=[^0-9])")


def read(texts: pl.Series, table: Mapping[str, str]) -> pl.Series:
    """The meaning of each text; null where there is none, or where nobody knows it."""
    found = texts.replace_strict(dict(table), default=None, return_dtype=pl.String)
    others = texts.filter(texts.is_not_null() & found.is_null()).unique()
    if not 0 < len(others) <= _MOST_VALUES:
        return found
    meant = {value: code for value in others if (code := _meant(value, table)) is not None}
    return texts.replace_strict(dict(table) | meant, default=None, return_dtype=pl.String)


def unknown(field: str, texts: pl.Series, found: pl.Series) -> pl.DataFrame:
    """The values of a field that `read` did not understand, and how many rows have each (UNKNOWN)."""
    lost = texts.filter(texts.is_not_null() & found.is_null()).alias("value").to_frame()
    counted = lost.group_by("value").agg(rows=pl.len().cast(pl.UInt32))
    return counted.select(pl.lit(field).alias("field"), "value", "rows")


def _meant(value: str, table: Mapping[str, str]) -> str | None:
    """05:スイッチング開始 by its words, or else by its number; ①託送 by its sign."""
    words = [value, unicodedata.normalize("NFKC", value), value.lower()]
    head = _HEAD.match(value)
    if head:
        words += [value[head.end() :], head[0]]
    for word in words:
        for part in (word, *reversed(_BETWEEN.split(unicodedata.normalize("NFKC", word)))):
            if part and part in table:
                return table[part]
    return None
