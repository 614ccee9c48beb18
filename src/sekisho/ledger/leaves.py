"""From a passage to a leaf: what the tree commits to, and how it hides what it commits to.

A leaf must fix every word of a passage and yet say nothing about it: the tree is copied to witnesses and
regulators and outlives the readable part, which is erased after five years. So the log's entry is a salted
commitment

    entry = SHA-256( "sekisho.passage.v1\\n" || salt (16 random bytes) || canonical encoding (UTF-8) )

and the tree's leaf hash is RFC 6962's SHA-256(0x00 || entry). Whoever is given a passage *and its salt* can
check it; once the salt is erased, guessing all point numbers of the country tells nothing.

The canonical encoding is one JSON object without spaces, members in the order of `FIELDS`, only strings,
integers, null and arrays of strings; non-ASCII characters stand for themselves, and only `"`, `\\` and the
control characters below U+0020 are escaped. `ledger.canonical` (log.sql) is its twin in the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Final

SALT_BYTES: Final = 16
ENTRY_BYTES: Final = 32
_COMMITMENT: Final = b"sekisho.passage.v1\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One answer, or refusal, of a gate. `shown` is [first day, day after the last); None is unbounded."""

    passage_id: int
    at: datetime
    gate: str
    audience: str
    company: str | None
    person: str | None
    purpose: str
    case_no: str | None
    verdict: str
    points: tuple[str, ...]
    holders: tuple[str, ...]
    items: tuple[str, ...]
    shown: tuple[date | None, date | None] | None
    row_count: int
    request_id: str | None


FIELDS: Final = tuple(field.name for field in fields(Passage))


def canonical(*, passage: Passage) -> bytes:
    """Return the canonical encoding; `at` must know its zone."""
    record = {name: getattr(passage, name) for name in FIELDS}
    record["at"] = passage.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if passage.shown is not None:
        record["shown"] = [None if day is None else day.isoformat() for day in passage.shown]
    return encode(record=record)


def encode(*, record: Mapping[str, object]) -> bytes:
    """Return the canonical bytes of a passage that is plain JSON already, members in `FIELDS` order."""
    ordered = {name: record[name] for name in FIELDS}
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def commitment(*, salt: bytes, body: bytes) -> bytes:
    """Return the log entry (32 bytes) of a passage's canonical encoding under its salt (16 bytes)."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(_COMMITMENT + salt + body).digest()
