"""Names of several words: a shop before its owner, a couple on one line, the given name first.

Nothing in 麺処つばめ　藤森　志穂 but the last two words is in a book of names; in 橋本　真矢子　紀雄 all are. So the
words are looked up one by one, and only a name whose words tell is taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sekisho.matching import companies, kana, rarely, wordbook
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.wordbook import BORNE, LISTED, Wordbook

# What a word must be at least to be taken for a name by its sound: sounds are alike more easily.
_COMMON, _OFTEN_LISTED = 3000.0, 5.0
# A word that hardly anybody bears as a surname.
_NOBODY = 10.0
_LONGEST_SURNAME = 4
_FIRST_OF_TWO = r"^([^ ]+) [^ ]+$"
_SOLID = r"^[\p{Han}々ヶ]{2,7}$"
_KANA = r"^[ァ-ヺー]+$"
_TWO = r"^([^ ]+) ([^ ]+)$"
_KEEPER = r"^[\p{Han}々ヶぁ-ゖ]{3,7}$"
_QUARTER = r"^[東西南北](.+)$"
_OWNER = r"^[\p{Han}々ヶぁ-ゖ]{4,7}$"
_SPOKEN_OWNER, _LONGEST_SPOKEN = r"^[ァ-ヺー]{5,10}$", 6
# A surname or a given name, also one that no book has.
_SHORT_WORD = r"^\p{Han}{1,3}$"


def told_apart(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Takes shops and partners out of `main` (names of whoever is not known to be a company; columns row, main, partner,
    shop) and puts the surname first."""
    book = wordbook.of(lexicon)
    frame = _surname_first(frame, book)
    spaced = pl.col("main").str.contains(" ", literal=True) & pl.col("partner").is_null()
    asked = frame.select(spaced).to_series()
    ends = _ends(frame.filter(asked))
    words = _words(ends)
    known = _known(words, book)
    owners = pl.concat([_owners(words, book), _spoken_owners(known, book)])
    telling = pl.col("row").is_in(_telling(ends, known, owners).implode())
    several = asked & frame.select(telling).to_series()
    worded = frame.filter(several).with_columns(words=pl.col("main").str.split(" "))
    seen = _looked_up(worded, known, owners)
    longer = _of_three(seen.filter(pl.col("words").list.len() > 2))
    two = _of_two(seen.filter(pl.col("words").list.len() == 2))
    return pl.concat([frame.filter(~several), *(part.select(frame.columns) for part in (longer, two))])


