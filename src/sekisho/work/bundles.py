"""Gates of proof bundles: asked for by security and the auditor, made by the worker, received in parts. Each step is a passage itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sekisho.barrier.gate import AnyGate, Gate, Param, Sort, SubmitGate, shown


@dataclass(frozen=True, slots=True)
class BundleRow:
    """One bundle, or why it was not made."""

    bundle_no: UUID = shown("b.bundle_no")
    made_at: datetime = shown("b.made_at")
    expires_at: datetime = shown("b.expires_at")
    person: str = shown("b.person")
    asked: dict[str, Any] = shown("b.asked")
    state: str = shown("b.state")
    refusal: dict[str, Any] | None = shown("b.refusal")
    kind: str | None = shown("b.kind")
    first_idx: int | None = shown("b.first_idx")
    end_idx: int | None = shown("b.end_idx")
    passages: int | None = shown("b.passages")
    waiting: int | None = shown("b.waiting")
    tree_size: int | None = shown("b.tree_size")
    checkpoint: str | None = shown("b.checkpoint")
    bytes: int | None = shown("b.bytes")
    sha256: str | None = shown("b.sha256")
    parts: int = shown("b.parts")


@dataclass(frozen=True, slots=True)
class BundlePartRow:
    """A piece of the zip file, in base64."""

    part_no: int = shown("p.part_no")
    body: str = shown("p.body")


@dataclass(frozen=True, slots=True)
class BundleGates:
    """One audience's way to its bundles."""

    make: SubmitGate
    bundles: Gate[BundleRow]
    bundle: Gate[BundleRow]
    part: Gate[BundlePartRow]

    @property
    def all(self) -> tuple[AnyGate, ...]:
        """The gates, for the inventory."""
        return (self.make, self.bundles, self.bundle, self.part)


def _gates(audience: str, purpose: str) -> BundleGates:
    return BundleGates(
        make=SubmitGate(
            name="make_bundle", ja="証明一式の作成", en="make a proof bundle", audience=audience, purposes=(purpose,), command="ledger.make_bundle"
        ),
        bundles=Gate(
            name="bundles", ja="証明一式の一覧", en="proof bundles", audience=audience, purposes=(purpose,), row=BundleRow,
            source="{seen}.bundle b", sorts={"made": Sort(("b.made_at", "b.bundle_no::text"), ("timestamptz", "text"))},
        ),
        bundle=Gate(
            name="bundle", ja="証明一式", en="a proof bundle", audience=audience, purposes=(purpose,), row=BundleRow,
            params=(Param("command_no", "uuid"),), source="{seen}.bundle b", where="b.bundle_no = p_command_no", max_rows=1,
        ),
        part=Gate(
            name="bundle_part", ja="証明一式の受け取り", en="receive a proof bundle", audience=audience, purposes=(purpose,), row=BundlePartRow,
            params=(Param("command_no", "uuid"), Param("part_no", "bigint")), source="{seen}.bundle_part p",
            where="p.bundle_no = p_command_no and p.part_no = p_part_no", max_rows=1,
        ),
    )  # fmt: skip


SECURITY = _gates("security", "oversight")
AUDITOR = _gates("auditor", "audit")


GATES: tuple[AnyGate, ...] = (*SECURITY.all, *AUDITOR.all)
