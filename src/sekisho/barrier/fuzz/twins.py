"""The second world: for one caller, it agrees with the first on everything that the intent lets them know, and in nothing else.

Written from `intent` alone. `disagreement` checks the result against the intent cell by cell, so that a slip in the making of a twin shows as
an error of the fuzz and not as a leak, or as no leak, of the barrier.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sekisho.barrier.fuzz.canaries import scan
from sekisho.barrier.fuzz.people import CASES
from sekisho.barrier.fuzz.worlds import FACTS, RETAILERS, Row, Span, Tokens, World
from sekisho.barrier.intent import SUBMISSION, Clause, Manner, column_manner, reach_of
from sekisho.barrier.items import COLUMNS
from sekisho.barrier.ticket import Caller
from sekisho.kernel.errors import SekishoError


class UnableToCompareWorlds(SekishoError):
    """Two worlds that were meant to agree on what a caller may know do not: a defect of the fuzz itself."""


class Depth(StrEnum):
    """How much the caller is taken to have asked for."""

    ASKED = "asked"  # every item that is disclosed on request has been: it is the same in both worlds
    MASKED = "masked"  # none has been: only the masked forms are the same


def depths(caller: Caller) -> tuple[Depth, ...]:
    """Both, where anything is disclosed to this duty on request."""
    return tuple(Depth) if Manner.ON_REQUEST in _manners(caller) else (Depth.ASKED,)


def _manners(caller: Caller) -> set[Manner | None]:
    return {
        column_manner(caller.audience, caller.purpose, table, column)
        for table, columns in COLUMNS.items()
        for column in columns
    }


MASKED_PART: dict[str, Callable[[str], str]] = {
    "name": lambda value: value[:1],
    "phone": lambda value: value[-4:],
    "slip_address": lambda value: value[:6],
}
"""What the masked form of an item may tell: `intent.MASKED_FORMS`, in Python."""


def known(caller: Caller, world: World, table: str, row: Row) -> bool:
    """Whether the intent lets the caller know of a row, their ticket being good."""
    if table == SUBMISSION[0] and _myself(caller, row):
        return True
    reach = reach_of(caller.audience, caller.purpose, table)
    if reach is None:
        return False
    match reach.clause:
        case Clause.MY_CONTRACT | Clause.MY_CONTRACT_AS_RECORDED:
            return bool(row["holder"] == caller.company)
        case Clause.MY_COMPANY:
            return bool(row[reach.company] == caller.company)
        case Clause.MYSELF:
            return _myself(caller, row)
        case Clause.ENTRUSTED:
            return row["point"] in entrusted(caller, world)
        case Clause.MY_DUTY | Clause.EVERYONE:
            return True


def _myself(caller: Caller, row: Row) -> bool:
    return (row["audience"], row["company"], row["person"]) == (
        caller.audience,
        caller.company,
        caller.person,
    )


def entrusted(caller: Caller, world: World) -> set[str]:
    """The points that open work orders entrust to the caller's company."""
    orders = world.rows("registry.work_order")
    return {
        o["point"] for o in orders if o["contractor"] == caller.company and _covers(o["valid"], world.today)
    }


def _covers(span: Span, day: date) -> bool:
    return span[0] <= day and (span[1] is None or day < span[1])


def told(caller: Caller, table: str, column: str, value: Any, depth: Depth) -> tuple[bool, Any]:
    """Whether a cell of a known row tells the caller anything, and what: itself, or the part that its mask leaves."""
    manner = column_manner(caller.audience, caller.purpose, table, column)
    if manner is Manner.CLEAR or (manner is Manner.ON_REQUEST and depth is Depth.ASKED):
        return True, value
    if manner is Manner.ON_REQUEST:
        part = MASKED_PART.get(COLUMNS[table][column])
        return part is not None, part(value) if part is not None else None
    if table == SUBMISSION[0] and column in SUBMISSION[1]:
        return True, value
    return False, None


def disagreement(caller: Caller, one: World, two: World, depth: Depth) -> str | None:
    """Where two worlds differ in something that the intent lets the caller know; None: they agree."""
    for table in sorted(one.tables.keys() | two.tables.keys()):
        left, right = (sorted(_told_rows(caller, world, table, depth)) for world in (one, two))
        if left != right:
            apart = sorted(set(left) ^ set(right))
            return f"{table}: {apart[:2]}"
    return None


