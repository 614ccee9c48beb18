"""Test data that others wrote: run against the writer's code and against the stand-alone verifier.

Two layouts are known, wherever in the folder they lie:

- transparency-dev/merkle `testdata`: JSON files with an inclusion proof (`leafIdx`), also in a subtree
(`start`),
  or a consistency proof (`size1`), and `wantErr`. Known-bad vectors must be rejected. Consistency of
  *subtrees* belongs to a draft that this log does not use; such files are named as passed over, not
  counted.
- Tessera's `testdata/log`: a tlog-tiles log with its checkpoints `checkpoint`, `checkpoint.<n>`; each
checkpoint's
  root must follow from the tiles, and its entries from the bundles.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.merkle import is_consistent, is_included, leaf_hash
from sekisho.ledger.notes import Checkpoint, Verifier, parse_checkpoint, parse_note, trusted
from sekisho.ledger.storage import DirectoryStore
from sekisho.ledger.tiles import WIDTH, TileReader
from sekisho.ledger.verify import sekisho_verify


class UnableToReadVectors(SekishoError):
    """The folder holds no vectors of a known layout, or one of them is malformed."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A vector of a kind that this log has no use for."""

    path: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """One vector: where it is, what it says, if it must hold, and if writer and verifier say it does."""

    path: Path
    description: str
    must_hold: bool
    writer: bool
    verifier: bool

    @property
    def agrees(self) -> bool:
        return self.writer == self.verifier == self.must_hold


def run_vectors(*, folder: Path, log_key: Verifier | None = None) -> Iterator[Outcome | PassedOver]:
    """Yield the outcome of each vector; with `log_key` the checkpoints' signatures are checked too."""
    found = False
    for path in sorted(folder.rglob("*")):
        outcomes: Iterator[Outcome | PassedOver] = iter(())
        if path.suffix == ".json" and path.is_file():
            outcomes = _proof_vector(path)
        elif path.name.partition(".")[0] == "checkpoint" and (path.parent / "tile").is_dir():
            outcomes = iter([_log_vector(path, log_key)])
        for outcome in outcomes:
            found = True
            yield outcome
    if not found:
        raise UnableToReadVectors(
            f"{folder} に試験ベクトルがありません(merkle testdata の JSON、または tile/ と checkpoint)。",
            f"{folder} holds no vectors (merkle testdata JSON, or a log with tile/ and checkpoint).",
        )


def _proof_vector(path: Path) -> Iterator[Outcome | PassedOver]:
    try:
        vector = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as fault:
        raise UnableToReadVectors(f"{path} は JSON ではありません。", f"{path} is no JSON.") from fault
    if not isinstance(vector, dict) or "wantErr" not in vector:
        return
    try:
        if "leafIdx" in vector:
            writer, verifier = _inclusion(vector)
        elif "size1" in vector:
            writer, verifier = _consistency(vector)
        else:
            yield PassedOver(path)
            return
        yield Outcome(path, str(vector.get("desc", "")), not vector["wantErr"], writer, verifier)
    except (KeyError, TypeError, ValueError) as fault:
        raise UnableToReadVectors(
            f"{path} の形式が不正です({fault!r})。", f"{path} is malformed ({fault!r})."
        ) from fault


def _inclusion(vector: dict[str, Any]) -> tuple[bool, bool]:
    start = int(vector.get("start", 0))
    size = int(vector["end"]) - start if "end" in vector else int(vector["treeSize"])
    if size < 1 or start % (1 << (size - 1).bit_length()):
        return False, False  # no subtree of any tree
    index = int(vector["leafIdx"]) - start
    leaf, root, proof = _bytes(vector["leafHash"]), _bytes(vector["root"]), _all(vector["proof"])
    writer = is_included(index=index, size=size, leaf=leaf, proof=proof, root=root)
    return writer, _holds(
        lambda: (
            all(len(part) == 32 for part in [leaf, *proof])
            and sekisho_verify.root_by_inclusion(index, size, leaf, proof) == root
        )
    )


def _consistency(vector: dict[str, Any]) -> tuple[bool, bool]:
    old, new, proof = int(vector["size1"]), int(vector["size2"]), _all(vector["proof"])
    before, after = _bytes(vector["root1"]), _bytes(vector["root2"])
    writer = is_consistent(old=old, new=new, old_root=before, new_root=after, proof=proof)
    return writer, _holds(
        lambda: (
            all(len(part) == 32 for part in proof)
            and sekisho_verify.roots_by_consistency(old, new, before, proof) == (before, after)
        )
    )


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except sekisho_verify.Wrong:
        return False


def _log_vector(path: Path, log_key: Verifier | None) -> Outcome:
    note = parse_note(path.read_text(encoding="utf-8"))
    if log_key is not None:
        trusted(note=note, verifiers=[log_key])
    head = parse_checkpoint(note.text)
    reader = TileReader(store=DirectoryStore(root=path.parent), size=head.size)
    entries = [
        entry for number in range((head.size + WIDTH - 1) // WIDTH) for entry in reader.entries(number)
    ]
    leaves = [
        value for number in range((head.size + WIDTH - 1) // WIDTH) for value in reader.hashes(0, number)
    ]
    writer = reader.root() == head.root and leaves == [leaf_hash(entry) for entry in entries]
    return Outcome(path, f"log of {head.size} entries", True, writer, _verifier_agrees(head, entries))


def _verifier_agrees(head: Checkpoint, entries: list[bytes]) -> bool:
    tree = sekisho_verify.Tree([sekisho_verify.leaf_hash(entry) for entry in entries], entries)
    return tree.root(head.size) == head.root


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "", validate=True)


def _all(texts: list[str] | None) -> list[bytes]:
    return [_bytes(text) for text in texts or []]
