"""Kana as sound: two spellings that a clerk would read aloud the same way fold to one string.

Bank-style kana has no small letters (シヨウ for ショウ), half-width kana splits voicing marks, and long vowels are
written three ways (コウ, コー, コオ). A *sound* is the spelling after all of that is folded away; a *dull sound* also
drops voicing (ナカジマ, ナカシマ), and is only ever used as a second step because it joins names that do differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

import polars as pl

from sekisho.matching import rarely

_HIRAGANA = [chr(code) for code in range(0x3041, 0x3097)]
_KATAKANA = [chr(code + 0x60) for code in range(0x3041, 0x3097)]
_SMALL = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_MERGED = {"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヱ": "エ", "ヰ": "イ", "ヴ": "ブ"}
ROWS = {
    "ア": "アカガサザタダナハバパマヤラワ",
    "イ": "イキギシジチニヒビピミリ",
    "ウ": "ウクグスズツヌフブプムユル",
    "エ": "エケゲセゼテデネヘベペメレ",
    "オ": "オコゴソゾトドノホボポモヨロ",
}
_LONG = {kana + "ー": kana + vowel for vowel, row in ROWS.items() for kana in row} | {"ー": ""}
_O_U = {kana + "ウ": kana + "オ" for kana in ROWS["オ"]}
_E_I = {kana + "イ": kana + "エ" for kana in ROWS["エ"]}
_CLEAR = dict(
    zip(
        "ガギグゲゴザジズゼゾダデドバビブベボパピプペポ",
        "カキクケコサシスセソタテトハヒフヘホハヒフヘホ",
        strict=True,
    )
)
# Hiragana and small letters as large katakana, in one pass.
_ALIKE = _SMALL | _MERGED
_LARGE = _ALIKE | {
    hiragana: _ALIKE.get(katakana, katakana) for hiragana, katakana in zip(_HIRAGANA, _KATAKANA, strict=True)
}
# ヴィラ is ビラ; the bank's large letters write ヴイラ.
_FOREIGN = {
    f"{first}{second}": sound
    for first in "ヴゔ"
    for sound, seconds in {"バ": "ァアぁあ", "ビ": "ィイぃい", "ベ": "ェエぇえ", "ボ": "ォオぉお"}.items()
    for second in seconds
}
_HEARD = _FOREIGN | _LARGE
_LETTERS = str.maketrans(_LARGE)
_ONLY_LETTERS, _HIRAGANA_LETTER = re.compile("[ぁ-ゖァ-ヺー]+"), re.compile("[ぁ-ゖ]")
# A hyphen of any kind between kana is a long vowel; the postal office's own file writes パワ-.
_KANA_HYPHEN = r"([ァ-ヺ])[-‐‑–—−ｰ]"
# As many texts are folded one by one sooner than Polars prepares its tables.
_FEW = 100

KANA = r"ァ-ヺー"
ONLY_KANA = r"^[ァ-ヺぁ-ゖー・ 　ｦ-ﾟ=＝-]+$"


def katakana(text: pl.Expr) -> pl.Expr:
    """Full-width katakana in NFKC form; hiragana becomes katakana, other characters stay."""
    wide = text.str.normalize("NFKC").str.replace_many(_HIRAGANA, _KATAKANA)
    return wide.str.replace_all(_KANA_HYPHEN, "${1}ー")


def sound(text: pl.Expr) -> pl.Expr:
    """The sound of kana text: small letters large, ヂヅヲ as ジズオ, long vowels as vowels, オ段+ウ as
    オ, エ段+イ as エ."""
    return heard(text.str.normalize("NFKC"))


def heard(text: pl.Expr) -> pl.Expr:
    """`sound` for text that is in NFKC form already; much the cheaper."""
    large = text.str.replace_many(_HEARD, leftmost=True)
    long = rarely.where(large, _KANA_HYPHEN, lambda few: few.str.replace_all(_KANA_HYPHEN, "${1}ー"))
    return long.str.replace_many(_LONG, leftmost=True).str.replace_many(_O_U | _E_I)


def dull(sounds: pl.Expr) -> pl.Expr:
    """A sound without voicing; for second steps only."""
    return sounds.str.replace_many(_CLEAR)


def sounds_of(texts: list[str]) -> list[str]:
    """`sound` for a plain list."""
    if len(texts) <= _FEW:
        return [sound_of(text) for text in texts]
    return (
        pl.Series("text", texts, dtype=pl.String)
        .to_frame()
        .select(sound(pl.col("text")))
        .to_series()
        .to_list()
    )


def sound_of(text: str) -> str:
    """`sound` for one text: 3 µs, where Polars takes a millisecond to prepare its tables for it."""
    plain = unicodedata.normalize("NFKC", text)
    large = _HYPHEN_BEHIND.sub(r"\1ー", _FOREIGN_PAIR.sub(_by_table(_FOREIGN), plain).translate(_LETTERS))
    return _DOUBLED.sub(_by_table(_O_U | _E_I), _STRETCHED.sub(_by_table(_LONG), large))


def _by_table(table: dict[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda match: table[match[0]]


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """The longest first."""
    return re.compile("|".join(sorted(words, key=len, reverse=True)))


_HYPHEN_BEHIND = re.compile(_KANA_HYPHEN)
_FOREIGN_PAIR, _STRETCHED, _DOUBLED = _any_of(_FOREIGN), _any_of(_LONG), _any_of(_O_U | _E_I)


@lru_cache(maxsize=1 << 14)
def spelt_out(name: str) -> str | None:
    """The sound of a name that is written in kana throughout (はるか); None for any other."""
    return sound_of(name) if name and _ONLY_LETTERS.fullmatch(name) else None


def large(text: str) -> str:
    """Kana letter by letter as large katakana; other characters stay."""
    return text.translate(_LETTERS)


def without_hiragana(name: str) -> str:
    """ゆう子 as ユウ子, letter by letter."""
    return large(name) if _HIRAGANA_LETTER.search(name) else name


def dull_of(sounds: list[str]) -> list[str]:
    """`dull` for a plain list of sounds."""
    return (
        pl.Series("text", sounds, dtype=pl.String)
        .to_frame()
        .select(dull(pl.col("text")))
        .to_series()
        .to_list()
    )
