"""The SQL of an import, made from the kinds' columns: checks over the whole staged file, then one merge.

Everything happens in the temporary table `stage` of one transaction, so nothing is ever half imported. A
statement named `reject_…` removes the rows that it refuses from `stage` and returns them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sekisho.kernel.values import Reason
from sekisho.registry.staging import ROW_NO, Layout

_FACTS: Final = ("parties", "places", "terms", "meters", "equipment", "generation")

FACT_TABLES: Final = tuple(
    f"registry.{table}" for table in ("party", "place", "terms", "meter", "equipment", "generation")
)

KEYED: Final = ("contract", *(table.removeprefix("registry.") for table in FACT_TABLES))
"""Tables with temporal keys, which a first load sets aside."""

_OF_CONTRACT: Final = "c.contract_no = any (array[s.contract_no])"
"""One contract by its number. Written so, and without bitmaps, the temporal key cannot serve it: its index reads itself through (12 ms at
300,000 contracts) for a column that is not its first, and the planner takes it for cheaper than the primary key."""

REFERENCES: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "contracts": (
        ("point", "registry.point", "point"),
        ("holder", "registry.retailer", "code"),
        ("customer_no", "registry.customer", "customer_no"),
    ),
    "postings": (("person", "registry.staff", "person"),),
    "work_orders": (("contractor", "registry.contractor", "code"), ("point", "registry.point", "point")),
    **dict.fromkeys(_FACTS, (("contract_no", "registry.contract", "contract_no"),)),
}
"""Columns that must name something registered: column, table, the table's column."""

ALONE: Final[dict[str, tuple[str, ...]]] = {
    "contracts": ("point",),
    "meters": ("contract_no", "meter_no"),
    "equipment": ("contract_no", "equipment_no"),
    "postings": ("person", "post"),
    **dict.fromkeys(("parties", "places", "terms", "generation"), ("contract_no",)),
}
"""Periods of the same values of these columns must not overlap."""

