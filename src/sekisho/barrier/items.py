"""Items (情報項目): the smallest things a rule can speak about, and the database columns that hold each.

The items are those named in the two incident reports (demand and generation, low and high voltage), the joint-use list
of the switching system, and what the platform itself records. INVARIANT: every column of a domain table belongs to exactly
one item or is declared technical here; `prove` fails on a column that is neither.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One item. `group` is the heading under which the printed matrix lists it."""

    code: str
    ja: str
    en: str
    group: str


GROUPS = {
    "identity": ("契約者", "Customer"),
    "contract": ("契約", "Contract"),
    "place": ("供給場所", "Supply place"),
    "usage": ("電力量", "Usage"),
    "equipment": ("設備", "Equipment"),
    "generation": ("発電者", "Generator"),
    "record": ("記録", "Records"),
    "public": ("公開情報", "Public"),
}

ITEMS: tuple[Item, ...] = (
    Item("name", "契約名義", "contract name", "identity"),
    Item("phone", "連絡先電話番号", "phone", "identity"),
    Item("customer_kind", "個人・法人・機器の別", "kind of customer", "identity"),
    Item("customer_no", "お客さま番号", "customer number", "identity"),
    Item("corporate_no", "法人番号", "corporate number", "identity"),
    Item("slip_address", "検針票送付先", "address for meter-reading slips", "identity"),
    Item("point", "供給地点特定番号", "supply point number", "contract"),
    Item("retailer", "小売電気事業者コード", "retailer code", "contract"),
    Item("period", "契約期間", "contract period", "contract"),
    Item("contract_state", "契約状態", "contract state", "contract"),
    Item("application_type", "申込種別", "application type", "contract"),
    Item("menu", "接続送電サービスメニューコード", "wheeling menu code", "contract"),
    Item("equipment_capacity", "契約設備電力", "contracted equipment capacity", "contract"),
    Item("contract_capacity", "契約電力・契約電流", "contracted capacity", "contract"),
    Item("power_factor", "力率", "power factor", "contract"),
    Item("supply_voltage", "供給電圧・供給方式", "supply voltage and method", "contract"),
    Item("reading_schedule", "検針日程", "meter-reading schedule", "contract"),
    Item("address", "供給場所住所", "address of the supply place", "place"),
    Item("usage", "使用電力量", "half-hourly usage", "usage"),
    Item(
        "night_equipment",
        "深夜機器情報・系統連系発電機情報",
        "night equipment and interconnected generators",
        "equipment",
    ),
    Item("meter", "計器情報", "meter", "equipment"),
    Item("surplus_type", "余剰購入種類", "kind of surplus purchase", "generation"),
    Item("fixed_price_from", "固定買取単価適用年月日", "fixed price applies from", "generation"),
    Item("purchase_price", "購入単価", "purchase price", "generation"),
    Item("certified_equipment", "認定設備情報", "certified equipment", "generation"),
    Item("passage", "閲覧記録", "record of reading", "record"),
    Item("permit", "利用権限", "permit", "record"),
    Item("account", "利用者アカウントの状態", "accounts and their state", "record"),
    Item("staff", "従業者・受託者", "staff and contractors", "record"),
    Item("command", "申請とその結果", "submissions and outcomes", "record"),
    Item("submission", "申請・起案の原文", "submissions and drafts as they came", "record"),
    Item("correction", "訂正の起案・承認", "corrections", "record"),
    Item("certificate", "証明書", "certificate of the barrier", "public"),
    Item("retailer_name", "小売電気事業者名", "retailer name", "public"),
)
BY_CODE = {item.code: item for item in ITEMS}

TECHNICAL = "technical"
"""Keys, record times and other columns that say nothing about a customer by themselves."""

_FACT = {
    "contract_no": "customer_no",
    "point": "point",
    "holder": "retailer",
    "valid": "period",
    "recorded_at": TECHNICAL,
}

_CURRENT: dict[str, dict[str, str]] = {
    "registry.contract": _FACT
    | {"customer_no": "customer_no", "application_type": "application_type", "state": "contract_state"},
    "registry.party": _FACT
    | {
        "party_id": TECHNICAL,
        "customer_kind": "customer_kind",
        "name": "name",
        "name_kana": "name",
        "name_key": "name",
        "kana_key": "name",
        "phone": "phone",
        "phone_key": "phone",
        "slip_postal_code": "slip_address",
        "slip_address": "slip_address",
        "slip_name": "slip_address",
    },
    "registry.place": _FACT
    | {
        "place_id": TECHNICAL,
        "voltage_class": "supply_voltage",
        "postal_code": "address",
        "address": "address",
        "building": "address",
        "address_key": "address",
    },
    "registry.terms": _FACT
    | {
        "terms_id": TECHNICAL,
        "menu_code": "menu",
        "equipment_w": "equipment_capacity",
        "contract_w": "contract_capacity",
        "contract_ampere": "contract_capacity",
        "power_factor": "power_factor",
        "supply_voltage": "supply_voltage",
        "supply_method": "supply_voltage",
        "decision_method": "contract_capacity",
        "reading_schedule": "reading_schedule",
    },
    "registry.meter": _FACT
    | {
        "meter_id": TECHNICAL,
        "meter_no": "meter",
        "meter_class": "meter",
        "smart": "meter",
        "multiplier": "meter",
    },
    "registry.equipment": _FACT
    | {
        "equipment_id": TECHNICAL,
        "equipment_no": TECHNICAL,
        "kind": "night_equipment",
        "description": "night_equipment",
        "capacity_w": "night_equipment",
    },
    "registry.generation": _FACT
    | {
        "generation_id": TECHNICAL,
        "surplus_type": "surplus_type",
        "fixed_price_from": "fixed_price_from",
        "purchase_price": "purchase_price",
        "certified_equipment": "certified_equipment",
        "receiving_w": "contract_capacity",
    },
}

