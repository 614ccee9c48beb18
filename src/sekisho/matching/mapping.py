"""Which column of a foreign file is which field, and which of its codes mean what.

A mapping is a small TOML file, so that a clerk can write one beside any export. Columns that carry the
platform's own
names need none.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from sekisho.matching import events
from sekisho.matching.errors import UnableToReadMapping

REQUIRED = ("record", "name", "address")
OPTIONAL = (
    "kana",
    "postal_code",
    "phone",
    "point",
    "number",
    "system",
    "application",
    "start",
    "end",
    "state",
)
FIELDS = REQUIRED + OPTIONAL
_USUAL = {"record": "record_id", "number": "corporate_number"}

APPLICATIONS = {
    "スイッチング": events.SWITCH,
    "スイッチング開始": events.SWITCH,
    "05": events.SWITCH,
    "5": events.SWITCH,
    "switch": events.SWITCH,
    "スイッチング廃止": events.SWITCH,
    "03": events.SWITCH,
    "3": events.SWITCH,
    "再点": events.RESTART,
    "新設": events.RESTART,
    "04": events.RESTART,
    "4": events.RESTART,
    "restart": events.RESTART,
    "廃止": events.STOP,
    "廃止・撤去": events.STOP,
    "01": events.STOP,
    "02": events.STOP,
    "1": events.STOP,
    "2": events.STOP,
    "stop": events.STOP,
    "名義変更": events.RENAME,
    "需要者情報変更": events.RENAME,
    "07": events.RENAME,
    "7": events.RENAME,
    "rename": events.RENAME,
    "契約変更": events.CHANGE,
    "アンペア変更": events.CHANGE,
    "06": events.CHANGE,
    "6": events.CHANGE,
    "change": events.CHANGE,
}
SYSTEMS = {
    "1": "1",
    "①": "1",
    "託送": "1",
    "託送システム": "1",
    "wheeling": "1",
    "2": "2",
    "②": "2",
    "スイッチング支援": "2",
    "スイッチング支援システム": "2",
    "switching": "2",
}
STATES = dict.fromkeys(
    (
        "running",
        "契約中",
        "継続中",
        "契約継続中",
        "供給中",
        "使用中",
        "開通",
        "有効",
        "継続",
        "現",
        "1",
        "true",
        "active",
    ),
    "running",
) | dict.fromkeys(
    (
        "ended",
        "廃止",
        "解約",
        "終了",
        "停止",
        "廃止済",
        "契約終了",
        "切替済",
        "閉栓",
        "無効",
        "済",
        "旧",
        "0",
        "false",
        "stopped",
        "closed",
    ),
    "ended",
)


@dataclass(frozen=True)
class Mapping:
    """columns: field → column of the file. The rest: written value → code, beside the usual ones; `running`: the states in
    which a contract goes on, instead of the usual ones."""

    columns: dict[str, str] = field(default_factory=dict)
    applications: dict[str, str] = field(default_factory=dict)
    systems: dict[str, str] = field(default_factory=dict)
    running: tuple[str, ...] | None = None
    encoding: str | None = None
    delimiter: str = ","

    def column(self, name: str) -> str:
        """The file's column for a field: as mapped, or under its usual name."""
        return self.columns.get(name, _USUAL.get(name, name))


def read(path: Path) -> Mapping:
    """A mapping from TOML: tables columns, applications, systems; keys running, encoding, delimiter.

    Raises UnableToReadMapping.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnableToReadMapping(
            f"対応表 {path} を読めません: {error}", f"cannot read the mapping {path}: {error}"
        ) from error
    return from_dict(content)


def from_dict(content: dict[str, object]) -> Mapping:
    """A mapping from plain tables; refuses fields and codes that do not exist."""
    _refuse_unknown(
        "mapping", content, ("columns", "applications", "systems", "running", "encoding", "delimiter")
    )
    columns = _table(content, "columns")
    _refuse_unknown("columns", columns, FIELDS)
    applications = _table(content, "applications")
    codes = (events.SWITCH, events.RENAME, events.STOP, events.RESTART, events.CHANGE)
    _refuse_unknown("applications", dict.fromkeys(applications.values(), 0), codes)
    systems = _table(content, "systems")
    _refuse_unknown("systems", dict.fromkeys(systems.values(), 0), ("1", "2"))
    return Mapping(
        columns=columns,
        applications=applications,
        systems=systems,
        running=_running(content.get("running")),
        encoding=str(content["encoding"]) if "encoding" in content else None,
        delimiter=str(content.get("delimiter", ",")),
    )


def _running(given: object) -> tuple[str, ...] | None:
    if given is None:
        return None
    return tuple(map(str, given)) if isinstance(given, list | tuple) else (str(given),)


def _table(content: dict[str, object], name: str) -> dict[str, str]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise UnableToReadMapping(f"対応表の {name} は表でなければなりません", f"{name} must be a table")
    return {str(key): str(value) for key, value in table.items()}


def _refuse_unknown(
    where: str, given: dict[str, object] | dict[str, str] | dict[str, int], known: tuple[str, ...]
) -> None:
    for name in given:
        if name not in known:
            raise UnableToReadMapping(
                f"対応表の {where} に知らない項目 {name!r} があります。使えるのは {'、'.join(known)} です",
                f"unknown {name!r} in {where}; known are {', '.join(known)}",
            )
