"""Derives `ledger.seen_point`, one row a point, from the passages: what a retailer may read about its own points.

Only transactions that had all ended are read (everything before the oldest one still running), so no passage is passed over;
inserting is idempotent, so a killed run is simply done again.
"""

import psycopg


def derive_seen_points(conn: psycopg.Connection, *, batch: int = 20_000) -> int:
    """Bring `seen_point` up to the commit horizon; returns the number of passages taken. Call until it returns less than `batch`."""
    with conn.transaction():
        row = conn.execute("select derived_xact::text from ledger.state for update").fetchone()
        assert row is not None  # noqa: S101 – the migration inserted the one row
        taken = conn.execute(
            "with taken as (select * from ledger.passage where xact >= %(since)s::xid8 and xact < pg_snapshot_xmin(pg_current_snapshot())"
            "  order by xact, passage_id limit %(batch)s),"
            " whole as (select * from taken union select p.* from ledger.passage p where p.xact = (select max(xact) from taken)),"
            " put as (insert into ledger.seen_point (at, passage_id, point, holder, gate, audience, company, person, purpose, items)"
            "  select w.at, w.passage_id, s.point, s.holder, w.gate, w.audience, w.company, w.person, w.purpose, w.items"
            "  from whole w cross join lateral unnest(w.points, w.holders) as s(point, holder) where s.holder <> ''"
            "  on conflict do nothing)"
            " select count(*), (max(xact)::text::bigint + 1)::text from whole",
            {"since": row[0], "batch": batch},
        ).fetchone()
        if taken is None or taken[0] == 0:
            return 0
        conn.execute("update ledger.state set derived_xact = %s::xid8", [taken[1]])
        return int(taken[0])
