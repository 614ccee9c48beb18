"""Companies: legal forms in all their spellings, branches, Latin letters read aloud, and the 法人番号.

A legal form marks a company but does not tell two apart, so it is removed before names are compared: 株式会社青葉工業,
（株）青葉工業 and カ)アオバコウギヨウ are one company. What follows as a branch stays available as evidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from sekisho.matching import kana, rarely, vocabulary

_WORDS_OF = vocabulary.section("companies")
_LATIN_FORM = r"(?:,? ?CO\.?,? ?LTD\.?|,? INC\.?|,? ?K\.?K\.?|,? LLC\.?|,? CORP(?:ORATION|\.)?)$"
_HAN = re.compile("[一-鿿]")
_SPACES, _DOTTED = r"\s+", r"\b([A-Z])[.．・]"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The names of each Latin letter and each digit; the first is the usual one.
LETTERS = dict(zip(_ALPHABET, vocabulary.lines("companies", "letters"), strict=True))
DIGITS = vocabulary.lines("companies", "digits")


def _large(word: str) -> str:
    return word.translate(str.maketrans("ャュョッ", "ヤユヨツ"))


def _long(word: str) -> str:
    """ホウジン as ホージン."""
    return word.replace("ウ", "ー")


def _however_spelt(word: str) -> str:
    """ゴウドウカイシャ as a pattern that also takes the bank's ゴウドウカイシヤ and ゴードーカイシャ."""
    pairs = {"ャ": "[ャヤ]", "ュ": "[ュユ]", "ョ": "[ョヨ]", "ッ": "[ッツ]", "ウ": "[ウー]"}
    return "".join(pairs.get(char, char) for char in word)


class _Form(NamedTuple):
    """A legal form in all its spellings: whole words, signs in brackets, marks of the bank, what begins a name."""

    words: list[str]
    signs: list[str]
    marks: list[str]
    heads: list[str]


def _read(key: str) -> list[_Form]:
    blank: list[list[str]] = [[]] * len(_Form._fields)
    return [_Form(*(line + blank)[: len(blank)]) for line in vocabulary.fields("companies", key)]


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(dict.fromkeys(words), key=len, reverse=True)


_CLASSES = _read("legal_forms")
_KNOWN = [
    *_CLASSES,
    *(_Form([], signs, marks, []) for signs, marks in vocabulary.fields("companies", "marks")),
]
_FORMS = _longest_first(word for form in _KNOWN for word in form.words)
_SPOKEN = _longest_first(
    spelling
    for word in _FORMS
    if not _HAN.search(word)
    for spelling in (word, word.replace("ガイシャ", "カイシャ"))
)
_LEADING = "|".join(f"^{word}" for form in _KNOWN for word in form.heads)
_WORDS = "|".join([*_FORMS, *map(_however_spelt, _SPOKEN), _LEADING])
_HEARD = [*_SPOKEN, *map(_large, _SPOKEN)]
_LITERAL = [*_FORMS, *dict.fromkeys([*_HEARD, *map(_long, _HEARD)])]
_BANK_MARKS = "|".join(mark for form in _KNOWN for mark in form.marks)
_MARKS = "|".join(mark for form in _KNOWN for mark in (*form.signs, *form.marks))
_MARK = rf"\((?:{_MARKS})\)|^(?:{_BANK_MARKS})\)|\((?:{_BANK_MARKS})(?:$| )|(?:^| )カブ(?:$| )| カ\)$"
_FORM = "|".join([*_LITERAL, _MARK, _LEADING, _LATIN_FORM])
LEGAL_FORM = rf"(?:{_WORDS})|{_MARK}|{_LATIN_FORM}"

_CLASS_OF = {
    _large(spelling): form.words[0]
    for form in _CLASSES
    for written in form
    for word in written
    for spelling in (word, word.replace("ガイシャ", "カイシャ"))
}
_AROUND_A_MARK = re.compile("[() ]")
_BETWEEN_MARKS = "|"


# Cells of half-width kana, in which a mark of voicing has one of its own, that fields of names have.
_FIELDS = [20, 24, 30, 40]
_VOICED = "[ガギグゲゴザジズゼゾダヂヅデドバビブベボパピプペポヴ]"
LONG_IN_KANA = r"^[^\p{Han}]{12,40}$"
_LAST_WORD = r"^([^ ].{5,}) [^ ]+$"
_SHORTEST_FORM = 4


