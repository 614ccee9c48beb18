"""What is wrapped around a name in its field: brackets, the host of whoever lives at somebody's (様方), a second person
behind a mark. Each is taken off and kept, so that the name itself can be compared.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import companies, several, splitting, wordbook
from sekisho.matching.lexicon import Lexicon

HONORIFIC = r" ?(?:様|殿|御中|サマ|ドノ|オンチユウ|オンチュウ)$"
FORMER = r"^(?:旧姓|旧|キユウセイ|キュウセイ)[ :]*"
_WRAPPED = r"[()・、,&+/／]|方|内|サマ"
_BRACKET = r"\(([^)]*)\)?"
_HOSTED = r"^(.{2,12}?)(?:(?:様方|様内|サマカタ|サマホウ) ?|方 )(.{2,})$"
# 緒方 太郎 lives at nobody's.
_HOSTED_BY_ONE = r"^(\p{Han})様方 ?(.{2,})$"
_AT = r"^(\p{Han}{1,4})方([^ 様]{2,5} ?[^ 様]{1,4})$"
_HOST_AFTER = r"^(.{2,}?)[ ](.{2,12}?)(?:様方|様内|サマカタ|サマホウ)$"
_PARTNERS = r"[・、,&+/／]"
# A second person's name, in kana with a space.
_LONGEST_NAME = 14
_NOTHING = pl.lit(None, dtype=pl.String)


def unwrapped(frame: pl.DataFrame) -> pl.DataFrame:
    """Takes brackets, hosts and partners off names."""
    wrapped = frame.select(pl.col("text").str.contains(_WRAPPED)).to_series()
    nothing = dict.fromkeys(("inside", "host", "partner"), _NOTHING)
    plain = frame.filter(~wrapped).with_columns(**nothing, main="text")
    return pl.concat([plain, _taken_apart(frame.filter(wrapped)).select(plain.columns)])


def hosts_named(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """岡本方佐藤栄喜 with its 様: 佐藤栄喜 lives at 岡本's. 緒方 and 土方 are surnames."""
    parts = frame.select(
        "row", host=pl.col("text").str.extract(_AT, 1), name=pl.col("text").str.extract(_AT, 2)
    )
    asked = parts.drop_nulls()
    book = wordbook.of(lexicon)
    surname = wordbook.among(asked["host"] + "方", book.people)
    hosted = asked.filter(wordbook.among(asked["host"], book.people) & ~surname)
    named = hosted.filter(pl.col("name").is_in(several.whole_names(hosted["name"], lexicon).implode()))
    rewritten = named.select("row", hosted=pl.concat_str("host", pl.lit("様方"), "name"))
    joined = frame.join(rewritten, on="row", how="left", maintain_order="left")
    return joined.with_columns(text=pl.coalesce("hosted", "text")).drop("hosted")


def _taken_apart(frame: pl.DataFrame) -> pl.DataFrame:
    inside = pl.col("text").str.extract(_BRACKET)
    outside = pl.col("text").str.replace_all(_BRACKET, " ").str.replace_all(" +", " ").str.strip_chars(" ")
    outside = outside.str.replace(HONORIFIC, "")
    opened = frame.with_columns(inside=inside, outside=outside)
    hosted = opened.with_columns(
        host=pl.coalesce(
            pl.col("outside").str.extract(_HOSTED, 1),
            pl.col("outside").str.extract(_HOSTED_BY_ONE, 1),
            pl.col("outside").str.extract(_HOST_AFTER, 2),
            pl.col("inside").str.extract(r"^(.+?)(?:様方|様内|サマカタ|サマホウ|方)$", 1),
        ),
        outside=pl.coalesce(
            pl.col("outside").str.extract(_HOSTED, 2),
            pl.col("outside").str.extract(_HOSTED_BY_ONE, 2),
            pl.col("outside").str.extract(_HOST_AFTER, 1),
            "outside",
        ),
    )
    # ジョン・スミス is one person; 山田太郎・花子 and ヤマダ タロウ・ハナコ are two; 国立精神・神経医療研究センター is none.
    other = pl.col("outside").str.extract(rf"{_PARTNERS} ?(.*)$")
    nobody = (other.str.len_chars() > _LONGEST_NAME) | companies.is_traded(other)
    couple = (
        ~nobody.fill_null(False)
        & pl.col("outside").str.contains(_PARTNERS)
        & (
            pl.col("outside").str.contains(splitting.HAN)
            | pl.col("outside").str.contains(rf" .*{_PARTNERS}")
            | pl.col("outside").str.contains(r"[ぁ-ゖァ-ヺー] ?[、,&+/／] ?[ぁ-ゖァ-ヺ]")
        )
    )
    first = pl.col("outside").str.extract(rf"^(.*?) ?{_PARTNERS}")
    rest = pl.col("outside").str.extract(rf"{_PARTNERS} ?(.*)$")
    return hosted.with_columns(
        main=pl.when(couple & (first != ""))
        .then(first)
        .otherwise(pl.col("outside").str.replace_all(_PARTNERS, " ")),
        partner=pl.when(couple).then(rest),
    )
