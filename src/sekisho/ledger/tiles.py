"""C2SP tlog-tiles: the tree as immutable files of 256 hashes, and proofs computed from them.

    checkpoint                       the signed tree head
    tile/<level>/<n>[.p/<width>] hashes; level 0 are leaf hashes, each higher hash is the root of a full
    tile tile/entries/<n>[.p/<width>] entries, each with a 16-bit big-endian length

Source: https://c2sp.org/tlog-tiles (2026-07).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from sekisho.kernel.errors import SekishoError
from sekisho.ledger.merkle import HASH_BYTES, fold, perfect_root, split
from sekisho.ledger.storage import Store

WIDTH: Final = 256
_HEIGHT: Final = 8


class UnableToReadTile(SekishoError):
    """A tile or an entry bundle that the tree size requires is missing or malformed."""


def tile_path(*, level: int | str, number: int, width: int = WIDTH) -> str:
    """Return the path of a tile: index 1234067 is `x001/x234/067`, a partial tile ends in `.p/<width>`."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    suffix = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{suffix}"


def width_at(*, size: int, level: int, number: int) -> int:
    """Return how many hashes tile `number` of a level has in the tree of `size` leaves (0 to 256)."""
    return max(0, min(WIDTH, (size >> (_HEIGHT * level)) - number * WIDTH))


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """Return an entry bundle."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle; raise ValueError when it ends within one."""
    entries, at = [], 0
    while at < len(bundle):
        if at + 2 > len(bundle):
            raise ValueError("a length is cut off")
        (length,) = struct.unpack_from(">H", bundle, at)
        if at + 2 + length > len(bundle):
            raise ValueError("an entry is cut off")
        entries.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    return entries


def perfect_parts(*, size: int) -> Iterator[tuple[int, int]]:
    """Yield (height, position) of a tree's perfect subtrees, leftmost first: leaves position<<height on."""
    start = 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            yield height, start >> height
            start += 1 << height


@dataclass
class Edge:
    """The right edge of a growing tree: per level, the hashes of the tile that is not yet full.

    With `entries` of the last bundle this is all that appending needs; it holds at most 255 hashes a level.
    """

    size: int = 0
    levels: list[list[bytes]] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)

    def append(self, entries: Sequence[bytes], hashes: Sequence[bytes]) -> dict[str, bytes]:
        """Add entries and their leaf hashes; return every file of the grown tree that the old had not."""
        files = self._full_bundles(entries)
        files |= self._full_tiles(hashes)
        self.size += len(entries)
        return files | self.partial_files()

    def partial_files(self) -> dict[str, bytes]:
        """Return the partial tiles and the partial bundle of the present size."""
        files = {}
        for level, held in enumerate(self.levels):
            if held:
                number = self.size >> (_HEIGHT * (level + 1))
                files[tile_path(level=level, number=number, width=len(held))] = b"".join(held)
        if self.entries:
            number = self.size // WIDTH
            files[tile_path(level="entries", number=number, width=len(self.entries))] = pack_entries(
                self.entries
            )
        return files

    def root(self) -> bytes:
        """Return the root of the tree."""
        return fold([self._subtree(height) for height, _ in perfect_parts(size=self.size)])

    def _subtree(self, height: int) -> bytes:
        # The perfect subtree of this height ends where the smaller ones begin: a run inside one edge tile.
        level, low = divmod(height, _HEIGHT)
        held = self.levels[level]
        start = len(held) >> (low + 1) << (low + 1)
        return perfect_root(held[start : start + (1 << low)])

    def _full_bundles(self, entries: Sequence[bytes]) -> dict[str, bytes]:
        files = {}
        number = self.size // WIDTH
        held = [*self.entries, *entries]
        while len(held) >= WIDTH:
            files[tile_path(level="entries", number=number)] = pack_entries(held[:WIDTH])
            del held[:WIDTH]
            number += 1
        self.entries = held
        return files

    def _full_tiles(self, hashes: Sequence[bytes]) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        level, rising = 0, list(hashes)
        while rising:
            if level == len(self.levels):
                self.levels.append([])
            number = self.size >> (_HEIGHT * (level + 1))
            held = self.levels[level] + rising
            rising = []
            while len(held) >= WIDTH:
                files[tile_path(level=level, number=number)] = b"".join(held[:WIDTH])
                rising.append(perfect_root(held[:WIDTH]))
                del held[:WIDTH]
                number += 1
            self.levels[level] = held
            level += 1
        return files


