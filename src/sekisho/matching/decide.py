"""Deciding which personas are one party: names weighed, events added, each taking only its mutual best.

The weights are natural log odds. An address or a supply point brought the two together and therefore adds nothing;
what happened at the point between them does. Thresholds were fixed on one seed of the generated population.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from sekisho.matching import candidates, clusters, firms, kana, phones, priors, screening, shops, stages
from sekisho.matching.evidence import Name, named
from sekisho.matching.foreign import native_surnames
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader

NAME_COLUMNS = Name._fields
# Between LISTED and MERGE a pair is unresolved. Under LISTED it is nobody's doubt, but a thousand such pairs hold
# some customers: they only count, down to FAINT.
LISTED, FAINT = -1.5, -7.0
MERGE = 0.0
# A surname that fits with a given name lighter than this may still be a name read in another way.
_READABLE = -3.0
_CROWD = 60
# Books that miss so many of a file's readings are other books than its names are from.
_MANY_UNLISTED = 0.2
# So sure is a pair that one contract joins, that nobody else needs to be asked.
_NAMED = 6.0
# Twins may be called so, and families from abroad.
_OF_KIN = ("homophone", "foreign_reading")
_UNLIKE = ("unlike", "other_company")
_CHOSEN = ("reading", "aligned", "company_reading", "foreign_reading", "romanised")
# What says that a company's contract went on under another legal form.
_GOES_ON = ("enclosed", "shared", "switched", "renamed")
_SAME = ("same_name", "kana_column")
_EDGE = {
    "left": pl.UInt32,
    "right": pl.UInt32,
    "name_weight": pl.Float64,
    "reason": pl.String,
    "mutual": pl.Boolean,
}


@dataclass(frozen=True)
class Weights:
    """What events at the point are worth beside the names (natural log odds)."""

    switched: float = 4.0
    shared: float = 5.0
    enclosed: float = 6.0
    renamed: float = -1.0
    renamed_surname: float = 3.0
    unbroken: float = 1.3
    seen_later: float = 3.0
    moved: float = -2.5
    other_voice: float = -1.0
    contradicted: float = -9.0
    # A name that no book reads so, begun elsewhere than at the space in the kana.
    other_cut: float = -1.5
    # Two surnames and one given name at one address, and nothing that joins them.
    stranger: float = -6.0
    # A switch between wholly different names: one customer by definition, or one who moved in and ought to have applied
    # for a restart. A clerk must look.
    renamed_wholly: float = 8.7
    renamed_wholly_undated: float = 7.2
    # Two names that two systems have at one time, begun on two days: one of them is not up to date.
    renamed_wholly_shared: float = 5.5
    # A company that switches under another name, or a name between two contracts of the other: nine of ten are one
    # customer in the populations of three makers.
    surely_wholly: float = 2.0
    phone: float = 3.0
    # One contract that begins in both systems, beside what `shared` says.
    twin: float = 3.0
    # The values below were found on seeds 1 and 60 of the counterpart and 31 and 32 of the first generator.
    # Another surname across contracts that meet, no switch and no application known.
    unbroken_surname: float = 2.5
    # Another surname after months of which the file tells nothing: of eighteen such pairs of two makers two were one.
    seen_later_surname: float = -2.5
    # The second contract of one home, begun and ended with the first, under another surname, or under a name of one
    # sound: only of a file that shows how seldom such contracts are two relatives'.
    together_surname: float = -4.2
    together_kin: float = -2.5
    # Two given names that nobody reads alike, however they met.
    family: float = -3.0
    misread: float = 2.5
    rarely_read: float = 2.0
    # One in ninety changes of name goes to a relative whose name is read alike.
    successor: float = 4.4
    # A name not read so in any book, and either a surer partner or too little to go by: a brother as a rule.
    overheard: float = -1.4
    # Each the other's best among all who could be meant.
    mutual: float = 0.5
    # A slip of the pen where nothing says that the two are one contract: a clerk may look.
    slip: float = -1.0
    # Two companies of one name and two legal forms, and nothing that says that one became the other.
    other_form: float = -4.0


def probability(weight: float) -> float:
    """Natural log odds as a probability."""
    return 1.0 / (1.0 + math.exp(-weight))


def name_of(values: tuple[Any, ...]) -> Name:
    """A Name from the NAME_COLUMNS of a row."""
    return Name._make(values)


def edges(
    personas: pl.DataFrame,
    places: pl.DataFrame,
    met: pl.DataFrame,
    reader: Reader,
    lexicon: Lexicon,
    weights: Weights,
    known: priors.Priors | None = None,
    owners: pl.DataFrame | None = None,
    told: pl.DataFrame | None = None,
    lap: stages.Lap = stages.untimed,
) -> tuple[pl.DataFrame, priors.Priors]:
    """Every pair worth listing (left, right, weight, name_weight, reason, the event flags, accepted), and the
    priors they rest on: `known`, or learnt from these personas.

    `personas` has persona and NAME_COLUMNS; `places` has persona, place, room; `met` comes from
    `events.between`; `owners`, when there are telephone numbers, has persona, phone, name; `told` (name, sound) are
    readings of surnames that the file tells.
    """
    met_by_name = candidates.by_surname(personas, places, lexicon, told)
    lap("candidates")
    before = known or priors.learnt(met_by_name, met, personas, places, reader)
    spoken = _native(_kanji_kana(met_by_name, reader, before.unlisted), personas, reader)
    lap("readings")
    sounds = _same_sound(personas, places)
    neighbours = candidates.companies(personas, places, largest=_CROWD)
    # Whom an event joins is compared all the same, among the followers.
    likely = screening.neighbours(neighbours, personas, reader)
    lap("screening")
    traders = _compared(likely, personas, reader)
    lap("companies")
    other = [
        candidates.devices(personas, places),
        candidates.by_former(personas, places),
        candidates.foreign(personas, places),
        candidates.unread(personas, places, lexicon, largest=_CROWD),
    ]
    listed = _compared(pl.concat(other).unique(), personas, reader)
    followed = _compared(_followers(met, [spoken, sounds, traders, listed]), personas, reader)
    kept = shops.compared(personas, places, reader)
    named = [spoken.with_columns(heard=pl.lit(True)), *_unheard([sounds, traders, listed, followed, kept])]
    lap("comparing")
    met_so = _beside(priors.ways(_numbered(pl.concat(named), personas), met, places))
    pairs = _formed(met_so, personas, weights)
    weighed = _called(_weighed(pairs, weights, before), weights, owners)
    accepted = _accepted(weighed.filter(pl.col("weight") > FAINT), _called_so(personas))
    lap("weighing")
    return _sobered(accepted, weights, before), before


def _called_so(personas: pl.DataFrame) -> pl.DataFrame:
    """persona and its name as a number: who is heard or written alike is no rival of each other's; カマダ and カマタ are
    heard alike enough."""
    spoken = pl.when(pl.col("written") == "kana").then(kana.dull(pl.col("full")))
    return personas.select("persona", called=pl.coalesce(spoken, "key").hash())


def _beside(pairs: pl.DataFrame) -> pl.DataFrame:
    """Relatives begin and end their contracts together, too: only of names that may be one does that tell more than the
    address."""
    heard = pl.col("heard") & pl.col("reason").is_in(["reading", "aligned", "spelt_out"])
    one = heard | pl.col("reason").is_in(["new_surname", *_OF_KIN])
    beside = pl.when((pl.col("way") == priors.TOGETHER) & ~one).then(pl.lit(priors.BESIDE))
    return pairs.with_columns(way=pl.coalesce(beside, "way"))


def _sobered(accepted: pl.DataFrame, weights: Weights, before: priors.Priors) -> pl.DataFrame:
    """What relatives make of the weights: they bear names that are heard alike more often than strangers do."""
    way, weight = pl.col("way"), pl.col("weight")
    taken_over = pl.col("accepted") & pl.col("heard") & (way == "renamed")
    apart = way.is_in([priors.BESIDE, priors.SUCCEEDED])
    kin = apart | way.is_in(["renamed", "moved"])
    overheard = ~pl.col("accepted") & kin & (pl.col("reason") == "aligned")
    # How often a listed name is heard otherwise in this file says how many of these are one person after all.
    fainter = pl.min_horizontal(weight + math.log(before.unlisted), weights.overheard)
    preferred = weight + pl.when(pl.col("accepted") & pl.col("mutual")).then(weights.mutual).otherwise(0.0)
    sober = (
        pl.when(taken_over)
        .then(pl.min_horizontal(weight, weights.successor))
        .when(overheard)
        .then(fainter)
        .otherwise(preferred)
    )
    # Two foreigners' names in two scripts have some letters in common: a faint likeness of theirs is none.
    foreign = apart & (pl.col("reason") == "romanised") & (weight < LISTED)
    return accepted.with_columns(weight=sober).filter(pl.col("weight") > FAINT, ~foreign)


def _unheard(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Pairs of another kind than a kanji name and a kana name under one surname."""
    return [frame.with_columns(heard=pl.lit(False)) for frame in frames]


