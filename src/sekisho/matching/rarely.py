"""A dear step for the few strings that need it, or once for all rows that have the same.

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


def given(text: pl.Expr, change: Callable[[pl.Expr], pl.Expr]) -> pl.Expr:
    """`change` applied to a column that most rows leave empty; it must leave an empty one empty."""

    def changed(texts: pl.Series) -> pl.Series:
        places = texts.is_not_null().arg_true()
        few = texts.gather(places).alias("few").to_frame().select(change(pl.col("few"))).to_series()
        return texts.scatter(places, few) if few.len() else texts

    return text.map_batches(changed, return_dtype=pl.String, is_elementwise=True)


def true_where(frame: pl.DataFrame, mask: pl.Expr, test: pl.Expr) -> pl.Series:
    """`test` for the rows of the mask, false for the others and where nothing is known."""
    asked = frame.select(mask.fill_null(False)).to_series().arg_true()
    found = frame[asked].select(test.fill_null(False)).to_series()
    return pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True).scatter(asked, found)


def once(
    rows: pl.DataFrame, names: tuple[str, ...], work: Callable[[pl.DataFrame], pl.DataFrame]
) -> pl.DataFrame:
    """Adds to the rows what `work` makes of the columns `names`, a row for each row, done for distinct ones only.

    They are told apart by a hash of 64 bits, as personas are: cheaper than strings, and 300,000 rows hold two of one
    hash once in 400 million times.
    """
    marked = rows.with_columns(mark=pl.struct(names).hash())
    distinct = marked.select("mark", *names).unique("mark", maintain_order=True)
    done = pl.concat([distinct.select("mark"), work(distinct.select(names))], how="horizontal")
    return marked.join(done, on="mark", how="left").drop("mark")


def uppercase(text: pl.Expr) -> pl.Expr:
    """Capital letters, of any alphabet."""
    return where(text, r"\p{Ll}", lambda few: few.str.to_uppercase())
