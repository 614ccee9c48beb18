"""Which names people bear, and how they read them, weighed from inside the name statistics themselves.

The statistics list which spellings a reading may have but not how often. Two things inside them say it well enough:
how many spellings a reading gathers (a common reading is written in many ways), and how regularly each character
carries its part of the reading (和 is カズ in hundreds of names and アイ in two). The second is estimated by letting
every spelling divide its reading among its characters until the shares settle.
"""

import importlib.util
import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from japanese_personal_name_dataset import load_dataset

from .dice import Urn

Dictionary = Literal["same", "independent"]
SMALL = frozenset("ゃゅょっぁぃぅぇぉんー")
LONGEST_PART = 4  # kana that one character may carry
ROUNDS = 5
SHARPEN = 1.4  # how far the usual reading outweighs the others
CURATED, UNCURATED = 6.0, 0.25  # standing of the readings in the statistics' short list, and of the rest
LENGTH = {
    1: 8.0,
    2: 1.0,
    3: 0.3,
}  # given names of two characters are the rule; lists of spellings favour three
TAIL_SURNAMES = 0.20  # of people; the statistics' 2,000 surnames cover about four fifths of Japan
TAIL_NAMES = 30_000  # kept of each kind; what is left out has characters that hardly serve in names
TAIL_GIVEN = 0.08  # of people
KATAKANA = str.maketrans({chr(c): chr(c + 0x60) for c in range(0x3041, 0x3097)})
# Surnames with two living readings (share of the second); known to the "same" dictionary only.
SECOND_READINGS: dict[str, tuple[str, float]] = {
    "中島": ("なかしま", 0.35), "山崎": ("やまさき", 0.30), "河野": ("かわの", 0.35), "上田": ("うえた", 0.04),
    "東": ("あずま", 0.25), "新田": ("にった", 0.85), "長田": ("ながた", 0.45), "小山": ("おやま", 0.12),
    "菅野": ("かんの", 0.50), "角田": ("かくた", 0.25), "羽田": ("はた", 0.20), "神谷": ("かみたに", 0.15),
    "金城": ("かなしろ", 0.10), "渡部": ("わたべ", 0.30), "五十嵐": ("いがらし", 0.50), "高田": ("たかた", 0.25),
    "吉川": ("きっかわ", 0.03), "小谷": ("おだに", 0.08), "三谷": ("みや", 0.01), "谷": ("やつ", 0.01),
}  # fmt: skip


class Name(NamedTuple):
    """One part of a name: its spelling and its reading in full-width katakana."""

    spelling: str
    kana: str


@dataclass(frozen=True, slots=True)
class Names:
    """Urns of names, and the indices that relatives and mistaken clerks are drawn from. Keys "m" and "f"."""

    surnames: Urn[Name]
    given: dict[str, Urn[Name]]
    by_first: dict[tuple[str, str], list[Name]]
    by_sound: dict[tuple[str, str], list[Name]]
    readings: dict[str, list[str]]


def katakana(hiragana: str) -> str:
    """Hiragana as full-width katakana; other characters stay."""
    return hiragana.translate(KATAKANA)


def _cuts(reading: str, parts: int) -> Iterator[tuple[str, ...]]:
    """Every way to deal a reading out to so many characters."""
    if parts == 1:
        if len(reading) <= LONGEST_PART + 1:
            yield (reading,)
        return
    for at in range(1, min(LONGEST_PART, len(reading) - parts + 1) + 1):
        if reading[at] not in SMALL:
            for rest in _cuts(reading[at:], parts - 1):
                yield (reading[:at], *rest)


class _Divisions(NamedTuple):
    """All divisions of all pairs: the pair of each row and its three (character, part) keys, 0 standing for none."""

    pair: np.ndarray
    keys: np.ndarray
    owner: np.ndarray


def _divisions(pairs: list[tuple[str, str]]) -> _Divisions:
    keys: dict[tuple[str, str], int] = {("", ""): 0}
    pair: list[int] = []
    rows: list[tuple[int, int, int]] = []
    for at, (spelling, reading) in enumerate(pairs):
        if len(spelling) <= 3:
            for cut in _cuts(reading, len(spelling)):
                found = [keys.setdefault(key, len(keys)) for key in zip(spelling, cut, strict=True)]
                pair.append(at)
                rows.append((*found, 0, 0)[:3])  # type: ignore[arg-type]
    order: dict[str, int] = {}
    owner = np.array([order.setdefault(character, len(order)) for character, _ in keys])
    return _Divisions(np.array(pair), np.array(rows), owner)


