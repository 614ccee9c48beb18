"""The fuzz of this platform: `barrier.fuzz` with the inventory of gates, and a walk through every surface."""

import random
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from functools import partial

from sekisho.barrier.audiences import AUDIENCES
from sekisho.barrier.connect import connect
from sekisho.barrier.deploy import ensure_roles
from sekisho.barrier.fuzz import campaign
from sekisho.barrier.fuzz.mutants import SOURCE
from sekisho.barrier.fuzz.people import callers, name_of
from sekisho.barrier.fuzz.report import Report
from sekisho.barrier.fuzz.stages import require_superuser, staged, template_of
from sekisho.barrier.fuzz.twins import Depth, depths
from sekisho.barrier.gate import AnyGate
from sekisho.barrier.ticket import Caller
from sekisho.settings.deploy import build, passwords, ticket_key
from sekisho.settings.flaws import Flaw, flaws
from sekisho.settings.home import Home
from sekisho.settings.inventory import GATES
from sekisho.settings.visiting import Visited, surfaces_of, visit

FEW = 30
"""How many requests a flawed surface is asked at most: every flaw shows within the first few pages."""
FLAWS_SAMPLED = 10
"""Of sampled mutants, one in so many is a surface's flaw."""

Tour = tuple[str, Caller, Depth]
"""Which surface, as whom, how much having been asked for."""


def gates() -> Iterable[AnyGate]:
    """Every gate; importable, because the processes of the fuzz load them for themselves."""
    return GATES


def fuzz_platform(
    conninfo: str,
    *,
    home: Home,
    plan: campaign.Plan,
    surfaces: bool,
    now: datetime,
    template: str | None = None,
    tell: campaign.Tell = lambda *_: None,
) -> Report:
    """Fuzz gates and surfaces in throw-away databases beside the one that `conninfo` names; `template` spares building one.

    `home` holds the logins' passwords and the ticket keys, which the surfaces' processes are handed.
    """
    started = time.monotonic()
    require_superuser(conninfo)
    _ensure_roles(conninfo, home)
    with ExitStack() as stack:
        made = template_of(stack, conninfo, build, template)
        report = campaign.fuzz(conninfo, load=gates, build=None, template=made, plan=plan, now=now, tell=tell)
        tours = list(tours_of(plan)) if surfaces else []
        walk = partial(_tour, conninfo, made, home, plan.seed, now)
        with ThreadPoolExecutor(max_workers=plan.processes) as pool:
            for done, visited in enumerate(pool.map(walk, tours), 1):
                tell(f"{visited.surface}", done, len(tours))
                _add(report, visited)
            if surfaces:
                _commit_flaws(
                    report, pool, partial(_flawed_tour, conninfo, made, home, plan.seed, now), plan, tell
                )
    report.seconds = time.monotonic() - started
    return report


def _ensure_roles(conninfo: str, home: Home) -> None:
    """On a server where nothing was ever installed: roles belong to the server, and throw-away databases need them, too."""
    with connect(conninfo) as conn:
        wanted = passwords(home)
        there = {name for (name,) in conn.execute("select rolname from pg_roles").fetchall()}
        if not wanted.keys() <= there:
            ensure_roles(conn, wanted)


def tours_of(plan: campaign.Plan) -> Iterable[Tour]:
    """Every surface as everybody who appears on it."""
    for caller in plan.callers():
        for surface in surfaces_of(caller):
            yield from ((surface, caller, depth) for depth in depths(caller))


def _tour(conninfo: str, template: str, home: Home, seed: int, now: datetime, tour: Tour) -> Visited:
    """One walk in a pair of worlds of its own: what a visitor reads is recorded, and others could read the record."""
    surface, caller, depth = tour
    keys = {audience.code: ticket_key(home, audience.code) for audience in AUDIENCES}
    pairs = [(caller, depth)]
    with staged(
        conninfo, build=None, template=template, pairs=pairs, seed=seed, now=now, keys=keys
    ) as stages:
        return visit(stages, caller, depth, surface=surface, home=home, seed=seed)


def flaws_of(plan: campaign.Plan) -> list[Flaw]:
    """The mistakes of surfaces' own code that a run commits: those that its people could notice; a sample where mutants are sampled."""
    names = {name_of(caller) for caller in plan.callers()}
    found = [flaw for flaw in flaws() if flaw.who in names]
    if plan.mutants is None:
        return found
    drawn = random.Random(plan.seed).sample(found, min(len(found), plan.mutants // FLAWS_SAMPLED))  # noqa: S311
    return sorted(drawn, key=lambda flaw: flaw.name)


def _commit_flaws(
    report: Report,
    pool: ThreadPoolExecutor,
    tour: Callable[[Flaw], Visited],
    plan: campaign.Plan,
    tell: campaign.Tell,
) -> None:
    listed = flaws_of(plan)
    for done, (flaw, visited) in enumerate(zip(listed, pool.map(tour, listed), strict=True), 1):
        tell("flaws", done, len(listed))
        by = sorted({leak.by for leak in visited.leaks})
        example = visited.leaks[0].public() if visited.leaks else None
        report.mutants.append(
            {"kind": "surface", "name": flaw.name, "origin": SOURCE, "caught_by": by,
             "example": "" if example is None else f"{example['where']}: {example['one']}"[:300], "equivalent": None}
        )  # fmt: skip


def _flawed_tour(conninfo: str, template: str, home: Home, seed: int, now: datetime, flaw: Flaw) -> Visited:
    """A walk that ends with the first thing noticed."""
    caller = next(one for one in callers() if name_of(one) == flaw.who)
    keys = {audience.code: ticket_key(home, audience.code) for audience in AUDIENCES}
    with staged(
        conninfo, build=None, template=template, pairs=[(caller, flaw.depth)], seed=seed, now=now, keys=keys
    ) as stages:
        return visit(
            stages, caller, flaw.depth, surface=flaw.surface, home=home, seed=seed, most=FEW, flaw=flaw.code
        )


def _add(report: Report, visited: Visited) -> None:
    before = report.surfaces.get(visited.surface, {"addresses": 0, "answers": 0})
    counted = {
        "addresses": before["addresses"] + visited.addresses,
        "answers": before["answers"] + visited.answers,
    }
    report.surfaces[visited.surface] = counted
    report.leaks += [leak.public() for leak in visited.leaks]
