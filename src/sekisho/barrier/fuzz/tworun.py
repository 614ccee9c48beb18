"""The comparison: the same person asks the same things in both worlds, and must not be able to tell which one answered."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from sekisho.barrier.fuzz.calls import Call, Pool, calls_of
from sekisho.barrier.fuzz.people import Person, admitted, name_of, refused
from sekisho.barrier.fuzz.record import Ledger
from sekisho.barrier.fuzz.replay import Answer, ask, canaries, parting, undone
from sekisho.barrier.fuzz.stages import Stages
from sekisho.barrier.fuzz.twins import Depth, hidden_values
from sekisho.barrier.gate import AnyGate
from sekisho.barrier.ticket import Caller

Doors = Mapping[tuple[Caller, Depth] | None, psycopg.Connection]

TWO_RUN, CANARY, RECORD = "two-run", "canary", "record"


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that a caller could notice and must not, as small as it can be told. `by` says who found it."""

    by: str
    who: str
    where: str
    parameters: Mapping[str, str]
    byte: int | None
    one: str
    two: str
    origins: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def public(self) -> dict[str, Any]:
        """As JSON. Every value comes from a made-up world."""
        origins = {token: f"{table}.{column}" for token, (table, column) in self.origins.items()}
        return {"by": self.by, "who": self.who, "where": self.where, "parameters": dict(self.parameters), "byte": self.byte,
                "one": self.one, "two": self.two, "canaries": origins}  # fmt: skip


@dataclass(slots=True)
class Tried:
    """What was tried, and what was found."""

    calls: int = 0
    functions: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)  # functions that returned at least one row to somebody
    leaks: list[Leak] = field(default_factory=list)


class TwoRun:
    """Replays the calls of one caller at one depth."""

    def __init__(self, stages: Stages, caller: Caller, depth: Depth, *, seed: int) -> None:
        self.caller, self.depth = caller, depth
        one, two = stages.worlds[None], stages.worlds[caller, depth]
        self._pool = Pool(one, two, caller, seed)
        self._hidden = hidden_values(caller, one, two)
        self._ledger = Ledger(one)
        self.person = next(p for p in admitted(stages.office) if p.caller == caller)
        self._strangers = list(refused(stages.office, caller))

    def calls(self, gates: Iterable[AnyGate]) -> Iterator[Call]:
        """Everything to ask at the gates of the caller's purpose."""
        for gate in gates:
            if gate.audience == self.caller.audience and self.caller.purpose in gate.purposes:
                yield from calls_of(gate, self.person.purpose, self._pool, depth=self.depth)

    def run(self, doors: Doors, gates: Iterable[AnyGate], tried: Tried) -> None:
        """Ask everything. Nothing that is asked leaves a trace."""
        one, two = doors[None], doors[self.caller, self.depth]
        with undone(one), undone(two):
            self.run_calls(one, two, self.calls(gates), tried)

    def run_calls(
        self,
        one: psycopg.Connection,
        two: psycopg.Connection,
        calls: Iterable[Call],
        tried: Tried,
        *,
        first: bool = False,
        strangers: int | None = None,
    ) -> None:
        """The same for some calls, inside transactions that are the caller's affair; `strangers`: how many of them ask, too (all).

        `first`: no more questions once anything was found.
        """
        asked: set[str] = set()
        for call in calls:
            alone = self.depth is not Depth.ASKED or call.function in asked
            asked.add(call.function)
            for person in (self.person, *(() if alone else self._strangers[:strangers])):
                self._compare(one, two, person, call, tried)
                if first and tried.leaks:
                    return

    def _compare(
        self, one: psycopg.Connection, two: psycopg.Connection, person: Person, call: Call, tried: Tried
    ) -> None:
        left, right = ask(one, person, call), ask(two, person, call)
        tried.calls += 2
        tried.functions.add(call.function)
        tried.people.add(person.name)
        if left.rows:
            tried.told.add(call.function)
        tried.leaks += self._found(person, call, left, right)

    def _found(self, person: Person, call: Call, left: Answer, right: Answer) -> Iterator[Leak]:
        texts = left.text(), right.text()
        part = parting(*texts)
        said = " ".join(str(value) for _, value, _ in call.arguments)
        hidden = self._hidden
        origins = canaries("\n".join(texts), hidden, said=said)
        if part is not None:
            yield Leak(
                TWO_RUN, person.name, call.function, call.described(), part.byte, part.one, part.two, origins
            )
        elif origins:
            yield Leak(
                CANARY,
                person.name,
                call.function,
                call.described(),
                None,
                texts[0][:200],
                texts[1][:200],
                origins,
            )
        if (fault := self._ledger.fault(person, call, left)) is not None:
            yield Leak(RECORD, person.name, call.function, call.described(), None, fault, "")


def run_all(
    stages: Stages,
    doors: Doors,
    gates: Iterable[AnyGate],
    *,
    seed: int,
    tell: Callable[[str, int], None] = lambda _name, _calls: None,
) -> Tried:
    """Every caller, at every depth."""
    tried = Tried()
    listed = tuple(gates)
    for caller, depth in stages.pairs():
        TwoRun(stages, caller, depth, seed=seed).run(doors, listed, tried)
        tell(f"{name_of(caller)} {depth}", tried.calls)
    return tried
