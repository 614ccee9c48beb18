"""いつもと違う閲覧: pure figures over reading volumes. They point to people to talk to; they accuse nobody."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from sekisho.ledger.gates import ReadingVolume, UnfollowedRow

TIMES_PEERS = 3.0
"""Someone who reads this many times the median of their peers is marked …"""
LEAST_POINTS = 20
"""… if it is at least so many points: small numbers vary by themselves."""
LEAST_PEERS = 3
"""Fewer peers have no meaningful median."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What one person read for one purpose in the whole period. `peers` is the median of the others; None without enough of them."""

    person: str
    audience: str
    company: str
    purpose: str
    passages: int
    points: int
    revealed: int
    refused: int
    out_of_hours: int
    peers: float | None = None

    @property
    def times(self) -> float | None:
        """How many times the median of the peers."""
        return None if not self.peers else self.points / self.peers

    @property
    def marked(self) -> bool:
        """Whether the volume stands out."""
        return self.times is not None and self.times >= TIMES_PEERS and self.points >= LEAST_POINTS


def readers(volumes: Iterable[ReadingVolume]) -> list[Reader]:
    """One entry a person and purpose, with the median of the peers: everybody else of the audience with the same purpose."""
    sums: dict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0] * 5)
    for row in volumes:
        key = (row.person or "", row.audience, row.company or "", row.purpose)
        figures = (row.passages, row.points or 0, row.revealed, row.refused, row.out_of_hours)
        sums[key] = [had + more for had, more in zip(sums[key], figures, strict=True)]
    people = [Reader(*key, *figures) for key, figures in sums.items()]
    groups: dict[tuple[str, str], list[Reader]] = defaultdict(list)
    for one in people:
        groups[one.audience, one.purpose].append(one)
    return [_beside(one, groups[one.audience, one.purpose]) for one in people]


def _beside(one: Reader, group: Sequence[Reader]) -> Reader:
    others = [peer.points for peer in group if peer is not one and peer.person]
    peers = float(median(others)) if len(others) >= LEAST_PEERS else None
    return Reader(
        one.person,
        one.audience,
        one.company,
        one.purpose,
        one.passages,
        one.points,
        one.revealed,
        one.refused,
        one.out_of_hours,
        peers,
    )


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """A person's look-ups for switching in the period, and those that no application followed."""

    person: str
    lookups: int
    followed: int

    @property
    def unfollowed(self) -> int:
        """Look-ups that nothing explains."""
        return self.lookups - self.followed

    @property
    def share(self) -> float:
        """Their share, 0 to 1."""
        return self.unfollowed / self.lookups if self.lookups else 0.0


def unfollowed(rows: Iterable[UnfollowedRow]) -> list[Unfollowed]:
    """One entry a person, most unexplained look-ups first."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        had = sums[row.person or ""]
        sums[row.person or ""] = [had[0] + row.lookups, had[1] + row.followed]
    found = [Unfollowed(person, *figures) for person, figures in sums.items()]
    return sorted(found, key=lambda one: (-one.unfollowed, one.person))
