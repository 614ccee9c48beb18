"""Obligation 3, outside the gates: from each surface's login nothing leads anywhere but to its gates.

Every privilege on every kind of object is read from the catalog, inherited and PUBLIC ones included; what is not named here as the
way through is a path. Kinds of objects that have no place in this database (foreign servers, large objects, …) must not exist.
"""

from collections.abc import Callable, Iterable

import psycopg

from sekisho.barrier.audiences import AUDIENCES, PURPOSES, Audience, Purpose, purposes_of
from sekisho.barrier.compiler import OWNER, WORKER
from sekisho.barrier.deploy import SCHEMAS
from sekisho.barrier.intent import LEARNS, SUBMISSION
from sekisho.barrier.items import BY_CODE, COLUMNS, ITEMS, TECHNICAL
from sekisho.barrier.proof.deployed import Column, Deployed, Grant, Relation
from sekisho.barrier.proof.encoder import NotUnderstood, parse
from sekisho.barrier.proof.findings import Counterexample, Tally
from sekisho.barrier.proof.snapshot import Snapshot
from sekisho.barrier.proof.views import interference
from sekisho.barrier.proof.worlds import Caller

TRUSTED_EXTENSIONS = ("btree_gist",)
"""Index support in C. Its functions compute on their arguments and read no table."""

ABSENT = ("foreign server", "user mapping", "large object", "subscription", "event trigger", "rule",
          "default privileges", "extended statistics", "security label", "cast")  # fmt: skip
"""Kinds of objects of which there is none: each could carry data past the gates, or change what others may do."""

Explain = Callable[[str, Caller], Counterexample | None]


def prove_paths(deployed: Deployed, snapshot: Snapshot, tally: Tally) -> None:
    """Logins, the owners of views and gates, and what must not exist."""
    for audience in AUDIENCES:
        for login in audience.logins:
            _prove_login(deployed, audience, login, tally)
    for purpose in PURPOSES:
        _prove_owner(deployed, purpose, tally)
    for kind in ABSENT:
        there = sorted(name for found, name in snapshot if found == kind)
        tally.require(
            not there,
            f"{kind}: {', '.join(there) or '—'}",
            f"{kind} があってはなりません。",
            f"There must be no {kind}.",
        )
    _prove_other_kinds(deployed, snapshot, tally)


def _prove_other_kinds(deployed: Deployed, snapshot: Snapshot, tally: Tally) -> None:
    for relation in deployed.relations.values():
        tally.require(relation.kind not in "mf", relation.name, "実体化ビューと外部表は、行レベルセキュリティの外にあります。",
                      "Materialised views and foreign tables lie outside row security.")  # fmt: skip
    for (kind, name), state in snapshot.items():
        if kind == "publication":
            tally.require(state.startswith("messages only"), f"publication {name}", "公開(publication)が表の行を流します。",
                          "The publication carries rows of tables.")  # fmt: skip
        elif kind == "language":
            tally.require(name in ("internal", "c", "sql", "plpgsql"), f"language {name}", "許されない手続き言語があります。",
                          "A procedural language that has no place here.")  # fmt: skip
        elif kind == "extension":
            tally.require(name in ("plpgsql", *TRUSTED_EXTENSIONS), f"extension {name}", "許されない拡張があります。",
                          "An extension that has no place here.")  # fmt: skip


def _prove_login(deployed: Deployed, audience: Audience, login: str, tally: Tally) -> None:
    role = deployed.roles.get(login)
    tally.require(role is not None, login, "ログインがありません。", "There is no such login.")
    if role is None:
        return
    taken = sorted(role.closure - {login})
    tally.require(
        not taken,
        login,
        f"{login} は {', '.join(taken)} の権限を使えます。",
        f"{login} can act as {', '.join(taken)}.",
    )
    tally.require(
        not (role.superuser or role.bypasses),
        login,
        f"{login} は行レベルセキュリティを越えます。",
        f"{login} bypasses row security.",
    )
    for grant in deployed.grants:
        if grant.grantee in role.closure | {"public"} and not grant.initial:
            tally.statements += 1
            if not _is_the_way_through(deployed, audience, grant):
                _report(deployed, audience, login, grant, tally)
    _prove_owns_nothing(deployed, role.closure, login, tally)


