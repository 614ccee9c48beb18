"""Who sees what, for which purpose: the policy as a table that a regulator can read. Compiled from the same rules as the database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sekisho.barrier.audiences import AUDIENCE, PURPOSES, Purpose, RowRule
from sekisho.barrier.items import COLUMNS, GROUPS, ITEMS, Item
from sekisho.barrier.policy import RULES, Grade, Rule, rules_of
from sekisho.surfaces.kit.downloads import FileColumn
from sekisho.surfaces.kit.speech import Text, say

GRADES: dict[Grade | None, tuple[str, Text]] = {
    Grade.SHOW: ("○", Text("見える", "shown")),
    Grade.REVEAL: (
        "△",
        Text("伏せ字。一件ごとの「表示」で見え、記録される", "masked; revealed one by one, each recorded"),
    ),
    Grade.RECORD: ("記", Text("見えない。閲覧の記録にだけ残る", "never shown; only kept in the record")),
    None: ("—", Text("見えない", "denied")),
}
ROWS = {
    RowRule.OWN_HOLDER: Text("自社の契約期間の地点だけ", "points of its own contract periods"),
    RowRule.OWN_COMPANY: Text("自社のものだけ", "what belongs to its own company"),
    RowRule.OWN_PERSON: Text("本人のものだけ", "what belongs to the person"),
    RowRule.ASSIGNED: Text("作業指示のある地点だけ", "points of its open work orders"),
    RowRule.WHOLE_AREA: Text("供給区域全体", "the whole area"),
    RowRule.PUBLIC: Text("公開情報", "public information"),
}


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One item and its grade for each purpose, in the order of `PURPOSES`."""

    item: Item
    grades: tuple[Grade | None, ...]

    @property
    def text(self) -> Text:
        """What the item is called."""
        return Text(self.item.ja, self.item.en)

    @property
    def cells(self) -> list[tuple[str, Text]]:
        """The signs and their meanings."""
        return [GRADES[grade] for grade in self.grades]


@dataclass(frozen=True, slots=True)
class MatrixGroup:
    """The items of one heading."""

    text: Text
    rows: Sequence[MatrixRow]


def matrix(purposes: Sequence[Purpose] = PURPOSES) -> list[MatrixGroup]:
    """The whole policy."""
    rows = [MatrixRow(item, tuple(grade_of(purpose, item.code) for purpose in purposes)) for item in ITEMS]
    return [
        MatrixGroup(Text(*GROUPS[group]), [row for row in rows if row.item.group == group])
        for group in GROUPS
        if any(row.item.group == group for row in rows)
    ]


def grade_of(purpose: Purpose, item: str) -> Grade | None:
    """The most that any rule of `purpose` lets be seen of `item`."""
    grades = {rule.grade(item) for rule in rules_of(purpose) if item in _items_of(rule)}
    return next((grade for grade in (Grade.SHOW, Grade.REVEAL, Grade.RECORD) if grade in grades), None)


def _items_of(rule: Rule) -> set[str]:
    return {item for table in rule.tables for item in COLUMNS[table].values()}


def purpose_heads(purposes: Sequence[Purpose] = PURPOSES) -> list[tuple[Text, Text]]:
    """Audience and purpose of each column."""
    return [
        (Text(AUDIENCE[one.audience].ja, AUDIENCE[one.audience].en), Text(one.ja, one.en)) for one in purposes
    ]


def rules() -> list[tuple[Rule, Text, Text]]:
    """Each rule with its sentence and its rows."""
    return [(rule, Text(rule.ja, rule.en), ROWS[rule.rows]) for rule in RULES]


def _grade_at(number: int) -> Callable[[MatrixRow], str]:
    return lambda row: str(row.grades[number] or "deny")


def file_columns(purposes: Sequence[Purpose] = PURPOSES) -> list[FileColumn[MatrixRow]]:
    """The matrix as a file."""
    return [
        FileColumn("item", Text("情報項目コード", "Item code"), lambda row: row.item.code),
        FileColumn("item_name", Text("情報項目", "Item"), lambda row: say(row.item.ja, row.item.en)),
        *(
            FileColumn(
                f"{purpose.audience}_{purpose.code}",
                Text(
                    f"{AUDIENCE[purpose.audience].ja}・{purpose.ja}",
                    f"{AUDIENCE[purpose.audience].en}: {purpose.en}",
                ),
                _grade_at(number),
            )
            for number, purpose in enumerate(purposes)
        ),
    ]
