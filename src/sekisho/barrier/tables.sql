-- The barrier's own state: which login speaks for whom, the ticket keys, dated permits, cases.
create schema barrier;

create table barrier.login (
    login    text primary key,
    audience text not null
);

-- HMAC-SHA256 with the key already mixed into its pads, because the database has sha256() but no hmac().
create table barrier.ticket_key (
    key_id    text primary key check (key_id ~ '^[a-z0-9-]{4,40}$'),
    audience  text not null,
    inner_pad bytea not null check (length(inner_pad) = 64),
    outer_pad bytea not null check (length(outer_pad) = 64),
    valid     tstzrange not null default tstzrange(null, null)
);

-- 利用権限. INVARIANT: access follows the permit's days; a transfer ends the permit, and with it every session, that day.
create table barrier.permit (
    permit_no   bigint generated always as identity primary key,
    person      text not null,
    audience    text not null,
    company     text not null,
    purpose     text not null,
    valid       daterange not null check (not isempty(valid) and lower(valid) is not null),
    case_no     text,
    reason      text not null default '',
    granted_by  text not null,
    granted_at  timestamptz not null default clock_timestamp(),
    ended_by    text,
    ended_at    timestamptz,
    check (granted_by <> person),
    constraint permit_once unique (person, audience, purpose, valid without overlaps)
);
create index on barrier.permit (person, audience, purpose);

-- Disaster access needs a case; it ends by itself and is then reviewed by someone else.
create table barrier.case_file (
    case_no     text primary key check (case_no ~ '^[A-Z]{2,4}-[0-9]{4}-[0-9]{3,6}$'),
    purpose     text not null,
    title       text not null,
    opened_by   text not null,
    opened_at   timestamptz not null,
    valid       tstzrange not null check (not isempty(valid) and not upper_inf(valid) and upper(valid) - lower(valid) <= interval '14 days'),
    reviewed_by text,
    reviewed_at timestamptz,
    review_note text,
    check (reviewed_by is null or reviewed_by <> opened_by)
);

create table barrier.certificate (
    certificate_no bigint generated always as identity primary key,
    at             timestamptz not null,
    holds          boolean not null,
    digest         text not null,
    body           jsonb not null
);

-- What was last applied, so that `barrier plan` can show a difference.
create table barrier.compiled (
    name       text primary key,
    kind       text not null,
    statement  text not null,
    applied_at timestamptz not null default clock_timestamp()
);
