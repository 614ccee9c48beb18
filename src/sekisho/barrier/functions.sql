-- Who is asking. Applied anew with every compilation; owned by the owner, executable by the owners of views and gates only.

create or replace function barrier.now() returns timestamptz language sql stable
    return clock_timestamp();

create or replace function barrier.today() returns date language sql stable
    return (barrier.now() at time zone 'Asia/Tokyo')::date;

-- The ticket of this transaction, verified. Never raises: a bad ticket becomes a verdict, so that it is recorded.
-- INVARIANT: without a valid ticket of this login's audience, for this purpose, with a permit for today, `verdict` is not 'passed'.
create or replace function barrier.passport(want_audience text, want_purpose text,
    out company text, out person text, out case_no text, out request_id text, out verdict text)
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
    ticket  text := nullif(current_setting('sekisho.ticket', true), '');
    cut     integer;
    claims  text[];
    ticket_key barrier.ticket_key;
begin
    if ticket is null then verdict := 'refused:no-ticket'; return; end if;
    cut := length(ticket) - 64;
    if length(ticket) > 600 or cut < 10 or substr(ticket, cut, 1) <> '|' then verdict := 'refused:malformed'; return; end if;
    claims := string_to_array(left(ticket, cut - 1), '|');
    if cardinality(claims) <> 8 then verdict := 'refused:malformed'; return; end if;
    select * into ticket_key from barrier.ticket_key k where k.key_id = claims[1] and k.valid @> now();
    if not found then verdict := 'refused:unknown-key'; return; end if;
    if encode(sha256(ticket_key.outer_pad || sha256(ticket_key.inner_pad || convert_to(left(ticket, cut - 1), 'UTF8'))), 'hex')
       <> right(ticket, 64) then verdict := 'refused:altered'; return; end if;
    -- from here the claims are what the signer wrote
    company := claims[3]; person := claims[4]; case_no := nullif(claims[6], ''); request_id := nullif(claims[8], '');
    if claims[2] <> want_audience or ticket_key.audience <> want_audience
       or not exists (select from barrier.login l where l.login = session_user and l.audience = want_audience) then
        verdict := 'refused:foreign'; return;
    end if;
    if claims[5] <> want_purpose then verdict := 'refused:purpose'; return; end if;
    if claims[7] !~ '^[0-9]{1,12}$' or to_timestamp(claims[7]::bigint) <= barrier.now() then verdict := 'refused:expired'; return; end if;
    if (select s.refuse_reading from ledger.state s) then verdict := 'refused:ledger-behind'; return; end if;
    perform from barrier.permit p
      where p.person = claims[4] and p.audience = want_audience and p.purpose = want_purpose and p.company = claims[3]
        and p.valid @> barrier.today()
        and p.ended_at is null
        and p.case_no is not distinct from nullif(claims[6], '')
        and (p.case_no is null or exists (select from barrier.case_file c where c.case_no = p.case_no and c.purpose = want_purpose
                                             and c.valid @> barrier.now()));
    if not found then verdict := 'refused:no-permit'; return; end if;
    verdict := 'passed';
end $$;

-- The company for which the caller may see rows of this purpose, or null. Row security compares with this one value.
create or replace function barrier.viewer(want_audience text, want_purpose text) returns text
language sql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
    select case when p.verdict = 'passed' then p.company end from barrier.passport(want_audience, want_purpose) p
$$;

create or replace function barrier.viewer_person(want_audience text, want_purpose text) returns text
language sql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
    select case when p.verdict = 'passed' then p.person end from barrier.passport(want_audience, want_purpose) p
$$;

-- The points that open work orders entrust to the caller's company.
create or replace function barrier.assigned_points(want_audience text, want_purpose text) returns text[]
language sql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
    select coalesce(array_agg(distinct w.point), '{}') from registry.work_order w
     where w.contractor = barrier.viewer(want_audience, want_purpose)
       and w.valid @> barrier.today()
$$;

create or replace function barrier.mask_name(value text) returns text language sql immutable strict parallel safe
    return case when value = '' then '' else left(value, 1) || '＊＊＊' end;
create or replace function barrier.mask_phone(value text) returns text language sql immutable strict parallel safe
    return case when value = '' then '' else '＊＊＊' || right(value, 4) end;
create or replace function barrier.mask_address(value text) returns text language sql immutable strict parallel safe
    return case when value = '' then '' else left(value, 6) || '＊＊＊' end;
