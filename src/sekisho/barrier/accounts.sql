-- 利用者アカウントの台帳: who has an account, in which state. What signing in needs (passwords, second factors, sessions) stays in the
-- accounts' own schemas, which no gate reaches; the triggers that `deploy` puts there keep this one in step, in the same transaction.
create table barrier.account (
    schema       text not null,
    person       text not null,
    username     text not null,
    audience     text not null,
    company      text not null,
    display_name text not null,
    department   text not null,
    role         text not null,
    machine      boolean not null,                    -- an API client; `username` is then its client id
    active       boolean not null,
    pending      boolean not null,                    -- has not yet chosen a password of their own
    locked_until timestamptz,
    last_login   timestamptz,
    created_at   timestamptz not null,
    created_by   text not null,
    ended_at     timestamptz,
    primary key (schema, person)
);
create index on barrier.account (person, schema);

create function barrier.note_account() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into barrier.account values (
        tg_table_schema, new.person, new.username, new.audience, new.company, new.display_name, new.department, new.role, false,
        new.is_active, new.must_change_password, new.locked_until, new.last_login, new.created_at, new.created_by, new.ended_at)
    on conflict (schema, person) do update set (
        username, audience, company, display_name, department, role, active, pending, locked_until, last_login, ended_at) = row (
        excluded.username, excluded.audience, excluded.company, excluded.display_name, excluded.department, excluded.role,
        excluded.active, excluded.pending, excluded.locked_until, excluded.last_login, excluded.ended_at);
    return null;
end $$;

create function barrier.note_client() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into barrier.account values (
        tg_table_schema, new.person, new.client_id, 'retailer', new.company, new.label, '', '', true,
        new.ended_at is null, false, null, null, new.created_at, new.created_by, new.ended_at)
    on conflict (schema, person) do update set (username, company, display_name, active, ended_at) = row (
        excluded.username, excluded.company, excluded.display_name, excluded.active, excluded.ended_at);
    return null;
end $$;
