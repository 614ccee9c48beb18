"""Derives `ledger.seen_point`, one row a point and holder, from the passages: what a retailer may read about its own points, and by which
oversight finds all that was read of one.

The difference of two snapshots says which passages are new, as in `sequencer`: a transaction that commits late is taken when it has, and
one that runs for hours holds nothing up. Rows and snapshot are written in one transaction, so a killed run is simply done again.
"""

import psycopg

_DERIVE = """
with fresh as (
    select p.* from ledger.passage p where p.xact >= pg_snapshot_xmax(%(seen)s::pg_snapshot)
       and pg_visible_in_snapshot(p.xact, %(now)s::pg_snapshot)
    union all
    select p.* from ledger.passage p where p.xact = any (array(select pg_snapshot_xip(%(seen)s::pg_snapshot)))
       and pg_visible_in_snapshot(p.xact, %(now)s::pg_snapshot)
), put as (
    insert into ledger.seen_point (at, passage_id, point, holder, gate, audience, company, person, purpose, items, first_of_point)
    select f.at, f.passage_id, s.point, s.holder, f.gate, f.audience, f.company, f.person, f.purpose, f.items,
           s.ordinal = min(s.ordinal) over (partition by f.at, f.passage_id, s.point)
      from fresh f cross join lateral unnest(f.points, f.holders) with ordinality as s(point, holder, ordinal)
    on conflict do nothing
)
select count(*) from fresh"""


def derive_seen_points(conn: psycopg.Connection) -> int:
    """Bring `seen_point` up to everything committed by now; returns the number of passages taken."""
    with conn.transaction():
        seen = conn.execute("select derived::text from ledger.state for update").fetchone()
        now = conn.execute("select pg_current_snapshot()::text").fetchone()
        assert seen is not None and now is not None  # noqa: S101 – the migration inserted the one row
        taken = conn.execute(_DERIVE, {"seen": seen[0], "now": now[0]}).fetchone()
        conn.execute("update ledger.state set derived = %s::pg_snapshot", [now[0]])
        return 0 if taken is None else int(taken[0])
