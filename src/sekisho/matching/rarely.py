"""A dear step for the few strings that need it, or once for all rows that have the same.

Most names have no small Latin letters and most addresses no kanji numerals. Polars evaluates both branches of a
condition for every row, so the few are taken out, changed and put back.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

Change = Callable[[pl.Expr], pl.Expr]


def where(
    text: pl.Expr, pattern: str | Change, change: Change, *, otherwise: Change | None = None
) -> pl.Expr:
    """`change` applied to the strings in which the pattern is found, or of which it is true; the others as they are,
    or by `otherwise`."""

    def changed(texts: pl.Series) -> pl.Series:
        true = _true(texts, pattern)
        places = true.arg_true()
        if otherwise:
            rest = (~true).arg_true()
            texts = texts.scatter(rest, _applied(otherwise, texts.gather(rest)))
        return texts.scatter(places, _applied(change, texts.gather(places))) if places.len() else texts

    return text.map_batches(changed, return_dtype=pl.String, is_elementwise=True)


def _true(texts: pl.Series, pattern: str | Change) -> pl.Series:
    found = texts.str.contains(pattern) if isinstance(pattern, str) else _applied(pattern, texts)
    return found.fill_null(False)


def _applied(change: Change, texts: pl.Series) -> pl.Series:
    return texts.alias("few").to_frame().select(change(pl.col("few"))).to_series()


def only(text: pl.Expr, pattern: str | Change, change: Change) -> pl.Expr:
    """`change` applied to the strings in which the pattern is found, or of which it is true; null for the others."""

    def changed(texts: pl.Series) -> pl.Series:
        places = _true(texts, pattern).arg_true()
        nothing = pl.repeat(None, texts.len(), dtype=pl.String, eager=True)
        return nothing.scatter(places, _applied(change, texts.gather(places))) if places.len() else nothing

    return text.map_batches(changed, return_dtype=pl.String, is_elementwise=True)


def given(text: pl.Expr, change: Change) -> pl.Expr:
    """`change` applied to a column that most rows leave empty; it must leave an empty one empty."""

    def changed(texts: pl.Series) -> pl.Series:
        places = texts.is_not_null().arg_true()
        return texts.scatter(places, _applied(change, texts.gather(places))) if places.len() else texts

    return text.map_batches(changed, return_dtype=pl.String, is_elementwise=True)


def unless_empty(text: pl.Expr) -> pl.Expr:
    """Null for an empty string. (A condition that names an expression twice has it evaluated twice.)"""
    return text.map_batches(
        lambda texts: texts.set(texts == "", None), return_dtype=pl.String, is_elementwise=True
    )


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
    marked = rows.with_columns(alike=pl.struct(names).hash())
    distinct = marked.select("alike", *names).unique("alike", maintain_order=True)
    done = pl.concat([distinct.select("alike"), work(distinct.select(names))], how="horizontal")
    return marked.join(done, on="alike", how="left").drop("alike")


def uppercase(text: pl.Expr) -> pl.Expr:
    """Capital letters, of any alphabet."""
    return where(text, r"\p{Ll}", lambda few: few.str.to_uppercase())
