"""From text to typed values, a whole column at once; and, for the few that fail, the reason in words.

Columns are decided by Polars over a block of rows. Only a refused cell is looked at again, one by one, by
`why`, which must agree with the column's decision (a property test holds the two together).
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final
from unicodedata import normalize

import polars as pl

from sekisho.kernel.values import HYPHENS, Reason, why_not_digits
from sekisho.registry.files import (
    FORMULA_STARTS,
    Choice,
    Column,
    Day,
    Digits,
    Fixed,
    Flag,
    Shape,
    Slots,
    Text,
    Whole,
)

EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2200, 1, 1)

_TRUE = ("1", "true", "TRUE", "True", "はい")
_FALSE = ("0", "false", "FALSE", "False", "いいえ")

NO_DAY: Final = Reason(
    f"ありえない日付です(例 2026-04-01。{EARLIEST.year}年から{LATEST.year - 1}年まで)",
    f"is no day, as 2026-04-01, of the years {EARLIEST.year} to {LATEST.year - 1}",
)
NO_SLOTS: Final = Reason(
    "時刻コード(1〜48)の並びではありません(例 3-5 7)", "is no list of half-hours 1–48, as 3-5 7"
)

Decided = tuple[pl.Series, pl.Series]
"""The values (null where the cell is empty or refused), and which cells are acceptable (empty ones are)."""


def trimmed(raw: pl.Series, *, from_excel: bool) -> pl.Series:
    """Cells without surrounding blanks, in NFC, and without the apostrophe that the Excel file puts."""
    text = raw.str.strip_chars().str.normalize("NFC")
    return text.str.replace(f"^'([{re.escape(FORMULA_STARTS)}])", "${1}") if from_excel else text


def decide(column: Column, text: pl.Series) -> Decided:
    """Read one trimmed column."""
    filled = text != ""
    values, fits = _read(column.shape, text)
    accepted = fits | ~filled if not column.required else fits & filled
    keep = filled & accepted
    return _where(values, keep), accepted


def _where(values: pl.Series, keep: pl.Series) -> pl.Series:
    return values if keep.all() else pl.select(pl.when(keep).then(values)).to_series()


def _text(shape: Text, text: pl.Series) -> Decided:
    fits = text.str.len_chars() <= shape.longest
    if shape.pattern:
        fits &= text.str.contains(f"^(?:{shape.pattern})$")
    return text, fits


def _digits(shape: Digits, text: pl.Series) -> Decided:
    form = f"^[0-9]{{{shape.length}}}$"
    fits = text.str.contains(form)
    if not fits.all():
        text = text.str.normalize("NFKC").str.replace_all(f"[{HYPHENS}\\s]", "")
        fits = text.str.contains(form)
    return text, fits


def _choice(shape: Choice, text: pl.Series) -> Decided:
    codes = {spelling: code for code, word in shape.words for spelling in (code, word)}
    values = text.replace_strict(codes, default=None, return_dtype=pl.String)
    return values, values.is_not_null()


def _day(text: pl.Series) -> Decided:
    if not (text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$") | (text == "")).all():
        text = text.str.normalize("NFKC").str.replace_all(r"[年月./]", "-").str.replace("日$", "")
        text = text.str.replace(r"^([0-9]{4})([0-9]{2})([0-9]{2})$", "${1}-${2}-${3}")
        text = text.str.replace(r"-([0-9])-", "-0${1}-").str.replace(r"-([0-9])$", "-0${1}")
    values = text.str.to_date("%Y-%m-%d", strict=False)
    return values, (values >= EARLIEST).fill_null(False) & (values < LATEST).fill_null(False)


def _narrowed(text: pl.Series, form: str) -> Decided:
    """Full-width figures as half-width ones, and which cells then have the form."""
    fits = text.str.contains(form)
    if fits.all():
        return text, fits
    text = text.str.normalize("NFKC")
    return text, text.str.contains(form)


def _whole(shape: Whole, text: pl.Series) -> Decided:
    text, plain = _narrowed(text, r"^[0-9]{1,15}$")
    values = _where(text, plain).cast(pl.Int64)
    return values, (values >= shape.least).fill_null(False) & (values <= shape.most).fill_null(False)


def _fixed(shape: Fixed, text: pl.Series) -> Decided:
    text, plain = _narrowed(text, rf"^[0-9]{{1,8}}(\.[0-9]{{1,{shape.places}}}0*)?$")
    # Exact: eight digits and four places lie far within a double's 53 bits, and rounding undoes its last bit.
    number = _where(text, plain).cast(pl.Float64)
    values = (number * 10**shape.places).round().cast(pl.Int64)
    fits = (number <= shape.most).fill_null(False)
    return (values if shape.scaled else _where(text, plain)), fits


def _flag(text: pl.Series) -> Decided:
    words = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    values = text.replace_strict(words, default=None, return_dtype=pl.Boolean)
    return values, values.is_not_null()


def _slots(text: pl.Series) -> Decided:
    masks = pl.Series(text.name, [slot_mask(value) for value in text.to_list()], dtype=pl.Int64)
    return masks, masks.is_not_null()


@lru_cache(maxsize=4096)
def slot_mask(text: str) -> int | None:
    """The bit mask of `3-5 7`; None when it is no list of slots between 1 and 48."""
    mask = 0
    for part in re.split(r"[\s;、]+", normalize("NFKC", text)):
        ends = re.fullmatch(r"([0-9]{1,2})(?:-([0-9]{1,2}))?", part)
        first, last = (int(ends[1]), int(ends[2] or ends[1])) if ends else (1, 0)
        if not 1 <= first <= last <= 48:
            return None
        mask |= (1 << last) - (1 << (first - 1))
    return mask


def _read(shape: Shape, text: pl.Series) -> Decided:
    match shape:
        case Text():
            return _text(shape, text)
        case Digits():
            return _digits(shape, text)
        case Choice():
            return _choice(shape, text)
        case Whole():
            return _whole(shape, text)
        case Fixed():
            return _fixed(shape, text)
        case Day():
            return _day(text)
        case Flag():
            return _flag(text)
        case Slots():
            return _slots(text)


def why(column: Column, text: str) -> Reason:
    """Why a trimmed cell of this column is refused."""
    if text == "":
        return Reason("必須の項目が空欄です", "is required but empty")
    match column.shape:
        case Text() as shape:
            return _why_text(shape, text)
        case Digits() as shape:
            return _why_digits(shape, text)
        case Choice() as shape:
            return _why_choice(shape)
        case Whole() as shape:
            return _why_whole(shape)
        case Fixed() as shape:
            return _why_fixed(shape, text)
        case Day():
            return NO_DAY
        case Flag():
            return Reason("1 か 0 ではありません", "is neither 1 nor 0")
        case Slots():
            return NO_SLOTS


def _why_text(shape: Text, text: str) -> Reason:
    if len(text) > shape.longest:
        return Reason(
            f"{shape.longest}字までのところ{len(text)}字あります",
            f"has {len(text)} characters, at most {shape.longest}",
        )
    return Reason(f"形式が違います(正しい形: {shape.pattern})", f"does not have the form {shape.pattern}")


def _why_digits(shape: Digits, text: str) -> Reason:
    reason = why_not_digits(text, length=shape.length)
    return reason or Reason("数字の並びではありません", "is no number")


def _why_choice(shape: Choice) -> Reason:
    listed = ", ".join(f"{code}({word})" for code, word in shape.words)
    return Reason(
        f"使える値ではありません: {listed}", "is none of " + ", ".join(code for code, _ in shape.words)
    )


def _why_whole(shape: Whole) -> Reason:
    return Reason(
        f"{shape.least}から{shape.most}までの整数ではありません",
        f"is no whole number from {shape.least} to {shape.most}",
    )


def _why_fixed(shape: Fixed, text: str) -> Reason:
    if re.fullmatch(r"-[0-9]+(\.[0-9]+)?", text):
        return Reason("負の値は使えません", "must not be negative")
    return Reason(
        f"0から{shape.most}まで、小数{shape.places}位までの数ではありません",
        f"is no number from 0 to {shape.most} with at most {shape.places} decimals",
    )
