"""Obligation 3, inside the gates: what each deployed body reads, returns and records.

The catalog's own dependencies bound what a body can touch at all. Within that, the lineage of every returned column is followed
through the body's CTEs down to the columns of the purpose's views: only what the intent lets the duty learn may come back, what comes
back must be named in the passage, and the passage must be written by the same statement, once, whatever the statement finds.
"""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from sekisho.barrier.audiences import PURPOSES, Purpose
from sekisho.barrier.intent import CHOOSES_BY_NOTED, SUBMISSION, Manner, column_manner
from sekisho.barrier.items import COLUMNS, TECHNICAL
from sekisho.barrier.proof.deployed import Deployed, Function
from sekisho.barrier.proof.encoder import NotUnderstood, parse
from sekisho.barrier.proof.findings import Counterexample, Tally
from sekisho.barrier.proof.views import REVEALED

PASSAGE = "ledger.passage"
COMMAND = "work.command"
ONE_CONTRACT = {"registry.change": "change_no"}
"""Tables whose rows speak of one contract under another key: a correction is one row of its own number, for one contract."""
_FORBIDDEN_CALLS = (
    "pg_",
    "lo_",
    "query_to_",
    "table_to_",
    "cursor_to_",
    "schema_to_",
    "database_to_",
    "dblink",
    "set_config",
    "current_setting",
)

_HARMLESS_SETTINGS = ("plan_cache_mode", "enable_bitmapscan")  # how it is planned, not what it reads

Source = tuple[str, str]
"""(relation, column)."""
Columns = dict[str, frozenset[Source]]
Scope = list[dict[str, Columns]]


@dataclass(frozen=True, slots=True)
class Written:
    """One INSERT inside a body: target column → the expression that fills it, and the query it comes from."""

    target: str
    values: dict[str, exp.Expr]
    origins: dict[str, frozenset[Source]]
    query: exp.Expr


@dataclass(slots=True)
class Body:
    """What a body does."""

    outputs: list[tuple[str, frozenset[Source]]] = field(default_factory=list)
    filters: set[Source] = field(default_factory=set)
    orders: set[Source] = field(default_factory=set)
    written: list[Written] = field(default_factory=list)
    ctes: dict[str, exp.Expr] = field(default_factory=dict)
    tree: exp.Expr = field(default_factory=exp.Null)


def read_body(deployed: Deployed, function: Function) -> Body:
    """Follow the lineage through a SQL-standard body of one statement."""
    text = function.body.strip()
    if not (text.startswith("BEGIN ATOMIC") and text.endswith("END")):
        raise NotUnderstood("a body that is not BEGIN ATOMIC … END")
    tree = parse(text[len("BEGIN ATOMIC") : -len("END")].strip())
    lineage = _Lineage(deployed, function.name.partition(".")[2])
    outputs = lineage.query(tree, [])
    lineage.body.outputs = list(outputs.items())
    lineage.body.tree = tree
    return lineage.body


