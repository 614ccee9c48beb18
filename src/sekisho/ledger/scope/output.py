"""An answer as files, for the work on the incident that follows.

    summary.json        question, totals, what it rests on
    customers.parquet   one row a contract seen: whose, how often, when, by how many, which items
    views.parquet       one row a reading and contract seen
    unnamed.parquet     readings that no contract of the history explains
and the first two as CSV for a spreadsheet (UTF-8 with BOM; lists separated by spaces).
"""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from sekisho.kernel.errors import WrongUse
from sekisho.ledger.scope.moments import OPEN
from sekisho.ledger.scope.search import Answer

_FORMULA = "=+-@\t\r"
_SUMMARY, _DRAFT = "summary.json", ".summary.json"
_FILES = ("customers.parquet", "customers.csv", "views.parquet", "views.csv", "unnamed.parquet", _SUMMARY)


def summary(answer: Answer) -> dict[str, Any]:
    """Return question, totals and basis as JSON holds them."""
    return {
        "question": answer.question.stored(),
        "totals": dict(answer.totals),
        "rests_on": dict(answer.rests_on),
    }


def write_answer(*, answer: Answer, directory: Path) -> list[Path]:
    """Write the files; `summary.json` comes last: without it the rest is a fragment of a killed run, and is replaced.

    A directory that holds the same answer is left as it is; one that holds anything else is refused (`WrongUse`).
    """
    last = directory / _SUMMARY
    told = json.dumps(summary(answer), ensure_ascii=False, indent=1, default=_plain)
    if last.is_file() and last.read_text(encoding="utf-8") == told:
        return [directory / name for name in _FILES]
    _refuse_what_is_not_ours(directory)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, frame in {
        "customers": answer.customers,
        "views": answer.views,
        "unnamed": answer.unnamed,
    }.items():
        dated = _with_dates(frame)
        dated.write_parquet(directory / f"{name}.parquet")
        if f"{name}.csv" in _FILES:
            for_spreadsheet(dated).write_csv(directory / f"{name}.csv", include_bom=True)
    draft = directory / _DRAFT
    draft.write_text(told, encoding="utf-8")
    draft.replace(last)
    return [directory / name for name in _FILES]


def _refuse_what_is_not_ours(directory: Path) -> None:
    if not directory.exists():
        return
    fragment = directory.is_dir() and {path.name for path in directory.iterdir()} <= {*_FILES[:-1], _DRAFT}
    if not fragment:
        raise WrongUse(
            f"{directory} は空のディレクトリではありません。", f"{directory} is no empty directory."
        )


def for_spreadsheet(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame as CSV holds it: lists joined, and no text that a spreadsheet would run as a formula."""
    joined = frame.with_columns(pl.col(pl.List(pl.String)).list.join(" "))
    risky = pl.col(pl.String).str.head(1).is_in(list(_FORMULA))
    return joined.with_columns(
        pl.when(risky).then("'" + pl.col(pl.String)).otherwise(pl.col(pl.String)).name.keep()
    )


def _with_dates(frame: pl.DataFrame) -> pl.DataFrame:
    if "contract_end" not in frame.columns:
        return frame
    start, end = pl.col("contract_start"), pl.col("contract_end")
    return frame.with_columns(
        start.cast(pl.Date), pl.when(end < OPEN).then(end).cast(pl.Date).alias("contract_end")
    )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
