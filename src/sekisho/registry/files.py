"""The files in which the registry's data come and go: one kind of CSV file per table, its columns as data.

Readers accept the English or the Japanese header of a column, in any order; `docs/files.md` is generated
from here. Periods are half open, [valid_from, valid_to): the first day, and the first day no longer; an empty
`valid_to` is open. Look-up keys (folded names, phones, addresses), the holder of a fact and the state of a
contract are not in the files: the import derives them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TextIO

from sekisho.kernel.errors import SekishoError, WrongUse

SCHEMA_VERSION: Final = 1
"""Raised when a column is removed or changes its meaning; adding an optional column does not raise it."""

Encoding = Literal["utf-8", "utf-8-sig", "cp932"]
Cell = str | int | Decimal | date | bool | None

ENCODINGS: Final[dict[str, str]] = {
    "utf-8": "機械用 UTF-8(BOM なし、改行 LF、英語の見出し)",
    "utf-8-sig": "Excel用 UTF-8(BOM あり、改行 CRLF、数式の無害化)",
    "cp932": "Shift_JIS(CP932、改行 CRLF。表せない文字があれば書き出しを拒む)",
}
FORMULA_STARTS: Final = "=+-@\t\r"
"""A spreadsheet runs a cell that begins with one of these; the Excel file puts an apostrophe before it."""


class UnableToWriteFile(SekishoError):
    """The rows cannot be written in the chosen form; nothing of the file remains."""


class UnknownKind(WrongUse):
    """No file kind has this name."""


@dataclass(frozen=True, slots=True)
class Text:
    """Free text of at most `longest` characters; the whole value matches the regular expression `pattern`."""

    longest: int = 100
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Digits:
    """Digits only, after folding full-width and dropping hyphens; text, because leading zeros matter."""

    length: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few codes; the Japanese word is accepted as well."""

    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A day in Asia/Tokyo: YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number between `least` and `most`."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """A decimal with at most `places` places; stored as an integer of the last place when `scaled`."""

    places: int
    most: int
    scaled: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """1 or 0; true/false and はい/いいえ are accepted."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Numbers of half-hours, 1–48, as ranges: `3-5 7`."""


