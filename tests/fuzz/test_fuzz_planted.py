"""A leak planted below everything is found at each kind of surface: a gate, a page, a file, an operation of the API. Each with its origin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fuzz_stage import CALLERS, Stage

from sekisho.barrier.connect import connect
from sekisho.barrier.fuzz.stages import opened
from sekisho.barrier.fuzz.twins import Depth
from sekisho.barrier.fuzz.tworun import Leak, run_all
from sekisho.settings.home import Home
from sekisho.settings.inventory import GATES
from sekisho.settings.visiting import visit

RETAILER = "retailer:00026"
OPENED = ("registry.contract", "registry.party", "registry.place")
FEW = 12
"""Requests: enough for the list of contracts, its file and its operation, which come first."""


@pytest.fixture(scope="module")
def leaks(stage: Stage, home: Home) -> Iterator[list[Leak]]:
    """What is found when one retailer may suddenly see everybody's contracts."""
    contracts = [gate for gate in GATES if gate.name == "contracts"]
    with stage(RETAILER) as stages:
        for place in stages.places.values():
            with connect(place) as conn:
                for table in OPENED:
                    conn.execute(
                        f"create policy extra on {table} for select to seen_retailer_contract using (true)"
                    )
        with opened(stages) as doors:
            found = list(run_all(stages, doors, contracts, seed=1).leaks)
        for surface in ("retailer_web", "retailer_api"):
            caller = CALLERS[RETAILER]
            found += visit(stages, caller, Depth.ASKED, surface=surface, home=home, seed=1, most=FEW).leaks
        yield found


@pytest.mark.parametrize(
    "where",
    [
        "gate.retailer_contract_contracts",
        "retailer_web GET /contracts/",
        "retailer_web GET /contracts/file/",
        "retailer_api GET /api/v1/contracts",
    ],
)
def test_a_planted_leak_is_found_at_every_kind_of_surface(leaks: list[Leak], where: str) -> None:
    found = [leak for leak in leaks if leak.where.partition("?")[0].startswith(where) and leak.origins]
    assert found, sorted({leak.where for leak in leaks})
    assert RETAILER in {leak.who for leak in found}
    tables = {table for leak in found for table, _ in leak.origins.values()}
    assert tables & set(OPENED)
