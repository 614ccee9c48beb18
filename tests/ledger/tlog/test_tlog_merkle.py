"""The tree against RFC 6962's own recursive definition, written down once more here and used nowhere else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.ledger.merkle import is_consistent, is_included, leaf_hash
from sekisho.ledger.tiles import Edge, TileReader, pack_entries, tile_path, unpack_entries, width_at
from sekisho.ledger.verify import sekisho_verify

# The eight entries and the roots of their first n, as certificate-transparency implementations publish them.
ENTRIES = [
    bytes.fromhex(text)
    for text in [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Memory:
    """A store in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def get(self, path: str) -> bytes | None:
        return self.files.get(path)

    def create(self, files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            assert self.files.setdefault(path, data) == data

    def replace(self, path: str, data: bytes) -> None:
        self.files[path] = data

    def forget(self, directory: str) -> None:
        for path in [path for path in self.files if path.startswith(f"{directory}/")]:
            del self.files[path]


def naive_root(entries: list[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    k = 1
    while k * 2 < len(entries):
        k *= 2
    return hashlib.sha256(b"\1" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


def naive_path(index: int, entries: list[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if index < k:
        return [*naive_path(index, entries[:k]), naive_root(entries[k:])]
    return [*naive_path(index - k, entries[k:]), naive_root(entries[:k])]


def naive_proof(old: int, entries: list[bytes], whole: bool = True) -> list[bytes]:
    if old == len(entries):
        return [] if whole else [naive_root(entries)]
    k = 1
    while k * 2 < len(entries):
        k *= 2
    if old <= k:
        return [*naive_proof(old, entries[:k], whole), naive_root(entries[k:])]
    return [*naive_proof(old - k, entries[k:], False), naive_root(entries[:k])]


def grown(entries: list[bytes], cuts: list[int]) -> tuple[Memory, Edge]:
    """The log after entries were added in portions that end at `cuts`."""
    store, edge, start = Memory(), Edge(), 0
    for end in [*sorted(cuts), len(entries)]:
        portion = entries[start:end]
        store.create(edge.append(portion, [leaf_hash(entry) for entry in portion]))
        start = max(start, end)
    return store, edge


def some_entries(count: int) -> list[bytes]:
    return [hashlib.sha256(number.to_bytes(8, "big")).digest() for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    _, edge = grown(ENTRIES[:size], [])
    assert edge.root().hex() == ROOTS[size] == naive_root(ENTRIES[:size]).hex()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_tiles_give_the_root_and_the_proofs_of_the_definition(data: st.DataObject) -> None:
    size = data.draw(st.one_of(st.integers(1, 40), st.integers(250, 260), st.integers(500, 1100)), "size")
    entries = some_entries(size)
    cuts = data.draw(st.lists(st.integers(0, size), max_size=4), "cuts")
    store, edge = grown(entries, cuts)
    reader = TileReader(store=store, size=size)
    assert edge.root() == reader.root() == naive_root(entries)
    assert reader.edge() == edge
    index, old = data.draw(st.integers(0, size - 1), "index"), data.draw(st.integers(1, size), "old")
    path, proof = reader.inclusion(index), reader.consistency(old)
    assert path == naive_path(index, entries)
    assert proof == naive_proof(old, entries)
    leaf, root, before = leaf_hash(entries[index]), edge.root(), naive_root(entries[:old])
    assert is_included(index=index, size=size, leaf=leaf, proof=path, root=root)
    assert sekisho_verify.root_by_inclusion(index, size, leaf, path) == root
    assert is_consistent(old=old, new=size, old_root=before, new_root=root, proof=proof)
    assert sekisho_verify.roots_by_consistency(old, size, before, proof) == (before, root)
    assert sekisho_verify.Tree([leaf_hash(entry) for entry in entries], entries).root(old) == before


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_an_altered_proof_holds_for_neither(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70), "size")
    entries = some_entries(size)
    index, old = data.draw(st.integers(0, size - 1), "index"), data.draw(st.integers(1, size - 1), "old")
    root, before, leaf = naive_root(entries), naive_root(entries[:old]), leaf_hash(entries[index])
    path = _altered(data, naive_path(index, entries))
    assert not is_included(index=index, size=size, leaf=leaf, proof=path, root=root)
    assert not _holds(lambda: sekisho_verify.root_by_inclusion(index, size, leaf, path) == root)
    proof = _altered(data, naive_proof(old, entries))
    assert not is_consistent(old=old, new=size, old_root=before, new_root=root, proof=proof)
    assert not _holds(lambda: sekisho_verify.roots_by_consistency(old, size, before, proof) == (before, root))


def _altered(data: st.DataObject, hashes: list[bytes]) -> list[bytes]:
    place = data.draw(st.integers(0, len(hashes) - 1), "place")
    match data.draw(st.sampled_from(["flip", "drop", "repeat", "append"]), "how"):
        case "flip":
            bit = data.draw(st.integers(0, 255), "bit")
            flipped = (int.from_bytes(hashes[place], "big") ^ 1 << bit).to_bytes(32, "big")
            return [*hashes[:place], flipped, *hashes[place + 1 :]]
        case "drop":
            return [*hashes[:place], *hashes[place + 1 :]]
        case "repeat":
            return [*hashes[:place], hashes[place], *hashes[place:]]
        case _:
            return [*hashes, bytes(32)]


def _holds(check: object) -> bool:
    try:
        return bool(check())  # type: ignore[operator]
    except sekisho_verify.Wrong:
        return False


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 70_000])
def test_a_tree_of_three_levels(size: int) -> None:
    entries = some_entries(size)
    store, edge = grown(entries, [size // 3, 65_000])
    reader = TileReader(store=store, size=size)
    assert (
        reader.root()
        == edge.root()
        == sekisho_verify.Tree([leaf_hash(e) for e in entries], entries).root(size)
    )
    for index in (0, 255, 65_279, size - 1):
        assert is_included(
            index=index,
            size=size,
            leaf=leaf_hash(entries[index]),
            proof=reader.inclusion(index),
            root=edge.root(),
        )
    needed = sekisho_verify.required_tiles(size)
    assert needed <= set(store.files)


# tlog-tiles' own example: a tree of 70,000 has these tiles.
@pytest.mark.parametrize(
    ("level", "number", "width"),
    [(0, 272, 256), (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1), (2, 1, 0)],
)
def test_widths_of_the_specification(level: int, number: int, width: int) -> None:
    assert width_at(size=70_000, level=level, number=number) == width


@pytest.mark.parametrize(
    ("level", "number", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (3, 999, 256, "tile/3/999"),
        (1, 1000, 7, "tile/1/x001/000.p/7"),
        (0, 1_234_067, 256, "tile/0/x001/x234/067"),
        ("entries", 1_234_067, 1, "tile/entries/x001/x234/067.p/1"),
    ],
)
def test_paths_of_the_specification(level: int | str, number: int, width: int, path: str) -> None:
    assert tile_path(level=level, number=number, width=width) == path
    assert sekisho_verify.tile_name(level, number, width) == path


def test_entry_bundles() -> None:
    entries = [b"", b"x", bytes(32), bytes(65_535)]
    packed = pack_entries(entries)
    assert unpack_entries(packed) == sekisho_verify.split_entries("x", packed) == entries
    for cut in (packed[:-1], packed + b"\0", packed[:1]):
        with pytest.raises(ValueError, match="cut off"):
            unpack_entries(cut)
        with pytest.raises(sekisho_verify.Wrong):
            sekisho_verify.split_entries("x", cut)


def test_the_specifications_root_spelling() -> None:
    assert (
        base64.b64encode(bytes.fromhex(ROOTS[0])).decode() == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    )
