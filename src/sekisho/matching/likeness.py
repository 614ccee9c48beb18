"""How alike two names are, as the weight of evidence that they are one: a natural logarithm of odds, and why.

Zero says nothing; +4.6 is a hundred to one for, -4.6 a hundred to one against. The reasons are codes; their words
are in `reasons.py`. Nothing here knows where or when the names were written: that is weighed elsewhere.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import permutations

import polars as pl
from rapidfuzz.distance import Levenshtein

from sekisho.matching import firms, kana, roman
from sekisho.matching.aloud import Reciter
from sekisho.matching.evidence import NOT_ALIKE as NOT_ALIKE
from sekisho.matching.evidence import Likeness as Likeness
from sekisho.matching.evidence import Name as Name
from sekisho.matching.evidence import by_weight, dull
from sekisho.matching.foreign import native_surnames, spelt_surnames
from sekisho.matching.lexicon import Lexicon

# How common an unlisted sound is taken to be, and the share of the aligner beside the dictionaries.
_RAREST = 2e-4
_UNLISTED = 0.1
# Of all names so many are heard as neither dictionaries nor characters suggest (光宙 as ピカチュウ).
_ARBITRARY = 0.001
# A name whose first and last character are together rarer read so is not followed any further.
_UNHEARD = -14.0
# Kana come before all kanji.
_FIRST_KANJI = "㐀"
# One kana too many, too few or wrong in a name of some length: a slip, or a relative with a name like it.
_SLIP, _SHORTEST_SLIP = -1.6, 5
# However rare a sound, a relative's name sounds like it more often than a stranger's.
_SUREST = 7.0
# Given names that share less of their readings than this are not homophones.
_FEW = 0.05
# A mean log-probability a character below which the aligner recognises nothing.
_UNREADABLE = -3.5
# 柳 heard as リュウ is a Korean's surname; before a given name that Japanese bear, too, it is less often.
_MAYBE_JAPANESE = -1.0
_FAMILY = Likeness(-6.5, "family")
# Brothers are called alike, too; only one contract that begins in both systems tells a slip from them.
_ONE_KANJI = Likeness(-6.5, "slip")
# ノノブタロウ: a key was pressed twice.
_STAMMERED, _TWICE = Likeness(-0.5, "one_kana"), re.compile(r"(.)\1+")
# The kanji may be read so, and whoever filled in the kana column read them otherwise.
_OTHER_COLUMN = Likeness(-2.5, "other_column")
_OTHER_COMPANY = Likeness(NOT_ALIKE.weight, "other_company")
# A shop called after somebody's surname is somebody else's as often as not.
_KEEPER, _SHORTEST_WHOLE = Likeness(3.0, "keeper"), 5
_KEPT_BY, _SHORTEST_SURNAME, _LONGEST_SURNAME = -2.0, 2, 4
# A sound that so few people bear as a surname may as well be foreign.
_BORNE = 100
# Names whose readings are kept for the next shard; more would only take memory.
_REMEMBERED = 100_000


class Reader:
    """Compares names with one lexicon; remembers what it has read."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._given = lexicon.given_readings
        self._surnames = lexicon.surname_readings
        self._aligner = lexicon.aligner
        self.reciter = Reciter(lexicon.company_aligner, lexicon.surname_readings, lexicon.town_readings)
        votes = lexicon.given.group_by("sound").agg(pl.col("votes").sum())
        total = float(votes["votes"].sum())
        self._common = {sound: count / total for sound, count in votes.iter_rows()}
        borne = lexicon.spoken_surnames.filter(pl.col("people") >= _BORNE)
        self._surname_sounds = frozenset(borne["sound"])
        self._native = native_surnames()
        self._readings_of: dict[tuple[str, str, float], Likeness] = {}
        self._likely: dict[str, dict[str, float]] = {}

    def given_reading(self, given: str, rest: str, *, unlisted: float = _UNLISTED) -> Likeness:
        """How likely the given name `given` is read `rest`, against meeting that sound by chance.

        `unlisted` is how far a name that the dictionaries have may be read otherwise than they say (0 … 1).
        """
        asked = (given, rest, unlisted)
        found = self._readings_of.get(asked)
        if found is None:
            if len(self._readings_of) > _REMEMBERED:
                self._readings_of.clear()
            found = self._readings_of[asked] = self._read(given, rest, unlisted)
        return found

    def _read(self, given: str, rest: str, unlisted: float) -> Likeness:
        """How often the bearer of `given` is heard as `rest`, against how often anybody is."""
        known = self._books(given)
        anybody = max(self._common.get(rest, 0.0), _RAREST)
        if not known:
            return _against_chance(self._aligned(given, rest), anybody, "aligned")
        listed = known.get(rest)
        if listed is None:
            return _against_chance(unlisted * self._aligned(given, rest), anybody, "aligned")
        how = "spelt_out" if kana.spelt_out(given) else "reading"
        booked = _against_chance((1 - unlisted) * listed, anybody, how)
        # The characters can only add to what the books say.
        if booked.weight == _SUREST:
            return booked
        return _against_chance((1 - unlisted) * listed + unlisted * self._aligned(given, rest), anybody, how)

    def _aligned(self, given: str, rest: str) -> float:
        """The chance that characters which are read as in other names sound like `rest`; zero where neither the first
        nor the last is."""
        spelt = kana.without_hiragana(given)
        if self._aligner.bound(spelt, rest) < _UNHEARD:
            return 0.0
        return math.exp(self._aligner.score(spelt, rest) * len(spelt))

    def _books(self, given: str) -> dict[str, float] | None:
        """Readings and their shares, where a dictionary has the name; a name in kana says its own."""
        spoken = kana.spelt_out(given) if given < _FIRST_KANJI else None
        return self._given.get(given) if spoken is None else {spoken: 1.0}

    def is_known(self, given: str) -> bool:
        """Whether a dictionary has this name at all."""
        return self._books(given) is not None

    def is_listed(self, given: str, rest: str) -> bool:
        """Whether a dictionary has this reading."""
        return rest in (self._books(given) or {})

    def top_reading(self, given: str) -> str | None:
        """The reading that most dictionaries give, or None when none has the name."""
        known = self._books(given)
        return max(known, key=lambda sound: (known[sound], sound)) if known else None

    def compare(self, left: Name, right: Name) -> Likeness:
        """The evidence of two names alone, whatever their kind and script."""
        if left.kind == right.kind == "device":
            return _devices(left, right)
        if "device" in (left.kind, right.kind):
            return NOT_ALIKE
        if "company" in (left.kind, right.kind):
            alike = max(
                firms.compare(left, right, self.reciter), self._called_after(left, right), key=by_weight
            )
            return _OTHER_COMPANY if alike == NOT_ALIKE and left.kind == right.kind else alike
        if left.written == right.written == "kanji":
            return self._both_kanji(left, right)
        if left.written == right.written:
            return _both_sound(left, right)
        if "latin" in (left.written, right.written):
            return self._latin(left, right)
        return self._kanji_kana(*((left, right) if left.written == "kanji" else (right, left)))

    def _kanji_kana(self, kanji: Name, spoken: Name) -> Likeness:
        if kanji.full and kanji.full == spoken.full:
            return Likeness(8.0, "kana_column")
        if kanji.full and spoken.full and dull(kanji.full) != dull(spoken.full):
            return max(self._contradicted(kanji, spoken), key=by_weight)
        return max(self._readings(kanji, spoken), key=by_weight)

    def _contradicted(self, kanji: Name, spoken: Name) -> Iterator[Likeness]:
        """The kanji's own kana column is another sound: the given name may still agree, or the column be a slip."""
        yield NOT_ALIKE
        column, heard = kanji.full or "", spoken.full or ""
        if kanji.given_sound and kanji.given_sound == spoken.given_sound:
            yield Likeness(2.0, "former_surname" if kanji.former else "new_surname")
        if _once(column) == _once(heard):
            yield _STAMMERED
        begun = [sound for sound in self._surnames.get(kanji.surname or "", {}) if heard.startswith(sound)]
        if kanji.given and any(self.is_listed(kanji.given, heard[len(sound) :]) for sound in begun):
            yield _OTHER_COLUMN

    def _readings(self, kanji: Name, spoken: Name) -> Iterator[Likeness]:
        """Every way in which the kana could be the kanji."""
        yield NOT_ALIKE
        full, surnames = spoken.full or "", self._surnames.get(kanji.surname or "", {})
        fitting = [sound for sound in surnames if full.startswith(sound) and len(full) > len(sound)]
        if kanji.given:
            yield from (self.given_reading(kanji.given, full[len(sound) :]) for sound in fitting)
        if self._native_surname(kanji, spoken):
            japanese = kanji.given in self._given and (spoken.given_sound or "") in self._common
            yield Likeness(_MAYBE_JAPANESE if japanese else 0.0, "foreign_reading")
        if (not kanji.given or spoken.given_sound == "") and (spoken.surname_sound or full) in surnames:
            yield Likeness(0.5, "surname_only")
        if kanji.given and spoken.given_sound:
            other = self.given_reading(kanji.given, spoken.given_sound)
            yield Likeness(min(other.weight, 5.0) - 3.5, "new_surname")
        if kanji.given and self._is_a_slip(surnames, kanji.given, full):
            somebody = any(full[len(sound) :] in self._common for sound in fitting)
            yield Likeness(_SLIP, "near_reading" if somebody else "one_kana")
        if fitting:
            return
        mean = self._aligner.score(kanji.key, full, least=_UNREADABLE)
        if mean > _UNREADABLE:
            yield Likeness(7.0 + 2.2 * mean, "aligned")

    def _is_a_slip(self, surnames: Iterable[str], given: str, full: str) -> bool:
        """Whether a name in kana is the usual reading of one in kanji but for one kana: カバネアキキコ."""
        if len(full) < _SHORTEST_SLIP:
            return False
        names = [sound for sound, share in self._spoken_as(given).items() if share > _FEW]
        begun = {surname for surname in surnames if full.startswith(surname)}
        ended = {name for name in names if full.endswith(name)}
        # One kana leaves either the surname or the given name as it is.
        return any(
            Levenshtein.distance(full, surname + name, score_cutoff=1) == 1
            for surname in surnames
            for name in (names if surname in begun else ended)
        )

    def _latin(self, left: Name, right: Name) -> Likeness:
        """Roman letters against kana. A name as Japanese bear it must agree in its vowels, too."""
        latin, other = (left, right) if left.written == "latin" else (right, left)
        if other.written != "kana":
            return _spelt(other, latin)
        japanese = other.given_sound in self._common and other.surname_sound in self._surname_sounds
        weight = roman.weight(latin.words or "", other.words or "", vowels=japanese)
        return Likeness(weight, "romanised")

    def _native_surname(self, kanji: Name, spoken: Name) -> bool:
        """王 heard as ワン: the surname as its bearers say it, which no reading dictionary of Japanese
        has."""
        native, words = self._native.get(kanji.surname or "", ()), (spoken.words or "").split()
        if len(words) > 1:
            return any(sound in words for sound in native)
        return any((spoken.full or "").startswith(sound) for sound in native)

    def _called_after(self, left: Name, right: Name) -> Likeness:
        """高木酒店 may be kept by 高木 隆; only what happened at the point can tell."""
        person, shop = (left, right) if left.kind == "person" else (right, left)
        if person.kind != "person" or shop.kind != "company":
            return NOT_ALIKE
        written = shop.written != "kana"
        if not written and self._ends_with(shop.key, person):
            return _KEEPER
        if written == (person.written == "kanji"):
            surnames = {person.surname if written else person.surname_sound}
        elif written:
            cuts = range(_SHORTEST_SURNAME, _LONGEST_SURNAME + 1)
            surnames = {
                shop.key[:cut] for cut in cuts if self._is_heard(shop.key[:cut], person.surname_sound)
            }
        else:
            surnames = {sound for sound in self._surnames.get(person.surname or "", ()) if len(sound) > 2}
        fitting = any(name and len(name) > 1 and shop.key.startswith(name) for name in surnames)
        return Likeness(_KEPT_BY, "called_after") if fitting else NOT_ALIKE

    def _ends_with(self, shop: str, person: Name) -> bool:
        """Whether a shop in kana is called by its own name and its keeper's, without a space: ヘアーサロンチドリマツウラケイコ."""
        whole = person.full or ""
        if len(whole) >= _SHORTEST_WHOLE and shop.endswith(whole) and shop != whole:
            return True
        if not person.given or person.written != "kanji":
            return False
        surnames = self._surnames.get(person.surname or "", {})
        names = [sound for sound in self._books(person.given) or {} if shop.endswith(sound)]
        return any(
            shop.endswith(surname, 0, len(shop) - len(name))
            for surname in surnames
            for name in names
            if _SHORTEST_WHOLE <= len(surname) + len(name) < len(shop)
        )

    def _is_heard(self, surname: str, sound: str | None) -> bool:
        return sound in self._surnames.get(surname, ())

    def _both_kanji(self, left: Name, right: Name) -> Likeness:
        if left.key == right.key:
            return Likeness(9.0, "same_name")
        if right.key == _before(left) or left.key == _before(right):
            return Likeness(6.0, "former_surname")
        if left.given and left.given == right.given:
            return Likeness(2.0, "new_surname")
        if left.surname != right.surname:
            return _one_character(left, right)
        if not left.given or not right.given:
            return Likeness(0.5, "surname_only")
        common = self._common_readings(left.given, right.given)
        if common > _FEW:
            return Likeness(math.log(common) - 1.0, "homophone")
        same_length = len(left.given) == len(right.given) > 1
        return _ONE_KANJI if same_length and Levenshtein.distance(left.given, right.given) == 1 else _FAMILY

    def sounds_alike(self, left: str, right: str) -> bool:
        """Whether two given names in kanji may be read the same."""
        return self._common_readings(left, right) > _FEW

    def _common_readings(self, left: str, right: str) -> float:
        """The chance that both given names are read the same: 1 for certain homophones, 0 for none."""
        one, other = self._spoken_as(left), self._spoken_as(right)
        return sum(min(share, other.get(sound, 0.0)) for sound, share in one.items())

    def _spoken_as(self, given: str) -> dict[str, float]:
        """Sounds of a given name and their shares: the books', and the aligner's for a name that they lack."""
        if given not in self._likely:
            if len(self._likely) > _REMEMBERED:
                self._likely.clear()
            self._likely[given] = self._books(given) or self._aligner.readings(kana.without_hiragana(given))
        return self._likely[given]


