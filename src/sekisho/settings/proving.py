"""The proof of this platform: `barrier.prove` with the inventory of gates and the way to build a database."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sekisho.barrier import prove as barrier
from sekisho.barrier.connect import connect
from sekisho.barrier.proof.certificate import Certificate
from sekisho.barrier.proof.findings import Tally
from sekisho.settings.deploy import build
from sekisho.settings.inventory import GATES
from sekisho.settings.obligations import OBLIGATIONS, open_obligations


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
    certificate = replace(
        certificate, tallies=[_with_the_servers_part(conninfo, tally) for tally in certificate.tallies]
    )
    if keep:
        barrier.store(conninfo, certificate)
    return certificate


def _with_the_servers_part(conninfo: str, tally: Tally) -> Tally:
    """Obligation 2 also says that what only a superuser can grant was granted; each finding holds the statement to run."""
    if tally.obligation != "2":
        return tally
    with connect(conninfo) as conn:
        still = open_obligations(conn)
    for one in OBLIGATIONS:
        tally.require(
            one not in still,
            f"superuser: {one.name}",
            f"{one.ja} スーパーユーザーが一度だけ実行してください: {one.line()}",
            f"{one.en} A superuser runs once: {one.line()}",
        )
    return tally


def demonstrate(conninfo: str) -> barrier.Demonstration:
    """Break one view in a throw-away database and return the counterexample that the proof finds."""
    return barrier.demonstrate(conninfo, build=build)