def _begun(words: list[str], shortest: int) -> set[str]:
    """What stands of the words where a field ends in the middle of them."""
    return {word[:size] for word in words for size in range(shortest, len(word))}


def _longer(words: list[str]) -> list[str]:
    return [word for word in kana.sounds_of(words) if len(word) > 2]


# No word boundaries: they would make the pattern many times slower.
_LATIN_TRADE = rf"(?:^|[^A-Z])(?:{'|'.join(_WORDS_OF['latin_trades'])})(?:[^A-Z]|$)"
# A word of one character (店, 会) is a trade only at the end.
_GAS = "ガス"
TRADES = [word for word in _WORDS_OF["trades"] if len(word) > 1 and word != _GAS]
# ガス is in ナガスネヒコ, too.
_LAST_TRADE = (
    rf"(?:{'|'.join(word for word in _WORDS_OF['trades'] if len(word) == 1)})$|{_GAS}(?:[^{kana.KANA} ]|$)"
)
_SPOKEN_TRADES = kana.sounds_of([word for word in _WORDS_OF["spoken_trades"] if len(word) > 2])
# A short sound is a trade only at the end: フクシ (福祉) is not in フクシマ.
_LONG_SOUNDS = [word for word in _SPOKEN_TRADES if len(word) >= 5]
_LAST_SOUND = rf"(?:{'|'.join(word for word in _SPOKEN_TRADES if len(word) < 5)})$"
# Behind a name without a space: 歯科, 寿司; and 店 behind a town, too.
SHOP_ENDS = kana.sounds_of(_WORDS_OF["shop_ends"])
SHOP_SOUND = rf"^[{kana.KANA}]{{2,}}(?:{'|'.join(SHOP_ENDS)})$| [{kana.KANA}]{{4,}}テン$"
# A short one may begin somebody's name (スシダ) unless enough follows it.
_FIRST_TRADES = kana.sounds_of(_WORDS_OF["leading_trades"])
_FIRST_SOUND = (
    rf"^(?:{'|'.join(word for word in _FIRST_TRADES if len(word) > 3)})[{kana.KANA}]{{2}}"
    rf"|^(?:{'|'.join(_FIRST_TRADES)})[{kana.KANA}]{{3}}"
)
# 若葉管理組合 and 青葉医療 are whole, though 管理組合法人 and 医療法人 begin so.
_HEADS = {word.removesuffix("ホウジン").removesuffix("ホージン") for word in _HEARD}
_BEGUN_FORMS = sorted(_begun(_HEARD, _SHORTEST_FORM) - _HEADS)
_NO_TRADES = [
    form
    for form, sound in zip(_BEGUN_FORMS, kana.sounds_of(_BEGUN_FORMS), strict=True)
    if not sound.endswith(tuple(_SPOKEN_TRADES))
]
_BEGUN_FORM = rf"(?:{'|'.join(sorted(_NO_TRADES, key=lambda form: (-len(form), form)))})$"
_BEGUN_BEHIND = rf" {_BEGUN_FORM}"
BRANCH = rf"(?:[^ ]{{0,6}}(?:{'|'.join(_WORDS_OF['branches'])})|第[0-9]{{1,2}})$"
# Behind a name that no space ends, 店 would make a branch of 東急百貨店.
_LONG_BRANCHES = [word for word in _WORDS_OF["branches"] if len(word) > 1]
_LONG_SPOKEN_BRANCHES = _longer(_WORDS_OF["spoken_branches"])
LONG_BRANCH = rf"[^ ]{{0,6}}(?:{'|'.join(_LONG_BRANCHES)})$"
LONG_BRANCH_SOUND = rf"[^ ]{{0,8}}(?:{'|'.join(_LONG_SPOKEN_BRANCHES)})$"
BRANCH_SOUND = rf"[^ ]{{0,8}}(?:{'|'.join(kana.sounds_of(_WORDS_OF['spoken_branches']))})$"
# オオサカエイギヨ: a branch that its field's end cut in two.
_BEGUN_BRANCH = rf"^[^ ]{{1,8}}(?:{'|'.join(sorted(_begun(_LONG_SPOKEN_BRANCHES, 3)))})$"
_BRANCH_BEHIND = re.compile(rf" {BRANCH}")


