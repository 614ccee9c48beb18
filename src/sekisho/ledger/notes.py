"""Signed notes, checkpoints and cosignatures (C2SP signed-note, tlog-checkpoint, tlog-cosignature; 2026-07).

A note is text, an empty line, and signature lines `— <name> base64(key id || signature)`. Three kinds are
used:

    0x01  Ed25519 over the text: the log's own signature
    0x04  Ed25519 with a time: a witness has seen this tree and no fork of it
    0x06  ML-DSA-44 with a time: the same, safe from quantum computers

Signatures of unknown keys are ignored, so that keys can be rotated and witnesses added without asking anyone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from sekisho.kernel.errors import EnvironmentFault, SekishoError
from sekisho.ledger.merkle import HASH_BYTES

ED25519: Final = 0x01
COSIGNATURE: Final = 0x04
ML_DSA_44: Final = 0x06
_PUBLIC_BYTES: Final = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
_SIGNATURE_BYTES: Final = {ED25519: 64, COSIGNATURE: 72, ML_DSA_44: 2428}
_SEED_BYTES: Final = 32
_MAX_SIGNATURES: Final = 64
_MAX_NOTE_BYTES: Final = 1 << 20
_DASH: Final = "— "
_PRIVATE: Final = "PRIVATE+KEY+"


class UnableToReadNote(SekishoError):
    """The text is no signed note, or no checkpoint."""


class UnableToTrustNote(SekishoError):
    """A signature by a known key is wrong, or no known key has signed."""


class UnableToReadKey(SekishoError):
    """The text is no key of the form that signed notes use."""


class UnableToUseMlDsa(EnvironmentFault):
    """This machine's OpenSSL has no ML-DSA-44 (it came with 3.5)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, the key's id (4 bytes), and the bytes of the signature."""

    name: str
    key_id: bytes
    data: bytes

    @property
    def line(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.data).decode()}\n"

    @property
    def time(self) -> int | None:
        """The POSIX second of a cosignature; None for a plain signature."""
        if len(self.data) == _SIGNATURE_BYTES[ED25519]:
            return None
        return int(struct.unpack(">Q", self.data[:8])[0])


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text. `text` ends with a newline."""

    text: str
    signatures: tuple[Signature, ...]

    def with_signatures(self, more: Iterable[Signature]) -> Note:
        """Return the note with further signature lines; the same line twice is kept once."""
        return Note(self.text, tuple(dict.fromkeys([*self.signatures, *more])))

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: which log, how many leaves, which root; `extension` lines are carried along."""

    origin: str
    size: int
    root: bytes
    extension: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extension))


def parse_note(raw: str) -> Note:
    """Read a signed note; raise `UnableToReadNote`."""
    if len(raw.encode("utf-8", "surrogatepass")) > _MAX_NOTE_BYTES:
        raise _unreadable("longer than 1 MiB")
    if any(ord(char) < 0x20 and char != "\n" for char in raw):
        raise _unreadable("a control character")
    text, separator, lines = raw.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise _unreadable("no empty line before the signatures, or no newline at the end")
    return Note(text + "\n", parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Read signature lines, each ending with a newline; raise `UnableToReadNote`."""
    found = lines.split("\n")[:-1]
    if not lines.endswith("\n") or len(found) > _MAX_SIGNATURES:
        raise _unreadable(f"no newline at the end, or more than {_MAX_SIGNATURES} signatures")
    return tuple(_parse_signature(line) for line in found)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note's text as a checkpoint; raise `UnableToReadNote`."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise _unreadable("a checkpoint has at least three lines, none empty")
    origin, size, root, *extension = lines[:-1]
    digest = decode_base64(root)
    if digest is None or len(digest) != HASH_BYTES:
        raise _unreadable("the third line is no SHA-256 hash in base64")
    return Checkpoint(origin, parse_decimal(size), digest, tuple(extension))


