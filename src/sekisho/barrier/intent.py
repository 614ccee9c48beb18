"""The intent: what the law and the contracts let each kind of caller learn. The proof compares the deployed database with this.

Written independently of `policy`, and turned the other way round: the policy says for each purpose which items it shows; here
stands for each item who may learn it. A slip in one is therefore not repeated in the other. INVARIANT: this module imports
nothing from `policy` or `compiler`.

An affiliate of the utility is nowhere mentioned: the law knows suppliers, each with its own customers, and so does this page.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from sekisho.barrier.items import COLUMNS, TECHNICAL


class Manner(StrEnum):
    """How an item may be learnt."""

    CLEAR = "clear"
    ON_REQUEST = "on_request"  # masked in lists; in clear one contract at a time, each recorded
    NOTED = "noted"  # only written into the record of reading, never told


class Clause(StrEnum):
    """Whose records."""

    MY_CONTRACT = "my_contract"  # 自社の契約期間中の記録: the holder is my company, and the record lies in that contract
    MY_CONTRACT_AS_RECORDED = (
        "my_contract_as_recorded"  # what a correction replaced: the holder it was recorded under
    )
    MY_COMPANY = "my_company"  # records that my company caused
    MYSELF = "myself"  # records that I caused, in my present company and duty
    ENTRUSTED = "entrusted"  # points that an open work order entrusts to my company
    MY_DUTY = "my_duty"  # every record, while I hold a permit for the duty
    EVERYONE = "everyone"  # public knowledge


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose records a duty concerns: `company` names the column for `MY_COMPANY`."""

    audience: str
    purpose: str
    clause: Clause
    tables: tuple[str, ...]
    ja: str
    law: str
    company: str = "company"


DUTIES = {
    "retailer": ("retailer", "contract"),
    "wheeling": ("operator", "wheeling"),
    "switching": ("operator", "switching"),
    "safety": ("operator", "safety"),
    "reading": ("operator", "reading"),
    "enquiry": ("operator", "enquiry"),
    "disaster": ("operator", "disaster"),
    "contractor": ("contractor", "work"),
    "callcentre": ("callcentre", "enquiry"),
    "security": ("security", "oversight"),
    "auditor": ("auditor", "audit"),
    "public": ("public", "public"),
}
"""The short words of `LEARNS` → (audience, purpose)."""

_OPERATOR = ("wheeling", "switching", "safety", "reading", "enquiry", "disaster")

LEARNS = {
    # 契約者. 電話番号は託送業務に要らない; 災害時は直ちに要る
    "name": "retailer wheeling? switching? safety? reading? enquiry? disaster contractor? callcentre?",
    "phone": "retailer switching? safety? enquiry? disaster contractor?",
    "customer_kind": "retailer wheeling switching",
    "customer_no": "retailer wheeling switching safety reading enquiry disaster contractor callcentre",
    "corporate_no": "",
    "slip_address": "retailer wheeling? reading?",
    # 契約. 契約先の小売電気事業者は、競争に関わる非公開情報: 託送・スイッチング・契約の問合せの業務だけが知る
    "point": "retailer wheeling switching safety reading enquiry disaster contractor callcentre",
    "retailer": "retailer wheeling switching safety~ reading~ enquiry disaster~ contractor~ callcentre~",
    "period": "retailer wheeling switching safety~ reading~ enquiry disaster~ contractor~ callcentre~",
    "contract_state": "retailer wheeling switching safety reading enquiry disaster contractor callcentre",
    "application_type": "retailer wheeling switching",
    "menu": "retailer wheeling switching enquiry",
    "equipment_capacity": "retailer wheeling safety disaster",
    "contract_capacity": "retailer wheeling switching safety enquiry disaster",
    "power_factor": "retailer wheeling",
    "supply_voltage": "retailer wheeling switching safety enquiry disaster",
    "reading_schedule": "retailer wheeling switching reading",
    # 供給場所・電力量・設備
    "address": "retailer wheeling switching safety reading enquiry disaster contractor callcentre",
    "usage": "retailer wheeling reading",
    "night_equipment": "retailer wheeling switching safety disaster",
    "meter": "retailer wheeling switching safety reading contractor",
    # 発電者
    "surplus_type": "retailer wheeling",
    "fixed_price_from": "retailer wheeling",
    "purchase_price": "retailer wheeling",
    "certified_equipment": "retailer wheeling",
    # 記録
    "passage": "retailer security auditor",
    "permit": "security auditor",
    "account": "security",
    "staff": "contractor security",
    "command": "retailer wheeling switching safety reading enquiry disaster security",
    "submission": "",  # 申請の原文には、どの項目が書かれているか分からない。業務処理だけが読む
    "correction": "wheeling switching",
    # 公開情報
    "certificate": "security auditor public",
    "retailer_name": "retailer public",
}
"""Item → who may learn it: `word` in clear, `word?` on request, `word~` noted only. Nobody else may."""

