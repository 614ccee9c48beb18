"""One run of the fuzz: rounds of the two-run comparison over all gates, and the mutants, shared out among processes.

Every process stages worlds of its own, so that nobody waits for another's transaction. What comes back is plain data.
"""

import itertools
import multiprocessing
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from queue import Empty
from typing import Any

from psycopg.conninfo import make_conninfo

from sekisho.barrier.connect import connect
from sekisho.barrier.fuzz.mutants import Broken, Mutant
from sekisho.barrier.fuzz.people import callers, name_of, new_keys
from sekisho.barrier.fuzz.report import Report
from sekisho.barrier.fuzz.stages import Stages, UnableToFuzz, opened, pairs_of, staged, template_of
from sekisho.barrier.fuzz.strength import Strength, batches
from sekisho.barrier.fuzz.tworun import Tried, TwoRun
from sekisho.barrier.gate import AnyGate
from sekisho.barrier.proof import snapshot
from sekisho.barrier.proof.deployed import read_deployed, reading
from sekisho.barrier.proof.scratch import Build
from sekisho.barrier.ticket import Caller

Load = Callable[[], Iterable[AnyGate]]
Tell = Callable[[str, int, int], None]
"""What is being done, how many of how many."""
Turn = Callable[[], int]
"""The number of the next batch that nobody has taken: whoever is done takes it, so that no process waits for another."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does. `mutants`: how many, drawn by the seed (None: all, 0: none). `names`: whose calls (None: everybody's)."""

    seed: int = 1
    rounds: int = 1
    names: tuple[str, ...] | None = None
    mutants: int | None = None
    kinds: tuple[str, ...] | None = None
    replay: bool = True
    processes: int = 2

    def callers(self) -> tuple[Caller, ...]:
        """The callers of this run; raises `UnableToFuzz` for a name that nobody has."""
        everybody = {name_of(caller): caller for caller in callers()}
        wanted = [
            caller
            for name, caller in everybody.items()
            if self.names is None or any(_meant(name, word) for word in self.names)
        ]
        if not wanted:
            raise UnableToFuzz(
                f"該当する利用者がいません。次から選んでください: {', '.join(everybody)}",
                f"Nobody of that name. Choose from: {', '.join(everybody)}",
            )
        return tuple(wanted)


def _meant(name: str, word: str) -> bool:
    return word in (name, name.partition(":")[0].partition("/")[0])


@dataclass(frozen=True, slots=True)
class _Task:
    """One process's share of the callers: every `of`-th, beginning with `share`. Mutants are taken in turn."""

    conninfo: str
    template: str
    load: Load
    plan: Plan
    now: datetime
    share: int
    of: int

    def mine(self, work: Sequence[Any]) -> Sequence[Any]:
        return work[self.share :: self.of]


def fuzz(
    conninfo: str,
    *,
    load: Load,
    build: Build | None,
    template: str | None = None,
    plan: Plan,
    now: datetime,
    tell: Tell = lambda *_: None,
) -> Report:
    """Run the plan on throw-away databases of the server that `conninfo` (a superuser) names. Deterministic by the plan's seed.

    `load` returns the gates; it must be importable, because every process loads them for itself.
    """
    started = time.monotonic()
    plan.callers()
    with ExitStack() as stack:
        made = template_of(stack, conninfo, build, template)
        report = Report(
            now,
            plan.seed,
            plan.rounds,
            _digest(conninfo, made),
            sampled=plan.mutants is not None or plan.kinds is not None,
        )
        tasks = [
            _Task(conninfo, made, load, plan, now, share, plan.processes) for share in range(plan.processes)
        ]
        for part in (
            _side_by_side(tasks, tell)
            if len(tasks) > 1
            else [_work(tasks[0], tell, itertools.count().__next__)]
        ):
            _add(report, part)
    report.leaks.sort(key=lambda leak: (leak["who"], leak["where"], str(leak["parameters"])))
    report.mutants.sort(key=lambda mutant: (mutant["kind"], mutant["name"]))
    report.seconds = time.monotonic() - started
    return report


def _digest(conninfo: str, template: str) -> str:
    with connect(make_conninfo(conninfo, dbname=template)) as conn, reading(conn):
        return snapshot.digest(snapshot.take(conn, read_deployed(conn)))


@dataclass(slots=True)
class _Part:
    """What one process found."""

    tried: Tried
    verdicts: list[Mapping[str, Any]]


def _add(report: Report, part: _Part) -> None:
    report.calls += part.tried.calls
    report.functions |= part.tried.functions
    report.told |= part.tried.told
    report.people |= part.tried.people
    report.leaks += [leak.public() for leak in part.tried.leaks]
    report.mutants += part.verdicts


