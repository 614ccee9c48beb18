"""The registry's decisions, pure: which of overlapping rows give way, how a correction re-splits periods."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sekisho.kernel.values import Period


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that claims a period within a group whose periods must not overlap.

    `row` is the line of the file, or None for a row that the file does not touch; `former` is the period that
    the row now has in the table and gets back if its line is refused.
    """

    row: int | None
    period: Period
    former: Period | None = None


def losers(claims: Iterable[Claim]) -> dict[int, Period]:
    """Which lines of one group must be refused so that nothing overlaps, and the period each would cut into.

    What the table already holds stands; among lines the earlier one stands. A refused line gives its former
    period back, which may refuse further lines: repeated until nothing changes.
    """
    rows = sorted((claim for claim in claims if claim.row is not None), key=lambda claim: claim.row or 0)
    standing = [claim.period for claim in claims if claim.row is None]
    refused: dict[int, Period] = {}
    while True:
        given_back = [claim.former for claim in rows if claim.row in refused and claim.former is not None]
        found = _cutting(standing + given_back, [claim for claim in rows if claim.row not in refused])
        if not found:
            return refused
        refused |= found


def _cutting(standing: list[Period], rows: list[Claim]) -> dict[int, Period]:
    taken = sorted((period.start, period.end or date.max) for period in standing)
    cutting: dict[int, Period] = {}
    for claim in rows:
        start, end = claim.period.start, claim.period.end or date.max
        place = bisect_left(taken, (end, date.min))
        if place and taken[place - 1][1] > start:
            first, last = taken[place - 1]
            cutting[claim.row or 0] = Period(first, None if last == date.max else last)
        else:
            insort(taken, (start, end))
    return cutting
