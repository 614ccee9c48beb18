-- Single defects, each made by an administrator in a fresh copy of an installation. `barrier prove` must find every one.
-- names: what a finding must speak of. row: it must bring a concrete row. undo: for roles, which belong to the whole server.
-- pg_temp.change_gate and pg_temp.change_view replace a part of the deployed body (test_prove.py makes them).

-- defect: view over a base table
-- names: public.leak
-- row
create view public.leak as select * from registry.party;
grant select on public.leak to sekisho_retailer_web;

-- defect: dropped policy
-- names: RET-01_seen_retailer_contract
-- row
drop policy "RET-01_seen_retailer_contract" on registry.party;

-- defect: column that no item covers
-- names: registry.party.nationality
-- row
alter table registry.party add column nationality text;

-- defect: gate that forgets its passage
-- names: gate.retailer_contract_point_places
-- row
create or replace function gate.retailer_contract_point_places(p_point text)
 returns table (contract_no text, start date, "end" date, voltage_class text, postal_code text, address text, building text)
 language sql security definer rows 100 begin atomic
 with r as materialized (select l.contract_no, lower(l.valid) as start, upper(l.valid) as "end", l.voltage_class, l.postal_code, l.address, l.building
   from seen_retailer_contract.place l where l.point = p_point)
 select r.contract_no, r.start, r."end", r.voltage_class, r.postal_code, r.address, r.building from r; end;

-- defect: policy with OR holder is null
-- names: registry.place
-- row
alter policy "RET-01_seen_retailer_contract" on registry.place
        using (holder = (select barrier.viewer('retailer', 'contract')) or holder is null);

-- defect: policy for another audience's ticket
-- names: registry.terms
-- row
alter policy "RET-01_seen_retailer_contract" on registry.terms
        using ((select barrier.viewer('operator', 'wheeling')) is not null);

-- defect: policy that favours the affiliate
-- names: registry.contract
-- row
alter policy "RET-01_seen_retailer_contract" on registry.contract
        using (holder = (select barrier.viewer('retailer', 'contract')) or (select barrier.viewer('retailer', 'contract')) = '00026');

-- defect: second permissive policy
-- names: registry.meter
-- row
create policy extra on registry.meter for select to seen_retailer_contract using (true);

-- defect: policy to public
-- names: registry.generation
-- row
create policy extra on registry.generation for select using (true);

-- defect: row security disabled
-- names: registry.party
-- row
alter table registry.party disable row level security;

-- defect: row security not forced
-- names: registry.party
alter table registry.party no force row level security;

-- defect: view owner becomes the administrator
-- names: seen_operator_wheeling.party
-- row
alter view seen_operator_wheeling.party owner to postgres;

-- defect: table owner becomes a view owner
-- names: registry.party
alter table registry.party owner to seen_retailer_contract;

-- defect: entitlement constraint dropped
-- names: seen_retailer_contract.party
-- row
alter table registry.party drop constraint party_entitled;

-- defect: entitlement triggers disabled
-- names: seen_retailer_contract.party
-- row
alter table registry.party disable trigger all;

-- defect: usage trigger disabled
-- names: seen_retailer_contract.usage_day
-- row
alter table metering.usage_day disable trigger usage_entitled_insert;

-- defect: mask removed
-- names: seen_operator_wheeling.party
-- row
select pg_temp.change_view('seen_operator_wheeling.party', 'barrier.mask_name(name) AS name', 'name');

-- defect: view with an extra column
-- names: seen_operator_wheeling.party
-- row
select pg_temp.change_view('seen_operator_wheeling.party', 'FROM registry.party', ', phone FROM registry.party');

-- defect: mask that tells too much
-- names: barrier.mask_phone
-- row
create or replace function barrier.mask_phone(value text) returns text language sql immutable strict return '＊＊＊' || right(value, 8);

-- defect: mask that is the identity
-- names: barrier.mask_name
-- row
create or replace function barrier.mask_name(value text) returns text language sql immutable strict return value;

