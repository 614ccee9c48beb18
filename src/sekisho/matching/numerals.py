"""Kanji numerals where addresses use them: before 丁目, 番, 号 and their like; never inside 三条町 or
八王子."""

from __future__ import annotations

import re
from collections.abc import Iterator

import polars as pl

from sekisho.matching import rarely

_DIGITS = "〇一二三四五六七八九"
# 九四四番地 and 一三の四 digit by digit; never the town 一二三町.
_RUN = rf"[{_DIGITS}]{{2,}}"
_AFTER_RUN = rf"番|号|階|棟|地割|[-ー]|[のノ][{_DIGITS}十\d]|\s|$"
_POSITIONAL = re.compile(rf"{_RUN}(?={_AFTER_RUN})|(?<=[番地号のノー-]){_RUN}(?![十百千条町丁])")
_BESIDE_RUN = re.compile(
    rf"(?<=\d[のノー-])[{_DIGITS}](?![十百千条町丁])|(?<![十百千])[{_DIGITS}](?=[のノー-]\d)"
)
_PLACES = str.maketrans(_DIGITS, "0123456789")
_THOUSANDS = r"([二三四五六七八九]千[一二三四五六七八九十百]*)(番|号)"
_SIZES = {"千": 1000, "百": 100, "十": 10}
_UNITS = ("丁目", "番地", "番", "号", "地割", "階", "棟")
_SIGNS = f"[{_DIGITS}十百千壱壹弐貳参參]+"
_BEFORE_UNIT, _BEHIND_UNIT = rf"{_SIGNS}(?:{'|'.join(_UNITS)})?", rf"(?:番地[ノの]?|番|号){_SIGNS}"
# A numeral where it may be a number; 三田 and 四谷 are none.
_NUMERAL = rf"[〇一二三四五六七八九十百千壱壹弐貳参參](?:{'|'.join(_UNITS)}|-|〇)|[番地号ノの-][一二三四五六七八九十百千]|[0-9]条"


def kanji_number(value: int) -> str:
    """1…9999 as written in addresses: 23 → 二十三, 1204 → 千二百四."""
    words = []
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count, value = divmod(value, size)
        if count:
            words.append(("" if count == 1 and unit else _DIGITS[count]) + unit)
    return "".join(words)


# How figures are read, the usual way first; 北四条 is キタヨジョウ or キタシジョウ.
_SPOKEN = (
    ("",),
    ("イチ",),
    ("ニ",),
    ("サン",),
    ("ヨ", "ヨン", "シ"),
    ("ゴ",),
    ("ロク",),
    ("シチ", "ナナ"),
    ("ハチ",),
    ("ク", "キュウ"),
)
_TENS = ("", "", "ニ", "サン", "ヨン", "ゴ", "ロク", "ナナ", "ハチ", "キュウ")


def spoken(value: int) -> tuple[str, ...]:
    """The readings of 1…99 in katakana, the likeliest before 条 first: 14 is ジュウヨ, ジュウヨン or ジュウシ."""
    tens, ones = divmod(value, 10)
    before = f"{_TENS[tens]}ジュウ" if tens else ""
    return tuple(before + one for one in _SPOKEN[ones])


def to_digits(text: pl.Expr) -> pl.Expr:
    """三丁目二番地十一号 → 3丁目2番地11号, and positional 一〇三号 → 103号."""
    return rarely.where(text, _NUMERAL, _as_digits)


def by_place(text: pl.Expr) -> pl.Expr:
    """九四四番地 as 944番地, and 五の一二の三 as 5の12の3."""
    return rarely.where(text, _RUN, lambda few: few.map_batches(_by_place, return_dtype=pl.String))


def _as_digits(text: pl.Expr) -> pl.Expr:
    counted = _by_table(rarely.where(text, _THOUSANDS, _thousands), _ALL, _BEFORE_UNIT)
    bare = rarely.where(counted, _BEHIND_UNIT, lambda few: _by_table(few, _FOLLOWING, _BEHIND_UNIT))
    return bare.str.replace_many(_BESIDE_HYPHENS, leftmost=True).str.replace_many(
        _BEHIND_HYPHENS, leftmost=True
    )


