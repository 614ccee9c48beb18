"""The reasons of 名寄せ in words that a clerk can repeat to a customer."""

from __future__ import annotations

JAPANESE = {
    "same_name": "氏名・名称が一致（表記を統一した結果）",
    "reading": "漢字名の読み候補に一致",
    "aligned": "漢字の読み方として自然（辞書にない読み）",
    "kana_column": "フリガナが一致",
    "spelt_out": "ひらがな書きの名とカナが一致",
    "word_order": "語順だけが違う",
    "voicing": "濁点の有無だけが違う",
    "one_kana": "カナ1文字の違い",
    "keeper": "屋号に続く氏名が一致",
    "other_column": "カナ欄とは違うが、漢字名の読み候補に一致",
    "near_reading": "漢字名の読みとカナ1文字の違い（別の名としてもある読み）",
    "homophone": "同じ姓・同じ読みで漢字が違う",
    "one_character": "漢字1文字の違い",
    "new_surname": "名が一致し姓が変わった",
    "former_surname": "旧姓が一致",
    "surname_only": "姓だけの記載",
    "middle_name": "ミドルネームの有無",
    "romanised": "ローマ字とカナの対応",
    "foreign_reading": "外国語読みの可能性",
    "family": "姓が一致し名が違う（家族）",
    "slip": "姓が一致し名の漢字1文字が違う",
    "company_reading": "会社名の読みに一致",
    "company_branch": "支店・営業所名の有無",
    "legal_form": "名称は似ているが法人格が違う（株式会社と有限会社など）",
    "form_changed": "名称が一致し法人格が変わった（組織変更）",
    "company_grown": "グループ・ホールディングスなどの有無",
    "cut_short": "桁数で切れた名称",
    "company_part": "名称の一部が一致",
    "company_alike": "名称が似ている",
    "shop": "屋号が一致",
    "called_after": "屋号が姓で始まる",
    "device_number": "機器の番号が一致",
    "device_class": "同じ種類の機器",
    "phone": "電話番号が一致",
    "unlike": "氏名・名称が違う",
    "other_company": "会社名が違う",
    "splink": "Splink だけが同じ人と判定",
    "unresolved": "同じ人か決められない相手がいる",
}
ENGLISH = {
    "same_name": "same name after normalising",
    "reading": "the kana is a dictionary reading of the kanji",
    "aligned": "the kana is a natural reading of the kanji, in no dictionary",
    "kana_column": "the kana columns agree",
    "spelt_out": "a given name in hiragana agrees with the kana",
    "word_order": "only the order of the words differs",
    "voicing": "only voicing marks differ",
    "one_kana": "one kana differs",
    "keeper": "the name behind that of a shop agrees",
    "other_column": "a listed reading of the kanji name, though its kana column says another",
    "near_reading": "one kana differs from the reading, and is a name of its own",
    "homophone": "same surname and reading, other kanji",
    "one_character": "one kanji differs",
    "new_surname": "same given name, other surname",
    "former_surname": "the former surname agrees",
    "surname_only": "only a surname is written",
    "middle_name": "with and without a middle name",
    "romanised": "Roman letters and kana agree",
    "foreign_reading": "perhaps a foreign reading",
    "family": "same surname, other given name (family)",
    "slip": "same surname, one kanji of the given name differs",
    "company_reading": "the kana is the reading of the company's name",
    "company_branch": "with and without a branch",
    "legal_form": "the names are alike and the legal forms differ (such as 株式会社 and 有限会社)",
    "form_changed": "same name, and the legal form changed",
    "company_grown": "with and without a word such as Group or Holdings",
    "cut_short": "one name ends where its field does",
    "company_part": "one name is part of the other",
    "company_alike": "the names are alike",
    "shop": "the shop's name agrees",
    "called_after": "the shop is called after the surname",
    "device_number": "the device's number agrees",
    "device_class": "a device of the same class",
    "phone": "the telephone number agrees",
    "unlike": "different names",
    "other_company": "different companies' names",
    "splink": "only Splink takes them for one",
    "unresolved": "it cannot be decided whether another record is the same party",
}
EVENTS = {
    "switched": ("スイッチング時の名義変更", "the name changed across an unbroken switch"),
    "shared": ("両システムの同じ契約", "one contract in both systems"),
    "twin": ("両システムで同じ日に始まる契約", "a contract that begins in both systems on one day"),
    "together": (
        "同じ住所で同時に始まり同時に終わる契約",
        "contracts of one home that begin and end together",
    ),
    "renamed": ("名義変更・需要者情報変更の申込", "a change of name was applied for"),
    "unbroken": ("途切れのない契約", "the contracts meet without a gap"),
    "seen_later": (
        "一方のシステムの記録が終わった後の契約",
        "a contract begun after the other system's records end",
    ),
    "enclosed": ("前後の契約と同じ名義人の間に挟まれた契約", "between two contracts of the other"),
    "phone": ("携帯電話番号が一致", "the mobile number agrees"),
    "moved": ("間に廃止または再点", "a stop or restart lies between"),
}


PLACES = {
    "point": ("同一供給地点", "one supply point"),
    "house": ("同一住所", "one address"),
    "elsewhere": ("住所も供給地点も違う", "neither address nor supply point in common"),
}
OUTCOMES = {
    "outdone": (
        "より確かな相手がほかにいるため統合しない",
        "not merged, because one of them has a surer partner",
    ),
    "refused": (
        "別の漢字名どうし、または法人格の違う会社どうしがつながるため統合しない",
        "not merged, because two written names, or companies of two legal forms, would become one",
    ),
}


def words(code: str, *, english: bool = False) -> str:
    """The reason behind a code."""
    return (ENGLISH if english else JAPANESE)[code]
