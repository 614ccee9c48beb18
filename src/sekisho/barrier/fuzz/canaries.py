"""Tokens in answers: the words and long numbers that `worlds` planted, found however they are punctuated."""

import re

_WORD = re.compile(r"kq[a-z][0-9]{5}", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{10,22}")
_PUNCTUATION = str.maketrans("", "", "-‐‑–−ー 　\u00a0\u202f,")


def scan(text: str) -> set[str]:
    """The tokens in a text, words in lower case and numbers without punctuation."""
    found = {word.lower() for word in _WORD.findall(text)}
    plain = text.translate(_PUNCTUATION)
    return found | set(_NUMBER.findall(plain)) | set(_NUMBER.findall(text))