UNKNOWN: Final = Reason("登録されていません", "is not registered")
OTHER_POINT: Final = Reason("契約の供給地点と違います", "is not the contract's supply point")
OUTSIDE: Final = Reason("契約期間の外にはみ出しています", "reaches outside the contract's period")
FIXED_ONCE: Final = Reason(
    "登録済みの契約と違います。供給地点・小売事業者・お客さまの変更は訂正(registry)で行ってください",
    "differs from the registered contract; change point, holder or customer by a correction",
)
USAGE_BEYOND: Final = Reason(
    "この期間の外に30分電力量があります。契約の切替は訂正(registry)で行ってください",
    "usage exists outside this period; move the switch by a correction",
)
TAKEN: Final = Reason("ほかの事業者が使っています", "belongs to another retailer")
CONFLICTING: Final = Reason(
    "同じキーで内容の違う行がファイルの中にあります。どちらも取り込みません",
    "the file has another row with the same key and other values; neither is imported",
)


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that removes staged rows and returns (line, value); they are refused for `field`."""

    field: str
    reason: Reason
    statement: str


def create_stage(layout: Layout) -> str:
    """The temporary table, gone at the end of the transaction."""
    columns = ", ".join(f"{name} {sql_type}" for name, sql_type in layout.targets.items())
    return f"create temp table stage ({ROW_NO} bigint not null, {columns}) on commit drop"


def copy_stage(layout: Layout) -> str:
    """COPY of CSV whose unquoted empty cells are null."""
    return f"copy stage ({ROW_NO}, {', '.join(layout.targets)}) from stdin (format csv)"


def has_duplicates(key: Sequence[str]) -> str:
    """Does a key stand in the file more than once?"""
    return f"select exists (select from stage group by {', '.join(key)} having count(*) > 1)"


def drop_repeated(columns: Sequence[str]) -> str:
    """Keep the first of rows that are alike in everything."""
    alike = f"partition by {', '.join(columns)} order by {ROW_NO}"
    numbered = f"select {ROW_NO}, row_number() over ({alike}) as n from stage"
    return f"delete from stage s using ({numbered}) d where d.{ROW_NO} = s.{ROW_NO} and d.n > 1"


def reject_conflicting(key: Sequence[str]) -> Check:
    """Rows with one key and different values: nobody can tell which is right."""
    twice = f"select {', '.join(key)} from stage group by {', '.join(key)} having count(*) > 1"
    statement = (
        f"delete from stage s using ({twice}) d where {_equal(key, 's', 'd')}"
        f" returning s.{ROW_NO}, s.{key[0]}"
    )
    return Check(key[0], CONFLICTING, statement)


def checks(layout: Layout) -> list[Check]:
    """What a row must agree with in the tables, in the order in which it is asked."""
    kind = layout.kind.code
    found = [_reject_unknown(*reference) for reference in REFERENCES.get(kind, ())]
    if kind in _FACTS:
        found += [_REJECT_OTHER_POINT, _REJECT_OUTSIDE]
    if kind == "contracts":
        found += [*map(_reject_changed, ("point", "holder", "customer_no")), _REJECT_USAGE_BEYOND]
    if kind == "retailers":
        found += [_REJECT_TAKEN, _REJECT_TAKEN_IN_FILE]
    if kind == "points" and "paired_point" in layout.targets:
        found += [_REJECT_UNKNOWN_PAIR]
    return found


def _reject_unknown(column: str, table: str, target: str) -> Check:
    same = _OF_CONTRACT if table == "registry.contract" else f"c.{target} = s.{column}"
    statement = (
        f"delete from stage s where not exists (select from {table} c where {same})"
        f" returning s.{ROW_NO}, s.{column}"
    )
    return Check(column, UNKNOWN, statement)


def _reject_changed(column: str) -> Check:
    statement = (
        f"delete from stage s using registry.contract c where {_OF_CONTRACT}"
        f" and c.{column} <> s.{column} returning s.{ROW_NO}, s.{column}"
    )
    return Check(column, FIXED_ONCE, statement)


_STAGED: Final = "daterange(s.valid_from, s.valid_to)"
_REJECT_OTHER_POINT = Check(
    "point",
    OTHER_POINT,
    f"delete from stage s using registry.contract c where {_OF_CONTRACT}"
    f" and c.point <> s.point returning s.{ROW_NO}, s.point",
)
_REJECT_OUTSIDE = Check(
    "valid_to",
    OUTSIDE,
    f"delete from stage s using registry.contract c where {_OF_CONTRACT}"
    f" and not c.valid @> {_STAGED} returning s.{ROW_NO}, {_STAGED}::text",
)
_REJECT_USAGE_BEYOND = Check(
    "valid_to",
    USAGE_BEYOND,
    f"delete from stage s using registry.contract c where {_OF_CONTRACT}"
    f" and not {_STAGED} @> c.valid and exists (select from metering.usage_day u where u.point = c.point"
    f" and u.contract_no = c.contract_no and not {_STAGED} @> u.day) returning s.{ROW_NO}, {_STAGED}::text",
)
_REJECT_TAKEN = Check(
    "registration_no",
    TAKEN,
    "delete from stage s using registry.retailer r where r.registration_no = s.registration_no"
    " and r.code <> s.code and not exists (select from stage o where o.code = r.code)"
    f" returning s.{ROW_NO}, s.registration_no",
)
_REJECT_TAKEN_IN_FILE = Check(
    "registration_no",
    TAKEN,
    "delete from stage s using stage o where o.registration_no = s.registration_no and o.code <> s.code"
    f" returning s.{ROW_NO}, s.registration_no",
)
_REJECT_UNKNOWN_PAIR = Check(
    "paired_point",
    UNKNOWN,
    "delete from stage s where s.paired_point is not null"
    " and not exists (select from stage o where o.point = s.paired_point)"
    " and not exists (select from registry.point p where p.point = s.paired_point)"
    f" returning s.{ROW_NO}, s.paired_point",
)


def clashing(layout: Layout) -> str:
    """The periods of groups that would overlap: group, line or null, start, end, former start, former end."""
    group = ", ".join(ALONE[layout.kind.code])
    return f"""
with final as ({_final(layout)}),
reaching as (
    select *, max(ends) over (partition by {group} order by starts, ends
                              rows between unbounded preceding and 1 preceding) as reach
      from final)
