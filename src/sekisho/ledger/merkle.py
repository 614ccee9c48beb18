"""The Merkle tree of RFC 6962 section 2.1, SHA-256: hashes and the checking of proofs.

Checking follows the iterative algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2. The stand-alone verifier
rebuilds roots by recursion instead, so that one mistake cannot hide in both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a log entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an interior node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root above a power-of-two run of hashes of equal height."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def fold(perfect: Sequence[bytes]) -> bytes:
    """Return the root of a tree given as its perfect subtrees, the largest (leftmost) first."""
    if not perfect:
        return EMPTY_ROOT
    root = perfect[-1]
    for left in reversed(perfect[:-1]):
        root = node_hash(left, root)
    return root


def split(size: int) -> int:
    """Return the largest power of two below `size` (size >= 2): where RFC 6962 cuts a tree."""
    return 1 << ((size - 1).bit_length() - 1)


def is_included(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `leaf` (a leaf hash) stands at `index` of the tree of `size` leaves under `root`."""
    if not 0 <= index < size or not _all_hashes([leaf, root, *proof]):
        return False
    position, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = node_hash(sibling, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Tell whether the tree of `new` leaves begins with the tree of `old` leaves; `old` must be positive.

    Two trees of one size are consistent when their roots are equal and the proof is empty. Nothing is
    proved by an empty older tree, hence False.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if not proof or not _all_hashes([old_root, new_root, *proof]):
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    return _grows(old - 1, new - 1, path) == (old_root, new_root)


def _grows(position: int, last: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a consistency path leads to; None when its length does not fit the sizes."""
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        position, last = position >> 1, last >> 1
    return (before, after) if last == 0 else None


def _all_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
