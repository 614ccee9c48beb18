"""The SQL of a usage import: a piece is staged, checked as a set, and merged.

What a piece needs of the contracts is looked up once a point, not once a day: a month of a point is thirty rows.
"""

from __future__ import annotations

from typing import Final

from sekisho.kernel.values import Reason
from sekisho.registry.merging import UNKNOWN, Check
from sekisho.registry.staging import ROW_NO

NO_CONTRACT: Final = Reason("この日を含む契約がありません", "no contract covers this day")
CONFLICTING_DAY: Final = Reason(
    "同じ地点・同じ日で値の違う行がファイルの中に先にあります",
    "an earlier row of the file has other values for the same point and day",
)

KEY: Final = ("point", "day")
VALUES: Final = ("wh", "estimated")

MEMORY: Final = "set local work_mem = '64MB'"
"""A piece is sorted and hashed in memory."""
STAGE: Final = f"""
create temp table stage ({ROW_NO} bigint, point text, day date, wh integer[], estimated bigint) on commit drop"""
COPY: Final = f"copy stage ({ROW_NO}, point, day, wh, estimated) from stdin (format binary)"
ASKED: Final = "create temp table asked on commit drop as select distinct point from stage"
HELD: Final = """
create temp table held on commit drop as
select c.point, c.contract_no, c.holder, lower(c.valid) as first, coalesce(upper(c.valid), 'infinity') as until
  from asked a join registry.contract c on c.point = a.point"""
ANALYZE_ASKED: Final = "analyze asked"
ANALYZE_HELD: Final = "analyze held"

_COVERS: Final = "h.point = s.point and s.day >= h.first and s.day < h.until"
_SAME_DAY: Final = "t.point = s.point and t.day = s.day"
# The bounds let the planner leave out every other month.
_SAME_MONTHS: Final = "t.day between (select min(day) from stage) and (select max(day) from stage)"

REJECT_UNKNOWN: Final = Check(
    "point",
    UNKNOWN,
    "delete from stage s using asked a where a.point = s.point"
    f" and not exists (select from registry.point p where p.point = a.point) returning s.{ROW_NO}, s.point",
)
REJECT_WITHOUT_CONTRACT: Final = Check(
    "day",
    NO_CONTRACT,
    f"delete from stage s where not exists (select from held h where {_COVERS}) returning s.{ROW_NO}, s.day",
)
# INVARIANT: within one import a day is written once; record times are unique to imports.
REJECT_CONFLICTING: Final = Check(
    "day",
    CONFLICTING_DAY,
    f"delete from stage s using metering.usage_day t where {_SAME_DAY} and {_SAME_MONTHS}"
    " and t.recorded_at = (select registry.record_time()) and (t.wh, t.estimated) is distinct from (s.wh, s.estimated)"
    f" returning s.{ROW_NO}, s.day",
)

ENSURE_MONTHS: Final = """
select metering.ensure_month(first) from (select distinct date_trunc('month', day)::date as first from stage) months"""
ANY_THERE: Final = (
    f"select exists (select from stage s join metering.usage_day t on {_SAME_DAY} where {_SAME_MONTHS})"
)
STAGED: Final = "select count(*) from stage"

UPDATE_CHANGED: Final = f"""
update metering.usage_day t
   set contract_no = h.contract_no, holder = h.holder, wh = s.wh, estimated = s.estimated,
       revision = t.revision + 1, recorded_at = registry.record_time()
  from stage s join held h on {_COVERS}
 where {_SAME_DAY} and {_SAME_MONTHS}
   and (t.contract_no, t.holder, t.wh, t.estimated) is distinct from (h.contract_no, h.holder, s.wh, s.estimated)"""
_NEW: Final = f"""
insert into metering.usage_day (point, day, contract_no, holder, wh, estimated, recorded_at)
select s.point, s.day, h.contract_no, h.holder, s.wh, s.estimated, (select registry.record_time())
  from stage s join held h on {_COVERS}"""
_SORTED: Final = " order by s.point, s.day"
INSERT_ALL: Final = _NEW + _SORTED
INSERT_NEW: Final = f"{_NEW} where not exists (select from metering.usage_day t where {_SAME_DAY} and {_SAME_MONTHS}){_SORTED}"
