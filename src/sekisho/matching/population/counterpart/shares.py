"""Every proportion of the invented service area, in one table with its reason.

The area is lived through, not drawn: meters stand in houses, people and firms succeed one another at them, retailers
come and go, and each retailer types names and addresses in its own manner. A share below is therefore the chance of
an event or of a habit; what share of records it reaches follows from the history.
"""

from typing import NamedTuple


class Share(NamedTuple):
    """One proportion: what it is a proportion of, and why it has this size."""

    value: float
    of: str
    reason: str


TABLE: dict[str, Share] = {
    # --- what stands in the area
    "house_detached": Share(
        0.5, "sites", "一戸建ては近畿の住宅のおよそ半分; one site, one meter, so most sites"
    ),
    "house_flats": Share(0.03, "sites", "共同住宅は1棟に十数戸あるので棟数は少ない"),
    "house_shop": Share(
        0.16, "sites", "店舗・工場・事務所・施設; 法人 is a quarter of the seed's truths, devices included"
    ),
    "house_offices": Share(0.008, "sites", "several firms in one building; few buildings, many firms"),
    "house_device": Share(0.19, "sites", "機器に紐づく契約146万 of 1,354万 in the seed"),
    "flats_single": Share(0.55, "blocks of flats", "ワンルーム・1K: short stays, 賃貸の過半"),
    "flats_owned": Share(0.20, "blocks of flats", "分譲マンション: long stays, a 管理組合"),
    "new_building": Share(0.10, "sites", "built after 2016: the first contract is 新設"),
    "rebuilt": Share(
        0.0025, "detached houses a year", "建替え: 廃止 and 新設, the same owner under a new point number"
    ),
    # --- lives (a year)
    "stay_detached": Share(38.0, "years, mean", "持ち家一戸建ての居住期間"),
    "stay_owned": Share(20.0, "years, mean", "分譲マンション"),
    "stay_family_flat": Share(9.0, "years, mean", "ファミリー賃貸"),
    "stay_single_flat": Share(4.5, "years, mean", "単身賃貸 (更新2回まで)"),
    "stay_firm": Share(13.0, "years, mean", "開廃業率 4–8 %"),
    "switch_person": Share(0.072, "a year", "低圧スイッチング率の関西の実績は全国より高い"),
    "switch_firm": Share(0.085, "a year", "法人は見直しが多い"),
    "switch_device": Share(0.022, "a year", "自治体の一括切替は数年に一度"),
    "contract_change": Share(0.012, "a year", "アンペア・契約種別の変更"),
    "vacant_at_epoch": Share(0.05, "flats", "空室率のうち契約のないもの"),
    # --- who follows whom
    "family_takes_over_house": Share(0.50, "ends in owned houses", "死亡・相続による名義変更"),
    "family_takes_over_flat": Share(0.06, "ends in rented flats", "夫婦間の名義変更"),
    "takeover_by_switching": Share(
        0.06, "family takeovers", "配偶者が自分の名で切替を申し込む (規則では認められないが通る)"
    ),
    "returned": Share(0.02, "ends", "同じ人が廃止後に再点 (長期不在・手続き誤り・新電力撤退)"),
    "manager_between": Share(0.06, "ends in rented flats", "空室期間は管理会社名義"),
    "mover_found": Share(0.35, "arrivals", "転入元も域内である人"),
    "owner_lives_here": Share(0.13, "small firms", "社長宅と会社が同じ住所: two truths, a similar name"),
    "second_meter": Share(0.035, "detached houses", "深夜電力・低圧動力・離れ: one truth, two points"),
    "two_families": Share(0.030, "detached houses", "二世帯住宅: parents and child, two meters, two truths"),
    "twins": Share(0.003, "detached houses", "twins with one kanji differing, each with a contract"),
    "shared_lot": Share(0.012, "detached houses", "同じ住居番号の隣家"),
    "lodger": Share(0.004, "detached houses", "間借り: ○○様方"),
    "host_in_name": Share(0.40, "cards of lodgers", "様方が住所でなく氏名欄に入る"),
    "heir_shares_kanji": Share(0.15, "sons and daughters who take over", "通字"),
    "heir_shares_sound": Share(
        0.04, "sons and daughters who take over", "読みが一拍だけ違う親子 (マサヒロ/マサノリ)"
    ),
    "heir_same_sound": Share(
        0.001, "sons and daughters who take over", "読みまで同じ親子; undecidable in kana, so kept rare"
    ),
    # --- people
    "woman_house": Share(0.24, "holders in houses", "世帯主・契約者は男性が多い"),
    "woman_flat": Share(0.42, "holders in flats", "単身女性"),
    "foreign": Share(0.026, "people", "在留外国人は大阪府で3 %台、域内平均はやや低い"),
    "common_name": Share(0.30, "Chinese and Korean residents", "通称名を契約に使う"),
    "old_woman_kana_name": Share(0.05, "women", "明治・大正・昭和初期のかな名 (ハナ、きよ)"),
    "glyph_in_register": Share(
        0.60, "people whose name has a 異体字 form", "戸籍が標準字体の人が多い字を除けば両方ある"
    ),
    "glyph_is_kept": Share(0.55, "kanji cards of such people", "外字を打てる小売と打てない小売"),
    "ivs": Share(
        0.03,
        "kanji cards",
        "IVS付きで登録する新しいシステム; it shows only on characters that have such forms",
    ),
    "marriage_woman": Share(0.0060, "a year of a woman", "改姓しても同じ住所に残る人"),
    "marriage_man": Share(0.0004, "a year of a man", "夫が改姓する婚姻は約5 %"),
    "maiden_in_brackets": Share(0.06, "cards after a marriage", "旧姓併記"),
    # --- habits of the pen (cards: one card = what one retailer typed for one customer)
    "card_deviates": Share(0.05, "cards", "担当者・窓口がその会社の書き方を外れる"),
    "card_retyped": Share(0.05, "later records of one retailer", "既契約からの複写が普通、打ち直しは少ない"),
    "kana_slip": Share(0.006, "kana cards", "濁点・一字の打ち間違い"),
    "voicing_slip": Share(0.007, "kana cards", "ナカジマ/ナカシマ"),
    "misread": Share(0.006, "kana cards", "漢字から窓口が推測した読み (裕子 ユウコ/ヒロコ)"),
    "wrong_kanji": Share(0.007, "kanji cards", "電話受付の聞き取り: 同音の別字"),
    "surname_only": Share(0.004, "cards of incumbents before 2000", "古い台帳は姓だけ"),
    "couple": Share(0.003, "person cards", "夫婦連名"),
    "remark": Share(0.005, "person cards", "(ﾊﾅﾚ)、（倉庫）、様 などの書き込み"),
    "reversed": Share(0.0006, "person cards", "名・姓の順"),
    "mixed": Share(0.004, "kanji cards", "名だけかな: 田中 ひろし"),
    # --- firms
    "chain": Share(0.24, "shops", "多店舗の店; 経済センサスでは支所が2割強"),
    "sole": Share(0.22, "shops", "個人事業主の屋号"),
    "number_known": Share(0.45, "firms with a legal form", "法人番号欄は任意"),
    "renamed": Share(0.006, "a year of a firm", "商号・組織変更 (有限→株式)"),
    "branch_written": Share(0.70, "cards of a branch", "店名・支店名を書かない請求先名義"),
    "form_omitted": Share(0.05, "cards of firms", "（株）を書かない"),
    "form_misplaced": Share(0.015, "cards of firms", "前株と後株の取り違え"),
    "owner_named": Share(0.45, "cards of sole proprietors", "屋号＋氏名"),
    "owner_only": Share(0.06, "cards of sole proprietors", "氏名だけで申し込む"),
    "second_floor": Share(0.08, "firms in offices", "one firm on two floors: one truth, two points"),
    # --- addresses
    "room_left_out": Share(0.05, "cards in flats", "部屋番号の書き落とし"),
    "building_left_out": Share(0.16, "cards in flats", "建物名を書かず部屋だけ"),
    "address_slip": Share(0.003, "cards", "番・号の打ち間違い"),
    "postal_missing": Share(0.03, "cards", "郵便番号空欄"),
    "postal_wrong": Share(0.004, "cards", "隣町の番号"),
    "old_municipality": Share(0.40, "incumbent's cards older than the merger", "合併前の市町村名のまま"),
    "koaza": Share(0.10, "houses in 番地 towns", "小字"),
    "kana_address": Share(0.003, "cards of ①", "ホスト時代のｶﾅ住所"),
    "street_names": Share(0.45, "cards in central Kyoto", "通り名"),
    "inquiry": Share(
        0.055,
        "running contracts in ②'s window",
        "契約情報の照会: ② of 104万 in the seed is more than half a year's switching and moving",
    ),
    "phone_missing": Share(0.10, "records of ②", "連絡先空欄"),
    "phone_agent": Share(0.02, "cards of ②", "取次店・不動産屋の番号が多数の客に入る"),
    "phone_dummy": Share(0.004, "cards of ②", "0000… の埋め草"),
    "point_missing": Share(0.10, "新設 in ②", "番号の付く前の申込"),
}

