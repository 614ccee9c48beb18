"""The database of one installation, wherever its server runs."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.server.embedded import EmbeddedServer
from sekisho.server.external import check_external
from sekisho.settings.home import Home

DATABASE = "sekisho"


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
