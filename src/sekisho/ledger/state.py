"""How far the log is, as security and the auditor see it: a log that falls behind is a reason to act, and at last gates refuse."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sekisho.barrier.gate import Gate, Sort, shown

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


@dataclass(frozen=True, slots=True)
class LagChangeRow:
    """One change of the lag from which on gates refuse, in seconds; None: they never do. `os_user`, `by`, `reason`: None where it was not a command."""

    change_no: int = shown("c.change_no")
    at: datetime = shown("c.at")
    login: str = shown("c.login")
    os_user: str | None = shown("c.os_user")
    by: str | None = shown("c.by")
    reason: str | None = shown("c.reason")
    old_seconds: Decimal | None = shown("c.old_seconds")
    new_seconds: Decimal | None = shown("c.new_seconds")


def _lag_changes(audience: str, purpose: str) -> Gate[LagChangeRow]:
    return Gate(
        name="lag_changes", ja="照会を拒む遅れの上限の変更", en="changes of the longest lag", audience=audience, purposes=(purpose,),
        row=LagChangeRow, source="{seen}.lag_change c", sorts={"change": Sort(("c.change_no",), ("bigint",))},
    )  # fmt: skip


LOG_STATE = _state("security", "oversight")
AUDITOR_LOG_STATE = _state("auditor", "audit")
LAG_CHANGES = _lag_changes("security", "oversight")
AUDITOR_LAG_CHANGES = _lag_changes("auditor", "audit")
GATES = (LOG_STATE, AUDITOR_LOG_STATE, LAG_CHANGES, AUDITOR_LAG_CHANGES)
