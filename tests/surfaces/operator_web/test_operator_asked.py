"""What is typed into the one box, as a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.surfaces.operator_web.asked import Asked, By, UnableToTell, read_asked

_WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789-()+"}

TYPED = (
    ("0600000000000000000001", By.POINT, "0600000000000000000001"),
    ("06-0000-0000-0000-0000-0001", By.POINT, "0600000000000000000001"),
    ("06-0000-0000-0000-0000-0001".translate(_WIDE), By.POINT, "0600000000000000000001"),
    ("00000000000001", By.CUSTOMER, "00000000000001"),
    ("06-1234-5678", By.PHONE, "0612345678"),
    ("090-1234-5678", By.PHONE, "09012345678"),
    ("+81 90 1234 5678", By.PHONE, "09012345678"),
    ("(06)1234-5678".translate(_WIDE), By.PHONE, "0612345678"),
    ("サトウ ハナコ", By.NAME, "サトウハナコ"),
    ("\uff7b\uff84\uff73 \uff8a\uff85\uff7a", By.NAME, "サトウハナコ"),  # half-width
    ("さとう", By.NAME, "サトウ"),
    ("佐藤 花子", By.NAME, "佐藤花子"),
    ("髙橋", By.NAME, "高橋"),
    ("中村太郎", By.NAME, "中村太郎"),
    ("高市 花子", By.NAME, "高市花子"),
    ("株式会社大阪市場", By.NAME, "株式会社大阪市場"),
    ("(株)架空商店", By.NAME, "株式会社架空商店"),
    ("大阪府架空市1丁目2番3号", By.ADDRESS, "大阪府架空市1-2-3"),
    ("架空市中央1-2", By.ADDRESS, "架空市中央1-2"),
    ("兵庫県", By.ADDRESS, None),
)


@pytest.mark.parametrize(("text", "by", "key"), TYPED)
def test_kinds_are_told_apart_and_folded(text: str, by: By, key: str | None) -> None:
    if key is None:
        with pytest.raises(UnableToTell):
            read_asked(text)
    else:
        assert read_asked(text) == Asked(by, key)


@pytest.mark.parametrize(
    "text", ["", "   ", "123", "12345678901234567", "060000000000000000000", "1234567890", "佐", "\u3000"]
)
def test_what_cannot_be_searched_is_explained(text: str) -> None:
    with pytest.raises(UnableToTell) as refusal:
        read_asked(text)
    assert refusal.value.ja != refusal.value.en


def test_a_kind_can_be_forced() -> None:
    assert read_asked("大阪府子", by=By.NAME) == Asked(By.NAME, "大阪府子")
    with pytest.raises(UnableToTell):
        read_asked("大阪", by=By.POINT)


@given(
    digits=st.from_regex(r"[0-9]{22}|[0-9]{14}|0[1-9][0-9]{8}|0[789]0[0-9]{8}", fullmatch=True),
    data=st.data(),
)
def test_width_and_hyphens_never_matter(digits: str, data: st.DataObject) -> None:
    cuts = data.draw(st.sets(st.integers(3, len(digits) - 1), max_size=4))
    hyphened = "".join(f"-{digit}" if place in cuts else digit for place, digit in enumerate(digits))
    assert read_asked(hyphened.translate(_WIDE)) == read_asked(digits)


@given(st.text(max_size=60))
def test_anything_is_told_or_refused(text: str) -> None:
    try:
        assert read_asked(text).key
    except UnableToTell as refusal:
        assert refusal.ja
