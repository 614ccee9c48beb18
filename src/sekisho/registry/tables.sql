-- 顧客情報: supply points, customers, contracts and the facts that a contract carries.
--
-- INVARIANT: every fact about a customer names its holder (the retailer whose contract it fell under) and lies inside
-- that holder's contract: the temporal foreign key refuses anything else, so "only for the period of its own contract"
-- needs no code. Keys are deferred: a retroactive switch re-splits the facts inside one transaction.
-- Valid time is `valid` (days in Asia/Tokyo, half open); record time is `recorded_at`, and what a correction replaced stays
-- in `<table>_history` with the time at which it was superseded.
create schema registry;

-- Record time: the moment that the transaction names in `sekisho.record_time`, so that what a change replaces and what it
-- writes meet without a gap; otherwise the clock.
create function registry.record_time() returns timestamptz language sql stable
return coalesce(nullif(pg_catalog.current_setting('sekisho.record_time', true), '')::timestamptz, pg_catalog.clock_timestamp());

create table registry.retailer (
    code            text primary key check (code ~ '^[0-9]{5}$'),
    registration_no text not null unique check (registration_no ~ '^A[0-9]{4}$'),
    name            text not null,
    name_kana       text not null default '',
    affiliate       boolean not null default false,   -- marked, in no way privileged: no rule reads this column
    valid           daterange not null default daterange('2016-04-01', null),
    recorded_at     timestamptz not null default registry.record_time()
);

create table registry.point (
    point           text primary key check (point ~ '^[0-9]{22}$'),
    kind            text not null check (kind in ('demand', 'generation')),
    voltage_class   text not null check (voltage_class in ('LV', 'HV', 'EHV')),
    site_no         text not null,
    postal_code     text not null default '',
    address         text not null,
    building        text not null default '',
    address_key     text not null default '',         -- folded for look-up
    paired_point    text check (paired_point ~ '^[0-9]{22}$'),  -- a house with PV has two numbers
    recorded_at     timestamptz not null default registry.record_time()
);
create index on registry.point (address_key text_pattern_ops);
create index on registry.point (site_no);

create table registry.customer (
    customer_no     text primary key check (customer_no ~ '^[0-9]{14}$'),
    kind            text not null check (kind in ('person', 'company', 'device')),
    corporate_no    text check (corporate_no ~ '^[0-9]{13}$'),
    recorded_at     timestamptz not null default registry.record_time()
);

create table registry.contract (
    contract_no      text primary key check (contract_no ~ '^[0-9A-Z-]{4,24}$'),
    point            text not null references registry.point,
    holder           text not null references registry.retailer,
    customer_no      text not null references registry.customer,
    application_type text not null check (application_type ~ '^0[1-8]$'),   -- 申込種別 that opened it
    valid            daterange not null check (not isempty(valid) and lower(valid) is not null),
    -- 'ended' as soon as an end is known, also a future one
    state            text not null generated always as (case when upper_inf(valid) then 'running' else 'ended' end) stored,
    recorded_at      timestamptz not null default registry.record_time()
);
create index on registry.contract (holder, point, contract_no);
create index on registry.contract (customer_no);

-- 契約名義・連絡先・検針票送付先
create table registry.party (
    party_id       bigint generated always as identity primary key,
    contract_no    text not null,
    point          text not null,
    holder         text not null,
    customer_kind  text not null check (customer_kind in ('person', 'company', 'device')),
    name           text not null,
    name_kana      text not null default '',
    phone          text not null default '',
    slip_postal_code text not null default '',
    slip_address   text not null default '',          -- 検針票送付先
    slip_name      text not null default '',
    name_key       text not null default '',          -- folded for look-up
    kana_key       text not null default '',
    phone_key      text not null default '',
    valid          daterange not null check (not isempty(valid)),
    recorded_at    timestamptz not null default registry.record_time()
);
create index on registry.party (contract_no, holder);
create index on registry.party (point);
create index on registry.party (holder, name_key text_pattern_ops);
create index on registry.party (name_key text_pattern_ops);
create index on registry.party (kana_key text_pattern_ops);
create index on registry.party (phone_key);

-- 供給場所 as the contract's holder may see it
create table registry.place (
    place_id       bigint generated always as identity primary key,
    contract_no    text not null,
    point          text not null,
    holder         text not null,
    voltage_class  text not null check (voltage_class in ('LV', 'HV', 'EHV')),
    postal_code    text not null default '',
    address        text not null,
    building       text not null default '',
    address_key    text not null default '',
    valid          daterange not null check (not isempty(valid)),
    recorded_at    timestamptz not null default registry.record_time()
);
create index on registry.place (contract_no, holder);
create index on registry.place (point);
create index on registry.place (holder, address_key text_pattern_ops);

