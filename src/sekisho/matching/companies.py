"""Companies: legal forms in all their spellings, branches, Latin letters read aloud, and the 法人番号.

A legal form marks a company but does not tell two apart, so it is removed before names are compared: 株式会社青葉工業,
（株）青葉工業 and カ)アオバコウギヨウ are one company. What follows as a branch stays available as evidence.
"""

from __future__ import annotations

import re

import polars as pl

from sekisho.matching import kana

_FORMS = (
    "株式会社 有限会社 合同会社 合資会社 合名会社 相互会社 特定目的会社 一般社団法人 一般財団法人 公益社団法人 公益財団法人 社団法人 財団法人 "
    "医療法人社団 医療法人財団 医療法人 社会福祉法人 学校法人 宗教法人 特定非営利活動法人 NPO法人 独立行政法人 地方独立行政法人 "
    "国立大学法人 弁護士法人 税理士法人 司法書士法人 行政書士法人 監査法人 管理組合法人 農事組合法人 職業訓練法人 更生保護法人"
)
_KANA_FORMS = (
    "カブシキガイシャ ユウゲンガイシャ ゴウドウガイシャ ゴウシガイシャ ゴウメイガイシャ ソウゴガイシャ "
    "イッパンシャダンホウジン イッパンザイダンホウジン コウエキシャダンホウジン コウエキザイダンホウジン シャダンホウジン ザイダンホウジン "
    "イリョウホウジンシャダン イリョウホウジンザイダン イリョウホウジン シャカイフクシホウジン ガッコウホウジン シュウキョウホウジン "
    "トクテイヒエイリカツドウホウジン ドクリツギョウセイホウジン コクリツダイガクホウジン ベンゴシホウジン ゼイリシホウジン ノウジクミアイホウジン"
)
_BRACKETED = "株 有 同 資 名 相 社 財 一社 一財 公社 公財 医 医社 福 学 宗 特非 独 農 弁 税 行 司".split()
_BANK = "カ ユ ド シ メ ソ イ イダン ザイ ザイダン シヤ シャ フク ガク シユウ シュウ トクヒ ドク ダイ ベン ゼイ ギヨ ノウ ノ".split()
_LATIN_FORM = r"(?:,? ?CO\.?,? ?LTD\.?|,? INC\.?|,? ?K\.?K\.?|,? LLC\.?|,? CORP(?:ORATION|\.)?)$"
_BRANCHES = (
    "支店 支社 本店 本社 営業所 事業所 出張所 工場 製作所 事務所 支所 支部 分室 店 本部 センター 寮 社宅 倉庫 駐車場 研究所 分院 分校 分園 資材置場 作業所 "
    "展示場 売店 店舗 駅前店 別館 新館 本館 支局 営業部 物流拠点 配送所"
).split()
_BRANCH_SOUNDS = (
    "シテン シシャ ホンテン ホンシャ エイギョウショ エイギョウジョ ジギョウショ ジギョウジョ シュッチョウショ シュッチョウジョ コウジョウ コウバ セイサクショ ジムショ シショ "
    "シブ ブンシツ テン ホンブ センター リョウ シャタク ソウコ チュウシャジョウ ケンキュウショ ケンキュウジョ ブンイン ブンコウ シザイオキバ サギョウショ サギョウジョ "
    "テンジジョウ バイテン テンポ ベッカン シンカン ホンカン シキョク"
).split()
_LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "エー ビー シー ディー イー エフ ジー エイチ アイ ジェー ケー エル エム エヌ オー ピー キュー アール エス ティー ユー ブイ ダブリュー エックス ワイ ゼット".split(),
        strict=True,
    )
)


def _large(word: str) -> str:
    return word.translate(str.maketrans("ャュョッ", "ヤユヨツ"))


def _small_or_large(word: str) -> str:
    """カイシャ as a pattern that also takes the bank's カイシヤ."""
    pairs = {"ャ": "[ャヤ]", "ュ": "[ュユ]", "ョ": "[ョヨ]", "ッ": "[ッツ]"}
    return "".join(pairs.get(char, char) for char in word)


