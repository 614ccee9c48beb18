"""Companies that are not worth comparing: whoever is left out would not have been found alike."""

from __future__ import annotations

import polars as pl
import pytest

from sekisho.matching import decide, names, screening
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader

WRITTEN = (
    *("株式会社青葉工業", "有限会社原市商店", "上尾青果合名会社", "ＹＳ商事株式会社", "(株)八洲建設"),
    *("株式会社サンワクリーニング", "医療法人若葉会", "北斗運輸(株)", "(株)北斗", "株式会社北斗運輸大宮支店"),
)
SPOKEN = (
    *("ｶ)ｱｵﾊﾞｺｳｷﾞﾖｳ", "ﾕ)ﾊﾗｲﾁｼﾖｳﾃﾝ", "ｱｹﾞｵｾｲｶ(ﾒ", "ﾜｲｴｽｼﾖｳｼﾞ(ｶ", "ｶ)ﾔｼﾏｹﾝｾﾂ", "ｶ)ｷﾖｳﾜｸﾘｰﾆﾝｸﾞ"),
    *("ｲ)ﾜｶﾊﾞｶｲ", "ﾎｸﾄｳﾝﾕ(ｶ", "ｶ)ﾎｸﾄ", "ｶ)ﾎｸﾄｳﾝﾕｵｵﾐﾔｼﾃﾝ", "ｶ)ﾐﾅﾐ", "ｶ)ｱｵｲｺｳｷﾞﾖｳ"),
)


@pytest.fixture(scope="module")
def personas(words: Lexicon) -> pl.DataFrame:
    both = pl.DataFrame({"name": [*WRITTEN, *SPOKEN]}).with_columns(kana=pl.lit(None, dtype=pl.String))
    return names.parse(both, words).with_row_index("persona")


@pytest.mark.parametrize("least", [decide.LISTED, decide.MERGE, 3.0])
def test_nobody_who_is_alike_is_left_out(least: float, personas: pl.DataFrame, reader: Reader) -> None:
    ends = personas.select(left="persona"), personas.select(right="persona")
    pairs = ends[0].join(ends[1], how="cross").filter(pl.col("left") < pl.col("right"))
    kept = set(screening.neighbours(pairs, personas, reader).iter_rows())
    rows = personas.select("persona", *decide.NAME_COLUMNS).iter_rows()
    named = {row[0]: decide.name_of(row[1:]) for row in rows}
    alike = {
        pair for pair in pairs.iter_rows() if reader.compare(*(named[end] for end in pair)).weight > least
    }
    assert alike <= kept
    assert len(alike) > len(WRITTEN) // 2


def test_most_of_the_others_are(personas: pl.DataFrame, reader: Reader) -> None:
    mixed = [(left, right) for left in range(len(WRITTEN)) for right in range(len(WRITTEN), personas.height)]
    ends = {"left": pl.UInt32, "right": pl.UInt32}
    pairs = pl.DataFrame(mixed, schema=ends, orient="row")
    kept = screening.neighbours(pairs, personas, reader)
    assert kept.height < pairs.height / 2
