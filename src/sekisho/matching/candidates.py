"""Which personas are worth comparing: those at one point or house whose surnames can be read alike.

A plain comparison of everyone in a building with everyone else is quadratic, and most of it compares a family with
its predecessor. Joining on the sound of the surname leaves few pairs and loses almost none: the dictionaries know
the reading of 99.9 % of surnames.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import kana
from sekisho.matching.lexicon import Lexicon

_LONGEST_SURNAME = 4
_LONGEST_SURNAME_SOUND = 6
# As many people as must bear a surname before a second word is taken for it.
_COMMON = 3000.0
_NAME = ("kind", "written", "key", "surname", "given", "full", "surname_sound", "given_sound", "former")
_HEARD = ("persona", *_NAME, "guessed")


def by_surname(
    personas: pl.DataFrame, places: pl.DataFrame, lexicon: Lexicon, told: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Pairs of a kanji persona and a kana persona: columns kanji, kana, given, rest, same_voice,
    contradicted, cut.

    `rest` is what remains of the kana for the given name when the surname takes its reading; `same_voice` is false
    when the surname only fits without voicing (中島 ナカシマ against ナカジマ); `contradicted` is true when the kanji's own
    kana column says otherwise; `cut` is true when the kana has its space elsewhere. `places` has persona, place,
    room; `told` (name, sound) readings of surnames beside those of the dictionaries (`told.py`).
    """
    people = personas.select(_HEARD)
    written = people.filter(pl.col("kind") == "person", pl.col("written") == "kanji", pl.col("given") != "")
    spoken = people.filter(
        pl.col("kind") != "device", pl.col("written") == "kana", pl.col("full").is_not_null()
    )
    pairs = _heard_alike(written, spoken, places, lexicon, told).unique()
    told = pairs.filter(pl.col("known").is_not_null()).with_columns(
        contradicted=kana.dull(pl.col("known")) != kana.dull(pl.col("full"))
    )
    untold = pairs.filter(pl.col("known").is_null()).with_columns(contradicted=pl.lit(False))
    heard = pl.concat([told, untold]).select(
        "kanji",
        "kana",
        "given",
        rest=pl.col("full").str.slice(pl.col("sound").str.len_chars()),
        same_voice=pl.col("full").str.starts_with(pl.col("sound")),
        contradicted="contradicted",
        cut="cut",
    )
    return pl.concat([heard, _spelt_out(written, places).select(heard.columns)])


def _heard_alike(
    written: pl.DataFrame,
    spoken: pl.DataFrame,
    places: pl.DataFrame,
    lexicon: Lexicon,
    told: pl.DataFrame | None,
) -> pl.DataFrame:
    """Who begins at one place with one sound: kanji, kana, given, full, known, sound, cut. A pair may come twice."""
    written_at, spoken_at = _side_by_side(written, spoken, places)
    every = _spoken_heads(spoken.join(spoken_at, on="persona", how="semi"), lexicon)
    near = written.join(written_at, on="persona", how="semi")
    listed = lexicon.surnames.select("name", "sound")
    readings = listed if told is None else pl.concat([listed, told.select("name", "sound")])
    read = _surname_readings(_with_former(_every_cut(near, lexicon)), readings, every)
    heads = every.join(read, on="head", how="semi")
    # Only numbers are joined, and the names of those who met put beside them: 0.4 µs a record less.
    left = read.select("persona", "head").with_row_index("reading").join(written_at, on="persona")
    right = heads.select("persona", "head").with_row_index("hearing").join(spoken_at, on="persona")
    met = (
        left.select("reading", "room", spot=_spot("head"))
        .join(right.select("hearing", other_room="room", spot=_spot("head")), on="spot")
        .filter(_rooms_agree())
    )
    said = read[met["reading"]].select("given", "known", "sound", kanji="persona")
    return pl.concat([said, heads[met["hearing"]].select("full", "cut", kana="persona")], how="horizontal")


