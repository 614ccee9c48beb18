"""The retailers, each with its own pen and manner in either system."""

from dataclasses import dataclass
from datetime import date

from .addressing import Manner, manner
from .dice import Dice, Urn, urn
from .spelling import Pen

LIBERALISED = date(2016, 4, 1).toordinal()
DECADE = 3653.0
NEWCOMERS = 22
# ① is written in kana by habit of the incumbent's host; the newcomers' files mostly bring kanji.
INCUMBENT_ONE = urn({"half_bank": 0.90, "half": 0.05, "full": 0.02, "kanji": 0.03})
NEWCOMER_ONE = urn({"kanji": 0.62, "half_bank": 0.16, "half": 0.10, "full": 0.08, "full_bank": 0.04})
INCUMBENT_TWO = urn({"kanji": 0.84, "half_bank": 0.08, "full": 0.08})
NEWCOMER_TWO = urn({"kanji": 0.86, "full": 0.08, "half": 0.03, "hira": 0.01, "full_bank": 0.02})


@dataclass(frozen=True, slots=True)
class Retailer:
    """A retailer's habits: the scripts it uses in ① and ②, what parts surname and given name, its addresses."""

    key: int
    one: Urn[str]
    two: Urn[str]
    usual: tuple[str, str]
    gap_kana: str
    gap_kanji: str
    dash: bool
    addresses: tuple[Manner, Manner]
    hyphenless_phone: bool

    def pen(self, dice: Dice, *, system: int, deviates: float) -> Pen:
        """The pen of one card: the house's own, or what another clerk takes."""
        script = self.usual[system]
        if dice.chance(deviates):
            script = (self.one, self.two)[system].draw(dice)
        gap = self.gap_kanji if script == "kanji" else self.gap_kana
        if dice.chance(deviates):
            gap = dice.pick(("", " ", "　"))
        return Pen(script, gap if not script.startswith("half") else gap.replace("　", " "), self.dash)


class Retailers:
    """The market: one incumbent and many newcomers."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self.incumbent = self._retailer(0, INCUMBENT_ONE, INCUMBENT_TWO, ("half_bank", "kanji"))
        newcomers = [
            self._retailer(
                key, NEWCOMER_ONE, NEWCOMER_TWO, (NEWCOMER_ONE.draw(dice), NEWCOMER_TWO.draw(dice))
            )
            for key in range(1, NEWCOMERS + 1)
        ]
        # the largest newcomer sells gas as well and brings kanji names from its own customers' file
        newcomers[0] = self._retailer(1, NEWCOMER_ONE, NEWCOMER_TWO, ("kanji", "kanji"))
        self._newcomers = Urn(newcomers, [1.0 / (rank + 1.5) for rank in range(NEWCOMERS)])

    def _retailer(self, key: int, one: Urn[str], two: Urn[str], usual: tuple[str, str]) -> Retailer:
        dice = self._dice
        return Retailer(
            key, one, two, usual, dice.pick((" ", " ", "")) if key else " ", dice.pick(("　", "　", " ", "")) if key else "　",
            dice.chance(0.35), (manner(dice), manner(dice)), dice.chance(0.35),
        )  # fmt: skip

    def first(self, day: int) -> Retailer:
        """Whom somebody chooses who moves in on a day (ordinal): from all to two thirds the incumbent in ten years."""
        gone = max(0.0, min(1.0, (day - LIBERALISED) / DECADE))
        return self.incumbent if self._dice.chance(1 - 0.36 * gone) else self._newcomers.draw(self._dice)

    def other(self, than: Retailer) -> Retailer:
        """Whom somebody switches to."""
        if than.key and self._dice.chance(0.22):
            return self.incumbent
        while True:
            found = self._newcomers.draw(self._dice)
            if found.key != than.key:
                return found
