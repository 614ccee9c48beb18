"""The disclosure matrix (`barrier.matrix`) as pages show it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sekisho.barrier.audiences import AUDIENCE, PURPOSES, Purpose
from sekisho.barrier.items import GROUPS, ITEMS, Item
from sekisho.barrier.matrix import LEGEND, MARKS, WHEN, cell
from sekisho.barrier.policy import RULES, Grade, Rule
from sekisho.surfaces.kit.downloads import FileColumn
from sekisho.surfaces.kit.speech import Text, say

GRADES: dict[Grade | None, tuple[str, Text]] = {
    grade: next((mark, Text(ja, en)) for mark, ja, en in LEGEND if mark == MARKS[grade]) for grade in MARKS
}
ROWS = {rows: Text(ja, en) for rows, (ja, en) in WHEN.items()}


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
    rows = [MatrixRow(item, tuple(cell(item, purpose).grade for purpose in purposes)) for item in ITEMS]
    return [
        MatrixGroup(Text(*GROUPS[group]), [row for row in rows if row.item.group == group])
        for group in GROUPS
        if any(row.item.group == group for row in rows)
    ]


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
