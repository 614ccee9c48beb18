"""Gates over the command queue: what became of what I submitted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sekisho.barrier.gate import Gate, Param, shown

_OPERATOR = ("wheeling", "switching", "safety", "reading", "enquiry", "disaster")


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One submitted command and its outcome."""

    command_no: UUID = shown("q.command_no")
    kind: str = shown("q.kind")
    state: str = shown("q.state")
    submitted_at: datetime = shown("q.submitted_at")
    finished_at: datetime | None = shown("q.finished_at")
    outcome: dict[str, Any] | None = shown("q.outcome")


def _command(audience: str, purposes: tuple[str, ...]) -> Gate[CommandRow]:
    return Gate(
        name="command", ja="申請の結果", en="outcome of a submission", audience=audience, purposes=purposes, row=CommandRow,
        params=(Param("command_no", "uuid"),), source="{seen}.command q", where="q.command_no = p_command_no", max_rows=1,
    )  # fmt: skip


COMMAND = _command("retailer", ("contract",))
OPERATOR_COMMAND = _command("operator", _OPERATOR)
SECURITY_COMMAND = _command("security", ("oversight",))

GATES = (COMMAND, OPERATOR_COMMAND, SECURITY_COMMAND)