def whole_names(texts: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Those of the texts that are a surname and a given name of the books, with a space between or without."""
    book = wordbook.of(lexicon)
    words = texts.drop_nulls().unique().alias("word").to_frame()
    parts = words.with_columns(
        surname=pl.col("word").str.extract(_TWO, 1), given=pl.col("word").str.extract(_TWO, 2)
    ).drop_nulls()
    each = pl.concat([parts["surname"], parts["given"]]).unique().alias("word").to_frame()
    known = _known(each, book)
    surnames = known.filter(pl.col("surname") >= BORNE)["word"]
    given = known.filter((pl.col("given") > 0) | pl.col("word").str.contains(_SHORT_WORD))["word"]
    spaced = parts.filter(
        pl.col("surname").is_in(surnames.implode()), pl.col("given").is_in(given.implode())
    )["word"]
    solid = words.filter(~pl.col("word").is_in(parts["word"].implode()))
    return pl.concat([spaced, _solid_names(solid, book)])


def _solid_names(solid: pl.DataFrame, book: Wordbook) -> pl.Series:
    """平田茂 and ヒラタシゲル, but no 長谷川, and no 北千里 and 東大阪, which are places."""
    short = solid.filter(pl.col("word").str.contains(_KEEPER)).with_columns(
        quarter=pl.col("word").str.extract(_QUARTER, 1)
    )
    somebody = [
        word
        for word, quarter in short.select("word", "quarter").iter_rows()
        if word not in book.people and word not in book.towns and quarter not in book.towns
    ]
    named = pl.Series("word", _written_names(somebody, book, range(1, _LONGEST_SURNAME + 1)), dtype=pl.String)
    return pl.concat([named, _spoken_owners(_known(solid, book), book)])


def _surname_first(frame: pl.DataFrame, book: Wordbook) -> pl.DataFrame:
    """広明田中 is 田中 広明."""
    solid = frame.filter(pl.col("main").str.contains(_SOLID)).select("row", "main")
    turned = [(row, name) for row, text in solid.iter_rows() if (name := _turned(text, book))]
    first = pl.DataFrame(turned, schema={"row": frame.schema["row"], "first": pl.String}, orient="row")
    joined = frame.join(first, on="row", how="left", maintain_order="left")
    return joined.with_columns(main=pl.coalesce("first", "main")).drop("first")


def _turned(text: str, book: Wordbook) -> str | None:
    """A name that ends with a surname, begins with a given name, and is nobody's the other way round: nobody is called
    広明 or 広 by surname, or 田中 or 明田中 by given name."""
    # 相沢 is a surname, and nobody called 相 by given name.
    if text in book.only_surnames:
        return None
    for size in range(_LONGEST_SURNAME, 0, -1):
        surname, given = text[-size:], text[:-size]
        if surname in book.only_surnames and book.votes.get(given, 0.0) > LISTED:
            usual = book.people.get(given, 0.0) >= _NOBODY or _written_names(
                [text], book, range(1, _LONGEST_SURNAME + 1), borne=_NOBODY
            )
            return None if usual else f"{surname} {given}"
    return None


def _ends(spaced: pl.DataFrame) -> pl.DataFrame:
    """row, main, first and last: the words of names that have two, null for others."""
    first = spaced.select("row", "main", first=pl.col("main").str.extract(_FIRST_OF_TWO))
    return first.with_columns(last=pl.col("main").str.strip_prefix(pl.concat_str("first", pl.lit(" "))))


def _words(ends: pl.DataFrame) -> pl.DataFrame:
    """Each word once, as column word."""
    many = ends.filter(pl.col("first").is_null()).select(word=pl.col("main").str.split(" ").explode())
    two = [ends.select(word=end).drop_nulls() for end in ("first", "last")]
    return pl.concat([*two, many]).unique()


def _telling(ends: pl.DataFrame, known: pl.DataFrame, owners: pl.Series) -> pl.Series:
    """The rows whose words are looked at together: three words and more, and two of which one by itself may be what
    `_of_two` takes it for. 山田 太郎 needs no second look."""
    given = (pl.col("given") > LISTED) & (pl.col("surname") < _NOBODY)
    turned = _one_of("first", known.filter(given)) & _one_of("last", known.filter("alone"))
    whole = pl.col("first").is_in(owners.implode()) | pl.col("last").is_in(owners.implode())
    return ends.filter(pl.col("first").is_null() | turned | whole)["row"]


def _one_of(end: str, words: pl.DataFrame) -> pl.Expr:
    return pl.col(end).is_in(words["word"].implode())


def _looked_up(worded: pl.DataFrame, known: pl.DataFrame, owners: pl.Series) -> pl.DataFrame:
    """Adds surnames, givens and alones: for each word, what is `_known` of it; owner and whole: whether the last, or the
    first, is a whole name of the books."""
    placed = worded.select("row", word="words").explode("word").with_columns(place=pl.int_range(pl.len()))
    listed = placed.join(known, on="word", how="left").sort("place")
    told = listed.group_by("row", maintain_order=True).agg(
        surnames=pl.col("surname"), givens=pl.col("given"), alones=pl.col("alone")
    )
    joined = worded.join(told, on="row", how="left")
    return joined.with_columns(
        owner=pl.col("words").list.last().is_in(owners.implode()),
        whole=pl.col("words").list.first().is_in(owners.implode()),
    )


def _known(words: pl.DataFrame, book: Wordbook) -> pl.DataFrame:
    """word, surname and given: how many bear it as a surname and how many books list it as a given name; alone: whether it
    is a surname and no given name."""
    asked = words.select("word", sound=rarely.only(pl.col("word"), _KANA, kana.heard))
    found = {
        "people": wordbook.numbers(asked["word"], book.people),
        "people_heard": wordbook.numbers(asked["sound"], book.people_heard),
        "votes": wordbook.numbers(asked["word"], book.votes),
        "votes_heard": wordbook.numbers(asked["sound"], book.votes_heard),
    }
    said = asked.select("word", **found).select(
        "word",
        surname=pl.max_horizontal("people", "people_heard"),
        given=pl.max_horizontal("votes", "votes_heard"),
    )
    return said.with_columns(alone=wordbook.is_surname(pl.col("surname"), pl.col("given")))


def _owners(words: pl.DataFrame, book: Wordbook) -> pl.Series:
    """Those words that are a listed surname and a listed given name without a space: 岩田芳典."""
    solid = words.filter(pl.col("word").str.contains(_OWNER))["word"].to_list()
    return pl.Series("word", _written_names(solid, book, range(1, _LONGEST_SURNAME + 1)), dtype=pl.String)


def _written_names(words: Iterable[str], book: Wordbook, sizes: range, *, borne: float = BORNE) -> list[str]:
    """Those of the words that are a surname of one of the sizes and a given name."""
    return [
        word
        for word in words
        if any(
            book.people.get(word[:size], 0.0) >= borne and book.votes.get(word[size:], 0.0) > LISTED
            for size in sizes
        )
    ]


def _spoken_owners(known: pl.DataFrame, book: Wordbook) -> pl.Series:
    """The same in kana, ミヤガワエミ, of those words that are neither surname nor given name; both parts must be common
    ones."""
    unlisted = known.filter(
        pl.col("surname") == 0, pl.col("given") <= LISTED, pl.col("word").str.contains(_SPOKEN_OWNER)
    ).select("word", sound=kana.heard(pl.col("word")))
    named = [
        word
        for word, sound in unlisted.iter_rows()
        if any(
            book.people_heard.get(sound[:size], 0.0) >= _COMMON
            and book.votes_heard.get(sound[size:], 0.0) > _OFTEN_LISTED
            for size in range(2, _LONGEST_SPOKEN + 1)
        )
    ]
    return pl.Series("word", named, dtype=pl.String)


def _of_three(seen: pl.DataFrame) -> pl.DataFrame:
    """Three words and more: 山田 太郎 花子 are two people, ネイルユイ 浅井 道雄 is a shop and its owner."""
    words, surnames, givens = pl.col("words"), pl.col("surnames"), pl.col("givens")
    named = (surnames.list.get(-2) >= BORNE) & (givens.list.last() > LISTED)
    listed = (surnames.list.first() >= BORNE) & (givens.list.slice(1).list.min() > LISTED)
    short = (words.list.len() == 3) & words.list.eval(pl.element().str.contains(_SHORT_WORD)).list.all()
    # 荒茅 鋭和 久慧 are in no book, and no shop is called so.
    trade = companies.is_traded(pl.col("main"))
    judged = seen.with_columns(
        named=named, couple=listed | (short & ~named & ~trade & pl.col("shop").is_null())
    )
    couple, single, size = pl.col("couple"), ~pl.col("couple") & pl.col("shop").is_null(), pl.col("size")
    owners = (
        pl.when(single & pl.col("named")).then(2).when(single & ~pl.col("named") & pl.col("owner")).then(1)
    )
    before = words.list.head(words.list.len() - size).list.join(" ")
    return judged.with_columns(size=owners.otherwise(0)).with_columns(
        main=pl.when(couple)
        .then(words.list.head(2).list.join(" "))
        .when(size > 0)
        .then(words.list.tail(size).list.join(" "))
        .otherwise("main"),
        partner=pl.when(couple).then(words.list.slice(2).list.join(" ")).otherwise("partner"),
        shop=pl.when(size > 0).then(before).otherwise("shop"),
    )


def _of_two(seen: pl.DataFrame) -> pl.DataFrame:
    """香織 矢野 is 矢野 香織; ネイルユイ 浅井道雄 is a shop and its owner, 山田太郎 花子 are two people."""
    words, surnames, givens = pl.col("words"), pl.col("surnames"), pl.col("givens")
    first, last = words.list.first(), words.list.last()
    turned = (givens.list.first() > LISTED) & (surnames.list.first() < _NOBODY) & pl.col("alones").list.last()
    owner = pl.col("owner") & (givens.list.last() <= LISTED)
    shop = ~turned & owner & (surnames.list.first() == 0) & pl.col("shop").is_null()
    # In kana a given name is mostly somebody's surname, too.
    spoken = first.str.contains(_KANA)
    listed_only = (givens.list.last() > LISTED) & ((surnames.list.last() < _NOBODY) | spoken)
    couple = ~turned & ~shop & pl.col("whole") & (surnames.list.first() == 0) & listed_only
    return seen.with_columns(
        partner=pl.when(couple).then(last).otherwise("partner"),
        main=pl.when(turned)
        .then(pl.concat_str(last, first, separator=" "))
        .when(shop)
        .then(last)
        .when(couple)
        .then(first)
        .otherwise("main"),
        shop=pl.when(shop).then(first).otherwise("shop"),
    )
