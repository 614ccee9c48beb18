"""What may be asked for as a large file: the gate that it is read through, its columns, and its filters as a command carries them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sekisho.barrier.gate import Gate
from sekisho.kernel.errors import SekishoError
from sekisho.kernel.values import HalfHour, Wh, kwh
from sekisho.ledger import gates as ledger
from sekisho.ledger.gates import SeenRow
from sekisho.metering import gates as metering
from sekisho.metering.gates import UsageDay
from sekisho.registry import gates as registry
from sekisho.registry.gates import ContractRow
from sekisho.work import payload as read
from sekisho.work.csvfiles import FileField

LONGEST = timedelta(days=400)
"""The longest period of half-hours in one file: thirteen months."""


class UnableToExport(SekishoError):
    """The file asked for is not one that can be made."""


CONTRACT_FIELDS: tuple[FileField[ContractRow], ...] = (
    FileField("point", "供給地点特定番号", "Supply point", lambda row: row.point),
    FileField("contract_no", "契約番号", "Contract", lambda row: row.contract_no),
    FileField("customer_no", "お客さま番号", "Customer number", lambda row: row.customer_no),
    FileField("name", "名義", "Name", lambda row: row.name),
    FileField("name_kana", "名義カナ", "Reading", lambda row: row.name_kana),
    FileField("customer_kind", "個人・法人・機器", "Kind", lambda row: row.customer_kind),
    FileField("address", "供給場所住所", "Address", lambda row: row.address),
    FileField("building", "建物名・部屋", "Building", lambda row: row.building),
    FileField("menu_code", "接続送電サービスメニューコード", "Menu code", lambda row: row.menu_code),
    FileField("application_type", "申込種別", "Application", lambda row: row.application_type),
    FileField("start", "開始日", "Start", lambda row: row.start),
    FileField("end", "終了日(翌日)", "End (exclusive)", lambda row: row.end),
    FileField("state", "状態", "State", lambda row: row.state),
)
READING_FIELDS: tuple[FileField[SeenRow], ...] = (
    FileField("at", "日時", "When", lambda row: row.at),
    FileField("point", "供給地点特定番号", "Supply point", lambda row: row.point),
    FileField("audience", "閲覧者の区分", "Reader", lambda row: row.audience),
    FileField("company", "閲覧者の所属", "Company", lambda row: row.company),
    FileField("purpose", "利用目的", "Purpose", lambda row: row.purpose),
    FileField("gate", "画面・処理", "Page or process", lambda row: row.gate),
    FileField("items", "見られた項目", "Items", lambda row: " ".join(row.items)),
)


def _in_slot(slot: int) -> Callable[[UsageDay], Any]:
    def value(row: UsageDay) -> Any:
        wh = row.wh[slot - 1]
        return None if wh is None else kwh(Wh(wh))

    return value


def _estimated(row: UsageDay) -> str:
    return " ".join(str(slot) for slot in range(1, 49) if row.estimated >> slot - 1 & 1)


HALF_HOUR_FIELDS: tuple[FileField[UsageDay], ...] = (
    FileField("point", "供給地点特定番号", "Supply point", lambda row: row.point),
    FileField("day", "日", "Day", lambda row: row.day),
    *(
        FileField(
            f"kwh_{slot:02d}",
            f"{slot}({HalfHour(slot)}) kWh",
            f"{slot} ({HalfHour(slot)}) kWh",
            _in_slot(slot),
        )
        for slot in range(1, 49)
    ),
    FileField("estimated_slots", "見込のコマ", "Estimated", _estimated),
    FileField("revision", "版", "Revision", lambda row: row.revision),
    FileField("recorded_at", "登録日時", "Recorded", lambda row: row.recorded_at),
)


@dataclass(frozen=True, slots=True)
class Exportable:
    """One kind of file. `params` reads the gate's parameters from a command's words; a word that is none of them is refused."""

    code: str
    ja: str
    en: str
    gate: Gate[Any]
    sort: str
    fields: tuple[FileField[Any], ...]
    params: Callable[[Mapping[str, Any]], dict[str, Any]]


def _contract_params(asked: Mapping[str, Any]) -> dict[str, Any]:
    return _texts(asked, ("state", "kind", "menu", "name", "point", "address")) | _days(asked, ("on",))


def _reading_params(asked: Mapping[str, Any]) -> dict[str, Any]:
    found = _texts(asked, ("point", "reader"))
    for name in ("since", "until"):
        moment = read.optional_text(asked, name)
        if moment is not None:
            found[name] = _moment(name, moment)
    return found


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UnableToExport(
            f"「{name}」の {text!r} は日時ではありません。", f"{name!r}: {text!r} is no moment."
        )
    return found


def _half_hour_params(asked: Mapping[str, Any]) -> dict[str, Any]:
    first, until = read.day(asked, "first"), read.day(asked, "until")
    if not timedelta(0) < until - first <= LONGEST:
        raise UnableToExport(
            f"期間は1日から{LONGEST.days}日までです。", f"A file holds one to {LONGEST.days} days."
        )
    return {"first": first, "until": until}


def _texts(asked: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := read.optional_text(asked, name)) is not None}


def _days(asked: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := read.optional_day(asked, name)) is not None}


EXPORTABLE: dict[str, Exportable] = {
    one.code: one
    for one in (
        Exportable("contracts", "契約一覧", "Contracts", registry.CONTRACTS, "point", CONTRACT_FIELDS, _contract_params),
        Exportable("half_hours", "契約全体の30分電力量", "Half-hours of all points", metering.PORTFOLIO_HALF_HOURS, "day", HALF_HOUR_FIELDS,
                   _half_hour_params),
        Exportable("readings", "自社の地点の閲覧記録", "Who saw our points", ledger.WHO_SAW, "at", READING_FIELDS, _reading_params),
    )
}  # fmt: skip


def carried(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as a command carries them: days and moments in ISO form."""
    return {
        name: value.isoformat() if isinstance(value, date | datetime) else value
        for name, value in params.items()
    }