SHARE: dict[str, float] = {name: share.value for name, share in TABLE.items()}

# What the tags of truth.slices say. "(record)": something befell one of the truth's records.
TAGS: dict[str, str] = {
    "single": "one record only", "kana_kanji": "records in kana and in kanji", "variant": "with and without its 異体字",
    "ivs": "a variation selector (record)", "flat": "lives in a room of a block, the room always written",
    "roomless": "room left out (record)", "buildingless": "building left out, room kept (record)",
    "succeeded": "another truth followed at the meter", "successor": "another truth was there before",
    "family": "a relative is another truth at this address", "two_families": "parents and child, two meters",
    "twins": "one kanji differs", "shared_kanji": "parent and child share a kanji",
    "near_sound": "parent and child differ in the last mora", "same_sound": "parent and child sound the same",
    "spouse_switch": "a relative took over by スイッチング", "returned": "stopped and restarted by the same party",
    "rebuilt": "the same owner under a new point number", "two_points": "two meters", "shared_lot": "strangers at one lot",
    "care_of": "lodger, 様方", "moved": "the person has other truths", "maiden": "took another surname",
    "foreign": "from abroad", "chinese": "", "korean": "", "vietnamese": "", "western": "", "alias": "通称名 (record)",
    "couple": "spouse on the same line (record)", "remark": "a remark in the name (record)", "reversed": "given name first (record)",
    "mixed": "given name in hiragana (record)", "surname_only": "(record)", "misread": "another reading of the kanji (record)",
    "voicing_slip": "(record)", "kana_slip": "(record)", "homophone": "another kanji of the same sound (record)",
    "company": "", "sole": "sole proprietor", "owner_only": "the proprietor's own name (record)",
    "owner_named": "the proprietor's name beside the trade name (record); such a truth is a person", "branch": "branch written (record)",
    "chain": "the firm has other truths", "renamed": "another form or name", "manager": "of rented flats, between tenants",
    "one_building": "several firms in one building", "owner_company": "a firm and its owner in one house",
    "truncated": "cut at the field's end (record)", "device": "", "lamp": "", "signal": "", "vending": "", "other": "another device",
    "town_glyph": "ケ/ヶ/が, old characters in the town (record)", "street_names": "Kyoto street names (record)",
    "old_municipality": "name before a merger (record)", "kana_address": "address in kana (record)", "address_slip": "wrong lot (record)",
}  # fmt: skip
