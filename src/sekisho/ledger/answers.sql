-- Two more kinds of findings: what a changed rule would have prevented, and who saw one customer's data. Append-only, as all findings.
alter table ledger.finding add column kind text not null default 'scope' check (kind in ('scope', 'what-if', 'who-saw'));

-- Who has seen what they would no longer see: one row a person, gate and purpose.
create table ledger.finding_reader (
    finding_no bigint not null references ledger.finding,
    reader_no  bigint not null,                       -- most customers first
    person     text not null,
    audience   text not null,
    company    text not null,
    purpose    text not null,
    gate       text not null,
    items      text[] not null,                       -- of those that would no longer be shown
    readings   bigint not null,
    customers  bigint not null,
    first_at   timestamptz not null,
    last_at    timestamptz not null,
    primary key (finding_no, reader_no)
);

-- Every reading of one customer's data, and by what right it was made. Neither the customer's number nor an item's value stands here.
create table ledger.finding_reading (
    finding_no  bigint not null references ledger.finding,
    reading_no  bigint not null,                      -- in order of time
    at          timestamptz not null,
    passage_id  bigint not null,
    gate        text not null,
    audience    text not null,
    company     text not null,
    person      text not null,
    purpose     text not null,
    case_no     text,
    items       text[] not null,
    shown_from  date,                                 -- the period that was shown, half open
    shown_to    date,
    holder      text,                                 -- as the gate recorded it at that moment
    tenancy_from date not null,                       -- the customer's own contract that was seen, half open
    tenancy_to  date,
    by_right    text not null check (by_right in ('contract', 'work_order', 'case', 'duty', 'none')),
    rule        text,                                 -- of the policy
    basis       text,                                 -- the law that the rule rests on
    permit_no   bigint,                               -- the reader's permit that day
    order_no    text,                                 -- the contractor's work order that day
    certain     boolean not null,                     -- false: the record does not say which contract of several was seen
    corrected   boolean not null,                     -- the holder then recorded was corrected afterwards
    primary key (finding_no, reading_no)
);
