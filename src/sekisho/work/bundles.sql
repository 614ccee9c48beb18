-- Proof bundles made for a page: a few passages with the proof that they stand in the log. They hold nothing that the passages themselves
-- do not hold, for the same readers, and go after some days.
create table work.bundle (
    bundle_no  uuid primary key,                      -- the number of the command that asked for it
    made_at    timestamptz not null,
    expires_at timestamptz not null,
    audience   text not null,
    company    text not null,
    person     text not null,
    asked      jsonb not null,                        -- period, company, numbers of passages
    state      text not null check (state in ('done', 'refused')),
    refusal    jsonb,                                 -- why not, in Japanese and English
    kind       text check (kind in ('whole', 'range', 'selected')),
    first_idx  bigint,
    end_idx    bigint,
    passages   bigint,
    waiting    bigint,                                -- passages of the period that no checkpoint covered yet: not in the bundle
    tree_size  bigint,
    checkpoint text,
    bytes      bigint,
    sha256     text,
    parts      bigint not null default 0,
    check ((state = 'done') = (refusal is null))
);
create index on work.bundle (made_at);
create index on work.bundle (expires_at);

create table work.bundle_part (
    bundle_no uuid not null references work.bundle on delete cascade,
    part_no   bigint not null,
    body      text not null,                          -- base64
    primary key (bundle_no, part_no)
);
