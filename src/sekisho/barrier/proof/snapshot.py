"""Obligation 2: what is deployed is what was compiled, nothing more and nothing less.

The same migrations and the same compilation go into a throw-away database on the same server; both catalogs are then read with the
same queries and compared object by object. PostgreSQL itself printed both sides, so no rule of formatting stands between them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Set
from functools import cache
from importlib.resources import files

import psycopg

from sekisho.barrier.audiences import PURPOSES
from sekisho.barrier.compiler import ALL_ROLES, OWNER, WORKER
from sekisho.barrier.proof.deployed import OUTSIDE, Deployed
from sekisho.barrier.proof.findings import Tally

Snapshot = dict[tuple[str, str], str]
"""(kind, name) → state."""

_INSTALLER = "«installer»"
APART = frozenset(
    (
        "pg_logical_emit_message(boolean,text,text,boolean)",
        "pg_logical_emit_message(boolean,text,bytea,boolean)",
        "pg_log_standby_snapshot()",
    )
)
"""The server's own functions that a superuser opens or closes by hand where the installer is none: held against what must be by whoever
calls `prove`, not against a database that the installer has just made."""


def take(conn: psycopg.Connection, deployed: Deployed) -> Snapshot:
    """The state of every object; call inside `deployed.reading`. Whoever owns the database is named by one word on both sides."""
    found: Snapshot = {}
    for kind, statement in _queries():
        for name, state in conn.execute(statement.encode()).fetchall():
            found[kind, name] = _neutral(state, deployed.database_owner)
    for grant in deployed.grants:
        relation = deployed.relations.get(grant.object)
        if not (grant.initial or grant.object in APART or (relation and relation.partition_of)):
            name = "the database" if grant.kind == "database" else grant.object
            grantee = _INSTALLER if grant.grantee == deployed.database_owner else grant.grantee
            found["privilege", f"{grant.privilege} on {grant.kind} {name} to {grantee}"] = "granted"
    return found


def _neutral(state: str, owner: str) -> str:
    return (
        state.replace(f"owner {owner} ", f"owner {_INSTALLER} ")
        if f"owner {owner} " in f"{state} "
        else state
    )


@cache
def _queries() -> tuple[tuple[str, str], ...]:
    text = files("sekisho.barrier.proof").joinpath("snapshot.sql").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in text.split("-- name: ")[1:]]
    return tuple((name.strip(), body.replace("{outside}", OUTSIDE)) for name, _, body in parts)


def digest(snapshot: Snapshot) -> str:
    """SHA-256 over the whole snapshot: the certificate names the state it speaks of."""
    listed = sorted((kind, name, state) for (kind, name), state in snapshot.items())
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


def compare(live: Snapshot, compiled: Mapping[tuple[str, str], str], tally: Tally) -> None:
    """Every object on either side is a statement: it is there on both, in the same state."""
    tally.statements += len(live.keys() | compiled.keys())
    for kind, name in _without_parts(compiled.keys() - live.keys()):
        tally.fail(
            name,
            f"{kind} がデータベースにありません。",
            f"This {kind} was compiled, but is not in the database.",
        )
    for kind, name in _without_parts(live.keys() - compiled.keys()):
        tally.fail(
            name,
            f"{kind} は宣言されていません(余分)。",
            f"This {kind} is in the database, but nothing declares it.",
        )
    for kind, name in sorted(live.keys() & compiled.keys()):
        if live[kind, name] != compiled[kind, name]:
            was, now = _where_they_part(compiled[kind, name], live[kind, name])
            tally.fail(name, f"{kind} が宣言と違います: 宣言「{was}」、実際「{now}」。",
                       f"This {kind} is not as compiled: compiled {was!r}, deployed {now!r}.")  # fmt: skip


def _without_parts(keys: Set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The objects themselves: columns of and privileges on a relation or function that is itself among them add nothing."""
    whole = {name for kind, name in keys if kind in ("relation", "function")}
    return sorted(
        (kind, name) for kind, name in keys if not (kind in _PARTS and whole & set(_owners(kind, name)))
    )


_PARTS = ("column", "view", "privilege", "constraint", "index", "trigger")


def _owners(kind: str, name: str) -> Iterator[str]:
    """The relation or function that a part may belong to."""
    match kind:
        case "column" | "index":
            yield name.rpartition(".")[0]
        case "view":
            yield name
        case "privilege":
            yield name.partition(" on ")[2].partition(" ")[2].rpartition(" to ")[0]
        case _:
            yield name.partition(":")[0]


def _where_they_part(compiled: str, live: str) -> tuple[str, str]:
    start = next(
        (n for n, (a, b) in enumerate(zip(compiled, live, strict=False)) if a != b),
        min(len(compiled), len(live)),
    )
    begin = max(0, start - 40)
    return compiled[begin : start + 80], live[begin : start + 80]