def _prove_owns_nothing(deployed: Deployed, closure: Iterable[str], login: str, tally: Tally) -> None:
    owned = [r.name for r in deployed.relations.values() if r.owner in closure]
    owned += [f.signature for f in deployed.functions.values() if f.owner in closure]
    tally.require(
        not owned,
        login,
        f"{login} が {', '.join(owned)} を所有しています。",
        f"{login} owns {', '.join(owned)}.",
    )


def _is_the_way_through(deployed: Deployed, audience: Audience, grant: Grant) -> bool:
    match (grant.kind, grant.privilege):
        case ("database", "CONNECT"):
            return True
        case ("schema", "USAGE"):
            return grant.object == "gate"
        case ("function", "EXECUTE"):
            return _is_own_gate(deployed, audience, grant.object)
        case ("type" | "language", "USAGE"):
            return True
    return False


def _is_own_gate(deployed: Deployed, audience: Audience, signature: str) -> bool:
    function = deployed.functions.get(signature)
    if function is None:
        return False  # a function of pg_catalog that initdb had closed
    if (
        function.extension in TRUSTED_EXTENSIONS
        and function.language in ("c", "internal")
        and not function.definer
    ):
        return True
    return function.name.startswith("gate.") and function.owner in {
        purpose.role for purpose in purposes_of(audience.code)
    }


def _report(deployed: Deployed, audience: Audience, login: str, grant: Grant, tally: Tally) -> None:
    via = "PUBLIC" if grant.grantee == "public" else grant.grantee
    subject = f"{login} → {via} → {grant.privilege} on {grant.kind} {grant.object}"
    found = _flow(deployed, audience, grant)
    no_row_ja = (
        "" if found else "いまこの経路で流れる行は確かめられませんが、経路があること自体が許されません。"
    )
    no_row_en = "" if found else " No row is shown to flow here now, but the path itself may not exist."
    tally.fail(subject, f"ゲート以外の経路があります({via} への {grant.privilege})。{no_row_ja}",
               f"There is a path past the gates.{no_row_en}", found)  # fmt: skip


def _flow(deployed: Deployed, audience: Audience, grant: Grant) -> Counterexample | None:
    """A row that would reach the login through this path."""
    name = grant.object if grant.kind != "column" else grant.object.rpartition(".")[0]
    relation = _as_relation(deployed, name) if grant.kind == "function" else deployed.relations.get(name)
    if relation is None or grant.privilege not in ("SELECT", "EXECUTE"):
        return None
    for purpose in purposes_of(audience.code):
        try:
            found = interference(
                deployed,
                relation,
                Caller(purpose.audience, purpose.code),
                _reader(audience, relation),
            )
        except (NotUnderstood, KeyError, ValueError):
            return _generic(audience, purpose, name)
        if isinstance(found, Counterexample):
            return found
    return None


def _reader(audience: Audience, relation: Relation) -> str:
    return relation.owner if relation.is_view else audience.logins[0]


def _as_relation(deployed: Deployed, signature: str) -> Relation | None:
    """A security-definer function of one SELECT, looked at as the view that it amounts to."""
    function = deployed.functions.get(signature)
    if function is None or not function.definer or function.language != "sql":
        return None
    try:
        tree = parse(function.body.strip().removeprefix("BEGIN ATOMIC").removesuffix("END").strip())
    except NotUnderstood:
        return None
    columns = tuple(
        Column(part.alias_or_name or f"column{n}", "text", True) for n, part in enumerate(tree.expressions)
    )
    return Relation(
        function.oid,
        function.name,
        "v",
        function.owner,
        False,
        False,
        (),
        None,
        tree.sql("postgres"),
        columns,
    )


def _generic(audience: Audience, purpose: Purpose, name: str) -> Counterexample:
    row: dict[str, str | None] = {
        "holder": "00016",
        "point": "0600000000000000000001",
        "name": "山田太郎",
        "day": "2024-04-01",
    }
    return Counterexample(
        {"audience": audience.code, "purpose": purpose.code, "company": "00026"}, row, (name,),
        f"{name} を通れば、00016 の需要家 山田太郎(地点 …0001、2024-04-01)の行が {audience.code} に届かないとは言えません。",
        f"Nothing shows that a row of holder 00016's customer at point …0001 on 2024-04-01 does not reach {audience.code} through {name}.",
    )  # fmt: skip


