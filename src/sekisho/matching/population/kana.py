"""Spellings of one reading as Japanese back offices write them.

A retailer's system decides how a name looks: full katakana, half-width katakana, the large-kana
style of bank transfer files (シヨウ for ショウ), hiragana, or by ear (オー for オオ). The generator
needs all of them from one reading. It deliberately shares no code with the matcher's folding:
a mistake in one must not hide the same mistake in the other.
"""

from __future__ import annotations

import re

import jaconv

_KATAKANA = [chr(code) for code in range(0x30A1, 0x30FB)] + ["ー", "・"]
_HALF = {ord(char): jaconv.z2h(char, kana=True, ascii=False, digit=False) for char in _KATAKANA}
_LARGE = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_BANK_MARKS = str.maketrans({"ー": "-", "・": ".", "ｰ": "-", "･": "."})
_O_ROW = "オコソトノホモヨロゴゾドボポョ"
_LONG_O = re.compile(f"([{_O_ROW}])[ウオ]")
_LONG_E = re.compile("([エケセテネヘメレゲゼデベペ])イ")
_BY_EAR = str.maketrans("ヅヂヲ", "ズジオ")


def half_width(kana: str) -> str:
    """Half-width katakana with separate voicing marks: ヤマダ → ﾔﾏﾀﾞ."""
    return kana.translate(_HALF)


def bank_full(kana: str) -> str:
    """Full-width bank style without small letters: ショウ → シヨウ."""
    return kana.translate(_LARGE)


def bank_half(kana: str) -> str:
    """Half-width bank style; the long mark becomes a hyphen: ジェニー → ｼﾞｴﾆ-."""
    return half_width(bank_full(kana)).translate(_BANK_MARKS)


def hiragana(kana: str) -> str:
    """Hiragana: ヤマダ → やまだ."""
    return str(jaconv.kata2hira(kana))


def by_ear(kana: str) -> str:
    """What a clerk writes from the telephone: オオノ → オーノ, ヅ → ズ, ケイコ → ケーコ."""
    heard = _LONG_O.sub(r"\1ー", kana.translate(_BY_EAR))
    return _LONG_E.sub(r"\1ー", heard)


def katakana(hiragana_text: str) -> str:
    """Katakana: やまだ → ヤマダ."""
    return str(jaconv.hira2kata(hiragana_text))
