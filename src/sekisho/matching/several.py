"""Names of several words: a shop before its owner, a couple on one line, the given name first.

Nothing in 麺処つばめ　藤森　志穂 but the last two words is in a book of names; in 橋本　真矢子　紀雄 all are. So the
words are looked up one by one, and only a name whose words tell is taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from sekisho.matching import companies, kana
from sekisho.matching.lexicon import Lexicon

# As many people must bear a surname, and as many books list a given name, for a word to be taken for one.
_BORNE, _LISTED = 30.0, 1.0
# The same for sounds.
_COMMON, _OFTEN_LISTED = 3000.0, 5.0
# 田中 stands in some books of given names, too: so many people and so few books, and it is a surname.
_VERY_COMMON, _HARDLY_LISTED = 10_000.0, 3.0
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
    """Takes shops and partners out of `main` (names of persons and who is not known to be one; columns row, main,
    partner, shop, legal, device) and puts the surname first."""
    open_name = ~pl.col("legal") & ~pl.col("device")
    frame = _surname_first(frame, open_name, lexicon)
    spaced = open_name & pl.col("main").str.contains(" ", literal=True) & pl.col("partner").is_null()
    asked = frame.select(spaced).to_series()
    ends = _ends(frame.filter(asked))
    words = _words(ends)
    known = _known(words, lexicon)
    owners = pl.concat([_owners(words, lexicon), _spoken_owners(known, lexicon)])
    telling = pl.col("row").is_in(_telling(ends, known, owners).implode())
    several = asked & frame.select(telling).to_series()
    worded = frame.filter(several).with_columns(words=pl.col("main").str.split(" "))
    seen = _looked_up(worded, known, owners)
    longer = _of_three(seen.filter(pl.col("words").list.len() > 2))
    two = _of_two(seen.filter(pl.col("words").list.len() == 2))
    return pl.concat([frame.filter(~several), *(part.select(frame.columns) for part in (longer, two))])


def whole_names(texts: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Those of the texts that are a surname and a given name of the books, with a space between or without."""
    words = texts.drop_nulls().unique().alias("word").to_frame()
    parts = words.with_columns(
        surname=pl.col("word").str.extract(_TWO, 1), given=pl.col("word").str.extract(_TWO, 2)
    ).drop_nulls()
    each = pl.concat([parts["surname"], parts["given"]]).unique().alias("word").to_frame()
    known = _known(each, lexicon)
    surnames = known.filter(pl.col("surname") >= _BORNE)["word"]
    given = known.filter((pl.col("given") > 0) | pl.col("word").str.contains(_SHORT_WORD))["word"]
    spaced = parts.filter(
        pl.col("surname").is_in(surnames.implode()), pl.col("given").is_in(given.implode())
    )["word"]
    solid = words.filter(~pl.col("word").is_in(parts["word"].implode()))
    return pl.concat([spaced, _solid_names(solid, lexicon)])


def _solid_names(solid: pl.DataFrame, lexicon: Lexicon) -> pl.Series:
    """平田茂 and ヒラタシゲル, but no 長谷川, and no 北千里 and 東大阪, which are places."""
    towns = lexicon.town_names["name"].implode()
    surnames = lexicon.written_surnames.filter(pl.col("people") >= _BORNE)["name"]
    given = lexicon.written_given.filter(pl.col("votes") > _LISTED)["name"]
    short = solid.filter(
        pl.col("word").str.contains(_KEEPER),
        ~pl.col("word").is_in(lexicon.written_surnames["name"].implode()),
        ~pl.col("word").is_in(towns) & ~pl.col("word").str.extract(_QUARTER, 1).is_in(towns).fill_null(False),
    ).select("word", text="word")
    named = _whole_names(short, surnames, given, sizes=range(1, _LONGEST_SURNAME + 1))
    return pl.concat([named, _spoken_owners(_known(solid, lexicon), lexicon)])