# What a company adds to its name when it grows; at one address and by an application it is the same one.
_SPOKEN_GROWN = kana.sounds_of(_WORDS_OF["spoken_grown"])
GROWN = re.compile("|".join(_WORDS_OF["grown"]))
GROWN_SOUND = re.compile("|".join(_SPOKEN_GROWN))
# How a name ends that another one may lack the end of.
GOES_ON = (*_LONG_BRANCHES, *_WORDS_OF["grown"])
GOES_ON_SOUND = (*_LONG_SPOKEN_BRANCHES, *_SPOKEN_GROWN)


def has_form(text: pl.Expr) -> pl.Expr:
    """Whether a legal form is written, in words or as a mark."""
    return text.str.contains(_FORM)


def is_traded(text: pl.Expr) -> pl.Expr:
    """Whether a trade is written."""
    # A pattern of all words would take twice as long.
    return text.str.contains_any(TRADES) | text.str.contains(_LAST_TRADE) | text.str.contains(_LATIN_TRADE)


def trade_heard(sound: pl.Expr) -> pl.Expr:
    """Whether a trade is heard."""
    # What three tests are about is worked out once only where they are one step.
    return sound.map_batches(_trades_heard, return_dtype=pl.Boolean, is_elementwise=True)


def _trades_heard(sounds: pl.Series) -> pl.Series:
    sound = pl.col("sound")
    heard = (
        sound.str.contains_any(_LONG_SOUNDS)
        | sound.str.contains(_LAST_SOUND)
        | sound.str.contains(_FIRST_SOUND)
    )
    return sounds.alias("sound").to_frame().select(heard).to_series()


# カ アオバコウギヨウ, アオバコウギヨウ カ: the bank's mark without its bracket. 何 シュン is shorter.
BARE_MARK = r"^[カユド] [ァ-ヺー][ァ-ヺー ]{6,}$|^[ァ-ヺー][ァ-ヺー ]{6,} [カユド](?: [ァ-ヺー ]+)?$"


def with_mark(text: pl.Expr) -> pl.Expr:
    """A name with a BARE_MARK with its brackets."""
    return text.str.replace(r"^([カユド]) ", "${1})").str.replace(r" ([カユド])( |$)", " (${1})${2}")


def legal_form(text: pl.Expr) -> pl.Expr:
    """The legal form of a company, under one name however it is spelt (（株）, カ) and カブシキガイシャ are 株式会社);
    null where none is certain: none is written, or two, or Co., Ltd., which may be any."""
    return text.str.extract_all(LEGAL_FORM).list.join(_BETWEEN_MARKS).map_batches(_classes, pl.String)


def _classes(marks: pl.Series) -> pl.Series:
    known = {mark: _class_of(mark) for mark in marks.drop_nulls().unique()}
    return marks.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.String)


def _class_of(marks: str) -> str | None:
    """The one class that all marks of a name are of."""
    found = {_CLASS_OF.get(_large(_AROUND_A_MARK.sub("", mark))) for mark in marks.split(_BETWEEN_MARKS)}
    return found.pop() if len(found) == 1 else None


def without_form(text: pl.Expr) -> pl.Expr:
    """The name with its legal form replaced by a space."""
    return text.str.replace_all(LEGAL_FORM, " ").str.replace_all(r"\s+", " ").str.strip_chars(" ・,.")


def uncut(text: pl.Expr) -> pl.Expr:
    """A LONG_IN_KANA name without what the end of its field cut in two. A bank's field has so many cells:
    カブシキガイシャアオバ コウベミナ loses the beginning of its branch, and アオバカブシキガイ that of its form. Behind a space
    カブシキガイ is one whatever the field has."""
    return rarely.where(text, _fills_a_field, _without_cut).str.replace(_BEGUN_BEHIND, "")


def _fills_a_field(text: pl.Expr) -> pl.Expr:
    cells = text.str.len_chars() + text.str.count_matches(_VOICED)
    return cells.is_in(_FIELDS)


def _without_cut(text: pl.Expr) -> pl.Expr:
    whole_words = rarely.where(text, _LAST_WORD, lambda few: rarely.where(few, _begins_a_branch, _shortened))
    return whole_words.str.replace(_BEGUN_FORM, "")


def _begins_a_branch(text: pl.Expr) -> pl.Expr:
    """Whether the last word may be the beginning of a branch, and is nothing whole."""
    word = text.str.extract(r" ([^ ]+)$")
    last = kana.heard(word)
    begun = last.str.contains(_BEGUN_BRANCH) & trade_heard(kana.heard(text.str.replace(_LAST_WORD, "${1}")))
    ended = trade_heard(last) | last.str.contains(BRANCH_SOUND) | has_form(word)
    return (has_form(text) | begun) & ~ended


