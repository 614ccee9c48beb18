"""Person or company: the books of names, a word of trade, the shape of the name; the first that speaks decides.

Trades alone would call 木村 and 服部 companies: the books are asked first.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import companies, foreign, rarely, splitting, wordbook
from sekisho.matching.wordbook import Wordbook

PERSON, COMPANY, DEVICE = "person", "company", "device"
_LONG_END = r"^([^ ]+) [^ ]{4,}$"


def told(frame: pl.DataFrame, book: Wordbook) -> pl.DataFrame:
    """Person or company: name dictionary, keyword, shape, the first that speaks decides; guessed (see `parse`)."""
    sounds, keyword, person = pl.col("full").fill_null(""), pl.col("keyword"), pl.col("person")
    kanji = pl.col("written") == "kanji"
    traded = companies.is_traded(pl.col("main")) | _trade_heard() | _ends_as_shops_do()
    in_books = kanji & pl.col("in_books").fill_null(False)
    # Whoever is told already needs no trade.
    open_kind = ~in_books | pl.col("doubtful")
    votes = pl.when(keyword).then(wordbook.COMMON_SOUND).otherwise(0.0)
    heard = (pl.col("heard_votes") > votes) & ~pl.col("branched") & ~(keyword & _ends_as_shops_do())
    listed = pl.when(kanji).then(in_books & ~(keyword & pl.col("doubtful"))).otherwise(heard)
    # An unlisted given name under a listed surname is still a person when it looks like one.
    likely = pl.col("known").fill_null(False) & (
        pl.col("given").str.contains(r"^(?:[\p{Han}ぁ-ゖァ-ヺー々]{1,3}|[ぁ-ゖ]{2,8})$")
        | pl.col("main").str.contains(r"^[^ ]+ [ァ-ヺー]{4,5}$")
    )
    shaped = (
        pl.when(kanji)
        .then(
            likely
            | pl.col("main").str.contains(rf"^{splitting.HAN}{{1,5}} ?[\p{{Han}}ぁ-ゖ々]{{1,4}}$")
            | (pl.col("known").fill_null(False) & (pl.col("given") == ""))
        )
        .otherwise(
            pl.col("main").str.contains(" ")
            | (sounds.str.len_chars() <= 9)
            | pl.col("heard").str.contains(" ")
        )
    )
    kind = pl.when(person | pl.col("shaped")).then(pl.lit(PERSON)).otherwise(pl.lit(COMPANY))
    branched = frame.with_columns(branched=rarely.true_where(frame, _has_long_end(), _branched()))
    keywords = rarely.true_where(branched, open_kind, traded | pl.col("branched"))
    judged = branched.with_columns(keyword=keywords).with_columns(person=listed)
    apart = _foreign_apart(judged, book).with_columns(sure=person | keyword)
    shapes = rarely.true_where(apart, ~pl.col("sure"), shaped)
    return apart.with_columns(shaped=shapes).with_columns(kind=kind).with_columns(guessed=_guessed())


def _guessed() -> pl.Expr:
    """Whether nothing but the dictionaries says where the surname ends."""
    return ((pl.col("kind") == PERSON) & (pl.col("written") == "kanji")) & ~pl.col("main").str.contains(" ")


def _foreign_apart(frame: pl.DataFrame, book: Wordbook) -> pl.DataFrame:
    """カルロススミスレイエス with its spaces: of names from elsewhere no book says where the surname ends."""
    unknown = ~pl.col("keyword") & ~pl.col("person") & (pl.col("written") == "kana")
    solid = frame.filter(unknown, ~pl.col("heard").str.contains(" ")).select("row", "heard")
    found = [(row, name) for row, sound in solid.iter_rows() if (name := foreign.spaced(sound, book.foreign))]
    spaced = pl.DataFrame(found, schema={"row": frame.schema["row"], "apart": pl.String}, orient="row")
    words = pl.col("apart").str.splitn(" ", 2).struct
    parts = spaced.with_columns(
        first=words.field("field_0"), rest=words.field("field_1").str.replace_all(" ", "")
    )
    joined = frame.join(parts, on="row", how="left", maintain_order="left")
    return joined.with_columns(
        heard=pl.coalesce("apart", "heard"),
        surname_sound=pl.coalesce("first", "surname_sound"),
        given_sound=pl.coalesce("rest", "given_sound"),
    ).drop("apart", "first", "rest")


def _ends_as_shops_do() -> pl.Expr:
    """トケイテン and モリシカ: what ends so is nobody's name, unless books list more of it than the end."""
    alone = pl.col("given_sound").is_in(companies.SHOP_ENDS)
    ends = pl.col("heard").str.contains(companies.SHOP_SOUND)
    return (ends & ((pl.col("heard_votes") <= wordbook.LISTED) | alone)).fill_null(False)


def _trade_heard() -> pl.Expr:
    """A trade within one word: リュウ ビン carries no mail."""
    return companies.trade_heard(pl.col("heard")).fill_null(False)


def _has_long_end() -> pl.Expr:
    """Two words, of which the second may be a place of work."""
    return pl.col("heard").str.contains(_LONG_END)


def _branched() -> pl.Expr:
    """オカダセイカ ケンキュウジョ: a trade, then where it is carried on; nobody's given name."""
    trade = companies.trade_heard(pl.col("heard").str.extract(_LONG_END))
    return trade & pl.col("heard").str.contains(rf" {companies.BRANCH_SOUND}")
