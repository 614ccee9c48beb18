"""The first two people of information security: the only ones whose permits nobody can have drafted and approved.

Everybody after them gets permits by 起案→承認. So this works once, as long as there has never been a permit for security.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from sekisho.accounts import actions as accounts
from sekisho.barrier.actions import grant_permit
from sekisho.kernel.errors import SekishoError
from sekisho.settings.administration import account_schema, checked_name

AUDIENCE, PURPOSE, COMPANY = "security", "oversight", "TD"
FOUNDERS = 2


class UnableToFound(SekishoError):
    """Information security has its people already, or the two named are not two people."""


@dataclass(frozen=True, slots=True)
class Founder:
    """One of the two: user name and name as shown."""

    person: str
    name: str


def found_security(
    conn: psycopg.Connection, people: Sequence[Founder], *, by: str, os_user: str, now: datetime
) -> dict[str, str]:
    """Accounts and permits for the first two people, in one transaction; returns each one's first code. Only for the database's owner.

    `by` is who states to do it, `os_user` the operating system's user: both stay on record in permit and account. Raises UnableToFound
    for other than two people and once a permit for security was ever given.
    """
    with conn.transaction():
        admit_founders(conn, [one.person for one in people], by=by, os_user=os_user, now=now)
        return {one.person: _account(conn, one, by=by, now=now) for one in people}


def admit_founders(
    conn: psycopg.Connection, people: Sequence[str], *, by: str, os_user: str, now: datetime
) -> None:
    """The permits of the first two people; see `found_security`."""
    names = {checked_name(person) for person in people}
    if len(names) != FOUNDERS or len(people) != FOUNDERS:
        raise UnableToFound(
            "最初の情報セキュリティ担当者は、異なる二人を指定してください。", "Name two different people, no more and no less."
        )  # fmt: skip
    with conn.transaction():
        # two installers at once: the second one waits, and then finds the permits of the first
        conn.execute("lock table barrier.permit in share row exclusive mode")
        _refuse_second_founding(conn)
        for person in people:
            grant_permit(
                conn, person=person, audience=AUDIENCE, company=COMPANY, purpose=PURPOSE, start=now.date(), end=None, by=by,
                reason=f"account first-security (OS: {os_user})",
            )  # fmt: skip


def _refuse_second_founding(conn: psycopg.Connection) -> None:
    there = conn.execute(
        "select person, granted_by, granted_at from barrier.permit where audience = %s order by permit_no limit 1", [AUDIENCE]
    ).fetchone()  # fmt: skip
    if there is not None:
        person, by, at = there
        raise UnableToFound(
            f"情報セキュリティの権限はすでに与えられています(最初は {person}、{at:%Y-%m-%d}、{by} による)。"
            "これ以上の権限は、画面で一人が起案し、別の人が承認してください。",
            f"Information security has its permits already (the first: {person}, {at:%Y-%m-%d}, by {by})."
            " Further ones are drafted by one person and approved by another, on the pages.",
        )


def _account(conn: psycopg.Connection, founder: Founder, *, by: str, now: datetime) -> str:
    made = accounts.create_account(
        conn,
        schema=account_schema(AUDIENCE),
        key=b"",  # seals second factors; none is enrolled here
        audience=AUDIENCE,
        username=founder.person,
        person=founder.person,
        company=COMPANY,
        display_name=founder.name[:80],
        by=by,
        now=now,
    )
    return made.password
