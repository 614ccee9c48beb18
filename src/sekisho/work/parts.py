"""Pieces of a file at rest: compressed, then sealed with AES-256-GCM under a key that lies in no database.

Each file has a key of its own, derived from the audience's secret; a piece opens only as the piece of that file, place and person.
"""

import base64
import os
import zlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sekisho.kernel.errors import SekishoError

_NONCE = 12
_LABEL = b"sekisho export v1\0"


class UnableToOpenPart(SekishoError):
    """A piece was sealed for another file, place or person, or was altered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOf:
    """Which file a piece belongs to, and whose it is."""

    export_no: str
    company: str
    person: str

    def bound(self, part_no: int) -> bytes:
        """What a piece is bound to."""
        return "\0".join((self.export_no, self.company, self.person, str(part_no))).encode()


def seal_part(text: bytes, *, secret: bytes, of: PartOf, part_no: int) -> str:
    """A piece of a file as printable text."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(_key(secret, of)).encrypt(nonce, zlib.compress(text, 6), of.bound(part_no))
    return base64.b64encode(nonce + sealed).decode()


def open_part(body: str, *, secret: bytes, of: PartOf, part_no: int) -> bytes:
    """What `seal_part` was given; raises `UnableToOpenPart` for anything else."""
    try:
        raw = base64.b64decode(body)
        return zlib.decompress(
            AESGCM(_key(secret, of)).decrypt(raw[:_NONCE], raw[_NONCE:], of.bound(part_no))
        )
    except (ValueError, InvalidTag, zlib.error):
        raise UnableToOpenPart(
            "ファイルを開けません。作り直してください。", "The file cannot be opened; ask for it again."
        ) from None


def _key(secret: bytes, of: PartOf) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=of.export_no.encode(), info=_LABEL).derive(secret)
