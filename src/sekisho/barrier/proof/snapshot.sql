-- Everything in this database that could carry, open or weaken a path, one row an object: its key and its state as text.
-- Run with an empty search path. Privileges are read apart (deployed.py). Partitions are held against their parents there, too.

-- name: relation
select n.nspname || '.' || c.relname,
       concat_ws(' ', 'kind', c.relkind, 'owner', pg_get_userbyid(c.relowner), 'secured', c.relrowsecurity, 'forced', c.relforcerowsecurity,
                 'persistence', c.relpersistence, 'options', c.reloptions, 'partitioned', pg_get_partkeydef(c.oid),
                 'inherits', (select string_agg(i.inhparent::regclass::text, ',') from pg_inherits i where i.inhrelid = c.oid))
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where {outside} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and not c.relispartition

-- name: column
select n.nspname || '.' || c.relname || '.' || a.attname,
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), 'not null', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated,
                 'default', pg_get_expr(d.adbin, d.adrelid), 'collation', (select l.collname from pg_collation l where l.oid = a.attcollation))
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where {outside} and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition

-- name: view
select n.nspname || '.' || c.relname, pg_get_viewdef(c.oid)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where {outside} and c.relkind in ('v', 'm')

-- name: policy
select n.nspname || '.' || c.relname || ':' || p.polname,
       concat_ws(' ', 'permissive', p.polpermissive, 'for', p.polcmd, 'to',
                 array(select case when r = 0 then 'public' else pg_get_userbyid(r)::text end from unnest(p.polroles) r order by 1),
                 'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid),
                 'rule', obj_description(p.oid, 'pg_policy'))
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace

-- name: function
select p.oid::regprocedure::text,
       concat_ws(' ', 'owner', pg_get_userbyid(p.proowner), 'kind', p.prokind, case when p.prokind <> 'a' then pg_get_functiondef(p.oid) end)
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where {outside}

-- name: trigger
select n.nspname || '.' || c.relname || ':' || case when t.tgisinternal then coalesce(k.conname, '')::text || ' ' || t.tgfoid::regproc::text else t.tgname::text end,
       concat_ws(' ', 'enabled', t.tgenabled, case when t.tgisinternal then t.tgtype::text else pg_get_triggerdef(t.oid) end)
  from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
  left join pg_constraint k on k.oid = t.tgconstraint
 where {outside} and not c.relispartition

-- name: constraint
select n.nspname || '.' || c.relname || ':' || k.conname,
       concat_ws(' ', pg_get_constraintdef(k.oid), 'validated', k.convalidated, 'enforced', k.conenforced)
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
 where {outside} and not c.relispartition

-- name: index
select n.nspname || '.' || i.relname, pg_get_indexdef(x.indexrelid)
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid join pg_namespace n on n.oid = c.relnamespace
 where {outside} and not c.relispartition

-- name: rule
select n.nspname || '.' || c.relname || ':' || r.rulename, concat_ws(' ', 'enabled', r.ev_enabled, pg_get_ruledef(r.oid))
  from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
 where {outside} and r.rulename <> '_RETURN'

-- name: schema
select n.nspname, 'owner ' || pg_get_userbyid(n.nspowner) from pg_namespace n where {outside}

-- name: type
select t.oid::regtype::text,
       concat_ws(' ', 'owner', pg_get_userbyid(t.typowner), 'kind', t.typtype, 'base', nullif(t.typbasetype, 0)::regtype, 'default', t.typdefault)
  from pg_type t join pg_namespace n on n.oid = t.typnamespace
 where {outside} and t.typtype in ('d', 'e', 'r', 'b', 'm') and t.typelem = 0

-- name: extension
select e.extname, concat_ws(' ', 'version', e.extversion, 'owner', pg_get_userbyid(e.extowner), 'schema', e.extnamespace::regnamespace)
  from pg_extension e

-- name: operator
select o.oid::regoperator::text, o.oprcode::text from pg_operator o join pg_namespace n on n.oid = o.oprnamespace where {outside}

-- name: cast
select c.castsource::regtype || ' as ' || c.casttarget::regtype, concat_ws(' ', c.castfunc::regproc, c.castcontext, c.castmethod)
  from pg_cast c where c.oid >= 16384

-- name: language
select l.lanname, concat_ws(' ', 'owner', pg_get_userbyid(l.lanowner), 'trusted', l.lanpltrusted) from pg_language l

-- name: default privileges
select concat_ws(' ', pg_get_userbyid(d.defaclrole), d.defaclnamespace::regnamespace, d.defaclobjtype), d.defaclacl::text from pg_default_acl d

-- name: event trigger
select e.evtname, concat_ws(' ', e.evtevent, e.evtfoid::regproc, 'enabled', e.evtenabled) from pg_event_trigger e

-- name: publication
select p.pubname,
       concat_ws(' ', case when p.puballtables or exists (select from pg_publication_rel r where r.prpubid = p.oid)
                                or exists (select from pg_publication_namespace s where s.pnpubid = p.oid)
                           then 'publishes tables' else 'messages only' end, 'owner', pg_get_userbyid(p.pubowner))
  from pg_publication p

-- name: subscription
select s.subname, concat_ws(' ', 'owner', pg_get_userbyid(s.subowner), 'publications', s.subpublications)
  from pg_subscription s where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())

-- name: foreign server
select s.srvname, concat_ws(' ', 'owner', pg_get_userbyid(s.srvowner), 'options', s.srvoptions) from pg_foreign_server s

-- name: user mapping
select concat_ws(' ', u.srvname, u.usename), 'there' from pg_user_mappings u

-- name: large object
select l.oid::text, 'owner ' || pg_get_userbyid(l.lomowner) from pg_largeobject_metadata l

-- name: extended statistics
select n.nspname || '.' || s.stxname, pg_get_statisticsobjdef(s.oid) from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace

-- name: settings of the database
select coalesce(pg_get_userbyid(nullif(s.setrole, 0)), 'everyone') || ' ' || x, 'set'
  from pg_db_role_setting s, unnest(s.setconfig) x where s.setdatabase = (select d.oid from pg_database d where d.datname = current_database())

-- name: security label
select concat_ws(' ', l.objtype, l.objname, l.provider), l.label from pg_seclabels l
