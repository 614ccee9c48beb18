"""The demonstration's users: some for each audience, with purposes, posts and days of access.

They are invented persons. Passwords and second factors are made when the accounts are, never here.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sekisho.demo.lists import table


@dataclass(frozen=True, slots=True)
class Account:
    """One user. `company`: TD for the utility, a retailer's or contractor's code, or REG for the regulator.

    Access runs from `valid_from` to the day before `valid_until`; `purposes` are codes of the audience's
    purposes.
    """

    username: str
    name: str
    audience: str
    company: str
    purposes: tuple[str, ...]
    post: str
    valid_from: date
    valid_until: date | None


def accounts(*, until: date) -> tuple[Account, ...]:
    """Return the users as of `until`, the last day. One of them is transferred away soon after."""
    return tuple(_account(row, until) for row in table("accounts.csv"))


def _account(row: dict[str, str], until: date) -> Account:
    return Account(
        username=row["username"],
        name=row["name"],
        audience=row["audience"],
        company=row["company"],
        purposes=tuple(row["purposes"].split()),
        post=row["post"],
        valid_from=date.fromisoformat(row["since"]),
        valid_until=until + timedelta(days=int(row["days_left"])) if row["days_left"] else None,
    )
