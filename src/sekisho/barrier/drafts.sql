-- 起案→承認: a permit or a disaster case is given by two people. What one drafts, another approves or rejects; the database itself refuses
-- anything else to everybody who is not its owner.
create table barrier.draft (
    draft_no   bigint generated always as identity primary key,
    kind       text not null check (kind in ('permit', 'case')),
    purpose    text not null,
    case_no    text,
    reason     text not null check (reason <> ''),
    -- of a permit
    person     text,
    audience   text,
    company    text,
    valid      daterange,
    -- of a case
    title      text,
    hours      integer check (hours between 1 and 336),
    drafted_by text not null,
    drafted_at timestamptz not null,
    state      text not null default 'drafted' check (state in ('drafted', 'approved', 'rejected', 'withdrawn')),
    decided_by text,
    decided_at timestamptz,
    note       text not null default '',
    check (kind <> 'permit' or (person is not null and audience is not null and company is not null and valid is not null)),
    check (kind <> 'case' or (case_no is not null and title is not null and hours is not null)),
    constraint draft_not_for_oneself check (drafted_by <> person),
    constraint draft_decided check ((state = 'drafted') = (decided_by is null) and (decided_by is null) = (decided_at is null)),
    -- INVARIANT: nobody approves or rejects their own draft, and nobody approves what is for themselves
    constraint draft_two_people check (state not in ('approved', 'rejected') or decided_by <> drafted_by),
    constraint draft_not_by_whom_it_serves check (state <> 'approved' or decided_by is distinct from person),
    constraint draft_own_withdrawal check (state <> 'withdrawn' or decided_by = drafted_by),
    constraint draft_rejected_why check (state <> 'rejected' or note <> '')
);
create index on barrier.draft (state, drafted_at);

-- Without a draft: given by the installation (the owner of the database), before there were two people who could. It stands so in every list.
alter table barrier.permit
    add column draft_no   bigint unique references barrier.draft,
    add column drafted_by text,
    add column end_reason text not null default '',
    add constraint permit_two_people check ((draft_no is null) = (drafted_by is null) and drafted_by <> granted_by and drafted_by <> person);

alter table barrier.case_file
    add column draft_no    bigint unique references barrier.draft,
    add column approved_by text,
    add constraint case_two_people check ((draft_no is null) = (approved_by is null) and approved_by <> opened_by);

-- Whether whoever is writing owns the tables. Everybody else – the worker too – writes by the rules below.
create function barrier.is_owner() returns boolean language sql stable
    return pg_catalog.pg_has_role(session_user, 'sekisho_owner', 'member');

create function barrier.guard_draft() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'drafted' and not barrier.is_owner() then
            raise exception 'a draft begins as a draft' using errcode = 'check_violation', constraint = 'draft_begins';
        end if;
        return new;
    end if;
    if tg_op = 'DELETE' then
        if barrier.is_owner() then return old; end if;
        raise exception 'a draft stays' using errcode = 'check_violation', constraint = 'draft_stays';
    end if;
    if old.state <> 'drafted'
       or (to_jsonb(new) - array['state', 'decided_by', 'decided_at', 'note']) <> (to_jsonb(old) - array['state', 'decided_by', 'decided_at', 'note']) then
        raise exception 'a draft is decided once and never altered' using errcode = 'check_violation', constraint = 'draft_decided_once';
    end if;
    return new;
end $$;
create trigger guard before insert or update or delete on barrier.draft for each row execute function barrier.guard_draft();

-- INVARIANT: a permit says what its approved draft says, and is only ever shortened or ended afterwards.
create function barrier.guard_permit() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        if barrier.is_owner() then return old; end if;
        raise exception 'a permit stays' using errcode = 'check_violation', constraint = 'permit_stays';
    end if;
    if tg_op = 'INSERT' then
        if new.draft_no is null and barrier.is_owner() then return new; end if;
        if not exists (select from barrier.draft d
                        where d.draft_no = new.draft_no and d.kind = 'permit' and d.state = 'approved' and d.person = new.person
                          and d.audience = new.audience and d.company = new.company and d.purpose = new.purpose and d.valid = new.valid
                          and d.case_no is not distinct from new.case_no and d.drafted_by = new.drafted_by and d.decided_by = new.granted_by)
           or new.ended_at is not null then
            raise exception 'a permit follows an approved draft' using errcode = 'check_violation', constraint = 'permit_follows_draft';
        end if;
        return new;
    end if;
    if (to_jsonb(new) - array['valid', 'ended_by', 'ended_at', 'end_reason']) <> (to_jsonb(old) - array['valid', 'ended_by', 'ended_at', 'end_reason'])
       or not new.valid <@ old.valid or (old.ended_at is not null and new.ended_at is distinct from old.ended_at) then
        raise exception 'a permit is only shortened or ended' using errcode = 'check_violation', constraint = 'permit_only_ends';
    end if;
    return new;
end $$;
create trigger guard before insert or update or delete on barrier.permit for each row execute function barrier.guard_permit();

-- INVARIANT: a case lasts as long as its approved draft says, is only ever shortened, and is reviewed once.
create function barrier.guard_case() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        if barrier.is_owner() then return old; end if;
        raise exception 'a case stays' using errcode = 'check_violation', constraint = 'case_stays';
    end if;
    if tg_op = 'INSERT' then
        if new.draft_no is null and barrier.is_owner() then return new; end if;
        if not exists (select from barrier.draft d
                        where d.draft_no = new.draft_no and d.kind = 'case' and d.state = 'approved' and d.case_no = new.case_no
                          and d.purpose = new.purpose and d.title = new.title and d.drafted_by = new.opened_by and d.decided_by = new.approved_by
                          and upper(new.valid) - lower(new.valid) <= make_interval(hours => d.hours))
           or new.reviewed_at is not null then
            raise exception 'a case follows an approved draft' using errcode = 'check_violation', constraint = 'case_follows_draft';
        end if;
        return new;
    end if;
    if (to_jsonb(new) - array['valid', 'reviewed_by', 'reviewed_at', 'review_note']) <> (to_jsonb(old) - array['valid', 'reviewed_by', 'reviewed_at', 'review_note'])
       or not new.valid <@ old.valid or (old.reviewed_at is not null and new.reviewed_at is distinct from old.reviewed_at) then
        raise exception 'a case is only shortened, and reviewed once' using errcode = 'check_violation', constraint = 'case_only_ends';
    end if;
    return new;
end $$;
create trigger guard before insert or update or delete on barrier.case_file for each row execute function barrier.guard_case();