def parse_decimal(text: str) -> int:
    """Read a size or an index: ASCII digits without leading zeroes, below 2^63; raise `UnableToReadNote`."""
    if not (text.isascii() and text.isdecimal()) or (text[0] == "0" and text != "0"):
        raise _unreadable(f"no decimal number: {text[:40]!r}")
    if len(text) > 19 or int(text) >= 1 << 63:
        raise _unreadable("the number exceeds 2^63 - 1")
    return int(text)


def decode_base64(text: str) -> bytes | None:
    """Decode standard base64; None unless this is the one spelling of those bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


@dataclass(frozen=True)
class Verifier:
    """A public key as a party is configured with: name, kind (0x01, 0x04 or 0x06) and key material."""

    name: str
    kind: int
    public: bytes

    @cached_property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """Return the vkey: `<name>+<hex key id>+<base64(kind || key)>`."""
        return (
            f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"
        )

    def accepts(self, *, text: str, signature: Signature) -> bool:
        """Tell whether a signature is this key's over the text (a checkpoint, for cosignatures)."""
        data = signature.data
        if len(data) != _SIGNATURE_BYTES[self.kind]:
            return False
        if self.kind == ED25519:
            return _ed25519_accepts(self.public, data, text.encode())
        time = int(struct.unpack(">Q", data[:8])[0])
        if time >= 1 << 63:
            return False
        message = cosigned_message(kind=self.kind, name=self.name, time=time, text=text)
        if self.kind == COSIGNATURE:
            return _ed25519_accepts(self.public, data[8:], message)
        return _ml_dsa_accepts(self.public, data[8:], message)


def parse_verifier(vkey: str) -> Verifier:
    """Read a vkey; raise `UnableToReadKey`."""
    name, key_id, material = _key_parts(vkey)
    kind, public = material[0], material[1:]
    if _PUBLIC_BYTES.get(kind) != len(public):
        raise _no_key(f"kind {kind:#04x} with {len(public)} bytes")
    verifier = Verifier(name, kind, public)
    if verifier.key_id.hex() != key_id:
        raise _no_key("the key id does not belong to the key")
    return verifier


