"""What was typed into the one box: a phone, a supply point, a customer's number, a name or an address – told apart and folded to its key.

Pure. What cannot be told apart for certain (a surname may look like a town) can be forced by the person who typed it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from unicodedata import normalize

from sekisho.kernel import folding
from sekisho.kernel.errors import SekishoError
from sekisho.kernel.values import CUSTOMER_DIGITS, HYPHENS, POINT_DIGITS

SHORTEST_NAME, SHORTEST_ADDRESS = 2, 4
"""Shorter beginnings fit too many people to be a look-up for a reason."""


class By(StrEnum):
    """What a look-up goes by."""

    POINT = "point"
    CUSTOMER = "customer"
    PHONE = "phone"
    NAME = "name"
    ADDRESS = "address"


class UnableToTell(SekishoError):
    """What was typed is nothing that can be searched by."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to look up: the kind and the key in the form in which the registry keeps it."""

    by: By
    key: str


_KANA = re.compile(r"[\u3040-\u30ff\s・]+")
_COMPANY = re.compile(r"株式会社|有限会社|合同会社|合資会社|合名会社|法人|組合|\((株|有|同)\)")
_PREFECTURE = re.compile(r"北海道|東京都|京都府|大阪府|.{2,3}県")
_PLACE = re.compile(r"郡.+[町村]|..[市区]|[0-9一二三四五六七八九十](丁目|番|-[0-9])")
_DIGITS = re.compile(rf"\+?[0-9\s(){re.escape(HYPHENS)}]+")


def read_asked(text: str, *, by: By | None = None) -> Asked:
    """Tell what `text` is (or take it as `by`) and fold it; raises `UnableToTell` with what to type instead."""
    plain = normalize("NFKC", text).strip()
    if not plain:
        raise UnableToTell("探すものを入力してください。", "Type what to look for.")
    kind = by or _kind(plain)
    return Asked(kind, _KEYS[kind](plain))


def _kind(plain: str) -> By:
    if _DIGITS.fullmatch(plain):
        return _kind_of_number(plain)
    if _KANA.fullmatch(plain) or _COMPANY.search(plain):
        return By.NAME
    return By.ADDRESS if _PREFECTURE.match(plain) or _PLACE.search(plain) else By.NAME


def _kind_of_number(plain: str) -> By:
    length = len(_only_digits(plain))
    if length == POINT_DIGITS:
        return By.POINT
    if length == CUSTOMER_DIGITS:
        return By.CUSTOMER
    if _is_phone(folding.fold(folding.phone_key, plain)):
        return By.PHONE
    raise UnableToTell(
        f"数字が{length}桁です。供給地点特定番号は{POINT_DIGITS}桁、お客さま番号は{CUSTOMER_DIGITS}桁、電話番号は0から始まる10桁か11桁です。",
        f"{length} digits: a supply point has {POINT_DIGITS}, a customer number {CUSTOMER_DIGITS}, a phone 10 or 11 from 0.",
    )


def _only_digits(plain: str) -> str:
    return re.sub(r"[^0-9]", "", plain)


def _is_phone(key: str) -> bool:
    return key.startswith("0") and len(key) in (10, 11)


def _point(plain: str) -> str:
    return _exactly(plain, POINT_DIGITS, "供給地点特定番号", "A supply point")


def _customer(plain: str) -> str:
    return _exactly(plain, CUSTOMER_DIGITS, "お客さま番号", "A customer number")


def _exactly(plain: str, length: int, ja: str, en: str) -> str:
    found = _only_digits(plain)
    if len(found) != length or not _DIGITS.fullmatch(plain):
        raise UnableToTell(
            f"{ja}は{length}桁の数字です({len(found)}桁でした)。",
            f"{en} has {length} digits, not {len(found)}.",
        )
    return found


def _phone(plain: str) -> str:
    key = folding.fold(folding.phone_key, plain)
    if not _is_phone(key):
        raise UnableToTell(
            "電話番号は0から始まる10桁か11桁です。", "A phone number has 10 or 11 digits, beginning with 0."
        )
    return key


def _name(plain: str) -> str:
    key = folding.fold(folding.kana_key if _KANA.fullmatch(plain) else folding.name_key, plain)
    if len(key) < SHORTEST_NAME:
        raise UnableToTell(
            f"名義は{SHORTEST_NAME}文字以上で探してください。",
            f"Type at least {SHORTEST_NAME} characters of a name.",
        )
    return key


def _address(plain: str) -> str:
    key = folding.fold(folding.address_key, plain)
    if len(key) < SHORTEST_ADDRESS:
        raise UnableToTell(
            f"住所は都道府県から{SHORTEST_ADDRESS}文字以上で探してください。",
            f"Type at least {SHORTEST_ADDRESS} characters of an address, from the prefecture on.",
        )
    return key


_KEYS = {By.POINT: _point, By.CUSTOMER: _customer, By.PHONE: _phone, By.NAME: _name, By.ADDRESS: _address}
