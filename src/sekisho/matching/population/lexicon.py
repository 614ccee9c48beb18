"""Where invented people get their names and readings: two dictionary modes.

`same` draws from the sources the matcher reads too (JMnedict and the Japanese personal name
dataset), weighted by how often a name is borne: it shows what the matcher does with names it can
know. `independent` draws surnames and given names from the personal name dataset alone, plus rare
surnames made of place names with the post's readings, and is meant to be matched with that dataset
left out (`LEFT_OUT`): it shows what the matcher does with names it must work out. The weights of
`independent` come from inside the dataset, so no knowledge of JMnedict slips in through them.
"""

from __future__ import annotations

import csv
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jamdict_data
import japanese_personal_name_dataset
import numpy as np
import numpy.typing as npt

from sekisho.kernel.errors import WrongUse

from . import postal
from .kana import katakana
from .tables import table
from .vocabulary import Index, Vocabulary, vocabulary

MODES = ("same", "independent")
LEFT_OUT: dict[str, tuple[str, ...]] = {"same": (), "independent": ("names-dataset",)}
"""Sources a matcher has to leave out for a population of each mode, by the matcher's names for them."""

MALE, FEMALE = 0, 1
# Surnames outside the 1,999 commonest are borne by about one Japanese in seven.
_RARE_SURNAME_SHARE = 0.14
# How strongly regular and prevailing readings are preferred; set so that nine people in ten bear the
# commonest reading of their given name's spelling.
_REGULAR, _PREVAIL = 1.0, 2.0
# Two readings of one written surname, the rarer one's share; no dictionary in use gives shares.
_SECOND_READINGS: dict[str, tuple[str, float]] = table()["second_readings"]
_KANJI = re.compile(r"^[\u4e00-\u9fff\u3005\u3400-\u4dbf]{1,4}$")
_READING = re.compile(r"^[ァ-ヴー]{1,9}$")
_NAMES = """select k.text, r.text, y.text from NEKanji k join NEKana r on r.idseq = k.idseq
join NETranslation t on t.idseq = k.idseq join NETransType y on y.tid = t.ID
where y.text in ('surname', 'fem', 'masc', 'given', 'person')"""

Weighted = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Lexicon:
    """Surnames and given names with weights, and each given name's look-alikes."""

    mode: str
    surnames: Vocabulary
    given: Vocabulary
    sex: npt.NDArray[np.int8]
    # another name of the same length differing in one kanji; itself when there is none
    twin: Index
    # another name of the same sex whose reading differs in its last sound only
    near: Index
    # another spelling of the same reading, what a clerk picks by mistake
    homophone: Index

    def draw_given(self, rng: np.random.Generator, sex: npt.NDArray[np.int8]) -> Index:
        """Given names by weight for each sex."""
        drawn = np.empty(len(sex), dtype=np.int64)
        for one in (MALE, FEMALE):
            members = np.flatnonzero(self.sex == one)
            edges = np.cumsum(self.given.weight[members])
            wanted = np.flatnonzero(sex == one)
            found = np.searchsorted(edges, rng.random(len(wanted)) * edges[-1], side="right")
            drawn[wanted] = members[np.minimum(found, len(members) - 1)]
        return drawn


@lru_cache(maxsize=2)
def load(mode: str) -> Lexicon:
    """The lexicon of a mode; some seconds the first time.

    Raises WrongUse for a mode that does not exist.
    """
    if mode not in MODES:
        raise WrongUse(
            f"辞書の指定は {'・'.join(MODES)} のいずれかです: {mode}", f"dictionary is one of {MODES}: {mode}"
        )
    surnames, male, female = _same() if mode == "same" else _independent()
    return _lexicon(mode, surnames, male, female)


def _lexicon(mode: str, surnames: Weighted, male: Weighted, female: Weighted) -> Lexicon:
    given = [*sorted(male.items()), *sorted(female.items())]
    pairs = [pair for pair, _ in given]
    half = np.array([sum(male.values())] * len(male) + [sum(female.values())] * len(female))
    weight = np.array([share for _, share in given]) / half
    sex = np.array([MALE] * len(male) + [FEMALE] * len(female), dtype=np.int8)
    return Lexicon(
        mode=mode,
        surnames=_vocabulary(sorted(_with_second_readings(surnames).items())),
        given=vocabulary(text=[k for k, _ in pairs], kana=[r for _, r in pairs], weight=weight),
        sex=sex,
        twin=_partners([_twin_keys(text) for text, _ in pairs], weight, [text for text, _ in pairs]),
        near=_partners(
            [
                [f"{one}{kana[:-1]}"] if len(kana) > 2 else []
                for one, (_, kana) in zip(sex, pairs, strict=True)
            ],
            weight,
            [kana for _, kana in pairs],
        ),
        homophone=_partners([[kana] for _, kana in pairs], weight, [text for text, _ in pairs]),
    )


