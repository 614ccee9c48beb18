"""Tickets: a short-lived signed statement of who is asking, which the database verifies once per statement.

The text is `key_id|audience|company|person|purpose|case|expires|request_id|mac`, the MAC being HMAC-SHA256 over everything before
it. Each audience has its own key, and the database accepts a key only on that audience's logins: a surface that is taken over can
speak for its own audience only.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFETIME = timedelta(minutes=5)
"""A ticket is made anew for each request; five minutes cover a slow one and clock differences between hosts."""

_BLOCK = 64


@dataclass(frozen=True, slots=True)
class TicketKey:
    """The signing key of one audience's surfaces."""

    key_id: str
    audience: str
    secret: bytes

    @classmethod
    def new(cls, audience: str) -> "TicketKey":
        """A fresh random key."""
        return cls(
            key_id=f"{audience}-{secrets.token_hex(4)}", audience=audience, secret=secrets.token_bytes(32)
        )

    def pads(self) -> tuple[bytes, bytes]:
        """The inner and outer HMAC pads (RFC 2104), which is the form in which the database keeps the key."""
        block = self.secret.ljust(_BLOCK, b"\0")
        return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is asking, and why."""

    audience: str
    company: str
    person: str
    purpose: str
    case_no: str | None = None


def sign(
    key: TicketKey, caller: Caller, *, now: datetime, request_id: str = "", lifetime: timedelta = LIFETIME
) -> str:
    """The ticket text for `caller`, valid until `now + lifetime`.

    Raises ValueError when a claim contains the separator or a control character: such a claim could be read as another.
    """
    expires = str(int((now + lifetime).timestamp()))
    claims = (
        key.key_id,
        caller.audience,
        caller.company,
        caller.person,
        caller.purpose,
        caller.case_no or "",
        expires,
        request_id,
    )
    if any("|" in claim or not claim.isprintable() for claim in claims):
        raise ValueError("a claim of the ticket contains a separator or a control character")
    payload = "|".join(claims)
    return f"{payload}|{hmac.new(key.secret, payload.encode(), hashlib.sha256).hexdigest()}"
