"""A small area made up from a seed: a few rows in every table that a gate can reach, and in those that none may reach.

Every cell that can carry one holds a token that stands nowhere else, so that an answer betrays where it came from. The area is laid out so
that each clause of the policy has something to hide: points that changed hands in both directions, facts on both sides of each change,
rows of namesakes and of former employers, work orders that have ended.
"""

import itertools
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

JST = ZoneInfo("Asia/Tokyo")
Row = dict[str, Any]
Span = tuple[date, date | None]
"""A period of days, half open; None: without an end."""

RETAILERS = ("00016", "00026", "00036", "00046")
AFFILIATE = "00026"
CONTRACTORS = ("K0001", "K0002")
FACTS = ("party", "place", "terms", "meter", "equipment", "generation")
USAGE_DAYS = 4


@dataclass(slots=True)
class World:
    """The rows of each table, in the order in which they can be stored. `now` is the one moment at which everything is asked."""

    now: datetime
    tables: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day of `now` in the service area."""
        return self.now.astimezone(JST).date()

    def rows(self, table: str) -> list[Row]:
        """The rows of one table, for reading and for adding."""
        return self.tables.setdefault(table, [])

    def cells(self) -> Iterator[tuple[str, Row, str, Any]]:
        """Every cell: table, row, column, value."""
        for table, rows in self.tables.items():
            for row in rows:
                for column, value in row.items():
                    yield table, row, column, value


class Tokens:
    """Values that stand nowhere else. `letter` keeps the values of two worlds apart."""

    def __init__(self, letter: str) -> None:
        self._letter = letter
        self._count = 0

    def word(self) -> str:
        """Eight letters and digits beginning with `kq`, the form that the canary scan looks for."""
        self._count += 1
        return f"kq{self._letter}{self._count:05d}"

    def number(self, digits: int, prefix: str = "") -> str:
        """A string of digits that ends in the running number."""
        self._count += 1
        return prefix + f"{ord(self._letter) - 90}{self._count:07d}".rjust(digits - len(prefix), "7")

    def small(self, ceiling: int = 900_000) -> int:
        """A number that is unlikely to be another's."""
        self._count += 1
        return (self._count * 7919 + ord(self._letter) * 104_729) % ceiling + 1


def make_world(*, seed: int, now: datetime) -> World:
    """The area of one seed, as it stands at `now`."""
    return _Maker(seed, now).make()