def regularity(pairs: list[tuple[str, str]]) -> np.ndarray:
    """How regularly each (spelling, reading) pair reads its characters: Σ over divisions of Π P(part | character)."""
    pair, keys, owner = _divisions(pairs)
    share = np.ones(len(owner))
    weight = np.ones(len(pair))
    for _ in range(ROUNDS):
        weight = share[keys].prod(axis=1)
        total = np.bincount(pair, weight, minlength=len(pairs))
        part = weight / total[pair]
        seen = sum(np.bincount(keys[:, column], part, minlength=len(owner)) for column in range(3))
        share = seen / np.bincount(owner, seen)[owner]
        share[0] = 1.0
    found: np.ndarray = np.bincount(pair, weight, minlength=len(pairs))
    return found


def _commonness(spellings: Iterable[str]) -> dict[str, float]:
    """Geometric mean of how often each character of a spelling serves in names at all."""
    listed = list(spellings)
    used = Counter(character for spelling in listed for character in spelling)
    logs = {character: math.log(count) for character, count in used.items()}
    return {s: math.exp(sum(logs[c] for c in s) / len(s)) for s in set(listed)}


def _likelihood(pairs: list[tuple[str, str]], popular: np.ndarray) -> np.ndarray:
    """Standing of each reading of a spelling; a single character has no parts to be regular in."""
    single = np.array([len(spelling) == 1 for spelling, _ in pairs])
    likely: np.ndarray = np.where(single, popular**1.3 * 1e-3, popular * regularity(pairs)) ** SHARPEN
    return likely


def _given_weights(
    pairs: list[tuple[str, str]], curated: set[str], borne: Counter[tuple[str, str]]
) -> np.ndarray:
    """Weight of each pair: popularity of the spelling times the share of this reading among its readings."""
    spread = Counter(reading for _, reading in pairs)
    popular = np.array([spread[r] * (4.0 if r in curated else 1.0) for _, r in pairs])
    likely = _likelihood(pairs, popular)
    total: dict[str, float] = defaultdict(float)
    best: dict[str, float] = defaultdict(float)
    for (spelling, _), chance in zip(pairs, likely, strict=True):
        total[spelling] += chance
        best[spelling] = max(best[spelling], chance)
    common = _commonness(spelling for spelling, _ in pairs)
    known = np.array([(1.0 + 3.0 * borne[pair] ** 0.8) * LENGTH.get(len(pair[0]), 0.1) for pair in pairs])
    fame = np.array([best[s] ** 0.7 * common[s] ** 2.2 / max(total[s], 1e-300) for s, _ in pairs])
    found: np.ndarray = _by_reading(pairs, fame * likely, curated) * known
    return found


def _by_reading(pairs: list[tuple[str, str]], weights: np.ndarray, curated: set[str]) -> np.ndarray:
    """The weights, so scaled that no reading outweighs the rest by having many rare spellings.

    A spelling is scaled by its usual reading, so that the proportions among its readings stay.
    """
    spread = Counter(reading for _, reading in pairs)
    total: dict[str, float] = defaultdict(float)
    usual: dict[str, tuple[float, str]] = {}
    for (spelling, reading), weight in zip(pairs, weights, strict=True):
        total[reading] += weight
        usual[spelling] = max(usual.get(spelling, (0.0, reading)), (float(weight), reading))
    wanted = {r: n**0.7 * (CURATED if r in curated else UNCURATED) for r, n in spread.items()}
    scale = {r: (wanted[r] / max(total[r], 1e-300)) ** 0.7 for r in spread}
    scaled: np.ndarray = weights * np.array([scale[usual[s][1]] for s, _ in pairs])
    return scaled


def _usable(spelling: str) -> bool:
    return len(spelling) <= 3 and spelling.isalpha()


def _listed(names: dict[str, dict[str, list[str]]]) -> list[tuple[str, str]]:
    return [
        (kanji, reading) for reading, entry in names.items() for kanji in entry["kanji"] if _usable(kanji)
    ]


@lru_cache(maxsize=1)
def _jmnedict() -> dict[str, list[tuple[str, str]]]:
    """(spelling, hiragana) pairs by kind: surname, masc, fem, person; in a fixed order."""
    spec = importlib.util.find_spec("jamdict_data")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("jamdict_data")
    query = (
        "select y.text, k.text, n.text from NETransType y join NETranslation t on t.ID = y.tid"
        " join NEKanji k on k.idseq = t.idseq join NEKana n on n.idseq = t.idseq"
        " where y.text in ('surname', 'masc', 'fem', 'person')"
    )
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    with sqlite3.connect(f"file:{Path(spec.origin).parent / 'jamdict.db'}?mode=ro", uri=True) as base:
        for kind, kanji, kana in base.execute(query):
            found[kind].add((kanji, kana))
    base.close()
    return {kind: sorted(pairs) for kind, pairs in found.items()}


