-- The command queue: what surfaces submit and the worker does.
create schema work;

create table work.command (
    command_no      uuid primary key default gen_random_uuid(),
    kind            text not null,
    payload         jsonb not null,
    audience        text not null,
    company         text,
    person          text not null,
    purpose         text not null,
    request_id      text,
    idempotency_key text not null,
    submitted_at    timestamptz not null,
    state           text not null default 'queued' check (state in ('queued', 'running', 'done', 'refused', 'failed')),
    attempts        smallint not null default 0,
    finished_at     timestamptz,
    outcome         jsonb,
    -- a key is its submitter's own: what the same name submitted elsewhere must not show as a clash
    unique nulls not distinct (audience, company, person, kind, idempotency_key)
);
create index on work.command (submitted_at) where state in ('queued', 'running');

create function work.announce() returns trigger language plpgsql as $$
begin
    perform pg_notify('sekisho_command', new.command_no::text);
    return null;
end $$;
create trigger announce after insert on work.command for each row execute function work.announce();
