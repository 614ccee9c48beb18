"""The measurements themselves: they run whole on a small population, and read the files of others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def bench_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CHECKOUT))


def test_bench_match_measures_the_matcher_and_its_rivals(tmp_path: Path) -> None:
    from bench import match

    said = ["--records", "3000", "--seed", "4", "--rivals", "raw,normalised", "--folder", str(tmp_path)]
    figures = match.run(said)
    assert figures["population"]["records"] == 3000
    assert figures["population"]["left_out_of_the_matcher"] == ["names-dataset"]
    contenders: dict[str, dict[str, Any]] = figures["contenders"]
    assert list(contenders) == ["sekisho", "raw", "normalised"]
    for one in contenders.values():
        assert one["records"] == 3000
        assert one["seconds"] > 0
        assert one["peak_mb"] > 50
        assert set(match.SLICES) <= set(one["slices"])
    errors = {name: one["count_error"] for name, one in contenders.items()}
    assert errors["raw"] > errors["normalised"] > abs(errors["sekisho"])


def test_a_population_of_another_maker_is_counted_within_the_stated_bounds(tmp_path: Path) -> None:
    from bench import match

    said = ["--generator", "counterpart", "--records", "12000", "--seed", "6", "--dictionary", "same"]
    figures = match.run([*said, "--rivals", "normalised", "--folder", str(tmp_path)])
    assert figures["population"]["generator"] == "counterpart"
    ours, plain = figures["contenders"]["sekisho"], figures["contenders"]["normalised"]
    assert ours["f1"] > 0.985 > plain["f1"]
    assert ours["people"]["low"] <= ours["people"]["truth"] <= ours["people"]["high"]
    # The population is there and is not made again.
    again = match.run([*said, "--rivals", "none", "--folder", str(tmp_path)])
    assert again["contenders"]["sekisho"]["f1"] == ours["f1"]


def test_an_unknown_rival_is_refused() -> None:
    from bench import match

    with pytest.raises(SystemExit):
        match.run(["--rivals", "nobody"])


@pytest.mark.parametrize(
    ("weights", "pairs"),
    [
        ({(1, 1): 2.0, (1, 2): 1.0, (2, 1): 1.0, (2, 2): 2.0}, [(1, 1), (2, 2)]),
        ({(1, 1): 2.0, (1, 2): 2.0}, []),  # a tie is nobody's best
        ({(1, 1): 2.0, (2, 1): 3.0}, [(2, 1)]),  # best of 1, but 1 is not its best
        ({(1, 2): 2.0, (2, 1): 3.0}, [(1, 2), (2, 1)]),
    ],
)
def test_mutual_best(weights: dict[tuple[int, int], float], pairs: list[tuple[int, int]]) -> None:
    from bench import match_external

    assert sorted(match_external._mutual(weights)) == pairs


FEBRL = (
    "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, "
    "date_of_birth, soc_sec_id"
)


def test_labelled_sets_are_found_under_their_names(tmp_path: Path) -> None:
    from bench import _labelled

    rows = ["rec-7-org, ann, lee, 1, high street, , bath, 2000, nsw, 19800101, 1234567"]
    rows += ["rec-7-dup-0, anne, lee, 1, high street, , bath, 2000, nsw, 19800101, 1234567"]
    (tmp_path / "dataset4a.csv").write_text("\n".join([FEBRL, rows[0]]), encoding="utf-8")
    assert _labelled.found(tmp_path) == []
    (tmp_path / "dataset4b.csv").write_text("\n".join([FEBRL, rows[1]]), encoding="utf-8")
    (one,) = _labelled.found(tmp_path)
    assert one.name == "febrl4"
    assert one.frame["truth_id"].to_list() == ["7", "7"]
    assert one.as_source()["name"].to_list() == ["ANN LEE", "ANNE LEE"]
    together = pl.DataFrame({"record": ["rec-7-org", "rec-7-dup-0"], "cluster": [1, 1]})
    assert one.scored(together)["f1"] == 1
    assert one.scored(together.head(0))["recall"] == 0


def test_the_label_of_a_set_is_never_taken_for_the_matchers_cluster(tmp_path: Path) -> None:
    from bench import _labelled

    text = "unique_id,first_name,surname,dob,city,email,cluster\n1,a,b,c,d,e,9\n2,a,b,c,d,e,9\n"
    (tmp_path / "fake_1000.csv").write_text(text, encoding="utf-8")
    (one,) = _labelled.found(tmp_path)
    apart = pl.DataFrame({"record": ["1", "2"], "cluster": [1, 2]})
    assert one.scored(apart)["recall"] == 0


def test_a_labelled_set_without_a_column_is_refused_by_name(tmp_path: Path) -> None:
    from bench import _labelled

    (tmp_path / "fake_1000.csv").write_text("unique_id,first_name,cluster\n1,ann,1\n", encoding="utf-8")
    with pytest.raises(_labelled.UnableToReadLabelled, match=r"city|dob"):
        _labelled.found(tmp_path)