_HISTORY = {
    f"{table}_history": columns | {"superseded_at": TECHNICAL, "change_no": TECHNICAL}
    for table, columns in _CURRENT.items()
}

_USAGE = {
    "point": "point",
    "day": "usage",
    "contract_no": "customer_no",
    "holder": "retailer",
    "wh": "usage",
    "estimated": "usage",
    "total_wh": "usage",
    "missing": "usage",
    "revision": TECHNICAL,
    "recorded_at": TECHNICAL,
}

_PASSAGE = dict.fromkeys(
    ("at", "passage_id", "gate", "audience", "company", "person", "purpose", "case_no", "verdict", "points", "holders",
     "items", "shown", "row_count", "request_id"),
    "passage",
)  # fmt: skip

COLUMNS: dict[str, dict[str, str]] = (
    _CURRENT
    | _HISTORY
    | {
        "registry.retailer": {
            "code": "retailer_name",
            "registration_no": "retailer_name",
            "name": "retailer_name",
            "name_kana": "retailer_name",
            "affiliate": TECHNICAL,
            "valid": "retailer_name",
            "recorded_at": TECHNICAL,
        },
        "registry.point": {
            "point": "point",
            "kind": "contract_state",
            "voltage_class": "supply_voltage",
            "site_no": TECHNICAL,
            "postal_code": "address",
            "address": "address",
            "building": "address",
            "address_key": "address",
            "paired_point": "point",
            "recorded_at": TECHNICAL,
        },
        "registry.customer": {
            "customer_no": "customer_no",
            "kind": "customer_kind",
            "corporate_no": "corporate_no",
            "recorded_at": TECHNICAL,
        },
        "registry.staff": {"person": "staff", "name": "staff", "company": "staff", "recorded_at": TECHNICAL},
        "registry.posting": {"person": "staff", "post": "staff", "valid": "staff", "recorded_at": TECHNICAL},
        "registry.contractor": {"code": "staff", "name": "staff", "recorded_at": TECHNICAL},
        "registry.work_order": {
            "order_no": "staff",
            "contractor": "staff",
            "point": "point",
            "task": "staff",
            "valid": "staff",
            "recorded_at": TECHNICAL,
        },
        "registry.change": dict.fromkeys(
            ("change_no", "kind", "point", "reason", "drafted_by", "drafted_at", "approved_by", "approved_at", "state", "seen", "about"),
            "correction",
        )
        | {"payload": "submission"}
        | dict.fromkeys(("new_name", "new_name_kana"), "name")
        | {"new_phone": "phone"}
        | dict.fromkeys(("new_slip_postal_code", "new_slip_address", "new_slip_name"), "slip_address")
        | {
            f"new_{item}": item
            for item in (
                "customer_kind", "customer_no", "retailer", "application_type", "address", "supply_voltage", "menu", "equipment_capacity",
                "contract_capacity", "power_factor", "reading_schedule", "meter", "night_equipment", "surplus_type", "fixed_price_from",
                "purchase_price", "certified_equipment",
            )
        },
        "registry.event": dict.fromkeys(("event_id", "at", "action", "by", "subject", "detail"), "correction"),
        "registry.import_run": dict.fromkeys(
            ("import_no", "kind", "file_name", "sha256", "by", "at", "state", "next_byte", "next_row", "rejects_bytes", "counts", "keys_aside"), TECHNICAL
        ),
        "metering.usage_day": _USAGE,
        "metering.usage_day_history": _USAGE | {"superseded_at": TECHNICAL},
        "ledger.passage": _PASSAGE | {"xact": TECHNICAL},
        "ledger.seen_point": dict.fromkeys(
            ("at", "passage_id", "point", "gate", "audience", "company", "purpose", "items", "first_of_point"), "passage"
        )
        | {"holder": "retailer", "person": "staff"},
        "ledger.state": {"only_row": TECHNICAL, "derived": TECHNICAL},
        "ledger.leaf": dict.fromkeys(("at", "passage_id", "idx", "salt", "entry"), TECHNICAL),
        "ledger.sequence": dict.fromkeys(
            ("only_row", "system_id", "size", "swept", "target", "target_at", "after_xact", "after_id", "published_size",
             "published_root"),
            TECHNICAL,
        ),
        "ledger.seal": {"only_row": TECHNICAL, "sealed_through": TECHNICAL, "max_lag": TECHNICAL},
        "ledger.lag_change": dict.fromkeys(
            ("change_no", "at", "login", "os_user", "by", "reason", "old_seconds", "new_seconds"), "passage"
        ),
        "ledger.checkpoint": {"size": TECHNICAL, "at": TECHNICAL, "note": TECHNICAL},
        "ledger.unsettled": {"passage_id": TECHNICAL, "xact": TECHNICAL, "body": "passage"},
        "ledger.finding": dict.fromkeys(
            ("finding_no", "at", "by", "title", "kind", "question", "totals", "tree_size", "checkpoint", "digest"), "passage"
        ),
        "ledger.finding_point": dict.fromkeys(
            ("finding_no", "point", "holder", "views", "readers", "first_at", "last_at", "gates", "items", "contracted"), "passage"
        ),
        "ledger.finding_reader": dict.fromkeys(
            ("finding_no", "reader_no", "person", "audience", "company", "purpose", "gate", "items", "readings", "customers", "first_at",
             "last_at"),
            "passage",
        ),
        "ledger.finding_reading": dict.fromkeys(
            ("finding_no", "reading_no", "at", "passage_id", "gate", "audience", "company", "person", "purpose", "case_no", "items",
             "shown_from", "shown_to", "holder", "tenancy_from", "tenancy_to", "by_right", "rule", "basis", "permit_no", "order_no",
             "certain", "corrected"),
            "passage",
        ),
        "ledger.review": dict.fromkeys(
            ("review_no", "made_at", "rule", "day", "audience", "company", "person", "purpose", "weight", "facts"), "passage"
        ),
        "ledger.decision": dict.fromkeys(("review_no", "at", "by", "decision", "reason"), "passage"),
        "ledger.watch": dict.fromkeys(("watch_no", "at", "by", "point", "kind", "reason"), "passage"),
        "work.command": dict.fromkeys(
            ("command_no", "kind", "audience", "company", "person", "purpose", "request_id", "idempotency_key", "submitted_at", "state",
             "attempts", "finished_at", "outcome", "point"),
            "command",
        )
        | {"payload": "submission"},
        "work.export": dict.fromkeys(
            ("export_no", "kind", "form", "params", "audience", "company", "person", "purpose", "asked_at", "state", "total", "row_count",
             "parts", "bytes", "sha256", "started_at", "finished_at", "expires_at", "outcome"),
            "command",
        )
        | {"resume_key": "submission"},
        "work.export_part": dict.fromkeys(("export_no", "part_no", "audience", "company", "person", "body"), "command"),
        "work.bundle": dict.fromkeys(
            ("bundle_no", "made_at", "expires_at", "audience", "company", "person", "asked", "state", "refusal", "kind", "first_idx", "end_idx",
             "passages", "waiting", "tree_size", "checkpoint", "bytes", "sha256", "parts"),
            "passage",
        ),
        "work.bundle_part": dict.fromkeys(("bundle_no", "part_no", "body"), "passage"),
        "barrier.permit": dict.fromkeys(
            ("permit_no", "person", "audience", "company", "purpose", "valid", "case_no", "reason", "granted_by", "granted_at",
             "ended_by", "ended_at", "end_reason", "draft_no", "drafted_by"),
            "permit",
        ),
        "barrier.draft": dict.fromkeys(
            ("draft_no", "kind", "purpose", "case_no", "reason", "person", "audience", "company", "valid", "title", "hours", "drafted_by",
             "drafted_at", "state", "decided_by", "decided_at", "note"),
            "permit",
        ),
        "barrier.case_file": dict.fromkeys(
            ("case_no", "purpose", "title", "opened_by", "opened_at", "valid", "reviewed_by", "reviewed_at", "review_note",
             "draft_no", "approved_by"), "permit"
        ),
        "barrier.account": dict.fromkeys(
            ("schema", "person", "username", "audience", "company", "display_name", "department", "role", "machine", "active", "pending",
             "locked_until", "last_login", "created_at", "created_by", "ended_at"),
            "account",
        ),
        "barrier.login": dict.fromkeys(("login", "audience"), TECHNICAL),
        "barrier.ticket_key": dict.fromkeys(("key_id", "audience", "inner_pad", "outer_pad", "valid"), TECHNICAL),
        "barrier.compiled": dict.fromkeys(("name", "kind", "statement", "applied_at"), TECHNICAL),
        "barrier.certificate": dict.fromkeys(("certificate_no", "at", "holds", "digest", "body"), "certificate"),
    }
)  # fmt: skip
"""Table → column → item code, or `TECHNICAL`."""


def item_of(table: str, column: str) -> str | None:
    """The item code of a column, `TECHNICAL`, or None for a column that nobody classified."""
    return COLUMNS.get(table, {}).get(column)


def columns_of(table: str, items: frozenset[str]) -> list[str]:
    """The columns of `table` that belong to one of `items`, technical ones included, in declared order."""
    return [column for column, item in COLUMNS[table].items() if item == TECHNICAL or item in items]