class _Lineage:
    def __init__(self, deployed: Deployed, function: str) -> None:
        self._deployed = deployed
        self._function = function
        self._ctes: dict[str, Columns] = {}
        self.body = Body()

    def query(self, node: exp.Expr, outer: Scope) -> Columns:
        """Output column → what it is made of."""
        for cte in (node.args.get("with_") or exp.With()).expressions:
            self._cte(cte, outer)
        if isinstance(node, exp.Subquery):
            return self.query(node.this, outer)
        if isinstance(node, exp.SetOperation):
            return self._both(self.query(node.left, outer), self.query(node.right, outer))
        if not isinstance(node, exp.Select):
            raise NotUnderstood(f"{type(node).__name__} as a query")
        return self._select(node, outer)

    def _both(self, left: Columns, right: Columns) -> Columns:
        return {name: one | two for (name, one), two in zip(left.items(), right.values(), strict=True)}

    def _cte(self, cte: exp.Expr, outer: Scope) -> None:
        if isinstance(cte.this, exp.Insert):
            self._ctes[cte.alias] = self._insert(cte.this, outer)
        else:
            self._ctes[cte.alias] = self.query(cte.this, outer)
            self.body.ctes[cte.alias] = cte

    def _insert(self, node: exp.Insert, outer: Scope) -> Columns:
        schema = node.this
        if not isinstance(schema, exp.Schema) or not isinstance(node.expression, exp.Select):
            raise NotUnderstood("an INSERT without columns or SELECT")
        origins = list(self.query(node.expression, outer).values())
        names = [column.name for column in schema.expressions]
        expressions = [part.unalias() for part in node.expression.expressions]
        target = f"{schema.this.db}.{schema.this.name}"
        self.body.written.append(
            Written(
                target,
                dict(zip(names, expressions, strict=True)),
                dict(zip(names, origins, strict=True)),
                node.expression,
            )
        )
        returned = node.args.get("returning")
        alias = schema.this.alias_or_name
        scope: Scope = [{alias: {name: frozenset() for name in COLUMNS.get(target, {})}}]
        return {} if returned is None else {
            part.alias_or_name: self._made_of(part, scope) for part in returned.expressions
        }  # fmt: skip

    def _select(self, node: exp.Select, outer: Scope) -> Columns:
        local: dict[str, Columns] = {}
        scope = [*outer, local]
        if (source := node.args.get("from_")) is not None:
            self._source(source.this, local, scope)
        for join in node.args.get("joins") or []:
            self._join(join, local, scope)
        for lateral in node.args.get("laterals") or []:
            self._source(lateral, local, scope)
        self._choices(node, scope)
        return self._outputs(node, scope)

    def _outputs(self, node: exp.Select, scope: Scope) -> Columns:
        found: Columns = {}
        for number, part in enumerate(node.expressions):
            name = part.alias_or_name or f"column{number}"
            found[name if name not in found else f"{name}{number}"] = self._made_of(part, scope)
        return found

    def _choices(self, node: exp.Select, scope: Scope) -> None:
        for clause in ("where", "having", "group", "distinct", "limit", "offset"):
            if (part := node.args.get(clause)) is not None:
                self.body.filters |= self._made_of(part, scope)
        if (order := node.args.get("order")) is not None:
            self.body.orders |= self._made_of(order, scope)
        unknown = {key for key, value in node.args.items() if value} - _SELECT_PARTS
        if unknown:
            raise NotUnderstood(f"{', '.join(sorted(unknown))} in a SELECT")

    def _join(self, join: exp.Join, local: dict[str, Columns], scope: Scope) -> None:
        self._source(join.this, local, scope)
        if join.args.get("using"):
            raise NotUnderstood("JOIN … USING")
        if (on := join.args.get("on")) is not None:
            self.body.filters |= self._made_of(on, scope)

    def _source(self, node: exp.Expr, local: dict[str, Columns], scope: Scope) -> None:
        """Add what FROM names to the innermost scope; LATERAL parts see what stands to their left."""
        if _wraps(node):
            self._source(node.this, local, scope)
        elif isinstance(node, exp.Table):
            local[node.alias_or_name] = self._table(node, scope)
        elif isinstance(node, exp.Subquery | exp.Lateral):
            inner = node.this
            local[node.alias_or_name] = (
                self.query(inner, scope)
                if isinstance(inner, exp.Query)
                else self._rows_of(node, inner, scope)
            )
        elif isinstance(node, exp.Unnest):
            local[node.alias_or_name] = self._rows_of(node, node, scope)
        else:
            raise NotUnderstood(f"{type(node).__name__} in FROM: {node.sql('postgres')[:80]}")
        for join in node.args.get("joins") or []:
            self._join(join, local, scope)

    def _table(self, node: exp.Table, scope: Scope) -> Columns:
        if not isinstance(node.this, exp.Identifier):
            return self._rows_of(node, node.this, scope)
        if not node.db:
            if node.name not in self._ctes:
                raise NotUnderstood(f"the name {node.name}")
            return self._ctes[node.name]
        name = f"{node.db}.{node.name}"
        relation = self._deployed.relations.get(name)
        if relation is None:
            raise NotUnderstood(f"the relation {name}")
        return {column.name: frozenset({(name, column.name)}) for column in relation.columns}

    def _rows_of(self, node: exp.Expr, call: exp.Expr, scope: Scope) -> Columns:
        """A function in FROM: each of its columns is made of its arguments."""
        made_of = self._made_of_parts(call, scope)
        alias = node.args.get("alias")
        names = [column.name for column in (alias.args.get("columns") or [])] if alias else []
        return dict.fromkeys([*names, node.alias_or_name, "*"], made_of)

    def _made_of(self, node: exp.Expr, scope: Scope) -> frozenset[Source]:
        if isinstance(node, exp.Star):
            raise NotUnderstood("*")
        if isinstance(node, exp.Column):
            return self._column(node, scope)
        if isinstance(node, exp.Query):
            before = (set(self.body.filters), set(self.body.orders))
            outputs = self.query(node, scope)
            # what chooses the rows of a scalar subquery is part of its value
            chosen = (self.body.filters - before[0]) | (self.body.orders - before[1])
            return frozenset().union(chosen, *outputs.values())
        return self._made_of_parts(node, scope)

    def _made_of_parts(self, node: exp.Expr, scope: Scope) -> frozenset[Source]:
        parts = [
            part
            for part in node.iter_expressions()
            if not (isinstance(node, exp.Count) and isinstance(part, exp.Star))
        ]
        return frozenset().union(*(self._made_of(part, scope) for part in parts))

    def _column(self, node: exp.Column, scope: Scope) -> frozenset[Source]:
        if node.table == self._function:
            return frozenset()  # a parameter
        for level in reversed(scope):
            if node.table in level:
                return self._in(level[node.table], node)
        if not node.table:
            return self._unqualified(node, scope)
        raise NotUnderstood(f"the column {node.sql('postgres')}")

    def _unqualified(self, node: exp.Column, scope: Scope) -> frozenset[Source]:
        for level in reversed(scope):
            homes = [columns for columns in level.values() if node.name in columns]
            if len(homes) == 1:
                return homes[0][node.name]
        raise NotUnderstood(f"the column {node.sql('postgres')}")

    def _in(self, columns: Columns, node: exp.Column) -> frozenset[Source]:
        if node.name in columns:
            return columns[node.name]
        if "*" in columns:
            return columns["*"]
        raise NotUnderstood(f"the column {node.sql('postgres')}")


