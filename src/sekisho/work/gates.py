"""Gates over the command queue: what became of what I submitted, and the files that I asked for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sekisho.barrier.gate import AnyGate, Gate, Param, Sort, SubmitGate, shown

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


def _command(audience: str, purposes: tuple[str, ...], also: str = "") -> Gate[CommandRow]:
    return Gate(
        name="command", ja="申請の結果", en="outcome of a submission", audience=audience, purposes=purposes, row=CommandRow,
        params=(Param("command_no", "uuid"),), source="{seen}.command q", where=f"q.command_no = p_command_no{also}", max_rows=1,
    )  # fmt: skip


COMMAND = _command("retailer", ("contract",))
OPERATOR_COMMAND = _command("operator", _OPERATOR)
# what others submitted may have been refused with a customer's word in the answer: security reads its own outcomes only
SECURITY_COMMAND = _command("security", ("oversight",), " and q.audience = 'security'")


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


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One file that somebody asked for, and how far it is."""

    export_no: UUID = shown("e.export_no")
    kind: str = shown("e.kind")
    form: str = shown("e.form")
    params: dict[str, Any] = shown("e.params")
    asked_at: datetime = shown("e.asked_at")
    state: str = shown("e.state")
    total: int | None = shown("e.total")
    row_count: int = shown("e.row_count")
    parts: int = shown("e.parts::bigint")
    bytes: int = shown("e.bytes")
    sha256: str | None = shown("e.sha256")
    started_at: datetime | None = shown("e.started_at")
    finished_at: datetime | None = shown("e.finished_at")
    expires_at: datetime | None = shown("e.expires_at")
    outcome: dict[str, Any] | None = shown("e.outcome")


def _exports(audience: str, purpose: str) -> Gate[ExportRow]:
    return Gate(
        name="exports", ja="作成を頼んだファイル", en="files asked for", audience=audience, purposes=(purpose,), row=ExportRow,
        params=(Param("export_no", "uuid", "null"),), source="{seen}.export e", where="(p_export_no is null or e.export_no = p_export_no)",
        sorts={"asked": Sort(("e.asked_at", "e.export_no::text"), ("timestamptz", "text"))},
    )  # fmt: skip


EXPORTS = _exports("retailer", "contract")
SECURITY_EXPORTS = _exports("security", "oversight")


@dataclass(frozen=True, slots=True)
class ExportPartRow:
    """A sealed piece of a file."""

    part_no: int = shown("p.part_no::bigint")
    body: str = shown("p.body")


def _export_part(audience: str, purpose: str) -> Gate[ExportPartRow]:
    return Gate(
        name="export_part", ja="ファイルの受け取り", en="receive a file", audience=audience, purposes=(purpose,), row=ExportPartRow,
        params=(Param("export_no", "uuid"), Param("part_no", "bigint")), source="{seen}.export_part p",
        where="p.export_no = p_export_no and p.part_no = p_part_no", max_rows=1,
    )  # fmt: skip


EXPORT_PART = _export_part("retailer", "contract")
SECURITY_EXPORT_PART = _export_part("security", "oversight")

ASK_EXPORT = SubmitGate(name="ask_export", ja="ファイルの作成", en="ask for a file", audience="retailer", purposes=("contract",),
                        command="work.ask_export")  # fmt: skip
DROP_EXPORT = SubmitGate(name="drop_export", ja="ファイルの取消・削除", en="cancel or delete a file", audience="retailer", purposes=("contract",),
                         command="work.drop_export")  # fmt: skip

GATES: tuple[AnyGate, ...] = (
    SUBMISSIONS,
    COMMAND,
    OPERATOR_COMMAND,
    SECURITY_COMMAND,
    EXPORTS,
    SECURITY_EXPORTS,
    EXPORT_PART,
    SECURITY_EXPORT_PART,
    ASK_EXPORT,
    DROP_EXPORT,
)
