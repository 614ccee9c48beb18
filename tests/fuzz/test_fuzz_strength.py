"""The mutation score on a sample of every kind; the full run is `sekisho barrier fuzz`."""

from __future__ import annotations

from collections import Counter

import pytest
from fuzz_stage import NOW

from sekisho.barrier.fuzz.campaign import Plan
from sekisho.barrier.fuzz.mutants import Broken
from sekisho.barrier.fuzz.report import CHECKS, FUZZ
from sekisho.barrier.fuzz.stages import UnableToFuzz
from sekisho.barrier.fuzz.strength import batches
from sekisho.settings.fuzzing import fuzz_platform
from sekisho.settings.home import Home
from sekisho.settings.inventory import GATES

QUICK = 27
KINDS = {
    "policy rows",
    "policy item",
    "policy mask",
    "policy table",
    "view",
    "row security",
    "grant",
    "gate",
    "ticket",
}


def test_every_sampled_mutant_is_noticed(conninfo: str, template: str, home: Home) -> None:
    plan = Plan(names=("contractor", "retailer:00026"), mutants=QUICK, replay=False, processes=1)
    report = fuzz_platform(conninfo, home=home, plan=plan, surfaces=False, now=NOW, template=template)
    assert report.survivors == [], report.text(language="en")
    assert {mutant["kind"] for mutant in report.mutants} == KINDS
    assert len(report.alive) >= 0.8 * QUICK and report.score == 100.0
    assert {check for mutant in report.alive for check in mutant["caught_by"]} <= CHECKS.keys()
    assert any(check in FUZZ for mutant in report.alive for check in mutant["caught_by"])
    cited = report.citation()
    assert cited["holds"] and len(cited["digest"]) == 64 and cited["sampled"]
    assert "100.0 %" in report.text(language="ja")


def test_mutants_are_many_and_none_is_named_twice() -> None:
    mutants = list(Broken(GATES, administrator="postgres").all())
    kinds = Counter(mutant.kind for mutant in mutants)
    assert len({mutant.name for mutant in mutants}) == len(mutants) > 5_000
    assert kinds.keys() == KINDS and min(kinds.values()) >= 10


def test_mutants_that_touch_each_other_are_not_looked_at_together() -> None:
    mutants = list(Broken(GATES, administrator="postgres").grants())[:300]
    found = list(batches(mutants))
    assert sorted(m.name for batch in found for m in batch) == sorted(m.name for m in mutants)
    assert all(len({mutant.slot for mutant in batch}) == len(batch) for batch in found)


def test_a_name_that_nobody_has_is_refused(conninfo: str, template: str, home: Home) -> None:
    with pytest.raises(UnableToFuzz, match="retailer:00016"):
        fuzz_platform(
            conninfo, home=home, plan=Plan(names=("sales",)), surfaces=False, now=NOW, template=template
        )
