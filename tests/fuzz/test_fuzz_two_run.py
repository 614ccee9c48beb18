"""The two-run fuzz on a real server: it finds nothing where nothing is, and what is broken it finds, small and with its origin."""

from __future__ import annotations

import pytest
from fuzz_stage import CALLERS, Stage

from sekisho.barrier.connect import connect
from sekisho.barrier.fuzz.stages import opened
from sekisho.barrier.fuzz.twins import Depth
from sekisho.barrier.fuzz.tworun import run_all
from sekisho.settings.home import Home
from sekisho.settings.inventory import GATES
from sekisho.settings.visiting import visit

OPEN = "create policy extra on {table} for select to {role} using (true)"


def test_gates_answer_alike_in_both_worlds(stage: Stage) -> None:
    with stage("contractor/work", "callcentre/enquiry", "public/public") as stages, opened(stages) as doors:
        tried = run_all(stages, doors, GATES, seed=1)
    assert [leak.public() for leak in tried.leaks] == []
    assert tried.functions == tried.told, "a gate that never had anything to tell was not tried"
    assert len(tried.people) > 60


def test_a_leak_is_told_small_and_with_its_origin(stage: Stage) -> None:
    statement = OPEN.format(table="registry.meter", role="seen_contractor_work")
    with stage("contractor/work") as stages, opened(stages) as doors:
        for place in stages.places.values():
            with connect(place) as conn:
                conn.execute("alter table registry.work_order disable row level security")
                conn.execute(statement)
        tried = run_all(stages, doors, GATES, seed=1)
    leak = next(leak for leak in tried.leaks if leak.by == "two-run")
    assert leak.who == "contractor/work"
    assert leak.where == "gate.contractor_work_work_orders"
    assert leak.byte is not None and leak.one != leak.two
    assert {table for table, _ in leak.origins.values()} >= {"registry.work_order"}


@pytest.mark.parametrize(
    ("name", "surface"), [("public/public", "public_web"), ("retailer:00026", "retailer_api")]
)
def test_surfaces_answer_alike_in_both_worlds(stage: Stage, home: Home, name: str, surface: str) -> None:
    with stage(name) as stages:
        visited = visit(stages, CALLERS[name], Depth.ASKED, surface=surface, home=home, seed=1)
    assert [leak.public() for leak in visited.leaks] == []
    assert visited.addresses > 15 and visited.answers > 60


def test_a_leak_below_a_surface_shows_in_its_answers(stage: Stage, home: Home) -> None:
    with stage("retailer:00026") as stages:
        for place in stages.places.values():
            with connect(place) as conn:
                conn.execute(OPEN.format(table="ledger.seen_point", role="seen_retailer_contract"))
        visited = visit(
            stages, CALLERS["retailer:00026"], Depth.ASKED, surface="retailer_api", home=home, seed=1
        )
    assert any("/api/v1/passages" in leak.where and leak.origins for leak in visited.leaks)