def _borne(surnames: dict[str, str]) -> Counter[tuple[str, str]]:
    """How often each given name occurs among JMnedict's full names of persons."""
    seen: Counter[tuple[str, str]] = Counter()
    for full, kana in _jmnedict()["person"]:
        for cut in (2, 1, 3):
            reading = surnames.get(full[:cut])
            if reading and kana.startswith(reading):
                seen[(full[cut:], kana[len(reading) :])] += 1
                break
    return seen


def _kanji_only(text: str) -> bool:
    return all("一" <= character <= "鿿" or character == "々" for character in text)


def _tail(pairs: list[tuple[str, str]]) -> tuple[list[Name], np.ndarray]:
    """JMnedict names beyond the statistics, the regular and common-looking ones before the odd."""
    kept = [
        pair for pair in pairs if 2 <= len(pair[0]) <= 3 and _kanji_only(pair[0]) and 2 <= len(pair[1]) <= 6
    ]
    common = _commonness(spelling for spelling, _ in kept)
    kept = sorted(kept, key=lambda pair: (-common[pair[0]], pair))[:TAIL_NAMES]
    weights = np.array([common[s] ** 1.6 for s, _ in kept]) * regularity(kept) ** 0.8
    return [Name(s, katakana(r)) for s, r in kept], weights / weights.sum()


def _joined(head: list[Name], weights: np.ndarray, tail: list[tuple[str, str]], share: float) -> Urn[Name]:
    weights = weights / weights.sum()
    if not tail:
        return Urn(head, weights.tolist())
    more, their = _tail(tail)
    return Urn([*head, *more], [*(weights * (1 - share)).tolist(), *(their * share).tolist()])


def _surnames(last: dict[str, dict[str, str]], *, wider: bool) -> Urn[Name]:
    head: list[Name] = []
    weights: list[float] = []
    for spelling, entry in last.items():
        second, share = SECOND_READINGS.get(spelling, ("", 0.0)) if wider else ("", 0.0)
        head.append(Name(spelling, katakana(entry["reading"])))
        weights.append(float(entry["count"]) * (1 - share))
        if share:
            head.append(Name(spelling, katakana(second)))
            weights.append(float(entry["count"]) * share)
    tail = [pair for pair in _jmnedict()["surname"] if pair[0] not in last] if wider else []
    return _joined(head, np.array(weights), tail, TAIL_SURNAMES)


def _given(gender: str, last: dict[str, dict[str, str]], *, wider: bool) -> Urn[Name]:
    which = 0 if gender == "m" else 1
    pairs = _listed(load_dataset("org")[which])  # type: ignore[arg-type]
    curated = set(load_dataset("opti")[which])
    borne = _borne({spelling: entry["reading"] for spelling, entry in last.items()}) if wider else Counter()
    weights = _given_weights(pairs, curated, borne)
    head = [Name(spelling, katakana(reading)) for spelling, reading in pairs]
    tail = _jmnedict()["masc" if gender == "m" else "fem"] if wider else []
    return _joined(head, weights, tail, TAIL_GIVEN)


def _indices(given: dict[str, Urn[Name]]) -> tuple[dict[tuple[str, str], list[Name]], ...]:
    by_first: dict[tuple[str, str], list[Name]] = defaultdict(list)
    by_sound: dict[tuple[str, str], list[Name]] = defaultdict(list)
    for gender, names in given.items():
        for name in names.things:
            by_first[gender, name.spelling[0]].append(name)
            by_sound[gender, name.kana].append(name)
    return by_first, by_sound


@lru_cache(maxsize=2)
def load_names(dictionary: Dictionary) -> Names:
    """The names of one choice of dictionaries; "independent" touches the personal-name statistics only."""
    wider = dictionary == "same"
    last = load_dataset("org", include_last_names=True)[2]
    given = {gender: _given(gender, last, wider=wider) for gender in ("m", "f")}  # type: ignore[arg-type]
    by_first, by_sound = _indices(given)
    readings: dict[str, list[str]] = defaultdict(list)
    for names in given.values():
        for name in names.things:
            readings[name.spelling].append(name.kana)
    return Names(_surnames(last, wider=wider), given, by_first, by_sound, readings)  # type: ignore[arg-type]
