"""Things in the area worth looking at, listed for those who test or show."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from sekisho.demo.clerk import Contract, Row
from sekisho.demo.premises import Premise
from sekisho.demo.retailers import AFFILIATE, BY_CODE

AT_MOST = 20
"""So many of one kind are listed."""


def curiosities(*, contracts: Sequence[Contract], premises: Sequence[Premise], until: date) -> Iterator[Row]:
    """Yield one row a curiosity: kind, points, contracts, and a sentence in Japanese and English."""
    histories: dict[str, list[Contract]] = defaultdict(list)
    for contract in contracts:
        histories[contract.point.number].append(contract)
    found: dict[str, int] = defaultdict(int)
    for kind, members in _all(histories, premises, until):
        found[kind] += 1
        if found[kind] <= AT_MOST:
            yield _row(kind, members)


def _all(
    histories: dict[str, list[Contract]], premises: Sequence[Premise], until: date
) -> Iterator[tuple[str, list[Contract]]]:
    homes = _running_homes(histories, until)
    for history in histories.values():
        yield from _of_point(history, until)
        warehouse = history[-1]
        home = homes.get(warehouse.entity.truth_id)
        if warehouse.premise.use.code == "warehouse" and home and _slip_leak(warehouse, home, until):
            yield "slip_at_other_retailer", [warehouse, home]
    yield from _neighbours(histories, premises, until)


def _of_point(history: list[Contract], until: date) -> Iterator[tuple[str, list[Contract]]]:
    last = history[-1]
    if last.end and last.end <= until and last.holder != AFFILIATE.code:
        yield "vacant_after_other_retailer", [last]
    for before, after in pairwise(history):
        if before.end == after.start and before.entity is not after.entity:
            yield "new_tenant_same_day", [before, after]
        if before.end == after.start == BY_CODE[before.holder].left:
            yield "retailer_left_the_market", [before, after]
        if after.kind == "05" and after.writing.form == "bank" and not before.writing.old_style:
            yield "kanji_became_bank_kana", [before, after]
    if len(history) >= 9:
        yield "many_contracts", history[:1]


def _slip_leak(warehouse: Contract, home: Contract, until: date) -> bool:
    """The report's case: the affiliate's warehouse, its slips posted to another retailer's home."""
    return warehouse.holder == AFFILIATE.code and warehouse.covers(until) and home.holder != AFFILIATE.code


def _running_homes(histories: dict[str, list[Contract]], until: date) -> dict[str, Contract]:
    return {
        history[-1].entity.truth_id: history[-1]
        for history in histories.values()
        if history[-1].covers(until) and history[-1].premise.use.tenant == "family"
    }


def _neighbours(
    histories: dict[str, list[Contract]], premises: Sequence[Premise], until: date
) -> Iterator[tuple[str, list[Contract]]]:
    """Twins and namesakes: several persons whom a careless matcher would merge."""
    by_site: dict[tuple[str, str], list[Contract]] = defaultdict(list)
    for premise in premises:
        running = histories.get(premise.points[0].number, [])[-1:]
        if not running or not running[0].covers(until) or running[0].entity.kind != "person":
            continue
        contract = running[0]
        if premise.twins and premise.related:
            first = histories[premise.related.points[0].number][-1]
            if (first.entity.truth_id, contract.entity.truth_id) == premise.twins:
                yield "twins_under_one_roof", [first, contract]
        by_site[premise.site_no, contract.entity.someone.kana].append(contract)
    for members in by_site.values():
        if len({contract.entity.truth_id for contract in members}) > 1:
            yield "namesakes_in_one_building", members


SENTENCES = {
    "slip_at_other_retailer": (
        "関連会社契約の倉庫の検針票が、他社契約の自宅へ届く",
        "slips of an affiliate's warehouse go to a home that another retailer supplies",
    ),
    "vacant_after_other_retailer": (
        "最後に他社と契約していた空き地点",
        "vacant, last supplied by another retailer than the affiliate",
    ),
    "new_tenant_same_day": (
        "退去日に次の入居者が再点した",
        "the next tenant started on the day the last one left",
    ),
    "retailer_left_the_market": (
        "撤退した小売事業者からの切替",
        "switched away when the retailer left the market",
    ),
    "kanji_became_bank_kana": (
        "切替で漢字名義が銀行カナになった",
        "a switch turned the name into bank-style kana",
    ),
    "many_contracts": ("契約が9件以上ある地点", "a point with nine contracts or more"),
    "twins_under_one_roof": (
        "一字違いの双子・兄弟が同居",
        "twins or brothers, one character apart, under one roof",
    ),
    "namesakes_in_one_building": (
        "同じ建物の同姓同名(読み)",
        "different persons of the same reading in one building",
    ),
}


def _row(kind: str, members: list[Contract]) -> Row:
    ja, en = SENTENCES[kind]
    return {
        "kind": kind,
        "points": " ".join(dict.fromkeys(contract.point.number for contract in members)),
        "contracts": " ".join(contract.contract_no for contract in members),
        "ja": ja,
        "en": en,
    }
