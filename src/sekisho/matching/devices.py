"""Devices: street lamps, signals and other things that hold a contract but are nobody.

Seed 000 counts 1.46 million of them inside the companies' figure. A device stands at its supply point; its
name says what it is and which number it bears, and those tell apart two that followed each other at one
point.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from sekisho.matching import kana, vocabulary

# What a device is called, in writing and in sound; the first word of a line names its class.
_LINES = vocabulary.lines("devices", "classes")
_BEARING = r"(?:号|ゴウ|ゴオ|番|バン)?(?:機|柱|灯|基|キ|チユウ|チュウ|トウ|トオ)?"
_NUMBER = rf"(\d+) ?{_BEARING}$"
# Any lamp, camera or pump that bears a number, known or not: アーケード灯139, but neither 山田 灯 nor 青葉照明.
_SHAPES = vocabulary.lines("devices", "shapes")
_BEFORE_NUMBER = r"[ -]*(?:第|ダイ|NO\.?|№|#)?[ -]*"


# The end of a key without a number.
UNNUMBERED = "|"


def _is_kana(word: str) -> bool:
    return all("ァ" <= char <= "ー" for char in word)


def _pattern(words: list[str]) -> str:
    """Written words as they are, spoken ones as their sound."""
    spoken = kana.sounds_of([word for word in words if _is_kana(word)])
    return "|".join([*(word for word in words if not _is_kana(word)), *spoken])


def _alone(word: str) -> str:
    return rf"^{word}|(?:^| ){word}(?: |$)"


# Too short to be looked for inside other words, by class.
_SHORT_OF = {
    _LINES[0][0]: _alone("ガイトオ"),
    _LINES[1][0]: rf"{_alone('シンゴオ')}|信号$",
    "踏切": _alone("フミキリ"),
    "水門": _alone("スイモン"),
}
_SHORT = "|".join(_SHORT_OF.values())
# What is left of 公衆街路灯 where a bank's field ends in the middle.
_LAMP_BEGUN = r"(?:.{9}(?:ガイロト|ボオハント| ボオハン| コオシユウ(?:ガイ?ロ?)?)|ジチカイ コオシ?)$"


def _begun(words: list[str]) -> list[str]:
    """What is left of words where a field ends in the middle of them: トイレショウメ, ジドウハンバイ."""
    sounds = kana.sounds_of([word for word in words if _is_kana(word)])
    return sorted({sound[:-cut] for sound in sounds for cut in (1, 2) if len(sound) - cut > 3})


def _cut(begun: list[str]) -> str:
    return rf".{{9}} (?:コオシユウ)?(?:{'|'.join(begun)})$"


_CUT_OF = {line[0]: _cut(begun) for line in _LINES if (begun := _begun(line))}
_ANY_CUT = rf"{_LAMP_BEGUN}|{_cut(_begun([word for line in _LINES for word in line]))}"


def _numbered(words: list[str]) -> str:
    return rf"(?:[^ ]{{3}}|\p{{Han}})(?:{_pattern(words)}){_BEFORE_NUMBER}\d+ ?{_BEARING}$"


_SHAPED_OF = {line[0]: _numbered(line) for line in _SHAPES}
_SHAPED = _numbered([word for line in _SHAPES for word in line])
_NOT_AN_OWNER = r"[^\p{Han}ぁ-ゖァ-ヺーA-Z]|公衆|NO"
_ENDS_NUMBERED = rf"\d ?{_BEARING}$"
_PATTERNS = [_pattern(line) for line in _LINES]
_CLASSES = [
    *((line[0], pattern) for line, pattern in zip(_LINES, _PATTERNS, strict=True)),
    *_SHORT_OF.items(),
    (_LINES[0][0], _LAMP_BEGUN),
    *_CUT_OF.items(),
    *_SHAPED_OF.items(),
]
LAMP, SIGNAL = _PATTERNS[:2]
_ANYWHERE = [
    word for pattern in _PATTERNS for word in pattern.split("|") if word not in ("フミキリ", "スイモン")
]
# Two patterns: one of both would be ten times slower.
_LONG = "|".join(_ANYWHERE)


def is_device(text: pl.Expr, sound: pl.Expr) -> pl.Expr:
    """Whether a name, given as text and (null where it has no kana) as sound, is a device's."""
    heard = (sound.str.contains(_LONG) | sound.str.contains(_SHORT) | sound.str.contains(_ANY_CUT)).fill_null(
        False
    )
    return text.str.contains(_LONG) | text.str.contains(_SHORT) | heard | _is_shaped(text, sound)


def _is_shaped(text: pl.Expr, sound: pl.Expr) -> pl.Expr:
    """Whether a thing's word and its number end the name."""

    def told(columns: Sequence[pl.Series]) -> pl.Series:
        texts, sounds = columns
        numbered = texts.str.contains(_ENDS_NUMBERED).fill_null(False)
        rows = numbered.arg_true()
        heard = sounds.gather(rows).str.contains(_SHAPED).fill_null(False)
        return numbered.scatter(rows, texts.gather(rows).str.contains(_SHAPED) | heard)

    return pl.map_batches([text, sound], told, return_dtype=pl.Boolean)


def device_class(text: pl.Expr) -> pl.Expr:
    """The class of a device from its folded text (writing or sound), or null: 街路灯 for 防犯灯 NO.12."""
    return text.map_batches(_classes, return_dtype=pl.String, is_elementwise=True)


def _classes(texts: pl.Series) -> pl.Series:
    """The first class that a text has a word of. Most devices are lamps; only the others are asked for the rest."""
    first, *others = _CLASSES
    chosen = _first_of(texts, [first])
    rest = chosen.is_null().arg_true()
    return chosen.scatter(rest, _first_of(texts.gather(rest), others))


def _first_of(texts: pl.Series, classes: list[tuple[str, str]]) -> pl.Series:
    text, chosen = pl.col("text"), pl.lit(None, dtype=pl.String)
    for name, pattern in reversed(classes):
        chosen = pl.when(text.str.contains(pattern)).then(pl.lit(name)).otherwise(chosen)
    return texts.alias("text").to_frame().select(chosen.alias("class")).to_series()


def owner(text: pl.Expr) -> pl.Expr:
    """What stands beside a device's class and number, without signs: 青葉市 of 青葉市公衆街路灯 and 青葉市　防犯灯 No.3."""
    rest = text.str.replace_all(_LONG, "").str.replace(_NUMBER, "")
    return rest.str.replace_all(_NOT_AN_OWNER, "")


def device_number(text: pl.Expr) -> pl.Expr:
    """The device's own number at the end of its name: 第1093号, No.1093, 1093号."""
    return text.str.extract(_NUMBER).str.strip_chars_start("0")
