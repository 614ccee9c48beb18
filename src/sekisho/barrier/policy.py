"""The policy: which audience, for which purpose, sees which item of which rows. Everything else is denied.

This is the one place. Row security, views, gates, the printed matrix and the proof are compiled from it. Each rule has an ID
that also stands in the documentation (docs/policy.md), in the database (the comment of the row-security policy) and in the tests; a
test compares the three.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from sekisho.barrier.audiences import PURPOSE, Purpose, RowRule
from sekisho.barrier.items import COLUMNS, TECHNICAL


class Grade(StrEnum):
    """How an item is seen."""

    SHOW = "show"  # as it is
    REVEAL = "reveal"  # masked; in clear one point at a time by a gate of its own (「表示」)
    RECORD = "record"  # written into the passage, never returned


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `tables` lists where it applies; `basis` is the law or contract it rests on."""

    id: str
    audience: str
    purpose: str
    rows: RowRule
    tables: tuple[str, ...]
    ja: str
    en: str
    basis: str
    show: frozenset[str] = field(default_factory=frozenset)
    reveal: frozenset[str] = field(default_factory=frozenset)
    record: frozenset[str] = field(default_factory=frozenset)

    def grade(self, item: str) -> Grade | None:
        """How this rule shows `item`; None means denied."""
        if item in self.show:
            return Grade.SHOW
        if item in self.reveal:
            return Grade.REVEAL
        return Grade.RECORD if item in self.record else None


def _items(text: str) -> frozenset[str]:
    return frozenset(text.split())


FACTS = tuple(
    f"registry.{name}" for name in ("contract", "party", "place", "terms", "meter", "equipment", "generation")
)
FACT_HISTORY = tuple(f"{table}_history" for table in FACTS)
USAGE = ("metering.usage_day", "metering.usage_day_history")
SEALED = ("ledger.sequence", "ledger.seal", "ledger.lag_change", "work.bundle", "work.bundle_part")
SCOPING = (
    "ledger.finding", "ledger.finding_point", "ledger.finding_reader", "ledger.finding_reading", "ledger.review", "ledger.decision",
)  # fmt: skip

_CONTRACT = _items("point retailer period contract_state application_type")
_TECHNICAL_TERMS = _items(
    "menu equipment_capacity contract_capacity power_factor supply_voltage reading_schedule"
)
_GENERATOR = _items("surplus_type fixed_price_from purchase_price certified_equipment")
_EVERYTHING_OF_A_CUSTOMER = (
    _CONTRACT
    | _TECHNICAL_TERMS
    | _GENERATOR
    | _items("name phone customer_kind customer_no slip_address address usage night_equipment meter")
)

_WHEELING = (
    _CONTRACT
    | _TECHNICAL_TERMS
    | _GENERATOR
    | _items("customer_no customer_kind address usage night_equipment meter")
)
_SWITCHING = _CONTRACT | _items(
    "menu contract_capacity supply_voltage reading_schedule customer_no customer_kind address meter night_equipment"
)
_WHEELING_REVEALS, _SWITCHING_REVEALS = _items("name slip_address"), _items("name phone")
_CORRECTING = (
    ("wheeling", _WHEELING, _WHEELING_REVEALS),
    ("switching", _SWITCHING, _SWITCHING_REVEALS),
)

