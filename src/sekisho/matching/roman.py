"""Names in Roman letters beside their kana: SMITH, JOHN and ジョン スミス.

Kana keeps the consonants of a foreign name and little else, so these are compared, word by word and in any order.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import permutations

import jaconv
from rapidfuzz.fuzz import ratio, token_sort_ratio

_CONSONANTS = {
    "K": "カキクケコ",
    "G": "ガギグゲゴ",
    "S": "サシスセソ",
    "Z": "ザジズゼゾ",
    "T": "タチテト",
    "D": "ダデド",
    "N": "ナニヌネノン",
    "H": "ハヒフヘホ",
    "B": "バビブベボ",
    "P": "パピプペポ",
    "M": "マミムメモ",
    "Y": "ヤユヨ",
    "R": "ラリルレロ",
    "W": "ワ",
}
_ROMAN = str.maketrans({char: letter for letter, row in _CONSONANTS.items() for char in row})
# ホワイト and ウィリアム begin as White and William do.
_GLIDES = r"ホ(?=[イエワ])ワ?|(?<![ァ-ヺ])ウ(?=[アイエオ])"
# キヤサリン is written キャサリン.
_SMALL = r"(?<=[キギシジチニヒビピミリ])[ヤユヨ]"
_SPELLINGS = (
    (r"SCH", "S"),
    (r"CH(?=AEL)", "K"),
    (r"(?<=[AEIO])W(?![AEIOU])", ""),
    (r"WH", "W"),
    (r"DT\b", "T"),
    (r"V\b", "F"),
    (r"(?<=[IE])CH", "S"),
    (r"\bJ(?=OS)", "H"),
    (r"\bNGUY", "GU"),
    (r"\bTR(?=AN\b)", "T"),
    (r"C(?=[EIY])", "S"),
    (r"X", "KS"),
    (r"PH", "F"),
    (r"SH", "S"),
    (r"NG(?=[AEIOU])", "G"),
    (r"NH\b", "N"),
    (r"(?<=[AEIOU])H", ""),
)
_ODDLY_SPELT = re.compile("|".join(pattern for pattern, _ in _SPELLINGS))
_UNHEARD, _DOUBLED = re.compile("[^ KGSTDNHBPMRW]+"), re.compile(r"(.)\1+")
# Smith is heard スミス and Thomas トマス; a Vietnamese Dung is ズン, a Dutch one ドゥン; José is ホセ in Spain, ジョゼ in Brazil.
_HEARD_OPEN = ({"TH": "T"}, {"TH": "S"}, {"TH": "T", "D": "Z"}, {"TH": "T", "JOS": "ZOS"})
_SKELETON = str.maketrans({"L": "R", "C": "K", "Q": "K", "V": "B", "W": "B", "F": "H", "J": "S", "Z": "S"})
_ALIKE, _SUREST = 90.0, 4.0
# One consonant more (PETER, ピーター) is nothing; one for another (JULIA, MARIA) is.
_NEAR = 75.0
_MOST_ORDERED = 3
# A middle name that only one of them writes is common; two words must agree all the same.
_MIDDLE_NAME = 3.0
# Where nothing says which word is which, more must agree: EMILY JOHNSON is no ジョンスミス.
_SOLID = 6.0


def weight(latin: str, spoken: str, *, vowels: bool) -> float:
    """Weight (natural log odds) that the words in Roman letters are those in kana, separated by spaces.

    Consonants alone would make MOORE of ミウラ: `vowels` asks that they agree, too.
    """
    heard = _heard(spoken)
    ways = _ways_written(latin) if " " in spoken else _run_together(latin)
    best = max(_weight(written, heard) for written in ways)
    return min(best, (_spelt_alike(latin, spoken) - 60.0) / 6.0) if vowels else best


def _run_together(latin: str) -> tuple[str, ...]:
    """`_ways_written` without spaces, the words in any order: モハメドアリグルン is GURUNG MOHAMMED ALI."""
    ways = _ways_written(latin)
    short = [way.split() for way in ways if way.count(" ") < _MOST_ORDERED]
    turned = ("".join(order) for words in short for order in permutations(words))
    return tuple(dict.fromkeys([*ways, *turned]))


def _weight(left: str, right: str) -> float:
    """Every word must find its like: JULIA WHITE is no メアリー ホワイト, however much of the whole agrees."""
    shorter, longer = sorted((left.split(), right.split()), key=len)
    if len(shorter) < 2:
        return _evidence(token_sort_ratio(left.replace(" ", ""), right.replace(" ", "")) - _SOLID)
    likes = [[ratio(one, other) for other in longer] for one in shorter]
    least = min(map(max, likes))
    if len(shorter) == len(longer):
        return _evidence(min(least, *map(max, *likes)))
    apart = sum(max(like) >= _NEAR for like in zip(*likes, strict=True)) >= len(shorter)
    return _MIDDLE_NAME if least >= _NEAR and apart else -_SUREST


def _evidence(alike: float) -> float:
    return _SUREST if alike >= _ALIKE else max((alike - 70.0) / 5.0, -_SUREST)


def _spelt_alike(latin: str, spoken: str) -> float:
    """How far Roman letters are those of the kana, vowels included: 0 to 100."""
    return token_sort_ratio(_single(latin), _single(_letters(spoken)))


@lru_cache(maxsize=1 << 14)
def _letters(spoken: str) -> str:
    return str(jaconv.kana2alphabet(jaconv.kata2hira(spoken)).upper())


@lru_cache(maxsize=1 << 14)
def _single(letters: str) -> str:
    """Doubled letters once, and L as R."""
    return re.sub(r"(.)\1", r"\1", letters).replace("L", "R")


@lru_cache(maxsize=1 << 14)
def _ways_written(latin: str) -> tuple[str, ...]:
    """Consonants of each word in Roman letters, in every way in which they are heard."""
    # Most names have neither TH nor D: all ways are one.
    heard = dict.fromkeys(_opened(latin, heard_open) for heard_open in _HEARD_OPEN)
    return tuple(dict.fromkeys(map(_written, heard)))


def _opened(latin: str, heard_open: dict[str, str]) -> str:
    for letters, sound in heard_open.items():
        latin = latin.replace(letters, sound)
    return latin


def _written(spelt: str) -> str:
    """Consonants of each word, heard in one of the ways: MULLER is MR."""
    if _ODDLY_SPELT.search(spelt):
        for pattern, letter in _SPELLINGS:
            spelt = re.sub(pattern, letter, spelt)
    return _skeleton(spelt)


@lru_cache(maxsize=1 << 14)
def _heard(spoken: str) -> str:
    """Consonants of each word in kana: ミュラー is MR."""
    return _skeleton(re.sub(_SMALL, "", re.sub(_GLIDES, "ワ", spoken)).translate(_ROMAN))


def _skeleton(spelt: str) -> str:
    """What is told apart by ear, doubled ones once; nobody hears the G of Wang."""
    kept = _UNHEARD.sub("", spelt.translate(_SKELETON).replace("NG", "N"))
    return _DOUBLED.sub(r"\1", kept)
