"""One JSON object a line, without personal data: no paths, no parameters, no error messages – where and what kind only."""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

# Fields that `extra=` may add. Anything else that a caller passes is dropped, so that nothing slips in.
_ALLOWED = (
    "request_id", "route", "purpose", "method", "status", "ms", "gate", "sqlstate", "step", "kind", "factor", "error", "frames",
    "pause", "lag_seconds", "limit_seconds", "unsealed", "size",
)  # fmt: skip


class JsonLines(logging.Formatter):
    """Formats records of every library alike. INVARIANT: an exception's message never reaches the log; it may quote data."""

    def __init__(self, surface: str) -> None:
        super().__init__()
        self._surface = surface

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "surface": self._surface,
            "logger": record.name,
            "event": record.getMessage()
            if _is_ours(record)
            else record.msg
            if isinstance(record.msg, str)
            else "",
        }
        line |= {name: value for name in _ALLOWED if (value := getattr(record, name, None)) not in (None, "")}
        if record.exc_info and record.exc_info[1]:
            line |= describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def describe(fault: BaseException) -> dict[str, Any]:
    """What kind of error, and where: not what it says."""
    frames = traceback.extract_tb(fault.__traceback__)
    return {
        "error": type(fault).__qualname__,
        "frames": [
            f"{frame.filename.rsplit('/src/', 1)[-1]}:{frame.lineno}:{frame.name}" for frame in frames[-12:]
        ],
    }


def _is_ours(record: logging.LogRecord) -> bool:
    # Other libraries' arguments may be addresses or values; their templates are not.
    return record.name.startswith("sekisho")
