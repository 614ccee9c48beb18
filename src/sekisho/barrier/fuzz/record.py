"""Whether an answer's record says what was answered: the second invariant, looked at from outside."""

from typing import Any

from sekisho.barrier.compiler import outputs_of
from sekisho.barrier.fuzz.calls import Call
from sekisho.barrier.fuzz.people import Person
from sekisho.barrier.fuzz.replay import Answer
from sekisho.barrier.fuzz.worlds import World
from sekisho.barrier.gate import Gate


class Ledger:
    """What the records of answers out of one world must say."""

    def __init__(self, world: World) -> None:
        self._contracts = {
            row["contract_no"]: (row["point"], row["holder"]) for row in world.rows("registry.contract")
        }

    def fault(self, person: Person, call: Call, answer: Answer) -> str | None:
        """What is wrong with the record of an answer; None: nothing. An error must return nothing, so it needs no record."""
        if answer.error is not None:
            return f"error for a refused ticket: {answer.error}" if person.refused else None
        if len(answer.passages) != 1:
            return f"{len(answer.passages)} passages"
        passage = answer.passages[0]
        if person.refused is not None:
            return self._refusal(person, answer, passage["verdict"])
        if passage["verdict"] != "passed":
            return f"verdict {passage['verdict']} for a good ticket"
        return self._claims(person, call, passage) or (
            self._contents(call, answer, passage) if isinstance(call.gate, Gate) else None
        )

    def _refusal(self, person: Person, answer: Answer, verdict: str) -> str | None:
        if answer.rows and not _says_nothing(answer):
            return f"{len(answer.rows)} rows for a refused ticket"
        return None if verdict == person.refused else f"verdict {verdict} instead of {person.refused}"

    def _claims(self, person: Person, call: Call, passage: Any) -> str | None:
        caller = person.caller
        wanted = {"gate": call.gate.name, "audience": caller.audience, "company": caller.company, "person": caller.person, "purpose": caller.purpose,
                  "case_no": caller.case_no, "request_id": "fuzz"}  # fmt: skip
        wrong = {name: passage[name] for name, value in wanted.items() if passage[name] != value}
        return f"recorded as {wrong}" if wrong else None

    def _contents(self, call: Call, answer: Answer, passage: Any) -> str | None:
        if passage["row_count"] != len(answer.rows):
            return f"{len(answer.rows)} rows recorded as {passage['row_count']}"
        return self._items(call, answer, passage) or self._points(call, answer, passage)

    def _items(self, call: Call, answer: Answer, passage: Any) -> str | None:
        assert isinstance(call.gate, Gate)  # noqa: S101 – the caller asked only for reading gates
        recorded = set(passage["items"])
        for output in outputs_of(call.gate, call.purpose):
            missing = [
                item
                for item in output.items
                if item not in recorded and not (output.masked and f"{item}:masked" in recorded)
            ]
            if missing and output.name in answer.columns:
                return f"column {output.name} shows {missing}, which is not recorded"
        return None

    def _points(self, call: Call, answer: Answer, passage: Any) -> str | None:
        """Rows that name a contract or a point: both it and its holder are recorded."""
        if len(passage["points"]) != len(passage["holders"]):
            return f"{len(passage['points'])} points are recorded with {len(passage['holders'])} holders"
        recorded = set(zip(passage["points"], passage["holders"], strict=True))
        listed = {point for point, _ in recorded}
        names = answer.columns
        if not isinstance(call.gate, Gate) or call.gate.point is None:
            return None
        for row in answer.rows:
            cells = dict(zip(names, row, strict=True))
            if (
                cells.get("contract_no") in self._contracts
                and self._contracts[cells["contract_no"]] not in recorded
            ):
                return f"contract {cells['contract_no']} is not recorded with its point and holder"
            if "point" in cells and cells["point"] not in listed:
                return f"point {cells['point']} is not recorded"
        return None


def _says_nothing(answer: Answer) -> bool:
    """A total over no rows: one row of zeros and nulls."""
    return len(answer.rows) == 1 and not any(answer.rows[0])