def _surname_first(frame: pl.DataFrame, open_name: pl.Expr, lexicon: Lexicon) -> pl.DataFrame:
    """広明田中 is 田中 広明: nobody is called 広明 or 広 by surname, or 田中 or 明田中 by given name."""
    solid = frame.filter(open_name & pl.col("main").str.contains(_SOLID)).select("row", text="main")
    people, votes = pl.col("people"), pl.col("votes")
    both = lexicon.written_surnames.join(lexicon.written_given, on="name", how="left")
    borne = both.filter(_is_surname(people, votes.fill_null(0.0)))["name"]
    listed = lexicon.written_given.filter(votes > _LISTED)["name"]
    somebody = lexicon.written_surnames.filter(people >= _NOBODY)["name"]
    cuts = [_cut(solid, -size, borne, listed) for size in range(1, _LONGEST_SURNAME + 1)]
    longest = pl.concat(cuts).sort("row", pl.col("surname").str.len_chars())
    turned = longest.unique("row", keep="last", maintain_order=True)
    turned = turned.filter(~pl.col("given").is_in(somebody.implode()))
    usual = [_cut(turned, size, somebody, listed) for size in range(1, _LONGEST_SURNAME + 1)]
    other = turned.join(pl.concat(usual), on="row", how="anti")
    first = other.select("row", first=pl.concat_str("surname", "given", separator=" "))
    joined = frame.join(first, on="row", how="left", maintain_order="left")
    return joined.with_columns(main=pl.coalesce("first", "main")).drop("first")


def _cut(solid: pl.DataFrame, size: int, surnames: pl.Series, given: pl.Series) -> pl.DataFrame:
    """row, text, surname and given of those that begin with a surname of so many characters, or end with one when the
    size is negative, and are a given name for the rest."""
    text = pl.col("text")
    surname, rest = text.str.head(size), text.str.slice(size)
    if size < 0:
        surname, rest = text.str.tail(-size), text.str.head(size)
    parts = solid.select("row", "text", surname=surname, given=rest)
    return parts.filter(pl.col("surname").is_in(surnames.implode()), pl.col("given").is_in(given.implode()))


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
    given = (pl.col("given") > _LISTED) & (pl.col("surname") < _NOBODY)
    surname = _is_surname(pl.col("surname"), pl.col("given"))
    turned = _one_of("first", known.filter(given)) & _one_of("last", known.filter(surname))
    whole = pl.col("first").is_in(owners.implode()) | pl.col("last").is_in(owners.implode())
    return ends.filter(pl.col("first").is_null() | turned | whole)["row"]


def _is_surname(people: pl.Expr, books: pl.Expr) -> pl.Expr:
    """Whether a word is a surname and no given name, by who bears it and how many books list it as a given name."""
    known_well = (people >= _VERY_COMMON) & (books <= _HARDLY_LISTED)
    return (people >= _BORNE) & (books <= _LISTED) | known_well


def _one_of(end: str, words: pl.DataFrame) -> pl.Expr:
    return pl.col(end).is_in(words["word"].implode())


def _looked_up(worded: pl.DataFrame, known: pl.DataFrame, owners: pl.Series) -> pl.DataFrame:
    """Adds surnames and givens: for each word, how many bear it as a surname and how many books list it as a given
    name; owner and whole: whether the last, or the first, is a whole name of the books."""
    placed = worded.select("row", word="words").explode("word").with_columns(place=pl.int_range(pl.len()))
    listed = placed.join(known, on="word", how="left").sort("place")
    told = listed.group_by("row", maintain_order=True).agg(surnames=pl.col("surname"), givens=pl.col("given"))
    joined = worded.join(told, on="row", how="left")
    return joined.with_columns(
        owner=pl.col("words").list.last().is_in(owners.implode()),
        whole=pl.col("words").list.first().is_in(owners.implode()),
    )


