"""A company's written name beside the kana of another file: what is read so, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from sekisho.matching import decide, names
from sekisho.matching.evidence import NOT_ALIKE, Likeness, Name
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader

SAME = (
    ("株式会社日本青葉", "ニツポンアオバ カブシキガイシヤ"),
    ("日本青葉株式会社", "(カブ) ニホンアオバ"),
    ("青葉２４株式会社", "アオバニジユウヨン カブシキガイシヤ"),
    ("ベルシステム２４株式会社", "カ)ベルシステムニヨン"),
    ("プラザ109", "プラザイチマルキユウ"),
    ("ＹＳ商事株式会社", "カ)ワイエスシヨウジ"),
    ("ＮＴＴ青葉株式会社", "エヌテイテイアオバ カブシキガイシヤ"),
    ("ＳＡＮＳＡＮ工業(株)", "サンサンコウギヨウ(カ"),
    ("株式会社ＫＩＳＣＯ", "カ)キスコ"),
    ("青葉ホテル＆リゾート(株)", "カ)アオバホテルアンドリゾ-ト"),
    ("株式会社セブン＆青葉", "カ)セブンアンドアオバ"),
    ("札幌テレビ放送株式会社（ＳＴＶ）", "サツポロテレビホウソウ カブシキガイシヤ(エステイ-ブイ)"),
    ("札幌テレビ放送株式会社（ＳＴＶ）", "サツポロテレビホウソウ カブシキガイシヤ"),
    ("酒々井青果市場株式会社", "シスイセイカイチバ カブシキガイシヤ"),
    (
        "国立研究開発法人　農業・食品研究機構",
        "コクリツケンキユウカイハツホウジン ノウギヨウ・シヨクヒンケンキユウキコウ",
    ),
    ("みどり市役所　東庁舎", "ミドリシヤクシヨ ヒガシチヨウシヤ"),
    ("株式会社ＺＯＺＯ", "カ)ゾゾ"),
    ("株式会社　青森銀行", "カブシキガイシヤ アオモリギンコウ"),  # as long as a bank's field, and whole
    ("青葉市農業協同組合", "アオバシノウギヨウキヨウドウクミアイ"),
)
OTHER = (
    ("株式会社サンワクリーニング", "カ)キヨウワクリ-ニング"),
    ("青葉工業株式会社", "カ)アオバコウサン"),
    ("青葉２４株式会社", "カ)アオバニジユウゴ"),
    ("ＹＳ商事株式会社", "カ)ワイエヌシヨウジ"),
    ("東急百貨店", "トウキユウ(カ"),
    ("丸仁商事株式会社", "マルキシヨウジ(カ"),
)
PERSONS = (
    ("青葉商店　山田太郎", "person"),
    ("青葉商店　服部", "person"),
    ("山田太郎・花子", "person"),
    ("ヤマダ タロウ・ハナコ", "person"),
    ("国立精神・神経医療研究センター", "company"),
    ("福島地方・家庭・簡易裁判所", "company"),
    ("青葉商会　函館競馬場", "company"),
    ("みどり市役所　指導監査課", "company"),
)


def parsed(words: Lexicon, *texts: str) -> list[Name]:
    frame = pl.DataFrame({"name": texts}).with_columns(kana=pl.lit(None, dtype=pl.String))
    return [decide.name_of(row) for row in names.parse(frame, words).select(decide.NAME_COLUMNS).iter_rows()]


@pytest.fixture
def compare(words: Lexicon, reader: Reader) -> Callable[[str, str], Likeness]:
    def compared(left: str, right: str) -> Likeness:
        return reader.compare(*parsed(words, left, right))

    return compared


@pytest.mark.parametrize(("written", "heard"), SAME)
def test_read_so(written: str, heard: str, compare: Callable[[str, str], Likeness]) -> None:
    assert compare(written, heard).weight > decide.MERGE
    assert compare(heard, written) == compare(written, heard)


@pytest.mark.parametrize(("written", "heard"), OTHER)
def test_read_otherwise(written: str, heard: str, compare: Callable[[str, str], Likeness]) -> None:
    assert NOT_ALIKE.weight <= compare(written, heard).weight <= decide.MERGE


def test_the_same_branch_tells_more_than_none_and_none_more_than_another(
    compare: Callable[[str, str], Likeness],
) -> None:
    weights = [
        compare("青葉工業株式会社　横浜支店", f"アオバコウギヨウ カブシキガイシヤ {branch}".strip()).weight
        for branch in ("ヨコハマシテン", "", "センダイエイギヨウシヨ")
    ]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 3
    assert weights[-1] > decide.MERGE  # at one address it is one company all the same


@pytest.mark.parametrize(("text", "kind"), PERSONS)
def test_workplaces_are_no_people(text: str, kind: str, words: Lexicon) -> None:
    assert parsed(words, text)[0].kind == kind


def test_the_whole_name_of_a_company_is_kept_beside_its_trunk(words: Lexicon) -> None:
    (name,) = parsed(words, "株式会社青葉＆原市　横浜支店")
    assert (name.key, name.words) == ("青葉原市", "青葉&原市 横浜支店")
