"""Time as the store keeps it: seconds and days since 1970-01-01 of the wall clock in Japan, as plain integers.

Contracts change at midnight in Asia/Tokyo, so a reading belongs to the contract of its Japanese day; counting from there
makes a day the quotient of a division. Japan has had no summer time since 1951: the offset is a constant.
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

JAPAN: Final = timezone(timedelta(hours=9))
DAY: Final = 86_400
OPEN: Final = 2**31 - 1
"""The end day of a contract that has no end."""
_ORIGIN: Final = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - _ORIGIN).days


def day_of(number: int) -> date:
    """Return the date of a day number."""
    return _ORIGIN + timedelta(days=number)


def second_number(moment: datetime) -> int:
    """Return whole seconds of Japan's wall clock since 1970; `moment` must know its zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its zone")
    return int((moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 1) + 9 * 3600


def moment_of(number: int) -> datetime:
    """Return the moment of a second number, in Japan's zone."""
    return datetime(1970, 1, 1, tzinfo=JAPAN) + timedelta(seconds=number)