-- defect: view with a join
-- names: seen_callcentre_enquiry.place
select pg_temp.change_view('seen_callcentre_enquiry.place', 'FROM registry.place',
  'FROM registry.place left join (select contract_no as other from registry.party) x on x.other = contract_no');

-- defect: column granted to a login
-- names: registry.party.name
grant select (name) on registry.party to sekisho_operator_web;

-- defect: column granted to a purpose
-- names: registry.party.phone
-- row
grant select (phone) on registry.party to seen_operator_wheeling;

-- defect: table granted to a purpose
-- names: registry.customer
-- row
grant select on registry.customer to seen_retailer_contract;

-- defect: write granted to a purpose
-- names: UPDATE on relation registry.party
grant update on registry.party to seen_operator_wheeling;

-- defect: view granted to a login
-- names: seen_operator_wheeling.party
grant select on seen_operator_wheeling.party to sekisho_operator_web;
grant usage on schema seen_operator_wheeling to sekisho_operator_web;

-- defect: execute to public
-- names: gate.operator_wheeling_reveal_name
grant execute on function gate.operator_wheeling_reveal_name(text) to public;

-- defect: another audience's gate
-- names: gate.operator_wheeling_point_parties
grant execute on function gate.operator_wheeling_point_parties(text) to sekisho_retailer_web;

-- defect: create on a schema
-- names: CREATE on schema gate
grant create on schema gate to sekisho_retailer_web;

-- defect: temporary tables
-- names: TEMPORARY
do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$;

-- defect: membership of a login
-- names: sekisho_retailer_web
-- undo: revoke seen_operator_wheeling from sekisho_retailer_web
grant seen_operator_wheeling to sekisho_retailer_web;

-- defect: membership in pg_read_all_data
-- names: pg_read_all_data
-- undo: revoke pg_read_all_data from seen_retailer_contract
grant pg_read_all_data to seen_retailer_contract;

-- defect: BYPASSRLS
-- names: seen_retailer_contract
-- row
-- undo: alter role seen_retailer_contract nobypassrls
alter role seen_retailer_contract bypassrls;

-- defect: superuser
-- names: sekisho_public_web
-- undo: alter role sekisho_public_web nosuperuser
alter role sekisho_public_web superuser;

-- defect: replication
-- names: sekisho_auditor_web
-- undo: alter role sekisho_auditor_web noreplication
alter role sekisho_auditor_web replication;

-- defect: owner role that can log in
-- names: seen_security_oversight
-- undo: alter role seen_security_oversight nologin
alter role seen_security_oversight login;

-- defect: setting on a role
-- names: search_path
-- undo: alter role sekisho_retailer_web reset search_path
alter role sekisho_retailer_web set search_path to public;

-- defect: default privileges
-- names: default privileges
alter default privileges grant select on tables to sekisho_retailer_web;

-- defect: dangerous system function
-- names: pg_read_file
grant execute on function pg_read_file(text) to public;

-- defect: hidden statistics opened
-- names: pg_statistic
grant select on pg_catalog.pg_statistic to public;

-- defect: security definer function that leaks
-- names: public.names()
-- row
create function public.names() returns setof text language sql security definer begin atomic
  select name from registry.party; end;
grant execute on function public.names() to sekisho_retailer_web;

-- defect: function left to public
-- names: public.peek()
create function public.peek() returns bigint language sql security definer begin atomic select count(*) from registry.party; end;

-- defect: undeclared gate
-- names: gate.retailer_contract_extra
create function gate.retailer_contract_extra() returns bigint language sql security definer begin atomic
  select 1::bigint; end;
alter function gate.retailer_contract_extra() owner to seen_retailer_contract;

-- defect: gate owner changed
-- names: gate.retailer_contract_point_parties
alter function gate.retailer_contract_point_parties(text) owner to postgres;

-- defect: gate not security definer
-- names: gate.retailer_contract_point_parties
alter function gate.retailer_contract_point_parties(text) security invoker;