def _told_rows(caller: Caller, world: World, table: str, depth: Depth) -> Iterator[str]:
    for row in world.rows(table):
        if known(caller, world, table, row):
            cells = {column: told(caller, table, column, value, depth) for column, value in row.items()}
            yield repr({column: value for column, (tells, value) in cells.items() if tells})


def hidden_values(caller: Caller, *worlds: World) -> dict[str, tuple[str, str]]:
    """Token → (table, column) of cells that the caller must never be told in any form, and that no cell they may know holds."""
    found: dict[str, tuple[str, str]] = {}
    shown: set[str] = set()
    for world in worlds:
        for table, rows in world.tables.items():
            for row in rows:
                concerns = known(caller, world, table, row)
                for column, value in row.items():
                    tells = concerns and told(caller, table, column, value, Depth.ASKED)[0]
                    for token in tokens_in(value):
                        if tells:
                            shown.add(token)
                        else:
                            found.setdefault(token, (table, column))
    return {token: origin for token, origin in found.items() if token not in shown}


def tokens_in(value: Any) -> Iterator[str]:
    """The tokens of a cell. Moments and periods hold none: any two may be alike."""
    return iter(scan(str(value)) if isinstance(value, str | list | dict) else ())


# --- making a twin


@dataclass(slots=True)
class _Fates:
    """What becomes of the rows that the caller does not know, by contract: facts follow their contract."""

    dropped: set[str] = field(default_factory=set)
    contract: dict[str, str] = field(default_factory=dict)
    holder: dict[str, str] = field(default_factory=dict)
    point: dict[str, str] = field(default_factory=dict)
    start: dict[str, tuple[date, date]] = field(default_factory=dict)


def make_twin(world: World, caller: Caller, *, depth: Depth, seed: int) -> World:
    """A world that agrees with `world` on what `caller` may know. Raises `UnableToCompareWorlds` if it came out otherwise."""
    twin = _Twin(world, caller, depth, seed).make()
    if (where := disagreement(caller, world, twin, depth)) is not None:
        raise UnableToCompareWorlds(
            f"二つの世界が、知ってよいことについて一致しません: {where}",
            f"The two worlds disagree on what may be known: {where}",
        )
    return twin


