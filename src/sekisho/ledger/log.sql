-- The tamper-evident half of the ledger: which passage stands where in the Merkle log, and how far that is sealed.
-- Applied after tables.sql. The sequencer (sequencer.py) is the only writer; its login needs the rights named at
-- the end. Nothing here is readable by a surface: salts open the commitments.

-- Only finished transactions are read, in the order (xact, passage_id): see sequencer.py.
create index passage_xact on ledger.passage (xact, passage_id);

-- One row a log entry. The primary key is the passage's own: a passage cannot enter the log twice.
-- Partitioned as passages are, so that after five years salt and passage go together.
create table ledger.leaf (
    at         timestamptz not null,
    passage_id bigint not null,
    idx        bigint not null,                                     -- place in the log, from 0
    salt       bytea not null check (octet_length(salt) = 16),
    entry      bytea not null check (octet_length(entry) = 32),     -- the commitment: what the log holds
    primary key (at, passage_id)
) partition by range (at);
create index leaf_idx on ledger.leaf (idx);

-- The sequencer's own state: one row, changed in the same transaction as the leaves.
create table ledger.sequence (
    only_row       boolean primary key default true check (only_row),
    system_id      bigint,                          -- the cluster whose transaction numbers the snapshots speak of
    size           bigint not null default 0,       -- entries whose place is fixed
    swept          pg_snapshot,                     -- whatever this snapshot saw has its place
    target         pg_snapshot,                     -- the sweep under way: to what this one saw
    target_at      timestamptz,                     -- transactions that had finished by then are in the target
    after_xact     xid8,                            -- the sweep's last passage
    after_id       bigint,
    published_size bigint not null default 0,       -- entries under a published checkpoint
    published_root bytea
);
insert into ledger.sequence default values;

-- What gates look at: one small row, rewritten about once a second and never by readers.
create table ledger.seal (
    only_row       boolean primary key default true check (only_row),
    sealed_through timestamptz,                     -- every passage committed before this is under a published checkpoint
    max_lag        interval                         -- gates refuse beyond this; null: they never do
);
insert into ledger.seal default values;

-- Checkpoints kept for later consistency proofs: the first of each hour.
create table ledger.checkpoint (
    size bigint primary key,
    at   timestamptz not null,
    note text not null
);

-- Announcements of passages whose transaction had not finished when they were read from the WAL.
create table ledger.unsettled (
    passage_id bigint primary key,
    xact       xid8 not null,
    body       jsonb not null
);

