"""A mistake in a surface's own code, above a barrier that is whole, is noticed by whoever walks through the surface."""

from __future__ import annotations

from functools import partial

import pytest
from fuzz_stage import CALLERS, NOW

from sekisho.barrier.fuzz.campaign import Plan
from sekisho.barrier.fuzz.report import CHECKS
from sekisho.settings.flaws import Flaw, UnableToCommitFlaw, commit, flaws
from sekisho.settings.fuzzing import _flawed_tour, flaws_of
from sekisho.settings.home import Home
from sekisho.settings.surfaces import SURFACES

BY_RECORD_ALONE = {"nowhere"}


@pytest.mark.parametrize("flaw", list(flaws()), ids=lambda flaw: flaw.name)
def test_every_flaw_is_noticed(conninfo: str, template: str, home: Home, flaw: Flaw) -> None:
    leaks = partial(_flawed_tour, conninfo, template, home, 1, NOW)(flaw).leaks
    assert leaks
    by = {leak.by for leak in leaks}
    assert by <= CHECKS.keys()
    if flaw.tell in BY_RECORD_ALONE:
        assert by == {"record"}


def test_every_surface_has_flaws_in_its_pages_and_elsewhere() -> None:
    listed = list(flaws())
    assert len({flaw.name for flaw in listed}) == len(listed)
    assert {flaw.surface for flaw in listed} == set(SURFACES)
    for surface in SURFACES:
        assert len({flaw.tell for flaw in listed if flaw.surface == surface}) > 1
        assert len({flaw.fetch for flaw in listed if flaw.surface == surface}) > 1
    assert {flaw.who for flaw in listed} <= CALLERS.keys()


@pytest.mark.parametrize(("mutants", "count"), [(None, len(list(flaws()))), (0, 0), (60, 6), (9, 0)])
def test_a_sampled_run_samples_flaws_too(mutants: int | None, count: int) -> None:
    assert len(flaws_of(Plan(mutants=mutants))) == count


def test_nobodys_flaw_is_not_committed() -> None:
    assert flaws_of(Plan(names=("contractor/work",))) == []
    with pytest.raises(UnableToCommitFlaw):
        commit("nothing page")
