"""Answers for one reader: a secret in a command's outcome, sealed so that only the page that submitted the command can open it.

The page derives a P-256 key pair from its process's secret and a nonce that it keeps in the reader's session; the public half goes with
the command. The worker seals for it (ECDH, HKDF-SHA256, AES-256-GCM) and forgets. What lies in `work.command` is unreadable without both
the process's secret, which is in no database, and the nonce, which the page deletes when it shows the answer.
"""

import base64
import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sekisho.kernel.errors import SekishoError

_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-5, P-256
_POINT, _NONCE = 65, 12
_LABEL = b"sekisho sealed answer v1\0"


class UnableToSeal(SekishoError):
    """The key to seal for is no key."""


class UnableToOpen(SekishoError):
    """The answer was sealed for somebody else, or was altered."""


def answer_key(*, secret: str, nonce: str) -> str:
    """The public key, as text, to which an answer is to be sealed."""
    return _text(_encoded(_private(secret, nonce).public_key()))


def seal_answer(answer: str, *, to: str) -> str:
    """Seal `answer` for whoever made the key `to`; raises `UnableToSeal`."""
    try:
        reader = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, base64.urlsafe_b64decode(to))
    except (ValueError, TypeError):
        raise UnableToSeal(
            "答えを封じる鍵が正しくありません。", "The key for the answer is malformed."
        ) from None
    once = ec.generate_private_key(_CURVE)
    sender, nonce = _encoded(once.public_key()), os.urandom(_NONCE)
    sealed = AESGCM(_shared(once, reader, sender)).encrypt(nonce, answer.encode(), sender)
    return _text(sender + nonce + sealed)


def open_answer(sealed: str, *, secret: str, nonce: str) -> str:
    """What was sealed for `answer_key(secret=…, nonce=…)`; raises `UnableToOpen`."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
        sender, once, body = raw[:_POINT], raw[_POINT : _POINT + _NONCE], raw[_POINT + _NONCE :]
        public = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, sender)
        return AESGCM(_shared(_private(secret, nonce), public, sender)).decrypt(once, body, sender).decode()
    except (ValueError, TypeError, InvalidTag):
        raise UnableToOpen(
            "この答えは開けません。再発行してください。", "This answer cannot be opened; reissue it."
        ) from None


def _private(secret: str, nonce: str) -> ec.EllipticCurvePrivateKey:
    # 48 bytes reduced modulo the order: the bias is below 2^-128
    wide = HKDF(hashes.SHA256(), 48, salt=nonce.encode(), info=_LABEL).derive(
        hashlib.sha256(secret.encode()).digest()
    )
    return ec.derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 1) + 1, _CURVE)


def _shared(own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey, sender: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=sender, info=_LABEL).derive(own.exchange(ec.ECDH(), other))


def _encoded(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
