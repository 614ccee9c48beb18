"""Addresses taken apart offline: municipality, town, house and room, from the text and the postcode together.

An address only *blocks* candidates; it is never evidence that two records are one person. So what matters
is that
two spellings of one house get one key, and that two flats of one house can be told apart when their
numbers are given.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sekisho.matching import rarely
from sekisho.matching.gazetteer import Gazetteer, fold

_PREFECTURE = r"^(東京都|北海道|(?:大阪|京都)府|.{2,3}県)"
_KYOTO_STREET = r"^.{2,}(?:上ル|下ル|上る|下る|上ケル|上がる|下がる|東入ル?る?|西入ル?る?|入ル|入る)"
_CARE_OF = r"[(]?[^0-9(]{1,8}様?方[)]?$"
# 丁目, 番地 and the rest only separate numbers; what follows the last one is building and room.
_SEPARATOR = r"(\d)(?:丁目|番地|番|号|-)+"
# 3番地の5, but not the ノ of 3番ノースビル.
_POSSESSIVE = r"(\d)(?:丁目|番地|番|号)?ノ(\d)"
# After 号, or after 番地 and a space or hyphen, comes a room; so does a number before 階 or F.
_ROOM_FOLLOWS = r"(\d)(?:号[-~ ]|番地?[-~ ]|番地?~)"
# 字一番耕地3336: fields were numbered too, and are left out as often as other 字.
_NUMBERED_FIELD = r"^\d+番(?:耕地|割|組)(\d)"
_FLOOR = r"[-~]?(\d+)(?:階|F)"
_LOT = r"(?:第)?(\d+)地割"
_NUMBERS = r"^(\d+(?:-\d+)*)"
_BEFORE_NUMBERS = r"^([^0-9]*)"
# A01 is a room, the K of ハイツSK101 and the I of a folded Ⅱ are not. One or two figures are a room where something
# says so; else the building is called so: ハイツ2, 2号館, 第2ビル.
_LETTERED_ROOM = r"(?:^|[^0-9A-Z])([A-Z]\d+)(?:-?室|-)?$"
_LONG_ROOM = r"(\d{3,})[^0-9]*$"
_SHORT_ROOM = r"(?:^|[~#-])(\d+)$|(\d+)(?:-?室|F|-)$"
_HIGHEST_HOUSE_PART = 100
PARTS = ("jis", "prefecture", "city", "town", "section", "house", "building", "room", "key", "why")
# Prefecture, district and municipality fit in this many characters.
_BEGINNING = 13
_COUNTY = r"^(.{1,4}郡)"
_FORMER_COUNTY = r"^.{1,4}郡(.{1,6}?[町村])"
# As the hosts of old printed them: ﾋﾖｳｺﾞｹﾝｱﾏｶﾞｻｷｼｵｵｼﾏ 5-12-9.
_IN_KANA = r"^[ァ-ヶー]{4,}"


def normalise(
    addresses: pl.Series,
    *,
    postal_codes: pl.Series | None = None,
    gazetteer: Gazetteer,
    variants: dict[str, str],
    parts: Sequence[str] = PARTS,
) -> pl.DataFrame:
    """One row for each address, in order, with the `parts` asked for: jis, prefecture, city, town, section,
    house, building, room, key, why.

    `key` is the same for two spellings of one house and null when no number was found. `why` tells how
    the municipality
    was found: postcode, text, or neither. Nothing is guessed: an unknown town is kept as written.
    """
    codes = postal_codes if postal_codes is not None else pl.Series([None] * len(addresses), dtype=pl.String)
    given = pl.DataFrame(
        {"address": addresses.cast(pl.String), "code": codes.cast(pl.String)}
    ).with_row_index("row")
    folded = given.with_columns(
        rest=fold(pl.col("address").fill_null(""), variants).str.replace(_CARE_OF, ""),
        code=_digits(pl.col("code")),
    )
    placed = _placed(folded, gazetteer).drop("section")
    # One town's 3-4-5 is taken apart like another's.
    apart = rarely.once(placed, ("rest",), lambda distinct: _take_apart(distinct.lazy()).collect())
    return _key(apart.lazy()).sort("row").select(parts).collect()


def _digits(code: pl.Expr) -> pl.Expr:
    plain = code.str.replace_all("-", "", literal=True)
    return rarely.where(plain, "[^0-9]", lambda few: few.str.normalize("NFKC").str.replace_all(r"[^0-9]", ""))


def _placed(folded: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Adds municipality and town and strips both from `rest`, looking up what stands before the first number
    once for all who live there."""
    told = folded.with_columns(section=pl.col("rest").str.extract(_BEFORE_NUMBERS))
    marked = told.with_columns(mark=pl.struct("section", "code").hash())
    heads = marked.unique("mark").select("mark", "section", "code", row="mark", rest="section")
    left = _placed_heads(_place_city(heads, gazetteer), gazetteer)
    known = left.drop("row", "section", "code").rename({"rest": "left"})
    joined = marked.join(known, on="mark", how="left")
    plain = joined.filter(pl.col("left").is_not_null()).with_columns(
        rest=pl.concat_str("left", pl.col("rest").str.strip_prefix(pl.col("section")))
    )
    others = joined.filter(pl.col("left").is_null()).select(told.columns)
    whole = _place_town(_place_city(others, gazetteer), gazetteer)
    return pl.concat([plain.select(whole.columns), whole])


