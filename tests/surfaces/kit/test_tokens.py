"""Paging tokens open only for whom and for what they were made."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.barrier.ticket import Caller
from sekisho.surfaces.kit.tokens import UnableToGoOn, binding_of, open_key, seal_key

ME = Caller(audience="retailer", company="00016", person="r1", purpose="contract")
SECRET = "one installation's key"


def bind(caller: Caller = ME, **changes: object) -> bytes:
    about = {
        "gate": "contracts",
        "sort": "point",
        "descending": False,
        "filters": {"state": "running"},
    } | changes
    return binding_of(caller, **about)  # type: ignore[arg-type]


@given(st.lists(st.text(max_size=40), max_size=4))
def test_what_was_sealed_comes_back(key: list[str]) -> None:
    assert open_key(seal_key(key, secret=SECRET, binding=bind()), secret=SECRET, binding=bind()) == key


@pytest.mark.parametrize(
    "other",
    [
        bind(dataclasses.replace(ME, person="r2")),
        bind(dataclasses.replace(ME, company="00026")),
        bind(dataclasses.replace(ME, purpose="switching")),
        bind(dataclasses.replace(ME, case_no="DIS-2026-001")),
        bind(gate="who_saw"),
        bind(sort="name"),
        bind(descending=True),
        bind(filters={"state": "ended"}),
        bind(filters={}),
    ],
)
def test_it_opens_for_nobody_and_nothing_else(other: bytes) -> None:
    token = seal_key(["a", "b"], secret=SECRET, binding=bind())
    with pytest.raises(UnableToGoOn):
        open_key(token, secret=SECRET, binding=other)


def test_another_installation_does_not_open_it() -> None:
    token = seal_key(["a"], secret=SECRET, binding=bind())
    with pytest.raises(UnableToGoOn):
        open_key(token, secret="another", binding=bind())


@given(st.text(max_size=80))
def test_garbage_is_refused_and_never_raises_anything_else(text: str) -> None:
    with pytest.raises(UnableToGoOn):
        open_key(text, secret=SECRET, binding=bind())


@given(st.integers(min_value=0, max_value=40), st.sampled_from("ABab01-_"))
def test_one_altered_character_is_noticed(place: int, char: str) -> None:
    token = seal_key(["0600000000000000000001"], secret=SECRET, binding=bind())
    altered = token[:place] + char + token[place + 1 :]
    if altered != token:
        with pytest.raises(UnableToGoOn):
            open_key(altered, secret=SECRET, binding=bind())


def test_the_key_cannot_be_read_from_it() -> None:
    token = seal_key(["ヤマダタロウ", "C-0001"], secret=SECRET, binding=bind())
    assert token != seal_key(["ヤマダタロウ", "C-0001"], secret=SECRET, binding=bind()), (
        "a fresh nonce each time"
    )
    assert "C-0001" not in token