def _against_chance(read: float, anybody: float, how: str) -> Likeness:
    """A sound that is met with the chance `read` of this name and with the chance `anybody` of all."""
    return Likeness(min(math.log((1 - _ARBITRARY) * read / anybody + _ARBITRARY), _SUREST), how)


def _before(name: Name) -> str | None:
    """What somebody was called before the surname changed."""
    return f"{name.former}{name.given}" if name.former and name.given else None


def _one_character(left: Name, right: Name) -> Likeness:
    """Different surnames and given names: only a slip of one character in a long name is worth anything."""
    if len(left.key) == len(right.key) >= 4 and Levenshtein.distance(left.key, right.key) == 1:
        return Likeness(-1.0, "one_character")
    return NOT_ALIKE


def _spelt(kanji: Name, latin: Name) -> Likeness:
    """王 beside WANG: the surname as its bearers spell it, first or last; how the given name is read, no book says."""
    words = (latin.words or "").split()
    spelt = kanji.written == "kanji" and len(words) > 1 and bool(kanji.given)
    known = spelt_surnames().get(kanji.surname or "", frozenset())
    return Likeness(0.0, "foreign_reading") if spelt and not known.isdisjoint(words) else NOT_ALIKE


def _both_sound(left: Name, right: Name) -> Likeness:
    one, other = left.full or left.key, right.full or right.key
    if one == other:
        return Likeness(8.0, "same_name")
    if dull(one) == dull(other):
        return Likeness(3.5, "voicing")
    if _once(one) == _once(other):
        return _STAMMERED
    if _middle_name(left.words or "", right.words or ""):
        return Likeness(4.0, "middle_name")
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= 5 and Levenshtein.distance(one, other) == 1 and shorter[-1] == longer[-1]:
        return Likeness(-1.2, "one_kana")
    if left.given_sound and left.given_sound == right.given_sound:
        return Likeness(1.0, "new_surname")
    if one == right.surname_sound or other == left.surname_sound:
        return Likeness(-1.0, "surname_only")
    if (
        left.surname_sound
        and left.surname_sound == right.surname_sound
        and left.given_sound
        and right.given_sound
    ):
        return _FAMILY
    return NOT_ALIKE


def _once(sound: str) -> str:
    """A sound without kana that repeat the one before them."""
    return _TWICE.sub(r"\1", sound)


def _middle_name(left: str, right: str) -> bool:
    """Whether one name has all the words of the other and more, at least two of them common; without a space, as
    チャンラン beside チャン ティ ラン, two of them."""
    if left.count(" ") == right.count(" "):
        return False
    shorter, longer = sorted((left.split(), right.split()), key=len)
    if len(shorter) < 2:
        return len(longer) > 2 and any(shorter == [one + other] for one, other in permutations(longer, 2))
    return Counter(shorter) < Counter(longer)


def _devices(left: Name, right: Name) -> Likeness:
    """The number a device bears decides; without one, what it is."""
    (class_left, _, number_left), (class_right, _, number_right) = (
        left.key.partition("|"),
        right.key.partition("|"),
    )
    if number_left and number_right:
        return Likeness(6.0, "device_number") if number_left == number_right else Likeness(-7.0, "unlike")
    return Likeness(3.0, "device_class") if class_left == class_right else Likeness(-4.0, "unlike")
