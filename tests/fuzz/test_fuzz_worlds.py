"""Worlds and twins: they agree on what the intent lets a caller know, and on nothing else; pure, without a database."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import pytest

from sekisho.barrier.fuzz.canaries import scan
from sekisho.barrier.fuzz.people import admit, callers, name_of
from sekisho.barrier.fuzz.twins import Depth, depths, disagreement, hidden_values, known, make_twin
from sekisho.barrier.fuzz.worlds import World, make_world
from sekisho.barrier.items import COLUMNS
from sekisho.barrier.ticket import Caller

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
CALLERS = callers()


def world_of(seed: int) -> World:
    world = make_world(seed=seed, now=NOW)
    admit(world)
    return world


@pytest.mark.parametrize("caller", CALLERS, ids=name_of)
@pytest.mark.parametrize("seed", [1, 2, 77])
def test_a_twin_agrees_by_the_intent_and_differs_elsewhere(caller: Caller, seed: int) -> None:
    world = world_of(seed)
    for depth in depths(caller):
        twin = make_twin(world, caller, depth=depth, seed=seed)
        assert disagreement(caller, world, twin, depth) is None
        assert len(hidden_values(caller, world, twin)) > 1000
        for table, rows in world.tables.items():
            unknown = [row for row in rows if not known(caller, world, table, row)]
            if len(unknown) > 3 and table not in ("registry.staff", "barrier.permit", "barrier.case_file"):
                assert unknown != [row for row in twin.rows(table) if not known(caller, twin, table, row)], (
                    table
                )


def test_a_world_is_the_same_for_the_same_seed() -> None:
    assert world_of(5).tables == world_of(5).tables
    assert world_of(5).tables != world_of(6).tables
    one, two = (make_twin(world_of(5), CALLERS[0], depth=Depth.ASKED, seed=5) for _ in range(2))
    assert one.tables == two.tables


@pytest.mark.parametrize("caller", CALLERS, ids=name_of)
def test_every_known_cell_is_looked_at(caller: Caller) -> None:
    """A change of one cell that the caller may know is a disagreement; so is a row more or less."""
    world = world_of(1)
    tables = [t for t in world.tables if any(known(caller, world, t, row) for row in world.rows(t))]
    assert tables
    for table in tables:
        twin = World(world.now, copy.deepcopy(world.tables))
        place = next(n for n, row in enumerate(twin.rows(table)) if known(caller, world, table, row))
        del twin.rows(table)[place]
        # an order that is gone also takes its point out of what is entrusted
        assert disagreement(caller, world, twin, Depth.ASKED) is not None, table


def test_every_table_of_the_item_map_is_laid_out_or_named_here() -> None:
    empty = {
        "ledger.state",
        "ledger.sequence",
        "ledger.seal",
        "barrier.login",
        "barrier.ticket_key",
        "barrier.compiled",
    }
    assert COLUMNS.keys() - world_of(1).tables.keys() - empty == set()


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("山kqa00017", "kqa00017"),
        ("KQA00017", "kqa00017"),
        ("06-7777-7777-7777-7000-0009", "0677777777777770000009"),
        ("0677777777777770000009,77777780002431,x", "77777780002431"),
        ("tel 090-7777-0001", "09077770001"),
    ],
)
def test_tokens_are_found_however_they_are_punctuated(text: str, token: str) -> None:
    assert token in scan(text)
