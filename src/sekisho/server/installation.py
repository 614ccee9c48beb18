"""The database of one installation, wherever its server runs."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sekisho.server.embedded import EmbeddedServer
from sekisho.server.external import check_external
from sekisho.settings.home import Home

DATABASE = "sekisho"
_SOMEBODYS = ("user", "password", "passfile")


@dataclass(frozen=True)
class Installation:
    """A home directory, with its embedded server or the server that `database_url` names."""

    home: Home
    database_url: str | None = None

    def open(self) -> str:
        """Return the owner's connection string, having started or checked the server.

        Raises `UnableToStartServer` or `UnfitServer`. The embedded server's database is created when missing.
        """
        self.home.prepare()
        if self.database_url is not None:
            check_external(conninfo=self.database_url)
            return self.database_url
        server = EmbeddedServer(self.home)
        server.ensure_running()
        server.create_database(DATABASE)
        return server.superuser_conninfo(DATABASE)

    def address(self) -> str:
        """Return where the database is, as a connection string without anybody's name or password.

        Starts the embedded server where it is not running; a server given by URL is not asked.
        """
        return without_secrets(conninfo=self.database_url if self.database_url is not None else self.open())


def without_secrets(*, conninfo: str) -> str:
    """Return the connection string without user and password."""
    parts = conninfo_to_dict(conninfo)
    return make_conninfo("", **{key: str(value) for key, value in parts.items() if key not in _SOMEBODYS})
