"""What clerks write behind a name to tell contracts apart: 田代慎也＊, 田頭弘之【新】, 石坂一静 倉庫, 高橋さくら 2, タカヒロ(ドウリヨク).

A note is about the contract and no part of anybody's name. In brackets it says so itself; behind a space only a whole
name of the books shows that 倉庫 is no company's.
"""

from __future__ import annotations

import polars as pl

from sekisho.matching import kana, rarely, several, vocabulary
from sekisho.matching.lexicon import Lexicon

_WORDS = vocabulary.section("notes")["words"]
_SPELT = sorted({*_WORDS, *(kana.large(word) for word in _WORDS)}, key=len, reverse=True)
_ANY = "|".join(_SPELT)
_SIGNS = r"[*※☆★]|【[^】]*】|〔[^〕]*〕|<[^>]*>|\[[^\]]*\]"
_IN_BRACKETS = rf" ?\((?:{_ANY})(?:用|ヨウ)?\)?$"
_MARKED = r"[*※☆★【〔<\[(]"
_BEHIND = rf"^(.{{2,}}) (?:第?[0-9]{{1,2}}|{_ANY})$"


def without_marks(text: pl.Expr) -> pl.Expr:
    """Names, in NFKC form, without signs and without notes in brackets."""
    return rarely.where(text, _MARKED, _unmarked)


def _unmarked(text: pl.Expr) -> pl.Expr:
    plain = text.str.replace_all(_SIGNS, "").str.replace(_IN_BRACKETS, "").str.strip_chars(" ")
    # ＊ alone is nobody's name, but all that is known.
    return pl.when(plain != "").then(plain).otherwise(text)


def without_notes(frame: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
    """Takes notes off the names of people (columns row, text): what stands before is a surname and a given name of the
    books."""
    noted = frame.select("row", name=pl.col("text").str.extract(_BEHIND)).drop_nulls()
    whole = noted.filter(pl.col("name").is_in(several.whole_names(noted["name"], lexicon).implode()))
    joined = frame.join(whole, on="row", how="left", maintain_order="left")
    return joined.with_columns(text=pl.coalesce("name", "text")).drop("name")
