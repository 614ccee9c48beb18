"""How far the log is, as security and the auditor see it: a log that falls behind is a reason to act, and at last gates refuse."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sekisho.barrier.gate import Gate, shown

UNLIMITED_ALARM = timedelta(seconds=60)


def alarm_after(max_lag: timedelta | None) -> timedelta:
    """From which lag on somebody should act: half of the lag at which gates refuse, or a minute where they never do."""
    return UNLIMITED_ALARM if max_lag is None else max_lag / 2


@dataclass(frozen=True, slots=True)
class LogStateRow:
    """Entries, how many of them are under the published checkpoint, until when everything is, and from when on gates will refuse."""

    size: int = shown("q.size")
    published: int = shown("q.published_size")
    sealed_through: datetime | None = shown("s.sealed_through")
    refused_from: datetime | None = shown("s.sealed_through + s.max_lag")


def _state(audience: str, purpose: str) -> Gate[LogStateRow]:
    return Gate(
        name="log_state", ja="閲覧ログの状態", en="state of the passage log", audience=audience, purposes=(purpose,), row=LogStateRow,
        source="{seen}.sequence q cross join {seen}.seal s", max_rows=1,
    )  # fmt: skip


LOG_STATE = _state("security", "oversight")
AUDITOR_LOG_STATE = _state("auditor", "audit")
GATES = (LOG_STATE, AUDITOR_LOG_STATE)