class _Twin:
    def __init__(self, world: World, caller: Caller, depth: Depth, seed: int) -> None:
        self.old, self.caller, self.depth = world, caller, depth
        self.rng = random.Random(f"{seed}:{caller}:{depth}")  # noqa: S311 – deterministic by seed
        self.tokens = Tokens("b" if depth is Depth.ASKED else "c")
        self.fates = _Fates()
        self.new = World(world.now)

    def make(self) -> World:
        self._decide()
        for table in self.old.tables:
            self.new.tables[table] = list(self._rows(table))
        self._more_contracts()
        self._more_rows()
        self._referenced()
        return self.new

    def _knows(self, table: str, row: Row) -> bool:
        return known(self.caller, self.old, table, row)

    def _tells(self, table: str, column: str) -> bool:
        return told(self.caller, table, column, "", Depth.ASKED)[0]

    # --- contracts first: every fact follows them

    def _decide(self) -> None:
        kept = {
            row["point"]
            for row in self.old.rows("registry.contract")
            if self._knows("registry.contract", row)
        }
        kept |= {
            row["point"]
            for row in self.old.rows("registry.work_order")
            if self._knows("registry.work_order", row)
        }
        for row in self.old.rows("registry.point"):
            self.fates.point[row["point"]] = (
                row["point"] if row["point"] in kept else self.tokens.number(22, "06")
            )
        for number, row in enumerate(self.old.rows("registry.contract")):
            self._decide_contract(row, number)

    def _decide_contract(self, row: Row, number: int) -> None:
        no, knows = row["contract_no"], self._knows("registry.contract", row)
        if not knows and number % 3 == 0:
            self.fates.dropped.add(no)
        tells_no = knows and self._tells("registry.contract", "contract_no")
        self.fates.contract[no] = no if tells_no else self.tokens.word().upper()
        tells_holder = knows and self._tells("registry.contract", "holder")
        others = [code for code in RETAILERS if code not in (row["holder"], self.caller.company)]
        self.fates.holder[no] = row["holder"] if tells_holder else self.rng.choice(others)
        tells_period = knows and self._tells("registry.contract", "valid")
        start = row["valid"][0]
        self.fates.start[no] = (start, start if tells_period else start + timedelta(days=5))

    # --- row by row

    def _rows(self, table: str) -> Iterator[Row]:
        for number, row in enumerate(self.old.rows(table)):
            knows = self._knows(table, row)
            if not knows and self._is_mine(table, row):
                yield dict(row)
            elif knows or not self._vanishes(table, row, number):
                yield self._altered(table, row, knows=knows)

    def _is_mine(self, table: str, row: Row) -> bool:
        """Rows that make the callers who they are, and codes that others refer to."""
        if table in ("barrier.permit", "barrier.case_file"):
            return row.get("granted_by") == "system" or row.get("case_no") in CASES
        return table in ("registry.contractor", "registry.staff")

    def _vanishes(self, table: str, row: Row, number: int) -> bool:
        if "contract_no" in row and row["contract_no"] in self.fates.dropped:
            return True
        if table in (
            "registry.contract",
            "registry.party",
            "registry.place",
            "registry.retailer",
            "registry.point",
            "registry.customer",
            "ledger.finding",
            "ledger.review",
            "work.export",
            "work.bundle",
        ):
            return False
        return number % 4 == 1

    def _altered(self, table: str, row: Row, *, knows: bool) -> Row:
        altered = {}
        for column, value in row.items():
            tells, _ = told(self.caller, table, column, value, Depth.ASKED) if knows else (False, None)
            if not tells:
                altered[column] = self._other(table, row, column, value)
            elif told(self.caller, table, column, value, self.depth) == (True, value):
                altered[column] = value
            else:
                altered[column] = self._same_mask(table, column, value)
        return altered

    def _same_mask(self, table: str, column: str, value: str) -> str:
        """Another value behind the same mask."""
        item = COLUMNS[table][column]
        part = MASKED_PART[item](value)
        if item == "phone":
            return self.tokens.number(11, "090")[:-4] + part if part else value
        return part + self.tokens.word() if part else value

    def _other(self, table: str, row: Row, column: str, value: Any) -> Any:
        """Another value for a cell that the caller may not know, fit for its column and for the rows that refer to it."""
        if value is None or column in _STRUCTURE or column in _STRUCTURE_OF.get(table, ()):
            return value
        follows = self._follow(row, column, value)
        if follows is not None:
            return follows
        choices = _CHOICES.get(column)
        if choices is not None:
            return self.rng.choice([choice for choice in choices if choice != value])
        return self._fresh(table, column, value)

    def _follow(self, row: Row, column: str, value: Any) -> Any:
        no = row.get("contract_no")
        if column == "contract_no":
            return self.fates.contract[value]
        if column == "holder":
            return (
                self.fates.holder[no]
                if no is not None
                else self.rng.choice([c for c in RETAILERS if c not in (value, self.caller.company)])
            )
        if column == "point":
            return self.fates.point[value]
        if column == "valid" and no is not None:
            old, new = self.fates.start[no]
            return (new if value[0] == old else value[0], value[1])
        return None

    def _fresh(self, table: str, column: str, value: Any) -> Any:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return (value + 1) if column in _NARROW else self.tokens.small(9_000)
        if isinstance(value, datetime):
            return value + timedelta(seconds=self.tokens.small(300))
        if isinstance(value, date):
            return value + timedelta(days=1 + self.tokens.small(300))
        if isinstance(value, UUID):
            return UUID(int=self.rng.getrandbits(128), version=4)
        if isinstance(value, tuple):
            return self._other_span(value)
        if isinstance(value, list):
            return self._other_list(column, value)
        if isinstance(value, dict):
            return {key: self.tokens.word() for key in value} | ({"holds": False} if "holds" in value else {})
        if isinstance(value, bytes):
            return value[::-1]
        return self._other_text(table, column, value)

    def _other_span(self, value: Span) -> Span:
        start = value[0] + timedelta(days=1)
        return (value[0] if value[1] is not None and start >= value[1] else start, value[1])

    def _other_list(self, column: str, value: list[Any]) -> list[Any]:
        if column == "wh":
            return [self.rng.randrange(1000, 2000) for _ in value]
        if column == "points":
            return [self.fates.point.get(point, point) for point in value]
        if column == "holders":
            return [self.rng.choice([c for c in RETAILERS if c != holder]) for holder in value]
        return [self.tokens.word() for _ in value]

    def _other_text(self, table: str, column: str, value: str) -> str:
        if value.isdigit():
            return (
                self.tokens.number(len(value), value[:3] if column.startswith("phone") else "")
                if len(value) >= 9
                else value
            )
        if column in ("postal_code", "slip_postal_code"):
            return f"5{self.rng.randrange(100):02d}-{self.rng.randrange(10_000):04d}"
        return (
            f"違{self.tokens.word()}"
            if table.startswith("registry.") and column != "change_no"
            else self.tokens.word()
        )

    # --- rows that only the second world has

    def _more_contracts(self) -> None:
        """Contracts of others, before the first known one of each point and at points of their own."""
        templates = [
            row for row in self.old.rows("registry.contract") if not self._knows("registry.contract", row)
        ]
        for row in templates[:4]:
            self._copy_contract(row, self.tokens.number(22, "06"), row["valid"])
        points = {
            row["point"]
            for row in self.old.rows("registry.contract")
            if self._knows("registry.contract", row)
        }
        for point in sorted(points)[:6] if templates else ():
            self._copy_contract(templates[0], point, (date(2010, 1, 1), date(2011, 1, 1)))

    def _copy_contract(self, template: Row, point: str, valid: Span) -> None:
        no, holder = self.tokens.word().upper(), self.fates.holder[template["contract_no"]]
        if self._knows("registry.contract", {"point": point, "holder": holder}):
            return
        for table in (
            "registry.contract",
            *(f"registry.{fact}" for fact in FACTS),
            *(f"registry.{fact}_history" for fact in ("contract", *FACTS)),
        ):
            source = next(
                (r for r in self.old.rows(table) if r["contract_no"] == template["contract_no"]), None
            )
            if source is None or (table != "registry.contract" and self._knows(table, source)):
                continue
            copied = self._altered(table, source, knows=False)
            copied |= {
                "contract_no": no,
                "point": point,
                "holder": holder,
                "valid": valid,
            } | self._new_identity(table)
            if not self._knows(table, copied):
                self.new.rows(table).append(copied)

    def _new_identity(self, table: str) -> Row:
        column = f"{table.partition('.')[2].removesuffix('_history')}_id"
        return {column: 500_000 + self.tokens.small(400_000)} if column in COLUMNS[table] else {}

    def _more_rows(self) -> None:
        """Rows beside those that the caller may not know, in tables that hang on no contract."""
        for table, fresh in _COPIED.items():
            strangers = [
                row
                for row in self.old.rows(table)
                if not self._knows(table, row) and not self._is_mine(table, row)
            ]
            for row in strangers[:3]:
                copied = self._altered(table, row, knows=False)
                copied |= {column: make(self, copied.get(column)) for column, make in fresh.items()}
                self.new.rows(table).append(copied)

    def _referenced(self) -> None:
        """Points, customers and retailers that rows of the second world refer to."""
        points = {row["point"]: row for row in self.new.rows("registry.point")}
        wanted = {
            row["point"]
            for table in ("registry.contract", "registry.work_order")
            for row in self.new.rows(table)
        }
        self._like_the_first("registry.point", "point", wanted - points.keys())
        customers = {row["customer_no"] for row in self.new.rows("registry.customer")}
        self._like_the_first(
            "registry.customer",
            "customer_no",
            {row["customer_no"] for row in self.new.rows("registry.contract")} - customers,
        )

    def _like_the_first(self, table: str, column: str, wanted: set[str]) -> None:
        for value in sorted(wanted):
            self.new.rows(table).append(
                self._altered(table, self.old.rows(table)[0], knows=False) | {column: value}
            )