def _by_table(text: pl.Expr, table: dict[str, str], run: str) -> pl.Expr:
    """Replaced by those patterns of a long table that occur, which stand within runs: to read all of them takes longer
    than to use them."""
    longest = max(map(len, table))

    def replaced(texts: pl.Series) -> pl.Series:
        runs = texts.str.extract_all(run).explode().unique().drop_nulls()
        met = {part for found in runs for part in _parts(found, longest)}
        known = {word: figures for word, figures in table.items() if word in met}
        return texts.str.replace_many(known, leftmost=True)

    return text.map_batches(replaced, return_dtype=pl.String, is_elementwise=True)


def _parts(text: str, longest: int) -> Iterator[str]:
    for start in range(len(text)):
        for end in range(start, min(start + longest, len(text))):
            yield text[start : end + 1]


def _by_place(texts: pl.Series) -> pl.Series:
    runs = (_POSITIONAL.sub(_translated, text) for text in texts)
    return pl.Series(texts.name, [_BESIDE_RUN.sub(_translated, text) for text in runs], dtype=pl.String)


def _translated(run: re.Match[str]) -> str:
    return run[0].translate(_PLACES)


def _thousands(text: pl.Expr) -> pl.Expr:
    """二千四百三十二番地; few lots are numbered so high, and a table of them would be long."""
    return text.map_elements(
        lambda written: re.sub(_THOUSANDS, lambda found: f"{_value(found[1])}{found[2]}", written),
        return_dtype=pl.String,
    )


def _value(numeral: str) -> int:
    """2432 of 二千四百三十二."""
    total = figure = 0
    for sign in numeral:
        if sign in _SIZES:
            total, figure = total + (figure or 1) * _SIZES[sign], 0
        else:
            figure = _DIGITS.index(sign)
    return total + figure


def _positional_patterns() -> dict[str, str]:
    """Pairs such as 二〇 that only positional writing has; they may stand anywhere."""
    pairs = {f"{_DIGITS[a]}〇": f"{a}0" for a in range(1, 10)}
    triples = {f"{_DIGITS[a]}〇{_DIGITS[b]}": f"{a}0{b}" for a in range(1, 10) for b in range(10)}
    return pairs | triples


def _patterns() -> dict[str, str]:
    table = {}
    for value in range(1, 2000):
        units = _UNITS if value < 100 else ("番地", "番", "号")
        for unit in units:
            table[kanji_number(value) + unit] = f"{value}{unit}"
    return table


def _following() -> dict[str, str]:
    """A bare numeral right after a unit: 404番地二 → 404番地2. The longest comes first."""
    return {
        f"{unit}{kanji_number(value)}": f"{unit}{value}"
        for value in range(999, 0, -1)
        for unit in ("番地ノ", "番地の", "番地", "番", "号")
    }


def _beside_hyphens() -> dict[str, str]:
    """三-一-三 → 3-1-3; 北1条西, the other way round, is 北一条西, because towns are called so."""
    numbers = {kanji_number(value): str(value) for value in range(299, 0, -1)}
    before = {f"{word}-": f"{number}-" for word, number in numbers.items()}
    roads = {f"{value}条": f"{kanji_number(value)}条" for value in range(60, 0, -1)}
    return before | roads


def _legal() -> dict[str, str]:
    """壱, 弐 and 参 of deeds."""
    digits = {"壱": "1", "壹": "1", "弐": "2", "貳": "2", "参": "3", "參": "3"}
    return {word + unit: digit + unit for word, digit in digits.items() for unit in _UNITS}


# Where two patterns start together the longer one is meant; the matcher takes the one that is listed first.
_ALL = dict(sorted((_positional_patterns() | _patterns() | _legal()).items(), key=lambda pair: -len(pair[0])))
_FOLLOWING = _following()
_BESIDE_HYPHENS = _beside_hyphens()
_BEHIND_HYPHENS = {f"-{kanji_number(value)}": f"-{value}" for value in range(299, 0, -1)}
