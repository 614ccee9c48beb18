"""Words for the codes that gates return, the same on every surface."""

from sekisho.barrier.audiences import AUDIENCE, PURPOSE
from sekisho.barrier.items import BY_CODE
from sekisho.settings.inventory import GATES
from sekisho.surfaces.kit.speech import Text

STATES = {"running": Text("契約中", "running"), "ended": Text("終了", "ended")}
KINDS = {
    "person": Text("個人", "person"),
    "company": Text("法人", "company"),
    "device": Text("機器", "device"),
}
VOLTAGES = {
    "LV": Text("低圧", "low voltage"),
    "HV": Text("高圧", "high voltage"),
    "EHV": Text("特別高圧", "extra-high voltage"),
}
APPLICATIONS = {
    "01": Text("廃止", "end"),
    "02": Text("廃止・撤去", "end and removal"),
    "03": Text("スイッチング廃止", "switch away"),
    "04": Text("再点", "reconnection"),
    "05": Text("スイッチング開始", "switch"),
    "06": Text("アンペア変更", "change of amperes"),
    "07": Text("需要者情報変更", "change of customer data"),
    "08": Text("使用量情報照会", "usage look-up"),
}
EQUIPMENT = {
    "night": Text("深夜機器", "night equipment"),
    "generator": Text("系統連系発電機", "interconnected generator"),
}
_GATES = {gate.name: Text(gate.ja, gate.en) for gate in GATES}


def word(words: dict[str, Text], code: str | None) -> Text | str | None:
    """The word for a code; an unknown code stays as it is, None stays missing."""
    return None if code is None else words.get(code, code)


def gate_word(name: str) -> Text | str:
    """What a gate is called."""
    return _GATES.get(name, name)


def reader_word(audience: str) -> Text | str:
    """What an audience is called."""
    found = AUDIENCE.get(audience)
    return audience if found is None else Text(found.ja, found.en)


def purpose_word(audience: str, code: str) -> Text | str:
    """What a purpose is called."""
    found = PURPOSE.get((audience, code))
    return code if found is None else Text(found.ja, found.en)


def item_words(items: list[str]) -> list[str]:
    """What items are called; masked ones say so."""
    masked = Text("(伏せ字)", " (masked)")
    return [
        _item(code.removesuffix(":masked")) + (str(masked) if code.endswith(":masked") else "")
        for code in items
    ]


def _item(code: str) -> str:
    found = BY_CODE.get(code)
    return code if found is None else str(Text(found.ja, found.en))
