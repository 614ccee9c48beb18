"""名寄せ on data nobody here made: the post's 22,200 offices, and labelled sets of others with --data DIR."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler
from rich.console import Console
from rich.table import Table

from bench import _labelled
from bench._measured import machine, measured
from sekisho.matching import companies, decide, firms, lexicon, names, readings
from sekisho.matching.likeness import NOT_ALIKE, Name, Reader
from sekisho.matching.population import postal

Pair = tuple[int, int]
_SPLINK = "splink (threshold chosen with the labels)"
_SPELLED_ALIKE = 0.9
# The aligner learns from the offices, too; here it must not have seen them.
_SOURCES = tuple(source for source in readings.SOURCES if source != "offices")


@dataclass(frozen=True)
class Office:
    """One office: the same number on both sides is the same office."""

    number: int
    city: str
    name: str  # as published, without the legal form
    kanji: Name
    kana: Name


def run(argv: list[str]) -> dict[str, Any]:
    """Offices always; the labelled sets that lie in --data."""
    parser = argparse.ArgumentParser(prog="sekisho bench match-external", description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with febrl3, febrl4a/b, historical_50k, fake_1000")
    parser.add_argument("--offices", type=int, default=None, help="only the first so many offices")
    parser.add_argument("--no-splink", dest="splink", action="store_false")
    options = parser.parse_args(argv)
    figures: dict[str, Any] = {"machine": machine(), "offices": offices(options.offices)}
    if options.data is not None:
        sets = _labelled.found(options.data)
        figures["labelled"] = {one.name: _labelled_set(one, options.splink) for one in sets}
        figures["labelled_missing"] = sorted(set(_labelled.NAMES) - {one.name for one in sets})
    figures["remark"] = (
        "no public labelled Japanese kanji/kana set of persons exists; the offices are companies"
    )
    _show(figures)
    return figures


# --- offices --------------------------------------------------------------------------------------


def offices(limit: int | None) -> dict[str, Any]:
    """Whether an office's kanji name finds its published kana among those of all offices of the municipality.

    `best`: share of kanji names to which no other published kana of the municipality is nearer than their own;
    `only_best`: and none as near; `best_both_ways`: and no other kanji name is nearer to that kana, either.
    `accepted` and `accepted_wrong`: each the other's only best, and over the matcher's threshold; shares of all.
    `false_accepts`: share of names that accept somebody when their own partner is taken away (kanji names of every
    other office against the kana of the rest); `false_accepts_firm`: that somebody is no office of the same
    body, of which the matcher, asked at one address, is right to say that it is one customer.
    `by_spelling`: the same with Jaro-Winkler on the likeliest reading of the same dictionaries.
    The aligner has not learnt from the offices here, although it does where it is used.
    """
    reader = Reader(lexicon.opened(sources=_SOURCES))
    listed = _parsed(limit)
    reader.reciter.learn([firms.text_of(office.kanji) for office in listed])
    by_city: dict[str, list[Office]] = defaultdict(list)
    for office in listed:
        by_city[office.city].append(office)
    spelling: dict[Pair, float] = {}
    weights: dict[Pair, float] = {}
    for city in by_city.values():
        spelling |= _spelled_alike(reader, city)
        weights |= {(a.number, b.number): reader.compare(a.kanji, b.kana).weight for a in city for b in city}
    equal = sum(_said(reader, office.kanji) == firms.heard_as(office.kana).whole for office in listed)
    return {
        "offices": len(listed),
        "municipalities": len(by_city),
        "kinds_of_kanji_names": _kinds(office.kanji for office in listed),
        "kinds_of_kana_names": _kinds(office.kana for office in listed),
        "reading_equals_published_kana": _share(equal, len(listed)),
        "sekisho": _judged(by_city, weights, decide.MERGE, NOT_ALIKE.weight),
        "by_spelling": _judged(by_city, spelling, _SPELLED_ALIKE, 0.0),
    }


def _said(reader: Reader, kanji: Name) -> str:
    return reader.reciter.said(firms.text_of(kanji)).sound


def _parsed(limit: int | None) -> list[Office]:
    rows = _distinct(limit)
    words = lexicon.opened(sources=_SOURCES)
    sides = []
    for column in ("name", "kana"):
        frame = pl.DataFrame({"name": [row[column] for row in rows], "kana": [None] * len(rows)})
        parsed = names.parse(frame.with_columns(pl.col("kana").cast(pl.String)), words)
        sides.append([Name(*row) for row in parsed.select(decide.NAME_COLUMNS).iter_rows()])
    cities = [row["jis"] for row in rows]
    published = pl.Series("name", [row["name"] for row in rows]).str.normalize("NFKC").to_frame()
    bodies = published.select(companies.without_form(pl.col("name")))["name"]
    return [Office(*fields) for fields in zip(range(len(rows)), cities, bodies, *sides, strict=True)]


def _distinct(limit: int | None) -> list[dict[str, str]]:
    """One row an office: some have several postal codes, which says nothing about names."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row in postal.offices():
        rows.setdefault((row["jis"], row["kana"]), row)
    by_name = {(row["jis"], row["name"]): row for row in rows.values()}
    return list(by_name.values())[:limit]


def _kinds(listed: Any) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for name in listed:
        counts[name.kind] += 1
    return dict(counts)


def _spelled_alike(reader: Reader, city: list[Office]) -> dict[Pair, float]:
    """Jaro-Winkler of each office's reading and every published kana of the municipality."""
    read = [_said(reader, office.kanji) for office in city]
    published = [firms.heard_as(office.kana).whole for office in city]
    table = process.cdist(read, published, scorer=JaroWinkler.similarity).tolist()
    return {
        (a.number, b.number): value
        for a, row in zip(city, table, strict=True)
        for b, value in zip(city, row, strict=True)
    }


