"""Second factors at rest: AES-256-GCM under the key of their accounts schema, which lies outside the database."""

import base64
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_PREFIX = "v1:"


def seal(text: str, *, key: bytes) -> str:
    """`text` encrypted, as printable text."""
    nonce = os.urandom(_NONCE)
    return (
        _PREFIX
        + base64.urlsafe_b64encode(
            nonce + AESGCM(key).encrypt(nonce, text.encode(), _PREFIX.encode())
        ).decode()
    )


def unseal(text: str, *, key: bytes) -> str:
    """What `seal` was given; raises `cryptography.exceptions.InvalidTag` for anything else."""
    raw = base64.urlsafe_b64decode(text.removeprefix(_PREFIX))
    return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _PREFIX.encode()).decode()