select row({group})::text, f.{ROW_NO}, f.starts, nullif(f.ends, 'infinity'),
       lower(f.former), upper(f.former)
  from final f where ({group}) in (select {group} from reaching where reach > starts)
 order by 1, 2"""


def _final(layout: Layout) -> str:
    group, table = ALONE[layout.kind.code], layout.kind.table
    columns = ", ".join(f"s.{name}" for name in group)
    standing = ", ".join(f"e.{name}" for name in group)
    return f"""
    select {columns}, s.{ROW_NO}, s.valid_from as starts, coalesce(s.valid_to, 'infinity') as ends,
           e.valid as former
      from stage s left join {table} e on {_same_row(layout)}
    union all
    select {standing}, null, lower(e.valid), coalesce(upper(e.valid), 'infinity'), null
      from {table} e
     where ({standing}) in (select {columns} from stage s)
       and not exists (select from stage s where {_same_row(layout)})"""


def reject_rows() -> str:
    """Remove lines by number."""
    return f"delete from stage where {ROW_NO} = any(%s)"


def update_changed(layout: Layout) -> str:
    """Replace the rows of a slice of lines (two parameters) whose values differ; a trigger keeps history."""
    pairs = _assignments(layout)
    now = ", ".join(f"t.{name}" for name in pairs)
    new = ", ".join(pairs.values())
    return (
        f"update {layout.kind.table} t set ({', '.join(pairs)}, recorded_at) = row({new}, (select registry.record_time()))"
        f" from stage s where s.{ROW_NO} between %s and %s and {_same_row(layout, 't')}"
        f" and ({now}) is distinct from ({new})"
    )


def insert_new(layout: Layout) -> str:
    """Insert the rows of a slice of lines (two parameters) whose key the table lacks, sorted by key."""
    pairs = _assignments(layout) | {name: f"s.{name}" for name in layout.kind.key if name != "valid_from"}
    source = "stage s"
    if layout.kind.code in _FACTS:
        pairs |= {"point": "c.point", "holder": "c.holder"}
        source += f" join registry.contract c on {_OF_CONTRACT}"
    ordered = ", ".join(f"s.{name}" for name in (*ALONE.get(layout.kind.code, ()), *layout.kind.key))
    return (
        f"insert into {layout.kind.table} ({', '.join(pairs)}, recorded_at)"
        f" select {', '.join(pairs.values())}, (select registry.record_time()) from {source}"
        f" where s.{ROW_NO} between %s and %s"
        f" and not exists (select from {layout.kind.table} e where {_same_row(layout)}) order by {ordered}"
    )


def cut_facts(table: str) -> tuple[str, str]:
    """When imported contracts became shorter: remove what lies outside them, shorten what reaches outside."""
    imported = f"select c.contract_no, c.valid from stage s join registry.contract c on {_OF_CONTRACT}"
    same = "c.contract_no = t.contract_no"
    outside = f"delete from {table} t using ({imported}) c where {same} and not c.valid && t.valid"
    across = (
        f"update {table} t set valid = t.valid * c.valid, recorded_at = (select registry.record_time())"
        f" from ({imported}) c where {same} and not c.valid @> t.valid"
    )
    return outside, across


def _assignments(layout: Layout) -> dict[str, str]:
    """Target column → expression over `s`, for the columns that the file has and that may change."""
    pairs = {name: f"s.{name}" for name in layout.targets if name not in layout.kind.key}
    pairs = {name: value for name, value in pairs.items() if name not in ("valid_from", "valid_to")}
    if layout.kind.code in _FACTS:
        del pairs["point"]
    return pairs | ({"valid": _STAGED} if layout.kind.dated else {})


def _same_row(layout: Layout, table: str = "e") -> str:
    if layout.kind.code == "contracts":
        return _OF_CONTRACT.replace("c.", f"{table}.", 1)
    key = [name for name in layout.kind.key if name != "valid_from"]
    same = _equal(key, table, "s")
    return f"{same} and lower({table}.valid) = s.valid_from" if len(key) < len(layout.kind.key) else same


def _equal(names: Sequence[str], left: str, right: str) -> str:
    return " and ".join(f"{left}.{name} = {right}.{name}" for name in names)
