"""A company's written name beside the kana of another file: what is read so, and what is not."""

from __future__ import annotations

import re
from collections.abc import Callable

import jaconv
import polars as pl
import pytest

from sekisho.matching import decide, names, vocabulary
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
    ("ＫＷ機械有限会社", "ｹｲﾀﾞﾌﾞﾘﾕ-ｷｶｲ(ﾕ"),
    ("ＤＢ総業㈲", "ﾃﾞｲ-ﾋﾞ-ｿｳｷﾞﾖｳ(ﾕ"),
    ("株式会社TMQフーズ", "ｶﾌﾞｼｷｶｲｼﾔﾃｨｰｴﾑｷｭｰﾌｰｽﾞ"),
    ("青葉合同会社", "ゴードーガイシャアオバ"),
    ("青葉興産投資法人", "アオバコウサントウシホウジン"),
    ("SE化学", "SEｶｶﾞｸ"),
    ("YA産業", "ワイエー産業"),
    ("Ｌ．Ａ．Ｇ．企画", "ｴﾙｴ-ｼﾞ-ｷｶｸ"),
    ("L.A.G.企画", "ＬＡＧ企画"),
    ("ヴィラ若葉管理組合", "ﾋﾞﾗﾜｶﾊﾞｶﾝﾘｸﾐｱｲ"),
    ("ヴィラ若葉管理組合", "ｳﾞｲﾗﾜｶﾊﾞｶﾝﾘｸﾐｱｲ"),
    ("グリーンコーポ若葉管理組合", "ｸﾞﾘ-ﾝｺ-ﾎﾟﾜｶﾊﾞｶﾝﾘｸﾐｱｲ"),  # 20 cells, and whole
    ("株式会社原市製作所", "ﾊﾗｲﾁｾｲｻｸｼﾖ ｶﾌﾞｼｷｶﾞｲｼﾔ ﾜｶ"),
    ("ライフケアトレーディング（有）", "ﾗｲﾌｹｱﾄﾚｰﾃﾞｲﾝｸﾞ ﾕｳｹﾞﾝｶﾞｲｼ"),
    ("有限会社宝エンジニアリング　関西工場", "ﾕ)ﾀｶﾗｴﾝｼﾞﾆｱﾘﾝｸﾞ ｶﾝｻｲｺｳｼﾞ"),
    ("株式会社長田住宅", "ｶﾌﾞｼｷｶﾞｲｼﾔ ｵｻﾀﾞｼﾞﾕｳﾀｸ"),  # not 長田 充's home
    ("北一条薬局", "ｷﾀｲﾁｼﾞﾖｳﾔﾂｷﾖｸ"),
    ("東八条ソリューションズ株式会社", "ﾋｶﾞｼﾊﾁｼﾞﾖｳｿﾘﾕ-ｼﾖﾝｽﾞ(ｶ"),
    ("南五条クリーニング", "ﾐﾅﾐｺﾞｼﾞﾖｳｸﾘ-ﾆﾝｸﾞ"),
)
# Names of one number and another one, whatever bears it.
NUMBERED = (
    ("青葉商会　第109号", "青葉商会　第110号"),
    ("青葉商会NO.252", "ｱｵﾊﾞｼﾖｳｶｲ NO.253"),
    ("青葉商会12号機", "青葉商会13号機"),
    ("青葉ビル管理24", "青葉ビル管理25"),
    ("アオバシヨウカイ ダイ12ゴウ", "青葉商会第13号"),
)
# Each Latin letter in every way in which clerks spell its name in kana.
SPELT = {
    "A": "エー エ- エイ",
    "B": "ビー ビ-",
    "C": "シー シ- シイ",
    "D": "ディー デイー デイ- ディ- デー デイ",
    "E": "イー イ-",
    "F": "エフ",
    "G": "ジー ジ- ジイ",
    "H": "エイチ エイチ エッチ エツチ エーチ",
    "I": "アイ",
    "J": "ジェー ジエー ジエ- ジェイ ジエイ",
    "K": "ケー ケ- ケイ",
    "L": "エル",
    "M": "エム",
    "N": "エヌ",
    "O": "オー オ- オウ",
    "P": "ピー ピ-",
    "Q": "キュー キユー キユ- キユウ",
    "R": "アール ア-ル",
    "S": "エス",
    "T": "ティー テイー テイ- ティ- テー テイ",
    "U": "ユー ユ- ユウ",
    "V": "ブイ ヴィー ヴイ- ブイ-",
    "W": "ダブリュー ダブリユー ダブリユ- ダブル ダブリユウ ダブルユ-",
    "X": "エックス エツクス",
    "Y": "ワイ",
    "Z": "ゼット ゼツト ゼッド ズィー",
}
IN_FULL = (
    ("（同）佐藤金属", "ゴウドウガイシヤ サトウキンゾク", "ﾄﾞ)ｻﾄｳｷﾝｿﾞｸ"),
    ("合同会社佐藤金属", "ｻﾄｳｷﾝｿﾞｸ ｺﾞｳﾄﾞｳｶﾞｲｼｬ", "ﾄﾞ)ｻﾄｳｷﾝｿﾞｸ"),
    ("合同会社佐藤金属", "ゴードーガイシャ サトーキンゾク", "ﾄﾞ)ｻﾄｳｷﾝｿﾞｸ"),
    ("医療法人藤田内科", "イリヨウホウジン フジタナイカ", "ｲ)ﾌｼﾞﾀﾅｲｶ"),
    ("学校法人青葉学園", "ガツコウホウジン　アオバガクエン", "ｶﾞｸ)ｱｵﾊﾞｶﾞｸｴﾝ"),
    ("有限会社川戸道建材", "ユウゲンカイシヤカワトミチケンザイ", "ﾕ)ｶﾜﾄﾐﾁｹﾝｻﾞｲ"),
    ("株式会社ＴＩ工業", "カ)テイ-アイコウギヨウ", "ｶ)ﾃｲ-ｱｲｺｳｷﾞﾖｳ"),
    ("株式会社青葉工業", "カ)アオバサンギヨウ", "ｶ)ｱｵﾊﾞｺｳｷﾞﾖｳ"),  # the column is wrong, and the name is not
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


def parsed(words: Lexicon, *texts: str, kana: tuple[str | None, ...] | None = None) -> list[Name]:
    columns = {"name": texts, "kana": kana or (None,) * len(texts)}
    frame = pl.DataFrame(columns, schema={"name": pl.String, "kana": pl.String})
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


@pytest.mark.parametrize(("one", "other"), NUMBERED)
def test_another_number_is_another_one(one: str, other: str, compare: Callable[[str, str], Likeness]) -> None:
    assert compare(one, other).weight <= NOT_ALIKE.weight
    assert compare(other, one).weight <= NOT_ALIKE.weight


@pytest.mark.parametrize("letter", SPELT)
@pytest.mark.parametrize("column", [False, True], ids=["alone", "with_column"])
def test_every_letter_is_heard_by_its_names(
    letter: str, column: bool, words: Lexicon, reader: Reader
) -> None:
    spellings = SPELT[letter].split()
    pairs = [
        (written.format(letter), heard.format(spelt))
        for spelt in spellings
        for written, heard in (
            ("株式会社{}K工業", "カ){}ケ-コウギヨウ"),
            ("{}機械有限会社", "{}キカイ(ユ"),
            ("S{}化学（同）", "エス{}カガク ゴウドウガイシヤ"),
        )
    ]
    columns = tuple(heard if column else None for _, heard in pairs)
    left = parsed(words, *(written for written, _ in pairs), kana=columns)
    right = parsed(words, *(jaconv.z2h(heard) for _, heard in pairs))
    found = [reader.compare(one, other).weight for one, other in zip(left, right, strict=True)]
    assert all(weight > decide.MERGE for weight in found), dict(zip(pairs, found, strict=True))


@pytest.mark.parametrize(("written", "column", "heard"), IN_FULL)
def test_a_column_is_heard_without_its_legal_form(
    written: str, column: str, heard: str, words: Lexicon, reader: Reader
) -> None:
    left, right = parsed(words, written, heard, kana=(column, None))
    assert reader.compare(left, right).weight > decide.MERGE


SPOKEN_FORMS = [
    word
    for fields in vocabulary.fields("companies", "legal_forms")
    for word in fields[0]
    if not re.search("[一-鿿]", word)
]


@pytest.mark.parametrize("form", SPOKEN_FORMS)
def test_every_legal_form_is_taken_off_a_column(form: str, words: Lexicon) -> None:
    large = form.translate(str.maketrans("ャュョッ", "ヤユヨツ"))
    spellings = (form, large, jaconv.z2h(large), form.replace("ウ", "ー"))
    columns = tuple(text for spelt in spellings for text in (f"{spelt} アオバ", f"アオバ{spelt}"))
    names_read = parsed(words, *["株式会社青葉"] * len(columns), kana=columns)
    assert {name.full for name in names_read} == {"アオバ"}


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