def _placed_heads(heads: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Those whose town is found and cannot be another, whatever follows: no street of Kyoto, and no town that
    goes on with a number."""
    numbered = (
        gazetteer.towns_of(heads["jis"])
        .filter(pl.col("town").str.contains("[0-9]"))
        .select("jis", rest=pl.col("town").str.extract(_BEFORE_NUMBERS))
    )
    kyoto = pl.col("city").str.starts_with("京都市").fill_null(False)
    sure = heads.filter(~kyoto).join(numbered, on=["jis", "rest"], how="anti")
    return _place_town(sure, gazetteer).filter(pl.col("town").is_not_null())


def municipalities(
    addresses: pl.Series, *, postal_codes: pl.Series, gazetteer: Gazetteer, variants: dict[str, str]
) -> pl.Series:
    """The jis code of each address, in order; null when neither text nor postcode has one. Only
    beginnings are read."""
    given = pl.DataFrame({"address": addresses.str.slice(0, _BEGINNING), "code": postal_codes})
    quick = _plainly_written(given, gazetteer)
    missing = given.filter(quick.is_null()).unique(maintain_order=True).with_row_index("row")
    folded = missing.with_columns(
        rest=fold(pl.col("address").fill_null(""), variants),
        code=_digits(pl.col("code")),
    )
    placed = _place_city(folded, gazetteer).select("row", "jis").sort("row")
    known = missing.with_columns(placed["jis"]).drop("row")
    slowly = given.join(known, on=["address", "code"], how="left", nulls_equal=True, maintain_order="left")
    return pl.select(pl.coalesce(quick, slowly["jis"])).to_series().alias("jis")


def _plainly_written(given: pl.DataFrame, gazetteer: Gazetteer) -> pl.Series:
    """The municipality of those who write its name as the post does, behind its postcode; null for others."""
    cities = gazetteer.cities.unique("jis", keep="first", maintain_order=True)
    named = gazetteer.codes.unique("postal_code", keep="first", maintain_order=True).join(
        cities.select("jis", "city", whole=pl.concat_str("prefecture", "city")), on="jis"
    )
    dashed = named.with_columns(
        postal_code=pl.concat_str(
            pl.col("postal_code").str.slice(0, 3), pl.lit("-"), pl.col("postal_code").str.slice(3)
        )
    )
    joined = given.join(
        pl.concat([named, dashed]), left_on="code", right_on="postal_code", how="left", maintain_order="left"
    )
    text = pl.col("address")
    written = text.str.starts_with(pl.col("whole")) | text.str.starts_with(pl.col("city"))
    return joined.select(pl.when(written).then("jis")).to_series()


def _place_city(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Adds jis, prefecture, city, why; strips both from `rest`. The text wins over the postcode, which
    may be wrong."""
    frame = frame.with_columns(stated=pl.col("rest").str.extract(_PREFECTURE)).with_columns(
        rest=pl.col("rest").str.strip_prefix(pl.col("stated").fill_null(""))
    )
    frame = frame.join(gazetteer.first_of_code, left_on="code", right_on="postal_code", how="left")
    quick = _city_of_code(frame, gazetteer)
    found, missing = quick.filter(pl.col("jis").is_not_null()), quick.filter(pl.col("jis").is_null())
    return pl.concat([found, _city_of_text(missing.drop("jis", "prefecture", "city", "why"), gazetteer)])


def _city_of_code(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    joined = frame.join(gazetteer.longest_forms, left_on="code_jis", right_on="jis", how="left")
    written = pl.col("rest").str.starts_with(pl.col("form"))
    shortly = pl.col("rest").str.starts_with(pl.col("short"))
    head = pl.when(written).then("form").when(shortly).then("short").otherwise(None)
    hit = joined.with_columns(head=head).with_columns(
        jis=pl.when(pl.col("head").is_not_null()).then("code_jis"),
        why=pl.when(pl.col("head").is_not_null()).then(pl.lit("postcode and text")),
        rest=pl.col("rest").str.strip_prefix(pl.col("head").fill_null("")),
    )
    return hit.select(*frame.columns, "jis", "prefecture", "city", "why")


def _city_of_text(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """The longest municipality that starts the text; if there is none, the postcode's."""
    cities = gazetteer.cities.select("form", "jis", "prefecture", "city", "pref")
    best = _longest_prefix(frame.select("row", "rest", "stated", "code_jis"), cities, "form")
    fits = (
        pl.when(pl.col("stated") == pl.col("pref"))
        .then(2)
        .when(pl.col("stated").is_null())
        .then(1)
        .otherwise(0)
    ) + pl.when(pl.col("code_jis") == pl.col("jis")).then(1).otherwise(0)
    best = best.with_columns(fits=fits).filter(pl.col("fits") > 0)
    best = best.sort(
        "row", pl.col("form").str.len_chars(), "fits", "jis", descending=[False, True, True, False]
    )
    best = best.unique("row", keep="first", maintain_order=True).select(
        "row", "form", "jis", "prefecture", "city"
    )
    best = pl.concat([best, _city_of_before(frame.join(best, on="row", how="anti"), gazetteer)])
    joined = frame.join(best, on="row", how="left")
    by_code = gazetteer.cities.unique("jis", maintain_order=True).select(
        pl.col("jis").alias("code_jis"), pl.col("prefecture").alias("p2"), pl.col("city").alias("c2")
    )
    joined = joined.join(by_code, on="code_jis", how="left").with_columns(
        why=pl.when(pl.col("jis").is_not_null())
        .then(pl.lit("text"))
        .when(pl.col("code_jis").is_not_null())
        .then(pl.lit("postcode"))
        .otherwise(pl.lit("neither")),
        rest=pl.col("rest").str.strip_prefix(pl.col("form").fill_null("")),
        by_code_alone=pl.col("jis").is_null() & pl.col("code_jis").is_not_null(),
        prefecture=pl.coalesce("prefecture", "p2"),
        city=pl.coalesce("city", "c2"),
        jis=pl.coalesce("jis", "code_jis"),
    )
    # The text names no municipality of today: 相楽郡 in 木津川市 is not its town 相楽.
    rest = pl.when("by_code_alone").then(pl.col("rest").str.replace(_FORMER_COUNTY, "${1}")).otherwise("rest")
    return joined.with_columns(rest=rest).select(*frame.columns, "jis", "prefecture", "city", "why")


def _city_of_before(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Where neither text nor postcode names a municipality of today: one that was merged, if its name lives on.

    `form` is what the name of today makes superfluous: all of 大宮市, but only the 甲賀郡 of 甲賀郡信楽町.
    """
    lost = frame.filter(pl.col("code_jis").is_null()).select("row", "rest", "stated")
    heads = lost.with_columns(
        county=pl.col("rest").str.extract(_COUNTY).fill_null(""),
        head=pl.col("rest").str.replace(_COUNTY, "").str.extract(r"^(.{1,6}?[市町村])"),
    )
    found = heads.join(gazetteer.former.rename({"rest": "kept"}), on="head").filter(
        (pl.col("stated") == pl.col("pref")).fill_null(True)
    )
    single = found.filter(pl.col("jis").n_unique().over("row") == 1).unique("row", maintain_order=True)
    gone = pl.when(pl.col("kept") == "").then("head").otherwise(pl.lit(""))
    return single.select("row", "jis", "prefecture", "city", form=pl.concat_str("county", gone)).select(
        "row", "form", "jis", "prefecture", "city"
    )


def _longest_prefix(
    frame: pl.DataFrame, table: pl.DataFrame, form: str, by: list[str] | None = None
) -> pl.DataFrame:
    """All rows of `table` whose `form` starts `rest`, over every length that occurs."""
    keys = by or []
    lengths = table[form].str.len_chars().unique().sort().to_list() or [0]
    found = []
    for length in lengths:
        part = table.filter(pl.col(form).str.len_chars() == length)
        heads = frame.with_columns(pl.col("rest").str.slice(0, length).alias(form))
        found.append(heads.join(part, on=[*keys, form], how="inner"))
    return pl.concat(found, how="diagonal")


def _place_town(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Adds town and chome (does the town have 丁目), strips the town from `rest`."""
    kyoto = (pl.col("city") != "").fill_null(False) & pl.col("city").str.starts_with("京都市").fill_null(
        False
    )
    frame = frame.with_columns(
        rest=pl.when(kyoto).then(pl.col("rest").str.replace(_KYOTO_STREET, "")).otherwise(pl.col("rest"))
    )
    towns = gazetteer.towns_of(frame["jis"])
    hits = _longest_prefix(frame.select("row", "jis", "rest"), towns, "town", by=["jis"])
    longest = hits.sort("row", pl.col("town").str.len_chars()).unique("row", keep="last", maintain_order=True)
    joined = frame.join(longest.select("row", "town", "town_name", "chome"), on="row", how="left")
    direct = joined.with_columns(rest=pl.col("rest").str.strip_prefix(pl.col("town").fill_null("")))
    known, unknown = direct.filter(pl.col("town").is_not_null()), direct.filter(pl.col("town").is_null())
    return pl.concat([known, _town_inside(unknown, gazetteer)])


def _town_inside(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """The postcode's town found later in the text: after an old municipality, or after a street of Kyoto."""
    names = gazetteer.towns_of(frame["code_jis"]).rename(
        {"jis": "code_jis", "town": "code_town", "town_name": "t2", "chome": "ch2"}
    )
    joined = frame.join(names, on=["code_jis", "code_town"], how="left")
    place = pl.col("rest").str.find(pl.col("code_town"), literal=True)
    spoken = (pl.col("why") == "postcode") & pl.col("rest").str.contains(_IN_KANA)
    start = pl.when(pl.col("code_town") != "").then(pl.when(spoken).then(0).otherwise(place))
    cut = joined.with_columns(start=start).with_columns(
        rest=pl.when(pl.col("start").is_null())
        .then("rest")
        .when(spoken)
        .then(pl.col("rest").str.replace(_IN_KANA, ""))
        .otherwise(pl.col("rest").str.split_exact(pl.col("code_town"), 1).struct.field("field_1")),
        town=pl.when(pl.col("start").is_not_null()).then("code_town"),
        jis=pl.when(pl.col("start").is_not_null()).then("code_jis").otherwise("jis"),
        town_name=pl.when(pl.col("start").is_not_null()).then("t2"),
        chome=pl.when(pl.col("start").is_not_null()).then("ch2"),
    )
    return cut.select(frame.columns)


def _take_apart(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Adds section (what stands before the number), house, building and room to distinct `rest`."""
    numbered = frame.with_columns(
        left=pl.col("rest")
        .str.replace(_NUMBERED_FIELD, "${1}")
        .str.replace_all(_LOT, "${1}-")
        .str.replace_all(_POSSESSIVE, "${1}-${2}")
        .str.replace_all(_POSSESSIVE, "${1}-${2}")
        .str.replace_all(_ROOM_FOLLOWS, "${1}~")
        .str.replace_all(_FLOOR, "~${1}F")
        .str.replace_all(_SEPARATOR, "${1}-")
    )
    parts = numbered.with_columns(section=pl.col("left").str.extract(_BEFORE_NUMBERS))
    parts = parts.with_columns(tail=pl.col("left").str.strip_prefix(pl.col("section")))
    parts = parts.with_columns(numbers=pl.col("tail").str.extract(_NUMBERS))
    parts = parts.with_columns(tail=pl.col("tail").str.strip_prefix(pl.col("numbers").fill_null("")))
    return _room(parts.with_columns(tail=pl.col("tail").str.strip_chars_start("-")))


def _room(parts: pl.LazyFrame) -> pl.LazyFrame:
    """The room is the last number of the building text, or the surplus last number of 1-2-3-405."""
    counted = parts.with_columns(
        count=pl.col("numbers").str.count_matches("-", literal=True) + 1,
        last=pl.col("numbers").str.extract(r"(\d+)$"),
        in_tail=_room_of_tail(pl.col("tail")),
    )
    surplus = (pl.col("count") > 3) | (
        (pl.col("count") == 3) & (pl.col("last").cast(pl.Int64, strict=False) > _HIGHEST_HOUSE_PART)
    )
    taken = counted.with_columns(taken=pl.col("in_tail").is_null() & surplus)
    room = pl.when(pl.col("in_tail").is_not_null()).then("in_tail").when("taken").then("last")
    house = (
        pl.when(pl.col("count") > 3)
        .then(pl.col("numbers").str.extract(r"^(\d+-\d+-\d+)"))
        .when("taken")
        .then(pl.col("numbers").str.extract(r"^(\d+-\d+)"))
        .otherwise("numbers")
    )
    return taken.with_columns(
        room=room.str.strip_chars_start("0"),
        house=house,
        building=_building(pl.col("tail"), pl.col("in_tail")),
    ).select("section", "house", "building", "room")


def _room_of_tail(tail: pl.Expr) -> pl.Expr:
    """The number that stands last behind the house's, unless it is the building's own."""
    short = [tail.str.extract(_SHORT_ROOM, side) for side in (1, 2)]
    return pl.coalesce(tail.str.extract(_LETTERED_ROOM), tail.str.extract(_LONG_ROOM), *short)


def _building(tail: pl.Expr, room: pl.Expr) -> pl.Expr:
    lettered = tail.str.replace(r"[A-Z]\d+[^0-9]*$", "")
    plain = tail.str.replace(r"\d+[^0-9]*$", "")
    return (
        pl.when(room.is_null()).then(tail).when(room.str.contains("^[A-Z]")).then(lettered).otherwise(plain)
    ).str.strip_chars("-")


def _key(parts: pl.LazyFrame) -> pl.LazyFrame:
    """jis, town and house. Where the town is unknown the text before the number stands in for it."""
    town = pl.coalesce("town", "section")
    key = pl.concat_str(pl.col("jis").fill_null(""), pl.lit("|"), town, pl.lit("|"), pl.col("house"))
    return parts.with_columns(key=key, town=pl.coalesce("town_name", "section"))
