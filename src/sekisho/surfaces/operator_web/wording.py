"""Words and cells of the operator's pages."""

from datetime import timedelta
from typing import Any

from django.utils.safestring import SafeString

from sekisho.surfaces.kit import wording
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.kit.tables import badge

CHANGE_KINDS = {
    "correct_name": Text("名義・連絡先の訂正", "Correct name or contact"),
    "split_period": Text("期間の分割(途中からの値の訂正)", "Split a period"),
    "backdate_switch": Text("スイッチングの遡及", "Back-date a switch"),
    "move_switch": Text("スイッチング日の変更", "Move a switch"),
    "cancel_switch": Text("スイッチングの取消", "Cancel a switch"),
    "move_out": Text("転出・廃止", "Move out"),
}
CHANGE_STATES = {
    "drafted": Text("承認待ち", "waiting for a decision"),
    "approved": Text("承認済み", "approved"),
    "rejected": Text("差戻し", "rejected"),
    "withdrawn": Text("取下げ", "withdrawn"),
}
_TONES = {"drafted": "warn", "approved": "good", "rejected": "bad", "withdrawn": "plain"}
COMMANDS = {
    "registry.draft_change": Text("訂正の起案", "Draft of a correction"),
    "registry.decide_change": Text("訂正の判断", "Decision on a correction"),
}
TABLES = {
    "terms": Text("契約内容", "Terms"),
    "party": Text("契約名義・連絡先", "Name and contact"),
    "place": Text("供給場所", "Place"),
    "meter": Text("計器", "Meter"),
    "equipment": Text("設備", "Equipment"),
    "generation": Text("発電者契約", "Generation"),
}


def state_badge(state: str) -> SafeString:
    """契約中 or 終了."""
    return badge(wording.word(wording.STATES, state), tone="good" if state == "running" else "plain")


def change_badge(state: str) -> SafeString:
    """Where a correction stands."""
    return badge(CHANGE_STATES.get(state, state), tone=_TONES.get(state, "plain"))


def last_day(row: Any) -> Any:
    """The last day of a period as people say it; an open one says so."""
    return badge(Text("継続中", "open")) if row.end is None else row.end - timedelta(days=1)


def watts(value: int | None) -> str | None:
    """W as kW."""
    return None if value is None else f"{value / 1000:,.3f}".rstrip("0").rstrip(".")
