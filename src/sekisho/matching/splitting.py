"""Where a surname ends: at the space if there is one, else where the books of names say."""

from __future__ import annotations

import polars as pl

from sekisho.matching import companies, kana, rarely, wordbook
from sekisho.matching.lexicon import Lexicon

BETWEEN = r"[・=＝]"
HAN = r"[\p{Han}々〆ヶ]"
_KANA_AND_SIGNS = r"^[^\p{Han}\p{Latin}々〆]*[ァ-ヺ][^\p{Han}\p{Latin}々〆]*$"
_LATIN_NAME = r"^[A-Z][A-Z .'-]+$"
_LONGEST_SURNAME = 4
_LONGEST_SURNAME_SOUND = 7
_E, _O = (f"[{kana.ROWS[vowel]}]" for vowel in "エオ")
# Where a sound has one of these, an イ or ウ that begins a given name may have been taken for a long vowel: コイケイチロウ.
_MAYBE_A_SEAM = rf"{_E}エ|{_O}オ"
_BEGINS_WITH_I, _BEGINS_WITH_U = r"^[イィ]", r"^[ウゥ]"


def split(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Surname and given name: at the space if there is one, else where the dictionaries say."""
    main = pl.col("main")
    in_kana = pl.col("written") == "kana"
    as_said = (main == pl.col("said")) & ~main.str.contains(BETWEEN)
    by_kana = rarely.given(
        pl.when(in_kana & ~pl.col("as_said")).then(main),
        lambda few: kana.heard(few.str.replace_all(BETWEEN, " ")),
    )
    named = frame.with_columns(written=script(main), as_said=as_said).with_columns(
        heard=pl.when(in_kana & pl.col("as_said"))
        .then(pl.coalesce("sound", main))
        .when(in_kana)
        .then(by_kana)
        .otherwise("spoken")
    )
    both = _split_kanji(named, lexicon)
    return _split_kana(both, lexicon)


def script(main: pl.Expr) -> pl.Expr:
    """'kana', 'latin' or 'kanji'."""
    # ベルシステム24 and (エステイブイ) are kana; a person's name has neither digits nor signs.
    in_kana = main.str.contains(kana.ONLY_KANA) | main.str.contains(_KANA_AND_SIGNS)
    in_letters = main.str.contains(_LATIN_NAME)
    return (
        pl.when(in_kana)
        .then(pl.lit("kana"))
        .when(in_letters)
        .then(pl.lit("latin"))
        .otherwise(pl.lit("kanji"))
    )


def _split_kanji(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Adds surname, given and whether both are in the dictionaries."""
    kanji = frame.filter(pl.col("written") == "kanji")
    spaced = kanji.filter(pl.col("main").str.contains(" ")).select(
        "row", _part(0, "surname"), _part(1, "given"), solid=pl.lit(False)
    )
    solid = kanji.filter(~pl.col("main").str.contains(" ")).select("row", "main")
    # 山口 is nobody called 口, but a surname alone.
    surname = wordbook.among(solid["main"], wordbook.of(lexicon).only_surnames)
    cuts = [
        solid.filter(~surname, pl.col("main").str.len_chars() > width).select(
            "row",
            pl.col("main").str.slice(0, width).alias("surname"),
            pl.col("main").str.slice(width).alias("given"),
            solid=pl.lit(True),
        )
        for width in range(1, _LONGEST_SURNAME + 1)
    ]
    alone = solid.select("row", surname="main", given=pl.lit(""), solid=pl.lit(True))
    judged = pl.concat([spaced, *cuts, alone]).join(
        lexicon.written_surnames, left_on="surname", right_on="name", how="left"
    )
    judged = judged.join(lexicon.written_given, left_on="given", right_on="name", how="left")
    spoken_given = pl.col("given").str.contains(r"^(?:[ぁ-ゖ]{2,6}|[ァ-ヺー]{2,3})$")
    known_given = pl.col("votes").is_not_null() | spoken_given
    # A listed given name outweighs any surname: 小山内|薫, not 小山|内薫. Books that list hardly a surname too few
    # lack many a given name: 野崎|邦照, not 野崎邦|照.
    worth = (
        pl.col("people").log10().add(1.0).fill_null(-4.0)
        + pl.when(known_given).then(4.0).otherwise(-1.0)
        - (pl.col("given").str.len_chars().cast(pl.Float64) - 2).abs() * 0.7
        - (pl.col("surname").str.len_chars().cast(pl.Float64) - 2).abs() * 0.3
    )
    best = judged.with_columns(
        worth=worth,
        in_books=pl.col("people").is_not_null() & known_given,
        known=pl.col("people").is_not_null(),
        # 天ぷらいとう may be 天 ぷらいとう, and 和田牧場 somebody called 牧場: a trade is likelier.
        doubtful=pl.col("votes").is_null() | (pl.col("solid") & pl.col("given").is_in(companies.TRADES)),
    )
    best = best.sort("row", "worth", pl.col("surname").str.len_chars()).unique(
        "row", keep="last", maintain_order=True
    )
    told = best.select("row", "surname", "given", "in_books", "known", "doubtful")
    return frame.join(told, on="row", how="left")


def _part(place: int, name: str) -> pl.Expr:
    parts = pl.col("main").str.splitn(" ", 2).struct.field(f"field_{place}")
    return parts.str.replace_all(" ", "").alias(name)


def _split_kana(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Adds surname_sound, given_sound, heard_votes: at the space, else the likeliest cut whose parts are
    both known."""
    parts = pl.col("heard").str.splitn(" ", 2)
    surname_sound, given_sound = (
        parts.struct.field("field_0"),
        parts.struct.field("field_1").str.replace_all(" ", ""),
    )
    spaced = frame.with_columns(surname_sound=surname_sound, given_sound=given_sound)
    best = _kana_cuts(spaced.filter(pl.col("heard").is_not_null()), lexicon)
    joined = spaced.join(best, on="row", how="left")
    solid = pl.col("given_sound").is_null()
    return joined.with_columns(
        surname_sound=pl.when(solid).then(pl.col("cut_surname")).otherwise(pl.col("surname_sound")),
        given_sound=pl.coalesce("given_sound", "cut_given"),
        heard_votes=pl.col("cut_books").fill_null(0.0),
        full=pl.when(solid & pl.col("cut_surname").is_not_null())
        .then(pl.concat_str("cut_surname", "cut_given"))
        .otherwise(pl.col("heard").str.replace_all(" ", "")),
    ).drop("cut_surname", "cut_given", "cut_books")


def _with_letters(solid: pl.DataFrame) -> pl.DataFrame:
    """row, heard, and the letters (as katakana, one for each sound) where a long vowel may be the seam of two names."""
    seamed = solid.filter(pl.col("heard").str.contains(_MAYBE_A_SEAM))
    written = pl.when(pl.col("written") == "kana").then("main").otherwise("column")
    letters = seamed.select("row", "heard", letters=kana.katakana(written))
    fitting = letters.filter(pl.col("letters").str.len_chars() == pl.col("heard").str.len_chars())
    return solid.select("row", "heard").join(fitting.select("row", "letters"), on="row", how="left")


def _given_behind(width: int) -> pl.Expr:
    """What stands behind the surname; its イ or ウ is no long vowel of the surname: コイケ and イチロオ."""
    head, rest = pl.col("heard").str.slice(0, width), pl.col("heard").str.slice(width)
    letters = pl.col("letters").str.slice(width)
    long_e = head.str.contains(rf"{_E}$") & letters.str.contains(_BEGINS_WITH_I)
    long_o = head.str.contains(rf"{_O}$") & letters.str.contains(_BEGINS_WITH_U)
    behind = rest.str.slice(1)
    return (
        pl.when(long_e & rest.str.starts_with("エ"))
        .then(pl.lit("イ") + behind)
        .when(long_o & rest.str.starts_with("オ"))
        .then(pl.lit("ウ") + behind)
        .otherwise(rest)
    )


def _kana_cuts(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    spaced = frame.filter(pl.col("given_sound").is_not_null()).select("row", "surname_sound", "given_sound")
    solid = _with_letters(frame.filter(pl.col("given_sound").is_null()))
    cuts = [
        solid.filter(pl.col("heard").str.len_chars() > width).select(
            "row",
            pl.col("heard").str.slice(0, width).alias("surname_sound"),
            _given_behind(width).alias("given_sound"),
        )
        for width in range(1, _LONGEST_SURNAME_SOUND + 1)
    ]
    alone = solid.select("row", surname_sound="heard", given_sound=pl.lit(""))
    judged = pl.concat([spaced, *cuts, alone]).join(
        lexicon.spoken_surnames, left_on="surname_sound", right_on="sound", how="inner"
    )
    judged = judged.join(lexicon.spoken_given, left_on="given_sound", right_on="sound", how="left")
    worth = pl.col("people").log() + pl.col("votes").log().fill_null(-8.0)
    length = pl.col("surname_sound").str.len_chars()
    ranked = judged.with_columns(worth=worth).sort("row", "worth", length)
    ranked = ranked.unique("row", keep="last", maintain_order=True)
    return ranked.select(
        "row",
        cut_surname="surname_sound",
        cut_given="given_sound",
        cut_books=pl.col("votes").fill_null(0.0),
    )