def _side_by_side(
    written: pl.DataFrame, spoken: pl.DataFrame, places: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The places of either where somebody of the other is: no name needs to be read where nobody could be meant."""
    written_at = places.join(written, on="persona", how="semi")
    spoken_at = places.join(spoken, on="persona", how="semi").join(written_at, on="place", how="semi")
    return written_at.join(spoken_at, on="place", how="semi"), spoken_at


def is_spelt_out(given: str = "given") -> pl.Expr:
    """Whether a given name is in kana (はるか), so that nobody has to read it."""
    return pl.col(given).str.contains(r"^[ぁ-ゖァ-ヺー]+$")


def _spelt_out(written: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """近藤 遥加 and 近藤 はるか at one place: the second is heard as it is written, whatever the surname is."""
    spelt = written.filter(is_spelt_out()).select("surname", kana="persona", rest=kana.heard(pl.col("given")))
    there = spelt.join(places.rename({"persona": "kana", "room": "other_room"}), on="kana")
    kanji = written.filter(~is_spelt_out(), pl.col("surname").is_in(spelt["surname"].implode()))
    here = kanji.select("surname", "given", kanji="persona").join(
        places.rename({"persona": "kanji"}), on="kanji"
    )
    met = here.join(there, on=["place", "surname"]).filter(_rooms_agree())
    pairs = met.select("kanji", "kana", "given", "rest").unique()
    return pairs.with_columns(same_voice=pl.lit(True), contradicted=pl.lit(False), cut=pl.lit(False))


def _spot(sound: str) -> pl.Expr:
    """A place and a sound heard there, as one number to join on."""
    return pl.struct("place", sound).hash()


def _every_cut(written: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Where the surname's end was guessed, every listed surname that begins the name: 石井広耕 may be 石井 or 石井広."""
    columns = [name for name in written.columns if name not in ("surname", "given")]
    open_ended = written.filter("guessed")
    length = pl.col("key").str.len_chars()
    cuts = [
        open_ended.filter(length > size, pl.col("surname").str.len_chars() != size).select(
            *columns, surname=pl.col("key").str.slice(0, size), given=pl.col("key").str.slice(size)
        )
        for size in range(1, _LONGEST_SURNAME + 1)
    ]
    other = pl.concat(cuts).join(lexicon.written_surnames, left_on="surname", right_on="name", how="semi")
    return pl.concat([written, other.select(written.columns)])


def _with_former(written: pl.DataFrame) -> pl.DataFrame:
    """Everyone under the surname written, and once more under a former one, of which the kana column says nothing."""
    unknown = pl.lit(None, dtype=pl.String)
    former = written.filter(pl.col("former").is_not_null()).with_columns(
        surname="former", surname_sound=unknown, full=unknown
    )
    return pl.concat([written, former])


def _rooms_agree(other: str = "other_room") -> pl.Expr:
    return pl.col("room").is_null() | pl.col(other).is_null() | (pl.col("room") == pl.col(other))


def _spoken_heads(spoken: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """The possible surnames of each kana persona (`head`, as a hash; some come twice): its first word, and every
    beginning, for a space is easily set where another one would; `cut` where that is elsewhere than at its space.
    ヒロアキ タナカ may be タナカ ヒロアキ."""
    own_space, elsewhere = pl.lit(False), (pl.col("head") != pl.col("own")).fill_null(False)
    given = spoken.filter(pl.col("surname_sound").is_not_null()).select(
        "persona", "full", head=kana.dull(pl.col("surname_sound")), cut=own_space
    )
    former = spoken.filter(pl.col("former").is_not_null()).select(
        "persona",
        full=pl.concat_str(kana.sound(pl.col("former")), "given_sound"),
        head=kana.dull(kana.sound(pl.col("former"))),
        cut=own_space,
    )
    common = lexicon.spoken_surnames.filter(pl.col("people") >= _COMMON)["sound"]
    turned = spoken.filter(pl.col("given_sound").is_in(common.implode()), pl.col("former").is_null()).select(
        "persona",
        full=pl.concat_str("given_sound", "surname_sound"),
        head=kana.dull(pl.col("given_sound")),
        cut=own_space,
    )
    whole = spoken.select(
        "persona", "full", dull=kana.dull(pl.col("full")), own=kana.dull(pl.col("surname_sound"))
    )
    cuts = [
        whole.filter(pl.col("full").str.len_chars() > size).select(
            "persona", "full", "own", head=pl.col("dull").str.slice(0, size)
        )
        for size in range(2, _LONGEST_SURNAME_SOUND + 1)
    ]
    begun = pl.concat(cuts).select("persona", "full", "head", cut=elsewhere)
    return pl.concat([given, former, turned, begun]).with_columns(pl.col("head").hash())


def _surname_readings(written: pl.DataFrame, readings: pl.DataFrame, heads: pl.DataFrame) -> pl.DataFrame:
    """kanji personas with every reading of their surname that is known (name, sound), or that their own kana column
    tells. What a neighbour's column tells is in `readings` or nowhere, so that it is no matter who else is here."""
    known = readings.join(
        written.select("surname").unique(), left_on="name", right_on="surname", how="semi"
    ).unique()
    usable = _heard_here(known.select(surname="name", sound="sound"), heads)
    kept = ("persona", "surname", "given", "full")
    told = written.filter(pl.col("surname_sound").is_not_null()).select(*kept, sound="surname_sound")
    own = _heard_here(told.join(usable, on=["surname", "sound"], how="anti"), heads).unique()
    listed = written.select(kept).join(usable, on="surname")
    return pl.concat([listed, own.select(listed.columns)]).rename({"full": "known"})


def _heard_here(read: pl.DataFrame, here: pl.DataFrame) -> pl.DataFrame:
    """Adds `head`, a hash of the sound without voicing, and leaves out what nobody here begins with."""
    headed = read.with_columns(head=kana.dull(pl.col("sound")).hash())
    return headed.join(here, on="head", how="semi")


def same_sound(personas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Pairs of personas whose known sounds are equal, or equal without voicing: left, right, exact."""
    audible = personas.filter(pl.col("kind") != "device", pl.col("full").str.len_chars() > 3)
    before = audible.filter(pl.col("former").is_not_null(), pl.col("given_sound") != "").with_columns(
        full=pl.concat_str(kana.sound(pl.col("former")), "given_sound")
    )
    every = pl.concat([audible, before.filter(pl.col("written") == "kana")]).select(
        "persona", "full", dull=kana.dull(pl.col("full"))
    )
    # Most sounds are heard once in a shard, and need no place.
    heard = every.filter(pl.col("dull").is_duplicated())
    here = heard.join(places, on="persona").select("persona", "full", "room", spot=_spot("dull"))
    met = here.join(here, on="spot", suffix="_other").filter(
        pl.col("persona") < pl.col("persona_other"),
        _rooms_agree("room_other"),
    )
    return met.select(
        left="persona", right="persona_other", exact=pl.col("full") == pl.col("full_other")
    ).unique()


def turned(personas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Pairs in kana whose words are the same in another order, ホセ レイエス and レイエス ホセ: left, right."""
    spoken = personas.filter(
        pl.col("kind") == "person", pl.col("written") == "kana", pl.col("words").str.contains(" ")
    )
    # Only words that stand in more orders than one are looked for at any place.
    orders = spoken.select("words", "full").unique().filter(pl.col("words").is_duplicated())
    several = spoken.filter(pl.col("words").is_in(orders["words"].implode()))
    here = several.select("persona", "full", "words").join(places, on="persona")
    met = here.join(here, on=["place", "words"], suffix="_other")
    other = met.filter(
        pl.col("persona") < pl.col("persona_other"),
        pl.col("full") != pl.col("full_other"),
        _rooms_agree("room_other"),
    )
    return _both_ways(other)


def by_former(personas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Pairs in kanji where one's former surname and given name are the other's: left, right.

    The other's whole name is compared, so that nobody has to guess where its surname ends.
    """
    written = personas.filter(pl.col("kind") == "person", pl.col("written") == "kanji")
    before = pl.concat_str("former", "given")
    then = written.filter(pl.col("former").is_not_null(), pl.col("given") != "").select("persona", key=before)
    now = written.select("persona", "key").join(then, on="key", how="semi").join(places, on="persona")
    met = then.join(places, on="persona").join(now, on=["place", "key"], suffix="_other")
    met = met.filter(pl.col("persona") != pl.col("persona_other"), _rooms_agree("room_other"))
    return _both_ways(met)


def foreign(personas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Pairs at one place of a name in Roman letters, or of three words and more, with a name in kana:
    left, right."""
    people = personas.filter(pl.col("kind") == "person", pl.col("words").is_not_null())
    many = people.filter((pl.col("written") == "latin") | (pl.col("words").str.count_matches(" ") > 1))
    one = many.select("persona").join(places, on="persona")
    there = places.join(one, on="place", how="semi")
    other = people.select("persona").join(there, on="persona")
    met = one.join(other, on="place", suffix="_other")
    return _both_ways(met.filter(pl.col("persona") != pl.col("persona_other"), _rooms_agree("room_other")))


def unread(personas: pl.DataFrame, places: pl.DataFrame, lexicon: Lexicon, *, largest: int) -> pl.DataFrame:
    """Pairs at one place of a kanji name whose surname no dictionary has, and a kana name: left, right."""
    people = personas.select(_HEARD).filter(pl.col("kind") == "person")
    kanji = people.filter(pl.col("written") == "kanji", pl.col("given") != "")
    surnames = lexicon.written_surnames
    unlisted = kanji.join(surnames, left_on="surname", right_on="name", how="anti")
    listed = _every_cut(unlisted, lexicon).join(surnames, left_on="surname", right_on="name", how="semi")
    rare = unlisted.join(listed, on="persona", how="anti").select("persona").join(places, on="persona")
    there = places.join(rare, on="place", how="semi")
    heard = people.filter(pl.col("written") == "kana").select("persona").join(there, on="persona")
    crowd = heard.group_by("place").len().filter(pl.col("len") <= largest)
    other = heard.join(crowd, on="place", how="semi")
    met = rare.join(other, on="place", suffix="_other")
    return _both_ways(met.filter(_rooms_agree("room_other")))


def devices(personas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    """Pairs of devices at one point, and of one number in one house where the point of one is unknown: left, right."""
    things = personas.filter(pl.col("kind") == "device").select("persona", "key").join(places, on="persona")
    here = things.filter("is_point").select("persona", "place")
    met = here.join(here, on="place", suffix="_other").filter(pl.col("persona") < pl.col("persona_other"))
    numbered = things.filter(~pl.col("is_point"), pl.col("key").str.contains(r"\d$")).select(
        "persona", "key", "place"
    )
    lost = numbered.join(here, on="persona", how="anti")
    at_home = lost.join(numbered, on=["place", "key"], suffix="_other")
    at_home = at_home.filter(pl.col("persona") != pl.col("persona_other"))
    return pl.concat([_both_ways(met), _both_ways(at_home)]).unique()


def _both_ways(met: pl.DataFrame) -> pl.DataFrame:
    return met.select(
        left=pl.min_horizontal("persona", "persona_other"),
        right=pl.max_horizontal("persona", "persona_other"),
    ).unique()


def companies(personas: pl.DataFrame, places: pl.DataFrame, *, largest: int) -> pl.DataFrame:
    """Pairs of a company in kanji and a name in kana, or of two alike in writing, at one place: left, right.

    A place with more than `largest` companies is left to its points.
    """
    # A name in kana may be a company's though books list it: ミナミキカイ, ニツトウセイシ.
    spoken = (pl.col("kind") == "person") & (pl.col("written") == "kana")
    # 深江北町苑 is not recognised as the 社会福祉法人 that it is elsewhere.
    doubtful = (pl.col("kind") == "person") & ~pl.col("sure")
    company = pl.col("kind") == "company"
    known = personas.filter(company | spoken | doubtful)
    # Names as numbers: where everybody meets everybody, strings are dear to carry.
    start = pl.col("key").str.slice(0, 2).hash()
    firms = known.select("persona", company=company, script=pl.col("written").hash(), start=start)
    here = firms.join(places, on="persona").select("persona", "place", "company", "script", "start")
    crowd = here.group_by("place").agg(pl.len(), pl.col("company").any())
    here = here.join(crowd.filter("company", pl.col("len").is_between(2, largest)), on="place", how="semi")
    met = here.join(here, on="place", suffix="_other").filter(
        pl.col("persona") < pl.col("persona_other"),
        (pl.col("script") != pl.col("script_other")) | (pl.col("start") == pl.col("start_other")),
        pl.col("company") | pl.col("company_other"),
    )
    return met.select(left="persona", right="persona_other").unique()
