"""Which personas are worth comparing: those at one point or house whose surnames can be read alike.

A plain comparison of everyone in a building with everyone else is quadratic, and most of it compares a family with its
predecessor. Joining on the sound of the surname leaves few pairs and loses almost none: the dictionaries know the
reading of 99.9 % of surnames.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import kana
from sekisho.matching.lexicon import Lexicon

_LONGEST_SURNAME_SOUND = 6


def by_surname(personas: pl.DataFrame, places: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Pairs of a kanji persona and a kana persona: columns kanji, kana, given, rest, shared_voice.

    `rest` is what remains of the kana for the given name when the surname takes its reading; `same_voice` is false when the
    surname only fits without voicing (中島 ナカシマ against ナカジマ). `places` has persona, place, room.
    """
    written = personas.filter(pl.col("kind") == "person", pl.col("written") == "kanji", pl.col("given") != "")
    spoken = personas.filter(pl.col("kind") != "device", pl.col("written") == "kana", pl.col("full").is_not_null())
    heads = _spoken_heads(spoken)
    read = _surname_readings(written, lexicon, heads)
    left = read.join(places, on="persona").rename({"persona": "kanji"})
    right = heads.join(places, on="persona").rename({"persona": "kana", "room": "other_room"})
    met = left.join(right, on=["place", "head"], how="inner").filter(_rooms_agree())
    pairs = met.select("kanji", "kana", "given", "full", "sound").unique(["kanji", "kana", "sound"])
    length = pl.col("sound").str.len_chars()
    return pairs.select(
        "kanji",
        "kana",
        "given",
        rest=pl.col("full").str.slice(length),
        same_voice=pl.col("full").str.starts_with(pl.col("sound")),
    )


def _rooms_agree() -> pl.Expr:
    return pl.col("room").is_null() | pl.col("other_room").is_null() | (pl.col("room") == pl.col("other_room"))


def _spoken_heads(spoken: pl.DataFrame) -> pl.DataFrame:
    """The possible surnames of each kana persona: its first word, or every beginning when it is one word."""
    given = spoken.filter(pl.col("surname_sound").is_not_null()).select(
        "persona", "full", head=kana.dull(pl.col("surname_sound"))
    )
    solid = spoken.filter(pl.col("solid"))
    cuts = [
        solid.filter(pl.col("full").str.len_chars() > size).select(
            "persona", "full", head=kana.dull(pl.col("full").str.slice(0, size))
        )
        for size in range(2, _LONGEST_SURNAME_SOUND + 1)
    ]
    return pl.concat([given, *cuts]).unique()


def _surname_readings(written: pl.DataFrame, lexicon: Lexicon, heads: pl.DataFrame) -> pl.DataFrame:
    """kanji personas with every reading of their surname that anyone here could have."""
    known = lexicon.surnames.join(written.select("surname").unique(), left_on="name", right_on="surname", how="semi")
    known = known.select(surname="name", sound="sound", head=kana.dull(pl.col("sound")))
    own = written.filter(pl.col("surname_sound").is_not_null()).select(
        "surname", sound="surname_sound", head=kana.dull(pl.col("surname_sound"))
    )
    usable = pl.concat([known, own]).unique().join(heads.select("head").unique(), on="head", how="semi")
    return written.select("persona", "surname", "given").join(usable, on="surname")


def same_sound(personas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Pairs of personas whose known sounds are equal, or equal without voicing: left, right, exact."""
    heard = personas.filter(pl.col("kind") != "device", pl.col("full").str.len_chars() > 3).select(
        "persona", "kind", "full", dull=kana.dull(pl.col("full"))
    )
    here = heard.join(places, on="persona")
    met = here.join(here, on=["place", "dull"], suffix="_other").filter(
        pl.col("persona") < pl.col("persona_other"),
        pl.col("room").is_null() | pl.col("room_other").is_null() | (pl.col("room") == pl.col("room_other")),
    )
    return met.select(
        left="persona", right="persona_other", exact=pl.col("full") == pl.col("full_other")
    ).unique()


def companies(personas: pl.DataFrame, places: pl.DataFrame, *, largest: int) -> pl.DataFrame:
    """Pairs of a company in kanji and a name in kana, or of two alike in writing, at one place: left, right.

    A place with more than `largest` companies is left to its points.
    """
    firms = personas.filter(pl.col("kind") == "company").select("persona", "written").join(places, on="persona")
    crowd = firms.group_by("place").len().filter(pl.col("len") <= largest)
    firms = firms.join(crowd, on="place", how="semi")
    met = firms.join(firms, on="place", suffix="_other").filter(pl.col("persona") < pl.col("persona_other"))
    return met.select(left="persona", right="persona_other").unique()