-- 契約内容
create table registry.terms (
    terms_id           bigint generated always as identity primary key,
    contract_no        text not null,
    point              text not null,
    holder             text not null,
    menu_code          text not null,                 -- 接続送電サービスメニューコード
    equipment_w        bigint check (equipment_w >= 0),   -- 契約設備電力, W
    contract_w         bigint check (contract_w >= 0),    -- 契約電力, W
    contract_ampere    integer check (contract_ampere > 0),
    power_factor       smallint check (power_factor between 0 and 100),  -- 力率, %
    supply_voltage     integer check (supply_voltage > 0),               -- 供給電圧, V
    supply_method      text not null default '',      -- 供給方式
    decision_method    text not null default '',      -- 契約決定方法
    reading_schedule   text not null default '',      -- 検針日程
    valid              daterange not null check (not isempty(valid)),
    recorded_at        timestamptz not null default registry.record_time()
);
create index on registry.terms (contract_no, holder);
create index on registry.terms (point);

-- 計器
create table registry.meter (
    meter_id       bigint generated always as identity primary key,
    contract_no    text not null,
    point          text not null,
    holder         text not null,
    meter_no       text not null,
    meter_class    text not null default '',          -- 計器区分コード
    smart          boolean not null default true,
    multiplier     integer not null default 1 check (multiplier > 0),
    valid          daterange not null check (not isempty(valid)),
    recorded_at    timestamptz not null default registry.record_time()
);
create index on registry.meter (point);

-- 深夜機器情報 and 系統連系発電機情報
create table registry.equipment (
    equipment_id   bigint generated always as identity primary key,
    contract_no    text not null,
    point          text not null,
    holder         text not null,
    equipment_no   smallint not null check (equipment_no > 0),
    kind           text not null check (kind in ('night', 'generator')),
    description    text not null,
    capacity_w     bigint check (capacity_w >= 0),
    valid          daterange not null check (not isempty(valid)),
    recorded_at    timestamptz not null default registry.record_time()
);
create index on registry.equipment (point);

-- 発電者: 余剰購入種類, 固定買取単価適用年月日, 購入単価, 認定設備情報
create table registry.generation (
    generation_id     bigint generated always as identity primary key,
    contract_no       text not null,
    point             text not null,
    holder            text not null,
    surplus_type      text not null,
    fixed_price_from  date,
    purchase_price    numeric(10, 4) check (purchase_price >= 0),   -- yen per kWh
    certified_equipment text not null default '',
    receiving_w       bigint check (receiving_w >= 0),               -- 同時最大受電電力, W
    valid             daterange not null check (not isempty(valid)),
    recorded_at       timestamptz not null default registry.record_time()
);
create index on registry.generation (point);

-- The keys that hold the entitlement, stated once: here, and again after a first load has set them aside. (A later migration, point_first.sql,
-- replaces this function: what it says there is what holds.)
create function registry.add_keys(of_table text) returns void language plpgsql
    set search_path = pg_catalog, pg_temp as $$
declare
    facts constant text[] := array['party', 'place', 'terms', 'meter', 'equipment', 'generation'];
    lane text := case of_table when 'meter' then ', meter_no' when 'equipment' then ', equipment_no' else '' end;
    fact text;
begin
    if of_table = 'contract' then
        -- two holders, or two customers, cannot overlap at one point
        alter table registry.contract
            add constraint contract_one_at_a_time unique (point, valid without overlaps) deferrable initially deferred,
            add constraint contract_entitles unique (contract_no, point, holder, valid without overlaps);
    end if;
    foreach fact in array facts loop
        if fact = of_table then
            execute format('alter table registry.%1$I add constraint %2$I unique (contract_no%3$s, valid without overlaps)'
                           ' deferrable initially deferred', fact, fact || '_once', lane);
        end if;
        if of_table in ('contract', fact) and not exists (select from pg_constraint where conname = fact || '_entitled') then
            execute format('alter table registry.%1$I add constraint %2$I foreign key (contract_no, point, holder, period valid)'
                           ' references registry.contract (contract_no, point, holder, period valid)'
                           ' deferrable initially deferred', fact, fact || '_entitled');
        end if;
    end loop;
end $$;

select registry.add_keys(t)
  from unnest(array['contract', 'party', 'place', 'terms', 'meter', 'equipment', 'generation']) t;

-- the utility's people and those who work for it
create table registry.staff (
    person      text primary key check (person ~ '^[a-z0-9._-]{2,64}$'),
    name        text not null,
    company     text not null,                        -- 'TD' for the utility, otherwise a contractor's code
    recorded_at timestamptz not null default registry.record_time()
);
create table registry.posting (
    person      text not null references registry.staff,
    post        text not null,                        -- 所属・職位
    valid       daterange not null check (not isempty(valid)),
    recorded_at timestamptz not null default registry.record_time(),
    constraint posting_once primary key (person, post, valid without overlaps)
);
create table registry.contractor (
    code        text primary key check (code ~ '^K[0-9]{4}$'),
    name        text not null,
    recorded_at timestamptz not null default registry.record_time()
);
create table registry.work_order (
    order_no    text not null,
    contractor  text not null references registry.contractor,
    point       text not null references registry.point,
    task        text not null,
    valid       daterange not null check (not isempty(valid)),
    recorded_at timestamptz not null default registry.record_time(),
    primary key (order_no, point)
);
create index on registry.work_order (contractor, point);

