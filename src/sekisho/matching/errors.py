"""Errors that a user of 名寄せ can do something about, in Japanese first."""

from __future__ import annotations

from sekisho.kernel.errors import EnvironmentFault, SekishoError, WrongUse


class UnableToReadSource(WrongUse):
    """The input file is missing, of an unknown type, or lacks a column that the mapping names."""


class UnableToReadMapping(WrongUse):
    """The mapping is not valid TOML or names a field that does not exist."""


class UnableToResume(SekishoError):
    """The output folder holds the work of another input or mapping, or of another edition of the rules."""


class UnableToFindRecord(SekishoError):
    """No record with that number is in the result."""


class UnableToExplain(SekishoError):
    """The result was made by another edition of the matcher, which decided by other rules."""


class UnableToReadReview(SekishoError):
    """A reviewed sample does not fit the one that was exported."""


class UnableToAskAgain(EnvironmentFault):
    """Splink, which gives the second opinion, is not installed."""


class UnableToReconcile(SekishoError):
    """The totals of a count do not add up; nothing is printed."""
