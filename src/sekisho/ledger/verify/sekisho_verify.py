#!/usr/bin/env python3
"""閲覧ログの検証器: stand-alone verifier of Sekisho's passage log. One file, Python 3.11+, standard library.

    python3 sekisho_verify.py BUNDLE --log-key VKEY [--witness-key VKEY]... [--previous CHECKPOINT]

BUNDLE is a directory, a .zip of it, a log directory (checkpoint and tile/), or a single .tlog-proof file.
The keys come from you, not from the bundle: whoever could alter the log could also put another key beside it.
Keep the checkpoint of each inspection; with --previous the next one proves that nothing before was rewritten.

What is shown, and by what:
  signatures    the checkpoint is signed by the log (Ed25519), cosigned by witnesses (Ed25519 or ML-DSA-44)
  inclusion     each passage, as exported, hashes to a leaf under the checkpoint's root (RFC 6962)
  completeness  a whole bundle has every leaf from 0 to the tree size; a range has every leaf of the range
  consistency   the tree of an older checkpoint is the beginning of this one

What cannot be shown: that a reading was recorded at all (that is the barrier's proof), or what an erased
passage said (only that it stood in its place).

Exit codes: 0 everything holds, 1 something is wrong, 2 used wrongly, 3 the files cannot be read.
Formats: https://c2sp.org/ signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

FIELDS = [
    *("passage_id", "at", "gate", "audience", "company", "person", "purpose", "case_no", "verdict"),
    *("points", "holders", "items", "shown", "row_count", "request_id"),
]
NUMBERS = {"passage_id", "row_count"}
LISTS = {"points", "holders", "items"}
WIDTH = 256
MOST_FINDINGS = 50

Point = tuple[int, int, int, int]
Signature = tuple[str, bytes, bytes]
Description = dict[str, Any]


class Wrong(Exception):
    """Something does not hold. Two sentences: Japanese and English."""

    def __init__(self, ja: str, en: str) -> None:
        super().__init__(en)
        self.ja, self.en = ja, en


def need(condition: object, ja: str, en: str) -> None:
    if not condition:
        raise Wrong(ja, en)


# --- the Merkle tree of RFC 6962, by its recursive definition -------------------------------------


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def leaf_hash(entry: bytes) -> bytes:
    return sha(b"\x00" + entry)


def node(left: bytes, right: bytes) -> bytes:
    return sha(b"\x01" + left + right)


def largest_power_below(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def root_by_inclusion(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """Rebuild the root from a leaf and its audit path; the path must have exactly the length it needs."""
    need(0 <= index < size, "位置がログの範囲外です", "the index is outside the tree")
    rest = list(path)

    def climb(low: int, high: int) -> bytes:
        if high - low == 1:
            return leaf
        middle = low + largest_power_below(high - low)
        need(rest, "包含証明が短すぎます", "the inclusion proof is too short")
        sibling = rest.pop()
        if index < middle:
            return node(climb(low, middle), sibling)
        return node(sibling, climb(middle, high))

    root = climb(0, size)
    need(not rest, "包含証明が長すぎます", "the inclusion proof is too long")
    return root


def roots_by_consistency(old: int, new: int, old_root: bytes, path: list[bytes]) -> tuple[bytes, bytes]:
    """Rebuild (old root, new root) from a consistency proof between trees of `old` and `new` leaves."""
    need(0 < old <= new, "旧いログの大きさが不正です", "the older tree is empty or larger than the newer")
    rest = list(path)

    def take() -> bytes:
        need(rest, "整合性証明が短すぎます", "the consistency proof is too short")
        return rest.pop()

    def climb(low: int, high: int, untouched: bool) -> tuple[bytes, bytes]:
        if old == high:
            return (old_root, old_root) if untouched else (take(),) * 2
        middle = low + largest_power_below(high - low)
        sibling = take()
        if old <= middle:
            before, after = climb(low, middle, untouched)
            return before, node(after, sibling)
        before, after = climb(middle, high, False)
        return node(sibling, before), node(sibling, after)

    roots = climb(0, new, True)
    need(not rest, "整合性証明が長すぎます", "the consistency proof is too long")
    return roots


class Tree:
    """All leaf hashes, and what follows from them."""

    def __init__(self, hashes: list[bytes], entries: list[bytes]) -> None:
        self.entries = entries
        self.levels = [hashes]
        while len(self.levels[-1]) >= WIDTH:
            below = self.levels[-1]
            full = len(below) // WIDTH
            self.levels.append([perfect(below[n * WIDTH : (n + 1) * WIDTH]) for n in range(full)])

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        if size == 0:
            return sha(b"")

        def above(low: int, high: int) -> bytes:
            count = high - low
            if count & (count - 1) == 0 and low % count == 0:
                return self.perfect_at(low, count)
            middle = low + largest_power_below(count)
            return node(above(low, middle), above(middle, high))

        return above(0, size)

    def perfect_at(self, low: int, count: int) -> bytes:
        level = 0
        while count >= WIDTH:
            level, low, count = level + 1, low // WIDTH, count // WIDTH
        return perfect(self.levels[level][low : low + count])


def perfect(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


# --- Ed25519 (RFC 8032), verification only --------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def add_points(a: Point, b: Point) -> Point:
    """Add in extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""
    minus = (a[1] - a[0]) * (b[1] - b[0]) % P
    plus = (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = plus - minus, d - c, d + c, plus + minus
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        scalar >>= 1
    return result


def decode_point(data: bytes) -> Point | None:
    """Return the point, or None for bytes that encode none in the one permitted way."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode_point(point: Point) -> bytes:
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, -1, P) % P
BASE = decode_point(BASE_Y.to_bytes(32, "little")) or NEUTRAL


@lru_cache(maxsize=1024)
def ed25519_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    key = decode_point(public)
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus_key = (P - key[0], key[1], 1, P - key[3])
    return encode_point(add_points(times(scalar, BASE), times(challenge, minus_key))) == signature[:32]


# --- ML-DSA-44 (FIPS 204), verification only ------------------------------------------------------

Q = 8380417
K = L = 4
TAU, GAMMA1, GAMMA2, BETA, OMEGA, DROPPED = 39, 1 << 17, (8380417 - 1) // 88, 78, 80, 13


def _zetas() -> list[int]:
    return [pow(1753, int(f"{i:08b}"[::-1], 2), Q) for i in range(256)]


ZETAS = _zetas()


def ntt(poly: list[int]) -> list[int]:
    out, step, place = list(poly), 128, 0
    while step:
        for start in range(0, 256, 2 * step):
            place += 1
            for j in range(start, start + step):
                turned = ZETAS[place] * out[j + step] % Q
                out[j], out[j + step] = (out[j] + turned) % Q, (out[j] - turned) % Q
        step //= 2
    return out


def inverse_ntt(poly: list[int]) -> list[int]:
    out, step, place = list(poly), 1, 256
    while step < 256:
        for start in range(0, 256, 2 * step):
            place -= 1
            for j in range(start, start + step):
                low, high = out[j], out[j + step]
                out[j], out[j + step] = (low + high) % Q, (high - low) * ZETAS[place] % Q
        step *= 2
    shrink = pow(256, -1, Q)
    return [value * shrink % Q for value in out]


def unpack_bits(data: bytes, bits: int) -> list[int]:
    number = int.from_bytes(data, "little")
    return [number >> (bits * i) & ((1 << bits) - 1) for i in range(len(data) * 8 // bits)]


def pack_bits(values: list[int], bits: int) -> bytes:
    number = 0
    for place, value in enumerate(values):
        number |= value << (bits * place)
    return number.to_bytes(len(values) * bits // 8, "little")


def matrix_entry(seed: bytes, row: int, column: int) -> list[int]:
    stream = hashlib.shake_128(seed + bytes([column, row])).digest(1344)
    found: list[int] = []
    for i in range(0, len(stream), 3):
        value = stream[i] | stream[i + 1] << 8 | (stream[i + 2] & 0x7F) << 16
        if value < Q and len(found) < 256:
            found.append(value)
    # 448 candidates, each accepted with probability 0.999: fewer than 256 does not happen.
    return found


def challenge_poly(seed: bytes) -> list[int]:
    stream = hashlib.shake_256(seed).digest(1024)
    signs, place, poly = int.from_bytes(stream[:8], "little"), 8, [0] * 256
    for i in range(256 - TAU, 256):
        while stream[place] > i:
            place += 1
        j = stream[place]
        place += 1
        poly[i], poly[j] = poly[j], 1 - 2 * (signs & 1)
        signs >>= 1
    return poly


def hints(data: bytes) -> list[set[int]] | None:
    """Return the K sets of hinted places, or None for an encoding that is not the one permitted."""
    found: list[set[int]] = []
    start = 0
    for end in data[OMEGA:]:
        places = list(data[start:end])
        if not start <= end <= OMEGA or places != sorted(set(places)):
            return None
        found.append(set(places))
        start = end
    return None if any(data[start:OMEGA]) else found


def high_bits_with_hint(value: int, hinted: bool) -> int:
    low = value % (2 * GAMMA2)
    if low > GAMMA2:
        low -= 2 * GAMMA2
    high = 0 if value - low == Q - 1 else (value - low) // (2 * GAMMA2)
    if value - low == Q - 1:
        low -= 1
    if not hinted:
        return high
    return (high + (1 if low > 0 else -1)) % 44


@lru_cache(maxsize=64)
def ml_dsa_holds(public: bytes, signature: bytes, message: bytes) -> bool:
    if len(public) != 1312 or len(signature) != 2420:
        return False
    seed, packed = public[:32], public[32:]
    answer = [GAMMA1 - v for v in unpack_bits(signature[32:2336], 18)]
    hinted = hints(signature[2336:])
    if hinted is None or max(map(abs, answer)) >= GAMMA1 - BETA:
        return False
    z = [ntt(answer[i * 256 : (i + 1) * 256]) for i in range(L)]
    c = ntt(challenge_poly(signature[:32]))
    commitment = b""
    for row in range(K):
        t = ntt([v << DROPPED for v in unpack_bits(packed[row * 320 : (row + 1) * 320], 10)])
        a = [matrix_entry(seed, row, column) for column in range(L)]
        w = [(sum(a[s][i] * z[s][i] for s in range(L)) - c[i] * t[i]) % Q for i in range(256)]
        w = inverse_ntt(w)
        commitment += pack_bits([high_bits_with_hint(w[i], i in hinted[row]) for i in range(256)], 6)
    hashed = hashlib.shake_256(hashlib.shake_256(public).digest(64) + b"\0\0" + message).digest(64)
    return hashlib.shake_256(hashed + commitment).digest(32) == signature[:32]


# --- signed notes, checkpoints, cosignatures ------------------------------------------------------


def decode64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("base64 が不正です", "malformed base64") from None
    # Only the one spelling: base64 leaves bits unused at the end, and a second spelling would be a second
    # text.
    need(base64.b64encode(data).decode() == text, "base64 が不正です", "malformed base64")
    return data


def decode_hash(text: str) -> bytes:
    data = decode64(text)
    need(len(data) == 32, "ハッシュ値の長さが不正です", "a hash has 32 bytes")
    return data


def decode_number(text: str) -> int:
    well = re.fullmatch("0|[1-9][0-9]{0,18}", text) and int(text) < 1 << 63
    need(well, "数の表記が不正です", f"malformed number: {text[:30]!r}")
    return int(text)


@dataclass(frozen=True)
class Key:
    """A vkey: <name>+<hex id>+<base64(kind, key)>; kinds 1 (log), 4 and 6 (cosignatures)."""

    name: str
    id: bytes
    kind: int
    public: bytes


def parse_key(text: str) -> Key:
    parts = text.strip().split("+", 2)
    need(len(parts) == 3, "鍵の形式が不正です", "a key is <name>+<hex id>+<base64>")
    material = decode64(parts[2])
    kind, public = material[0], material[1:]
    need(len(public) == {1: 32, 4: 32, 6: 1312}.get(kind), "鍵の種類が不正です", "unknown kind of key")
    key_id = sha(parts[0].encode() + b"\n" + material)[:4]
    need(key_id.hex() == parts[1], "鍵の識別子が鍵と合いません", "the key id does not belong to the key")
    return Key(parts[0], key_id, kind, public)


@dataclass(frozen=True)
class Head:
    """A checkpoint: what is signed, and by whom."""

    text: str
    signatures: tuple[Signature, ...]
    origin: str
    size: int
    root: bytes


def parse_head(raw: str) -> Head:
    need(not re.search("[\x00-\x09\x0b-\x1f]", raw), "制御文字があります", "a control character")
    text, gap, lines = raw.rpartition("\n\n")
    need(
        gap and lines.endswith("\n"), "署名付きチェックポイントではありません", "this is no signed checkpoint"
    )
    text += "\n"
    parts = text.split("\n")[:-1]
    need(len(parts) >= 3 and all(parts), "チェックポイントの行が不足です", "a checkpoint has three lines")
    signatures = tuple(parse_signature(line) for line in lines.split("\n")[:-1])
    return Head(text, signatures, parts[0], decode_number(parts[1]), decode_hash(parts[2]))


def parse_signature(line: str) -> Signature:
    found = re.fullmatch(r"— (\S+) (\S+)", line)
    if found is None:
        raise Wrong("署名行の形式が不正です", f"malformed signature line: {line[:40]!r}")
    data = decode64(found[2])
    need(len(data) > 4, "署名が短すぎます", "a signature is too short")
    return found[1], data[:4], data[4:]


def signature_holds(key: Key, head: Head, data: bytes) -> bool:
    if key.kind == 1:
        return len(data) == 64 and ed25519_holds(key.public, data, head.text.encode())
    if len(data) != {4: 72, 6: 2428}[key.kind]:
        return False
    (time,) = struct.unpack(">Q", data[:8])
    if key.kind == 4:
        message = f"cosignature/v1\ntime {time}\n{head.text}".encode()
        return ed25519_holds(key.public, data[8:], message)
    name, origin = key.name.encode(), head.origin.encode()
    message = b"subtree/v1\n\0" + bytes([len(name)]) + name + data[:8] + bytes([len(origin)]) + origin
    message += struct.pack(">QQ", 0, head.size) + head.root
    return ml_dsa_holds(key.public, data[8:], message)


def signers(head: Head, keys: list[Key]) -> set[Key]:
    """Return the known keys that have signed; a wrong signature by a known key condemns the whole note."""
    known = {(key.name, key.id): key for key in keys}
    found = set()
    for name, key_id, data in head.signatures:
        key = known.get((name, key_id))
        if key is not None:
            need(
                signature_holds(key, head, data),
                f"鍵 {name} の署名が不正です",
                f"the signature by {name} is wrong",
            )
            found.add(key)
    return found


# --- passages -------------------------------------------------------------------------------------


def parse_json(text: str) -> Any:
    """Read JSON in which no name stands twice and no number is a fraction: one reading only."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), "JSON に同じ名前が二度あります", "a JSON name stands twice")
        return dict(pairs)

    def refuse(word: str) -> NoReturn:
        raise Wrong("JSON に整数でない数があります", f"a number that is no integer: {word[:20]}")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Wrong("JSON として読めません", "this is no JSON") from None


def entry_of(record: Any) -> bytes:
    """Return the log entry of an exported record: {salt, passage}, or {entry} where it was erased."""
    need(isinstance(record, dict), "記録の形式が不正です", "a record is an object")
    names = set(record) - {"index"}
    if names == {"entry"}:
        return decode_hash(record["entry"])
    need(names == {"salt", "passage"}, "記録の項目が不正です", f"unexpected members: {sorted(names)}")
    salt = decode64(record["salt"])
    need(len(salt) == 16, "ソルトの長さが不正です", "a salt has 16 bytes")
    return sha(b"sekisho.passage.v1\n" + salt + canonical(record["passage"]))


def canonical(passage: Any) -> bytes:
    need(isinstance(passage, dict), "閲覧記録の形式が不正です", "a passage is an object")
    need(
        set(passage) == set(FIELDS), "閲覧記録の項目が過不足です", "a passage has other members than it must"
    )
    for name, value in passage.items():
        need(is_plain(name, value), f"項目 {name} の型が不正です", f"member {name} has the wrong type")
    ordered = {name: passage[name] for name in FIELDS}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()


def is_plain(name: str, value: Any) -> bool:
    if name in NUMBERS:
        return type(value) is int
    if name in LISTS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if name == "shown":
        return value is None or (
            isinstance(value, list) and all(v is None or isinstance(v, str) for v in value)
        )
    return value is None or isinstance(value, str)


# --- files of a bundle ----------------------------------------------------------------------------


class Files:
    """A directory, a zip archive or one file, as names and bytes."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.zip = zipfile.ZipFile(self.path) if zipfile.is_zipfile(self.path) else None
        if self.zip:
            listed = [name for name in self.zip.namelist() if not name.endswith("/")]
            need(
                len(set(listed)) == len(listed),
                "zip に同じ名前のファイルが二つあります",
                "a name stands twice in the zip",
            )
            broken = self.zip.testzip()
            need(broken is None, f"zip の {broken} が壊れています", f"{broken} is damaged in the zip")
            self.names = set(listed)
        elif self.path.is_dir():
            self.names = {p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file()}
        else:
            self.names = {self.path.name}

    def read(self, name: str) -> bytes:
        need(name in self.names, f"ファイル {name} がありません", f"the file {name} is missing")
        if self.zip:
            return self.zip.read(name)
        return (self.path / name if self.path.is_dir() else self.path).read_bytes()

    def text(self, name: str) -> str:
        try:
            return self.read(name).decode("utf-8")
        except UnicodeDecodeError:
            raise Wrong(f"{name} が UTF-8 ではありません", f"{name} is not UTF-8") from None


# --- the checks -----------------------------------------------------------------------------------


@dataclass
class Policy:
    """What the person who verifies trusts and expects."""

    log_keys: list[Key]
    witness_keys: list[Key] = field(default_factory=list)
    quorum: int = 0
    previous: str | None = None
    expect: str = "any"


@dataclass
class Report:
    """What was found wrong, and what was shown."""

    findings: list[dict[str, str]] = field(default_factory=list)
    shown: dict[str, Any] = field(default_factory=dict)

    def check(self, place: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run one check; whatever goes wrong in it is a finding, never a crash and never a pass."""
        try:
            return function(*arguments)
        except Wrong as wrong:
            self.findings.append({"where": place, "ja": wrong.ja, "en": wrong.en})
        except (OSError, zipfile.BadZipFile):
            raise
        except Exception as fault:
            kind = type(fault).__name__
            self.findings.append(
                {"where": place, "ja": f"形式が不正です({kind})", "en": f"malformed ({kind})"}
            )
        return None


def verify(path: str | Path, policy: Policy) -> Report:
    """Verify a bundle, a log directory or a single proof; return a Report."""
    report = Report()
    files = report.check(str(path), Files, path)
    if files is None:
        return report
    if files.names == {Path(path).name} and not files.zip:
        report.check(Path(path).name, check_single_proof, files, policy, report)
        return report
    head = report.check(
        "checkpoint",
        check_checkpoint,
        files.text("checkpoint") if "checkpoint" in files.names else "",
        policy,
        report,
    )
    if head is None:
        return report
    bundle = report.check("bundle.json", read_description, files, head, policy, report)
    if bundle is None:
        return report
    tree = None
    if bundle["kind"] in ("whole", "log"):
        tree = report.check("tile", check_tiles, files, head, bundle["kind"], report)
    check_passages(files, head, bundle, tree, report)
    check_older(files, head, tree, policy, report)
    report.check("bundle", check_no_strangers, files, bundle)
    return report


def check_checkpoint(raw: str, policy: Policy, report: Report) -> Head:
    head = parse_head(raw)
    logs = signers(head, policy.log_keys)
    need(logs, "ログの鍵による署名がありません", "the log's key has not signed")
    need(
        any(key.name == head.origin for key in logs),
        "署名鍵の名前がログの名前と違います",
        "the signing key's name is not the log's origin",
    )
    witnesses = signers(head, policy.witness_keys) if policy.witness_keys else set()
    names = {key.name for key in witnesses}
    need(
        len(names) >= policy.quorum,
        f"証人の連署が {len(names)} 件です(必要 {policy.quorum} 件)",
        f"{len(names)} witnesses have cosigned, {policy.quorum} are needed",
    )
    report.shown |= {"origin": head.origin, "size": head.size, "root": base64.b64encode(head.root).decode()}
    report.shown |= {"witnesses": sorted(names), "cosigned": cosigned_times(head, witnesses)}
    return head


def cosigned_times(head: Head, witnesses: set[Key]) -> dict[str, str]:
    """When each witness saw this tree: an old log shown as the present one is old here."""
    seconds = {name: data for name, key_id, data in head.signatures if any(k.id == key_id for k in witnesses)}
    return {
        name: datetime.fromtimestamp(int.from_bytes(data[:8], "big"), UTC).isoformat()
        for name, data in seconds.items()
    }


def read_description(files: Files, head: Head, policy: Policy, report: Report) -> Description:
    if "bundle.json" not in files.names:
        found: Description = {"kind": "log", "first": 0, "end": head.size}
    else:
        found = parse_json(files.text("bundle.json"))
        need(
            set(found) == {"format", "origin", "kind", "first", "end"}
            and found["format"] == "sekisho.ledger-bundle.v1"
            and found["kind"] in ("whole", "range", "selected")
            and type(found["first"]) is int
            and type(found["end"]) is int,
            "bundle.json の形式が不正です",
            "malformed bundle.json",
        )
        need(found["origin"] == head.origin, "ログの名前が違います", "the origin is not the checkpoint's")
    need(
        0 <= found["first"] <= found["end"] <= head.size,
        "範囲がログの外です",
        "the range is outside the tree",
    )
    if found["kind"] in ("whole", "log"):
        need((found["first"], found["end"]) == (0, head.size), "全件ではありません", "not the whole tree")
    check_expected(found, policy)
    report.shown |= {"kind": found["kind"], "first": found["first"], "end": found["end"]}
    return found


def check_expected(found: Description, policy: Policy) -> None:
    if policy.expect == "any":
        return
    span = re.fullmatch("([0-9]+):([0-9]+)", policy.expect)
    if span:
        covers = (
            found["first"] <= int(span[1]) and int(span[2]) <= found["end"] and found["kind"] != "selected"
        )
        need(covers, "求めた範囲を含みません", "the bundle does not cover the range that was asked for")
    else:
        need(
            found["kind"] == policy.expect,
            f"種類が {found['kind']} です",
            f"the bundle's kind is {found['kind']}",
        )


def check_tiles(files: Files, head: Head, kind: str, report: Report) -> Tree:
    """Rebuild the tree from the entry bundles and compare every tile with it; return it with its entries.

    In a running log the tiles of a tree that is not signed yet may lie already: they are named, not judged.
    """
    entries: list[bytes] = []
    for number in range((head.size + WIDTH - 1) // WIDTH):
        width = min(WIDTH, head.size - number * WIDTH)
        name = tile_name("entries", number, width)
        if name not in files.names:
            name = tile_name("entries", number, WIDTH)
        entries += split_entries(name, files.read(name))[:width]
        need(
            len(entries) == number * WIDTH + width, f"{name} の件数が不足です", f"{name} has too few entries"
        )
    tree = Tree([leaf_hash(entry) for entry in entries], entries)
    need(
        tree.root(head.size) == head.root,
        "ログ全体の根が署名と一致しません",
        "the entries do not lead to the signed root",
    )
    present = {name for name in files.names if name.startswith("tile/")}
    beyond = []
    for name in sorted(present):
        if report.check(name, check_tile, name, files.read(name), tree) == "beyond":
            beyond.append(name)
    need(
        kind == "log" or not beyond, f"木を超えるタイル: {beyond[:3]}", f"tiles beyond the tree: {beyond[:3]}"
    )
    report.shown |= {"unsigned": beyond} if beyond else {}
    for name in required_tiles(head.size) - present:
        full = name.rpartition(".p/")[0] or name
        need(full in present, f"{name} がありません", f"{name} is missing")
    report.shown["entries"] = len(entries)
    return tree


def tile_name(level: int | str, number: int, width: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return f"tile/{level}/{path}" + (f".p/{width}" if width < WIDTH else "")


def required_tiles(size: int) -> set[str]:
    names: set[str] = set()
    level, count = 0, size
    while count:
        kinds: list[int | str] = ["entries", 0] if level == 0 else [level]
        for kind in kinds:
            names |= {tile_name(kind, n, WIDTH) for n in range(count // WIDTH)}
            if count % WIDTH:
                names.add(tile_name(kind, count // WIDTH, count % WIDTH))
        level, count = level + 1, count // WIDTH
    return names


def check_tile(name: str, data: bytes, tree: Tree) -> str:
    """A tile must be what the tree has in its place; a narrower one from an earlier size, its beginning.

    Returns within, or beyond for a tile that the signed tree does not have.
    """
    found = re.fullmatch(
        r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", name
    )
    if found is None:
        raise Wrong("タイルの名前ではありません", "this is no tile's name")
    number, width = int(re.sub("[x/]", "", found[2])), int(found[3] or WIDTH)
    level = 0 if found[1] == "entries" else int(found[1])
    need(tile_name(found[1], number, width) == name, "タイルの名前ではありません", "this is no tile's name")
    row = tree.levels[level] if level < len(tree.levels) else []
    hashes = row[number * WIDTH : number * WIDTH + width]
    if len(hashes) < width:
        return "beyond"
    if found[1] == "entries":
        expected = tree.entries[number * WIDTH : number * WIDTH + width]
        need(
            split_entries(name, data) == expected, "項目が木と一致しません", "the entries are not the tree's"
        )
    else:
        need(data == b"".join(hashes), "ハッシュが木と一致しません", "the hashes are not the tree's")
    return "within"


def split_entries(name: str, data: bytes) -> list[bytes]:
    found: list[bytes] = []
    at = 0
    while at < len(data):
        need(at + 2 <= len(data), f"{name} が途中で切れています", f"{name} is cut off")
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        need(end <= len(data), f"{name} が途中で切れています", f"{name} is cut off")
        found.append(data[at + 2 : end])
        at = end
    return found


def check_passages(files: Files, head: Head, bundle: Description, tree: Tree | None, report: Report) -> None:
    """Check the exported passages against tiles or proofs, and that none of those promised is missing."""
    if bundle["kind"] == "log":
        return
    lines = report.check("passages.jsonl", read_lines, files)
    if lines is None:
        return
    previous, erased = -1, 0
    indexes: list[int] = []
    for number, line in enumerate(lines, start=1):
        place = f"passages.jsonl:{number}"
        index = report.check(place, check_record, line, previous, files, head, bundle, tree)
        if index is not None:
            previous = index
            indexes.append(index)
            erased += '"entry"' in line
        if len(report.findings) > MOST_FINDINGS:
            return
    report.check("passages.jsonl", check_complete, indexes, bundle)
    report.check("proofs", check_proofs_have_passages, files, set(indexes), bundle)
    report.shown |= {"passages": len(indexes) - erased, "erased": erased}


def read_lines(files: Files) -> list[str]:
    text = files.text("passages.jsonl")
    need(not text or text.endswith("\n"), "最後の行が途中で切れています", "the last line is cut off")
    return text.split("\n")[:-1]


def check_record(
    line: str, previous: int, files: Files, head: Head, bundle: Description, tree: Tree | None
) -> int:
    record = parse_json(line)
    need(isinstance(record, dict) and type(record.get("index")) is int, "位置がありません", "no index")
    index = int(record["index"])
    need(
        bundle["first"] <= index < bundle["end"],
        f"位置 {index} は範囲外です",
        f"index {index} is out of range",
    )
    need(index > previous, f"位置 {index} の順序が不正です", f"index {index} is out of order")
    entry = entry_of(record)
    if bundle["kind"] == "whole":
        if tree is None:
            raise Wrong("木を検証できませんでした", "the tree could not be verified")
        need(
            tree.entries[index] == entry,
            f"位置 {index} の記録が改変されています",
            f"the passage at {index} was altered",
        )
        return index
    name = f"proofs/{index}.tlog-proof"
    found, record_in_proof = check_proof(files.text(name), head)
    need(found == index, f"{name} は別の位置の証明です", f"{name} is for another index")
    need(
        record_in_proof == entry,
        f"位置 {index} の記録が証明と違います",
        f"the passage at {index} is not the proved one",
    )
    return index


def check_complete(indexes: list[int], bundle: Description) -> None:
    if bundle["kind"] == "selected":
        return
    missing = sorted(set(range(bundle["first"], bundle["end"])) - set(indexes))
    need(
        not missing,
        f"{len(missing)} 件の記録がありません(最初は位置 {missing[:1]})",
        f"{len(missing)} passages are missing, the first at {missing[:1]}",
    )


def check_proofs_have_passages(files: Files, indexes: set[int], bundle: Description) -> None:
    found = {name for name in files.names if name.startswith("proofs/")}
    expected = set() if bundle["kind"] == "whole" else {f"proofs/{index}.tlog-proof" for index in indexes}
    strange = sorted(found - expected)
    need(not strange, f"記録のない証明があります: {strange[:3]}", f"proofs without a passage: {strange[:3]}")


def parse_proof(text: str) -> tuple[bytes | None, int, list[bytes], str]:
    """Read a tlog-proof: (extra or None, index, hashes, checkpoint text)."""
    top, gap, checkpoint = text.partition("\n\n")
    lines = top.split("\n")
    need(
        gap and lines.pop(0) == "c2sp.org/tlog-proof@v1", "tlog-proof ではありません", "this is no tlog-proof"
    )
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = decode64(lines.pop(0)[6:])
    need(lines and lines[0].startswith("index "), "位置の行がありません", "the index line is missing")
    index = decode_number(lines.pop(0)[6:])
    return extra, index, [decode_hash(line) for line in lines], checkpoint


def check_proof(text: str, head: Head | None) -> tuple[int, bytes]:
    """Check one proof under a checkpoint that must be `head`, if given; return (index, entry)."""
    extra, index, path, raw = parse_proof(text)
    own = parse_head(raw)
    if head is not None:
        same = (own.text, own.signatures) == (head.text, head.signatures)
        need(same, "証明のチェックポイントが違います", "the proof rests on another checkpoint")
    if extra is None:
        raise Wrong("記録が添えられていません", "the proof carries no record")
    entry = entry_of(parse_json(extra.decode("utf-8")))
    root = root_by_inclusion(index, own.size, leaf_hash(entry), path)
    need(
        root == own.root, f"位置 {index} の包含証明が成り立ちません", f"the inclusion proof at {index} fails"
    )
    return index, entry


def check_single_proof(files: Files, policy: Policy, report: Report) -> None:
    text = files.text(next(iter(files.names)))
    extra, index, _, raw = parse_proof(text)
    check_checkpoint(raw, policy, report)
    check_proof(text, None)
    report.shown |= {"kind": "proof", "index": index, "record": parse_json((extra or b"").decode("utf-8"))}


def check_older(files: Files, head: Head, tree: Tree | None, policy: Policy, report: Report) -> None:
    """Check each older checkpoint in the bundle, and the one that the verifying person has kept."""
    shown = []
    for name in sorted(
        name for name in files.names if name.startswith("consistency/") and name.endswith(".checkpoint")
    ):
        older = report.check(name, parse_older, files.text(name), policy)
        if older is not None and report.check(name, check_grown, older, head, tree, files):
            shown.append(older.size)
    if policy.previous is not None:
        older = report.check("--previous", parse_older, policy.previous, policy)
        if older is not None and report.check("--previous", check_grown, older, head, tree, files):
            shown.append(older.size)
    report.shown["consistent_with"] = sorted(set(shown))


def parse_older(raw: str, policy: Policy) -> Head:
    older = parse_head(raw)
    logs = signers(older, policy.log_keys)
    need(any(key.name == older.origin for key in logs), "ログの署名がありません", "the log has not signed it")
    return older


def check_grown(older: Head, head: Head, tree: Tree | None, files: Files) -> bool:
    need(older.origin == head.origin, "別のログのチェックポイントです", "a checkpoint of another log")
    need(
        older.size <= head.size,
        f"ログが巻き戻されています({older.size} → {head.size})",
        f"the log was rolled back, from {older.size} to {head.size}",
    )
    if older.size == 0:
        need(older.root == sha(b""), "空のログの根が不正です", "an empty tree has another root")
        return True
    if tree is not None:
        need(tree.root(older.size) == older.root, "履歴が書き換えられています", "the history was rewritten")
    name = f"consistency/{older.size}.proof"
    if name in files.names or tree is None:
        check_consistency_file(files.text(name), older, head)
    return True


def check_consistency_file(text: str, older: Head, head: Head) -> None:
    """A consistency proof has the form in which a witness is asked: old size, hashes, newer checkpoint."""
    top, gap, raw = text.partition("\n\n")
    lines = top.split("\n")
    need(gap and lines[0] == f"old {older.size}", "整合性証明の形式が不正です", "malformed consistency proof")
    newer = parse_head(raw)
    need(
        (newer.text, newer.signatures) == (head.text, head.signatures),
        "証明の対象が違います",
        "the proof is for another checkpoint",
    )
    path = [decode_hash(line) for line in lines[1:]]
    roots = roots_by_consistency(older.size, head.size, older.root, path)
    need(roots == (older.root, head.root), "履歴が書き換えられています", "the history was rewritten")


def check_no_strangers(files: Files, bundle: Description) -> None:
    common = r"checkpoint|bundle\.json|passages\.jsonl|README\.txt|sekisho_verify\.py|consistency/[0-9]+\.(proof|checkpoint)|"
    patterns = {"log": r"checkpoint|tile/.*|\.drafts/[0-9]+", "whole": f"{common}tile/.*"}
    expected = patterns.get(bundle["kind"], f"{common}proofs/.*")
    strange = sorted(name for name in files.names if not re.fullmatch(expected, name))
    need(not strange, f"予期しないファイルがあります: {strange[:3]}", f"unexpected files: {strange[:3]}")


# --- the command ----------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        policy = policy_from(options)
    except Wrong as wrong:
        print(wrong.ja if options.lang == "ja" else wrong.en, file=sys.stderr)
        return 2
    except OSError as fault:
        print(fault, file=sys.stderr)
        return 3
    try:
        if not Path(options.bundle).exists():
            raise FileNotFoundError(f"no such file: {options.bundle}")
        report = verify(options.bundle, policy)
    except (OSError, zipfile.BadZipFile) as fault:
        print(fault, file=sys.stderr)
        return 3
    print_report(report, options)
    return 1 if report.findings else 0


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("bundle", help="directory, .zip, log directory or .tlog-proof")
    found.add_argument(
        "--log-key", action="append", default=[], metavar="VKEY", help="the log's public key, or @FILE"
    )
    found.add_argument(
        "--witness-key", action="append", default=[], metavar="VKEY", help="a witness's, or @FILE"
    )
    found.add_argument("--quorum", type=int, help="cosignatures needed (default: all witnesses named)")
    found.add_argument("--previous", metavar="FILE", help="the checkpoint kept from the last inspection")
    found.add_argument("--expect", default="any", metavar="KIND", help="whole, log, FIRST:END or any")
    found.add_argument("--json", action="store_true", help="print JSON")
    found.add_argument("--lang", choices=["ja", "en"], default="ja")
    return found


def policy_from(options: argparse.Namespace) -> Policy:
    log_keys, witness_keys = keys_from(options.log_key), keys_from(options.witness_key)
    need(log_keys, "--log-key を指定してください", "name the log's key with --log-key")
    well = re.fullmatch("any|whole|log|[0-9]+:[0-9]+", options.expect)
    need(well, "--expect は whole, log, 始:終, any です", "--expect is whole, log, FIRST:END or any")
    names = {key.name for key in witness_keys}
    quorum = len(names) if options.quorum is None else options.quorum
    need(0 <= quorum <= len(names), "--quorum が証人の数を超えます", "--quorum exceeds the witnesses named")
    previous = Path(options.previous).read_text(encoding="utf-8") if options.previous else None
    return Policy(log_keys, witness_keys, quorum, previous, options.expect)


def keys_from(words: list[str]) -> list[Key]:
    lines: list[str] = []
    for word in words:
        lines += Path(word[1:]).read_text(encoding="utf-8").split("\n") if word.startswith("@") else [word]
    return [parse_key(line) for line in lines if line.strip() and not line.startswith("#")]


def print_report(report: Report, options: argparse.Namespace) -> None:
    if options.json:
        print(
            json.dumps(
                {"holds": not report.findings, "findings": report.findings, "shown": report.shown},
                ensure_ascii=False,
            )
        )
        return
    japanese = options.lang == "ja"
    for finding in report.findings[:MOST_FINDINGS]:
        print(f"× {finding['where']}: {finding['ja' if japanese else 'en']}")
    if report.findings:
        print("検証できませんでした。" if japanese else "VERIFICATION FAILED.")
        return
    for name, value in report.shown.items():
        print(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    print("○ すべて成り立ちます。" if japanese else "Everything holds.")


if __name__ == "__main__":
    sys.exit(main())
