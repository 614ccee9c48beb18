"""Word lists for what no name dictionary holds: trades, branches, devices, buildings, foreign names.

All of it (`words.toml`) is invented or everyday vocabulary with readings written by hand for this
generator; no list comes from a source the matcher reads. Companies made of these words are fictitious.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from .kana import by_ear
from .tables import table
from .vocabulary import Form, Vocabulary, vocabulary

_PLAIN = ("trades", "heads", "branches", "shops", "buildings", "offices", "hamlets")
# letter names as banks and registers spell them
_LETTERS: dict[str, str] = table()["letters"]


@dataclass(frozen=True)
class LegalForms:
    """株式会社 and the others; ten writings a form in `column`: five in kanji records, five in kana ones."""

    share: npt.NDArray[np.float64]
    in_front: npt.NDArray[np.bool_]
    column: pl.Series


@lru_cache(maxsize=1)
def legal_forms() -> LegalForms:
    """The legal forms with their shares."""
    rows = table()["legal"]
    return LegalForms(
        share=np.array([row["share"] for row in rows]),
        in_front=np.array([row["stands"] == "前" for row in rows]),
        column=pl.Series([text for row in rows for text in (*row["kanji"], *row["kana"])]),
    )


@lru_cache(maxsize=1)
def library() -> dict[str, Vocabulary]:
    """Every word list by name."""
    return {name: _words(table()[name]) for name in _PLAIN} | {
        "letters": _letter_heads(),
        "devices": _devices(),
        "foreign_family": _latin(table()["foreign_family"]),
        "foreign_given": _latin(table()["foreign_given"]),
        "asian_family": _asian(table()["asian_family"]),
        "asian_given": _asian(table()["asian_given"]),
    }


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(entry.split("=")[0], entry.split("=")[-1]) for entry in text.split()]


def _words(text: str) -> Vocabulary:
    entries = _pairs(text)
    return vocabulary(text=[kanji for kanji, _ in entries], kana=[kana for _, kana in entries])


def _latin(text: str) -> Vocabulary:
    entries = _pairs(text)
    words = [latin for latin, _ in entries]
    kana = [kana for _, kana in entries]
    return vocabulary(
        text=words,
        kana=kana,
        spelled={
            Form.VARIANT: [word.title() for word in words],
            Form.RARE: [_wide(word) for word in words],
            Form.HIRAGANA: kana,
        },
    )


def _asian(text: str) -> Vocabulary:
    """Chinese and Korean names: in kana by the native reading, sometimes by the Japanese one."""
    rows = [entry.split("=") for entry in text.split()]
    return vocabulary(
        text=[row[0] for row in rows],
        kana=[row[1] for row in rows],
        spelled={Form.BY_EAR: [row[2] for row in rows]},
    )


def _wide(latin: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in latin)


def _letter_heads() -> Vocabulary:
    """Two- and three-letter company names: ＹＳ, read ワイエス."""
    rng = np.random.default_rng(20160401)
    drawn = {"".join(rng.choice(list(_LETTERS), size=int(size))) for size in rng.integers(2, 4, size=400)}
    words = sorted(drawn)
    kana = ["".join(_LETTERS[char] for char in word) for word in words]
    return vocabulary(
        text=words,
        kana=kana,
        spelled={
            Form.VARIANT: [_wide(word) for word in words],
            Form.RARE: [".".join(word) + "." for word in words],
            Form.HIRAGANA: kana,
            Form.BY_EAR: [by_ear(reading).replace("ディー", "デー") for reading in kana],
        },
    )


def _devices() -> Vocabulary:
    rows = table()["devices"]
    also = [row[2] for row in rows.values()]
    return vocabulary(
        text=list(rows),
        kana=[row[0] for row in rows.values()],
        weight=[row[1] for row in rows.values()],
        spelled={Form.VARIANT: also, Form.RARE: also},
    )
