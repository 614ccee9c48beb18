"""Tokens in answers: the words and long numbers that `worlds` planted, found however they are punctuated."""

import re

_WORD = re.compile(r"kq[a-z][0-9]{5}", re.IGNORECASE)
_NUMBERS = tuple(
    re.compile(rf"[0-9](?:{between}[0-9]){{9,21}}") for between in ("", "[-‐‑–−ー]?", "[ 　\u00a0\u202f]?")
)
"""Ten to 22 digits: plain, with dashes, with blanks between them."""


def scan(text: str) -> set[str]:
    """The tokens in a text: words in lower case, numbers without what stands between their digits."""
    found = {word.lower() for word in _WORD.findall(text)}
    return found | {re.sub(r"[^0-9]", "", number) for pattern in _NUMBERS for number in pattern.findall(text)}