_SELECT_PARTS = {
    "expressions",
    "from_",
    "joins",
    "laterals",
    "where",
    "having",
    "group",
    "distinct",
    "limit",
    "offset",
    "order",
    "with_",
    "kind",
}


# --- what must hold


def prove_bodies(deployed: Deployed, tally: Tally) -> dict[str, Body]:
    """Every function of schema `gate`; returns the bodies by signature, for the inventory."""
    bodies = {}
    for function in deployed.functions.values():
        if function.name.startswith("gate."):
            own, body = _judged(deployed, function)
            tally.statements += own.statements
            tally.findings += own.findings
            if body is not None:
                bodies[function.signature] = body
    return bodies


def _judged(deployed: Deployed, function: Function) -> tuple[Tally, Body | None]:
    """What is said about one gate. It depends on the function and on what the function depends on: kept for the next proof."""
    depends = deployed.dependencies.get(function.oid, frozenset())
    named = [deployed.relations.get(reference.partition(" ")[2]) for reference in sorted(depends)]
    key = (
        replace(function, oid=0),
        depends,
        tuple(replace(relation, oid=0) for relation in named if relation),
    )
    if key not in _JUDGED:
        own = Tally("3")
        purpose = _OWNERS.get(function.owner)
        own.require(purpose is not None, function.signature, f"所有者 {function.owner} は目的のロールではありません。",
                    f"Its owner {function.owner} is not the role of a purpose.")  # fmt: skip
        _JUDGED[key] = own, None if purpose is None else _prove_body(deployed, function, purpose, own)
    return _JUDGED[key]


_OWNERS = {purpose.role: purpose for purpose in PURPOSES}
_JUDGED: dict[Hashable, tuple[Tally, Body | None]] = {}