-- What a correction replaced: the row as it was, when it was superseded, and by which change. Whole statements at once,
-- because an import may replace many.
create function registry.keep_history() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    execute format('insert into registry.%I select r.*, greatest(registry.record_time(), r.recorded_at), nullif(current_setting(''sekisho.change'', true), '''') from replaced r',
                   tg_table_name || '_history');
    return null;
end $$;

do $$
declare t text;
begin
    foreach t in array array['contract','party','place','terms','meter','equipment','generation'] loop
        execute format('create table registry.%I (like registry.%I)', t || '_history', t);
        execute format('alter table registry.%I add column superseded_at timestamptz not null, add column change_no text', t || '_history');
        execute format('create index on registry.%I (point)', t || '_history');
        execute format('create trigger keep_updated after update on registry.%I referencing old table as replaced'
                       ' for each statement execute function registry.keep_history()', t);
        execute format('create trigger keep_deleted after delete on registry.%I referencing old table as replaced'
                       ' for each statement execute function registry.keep_history()', t);
    end loop;
end $$;

-- A retroactive change: who drafted it, who approved it, what it did. Actions name it in `sekisho.change`.
create table registry.change (
    change_no    text primary key,
    kind         text not null,
    point        text not null,
    reason       text not null,
    drafted_by   text not null,
    drafted_at   timestamptz not null,
    approved_by  text,
    approved_at  timestamptz,
    state        text not null check (state in ('drafted', 'approved', 'rejected', 'withdrawn')),
    payload      jsonb not null,
    seen         text not null,                       -- digest of what the drafter saw: approving finds out whether it still holds
    check (approved_by is null or approved_by <> drafted_by)        -- 起案→承認 by two people
);
create index on registry.change (point);

-- Audit: every write is an action with `by`.
create table registry.event (
    event_id   bigint generated always as identity primary key,
    at         timestamptz not null,
    action     text not null,
    by         text not null,
    subject    text not null,
    detail     jsonb not null default '{}'
);
create index on registry.event (subject);

-- The journal of imports. A killed import is found again by the digest of its file and goes on where it stood.
create table registry.import_run (
    import_no     bigint generated always as identity primary key,
    kind          text not null,
    file_name     text not null,
    sha256        text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    by            text not null,
    at            timestamptz not null,               -- record time of everything that this import writes
    state         text not null check (state in ('running', 'done')),
    next_byte     bigint not null default 0,          -- up to here everything is in the tables or among the rejected
    next_row      bigint not null default 0,
    rejects_bytes bigint not null default 0,          -- length of the rejection file at that moment
    counts        jsonb not null default '{}',
    keys_aside    text                                -- the table whose keys a first load sets aside
);
create unique index on registry.import_run (sha256, kind) where state = 'running';

-- A first load into an empty table: keys over finished rows are built several times faster than row by row. Nobody else sees
-- the table meanwhile (access exclusive).
create function registry.set_keys_aside(of_import bigint, of_table text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    filled boolean;
    own record;
begin
    if of_table not in ('contract', 'party', 'place', 'terms', 'meter', 'equipment', 'generation') then
        raise exception 'no keys to set aside in %', of_table;
    end if;
    execute format('select exists (select from registry.%I)', of_table) into filled;
    if filled then
        return false;
    end if;
    execute format('lock table registry.%I in access exclusive mode', of_table);
    execute format('select exists (select from registry.%I)', of_table) into filled;
    if filled then
        return false;
    end if;
    update registry.import_run set keys_aside = of_table where import_no = of_import;
    for own in select conrelid::regclass as relation, conname from pg_constraint
                where conperiod and to_regclass('registry.' || of_table) in (conrelid, confrelid)
                order by contype loop                 -- foreign keys (f) before what they refer to (u)
        execute format('alter table %s drop constraint %I', own.relation, own.conname);
    end loop;
    return true;
end $$;

create function registry.bring_keys_back(of_table text) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
    select registry.add_keys(of_table);
$$;

-- INVARIANT: no transaction that has set keys aside commits before they are back.
create function registry.keys_are_back() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
begin
    if (select count(*) from pg_constraint where conperiod and conname ~
           '^(contract_(one_at_a_time|entitles)|(party|place|terms|meter|equipment|generation)_(once|entitled))$') <> 14 then
        raise exception 'keys of registry.% are missing', new.keys_aside;
    end if;
    return null;
end $$;
create constraint trigger keys_are_back after update of keys_aside on registry.import_run
    deferrable initially deferred for each row when (new.keys_aside is not null) execute function registry.keys_are_back();
