"""What the options before the command say: which installation is meant."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from sekisho.server import Installation
from sekisho.settings.home import Home


@dataclass(frozen=True)
class Invocation:
    """The home directory and, where another server is used, its address."""

    home: Home
    database_url: str | None

    @property
    def installation(self) -> Installation:
        """The installation's database; `open()` starts or checks its server."""
        return Installation(self.home, self.database_url)


def invocation(ctx: typer.Context) -> Invocation:
    """Return what was said before the command."""
    found = ctx.find_object(Invocation)
    if found is None:
        raise RuntimeError("the command was not called through sekisho.surfaces.cli.main")
    return found