def _shortened(text: pl.Expr) -> pl.Expr:
    shorter = text.str.replace(_LAST_WORD, "${1}")
    # カブシキガイシャ アオモリギンコウ is as long as a field by chance: without its last word nobody is named.
    named = without_form(shorter).str.len_chars() > 1
    return pl.when(named).then(shorter).otherwise(text)


def whole(text: pl.Expr) -> pl.Expr:
    """The written name with its branch, its spaces and signs, and without its legal form; L.A.G. is LAG."""
    return whole_of_bare(without_form(text))


def whole_of_bare(bare: pl.Expr) -> pl.Expr:
    """`whole` from what is `without_form`."""
    return rarely.where(bare, _DOTTED, lambda few: few.str.replace_all(_DOTTED, "${1}"))


def spoken(text: pl.Expr) -> pl.Expr:
    """The sound of a name in kana without its legal form."""
    return kana.sound(without_form(text))


def whole_sound(text: pl.Expr) -> pl.Expr:
    """The same as `whole` for a name in kana, as its sound; only the spaces are left between."""
    return whole_of(spoken(text))


def whole_of(spoken: pl.Expr) -> pl.Expr:
    """`whole_sound` from what is `spoken`."""
    letters = spoken.str.replace_all(rf"[^ &{kana.KANA}A-Z0-9]", "")
    return letters.str.replace_all(" +", " ").str.strip_chars(" ")


def core(text: pl.Expr) -> pl.Expr:
    """The written name that tells a company apart: no legal form, no separately written branch, no spaces."""
    return core_of_whole(whole(text))


def core_of_whole(whole: pl.Expr) -> pl.Expr:
    """`core` from the `whole` name."""
    return _trunk(whole, BRANCH)


def core_sound(text: pl.Expr) -> pl.Expr:
    """The same as `core` for a name in kana, as its sound."""
    return core_of_spoken(spoken(text))


def core_of_spoken(spoken: pl.Expr) -> pl.Expr:
    """`core_sound` from what is `spoken`."""
    return _trunk(spoken, BRANCH_SOUND)


def core_of_column(column: pl.Expr) -> pl.Expr:
    """`core_sound` of a kana column as it is written, in half or full width, with its legal form; null where it says
    nothing."""
    # Its sound would not do: no legal form is found in ゴオドオガイシヤ.
    text = rarely.where(kana.katakana(column), LONG_IN_KANA, uncut)
    spaced = rarely.uppercase(text).str.replace_all(_SPACES, " ").str.strip_chars(" ")
    return rarely.unless_empty(core_sound(spaced))


def _trunk(parts: pl.Expr, branch: str) -> pl.Expr:
    behind = rf" {branch}"
    return rarely.where(parts, behind, lambda few: _without_branch(few, behind)).str.replace_all(r"[^\w]", "")


def _without_branch(parts: pl.Expr, behind: str) -> pl.Expr:
    trunk = parts.str.replace(behind, "")
    return pl.when(trunk.str.len_chars() > 1).then(trunk).otherwise(parts)


def trunk_end(text: str) -> int:
    """Where a separately written branch begins in a name without its legal form, else its end."""
    found = _BRANCH_BEHIND.search(text) if " " in text else None
    return found.start() if found and found.start() > 1 else len(text)


def letters_as_kana(text: str) -> str:
    """YS → ワイエス; what is not a Latin letter stays."""
    return re.sub("[A-Z]", lambda match: LETTERS[match[0]][0], text.upper())


def is_corporate_number(text: str) -> bool:
    """Whether 13 digits carry the right check digit (法人番号の指定等に関する省令 第2条)."""
    if not re.fullmatch(r"[1-9][0-9]{12}", text):
        return False
    body = text[:0:-1]
    total = sum(int(digit) * (1 if place % 2 == 0 else 2) for place, digit in enumerate(body))
    return int(text[0]) == 9 - total % 9


def same_but_branch(left: str, right: str, *, sounds: bool = False) -> bool:
    """Whether the longer name is the shorter followed by a branch written without a space."""
    short, long = (right, left) if len(right) < len(left) else (left, right)
    if len(short) < 2 or not long.startswith(short):
        return False
    return re.fullmatch(BRANCH_SOUND if sounds else BRANCH, long[len(short) :]) is not None
