"""The mutation score on a sample of every kind; the full run is `sekisho barrier fuzz`."""

from __future__ import annotations

from collections import Counter

import pytest
from fuzz_stage import NOW, Stage

from sekisho.barrier.compiler import compile_all
from sekisho.barrier.fuzz.campaign import Plan
from sekisho.barrier.fuzz.mutants import SOURCE, Broken, Mutant, UnableToBreak, replaced, ruled, shown
from sekisho.barrier.fuzz.report import CHECKS, FUZZ, Report
from sekisho.barrier.fuzz.stages import UnableToFuzz, opened
from sekisho.barrier.fuzz.strength import Strength, batches, equivalence
from sekisho.barrier.policy import RULES
from sekisho.barrier.proof.citation import cite
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


def test_an_equivalent_mutant_compiles_to_the_very_same_barrier() -> None:
    """The only one: a contractor's gates tell no retailer, so it makes no difference whether they might or only record it."""
    mutants = [m for m in Broken(GATES, administrator="postgres").items() if m.name.endswith("record → show")]
    assert [mutant.name for mutant in mutants if equivalence(mutant)] == ["CON-01: retailer record → show"]
    rule = next(rule for rule in RULES if rule.id == "CON-01")
    with ruled([shown(rule, "retailer") if other is rule else other for other in RULES]):
        broken = compile_all(GATES)
    assert broken == compile_all(GATES)


def test_a_mutant_that_breaks_nothing_is_an_error(stage: Stage) -> None:
    """Whoever rewrites a clause hears of the mutants that broke it; none passes unseen as noticed or as equivalent."""
    with pytest.raises(UnableToBreak, match="does not contain"):
        replaced("select 1", "p.verdict = 'passed'", "true", where="barrier.viewer")
    gone = Mutant(
        "policy rows", "gone", SOURCE, lambda: ('alter policy "XXX-01" on registry.party using (true)',), "*"
    )
    with stage("public/public") as stages, opened(stages) as doors:
        strength = Strength(stages, doors, GATES, seed=1)
        with pytest.raises(UnableToBreak, match="XXX-01"):
            strength.judge([gone])


def report_of(*mutants: dict[str, object]) -> Report:
    return Report(NOW, 1, 1, "d" * 64, mutants=list(mutants))


NOTICED: dict[str, object] = {
    "kind": "view",
    "name": "a",
    "caught_by": ["1"],
    "equivalent": None,
    "origin": SOURCE,
}


def test_an_equivalent_mutant_is_listed_and_does_not_count() -> None:
    report = report_of(NOTICED, NOTICED | {"name": "b", "caught_by": [], "equivalent": "compiles alike"})
    assert report.holds and report.score == 100.0
    assert "view – b: compiles alike" in report.text(language="en")


def test_what_nobody_notices_fails_the_run() -> None:
    """One of three thousand is enough, is not rounded away, and stands in what the certificate cites."""
    report = report_of(*[NOTICED] * 2_999, NOTICED | {"name": "c", "caught_by": []})
    assert not report.holds
    assert [mutant["name"] for mutant in report.survivors] == ["c"]
    assert "99.9 %(2999/3000)" in report.summary()
    assert not cite(report.citation(), digest="d" * 64).holds


def test_a_name_that_nobody_has_is_refused(conninfo: str, template: str, home: Home) -> None:
    with pytest.raises(UnableToFuzz, match="retailer:00016"):
        fuzz_platform(
            conninfo, home=home, plan=Plan(names=("sales",)), surfaces=False, now=NOW, template=template
        )
