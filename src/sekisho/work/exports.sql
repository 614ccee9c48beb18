-- A submission's words are its submitter's and the worker's. What security needs of them, the point that was spoken of, stands by itself.
alter table work.command add column point text check (point ~ '^[0-9]{22}$');

create function work.note_point() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if new.point is null and new.payload ->> 'point' ~ '^[0-9]{22}$' then
        new.point := new.payload ->> 'point';
    end if;
    return new;
end $$;
create trigger note_point before insert on work.command for each row execute function work.note_point();
update work.command set point = payload ->> 'point' where payload ->> 'point' ~ '^[0-9]{22}$';
create index on work.command (person, point, submitted_at);

-- Files too large for one request. The worker writes them through the gates as the person who asked, part by part; each part is sealed
-- (AES-256-GCM) under a key that is in no database, and goes with its file after some days.
create table work.export (
    export_no   uuid primary key,                     -- the number of the command that asked for it
    kind        text not null,
    form        text not null check (form in ('excel', 'sjis', 'machine')),
    params      jsonb not null,
    audience    text not null,
    company     text not null,
    person      text not null,
    purpose     text not null,
    asked_at    timestamptz not null,
    state       text not null default 'queued' check (state in ('queued', 'running', 'ready', 'failed', 'cancelled', 'expired')),
    total       bigint,                               -- rows to come, where it is known beforehand
    row_count   bigint not null default 0,
    parts       integer not null default 0,
    bytes       bigint not null default 0,            -- of the file in clear
    resume_key  jsonb,                                -- where the next page begins
    sha256      text,                                 -- of the whole file in clear
    started_at  timestamptz,
    finished_at timestamptz,
    expires_at  timestamptz,
    outcome     jsonb
);
create index on work.export (asked_at) where state in ('queued', 'running');
create index on work.export (person, asked_at);
create index on work.export (expires_at) where state = 'ready';

create table work.export_part (
    export_no uuid not null references work.export on delete cascade,
    part_no   integer not null,
    audience  text not null,
    company   text not null,
    person    text not null,
    body      text not null,                          -- base64 of nonce and sealed, compressed text
    primary key (export_no, part_no)
);