def _known(words: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """word, surname and given: how many bear it as a surname and how many books list it as a given name."""
    known = words.with_columns(
        sound=pl.when(pl.col("word").str.contains(_KANA)).then(kana.heard(pl.col("word")))
    )
    for table, name in ((lexicon.written_surnames, "people"), (lexicon.written_given, "votes")):
        # The books are long and the words are few.
        few = table.join(known.select(name="word"), on="name", how="semi")
        known = known.join(few, left_on="word", right_on="name", how="left").rename({name: f"written_{name}"})
    for table, name in ((lexicon.spoken_surnames, "people"), (lexicon.spoken_given, "votes")):
        few = table.join(known.select("sound"), on="sound", how="semi")
        known = known.join(few, on="sound", how="left").rename({name: f"spoken_{name}"})
    return known.select(
        "word",
        surname=pl.max_horizontal("written_people", "spoken_people").fill_null(0.0),
        given=pl.max_horizontal("written_votes", "spoken_votes").fill_null(0.0),
    )


def _owners(words: pl.DataFrame, lexicon: Lexicon) -> pl.Series:
    """Those words that are a listed surname and a listed given name without a space: 岩田芳典."""
    solid = words.filter(pl.col("word").str.contains(_OWNER)).select("word", text="word")
    surnames = lexicon.written_surnames.filter(pl.col("people") >= _BORNE)["name"]
    given = lexicon.written_given.filter(pl.col("votes") > _LISTED)["name"]
    return _whole_names(solid, surnames, given, sizes=range(1, _LONGEST_SURNAME + 1))


def _spoken_owners(known: pl.DataFrame, lexicon: Lexicon) -> pl.Series:
    """The same in kana, ミヤガワエミ, of those words that are neither surname nor given name: sounds are alike more easily,
    and both parts must be common ones."""
    unlisted = known.filter(
        pl.col("surname") == 0, pl.col("given") <= _LISTED, pl.col("word").str.contains(_SPOKEN_OWNER)
    )
    solid = unlisted.select("word", text=kana.heard(pl.col("word")))
    surnames = lexicon.spoken_surnames.filter(pl.col("people") >= _COMMON)["sound"]
    given = lexicon.spoken_given.filter(pl.col("votes") > _OFTEN_LISTED)["sound"]
    return _whole_names(solid, surnames, given, sizes=range(2, _LONGEST_SPOKEN + 1))


def _whole_names(
    solid: pl.DataFrame, surnames: pl.Series, given: pl.Series, *, sizes: Iterable[int]
) -> pl.Series:
    """Those of the words (word, text) whose text is a surname of one of the sizes and a given name."""
    text = pl.col("text")
    named = [
        solid.filter(
            text.str.slice(0, size).is_in(surnames.implode()), text.str.slice(size).is_in(given.implode())
        )["word"]
        for size in sizes
    ]
    return pl.concat(named).unique()


def _of_three(seen: pl.DataFrame) -> pl.DataFrame:
    """Three words and more: 山田 太郎 花子 are two people, ネイルユイ 浅井 道雄 is a shop and its owner."""
    words, surnames, givens = pl.col("words"), pl.col("surnames"), pl.col("givens")
    named = (surnames.list.get(-2) >= _BORNE) & (givens.list.last() > _LISTED)
    listed = (surnames.list.first() >= _BORNE) & (givens.list.slice(1).list.min() > _LISTED)
    short = (words.list.len() == 3) & words.list.eval(pl.element().str.contains(_SHORT_WORD)).list.all()
    # 荒茅 鋭和 久慧 are in no book, and no shop is called so.
    trade = companies.is_traded(pl.col("main"))
    couple = listed | (short & ~named & ~trade & pl.col("shop").is_null())
    shop_and_two = ~couple & named & pl.col("shop").is_null()
    shop_and_one = ~couple & ~named & pl.col("owner") & pl.col("shop").is_null()
    size = pl.when(shop_and_two).then(2).when(shop_and_one).then(1).otherwise(0)
    before = words.list.head(words.list.len() - size).list.join(" ")
    return seen.with_columns(
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
    turned = (
        (givens.list.first() > _LISTED)
        & (surnames.list.first() < _NOBODY)
        & _is_surname(surnames.list.last(), givens.list.last())
    )
    owner = pl.col("owner") & (givens.list.last() <= _LISTED)
    shop = ~turned & owner & (surnames.list.first() == 0) & pl.col("shop").is_null()
    # In kana a given name is mostly somebody's surname, too.
    spoken = first.str.contains(_KANA)
    listed_only = (givens.list.last() > _LISTED) & ((surnames.list.last() < _NOBODY) | spoken)
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
