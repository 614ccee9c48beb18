"""What a file may hold to do harm, for a file of the registry and one of usage: its own line is refused, the good ones beside it are kept."""

from __future__ import annotations

import resource
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from registryworld import NOW, P1, P2, Connection, rejected

from sekisho.metering.importing import import_file
from sekisho.registry.files import KINDS, SLOTS
from sekisho.registry.records import UnableToReadFile

USAGE = ",".join(["point", "day", *SLOTS])
PARTIES = "contract_no,point,customer_kind,name,valid_from,valid_to"


def usage_line(day: str, cell: str = "0.500") -> bytes:
    return f"{P1},{day},{cell},{','.join(['0.500'] * 47)}".encode()


def party_line(number: str, name: str = "架空 花子") -> bytes:
    point, start = {"C-1B": (P1, "2025-04-01"), "C-2A": (P2, "2024-04-01")}[number]
    return f"{number},{point},person,{name},{start},".encode()


GOOD = {
    "usage": (USAGE.encode(), usage_line("2025-04-01"), usage_line("2025-04-02")),
    "parties": (PARTIES.encode(), party_line("C-1B"), party_line("C-2A")),
}
HUGE = b"9" * (100 << 20)
LINES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "field of 100 MB": (lambda good: good.replace(b",", b"," + HUGE, 1), "長すぎます"),
    "NUL": (lambda good: good.replace(b",", b",\x00", 1), "制御文字"),
    "half a million fields": (lambda good: good + b"," * 500_000, "項目が"),
    "quotation that never ends": (lambda good: good.replace(b",", b',"', 1), "引用符"),
    "bytes of no encoding": (lambda good: good.replace(b",", b",\x81 ", 1), "文字コード"),
    "CR inside": (lambda good: good.replace(b",", b",\r", 1), "制御文字"),
    "backspace": (lambda good: good.replace(b",", b",\x08", 1), "制御文字"),
}


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("harm", LINES)
def test_a_harmful_line_is_refused_and_the_others_kept(
    area: Connection, tmp_path: Path, kind: str, harm: str
) -> None:
    make, reason = LINES[harm]
    header, first, second = GOOD[kind]
    path = tmp_path / f"{kind}.csv"
    path.write_bytes(b"\n".join([header, first, make(first), second]) + b"\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    summary = import_file(area, path, by="t", now=NOW)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB: no line is kept
    assert (summary.rows, summary.inserted + summary.changed + summary.unchanged, summary.rejected) == (
        3,
        2,
        1,
    )
    assert summary.rejects is not None
    said = Path(summary.rejects).read_bytes().decode("utf-8-sig").partition("\r\n")[2]
    assert said.startswith("3,")
    assert reason in said


@pytest.mark.parametrize("kind", GOOD)
def test_a_file_with_nothing_but_cr_as_line_end_is_refused_whole(
    area: Connection, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / f"{kind}.csv"
    path.write_bytes(b"\r".join(GOOD[kind]))
    with pytest.raises(UnableToReadFile, match="header"):
        import_file(area, path, by="t", now=NOW)


@pytest.mark.parametrize("kind", GOOD)
def test_many_bad_rows_are_all_named(area: Connection, tmp_path: Path, kind: str) -> None:
    header, first, second = GOOD[kind]
    path = tmp_path / f"{kind}.csv"
    bad = first.replace(first.split(b",")[0], b"x", 1)
    path.write_bytes(b"\n".join([header, first, *[bad] * 20_000, second]) + b"\n")
    summary = import_file(area, path, by="t", now=NOW)
    assert (summary.rows, summary.rejected) == (20_002, 20_000)
    assert len({cell[0] for cell in rejected(summary)}) == 20_000


def test_repeated_days_count_once(area: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    day, other = usage_line("2025-04-01"), usage_line("2025-04-02", "0.600")
    path.write_bytes(b"\n".join([USAGE.encode(), *[day] * 500, usage_line("2025-04-02"), other]) + b"\n")
    summary = import_file(area, path, by="t", now=NOW)
    assert (summary.inserted, summary.repeated, summary.rejected) == (1, 499, 2)
    assert date(2025, 4, 1) == (area.execute("select day from metering.usage_day").fetchone() or [None])[0]
    assert len(KINDS["usage"].columns) == len(SLOTS) + 3
