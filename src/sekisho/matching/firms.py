"""How alike two companies' names are: written beside written, and written beside heard.

A branch is no part of who a company is, but says which of its names another one belongs to: the same branch tells more
than none, and none more than another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from rapidfuzz.distance import Postfix, Prefix
from rapidfuzz.fuzz import ratio

from sekisho.matching import companies, kana
from sekisho.matching.aloud import Reached, Reciter, Said, Spelt
from sekisho.matching.evidence import NOT_ALIKE, Likeness, Name, by_weight, dull

# The weight of a name that is surely read so, and of each natural log unit of doubt.
_READ, _STEP = 7.0, 1.2
# With and without a branch; with another one, and with one that sounds the same.
_BRANCH, _OTHER_BRANCH, _SAME_BRANCH = 4.0, 2.5, 5.0
# Grown by a word that a parent company bears, too; cut by a field that ends.
_GROWN, _CUT, _FIELD = -1.5, 3.0, 14
_LONG, _HOPELESS = 7, 40.0
_SHORTEST = 2
_READABLE = re.compile(r"[0-9&]")
_LATIN = re.compile("[A-Z]{2,6}")
_SPOKEN = re.compile(r"(?=.*[ァ-ヺ])[ァ-ヺーA-Z ]+")
# 2号店 is a branch.
_NUMBERED = re.compile(
    r"(?:(?:第|ダイ|NO\.? ?|№|#)(\d+)|(?<!\d)(\d+)(?=号|ゴオ))(?:号|ゴオ)?(?:機|柱|棟|館|基|灯|井|車|キ|チユウ|トオ|カン|セイ|シヤ)?$"
)
_DIGIT = re.compile(r"\d")
_BARE = re.compile(r"(.*\D)(\d+)")
_BRANCH_SOUND, _BRANCH_WRITTEN = re.compile(companies.LONG_BRANCH_SOUND), re.compile(companies.LONG_BRANCH)


class Heard(NamedTuple):
    """A name as it is heard: the whole sound, and how much of it stands before a branch."""

    whole: str
    trunk: int


class Numbered(NamedTuple):
    """Who bears a number, which one, and whether a word or a sign says that it is one."""

    bearer: str
    number: str
    told: bool


def compare(left: Name, right: Name, reciter: Reciter) -> Likeness:
    """The evidence of two names of which at least one is a company's."""
    if _numbered_otherwise(left, right):
        return NOT_ALIKE
    written, spoken = _sides(left, right)
    if (written.written == "kana") == (spoken.written == "kana"):
        return _one_script(written, spoken, reciter)
    return _heard(written, spoken, reciter)


def _numbered_otherwise(left: Name, right: Name) -> bool:
    """第109号 is not 第110号, whatever bears the number, nor 青葉24 青葉25."""
    texts = text_of(left), text_of(right)
    if not (_DIGIT.search(texts[0]) and _DIGIT.search(texts[1])):
        return False
    one, other = map(_number, texts)
    if one is None or other is None or one.number == other.number:
        return False
    return one.told is other.told is True or one.bearer == other.bearer


@lru_cache(maxsize=1 << 12)
def _number(text: str) -> Numbered | None:
    """The number at the end of a name."""
    if told := _NUMBERED.search(text):
        return Numbered(text[: told.start()].rstrip(), (told[1] or told[2]).lstrip("0"), True)
    bare = _BARE.fullmatch(text)
    return Numbered(bare[1].rstrip(), bare[2].lstrip("0"), False) if bare else None


def _sides(left: Name, right: Name) -> tuple[Name, Name]:
    """The written name first; of two in kana the one with digits or signs to be read, パーク24."""
    if left.written == right.written == "kana":
        return (right, left) if _to_be_read(right) else (left, right)
    return (left, right) if left.written != "kana" else (right, left)


def _to_be_read(name: Name) -> bool:
    return _READABLE.search(name.words or "") is not None


def _one_script(left: Name, right: Name, reciter: Reciter) -> Likeness:
    alike = _both_written(left, right)
    if left.written != "kana":
        return max(alike, *_letter_by_letter(left, right, reciter), key=by_weight)
    if not _to_be_read(left):
        return alike
    return max(alike, _heard(left, right, reciter), key=by_weight)


