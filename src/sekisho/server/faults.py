"""The driver's errors in words: only this package and the barrier know the driver."""

from __future__ import annotations

import psycopg

from sekisho.kernel.errors import EnvironmentFault, SekishoError


class UnableToReachDatabase(EnvironmentFault):
    """The database server went away, or does not let us in."""


def translate(*, fault: BaseException) -> SekishoError | None:
    """Return what to tell a person about an error of the driver, or None when it is another error.

    Only what the client itself noticed is quoted: a server's message can hold a customer's data.
    """
    if not isinstance(fault, psycopg.OperationalError):
        return None
    reason = f"SQLSTATE {fault.sqlstate}" if fault.sqlstate else str(fault).strip().splitlines()[0]
    return UnableToReachDatabase(
        f"データベースサーバーに接続できないか、接続が切れました({reason})。",
        f"The database server cannot be reached or went away ({reason}).",
    )