def _vocabulary(weighted: list[tuple[tuple[str, str], float]]) -> Vocabulary:
    return vocabulary(
        text=[text for (text, _), _ in weighted],
        kana=[kana for (_, kana), _ in weighted],
        weight=[share for _, share in weighted],
    )


def _with_second_readings(surnames: Weighted) -> Weighted:
    widened = dict(surnames)
    for (text, kana), share in surnames.items():
        other, rarer = _SECOND_READINGS.get(text, (kana, 0.0))
        if other != kana:
            widened[(text, kana)] = share * (1 - rarer)
            widened[(text, other)] = widened.get((text, other), 0.0) + share * rarer
    return widened


def _twin_keys(text: str) -> list[str]:
    """One key for each kanji left out: names that share a key differ in that kanji alone."""
    if len(text) < 2:
        return []
    return [f"{text[:place]}_{text[place + 1 :]}" for place in range(len(text))]


def _partners(keys: list[list[str]], weight: npt.NDArray[np.float64], distinct: list[str]) -> Index:
    """For each name the next one by weight that shares a key and is not the same; itself when none."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index in np.argsort(-weight, kind="stable").tolist():
        for key in keys[index]:
            groups[key].append(index)
    partner = np.arange(len(keys), dtype=np.int64)
    for members in groups.values():
        for place, index in enumerate(members):
            other = members[(place + 1) % min(len(members), place + 2)]
            if distinct[other] != distinct[index] and partner[index] == index:
                partner[index] = other
    return partner


def _independent() -> tuple[Weighted, Weighted, Weighted]:
    common = {(kanji, katakana(reading)): float(people) for kanji, people, reading in _listed_surnames()}
    rare = {pair: 1.0 for pair in postal.surname_like() if pair[0] not in {kanji for kanji, _ in common}}
    return _blend(common, rare), _by_spelling("man"), _by_spelling("woman")


def _blend(common: Weighted, rare: Weighted) -> Weighted:
    scale = (
        sum(common.values()) * _RARE_SURNAME_SHARE / (1 - _RARE_SURNAME_SHARE) / max(sum(rare.values()), 1)
    )
    return {**{pair: share * scale for pair, share in rare.items()}, **common}


def _by_spelling(sex: str) -> Weighted:
    """Given names weighted by the dataset itself: popular readings, usual characters, usual sounds of them.

    A dictionary lists every reading a name can have; people bear mostly the usual one (in 46,000 names of
    real people nine in ten bear the commonest reading of their spelling). What is usual is learned from
    the dataset alone: which sounds its two-character names begin and end with for each character. Three
    quarters of the weight lie on the dataset's own list of popular readings.
    """
    full, popular = _readings(f"first_name_{sex}_org.csv"), _readings(f"first_name_{sex}_opti.csv")
    usual = Counter(char for names in full.values() for name in names for char in name)
    sounds = _Sounds(full)
    weighted: Weighted = defaultdict(float)
    for listing, share in ((popular, 0.75), (full, 0.25)):
        reading_total = sum(len(names) ** 1.3 for names in listing.values())
        for reading, names in listing.items():
            raw = [_usual(name, usual) * sounds.share(name, reading) ** _REGULAR for name in names]
            whole = share * len(names) ** 1.3 / reading_total
            for name, value in zip(names, raw, strict=True):
                weighted[(name, reading)] += whole * value / sum(raw)
    return _prevailing(weighted)


def _usual(name: str, usual: Counter[str]) -> float:
    """How usual the characters are; their mean, so that length does not count."""
    return float(np.prod([float(usual[char]) for char in name]) ** (3 / len(name)))


def _prevailing(weighted: Weighted) -> Weighted:
    """The readings of one spelling compete: a reading half as usual is borne by far less than half as many."""
    by_text: dict[str, float] = defaultdict(float)
    sharp = {pair: value**_PREVAIL for pair, value in weighted.items()}
    total: dict[str, float] = defaultdict(float)
    for (text, _), value in weighted.items():
        by_text[text] += value
    for (text, _), value in sharp.items():
        total[text] += value
    return {pair: by_text[pair[0]] * value / total[pair[0]] for pair, value in sharp.items()}


class _Sounds:
    """Which sounds each character begins and ends two-character names with."""

    def __init__(self, listing: dict[str, list[str]]) -> None:
        self._first: Counter[tuple[str, str]] = Counter()
        self._last: Counter[tuple[str, str]] = Counter()
        self._seen: Counter[str] = Counter()
        pairs = ((name, reading) for reading, names in listing.items() for name in names if len(name) == 2)
        for name, reading in pairs:
            self._seen.update((f"^{name[0]}", f"{name[1]}$"))
            for cut in range(1, len(reading)):
                self._first[name[0], reading[:cut]] += 1
                self._last[name[1], reading[cut:]] += 1

    def share(self, name: str, reading: str) -> float:
        """The best cut's product of the two characters' shares; 1 for a name of one character."""
        if len(name) == 1 or len(reading) < 2:
            return 1.0
        begin, end = max(self._seen[f"^{name[0]}"], 1), max(self._seen[f"{name[-1]}$"], 1)
        gap = len(name) - 2
        cuts = [
            (self._first[name[0], reading[:a]] + 0.1) * (self._last[name[-1], reading[b:]] + 0.1)
            for a in range(1, len(reading))
            for b in range(a + gap, len(reading))
            if gap or a == b
        ]
        return max(cuts, default=0.01) / (begin * end)


def _same() -> tuple[Weighted, Weighted, Weighted]:
    rows = list(_jmnedict())
    borne = _bearers(rows)
    common = {(kanji, katakana(reading)): float(people) for kanji, people, reading in _listed_surnames()}
    rare = {(text, kana): 1.0 for text, kana, kind in rows if kind == "surname"}
    surnames = _blend(common, {pair: 1.0 + 20 * borne[pair] for pair in rare if pair not in common})
    male = _spread(_members(rows, "masc", "given"), _by_spelling("man"), borne)
    female = _spread(_members(rows, "fem"), _by_spelling("woman"), borne)
    return surnames, male, female


def _spread(listed: set[tuple[str, str]], dataset: Weighted, borne: Counter[tuple[str, str]]) -> Weighted:
    """Half the weight by bearers, a third by the dataset, the rest over every listed name."""
    known = {pair: float(borne[pair]) for pair in listed | set(dataset) if borne[pair]}
    parts = ((known, 0.5), (dataset, 0.35), (dict.fromkeys(listed, 1.0), 0.15))
    weighted: Weighted = defaultdict(float)
    for part, share in parts:
        total = sum(part.values())
        for pair, value in part.items():
            weighted[pair] += share * value / total
    return dict(weighted)


def _members(rows: Iterable[tuple[str, str, str]], *kinds: str) -> set[tuple[str, str]]:
    return {(text, kana) for text, kana, kind in rows if kind in kinds}


def _bearers(rows: list[tuple[str, str, str]]) -> Counter[tuple[str, str]]:
    """How often a surname or given name occurs among the people JMnedict lists with full names."""
    surnames = _members(rows, "surname")
    given = _members(rows, "masc", "fem", "given")
    borne: Counter[tuple[str, str]] = Counter()
    by_text: dict[str, list[str]] = defaultdict(list)
    for text, kana in surnames:
        by_text[text].append(kana)
    for text, kana, kind in rows:
        if kind == "person":
            borne.update(_cut(text, kana, by_text, given))
    return borne


def _cut(
    text: str, kana: str, surnames: dict[str, list[str]], given: set[tuple[str, str]]
) -> tuple[tuple[str, str], ...]:
    for place in range(1, len(text)):
        for reading in surnames.get(text[:place], ()):
            rest = (text[place:], kana[len(reading) :])
            if kana.startswith(reading) and rest in given:
                return ((text[:place], reading), rest)
    return ()


def _jmnedict() -> Iterator[tuple[str, str, str]]:
    path = Path(jamdict_data.__file__).with_name("jamdict.db")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for text, reading, kind in connection.execute(_NAMES):
            kana = katakana(reading)
            longest = kind == "person" or (_KANJI.match(text) and _READING.match(kana))
            if longest:
                yield text, kana, kind
    finally:
        connection.close()


def _listed_surnames() -> Iterator[tuple[str, int, str]]:
    for kanji, people, reading, *_ in _dataset("last_name_org.csv"):
        yield kanji, int(people), reading


def _readings(file: str) -> dict[str, list[str]]:
    """reading (katakana) → spellings in kanji."""
    found: dict[str, list[str]] = {}
    for reading, _, *names in _dataset(file):
        kanji = [name for name in names if _KANJI.match(name)]
        if kanji and _READING.match(katakana(reading)):
            found[katakana(reading)] = kanji
    return found


def _dataset(file: str) -> Iterator[list[str]]:
    folder = Path(japanese_personal_name_dataset.__file__).with_name("dataset")
    with (folder / file).open(encoding="utf-8") as lines:
        yield from csv.reader(lines)
