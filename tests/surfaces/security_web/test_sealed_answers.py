"""A sealed answer opens for the page that asked, and for nobody else."""

from __future__ import annotations

import pytest

from sekisho.work.sealing import UnableToOpen, UnableToSeal, answer_key, open_answer, seal_answer

SECRET, NONCE = "of the process", "of the session"


def test_an_answer_opens_with_both_halves_only() -> None:
    sealed = seal_answer("a password", to=answer_key(secret=SECRET, nonce=NONCE))
    assert "password" not in sealed
    assert open_answer(sealed, secret=SECRET, nonce=NONCE) == "a password"
    for secret, nonce in (("another process", NONCE), (SECRET, "another session")):
        with pytest.raises(UnableToOpen):
            open_answer(sealed, secret=secret, nonce=nonce)


def test_the_same_answer_is_sealed_anew_each_time() -> None:
    key = answer_key(secret=SECRET, nonce=NONCE)
    assert seal_answer("a password", to=key) != seal_answer("a password", to=key)


@pytest.mark.parametrize("place", [0, 10, 70, 90])
def test_an_altered_answer_does_not_open(place: int) -> None:
    sealed = seal_answer("a password", to=answer_key(secret=SECRET, nonce=NONCE))
    altered = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
    with pytest.raises(UnableToOpen):
        open_answer(altered, secret=SECRET, nonce=NONCE)


@pytest.mark.parametrize("key", ["", "AAAA", "not base64 at all", "BA" * 44])
def test_no_key_no_answer(key: str) -> None:
    with pytest.raises(UnableToSeal):
        seal_answer("a password", to=key)


@pytest.mark.parametrize("sealed", ["", "AAAA", "あ"])
def test_rubbish_does_not_open(sealed: str) -> None:
    with pytest.raises(UnableToOpen):
        open_answer(sealed, secret=SECRET, nonce=NONCE)
