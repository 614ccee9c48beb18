"""Until when a system of a file tells anything."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from sekisho.matching import horizon

# One contract a day in system 1 until day 20,000, and from day 20,600 on in system 2.
EVERYDAY = pl.concat(
    [
        pl.DataFrame({"system": "1", "start": range(16_000, 20_001)}),
        pl.DataFrame({"system": "2", "start": range(20_600, 22_000)}),
    ]
).cast({"start": pl.Int32})


def until(pieces: pl.DataFrame) -> dict[str, int]:
    return dict(horizon.of(pieces.lazy()).iter_rows())


def test_it_is_the_last_day_but_for_slips() -> None:
    slips = pl.DataFrame({"system": ["1", None, "1"], "start": [29_000, 29_000, None]}).cast(EVERYDAY.schema)
    assert until(pl.concat([EVERYDAY, slips])) == {"1": 19_999, "2": 21_999}


def test_few_contracts_say_nothing() -> None:
    assert until(EVERYDAY.head(900)) == {}
    assert until(EVERYDAY.clear()) == {}


def test_it_does_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    shuffled = EVERYDAY.sample(fraction=1.0, shuffle=True, seed=1)
    assert until(shuffled) == until(EVERYDAY)
    horizon.of(EVERYDAY.lazy()).write_parquet(tmp_path / horizon.FILE)
    stored = horizon.read(tmp_path)
    assert stored is not None
    assert stored.schema == horizon.SCHEMA
    assert horizon.read(tmp_path / "nowhere") is None