def _letter_by_letter(left: Name, right: Name, reciter: Reciter) -> Iterator[Likeness]:
    """SE化学 beside SEカガク, and YA産業 beside ワイエー産業: one of two written names says what the other is read as."""
    yield NOT_ALIKE
    for written, other in ((text_of(left), text_of(right)), (text_of(right), text_of(left))):
        if _SPOKEN.fullmatch(other):
            whole = _sound(companies.letters_as_kana(other))
            yield Likeness(_read_as(written, Heard(whole, len(whole)), reciter).weight, "company_alike")
        elif (letters := _LATIN.search(written)) and not _LATIN.search(other):
            head, tail = written[: letters.start()], written[letters.end() :]
            said = other.removeprefix(head).removesuffix(tail)
            sound = _sound(said)
            if head + said + tail == other and len(sound) in _ends(letters[0], sound, [0]):
                yield Likeness(_READ, "company_alike")


def _heard(written: Name, spoken: Name, reciter: Reciter) -> Likeness:
    """A name that is read beside one in kana."""
    heard = heard_as(spoken)
    if not _has_column(written):
        return _read_as(text_of(written), heard, reciter)
    told = _by_column(written.full or "", heard)
    if told.weight >= _BRANCH:
        return told
    # A column may be cut, misspelt or another branch's: what the name itself says counts, too.
    read = _read_as(text_of(written), heard, reciter)
    return max(told, read, key=by_weight)


def _has_column(written: Name) -> bool:
    return bool(written.full) and written.written != "kana"


def _read_as(text: str, heard: Heard, reciter: Reciter) -> Likeness:
    """A written name as books, letters and characters are read, beside one that is heard."""
    said = reciter.said(text)
    if _is_as_said(said, heard):
        most = _READ if said.sound == heard.whole else _cap(said, heard)
        return Likeness(min(read_weight(said.chance), most), "company_reading")
    if not _may_be_heard(text, said, heard, reciter):
        return NOT_ALIKE
    spelt = reciter.spelt(text)
    # Two kana are alike too easily; ZOZO is read ゾゾ all the same.
    alike = _alike(spelt, heard) if len(heard.whole) > _SHORTEST else NOT_ALIKE
    return max((NOT_ALIKE, alike, *_read(spelt, heard)), key=by_weight)


def worth_opening(pairs: Iterable[tuple[Name, Name]], reciter: Reciter) -> set[str]:
    """The names of which a reading beside one in kana is in question; they are opened together."""
    mixed = [
        _sides(left, right)
        for left, right in pairs
        if "company" in (left.kind, right.kind) and (left.written == "kana") != (right.written == "kana")
    ]
    asked = [
        (text_of(written), heard_as(spoken)) for written, spoken in mixed if _in_question(written, spoken)
    ]
    reciter.listen(text for text, _ in asked)
    return {text for text, heard in asked if _is_open(text, reciter.said(text), heard, reciter)}


def _in_question(written: Name, spoken: Name) -> bool:
    return not _has_column(written) or _by_column(written.full or "", heard_as(spoken)).weight < _BRANCH


def _is_open(text: str, said: Said, heard: Heard, reciter: Reciter) -> bool:
    return not _is_as_said(said, heard) and _may_be_heard(text, said, heard, reciter)


@lru_cache(maxsize=1 << 14)
def _may_be_heard(text: str, said: Said, heard: Heard, reciter: Reciter) -> bool:
    """斉藤住建 is said サイフジスミダテ, and KW機械 キロワットキカイ: all the same the one begins as the books of surnames
    say, and the other has its letters by their names."""
    hopeless = _is_hopeless(said.sound, heard)
    return not hopeless or _has_letters(text, heard.whole) or reciter.begins_with_surname(text, heard.whole)


def _has_letters(text: str, heard: str) -> bool:
    """Whether the Roman letters of a name are heard one by one: KW in ケイダブリユーキカイ."""
    letters = _LATIN.search(text)
    return letters is not None and bool(_ends(letters[0], heard, range(len(heard))))


def _ends(letters: str, heard: str, starts: Iterable[int]) -> set[int]:
    """Where the names of the letters end in what is heard, said one after the other from one of the starts."""
    ends = set(starts)
    for letter in letters:
        sounds = _names_of_letters()[letter]
        ends = {end + len(sound) for end in ends for sound in sounds if heard.startswith(sound, end)}
    return ends


