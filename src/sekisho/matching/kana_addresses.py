"""Addresses in kana throughout, as hosts of old printed them: ｱｶｼｼ ﾋｶﾞｼﾌｼﾞｴ 1-7-27, written as the post writes them.

Municipality and town are found by their sound, whatever letters and spaces it is spelt with. Where several sound alike,
the longer beginning decides (ヒロシマケンフチュウシ, or the town behind フチュウシ), then the postcode; otherwise the address
is left as it is.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import rarely
from sekisho.matching.gazetteer import Gazetteer, begun, spoken

# Half-width kana, too: this is asked of texts that are not folded yet.
BEGINS = "^[ァ-ヺーｦ-ﾟ]{3}"
# Kana, with the figures that only towns have: キタ1ジョウニシ, ウエガハラ7バンチョウ.
_HEAD = r"^[ァ-ヺー]+(?:[0-9]+(?:ジ[ョヨ]ウ|バンチ[ョヨ]ウ|セン|ク)[ァ-ヺー]*)?"
_UNIT = r"([0-9])(チ[ョヨ]ウメ|バンチ|バン|ゴウ(?:シツ)?)"
_UNITS = {
    "チョウメ": "丁目",
    "チヨウメ": "丁目",
    "バンチ": "番地",
    "バン": "番",
    "ゴウシツ": "号室",
    "ゴウ": "号",
}
# ツシ and ナラシ begin many words; a municipality whose town is unknown must be longer, or the postcode's.
_LONG = 4


def as_written(texts: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """`texts` (rest, folded; code, a postcode; others) with prefecture, municipality and town of those in kana in kanji."""
    spelt = texts.select(pl.col("rest").str.contains(BEGINS).fill_null(False)).to_series()
    if not spelt.any():
        return texts
    few = texts.filter(spelt).with_row_index("number")
    said = few.select("number", "rest", "code", head=pl.col("rest").str.extract(_HEAD, 0)).with_columns(
        behind=pl.col("rest").str.strip_prefix(pl.col("head")), sound=spoken(pl.col("head"))
    )
    coded = said.join(gazetteer.first_of_code, left_on="code", right_on="postal_code", how="left")
    found = _found(coded, gazetteer)
    written = coded.join(found, on="number", how="left", maintain_order="left").select(
        rest=pl.when(pl.col("place").is_null())
        .then("rest")
        .otherwise(pl.concat_str("place", "left", _with_units(pl.col("behind"))))
    )
    return pl.concat([texts.filter(~spelt), few.drop("number").with_columns(written.to_series())])


def _with_units(text: pl.Expr) -> pl.Expr:
    """2チョウメ3バン4ゴウ as 2丁目3番4号."""
    return rarely.where(text, _UNIT, lambda few: few.str.replace_many(_UNITS, leftmost=True))


def _found(said: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """number, place (prefecture, municipality and town in kanji) and left (what of the sound stands behind)."""
    asked = said.select("number", "code_jis", "code_town", text="sound")
    cities = begun(asked, gazetteer.spoken_cities, "sound", text="text").with_columns(
        of_code=(pl.col("jis") == pl.col("code_jis")).fill_null(False),
        heard=pl.col("sound").str.len_chars().cast(pl.Int64),
        left=pl.col("text").str.strip_prefix(pl.col("sound")),
    )
    towns = _with_town(cities.drop("sound", "text"), gazetteer)
    alone = _without_town(cities.join(towns, on="number", how="anti"))
    placed = pl.concat([towns, alone]).join(_names(gazetteer), on="jis")
    return placed.select("number", "left", place=pl.concat_str("name", "town"))


def _with_town(cities: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """number, jis, town, left: the longest municipality and town together; of several the postcode's."""
    near = gazetteer.spoken_towns.join(cities.select("jis").unique(), on="jis", how="semi")
    hits = begun(cities, near, "sound", by=["jis"], text="left").with_columns(
        pl.col("left").str.strip_prefix(pl.col("sound")),
        heard=pl.col("heard") + pl.col("sound").str.len_chars(),
        of_town=(pl.col("town") == pl.col("code_town")).fill_null(False),
    )
    longest = hits.filter(pl.col("heard") == pl.col("heard").max().over("number"))
    likeliest = longest.filter(_preferred("of_code")).filter(_preferred("of_town"))
    single = pl.struct("jis", "town").n_unique().over("number") == 1
    return (
        likeliest.filter(single).unique("number", maintain_order=True).select("number", "jis", "town", "left")
    )


def _preferred(flag: str) -> pl.Expr:
    """Those of a number that have the flag, if any has."""
    return pl.col(flag) | ~pl.col(flag).any().over("number")


def _without_town(cities: pl.DataFrame) -> pl.DataFrame:
    """As `_with_town`, where the town is none that is known. The postcode's municipality is left to it: it knows the
    town, too."""
    longest = cities.filter(pl.col("heard") == pl.col("heard").max().over("number"))
    single = (pl.col("jis").n_unique().over("number") == 1) & (pl.col("heard") > _LONG)
    sure = longest.filter(single, ~pl.col("of_code")).unique("number", maintain_order=True)
    return sure.select("number", "jis", "left", town=pl.lit("")).select("number", "jis", "town", "left")


def _names(gazetteer: Gazetteer) -> pl.DataFrame:
    """jis, name: prefecture and municipality, folded, with its 郡."""
    longest = gazetteer.cities.sort(pl.col("form").str.len_chars()).unique(
        "jis", keep="last", maintain_order=True
    )
    return longest.select("jis", name=pl.concat_str("pref", "form"))