def check_partitions(deployed: Deployed, tally: Tally) -> None:
    """A month's partition comes and goes without a compilation: it must be as closed as its parent."""
    for relation in deployed.relations.values():
        if relation.partition_of is None:
            continue
        owners = {OWNER, deployed.database_owner}
        tally.require(
            relation.owner in owners,
            relation.name,
            f"所有者が {relation.owner} です。",
            f"It belongs to {relation.owner}.",
        )
        parts = [policy.name for policy in deployed.policies if policy.table == relation.name]
        tally.require(
            not parts,
            relation.name,
            f"区画に独自のポリシーがあります: {parts}",
            f"The partition has policies of its own: {parts}.",
        )
        tally.require(relation.secured and relation.forced, relation.name,
                      "区画の行レベルセキュリティが強制されていません。", "Row security is not forced on this partition.")  # fmt: skip
    for grant in deployed.grants:
        relation_ = deployed.relations.get(
            grant.object if grant.kind == "relation" else grant.object.rpartition(".")[0]
        )
        if grant.kind in ("relation", "column") and relation_ and relation_.partition_of:
            known = grant.grantee in {OWNER, WORKER, deployed.database_owner}
            tally.require(known, f"{grant.privilege} on {grant.object} to {grant.grantee}",
                          "区画に直接の権限があります。", "A privilege on the partition itself.")  # fmt: skip


# --- roles belong to the whole server, so they are held against what the compiler says, not against the throw-away database


def check_roles(conn: psycopg.Connection, deployed: Deployed, tally: Tally) -> None:
    """Attributes, memberships and settings of the platform's roles."""
    attributes = {row[0]: row[1:] for row in conn.execute(_ATTRIBUTES).fetchall()}
    ours = _ours(deployed)
    made_the_cluster = conn.execute("select rolname from pg_roles where oid = 10").fetchone()
    ours = [
        role for role in ours if (role,) != made_the_cluster
    ]  # owns what extensions install; disclosed among the roles outside
    for role in ours:
        tally.require(role in attributes, role, "ロールがありません。", "The role is missing.")
        if role in attributes:
            _check_attributes(role, dict(zip(_NAMES, attributes[role], strict=True)), tally)
    for role, member in _memberships(conn, deployed, frozenset(ours)):
        tally.fail(
            f"{member} → {role}", f"{member} は {role} の権限を使えます。", f"{member} is a member of {role}."
        )
    for role, setting in conn.execute(_SETTINGS, [ours]).fetchall():
        tally.fail(
            f"{role}: {setting}",
            f"ロール {role} に設定 {setting} があります。",
            f"The role {role} carries the setting {setting}.",
        )
    tally.statements += 2 * len(ours)


def _ours(deployed: Deployed) -> list[str]:
    """The compiled roles, and whoever else holds a privilege in this database: the accounts' logins."""
    grantees = {grant.grantee for grant in deployed.grants if not grant.initial}
    built_in = {name for name in deployed.roles if name.startswith("pg_")}
    return sorted({*ALL_ROLES, *grantees} - {"public", deployed.database_owner} - built_in)


_NAMES = (
    "superuser",
    "create role",
    "create database",
    "replication",
    "bypass row security",
    "inherit",
    "login",
)
_ATTRIBUTES = "select rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolinherit, rolcanlogin from pg_roles"
_SETTINGS = """
select pg_get_userbyid(s.setrole), x from pg_db_role_setting s, unnest(s.setconfig) x where pg_get_userbyid(s.setrole) = any (%s)
"""
_MEMBERSHIPS = """
select pg_get_userbyid(m.roleid), pg_get_userbyid(m.member), r.rolsuper from pg_auth_members m join pg_roles r on r.oid = m.member
"""


def _check_attributes(role: str, has: Mapping[str, bool], tally: Tally) -> None:
    # the log's sequencer, which is no role of the compiler's, reads its announcements from the write-ahead log
    forbidden = [
        name for name in _NAMES[:5] if has[name] and not (name == "replication" and role not in ALL_ROLES)
    ]
    tally.require(not forbidden, role, f"ロール {role} に {', '.join(forbidden)} があります。",
                  f"The role {role} has {', '.join(forbidden)}.")  # fmt: skip
    owners = {OWNER, *(purpose.role for purpose in PURPOSES)}
    tally.require(
        not (has["login"] and role in owners),
        role,
        f"所有者ロール {role} でログインできます。",
        f"The owner role {role} can log in.",
    )


def _memberships(
    conn: psycopg.Connection, deployed: Deployed, ours: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """Memberships that touch the platform's roles. The installer's own are the means by which it applies the barrier."""
    for role, member, superuser in conn.execute(_MEMBERSHIPS).fetchall():
        if (role in ours or member in ours) and not (member == deployed.database_owner and not superuser):
            yield role, member
