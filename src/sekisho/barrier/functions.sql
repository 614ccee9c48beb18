-- Who is asking. Applied anew with every compilation; owned by the owner, executable by the owners of views and gates only.

-- The statement's time, so that every part of one answer has the same; the demonstration replaces it to live through past days.
create or replace function barrier.now() returns timestamptz language sql stable
    return statement_timestamp();

create or replace function barrier.today() returns date language sql stable
    return (barrier.now() at time zone 'Asia/Tokyo')::date;

-- The ticket of this transaction, verified. Never raises: a bad ticket becomes a verdict, so that it is recorded.
-- INVARIANT: without a valid ticket of this login's audience, for this purpose, with a permit for today, `verdict` is not 'passed'.
create or replace function barrier.passport(want_audience text, want_purpose text,
    out company text, out person text, out case_no text, out request_id text, out verdict text)
language plpgsql stable security definer parallel restricted set search_path = pg_catalog, pg_temp as $$
declare
    ticket  text := current_setting('sekisho.ticket', true);
    cut     integer := length(ticket) - 64;
    claims  text[];
    known   record;
begin
    if ticket is null or ticket = '' then verdict := 'refused:no-ticket'; return; end if;
    if cut not between 10 and 600 or substr(ticket, cut, 1) <> '|' then verdict := 'refused:malformed'; return; end if;
    claims := string_to_array(left(ticket, cut - 1), '|');
    if cardinality(claims) <> 8 then verdict := 'refused:malformed'; return; end if;
    -- one query for everything the database knows about the claims; nothing of it is believed before the MAC below
    select k.inner_pad, k.outer_pad, k.audience,
           exists (select from barrier.login l where l.login = session_user and l.audience = want_audience) as own_login,
           (select s.sealed_through < barrier.now() - s.max_lag from ledger.seal s) as ledger_behind,
           exists (select from barrier.permit p
                    where p.person = claims[4] and p.audience = want_audience and p.purpose = want_purpose and p.company = claims[3]
                      and p.valid @> barrier.today() and p.ended_at is null
                      and p.case_no is not distinct from nullif(claims[6], '')
                      and (p.case_no is null or exists (select from barrier.case_file c where c.case_no = p.case_no
                                                         and c.purpose = want_purpose and c.valid @> barrier.now()))) as permitted
      into known from barrier.ticket_key k where k.key_id = claims[1] and k.valid @> barrier.now();
    if not found then verdict := 'refused:unknown-key'; return; end if;
    if encode(sha256(known.outer_pad || sha256(known.inner_pad || convert_to(left(ticket, cut - 1), 'UTF8'))), 'hex')
       <> right(ticket, 64) then verdict := 'refused:altered'; return; end if;
    -- from here the claims are what the signer wrote
    company := claims[3]; person := claims[4]; case_no := nullif(claims[6], ''); request_id := nullif(claims[8], '');
    verdict := case
        when claims[2] <> want_audience or known.audience <> want_audience or not known.own_login then 'refused:foreign'
        when claims[5] <> want_purpose then 'refused:purpose'
        when claims[7] !~ '^[0-9]{1,12}$' or to_timestamp(claims[7]::bigint) <= barrier.now() then 'refused:expired'
        when known.ledger_behind then 'refused:ledger-behind'
        when not known.permitted then 'refused:no-permit'
        else 'passed' end;
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

-- For the record: each point with who held it once, however many rows showed it. Most answers are about one point.
create or replace function barrier.pairs(inout points text[], inout holders text[])
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
begin
    if points is null then
        points := '{}'; holders := '{}';
    elsif points[1] = all (points) and holders[1] = all (holders) then
        points := points[1:1]; holders := holders[1:1];
    else
        select array_agg(d.p), array_agg(d.h) into points, holders
          from (select distinct u.p, u.h from unnest(points, holders) u(p, h) order by u.p, u.h) d;
    end if;
end $$;

create or replace function barrier.mask_name(value text) returns text language sql immutable strict parallel safe
    return case when value = '' then '' else left(value, 1) || '＊＊＊' end;
create or replace function barrier.mask_phone(value text) returns text language sql immutable strict parallel safe
    return case when value = '' then '' else '＊＊＊' || right(value, 4) end;
create or replace function barrier.mask_address(value text) returns text language sql immutable strict parallel safe
    return case when value = '' then '' else left(value, 6) || '＊＊＊' end;
