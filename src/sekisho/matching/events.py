"""What happened at a supply point between two names: the strongest evidence there is, for and against.

A switch of retailer leaves the customer where they are: a name that changes across an unbroken switch belongs to
the same customer by definition. A stop (廃止) or a restart (再点) between two names says that someone moved. Two
systems that describe one contract at the same time describe one customer.
"""

from __future__ import annotations

import polars as pl

SWITCH, RENAME, STOP, RESTART, CHANGE = "switch", "rename", "stop", "restart", "change"
NEVER = 2**30
_UNBROKEN = 3
_SHARED = 31
_FEW = 6
_MONTH = 31


def between(records: pl.DataFrame, until: pl.DataFrame | None = None) -> pl.DataFrame:
    """Each pair of personas that follow or overlap at a point.

    Columns left, right (left < right), switched, renamed, shared (the two systems overlap), twin (one contract
    begins in both systems), together (two contracts of one home begin and end together), unbroken, enclosed (one
    lies between two contracts of the other), seen_later (the one is open in its system and the other begins in the other
    system after all that the first one tells: `until`, system and day, see `horizon.py`), moved (a stop or restart lies between); flags are true when any
    meeting of the two shows them. `undated` says that only the applications tell so, `guessed` that they do not
    even tell which of several goes on. `records` has persona, kind, point, house, room, start, end (days, NEVER
    when open), application, system. A record without a point meets those that begin in its home on the day it ends,
    or on the next. Where nobody knows the days, the applications say who came and who went on.
    """
    met = pl.concat([_at_points(_begun(records)), _at_homes(_begun(records))])
    dated = _judged(_with_horizon(met, until))
    dated = _any(pl.concat([dated, _together(records).select(dated.columns)]))
    undated = _undated(records.filter(pl.col("start").is_null()))
    return dated if undated.is_empty() else _any(pl.concat([dated, undated.select(dated.columns)]))


def _with_horizon(met: pl.DataFrame, until: pl.DataFrame | None) -> pl.DataFrame:
    """Adds old_until: the day after which the earlier contract's system tells nothing, null where that is not known."""
    if until is None:
        return met.with_columns(old_until=pl.lit(None, dtype=pl.Int32))
    known = until.select(old_system="system", old_until="until")
    return met.join(known, on="old_system", how="left", maintain_order="left")


def _begun(records: pl.DataFrame) -> pl.DataFrame:
    """With `untold` where nobody knows when a contract began that ended: somewhere before its end, so that whoever follows
    it is known, and whom it followed is not."""
    ended = pl.col("end").fill_null(NEVER) < NEVER
    return records.with_columns(
        untold=pl.col("start").is_null(), start=pl.coalesce("start", pl.when(ended).then(pl.col("end") - 1))
    )


def _at_points(records: pl.DataFrame) -> pl.DataFrame:
    here = records.filter(pl.col("point").is_not_null() & pl.col("start").is_not_null())
    ordered = here.select("row", *_KEPT, point=pl.col("point").hash()).sort("point", "start", "system", "row")
    before = [pl.col(name).shift(1).alias(f"old_{name}") for name in _KEPT]
    follows = pl.col("point") == pl.col("point").shift(-1)
    after = pl.when(follows).then(pl.col("persona").shift(-1)).alias("next_persona")
    met = ordered.select("point", *_KEPT).with_columns(
        *before, after, here=pl.col("point") == pl.col("point").shift(1)
    )
    met = met.filter("here", pl.col("old_persona") != pl.col("persona"), ~pl.col("untold"))
    return met.select(*_MET)


def _at_homes(records: pl.DataFrame) -> pl.DataFrame:
    """Who follows whom in a house, where the point of either is unknown. Of two points in one house the flats must agree, too:
    whoever left the number out may live in any."""
    known = records.filter(pl.col("house").is_not_null(), pl.col("start").is_not_null())
    pointless = pl.col("point").is_null()
    here = known.join(known.filter(pointless).select("house").unique(), on="house", how="semi")
    kept = here.select("house", "room", *_KEPT, pointless=pointless)
    before = kept.filter(pl.col("end").fill_null(NEVER) < NEVER).rename(
        {name: f"old_{name}" for name in (*_KEPT, "room", "pointless")}
    )
    days = [before.with_columns(day=pl.col("old_end") + late) for late in (0, 1)]
    met = pl.concat(days).join(kept.with_columns(day="start"), on=["house", "day"], how="inner")
    both = pl.col("pointless") & pl.col("old_pointless")
    rooms = pl.col("room").is_null() | pl.col("old_room").is_null() | (pl.col("room") == pl.col("old_room"))
    either = (pl.col("pointless") | pl.col("old_pointless")) & pl.col("room").eq_missing(pl.col("old_room"))
    other = met.filter(
        (both & rooms) | either,
        pl.col("old_persona") != pl.col("persona"),
        pl.col("old_start") <= pl.col("start"),
        ~pl.col("untold"),
    )
    nobody = pl.lit(None, dtype=records.schema["persona"])
    return other.with_columns(next_persona=nobody).select(*_MET)


