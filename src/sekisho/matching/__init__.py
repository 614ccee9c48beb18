"""名寄せ: which records are one customer, how surely, and why.

Seed 000 could not merge about 1.5 million of 13.5 million records whose name had turned from katakana to kanji when
the customer switched, so nobody knew how many people had to be told. This package merges them, counts them between
two bounds, and can explain every pair to a clerk. It works on files of any system: `match` reads CSV or Parquet
with a column mapping.

A false merge hides a victim and a false split writes to one twice; both are reported, and where the evidence does
not decide the pair stays open and widens the interval.
"""

from pathlib import Path

import polars as pl

from sekisho.matching import addresses, lexicon
from sekisho.matching.decide import Weights
from sekisho.matching.explain import Explanation, explain
from sekisho.matching.mapping import Mapping
from sekisho.matching.run import Result, match

__all__ = ["Explanation", "Mapping", "Result", "Weights", "explain", "match", "normalise"]


def normalise(
    texts: list[str], *, postal_codes: list[str] | None = None, lexicon_folder: Path | None = None
) -> pl.DataFrame:
    """Addresses taken apart, offline, in order; columns as in `addresses.normalise`."""
    words = lexicon.opened(lexicon_folder)
    return addresses.normalise(
        pl.Series(texts, dtype=pl.String),
        postal_codes=None if postal_codes is None else pl.Series(postal_codes, dtype=pl.String),
        gazetteer=words.gazetteer,
        variants=words.variants,
    )
