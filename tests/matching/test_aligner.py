"""However soon the aligner gives up, it says what weighing every cut of a sound would say."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest

from sekisho.matching import aligner, kana, likeness
from sekisho.matching.aligner import LONGEST_PIECE, Aligner
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader

UNSEEN = math.log(1e-4)
KANA = "アイウオカキコサシセタツトナノハマミヤヨラリロンガジダバ"
LEAST = (-1.0, -2.0, -3.5, -6.0, -9.0, -12.0)
Pair = tuple[str, str]


def plainly(pieces: dict[str, dict[str, float]], name: str, sound: str) -> float:
    """The best sum of log-probabilities over every cut of the sound into one piece a character; none but the last is
    longer than the longest. What cannot be cut is unseen in every character."""
    weighed = [
        sum(piece_of(pieces, char, piece) for char, piece in zip(name, cut, strict=True))
        for cut in cuts(sound, len(name))
    ]
    return max(weighed, default=UNSEEN * len(name))


def piece_of(pieces: dict[str, dict[str, float]], char: str, piece: str) -> float:
    return 0.0 if piece == char else pieces.get(char, {}).get(piece, UNSEEN)


def cuts(sound: str, parts: int) -> Iterator[tuple[str, ...]]:
    if parts == 1 and sound:
        yield (sound,)
    if parts > 1:
        for end in range(1, min(LONGEST_PIECE, len(sound)) + 1):
            for rest in cuts(sound[end:], parts - 1):
                yield sound[:end], *rest


@pytest.fixture(scope="module")
def pairs(words: Lexicon) -> list[Pair]:
    """Names of one to four characters, and sounds that are theirs, nearly theirs, or anybody's."""
    rng = random.Random(20161104)
    chars, pieces = sorted(words.aligner.pieces), words.aligner.pieces
    drawn = []
    for _ in range(700):
        name = "".join(rng.choice(chars) for _ in range(rng.randint(1, 4)))
        spoken = [rng.choice(sorted(pieces[char])) for char in name]
        for at in range(len(name)):
            if rng.random() < 0.25:
                spoken[at] = "".join(rng.choices(KANA, k=rng.randint(0, 6)))
        drawn.append(
            (name.replace(name[-1], rng.choice("ユミ々")) if rng.random() < 0.1 else name, "".join(spoken))
        )
    return [(name, sound) for name, sound in drawn if sound]


@pytest.fixture(scope="module")
def weighed(pairs: list[Pair], words: Lexicon) -> dict[Pair, float]:
    return {pair: plainly(words.aligner.pieces, *pair) for pair in pairs}


def test_a_score_is_that_of_the_best_cut(weighed: dict[Pair, float], words: Lexicon) -> None:
    for (name, sound), weight in weighed.items():
        assert words.aligner.score(name, sound) == pytest.approx(weight / len(name)), (name, sound)


def test_the_pairs_are_of_every_kind(weighed: dict[Pair, float]) -> None:
    unread = [pair for pair, weight in weighed.items() if weight <= UNSEEN * len(pair[0])]
    read = [pair for pair, weight in weighed.items() if weight > UNSEEN]
    assert min(len(unread), len(read), len(weighed) - len(read) - len(unread)) > 50


def test_no_name_is_likelier_than_its_bound(weighed: dict[Pair, float], words: Lexicon) -> None:
    for pair, weight in weighed.items():
        assert words.aligner.bound(*pair) >= weight - 1e-9, pair


def test_whatever_is_given_up_is_under_the_least(weighed: dict[Pair, float], words: Lexicon) -> None:
    for (name, sound), weight in weighed.items():
        mean = weight / len(name)
        for least in (*LEAST, mean - 0.01, mean + 0.01):
            found = words.aligner.score(name, sound, least=least)
            assert found == pytest.approx(mean) or (found == -math.inf and mean < least), (name, sound, least)


@pytest.mark.parametrize(
    ("name", "sound", "expected"),
    [
        ("山田", "ヤマダ", (math.log(0.5) + math.log(0.25)) / 2),
        ("山田", "ヤマタ", (math.log(0.5) + UNSEEN) / 2),
        ("山ダ", "ヤマダ", math.log(0.5) / 2),
        ("山田", "ヤ", UNSEEN),
        ("山田", "ヤマトトトトトト", (math.log(0.5) + UNSEEN) / 2),
        ("山", "ヤマヤマヤマ", UNSEEN),
        ("山々", "ヤマヤマ", (math.log(0.5) + UNSEEN) / 2),
        ("", "ヤマ", 0.0),
    ],
)
def test_scores_by_hand(name: str, sound: str, expected: float) -> None:
    known = Aligner({"山": {"ヤマ": math.log(0.5), "サン": math.log(0.5)}, "田": {"ダ": math.log(0.25)}})
    assert known.score(name, sound) == pytest.approx(expected)


def test_a_name_that_the_books_read_for_certain_need_not_be_aligned(words: Lexicon, reader: Reader) -> None:
    """Beside every reading of some given names: what is said without asking the characters is what they would add to."""
    rng = random.Random(7)
    names = rng.sample(sorted(words.given_readings), 150)
    sure = 0
    for given in names:
        spelt = kana.without_hiragana(given)
        for sound, share in words.given_readings[given].items():
            aligned = math.exp(plainly(words.aligner.pieces, spelt, sound))
            if words.aligner.bound(spelt, sound) < likeness._UNHEARD:
                continue
            anybody = max(reader._common.get(sound, 0.0), likeness._RAREST)
            read = (1 - likeness._UNLISTED) * share + likeness._UNLISTED * aligned
            odds = (1 - likeness._ARBITRARY) * read / anybody + likeness._ARBITRARY
            expected = min(math.log(odds), likeness._SUREST)
            sure += expected == likeness._SUREST
            assert reader.given_reading(given, sound).weight == pytest.approx(expected), (given, sound)
    assert sure > 10


def test_what_is_learnt_is_how_often_a_character_is_read_so() -> None:
    """Three of four times 田 is ダ in these names; 山 is ヤマ always."""
    names = ["山田", "上田", "山中", "中田", "田上", "中山", "上山"] * 5
    sounds = ["ヤマダ", "ウエダ", "ヤマナカ", "ナカダ", "タウエ", "ナカヤマ", "ウエヤマ"] * 5
    learnt = aligner.train(names, sounds)
    assert learnt.score("山", "ヤマ") == pytest.approx(0.0, abs=0.01)
    assert learnt.score("田", "ダ") == pytest.approx(math.log(0.75), abs=0.05)
    assert aligner.from_frame(aligner.to_frame(learnt)).pieces.keys() == learnt.pieces.keys()