Shape = Text | Digits | Choice | Day | Whole | Fixed | Flag | Slots


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file. `stored`: the table's column if named otherwise; `empty`: what an empty cell means."""

    name: str
    ja: str
    shape: Shape
    required: bool = False
    unit: str = ""
    rule_ja: str = ""
    rule_en: str = ""
    example: str = ""
    stored: str = ""
    empty: str | int | bool | None = None

    @property
    def target(self) -> str:
        """The table's column."""
        return self.stored or self.name

    @property
    def when_empty(self) -> str | int | bool | None:
        """What stands in the table for an empty cell: no text, or nothing."""
        return "" if self.empty is None and isinstance(self.shape, Text) else self.empty


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: the table it fills, its columns, and the columns that identify a row."""

    code: str
    ja: str
    en: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def dated(self) -> bool:
        """Whether rows are valid for a period."""
        return any(column.name == "valid_from" for column in self.columns)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


VOLTAGE = Choice((("LV", "低圧"), ("HV", "高圧"), ("EHV", "特別高圧")))
CUSTOMER_KIND = Choice((("person", "個人"), ("company", "法人"), ("device", "機器")))
KW = Fixed(places=3, most=9_999_999, scaled=True)
SLOTS = tuple(f"{slot:02d}" for slot in range(1, 49))

_PERIOD = (
    Column(
        "valid_from",
        "適用開始日",
        Day(),
        True,
        example="2024-04-01",
        rule_ja="最初の日",
        rule_en="the first day",
    ),
    Column(
        "valid_to",
        "適用終了日翌日",
        Day(),
        example="2025-04-01",
        rule_ja="終わりの翌日。空欄は期限なし",
        rule_en="the first day no longer valid; empty = open",
    ),
)
_POINT = Column(
    "point",
    "供給地点特定番号",
    Digits(22),
    True,
    example="0600001000000000000012",
    rule_ja="22桁。ハイフン・全角は読み替える。登録済みであること",
    rule_en="22 digits; hyphens and full-width are folded; must be registered",
)
_CONTRACT = Column(
    "contract_no",
    "契約番号",
    Text(24, r"[0-9A-Z-]{4,24}"),
    True,
    example="C-00000012-01",
    rule_ja="英大文字・数字・ハイフン4〜24字",
    rule_en="4–24 capital letters, digits, hyphens",
)
_FACT = (_CONTRACT, _POINT)
_POSTAL = Column(
    "postal_code", "郵便番号", Digits(7), empty="", example="5300001", rule_ja="7桁", rule_en="7 digits"
)


def _kind(code: str, ja: str, en: str, table: str, key: str, *columns: Column) -> Kind:
    return Kind(code, ja, en, table, columns, tuple(key.split()))


def _of_contract(code: str, ja: str, en: str, table: str, key: str, *columns: Column) -> Kind:
    return _kind(code, ja, en, table, f"contract_no {key} valid_from", *_FACT, *columns, *_PERIOD)


_ALL: tuple[Kind, ...] = (
    _kind(
        "retailers",
        "小売電気事業者",
        "retailers",
        "registry.retailer",
        "code",
        Column("code", "事業者コード", Digits(5), True, example="10016", rule_ja="5桁", rule_en="5 digits"),
        Column(
            "registration_no",
            "小売登録番号",
            Text(5, r"A[0-9]{4}"),
            True,
            example="A9001",
            rule_ja="Aと数字4桁。他社と重ならない",
            rule_en="A and 4 digits; unique",
        ),
        Column("name", "事業者名", Text(100), True, example="架空でんき株式会社"),
        Column("name_kana", "事業者名カナ", Text(100), example="カクウデンキカブシキガイシャ"),
        Column(
            "affiliate",
            "グループ会社",
            Flag(),
            empty=False,
            example="0",
            rule_ja="送配電会社と同じグループなら1。権限は変わらない",
            rule_en="1 for a company of the utility's group; changes no right",
        ),
        *_PERIOD,
    ),
    _kind(
        "points",
        "供給地点",
        "supply points",
        "registry.point",
        "point",
        Column(
            "point",
            "供給地点特定番号",
            Digits(22),
            True,
            example="0600001000000000000012",
            rule_ja="22桁。ハイフン・全角は読み替える",
            rule_en="22 digits; hyphens and full-width are folded",
        ),
        Column(
            "kind", "地点種別", Choice((("demand", "需要"), ("generation", "発電"))), True, example="demand"
        ),
        Column("voltage_class", "電圧区分", VOLTAGE, True, example="LV"),
        Column(
            "site_no",
            "供給場所番号",
            Text(30, r"[0-9A-Za-z-]{1,30}"),
            True,
            example="S0000012",
            rule_ja="同じ建物・区画の地点は同じ番号",
            rule_en="points of one place share it",
        ),
        _POSTAL,
        Column("address", "供給場所住所", Text(200), True, example="大阪府架空市中央1丁目2-3"),
        Column("building", "建物名・部屋", Text(100), example="関所ハイツ 203"),
        Column(
            "paired_point",
            "対の供給地点特定番号",
            Digits(22),
            example="",
            rule_ja="太陽光のある家の、もう一方の番号",
            rule_en="the other number of a house with PV",
        ),
    ),
    _kind(
        "customers",
        "お客さま",
        "customers",
        "registry.customer",
        "customer_no",
        Column(
            "customer_no",
            "お客さま番号",
            Digits(14),
            True,
            example="01234567890123",
            rule_ja="14桁",
            rule_en="14 digits",
        ),
        Column("kind", "個人・法人・機器の別", CUSTOMER_KIND, True, example="person"),
        Column("corporate_no", "法人番号", Digits(13), example="", rule_ja="13桁", rule_en="13 digits"),
    ),
    _kind(
        "contracts",
        "契約",
        "contracts",
        "registry.contract",
        "contract_no",
        _CONTRACT,
        _POINT,
        Column(
            "holder",
            "小売電気事業者コード",
            Digits(5),
            True,
            example="10016",
            rule_ja="登録済みの事業者コード",
            rule_en="a registered retailer's code",
        ),
        Column(
            "customer_no",
            "お客さま番号",
            Digits(14),
            True,
            example="01234567890123",
            rule_ja="登録済みのお客さま番号",
            rule_en="a registered customer's number",
        ),
        Column(
            "application_type",
            "申込種別",
            Choice(
                (
                    ("01", "廃止"),
                    ("02", "廃止・撤去"),
                    ("03", "スイッチング廃止"),
                    ("04", "再点"),
                    ("05", "スイッチング開始"),
                    ("06", "アンペア変更"),
                    ("07", "需要者情報変更"),
                    ("08", "使用量情報照会"),
                )
            ),
            True,
            example="05",
            rule_ja="この契約を開いた申込",
            rule_en="the application that opened the contract",
        ),
        *_PERIOD,
    ),
    _of_contract(
        "parties",
        "契約名義",
        "names of contracts",
        "registry.party",
        "",
        Column("customer_kind", "個人・法人・機器の別", CUSTOMER_KIND, True, example="person"),
        Column("name", "契約名義", Text(100), True, example="関所 太郎"),
        Column("name_kana", "契約名義カナ", Text(100), example="セキシヨ タロウ"),
        Column("phone", "連絡先電話番号", Text(30), example="06-0000-0012"),
        Column("slip_postal_code", "検針票送付先郵便番号", Digits(7), empty="", example="5300001"),
        Column("slip_address", "検針票送付先住所", Text(200), example="大阪府架空市中央1丁目2-3"),
        Column("slip_name", "検針票送付先名", Text(100), example="関所 太郎"),
    ),
    _of_contract(
        "places",
        "契約の供給場所",
        "places of contracts",
        "registry.place",
        "",
        Column("voltage_class", "電圧区分", VOLTAGE, True, example="LV"),
        _POSTAL,
        Column("address", "供給場所住所", Text(200), True, example="大阪府架空市中央1丁目2-3"),
        Column("building", "建物名・部屋", Text(100), example="関所ハイツ 203"),
    ),
    _of_contract(
        "terms",
        "契約内容",
        "terms of contracts",
        "registry.terms",
        "",
        Column(
            "menu_code",
            "接続送電サービスメニューコード",
            Text(10, r"[0-9A-Za-z-]{1,10}"),
            True,
            example="101",
        ),
        Column("equipment_kw", "契約設備電力", KW, unit="kW", example="6", stored="equipment_w"),
        Column("contract_kw", "契約電力", KW, unit="kW", example="4.5", stored="contract_w"),
        Column("contract_ampere", "契約電流", Whole(1, 10_000), unit="A", example="40"),
        Column("power_factor", "力率", Whole(0, 100), unit="%", example="100"),
        Column("supply_voltage", "供給電圧", Whole(1, 500_000), unit="V", example="100"),
        Column("supply_method", "供給方式", Text(40), example="単相3線式"),
        Column("decision_method", "契約決定方法", Text(40), example="SB契約"),
        Column("reading_schedule", "検針日程", Text(10), example="12"),
    ),
    _of_contract(
        "meters",
        "計器",
        "meters",
        "registry.meter",
        "meter_no",
        Column("meter_no", "計器番号", Text(30), True, example="M00000012"),
        Column("meter_class", "計器区分コード", Text(10), example="1"),
        Column(
            "smart",
            "スマートメーター",
            Flag(),
            empty=True,
            example="1",
            rule_ja="空欄は1",
            rule_en="empty = 1",
        ),
        Column(
            "multiplier",
            "乗率",
            Whole(1, 1_000_000),
            empty=1,
            example="1",
            rule_ja="空欄は1",
            rule_en="empty = 1",
        ),
    ),
    _of_contract(
        "equipment",
        "深夜機器・系統連系発電機",
        "night equipment and generators",
        "registry.equipment",
        "equipment_no",
        Column("equipment_no", "機器番号", Whole(1, 9_999), True, example="1"),
        Column(
            "kind",
            "機器種別",
            Choice((("night", "深夜機器"), ("generator", "系統連系発電機"))),
            True,
            example="night",
        ),
        Column("description", "機器名", Text(100), True, example="電気温水器 460L"),
        Column("capacity_kw", "機器容量", KW, unit="kW", example="5.4", stored="capacity_w"),
    ),
    _of_contract(
        "generation",
        "発電者",
        "generators",
        "registry.generation",
        "",
        Column("surplus_type", "余剰購入種類", Text(40), True, example="FIT余剰"),
        Column("fixed_price_from", "固定買取単価適用年月日", Day(), example="2019-06-01"),
        Column("purchase_price", "購入単価", Fixed(4, 99_999, False), unit="円/kWh", example="24.0000"),
        Column("certified_equipment", "認定設備情報", Text(100), example="太陽光 5.5kW"),
        Column("receiving_kw", "同時最大受電電力", KW, unit="kW", example="5.5", stored="receiving_w"),
    ),
    _kind(
        "staff",
        "従業者",
        "staff",
        "registry.staff",
        "person",
        Column("person", "利用者ID", Text(64, r"[a-z0-9._-]{2,64}"), True, example="t.sekisho"),
        Column("name", "氏名", Text(100), True, example="関所 太郎"),
        Column(
            "company",
            "所属会社",
            Text(5, r"TD|K[0-9]{4}|[0-9]{5}"),
            True,
            example="TD",
            rule_ja="送配電会社は TD、委託先は K と数字4桁",
            rule_en="TD for the utility, K and 4 digits for a contractor",
        ),
    ),
    _kind(
        "postings",
        "配属",
        "postings",
        "registry.posting",
        "person post valid_from",
        Column("person", "利用者ID", Text(64, r"[a-z0-9._-]{2,64}"), True, example="t.sekisho"),
        Column("post", "所属・職位", Text(100), True, example="ネットワークサービス部 託送担当"),
        *_PERIOD,
    ),
    _kind(
        "contractors",
        "委託先",
        "contractors",
        "registry.contractor",
        "code",
        Column("code", "委託先コード", Text(5, r"K[0-9]{4}"), True, example="K0001"),
        Column("name", "委託先名", Text(100), True, example="架空電設株式会社"),
    ),
    _kind(
        "work_orders",
        "作業指示",
        "work orders",
        "registry.work_order",
        "order_no point",
        Column("order_no", "作業番号", Text(30, r"[0-9A-Za-z-]{1,30}"), True, example="W-2026-0001"),
        Column("contractor", "委託先コード", Text(5, r"K[0-9]{4}"), True, example="K0001"),
        _POINT,
        Column("task", "作業内容", Text(100), True, example="計器取替"),
        *_PERIOD,
    ),
    _kind(
        "usage",
        "30分電力量",
        "half-hourly usage",
        "metering.usage_day",
        "point day",
        _POINT,
        Column(
            "day",
            "対象年月日",
            Day(),
            True,
            example="2026-11-01",
            rule_ja="契約期間内の日",
            rule_en="a day within a contract",
        ),
        *(
            Column(
                slot,
                f"時刻コード{slot}",
                Fixed(3, 2_147_483, True),
                unit="kWh",
                example="0.123",
                rule_ja="空欄は欠測(0ではない)" if slot == "01" else "",
                rule_en="empty = missing, not zero" if slot == "01" else "",
            )
            for slot in SLOTS
        ),
        Column(
            "estimated_slots",
            "推定の時刻コード",
            Slots(),
            example="3-5 7",
            rule_ja="推定値の時刻コード",
            rule_en="the half-hours that are estimates",
        ),
    ),
)

KINDS: Final[dict[str, Kind]] = {kind.code: kind for kind in _ALL}
"""Every file kind, in the order in which they can be imported: each refers only to those before it."""


def kind_named(code: str) -> Kind:
    """The kind of this name; raise `UnknownKind` listing the names there are."""
    if code in KINDS:
        return KINDS[code]
    names = ", ".join(KINDS)
    raise UnknownKind(
        f"ファイルの種類「{code}」はありません。使えるもの: {names}",
        f"No file kind {code!r}. There are: {names}",
    )


def neutralised(cell: str) -> str:
    """A cell that a spreadsheet will not run as a formula."""
    return f"'{cell}" if cell[:1] and cell[0] in FORMULA_STARTS else cell


def cell_text(value: Cell) -> str:
    """How a value stands in a file: ISO days, 1/0 for flags, plain decimals, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def write_csv(
    kind: str,
    rows: Iterable[Mapping[str, Cell]],
    path: Path,
    encoding: Encoding = "utf-8",
) -> int:
    """Write rows (column name → value; a missing column is empty) as a file of `kind`; return their number.

    Values are in the file's units (kW, kWh). Raise `UnableToWriteFile` listing the characters when CP932
    lacks some; the file appears whole or not at all.
    """
    names = [column.name for column in kind_named(kind).columns]
    header = names if encoding == "utf-8" else [column.ja for column in kind_named(kind).columns]
    body = (_cells(kind, names, row) for row in rows)
    return write_cells(header=header, rows=body, path=path, encoding=encoding)


