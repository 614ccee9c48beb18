"""Brings the store up to the log's published checkpoint.

Passages are taken in the log's order, each place once. Nothing is believed: the commitment of every passage is computed again
and compared with the entry in the log's own tiles, the tiles with the signed root, and a later checkpoint must continue the
earlier one. So an answer rests on the checkpoint as firmly as a proof bundle does.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

import polars as pl
import psycopg
from psycopg.rows import TupleRow

from sekisho.ledger.bundle import Published, published
from sekisho.ledger.leaves import commitment
from sekisho.ledger.merkle import is_consistent
from sekisho.ledger.scope import history
from sekisho.ledger.scope.moments import JAPAN, day_number, second_number
from sekisho.ledger.scope.names import KEY_BYTES
from sekisho.ledger.scope.question import kind_text
from sekisho.ledger.scope.store import EVENTS, Store, UnableToCoverLog, Writer
from sekisho.ledger.site import Site
from sekisho.ledger.tiles import WIDTH

_KEY: Final = "ledger/scope.key"
_BATCH: Final = 50_000
_PASSAGES: Final = """
select l.idx, l.salt, ledger.canonical(p)
  from ledger.leaf l left join ledger.passage p on p.at = l.at and p.passage_id = l.passage_id
 where l.idx >= %s and l.idx < %s order by l.idx
"""
_VERSION: Final = """
select count(*), coalesce(sum(hashtextextended(c.contract_no || c.point || c.holder || c.customer_no || c.valid::text || u.kind, 0)), 0)::text
  from registry.contract c join registry.customer u on u.customer_no = c.customer_no
"""
_READABLE: Final = {
    name: pl.String if name in ("company", "point", "person", "kind", "holder") else kind
    for name, kind in EVENTS.items()
}


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh did: passages checked, readings added, readings erased with their month, and the tree's size."""

    passages: int
    readings: int
    erased: int
    size: int


def open_store(site: Site) -> Store:
    """Return the installation's store; its key is made on first use."""
    key = bytes.fromhex(site.home.ensure_secret(name=_KEY, make=lambda: site.random(KEY_BYTES).hex()))
    return Store(root=site.home.root / "ledger" / "scope", key=key, random=site.random)


def refresh(
    *,
    connection: psycopg.Connection[TupleRow],
    store: Store,
    log: Published,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    batch: int = _BATCH,
) -> Refreshed:
    """Take in what the log holds beyond the store. Every batch is committed: killed, it goes on from there."""
    with store.writing() as writer:
        _continue(store, log)
        # Before the readings: they are written as own or foreign by it.
        _take_history(connection, store, writer)
        before, start = store.manifest.rows, store.manifest.end
        while store.manifest.end < log.head.size:
            first, end = store.manifest.end, min(log.head.size, store.manifest.end + batch)
            writer.append(_readings(connection, log, first, end), first=first, end=end)
            writer.merge()
            writer.commit(rests_on=store.manifest.rests_on)
            progress(end, log.head.size)
        added = store.manifest.rows - before
        erased = _erase(connection, writer)
        writer.commit(rests_on=_basis(log))
    return Refreshed(log.head.size - start, added, erased, log.head.size)


def refresh_site(*, connection: psycopg.Connection[TupleRow], site: Site) -> Store:
    """Return the installation's store, refreshed."""
    store = open_store(site)
    refresh(connection=connection, store=store, log=published(store=site.store))
    return store


def _basis(log: Published) -> dict[str, Any]:
    root = base64.b64encode(log.head.root).decode()
    return {"origin": log.head.origin, "tree_size": log.head.size, "root": root, "checkpoint": str(log.note)}


