"""What a person is told when something cannot be done: in Japanese and in English, without a traceback.

Every error that a user can cause or repair descends from `SekishoError`. Anything else that reaches the
command line is a defect of the program and is reported as such.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

Language = Literal["ja", "en"]

DONE: Final = 0
REFUSED: Final = 1
USED_WRONGLY: Final = 2
ENVIRONMENT: Final = 3


class SekishoError(Exception):
    """A refusal, or something found wrong: exit code 1.

    Both sentences say what was wrong and what to do about it; neither may hold a customer's data beyond the
    value that the same person has just typed or handed in.
    """

    exit_code: ClassVar[int] = REFUSED

    def __init__(self, ja: str, en: str | None = None) -> None:
        super().__init__(ja if en is None else f"{ja} / {en}")
        self.ja = ja
        self.en = ja if en is None else en

    def message(self, *, language: Language = "ja") -> str:
        """Return the sentence in one language."""
        return self.en if language == "en" else self.ja


class WrongUse(SekishoError):
    """The command or option does not mean anything: exit code 2."""

    exit_code = USED_WRONGLY


class EnvironmentFault(SekishoError):
    """The machine, the disk, the network or a server stands in the way, not the request: exit code 3."""

    exit_code = ENVIRONMENT
