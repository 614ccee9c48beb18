"""One installation's log: where its tiles, keys and witnesses lie, and what puts them together.

<home>/ledger/log/            checkpoint and tiles: what is served, copied and verified; or an object store, see `place`
<home>/ledger/witnesses       one witness a line: its URL and its public keys, separated by spaces
<home>/secrets/ledger/        the log's private keys
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from sekisho.kernel.errors import SekishoError, WrongUse
from sekisho.ledger.announcements import Announcements
from sekisho.ledger.log import CHECKPOINT, Identity, Log, UnableToCosign
from sekisho.ledger.notes import ED25519, ML_DSA_44, Signer, new_signer, parse_signer, parse_verifier
from sekisho.ledger.place import log_of
from sekisho.ledger.sequencer import Sequencer, Step, follow
from sekisho.ledger.storage import DirectoryStore, ObjectStore
from sekisho.ledger.witness_client import WitnessClient
from sekisho.settings.home import Home

_KEY: Final = "ledger/log.key"
_ML_DSA_KEY: Final = "ledger/log-ml-dsa-44.key"

Connection = psycopg.Connection[TupleRow]


class UnableToNameLog(SekishoError):
    """The log has a name already; a log cannot be renamed."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """An installation's log. `random` and `clock` (POSIX seconds) come from outside."""

    home: Home
    random: Callable[[int], bytes]
    clock: Callable[[], float]

    @cached_property
    def store(self) -> DirectoryStore | ObjectStore:
        """Where the published log lies; see `place`."""
        return log_of(self.home)

    @property
    def published_at(self) -> float | None:
        """When the published checkpoint was written (POSIX seconds); None before the first."""
        return self.store.changed_at(CHECKPOINT)

    def signers(self) -> list[Signer]:
        """Return the log's keys, the Ed25519 key first, making it on first use under a name of its own."""
        signer = parse_signer(
            self.home.ensure_secret(name=_KEY, make=lambda: self._new(self._some_name(), ED25519))
        )
        if not self.home.secret_path(name=_ML_DSA_KEY).exists():
            return [signer]
        return [signer, parse_signer(self.home.read_secret(name=_ML_DSA_KEY))]

    def name_log(self, *, origin: str) -> None:
        """Make the log's key under a given name; raise `UnableToNameLog` when it has another one."""
        self.home.prepare()
        made = parse_signer(self.home.ensure_secret(name=_KEY, make=lambda: self._new(origin, ED25519)))
        if made.name != origin:
            raise UnableToNameLog(
                f"このログの名前は既に {made.name} です。変更できません。",
                f"This log is already named {made.name}; a log cannot be renamed.",
            )

    def add_ml_dsa(self) -> None:
        """Make the log sign with ML-DSA-44 as well, from the next checkpoint on."""
        origin = self.signers()[0].name
        self.home.ensure_secret(name=_ML_DSA_KEY, make=lambda: self._new(origin, ML_DSA_44))

    def witnesses(self) -> list[WitnessClient]:
        """Return the witnesses of the file `ledger/witnesses`; raise `WrongUse` naming a malformed line."""
        path = self.home.root / "ledger" / "witnesses"
        if not path.exists():
            return []
        lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        return [_witness(path, number, line) for number, line in lines if line.strip() and line[0] != "#"]

    def log(self, *, quorum: int | None = None) -> Log:
        """Open the log; all witnesses must cosign unless `quorum` says fewer."""
        witnesses = self.witnesses()
        needed = len(witnesses) if quorum is None else quorum
        signers = self.signers()
        identity = Identity(origin=signers[0].name, signers=signers, witnesses=witnesses, quorum=needed)
        return Log(store=self.store, identity=identity, clock=self.clock)

    def sequencer(self, *, connection: Connection, quorum: int | None = None) -> Sequencer:
        """Return the sequencer over a connection in autocommit mode of its own."""
        return Sequencer(connection=connection, open_log=lambda: self.log(quorum=quorum), random=self.random)

    def follow(
        self,
        *,
        connect: Callable[[], Connection],
        stop: threading.Event,
        report: Callable[[Step | UnableToCosign], None],
        quorum: int | None = None,
        pause: float = 0.1,
        announced: bool = True,
    ) -> None:
        """Keep the log up until `stop` is set. Opens two autocommit connections.

        `announced=False` leaves rolled-back readings out: for a login that may not read the WAL yet.
        """
        with closing(connect()) as writing, closing(connect()) as listening:
            announcements = Announcements(connection=listening) if announced else None
            if announcements is not None:
                announcements.ensure_slot()
            sequencer = self.sequencer(connection=writing, quorum=quorum)
            follow(sequencer=sequencer, announcements=announcements, stop=stop, pause=pause, report=report)

    def _new(self, origin: str, kind: int) -> str:
        return new_signer(name=origin, kind=kind, random=self.random).private_text

    def _some_name(self) -> str:
        # Two installations must never share a name; a name that resolves is nicer, and `name_log` gives one.
        return f"sekisho.invalid/{self.random(6).hex()}"


def _witness(path: Path, number: int, line: str) -> WitnessClient:
    url, *keys = line.split()
    if not keys:
        raise WrongUse(
            f"{path} の {number} 行目に公開鍵がありません。",
            f"{path}, line {number}: the public key is missing.",
        )
    return WitnessClient(url, tuple(parse_verifier(key) for key in keys))
