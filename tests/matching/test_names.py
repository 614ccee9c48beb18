"""What a name field says: whom it names, of what kind, and what else stands in it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from sekisho.matching import aligner, companies, everyday, foreign, names, wordbook
from sekisho.matching.evidence import Name, named
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader


def parsed(text: str, words: Lexicon, kana: str | None = None) -> dict[str, Any]:
    frame = pl.DataFrame({"name": [text], "kana": [kana]}, schema={"name": pl.String, "kana": pl.String})
    return names.parse(frame, words).to_dicts()[0]


KINDS = [
    ("山田 太郎", "person"),
    ("ﾔﾏﾀﾞ ﾀﾛｳ", "person"),
    ("木村", "person"),
    ("服部 良一", "person"),
    ("市川 和子", "person"),
    ("小野寺 若菜", "person"),
    ("ジョン・スミス", "person"),
    ("青葉商店 山田太郎", "person"),
    ("青葉食堂 代表 山田 太郎", "person"),
    ("株式会社青葉工業", "company"),
    ("カ)アオバコウギヨウ", "company"),
    ("アオバコウギョウ（カ　シテン", "company"),
    ("木村商店", "company"),
    ("服部薬局", "company"),
    ("市川市役所", "company"),
    ("青葉町自治会", "company"),
    ("ヤマダシヨウテン", "company"),
    ("街路灯", "device"),
    ("青葉市 公衆街路燈 第12号", "device"),
    ("ガイロトウ", "device"),
    ("ｼﾝｺﾞｳｷ NO.3", "device"),
    ("株式会社青葉 自動販売機", "device"),
    ("ナガイ トウコ", "person"),
    ("第一町内会　アーケード灯１３９", "device"),
    ("ﾎﾝｺﾞｳｼﾖｳﾃﾝｶｲ ｱｰｹｰﾄﾞﾄｳ", "device"),
    ("ｺｳｼﾕｳﾄｲﾚｼﾖｳﾒｲ 111", "device"),
    ("駐輪場灯 12", "device"),
    ("河川監視装置 No.4", "device"),
    ("農事用水ポンプ3号", "device"),
    ("水門", "device"),
    ("田中マンション共用灯", "device"),
    ("田代慎也*", "person"),
    ("田頭 弘之【新】", "person"),
    ("中瀬　崇章　２", "person"),
    ("ﾀｶﾊｼ ﾐﾂﾔｽ ｿｳｺ", "person"),
    ("岩崎光男　貸家", "person"),
    ("竹下方伊藤　ミツ", "person"),
    ("林", "person"),
    ("角", "person"),
    ("緒方洋子", "person"),
    ("林様方佐野友美", "person"),
    ("青葉 倉庫", "company"),
    ("朝妻消防団　代表取締役　小原", "company"),
    ("サンライズ不動産　代表取締役　鈴木", "company"),
    ("青葉土地改良区", "company"),
    ("ﾀｲﾑｽﾞﾆｼﾞﾕｳﾖﾝ ｶﾌﾞｼｷｶﾞｲｼ", "company"),
    ("ｶ ｱｵﾊﾞﾊﾝｼﾝﾋﾔﾂｶﾃﾝ ｾﾝﾘ", "company"),
    ("ｶ ｼﾕﾝ", "person"),
    ("水門　太郎", "person"),
    ("ﾏﾂﾅｶﾞｽｽﾞﾀﾛｳ", "person"),
    ("鈴木　きょうさぶろう", "person"),
    ("東京ガス", "company"),
    ("ナゴヤダイガク イガクブ", "company"),
    ("カシワケイサツシヨ", "company"),
    ("村上市荒川支所", "company"),
    ("宝塚歌劇団", "company"),
    ("水門 英", "person"),
    ("山田 灯", "person"),
    ("サトウ 12", "person"),
    ("株式会社青葉照明", "company"),
    ("青葉設備　第2営業所", "company"),
    ("小料理しのぶ", "company"),
    ("ｺﾘﾖｳﾘｼﾉﾌﾞ", "company"),
    ("民宿なぎさ", "company"),
    ("天ぷらいとう", "company"),
    ("大山寿司", "company"),
    ("和田牧場", "company"),
    ("和田　牧場", "person"),
    ("古本　太郎", "person"),
    ("ﾓﾘｼｶ", "company"),
    ("ﾔﾏﾀﾞﾖｼｶ", "person"),
    ("ｺﾊﾞﾔｼﾄｹｲﾃﾝ", "company"),
    ("ﾖﾈﾔﾏ ﾏﾂｶﾞｵｶﾃﾝ", "company"),
    ("ｸﾘｽﾃﾝ ﾊﾝｾﾝ", "person"),
    ("ﾀｲﾖｳｼﾖｳｼﾞ ｶﾌﾞｼｷｶﾞｲｼﾔ", "company"),
    ("ｷﾖｳﾄﾞｳﾈﾂﾄ ｶﾞﾂｺｳﾎｳｼﾞﾝ", "company"),
    ("カルロススミスレイエス", "person"),
    ("ｼﾓﾄﾊﾞﾅｶﾏﾁﾁﾖｳｼﾞﾁｶｲ ｺｳｼﾕｳｶﾞ", "device"),
    ("ｶ)ｱｵﾊﾞﾌﾄﾞｳｻﾝｶﾝﾘ ｺｳｼﾕｳﾄｲﾚｼﾖｳﾒ", "device"),
    ("ｶ)ｱｵﾊﾞﾌﾄﾞｳｻﾝｶﾝﾘ ｺｳｼﾕｳﾖｸｼﾞﾖｳ", "company"),
    ("ﾅｶﾞﾉﾊﾗﾖｼﾉﾌﾞ ｼﾝｺﾞ", "person"),
]


def test_a_device_has_its_class_however_it_is_written(words: Lexicon) -> None:
    assert parsed("青葉市警察 信号", words)["key"] == parsed("ｱｵﾊﾞｼｹｲｻﾂ ｼﾝｺﾞｳｷ", words)["key"] == "信号機|"


SPACED = [
    ("カルロススミスレエエス", "カルロス スミス レエエス"),
    ("ロバアトスミス", "ロバアト スミス"),
    ("ロバアト", None),
    ("ヤマダタロウ", None),
]


@pytest.mark.parametrize(("sound", "apart"), SPACED)
def test_names_from_elsewhere_are_told_apart_where_nothing_is_left(sound: str, apart: str | None) -> None:
    known = {"カルロス", "スミス", "レエエス", "ロバアト", "ヤマダ", "タ", "ロウ"}
    assert foreign.spaced(sound, known) == apart


def test_the_order_of_foreign_words_is_no_matter_without_a_space_either(words: Lexicon) -> None:
    assert parsed("ロバートスミス", words)["words"] == parsed("ｽﾐｽ ﾛﾊﾞｰﾄ", words)["words"]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_kinds(text: str, kind: str, words: Lexicon) -> None:
    assert parsed(text, words)["kind"] == kind


SAME_KEY = [
    ("渡邊　和子 様", "渡辺和子"),
    ("ﾔﾏﾀﾞ ﾀﾛｳ", "ヤマダタロウ"),
    ("やまだ たろう", "ヤマダ タロウ"),
    ("鈴木一郎(山田方)", "山田様方 鈴木一郎"),
    ("SMITH, JOHN", "John Smith"),
    ("株式会社青葉工業", "(有)青葉工業"),
    ("（株）青葉工業　関西支店", "㈱青葉工業"),
    ("ｶ)ｱｵﾊﾞｺｳｷﾞﾖｳ", "アオバコウギョウ（カ　シテン"),
    ("社福青葉会", "社会福祉法人青葉会"),
    ("街路灯 第5号", "青葉町自治会 ガイロトウ NO.5"),
    ("ﾔﾏﾀﾞ ﾀﾛｳ\u200b", "ヤマダ タロウ"),
    ("\ufeff山田\u00ad　太郎\x1a", "山田太郎"),
    ("山田\u200e太\u2060郎\u200f", "山田太郎"),
    ("ｲｼｻ\u200bﾞｷ ﾕｷ", "イシザキ ユキ"),
    ("山田\t太郎", "山田太郎"),
    ("\u200bｶ)ｱｵﾊﾞｺｳｷﾞﾖｳ", "アオバコウギョウ（カ"),
    ("街路灯\u200b 第5\u200b号", "街路灯 第5号"),
    ("アーケード灯第109号", "ｱｰｹｰﾄﾞﾄｳ ﾀﾞｲ109ｺﾞｳ"),
    ("駐輪場灯No.12", "ﾁﾕｳﾘﾝｼﾞﾖｳﾄｳ 12"),
]


@pytest.mark.parametrize(("one", "other"), SAME_KEY)
def test_equal_names_have_equal_keys(one: str, other: str, words: Lexicon) -> None:
    assert parsed(one, words)["key"] == parsed(other, words)["key"]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("山田(旧姓佐藤)花子", "former", "佐藤"),
        ("山田 花子(佐藤)", "former", "佐藤"),
        ("山田太郎・花子", "partner", "花子"),
        ("山田様方 鈴木一郎", "host", "山田"),
        ("鈴木一郎(山田方)", "former", None),
        ("緒方 洋子", "host", None),
        ("青葉商店 山田太郎", "shop", "青葉商店"),
        ("小野寺 若菜", "shop", None),
        ("小山内薫", "surname", "小山内"),
        ("佐々木健一", "given", "健一"),
        ("五十嵐結愛", "given", "結愛"),
        ("ワタナベケイコ", "surname_sound", "ワタナベ"),
    ],
)
def test_what_else_stands_in_the_field(text: str, field: str, value: str | None, words: Lexicon) -> None:
    assert parsed(text, words)[field] == value


@pytest.mark.parametrize(
    ("solid", "surname", "given"),
    [
        ("ワタナベイチロウ", "ワタナベ", "イチロオ"),
        ("ﾜﾀﾅﾍﾞｲﾁﾛｳ", "ワタナベ", "イチロオ"),
        ("わたなべいちろう", "ワタナベ", "イチロオ"),
        ("イトウウメ", "イトオ", "ウメ"),
        ("コイケエリ", "コイケ", "エリ"),
        ("サトウハナコ", "サトオ", "ハナコ"),
        ("タケイサブロウ", "タケエ", "サブロオ"),
    ],
)
def test_a_long_vowel_does_not_run_from_the_surname_into_the_given_name(
    solid: str, surname: str, given: str, words: Lexicon
) -> None:
    row = parsed(solid, words)
    assert (row["surname_sound"], row["given_sound"], row["full"]) == (surname, given, surname + given)


def test_what_nobody_sees_is_not_heard(words: Lexicon) -> None:
    plain = parsed("山田 太郎", words, "ヤマダ タロウ")
    assert parsed("山田 太郎", words, "ﾔﾏﾀ\u200bﾞ ﾀﾛｳ\x1a")["full"] == plain["full"]


KEPT = [
    ("居酒屋虹（平田茂）", "平田茂", "居酒屋虹"),
    ("平田茂（居酒屋虹）", "平田茂", "居酒屋虹"),
    ("岡整骨院（岡　奏太）", "岡奏太", "岡整骨院"),
    ("正木酒店（代表：正木智樹）", "正木智樹", "正木酒店"),
    ("スナック大吉（樋口 貴子 様）", "樋口貴子", "スナック大吉"),
    ("バームーン（山口広江", "山口広江", "バームーン"),
    ("ｽﾅｯｸﾀﾞｲｷﾁ(ﾋｸﾞﾁ ﾀｶｺ)", "ヒグチタカコ", "スナックダイキチ"),
    ("青葉商会（髙槗　博勝）", "高橋博勝", "青葉商会"),
]


@pytest.mark.parametrize(("text", "key", "shop"), KEPT)
def test_a_person_in_brackets_behind_a_business_keeps_it(
    text: str, key: str, shop: str, words: Lexicon
) -> None:
    found = parsed(text, words)
    assert (found["kind"], found["key"], found["shop"], found["former"]) == ("person", key, shop, None)


NOT_KEPT = [
    ("青葉商店（東京支店）", "company", "青葉商店東京支店"),
    ("青葉商店（代理店）", "company", "青葉商店代理店"),
    ("青葉商店（株）", "company", "青葉商店"),
    ("（株）青葉商店（山田太郎）", "company", "青葉商店山田太郎"),
    ("青葉自治会（山田太郎）", "company", "青葉自治会山田太郎"),
    ("青葉商店（長谷川）", "company", "青葉商店長谷川"),
    ("青葉商店（北千里）", "company", "青葉商店北千里"),
    ("青葉商店（本町）", "company", "青葉商店本町"),
    ("山田（佐藤花子）", "person", "山田"),
    ("山田花子（佐藤花子）", "person", "山田花子"),
    ("ﾔﾏﾀﾞ ﾊﾅｺ(ｻﾄｳ ﾊﾅｺ)", "person", "ヤマダハナコ"),
]


@pytest.mark.parametrize(("text", "kind", "key"), NOT_KEPT)
def test_what_else_stands_in_brackets_stays_what_it_is(
    text: str, kind: str, key: str, words: Lexicon
) -> None:
    found = parsed(text, words)
    assert (found["kind"], found["key"]) == (kind, key)


READ_AS = [
    ("山田", "太郎", "タロオ"),
    ("鈴木", "和子", "カズコ"),
    ("佐藤", "大翔", "ヒロト"),
    ("伊藤", "結愛", "ユア"),
]
NOT_READ_AS = [
    ("山田", "太郎", "ジロオ"),
    ("鈴木", "和子", "サチコ"),
    ("佐藤", "健一", "ケンジ"),
    ("伊藤", "花子", "ハナエ"),
]


@pytest.mark.parametrize(("surname", "given_name", "sound"), READ_AS)
def test_true_readings_weigh_for(surname: str, given_name: str, sound: str, reader: Reader) -> None:
    assert reader.given_reading(given_name, sound).weight > 2.0


@pytest.mark.parametrize(("surname", "given_name", "sound"), NOT_READ_AS)
def test_a_relatives_reading_weighs_against(
    surname: str, given_name: str, sound: str, reader: Reader
) -> None:
    assert reader.given_reading(given_name, sound).weight < -1.5


def test_the_aligner_reads_a_name_that_no_dictionary_has() -> None:
    known = [
        ("健一", "ケンイチ"),
        ("健太", "ケンタ"),
        ("真一", "シンイチ"),
        ("真人", "マサト"),
        ("勝人", "カツト"),
    ]
    learnt = aligner.train([name for name, _ in known] * 3, [sound for _, sound in known] * 3)
    assert learnt.score("健人", "ケント") > learnt.score("健人", "マサト")
    assert learnt.score("真太", "シンタ") > learnt.score("真太", "カツタ")


def test_a_stored_aligner_is_the_same() -> None:
    learnt = aligner.train(["健一", "健太"], ["ケンイチ", "ケンタ"])
    assert aligner.from_frame(aligner.to_frame(learnt)).score("健太", "ケンタ") == pytest.approx(
        learnt.score("健太", "ケンタ")
    )


@pytest.mark.parametrize("number", ["8700110005901", "5835678256246"])
def test_corporate_numbers_carry_their_check_digit(number: str) -> None:
    assert companies.is_corporate_number(number)


@given(
    st.integers(min_value=0, max_value=10**12 - 1), st.integers(min_value=0, max_value=11), st.integers(1, 8)
)
def test_one_wrong_digit_is_found(body: int, place: int, change: int) -> None:
    digits = f"{body:012}"
    number = next(
        f"{check}{digits}" for check in range(1, 10) if companies.is_corporate_number(f"{check}{digits}")
    )
    wrong = list(number)
    old = int(wrong[place + 1])
    new = (old + change) % 10
    wrong[place + 1] = str(new)
    if (new - old) % 9:  # 0 and 9 are the same to the rule
        assert not companies.is_corporate_number("".join(wrong))


AS_ITS_BEARERS_SAY = [
    ("王偉", "ﾜﾝ ｳｴｲ"),
    ("呉　芳", "ｳｰ ﾌｱﾝ"),
    ("黄海燕", "フアン ハイイエン"),
    ("黄海燕", "HUANG HAIYAN"),
    ("王 子涵", "Wang Zihan"),
    ("張 静", "JING ZHANG"),
    ("陳 海燕", "ﾁｴﾝ ﾊｲｲｴﾝ"),
    ("郭 文博", "グオ ウェンボー"),
    ("蒋 麗", "ジャン リー"),
    ("銭 傑", "QIAN JIE"),
    ("崔賢宇", "CHOI HYUNWOO"),
    ("朴 知勲", "Park Jihoon"),
    ("李 民俊", "RHEE MINJUN"),
    ("鄭 賢宇", "ﾁﾖﾝ ﾋﾖﾇ"),
    ("権 哲洙", "コン チョルス"),
]


@pytest.mark.parametrize(("kanji", "other"), AS_ITS_BEARERS_SAY)
def test_a_chinese_or_korean_surname_is_known_in_kana_and_in_roman_letters(
    kanji: str, other: str, words: Lexicon, reader: Reader
) -> None:
    assert reader.compare(person(kanji, words), person(other, words)).reason == "foreign_reading"


@pytest.mark.parametrize(
    ("kanji", "other"),
    [("王 偉", "SMITH JOHN"), ("山田 太郎", "WANG WEI"), ("王 偉", "WANG"), ("王 偉", "スミス ジョン")],
)
def test_another_surname_is_no_foreign_reading(
    kanji: str, other: str, words: Lexicon, reader: Reader
) -> None:
    assert reader.compare(person(kanji, words), person(other, words)).reason != "foreign_reading"


def person(text: str, words: Lexicon) -> Name:
    frame = pl.DataFrame({"name": [text], "kana": [None]}, schema={"name": pl.String, "kana": pl.String})
    return named(names.parse(frame, words).with_columns(persona=pl.lit(0, dtype=pl.UInt32)))[0]


def test_everyday_names_are_what_the_rules_say_of_them(
    words: Lexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = pl.concat([_met_in_books(words), pl.DataFrame({"name": _LIKE_MORE}, schema=["name"])])
    asked = asked.with_columns(kana=pl.lit(None, dtype=pl.String))
    tell, found = everyday.told, list[pl.DataFrame]()

    def noted(texts: pl.DataFrame, lexicon: Lexicon) -> pl.DataFrame:
        found.append(tell(texts, lexicon))
        return found[-1]

    monkeypatch.setattr(everyday, "told", noted)
    quickly = names.parse(asked, words)
    assert found[0].height > asked.height / 2
    monkeypatch.setattr(everyday, "told", _nobody)
    assert_frame_equal(quickly, names.parse(asked, words))


# Surnames and given names of the books that are part of other words, too.
_LIKE_MORE = [
    *("水門 太郎", "緒方 太郎", "四方 一", "様 太郎", "内田 花子", "森 宅", "山田 代表", "社福 太郎"),
    *(
        "ガイト オサム",
        "カブ タロウ",
        "イサマ カタリ",
        "ヤマダ タク",
        "ソウマ ソウタク",
        "ヒラタ シテン",
        "カイ ショウ",
    ),
    *(
        "広明 田中",
        "ヒロアキ タナカ",
        "ミセ アキラ",
        "ｶﾄｳ ｼﾖｳｺﾞ",
        "田中 はるか様",
        "髙橋　さち子",
        "ショウジ ヒロシ",
        "ダイヒョウ コウ",
    ),
]


def _met_in_books(words: Lexicon, count: int = 20_000) -> pl.DataFrame:
    """Any surname of the books with any given name, in kanji and in kana."""
    pairs = [
        (words.written_surnames["name"], words.written_given["name"]),
        (words.spoken_surnames["sound"], words.spoken_given["sound"]),
    ]
    drawn = [
        pl.DataFrame(
            {
                "first": surnames.sort().sample(count, with_replacement=True, seed=1),
                "last": given.sort().sample(count, with_replacement=True, seed=2),
            }
        )
        for surnames, given in pairs
    ]
    common = words.spoken_given.filter(pl.col("votes") > wordbook.COMMON_SOUND)["sound"].sort()
    drawn.append(drawn[1].with_columns(last=common.sample(count, with_replacement=True, seed=3)))
    return pl.concat(drawn).select(name=pl.concat_str("first", "last", separator=" "))


def _nobody(texts: pl.DataFrame, _: Lexicon) -> pl.DataFrame:
    return texts.clear().select("row", first="text", last="text", written="text")
