"""Invented populations with truth, and the measures taken on them.

No public labelled set of Japanese kanji and kana names exists, so a matcher can be judged only on a
population whose truth is known because it was made. This package makes such populations – individuals,
companies and devices with every variant that customer records of an electricity network are known to
show – in the proportions of a real incident (seed 000), and measures what a matcher did with them. It is
written apart from the matcher and reads none of its dictionaries; which name sources the two share is
chosen by `dictionary`, and stated with every figure.

A second generator, `counterpart`, was written by somebody who did not know the matcher, and differs from the first in
everything but the columns.

Truth is the unit of that incident's count: one person (or company) at one address; a device is one
supply point. Somebody who moved is two truths with one `party_id`.
"""

from . import counterpart
from .measure import Score, score
from .slices import Slice
from .writer import Order, UnableToContinuePopulation, generate

__all__ = ["Order", "Score", "Slice", "UnableToContinuePopulation", "counterpart", "generate", "score"]
