"""Why two records are one customer, or are not, in words that a clerk can repeat."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from sekisho.matching import decide, horizon, lexicon, phones, reasons, run, settle, told
from sekisho.matching.errors import UnableToExplain, UnableToFindRecord
from sekisho.matching.likeness import Reader
from sekisho.matching.priors import Priors

Places = dict[int, set[tuple[bool, int]]]
_FLAGS = tuple(reasons.EVENTS)


@dataclass(frozen=True)
class Step:
    """One pair on the way from a record to the other: their names, the reason, the events, the
    probability."""

    left: str
    right: str
    reason: str
    events: tuple[str, ...]
    probability: float
    place: str
    """point, house or elsewhere: what the two have in common."""
    outcome: str = "merged"
    """merged, outdone (one of them has a surer partner), refused (it would join two written names or legal forms) or
    apart."""


@dataclass(frozen=True)
class Explanation:
    """together: whether the two are in one cluster. steps: what joins them, or the pair that was weighed
    and refused."""

    left: dict[str, object]
    right: dict[str, object]
    together: bool
    steps: tuple[Step, ...]

    def text(self, *, english: bool = False) -> str:
        """A few lines; the verdict first."""
        return "\n".join([_verdict(self, english), *(_line(step, english) for step in self.steps)])


def explain(folder: Path, left: str, right: str, *, lexicon_folder: Path | None = None) -> Explanation:
    """The pair of records `left` and `right` (record numbers) of a finished matching in `folder`.

    Raises UnableToFindRecord, UnableToExplain.
    """
    _require_this_edition(folder)
    found = _found(folder, (left, right))
    near = _neighbourhood(folder, found)
    words = _lexicon_of(folder, lexicon_folder)
    settled = settle.settle(
        near.drop("jis"),
        lexicon=words,
        reader=Reader(words),
        weights=decide.Weights(),
        known_priors=_priors_of(folder, near["jis"]),
        crowded=phones.read(folder / "work"),
        told=told.read(folder / "work"),
        until=horizon.read(folder / "work"),
    )
    rows = {row["record"]: row for row in near.iter_rows(named=True)}
    ends = rows[left], rows[right]
    clusters = dict(found.select("record", "cluster").iter_rows())
    together = clusters[left] == clusters[right]
    return Explanation(*ends, together, tuple(_steps(near, settled, ends, together, Reader(words))))


def _require_this_edition(folder: Path) -> None:
    mark = folder / "work" / "job.json"
    if mark.exists() and json.loads(mark.read_text(encoding="utf-8"))["edition"] != run.EDITION:
        raise UnableToExplain(
            f"{folder} の結果は判定規則の別の版で作られています。別の出力先を指定して match をもう一度実行してください",
            f"{folder} holds the result of another edition of the rules; run match again into another folder",
        )


def _priors_of(folder: Path, municipalities: pl.Series) -> Priors | None:
    """What the shard of these rows had learnt when it was settled; None when it is not there any more."""
    plan = folder / "work" / "plan.json"
    if not plan.exists():
        return None
    for span in json.loads(plan.read_text(encoding="utf-8")):
        if municipalities.is_between(span["first"], span["last"]).any():
            kept = (folder / "work" / "settled" / f"{span['number']:05}.json").read_text(encoding="utf-8")
            return Priors(**json.loads(kept)["priors"])
    return None


def _lexicon_of(folder: Path, given: Path | None) -> lexicon.Lexicon:
    """The dictionaries that the matching used, whatever they were built from."""
    mark = folder / "work" / "lexicon.txt"
    if given is None and mark.exists():
        return lexicon.load(Path(mark.read_text(encoding="utf-8")))
    return lexicon.opened(given)


def _found(folder: Path, records: tuple[str, str]) -> pl.DataFrame:
    scan = pl.scan_parquet(folder / "records" / "*.parquet")
    found = scan.filter(pl.col("record").is_in(records)).select("row", "record", "cluster").collect()
    for record in records:
        if record not in found["record"]:
            raise UnableToFindRecord(
                f"記録 {record} は {folder} にありません", f"no record {record} in {folder}"
            )
    return found


def _neighbourhood(folder: Path, found: pl.DataFrame) -> pl.DataFrame:
    """Every row of both clusters and of their supply points: all that had a part in the decision."""
    records = pl.scan_parquet(folder / "records" / "*.parquet")
    clusters = (
        records.filter(pl.col("cluster").is_in(found["cluster"].implode())).select("row").collect()["row"]
    )
    pieces = pl.scan_parquet(folder / "work" / "pieces" / "*.parquet")
    mine = pieces.filter(pl.col("row").is_in(clusters.implode())).collect()
    points = mine["point"].drop_nulls().unique()
    beside = pieces.filter(pl.col("point").is_in(points.implode())).collect()
    return pl.concat([mine, beside]).unique("row").sort("row")


def _steps(
    near: pl.DataFrame,
    settled: settle.Settled,
    ends: tuple[dict[str, object], dict[str, object]],
    together: bool,
    reader: Reader,
) -> list[Step]:
    personas = dict(settled.personas.iter_rows())
    start, goal = personas[ends[0]["row"]], personas[ends[1]["row"]]
    places = _places(settled)
    if start == goal:
        place = "point" if ends[0]["point"] is not None and ends[0]["point"] == ends[1]["point"] else "house"
        return [Step(str(ends[0]["name"]), str(ends[1]["name"]), "same_name", (), 1.0, place)]
    names = dict(near.select("row", "name").iter_rows())
    used = settled.edges.filter("accepted") if together else settled.edges
    path = _path({(e["left"], e["right"]): e for e in used.iter_rows(named=True)}, start, goal, together)
    steps = [_step(edge, names, places) for edge in path]
    return steps or [_compared(settled, start, goal, names, places, reader)]


def _places(settled: settle.Settled) -> Places:
    """The points and houses of each persona."""
    places: Places = {}
    for persona, place, is_point in settled.places.select("persona", "place", "is_point").iter_rows():
        places.setdefault(persona, set()).add((is_point, place))
    return places


def _common(places: Places, left: int, right: int) -> str:
    both = places.get(left, set()) & places.get(right, set())
    if any(is_point for is_point, _ in both):
        return "point"
    return "house" if both else "elsewhere"


def _path(
    edges: dict[tuple[int, int], dict[str, object]], start: int, goal: int, together: bool
) -> list[dict[str, object]]:
    """The shortest chain of pairs between two personas; when they are apart, only a direct one says
    something."""
    if not together:
        direct = edges.get((min(start, goal), max(start, goal)))
        return [direct] if direct else []
    came: dict[int, tuple[int, dict[str, object]]] = {}
    queue = deque([start])
    while queue and goal not in came:
        here = queue.popleft()
        for (left, right), edge in edges.items():
            there = right if left == here else left if right == here else None
            if there is not None and there != start and there not in came:
                came[there] = (here, edge)
                queue.append(there)
    path = []
    while goal in came and goal != start:
        goal, edge = came[goal]
        path.append(edge)
    return path[::-1]


def _step(edge: dict[str, object], names: dict[int, str], places: Places) -> Step:
    left, right = int(str(edge["left"])), int(str(edge["right"]))
    return Step(
        left=names[left],
        right=names[right],
        reason=str(edge["reason"]),
        events=tuple(flag for flag in _FLAGS if edge[flag]),
        probability=decide.probability(float(str(edge["weight"]))),
        place=_common(places, left, right),
        outcome=_outcome(edge),
    )


def _outcome(edge: dict[str, object]) -> str:
    if edge["accepted"]:
        return "merged"
    if edge["refused"]:
        return "refused"
    return "outdone" if float(str(edge["weight"])) > decide.MERGE else "apart"


def _compared(
    settled: settle.Settled,
    start: int,
    goal: int,
    names: dict[int, str],
    places: Places,
    reader: Reader,
) -> Step:
    """Two that were never worth listing: what their names alone say."""
    parts = {
        row[0]: decide.name_of(row[1:])
        for row in settled.parties.select("persona", *decide.NAME_COLUMNS).iter_rows()
    }
    alike = reader.compare(parts[start], parts[goal])
    chance = decide.probability(min(alike.weight, decide.LISTED))
    return Step(names[start], names[goal], alike.reason, (), chance, _common(places, start, goal), "apart")


def _verdict(found: Explanation, english: bool) -> str:
    one, other = found.left, found.right
    if english:
        said = "the same customer" if found.together else "not merged"
        return f"{one['record']} {one['name']} – {other['record']} {other['name']}: {said}"
    said = "同じお客さまと判定" if found.together else "別のお客さまとして扱う"
    return f"{one['record']} {one['name']} ／ {other['record']} {other['name']}: {said}"


def _line(step: Step, english: bool) -> str:
    language = 1 if english else 0
    parts = [
        reasons.words(step.reason, english=english),
        reasons.PLACES[step.place][language],
        *(reasons.EVENTS[event][language] for event in step.events),
        *([reasons.OUTCOMES[step.outcome][language]] if step.outcome in reasons.OUTCOMES else []),
    ]
    joined = "; ".join(parts) if english else "・".join(parts)
    said = ("確からしさ", "probability")
    if (
        step.outcome in reasons.OUTCOMES
    ):  # A pair that something else speaks against may be likely all the same.
        said = ("この組だけを見れば確からしさ", "taken by itself, probability")
    chance = f"{said[language]} {step.probability:.1%}"
    return f"  {step.left} – {step.right}: {joined} ({chance})"