def _prove_body(deployed: Deployed, function: Function, purpose: Purpose, tally: Tally) -> Body | None:
    unknown = [
        setting for setting in function.settings if setting.partition("=")[0] not in _HARMLESS_SETTINGS
    ]
    sound = function.definer and function.language == "sql" and function.atomic and not unknown
    tally.require(sound, function.signature, "SECURITY DEFINER の BEGIN ATOMIC 関数ではありません。",
                  "It is not a SECURITY DEFINER function with an atomic SQL body.")  # fmt: skip
    tally.require(function.name.startswith(f"gate.{purpose.audience}_{purpose.code}_"), function.signature,
                  f"名前が所有者の目的 {purpose.role} と合いません。", f"Its name is not that of its owner's purpose {purpose.role}.")  # fmt: skip
    _check_dependencies(deployed, function, purpose, tally)
    try:
        body = read_body(deployed, function)
    except NotUnderstood as unknown:
        tally.require(
            False, function.signature, f"証明できません: {unknown}", f"Unproven, not understood: {unknown}"
        )
        return None
    _check_calls(function, body, tally)
    _Judge(function, purpose, body, tally).judge()
    return body


def _check_dependencies(deployed: Deployed, function: Function, purpose: Purpose, tally: Tally) -> None:
    for reference in deployed.dependencies.get(function.oid, frozenset()):
        kind, _, name = reference.partition(" ")
        fine = (
            (kind == "relation" and (name.startswith(f"{purpose.schema}.") or name in (PASSAGE, COMMAND)))
            or (kind == "function" and name.startswith("barrier."))
            or reference == "schema gate"
        )
        tally.require(fine, f"{function.signature} → {reference}", "ゲートの本体が、その目的のビュー以外に依存しています。",
                      "The gate's body depends on something other than its purpose's views.")  # fmt: skip


def _check_calls(function: Function, body: Body, tally: Tally) -> None:
    writes = [type(node).__name__ for node in body.tree.find_all(exp.Update, exp.Delete, exp.Merge)]
    calls = [
        node.name.lower()
        for node in body.tree.find_all(exp.Anonymous)
        if node.name.lower().startswith(_FORBIDDEN_CALLS)
    ]
    tally.require(not writes + calls, function.signature, f"ゲートの本体が {', '.join(writes + calls)} を使います。",
                  f"The gate's body uses {', '.join(writes + calls)}.")  # fmt: skip
    targets = [w.target for w in body.written if w.target not in (PASSAGE, COMMAND)]
    tally.require(
        not targets,
        function.signature,
        f"ゲートが {targets} に書き込みます。",
        f"The gate writes into {targets}.",
    )