-- defect: gate with another search path
-- names: gate.retailer_contract_point_parties
alter function gate.retailer_contract_point_parties(text) set row_security to off;

-- defect: gate that returns a noted column
-- names: gate.operator_safety_point_parties
-- row
select pg_temp.change_gate('gate.operator_safety_point_parties(text)',
  $$ SELECT q.contract_no, $$, $$ SELECT q.holder as contract_no, $$);

-- defect: gate that records fewer items
-- names: gate.retailer_contract_point_parties
-- row
select pg_temp.change_gate('gate.retailer_contract_point_parties(text)',
  $$ 'phone'::text,  $$, $$  $$);

-- defect: gate that records no points
-- names: gate.retailer_contract_point_parties
-- row
select pg_temp.change_gate('gate.retailer_contract_point_parties(text)',
  $$ (s.pair).points $$, $$ '{}'::text[] $$);

-- defect: gate that records only successes
-- names: gate.retailer_contract_point_parties
-- row
select pg_temp.change_gate('gate.retailer_contract_point_parties(text)',
  $$ RETURNING 1 $$, $$ WHERE w.verdict = 'passed'::text RETURNING 1 $$);

-- defect: gate that records another purpose
-- names: gate.operator_wheeling_reveal_name
-- row
select pg_temp.change_gate('gate.operator_wheeling_reveal_name(text)',
  $$ 'wheeling', $$, $$ 'safety', $$);

-- defect: revealing gate not keyed by a contract
-- names: gate.operator_wheeling_reveal_name
-- row
select pg_temp.change_gate('gate.operator_wheeling_reveal_name(text)',
  $$ k.contract_no = operator_wheeling_reveal_name.p_contract_no $$, $$ k.contract_no >= operator_wheeling_reveal_name.p_contract_no $$);

-- defect: look-up that shows the name
-- names: gate.operator_wheeling_find_by_name
-- row
select pg_temp.change_gate('gate.operator_wheeling_find_by_name(text)',
  $$ SELECT c.contract_no, $$,
  $$ SELECT (SELECT k.name FROM seen_operator_wheeling.party__revealed k WHERE k.contract_no = c.contract_no LIMIT 1) as contract_no, $$);

-- defect: altered passport
-- names: barrier.viewer
create or replace function barrier.viewer(want_audience text, want_purpose text) returns text language sql stable security definer return '00016';

-- defect: trigger added
-- names: ledger.passage:spy
create function public.copy_out() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger spy after insert on ledger.passage for each row execute function public.copy_out();

-- defect: rule added
-- names: rule
create rule spy as on insert to work.command do also notify spy;

-- defect: materialised view
-- names: public.copy
-- row
create materialized view public.copy as select * from registry.party;
grant select on public.copy to sekisho_auditor_web;

-- defect: materialised view without grant
-- names: ledger.copy
create materialized view ledger.copy as select * from registry.party;

-- defect: large object
-- names: large object
select lo_from_bytea(0, 'x');

-- defect: publication of tables
-- names: everything
create publication everything for all tables;

-- defect: foreign server
-- names: foreign server
create foreign data wrapper w;
create server s foreign data wrapper w;

-- defect: event trigger
-- names: event trigger
create function public.watch() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger watch on ddl_command_end execute function public.watch();

-- defect: extension
-- names: pg_trgm
create extension pg_trgm;

-- defect: column default that writes elsewhere
-- names: ledger.passage.request_id
create function public.spy() returns text language sql begin atomic
  select ''::text; end;
alter table ledger.passage alter request_id set default public.spy();

-- defect: partition granted
-- names: ledger.passage_
do $$ begin execute (select format('grant select on %s to sekisho_auditor_web', min(oid::regclass::text)) from pg_class where relispartition and relname like 'passage\_%' and relkind = 'r'); end $$;

-- defect: plan not applied
-- names: plan
delete from barrier.compiled where name = (select min(name) from barrier.compiled);
