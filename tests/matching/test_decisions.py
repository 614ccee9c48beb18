"""Given records, who is one customer: a table of scenes. The second part must never be merged."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from sekisho.matching import decide, events, settle
from sekisho.matching.intake import COLUMNS
from sekisho.matching.lexicon import Lexicon
from sekisho.matching.likeness import Reader
from sekisho.matching.priors import Priors

HOME, FLAT, OTHER_FLAT = "上尾市原市3-4-5", "上尾市原市9-9 メゾン青葉101", "上尾市原市9-9 メゾン青葉202"
A, B, C, D = "0" * 22, "1" * 22, "2" * 22, "3" * 22


def record(
    name: str, point: str | None = A, when: str = "2019..", event: str | None = None, **other: Any
) -> dict[str, Any]:
    """A row; `when` is start..end as years or days, `event` the application that began it."""
    start, _, end = when.partition("..")
    fields: dict[str, Any] = dict.fromkeys(COLUMNS)
    fields |= {
        "name": name,
        "point": point,
        "address": HOME,
        "system": "1",
        "application": event,
        "running": not end,
    }
    return fields | {"start": day(start), "end": day(end) if end else events.NEVER} | other


def day(text: str) -> int:
    year, month, number = ([int(part) for part in text.split("-")] + [4, 1])[:3]
    return (date(year, month, number) - date(1970, 1, 1)).days


def settled(records: list[dict[str, Any]], words: Lexicon, reader: Reader) -> pl.DataFrame:
    rows = [row | {"row": number, "record": str(number)} for number, row in enumerate(records)]
    frame = pl.DataFrame(rows, schema=COLUMNS)
    found = settle.settle(frame, lexicon=words, reader=reader, weights=decide.Weights())
    return found.records.sort("row")


def clusters(records: list[dict[str, Any]], words: Lexicon, reader: Reader) -> list[int]:
    return settled(records, words, reader)["cluster"].to_list()


ONE = {
    "a given name whose first kana would make the surname's last one long": [
        record("ﾜﾀﾅﾍﾞｲﾁﾛｳ", when="2017..2019"),
        record("ﾜﾀﾅﾍﾞ ｲﾁﾛｳ", when="2019..2021", event="restart"),
        record("渡辺 一郎", when="2021..", event="restart"),
    ],
    "two kana names that voicing tells apart, and the kanji of both": [
        record("ｶﾏﾀﾞ ﾀﾈｱｷ", when="2017..2019"),
        record("ｶﾏﾀ ﾀﾈｱｷ", when="2019..2021", event="switch"),
        record("鎌田 種亮", when="2021..", event="switch"),
    ],
    "Roman letters and kana that are read by ear": [
        record("MICHAEL ANDREW BROWN", when="2017..2019"),
        record("マイケル・アンドリュー・ブラウン", event="switch"),
    ],
    "a Brazilian's first name": [
        record("JOSE DA SILVA", when="2017..2019"),
        record("ｼﾞﾖｾﾞ ﾀﾞ ｼﾙﾊﾞ", event="switch"),
    ],
    "a middle name left out without a space": [
        record("チャン ティ ラン", when="2017..2019"),
        record("チャンラン", event="switch"),
    ],
    "a host in brackets behind the honorific": [
        record("加藤 善治郎様(大東様方)", when="2017..2019"),
        record("カトウ ゼンジロウ", event="switch"),
    ],
    "kana becomes kanji across a switch": [
        record("ﾔﾏﾀﾞ ﾀﾛｳ", when="2017..2019"),
        record("山田 太郎", when="2019..", event="switch"),
    ],
    "kana and kanji on two points of one house": [record("ﾔﾏﾀﾞ ﾀﾛｳ"), record("山田 太郎", B)],
    "bank kana and kanji": [record("ﾔﾏﾓﾄ ｼﾖｳｲﾁ", when="2017..2019"), record("山本 正一", event="switch")],
    "registered form of a character": [
        record("渡邉 和子", when="2017..2019"),
        record("渡辺 和子", event="restart"),
    ],
    "a reading no dictionary has, across a switch": [
        record("ｻﾄｳ ﾕｲﾄ", when="2017..2019"),
        record("佐藤 唯翔", event="switch"),
    ],
    "a misprint of the same sound, across a switch": [
        record("浜口 浩", when="2017..2019"),
        record("浜口 博", event="switch"),
    ],
    "a new surname, applied for": [
        record("佐藤 花子", when="2017..2019"),
        record("山田 花子", event="rename"),
    ],
    "a former surname": [record("佐藤 花子", when="2017..2019"), record("山田(旧姓佐藤)花子", B)],
    "a former surname in kana": [record("ｻﾄｳ ﾊﾅｺ", when="2017..2019"), record("山田(旧姓佐藤)花子", B)],
    "a shop and its owner": [
        record("青葉食堂 山田太郎", when="2017..2019"),
        record("山田 太郎", event="switch"),
    ],
    "in care of": [record("鈴木様方 山田 太郎", when="2017..2019"), record("山田 太郎", event="switch")],
    "a middle name left out": [
        record("スミス ジョン ポール", when="2017..2019"),
        record("スミス ジョン", event="switch"),
    ],
    "Roman letters and kana": [
        record("JOHN SMITH", when="2017..2019"),
        record("ジョン・スミス", event="switch"),
    ],
    "a Chinese name as its bearer says it": [
        record("ワン ウェイ", when="2017..2019"),
        record("王 偉", event="switch"),
    ],
    "a room given once": [
        record("山田 太郎", address=FLAT),
        record("ﾔﾏﾀﾞ ﾀﾛｳ", B, address="上尾市原市9-9 メゾン青葉"),
    ],
    "one contract that a restart began in both systems, one kanji wrong": [
        record("岩崎 明香", event="restart"),
        record("岩崎 昭香", event="restart", system="2"),
    ],
    "one contract in both systems, a reading that nobody expects": [
        record("ｻﾄｳ ﾋﾟｶﾁﾕｳ", event="restart"),
        record("佐藤 光宙", event="restart", system="2"),
    ],
    "two applications about one contract, one kana left out": [
        record("ｼﾓﾀﾞ ｹｲｽｹ", when="2019..2021", event="stop", system="2"),
        record("ｼﾓﾀﾞ ｹｲｹ", when="2019..2021", event="switch", system="2"),
    ],
    "one kana too many, across a switch": [
        record("ﾔﾏｸﾞﾁ ﾏｻｺｺ", when="2017..2019"),
        record("山口 正子", event="switch"),
    ],
    "a lamp whose point is unknown": [
        record("街路灯 第745号", when="2017..2019"),
        record("公衆街路灯 745", None, event="switch"),
    ],
    "two contracts of one home that begin and end together, a reading that no book has": [
        record("ｻﾄｳ ﾕｲﾄ", when="2019-04-01..2021-06-30"),
        record("佐藤 唯翔", B, when="2019-04-12..2021-06-30"),
    ],
    "the given name first, with and without a space": [
        record("三郎　椎名", when="2017..2019"),
        record("三郎椎名", event="switch"),
    ],
    "the given name first, in kana and in kanji": [
        record("ﾋﾛｱｷ ﾀﾅｶ", when="2017..2019"),
        record("広明田中", event="switch"),
    ],
    "the given name first in kana only": [
        record("ﾋﾛｱｷ ﾀﾅｶ", when="2017..2019"),
        record("田中 広明", event="switch"),
    ],
    "a company whose Roman letters are spelt out in between": [
        record("RDEﾔｸﾋﾝ(ｶ", when="2015..2017"),
        record("ｱｰﾙﾃﾞｲｰｲｰﾔｸﾋﾝ(ｶ", when="2017..2019", event="change"),
        record("RDE薬品株式会社", event="switch"),
    ],
    "a shop that a kana record with and one without its keeper join": [
        record("ﾀｹｻﾞｺﾍﾞｲｺｸﾃﾝ ﾀｹｻﾞｺ ｼﾝｽｹ", when="2014..2017"),
        record("竹迫米穀店　竹迫信介", when="2017..2019", event="switch"),
        record("ﾀｹｻﾞｺﾍﾞｲｺｸﾃﾝ", when="2019..2020", event="switch"),
        record("竹迫米穀店", when="2020..", event="change"),
    ],
    "one contract that begins in both systems, under wholly different names": [
        record("ﾔﾏﾀﾞ ﾀﾛｳ", when="2019.."),
        record("有限会社飛鳥商店", when="2019..", system="2"),
    ],
    "a company that switches under another name": [
        record("株式会社飛鳥商店", when="2017..2019"),
        record("株式会社ミライテック", event="switch"),
    ],
    "a company in hiragana": [
        record("かぶしきがいしゃ　はしもとこうぎょう", when="2017..2019"),
        record("株式会社橋本興業", event="switch"),
    ],
    "a couple in kana without a space": [
        record("ﾔﾏｸﾞﾁﾏｻｺ･ﾀｶｼ", when="2017..2019"),
        record("山口 正子", event="switch"),
    ],
    "a couple that no book has": [
        record("荒茅 鋭和　久慧", when="2017..2019"),
        record("荒茅 鋭和", event="switch"),
    ],
    "in care of, without a space": [
        record("佐々木様方山田　太郎", when="2017..2019"),
        record("山田 太郎", event="switch"),
    ],
    "both systems, one contract": [
        record("ﾔﾏﾀﾞ ﾀﾛｳ", when="2017..2026-02-01"),
        record("山田 太郎", when="2026-02-01..", event="switch", system="2"),
    ],
    "a company in bank kana": [
        record("カ)アオバコウギヨウ", when="2017..2019"),
        record("株式会社青葉工業", event="switch"),
    ],
    "a company with and without its branch": [
        record("（株）青葉工業　関西支店"),
        record("青葉工業株式会社", B),
    ],
    "Latin letters read aloud": [
        record("ワイエスシヨウジ（カ", when="2017..2019"),
        record("株式会社YS商事", event="switch"),
    ],
    "a legal person by its number": [
        record("青葉工業", number="8700110005901"),
        record("アオバインダストリーズ", B, number="8700110005901"),
    ],
    "a device in kana and kanji": [
        record("ガイロトウ NO.12", when="2017..2019"),
        record("青葉市 街路灯 第12号", event="switch"),
    ],
    "the same name again after leaving": [
        record("山田 太郎", when="2012..2015"),
        record("山田 太郎", when="2016..2018", event="restart"),
    ],
}
ONE |= {
    "a note behind the name": [
        record("石坂一静", when="2017..2019"),
        record("石坂　一静　倉庫", B),
        record("石坂一静＊", C),
        record("ｲｼｻﾞｶ ｶｽﾞｼｽﾞ(ﾄﾞｳﾘﾖｸ)", event="switch", kana="ｲｼｻﾞｶ ｶｽﾞｼｽﾞ"),
    ],
    "at somebody's, with 方 alone": [
        record("岡本方佐藤栄喜", when="2017..2019"),
        record("佐藤　栄喜", event="switch"),
    ],
    "at somebody's of one character": [
        record("林様方佐野友美", when="2017..2019"),
        record("佐野　友美", event="switch"),
    ],
    "a surname that ends like a host": [
        record("緒方　洋子", when="2017..2019"),
        record("ｵｶﾞﾀ ﾖｳｺ", event="switch"),
    ],
    "a surname alone that might be turned, then the whole name": [
        record("相澤", when="2017..2019"),
        record("相澤久伸", event="switch"),
    ],
    "two states of one contract, under a reading that no book has": [
        record("ｻﾄｳ ﾕｲﾄ", when="2019-04-01..2023-06-30", event="restart"),
        record("佐藤 唯翔", when="2021-05-01..2023-06-30", event="change"),
    ],
    "a contract that goes on with another capacity": [
        record("ｻﾄｳ ﾕｲﾄ", when="2019..", event="restart"),
        record("佐藤 唯翔", when="2021..", event="change"),
    ],
    "a key pressed twice in the kana column": [
        record("ｻｲﾄｳ ﾉﾌﾞﾀﾛｳ", when="2017..2019"),
        record("齋藤信太郎", kana="ｻｲﾄｳ ﾉﾉﾌﾞﾀﾛｳ", event="switch"),
    ],
    "a kana column that says another reading of the books": [
        record("ｻﾄｳ ﾄﾓｺ", when="2017..2019"),
        record("佐藤 知子", kana="ｻﾄｳ ｶｽﾞｺ", event="switch"),
    ],
    "a keeper behind the shop, without a space": [
        record("ﾍｱｰｻﾛﾝﾁﾄﾞﾘﾏﾂｳﾗｹｲｺ", when="2017..2019"),
        record("松浦 恵子", event="switch"),
    ],
    "a foreigner's names run together": [
        record("ﾓﾊﾒﾄﾞｱﾘｸﾞﾙﾝ", when="2017..2019"),
        record("GURUNG MOHAMMED ALI", event="switch"),
    ],
    "two who are called the same are no rivals": [
        record("小林 智"),
        record("ｺﾊﾞﾔｼ ｻﾄｼ", B, address="上尾市原市3-4-5 メゾン青葉101"),
        record("ｺﾊﾞﾔｼｻﾄｼ", C, address="上尾市原市3-4-5 メゾン青葉202"),
    ],
    "the bank's mark without its bracket": [
        record("ｶ ｱｵﾊﾞｺｳｷﾞﾖｳ ｶﾝｻｲｼﾃﾝ", when="2017..2019"),
        record("株式会社青葉工業 関西支店", event="switch"),
    ],
    "a legal form cut in two behind a space": [
        record("ﾚｵﾊﾞﾚｽﾆｼﾞﾕｳｲﾁ ｶﾌﾞｼｷｶﾞｲ", when="2017..2019"),
        record("株式会社レオバレス二十一", event="switch"),
    ],
    "a company and its second contract": [
        record("㈲望月クリニック　第２"),
        record("有限会社　望月クリニック", B),
    ],
    "a company and who leads it": [
        record("株式会社日進運輸　代表取締役　上田"),
        record("株式会社日進運輸", B),
    ],
    "Ⅱ is read as 2": [
        record("サンシャトーⅡ管理組合", when="2017..2019"),
        record("ｻﾝｼﾔﾄ-2ｶﾝﾘｸﾐｱｲ", event="switch"),
    ],
    "common lights, with and without the building's name": [
        record("ﾀﾅｶﾏﾝｼﾖﾝｷﾖｳﾖｳﾄｳ", when="2017..2019"),
        record("共用灯", when="2019..2021", event="switch"),
        record("共用灯（田中マンション）", event="change"),
    ],
    "a lamp without a number and without a point, contract after contract": [
        record("公衆街路灯Ａ", when="2017..2019-04-01"),
        record("ｺｳｼﾕｳｶﾞｲﾛﾄｳA", None, when="2019-04-01..", event="switch"),
    ],
    "the end of the surname left to the reader": [
        record("ｲｼｲ ﾋﾛﾔｽ"),
        record("石井広康", B),
    ],
    "room and lot written in one row": [
        record("山田 太郎", address="上尾市原市603番地 メゾン青葉103"),
        record("ﾔﾏﾀﾞ ﾀﾛｳ", B, address="上尾市原市603-103"),
    ],
    "a switch at home, without supply points": [
        record("ｻﾄｳ ﾕｲﾄ", None, when="2017..2019"),
        record("佐藤 唯翔", None, event="switch"),
    ],
    "a reading that nobody lists, with one mobile number": [
        record("佐藤 唯翔", phone="090-0123-4567"),
        record("ｻﾄｳ ﾕｳﾄ", B, phone="+81 90 0123 4567"),
    ],
    "a surname that nobody lists": [record("薄毛 太郎"), record("ｳｽｹﾞ ﾀﾛｳ", B)],
    "a short surname that is heard like the longer one": [record("野崎邦照"), record("ﾉｻﾞｷ ｸﾆﾃﾙ", B)],
    "a former surname, and the name before it without a space": [
        record("切幡亜季人", when="2011..2017"),
        record("大城 亜季人(切幡)", event="rename"),
    ],
    "a misprint of the same sound in a name that is in no book, across a switch": [
        record("小林 啓嗣鷹", when="2017..2019"),
        record("小林 啓次鷹", event="switch"),
    ],
    "a Chinese name without a gap, its given name in no book": [
        record("ジャオ ユーラン", when="2016..2020-10-25"),
        record("趙 玉蘭", when="2020-10-25.."),
    ],
    "a company called after a surname of one character": [
        record("寿石材株式会社"),
        record("コトブキセキザイ（カ", B),
    ],
    "a former surname beside a kana column of today": [
        record("ﾊﾗﾀﾞ ｹﾝｲﾁ", when="2015..2019"),
        record("古賀 健一(原田)", kana="ｺｶﾞ ｹﾝｲﾁ", event="rename"),
    ],
    "Roman letters with a middle name that the kana leaves out": [
        record("ホワイト ジュリア"),
        record("WHITE MICHAEL JULIA", B),
    ],
    "Roman letters of Vietnam": [record("チャン ソフィー"), record("TRAN SOPHIE", B)],
    "a TH that is heard as S": [record("ロペス・キャサリン"), record("LOPEZ CATHERINE", B)],
    "one middle name written twice": [record("WHITE DAVID DAVID"), record("WHITE DAVID", B)],
    "a company in kana that looks like a person": [record("ﾐﾅﾐｷｶｲ"), record("株式会社　南機械", B)],
    "two forms of one character that registers keep apart": [record("川端 遙"), record("川端 遥", B)],
    "a given name in hiragana": [
        record("ｽｽﾞｷ ﾊﾙ", when="2015..2019"),
        record("鈴木はる", event="switch"),
    ],
    "one given name in kanji, in hiragana and in kana": [
        record("ｺﾝﾄﾞｳ ﾊﾙｶ", when="2012..2017"),
        record("近藤遥加", when="2017..2019"),
        record("近藤　はるか", event="switch"),
    ],
    "a shop, and the shop with its keeper": [
        record("麺処つばめ　藤森　志穂", when="2017..2019"),
        record("ﾒﾝﾄﾞｺﾛﾂﾊﾞﾒ", event="switch"),
    ],
    "a keeper in kana, and the shop in Roman letters": [
        record("ﾊﾞｰﾑｰﾝ ﾔﾏｸﾞﾁ ﾋﾛｴ", when="2017..2019"),
        record("ＢＡＲ　Ｍｏｏｎ", event="switch"),
    ],
    "a shop in kana, and the shop with its keeper": [
        record("ｺﾘﾖｳﾘｼﾉﾌﾞ", when="2017..2019"),
        record("小料理しのぶ　伊藤紗織里", event="switch"),
    ],
    "a foreigner without a space and in another order": [
        record("ｽﾐｽ ﾛﾊﾞｰﾄ", when="2017..2019"),
        record("ロバートスミス", event="change"),
    ],
    "a shop called after its keeper, across a switch": [
        record("ﾀｶｷﾞｻｹﾃﾝ", when="2017..2019"),
        record("高木　隆", event="switch"),
    ],
    "the given name first": [record("香織 矢野"), record("ﾔﾉ ｶｵﾘ", B)],
    "words of a foreign name in another order": [record("ﾎｾ ﾚｲｴｽ"), record("レイエス　ホセ", B)],
    "a couple without a mark between": [
        record("橋本　真矢子　紀雄", when="2017..2019"),
        record("ﾊｼﾓﾄ ﾏﾔｺ", event="switch"),
    ],
    "a surname alone, then the whole name": [
        record("ﾅﾗ", when="1996..2019"),
        record("ﾅﾗ ｶﾅ", event="switch"),
    ],
    "somebody's home": [record("ｶﾄｳ ﾋﾛｱｷﾀｸ", when="2015..2019"), record("ｶﾄｳ ﾋﾛｱｷ", event="switch")],
    "a small ヵ in the legal form": [record("ヵ）アオゾラオリーブ"), record("（株）青空オリーブ", B)],
    "a name that its field cut short": [
        record("ﾕｳｹﾞﾝｶﾞｲｼﾔﾆｼｷﾌﾞﾂﾘﾕｳ ﾓﾘﾐﾅﾐﾏﾁｺｳｼ", when="2015..2019"),
        record("㈲錦物流", event="switch"),
    ],
    "a company that became a group": [
        record("ｶ)ﾆｼﾔﾏｷﾝｿﾞｸ", when="2017..2019"),
        record("ｶ)ﾆｼﾔﾏｷﾝｿﾞｸﾎ-ﾙﾃﾞｲﾝｸﾞｽ", event="rename"),
    ],
    "a town's name as the post reads it": [
        record("深草野手町くらし管理㈱"),
        record("ﾌｶｸｻﾉﾃﾞﾁﾖｳｸﾗｼｶﾝﾘ(ｶ", B),
    ],
    "a company whose legal form only one of them has": [
        record("深江北町苑"),
        record("社会福祉法人　深江北町苑", B),
    ],
    "a lamp by its shortest name": [
        record("西町自治会　街灯", when="2015..2019"),
        record("ﾆｼﾁﾖｳｼﾞﾁｶｲ ｶﾞｲﾄｳ", event="switch"),
    ],
    "a vending machine whose field is full to the last cell": [
        record("ﾛﾂｺｳﾋﾞﾊﾞﾚﾂｼﾞ(ｶ ｼﾞﾊﾝｷ", when="2015..2019"),
        record("六甲ビバレッジ株式会社　自販機", event="switch"),
    ],
    "a building whose name begins with a numeral": [
        record("青葉工業㈱", address="上尾市原市760番　三栄ビル601号室"),
        record("カ)アオバコウギヨウ", B, address="上尾市原市760 ６０１号"),
    ],
    "a switch without days: whoever only switched had been there": [
        record("ｻﾄｳ ﾕｲﾄ", start=None, event="restart"),
        record("佐藤 唯翔", start=None, event="switch"),
    ],
    "without days, a misprint of the same sound after two switches": [
        record("ﾊﾏｸﾞﾁ ﾋﾛｼ", start=None),
        record("浜口 浩", start=None, event="switch"),
        record("浜口 博", start=None, event="change"),
    ],
    "without days, a new surname applied for, then switches": [
        record("ｻﾄｳ ﾊﾅｺ", start=None),
        record("ﾔﾏﾀﾞ ﾊﾅｺ", start=None, event="rename"),
        record("山田 花子", start=None, event="switch"),
    ],
    "a slip of one kana, the contracts meet": [
        record("ﾀｶｻｷ ﾕｳｽｹ", when="2017..2019"),
        record("ﾀｶｻｷ ﾕｳﾂｹ", when="2019.."),
    ],
    "a wing named or not": [
        record("ﾔﾏﾀﾞ ﾀﾛｳ", address="上尾市原市9-9 メゾン青葉A102"),
        record("山田 太郎", B, address="上尾市原市9-9-102"),
    ],
    "a building of the name of a number": [
        record("ﾔﾏﾀﾞ ﾀﾛｳ", address="上尾市原市9-9 メゾン青葉Ⅱ102"),
        record("山田 太郎", B, address="上尾市原市9-9 メゾン青葉弐番館"),
    ],
}
TWO = {
    "two companies of one building, whose long names share all but the trade": [
        record("カ)ヒガシシンバシトウキョウシオドメビルディングサンギョウ"),
        record("カ)ヒガシシンバシトウキョウシオドメビルディングコウギョウ", B),
    ],
    "two lamps of two owners, whose points and numbers nobody knows": [
        record("木古内町公衆街路灯", None),
        record("上尾市 防犯灯", None),
    ],
    "two foreigners of one building, one without a room and a space": [
        record("EMILY JOHNSON", when="2017.."),
        record("ジョンスミス", B, when="2017.."),
    ],
    "brothers with one kanji differing who both came, by a change of name": [
        record("山田 健一", when="2019..", event="restart"),
        record("山田 健二", when="2019..", event="rename", system="2"),
    ],
    "a mother and her daughter whose contracts begin and end together": [
        record("山田 花子", when="2019-04-01..2021-06-30"),
        record("ﾔﾏﾀﾞ ﾐﾕｷ", B, when="2019-04-12..2021-06-30"),
    ],
    "namesakes in a house of many flats whose contracts begin and end together": [
        record("松本 由美子", when="2016-12-15..2021-06-11", address=FLAT),
        record("立原 由美子", B, when="2017-01-03..2021-06-11", address=OTHER_FLAT),
    ],
    "two companies, one after the other, by a restart": [
        record("株式会社飛鳥商店", when="2017..2019"),
        record("株式会社ミライテック", event="restart"),
    ],
    "two lamps that were set up on one day": [record("街路灯 第745号"), record("公衆街路灯 746", B)],
    "two lamps in one house, one of which has no point": [
        record("街路灯 第745号"),
        record("公衆街路灯 746", None),
    ],
    "father, then son read alike, by a change of name": [
        record("山田 健一", when="2015..2019"),
        record("ﾔﾏﾀﾞ ｹﾝｲﾁﾛｳ", event="rename"),
    ],
    "son whose reading differs in its last sound, at two points": [
        record("山田 正夫"),
        record("ﾔﾏﾀﾞ ﾏｻｵﾐ", B),
    ],
    "twins with one kanji differing, read differently": [record("佐藤 美咲"), record("ｻﾄｳ ﾐﾕｷ", B)],
    "twins with one kanji differing, one contract after the other": [
        record("佐藤 優花", when="2015..2019"),
        record("佐藤 優菜", event="rename"),
    ],
    "namesakes by surname in a block without rooms": [
        record("ﾔﾏﾀﾞ ﾀﾛｳ", address="上尾市原市9-9 メゾン青葉"),
        record("山田 次郎", B, address="上尾市原市9-9 メゾン青葉"),
    ],
    "two people of one given name in a block of flats": [
        record("高橋 香織", address="上尾市原市9-9 メゾン青葉"),
        record("ﾀﾅｶ ｶｵﾘ", B, address="上尾市原市9-9 メゾン青葉"),
    ],
    "a surname that nobody lists and a stranger": [
        record("薄毛 愛子", address="上尾市原市9-9 メゾン青葉"),
        record("ﾀﾅｶ ｱｲｺ", B, address="上尾市原市9-9 メゾン青葉"),
    ],
    "a family's mobile number and two given names": [
        record("山田 太郎", phone="090-0123-4567"),
        record("ﾔﾏﾀﾞ ﾊﾅｺ", B, phone="09001234567"),
    ],
    "lot 103 and lot 104": [
        record("山田 太郎", address="上尾市原市603-103"),
        record("山田 太郎", B, address="上尾市原市603-104"),
    ],
    "who leaves a home and who moves in next month, without supply points": [
        record("ﾔﾏﾀﾞ ﾀｹｼ", None, when="2015..2019-03-01"),
        record("山田 浩", None, when="2019-04-01..", event="restart"),
    ],
    "a Korean family in two contracts": [record("金 艶"), record("ｷﾑ ｽﾋｮﾝ", B)],
    "a Japanese surname that begins like a Korean one": [
        record("金 軍", address="上尾市原市9-9 メゾン青葉"),
        record("ｷﾑﾗ ﾔﾏｼﾞ", B, address="上尾市原市9-9 メゾン青葉"),
    ],
    "Roman letters and a Japanese name of like consonants": [
        record("HANS MOORE", address="上尾市原市9-9 メゾン青葉"),
        record("ﾐｳﾗ ﾋｻｼ", B, address="上尾市原市9-9 メゾン青葉"),
    ],
    "a mother and a daughter in Roman letters and kana": [
        record("JULIA WHITE"),
        record("メアリー ホワイト", B),
    ],
    "a person and a company whose kana looks like one": [record("南 太郎"), record("ﾐﾅﾐｷｶｲ", B)],
    "two keepers of one shop": [
        record("麺処つばめ　藤森　志穂", when="2017..2019"),
        record("麺処つばめ　山本　健一", event="restart"),
    ],
    "a shop and somebody of the surname it is called after": [record("ﾀｶｷﾞｻｹﾃﾝ"), record("高木　隆", B)],
    "two given names, one in hiragana": [record("鈴木はる"), record("鈴木　夏", B)],
    "a company and its parent": [record("西山金属㈱"), record("西山金属ホールディングス㈱", B)],
    "a switch between wholly different names, which a clerk must judge": [
        record("ｲﾄｳ ﾋﾃﾞﾕｷ", when="2015..2019"),
        record("陳建国", event="switch"),
    ],
    "two companies called after one surname": [record("寿石材株式会社"), record("コトブキメガネテン（カ", B)],
    "father, then son, by a change of name, without days": [
        record("山田 健一", start=None, event="restart"),
        record("ﾔﾏﾀﾞ ｹﾝｼﾞ", start=None, event="rename"),
    ],
    "brothers with one kanji differing, read differently, without days": [
        record("佐藤 美咲", start=None, event="restart"),
        record("ｻﾄｳ ﾐﾕｷ", start=None, event="restart"),
    ],
    "father, then son, called alike but for a voiced sound": [
        record("ﾔﾏﾀﾞ ｹﾝｼ", when="2015..2019"),
        record("ﾔﾏﾀﾞ ｹﾝｼﾞ", event="rename"),
    ],
    "without days, the next but one of the same given name": [
        record("ｲｼﾊﾗ ｶｽﾞｵ", start=None),
        record("ｲﾜﾌﾞﾁ ｶｽﾞｵ", start=None, event="restart"),
        record("岩淵 一雄", start=None, event="switch"),
    ],
    "husband and wife": [record("山田 太郎"), record("山田 花子", B)],
    "husband and wife in kana and kanji": [record("ﾔﾏﾀﾞ ﾀﾛｳ"), record("山田 花子", B)],
    "father, then son, by a change of name": [
        record("山田 健一", when="2015..2019"),
        record("山田 健二", event="rename"),
    ],
    "father, then son, by a switch": [
        record("山田 健一", when="2015..2019"),
        record("ﾔﾏﾀﾞ ｹﾝｼﾞ", event="switch"),
    ],
    "twins differing in one kanji": [record("佐藤 美咲"), record("佐藤 美希", B)],
    "twins of one sound, two contracts": [record("佐藤 恵里"), record("佐藤 江里", B)],
    "the next occupant": [record("山田 太郎", when="2015..2019"), record("鈴木 一郎", event="restart")],
    "the next occupant of the same surname": [
        record("ﾔﾏﾀﾞ ﾀﾛｳ", when="2015..2019"),
        record("山田 次郎", event="restart"),
    ],
    "one name in two flats": [record("山田 太郎", address=FLAT), record("山田 太郎", B, address=OTHER_FLAT)],
    "one name in two towns": [record("山田 太郎"), record("山田 太郎", B, address="上尾市上町3-4-5")],
    "two companies in one building": [
        record("株式会社三和クリーニング"),
        record("カ)キヨウワクリーニング", B),
    ],
    "two companies sharing their first word": [record("青葉工業株式会社"), record("カ)アオバフドウサン", B)],
    "two devices at one house": [record("街路灯 第1号"), record("街路灯 第2号", B)],
    "a device after another at one point": [
        record("街路灯 第1号", when="2015..2019"),
        record("信号機 第7号", event="restart"),
    ],
    "a person and a company": [record("青葉 太郎"), record("株式会社青葉", B)],
    "a kana column that says otherwise": [
        record("大橋 裕生", kana="ｵｵﾊｼ ﾋﾛﾐﾁ", when="2015..2019"),
        record("ｵｵﾊｼ ﾋﾛｵ", event="rename"),
    ],
    "two numbers of legal persons": [
        record("青葉工業", number="8700110005901"),
        record("青葉工業", B, number="5835678256246"),
    ],
}
ONE |= {
    "one legal form in two spellings": [record("（株）青葉工業"), record("株式会社青葉工業", B)],
    "one legal form in kanji and in kana": [record("有限会社青葉工業"), record("ユ)アオバコウギヨウ", B)],
    "a company with and without its legal form": [record("青葉工業"), record("合同会社青葉工業", B)],
    "another legal form, applied for": [
        record("有限会社青葉工業", when="2001..2007"),
        record("株式会社青葉工業", when="2007..", event="rename"),
    ],
    "another legal form across a switch, and at a second point": [
        record("ユ)アオバコウギヨウ", when="2001..2019"),
        record("株式会社青葉工業", event="switch"),
        record("株式会社青葉工業", B),
        record("青葉工業", C),
    ],
    "another legal form by way of none, applied for, then a switch": [
        record("ユ)アオバコウギヨウ", when="2013..2018"),
        record("アオバコウギヨウ", when="2018..2022", event="rename"),
        record("カブシキガイシヤアオバコウギヨウ", when="2022..", event="switch"),
    ],
    "another legal form without an application, the contracts meet": [
        record("有限会社青葉工業", when="2001..2007-04-01"),
        record("株式会社青葉工業", when="2007-04-01.."),
    ],
    "another legal form of one legal person": [
        record("有限会社青葉工業", number="8700110005901"),
        record("株式会社青葉工業", B, number="8700110005901"),
    ],
    "an association that became one of public interest": [
        record("社団法人青葉協会"),
        record("公益社団法人青葉協会", B),
    ],
    "a form that may be any": [record("青葉工業株式会社"), record("青葉工業 Co., Ltd.", B)],
    "two forms in one name say neither": [
        record("株式会社青葉工業（有）", B),
        record("有限会社青葉工業"),
    ],
}
TWO |= {
    "a house with two lamps, neither with a number, one without a point": [
        record("公衆街路灯Ａ", when="2017..2019"),
        record("青葉町内会　防犯灯", None, when="2021.."),
    ],
    "a contract that goes on, and somebody who restarts the point": [
        record("ｻﾄｳ ﾕｲﾄ", when="2019..", event="restart"),
        record("鈴木 一郎", when="2021..", event="restart"),
    ],
    "a surname alone, and somebody of another surname": [
        record("相澤", when="2017..2019"),
        record("石井 光男", event="switch"),
    ],
    "two legal forms in one building": [record("株式会社青葉工業"), record("有限会社青葉工業", B)],
    "two legal forms at one point, no event between": [
        record("株式会社青葉工業", when="2001..2007"),
        record("（有）青葉工業", when="2012..", event="restart"),
    ],
    "two legal forms in kana": [record("カ)アオバコウギヨウ"), record("ユ)アオバコウギヨウ", B)],
    "two legal forms in kanji and kana": [record("青葉工業合同会社"), record("アオバコウギヨウ(カ", B)],
    "an association and a clinic": [record("一般社団法人青葉会"), record("医療法人社団青葉会", B)],
    "a school and a temple": [record("学校法人青葉学園"), record("宗)アオバガクエン", B)],
    "two legal forms, and a third record that may be either": [
        record("株式会社青葉工業"),
        record("青葉工業", B),
        record("有限会社青葉工業", C),
    ],
    "two legal forms, and a kana name that may be either": [
        record("株式会社青葉工業"),
        record("アオバコウギヨウ", B),
        record("有限会社青葉工業", C),
    ],
    "two legal forms and their kana names": [
        record("株式会社青葉工業"),
        record("有限会社青葉工業", B),
        record("ユ)アオバコウギヨウ", C),
        record("カ)アオバコウギヨウ", D),
    ],
    "two legal forms, one of which was renamed to neither": [
        record("有限会社青葉工業", when="2001..2019"),
        record("青葉工業", event="rename"),
        record("株式会社青葉工業", B),
    ],
    "two legal forms, one of which was at the point of the other without a form": [
        record("有限会社青葉工業", when="2001..2019"),
        record("青葉工業", event="switch"),
        record("株式会社青葉工業", B),
    ],
}


@pytest.mark.parametrize("scene", ONE)
def test_one_customer(scene: str, words: Lexicon, reader: Reader) -> None:
    assert len(set(clusters(ONE[scene], words, reader))) == 1


@pytest.mark.parametrize("scene", TWO)
def test_never_merged(scene: str, words: Lexicon, reader: Reader) -> None:
    assert len(set(clusters(TWO[scene], words, reader))) == 2


def test_whatever_has_a_legal_form_is_a_company(words: Lexicon, reader: Reader) -> None:
    scene = [record("ﾅｶﾞﾃﾁﾖｳ(ｶ", when="2017..2019"), record("永手町", event="switch")]
    assert settled(scene, words, reader).select("cluster", "kind").rows() == [(0, "company")] * 2


def test_a_family_stays_apart_however_much_a_switch_says_here(words: Lexicon, reader: Reader) -> None:
    rows = [record("山田 太郎", when="2015..2019"), record("山田 花子", event="switch")]
    frame = pl.DataFrame(
        [row | {"row": number, "record": str(number)} for number, row in enumerate(rows)], schema=COLUMNS
    )
    settled = settle.settle(
        frame, lexicon=words, reader=reader, weights=decide.Weights(), known_priors=Priors(switched=9.0)
    )
    assert settled.records["cluster"].n_unique() == 2


@pytest.mark.parametrize(("odds", "found"), [(2.0, 2), (4.6, 1)])
@pytest.mark.parametrize("other", ["立原由美子", "松本 裕美子"])
def test_contracts_that_begin_and_end_together_are_one_where_the_file_says_so(
    other: str, odds: float, found: int, words: Lexicon, reader: Reader
) -> None:
    rows = [
        record("松本 由美子", when="2016-12-15..2021-06-11") | {"row": 0},
        record(other, B, when="2017-01-03..2021-06-11") | {"row": 1},
    ]
    settled = settle.settle(
        pl.DataFrame(rows, schema=COLUMNS),
        lexicon=words,
        reader=reader,
        weights=decide.Weights(),
        known_priors=Priors(together=odds),
    )
    assert settled.records["cluster"].n_unique() == found


GAP = pl.DataFrame({"system": ["1"], "until": [day("2024-01-31")]}, schema_overrides={"until": pl.Int32})


@pytest.mark.parametrize(
    ("later", "until", "found"),
    [
        ("ﾔﾏﾀﾞ ﾀﾛｳ", GAP, 1),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", None, 1),
        ("ｻﾄｳ ﾀﾛｳ", GAP, 2),
        ("ｻﾄｳ ﾀﾛｳ", None, 1),
    ],
)
def test_after_months_of_silence_a_contract_left_open_says_little(
    later: str, until: pl.DataFrame | None, found: int, words: Lexicon, reader: Reader
) -> None:
    """System 1 ends in January 2024: whoever is in system 2 after that may have come since."""
    rows = [
        record("山田 太郎", when="2017..") | {"row": 0},
        record(later, when="2025-10-20..", event="switch", system="2") | {"row": 1},
    ]
    settled = settle.settle(
        pl.DataFrame(rows, schema=COLUMNS),
        lexicon=words,
        reader=reader,
        weights=decide.Weights(),
        until=until,
    )
    assert settled.records["cluster"].n_unique() == found


def test_two_brothers_in_one_house_are_no_doubt_of_anybody(words: Lexicon, reader: Reader) -> None:
    rows = [record("山田 健一"), record("ﾔﾏﾀﾞ ｹﾝｼﾞ", B)]
    frame = pl.DataFrame(
        [row | {"row": number, "record": str(number)} for number, row in enumerate(rows)], schema=COLUMNS
    )
    settled = settle.settle(frame, lexicon=words, reader=reader, weights=decide.Weights())
    assert settled.edges.filter(pl.col("weight") > decide.LISTED).is_empty()


def test_whoever_has_no_legal_form_goes_with_the_one_that_an_event_joins(
    words: Lexicon, reader: Reader
) -> None:
    here = TWO["two legal forms, one of which was at the point of the other without a form"]
    limited, formless, other = clusters(here, words, reader)
    assert limited == formless != other


def test_kana_names_go_with_their_legal_form(words: Lexicon, reader: Reader) -> None:
    company, limited, limited_kana, company_kana = clusters(
        TWO["two legal forms and their kana names"], words, reader
    )
    assert (company, limited) == (company_kana, limited_kana)


def test_a_kana_name_joins_its_better_reading_only(words: Lexicon, reader: Reader) -> None:
    here = [record("ﾔﾏﾀﾞ ｶｽﾞｺ", A), record("山田 和子", B), record("山田 幸子", C)]
    first, better, other = clusters(here, words, reader)
    assert first == better != other


def test_between_two_contracts_of_one_customer_is_that_customer(words: Lexicon, reader: Reader) -> None:
    here = [
        record("野村 奈賀子", when="2015..2018"),
        record("野村 菜香子", when="2018..2020", event="switch"),
        record("野村 奈賀子", when="2020..", event="switch"),
    ]
    assert len(set(clusters(here, words, reader))) == 1


@pytest.mark.parametrize("scene", [*ONE, *TWO])
def test_order_of_the_rows_changes_nothing(scene: str, words: Lexicon, reader: Reader) -> None:
    here = (ONE | TWO)[scene]
    forward = len(set(clusters(here, words, reader)))
    assert forward == len(set(clusters(here[::-1], words, reader)))