class _Judge:
    """Holds one body against the intent of its purpose."""

    def __init__(self, function: Function, purpose: Purpose, body: Body, tally: Tally) -> None:
        self._function, self._purpose, self._body, self._tally = function, purpose, body, tally

    def judge(self) -> None:
        for name, sources in self._body.outputs:
            for source in sorted(sources):
                self._check_output(name, source)
        for source in sorted(self._body.filters):
            self._check_choice(source, ordering=False)
        for source in sorted(self._body.orders):
            self._check_choice(source, ordering=True)
        self._check_passage()

    def _require(self, holds: bool, ja: str, en: str, learns: tuple[str, ...] = ()) -> None:
        self._tally.statements += 1
        if not holds:
            self._tally.fail(self._function.signature, ja, en, self._counterexample(learns, ja, en))

    def _counterexample(self, learns: tuple[str, ...], ja: str, en: str) -> Counterexample:
        caller = {
            "audience": self._purpose.audience,
            "purpose": self._purpose.code,
            "company": "00026",
            "gate": self._function.name,
        }
        row = {"holder": "00016", "point": "0600000000000000000001", "name": "山田太郎", "day": "2024-04-01"}
        return Counterexample(
            caller, dict(row), learns or tuple(name for name, _ in self._body.outputs),
            f"{self._function.name} を呼ぶと、00016 の需要家 山田太郎(地点 …0001、2024-04-01)について: {ja}",
            f"A call of {self._function.name} about holder 00016's customer at point …0001 on 2024-04-01: {en}",
        )  # fmt: skip

    def _manner(self, source: Source) -> tuple[Manner | None, str | None]:
        """How this duty may learn a column of one of its views, and the column's item."""
        relation, column = source
        table = self._table(relation)
        return column_manner(self._purpose.audience, self._purpose.code, table, column), COLUMNS.get(
            table, {}
        ).get(column)

    def _table(self, relation: str) -> str:
        if not relation.startswith(f"{self._purpose.schema}."):
            return relation
        bare = relation.partition(".")[2].removesuffix(REVEALED)
        return next((table for table in COLUMNS if table.partition(".")[2] == bare), relation)

    def _check_output(self, name: str, source: Source) -> None:
        relation, column = source
        if relation == SUBMISSION[0]:
            self._require(
                column in SUBMISSION[1],
                f"{relation}.{column} を返します。",
                f"It returns {relation}.{column}.",
                (name,),
            )
            return
        manner, _ = self._manner(source)
        revealed = relation.endswith(REVEALED)
        self._require(manner in (Manner.CLEAR, Manner.ON_REQUEST), f"列 {name} が {relation}.{column} を返しますが、この目的には知らされません。",
                      f"Column {name} returns {relation}.{column}, which this duty may not be told.", (name,))  # fmt: skip
        if column.endswith("_key"):
            self._require(name == "page_key" or manner is Manner.CLEAR, f"検索用の {relation}.{column} を返します。",
                          f"It returns the look-up key {relation}.{column}.", (name,))  # fmt: skip
        if revealed and manner is Manner.ON_REQUEST:
            self._require(self._keyed_by_one_contract(relation), f"列 {name} を、一契約に限らずに表示します。",
                          f"It reveals {name} without being keyed by one contract.", (name,))  # fmt: skip

    def _check_choice(self, source: Source, *, ordering: bool) -> None:
        relation, column = source
        if relation == SUBMISSION[0]:
            self._require(
                column in SUBMISSION[1],
                f"{relation}.{column} で選びます。",
                f"It chooses by {relation}.{column}.",
            )
            return
        manner, item = self._manner(source)
        told = (
            manner is Manner.CLEAR
            or item == TECHNICAL
            or (manner is Manner.NOTED and item in CHOOSES_BY_NOTED)
        )
        looked_up = (
            manner is Manner.ON_REQUEST
            and not ordering
            and (not relation.endswith(REVEALED) or column.endswith("_key"))
        )
        self._require(told or looked_up, f"{relation}.{column} で行を{'並べ' if ordering else '選び'}ますが、この目的には知らされません。",
                      f"It {'orders' if ordering else 'chooses'} rows by {relation}.{column}, which this duty may not be told.")  # fmt: skip

    def _keyed_by_one_contract(self, relation: str) -> bool:
        """`k.contract_no = p_…` stands among the conjuncts of the SELECT that reads the revealing view (`ONE_CONTRACT`)."""
        key = ONE_CONTRACT.get(self._table(relation), "contract_no")
        for select in self._body.tree.find_all(exp.Select):
            aliases = [t.alias_or_name for t in _own_tables(select) if f"{t.db}.{t.name}" == relation]
            if aliases and not all(
                any(self._is_key(part, alias, key) for part in _conjuncts(select)) for alias in aliases
            ):
                return False
        return True

    def _is_key(self, part: exp.Expr, alias: str, key: str) -> bool:
        if not isinstance(part, exp.EQ):
            return False
        sides = {(side.table, side.name) for side in (part.left, part.right) if isinstance(side, exp.Column)}
        if len(sides) != 2:
            return False
        function = self._function.name.partition(".")[2]
        # with one table in FROM, PostgreSQL prints its columns without a name before them
        return bool(sides & {(alias, key), ("", key)}) and any(table == function for table, _ in sides)

    # --- the passage

    def _check_passage(self) -> None:
        passages = [w for w in self._body.written if w.target == PASSAGE]
        self._require(len(passages) == 1, "閲覧記録を書きません(または一度に限りません)。同じ文で返した行が記録に残りません。",
                      "It does not write its passage (exactly once): rows come back without a record.")  # fmt: skip
        if len(passages) != 1:
            return
        passage = passages[0]
        problem = _not_always_one_row(passage.query, self._body)
        self._require(
            problem is None,
            f"閲覧記録が書かれない場合があります: {problem}。",
            f"The passage is not always written: {problem}.",
        )
        self._check_claims(passage)
        if not any(w.target == COMMAND for w in self._body.written):
            self._check_same_rows(passage)
            self._check_items(passage)
            self._check_points(passage)

    def _check_claims(self, passage: Written) -> None:
        gate = _text(passage.values.get("gate"))
        prefix = f"gate.{self._purpose.audience}_{self._purpose.code}_"
        named = gate is not None and f"{self._function.name}_".startswith(f"{prefix}{gate}_")
        self._require(
            named, f"記録するゲート名 {gate} が違います。", f"It records another gate's name: {gate}."
        )
        wanted = {"audience": self._purpose.audience, "purpose": self._purpose.code}
        for column, value in wanted.items():
            self._require(
                _text(passage.values.get(column)) == value,
                f"記録の {column} が違います。",
                f"It records another {column}.",
            )
        passports = [node for node in self._body.tree.find_all(exp.Anonymous) if node.name == "passport"]
        claims = {tuple(_text(part) for part in node.expressions) for node in passports}
        self._require(claims == {(self._purpose.audience, self._purpose.code)}, "別の目的の通行証を確かめています。",
                      "It verifies the ticket for another purpose.")  # fmt: skip
        for column in ("verdict", "company", "person", "case_no", "request_id"):
            claim = passage.values.get(column)
            self._require(isinstance(claim, exp.Column) and claim.name == column, f"記録の {column} が通行証のものではありません。",
                          f"The recorded {column} is not the ticket's.")  # fmt: skip

    def _check_same_rows(self, passage: Written) -> None:
        """The recorded rows are the returned ones: both come from one materialised CTE, unfiltered."""
        final = self._body.tree
        tables = _own_tables(final)
        source = tables[0].name if len(tables) == 1 and not tables[0].db else None
        plain = source in self._body.ctes and not any(
            final.args.get(clause) for clause in ("where", "limit", "distinct", "group", "joins")
        )
        self._require(
            plain,
            "返す行と記録する行が同じ集合ではありません。",
            "The returned rows are not the recorded set.",
        )
        if not plain or source is None:
            return
        self._require(bool(self._body.ctes[source].args.get("materialized")), "行の集合が一度だけ求められていません。",
                      "The set of rows is not materialised.")  # fmt: skip
        counted = [
            s
            for s in passage.query.find_all(exp.Select)
            if any(isinstance(e.unalias(), exp.Count | exp.Cast) for e in s.expressions)
        ]
        over = {t.name for s in counted for t in _own_tables(s)}
        self._require(
            source in over,
            "件数が返す行のものではありません。",
            "The recorded row count is not that of the returned rows.",
        )

    def _check_items(self, passage: Written) -> None:
        recorded = {
            _text(part) for node in passage.values["items"].find_all(exp.Array) for part in node.expressions
        }
        for name, sources in self._body.outputs:
            for source in sorted(sources):
                manner, item = self._manner(source)
                if item in (None, TECHNICAL) or name == "page_key":
                    continue
                masked = manner is Manner.ON_REQUEST and not source[0].endswith(REVEALED)
                fine = item in recorded or (masked and f"{item}:masked" in recorded)
                self._require(
                    fine,
                    f"返した項目 {item}(列 {name})を記録しません。",
                    f"It returns {item} (column {name}) without recording it.",
                    (name,),
                )

    def _check_points(self, passage: Written) -> None:
        """Where a row speaks about one point of one holder, both are recorded. Sums over many points name none."""
        if self._grouped():
            return
        tables = {self._table(relation) for _, sources in self._body.outputs for relation, _ in sources}
        facts = {
            table for table in tables if {"point", "holder", "contract_no"} <= COLUMNS.get(table, {}).keys()
        }
        for column, item in (("points", "point"), ("holders", "retailer")):
            items = {self._manner(source)[1] for source in passage.origins.get(column, frozenset())}
            self._require(
                not facts or item in items,
                f"閲覧された{item}を記録しません。",
                f"It does not record the {column} it shows.",
            )

    def _grouped(self) -> bool:
        sources = [t.name for t in _own_tables(self._body.tree) if t.name in self._body.ctes]
        selects = [self._body.ctes[name].this for name in sources]
        return bool(selects) and all(
            select.args.get("group") or all(part.find(exp.AggFunc) or isinstance(part.unalias(), exp.Cast | exp.Null) for part in select.expressions)
            for select in selects
        )  # fmt: skip