# --- the owners of views and gates: what they may do beside reading (reading is proved by `views.prove_owners`)


def _prove_owner(deployed: Deployed, purpose: Purpose, tally: Tally) -> None:
    role = deployed.roles.get(purpose.role)
    tally.require(role is not None and role.closure == {purpose.role}, purpose.role, "目的のロールが無いか、別のロールの権限を使えます。",
                  "The purpose's role is missing or can act as another.")  # fmt: skip
    for grant in deployed.grants:
        if grant.grantee == purpose.role and not grant.initial:
            tally.require(_fits_owner(purpose, grant), f"{purpose.role} → {grant.privilege} on {grant.kind} {grant.object}",
                          "目的のロールに余分な権限があります。", "The purpose's role has a privilege beyond its task.")  # fmt: skip


def _fits_owner(purpose: Purpose, grant: Grant) -> bool:
    own = grant.object == purpose.schema or grant.object.startswith(
        (f"{purpose.schema}.", f"gate.{purpose.role.removeprefix('seen_')}_")
    )
    match (grant.kind, grant.privilege):
        case ("relation", "INSERT"):
            return own or grant.object in ("ledger.passage", SUBMISSION[0])
        case ("schema", "USAGE"):
            return own or grant.object in SCHEMAS
        case ("column", "SELECT"):
            return True
        case ("function", "EXECUTE"):
            return own or grant.object.startswith("barrier.")
    return own


# --- coverage: every column is an item or technical


def prove_coverage(deployed: Deployed, tally: Tally) -> None:
    """Every column of every domain table is classified; every classification names a column that exists; every item has an intent."""
    for relation in deployed.relations.values():
        if (
            relation.name.partition(".")[0] not in SCHEMAS
            or relation.kind not in "rpfm"
            or relation.partition_of
        ):
            continue
        for column in relation.columns:
            tally.statements += 1
            if column.name not in COLUMNS.get(relation.name, {}):
                _uncovered(relation, column.name, tally)
    for table, columns in COLUMNS.items():
        there = (
            {column.name for column in deployed.relations[table].columns}
            if table in deployed.relations
            else set()
        )
        for column_name, item in columns.items():
            subject = f"{table}.{column_name}"
            tally.require(
                column_name in there,
                subject,
                "項目表にある列がデータベースにありません。",
                "The item map names a column that does not exist.",
            )
            tally.require(
                item == TECHNICAL or item in BY_CODE,
                subject,
                f"項目 {item} はありません。",
                f"There is no item {item}.",
            )
    for listed in ITEMS:
        tally.require(
            listed.code in LEARNS,
            listed.code,
            "この項目について意図が書かれていません。",
            "The intent says nothing about this item.",
        )


def _uncovered(relation: Relation, column: str, tally: Tally) -> None:
    shown: dict[str, str | None] = {
        "holder": "00016",
        "point": "0600000000000000000001",
        "day": "2024-04-01",
        column: "…",
    }
    example = Counterexample(
        {}, shown, (column,),
        f"{relation.name} の行(契約先 00016、地点 …0001、2024-04-01)の {column} を誰が知ってよいか、どこにも書かれていません。",
        f"Nothing says who may learn {column} of a row of {relation.name} (holder 00016, point …0001, 2024-04-01).",
    )  # fmt: skip
    tally.fail(
        f"{relation.name}.{column}",
        "この列はどの情報項目にも属しません。",
        "No item covers this column.",
        example,
    )


def outside_roles(conn: psycopg.Connection) -> list[str]:
    """Roles outside the theorem: superusers, whoever bypasses row security, and whoever may stream the write-ahead log."""
    rows = conn.execute(
        "select rolname from pg_roles where rolsuper or rolbypassrls or rolreplication order by 1"
    ).fetchall()
    return [name for (name,) in rows if name not in (OWNER, WORKER)]
