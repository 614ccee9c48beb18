"""Paging tokens: where a list goes on, sealed, and bound to who asked, at which gate, in which order, with which filters.

A token is opaque because its key may be a customer's reading or number, and links end up in histories and proxies.
"""

import hashlib
import json
import os
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.barrier.ticket import Caller
from sekisho.kernel.errors import SekishoError

_NONCE = 12


class UnableToGoOn(SekishoError):
    """A paging token is not of this person, list, order or filter, or was altered."""

    def __init__(self) -> None:
        super().__init__(
            "この続きの印は、ほかの検索条件か、ほかの利用者のものです。一覧の最初から開き直してください。",
            "This paging mark belongs to other filters or another person. Open the list from its start.",
        )


def seal_key(key: Sequence[str], *, secret: str, binding: bytes) -> str:
    """The token for going on after `key`."""
    nonce = os.urandom(_NONCE)
    plain = zlib.compress(json.dumps(list(key), ensure_ascii=False).encode())
    return (
        urlsafe_b64encode(nonce + AESGCM(_derive(secret)).encrypt(nonce, plain, binding)).decode().rstrip("=")
    )


def open_key(token: str, *, secret: str, binding: bytes) -> list[str]:
    """The key in `token`; raises `UnableToGoOn` unless it was made for the same `binding`."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        plain = AESGCM(_derive(secret)).decrypt(raw[:_NONCE], raw[_NONCE:], binding)
    except (InvalidTag, ValueError, NotBase64) as fault:
        raise UnableToGoOn from fault
    return [str(part) for part in json.loads(zlib.decompress(plain))]


def binding_of(
    caller: Caller, *, gate: str, sort: str, descending: bool, filters: Mapping[str, object]
) -> bytes:
    """What a token is bound to: everything but the place in the list."""
    parts = [
        caller.audience,
        caller.company,
        caller.person,
        caller.purpose,
        caller.case_no or "",
        gate,
        sort,
        str(descending),
    ]
    parts += [f"{name}={filters[name]}" for name in sorted(filters)]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).digest()


def _derive(secret: str) -> bytes:
    return hashlib.sha256(b"sekisho paging token\0" + secret.encode()).digest()