def _wraps(node: exp.Expr) -> bool:
    """Parentheses around a join, as PostgreSQL prints them: `((a cross join b) cross join c)`."""
    return isinstance(node, exp.Paren | exp.Subquery) and isinstance(
        node.this, exp.Table | exp.Subquery | exp.Lateral
    )


def _own_tables(select: exp.Expr) -> list[exp.Table]:
    """The tables in a SELECT's own FROM, parentheses opened, subqueries not entered."""
    found: list[exp.Table] = []
    source = select.args.get("from_")
    todo = [source.this] if source is not None else []
    todo += [join.this for join in select.args.get("joins") or []]
    while todo:
        node = todo.pop()
        if isinstance(node, exp.Table):
            found.append(node)
        elif _wraps(node):
            todo.append(node.this)
        todo += [join.this for join in node.args.get("joins") or []]
    return found


def _conjuncts(select: exp.Select) -> Iterator[exp.Expr]:
    where = select.args.get("where")
    todo = [where.this] if where is not None else []
    while todo:
        node = todo.pop()
        if isinstance(node, exp.Paren):
            todo.append(node.this)
        elif isinstance(node, exp.And):
            todo += [node.left, node.right]
        else:
            yield node


def _not_always_one_row(query: exp.Expr, body: Body) -> str | None:
    """Why an INSERT … SELECT could write no row, or None: it joins, without condition, parts that have exactly one row each."""
    clauses = [
        clause
        for clause in ("where", "having", "group", "limit", "offset", "distinct")
        if query.args.get(clause)
    ]
    if clauses:
        return ", ".join(clauses)
    source = query.args.get("from_")
    parts = [] if source is None else [source.this]
    while parts:
        part = parts.pop()
        joins = [
            *(part.args.get("joins") or []),
            *(query.args.get("joins") or [] if part is (source and source.this) else []),
        ]
        if any(join.args.get("on") or join.args.get("using") for join in joins):
            return "a conditional join"
        parts += [join.this for join in joins]
        if _wraps(part):
            parts.append(part.this)
        elif not _one_row(part, body):
            return str(part.sql("postgres"))[:80]
    return None


def _one_row(part: exp.Expr, body: Body) -> bool:
    if isinstance(part, exp.Table):
        if isinstance(part.this, exp.Anonymous):
            return part.this.name == "passport" and part.db == "barrier"
        cte = body.ctes.get(part.name)
        return cte is not None and _not_always_one_row(cte.this, body) is None
    if isinstance(part, exp.Subquery) and isinstance(part.this, exp.Select):
        select = part.this
        aggregate = all(expression.find(exp.AggFunc) for expression in select.expressions)
        return aggregate and not any(
            select.args.get(clause) for clause in ("group", "having", "limit", "offset")
        )
    return False


def _text(node: exp.Expr | None) -> str | None:
    bare = node.this if isinstance(node, exp.Cast) else node
    if not isinstance(bare, exp.Literal) or not bare.is_string:
        return None
    return str(bare.name)


def gate_items(bodies: Mapping[str, Body]) -> dict[str, list[str]]:
    """Signature → items that the deployed body records."""
    found = {}
    for signature, body in bodies.items():
        passage = next((w for w in body.written if w.target == PASSAGE), None)
        array = passage.values["items"].find(exp.Array) if passage else None
        found[signature] = [str(_text(part)) for part in array.expressions] if array else []
    return found
