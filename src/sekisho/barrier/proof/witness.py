"""A row of the live database that shows what a counterexample says, where the database holds one."""

import re

import psycopg
from sqlglot import exp

from sekisho.barrier.intent import Clause, reach_of
from sekisho.barrier.proof.deployed import Deployed, Relation
from sekisho.barrier.proof.encoder import NotUnderstood, parse
from sekisho.barrier.proof.worlds import Caller

_TELLING = (
    "contract_no",
    "point",
    "holder",
    "customer_no",
    "name",
    "valid",
    "day",
    "company",
    "person",
    "audience",
    "kind",
)
_VIEWER = re.compile(
    r"\( ?SELECT barrier\.viewer\('\w+'::text, '\w+'::text\)(?: AS viewer)?\)", re.IGNORECASE
)
_PERSON = re.compile(
    r"\( ?SELECT barrier\.viewer_person\('\w+'::text, '\w+'::text\)(?: AS viewer_person)?\)", re.IGNORECASE
)


def find_witness(
    conn: psycopg.Connection, deployed: Deployed, relation: str, caller: Caller, learns: tuple[str, ...]
) -> dict[str, str | None] | None:
    """A row that `caller` of some company would be shown by `relation` against the intent; None where none is found.

    The relation's row security is evaluated with each retailer in the caller's place. Needs a connection that sees all rows.
    """
    try:
        table = _base(deployed, deployed.relations[relation])
        statement = _statement(deployed, deployed.relations[relation], table, caller, learns)
        with conn.transaction(force_rollback=True):
            conn.execute("set local statement_timeout to '5s'")
            row = conn.execute(statement.encode()).fetchone()
            names = [column.name for column in conn.execute(statement.encode()).description or ()]
    except (NotUnderstood, KeyError, psycopg.Error):
        return None
    return (
        None
        if row is None
        else {name: None if value is None else str(value) for name, value in zip(names, row, strict=True)}
    )


def _base(deployed: Deployed, relation: Relation) -> Relation:
    """The first table that a view reads."""
    while relation.is_view:
        table = parse(str(relation.definition)).find(exp.Table)
        if table is None:
            raise NotUnderstood(relation.name)
        relation = deployed.relations[f"{table.db}.{table.name}"]
    return relation


def _statement(
    deployed: Deployed, relation: Relation, table: Relation, caller: Caller, learns: tuple[str, ...]
) -> str:
    columns = {column.name for column in table.columns}
    shown = [name for name in _TELLING if name in columns]
    shown += [name for name in learns if name in columns and name not in shown][:6]
    listed = ", ".join(f't."{name}"::text as "{name}"' for name in shown)
    against = _against_intent(caller, table.name, columns)
    return (
        f"select r.code as viewer, {listed} from registry.retailer r, {table.name} t"
        f" where ({_visible(deployed, relation, table)}) and ({against}) limit 1"
    )


def _visible(deployed: Deployed, relation: Relation, table: Relation) -> str:
    """Row security as SQL, with the retailer's code where the ticket's company stands."""
    owner = deployed.roles[relation.owner]
    if owner.superuser or owner.bypasses or not table.secured:
        return "true"
    texts = [
        policy.using or "true"
        for policy in deployed.policies_for(table.name, relation.owner)
        if policy.permissive
    ]
    return (
        " or ".join(f"({_PERSON.sub('null::text', _VIEWER.sub('r.code', text))})" for text in texts)
        or "false"
    )


def _against_intent(caller: Caller, table: str, columns: set[str]) -> str:
    """The intent does not let the caller know of the row; where it does, what leaks is a column of a row like any other."""
    reach = reach_of(caller.audience, caller.purpose, table)
    own = {
        Clause.MY_CONTRACT: "holder",
        Clause.MY_CONTRACT_AS_RECORDED: "holder",
        Clause.MY_COMPANY: reach.company if reach else "",
    }
    if reach is None:
        return "t.holder is distinct from r.code" if "holder" in columns else "true"
    return f"t.{own[reach.clause]} is distinct from r.code" if reach.clause in own else "true"
