"""How a company's name may be read aloud: word by word as the books say, letter by letter, or character by character.

A name is opened once into every reading of every stretch of it (日本 as ニホン or ニッポン, 24 as ニジュウヨン, ニヨン or
ツーフォー, YS as ワイエス, SANSAN as サンサン); a kana name is then followed through it, and the likeliest way counts.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import jaconv
import sudachipy  # type: ignore[import-untyped]

from sekisho.matching import companies, kana, numerals, syllables
from sekisho.matching.aligner import Aligner
from sekisho.matching.evidence import dull

# Log chances: of the reading that the analyser chooses, of another one in its book, of a number, of Latin letters
# read as a word, one by one, and of a surname at the beginning, as the books of surnames say.
_CHOSEN, _LISTED, _COUNTED, _AS_WORD, _BY_NAME = -0.1, -0.7, -0.3, -0.5, -0.1
_SURNAME, _RAREST_SURNAME, _LONGEST_SURNAME = -0.3, -2.0, 4
# 連濁; what stands in brackets left unsaid.
_VOICED, _UNSAID = -0.8, -1.0
_LONGEST_NUMBER = 4
_WORD, _TOWN, _LONGEST_TOWN = re.compile(r"(?<![^ ])[^ ]"), -0.3, 8
_KANA, _LATIN, _DIGITS = re.compile("[ァ-ヺーぁ-ゖ]+"), re.compile("[A-Z]+"), re.compile("[0-9]+")
_DOUBLED, _ROMAN_NUMBER, _SHORTEST_WORD = re.compile(r"([㐀-鿿])\1"), re.compile("I{1,3}"), 2
_SHORTEST_LATIN = 3
# Roman letters that no Japanese syllable has: a consonant that stands alone takes its usual vowel.
_SPELT = (
    (r"C(?=[EIY])", "S"),
    (r"C(?!H)|Q", "K"),
    (r"L", "R"),
    (r"X", "KKUSU"),
    (r"M(?=[BMP])", "N"),
    (r"([TD])(?![AEIOUYHS]|\1)", r"\1O"),
    (r"([KGSZHBPMRFV])(?![AEIOUYH]|\1)", r"\1U"),
)
_BETWEEN = {"ケ": "ガ", "ヶ": "ガ", "ッ": "ツ"}
_SILENT, _BRACKETED = re.compile(r"[^\w&+@]"), re.compile(r"\([^()]*\)")
_UNSAID_CHAR = re.compile(r"[\Wー]")
_O_ROW, _E_ROW = frozenset("オコゴソゾトドノホボポモヨロ"), frozenset("エケゲセゼテデネヘベペメレ")
_REMEMBERED = 100_000
# An opened name takes some kilobytes, and few come again.
_KEPT_OPEN = 10_000
# A reading of a character that a glance thinks of: its log chance.
_LIKELY = -4.0
# What the last letter of a reading is once long vowels are folded.
_ONE_LONG = {"ー": "アイウエオ", "ウ": "ウオ", "イ": "イエ"}
_HAN_LAST, _LONGEST_ENDING = re.compile(r"[㐀-鿿]$"), 2
_HAN_FIRST = re.compile(r"[㐀-鿿]")
_KANA_FIRST, _KANA_LAST = re.compile(r"[ぁ-ゖァ-ヺ]"), re.compile(r"[ぁ-ゖァ-ヺー]$")

# The rows of kana, without voicing, that a word in Roman letters may begin with beside the letter's own name.
_ROWS = {
    "A": "アイウエオ",
    "K": "カキクケコ",
    "S": "サシスセソ",
    "T": "タチツテト",
    "N": "ナニヌネノ",
    "H": "ハヒフヘホ",
    "M": "マミムメモ",
    "Y": "ヤユヨ",
    "R": "ラリルレロ",
    "W": "ワアウエオイ",
}
_ROWS_OF_LETTERS = {
    **dict.fromkeys("AEIOU", "AYW"),
    "B": "H",
    "C": "KST",
    "D": "TS",
    "F": "H",
    "G": "KSN",
    "H": "HA",
    "J": "SYH",
    "K": "KN",
    "L": "R",
    "M": "MA",
    "N": "NA",
    "P": "HS",
    "Q": "K",
    "R": "R",
    "S": "STA",
    "T": "TS",
    "V": "HA",
    "W": "WHRA",
    "X": "SKA",
    "Y": "YAW",
    "Z": "ST",
}
_LATIN_BEGINNINGS = {
    letter: syllables.of("".join(_ROWS[row] for row in rows))
    | syllables.of(sound[0] for sound in companies.LETTERS[letter])
    for letter, rows in _ROWS_OF_LETTERS.items()
}

# How far into a sound one gets by the likeliest way, and its log chance.
Reached = dict[int, float]


class Way(NamedTuple):
    """One reading of a stretch of so many characters, with and without voicing, and its log chance."""

    size: int
    sound: str
    dull: str
    chance: float


# A reading that is not yet folded: where it begins and ends, and its log chance.
_Unfolded = tuple[int, int, str, float]
# Readings by their first kana without voicing: most kana begin none, so what does not fit costs one look.
Opened = dict[str, list[Way]]


class Said(NamedTuple):
    """The likeliest sound of a name, how much of it stands before a branch, and its log chance."""

    sound: str
    trunk: int
    chance: float


@dataclass(frozen=True)
class Spelt:
    """A name opened into its readings.

    `trunk` is where a branch begins, else the end. `words` and `chars` are what begins at each character; `skips`
    how far one goes from there without a sound.
    """

    text: str
    trunk: int
    said: Said
    words: tuple[Opened, ...]
    chars: tuple[Opened, ...]
    skips: tuple[tuple[tuple[int, float], ...], ...]

    def follow(self, heard: str, *, least: float) -> list[Reached]:
        """For every place in the name how much of `heard` may be read up to it; what falls under `least` is given up."""
        reached: list[Reached] = [{} for _ in range(len(self.text) + 1)]
        reached[0] = {0: 0.0}
        plain = dull(heard)
        for place, here in enumerate(reached[:-1]):
            for start, so_far in here.items():
                for size, end, chance in self._steps(place, start, heard, plain):
                    if so_far + chance > reached[place + size].get(end, least):
                        reached[place + size][end] = so_far + chance
        return reached

    def _steps(self, place: int, start: int, heard: str, plain: str) -> Iterator[tuple[int, int, float]]:
        """What may come next: characters of the name, the place in the sound after them, and the log chance."""
        for size, chance in self.skips[place]:
            yield size, start, chance
        if start == len(heard):
            return
        for opened in (self.words[place], self.chars[place]):
            for way in opened.get(plain[start], ()):
                if heard.startswith(way.sound, start):
                    yield way.size, start + len(way.sound), way.chance
                elif plain.startswith(way.dull, start):
                    yield way.size, start + len(way.sound), way.chance + _VOICED
            if start and (lengthened := _lengthened(heard, start)):
                for way in opened.get(lengthened, ()):
                    if heard.startswith(way.sound[1:], start + 1):
                        yield way.size, start + len(way.sound), way.chance


def _lengthened(heard: str, start: int) -> str:
    """The vowel that folding turned into a long one: 子|上 is heard コ|オエ, for コ|ウエ."""
    if heard[start] == "オ" and heard[start - 1] in _O_ROW:
        return "ウ"
    return "イ" if heard[start] == "エ" and heard[start - 1] in _E_ROW else ""


class Reciter:
    """Opens names with one aligner, a book of surnames and one of towns; remembers what it has opened."""

    def __init__(
        self, aligner: Aligner, surnames: dict[str, dict[str, float]], towns: dict[str, list[str]]
    ) -> None:
        self._towns = towns
        self._pieces = aligner.pieces
        self._surnames = surnames
        self._book = sudachipy.Dictionary(dict="core")
        self._tokens = self._book.tokenizer()
        self._listed: dict[str, list[str]] = {}
        self._folds: dict[str, str] = {}
        self._chars: dict[str, Opened] = {}
        self._begun: dict[str, Opened] = {}
        self._spelt: dict[str, Spelt] = {}
        self._heard: dict[str, Said] = {}
        self._taken_apart: dict[str, sudachipy.MorphemeList] = {}
        self._tails: dict[str, int] = {}
        self._heads: dict[str, int] = {}

    def spelt(self, text: str) -> Spelt:
        """The readings of a company's name without its legal form; a space divides a branch from it."""
        if text not in self._spelt:
            self.learn([text])
        return self._spelt[text]

    def make_room(self) -> None:
        """Forgets what would take too much memory. To be called between two shards: whatever is forgotten amid one is opened
        again name by name, which takes ten times as long."""
        if len(self._spelt) > _KEPT_OPEN:
            self._spelt.clear()
        for store in (self._heard, self._folds, self._listed, self._begun):
            if len(store) > _REMEMBERED:
                store.clear()

    def listen(self, texts: Iterable[str]) -> None:
        """Hears many names as the analyser reads them, without opening them."""
        new = [text for text in dict.fromkeys(texts) if text not in self._heard]
        if new:
            # Kept until the next ones: those that are opened now need not be taken apart twice (0.2 µs a record).
            self._taken_apart = {text: self._tokenised(text) for text in new}
        words = [list(self._words_said(text)) for text in new]
        ends = [companies.trunk_end(text) for text in new]
        whole = ["".join(word for _, word, _ in said) for said in words]
        before = [
            "".join(word for start, word, _ in said if start < end)
            for said, end in zip(words, ends, strict=True)
        ]
        sounds = kana.sounds_of([*whole, *before])
        chances = (sum(chance for _, _, chance in said) for said in words)
        heard = map(Said, sounds[: len(new)], map(len, sounds[len(new) :]), chances)
        self._heard.update(zip(new, heard, strict=True))

    def said(self, text: str) -> Said:
        """The likeliest sound of a name."""
        if text not in self._heard:
            self.listen([text])
        return self._heard[text]

    def _words_said(self, text: str) -> Iterator[tuple[int, str, float]]:
        """Where each word begins, how it is likely read, and the log chance of that."""
        for token in self._taken_apart[text]:
            surface = token.surface()
            if _SILENT.fullmatch(surface):
                continue
            reading = token.reading_form()
            if not token.is_oov() and _KANA.fullmatch(reading):
                yield token.begin(), reading, _CHOSEN
            else:
                yield token.begin(), self._unlisted(surface), _BY_NAME * len(surface)

    def _tokenised(self, text: str) -> sudachipy.MorphemeList:
        """酒々井 was folded to 酒酒井, which no book has."""
        return self._tokens.tokenize(_DOUBLED.sub(r"\1々", text))

    def beginnings(self, text: str) -> int:
        """The kana (`syllables`) with which a reading of the name may begin."""
        first = text[:1]
        if "A" <= first <= "Z":
            return _LATIN_BEGINNINGS[first]
        if _KANA_FIRST.match(first):
            return syllables.of(kana.large(first))
        if _HAN_FIRST.match(first) is None:
            return syllables.ANY
        return self._begun_by(text[:_LONGEST_SURNAME])

    def _begun_by(self, head: str) -> int:
        """What is heard first of a word, a surname or a town that `head` begins with, or of its first character."""
        found = self._heads.get(head)
        if found is None:
            if len(self._heads) > _REMEMBERED:
                self._heads.clear()
            books = [self._surnames.get(head, ()), self._towns.get(head, ())]
            if len(head) < _LONGEST_SURNAME:
                books.append(self._book_readings(head))
            sounds = (*itertools.chain(*books), *(self._likely_pieces(head) if len(head) == 1 else ()))
            longest = syllables.of({sound[0] for sound in sounds if sound})
            found = self._heads[head] = longest | (self._begun_by(head[:-1]) if len(head) > 1 else 0)
        return found

    def endings(self, text: str) -> int:
        """The kana (`syllables`) with which a reading of the name may end."""
        tail = text[-_LONGEST_ENDING:]
        found = self._tails.get(tail)
        if found is None:
            if len(self._tails) > _REMEMBERED:
                self._tails.clear()
            found = self._tails[tail] = self._ended_by(tail)
        return found

    def _ended_by(self, tail: str) -> int:
        if _KANA_LAST.search(tail):
            last = {tail[-1]}
        elif _HAN_LAST.search(tail):
            books = (sound for size in range(1, len(tail) + 1) for sound in self._book_readings(tail[-size:]))
            last = {sound[-1] for sound in (*self._likely_pieces(tail[-1]), *books) if sound}
        else:
            return syllables.ANY
        return syllables.of(itertools.chain(*(_ONE_LONG.get(letter, kana.large(letter)) for letter in last)))

    def begins_with_surname(self, text: str, sound: str) -> bool:
        """Whether both begin with a surname of two characters and more, as the books read it."""
        sizes = range(_SHORTEST_WORD, min(len(text), _LONGEST_SURNAME) + 1)
        readings = (reading for size in sizes for reading in self._surnames.get(text[:size], ()))
        return any(len(reading) > 1 and sound.startswith(reading) for reading in readings)

    def _likely_pieces(self, char: str) -> Iterator[str]:
        return (sound for sound, chance in self._pieces.get(char, {}).items() if chance > _LIKELY)

    def learn(self, texts: Iterable[str]) -> None:
        """Opens many names at once, which is much faster than one by one."""
        new = [text for text in dict.fromkeys(texts) if text not in self._spelt]
        self.listen(new)
        drafts = {text: list(self._ways(text)) for text in new}
        surnames = {name for text in new for name in self._surnames_of(text) if name not in self._begun}
        raw = {reading for ways in drafts.values() for _, _, reading, _ in ways}
        raw.update(*(self._surnames[name] for name in surnames))
        unknown = [text for text in raw if text not in self._folds]
        self._folds.update(zip(unknown, kana.sounds_of(unknown), strict=True))
        self._begun.update((name, _by_kana(self._surname_ways(name))) for name in surnames)
        self._spelt.update((text, self._opened(text, ways)) for text, ways in drafts.items())

    def _ways(self, text: str) -> Iterator[_Unfolded]:
        for token in self._taken_apart.get(text) or self._tokenised(text):
            if not _SILENT.fullmatch(token.surface()):
                yield from self._word_ways(token)
            parts = token.split(sudachipy.SplitMode.A)
            for part in parts if len(parts) > 1 else ():
                yield from self._word_ways(part)
        yield from self._town_ways(text)
        yield from ((found.start(), found.end(), found[0], 0.0) for found in _KANA.finditer(text))
        for found in _LATIN.finditer(text):
            yield from self._latin_ways(found[0], found.start())
        yield from ((found.start(), found.end(), "アンド", 0.0) for found in re.finditer("&", text))
        for found in _DIGITS.finditer(text):
            yield from self._number_ways(found[0], found.start())

    def _word_ways(self, token: sudachipy.Morpheme) -> Iterator[_Unfolded]:
        """A word as the analyser reads it here, and as its book lists it otherwise."""
        if token.is_oov():
            return
        chosen = token.reading_form()
        yield token.begin(), token.end(), chosen, _CHOSEN
        for other in self._book_readings(token.surface()):
            if other != chosen:
                yield token.begin(), token.end(), other, _LISTED

    def _book_readings(self, surface: str) -> list[str]:
        found = self._listed.get(surface)
        if found is None:
            readings = (entry.reading_form() for entry in self._book.lookup(surface))
            found = self._listed[surface] = list(dict.fromkeys(readings))
        return found

    def _unlisted(self, surface: str) -> str:
        """What no book has: a number as it is counted, letters by their names."""
        if _DIGITS.fullmatch(surface) and len(surface) <= _LONGEST_NUMBER:
            return self._counted(surface)
        return companies.letters_as_kana(surface)

    def _counted(self, digits: str) -> str:
        written = numerals.kanji_number(int(digits)) or "零"
        return "".join(token.reading_form() for token in self._tokens.tokenize(written))

    def _latin_ways(self, letters: str, start: int) -> Iterator[_Unfolded]:
        """Letters by their names, and whole words as a book has them or as a Japanese would spell them."""
        for place, letter in enumerate(letters, start):
            yield from ((place, place + 1, sound, _BY_NAME) for sound in companies.LETTERS[letter])
        if _ROMAN_NUMBER.fullmatch(letters):
            yield from (
                (start, start + len(letters), sound, _AS_WORD) for sound in companies.DIGITS[len(letters)]
            )
        spelt = _as_word(letters) if len(letters) >= _SHORTEST_WORD else ""
        if _KANA.fullmatch(spelt):
            yield start, start + len(letters), spelt, _AS_WORD
        for size in range(_SHORTEST_LATIN, len(letters) + 1):
            for place in range(len(letters) - size + 1):
                for sound in self._book_readings(letters[place : place + size]):
                    if _KANA.fullmatch(sound):
                        yield start + place, start + place + size, sound, _AS_WORD

    def _number_ways(self, digits: str, start: int) -> Iterator[_Unfolded]:
        for place, digit in enumerate(digits, start):
            yield from ((place, place + 1, sound, _COUNTED) for sound in companies.DIGITS[int(digit)])
        if 1 < len(digits) <= _LONGEST_NUMBER:
            yield start, start + len(digits), self._counted(digits), _COUNTED

    def _surnames_of(self, text: str) -> list[str]:
        """吉井眼鏡店 and 両替町薬局 begin with a surname or a place that is one."""
        heads = (text[:size] for size in range(1, min(len(text), _LONGEST_SURNAME) + 1))
        return [head for head in heads if head in self._surnames]

    def _surname_ways(self, name: str) -> Iterator[Way]:
        """Opened once for all who are called after it."""
        for reading, share in self._surnames[name].items():
            if sound := self._folds[reading]:
                chance = max(_SURNAME + share - 1.0, _RAREST_SURNAME)
                yield Way(len(name), sound, dull(sound), chance)

    def _town_ways(self, text: str) -> Iterator[_Unfolded]:
        """深草野手町ハウジング, and a branch behind a space, begin with a town, which the post reads."""
        for start in (found.start() for found in _WORD.finditer(text)):
            for end in range(start + _SHORTEST_WORD, min(len(text), start + _LONGEST_TOWN) + 1):
                for sound in self._towns.get(text[start:end], ()):
                    yield start, end, sound, _TOWN

    def _opened(self, text: str, ways: Iterable[_Unfolded]) -> Spelt:
        words: list[Opened] = [{} for _ in text]
        for start, end, reading, chance in ways:
            sound = self._folds[reading]
            if sound:
                way = Way(end - start, sound, dull(sound), chance)
                words[start].setdefault(way.dull[0], []).append(way)
        for name in self._surnames_of(text):
            for begun, called in self._begun[name].items():
                words[0].setdefault(begun, []).extend(called)
        chars = tuple(self._char(char) for char in text)
        return Spelt(text, companies.trunk_end(text), self._heard[text], tuple(words), chars, _skips(text))

    def _char(self, char: str) -> Opened:
        """The readings of one character; a digit or a letter in kana stands for itself."""
        found = self._chars.get(char)
        if found is None:
            found = self._chars[char] = {}
            known = self._pieces.get(char, {}) | ({} if _SILENT.fullmatch(char) else {char: 0.0})
            if char in _BETWEEN:
                known |= {_BETWEEN[char]: _LISTED}
            for sound, chance in known.items():
                way = Way(1, sound, dull(sound), chance)
                found.setdefault(way.dull[0], []).append(way)
        return found


def _by_kana(ways: Iterable[Way]) -> Opened:
    opened: Opened = {}
    for way in ways:
        opened.setdefault(way.dull[0], []).append(way)
    return opened


@lru_cache(maxsize=1 << 16)
def _as_word(letters: str) -> str:
    """Roman letters as a Japanese would spell the word: KISCO is キスコ. Not kana alone where that fails."""
    spelt = letters
    for pattern, letter in _SPELT:
        spelt = re.sub(pattern, letter, spelt)
    spoken: str = jaconv.hira2kata(jaconv.alphabet2kana(spelt.lower()))
    return spoken


def _skips(text: str) -> tuple[tuple[tuple[int, float], ...], ...]:
    """Spaces and signs are not said; what stands in brackets, and &, may be left out."""
    skips: list[list[tuple[int, float]]] = [[] for _ in text]
    for found in _UNSAID_CHAR.finditer(text):
        skips[found.start()].append((1, _UNSAID if found[0] in "&+@" else 0.0))
    for found in _BRACKETED.finditer(text):
        skips[found.start()].append((len(found[0]), _UNSAID))
    return tuple(map(tuple, skips))