class _Maker:
    def __init__(self, seed: int, now: datetime) -> None:
        self.rng = random.Random(seed)  # noqa: S311 – deterministic by seed
        self.world = World(now)
        self.tokens = Tokens("a")
        self._ids = itertools.count(1)
        self.recorded = now - timedelta(days=400)

    def make(self) -> World:
        self._retailers()
        self._points()
        self._people()
        self._orders()
        self._changes()
        self._passages()
        self._scoping()
        self._commands()
        self._bundles()
        self._permits()
        self._rest()
        return self.world

    def add(self, table: str, **row: Any) -> Row:
        self.world.rows(table).append(row)
        return row

    def _retailers(self) -> None:
        for number, code in enumerate(RETAILERS):
            self.add("registry.retailer", code=code, registration_no=f"A{number + 1:04d}", name=f"{code}電力{self.tokens.word()}",
                     name_kana=f"デンリョク{self.tokens.word()}", affiliate=code == AFFILIATE, valid=(date(2016, 4, 1), None),
                     recorded_at=self.recorded)  # fmt: skip

    def _points(self) -> None:
        a, b, c, d = RETAILERS
        today = self.world.today
        chains = [(a, b), (b, a), (a,), (b,), (c, a, c), (c, b), (d,), (a, d), (b, c), (c,), (a,), (b,)]
        for number, chain in enumerate(chains):
            point = self.tokens.number(22, "06")
            kind = "generation" if number % 4 == 2 or number in (3, 10) else "demand"
            self.add("registry.point", point=point, kind=kind, voltage_class="LV", site_no=self.tokens.word(), postal_code="530-0001",
                     address=f"架空市{self.tokens.word()}", building=f"荘{self.tokens.word()}", address_key=f"架空市{self.tokens.word()}",
                     paired_point=None, recorded_at=self.recorded)  # fmt: skip
            ends = number in (7, 9)  # nobody holds it today
            for holder, span in zip(chain, self._spans(len(chain), today, ends=ends), strict=True):
                self._contract(point, holder, span, kind)

    def _spans(self, count: int, today: date, *, ends: bool) -> Iterator[Span]:
        """Successive periods with days between them; the last one is open unless `ends`."""
        start = date(2017, 1, 1) + timedelta(days=self.rng.randrange(300))
        for number in range(count):
            last = number == count - 1
            end = None if last and not ends else start + timedelta(days=400 + self.rng.randrange(200))
            if end is not None and last:
                end = min(end, today - timedelta(days=60))
            yield start, end
            start = (end or start) + timedelta(days=30)

    def _contract(self, point: str, holder: str, valid: Span, kind: str) -> None:
        customer = self.tokens.number(14)
        self.add(
            "registry.customer",
            customer_no=customer,
            kind="person",
            corporate_no=self.tokens.number(13),
            recorded_at=self.recorded,
        )
        no = self.tokens.word().upper()
        key: Row = {"contract_no": no, "point": point, "holder": holder}
        self.add("registry.contract", **key, customer_no=customer, application_type=f"0{self.rng.randrange(1, 9)}", valid=valid,
                 recorded_at=self._moment())  # fmt: skip
        middle = valid[0] + timedelta(days=90)
        for span in ((valid[0], middle), (middle, valid[1])):
            self.add("registry.party", **self._party(), **key, valid=span)
        for table in FACTS[1:]:
            if table != "generation" or kind == "generation" or self.rng.random() < 0.5:
                self.add(f"registry.{table}", **self._fact(table), **key, valid=valid)
        for table in FACTS:
            fact = self._party() if table == "party" else self._fact(table)
            self.add(
                f"registry.{table}_history",
                **fact,
                **key,
                valid=valid,
                superseded_at=self._moment(),
                change_no=self._change_no(),
            )
        self.add("registry.contract_history", **key, customer_no=self.tokens.number(14), application_type="05", valid=valid, state="running",
                 recorded_at=self._moment(), superseded_at=self._moment(), change_no=self._change_no())  # fmt: skip
        self._usage(key, valid)

    def _change_no(self) -> str:
        return f"R202601-{self.tokens.small(2**31):08X}"

    def _moment(self) -> datetime:
        return self.recorded + timedelta(seconds=self.tokens.small(8_000_000))

    def _party(self) -> Row:
        first, kana = self.rng.choice("山田佐鈴高"), self.rng.choice("アカサタナ")
        word, reading, phone = self.tokens.word(), self.tokens.word(), self.tokens.number(11, "090")
        return {
            "party_id": self._id(), "customer_kind": self.rng.choice(("person", "company", "device")), "name": first + word, "name_kana": kana + reading,
            "phone": phone, "slip_postal_code": f"530-{self.rng.randrange(10_000):04d}", "slip_address": f"大阪府架空市{self.tokens.word()}",
            "slip_name": f"{first}{self.tokens.word()}様", "name_key": first + word, "kana_key": kana + reading, "phone_key": phone,
            "recorded_at": self._moment(),
        }  # fmt: skip

    def _id(self) -> int:
        return next(self._ids)

    def _fact(self, table: str) -> Row:
        word, small = self.tokens.word, self.tokens.small
        facts: dict[str, Row] = {
            "place": {"place_id": self._id(), "voltage_class": "LV", "postal_code": f"530-{self.rng.randrange(10_000):04d}",
                      "address": f"架空市{word()}", "building": f"荘{word()}", "address_key": f"架空市{word()}"},
            "terms": {"terms_id": self._id(), "menu_code": f"{self.rng.choice((101, 102, 201))}", "equipment_w": small(), "contract_w": small(),
                      "contract_ampere": self.rng.choice((30, 40, 60)), "power_factor": self.rng.randrange(80, 100),
                      "supply_voltage": self.rng.choice((100, 200)), "supply_method": f"方式{word()}", "decision_method": f"決定{word()}",
                      "reading_schedule": f"日程{word()}"},
            "meter": {"meter_id": self._id(), "meter_no": f"M{word()}", "meter_class": f"区分{word()}", "smart": self.rng.random() < 0.5,
                      "multiplier": small(900)},
            "equipment": {"equipment_id": self._id(), "equipment_no": 1, "kind": self.rng.choice(("night", "generator")),
                          "description": f"機器{word()}", "capacity_w": small()},
            "generation": {"generation_id": self._id(), "surplus_type": f"余剰{word()}", "fixed_price_from": date(2018, 1, 1) + timedelta(days=small(1500)),
                           "purchase_price": small(9999), "certified_equipment": f"認定{word()}", "receiving_w": small()},
        }  # fmt: skip
        return facts[table] | {"recorded_at": self._moment()}

    def _usage(self, key: Row, valid: Span) -> None:
        start = (valid[1] or self.world.today) - timedelta(days=USAGE_DAYS + 10)
        for number in range(USAGE_DAYS):
            day = start + timedelta(days=number)
            row: Row = key | {
                "day": day,
                "wh": self._slots(),
                "estimated": self.tokens.small(),
                "revision": 1 + number % 3,
                "recorded_at": self._moment(),
            }
            self.add("metering.usage_day", **row)
            self.add(
                "metering.usage_day_history",
                **row
                | {
                    "wh": self._slots(),
                    "total_wh": self.tokens.small(),
                    "missing": 0,
                    "superseded_at": self._moment(),
                },
            )

    def _slots(self) -> list[int | None]:
        return [None if self.rng.random() < 0.05 else self.rng.randrange(1000) for _ in range(48)]

    def _people(self) -> None:
        for person, company in (
            ("clerk", "TD"),
            ("guard", "TD"),
            ("former.clerk", "TD"),
            ("crew", "K0001"),
            ("crew2", "K0002"),
        ):
            self.add(
                "registry.staff",
                person=person,
                name=f"係{self.tokens.word()}",
                company=company,
                recorded_at=self.recorded,
            )
            self.add(
                "registry.posting",
                person=person,
                post=f"課{self.tokens.word()}",
                valid=(date(2020, 4, 1), None),
                recorded_at=self.recorded,
            )
        for code in CONTRACTORS:
            self.add(
                "registry.contractor", code=code, name=f"工事{self.tokens.word()}", recorded_at=self.recorded
            )
        for schema, person, audience, company in (("accounts_operator", "clerk", "operator", "TD"), ("accounts_retailer", "r.00016", "retailer", "00016"),
                                                  ("accounts_retailer", "r.00026", "retailer", "00026")):  # fmt: skip
            self.add("barrier.account", schema=schema, person=person, username=f"u{self.tokens.word()}", audience=audience, company=company,
                     display_name=f"名{self.tokens.word()}", department=f"部{self.tokens.word()}", role=f"職{self.tokens.word()}", machine=False,
                     active=True, pending=False, locked_until=None, last_login=self._moment(), created_at=self._moment(),
                     created_by=f"by{self.tokens.word()}", ended_at=None)  # fmt: skip

    def _orders(self) -> None:
        today = self.world.today
        points = [row["point"] for row in self.world.rows("registry.point")]
        open_, over = (
            (today - timedelta(days=3), today + timedelta(days=3)),
            (today - timedelta(days=30), today - timedelta(days=3)),
        )
        to_come = (today + timedelta(days=2), today + timedelta(days=9))
        for number, (contractor, valid) in enumerate((("K0001", open_), ("K0001", open_), ("K0001", open_), ("K0001", over), ("K0002", open_),
                                                      ("K0002", open_), ("K0001", to_come))):  # fmt: skip
            self.add("registry.work_order", order_no=f"W-{self.tokens.word()}", contractor=contractor, point=points[number], task=f"作業{self.tokens.word()}",
                     valid=valid, recorded_at=self._moment())  # fmt: skip

    def _changes(self) -> None:
        for number, contract in enumerate(self.world.rows("registry.contract")[:4]):
            self.add("registry.change", change_no=self._change_no(), kind="name", point=contract["point"], reason=f"理由{self.tokens.word()}",
                     drafted_by="clerk", drafted_at=self._moment(), approved_by=None, approved_at=None, state=("drafted", "rejected")[number % 2],
                     payload={"name": self.tokens.word()}, seen=self.tokens.word(), about={"day": "2026-04-01", "table": "party"},
                     new_name=f"新{self.tokens.word()}", new_name_kana=f"シン{self.tokens.word()}", new_phone=f"090{self.tokens.word()}",
                     new_slip_postal_code=self.tokens.word(), new_slip_address=f"架空市南区送付{self.tokens.word()}", new_slip_name=f"宛{self.tokens.word()}",
                     **{f"new_{item}": {"value": self.tokens.word()} for item in CORRECTED})  # fmt: skip
            self.add("registry.event", event_id=number + 1, at=self._moment(), action="registry.draft", by="clerk",
                     subject=self.tokens.word(), detail={"name": self.tokens.word()})  # fmt: skip

    def _passages(self) -> None:
        """Of this month, whose partition is there. Every retailer has been looked at, by several audiences."""
        first = datetime(self.world.today.year, self.world.today.month, 1, tzinfo=JST)
        readers = (("operator", "TD", "clerk", "switching"), ("retailer", "00016", "r.00016", "contract"), ("contractor", "K0001", "crew", "work"),
                   ("callcentre", "CC", "agent", "enquiry"))  # fmt: skip
        step = (self.world.now - first) / 200
        for number, contract in enumerate(self.world.rows("registry.contract") * 2):
            audience, company, person, purpose = readers[number % len(readers)]
            at = first + step * (number + 1)
            refused = number % 5 == 4
            read: Row = {"at": at, "passage_id": number + 1, "gate": ("point_contracts", "reveal_name", "find_by_name")[number % 3], "audience": audience,
                         "company": company, "purpose": purpose, "items": ["name", "point"]}  # fmt: skip
            self.add("ledger.passage", **read, person=person, case_no=None, verdict="refused:expired" if refused else "passed",
                     points=[contract["point"]], holders=[contract["holder"]], shown=(date(2020, 1, 1), None), row_count=1 + number % 3,
                     request_id=self.tokens.word())  # fmt: skip
            self.add(
                "ledger.seen_point",
                **read,
                person=f"p{self.tokens.word()}",
                point=contract["point"],
                holder=contract["holder"],
                first_of_point=True,
            )
        self.add("ledger.unsettled", passage_id=900, xact="7", body={"person": self.tokens.word()})
        self.add(
            "ledger.leaf",
            at=first + step,
            passage_id=901,
            idx=0,
            salt=b"0123456789abcdef",
            entry=b"0123456789abcdef0123456789abcdef",
        )
        self.add("ledger.checkpoint", size=1, at=first, note=self.tokens.word())
        for number in (901, 902):  # beyond those that the trigger gives when a caller's ledger falls behind
            self.add("ledger.lag_change", change_no=number, at=self._moment(), login=f"l{self.tokens.word()}", os_user=f"o{self.tokens.word()}",
                     by=f"by{self.tokens.word()}", reason=f"理由{self.tokens.word()}", old_seconds=None, new_seconds=self.tokens.small())  # fmt: skip

    def _scoping(self) -> None:
        """What leak scoping found, and what was decided about unusual readings."""
        points = [row["point"] for row in self.world.rows("registry.point")]
        for number in (1, 2, 3):
            self.add("ledger.finding", finding_no=number, at=self._moment(), by=f"by{self.tokens.word()}", title=f"調査{self.tokens.word()}",
                     kind=("scope", "what-if", "who-saw")[number - 1],
                     question={"gate": self.tokens.word()}, totals={"points": self.tokens.small()}, tree_size=self.tokens.small(),
                     checkpoint=self.tokens.word(), digest=f"{self.rng.getrandbits(256):064x}")  # fmt: skip
            for point in points[number : number + 3]:
                self.add("ledger.finding_point", finding_no=number, point=point, holder=self.rng.choice(RETAILERS), views=self.tokens.small(),
                         readers=self.tokens.small(), first_at=self._moment(), last_at=self._moment(), gates=[self.tokens.word()],
                         items=[self.tokens.word()], contracted=number == 1)  # fmt: skip
            for line in (1, 2, 3):
                self._seen_by(number, line)
            self.add("ledger.review", review_no=number, made_at=self._moment(), rule=f"rule{self.tokens.word()}", day=date(2026, 1, number),
                     audience="operator", company="TD", person=f"p{self.tokens.word()}", purpose="switching", weight=self.tokens.small(),
                     facts={"points": self.tokens.small()})  # fmt: skip
            self.add("ledger.watch", watch_no=number, at=self._moment(), by=f"by{self.tokens.word()}", point=points[number], kind="vip",
                     reason=f"理由{self.tokens.word()}")  # fmt: skip
        for number in (1, 2):
            self.add(
                "ledger.decision",
                review_no=number,
                at=self._moment(),
                by=f"by{self.tokens.word()}",
                decision="explained",
                reason=f"理由{self.tokens.word()}",
            )

    def _seen_by(self, finding: int, line: int) -> None:
        """One line of a what-if, and one of an answer to a customer."""
        who = {"person": f"p{self.tokens.word()}", "audience": "operator", "company": "TD", "purpose": "switching", "gate": self.tokens.word(),
               "items": [self.tokens.word()]}  # fmt: skip
        self.add("ledger.finding_reader", finding_no=finding, reader_no=line, **who, readings=self.tokens.small(), customers=self.tokens.small(),
                 first_at=self._moment(), last_at=self._moment())  # fmt: skip
        self.add("ledger.finding_reading", finding_no=finding, reading_no=line, at=self._moment(), passage_id=self.tokens.small(), **who,
                 case_no=None, shown_from=date(2026, 1, line), shown_to=date(2026, 2, line), holder=self.rng.choice(RETAILERS),
                 tenancy_from=date(2025, 1, line), tenancy_to=None, by_right="duty", rule=self.tokens.word(), basis=self.tokens.word(),
                 permit_no=self.tokens.small(), order_no=self.tokens.word(), certain=True, corrected=False)  # fmt: skip

    def _commands(self) -> None:
        """Submissions of everybody, of namesakes in other audiences, and of people before they changed their company."""
        who = [("retailer", code, f"r.{code}", "contract") for code in RETAILERS]
        who += [("operator", "TD", "clerk", purpose) for purpose in ("wheeling", "switching", "safety")]
        who += [("operator", "TD", "other.clerk", "switching"), ("security", "TD", "clerk", "oversight"), ("operator", "OLD", "clerk", "switching"),
                ("security", "TD", "guard", "oversight"), ("retailer", "00036", "r.00016", "contract")]  # fmt: skip
        kinds = {
            "retailer": "registry.request_correction",
            "operator": "registry.draft_change",
            "security": "barrier.transfer",
        }
        points = [row["point"] for row in self.world.rows("registry.point")]
        for number, (audience, company, person, purpose) in enumerate(who):
            for _ in range(2):
                key = self.tokens.word()
                self.add("work.command", command_no=UUID(int=self.rng.getrandbits(128), version=4), kind=kinds[audience],
                         payload={"point": points[number % len(points)], "reason": self.tokens.word()}, audience=audience, company=company, person=person,
                         purpose=purpose, request_id=self.tokens.word(), idempotency_key=key, submitted_at=self._moment(), state="done",
                         attempts=1, finished_at=self._moment(), outcome={"message": self.tokens.word()},
                         point=points[number % len(points)])  # fmt: skip
                if audience in ("retailer", "security"):
                    self._export(audience, company, person, purpose)

    def _export(self, audience: str, company: str, person: str, purpose: str) -> None:
        """A file of this person, with one piece; what is sealed in it is nobody's to read here."""
        whose = {
            "export_no": UUID(int=self.rng.getrandbits(128), version=4),
            "audience": audience,
            "company": company,
            "person": person,
        }
        self.add("work.export", **whose, kind="contracts", form="excel", params={"name": self.tokens.word()}, purpose=purpose,
                 asked_at=self._moment(), state="failed", total=None, row_count=0, parts=1, bytes=0, resume_key={"key": self.tokens.word()},
                 sha256=None, started_at=self._moment(), finished_at=self._moment(), expires_at=self._moment(),
                 outcome={"ja": self.tokens.word(), "en": self.tokens.word()})  # fmt: skip
        self.add("work.export_part", **whose, part_no=1, body=self.tokens.word())

    def _bundles(self) -> None:
        """Proof bundles of security and of the auditor, each with its one piece."""
        for audience, company, person in (("security", "TD", "guard"), ("auditor", "METI", "inspector")):
            number = UUID(int=self.rng.getrandbits(128), version=4)
            self.add("work.bundle", bundle_no=number, made_at=self._moment(), expires_at=self._moment(), audience=audience, company=company,
                     person=person, asked={"company": self.tokens.word()}, state="done", refusal=None, kind="whole", first_idx=0, end_idx=9,
                     passages=9, waiting=0, tree_size=9, checkpoint=self.tokens.word(), bytes=100, sha256=self.tokens.word(), parts=1)  # fmt: skip
            self.add("work.bundle_part", bundle_no=number, part_no=1, body=self.tokens.word())

    def _permits(self) -> None:
        """Permits and cases of others, so that those who oversee have something to see. Those of the callers are added by `people`."""
        now = self.world.now
        self.add("barrier.case_file", case_no="DIS-2020-001", purpose="disaster", title=f"台風{self.tokens.word()}", opened_by="guard",
                 opened_at=now - timedelta(days=300), valid=(now - timedelta(days=300), now - timedelta(days=299)), reviewed_by="other",
                 reviewed_at=self._moment(), review_note=f"所見{self.tokens.word()}")  # fmt: skip
        for number, kind in enumerate(("permit", "permit", "case", "case")):
            self.add("barrier.draft", draft_no=number + 1, kind=kind, purpose="disaster", case_no=f"DIS-2020-{number + 10:03d}",
                     reason=f"理由{self.tokens.word()}", person=f"p{self.tokens.word()}", audience="operator", company=f"c{self.tokens.word()}",
                     valid=(date(2020, 1, 1), None), title=f"台風{self.tokens.word()}", hours=24, drafted_by=f"d{self.tokens.word()}",
                     drafted_at=self._moment(), state="drafted", decided_by=None, decided_at=None, note=self.tokens.word())  # fmt: skip
        for number in range(3):
            self.add("barrier.permit", permit_no=900 + number, person=f"p{self.tokens.word()}", audience="operator", company="TD",
                     purpose="safety", valid=(date(2020, 1, 1), None), case_no=None, reason=f"理由{self.tokens.word()}",
                     granted_by=f"g{self.tokens.word()}", granted_at=self._moment(), ended_by=None, ended_at=None)  # fmt: skip

    def _rest(self) -> None:
        for number in range(2):
            self.add(
                "barrier.certificate",
                certificate_no=number + 1,
                at=self._moment(),
                holds=True,
                digest=self.tokens.word(),
                body={"holds": True, "note": self.tokens.word()},
            )
        self.add("registry.import_run", import_no=1, kind="contracts", file_name=self.tokens.word(), sha256="0" * 64, by="worker", at=self._moment(),
                 state="done", next_byte=0, next_row=0, rejects_bytes=0, counts={})  # fmt: skip


