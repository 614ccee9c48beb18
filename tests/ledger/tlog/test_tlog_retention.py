"""After five years the readable part goes; the log, its proofs and its growth stay valid."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
from test_tlog_sequencer import release
from tlog_world import LOG_KEY, Passages, World

from sekisho.ledger.bundle import Records, UnableToProve, published, write_bundle
from sekisho.ledger.verify import sekisho_verify

OLD, NEW = datetime(2021, 4, 10, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)


def erase(passages: Passages, month: date, today: date) -> int:
    row = passages.connection.execute("select ledger.erase_month(%s, %s)", (month, today)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def sealed(world: World, passages: Passages) -> World:
    passages.write(300, at=OLD)
    passages.write(50, at=NEW)
    world.sequencer().drain()
    return world


def bundle(world: World, passages: Passages, root: Path, kind: str, first: int, end: int) -> int:
    log = published(store=world.store)
    records = Records(connection=passages.connection, log=log)
    write_bundle(root=root, log=log, records=records.between(first, end), kind=kind, span=(first, end))
    return sekisho_verify.main([str(root), "--log-key", str(LOG_KEY.verifier), "--lang", "en"])


@pytest.mark.parametrize(("kind", "first", "end"), [("whole", 0, 350), ("range", 290, 310), ("range", 0, 0)])
def test_proofs_outlive_the_readable_part(
    kind: str, first: int, end: int, sealed: World, passages: Passages, tmp_path: Path
) -> None:
    assert bundle(sealed, passages, tmp_path / "before", kind, first, end) == 0
    assert erase(passages, date(2021, 4, 1), date(2026, 5, 1)) == 300
    assert bundle(sealed, passages, tmp_path / "after", kind, first, end) == 0
    before = (tmp_path / "before/passages.jsonl").read_text(encoding="utf-8").splitlines()
    after = (tmp_path / "after/passages.jsonl").read_text(encoding="utf-8").splitlines()
    erased = [line for line in after if '"entry"' in line]
    assert len(erased) == max(0, min(end, 300) - first)
    assert before[len(erased) :] == after[len(erased) :]


def test_the_log_grows_on_after_erasure(sealed: World, passages: Passages, tmp_path: Path) -> None:
    erase(passages, date(2021, 4, 1), date(2026, 5, 1))
    passages.write(20, at=NEW)
    release(passages)
    assert sealed.sequencer().drain() == 20
    assert bundle(sealed, passages, tmp_path / "after", "whole", 0, 370) == 0


@pytest.mark.parametrize(
    ("month", "today"),
    [(date(2021, 4, 1), date(2026, 4, 30)), (date(2026, 11, 1), date(2026, 11, 22))],
)
def test_nothing_is_erased_before_five_years(
    month: date, today: date, sealed: World, passages: Passages
) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="kept until"):
        erase(passages, month, today)


def test_nothing_is_erased_that_is_not_sealed(sealed: World, passages: Passages) -> None:
    passages.write(1, at=OLD)
    with pytest.raises(psycopg.errors.RaiseException, match="not every passage"):
        erase(passages, date(2021, 4, 1), date(2027, 1, 1))


def test_a_month_without_passages_is_no_error(passages: Passages) -> None:
    assert erase(passages, date(2019, 1, 1), date(2027, 1, 1)) == 0


def test_what_was_derived_goes_too(sealed: World, passages: Passages) -> None:
    erase(passages, date(2021, 4, 1), date(2026, 5, 1))
    left = passages.connection.execute(
        "select relname from pg_class where relname ~ '_202104$' and relkind = 'r'"
    ).fetchall()
    assert left == []


def test_what_cannot_be_proved(sealed: World, passages: Passages, tmp_path: Path) -> None:
    log = published(store=sealed.store)
    records = Records(connection=passages.connection, log=log)
    for first, end in [(0, 351), (-1, 2), (5, 4)]:
        with pytest.raises(UnableToProve):
            list(records.between(first, end))
    (unsealed,) = passages.write(1, at=NEW)
    with pytest.raises(UnableToProve):
        records.index_of(unsealed)
    with pytest.raises(UnableToProve):
        write_bundle(
            root=tmp_path / "x", log=log, records=[], kind="selected", span=(0, 0), older=[(351, None)]
        )
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/file").touch()
    with pytest.raises(UnableToProve):
        write_bundle(root=tmp_path / "taken", log=log, records=[], kind="selected", span=(0, 0))
