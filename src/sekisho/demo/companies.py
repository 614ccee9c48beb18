"""Invented companies, associations and machines.

No stem in `data/words.txt` is a firm known to the authors, and the tests compare the names with the 22,200
offices of the postal data.
"""

from dataclasses import dataclass

from sekisho.demo.dice import Dice, Urn
from sekisho.demo.lists import lists
from sekisho.demo.names import bank_style

LEGAL_FORMS = Urn(
    [
        (("株式会社", "カブシキガイシャ", "カ"), 0.60),
        (("有限会社", "ユウゲンガイシャ", "ユ"), 0.31),
        (("合同会社", "ゴウドウガイシャ", "ド"), 0.09),
    ]
)
# Uses that only certain legal persons have: form, reading, bank style, and what follows the stem.
PUBLIC_BODIES = {
    "hv_school": ("学校法人", "ガッコウホウジン", "ガク", "学園/ガクエン"),
    "hv_hospital": ("医療法人社団", "イリョウホウジンシャダン", "イ", "病院/ビョウイン"),
    "pump": ("", "", "", "水利組合/スイリクミアイ"),
    "ehv_factory": ("株式会社", "カブシキガイシャ", "カ", "重工業/ジュウコウギョウ"),
    "ehv_centre": ("株式会社", "カブシキガイシャ", "カ", "データセンター/データセンター"),
    "hv_store": ("株式会社", "カブシキガイシャ", "カ", "ストア/ストア"),
    "pv_field": ("合同会社", "ゴウドウガイシャ", "ド", "ソーラー/ソーラー"),
    "pv_plant": ("合同会社", "ゴウドウガイシャ", "ド", "太陽光発電所/タイヨウコウハツデンショ"),
}
LATIN = (
    ("ＫＨＲシステム", "ケイエイチアールシステム"),
    ("ＡＺＭワークス", "エイゼットエムワークス"),
    ("Ｎ２ファクトリー", "エヌツーファクトリー"),
)
CHAINS = (
    (("ほたる便リテイル", "ホタルビンリテイル"), "ほたる便", "店"),
    (("霧ヶ庭薬品ホールディングス", "キリガニワヤクヒンホールディングス"), "ドラッグきりが庭", "店"),
    (("三雲坂通信基盤", "ミクモザカツウシンキバン"), "無線基地局", ""),
    (("鳩羽野住宅管理", "ハトバノジュウタクカンリ"), "空室管理", ""),
    (("こもれび駐車場運営", "コモレビチュウシャジョウウンエイ"), "こもれびパーク", "駐車場"),
    (("石蕗飲料", "ツワブキインリョウ"), "営業部", ""),
    (("夕映橋食堂", "ユウバエバシショクドウ"), "夕映橋食堂", "店"),
)
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A legal person's name in its parts."""

    form: str
    form_kana: str
    form_bank: str
    stem: str
    stem_kana: str
    form_first: bool = True

    def written(self, style: str) -> str:
        """Return the name in full, abbreviated (`short`, `mark`), or in `bank` or plain `kana`."""
        if not self.form:
            return {"bank": bank_style(self.stem_kana), "kana": self.stem_kana}.get(style, self.stem)
        if style == "bank":
            return f"{self.form_bank})" + bank_style(self.stem_kana)
        form = {"short": f"({self.form[0]})", "mark": _mark(self.form), "kana": self.form_kana}.get(
            style, self.form
        )
        stem = self.stem_kana if style == "kana" else self.stem
        space = " " if style == "kana" else ""
        return f"{form}{space}{stem}" if self.form_first else f"{stem}{space}{form}"


def _mark(form: str) -> str:
    return {"株式会社": "㈱", "有限会社": "㈲"}.get(form, form)


def _words(wanted: str) -> tuple[tuple[str, str], ...]:
    listed = next(line for line in lists("words.txt") if line[0] == wanted)
    return tuple((entry.split("/")[0], entry.split("/")[1]) for entry in listed[1:])


_STEMS = _words("stem")
_TRADES = _words("trade")


class CompanyBook:
    """Draws companies."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice

    def company(self, use: str = "") -> CompanyName:
        """Return a name that fits the use; stem and trade may come again with another legal form."""
        form, form_kana, form_bank = self.dice.draw(LEGAL_FORMS)
        if use in PUBLIC_BODIES:
            return self._public_body(use)
        if self.dice.chance(0.03):
            stem, kana = self.dice.pick(LATIN)
        else:
            (place, place_kana), (trade, trade_kana) = self.dice.pick(_STEMS), self.dice.pick(_TRADES)
            stem, kana = place + trade, place_kana + trade_kana
        first = form not in ("株式会社", "有限会社") or self.dice.chance(0.65)
        return CompanyName(form, form_kana, form_bank, stem, kana, first)

    def _public_body(self, use: str) -> CompanyName:
        form, form_kana, form_bank, what = PUBLIC_BODIES[use]
        (place, place_kana), (suffix, suffix_kana) = self.dice.pick(_STEMS), what.split("/")
        return CompanyName(form, form_kana, form_bank, place + suffix, place_kana + suffix_kana)

    def corporate_no(self) -> str:
        """Return 13 digits with a right check digit; no registry office has the number 99 in front."""
        body = "99" + self.dice.digits(10)
        return corporate_check_digit(body) + body


def corporate_check_digit(body: str) -> str:
    """Return the check digit of a 法人番号 ending in `body` (twelve digits): 9 − Σ Pₙ·Qₙ mod 9."""
    total = sum(int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(body)))
    return str(9 - total % 9)


def chain(number: int) -> CompanyName:
    """Return the company that has premises all over the area, by number."""
    (stem, kana), _, _ = CHAINS[number]
    return CompanyName("株式会社", "カブシキガイシャ", "カ", stem, kana)


def branch(number: int, *, town: str, serial: int) -> str:
    """Return what stands behind a chain's name at one of its premises."""
    _, shop, suffix = CHAINS[number]
    wide = str(serial).translate(_WIDE)
    return f"{shop}{town}{suffix}" if suffix else f"{shop}{wide}"


def lamp_name(*, city: str, serial: int, style: str) -> str:
    """Return the name under which a public street lamp is contracted."""
    number = str(serial)
    return {
        "plain": f"公衆街路灯　{city}　第{number.translate(_WIDE)}号",
        "short": f"街路灯{city}{number}",
        "kana": f"ｺｳｼﾕｳｶﾞｲﾛﾄｳ {number}",
        "association": f"ひばり第{_roman(serial)}自治会　防犯灯{number.translate(_WIDE)}",
    }[style]


def signal_name(*, city: str, serial: int, style: str) -> str:
    """Return the name under which a traffic signal is contracted."""
    number = str(serial).translate(_WIDE)
    return {
        "plain": f"交通信号機　{city}　Ａ－{number}",
        "short": f"信号機{city}{serial}",
        "kana": f"ｺｳﾂｳｼﾝｺﾞｳｷ {serial}",
        "association": f"交通管制施設　信号{number}",
    }[style]


def vending_name(*, serial: int, style: str) -> str:
    """Return the name under which a vending machine is contracted."""
    number = str(serial).translate(_WIDE)
    return {
        "plain": f"石蕗飲料㈱　自動販売機　{number}",
        "short": f"自販機{serial}",
        "kana": f"ｼﾞﾄﾞｳﾊﾝﾊﾞｲｷ {serial}",
        "association": f"自動販売機設置　石蕗飲料　{number}",
    }[style]


def _roman(serial: int) -> str:
    return "一二三四五六七八九"[serial % 9]