CORRECTED = (
    "customer_kind", "customer_no", "retailer", "application_type", "address", "supply_voltage", "menu", "equipment_capacity",
    "contract_capacity", "power_factor", "reading_schedule", "meter", "night_equipment", "surplus_type", "fixed_price_from",
    "purchase_price", "certified_equipment",
)  # fmt: skip
"""The items whose new values a correction carries in a column of their own, besides those that are masked."""

# --- into a database

ORDER = (
    "registry.retailer", "registry.point", "registry.customer", "registry.contract", *(f"registry.{t}" for t in FACTS),
    *(f"registry.{t}_history" for t in ("contract", *FACTS)), "metering.usage_day", "metering.usage_day_history", "registry.staff",
    "registry.posting", "registry.contractor", "registry.work_order", "registry.change", "registry.event", "registry.import_run",
    "barrier.draft", "barrier.case_file", "barrier.permit", "barrier.account", "barrier.certificate", "ledger.passage", "ledger.seen_point", "ledger.unsettled",
    "ledger.leaf", "ledger.checkpoint", "ledger.lag_change", "ledger.finding", "ledger.finding_point",
    "ledger.finding_reader", "ledger.finding_reading", "ledger.review", "ledger.decision", "ledger.watch", "work.command", "work.export", "work.export_part", "work.bundle", "work.bundle_part",
)  # fmt: skip


