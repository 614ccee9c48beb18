"""One attempted leak, for all to see: the affiliate's login tries what the incident of 2023 made possible."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from sekisho.barrier.connect import connect
from sekisho.barrier.gateway import Gateway
from sekisho.barrier.ticket import Caller, TicketKey, sign
from sekisho.registry import gates as registry_gates


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was tried and what came of it."""

    attempt: str
    refused: bool
    ja: str
    en: str

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def leak(
    conn: psycopg.Connection,
    gateway: Gateway,
    login: str,
    key: TicketKey,
    *,
    affiliate: str,
    person: str,
    now: datetime,
) -> list[Outcome]:
    """Try to read another retailer's customer as the affiliate: through a gate, with plain SQL, and with an altered ticket."""
    point = _somebody_elses_point(conn, affiliate)
    caller = Caller(audience="retailer", company=affiliate, person=person, purpose="contract")
    rows = gateway.read(registry_gates.RETAILER_POINT[1], caller, now=now, point=point)
    return [
        Outcome(
            "gate", not rows,
            f"関係会社の小売 {affiliate} が他社の地点 {point} を照会 → {len(rows)} 行（存在しない番号と同じ答え。記録には残る）",
            f"The affiliate {affiliate} asked for another retailer's point {point}: {len(rows)} rows, as for an unknown number; on record.",
        ),
        _plain_sql(login),
        _altered_ticket(conn, login, sign(key, caller, now=now, lifetime=timedelta(minutes=5)), affiliate, point),
    ]  # fmt: skip


def _somebody_elses_point(conn: psycopg.Connection, affiliate: str) -> str:
    row = conn.execute(
        "select point from registry.contract c where upper_inf(valid) and holder <> %s"
        " and not exists (select from registry.contract o where o.point = c.point and o.holder = %s) order by point limit 1",
        [affiliate, affiliate],
    ).fetchone()
    if row is None:
        raise LookupError("every point of the area belongs to the affiliate")
    return str(row[0])


def _plain_sql(login: str) -> Outcome:
    try:
        with connect(login, application="psql") as surface:
            surface.execute("select * from registry.party limit 1")
    except psycopg.errors.InsufficientPrivilege as refusal:
        message = str(refusal).splitlines()[0]
        return Outcome(
            "plain_sql",
            True,
            f"画面のログインで表を直接 SELECT → {message}",
            f"Plain SELECT with the surface's login: {message}",
        )
    return Outcome("plain_sql", False, "表が直接読めました。", "The table could be read directly.")


def _altered_ticket(conn: psycopg.Connection, login: str, ticket: str, affiliate: str, point: str) -> Outcome:
    """Write the other retailer's code into a signed ticket and ask again."""
    other = conn.execute(
        "select holder from registry.contract where point = %s and upper_inf(valid)", [point]
    ).fetchone()
    assert other is not None  # noqa: S101 – the point was chosen for its running contract
    forged = ticket.replace(f"|{affiliate}|", f"|{other[0]}|", 1)
    with connect(login, application="psql", autocommit=False) as surface:
        surface.execute("select set_config('sekisho.ticket', %s, true)", [forged])
        rows = surface.execute(
            "select * from gate.retailer_contract_point_parties(p_point => %s)", [point]
        ).fetchall()
    verdict = conn.execute(
        "select verdict from ledger.passage where verdict <> 'passed' order by at desc, passage_id desc limit 1"
    ).fetchone()
    kept = "-" if verdict is None else verdict[0]
    return Outcome(
        "altered_ticket", not rows and kept == "refused:altered",
        f"券の会社コードを {other[0]} に書き換えて再送 → {len(rows)} 行、記録は {kept}",
        f"The same ticket altered to {other[0]}: {len(rows)} rows, recorded as {kept}.",
    )  # fmt: skip
