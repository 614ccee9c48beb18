"""When an account locks itself, and how its sessions end: pure decisions."""

from datetime import datetime, timedelta
from enum import StrEnum

FAILURES_BEFORE_LOCK = 10
LOCK = timedelta(hours=1)


class Ended(StrEnum):
    """Why a session ended."""

    IDLE = "idle"
    TOO_OLD = "too_old"
    NO_PERMIT = "no_permit"


def locked_until(*, failures: int, now: datetime) -> datetime | None:
    """Until when the account is locked after so many failures in a row; None while it is not."""
    return now + LOCK if failures >= FAILURES_BEFORE_LOCK else None


def is_locked(*, until: datetime | None, now: datetime) -> bool:
    """Is the account locked at `now`?"""
    return until is not None and now < until


def is_lapsed(*, initial: bool, until: datetime | None, now: datetime) -> bool:
    """Is this a first password (`initial`) that nobody changed in time?"""
    return initial and until is not None and now >= until


def session_end(*, signed_in_at: float, seen_at: float, now: float, idle: int, absolute: int) -> Ended | None:
    """Why a session is over at `now` (all in seconds), or None while it goes on."""
    if now - signed_in_at >= absolute:
        return Ended.TOO_OLD
    return Ended.IDLE if now - seen_at >= idle else None
