"""Addresses taken apart offline: municipality, town, house and room, from the text and the postcode together.

An address only *blocks* candidates; it is never evidence that two records are one person. So what matters is that
two spellings of one house get one key, and that two flats of one house can be told apart when their numbers are
given.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sekisho.matching import kana_addresses, rarely
from sekisho.matching.gazetteer import NARROW, Gazetteer, as_number, begun, fold

_PREFECTURE = r"^(東京都|北海道|(?:大阪|京都)府|.{2,3}県)"
_KYOTO_STREET = r"^.{2,}(?:上ル|下ル|上る|下る|上ケル|上がる|下がる|東入ル?る?|西入ル?る?|入ル|入る)"
_CARE_OF = r"[(]?[^0-9(]{1,8}様?方[)]?$"
# 丁目 (in 堺市 丁), 番地 and the rest only separate numbers; what follows the last one is building and room.
_SEPARATOR = r"(\d)(?:丁目?|番地|番|号|-)+"
# Nearly all separators are single words, which are replaced four times as fast.
_ONE_SEPARATOR = {
    f"{digit}{word}": f"{digit}-" for digit in range(10) for word in ("丁目", "丁", "番地", "番", "号")
}
_MORE_SEPARATORS = r"\d-?(?:丁|番|号)|\d--"
# 3番地の5, but not the ノ of 3番ノースビル.
_POSSESSIVE = r"(\d)(?:丁目?|番地|番|号)?ノ(\d)"
# After 号, or after 番地 and a space or hyphen, comes a room; so does a number before 階 or F.
_ROOM_FOLLOWS = r"(\d)(?:号[-~ ]|番地?[-~ ]|番地?~)"
# 字一番耕地3336: fields were numbered too, and are left out as often as other 字.
_NUMBERED_FIELD = r"^\d+番(?:耕地|割|組)(\d)"
_FLOOR = r"[-~]?(\d+)(?:階|F)"
# What stands before the first number (北1条 is a town's name), as far as it folds alike whatever number follows.
_HEAD = r"^(?:[ \x{3000}]*(?:[\x{4E00}-\x{9FFF}ぁ-んァ-ヶー々-]|[0-9０-９]+条))+"
# Numerals digit by digit, and what makes one of the number behind: 五五の3.
# A town in kana may have figures in its name: ウエガハラ7バンチョウ.
_RUNS_ON = rf"[〇一二三四五六七八九]{{2}}|[〇一二三四五六七八九][のノー-]?$|{kana_addresses.BEGINS}"
_NUMBER_FIRST = r"^[0-9０-９]"
_PLAIN_NUMBERS = r"^(?:[0-9０-９]+(?:丁目?|番地|[番号－-]))*[0-9０-９]+(?:番地|[番号])?$"
_BETWEEN_NUMBERS = dict.fromkeys(("丁目", "丁", "番地", "番", "号"), "-")
_LOT = r"(?:第)?(\d+)地割"
_NUMBERS = r"^(\d+(?:-\d+)*)"
_BEFORE_NUMBERS = r"^([^0-9]*)"
# A01 is a room, the K of ハイツSK101 and the I of a folded Ⅰ or Ⅱ are not. One or two figures are a room where something
# says so; else the building is called so: ハイツ2, 2号館, 第2ビル.
_LETTERED_ROOM = r"(?:^|[^0-9A-Z])([A-HJ-UWYZ]\d+)(?:-?室|-)?$"
_LONG_ROOM = r"(\d{3,})[^0-9]*$"
_SHORT_ROOM = r"(?:^|[~#-])(\d+)$|(\d+)(?:-?室|F(?:号室?)?|-)$"
_HIGHEST_HOUSE_PART = 100
# More than three numbers, or three of which the last is above a hundred or has a zero in front, or a lot that a room
# follows without anything between: 4-14-8201 is room 201 of 4-14-8, for no house has 82 floors.
_MAY_HAVE_ROOM = r"^\d+-\d+-(?:\d+-|\d{3})|-\d{4,5}$"
_ROOM_AT_ONCE = r"^(\d+(?:-\d+)*-(?:[6-9]|\d{2}))([1-9](?:0[1-9]|1\d))$"
_PLACED = ("row", "rest", "jis", "prefecture", "city", "town", "town_name", "why")
PARTS = ("jis", "prefecture", "city", "town", "section", "house", "building", "room", "key", "why")
# Prefecture, district and municipality fit in this many characters.
_BEGINNING = 13
_CITY = ("row", "form", "jis", "prefecture", "city")
# 堺市 as it was before it had wards, and 東区 as it was before 大阪市 joined it to another.
_CITY_ALONE, _CITY_AND_WARD = r"^(.{1,5}?市)", r"^(.{1,5}?市(?:.{1,3}区)?)"
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

    `key` is the same for two spellings of one house and null when no number was found. `why` tells how the
    municipality was found: postcode, text, or neither. Nothing is guessed: an unknown town is kept as written.
    """
    codes = postal_codes if postal_codes is not None else pl.Series([None] * len(addresses), dtype=pl.String)
    given = pl.DataFrame(
        {"address": addresses.cast(pl.String), "code": codes.cast(pl.String)}
    ).with_row_index("row")
    parted = _parted(given)
    heads, parted = _folded(parted, variants)
    heads = kana_addresses.as_written(heads, gazetteer)
    placed = _placed(parted, _of_one_code(heads, gazetteer), gazetteer)
    return _key(_housed(placed, building="building" in parts)).select("row", *parts).sort("row").select(parts)