RULES: tuple[Rule, ...] = (
    Rule(
        "RET-01", "retailer", "contract", RowRule.OWN_HOLDER, FACTS + FACT_HISTORY + USAGE,
        "小売電気事業者は、自社が契約者であった期間に限り、その地点のすべての項目を見る",
        "A retailer sees every item of a point for the period of its own contract, and nothing else",
        "電気事業法23条1項1号; 託送供給等約款", show=_EVERYTHING_OF_A_CUSTOMER,
    ),
    Rule(
        "RET-02", "retailer", "contract", RowRule.OWN_HOLDER, ("ledger.seen_point",),
        "小売電気事業者は、自社の地点について、いつ・どの目的で・どの項目が見られたかを知る（閲覧者個人は示さない）",
        "A retailer learns when, why and which items of its own points were read, not by which person",
        "電気事業法23条の4", show=_items("passage retailer"),
    ),
    Rule(
        "RET-03", "retailer", "contract", RowRule.OWN_COMPANY, ("work.command",),
        "小売電気事業者は、自社が提出した申請とその結果を見る",
        "A retailer sees what its own company submitted", "託送供給等約款", show=_items("command"),
    ),
    Rule(
        "RET-05", "retailer", "contract", RowRule.OWN_PERSON, ("work.export", "work.export_part"),
        "大きなファイルは、求めた本人だけが受け取る", "A large file is handed only to the person who asked for it", "個人情報保護法23条",
        show=_items("command"),
    ),
    Rule(
        "RET-04", "retailer", "contract", RowRule.PUBLIC, ("registry.retailer",),
        "小売電気事業者の名称とコードは公開情報である", "Names and codes of retailers are public", "電気事業法2条の2",
        show=_items("retailer_name"),
    ),
    Rule(
        "OPR-01", "operator", "wheeling", RowRule.WHOLE_AREA, FACTS + FACT_HISTORY + USAGE,
        "託送業務は契約内容と電力量を見る。名義は伏せ、表示は一件ごとに記録する。電話番号は見ない",
        "Wheeling sees terms and usage; the name is masked and revealed one by one; no phone",
        "電気事業法23条1項1号", show=_WHEELING, reveal=_WHEELING_REVEALS,
    ),
    Rule(
        "OPR-02", "operator", "switching", RowRule.WHOLE_AREA, FACTS + FACT_HISTORY,
        "スイッチング業務は本人確認に要る名義・電話を一件ごとに表示する。電力量は見ない",
        "Switching reveals name and phone one by one to match identities; no usage",
        "電気事業法23条1項1号; 共同利用", show=_SWITCHING, reveal=_SWITCHING_REVEALS,
    ),
    Rule(
        "OPR-03", "operator", "safety", RowRule.WHOLE_AREA, FACTS,
        "保安業務は設備と連絡先を見る。契約先の小売電気事業者と電力量は見ない",
        "Safety sees equipment and how to reach the customer; neither the retailer nor usage",
        "電気事業法26条の3, 57条", show=_items("point address supply_voltage equipment_capacity contract_capacity night_equipment meter contract_state customer_no"),
        reveal=_items("name phone"), record=_items("retailer period"),
    ),
    Rule(
        "OPR-04", "operator", "reading", RowRule.WHOLE_AREA, FACTS + USAGE,
        "検針業務は計器・検針日程・送付先を見る。契約先の小売電気事業者は見ない",
        "Meter reading sees meters, schedules and slip addresses; not the retailer",
        "託送供給等約款", show=_items("point address meter reading_schedule usage contract_state customer_no"),
        reveal=_items("name slip_address"), record=_items("retailer period"),
    ),
    Rule(
        "OPR-05", "operator", "enquiry", RowRule.WHOLE_AREA, FACTS,
        "問合せ対応は契約の有無と連絡先を一件ごとに表示する。電力量は見ない",
        "Enquiries reveal the contact one by one; no usage", "個人情報保護法18条",
        show=_items("point address retailer period contract_state customer_no menu contract_capacity supply_voltage"), reveal=_items("name phone"),
    ),
    Rule(
        "OPR-06", "operator", "disaster", RowRule.WHOLE_AREA, FACTS,
        "災害対応は案件番号のある間だけ、名義・電話・設備を見る。終わると自動で閉じ、事後に審査する",
        "Disaster work sees names, phones and equipment while its case is open; it ends by itself and is reviewed",
        "電気事業法34条", show=_items("point address name phone supply_voltage equipment_capacity contract_capacity night_equipment contract_state customer_no"),
        record=_items("retailer period"),
    ),
    *(
        Rule(
            f"OPR-1{number}", "operator", purpose, RowRule.OWN_PERSON, ("work.command",),
            "提出した本人が、その結果を見る", "Whoever submitted sees the outcome", "社内規程", show=_items("command"),
        )
        for number, purpose in enumerate(("wheeling", "switching", "safety", "reading", "enquiry", "disaster"))
    ),
    *(
        Rule(
            f"OPR-2{number}", "operator", purpose, RowRule.WHOLE_AREA, ("registry.change",),
            "訂正の起案と承認は、託送とスイッチングの担当が行う。訂正の値は、その目的で見てよい項目だけを見る",
            "Corrections are drafted and approved in wheeling and switching; of their values each sees the items of its purpose",
            "社内規程（二人による起案・承認）", show=told | _items("correction"), reveal=revealed,
        )
        for number, (purpose, told, revealed) in enumerate(_CORRECTING)
    ),
    Rule(
        "CON-01", "contractor", "work", RowRule.ASSIGNED, ("registry.contract", "registry.party", "registry.place", "registry.meter"),
        "委託先は、作業指示のある地点の住所と計器を見る。名義・電話は一件ごとに表示する",
        "A contractor sees address and meter of points in its open work orders; name and phone one by one",
        "個人情報保護法25条", show=_items("point address meter contract_state customer_no"), reveal=_items("name phone"), record=_items("retailer period"),
    ),
    Rule(
        "CON-02", "contractor", "work", RowRule.OWN_COMPANY, ("registry.work_order",),
        "委託先は、自社あての作業指示を見る", "A contractor sees the work orders addressed to it", "個人情報保護法25条",
        show=_items("staff point"),
    ),
    Rule(
        "CAL-01", "callcentre", "enquiry", RowRule.WHOLE_AREA, ("registry.contract", "registry.party", "registry.place"),
        "コールセンターは住所で確かめ、名義を一件ごとに表示する。小売電気事業者・電力量・電話番号は見ない",
        "The call centre checks by address and reveals the name one by one; no retailer, usage or phone",
        "個人情報保護法25条", show=_items("point address contract_state customer_no"), reveal=_items("name"), record=_items("retailer period"),
    ),
    Rule(
        "SEC-01", "security", "oversight", RowRule.WHOLE_AREA,
        ("ledger.passage", "ledger.seen_point", "barrier.permit", "barrier.case_file", "barrier.draft", "registry.staff", "registry.posting",
         "work.command", "barrier.certificate", *SCOPING, "ledger.watch", *SEALED),
        "情報管理部門は閲覧記録・権限・証明書を見る。お客さまの項目そのものも、申請に書かれた内容も見ない",
        "Security sees records, permits and certificates, never the customers' items themselves nor the words of a submission",
        "電気事業法23条の4", show=_items("passage permit staff command certificate"),
    ),
    Rule(
        "SEC-02", "security", "oversight", RowRule.WHOLE_AREA, ("barrier.account",),
        "情報管理部門は、だれにアカウントがあり、どの状態か（開設・施錠・終了・最終サインイン）を見る。パスワードと第二要素はだれも見ない",
        "Security sees who has an account and its state; passwords and second factors are seen by nobody",
        "電気事業法23条の4; 個人情報保護法23条", show=_items("account"),
    ),
    Rule(
        "SEC-03", "security", "oversight", RowRule.OWN_PERSON, ("work.export", "work.export_part"),
        "調査結果のファイルは、求めた本人だけが受け取る", "A file of a finding is handed only to the person who asked for it", "個人情報保護法23条",
        show=_items("command"),
    ),
    Rule(
        "AUD-01", "auditor", "audit", RowRule.WHOLE_AREA,
        ("ledger.passage", "ledger.seen_point", "barrier.permit", "barrier.case_file", "barrier.draft", "barrier.certificate", *SCOPING, *SEALED),
        "監査・規制当局は閲覧記録・権限・証明書を見る", "Auditor and regulator see records, permits and certificates",
        "電気事業法106条・107条", show=_items("passage permit certificate"),
    ),
    Rule(
        "PUB-01", "public", "public", RowRule.PUBLIC, ("registry.retailer", "barrier.certificate"),
        "小売電気事業者名と証明書は公開する", "Retailer names and the certificate are public", "情報公開",
        show=_items("retailer_name certificate"),
    ),
)  # fmt: skip

OWNER_COLUMN = {"registry.work_order": "contractor"}
"""For `OWN_COMPANY`: the column that names the company where it is not `company`."""


def rules_of(purpose: Purpose) -> tuple[Rule, ...]:
    """The rules of one purpose."""
    return tuple(rule for rule in RULES if (rule.audience, rule.purpose) == (purpose.audience, purpose.code))


@cache
def rule_for(audience: str, purpose: str, table: str) -> Rule | None:
    """The rule under which (audience, purpose) reads `table`; None means denied."""
    return next((rule for rule in rules_of(PURPOSE[audience, purpose]) if table in rule.tables), None)


def visible_columns(rule: Rule, table: str) -> dict[str, Grade]:
    """Column → grade for the columns of `table` that `rule` does not deny; technical columns are shown."""
    graded = {
        column: Grade.SHOW if item == TECHNICAL else rule.grade(item)
        for column, item in COLUMNS[table].items()
    }
    return {column: grade for column, grade in graded.items() if grade is not None}
