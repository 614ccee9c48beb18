"""Who keeps a shop: 青葉商店 山田太郎, 青葉商店 代表 山田太郎 and 居酒屋虹(平田茂) name a person, who is the customer."""

from __future__ import annotations

import polars as pl

from sekisho.matching import companies, kana, several, wordbook, wrapping
from sekisho.matching.lexicon import Lexicon

_REPRESENTATIVE = r"^(.{2,}?)[ (](?:代表者|代表取締役|代表|ダイヒヨウ|ダイヒョウ)[ :]?(.{2,}?)\)?$"
# What stands before the keeper's name in brackets.
_TITLE = r"^(?:代表者|代表取締役|代表|店主|事業主|オーナー|ダイヒヨウシヤ|ダイヒヨウ|ダイヒョウシャ|ダイヒョウ|テンシユ|テンシュ)[ ::]*"
# Nobody keeps these: whoever is named beside them answers for them.
_NOBODYS = (
    r"(?:[^商]会|組合|神社|[^守]宮|寺|学校|役所|役場|カイ|クミアイ|ジンジヤ|ジンジャ|ガツコウ|ガッコウ)$"
)
_SHOP_FIRST = r"^([^ ]{3,}(?: [A-Z]+)*) ([^A-Z ].+)$"
# Where somebody works, not somebody: 函館競馬場, 指導監査課.
_WORKPLACE = r"^.{2,}[場課室部科局係署庁舎館院校所隊団]$"
_NOTHING = pl.lit(None, dtype=pl.String)


def without_shop(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """A sole proprietor is a person: 青葉商店 山田太郎 and 青葉商店 代表 山田太郎 name 山田太郎."""
    spaced = pl.col("main").str.contains(" ") | pl.col("inside").is_not_null()
    plain = frame.filter(~spaced).with_columns(shop=_NOTHING)
    return pl.concat([plain, _shops(frame.filter(spaced), lexicon).select(plain.columns)])


def _shops(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    main = pl.col("main")
    parts = frame.with_columns(
        first=main.str.extract(_SHOP_FIRST, 1),
        rest=main.str.extract(_SHOP_FIRST, 2),
        head=main.str.extract(_REPRESENTATIVE, 1),
        owner=main.str.extract(_REPRESENTATIVE, 2),
    )
    trade_first = parts["first"].is_in(_trades(_no_surnames(parts["first"], lexicon)).implode())
    trades = _trades(pl.concat([parts["rest"].filter(trade_first.fill_null(False)), parts["inside"]]))
    parts = parts.with_columns(
        business=(
            trade_first
            & ~pl.col("rest").is_in(trades.implode())
            & ~(pl.col("rest").str.contains(_WORKPLACE) & (pl.col("rest").str.len_chars() > 3))
        ).fill_null(False),
        titled=pl.col("head").is_not_null(),
        inside_shop=pl.col("inside").is_in(trades.implode()).fill_null(False),
    )
    told = _kept(parts, lexicon)
    return told.with_columns(
        shop=pl.when("titled")
        .then("head")
        .when(pl.col("keeper").is_not_null())
        .then(main)
        .when("business")
        .then("first")
        .when("inside_shop")
        .then("inside"),
        main=pl.when("titled")
        .then("owner")
        .when(pl.col("keeper").is_not_null())
        .then("keeper")
        .when("business")
        .then("rest")
        .otherwise(main),
        inside=pl.when(~pl.col("inside_shop") & pl.col("keeper").is_null()).then("inside"),
    )


def _kept(parts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Adds keeper: who is named in brackets behind a business, 平田茂 of 居酒屋虹(平田茂); null for others."""
    asked = parts.filter(
        ~pl.col("titled"),
        pl.col("inside").is_not_null() & pl.col("host").is_null() & pl.col("partner").is_null(),
        ~pl.col("inside_shop") & ~pl.col("inside").str.contains(wrapping.FORMER),
        ~pl.col("main").str.contains(_NOBODYS),
    ).select(
        "row", "main", keeper=pl.col("inside").str.replace(_TITLE, "").str.replace(wrapping.HONORIFIC, "")
    )
    named = asked.filter(pl.col("keeper").is_in(several.whole_names(asked["keeper"], lexicon).implode()))
    whole = several.whole_names(named["main"], lexicon)
    trades = _trades(named["main"])
    kept = named.filter(
        pl.col("main").is_in(trades.implode()) | ~_may_be_somebody(named["main"], whole, lexicon),
    )
    return parts.join(kept.select("row", "keeper"), on="row", how="left", maintain_order="left")


def _may_be_somebody(texts: pl.Series, whole: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Whether each is a whole name or a surname, or has a word that is one: 山田(佐藤花子), ヤマダ ハナコ(サトウ ハナコ)."""
    words = texts.to_frame("text").with_columns(word=pl.col("text").str.split(" ").list.first())
    heard = words.with_columns(sound=kana.heard(pl.col("word")))
    book = wordbook.of(lexicon)
    written = wordbook.among(heard["word"], book.people)
    surname = written | wordbook.among(heard["sound"], book.people_heard)
    return surname | texts.is_in(whole.implode())


def _no_surnames(words: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Those of the words that nobody bears: 小野寺 and ショウジ end like a business and are surnames."""
    each = words.alias("word").drop_nulls().unique().to_frame()
    asked = each.with_columns(sound=kana.heard(pl.col("word")))
    book = wordbook.of(lexicon)
    surname = wordbook.among(asked["word"], book.people) | wordbook.among(asked["sound"], book.people_heard)
    return each.filter(~surname).to_series()


def _trades(words: pl.Series) -> pl.Series:
    """Those of the words that name a business."""
    each = words.alias("word").drop_nulls().unique().to_frame()
    asked = each.with_columns(sound=kana.heard(pl.col("word")))
    return asked.filter(_is_trade(pl.col("word"), pl.col("sound")))["word"]


def _is_trade(text: pl.Expr, sound: pl.Expr) -> pl.Expr:
    """Whether a word names a business or one of its branches."""
    return (
        companies.is_traded(text)
        | text.str.contains(companies.BRANCH)
        | companies.trade_heard(sound)
        | sound.str.contains(companies.BRANCH_SOUND)
    )
