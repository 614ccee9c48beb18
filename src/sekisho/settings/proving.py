"""The proof of this platform: `barrier.prove` with the inventory of gates and the way to build a database."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sekisho.barrier import prove as barrier
from sekisho.barrier.proof.certificate import Certificate
from sekisho.settings.deploy import build
from sekisho.settings.inventory import GATES


def prove_database(
    conninfo: str,
    *,
    now: datetime,
    fuzz: Mapping[str, Any] | None = None,
    keep: bool = True,
    tell: Callable[[str, str], None] = lambda _ja, _en: None,
) -> Certificate:
    """Prove the barrier of a deployed database; `keep` stores the certificate in it for the pages that show it."""
    certificate = barrier.prove(conninfo, gates=GATES, build=build, now=now, fuzz=fuzz, tell=tell)
    if keep:
        barrier.store(conninfo, certificate)
    return certificate


def demonstrate(conninfo: str) -> barrier.Demonstration:
    """Break one view in a throw-away database and return the counterexample that the proof finds."""
    return barrier.demonstrate(conninfo, build=build)