def _cells(kind: str, names: list[str], row: Mapping[str, Cell]) -> list[str]:
    unknown = row.keys() - set(names)
    if unknown:
        raise ValueError(f"a {kind} file has no column {sorted(unknown)}")
    return [cell_text(row.get(name)) for name in names]


def write_cells(
    *, header: Sequence[str], rows: Iterable[Sequence[str]], path: Path, encoding: Encoding
) -> int:
    """Write a header and rows of text in one of the three forms (`ENCODINGS`), whole or not at all."""
    counted = _Counted(_in_form(rows, encoding))
    with written_whole(path, encoding=encoding) as file:
        writer = csv.writer(file, lineterminator=line_end(encoding))
        writer.writerow(header)
        writer.writerows(counted)
    return counted.count


def line_end(encoding: Encoding) -> str:
    """LF for machines, CRLF for spreadsheets."""
    return "\n" if encoding == "utf-8" else "\r\n"


@contextmanager
def written_whole(path: Path, *, encoding: Encoding) -> Iterator[TextIO]:
    """A file that appears under its name when it is finished, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("w", encoding=encoding, newline="") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class _Counted:
    """Passes rows on and remembers how many there were."""

    def __init__(self, rows: Iterable[Sequence[str]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[Sequence[str]]:
        for row in self._rows:
            self.count += 1
            yield row


def _in_form(rows: Iterable[Sequence[str]], encoding: Encoding) -> Iterable[Sequence[str]]:
    if encoding == "utf-8-sig":
        return ([neutralised(cell) for cell in row] for row in rows)
    return _encodable(rows) if encoding == "cp932" else rows


def _encodable(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Pass rows on; after the last one, refuse with a list if any held a character that CP932 lacks."""
    missing: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        for character in _outside_cp932("".join(row)):
            missing.setdefault(character, number)
        if not missing:
            yield row
    if missing:
        listed = ", ".join(f"{c}(U+{ord(c):04X}) {n}行目" for c, n in islice(missing.items(), 50))
        raise UnableToWriteFile(
            f"Shift_JIS では表せない文字があります: {listed}。UTF-8 で書き出してください。",
            f"Characters that Shift_JIS lacks (with the first row of each): {listed}. Write UTF-8 instead.",
        )


def _outside_cp932(text: str) -> Iterator[str]:
    try:
        text.encode("cp932")
    except UnicodeEncodeError:
        yield from (c for c in dict.fromkeys(text) if not c.encode("cp932", "ignore"))
