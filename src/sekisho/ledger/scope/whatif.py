"""The past under another policy, and who saw a point.

`replay`: a rule would no longer show some items, or show them of fewer rows only (`rows`: own holder, own period, voltage class,
…); who has seen exactly those, of whom, how often. `who_saw`: everybody who saw
a point, when, on which screen, which items, and by what right: the rule, the law it rests on, the case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from sekisho.barrier.policy import RULES, Grade, Rule
from sekisho.kernel.errors import SekishoError, WrongUse
from sekisho.ledger.scope.question import Question, Right
from sekisho.ledger.scope.rows import NOTHING_KNOWN, Limit, Registry, beyond, limits_of
from sekisho.ledger.scope.search import Answer, find, name_and_count, readings_of_point
from sekisho.ledger.scope.store import Store

EVERYTHING: Final = "*"
_MASKED: Final = ":masked"


REPLAYABLE: Final = tuple(
    rule
    for rule in RULES
    if rule.tables[0].startswith(("registry.contract", "metering.", "registry.change"))
    and rule.show | rule.reveal
)
"""The rules that show customers' items: what a reading under the others showed, the log does not tell by points."""


class UnableToReplay(SekishoError):
    """The change is none: the rule does not exist, or does not show the item today."""


@dataclass(frozen=True, slots=True)
class Change:
    """`rule` would no longer show `items`, unless all `limits` hold; without limits, never."""

    rule: Rule
    items: tuple[str, ...]
    limits: tuple[Limit, ...] = ()

    def stored(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {"rule": self.rule.id, "items": list(self.items), "unless": [str(one) for one in self.limits]}


@dataclass(frozen=True)
class Replay:
    """What the change would have prevented. `readers`: one row a person and gate; `answer`: the readings and customers."""

    change: Change
    answer: Answer
    readers: pl.DataFrame


def change_of(text: str, *, unless: str | None = None) -> Change:
    """Read `RULE:item,item` or `RULE:*`, and the limits (see `rows`); raise `WrongUse` or `UnableToReplay`."""
    rule_id, colon, words = text.partition(":")
    if not colon or not words:
        raise WrongUse(
            f"変更は「規則ID:項目,項目」の形です: {text!r}",
            f"A change looks like RULE:item,item, not {text!r}.",
        )
    rule = next((rule for rule in RULES if rule.id == rule_id), None)
    if rule is None:
        raise UnableToReplay(f"規則 {rule_id} はありません。", f"There is no rule {rule_id}.")
    shown = shown_by(rule)
    items = tuple(sorted(shown)) if words == EVERYTHING else tuple(words.split(","))
    for item in items:
        if item not in shown:
            raise UnableToReplay(
                f"規則 {rule_id} は項目 {item} を見せていません。", f"Rule {rule_id} does not show {item}."
            )
    return Change(rule, items, limits_of(unless) if unless else ())


def shown_by(rule: Rule) -> set[str]:
    """Return the items that a rule shows, at once or on request: what a change can take away."""
    return {item for item in rule.show | rule.reveal if rule.grade(item) in (Grade.SHOW, Grade.REVEAL)}


def replay(
    *,
    store: Store,
    change: Change,
    since: date | None = None,
    until: date | None = None,
    as_of: date,
    company: str | None = None,
    registry: Registry = NOTHING_KNOWN,
) -> Replay:
    """Return who has seen what they would no longer see. `registry` is asked for what the limits need (see `rows.registry_of`)."""
    lost = tuple(form for item in change.items for form in (item, item + _MASKED))
    question = Question(
        company=company,
        audience=change.rule.audience,
        purposes=(change.rule.purpose,),
        items=lost,
        since=since,
        until=until,
        right=Right.NONE,
    )
    hits = find(store=store, question=question)
    answer = name_and_count(
        store=store,
        question=question,
        hits=hits,
        as_of=as_of,
        only=lambda views: beyond(views, change.limits, registry),
    )
    narrowed = pl.col("items").list.filter(pl.element().is_in(list(lost)))
    readers = (
        answer.views.with_columns(narrowed)
        .group_by("person", "company", "gate", "purpose")
        .agg(
            pl.col("items")
            .explode(empty_as_null=False, keep_nulls=False)
            .unique()
            .sort()
            .alias("items_lost"),
            pl.struct("ref", "point").n_unique().alias("readings"),
            pl.col("customer_no").n_unique().alias("customers"),
            pl.col("at").min().alias("first"),
            pl.col("at").max().alias("last"),
        )
        .sort("customers", "person", "gate", descending=[True, False, False])
    )
    return Replay(change, answer, readers)


def who_saw(
    *, store: Store, as_of: date, point: str, since: date | None = None, until: date | None = None
) -> pl.DataFrame:
    """Return every reading of a point, whoever its customer was, in order of time, each with its right.

    It answers the utility's own question; what a customer may be told is `disclosure.disclose`.
    """
    question = Question(since=since, until=until, right=Right.NONE)
    hits = readings_of_point(store=store, point=point.replace("-", ""), question=question)
    views = name_and_count(store=store, question=question, hits=hits, as_of=as_of).views
    own = pl.col("audience").ne("retailer") | pl.col("company").eq(pl.col("holder"))
    return views.with_columns(*_rights(views), own.alias("entitled"))


def _rights(views: pl.DataFrame) -> list[pl.Series]:
    rows = [right_of(*row) for row in views.select("audience", "purpose", "items").iter_rows()]
    return [
        pl.Series(name, [row[place] for row in rows], dtype=pl.String)
        for place, name in enumerate(("rule", "basis"))
    ]


def right_of(
    audience: str | None, purpose: str | None, items: Sequence[str]
) -> tuple[str | None, str | None]:
    """Return the rule under which a reading was allowed, and the law; None: no rule of today."""
    asked = {item.removesuffix(_MASKED) for item in items}
    found = [
        rule
        for rule in RULES
        if (rule.audience, rule.purpose) == (audience, purpose) and asked & shown_by(rule)
    ]
    best = max(found, key=lambda rule: len(asked & shown_by(rule)), default=None)
    return (None, None) if best is None else (best.id, best.basis)
