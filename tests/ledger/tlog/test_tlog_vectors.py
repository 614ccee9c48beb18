"""Third-party test data: both layouts are read, known-bad vectors must be rejected, and a wrong one is found.

The vectors here are derived by the naive recursion of test_tlog_merkle.py and written in the others' layouts;
`sekisho ledger vectors DIR` takes the originals.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from test_tlog_merkle import naive_path, naive_proof, naive_root, some_entries
from tlog_world import LOG_KEY, key

from sekisho.ledger.log import Identity, Log
from sekisho.ledger.merkle import leaf_hash
from sekisho.ledger.notes import UnableToTrustNote
from sekisho.ledger.storage import DirectoryStore
from sekisho.ledger.vectors import Outcome, PassedOver, UnableToReadVectors, run_vectors


def text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def inclusion(index: int, size: int, **changed: Any) -> dict[str, Any]:
    entries = some_entries(size)
    made = {
        "leafIdx": index,
        "treeSize": size,
        "root": text(naive_root(entries)),
        "leafHash": text(leaf_hash(entries[index])),
        "proof": [text(value) for value in naive_path(index, entries)] or None,
        "desc": "happy path",
        "wantErr": bool(changed),
    }
    return made | changed


def consistency(old: int, new: int, **changed: Any) -> dict[str, Any]:
    entries = some_entries(new)
    made = {
        "size1": old,
        "size2": new,
        "root1": text(naive_root(entries[:old])),
        "root2": text(naive_root(entries)),
        "proof": [text(value) for value in naive_proof(old, entries)],
        "desc": "happy path",
        "wantErr": bool(changed),
    }
    return made | changed


ZERO = text(bytes(32))
BAD = {
    "inclusion-index": inclusion(3, 7, leafIdx=4),
    "inclusion-index-beyond": inclusion(3, 7, leafIdx=7),
    "inclusion-size": inclusion(3, 7, treeSize=14),
    "inclusion-empty-tree": inclusion(0, 1, treeSize=0),
    "inclusion-root": inclusion(3, 7, root=ZERO),
    "inclusion-no-root": inclusion(3, 7, root=""),
    "inclusion-no-leaf": inclusion(3, 7, leafHash=""),
    "inclusion-leaf-and-root-empty": inclusion(0, 1, root="", leafHash=""),
    "inclusion-short": inclusion(3, 7, proof=inclusion(3, 7)["proof"][:-1]),
    "inclusion-long": inclusion(3, 7, proof=[*inclusion(3, 7)["proof"], ""]),
    "inclusion-garbage-before": inclusion(3, 7, proof=["", *inclusion(3, 7)["proof"]]),
    "inclusion-root-appended": inclusion(3, 7, proof=[*inclusion(3, 7)["proof"], inclusion(3, 7)["root"]]),
    "consistency-from-nothing": consistency(1, 7, size1=0),
    "consistency-backwards": consistency(3, 7, size1=7, size2=3),
    "consistency-swapped-roots": consistency(
        3, 7, root1=consistency(3, 7)["root2"], root2=consistency(3, 7)["root1"]
    ),
    "consistency-no-proof": consistency(3, 7, proof=[]),
    "consistency-short": consistency(3, 7, proof=consistency(3, 7)["proof"][1:]),
    "consistency-long": consistency(3, 7, proof=[*consistency(3, 7)["proof"], ZERO]),
    "consistency-same-size-proof": consistency(7, 7, proof=[ZERO]),
    "consistency-same-size-other-root": consistency(7, 7, root1=ZERO),
    "consistency-power-of-two": consistency(4, 7, root1=ZERO),
}


def write(folder: Path, name: str, vector: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(vector), encoding="utf-8")


def all_vectors(folder: Path) -> None:
    for size in range(1, 18):
        for index in range(size):
            write(folder / "inclusion", f"{index}-{size}", inclusion(index, size))
            write(folder / "consistency", f"{index + 1}-{size}", consistency(index + 1, size))
    for name, vector in BAD.items():
        write(folder / "bad", name, vector)


def outcomes(folder: Path, **options: Any) -> list[Outcome]:
    return [one for one in run_vectors(folder=folder, **options) if isinstance(one, Outcome)]


def test_derived_vectors(tmp_path: Path) -> None:
    all_vectors(tmp_path)
    run = outcomes(tmp_path)
    assert len(run) == 2 * sum(range(1, 18)) + len(BAD)
    assert [one for one in run if not one.agrees] == []
    assert sum(not one.must_hold for one in run) == len(BAD)


def test_a_vector_that_lies_is_found(tmp_path: Path) -> None:
    write(tmp_path, "bad-called-good", BAD["consistency-short"] | {"wantErr": False})
    write(tmp_path, "good-called-bad", inclusion(3, 7) | {"wantErr": True})
    assert [one.agrees for one in outcomes(tmp_path)] == [False, False]


def test_a_leaf_in_a_subtree(tmp_path: Path) -> None:
    entries = some_entries(13)[8:13]
    vector = {
        "leafIdx": 10,
        "start": 8,
        "end": 13,
        "root": text(naive_root(entries)),
        "leafHash": text(leaf_hash(entries[2])),
        "proof": [text(value) for value in naive_path(2, entries)],
        "wantErr": False,
    }
    write(tmp_path, "good", vector)
    write(tmp_path, "no-subtree", vector | {"start": 7, "wantErr": True})
    assert [one.agrees for one in outcomes(tmp_path)] == [True, True]


def test_kinds_without_use_are_named_not_counted(tmp_path: Path) -> None:
    write(tmp_path, "subtree-consistency", {"start": 0, "end": 4, "size": 7, "wantErr": False})
    assert list(run_vectors(folder=tmp_path)) == [PassedOver(tmp_path / "subtree-consistency.json")]


def grow(folder: Path, sizes: list[int]) -> None:
    """A log as Tessera's testdata has it: a checkpoint kept for every size."""
    identity = Identity(origin=LOG_KEY.name, signers=[LOG_KEY])
    log = Log(store=DirectoryStore(root=folder), identity=identity, clock=lambda: 0)
    for size in sizes:
        log.extend(some_entries(size)[log.size :])
        (folder / f"checkpoint.{size}").write_text(str(log.publish()), encoding="utf-8")


