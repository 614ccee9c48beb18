"""What the tests of the log share: passages as gates write them, and a sequencer with fixed keys."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import TupleRow

import sekisho.ledger
from sekisho.ledger.log import Cosigner, Identity, Log
from sekisho.ledger.notes import COSIGNATURE, ED25519, ML_DSA_44, Signer, new_signer
from sekisho.ledger.sequencer import Sequencer
from sekisho.ledger.storage import DirectoryStore, Store

Connection = psycopg.Connection[TupleRow]
ORIGIN = "sekisho.example/etsuran"
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def sql_of_the_ledger() -> Sequence[str]:
    """The ledger's schema, without the rest of the platform."""
    package = Path(sekisho.ledger.__file__).parent
    return [(package / name).read_text(encoding="utf-8") for name in ("tables.sql", "log.sql")]


def key(name: str, kind: int = ED25519, *, number: int = 0) -> Signer:
    """A key that is the same in every run."""
    return new_signer(name=name, kind=kind, random=random.Random(f"{name}{kind}{number}").randbytes)


LOG_KEY = key(ORIGIN)
LOG_ML_DSA_KEY = key(ORIGIN, ML_DSA_44)
WITNESS_KEYS = (key("witness.example/w1", COSIGNATURE), key("witness.example/w2", COSIGNATURE))


@dataclass
class World:
    """A database, a place for the log, and the means to run a sequencer over them."""

    connect: Callable[[], Connection]
    root: Path
    dice: random.Random
    now: float = 1_795_000_000.0

    @property
    def store(self) -> DirectoryStore:
        return DirectoryStore(root=self.root)

    def log(
        self,
        *,
        store: Store | None = None,
        witnesses: Sequence[Cosigner] = (),
        quorum: int = 0,
        signers: Sequence[Signer] = (LOG_KEY,),
    ) -> Log:
        identity = Identity(origin=ORIGIN, signers=signers, witnesses=witnesses, quorum=quorum)
        return Log(store=store or self.store, identity=identity, clock=lambda: self.now)

    def sequencer(self, *, batch: int = 1000, **options: Any) -> Sequencer:
        return Sequencer(
            connection=self.connect(),
            open_log=lambda: self.log(**options),
            random=self.dice.randbytes,
            batch=batch,
        )


@dataclass
class Passages:
    """Inserts passages through a connection, as gates do; the transaction is the caller's."""

    connection: Connection
    dice: random.Random
    count: int = field(default=0)

    def write(
        self, many: int = 1, *, connection: Connection | None = None, at: datetime = START
    ) -> list[int]:
        """Write passages and return their numbers."""
        using = connection or self.connection
        month = (at + timedelta(hours=9)).date().replace(day=1)
        if self.connection.execute(
            "select to_regclass(%s)", (f"ledger.passage_{month:%Y%m}",)
        ).fetchone() == (None,):
            self.connection.execute("select ledger.ensure_month(%s)", (at,))
        return [self._one(using, at + timedelta(milliseconds=self.count + place)) for place in range(many)]

    def _one(self, connection: Connection, at: datetime) -> int:
        self.count += 1
        row = self._row(at)
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        query = f"insert into ledger.passage ({columns}) values ({marks}) returning passage_id"
        found = connection.execute(query.encode(), list(row.values())).fetchone()
        assert found is not None
        return int(found[0])

    def _row(self, at: datetime) -> dict[str, Any]:
        points = [f"03{self.dice.randrange(10**20):020d}" for _ in range(self.dice.randrange(4))]
        day = date(2026, 1, 1) + timedelta(days=self.dice.randrange(300))
        return {
            "at": at,
            "gate": self.dice.choice(["usage_month", "card", "contract_list"]),
            "audience": self.dice.choice(["retailer", "operator"]),
            "company": self.dice.choice([None, "A0001", "関所電力"]),
            "person": self.dice.choice(["tanaka", '佐藤 "次郎"\\', None]),
            "purpose": "switching",
            "case_no": self.dice.choice([None, "S-2026-0001"]),
            "verdict": self.dice.choice(["passed", "passed", "refused:expired"]),
            "points": points,
            "holders": ["A0001"] * len(points),
            "items": self.dice.sample(["契約名義", "使用電力量", "力率"], 2),
            "shown": self.dice.choice([None, f"[{day},{day + timedelta(days=30)})", f"[{day},)", "empty"]),
            "row_count": self.dice.randrange(100),
            "request_id": self.dice.choice([None, "r-1"]),
        }


def places(connection: Connection) -> list[tuple[int, int]]:
    """(index, passage) of every log entry, in the log's order."""
    return connection.execute("select idx, passage_id from ledger.leaf order by idx").fetchall()


def numbers(connection: Connection) -> set[int]:
    """The numbers of all passages."""
    return {row[0] for row in connection.execute("select passage_id from ledger.passage").fetchall()}


def as_json(text: str) -> Any:
    return json.loads(text)
