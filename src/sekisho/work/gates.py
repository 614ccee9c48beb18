"""Gates over the command queue: what became of what I submitted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sekisho.barrier.gate import AnyGate, Gate, Param, Sort, shown

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


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    """One submission without what it says: who asked for which kind of change, and what became of it."""

    command_no: UUID = shown("q.command_no")
    kind: str = shown("q.kind")
    audience: str = shown("q.audience")
    company: str | None = shown("q.company")
    person: str = shown("q.person")
    submitted_at: datetime = shown("q.submitted_at")
    state: str = shown("q.state")
    finished_at: datetime | None = shown("q.finished_at")


SUBMISSIONS = Gate(
    name="submissions", ja="申請の一覧", en="submissions", audience="security", purposes=("oversight",), row=SubmissionRow,
    params=(Param("person", "text", "null"), Param("kind", "text", "null"), Param("state", "text", "null")), source="{seen}.command q",
    where="(p_person is null or q.person = p_person) and (p_kind is null or starts_with(q.kind, p_kind)) and (p_state is null or q.state = p_state)",
    sorts={"submitted": Sort(("q.submitted_at", "q.command_no::text"), ("timestamptz", "text"))},
)  # fmt: skip

GATES: tuple[AnyGate, ...] = (SUBMISSIONS, COMMAND, OPERATOR_COMMAND, SECURITY_COMMAND)
