-- 30分電力量. One row a point and day: 48 half-hours in Wh, slot 1 = 00:00–00:30 JST. Missing is null, never zero.
create schema metering;

-- the day's energy in Wh without the missing slots; kept beside them so that a portfolio's sum does not open a million arrays
create function metering.total(wh integer[]) returns bigint language sql immutable strict parallel safe
    return (select coalesce(sum(slot), 0) from unnest(wh) slot);
create function metering.missing(wh integer[]) returns smallint language sql immutable strict parallel safe
    return cardinality(array_positions(wh, null));

create table metering.usage_day (
    point       text not null,
    day         date not null,
    contract_no text not null,
    holder      text not null,
    wh          integer[] not null check (cardinality(wh) = 48),
    estimated   bigint not null default 0,            -- bit i-1 set: slot i is an estimate
    revision    smallint not null default 1,
    total_wh    bigint generated always as (metering.total(wh)) stored,
    missing     smallint generated always as (metering.missing(wh)) stored,
    recorded_at timestamptz not null default registry.record_time(),
    primary key (point, day)
) partition by range (day);
create index on metering.usage_day (holder, day) include (total_wh, missing);

-- INVARIANT: a corrected value never overwrites: the former row moves here.
create table metering.usage_day_history (like metering.usage_day);
alter table metering.usage_day_history add column superseded_at timestamptz not null;
create index on metering.usage_day_history (point, day);

create function metering.keep_history() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into metering.usage_day_history select r.*, greatest(registry.record_time(), r.recorded_at) from replaced r;
    return null;
end $$;
create trigger keep_updated after update on metering.usage_day referencing old table as replaced
    for each statement execute function metering.keep_history();
create trigger keep_deleted after delete on metering.usage_day referencing old table as replaced
    for each statement execute function metering.keep_history();

-- INVARIANT: a reading lies inside the contract of its holder. Checked for whole statements at once, because usage arrives in
-- millions of rows and a temporal foreign key would check them one by one; a contract that shrinks is checked from its side.
create function metering.usage_is_entitled() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
declare bad record;
begin
    select n.point, n.day, n.holder into bad from fresh n
     where not exists (select from registry.contract c
                        where c.contract_no = n.contract_no and c.point = n.point and c.holder = n.holder and c.valid @> n.day)
     limit 1;
    if found then
        raise exception 'usage outside the contract of its holder' using errcode = '23503', constraint = 'usage_entitled';
    end if;
    return null;
end $$;
create trigger usage_entitled_insert after insert on metering.usage_day
    referencing new table as fresh for each statement execute function metering.usage_is_entitled();
create trigger usage_entitled_update after update on metering.usage_day
    referencing new table as fresh for each statement execute function metering.usage_is_entitled();

create function metering.contract_still_covers_usage() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    if exists (select from metering.usage_day u
                where u.point = old.point and u.contract_no = old.contract_no
                  and not exists (select from registry.contract c
                                   where c.contract_no = u.contract_no and c.point = u.point and c.holder = u.holder
                                     and c.valid @> u.day)) then
        raise exception 'contract still covers usage' using errcode = '23503', constraint = 'usage_entitled';
    end if;
    return null;
end $$;
create constraint trigger contract_covers_usage after update or delete on registry.contract
    deferrable initially deferred for each row execute function metering.contract_still_covers_usage();

create function metering.ensure_month(day date) returns void language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
declare
    first date := date_trunc('month', day)::date;
    part text := format('usage_day_%s', to_char(first, 'YYYYMM'));
begin
    if to_regclass('metering.' || part) is not null then
        return;
    end if;
    perform pg_advisory_xact_lock(hashtext('sekisho.metering.ensure_month'));
    execute format('create table if not exists metering.%I partition of metering.usage_day for values from (%L) to (%L)',
                   part, first, (first + interval '1 month')::date);
    -- Whoever reads through the parent meets the parent's policies; the partition by itself shows nothing.
    execute format('alter table metering.%I enable row level security, force row level security', part);
end $$;

-- After a correction: usage follows the contract that now covers its day; a day without one leaves to the history.
create function metering.reassign(of_point text, out reassigned bigint, out removed bigint)
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    update metering.usage_day u
       set contract_no = c.contract_no, holder = c.holder, recorded_at = registry.record_time()
      from registry.contract c
     where u.point = of_point and c.point = of_point and c.valid @> u.day
       and (u.contract_no, u.holder) is distinct from (c.contract_no, c.holder);
    get diagnostics reassigned = row_count;
    delete from metering.usage_day u
     where u.point = of_point
       and not exists (select from registry.contract c where c.point = of_point and c.valid @> u.day);
    get diagnostics removed = row_count;
end $$;