def _parted(given: pl.DataFrame) -> pl.DataFrame:
    """Adds head and tail (from the first number on; empty where the head may fold otherwise because of it, and
    then the head is all) and mark, the same for one head at one postcode: far fewer heads than addresses are written."""
    address = pl.col("address").fill_null("")
    split = given.with_columns(address, tail=address.str.replace(_HEAD, "")).with_columns(
        head=pl.col("address").str.strip_suffix(pl.col("tail"))
    )
    cut = pl.col("tail").str.contains(_NUMBER_FIRST) & ~pl.col("head").str.contains(_RUNS_ON)
    parted = split.with_columns(cut=cut).with_columns(
        tail=pl.when("cut").then("tail").otherwise(pl.lit("")),
        head=pl.when("cut").then("head").otherwise("address"),
    )
    # 240-0044 and 2400044 are one place: a third of the heads less.
    return parted.with_columns(code=_digits(pl.col("code"))).with_columns(
        mark=pl.struct("head", "code", "cut").hash()
    )


def _folded(parted: pl.DataFrame, variants: dict[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The heads, one a mark (mark, code, rest), and the rows with their tails folded: each head and each tail once, and
    all together, for the tables of numerals take a while to read."""
    heads = parted[parted["mark"].arg_unique()].select("mark", "head", "tail", "code")
    marked = parted.with_columns(end=pl.col("tail").hash())
    tails = marked[marked["end"].arg_unique()].select("end", "tail")
    both = pl.concat([heads["head"], tails["tail"].alias("head")]).to_frame("text")
    texts = both.select(
        rarely.where(pl.col("text"), _PLAIN_NUMBERS, _narrow, otherwise=lambda others: fold(others, variants))
    ).to_series()
    whole = pl.when(pl.col("tail") == "").then(_addressed(pl.col("rest"))).otherwise("rest")
    folded = heads.with_columns(rest=texts.head(heads.height)).select("mark", "code", rest=whole)
    ends = tails.with_columns(tail=texts.tail(tails.height)).with_columns(_addressed(pl.col("tail")))
    return folded, marked.select("row", "mark", "end").join(ends, on="end", how="left")


def _of_one_code(heads: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """The heads (mark, code, rest), where a text stands without a postcode, too, with one for all of its municipality,
    the one whose town it names, if the others know of no second: what is written alike is one place. Adds what the
    postcode says."""
    # Most time goes into a table of all postcodes: made once, and then of those that occur.
    said = gazetteer.first_of_code.join(heads.select(postal_code="code"), on="postal_code", how="semi")
    lacking = heads.filter(pl.col("code").fill_null("") == "", pl.col("rest") != "").select("rest").unique()
    alike = heads.join(lacking, on="rest", how="semi")
    placed = _said(alike, said)
    names_it = pl.col("rest").str.contains(pl.col("code_town"), literal=True)
    known = placed.filter(pl.col("code_jis").is_not_null()).sort(~names_it, "code")
    best = known.unique(["rest", "code_jis"], keep="first", maintain_order=True)
    single = best.filter(pl.len().over("rest") == 1).select("rest", single="code")
    told = placed.join(best.select("rest", "code_jis", told="code"), on=["rest", "code_jis"], how="left")
    filled = told.join(single, on="rest", how="left").select("mark", one=pl.coalesce("told", "single"))
    joined = heads.join(filled.drop_nulls("one"), on="mark", how="left", maintain_order="left")
    return _said(joined.select("mark", "rest", code=pl.coalesce("one", "code")), said)


def _said(frame: pl.DataFrame, codes: pl.DataFrame) -> pl.DataFrame:
    """Adds code_jis and code_town: what the postcode says."""
    return frame.join(codes, left_on="code", right_on="postal_code", how="left")


def _narrow(numbers: pl.Expr) -> pl.Expr:
    return numbers.str.replace_many(NARROW)


def _addressed(text: pl.Expr) -> pl.Expr:
    """Without whom the letter is care of."""
    return text.str.replace(_CARE_OF, "")


def _digits(code: pl.Expr) -> pl.Expr:
    plain = code.str.replace_all("-", "", literal=True)
    return rarely.where(plain, "[^0-9]", lambda few: few.str.normalize("NFKC").str.replace_all(r"[^0-9]", ""))


def _placed(parted: pl.DataFrame, heads: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Rows with municipality, town and `rest`, what stands behind both."""
    found = _by_section(heads.rename({"mark": "row"}), gazetteer)
    towns = found.select(pl.col("row").alias("mark"), *_PLACED[1:])
    joined = parted.select("row", "mark", "tail").join(towns, on="mark", how="left")
    known = joined.filter(pl.col("rest").is_not_null())
    lost = joined.filter(pl.col("rest").is_null()).select("row", "mark", "tail").join(heads, on="mark")
    whole = pl.concat_str("rest", "tail")
    wanting = lost.select("row", "code_jis", "code_town", rest=whole)
    others = _place_town(_place_city(wanting, gazetteer), gazetteer)
    return pl.concat([known.with_columns(rest=whole).select(_PLACED), others.select(_PLACED)])


def _by_section(folded: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Those (row, code, rest, code_jis, code_town) whose town stands before the first number, looked up once for all who
    live there: adds municipality and town, and strips both from `rest`."""
    told = folded.with_columns(section=pl.col("rest").str.extract(_BEFORE_NUMBERS))
    marked = told.with_columns(mark=pl.struct("section", "code").hash())
    heads = marked.unique("mark").select("code_jis", "code_town", row="mark", rest="section")
    left = _placed_heads(_place_city(heads, gazetteer), gazetteer)
    known = left.drop("code_jis", "code_town").rename({"row": "mark", "rest": "left"})
    joined = marked.join(known, on="mark", how="left")
    return joined.filter(pl.col("left").is_not_null()).with_columns(
        rest=pl.concat_str("left", pl.col("rest").str.strip_prefix(pl.col("section")))
    )


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
    given = pl.DataFrame({"address": addresses, "code": postal_codes})
    quick = _plainly_written(given, gazetteer)
    missing = (
        given.with_row_index("place").filter(quick.is_null()).with_columns(_beginning(pl.col("address")))
    )
    slowly = rarely.once(missing, ("address", "code"), lambda few: _from_beginnings(few, gazetteer, variants))
    return quick.scatter(slowly["place"], slowly["jis"]).alias("jis")


def _beginning(address: pl.Expr) -> pl.Expr:
    """What says the municipality; of an address in kana, all of it, for its town may be needed to tell two by one sound."""
    return (
        pl.when(address.str.contains(kana_addresses.BEGINS))
        .then(address)
        .otherwise(address.str.slice(0, _BEGINNING))
    )


def _from_beginnings(few: pl.DataFrame, gazetteer: Gazetteer, variants: dict[str, str]) -> pl.DataFrame:
    folded = few.with_row_index("row").with_columns(
        rest=fold(pl.col("address").fill_null(""), variants),
        code=_digits(pl.col("code")),
    )
    written = kana_addresses.as_written(folded, gazetteer)
    return _place_city(_said(written, gazetteer.first_of_code), gazetteer).sort("row").select("jis")


def _plainly_written(given: pl.DataFrame, gazetteer: Gazetteer) -> pl.Series:
    """The municipality of those who write its name as the post does, behind its postcode; null for others."""
    joined = given.select("address", number=as_number("code")).join(
        gazetteer.written, on="number", how="left", maintain_order="left"
    )
    text = pl.col("address")
    written = text.str.starts_with(pl.col("whole")) | text.str.starts_with(pl.col("city"))
    return joined.select(pl.when(written).then("jis")).to_series()


def _place_city(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Adds jis, prefecture, city, why to row, rest, code_jis and code_town; strips both from `rest`. The text wins over
    the postcode, which may be wrong."""
    frame = frame.with_columns(stated=pl.col("rest").str.extract(_PREFECTURE)).with_columns(
        rest=pl.col("rest").str.strip_prefix(pl.col("stated").fill_null(""))
    )
    quick = _city_of_code(frame, gazetteer)
    found, missing = quick.filter(pl.col("jis").is_not_null()), quick.filter(pl.col("jis").is_null())
    return pl.concat([found, _city_of_text(missing.drop("jis", "prefecture", "city", "why"), gazetteer)])


def _city_of_code(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    joined = frame.join(gazetteer.longest_forms, left_on="code_jis", right_on="jis", how="left")
    # 広島県府中市 is not that of a postcode in Tokyo.
    stated = (pl.col("stated") == pl.col("prefecture")).fill_null(True)
    written = stated & pl.col("rest").str.starts_with(pl.col("form"))
    shortly = stated & pl.col("rest").str.starts_with(pl.col("short"))
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
    best = begun(frame.select("row", "rest", "stated", "code_jis"), cities, "form")
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
    best = best.unique("row", keep="first", maintain_order=True).select(*_CITY, lead=pl.lit(""))
    for search in (_city_of_wards, _city_of_before):
        best = pl.concat([best, search(frame.join(best, on="row", how="anti"), gazetteer)])
    joined = frame.join(best, on="row", how="left")
    by_code = gazetteer.names.select(code_jis="jis", p2="prefecture", c2="city")
    joined = joined.join(by_code, on="code_jis", how="left").with_columns(
        why=pl.when(pl.col("jis").is_not_null())
        .then(pl.lit("text"))
        .when(pl.col("code_jis").is_not_null())
        .then(pl.lit("postcode"))
        .otherwise(pl.lit("neither")),
        rest=pl.concat_str(
            pl.col("lead").fill_null(""), pl.col("rest").str.strip_prefix(pl.col("form").fill_null(""))
        ),
        by_code_alone=pl.col("jis").is_null() & pl.col("code_jis").is_not_null(),
        prefecture=pl.coalesce("prefecture", "p2"),
        city=pl.coalesce("city", "c2"),
        jis=pl.coalesce("jis", "code_jis"),
    )
    # The text names no municipality of today: 相楽郡 in 木津川市 is not its town 相楽.
    rest = pl.when("by_code_alone").then(pl.col("rest").str.replace(_FORMER_COUNTY, "${1}")).otherwise("rest")
    return joined.with_columns(rest=rest).select(*frame.columns, "jis", "prefecture", "city", "why")


def _city_of_wards(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """A city without its ward, or with one that is no more, by its town: 堺市鳳北町, 大阪市東区本町. `form` is what stands
    before the town."""
    heads = frame.with_columns(
        head=pl.col("rest").str.extract(_CITY_ALONE), form=pl.col("rest").str.extract(_CITY_AND_WARD)
    )
    wards = heads.join(gazetteer.wards, on="head").filter(
        (pl.col("stated") == pl.col("pref")).fill_null(True)
    )
    behind = wards.with_columns(rest=pl.col("rest").str.strip_prefix(pl.col("form")))
    towns = gazetteer.towns_of(wards["jis"]).select("jis", "town")
    hits = begun(behind, towns, "town", by=["jis"])
    of_code = (pl.col("jis") == pl.col("code_jis")).fill_null(False)
    length = pl.col("town").str.len_chars()
    near = hits.filter(length == length.max().over("row")).filter(of_code | ~of_code.any().over("row"))
    return _only(near.with_columns(lead=pl.lit("")))


def _city_of_before(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Where the text names no municipality of today: one that was merged, if its name lives on and the postcode says
    nothing else.

    `form` is the name of before, `lead` what of it begins the town today: nothing of 大宮市, but the 信楽町 of
    甲賀郡信楽町 and the 大宇陀 of 宇陀郡大宇陀町.
    """
    county = pl.col("rest").str.extract(_COUNTY).fill_null("")
    heads = frame.select("row", "rest", "stated", "code_jis", county=county).with_columns(
        head=pl.col("rest").str.replace(_COUNTY, "").str.extract(r"^(.{1,6}?[市町村])"),
    )
    found = heads.join(gazetteer.former.rename({"rest": "lead"}), on="head").filter(
        (pl.col("stated") == pl.col("pref")).fill_null(True),
        (pl.col("code_jis") == pl.col("jis")).fill_null(True),
        ~pl.col("rural") | (pl.col("county") != ""),
    )
    sure = found.filter(~pl.col("rural") | pl.col("rural").all().over("row"))
    return _only(sure.with_columns(form=pl.concat_str("county", "head")))


def _only(found: pl.DataFrame) -> pl.DataFrame:
    """Those rows of which one municipality was found."""
    single = found.filter(pl.col("jis").n_unique().over("row") == 1).unique("row", maintain_order=True)
    return single.select(*_CITY, "lead")


def _place_town(frame: pl.DataFrame, gazetteer: Gazetteer) -> pl.DataFrame:
    """Adds town and chome (does the town have 丁目), strips the town from `rest`."""
    kyoto = (pl.col("city") != "").fill_null(False) & pl.col("city").str.starts_with("京都市").fill_null(
        False
    )
    frame = frame.with_columns(
        rest=pl.when(kyoto).then(pl.col("rest").str.replace(_KYOTO_STREET, "")).otherwise(pl.col("rest"))
    )
    towns = gazetteer.towns_of(frame["jis"])
    named = (
        frame.select("row", "jis", "rest")
        .with_columns(town="rest")
        .join(towns, on=["jis", "town"], how="left")
    )
    whole, longer = (
        named.filter(pl.col("town_name").is_not_null()),
        named.filter(pl.col("town_name").is_null()),
    )
    hits = begun(longer.select("row", "jis", "rest"), towns, "town", by=["jis"])
    longest = hits.sort("row", pl.col("town").str.len_chars()).unique("row", keep="last", maintain_order=True)
    # Where nothing stands behind the town (of three heads two) it needs no search: 0.1 µs an address less.
    found = pl.concat([part.select("row", "town", "town_name", "chome") for part in (whole, longest)])
    joined = frame.join(found, on="row", how="left")
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


def _housed(placed: pl.DataFrame, *, building: bool) -> pl.DataFrame:
    """Adds section, house, room and, if it is asked for, building. What stands behind a town stands behind others, too:
    taken apart once, that is 0.3 µs an address less."""
    marked = placed.with_columns(mark=pl.col("rest").hash())
    distinct = marked.select("mark", "rest").unique("mark")
    apart = _room(_take_apart(distinct), building=building).drop("rest", "numbers", "tail")
    return marked.join(apart, on="mark", how="left")


def _take_apart(placed: pl.DataFrame) -> pl.DataFrame:
    """mark, rest, section (what stands before the number), numbers and tail (what stands behind them)."""
    plain = placed.select(pl.col("rest").str.contains(_PLAIN_NUMBERS)).to_series()
    nothing = pl.lit("")
    numbers = pl.col("rest").str.replace_many(_BETWEEN_NUMBERS, leftmost=True).str.strip_chars_end("-")
    apart = _from_text(placed.filter(~plain))
    numbered = placed.filter(plain).with_columns(section=nothing, numbers=numbers, tail=nothing)
    return pl.concat([numbered.select(apart.columns), apart])


def _from_text(placed: pl.DataFrame) -> pl.DataFrame:
    parts = placed.with_columns(left=_separated(pl.col("rest"))).with_columns(
        section=pl.col("left").str.extract(_BEFORE_NUMBERS)
    )
    parts = parts.with_columns(tail=pl.col("left").str.strip_prefix(pl.col("section")))
    parts = parts.with_columns(numbers=pl.col("tail").str.extract(_NUMBERS))
    tail = pl.col("tail").str.strip_prefix(pl.col("numbers").fill_null("")).str.strip_chars_start("-")
    return parts.with_columns(tail=tail).select("mark", "rest", "section", "numbers", "tail")


def _separated(text: pl.Expr) -> pl.Expr:
    """House numbers with hyphens between, rooms behind ~, floors as ~3F."""
    fieldless = rarely.where(text, _NUMBERED_FIELD, lambda few: few.str.replace(_NUMBERED_FIELD, "${1}"))
    lots = rarely.where(fieldless, "地割", lambda few: few.str.replace_all(_LOT, "${1}-"))
    possessed = rarely.where(lots, _POSSESSIVE, _possessed)
    roomed = rarely.where(possessed, _ROOM_FOLLOWS, lambda few: few.str.replace_all(_ROOM_FOLLOWS, "${1}~"))
    floors = rarely.where(roomed, "[階F]", lambda few: few.str.replace_all(_FLOOR, "~${1}F"))
    single = floors.str.replace_many(_ONE_SEPARATOR, leftmost=True)
    return rarely.where(single, _MORE_SEPARATORS, lambda few: few.str.replace_all(_SEPARATOR, "${1}-"))


def _possessed(text: pl.Expr) -> pl.Expr:
    """Twice, as with every mark between two numbers."""
    return text.str.replace_all(_POSSESSIVE, "${1}-${2}").str.replace_all(_POSSESSIVE, "${1}-${2}")


def _room(parts: pl.DataFrame, *, building: bool) -> pl.DataFrame:
    """Adds house, room and building (or none): the last number of the building text, or the surplus last number of 1-2-3-405."""
    roomless = (pl.col("tail") == "") & ~pl.col("numbers").str.contains(_MAY_HAVE_ROOM)
    told = parts.select(roomless.fill_null(False)).to_series()
    nothing = pl.lit(None, dtype=pl.String)
    plain = parts.filter(told).with_columns(house="numbers", building=pl.lit(""), room=nothing)
    return pl.concat([plain, _with_room(parts.filter(~told), building=building).select(plain.columns)])


def _with_room(parts: pl.DataFrame, *, building: bool) -> pl.DataFrame:
    counted = parts.with_columns(
        numbers=pl.when(pl.col("tail").str.contains(r"\d"))
        .then("numbers")
        .otherwise(pl.col("numbers").str.replace(_ROOM_AT_ONCE, "${1}-${2}"))
    ).with_columns(
        count=pl.col("numbers").str.count_matches("-", literal=True) + 1,
        last=pl.col("numbers").str.extract(r"(\d+)$"),
    )
    counted = rarely.once(counted, ("tail",), _room_of_tail)
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
        building=_building(pl.col("tail"), pl.col("in_tail")) if building else pl.lit(""),
    )


def _room_of_tail(tails: pl.DataFrame) -> pl.DataFrame:
    """The number that stands last behind the house's, unless it is the building's own. (Of six buildings' tails five
    stand behind other houses, too.)"""
    tail = pl.col("tail")
    short = [tail.str.extract(_SHORT_ROOM, side) for side in (1, 2)]
    return tails.select(
        in_tail=pl.coalesce(tail.str.extract(_LETTERED_ROOM), tail.str.extract(_LONG_ROOM), *short)
    )


def _building(tail: pl.Expr, room: pl.Expr) -> pl.Expr:
    lettered = tail.str.replace(r"[A-Z]\d+[^0-9]*$", "")
    plain = tail.str.replace(r"\d+[^0-9]*$", "")
    return (
        pl.when(room.is_null()).then(tail).when(room.str.contains("^[A-Z]")).then(lettered).otherwise(plain)
    ).str.strip_chars("-")


def _key(parts: pl.DataFrame) -> pl.DataFrame:
    """jis, town and house. Where the town is unknown the text before the number stands in for it."""
    town = pl.coalesce("town", "section")
    key = pl.concat_str(pl.col("jis").fill_null(""), pl.lit("|"), town, pl.lit("|"), pl.col("house"))
    return parts.with_columns(key=key, town=pl.coalesce("town_name", "section"))