def _kanji_kana(pairs: pl.DataFrame, reader: Reader, unlisted: float) -> pl.DataFrame:
    distinct = pairs.select("given", "rest").unique()
    read = [reader.given_reading(given, rest, unlisted=unlisted) for given, rest in distinct.iter_rows()]
    scored = distinct.with_columns(
        name_weight=pl.Series([likeness.weight for likeness in read], dtype=pl.Float64),
        reason=pl.Series([likeness.reason for likeness in read], dtype=pl.String),
    )
    joined = pairs.join(scored, on=["given", "rest"])
    voiced = joined.with_columns(
        name_weight=pl.col("name_weight")
        + pl.when("same_voice").then(0.0).otherwise(Weights.other_voice)
        + pl.when("contradicted").then(Weights.contradicted).otherwise(0.0)
        + pl.when(pl.col("cut") & (pl.col("reason") == "aligned")).then(Weights.other_cut).otherwise(0.0)
    )
    best = voiced.sort("name_weight", "reason").unique(["kanji", "kana"], keep="last", maintain_order=True)
    return best.select(
        left=pl.min_horizontal("kanji", "kana"),
        right=pl.max_horizontal("kanji", "kana"),
        name_weight="name_weight",
        reason="reason",
    )


def _native(spoken: pl.DataFrame, personas: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """王 heard as ワン: no book of Japanese readings says how the given name is heard, so it tells neither for nor
    against; what is left is how the two met."""
    doubtful = spoken.filter(pl.col("name_weight") < 0, pl.col("name_weight") > Weights.contradicted)
    ends = pl.concat([doubtful["left"], doubtful["right"]]).unique()
    surnames = pl.Series(list(native_surnames()), dtype=pl.String)
    foreign = personas.filter(pl.col("persona").is_in(ends.implode())).filter(
        pl.col("surname").is_in(surnames.implode())
    )["persona"]
    either = pl.col("left").is_in(foreign.implode()) | pl.col("right").is_in(foreign.implode())
    heard = _compared(doubtful.filter(either).select("left", "right"), personas, reader)
    native = heard.filter(pl.col("reason") == "foreign_reading").select("left", "right", native="name_weight")
    marked = spoken.join(native, on=["left", "right"], how="left")
    return marked.select(
        "left",
        "right",
        name_weight=pl.coalesce("native", "name_weight"),
        reason=pl.when(pl.col("native").is_not_null()).then(pl.lit("foreign_reading")).otherwise("reason"),
    )


def _same_sound(personas: pl.DataFrame, places: pl.DataFrame) -> pl.DataFrame:
    pairs = candidates.same_sound(personas, places)
    turned = candidates.turned(personas, places).with_columns(
        name_weight=pl.lit(6.0), reason=pl.lit("word_order")
    )
    alike = pairs.select(
        "left",
        "right",
        name_weight=pl.when("exact").then(8.0).otherwise(3.0),
        reason=pl.when("exact").then(pl.lit("kana_column")).otherwise(pl.lit("voicing")),
    )
    return pl.concat([alike, turned])


def _followers(met: pl.DataFrame, seen: list[pl.DataFrame]) -> pl.DataFrame:
    """Pairs that an event joins and no name has: only these are compared without a common surname."""
    joined = met.filter(
        pl.col("switched")
        | pl.col("shared")
        | pl.col("enclosed")
        | pl.col("renamed")
        | (pl.col("unbroken") & ~pl.col("moved"))
        | pl.col("together")
        | pl.col("seen_later")
    )
    known = pl.concat(
        [frame.filter(pl.col("name_weight") > _READABLE).select("left", "right") for frame in seen]
    )
    return joined.select("left", "right").join(known, on=["left", "right"], how="anti")


def _compared(pairs: pl.DataFrame, personas: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    wanted = pl.concat([pairs["left"], pairs["right"]]).unique()
    names = named(personas.filter(pl.col("persona").is_in(wanted.implode())))
    ends = [(names[left], names[right]) for left, right in pairs.select("left", "right").iter_rows()]
    reader.reciter.learn(firms.worth_opening(ends, reader.reciter))
    found = [reader.compare(*pair) for pair in ends]
    return pairs.select(
        "left",
        "right",
        name_weight=pl.Series([likeness.weight for likeness in found], dtype=pl.Float64),
        reason=pl.Series([likeness.reason for likeness in found], dtype=pl.String),
    )


def _numbered(pairs: pl.DataFrame, personas: pl.DataFrame) -> pl.DataFrame:
    """Two legal persons with two numbers are two, whatever their names."""
    numbers = personas.filter(pl.col("number").is_not_null()).select("persona", "number")
    for end in ("left", "right"):
        known = numbers.select(persona="persona", **{f"{end}_number": "number"})
        pairs = pairs.join(known, left_on=end, right_on="persona", how="left")
    differ = (pl.col("left_number") != pl.col("right_number")).fill_null(False)
    return pairs.with_columns(
        name_weight=pl.when(differ).then(Weights.contradicted).otherwise("name_weight")
    ).drop("left_number", "right_number")


def _formed(pairs: pl.DataFrame, personas: pl.DataFrame, weights: Weights) -> pl.DataFrame:
    """株式会社青葉 and 有限会社青葉 are two companies, unless the contract went on from one to the other or their 法人番号
    agree; a company without a form may be either. Adds goes_on: such a contract of a company with a form."""
    formed = personas.filter(pl.col("form").is_not_null()).select("persona", "form", "number")
    for end in ("left", "right"):
        known = formed.rename({"persona": end, "form": f"{end}_form", "number": f"{end}_number"})
        pairs = pairs.join(known, on=end, how="left")
    same_number = (pl.col("left_number") == pl.col("right_number")).fill_null(False)
    differ = (pl.col("left_form") != pl.col("right_form")).fill_null(False) & ~same_number
    went_on = pl.col("way").is_in(_GOES_ON) | ((pl.col("way") == "unbroken") & ~pl.col("guessed"))
    two = differ & ~went_on & (pl.col("name_weight") > weights.other_form)
    changed = differ & went_on & pl.col("reason").is_in(_SAME)
    reason = (
        pl.when(two).then(pl.lit("legal_form")).when(changed).then(pl.lit("form_changed")).otherwise("reason")
    )
    weight = pl.when(two).then(weights.other_form).otherwise("name_weight")
    formal = pl.col("left_form").is_not_null() | pl.col("right_form").is_not_null()
    return pairs.with_columns(name_weight=weight, reason=reason, goes_on=went_on & formal).drop(
        "left_form", "right_form", "left_number", "right_number"
    )


def _weighed(pairs: pl.DataFrame, weights: Weights, before: priors.Priors) -> pl.DataFrame:
    """Names and meeting together; of several comparisons of a pair the strongest."""
    twin = pl.when("twin").then(weights.twin).otherwise(0.0)
    read = _near_reading(weights, before) + _rare_reading(weights, before)
    whole = pl.col("name_weight") + _worth(weights, before) + twin + read
    weighed = pairs.with_columns(weight=pl.min_horizontal(whole, _most(weights)))
    ranked = weighed.sort("weight", "name_weight", "reason")
    return ranked.unique(["left", "right"], keep="last", maintain_order=True)


def _worth(weights: Weights, before: priors.Priors) -> pl.Expr:
    """What the way of meeting is worth beside such names: under one surname what this file's relatives leave of it."""
    way, reason = pl.col("way"), pl.col("reason")
    prior = way.replace_strict(before.odds(), return_dtype=pl.Float64)
    event = way.replace_strict(_events(weights), default=0.0, return_dtype=pl.Float64)
    # Whoever takes another surname applies for it; under the same surname the contract goes to a relative.
    other_surname = reason.is_in(["new_surname", "former_surname"]) & (way == "renamed")
    grown = (reason == "company_grown") & way.is_in(["renamed", "unbroken"])
    one_surname = pl.col("heard") | reason.is_in(["homophone", "family", "slip", "foreign_reading"])
    return (
        pl.when(one_surname & (way == priors.TOGETHER) & reason.is_in(_OF_KIN))
        .then(prior + weights.together_kin)
        .when(one_surname)
        .then(prior)
        .when(other_surname | grown)
        .then(weights.renamed_surname)
        .when(reason.is_in(_UNLIKE) & way.is_in(priors.SURE))
        .then(_renamed_wholly(weights))
        .when(reason == "new_surname")
        .then(_new_surname(weights, prior, event))
        .otherwise(event)
    )


def _new_surname(weights: Weights, prior: pl.Expr, event: pl.Expr) -> pl.Expr:
    """What a meeting is worth between one given name under two surnames that no change of name joins."""
    way = pl.col("way")
    return (
        pl.when((way == "unbroken") & ~pl.col("guessed"))
        .then(weights.unbroken_surname)
        .when(way == "seen_later")
        .then(weights.seen_later_surname)
        .when(way == priors.TOGETHER)
        .then(prior + weights.together_surname)
        .when(way.is_in([priors.BESIDE, priors.SUCCEEDED]))
        .then(weights.stranger)
        .otherwise(event)
    )


def _most(weights: Weights) -> pl.Expr:
    """What a pair may weigh at most: ケンシ after ケンジ by a change of name is the son, two plainly different given names
    are two people."""
    reason = pl.col("reason")
    kin = (reason == "family") | ((reason == "voicing") & (pl.col("way") == "renamed"))
    slip = (reason == "slip") & ~pl.col("twin")
    return pl.when(kin).then(weights.family).when(slip).then(weights.slip).otherwise(math.inf)


def _near_reading(weights: Weights, before: priors.Priors) -> pl.Expr:
    """ケンイチ and ケンジ are brothers, unless names of this file are often read as no book lists."""
    misread = weights.misread * math.log(before.unlisted / priors.Priors.unlisted)
    goes_on = pl.col("way").is_in([*priors.SURE, "unbroken"])
    worth = pl.when(goes_on).then(misread).otherwise(min(misread, 0.0))
    return pl.when(pl.col("reason") == "near_reading").then(worth).otherwise(0.0)


def _rare_reading(weights: Weights, before: priors.Priors) -> pl.Expr:
    """Where a contract names the partner, and books say little of this file's names, a reading that none has is rather a
    rare one than a son's."""
    rare = (pl.col("reason") == "aligned") & pl.col("way").is_in(priors.SURE) & ~pl.col("undated")
    seldom = max(0.0, weights.rarely_read * math.log(before.unlisted / _MANY_UNLISTED))
    return pl.when(rare).then(seldom).otherwise(0.0)


def _renamed_wholly(weights: Weights) -> pl.Expr:
    """What a contract is worth that goes on under a wholly different name."""
    sure = (pl.col("way") == "enclosed") | (pl.col("reason") == "other_company")
    dated = weights.renamed_wholly + pl.when(sure).then(weights.surely_wholly).otherwise(0.0)
    stale = (pl.col("way") == "shared") & ~pl.col("twin")
    return (
        pl.when("undated")
        .then(weights.renamed_wholly_undated)
        .when(stale)
        .then(weights.renamed_wholly_shared)
        .otherwise(dated)
    )


def _called(weighed: pl.DataFrame, weights: Weights, owners: pl.DataFrame | None) -> pl.DataFrame:
    """A mobile number in common says one person; a fixed line says one household, which is known already."""
    if owners is None or owners.is_empty():
        return weighed.with_columns(phone=pl.lit(False))
    common = phones.shared(weighed, owners).select("left", "right", phone="mobile")
    joined = weighed.join(common, on=["left", "right"], how="left").with_columns(
        pl.col("phone").fill_null(False)
    )
    possible = pl.col("phone") & (pl.col("name_weight") > _READABLE - weights.phone)
    return joined.with_columns(weight=pl.col("weight") + pl.when(possible).then(weights.phone).otherwise(0.0))


def _events(weights: Weights) -> dict[str, float]:
    ways = ("enclosed", "shared", "switched", "moved", "renamed", "unbroken", "seen_later")
    return {way: getattr(weights, way) for way in ways}


def _accepted(weighed: pl.DataFrame, called: pl.DataFrame) -> pl.DataFrame:
    """Marks the pairs to merge: heavy enough, and for readings and for shops each the other's best. `called` has persona
    and its name."""
    chosen = pl.col("reason").is_in(_CHOSEN) | (pl.col("guessed") & (pl.col("reason") == "new_surname"))
    kept = pl.col("reason") == shops.REASON
    mutual = pl.concat([_mutual(weighed.filter(rival), called) for rival in (chosen, kept)])
    marked = weighed.join(mutual, on=["left", "right"], how="left").with_columns(
        pl.col("mutual").fill_null(False)
    )
    free = pl.col("mutual") | ~(chosen | kept) | _named_by_event()
    return marked.with_columns(accepted=(pl.col("weight") > MERGE) & free)


def _named_by_event() -> pl.Expr:
    """Whether one contract joins the two so surely that nobody else can be meant: a switch leaves the customer where they
    are."""
    business = pl.col("reason").is_in([shops.REASON, "company_reading"])
    joined = pl.col("way").is_in(priors.SURE) | (business & (pl.col("way") == "unbroken"))
    return joined & (pl.col("weight") > _NAMED) & ~pl.col("guessed")


def _mutual(rivals: pl.DataFrame, called: pl.DataFrame) -> pl.DataFrame:
    """left, right, mutual: the pairs of which each is the other's best, or bears the same name as the other's best."""
    ends = [
        rivals.select("weight", "left", "right", persona=end, other=other)
        for end, other in (("left", "right"), ("right", "left"))
    ]
    met = pl.concat(ends).join(called, left_on="other", right_on="persona")
    ranked = met.sort(["weight", "left", "right"], descending=[True, False, False])
    best = pl.col("called") == pl.col("called").first().over("persona")
    both = ranked.filter(best).group_by("left", "right").len().filter(pl.col("len") == 2)
    return both.select("left", "right", mutual=pl.lit(True))


def ordered(accepted: pl.DataFrame) -> Iterator[tuple[int, int, str, bool]]:
    """Accepted pairs from the surest to the least sure, and their reasons; `clusters.NAMED` for a company that an event
    names, whatever it is called beside. Of companies with a legal form first those whose contract went on (the last
    value), so that 青葉 is the one that it succeeded and not another one in the building."""
    order = ["goes_on", "weight", "left", "right"]
    surest = accepted.sort(order, descending=[True, True, False, False])
    firm = (pl.col("reason") == "company_reading") & _named_by_event()
    reason = pl.when(firm).then(pl.lit(clusters.NAMED)).otherwise("reason")
    yield from surest.select("left", "right", reason, "goes_on").iter_rows()
