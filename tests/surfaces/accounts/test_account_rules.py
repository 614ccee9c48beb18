"""When sessions end and accounts lock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag

from sekisho.accounts.rules import (
    FAILURES_BEFORE_LOCK,
    LOCK,
    Ended,
    is_lapsed,
    is_locked,
    locked_until,
    session_end,
)
from sekisho.accounts.sealing import seal, unseal

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
IDLE, ABSOLUTE = 1800, 36000


@pytest.mark.parametrize(
    ("signed_in", "seen", "ended"),
    [
        (0, 0, None),
        (60, 60, None),
        (1799, 1799, None),
        (1800, 1800, Ended.IDLE),
        (35999, 5, None),
        (36000, 5, Ended.TOO_OLD),
        (36000, 1800, Ended.TOO_OLD),
        (40000, 0, Ended.TOO_OLD),
    ],
)
def test_sessions_end_by_idleness_and_by_age(signed_in: int, seen: int, ended: Ended | None) -> None:
    at = 1_000_000.0
    found = session_end(signed_in_at=at - signed_in, seen_at=at - seen, now=at, idle=IDLE, absolute=ABSOLUTE)
    assert found == ended


def test_a_session_without_times_is_over() -> None:
    assert (
        session_end(signed_in_at=0, seen_at=0, now=NOW.timestamp(), idle=IDLE, absolute=ABSOLUTE)
        is Ended.TOO_OLD
    )


@pytest.mark.parametrize(
    "failures", [0, FAILURES_BEFORE_LOCK - 1, FAILURES_BEFORE_LOCK, FAILURES_BEFORE_LOCK + 1]
)
def test_the_tenth_failure_locks(failures: int) -> None:
    assert (locked_until(failures=failures, now=NOW) is not None) == (failures >= FAILURES_BEFORE_LOCK)


@pytest.mark.parametrize(
    ("after", "locked"), [(timedelta(0), True), (LOCK - timedelta(seconds=1), True), (LOCK, False)]
)
def test_a_lock_ends_by_itself(after: timedelta, locked: bool) -> None:
    until = locked_until(failures=FAILURES_BEFORE_LOCK, now=NOW)
    assert is_locked(until=until, now=NOW + after) == locked
    assert not is_locked(until=None, now=NOW)


@pytest.mark.parametrize(
    ("initial", "until", "lapsed"),
    [
        (True, NOW + timedelta(seconds=1), False),
        (True, NOW, True),
        (True, None, False),
        (False, NOW - timedelta(days=400), False),
    ],
)
def test_a_first_password_lapses_and_ones_own_does_not(
    initial: bool, until: datetime | None, lapsed: bool
) -> None:
    assert is_lapsed(initial=initial, until=until, now=NOW) == lapsed


def test_sealed_secrets_open_with_their_key_only() -> None:
    key, other = bytes(32), bytes([1]) * 32
    sealed = seal("JBSWY3DP", key=key)
    assert "JBSWY3DP" not in sealed
    assert unseal(sealed, key=key) == "JBSWY3DP"
    with pytest.raises(InvalidTag):
        unseal(sealed, key=other)
