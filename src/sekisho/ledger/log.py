"""The log itself: grows the tree in a store and publishes signed checkpoints.

Everything written here follows from the order of entries that the database has fixed, so that dying at any
line and doing it again writes the same bytes. The order of writing is what keeps a reader safe:

    tiles and bundles (durable)  →  cosignatures  →  checkpoint (durable)  →  partial tiles no longer needed
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.merkle import leaf_hash
from sekisho.ledger.notes import (
    Checkpoint,
    Note,
    Signature,
    Signer,
    parse_checkpoint,
    parse_note,
    trusted,
)
from sekisho.ledger.storage import Store
from sekisho.ledger.tiles import WIDTH, Edge, TileReader, tile_path

CHECKPOINT = "checkpoint"


class UnableToContinueLog(SekishoError):
    """The stored log, the database and the keys do not tell one history: nothing more may be signed."""


class UnableToCosign(SekishoError):
    """Too few witnesses have cosigned; the checkpoint stays unpublished and the lag grows."""


class Cosigner(Protocol):
    """A witness as the log sees it."""

    def cosign(self, *, note: Note, reader: TileReader) -> list[Signature]:
        """Return the witness's valid cosignatures; raise `UnableToCosign` naming the reason."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who signs: the origin line, the log's keys (the first is Ed25519 under the origin's name), the
    witnesses.

    `quorum` cosignatures by different witnesses are needed before a checkpoint is published.
    """

    origin: str
    signers: Sequence[Signer]
    witnesses: Sequence[Cosigner] = ()
    quorum: int = 0


class Log:
    """A log in a store, opened at its published checkpoint. One process at a time."""

    def __init__(self, *, store: Store, identity: Identity, clock: Callable[[], float]) -> None:
        self._store = store
        self._identity = identity
        self._clock = clock
        self._published, self._edge = self._open()

    @property
    def size(self) -> int:
        """The number of entries in the tree, published or not yet."""
        return self._edge.size

    @property
    def published(self) -> Checkpoint | None:
        """The checkpoint that readers see; None before the first."""
        return self._published

    def extend(self, entries: Sequence[bytes]) -> None:
        """Add entries and write their tiles durably; readers see them with the next checkpoint."""
        self._store.create(self._edge.append(entries, [leaf_hash(entry) for entry in entries]))

    def publish(self) -> Note:
        """Sign, have cosigned and publish the tree as it stands; return the checkpoint."""
        head = Checkpoint(self._identity.origin, self._edge.size, self._edge.root())
        now = int(self._clock())
        note = Note(head.text, tuple(key.sign(text=head.text, time=now) for key in self._identity.signers))
        note = self._cosigned(note)
        self._store.replace(CHECKPOINT, str(note).encode())
        self._forget_partials(since=self._published.size if self._published else 0)
        self._published = head
        return note

    def last_entries(self) -> tuple[int, list[bytes]]:
        """Return the entries of the last tile of the published tree, with the index of the first."""
        if self._published is None or self._published.size == 0:
            return 0, []
        number = (self._published.size - 1) // WIDTH
        return number * WIDTH, TileReader(store=self._store, size=self._published.size).entries(number)

    def _open(self) -> tuple[Checkpoint | None, Edge]:
        raw = self._store.get(CHECKPOINT)
        if raw is None:
            return None, Edge()
        note = parse_note(raw.decode())
        # Our own signature must stand: a checkpoint that somebody else put there is not ours to continue.
        trusted(note=note, verifiers=[signer.verifier for signer in self._identity.signers])
        head = parse_checkpoint(note.text)
        if head.origin != self._identity.origin:
            raise _two_histories(f"origin {head.origin!r}")
        edge = TileReader(store=self._store, size=head.size).edge()
        if edge.root() != head.root:
            raise _two_histories("the tiles do not lead to the checkpoint's root")
        return head, edge

    def _cosigned(self, note: Note) -> Note:
        if not self._identity.witnesses:
            return note
        reader = TileReader(store=self._store, size=self._edge.size)
        reasons, answered = [], 0
        for witness in self._identity.witnesses:
            try:
                note = note.with_signatures(witness.cosign(note=note, reader=reader))
                answered += 1
            except UnableToCosign as fault:
                reasons.append(fault.en)
        if answered < self._identity.quorum:
            raise UnableToCosign(
                f"証人の連署が {answered} 件です(必要 {self._identity.quorum} 件): {'; '.join(reasons)}",
                f"{answered} of {self._identity.quorum} needed witnesses cosigned: {'; '.join(reasons)}",
            )
        return note

    def _forget_partials(self, *, since: int) -> None:
        """Delete partial tiles whose full tile now stands under a published checkpoint."""
        before, after, level = since, self._edge.size, 0
        while after:
            for number in range(before // WIDTH, after // WIDTH):
                self._store.forget(tile_path(level=level, number=number) + ".p")
                if level == 0:
                    self._store.forget(tile_path(level="entries", number=number) + ".p")
            before, after, level = before // WIDTH, after // WIDTH, level + 1


def _two_histories(reason: str) -> UnableToContinueLog:
    return UnableToContinueLog(
        f"保存されたログを続けられません: {reason}。データベースとログの複製を確かめてください。"
        "何も署名していません。",
        f"The stored log cannot be continued: {reason}. Check database and log against their copies. "
        "Nothing was signed.",
    )