def _together(records: pl.DataFrame) -> pl.DataFrame:
    """Pairs whose stays at two points of one home begin in one month and end on one day, or both go on."""
    stays = _stays(records)
    months = [stays.with_columns(month=pl.col("start") // _MONTH + late) for late in (0, 1)]
    other = stays.with_columns(month=pl.col("start") // _MONTH)
    met = pl.concat(months).join(other, on=["home", "end", "month"], suffix="_other")
    one_month = (pl.col("start") - pl.col("start_other")).abs() <= _MONTH
    pairs = met.filter(
        one_month, pl.col("point") != pl.col("point_other"), pl.col("persona") != pl.col("persona_other")
    )
    never = {flag: pl.lit(False) for flag in _FLAGS}
    return pairs.select(
        left=pl.min_horizontal("persona", "persona_other"),
        right=pl.max_horizontal("persona", "persona_other"),
        **never | {"together": pl.lit(True)},
    ).unique()


def _stays(records: pl.DataFrame) -> pl.DataFrame:
    """home, point, persona, start, end: how long somebody was at a supply point, under whatever names and retailers.
    Only people's, in homes with a second point: a house, or a flat of a house with many."""
    kept = records.select("row", "kind", "point", "house", "room", *_STAYED)
    people = kept.filter(pl.col("kind") == "person")
    known = people.filter(pl.all_horizontal(pl.col("point", "house", "start").is_not_null()))
    here = known.select("row", "house", "room", *_STAYED, point=pl.col("point").hash())
    points = here.select("house", "point").unique().group_by("house").len("points")
    shared = here.join(points.filter(pl.col("points") > 1), on="house")
    flats = (pl.col("points") > _FEW) | (pl.col("room").drop_nulls().n_unique().over("house") > 1)
    flat = pl.when(pl.col("room").is_not_null()).then(pl.struct("house", "room").hash())
    homes = shared.with_columns(home=pl.when(flats).then(flat).otherwise("house")).drop_nulls("home")
    ordered = homes.sort("point", "start", "system", "row").with_columns(
        end=pl.col("end").fill_null(NEVER).clip(upper_bound=NEVER)
    )
    same = (pl.col("point") == pl.col("point").shift(1)) & (pl.col("home") == pl.col("home").shift(1))
    gap = pl.col("start") - pl.col("end").shift(1)
    goes_on = pl.col("application").is_in([SWITCH, CHANGE, STOP])
    untold = pl.col("application").is_null() & (pl.col("persona") == pl.col("persona").shift(1))
    stay = (~(same & (gap <= _UNBROKEN) & (goes_on | untold).fill_null(False))).fill_null(True).cum_sum()
    numbered = ordered.with_columns(stay=stay)
    spans = numbered.with_columns(
        start=pl.col("start").min().over("stay"), end=pl.col("end").max().over("stay")
    )
    return spans.select("home", "point", "persona", "start", "end").unique()


_STAYED = ("persona", "start", "end", "application", "system")
_KEPT = (*_STAYED, "untold")
_MET = (*_KEPT, *(f"old_{name}" for name in _KEPT), "next_persona")


def _judged(met: pl.DataFrame) -> pl.DataFrame:
    gap = pl.col("start") - pl.min_horizontal(pl.col("old_end").fill_null(NEVER), NEVER)
    open_end = pl.col("old_end").is_null() | (pl.col("old_end") >= NEVER)
    # Where nobody says which system it was, it is taken to be one.
    two_systems = (pl.col("system") != pl.col("old_system")).fill_null(False)
    # What begins on one day in both systems, or begins and ends on one day in one, is one contract, whatever the
    # application was, except that it became somebody else's: nobody moved between.
    renamed = (pl.col("application") == RENAME) | (pl.col("old_application") == RENAME)
    same_end = pl.col("end").eq_missing(pl.col("old_end"))
    same_start = (pl.col("start") == pl.col("old_start")) & ~pl.col("old_untold")
    # Where every application is kept with the end of its contract, two of one system that end on one day are two states of
    # one contract: a point has one at a time. While it goes on, only another capacity says that it is the same.
    changed = (pl.col("application") == CHANGE) | (pl.col("old_application") == CHANGE)
    states = (~two_systems & same_end & ((pl.col("end") < NEVER) | changed)).fill_null(False)
    twin = (same_start & (two_systems | same_end) | states) & ~renamed.fill_null(False)
    # Nobody knows what became of it.
    silent = (open_end & two_systems & (pl.col("start") > pl.col("old_until"))).fill_null(False) & ~twin
    open_end = open_end & ~silent
    shared = two_systems & ~silent & ((gap < -_SHARED) | open_end) | twin
    unbroken = (gap.abs() <= _UNBROKEN) | open_end | states
    here = pl.col("application").fill_null("")
    moved = ~(twin | states) & ((here == RESTART) | (pl.col("old_application") == STOP).fill_null(False))
    flags = met.with_columns(
        left=pl.min_horizontal("old_persona", "persona"),
        right=pl.max_horizontal("old_persona", "persona"),
        moved=moved | (~shared & (gap > _UNBROKEN)),
        switched=here.is_in([SWITCH, CHANGE, STOP]) & (unbroken | shared) & ~moved,
        renamed=(here == RENAME) & (unbroken | shared),
        shared=shared & ~moved,
        twin=twin,
        together=pl.lit(False),
        unbroken=unbroken,
        enclosed=(pl.col("next_persona") == pl.col("old_persona")).fill_null(False)
        & (unbroken | shared | silent)
        & ~moved,
        seen_later=silent & ~moved,
        guessed=pl.lit(False),
        undated=pl.lit(False),
    )
    return _any(flags.select("left", "right", *_FLAGS))


_SHOWN = ("switched", "renamed", "shared", "twin", "together", "unbroken", "enclosed", "seen_later", "moved")
_UNSURE = ("guessed", "undated")
_FLAGS = (*_SHOWN, *_UNSURE)


def _any(flags: pl.DataFrame) -> pl.DataFrame:
    return flags.group_by("left", "right").agg(pl.col(_SHOWN).any(), pl.col(_UNSURE).all())


def _undated(records: pl.DataFrame) -> pl.DataFrame:
    """Without days: whoever only ever switched, changed or stopped at a place did not come there by that name, so it
    is the other one of two; two who both restarted a supply point came one after the other."""
    at_point = records.filter(pl.col("point").is_not_null()).with_columns(
        place=pl.col("point").hash(), home=False
    )
    at_home = records.filter(pl.col("point").is_null(), pl.col("house").is_not_null())
    # Of a house with flats each flat is a home; whoever left the number out may live in any.
    flats = pl.col("room").drop_nulls().n_unique().over("house") > 1
    flat = pl.struct("house", "room").hash()
    homes = at_home.with_columns(
        place=pl.when(~flats).then("house").when(pl.col("room").is_not_null()).then(flat), home=True
    ).drop_nulls("place")
    kept = ("persona", "application", "place", "home")
    here = pl.concat([at_point.select(kept), homes.select(kept)])
    return _few_at_a_place(_arrivals(here))


def _arrivals(here: pl.DataFrame) -> pl.DataFrame:
    """place, home, persona and how it came: only by continuing, by a change of name, by a restart."""
    how = pl.col("application").fill_null("")
    return here.group_by("place", "home", "persona").agg(
        continues=how.is_in([SWITCH, CHANGE, STOP]).all(),
        renamed=(how == RENAME).any() & ~(how == RESTART).any(),
        restarted=(how == RESTART).any(),
    )


def _few_at_a_place(came: pl.DataFrame) -> pl.DataFrame:
    """The flags of `between` for the pairs of places with at most so many personas that one of them is likely meant."""
    crowd = came.with_columns(all=pl.len().over("place"), arrived=(~pl.col("continues")).sum().over("place"))
    few = crowd.filter(pl.col("all").is_between(2, _FEW))
    met = few.join(few, on=["place", "home", "all", "arrived"], suffix="_other")
    pairs = met.filter(pl.col("persona") < pl.col("persona_other"))
    went_on = pl.col("continues") | pl.col("continues_other")
    # Whom else could all the others go on from, where only one ever came? Of several who came it is not known which is
    # meant: that says no more than contracts that touch.
    alone = (pl.col("all") == 2) | (pl.col("arrived") <= 1)
    took_over = (pl.col("renamed") | pl.col("renamed_other")) & ~went_on
    both_came = pl.col("restarted") & pl.col("restarted_other") & ~pl.col("home")
    never = pl.lit(False)
    return pairs.select(
        left="persona",
        right="persona_other",
        switched=went_on & alone,
        renamed=took_over,
        shared=never,
        twin=never,
        together=never,
        unbroken=went_on | took_over,
        enclosed=never,
        seen_later=never,
        moved=both_came,
        guessed=went_on & ~alone,
        undated=pl.lit(True),
    ).filter(pl.any_horizontal(_SHOWN))
