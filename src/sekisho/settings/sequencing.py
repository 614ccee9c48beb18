"""The sequencer's own login: what it may do in the database, applied anew with every compilation, and how it connects.

It reads passages and adds those that were rolled back; it never changes a passage or a leaf (`ledger/log.sql`). Row security is forced on
every table, so that it needs policies as everybody else does.
"""

import psycopg

from sekisho.settings.obligations import SEQUENCER

_MAY = {
    "ledger.passage": "select, insert",
    "ledger.leaf": "select, insert",
    "ledger.checkpoint": "select, insert",
    "ledger.sequence": "select, update",
    "ledger.seal": "select, update",
    "ledger.unsettled": "select, insert, delete",
}
_CALLS = (
    "ledger.is_open()",
    "ledger.canonical(ledger.passage)",
    "ledger.ensure_leaf_month(timestamptz)",
)


def admit_sequencer(conn: psycopg.Connection) -> None:
    """Grants and policies of the sequencer's login; call in the transaction that applies the barrier, which removed the policies."""
    conn.execute(f'grant connect on database "{conn.info.dbname}" to {SEQUENCER}')
    conn.execute(f"grant usage on schema ledger to {SEQUENCER}")
    conn.execute(f"grant execute on function {', '.join(_CALLS)} to {SEQUENCER}")
    for table, rights in _MAY.items():
        conn.execute(f"revoke all on {table} from {SEQUENCER}")
        conn.execute(f"grant {rights} on {table} to {SEQUENCER}")
        for right in rights.split(", "):
            condition = {"insert": "with check (true)", "update": "using (true) with check (true)"}.get(
                right, "using (true)"
            )
            conn.execute(f"create policy sequencer_{right} on {table} for {right} to {SEQUENCER} {condition}")
