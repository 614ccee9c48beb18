-- 閲覧ログ: one row for every answer of a gate, also for every refusal.
create schema ledger;

create table ledger.passage (
    at          timestamptz not null,
    passage_id  bigint generated always as identity,
    xact        xid8 not null default pg_current_xact_id(),   -- commit horizon: readers of the log take only finished transactions
    gate        text not null,
    audience    text not null,
    company     text,
    person      text,
    purpose     text not null,
    case_no     text,
    verdict     text not null,                        -- 'passed' or 'refused:<reason>'
    points      text[] not null,
    holders     text[] not null,                      -- holders[i] held points[i] at the time shown; '' where nobody did or none was asked for
    items       text[] not null,
    shown       daterange,                            -- the period that was shown
    row_count   integer not null,
    request_id  text,
    primary key (at, passage_id)
) partition by range (at);
create index on ledger.passage (person, at);
create index on ledger.passage (gate, at);

-- The same, one row a point: what a retailer may read about its own points. Derived by the worker.
create table ledger.seen_point (
    at         timestamptz not null,
    passage_id bigint not null,
    point      text not null,
    holder     text not null,
    gate       text not null,
    audience   text not null,
    company    text,
    person     text,
    purpose    text not null,
    items      text[] not null,
    primary key (at, passage_id, point)
) partition by range (at);
create index on ledger.seen_point (holder, at);
create index on ledger.seen_point (point, at);

create table ledger.state (
    only_row         boolean primary key default true check (only_row),
    derived          pg_snapshot not null default '1:1:'   -- seen_point holds every passage that this snapshot saw
);
insert into ledger.state default values;

-- A month of the log, made ahead of time. Looks before it creates: creating takes a lock. Runs as the owner, so that the worker needs no
-- right to create anything.
create function ledger.ensure_month(at timestamptz) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare first date := date_trunc('month', at at time zone 'Asia/Tokyo')::date;
declare t text;
begin
    foreach t in array array['passage', 'seen_point'] loop
        if to_regclass(format('ledger.%I', t || '_' || to_char(first, 'YYYYMM'))) is null then
            execute format('create table ledger.%I partition of ledger.%I for values from (%L) to (%L)',
                           t || '_' || to_char(first, 'YYYYMM'), t, first::timestamp at time zone 'Asia/Tokyo',
                           (first + interval '1 month')::timestamp at time zone 'Asia/Tokyo');
            execute format('alter table ledger.%I enable row level security, force row level security', t || '_' || to_char(first, 'YYYYMM'));
        end if;
    end loop;
end $$;
