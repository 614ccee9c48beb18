-- From which lag on gates refuse decides whether readings may happen that are not sealed yet: every change of it stays on record, whoever makes it
-- and by whatever way. A trigger writes it, so that no command can forget it; who is changing and why is said in two settings of the transaction.
create table ledger.lag_change (
    change_no   bigint generated always as identity primary key,
    at          timestamptz not null default clock_timestamp(),
    login       text not null default session_user,     -- the database's login
    os_user     text,                                    -- the operating system's user, as the command saw it; null: no command
    by          text,                                    -- the person, as stated
    reason      text,
    old_seconds numeric,                                 -- null: gates never refused
    new_seconds numeric
);

create function ledger.note_lag_change() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare said text[] := array['os_user', 'by', 'reason'];
begin
    for i in 1 .. 3 loop
        said[i] := nullif(current_setting('sekisho.lag_' || said[i], true), '');
    end loop;
    insert into ledger.lag_change (os_user, by, reason, old_seconds, new_seconds)
    values (said[1], said[2], said[3], extract(epoch from old.max_lag), extract(epoch from new.max_lag));
    return null;
end $$;
create trigger note_lag_change after update of max_lag on ledger.seal for each row
    when (old.max_lag is distinct from new.max_lag) execute function ledger.note_lag_change();

-- INVARIANT: what was changed stays on record; only the trigger above adds to it (and the owner, who restores).
create function ledger.guard_lag_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'INSERT' and (pg_trigger_depth() > 1 or barrier.is_owner()) then
        return new;
    end if;
    raise exception 'changes of the lag stay on record' using errcode = 'check_violation', constraint = 'lag_change_stays';
end $$;
create trigger guard before insert or update or delete on ledger.lag_change for each row execute function ledger.guard_lag_change();
create trigger guard_all before truncate on ledger.lag_change for each statement execute function ledger.guard_lag_change();
revoke execute on function ledger.note_lag_change(), ledger.guard_lag_change() from public;
