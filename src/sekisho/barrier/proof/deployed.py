"""The live catalog, as far as the proof needs its meaning: tables, views, row security, functions, roles, grants.

Read in one repeatable-read transaction with an empty search path, so that PostgreSQL prints every name in full.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

SYSTEM = ("pg_catalog", "information_schema", "pg_toast")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type as `format_type` prints it, and whether its collation compares by bytes."""

    name: str
    type: str
    deterministic: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or materialised view outside the system schemas."""

    oid: int
    name: str
    kind: str  # pg_class.relkind
    owner: str
    secured: bool
    forced: bool
    options: tuple[str, ...]
    partition_of: str | None
    definition: str | None
    columns: tuple[Column, ...]

    @property
    def is_view(self) -> bool:
        """Whether rows come from a definition."""
        return self.kind in "vm"


@dataclass(frozen=True, slots=True)
class Policy:
    """A row-security policy; `roles` holds `public` for everyone."""

    table: str
    name: str
    permissive: bool
    roles: frozenset[str]
    command: str
    using: str | None


@dataclass(frozen=True, slots=True)
class Role:
    """A role, and those whose rights it can take on: by inheritance or `set role`, itself included."""

    name: str
    superuser: bool
    bypasses: bool
    can_login: bool
    closure: frozenset[str]


@dataclass(frozen=True, slots=True)
class Function:
    """A function outside the system schemas. `body` is printed by PostgreSQL for SQL-standard bodies, else the source."""

    oid: int
    name: str
    signature: str
    owner: str
    language: str
    definer: bool
    atomic: bool
    body: str
    settings: tuple[str, ...]
    extension: str | None


@dataclass(frozen=True, slots=True)
class Grant:
    """One privilege on one object. `initial`: as initdb left it."""

    kind: str
    object: str
    grantee: str
    privilege: str
    initial: bool


@dataclass(frozen=True, slots=True)
class Deployed:
    """What is there."""

    database: str
    database_owner: str
    server_version: str
    code_point_order: bool
    relations: dict[str, Relation]
    policies: tuple[Policy, ...]
    functions: dict[str, Function]  # by signature
    roles: dict[str, Role]
    grants: tuple[Grant, ...]
    entitled: frozenset[
        str
    ]  # tables whose rows a constraint or trigger keeps inside a contract of their holder
    dependencies: dict[int, frozenset[str]] = field(default_factory=dict)

    def policies_for(self, table: str, role: str) -> list[Policy]:
        """The policies that bind `role` when it selects from `table`."""
        mine = self.roles[role].closure | {"public"}
        return [p for p in self.policies if p.table == table and p.command in ("r", "*") and p.roles & mine]


@contextmanager
def reading(conn: psycopg.Connection) -> Iterator[None]:
    """One consistent look at the catalog, with names printed in full."""
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        conn.execute("set local search_path to ''")
        yield


def read_deployed(conn: psycopg.Connection) -> Deployed:
    """Read everything; call inside `reading`."""
    row = conn.execute(_DATABASE).fetchone()
    if row is None:
        raise RuntimeError("pg_database has no row for the current database")
    database, owner, version, code_point_order = row
    return Deployed(
        database=database,
        database_owner=owner,
        server_version=version,
        code_point_order=code_point_order,
        relations=_relations(conn),
        policies=tuple(
            Policy(table, name, permissive, frozenset(roles), command, using)
            for table, name, permissive, roles, command, using in conn.execute(_POLICIES).fetchall()
        ),
        functions={f.signature: f for f in (_function(*row) for row in conn.execute(_FUNCTIONS))},
        roles=_roles(conn),
        grants=tuple(Grant(*row) for row in conn.execute(_GRANTS).fetchall()),
        entitled=frozenset(table for (table,) in conn.execute(_ENTITLED).fetchall()),
        dependencies=_dependencies(conn),
    )


def _relations(conn: psycopg.Connection) -> dict[str, Relation]:
    columns: dict[int, list[Column]] = {}
    for oid, name, type_name, deterministic in conn.execute(_COLUMNS).fetchall():
        columns.setdefault(oid, []).append(Column(name, type_name, deterministic))
    return {
        name: Relation(
            oid,
            name,
            kind,
            owner,
            secured,
            forced,
            tuple(options or ()),
            parent,
            text,
            tuple(columns.get(oid, ())),
        )
        for oid, name, kind, owner, secured, forced, options, parent, text in conn.execute(
            _RELATIONS
        ).fetchall()
    }


def _function(*row: Any) -> Function:
    oid, name, signature, owner, language, definer, atomic, body, settings, extension = row
    return Function(
        oid, name, signature, owner, language, definer, atomic, body, tuple(settings or ()), extension
    )


def _roles(conn: psycopg.Connection) -> dict[str, Role]:
    return {
        name: Role(name, superuser, bypasses, can_login, frozenset(closure))
        for name, superuser, bypasses, can_login, closure in conn.execute(_ROLES).fetchall()
    }


def _dependencies(conn: psycopg.Connection) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for oid, reference in conn.execute(_DEPENDENCIES).fetchall():
        found.setdefault(oid, set()).add(reference)
    return {oid: frozenset(references) for oid, references in found.items()}


OUTSIDE = (
    "n.nspname <> all (array['pg_catalog', 'information_schema', 'pg_toast'])"
    " and n.nspname not like 'pg\\_temp%' and n.nspname not like 'pg\\_toast\\_temp%'"
)

_DATABASE = """
select d.datname, pg_get_userbyid(d.datdba), current_setting('server_version'),
       pg_encoding_to_char(d.encoding) = 'UTF8' and (d.datcollate in ('C', 'POSIX', 'C.UTF-8', 'C.utf8')
         or (d.datlocprovider = 'b' and d.datlocale in ('C', 'C.UTF-8')))
  from pg_database d where d.datname = current_database()
