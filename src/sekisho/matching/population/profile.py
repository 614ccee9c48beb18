"""How often each thing happens: the proportions of a generated population and where they come from.

Counts by system and by running contracts are those of seed 000 (2026-06, a report of a lost medium):
individuals 899 / 53 / 51 万 in system ①, ② and both, companies and devices 317 / 26 / 8 万, running
560 and 154 万, devices 146 of 351 万, about 1.5 of 13.5 million records whose name turned from
katakana to kanji at a switch. Everything else (shares of families, apartments, variant characters)
is this generator's assumption, kept here as data so that it can be argued with and changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# system membership: bit 1 = ①託送, bit 2 = ②スイッチング支援
FIRST, SECOND, BOTH = 1, 2, 3

Cells = tuple[tuple[int, bool, int], ...]
"""(membership, running, how many of a block)"""

PERSONS: Cells = (
    (FIRST, True, 475),
    (FIRST, False, 424),
    (SECOND, True, 42),
    (SECOND, False, 11),
    (BOTH, True, 43),
    (BOTH, False, 8),
)
COMPANIES: Cells = (
    (FIRST, True, 72),
    (FIRST, False, 112),
    (SECOND, True, 12),
    (SECOND, False, 3),
    (BOTH, True, 6),
    (BOTH, False, 0),
)
DEVICES: Cells = (
    (FIRST, True, 55),
    (FIRST, False, 78),
    (SECOND, True, 8),
    (SECOND, False, 3),
    (BOTH, True, 1),
    (BOTH, False, 1),
)
# one block is the seed's table at 1 : 10,000
BLOCK = {"person": 1003, "company": 205, "device": 146}
BLOCK_SIZE = 1354


@dataclass(frozen=True)
class Profile:
    """Shares between 0 and 1 unless said otherwise."""

    # --- who lives where
    predecessor: float = 0.75  # an ended contract's home has a later occupant in the data
    family_successor: float = 0.14  # ... and the later occupant is of the same family
    family_by_switch: float = 0.06  # ... and the change came with a switch, against its definition
    second_home: float = 0.05  # a house has a second supply point, mostly of the same family
    apartment: float = 0.45
    roomless_building: float = 0.28  # buildings whose records seldom carry the room
    moved: float = 0.06  # an individual's earlier or later home is in the data too
    two_points: float = 0.06  # one individual, two supply points at one address
    company_two_points: float = 0.2
    # --- how people are called
    foreign: float = 0.018
    asian: float = 0.012
    former_name: float = 0.012
    couple: float = 0.015
    care_of: float = 0.008
    shop: float = 0.035
    twin: float = 0.08  # of family relations: names differing in one kanji
    near: float = 0.15  # of family relations: readings differing in the last sound
    typo: float = 0.004  # records with one wrong kanji of the same sound
    # --- how records are written
    switches: tuple[float, ...] = (0.56, 0.31, 0.1, 0.03)  # 1, 2, 3, 4 records in system ①
    again: float = 0.18  # a second application in system ②
    kana_first: float = 0.515
    kana_later: float = 0.13
    same_writer: float = 0.4  # a later record is written exactly as the one before
    kana_column: tuple[float, float] = (0.05, 0.4)  # systems ①, ② : a kana reading beside a kanji name
    no_application: float = 0.12  # records of ① carried over without an application type
    corporate_number: float = 0.04


DEFAULT = Profile()


def cells_of(
    kind_cells: Cells, *, start: int, count: int, seed: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.bool_]]:
    """Membership and running flag of parties `start … start + count`: exact in every whole block."""
    members = np.concatenate([np.full(size, cell, dtype=np.int8) for cell, _, size in kind_cells])
    running = np.concatenate([np.full(size, flag) for _, flag, size in kind_cells])
    shuffled = np.random.default_rng([seed, len(members)]).permutation(len(members))
    place = shuffled[(start + np.arange(count)) % len(members)]
    return members[place], running[place]