@cache
def _names_of_letters() -> dict[str, list[str]]:
    return {letter: list(dict.fromkeys(kana.sounds_of(names))) for letter, names in companies.LETTERS.items()}


def _is_as_said(said: Said, heard: Heard) -> bool:
    """Whether the name is heard as it is likely read, but for a branch of one of them; then no other reading need be
    known."""
    if said.sound == heard.whole:
        return len(heard.whole) > _SHORTEST
    two_branches = said.trunk < len(said.sound) and heard.trunk < len(heard.whole)
    same_trunk = said.sound[: said.trunk] == heard.whole[: heard.trunk]
    return said.trunk > _SHORTEST and same_trunk and not two_branches


def _is_hopeless(said: str, heard: Heard) -> bool:
    """A name of some length is hardly ever misread from its beginning to its end."""
    if len(heard.whole) < _LONG or len(heard.whole) >= _FIELD:
        return False
    size = min(len(said), heard.trunk)
    trunks = ratio(dull(said[:size]), dull(heard.whole[:size]))
    return max(trunks, ratio(dull(said), dull(heard.whole))) < _HOPELESS


@lru_cache(maxsize=1 << 14)
def _by_column(column: str, heard: Heard) -> Likeness:
    """The name's own kana says how it is read; no book need be asked."""
    trunk = heard.whole[: heard.trunk]
    if column in (trunk, heard.whole):
        return Likeness(8.0, "kana_column")
    if companies.same_but_branch(column, heard.whole, sounds=True):
        return Likeness(_BRANCH, "company_branch")
    return Likeness(max(_alike_sounds(column, trunk), _alike_sounds(column, heard.whole)), "company_reading")


def text_of(name: Name) -> str:
    """What is to be read of a written name: all of it."""
    if name.kind == "company":
        return name.words or name.key
    return f"{name.shop} {name.key}" if name.shop else name.key


def heard_as(name: Name) -> Heard:
    """What is heard of a name in kana."""
    trunk = name.full or name.key
    if name.kind == "company":
        return Heard((name.words or trunk).replace(" ", "").replace("&", ""), len(trunk))
    whole = f"{_sound(name.shop)}{trunk}" if name.shop else trunk
    return Heard(whole, len(whole))


def may_go_on(heard: Heard) -> bool:
    """Whether a branch that no space divides, a word by which a company has grown, or the end of a field, may make one
    of two names longer than the other."""
    return len(heard.whole) >= _FIELD or heard.whole.endswith(companies.GOES_ON_SOUND, 0, heard.trunk)


def is_longer(text: str) -> bool:
    """`may_go_on` for a written name."""
    return text.endswith(companies.GOES_ON)


@lru_cache(maxsize=1 << 12)
def _sound(text: str) -> str:
    return kana.sounds_of([text])[0].replace(" ", "")


def alike_weight(percent: float) -> float:
    """Weight of two companies' sounds that have so much in common."""
    return (percent - 90.0) / 2.5


def read_weight(log_chance: float) -> float:
    """Weight of a name that is read so with this chance."""
    return _READ + _STEP * log_chance


def _alike(spelt: Spelt, heard: Heard) -> Likeness:
    """The likeliest reading, but for a few sounds. A shared trade says little: サンワクリーニング is not
    キョウワクリーニング, and only what stands before it is compared."""
    said = spelt.said
    whole = _alike_sounds(said.sound, heard.whole)
    trunk = _alike_sounds(said.sound[: said.trunk], heard.whole[: heard.trunk])
    if _BRANCH_SOUND.fullmatch(_rest(said.sound, heard.whole)):
        return Likeness(max(whole, _BRANCH), "company_branch")
    return Likeness(max(whole, min(trunk, _cap(said, heard))), "company_reading")


def _rest(left: str, right: str) -> str:
    """What the longer of two sounds has behind the other, if it begins with it."""
    short, long = sorted((left, right), key=len)
    return long[len(short) :] if len(short) > 1 and long.startswith(short) else ""


def _alike_sounds(left: str, right: str) -> float:
    return alike_weight(ratio(*_heads(dull(left), dull(right))))


def _cap(said: Said, heard: Heard) -> float:
    """What two names without their branches are worth at most."""
    branches = said.sound[said.trunk :], heard.whole[heard.trunk :]
    if all(branches):
        return _OTHER_BRANCH + (_SAME_BRANCH - _OTHER_BRANCH) * ratio(*branches) / 100.0
    return _BRANCH if any(branches) else _READ