_SPOKEN = [*_KANA_FORMS.split(), *_KANA_FORMS.replace("ガイシャ", "カイシャ").split(), "エヌピーオーホウジン"]
_WORDS = "|".join([*_FORMS.split(), *map(_small_or_large, dict.fromkeys(_SPOKEN)), "^社福|^学法|^宗法|^医社"])
_LITERAL = [*_FORMS.split(), *dict.fromkeys(_SPOKEN), *(_large(word) for word in dict.fromkeys(_SPOKEN))]
_MARKS = "|".join(_BRACKETED + _BANK)
_BANK_MARKS = "|".join(_BANK)
_MARKED = (
    rf"\((?:{_MARKS})\)|^(?:{_BANK_MARKS})\)|\((?:{_BANK_MARKS})(?:$| )|^(?:社福|学法|宗法|医社)|{_LATIN_FORM}"
)
LEGAL_FORM = rf"(?:{_WORDS})|\((?:{_MARKS})\)|^(?:{_BANK_MARKS})\)|\((?:{_BANK_MARKS})(?:$| )|{_LATIN_FORM}"

_KEYWORDS = (
    "商店 商会 商事 工業 工務店 建設 建築 製作所 産業 電機 電器 電気 電工 電設 病院 医院 クリニック 歯科 内科 外科 眼科 薬局 学校 学園 大学 高校 幼稚園 保育 "
    "こども園 神社 寺院 教会 組合 自治会 町内会 町会 区会 管理 センター ビル マンション ハイツ コーポ アパート メゾン 公民館 集会所 役所 役場 庁舎 警察 消防 "
    "会館 協会 連合 財団 農協 漁協 銀行 信用金庫 郵便 支店 営業所 事務所 事業所 工場 倉庫 ホテル 旅館 食堂 寿司 居酒屋 喫茶 カフェ スナック サロン 美容 理容 "
    "理髪 学習塾 ストア マート スーパー 農園 牧場 水産 運輸 運送 交通 鉄道 不動産 住宅 興業 興産 物産 製菓 酒造 醸造 印刷 出版 設計 技研 システム サービス "
    "ホールディングス グループ ジャパン 研究所 機構 公社 公団 団地 共用 水道 浄化 図書館 体育館 公園 駐車場 ガレージ 企画 商工 製薬 化学 金属 鉄工 木材 石油 "
    "ガス 電力 通信 放送 新聞 保険 証券 リース レンタル 整備 自動車 モータース 塗装 土木 設備 食品 販売 開発 電設 測量 石材 紙業 製紙 繊維 紡績 機械 精機 精密 樹脂 化成 観光 海運 通商 眼鏡 燃料 畳店 養鶏 法律 会計 税理 司法書士 行政書士 社労士 整形 整骨 接骨 鍼灸 動物病院 介護 福祉 デイサービス 老人ホーム 写真館 教室 道場 自転車 電器店 生花 花店 精肉 コーポレーション エステート ファーム フーズ フード リフォーム ハウジング ハウス ホーム テック デザイン オート クリーニング パーキング エンジニアリング ロジスティクス テクノ ソリューション マテリアル ケミカル メディカル トラベル プランニング カンパニー コンサル エージェンシー ワークス ファクトリー スタジオ キッチン ダイニング 設備 空調 造園 建材 硝子 家具 呉服 洋品 書店 文具 酒店 米店 肉店 鮮魚 青果 "
    "パン ベーカリー レストラン 飯店 酒場 焼肉 ラーメン うどん そば 屋 亭 庵 荘 堂 舎 館 会 社 店 院 寺 署 局 園 塾"
)
_KANA_KEYWORDS = (
    "コウギョウ ショウテン ショウカイ ショウジ コウムテン ケンセツ ケンチク セイサクショ サンギョウ デンキ デンコウ ビョウイン イイン クリニック シカ ヤッキョク "
    "ガッコウ ガクエン ダイガク ヨウチエン ホイクエン ジンジャ クミアイ ジチカイ チョウナイカイ カンリ センター ビル マンション ハイツ コーポ アパート コウミンカン "
    "シュウカイショ ヤクショ ヤクバ ケイサツ ショウボウ カイカン キョウカイ レンゴウ ザイダン ノウキョウ ギンコウ シンキン ユウビン シテン エイギョウショ ジムショ "
    "ジギョウショ コウジョウ ソウコ ホテル リョカン ショクドウ イザカヤ キッサ カフェ スナック サロン ビヨウシツ リヨウ ストア マート スーパー ノウエン ボクジョウ "
    "スイサン ウンユ ウンソウ コウツウ テツドウ フドウサン ジュウタク コウサン ブッサン セイカ シュゾウ インサツ シュッパン セッケイ ギケン システム サービス "
    "ホールディングス グループ ジャパン ケンキュウショ キコウ コウシャ ダンチ スイドウ トショカン タイイクカン コウエン チュウシャジョウ キカク セイヤク カガク "
    "キンゾク テッコウ モクザイ セキユ デンリョク ツウシン ホウソウ シンブン ホケン リース レンタル セイビ ジドウシャ モータース トソウ ドボク セツビ ゾウエン "
    "ケンザイ ショテン ベーカリー レストラン ハンテン ショクヒン ハンバイ カイハツ デンセツ ソクリョウ セキザイ シギョウ セイシ センイ ボウセキ センコウ キカイ セイキ セイミツ "
    "ジュシ カセイ カンコウ カイウン ツウショウ メガネテン ゴフクテン セイカテン ネンリョウ タタミテン ベイコクテン ガラス ガラステン ヨウケイジョウ ホウリツ カイケイ "
    "ゼイリシ シホウショシ セイケイ セイケイゲカ ナイカ セイコツイン セッコツイン シンキュウイン ドウブツビョウイン カイゴ フクシ シャシンカン キョウシツ ドウジョウ "
    "ジテンシャテン デンキテン センギョテン セイニクテン セイカテン サケテン キッサテン コーポレーション エステート ファーム フーズ フード リフォーム ハウジング ホーム テック "
    "デザイン オート クリーニング パーキング エンジニアリング ロジスティクス テクノロジー ソリューション マテリアル ケミカル メディカル トラベル プランニング ワークス スタジオ "
    "リヨウシツ ガクシュウジュク ホンシャ ホンテン シシャ シュッチョウショ エヌピーオー"
)
KEYWORD = "|".join(
    [
        *(word for word in _KEYWORDS.split() if len(word) > 1),
        "(?:" + "|".join(word for word in _KEYWORDS.split() if len(word) == 1) + ")$",
    ]
)
KEYWORD_SOUND = "|".join(kana.sounds_of([word for word in _KANA_KEYWORDS.split() if len(word) > 2]))
BRANCH = rf"[^ ]{{0,6}}(?:{'|'.join(_BRANCHES)})$"
BRANCH_SOUND = rf"[^ ]{{0,8}}(?:{'|'.join(kana.sounds_of(_BRANCH_SOUNDS))})$"