def _work(task: _Task, tell: Tell, turn: Turn) -> _Part:
    gates = tuple(task.load())
    part = _Part(Tried(), [])
    for number in range(task.plan.rounds):
        plan = replace(task.plan, seed=task.plan.seed + number)
        breaking = number == 0 and plan.mutants != 0
        wanted = plan.callers() if breaking else task.mine(plan.callers())
        with staged(
            task.conninfo, build=None, template=task.template, pairs=pairs_of(wanted), seed=plan.seed, now=task.now, keys=new_keys(),
            tell=lambda name: tell(f"staging {name}".strip(), 0, 0),
        ) as stages, opened(stages) as doors:  # fmt: skip
            if plan.replay:
                pairs = [key for key in stages.pairs() if key[0] in task.mine(plan.callers())]
                for done, (caller, depth) in enumerate(pairs):
                    tell(f"two runs {name_of(caller)}", done, len(pairs))
                    TwoRun(stages, caller, depth, seed=plan.seed).run(doors, gates, part.tried)
            if breaking:
                strength = Strength(stages, doors, gates, seed=plan.seed)
                work = _ordered(stages, gates, plan, conn_owner=doors[None].info.user)
                while (number_of_batch := turn()) < len(work):
                    tell("mutants", number_of_batch, len(work))
                    part.verdicts += [verdict.public() for verdict in strength.judge(work[number_of_batch])]
    return part


def _ordered(stages: Stages, gates: Sequence[AnyGate], plan: Plan, *, conn_owner: str) -> list[list[Mutant]]:
    """The batches of this run, the same in every process; of each kind the long ones first."""
    there = {(caller.audience, caller.purpose) for caller, _ in stages.pairs()}
    mutants = [
        m for m in Broken(gates, administrator=conn_owner).all() if not m.purposes or there & set(m.purposes)
    ]
    mutants = [m for m in mutants if plan.kinds is None or m.kind in plan.kinds]
    rng = random.Random(plan.seed)  # noqa: S311 – deterministic by seed
    if plan.mutants is not None and plan.mutants < len(mutants):
        mutants = _of_every_kind(mutants, plan.mutants, rng)
    return sorted(batches(mutants), key=lambda batch: (batch[0].kind, -len(batch)))


def _of_every_kind(mutants: Sequence[Mutant], count: int, rng: random.Random) -> list[Mutant]:
    """A sample that takes as many of each kind as of any other, as far as there are."""
    kinds: dict[str, list[Mutant]] = {}
    for mutant in rng.sample(list(mutants), len(mutants)):
        kinds.setdefault(mutant.kind, []).append(mutant)
    chosen: list[Mutant] = []
    while len(chosen) < count:
        for listed in kinds.values():
            if listed and len(chosen) < count:
                chosen.append(listed.pop())
    return chosen


# --- processes


def _side_by_side(tasks: Sequence[_Task], tell: Tell) -> list[_Part]:
    context = multiprocessing.get_context("spawn")
    messages: Queue[tuple[str, Any]] = context.Queue()
    turns = context.Value("i", 0)
    processes = [
        context.Process(target=_report_to, args=(task, messages, turns), daemon=True) for task in tasks
    ]
    for process in processes:
        process.start()
    try:
        return list(_collect(processes, messages, tell))
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _collect(processes: Sequence[Any], messages: "Queue[tuple[str, Any]]", tell: Tell) -> Iterable[_Part]:
    parts: list[_Part] = []
    while len(parts) < len(processes):
        try:
            kind, content = messages.get(timeout=1)
        except Empty:
            if any(process.exitcode not in (None, 0) for process in processes):
                raise UnableToFuzz(
                    "検査のプロセスが途中で終わりました。", "A process of the fuzz ended before its time."
                ) from None
            continue
        if kind == "tell":
            tell(*content)
        elif kind == "fault":
            raise UnableToFuzz(
                f"検査のプロセスが失敗しました: {content}", f"A process of the fuzz failed: {content}"
            )
        else:
            parts.append(content)
    return parts


def _report_to(task: _Task, messages: "Queue[tuple[str, Any]]", turns: "Synchronized[int]") -> None:
    def turn() -> int:
        with turns.get_lock():
            turns.value += 1
            return turns.value - 1

    try:
        messages.put(("part", _work(task, lambda *said: messages.put(("tell", said)), turn)))
    except Exception as fault:
        messages.put(("fault", f"{type(fault).__name__}: {fault}"))
