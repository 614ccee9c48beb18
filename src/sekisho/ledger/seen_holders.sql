-- One reading may show a point in the time of several holders: each of them learns of it. Points that nobody held are here, too ('' is nobody's
-- code), so that a search by point finds every passage; `first_of_point` marks one row of each passage and point, so that it finds it once.
truncate ledger.seen_point;
alter table ledger.seen_point
    add column first_of_point boolean not null default true,
    drop constraint seen_point_pkey,
    add primary key (at, passage_id, point, holder);
drop index ledger.seen_point_point_at_idx;
create index on ledger.seen_point (point, at, passage_id);
insert into ledger.seen_point (at, passage_id, point, holder, gate, audience, company, person, purpose, items, first_of_point)
select p.at, p.passage_id, s.point, s.holder, p.gate, p.audience, p.company, p.person, p.purpose, p.items,
       s.ordinal = min(s.ordinal) over (partition by p.at, p.passage_id, s.point)
  from ledger.state t, ledger.passage p cross join lateral unnest(p.points, p.holders) with ordinality as s(point, holder, ordinal)
 where pg_visible_in_snapshot(p.xact, t.derived)
on conflict do nothing;