@dataclass(frozen=True)
class Signer:
    """A private key: the 32-byte seed of Ed25519 or ML-DSA-44. Never logged: its repr hides the seed."""

    name: str
    kind: int
    seed: bytes

    def __post_init__(self) -> None:
        if len(self.seed) != _SEED_BYTES or self.kind not in _PUBLIC_BYTES:
            raise _no_key("a seed has 32 bytes; kinds are 0x01, 0x04 and 0x06")

    def __repr__(self) -> str:
        return f"Signer({self.name!r}, {self.kind:#04x})"

    @cached_property
    def verifier(self) -> Verifier:
        if self.kind == ML_DSA_44:
            return Verifier(self.name, self.kind, _ml_dsa(self.seed).public_key().public_bytes_raw())
        private = Ed25519PrivateKey.from_private_bytes(self.seed)
        return Verifier(self.name, self.kind, private.public_key().public_bytes_raw())

    @property
    def private_text(self) -> str:
        """The key file's one line: `PRIVATE+KEY+<name>+<hex key id>+<base64(kind || seed)>`."""
        material = base64.b64encode(bytes([self.kind]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{material}"

    def sign(self, *, text: str, time: int) -> Signature:
        """Sign a note's text; `time` (POSIX seconds) goes into cosignatures only."""
        if self.kind == ED25519:
            data = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
            return Signature(self.name, self.verifier.key_id, data)
        message = cosigned_message(kind=self.kind, name=self.name, time=time, text=text)
        ed25519 = self.kind == COSIGNATURE
        private = Ed25519PrivateKey.from_private_bytes(self.seed) if ed25519 else _ml_dsa(self.seed)
        data = private.sign(message)
        return Signature(self.name, self.verifier.key_id, struct.pack(">Q", time) + data)


def parse_signer(line: str) -> Signer:
    """Read a private key's line; raise `UnableToReadKey`, which never quotes it."""
    text = line.strip()
    if not text.startswith(_PRIVATE):
        raise _no_key("a private key begins with PRIVATE+KEY+")
    name, key_id, material = _key_parts(text.removeprefix(_PRIVATE))
    signer = Signer(name, material[0], material[1:])
    if signer.verifier.key_id.hex() != key_id:
        raise _no_key("the key id does not belong to the key")
    return signer


def new_signer(*, name: str, kind: int, random: Callable[[int], bytes]) -> Signer:
    """Make a key from a source of random bytes; `UnableToReadKey` for a name that notes cannot carry."""
    if not _is_name(name):
        raise _no_key(f"a name has no space and no plus sign: {name!r}")
    return Signer(name, kind, random(_SEED_BYTES))


def cosigned_message(*, kind: int, name: str, time: int, text: str) -> bytes:
    """Return what a cosigner signs about a checkpoint (tlog-cosignature)."""
    if kind == COSIGNATURE:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    checkpoint = parse_checkpoint(text)
    head = b"subtree/v1\n\0" + _short(name) + struct.pack(">Q", time)
    return head + _short(checkpoint.origin) + struct.pack(">QQ", 0, checkpoint.size) + checkpoint.root


def trusted(*, note: Note, verifiers: Sequence[Verifier]) -> dict[Verifier, Signature]:
    """Return the valid signature of each known key; one key counts once.

    Raise `UnableToTrustNote` when a known key's signature is wrong, or when no known key has signed.
    """
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    found: dict[Verifier, Signature] = {}
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        if not verifier.accepts(text=note.text, signature=signature):
            raise UnableToTrustNote(
                f"鍵 {verifier.name} の署名が正しくありません。",
                f"The signature by {verifier.name} is wrong.",
            )
        found.setdefault(verifier, signature)
    if not found:
        raise UnableToTrustNote("知っている鍵の署名がありません。", "No known key has signed this note.")
    return found


def _parse_signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = decode_base64(encoded)
    if not line.startswith(_DASH) or not _is_name(name) or data is None or len(data) < 5:
        raise _unreadable(f"no signature line: {line[:60]!r}")
    return Signature(name, data[:4], data[4:])


def _short(text: str) -> bytes:
    """Return a name with its length in one byte."""
    data = text.encode()
    if not 0 < len(data) < 256:
        raise _unreadable("a name or an origin has 1 to 255 bytes")
    return bytes([len(data)]) + data


def _key_parts(text: str) -> tuple[str, str, bytes]:
    parts = text.strip().split("+", 2)
    material = decode_base64(parts[2]) if len(parts) == 3 else None
    if material is None or len(material) < 2 or not _is_name(parts[0]):
        raise _no_key("a key is <name>+<hex id>+<base64>")
    return parts[0], parts[1], material


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def _ed25519_accepts(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _ml_dsa(seed: bytes) -> MLDSA44PrivateKey:
    try:
        return MLDSA44PrivateKey.from_seed_bytes(seed)
    except UnsupportedAlgorithm as fault:
        raise _no_ml_dsa() from fault


def _ml_dsa_accepts(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except UnsupportedAlgorithm as fault:
        raise _no_ml_dsa() from fault
    except (InvalidSignature, ValueError):
        return False
    return True


def _no_ml_dsa() -> UnableToUseMlDsa:
    return UnableToUseMlDsa(
        "この環境の OpenSSL は ML-DSA-44 に対応していません(3.5 以降が必要)。Ed25519 の鍵をお使いください。",
        "This machine's OpenSSL has no ML-DSA-44 (3.5 or later is needed). Use an Ed25519 key.",
    )


def _unreadable(reason: str) -> UnableToReadNote:
    return UnableToReadNote(f"署名付きノートとして読めません: {reason}", f"This is no signed note: {reason}.")


def _no_key(reason: str) -> UnableToReadKey:
    return UnableToReadKey(f"鍵として読めません: {reason}", f"This is no key: {reason}.")