"""

_RELATIONS = f"""
select c.oid::bigint, n.nspname || '.' || c.relname, c.relkind::text, pg_get_userbyid(c.relowner), c.relrowsecurity,
       c.relforcerowsecurity, c.reloptions,
       (select pn.nspname || '.' || p.relname from pg_inherits i join pg_class p on p.oid = i.inhparent
          join pg_namespace pn on pn.oid = p.relnamespace where i.inhrelid = c.oid and c.relispartition),
       case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and {OUTSIDE}
"""

_COLUMNS = f"""
select a.attrelid::bigint, a.attname, format_type(a.atttypid, a.atttypmod), coalesce(l.collisdeterministic, true)
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
  left join pg_collation l on l.oid = a.attcollation
 where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f') and {OUTSIDE}
 order by a.attrelid, a.attnum
"""

_POLICIES = """
select n.nspname || '.' || c.relname, p.polname, p.polpermissive,
       array(select case when r = 0 then 'public' else pg_get_userbyid(r) end from unnest(p.polroles) r)::text[],
       p.polcmd::text, pg_get_expr(p.polqual, p.polrelid)
  from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
 order by 1, 2
"""

_FUNCTIONS = f"""
select p.oid::bigint, n.nspname || '.' || p.proname, p.oid::regprocedure::text, pg_get_userbyid(p.proowner), l.lanname, p.prosecdef,
       p.prosqlbody is not null, coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), p.proconfig,
       (select e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
         where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
 where {OUTSIDE}
"""

# set role or inherit: either option makes the member able to act as the role
_ROLES = """
with recursive reach as (
  select oid as member, oid as role from pg_roles
  union select r.member, m.roleid from reach r join pg_auth_members m on m.member = r.role where m.inherit_option or m.set_option)
select r.rolname, r.rolsuper, r.rolbypassrls, r.rolcanlogin, array_agg(pg_get_userbyid(x.role)::text)
  from pg_roles r join reach x on x.member = r.oid group by 1, 2, 3, 4
"""

# What is written on every kind of object that carries privileges, against what initdb wrote there.
_GRANTS = """
with object as (
  select 'schema' as kind, 'pg_catalog.pg_namespace'::regclass as class, n.oid, 0 as part, n.nspname::text as name, n.nspname,
         coalesce(n.nspacl, acldefault('n', n.nspowner)) as acl from pg_namespace n
    -- a session's temporary schema belongs to whoever imported last; it says something only once somebody was granted it
   where n.nspacl is not null or n.nspname !~ '^pg_(toast_)?temp_'
  union all
  select case c.relkind when 'S' then 'sequence' else 'relation' end, 'pg_catalog.pg_class'::regclass, c.oid, 0, n.nspname || '.' || c.relname,
         n.nspname, coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'column', 'pg_catalog.pg_class'::regclass, c.oid, a.attnum, n.nspname || '.' || c.relname || '.' || a.attname, n.nspname, a.attacl
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
   where a.attacl is not null and not a.attisdropped
  union all
  select 'function', 'pg_catalog.pg_proc'::regclass, p.oid, 0, p.oid::regprocedure::text, n.nspname,
         coalesce(p.proacl, acldefault('f', p.proowner))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname <> 'pg_catalog' or p.proacl is not null
  union all
  select 'type', 'pg_catalog.pg_type'::regclass, t.oid, 0, t.oid::regtype::text, n.nspname, t.typacl
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typacl is not null
  union all
  select 'language', 'pg_catalog.pg_language'::regclass, l.oid, 0, l.lanname, 'pg_catalog', coalesce(l.lanacl, acldefault('l', l.lanowner))
    from pg_language l where l.oid >= 16384 or l.lanacl is not null
  union all
  select 'database', 'pg_catalog.pg_database'::regclass, d.oid, 0, d.datname, '', coalesce(d.datacl, acldefault('d', d.datdba))
    from pg_database d where d.datname = current_database()
  union all
  select 'foreign data wrapper', 'pg_catalog.pg_foreign_data_wrapper'::regclass, f.oid, 0, f.fdwname, '',
         coalesce(f.fdwacl, acldefault('F', f.fdwowner)) from pg_foreign_data_wrapper f
  union all
  select 'foreign server', 'pg_catalog.pg_foreign_server'::regclass, s.oid, 0, s.srvname, '', coalesce(s.srvacl, acldefault('S', s.srvowner))
    from pg_foreign_server s
  union all
  select 'large object', 'pg_catalog.pg_largeobject'::regclass, l.oid, 0, l.oid::text, '', coalesce(l.lomacl, acldefault('L', l.lomowner))
    from pg_largeobject_metadata l
  union all
  select 'tablespace', 'pg_catalog.pg_tablespace'::regclass, t.oid, 0, t.spcname, '', coalesce(t.spcacl, acldefault('t', t.spcowner))
    from pg_tablespace t
  union all
  select 'parameter', 'pg_catalog.pg_parameter_acl'::regclass, p.oid, 0, p.parname, '', p.paracl from pg_parameter_acl p
), written as (
  select o.*, a.grantee, a.privilege_type from object o, aclexplode(o.acl) a
)
select w.kind, w.name, case when w.grantee = 0 then 'public' else pg_get_userbyid(w.grantee) end, w.privilege_type,
       (w.nspname = 'information_schema' and w.grantee = 0 and w.oid < 16384)
       or w.nspname in ('pg_catalog', 'pg_toast') and exists (
         select from pg_init_privs i, aclexplode(i.initprivs) b
          where i.objoid = w.oid and i.classoid = w.class and i.objsubid = w.part and i.privtype = 'i'
            and b.grantee = w.grantee and b.privilege_type = w.privilege_type)
  from written w
"""

# INVARIANT (of the tables): a fact lies inside a contract of its holder. Enforced by a validated temporal foreign key whose triggers
# fire, or, for usage, by the statement triggers. `registry.contract` is the contract itself.
_ENTITLED = """
select n.nspname || '.' || c.relname
  from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
 where k.contype = 'f' and k.conperiod and k.convalidated and k.conenforced
   and k.confrelid = pg_catalog.to_regclass('registry.contract')
   and array(select a.attname::text from unnest(k.conkey) with ordinality x(num, nth)
               join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.num order by nth)
       = array['contract_no', 'point', 'holder', 'valid']
   and array(select a.attname::text from unnest(k.confkey) with ordinality x(num, nth)
               join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.num order by nth)
       = array['contract_no', 'point', 'holder', 'valid']
   and not exists (select from pg_trigger t where t.tgconstraint = k.oid and t.tgenabled not in ('O', 'A'))
   and (select count(*) from pg_trigger t where t.tgconstraint = k.oid) = 4
union
select 'registry.contract'
 where exists (select from pg_constraint k where k.conrelid = pg_catalog.to_regclass('registry.contract') and k.conperiod
                  and k.contype = 'u' and k.conname = 'contract_one_at_a_time')
union
select 'metering.usage_day'
 where (select count(*) from pg_trigger t
         where t.tgenabled in ('O', 'A')
           and (t.tgrelid, t.tgname) in ((pg_catalog.to_regclass('metering.usage_day'), 'usage_entitled_insert'),
                                         (pg_catalog.to_regclass('metering.usage_day'), 'usage_entitled_update'),
                                         (pg_catalog.to_regclass('registry.contract'), 'contract_covers_usage'))) = 3
"""

_DEPENDENCIES = """
select d.objid::bigint,
       case d.refclassid
         when 'pg_catalog.pg_class'::regclass then (select 'relation ' || n.nspname || '.' || c.relname from pg_class c
                                           join pg_namespace n on n.oid = c.relnamespace where c.oid = d.refobjid)
         when 'pg_catalog.pg_proc'::regclass then 'function ' || d.refobjid::regprocedure::text
         when 'pg_catalog.pg_namespace'::regclass then 'schema ' || (select n.nspname from pg_namespace n where n.oid = d.refobjid)
         else (pg_identify_object(d.refclassid, d.refobjid, 0)).type || ' ' || (pg_identify_object(d.refclassid, d.refobjid, 0)).identity
       end
  from pg_depend d join pg_proc p on p.oid = d.objid join pg_namespace n on n.oid = p.pronamespace
 where d.classid = 'pg_catalog.pg_proc'::regclass and d.deptype = 'n' and n.nspname not in ('pg_catalog', 'information_schema')
"""