def has_form(text: pl.Expr) -> pl.Expr:
    """Whether a legal form is written, in words or as a mark."""
    return text.str.contains_any(_LITERAL) | text.str.contains(_MARKED)


def without_form(text: pl.Expr) -> pl.Expr:
    """The name with its legal form replaced by a space."""
    return text.str.replace_all(LEGAL_FORM, " ").str.replace_all(r"\s+", " ").str.strip_chars(" ・,.")


def core(text: pl.Expr) -> pl.Expr:
    """The written name that tells a company apart: no legal form, no separately written branch, no spaces."""
    return _trunk(without_form(text), BRANCH)


def core_sound(text: pl.Expr) -> pl.Expr:
    """The same for a name in kana, as its sound."""
    return _trunk(kana.sound(without_form(text)), BRANCH_SOUND)


def _trunk(parts: pl.Expr, branch: str) -> pl.Expr:
    trunk = parts.str.replace(rf" {branch}", "")
    return pl.when(trunk.str.len_chars() > 1).then(trunk).otherwise(parts).str.replace_all(r"[ ・\-.,'&/]", "")


def letters_as_kana(text: str) -> str:
    """YS → ワイエス; what is not a Latin letter stays."""
    return re.sub("[A-Z]", lambda match: _LETTERS[match[0]], text.upper())


def is_corporate_number(text: str) -> bool:
    """Whether 13 digits carry the right check digit (法人番号の指定等に関する省令 第2条)."""
    if not re.fullmatch(r"[1-9][0-9]{12}", text):
        return False
    body = text[:0:-1]
    total = sum(int(digit) * (1 if place % 2 == 0 else 2) for place, digit in enumerate(body))
    return int(text[0]) == 9 - total % 9


def same_but_branch(left: str, right: str, *, sounds: bool = False) -> bool:
    """Whether the longer name is the shorter followed by a branch written without a space."""
    short, long = sorted((left, right), key=len)
    pattern = BRANCH_SOUND if sounds else BRANCH
    return len(short) > 1 and long.startswith(short) and re.fullmatch(pattern, long[len(short) :]) is not None
