"""Kanji numerals where addresses use them: before 丁目, 番, 号 and their like; never inside 三条町 or
八王子."""

from __future__ import annotations

import polars as pl

_DIGITS = "〇一二三四五六七八九"
_UNITS = ("丁目", "番地", "番", "号", "地割", "階", "棟")


def kanji_number(value: int) -> str:
    """1…9999 as written in addresses: 23 → 二十三, 1204 → 千二百四."""
    words = []
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count, value = divmod(value, size)
        if count:
            words.append(("" if count == 1 and unit else _DIGITS[count]) + unit)
    return "".join(words)


def to_digits(text: pl.Expr) -> pl.Expr:
    """三丁目二番地十一号 → 3丁目2番地11号, and positional 一〇三号 → 103号."""
    counted = text.str.replace_many(_ALL, leftmost=True)
    return counted.str.replace_many(_FOLLOWING, leftmost=True)


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


# Where two patterns start together the longer one is meant; the matcher takes the one that is listed first.
_ALL = dict(sorted((_positional_patterns() | _patterns()).items(), key=lambda pair: -len(pair[0])))
_FOLLOWING = _following()
