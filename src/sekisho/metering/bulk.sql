-- Usage arrives in millions of rows: what is worked out for each of them is worked out without starting a query.

-- Plain expressions, which the server puts in the place of the call. They name every half-hour, so an array must begin at 1.
alter table metering.usage_day
    add constraint usage_day_from_one check (array_ndims(wh) = 1 and array_lower(wh, 1) = 1);

create or replace function metering.total(wh integer[]) returns bigint language sql immutable parallel safe
    return coalesce(wh[1], 0)::bigint + coalesce(wh[2], 0) + coalesce(wh[3], 0) + coalesce(wh[4], 0) + coalesce(wh[5], 0) + coalesce(wh[6], 0)
        + coalesce(wh[7], 0) + coalesce(wh[8], 0) + coalesce(wh[9], 0) + coalesce(wh[10], 0) + coalesce(wh[11], 0) + coalesce(wh[12], 0)
        + coalesce(wh[13], 0) + coalesce(wh[14], 0) + coalesce(wh[15], 0) + coalesce(wh[16], 0) + coalesce(wh[17], 0) + coalesce(wh[18], 0)
        + coalesce(wh[19], 0) + coalesce(wh[20], 0) + coalesce(wh[21], 0) + coalesce(wh[22], 0) + coalesce(wh[23], 0) + coalesce(wh[24], 0)
        + coalesce(wh[25], 0) + coalesce(wh[26], 0) + coalesce(wh[27], 0) + coalesce(wh[28], 0) + coalesce(wh[29], 0) + coalesce(wh[30], 0)
        + coalesce(wh[31], 0) + coalesce(wh[32], 0) + coalesce(wh[33], 0) + coalesce(wh[34], 0) + coalesce(wh[35], 0) + coalesce(wh[36], 0)
        + coalesce(wh[37], 0) + coalesce(wh[38], 0) + coalesce(wh[39], 0) + coalesce(wh[40], 0) + coalesce(wh[41], 0) + coalesce(wh[42], 0)
        + coalesce(wh[43], 0) + coalesce(wh[44], 0) + coalesce(wh[45], 0) + coalesce(wh[46], 0) + coalesce(wh[47], 0) + coalesce(wh[48], 0);
create or replace function metering.missing(wh integer[]) returns smallint language sql immutable parallel safe
    return num_nulls(variadic wh)::smallint;

-- INVARIANT: a reading lies inside the contract of its holder. A contract's period is one interval: it covers all of the days that a
-- statement writes for it as soon as it covers the first and the last of them.
create or replace function metering.usage_is_entitled() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select
                 from (select n.contract_no, n.point, n.holder, min(n.day) as first, max(n.day) as last
                         from fresh n group by n.contract_no, n.point, n.holder) w
                 left join registry.contract c
                   on c.contract_no = w.contract_no and c.point = w.point and c.holder = w.holder
                      and c.valid @> w.first and c.valid @> w.last
                where c.contract_no is null) then
        raise exception 'usage outside the contract of its holder' using errcode = '23503', constraint = 'usage_entitled';
    end if;
    return null;
end $$;