_STRUCTURE = frozenset({"kind", "equipment_no", "revision", "superseded_by", "day", "sha256", "idx"})
_STRUCTURE_OF: dict[str, tuple[str, ...]] = {
    "registry.retailer": ("code", "registration_no", "valid"),
    "registry.point": ("kind",),
    "registry.customer": ("customer_no", "kind"),
    "registry.posting": ("person",),
    "registry.work_order": ("contractor",),
    "registry.change": ("drafted_by",),
    "work.command": ("kind", "audience", "company", "person", "purpose", "state"),
    "work.export": ("export_no", "kind", "form", "audience", "company", "person", "purpose", "state"),
    "work.bundle": ("bundle_no", "state", "kind", "made_at", "expires_at"),
    "work.bundle_part": ("bundle_no", "part_no"),
    "work.export_part": ("export_no", "part_no", "audience", "company", "person"),
    "barrier.draft": ("draft_no", "kind", "state", "audience", "purpose", "case_no", "hours", "drafted_by"),
    "barrier.permit": ("permit_no", "audience"),
    "barrier.account": ("schema",),
    "barrier.certificate": ("certificate_no",),
    "ledger.passage": ("at", "passage_id"),
    "ledger.seen_point": ("at", "passage_id"),
    "ledger.finding": ("finding_no", "digest", "kind"),
    "ledger.finding_point": ("finding_no",),
    "ledger.finding_reader": ("finding_no", "reader_no"),
    "ledger.finding_reading": ("finding_no", "reading_no", "by_right"),
    "ledger.lag_change": ("change_no",),
    "ledger.review": ("review_no",),
    "ledger.decision": ("review_no", "decision"),
    "ledger.watch": ("watch_no",),
    "ledger.leaf": ("at", "passage_id", "entry", "salt"),
    "registry.import_run": ("state", "kind"),
    "barrier.case_file": ("case_no", "purpose"),
}
"""Columns of unknown rows that stay as they are, because constraints or other rows lean on them. Rows that vanish or appear vary them."""
_NARROW = frozenset({"power_factor", "contract_ampere", "supply_voltage", "multiplier", "row_count"})
_CHOICES: dict[str, tuple[Any, ...]] = {
    "customer_kind": ("person", "company", "device"),
    "voltage_class": ("LV", "HV"),
    "application_type": ("01", "04", "05", "06"),
    "menu_code": ("101", "102", "201"),
    "state": ("drafted", "rejected"),
    "verdict": ("passed", "refused:expired", "refused:no-permit"),
    "audience": ("operator", "contractor", "callcentre"),
}
_COPIED: dict[str, dict[str, Callable[[_Twin, Any], Any]]] = {
    "registry.change": {"change_no": lambda twin, _: f"R202602-{twin.tokens.small(2**31):08X}"},
    "ledger.passage": {"passage_id": lambda twin, _: 1_000 + twin.tokens.small(100_000)},
    "ledger.seen_point": {"passage_id": lambda twin, _: 1_000 + twin.tokens.small(100_000)},
    "work.command": {
        "command_no": lambda twin, _: UUID(int=twin.rng.getrandbits(128), version=4),
        "idempotency_key": lambda twin, _: twin.tokens.word(),
    },
    "barrier.permit": {
        "permit_no": lambda twin, _: 100_000 + twin.tokens.small(100_000),
        "person": lambda twin, _: twin.tokens.word(),
    },
    "barrier.certificate": {"certificate_no": lambda twin, _: 100 + twin.tokens.small(100_000)},
    "barrier.account": {"person": lambda twin, _: twin.tokens.word()},
    "ledger.finding": {"finding_no": lambda twin, _: 100 + twin.tokens.small(100_000)},
    "ledger.review": {"review_no": lambda twin, _: 100 + twin.tokens.small(100_000)},
    "ledger.watch": {"watch_no": lambda twin, _: 100 + twin.tokens.small(100_000)},
    "registry.work_order": {"order_no": lambda twin, _: twin.tokens.word()},
}
"""Tables to which rows are added in the second world, and the columns that must then be new."""
