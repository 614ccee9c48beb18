-- Leak scoping's records: what was asked and found, what somebody looked at and decided. Append-only, as the ledger is.

-- One answered question. The answer itself can be computed again: from the question, the log up to tree_size, and the contracts.
create table ledger.finding (
    finding_no bigint generated always as identity primary key,
    at         timestamptz not null,
    by         text not null,
    title      text not null check (title <> ''),
    question   jsonb not null,
    totals     jsonb not null,
    tree_size  bigint not null,                       -- the log's size that the answer rests on
    checkpoint text not null,                         -- its signed checkpoint
    digest     text not null check (digest ~ '^[0-9a-f]{64}$')   -- SHA-256 over the contracts seen: another run can be compared
);

-- Which points were seen, without the customers' numbers: those come from the question, for whoever may have them.
create table ledger.finding_point (
    finding_no bigint not null references ledger.finding,
    point      text not null,
    holder     text not null,
    views      bigint not null,
    readers    bigint not null,
    first_at   timestamptz not null,
    last_at    timestamptz not null,
    gates      text[] not null,
    items      text[] not null,
    contracted boolean not null,
    primary key (finding_no, point, holder)
);

-- Readings that somebody should look at: one row a rule, person, purpose and day. What a rule finds again is the same row.
create table ledger.review (
    review_no  bigint generated always as identity primary key,
    made_at    timestamptz not null,
    rule       text not null,
    day        date not null,
    audience   text not null,
    company    text not null,
    person     text not null,
    purpose    text not null,
    weight     bigint not null,                       -- how far beyond the usual, in thousandths; orders the queue
    facts      jsonb not null,
    unique (rule, day, audience, company, person, purpose)
);

create table ledger.decision (
    review_no  bigint primary key references ledger.review,
    at         timestamptz not null,
    by         text not null,
    decision   text not null check (decision in ('explained', 'instructed', 'incident')),
    reason     text not null check (reason <> '')
);

-- Points whose reading is always looked at: well-known people, and decoys that nobody has a reason to open. The newest row of a point counts.
create table ledger.watch (
    watch_no bigint generated always as identity primary key,
    at       timestamptz not null,
    by       text not null,
    point    text not null check (point ~ '^[0-9]{22}$'),
    kind     text not null check (kind in ('vip', 'decoy', 'none')),
    reason   text not null check (reason <> '')
);
create index on ledger.watch (point, watch_no);
