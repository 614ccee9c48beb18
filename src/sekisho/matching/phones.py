"""Telephone numbers as written: +81, hyphens, brackets and full width become digits; what is no number becomes none.

A mobile number is one person's, a fixed line a household's or an office's. Numbers that many names share (a reception,
a managing agent, 0000000000) say nothing about anybody.
"""

from __future__ import annotations

import polars as pl

_MOBILE = r"^0[789]0\d{8}$"
_NUMBER = r"^0[1-9]\d{8,9}$"
_FILLER = r"(?:0{7,}|1{7,}|9{7,}|12345678)$"
# More names than a couple and their grown-up children share a number only at an office or an agent.
MOST_NAMES = 3


def normalised(phone: pl.Expr) -> pl.Expr:
    """Digits from the trunk 0 on (0612345678, 09012345678), or null when the text is no telephone number."""
    digits = phone.str.normalize("NFKC").str.replace(r"^\s*(?:\+|00|010)81\s*(?:\(0\))?[-\s]*0?", "0")
    plain = digits.str.replace_all(r"[^0-9]", "")
    return pl.when(plain.str.contains(_NUMBER) & ~plain.str.contains(_FILLER)).then(plain)


def is_mobile(phone: pl.Expr) -> pl.Expr:
    """070, 080 and 090: a person's own, whatever the address."""
    return phone.str.contains(_MOBILE)


def shared(pairs: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """left, right and mobile of those pairs whose two personas bear one number that is not everybody's.

    `owners` has persona, phone (normalised) and name: what tells two people of one number apart.
    """
    crowd = owners.group_by("phone").agg(pl.col("name").n_unique().alias("names"))
    own = owners.join(crowd.filter(pl.col("names") <= MOST_NAMES), on="phone", how="semi")
    ends = own.select("persona", "phone").unique()
    met = (
        pairs.select("left", "right")
        .unique()
        .join(ends.rename({"persona": "left"}), on="left")
        .join(ends.rename({"persona": "right"}), on=["right", "phone"], how="semi")
    )
    return met.group_by("left", "right").agg(mobile=is_mobile(pl.col("phone")).any())
