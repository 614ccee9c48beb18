"""Worlds staged on the session's server."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from fuzz_stage import CALLERS, NOW, Stage

from sekisho.barrier.audiences import AUDIENCES
from sekisho.barrier.fuzz.stages import Stages, pairs_of, staged
from sekisho.server import EmbeddedServer
from sekisho.settings.deploy import ticket_key
from sekisho.settings.home import Home


@pytest.fixture(scope="session")
def conninfo(server: EmbeddedServer) -> str:
    """The superuser's connection string, of no database of ours."""
    return server.superuser_conninfo("postgres")


@pytest.fixture(scope="session")
def stage(conninfo: str, template: str, home: Home) -> Stage:
    """Worlds for some callers: `stage("public/public")`."""

    def make(*names: str) -> AbstractContextManager[Stages]:
        keys = {audience.code: ticket_key(home, audience.code) for audience in AUDIENCES}
        pairs = pairs_of(CALLERS[name] for name in names)
        return staged(conninfo, build=None, template=template, pairs=pairs, seed=1, now=NOW, keys=keys)

    return make