-- The canonical encoding (leaves.py): row_to_json writes no spaces and escapes exactly what JSON must.
create function ledger.canonical(p ledger.passage) returns text language sql stable parallel safe
return (select row_to_json(c)::text
          from (select p.passage_id,
                       to_char(p.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
                       p.gate, p.audience, p.company, p.person, p.purpose, p.case_no, p.verdict,
                       p.points, p.holders, p.items,
                       case when p.shown is not null
                            then array[to_char(lower(p.shown), 'YYYY-MM-DD'), to_char(upper(p.shown), 'YYYY-MM-DD')]
                       end as shown,
                       p.row_count, p.request_id) c);

-- Whether gates may answer: one row, a few microseconds. The names of a `return` body are resolved now, not at the call, so
-- that no caller's search_path matters; setting one at each call would cost more than the look.
create function ledger.is_open() returns boolean language sql stable security definer
return (select s.max_lag is null or s.sealed_through > statement_timestamp() - s.max_lag from ledger.seal s);

-- A month of leaves. Looks before it creates: creating takes a lock that would stop the sequencer's readers.
create function ledger.ensure_leaf_month(at timestamptz) returns void
language plpgsql security definer set search_path = '' as $$
declare first date := date_trunc('month', at at time zone 'Asia/Tokyo')::date;
declare name text := 'leaf_' || to_char(first, 'YYYYMM');
begin
    if to_regclass('ledger.' || name) is null then
        execute format('create table ledger.%I partition of ledger.leaf for values from (%L) to (%L)', name,
                       first::timestamp at time zone 'Asia/Tokyo',
                       (first + interval '1 month')::timestamp at time zone 'Asia/Tokyo');
        -- whoever reads through the parent meets the parent's policies; the partition by itself shows nothing
        execute format('alter table ledger.%I enable row level security, force row level security', name);
    end if;
end $$;

-- A passage announces itself in the WAL outside its transaction: if that is rolled back, the announcement stays, and
-- the sequencer writes the passage after all. A trigger, so that no gate can forget it. Owned by the schema's owner:
-- a gate's owner needs no right to emit messages of its own. Every name carries its schema: no search_path matters.
create function ledger.announce() returns trigger language plpgsql security definer as $$
begin
    perform pg_catalog.pg_logical_emit_message(false, 'sekisho.passage', pg_catalog.row_to_json(new)::pg_catalog.text, false);
    return null;
end $$;
create trigger announce after insert on ledger.passage for each row execute function ledger.announce();
-- Others could announce passages that never were.
revoke execute on function pg_catalog.pg_logical_emit_message(boolean, text, text, boolean) from public;
revoke execute on function pg_catalog.pg_logical_emit_message(boolean, text, bytea, boolean) from public;

-- The slot's publication names no table: only messages pass.
create publication sekisho_passage;

-- Retention: the readable part of one month, what was derived from it and its salts go, the log stays. Refuses months younger than five years
-- and passages that no published checkpoint covers yet. Returns the number of passages erased.
create function ledger.erase_month(month date, today date) returns bigint language plpgsql as $$
declare first date := date_trunc('month', month)::date;
declare suffix text := to_char(first, 'YYYYMM');
declare erased bigint;
begin
    if first + interval '1 month' + interval '5 years' > today then
        raise exception 'the passages of % are kept until %', suffix, (first + interval '1 month 5 years')::date;
    end if;
    if to_regclass('ledger.passage_' || suffix) is null then
        return 0;
    end if;
    execute format('select count(*) from ledger.%I', 'passage_' || suffix) into erased;
    if erased <> coalesce(ledger.sealed_in(suffix), 0) then
        raise exception 'not every passage of % is under a published checkpoint', suffix;
    end if;
    execute format('drop table ledger.%I', 'passage_' || suffix);
    execute format('drop table if exists ledger.%I, ledger.%I', 'leaf_' || suffix, 'seen_point_' || suffix);
    return erased;
end $$;

-- How many passages of a month a published checkpoint covers.
create function ledger.sealed_in(suffix text) returns bigint language plpgsql stable as $$
declare sealed bigint;
begin
    if to_regclass('ledger.leaf_' || suffix) is not null then
        execute format('select count(*) from ledger.%I where idx < (select published_size from ledger.sequence)',
                       'leaf_' || suffix) into sealed;
    end if;
    return sealed;
end $$;

revoke execute on function ledger.is_open(), ledger.canonical(ledger.passage), ledger.ensure_leaf_month(timestamptz),
    ledger.announce(), ledger.erase_month(date, date), ledger.sealed_in(text) from public;

-- What the sequencer's login may: read passages, add those that were rolled back, write its own state, never change a
-- passage or a leaf. It also needs the attribute REPLICATION, for the slot. A gate's owner needs EXECUTE on is_open.
create procedure ledger.grant_sequencer(login regrole) language plpgsql as $$
begin
    execute format('grant usage on schema ledger to %s', login);
    execute format('grant select, insert on ledger.passage, ledger.leaf, ledger.checkpoint to %s', login);
    execute format('grant select, update on ledger.sequence, ledger.seal to %s', login);
    execute format('grant select, insert, delete on ledger.unsettled to %s', login);
    execute format('grant execute on function ledger.is_open(), ledger.canonical(ledger.passage),'
                   ' ledger.ensure_leaf_month(timestamptz), pg_catalog.pg_log_standby_snapshot() to %s', login);
end $$;
revoke execute on procedure ledger.grant_sequencer(regrole) from public;
