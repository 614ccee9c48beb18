"""A dear step for the few strings that need it.

Most names have no small Latin letters and most addresses no kanji numerals. Polars evaluates both branches of a
condition for every row, so the few are taken out, changed and put back.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def where(text: pl.Expr, pattern: str, change: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """`change` applied to the strings in which the pattern is found; the others as they are."""

    def changed(texts: pl.Series) -> pl.Series:
        places = texts.str.contains(pattern).fill_null(False).arg_true()
        if places.is_empty():
            return texts
        few = texts.gather(places).alias("few").to_frame()
        return texts.scatter(places, few.select(change(pl.col("few"))).to_series())

    return text.map_batches(changed, return_dtype=pl.String, is_elementwise=True)


def uppercase(text: pl.Expr) -> pl.Expr:
    """Capital letters, of any alphabet."""
    return where(text, r"\p{Ll}", lambda few: few.str.to_uppercase())