class TileReader:
    """Reads the tree of one size from a store; a partial tile may since have become a full one."""

    def __init__(self, *, store: Store, size: int) -> None:
        self._store = store
        self.size = size
        self._held: dict[tuple[int, int], list[bytes]] = {}

    def hashes(self, level: int, number: int) -> list[bytes]:
        """Return the hashes of a tile as of this size; raise `UnableToReadTile`."""
        key = (level, number)
        if key not in self._held:
            width = width_at(size=self.size, level=level, number=number)
            data = self._fetch(level, number, width)[: width * HASH_BYTES]
            if len(data) != width * HASH_BYTES:
                raise _unreadable(tile_path(level=level, number=number, width=width), "short", "長さが不足")
            self._held[key] = [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]
        return self._held[key]

    def entries(self, number: int) -> list[bytes]:
        """Return the entries of a bundle as of this size; raise `UnableToReadTile`."""
        width = width_at(size=self.size, level=0, number=number)
        try:
            entries = unpack_entries(self._fetch("entries", number, width))[:width]
        except ValueError as fault:
            path = tile_path(level="entries", number=number, width=width)
            raise _unreadable(path, str(fault), "形式が不正") from fault
        if len(entries) != width:
            raise _unreadable(tile_path(level="entries", number=number, width=width), "short", "件数が不足")
        return entries

    def edge(self) -> Edge:
        """Return the right edge, ready to grow."""
        levels = []
        for level in range((self.size.bit_length() + _HEIGHT - 1) // _HEIGHT):
            number = self.size >> (_HEIGHT * (level + 1))
            partial = width_at(size=self.size, level=level, number=number)
            levels.append(list(self.hashes(level, number)) if partial else [])
        entries = self.entries(self.size // WIDTH) if self.size % WIDTH else []
        return Edge(size=self.size, levels=levels, entries=entries)

    def root(self) -> bytes:
        """Return the root at this size."""
        return self._range(0, self.size) if self.size else fold([])

    def inclusion(self, index: int) -> list[bytes]:
        """Return the audit path of a leaf (RFC 6962 2.1.1), from its sibling up."""
        if not 0 <= index < self.size:
            raise ValueError(f"index {index} is not in a tree of {self.size}")
        path, low, high = [], 0, self.size
        while high - low > 1:
            middle = low + split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof (RFC 6962 2.1.2) that this tree begins with the one of `old` leaves."""
        if not 0 <= old <= self.size:
            raise ValueError(f"a tree of {self.size} cannot continue one of {old}")
        if old in (0, self.size):
            return []
        path, low, high = [], 0, self.size
        while high != old:
            middle = low + split(high - low)
            if old <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        # The old tree's own last part is known to the asker only when it is the whole old tree.
        return ([] if low == 0 else [self._range(low, high)]) + path[::-1]

    def _range(self, low: int, high: int) -> bytes:
        """Return the hash above leaves [low, high), where low is a multiple of the range's largest part."""
        parts = []
        for height, _ in perfect_parts(size=high - low):
            parts.append(self._perfect(height, low))
            low += 1 << height
        return fold(parts)

    def _perfect(self, height: int, start: int) -> bytes:
        level, low = divmod(height, _HEIGHT)
        first = start >> (_HEIGHT * level)
        number, offset = divmod(first, WIDTH)
        return perfect_root(self.hashes(level, number)[offset : offset + (1 << low)])

    def _fetch(self, level: int | str, number: int, width: int) -> bytes:
        path = tile_path(level=level, number=number, width=width)
        data = self._store.get(path)
        if data is None and width < WIDTH:
            data = self._store.get(tile_path(level=level, number=number))
        if data is None:
            raise _unreadable(path, "missing", "ありません")
        return data


def _unreadable(path: str, reason: str, reason_ja: str) -> UnableToReadTile:
    return UnableToReadTile(
        f"ログのファイル {path} を読めません: {reason_ja}。ログの複製から戻してください。",
        f"The log's file {path} cannot be read: {reason}. Restore it from a copy of the log.",
    )