_FACTS = tuple(
    f"registry.{name}" for name in ("contract", "party", "place", "terms", "meter", "equipment", "generation")
)
_PAST_FACTS = tuple(f"{table}_history" for table in _FACTS)
_USAGE = ("metering.usage_day",)
_PAST_USAGE = ("metering.usage_day_history",)
# 閲覧記録が改ざんされていないことを示すもの
_SEALED = ("ledger.sequence", "ledger.seal", "ledger.lag_change", "work.bundle", "work.bundle_part")
_LAW_23 = "電気事業法23条1項1号"

REACHES: tuple[Reach, ...] = (
    Reach(
        *DUTIES["retailer"], Clause.MY_CONTRACT, _FACTS + _USAGE,
        "他の小売電気事業者が契約する需要家・発電者の情報、及び自社の契約期間外の情報は提供されない", f"{_LAW_23}; 託送供給等約款",
    ),
    Reach(
        *DUTIES["retailer"], Clause.MY_CONTRACT_AS_RECORDED, _PAST_FACTS + _PAST_USAGE,
        "訂正前の記録は、その記録が自社の契約のものとして作られた場合に限る", _LAW_23,
    ),
    Reach(
        *DUTIES["retailer"], Clause.MY_CONTRACT_AS_RECORDED, ("ledger.seen_point",),
        "自社が契約者であった時点の閲覧を知ることができる", "電気事業法23条の4",
    ),
    Reach(*DUTIES["retailer"], Clause.MY_COMPANY, ("work.command",), "自社の提出した申請", "託送供給等約款"),
    Reach(*DUTIES["retailer"], Clause.MYSELF, ("work.export", "work.export_part"), "本人が求めたファイル", "個人情報保護法23条"),
    Reach(*DUTIES["retailer"], Clause.EVERYONE, ("registry.retailer",), "登録小売電気事業者は公表されている", "電気事業法2条の2"),
    Reach(
        *DUTIES["wheeling"], Clause.MY_DUTY, _FACTS + _PAST_FACTS + _USAGE + _PAST_USAGE,
        "託送供給の業務の用に供する", _LAW_23,
    ),
    Reach(*DUTIES["switching"], Clause.MY_DUTY, _FACTS + _PAST_FACTS, "契約切替の本人確認の用に供する", f"{_LAW_23}; 共同利用"),
    Reach(*DUTIES["safety"], Clause.MY_DUTY, _FACTS, "現に設備を使う者に連絡する", "電気事業法26条の3, 57条"),
    Reach(*DUTIES["reading"], Clause.MY_DUTY, _FACTS + _USAGE + _PAST_USAGE, "検針と検針票の送付の用に供する", "託送供給等約款"),
    Reach(*DUTIES["enquiry"], Clause.MY_DUTY, _FACTS, "本人からの問合せに答える", "個人情報保護法18条"),
    Reach(*DUTIES["disaster"], Clause.MY_DUTY, _FACTS, "災害の間、案件番号のある者に限る", "電気事業法34条"),
    *(
        Reach(*DUTIES[word], Clause.MYSELF, ("work.command",), "本人が提出した申請の結果", "社内規程")
        for word in _OPERATOR
    ),
    *(
        Reach(*DUTIES[word], Clause.MY_DUTY, ("registry.change",), "訂正の起案と承認", "社内規程")
        for word in ("wheeling", "switching")
    ),
    Reach(
        *DUTIES["contractor"], Clause.ENTRUSTED, ("registry.contract", "registry.party", "registry.place", "registry.meter"),
        "委託した作業に要る範囲に限り、作業指示の期間中だけ提供する", "個人情報保護法25条",
    ),
    Reach(
        *DUTIES["contractor"], Clause.MY_COMPANY, ("registry.work_order",), "自社あての作業指示", "個人情報保護法25条",
        company="contractor",
    ),
    Reach(
        *DUTIES["callcentre"], Clause.MY_DUTY, ("registry.contract", "registry.party", "registry.place"),
        "本人確認に要る範囲に限る", "個人情報保護法25条",
    ),
    Reach(
        *DUTIES["security"], Clause.MY_DUTY,
        ("ledger.passage", "ledger.seen_point", "barrier.permit", "barrier.case_file", "barrier.draft", "registry.staff", "registry.posting", "work.command",
         "barrier.certificate", "ledger.finding", "ledger.finding_point", "ledger.finding_reader", "ledger.finding_reading", "ledger.review",
         "ledger.decision", "ledger.watch", *_SEALED),
        "情報の適正な管理を監視する者。お客さまの情報は要らない", "電気事業法23条の4",
    ),
    Reach(*DUTIES["security"], Clause.MYSELF, ("work.export", "work.export_part"), "本人が求めたファイル", "個人情報保護法23条"),
    Reach(
        *DUTIES["security"], Clause.MY_DUTY, ("barrier.account",), "アカウントの管理。共用と残置を見つける", "電気事業法23条の4",
    ),
    Reach(
        *DUTIES["auditor"], Clause.MY_DUTY,
        ("ledger.passage", "ledger.seen_point", "barrier.permit", "barrier.case_file", "barrier.draft", "barrier.certificate", "ledger.finding", "ledger.finding_point",
         "ledger.finding_reader", "ledger.finding_reading", "ledger.review", "ledger.decision", *_SEALED),
        "監査・報告徴収・立入検査", "電気事業法106条・107条",
    ),
    Reach(*DUTIES["public"], Clause.EVERYONE, ("registry.retailer", "barrier.certificate"), "公表する情報", "情報公開"),
)  # fmt: skip

