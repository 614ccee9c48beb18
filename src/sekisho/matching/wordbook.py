"""What the books of names say of single words.

The books have a hundred thousand entries each, and a join or a filter reads all of them, however few words are asked
for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import overload

import polars as pl

from sekisho.matching import companies
from sekisho.matching.lexicon import Lexicon

# As many people must bear a surname, and as many books list a given name, for a word to be taken for one.
BORNE, LISTED = 30.0, 1.0
# 田中 stands in some books of given names, too: so many people and so few books, and it is a surname.
_VERY_COMMON, _HARDLY_LISTED = 10_000.0, 3.0
# JMnedict lists rare names that sound like a trade (勝天, 健節); only one that so many books list may overrule the trade.
COMMON_SOUND = 25.0
_BRANCH = re.compile(companies.BRANCH_SOUND)


class Wordbook:
    """How many people bear a surname and how many books list a given name, by writing and by sound; surnames that are no
    given names; towns; words of names from elsewhere."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.people = _read(lexicon.written_surnames, lexicon.surname_readings)
        self.votes = _read(lexicon.written_given, lexicon.given_readings)
        self.people_heard = _read(lexicon.spoken_surnames)
        self.votes_heard = _read(lexicon.spoken_given)
        # Given names that are nothing else: no surnames, no 研究所, no legal form, and by sound common ones.
        self.everyday_given = _words(_everyday(self.votes, self.people, least=0.0))
        self.everyday_given_heard = _words(_everyday(self.votes_heard, self.people_heard, least=COMMON_SOUND))
        self.surnames, self.surnames_heard = _words(self.people), _words(self.people_heard)
        self.foreign = frozenset(lexicon.foreign["sound"].to_list())
        self.towns = lexicon.town_readings.keys()
        self.only_surnames = frozenset(
            name for name, people in self.people.items() if is_surname(people, self.votes.get(name, 0.0))
        )


def _read(book: pl.DataFrame, other: Iterable[str] = ()) -> dict[str, float]:
    """A book's words and numbers. The words of another book are the very same strings there, so that a process holds them
    once."""
    same = {word: word for word in other}
    words, numbers = (column.to_list() for column in book.get_columns())
    return {same.get(word, word): number for word, number in zip(words, numbers, strict=True)}


def _everyday(votes: dict[str, float], people: dict[str, float], *, least: float) -> list[str]:
    return [
        name
        for name, books in votes.items()
        if books > least and not is_surname(people.get(name, 0.0), books) and not _BRANCH.fullmatch(name)
    ]


def _words(words: Iterable[str]) -> pl.DataFrame:
    """As a column to be joined: for half of a file's names that is done in half the time of looking them up. カブ and 社福
    may be legal forms."""
    book = pl.Series("word", list(words), dtype=pl.String).to_frame()
    return book.filter(~companies.has_form(pl.col("word")))


@lru_cache(maxsize=2)
def of(lexicon: Lexicon) -> Wordbook:
    """The word book of a lexicon, made once in each process."""
    return Wordbook(lexicon)


@overload
def is_surname(people: float, books: float) -> bool: ...


@overload
def is_surname(people: pl.Expr, books: pl.Expr) -> pl.Expr: ...


def is_surname(people: float | pl.Expr, books: float | pl.Expr) -> bool | pl.Expr:
    """Whether a word is a surname and no given name, by who bears it and how many books list it as a given name."""
    known_well = (people >= _VERY_COMMON) & (books <= _HARDLY_LISTED)
    return ((people >= BORNE) & (books <= LISTED)) | known_well


def numbers(words: pl.Series, book: Mapping[str, float]) -> pl.Series:
    """What the book says of each of the words; 0 of one that it has not."""
    return pl.Series([book.get(word, 0.0) for word in words.to_list()], dtype=pl.Float64)


def among(words: pl.Series, book: Collection[str]) -> pl.Series:
    """Which of the words the book has; missing words it has not."""
    return pl.Series(words.name, [word in book for word in words.to_list()], dtype=pl.Boolean)