def _read(spelt: Spelt, heard: Heard) -> Iterator[Likeness]:
    """Every end to which the sound may be followed through the name."""
    reached = spelt.follow(heard.whole, least=(NOT_ALIKE.weight - _READ) / _STEP)
    whole = reached[-1].get(len(heard.whole))
    if whole is not None:
        yield Likeness(read_weight(whole), "company_reading")
    trunk = reached[spelt.trunk].get(heard.trunk)
    if trunk is not None:
        yield Likeness(min(read_weight(trunk), _cap(spelt.said, heard)), "company_reading")
    for chance, cap in _but_branch(spelt, heard, reached):
        yield Likeness(min(read_weight(chance), cap), "company_branch")
    for chance in _but_growth(spelt, heard, reached):
        yield Likeness(min(read_weight(chance), _GROWN), "company_grown")
    if len(heard.whole) >= _FIELD:
        cut = [steps[len(heard.whole)] for steps in reached[:-1] if len(heard.whole) in steps]
        yield from (Likeness(min(read_weight(chance), _CUT), "cut_short") for chance in cut)


def _but_branch(spelt: Spelt, heard: Heard, reached: list[Reached]) -> Iterator[tuple[float, float]]:
    """One of the two goes on with a branch that no space divides: the log chance up to there, and the most it is worth."""
    whole = len(spelt.text)
    for place, cap in {spelt.trunk: _OTHER_BRANCH, whole: _BRANCH}.items():
        for end, chance in reached[place].items():
            if end < len(heard.whole) and _BRANCH_SOUND.fullmatch(heard.whole, end):
                yield chance, cap
    for place in range(2, whole):
        for end, cap in {heard.trunk: _OTHER_BRANCH, len(heard.whole): _BRANCH}.items():
            if end in reached[place] and _BRANCH_WRITTEN.fullmatch(spelt.text, place):
                yield reached[place][end], cap


def _but_growth(spelt: Spelt, heard: Heard, reached: list[Reached]) -> Iterator[float]:
    """One of the two has grown: 阪原町工務店ホールディングス."""
    for place in {spelt.trunk, len(spelt.text)}:
        for end, chance in reached[place].items():
            if companies.GROWN_SOUND.fullmatch(heard.whole, end):
                yield chance
    for place in range(2, len(spelt.text)):
        for end in {heard.trunk, len(heard.whole)} & reached[place].keys():
            if companies.GROWN.fullmatch(spelt.text, place):
                yield reached[place][end]


def _heads(left: str, right: str) -> tuple[str, str]:
    """Both without the ending that they share."""
    shared = Postfix.similarity(left, right)
    return left[: len(left) - shared], right[: len(right) - shared]


def _both_written(left: Name, right: Name) -> Likeness:
    if left.key == right.key:
        return Likeness(9.0 if left.words == right.words else 8.5, "same_name")
    if companies.same_but_branch(left.key, right.key, sounds=left.written == "kana"):
        return Likeness(4.0, "company_branch")
    shorter, longer = sorted((left.key, right.key), key=len)
    grown = companies.GROWN_SOUND if left.written == "kana" else companies.GROWN
    if longer.startswith(shorter) and len(shorter) > 1 and grown.fullmatch(longer, len(shorter)):
        return Likeness(_GROWN, "company_grown")
    if left.written == "kana" and len(shorter) >= _FIELD and longer.startswith(shorter):
        return Likeness(_CUT, "cut_short")
    if len(shorter) >= 4 and shorter in longer:
        return Likeness(1.5, "company_part")
    if left.written == "kana" and _two_words(left.key, right.key):
        return NOT_ALIKE
    return Likeness((ratio(left.key, right.key) - 90.0) / 3.0, "company_alike")


def _two_words(left: str, right: str) -> bool:
    """Whether more than a slip tells two names of one length apart: コウギョウ is no サンギョウ, however long what they share."""
    if len(left) != len(right):
        return False
    head, tail = Prefix.similarity(left, right), Postfix.similarity(left, right)
    one, other = left[head : len(left) - tail], right[head : len(right) - tail]
    return len(one) > 1 and set(one).isdisjoint(other)
