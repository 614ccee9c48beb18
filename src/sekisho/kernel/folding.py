"""Look-up keys: the same name, reading, phone or address typed in different ways folds to one key.

A clerk types half-width kana, a letter has old kanji, a form has 1丁目2番3号 where another has 1-2-3. Keys
are made once, at import, and once more from what is typed into the search box; both sides use this module.
Keys are for finding, not for deciding that two customers are one: that is 名寄せ (package `matching`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from sekisho.kernel.values import HYPHENS

_HIRAGANA = [chr(code) for code in range(0x3041, 0x3097)]
_KATAKANA = [chr(code + 0x60) for code in range(0x3041, 0x3097)]
_SMALL_TO_LARGE = dict(zip("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ", strict=True))
_SAME_SOUND = {"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヱ": "エ", "ヰ": "イ"}

OLD_KANJI: Final = dict(
    zip(
        "髙﨑嵜碕𠮷濵濱邊邉邉齋齊斉澤櫻廣國島嶋嶌濹瀨德惠眞榮龍瀧應關藪藪靜淸鐵橫黑晝佛渕淵舘",
        "高崎崎崎吉浜浜辺辺辺斎斎斎沢桜広国島島島墨瀬徳恵真栄竜滝応関薮薮静清鉄横黒昼仏淵淵館",
        strict=True,
    )
)
"""Old and rare forms that stand in names, with the form that a clerk types. For finding only."""

_COMPANY_FORMS = {
    "(株)": "株式会社",
    "(有)": "有限会社",
    "(同)": "合同会社",
    "(資)": "合資会社",
    "(名)": "合名会社",
    "(社)": "社団法人",
    "(財)": "財団法人",
    "(医)": "医療法人",
    "(学)": "学校法人",
}
_KANJI_DIGITS = dict(zip("〇一二三四五六七八九", "0123456789", strict=True))
_PUNCTUATION = r"[\s・･.,、。，．'’`´\"“”()\[\]「」『』/]+"
_ANY_HYPHEN = f"[{HYPHENS}〜~]+"


def name_key(text: pl.Expr) -> pl.Expr:
    """Key of a name in kanji or Latin letters: width, case, blanks, old kanji and （株） folded."""
    plain = text.str.normalize("NFKC").str.to_uppercase().str.replace_many(_COMPANY_FORMS)
    return plain.str.replace_all(_PUNCTUATION, "").str.replace_many(OLD_KANJI)


def kana_key(text: pl.Expr) -> pl.Expr:
    """Key of a reading: katakana without small letters, long-vowel marks and blanks (シヨウ = ショー…)."""
    katakana = text.str.normalize("NFKC").str.to_uppercase().str.replace_many(_HIRAGANA, _KATAKANA)
    bare = katakana.str.replace_all(_ANY_HYPHEN, "").str.replace_all(_PUNCTUATION, "")
    # what stood between a letter and its voicing mark is gone now: join them before sounds are compared
    return bare.str.replace_many(_SMALL_TO_LARGE).str.normalize("NFKC").str.replace_many(_SAME_SOUND)


def phone_key(text: pl.Expr) -> pl.Expr:
    """Key of a telephone number: its digits, +81 as 0."""
    return (
        text.str.normalize("NFKC").str.replace(r"^\s*\+81[-\s]*\(?0?\)?", "0").str.replace_all(r"[^0-9]", "")
    )


def address_key(text: pl.Expr) -> pl.Expr:
    """Key of an address: 1丁目2番3号, 一丁目２－３ and 1-2-3 are one; ヶ, ケ, が too; 大字 and 字 go."""
    plain = text.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[\s、,]+", "")
    numbered = plain.str.replace_all(r"十([一二三四五六七八九])(丁目|番|号|条)", "1${1}${2}")
    for kanji, figure in _KANJI_DIGITS.items():
        numbered = numbered.str.replace_all(f"{kanji}(丁目|番|号|条)", f"{figure}${{1}}")
    hyphened = numbered.str.replace_all(_ANY_HYPHEN, "-").str.replace_all(r"(丁目|番地の?|番|号室|号)", "-")
    joined = hyphened.str.replace_all(r"-+", "-").str.replace_all(r"-$", "")
    return (
        joined.str.replace_all(r"大字|字", "")
        .str.replace_all(r"[ヶケがガ]", "ケ")
        .str.replace_many(OLD_KANJI)
    )


def fold(key: Callable[[pl.Expr], pl.Expr], text: str) -> str:
    """One text folded as a whole column would be: for what a person typed."""
    return str(pl.Series("text", [text]).to_frame().select(key(pl.col("text"))).item())
