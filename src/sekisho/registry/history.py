"""What the registry held at an earlier moment: the current rows that were there already, and those since replaced."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from psycopg import sql

from sekisho.registry.importing import Connection

TABLES: Final = ("contract", "party", "place", "terms", "meter", "equipment", "generation")


def as_of(conn: Connection, *, table: str, point: str, at: datetime) -> list[dict[str, Any]]:
    """The rows of one point in `registry.<table>` as they were believed at record time `at`, by first day."""
    if table not in TABLES:
        raise ValueError(f"no history of {table}")
    names = [row[0] for row in conn.execute(_COLUMNS, [table]).fetchall()]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL(
        "select {c} from registry.{t} where point = %(point)s and recorded_at <= %(at)s union all"
        " select {c} from registry.{h} where point = %(point)s and recorded_at <= %(at)s"
        " and superseded_at > %(at)s order by valid"
    ).format(c=columns, t=sql.Identifier(table), h=sql.Identifier(f"{table}_history"))
    rows = conn.execute(statement, {"point": point, "at": at}).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


_COLUMNS: Final = """
select attname from pg_attribute
 where attrelid = ('registry.' || %s)::regclass and attnum > 0 and not attisdropped order by attnum"""