def _judged(
    by_city: dict[str, list[Office]], weights: dict[Pair, float], threshold: float, refused: float
) -> dict[str, float | None]:
    total = sum(map(len, by_city.values()))
    pairs = _mutual(weights)
    kept = [pair for pair in pairs if weights[pair] > threshold]
    place = {office.number: rank for city in by_city.values() for rank, office in enumerate(city)}
    # kanji names of every other office against kana names of the rest: no right partner is left
    strangers = {(a, b): w for (a, b), w in weights.items() if place[a] % 2 == 0 and place[b] % 2 == 1}
    tempted = [pair for pair in _mutual(strangers) if weights[pair] > threshold]
    named = {office.number: office.name for city in by_city.values() for office in city}
    others = sum(not _one_body(named[left], named[right]) for left, right in tempted)
    asked = sum(len(city) // 2 for city in by_city.values())
    best, only, both = _tops(weights, refused)
    return {
        "best": _share(best, total),
        "only_best": _share(only, total),
        "best_both_ways": _share(both, total),
        "accepted": _share(sum(left == right for left, right in kept), total),
        "accepted_wrong": _share(sum(left != right for left, right in kept), total),
        "false_accepts": _share(len(tempted), asked),
        "false_accepts_firm": _share(others, asked),
    }


def _one_body(one: str, other: str) -> bool:
    """Whether two names have one first word, as the post divides names, or one whole name begins the other."""
    solid = one.replace(" ", ""), other.replace(" ", "")
    begun = solid[0].startswith(solid[1]) or solid[1].startswith(solid[0])
    return begun or one.split(" ")[0] == other.split(" ")[0]


def _tops(weights: dict[Pair, float], refused: float) -> tuple[int, int, int]:
    """Offices that no other partner beats, that none equals, seen from the kanji; and that none beats from either side.
    Whose own weight is `refused` or less is beaten: among pairs that all are unlike nobody is best."""
    own = {a: weight for (a, b), weight in weights.items() if a == b}
    unlike = {a for a, weight in own.items() if weight <= refused}
    better: list[set[int]] = [set(unlike), set(unlike)]
    equal: set[int] = set()
    for (a, b), weight in weights.items():
        if a != b:
            if weight > own[a]:
                better[0].add(a)
            elif weight == own[a]:
                equal.add(a)
            if weight > own[b]:
                better[1].add(b)
    best = len(own) - len(better[0])
    return best, len(own) - len(better[0] | equal), len(own) - len(better[0] | better[1])


def _mutual(weights: dict[Pair, float]) -> list[Pair]:
    """Pairs of which each is the other's only best."""
    tops: list[dict[int, tuple[float, int, int]]] = [{}, {}]
    for pair, weight in weights.items():
        for side in (0, 1):
            top = tops[side].get(pair[side])
            if top is None or weight > top[0]:
                tops[side][pair[side]] = (weight, pair[1 - side], 1)
            elif weight == top[0]:
                tops[side][pair[side]] = (weight, top[1], top[2] + 1)
    found = []
    for left, (_, right, ties) in tops[0].items():
        back = tops[1][right]
        if ties == 1 and back[2] == 1 and back[1] == left:
            found.append((left, right))
    return found


# --- labelled sets --------------------------------------------------------------------------------


def _labelled_set(one: _labelled.Labelled, with_splink: bool) -> dict[str, Any]:
    figures = {"records": len(one.frame), "sekisho": _matched(one)}
    if with_splink:
        figures[_SPLINK] = _labelled.splink(one)
    return figures


def _matched(one: _labelled.Labelled) -> dict[str, Any]:
    """The matcher through its front door, with the set's columns mapped as well as they can be."""
    with tempfile.TemporaryDirectory(prefix="sekisho-bench-external-") as folder:
        source, out = Path(folder) / "source.parquet", Path(folder) / "out"
        one.as_source().write_parquet(source)
        spec = {"population": str(source), "out": str(out), "leave_out": [], "workers": 1}
        found = measured([sys.executable, "-m", "bench._match_child", json.dumps(spec)])
        clusters = pl.read_parquet(out / "records" / "*.parquet").select("record", "cluster")
    return {"seconds": round(found.seconds, 1), "peak_mb": round(found.peak_mb), **one.scored(clusters)}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 5) if whole else None


def _show(figures: dict[str, Any]) -> None:
    said = figures["offices"]
    columns = tuple(said["sekisho"])
    table = Table(title=f"{said['offices']:,} offices in {said['municipalities']:,} municipalities")
    for column in ("", *columns):
        table.add_column(column, justify="right" if column else "left")
    for name in ("sekisho", "by_spelling"):
        table.add_row(name, *(f"{said[name][column]:.4f}" for column in columns))
    console = Console(stderr=True, width=140)
    console.print(table)
    if figures.get("labelled"):
        console.print(_labelled_table(figures["labelled"]))


def _labelled_table(sets: dict[str, dict[str, Any]]) -> Table:
    table = Table(title="labelled sets (pairs)")
    columns: Sequence[str] = ("set", "contender", "F1", "precision", "recall")
    for column in columns:
        table.add_column(column)
    for name, contenders in sets.items():
        for contender in ("sekisho", _SPLINK):
            if one := contenders.get(contender):
                table.add_row(name, contender, *(str(one[key]) for key in ("f1", "precision", "recall")))
    return table
