"""Reading a command's payload: each field by name and kind, each fault named."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sekisho.kernel.errors import SekishoError

_LONGEST = 2_000


class UnableToReadPayload(SekishoError):
    """A field of a submitted command is missing or malformed."""


def text(payload: Mapping[str, Any], field: str) -> str:
    """A required text of at most 2,000 characters, trimmed."""
    value = payload.get(field)
    if not isinstance(value, str) or not value.strip():
        raise UnableToReadPayload(f"「{field}」を入力してください。", f"{field!r} is required.")
    if len(value) > _LONGEST or "\0" in value:
        raise UnableToReadPayload(
            f"「{field}」が長すぎるか、使えない文字を含みます。", f"{field!r} is too long or has a NUL."
        )
    return value.strip()


def optional_text(payload: Mapping[str, Any], field: str) -> str | None:
    """A text, or None when it is missing or empty."""
    return text(payload, field) if payload.get(field) not in (None, "") else None


def day(payload: Mapping[str, Any], field: str) -> date:
    """A required ISO date."""
    value = text(payload, field)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UnableToReadPayload(
            f"「{field}」の {value!r} は日付ではありません(例 2026-11-22)。",
            f"{field!r}: {value!r} is not a date like 2026-11-22.",
        ) from None


def optional_day(payload: Mapping[str, Any], field: str) -> date | None:
    """An ISO date, or None when it is missing or empty."""
    return day(payload, field) if payload.get(field) not in (None, "") else None


def number(payload: Mapping[str, Any], field: str) -> int:
    """A required whole number; digits in text count."""
    value = payload.get(field)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or not str(value).strip().lstrip("-").isdecimal()
    ):
        raise UnableToReadPayload(
            f"「{field}」の {value!r} は整数ではありません。", f"{field!r}: {value!r} is not a whole number."
        )
    return int(value)