def test_a_log_in_tesseras_layout(tmp_path: Path) -> None:
    grow(tmp_path / "log", [1, 2, 5, 15, 200])
    run = outcomes(tmp_path, log_key=LOG_KEY.verifier)
    assert len(run) == 6
    assert all(one.agrees for one in run)
    with pytest.raises(UnableToTrustNote):
        outcomes(tmp_path, log_key=key(LOG_KEY.name, number=2).verifier)


def test_a_log_whose_entries_were_exchanged_is_found(tmp_path: Path) -> None:
    grow(tmp_path / "log", [5, 15])
    bundle = tmp_path / "log/tile/entries/000.p/15"
    bundle.write_bytes(bundle.read_bytes()[34:] + bundle.read_bytes()[:34])
    assert [one.agrees for one in outcomes(tmp_path)] == [False, False, True]


@pytest.mark.parametrize(
    "content", ["{", '{"leafIdx": 0, "wantErr": false}', '{"size1": "x", "wantErr": true}']
)
def test_a_malformed_vector_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(UnableToReadVectors, match=r"x\.json"):
        outcomes(tmp_path)


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(UnableToReadVectors):
        outcomes(tmp_path)


def test_the_originals_where_they_lie() -> None:
    """SEKISHO_VECTORS names a folder with the others' own files; without it there is nothing to run."""
    folder = os.environ.get("SEKISHO_VECTORS")
    if folder is None:
        pytest.skip("SEKISHO_VECTORS is not set")
    assert [one for one in outcomes(Path(folder)) if not one.agrees] == []