def _continue(store: Store, log: Published) -> None:
    """Refuse a log whose tiles are not its root's, or that does not continue the one the store rests on."""
    if log.reader.root() != log.head.root:
        raise _disagreeing("tiles and root differ", "タイルと根が一致しません")
    if store.manifest.end > log.head.size:
        raise _disagreeing(
            f"the store holds {store.manifest.end}, the log {log.head.size}",
            "公開済みのログが以前より短くなっています",
        )
    basis = store.manifest.rests_on
    if not basis or not basis["tree_size"]:
        return
    old, root = int(basis["tree_size"]), base64.b64decode(basis["root"])
    proof = log.reader.consistency(old)
    if not is_consistent(old=old, new=log.head.size, old_root=root, new_root=log.head.root, proof=proof):
        raise _disagreeing(f"not the continuation of size {old}", f"{old} 件の時点のログの続きではありません")


def _readings(connection: psycopg.Connection[TupleRow], log: Published, first: int, end: int) -> pl.DataFrame:
    rows = connection.execute(_PASSAGES.encode(), (first, end)).fetchall()
    found: list[tuple[object, ...]] = []
    for place, entry, (idx, salt, body) in zip(
        range(first, end), _entries(log, first, end), _padded(rows, first, end), strict=True
    ):
        if body is None:
            continue  # erased after five years: the entry alone is left
        if idx != place or commitment(salt=salt, body=body.encode()) != entry:
            raise _disagreeing(
                f"the passage at place {place} is not what the log holds",
                f"位置 {place} の閲覧記録がログと一致しません",
            )
        found += _events(json.loads(body))
    return pl.DataFrame(found, schema=_READABLE, orient="row")


def _padded(rows: list[TupleRow], first: int, end: int) -> Iterator[TupleRow]:
    """Yield one row a place; places whose month was erased have none in the database."""
    there = {row[0]: row for row in rows}
    for place in range(first, end):
        yield there.get(place, (place, None, None))


def _entries(log: Published, first: int, end: int) -> Iterator[bytes]:
    def all_from() -> Iterator[bytes]:
        for number in range(first // WIDTH, (end + WIDTH - 1) // WIDTH):
            yield from log.reader.entries(number)

    return islice(all_from(), first % WIDTH, first % WIDTH + end - first)


def _events(passage: dict[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield one reading a point and holder. A refused call showed nothing."""
    if passage["verdict"] != "passed" or not passage["points"]:
        return
    at = second_number(datetime.fromisoformat(passage["at"]))
    kind = kind_text(
        audience=passage["audience"],
        gate=passage["gate"],
        purpose=passage["purpose"],
        items=passage["items"],
        case_no=passage["case_no"],
    )
    low, high = (_day(word) for word in passage["shown"] or (None, None))
    company, person = passage["company"] or "", passage["person"] or ""
    for point, holder in zip(passage["points"], passage["holders"], strict=True):
        yield company, point, at, person, kind, holder, low, high, passage["passage_id"]


def _day(text: str | None) -> int | None:
    return None if text is None else day_number(date.fromisoformat(text))


def _erase(connection: psycopg.Connection[TupleRow], writer: Writer) -> int:
    """Remove the readings of months that the ledger has erased."""
    row = connection.execute("select min(at) from ledger.passage").fetchone()
    if row is None or row[0] is None:
        return 0
    month = row[0].astimezone(JAPAN).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return writer.erase_before(second_number(month))


def _take_history(connection: psycopg.Connection[TupleRow], store: Store, writer: Writer) -> None:
    """Take the contracts anew when any of them changed."""
    version = connection.execute(_VERSION.encode()).fetchone()
    if version is None:
        raise AssertionError("an aggregate returns one row")
    described = {"contracts": int(version[0]), "digest": version[1]}
    known = store.manifest.history or {}
    if {name: known.get(name) for name in described} != described:
        writer.put_history(history.from_registry(connection), version=described)


def _disagreeing(en: str, ja: str) -> UnableToCoverLog:
    return UnableToCoverLog(f"閲覧ログと合いません: {ja}。", f"This does not agree with the log: {en}.")