SUBMISSION = ("work.command", ("command_no", "person", "kind", "idempotency_key"), Clause.MYSELF)
"""Whoever submits may find again what the same person submitted under the same key (table, columns, clause)."""


@dataclass(frozen=True, slots=True)
class MaskedForm:
    """The masked form of an item: the database function that makes it, and all that it may depend on."""

    function: str
    ja: str
    tells: str  # over `value`, SQL


MASKED_FORMS = {
    "name": MaskedForm("barrier.mask_name", "先頭の一文字", "left(value, 1)"),
    "phone": MaskedForm("barrier.mask_phone", "下四桁", "right(value, 4)"),
    "slip_address": MaskedForm("barrier.mask_address", "先頭の六文字", "left(value, 6)"),
}
"""Item → its masked form. An item without one is never shown masked."""

CHOOSES_BY_NOTED = frozenset({"retailer", "period"})
"""Items that a gate may use to choose and order rows though the duty is not told them: today's contract is found by its
period. What that can tell (the order of periods, that a row is today's) is declared in docs/proof.md."""


def _parse() -> dict[tuple[str, str], dict[str, Manner]]:
    marks = {"?": Manner.ON_REQUEST, "~": Manner.NOTED}
    found: dict[tuple[str, str], dict[str, Manner]] = {duty: {} for duty in DUTIES.values()}
    for item, words in LEARNS.items():
        for word in words.split():
            found[DUTIES[word.rstrip("?~")]][item] = marks.get(word[-1], Manner.CLEAR)
    return found


_MANNERS = _parse()


def manner_of(audience: str, purpose: str, item: str) -> Manner | None:
    """How a duty may learn an item; None: not at all. Technical columns tell nothing about a customer."""
    return Manner.CLEAR if item == TECHNICAL else _MANNERS[audience, purpose].get(item)


@cache
def reach_of(audience: str, purpose: str, table: str) -> Reach | None:
    """Whose records of `table` a duty concerns; None: nobody's."""
    return next(
        (r for r in REACHES if (r.audience, r.purpose) == (audience, purpose) and table in r.tables), None
    )


def column_manner(audience: str, purpose: str, table: str, column: str) -> Manner | None:
    """How a duty may learn one column of `table`, given that the row concerns it."""
    item = COLUMNS.get(table, {}).get(column)
    if item is None or reach_of(audience, purpose, table) is None:
        return None
    return manner_of(audience, purpose, item)