def put(conn: psycopg.Connection, world: World) -> None:
    """Store a world, as the owner, in one transaction."""
    with conn.transaction():
        days = {row["day"].replace(day=1) for row in world.rows("metering.usage_day")}
        for day in sorted(days):
            conn.execute("select metering.ensure_month(%s)", [day])
        conn.execute(
            "select ledger.ensure_month(%(now)s), ledger.ensure_leaf_month(%(now)s)", {"now": world.now}
        )
        for table in ORDER:
            rows = [_insert(table, row) for row in world.rows(table)]
            if rows:
                conn.execute(sql.SQL("; ").join(rows))


def _insert(table: str, row: Mapping[str, Any]) -> sql.Composed:
    columns = sql.SQL(", ").join(map(sql.Identifier, row))
    values = sql.SQL(", ").join(map(_literal, row.values()))
    return sql.SQL("insert into {} ({}) overriding system value values ({})").format(
        sql.Identifier(*table.split(".")), columns, values
    )


def _literal(value: Any) -> sql.Composable:
    """A cell as an untyped literal, so that the column's type decides how it is read."""
    if isinstance(value, tuple):
        start, end = value
        return sql.Literal(f"[{start.isoformat()},{'' if end is None else end.isoformat()})")
    if isinstance(value, dict):
        return sql.Literal(json.dumps(value, ensure_ascii=False))
    if isinstance(value, datetime | date | UUID):
        return sql.Literal(str(value))
    return sql.Literal(value)
